"""Our filter driver in a repository's own Git config: set up, looked at, taken out again. No clone brings it along."""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.config import Config
from trinity_guard.convert import standins
from trinity_guard.detect import attributesfile, configuration
from trinity_guard.errors import GuardError, shown
from trinity_guard.git import files, index
from trinity_guard.setup import native
from trinity_guard.setup.record import InstallPlan

SECTION = "filter.trinity-guard"
PROCESS, ATTRIBUTES = f"{SECTION}.process", attributesfile.SETTING
# By a path that Git works out: it is the same in linked work trees, and wherever the repository is moved.
COMMAND = 'sh "$(git rev-parse --git-common-dir)/trinity-guard/filter"'
OFF = "off"
# Without the program an answer that offers nothing has Git go on with the bytes as they are, and ask no more.
SCRIPT = """\
#!/bin/sh
# trinity-guard's filter driver: `trinity-guard init` writes it, `trinity-guard init --uninstall` removes it.
python=''
lib=''
STARTER
start hook filter
case ,$TRINITY_GUARD_SKIP, in
*,all,* | *,filter,*) ;;
*)
    echo "trinity-guard: the program is gone, so artifacts pass as they are." >&2
    lost
    ;;
esac
printf '0016git-filter-server\\n000eversion=2\\n00000000'
exec cat >/dev/null
"""


def script() -> bytes:
    """Return the text of the program that Git starts, with this interpreter in it."""
    return native.filled(SCRIPT.encode().replace(b"STARTER", native.starter()))


def script_of(place: git.Place) -> bytes:
    return os.path.join(place.own, b"filter")


def set_up(plan: InstallPlan, config: Config) -> None:
    """Set the driver up, or bring it up to date."""
    place = plan.place
    new = not is_set_up(place)
    files.replace(script_of(place), script(), 0o777)
    theirs = _theirs(plan)
    attributesfile.set_up(place, config, theirs)
    git.run("config", "--local", PROCESS, COMMAND, at=place.top)
    git.run("config", "--local", ATTRIBUTES, configuration.attributes(place), at=place.top)
    plan.record["filter"].pop(OFF, None)
    if new:
        plan.outcome.done.append("a filter for new artifacts: `git add` gives their bytes to the DVC cache")


def _theirs(plan: InstallPlan) -> bytes:
    """Return the attributes file that the user has, or would have; one that this repository names is remembered."""
    place = plan.place
    said = [(scope, v) for scope, v in attributesfile.said(place) if v != configuration.attributes(place)]
    local = [value for scope, value in said if scope == b"local"]
    if local:
        plan.record["filter"]["attributes"] = os.fsdecode(local[-1])
    return _theirs_now(place, plan.record["filter"].get("attributes"))


def _theirs_now(place: git.Place, remembered: object) -> bytes:
    """Return the attributes file that Git would read without ours. remembered: the one that this repository named."""
    said = [value for _, value in attributesfile.said(place) if value != configuration.attributes(place)]
    return attributesfile.usual(
        place, os.fsencode(remembered) if isinstance(remembered, str) else said[-1] if said else b""
    )


def started(place: git.Place) -> bool:
    """Whether Git's config says how it is started."""
    return git.attempt("config", "--get", PROCESS, at=place.top).out.rstrip(b"\n") == COMMAND.encode()


def is_set_up(place: git.Place) -> bool:
    """Whether Git would start it, and asks it of any path."""
    said = attributesfile.said(place)
    ours = bool(said) and said[-1][1] == configuration.attributes(place)
    return started(place) and ours and os.path.isfile(script_of(place))


def up_to_date(place: git.Place, remembered: object = None) -> bool:
    """Whether its script starts this very program, and its attributes end with the user's.

    remembered: the attributes file that this repository named before us, if any.
    """
    there = files.read_if_there(script_of(place)) or b""
    return _starting(there) == _starting(script()) and not _user_has_another(place, remembered)


def is_of_this_version(place: git.Place) -> bool:
    """Whether its script is the one that `init` would write now."""
    return files.read_if_there(script_of(place)) == script()


def _starting(text: bytes) -> list[bytes]:
    """Return the lines of a script that say which interpreter and which package it starts."""
    return [line for line in text.splitlines() if line.startswith((b"python=", b"lib="))]


def _user_has_another(place: git.Place, remembered: object) -> bool:
    """Whether the user's own attributes file is another one than ours ends with; none is like none."""
    taken, now = attributesfile.theirs_of(place), _theirs_now(place, remembered)
    return taken not in (None, now) and any(os.path.exists(path) for path in (taken, now) if path)


def take_out(plan: InstallPlan, remember: bool = False) -> None:
    """Take the driver out; what is staged as a stand-in is staged as it is first. remember: `init` asks for it to stay
    out."""
    place = plan.place
    there = os.path.lexists(script_of(place)) or os.path.lexists(configuration.attributes(place))
    if there:
        restored = [path for top in (place.top, *_other_tops(place)) for path in _restored(top)]
        if restored:
            plan.outcome.notes.append(f"staged as they are, and no more as stand-ins: {len(restored)} files")
        git.attempt("config", "--local", "--remove-section", SECTION, at=place.top)
        _put_back(plan)
        for path in (script_of(place), configuration.attributes(place)):
            files.unlink(path)
        plan.outcome.done.append("the filter for new artifacts is taken out")
    plan.record["filter"] = {OFF: True} if remember else {}


def _other_tops(place: git.Place) -> list[bytes]:
    """Return the tops of the other work trees of this repository that are there: they share the driver."""
    listed = git.work_trees(git.attempt("worktree", "list", "--porcelain", "-z", at=place.top).out)
    tops = [top for top, words in listed if b"bare" not in words]
    return [top for top in tops if os.path.lexists(top + b"/.git") and not os.path.samefile(top, place.top)]


def _restored(top: bytes) -> list[bytes]:
    """Stage the data itself in place of stand-ins in one work tree; return their paths."""
    here = os.getcwdb()
    os.chdir(top)
    try:
        return standins.restore(git.place(), index.staged())
    except GuardError as error:
        where = "" if os.path.samefile(top, here) else f"in the work tree {shown(top)}: "
        raise GuardError(where + error.problem, error.remedy, error.exit_code) from error
    finally:
        os.chdir(here)


def _put_back(plan: InstallPlan) -> None:
    place = plan.place
    if (b"local", configuration.attributes(place)) not in attributesfile.said(place):
        return  # somebody has set another one since
    before = plan.record["filter"].get("attributes")
    if isinstance(before, str):
        git.run("config", "--local", ATTRIBUTES, before, at=place.top)
    else:
        git.attempt("config", "--local", "--unset-all", ATTRIBUTES, at=place.top)
