"""The check of our filter driver: does Git start it, for the paths that the configuration means?"""

from __future__ import annotations

from trinity_guard.detect import attributesfile, configuration
from trinity_guard.doctor.checks import ERROR, WARNING, Check, Repository, fine
from trinity_guard.setup import driver
from trinity_guard.setup.record import InstallPlan

INIT = "trinity-guard init"


def filters(repository: Repository) -> Check:
    """The driver that gives new artifacts to the cache at `git add`. Without it the commit takes them from Git."""
    place = repository.place
    asked = InstallPlan(place).record["filter"]
    there = configuration.state_said(place) is not None or driver.started(place)
    if asked.get(driver.OFF) or not there:
        return fine("`git add` gives artifacts to Git, and the commit takes them from there")
    if not driver.is_set_up(place):
        return Check(
            WARNING, "the filter for new artifacts is not what Git's config says any more: `git add` does not use it.",
            f"{INIT}     # sets it up again; or: {INIT} --no-filter",
        )  # fmt: skip
    # Git's own configuration may have changed in what is nothing to us.
    if not (configuration.attributes_in_step(place) or attributesfile.is_current(place, repository.config())):
        return Check(
            WARNING, "the configuration, or Git's, has changed: `git add` follows what was, until the next commit.",
            INIT,
        )  # fmt: skip
    if not driver.up_to_date(place, asked.get("attributes")):
        return Check(
            ERROR, "the filter for new artifacts starts another program than this, or follows an old "
            "attributes file.",
            INIT,
        )  # fmt: skip
    if not driver.is_of_this_version(place):
        return Check(WARNING, "the filter for new artifacts was set up by another version.", INIT)
    return fine("`git add` gives new artifacts to the DVC cache")
