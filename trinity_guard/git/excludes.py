"""What Git ignores in this clone alone, on every branch: our lines in `info/exclude`.

On a branch without an ignore file `git clean` and `git stash -u` take away what it names, `git add -A` adds it.
"""

from __future__ import annotations

import os

from trinity_guard.git import files
from trinity_guard.git.gitignore import line_for, whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from trinity_guard.git.repository import Place

BEGIN = b"# trinity-guard: what DVC keeps on this machine alone, whichever branch is checked out"
END = b"# trinity-guard: end"


def keep_out(place: Place, paths: Iterable[bytes]) -> bool:
    """Have Git ignore these files and folders, named from the top, from now on; whether a line was lacking."""
    old = files.read_if_there(_file(place)) or b""
    lines = old.splitlines()
    missing = [line for line in dict.fromkeys(map(_line, paths)) if line not in lines]
    if not missing:
        return False
    block = [BEGIN, *_ours(lines), *missing, END]
    files.replace(_file(place), whole(_without(old)) + b"".join(line + b"\n" for line in block))
    return True


def kept_out(place: Place) -> bool:
    """Whether our lines are there."""
    return bool(_ours((files.read_if_there(_file(place)) or b"").splitlines()))


def let_in(place: Place) -> bool:
    """Take our lines away again; whether there were any."""
    old = files.read_if_there(_file(place)) or b""
    new = _without(old)
    if new != old:
        files.replace(_file(place), new)
    return new != old


def _file(place: Place) -> bytes:
    # Of this clone, which no commit writes to: a link there is its owner's.
    return os.path.realpath(os.path.join(place.common_dir, b"info", b"exclude"))


def _line(path: bytes) -> bytes:
    return b"".join(map(line_for, path.split(b"/")))


def _ours(lines: list[bytes]) -> list[bytes]:
    """Return the lines between our two comments."""
    if BEGIN not in lines or END not in lines[lines.index(BEGIN) :]:
        return []
    first = lines.index(BEGIN)
    return lines[first + 1 : lines.index(END, first)]


def _without(text: bytes) -> bytes:
    lines = text.splitlines(keepends=True)
    bare = [line.rstrip(b"\r\n") for line in lines]
    if not _ours(bare):
        return text
    first = bare.index(BEGIN)
    return b"".join([*lines[:first], *lines[bare.index(END, first) + 1 :]])
