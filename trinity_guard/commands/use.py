"""`trinity-guard use REV [PATH…]`: artifacts as another commit had them, pointers and data."""

from __future__ import annotations

import os

from trinity_guard import arguments, asking, bringing, console, git, guarding, moved, using
from trinity_guard import catalog as catalogs
from trinity_guard.errors import BLOCKED, FINE, UNUSABLE, GuardError
from trinity_guard.following import Follower
from trinity_guard.locking import Turn
from trinity_guard.selecting import Selection
from trinity_guard.stages import followed

HELP = """usage: trinity-guard use REV [PATH…]

Bring artifacts as the commit REV had them: their pointers, staged as by `git checkout REV -- PATH`, and their data,
fetched where the cache lacks it. Without PATH: all artifacts of REV; PATH may be an artifact, its pointer, or a
folder. Refused before anything is touched when an artifact was changed here and is recorded nowhere, or when not
everything can be had. `trinity-guard use HEAD` brings all back.

Example: trinity-guard use v1.2 models/risk.pkl
"""


def run(args: list[str]) -> int:
    if arguments.wants_help(args):
        console.result(HELP.rstrip())
        return FINE
    names = arguments.paths(args, "use")
    if not names:
        raise GuardError("use needs a commit.", "trinity-guard use HEAD~1 models/risk.pkl", UNUSABLE)
    start = os.getcwdb()
    place = git.place()
    git.at_top(place)
    config, _ = guarding.load_config(place)
    commit = using.commit_of(os.fsencode(names[0]))
    selection = Selection(guarding.relative(place, names[1:], start))
    bars = followed.Bars()
    with Turn(place):
        follower = Follower(place, catalogs.load(place))
        fetcher = bringing.Fetcher(follower, config.remote or "", bars)
        try:
            chosen = using.choose(follower, commit, selection)
            asking.about_remotes(place, sorted({(g.project, g.remote or config.remote or "") for g in chosen.goals}))
            using.prepare(follower, chosen, fetcher)
            stamp = moved.Stamp(place)
            stamp.begin([*stamp.unfinished(), *using.head()])
            using.move_pointers(chosen)
            follower.catalog = catalogs.load(place)
            bringing.carry_out(follower, fetcher, bars("to the work tree"))
        finally:
            bars.close()
        if follower.plan.finished:
            stamp.end()
    return _tell(follower, chosen, names[0])


def _tell(follower: Follower, chosen: using.Chosen, revision: str) -> int:
    plan = follower.plan
    followed.tell(plan, fetched=True)
    if not chosen.ids:
        console.note(f"{revision} has no artifact.")
    elif plan.complete() and not (plan.put or plan.removed):
        console.note(f"all is as in {revision} already.")
    return FINE if plan.complete() else BLOCKED
