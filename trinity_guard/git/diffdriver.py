"""Our diff driver for pointers, in a clone where `init` was run: its lines in Git's config and in `info/attributes`.

`git diff` starts the command, which has both sides; `git show` and `git log -p` start the other one, textconv, once a
side. Plumbing starts neither, and where the program is gone the lines of the pointer alone are shown.
"""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.git import drivers

SECTION = "diff.trinity-guard"
ATTRIBUTE = b"diff=trinity-guard"
_HEAD = b"# trinity-guard: its diff driver (git config diff.trinity-guard.command), for this clone"
_LINE = b"*.dvc " + ATTRIBUTE


def registered(place: git.Place) -> bool:
    """Whether this clone's `info/attributes` has our lines."""
    return drivers.has(place, _HEAD)


def register(place: git.Place) -> bool:
    """Give this clone the driver, where nobody says how pointers differ; whether anything was changed."""
    changed = False
    for key, command in commands().items():
        if git.attempt("config", "--local", "--get", key, at=place.top).out != os.fsencode(command + "\n"):
            git.run("config", "--local", key, command, at=place.top)
            changed = True
    if registered(place):
        return changed
    said = git.run("check-attr", "-z", "diff", "x.dvc", at=place.top).split(b"\0")[2]
    drivers.add(place, _HEAD, [_LINE] if said == b"unspecified" else [])
    return True


def unregister(place: git.Place) -> bool:
    """Take both away again; whether there was anything to take."""
    taken = not git.attempt("config", "--local", "--remove-section", SECTION, at=place.top).code
    drivers.drop(place, (_HEAD, _LINE).__contains__)
    return taken


def commands() -> dict[str, str]:
    """Return Git's keys with the lines for the shell: ours, and what a plain diff shows where that fails."""
    show, text = drivers.start("diff-driver"), drivers.start("textconv")
    plain = 'git --no-pager diff --no-index --no-ext-diff --no-textconv -- "$2" "$5"'
    return {
        f"{SECTION}.command": f'f() {{ {{ {show} "$@"; }} || {plain}; return 0; }}; f',
        f"{SECTION}.textconv": f'f() {{ {{ {text} "$1"; }} || cat "$1"; }}; f',
    }
