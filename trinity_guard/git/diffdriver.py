"""Our diff driver for pointers, in a clone where `init` was run: its lines in Git's config and in `info/attributes`.

`git diff` starts the command, which has both sides; `git show` and `git log -p` start the other one, textconv, once a
side. Plumbing starts neither, and where the program is gone the lines of the pointer alone are shown.
"""

from __future__ import annotations

import os
import sys

from trinity_guard import LIBRARY, git, start_line
from trinity_guard.git import files
from trinity_guard.git.gitignore import whole

SECTION = "diff.trinity-guard"
ATTRIBUTE = b"diff=trinity-guard"
_HEAD = b"# trinity-guard: its diff driver (git config diff.trinity-guard.command), for this clone"
_LINE = b"*.dvc " + ATTRIBUTE


def registered(place: git.Place) -> bool:
    """Whether this clone's `info/attributes` has our lines."""
    return _HEAD in (files.read_if_there(_info(place)) or b"")


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
    lines = [_LINE] if said == b"unspecified" else []
    old = files.read_if_there(_info(place)) or b""
    files.replace(_info(place), whole(old) + b"\n".join([_HEAD, *lines, b""]))
    return True


def unregister(place: git.Place) -> bool:
    """Take both away again; whether there was anything to take."""
    taken = not git.attempt("config", "--local", "--remove-section", SECTION, at=place.top).code
    old = files.read_if_there(_info(place)) or b""
    kept = b"".join(n for n in old.splitlines(keepends=True) if n.strip() not in (_HEAD, _LINE))
    if kept != old:
        files.replace(_info(place), kept)
    return taken


def commands() -> dict[str, str]:
    """Return Git's keys with the lines for the shell: ours, and what a plain diff shows where that fails."""
    python, library = (_quoted(path) for path in (sys.executable or "", LIBRARY))
    start = f"[ -x {python} ] && {python} -I -S -c '{start_line()}' {library} hook"
    plain = 'git --no-pager diff --no-index --no-ext-diff --no-textconv -- "$2" "$5"'
    return {
        f"{SECTION}.command": f'f() {{ {{ {start} diff-driver "$@"; }} || {plain}; return 0; }}; f',
        f"{SECTION}.textconv": f'f() {{ {{ {start} textconv "$1"; }} || cat "$1"; }}; f',
    }


def _quoted(path: str) -> str:
    return "'" + path.replace("'", "'\\''") + "'"


def _info(place: git.Place) -> bytes:
    return os.path.join(place.common_dir, b"info", b"attributes")
