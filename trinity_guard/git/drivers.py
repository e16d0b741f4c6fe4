"""What our diff driver and our merge driver share: lines in a clone's `info/attributes`, and how Git starts us."""

from __future__ import annotations

import os
import sys

from trinity_guard import LIBRARY, git, start_line
from trinity_guard.git import files
from trinity_guard.git.gitignore import whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def has(place: git.Place, head: bytes) -> bool:
    """Whether this clone's `info/attributes` has the lines below this comment."""
    return head in (files.read_if_there(_info(place)) or b"")


def add(place: git.Place, head: bytes, lines: Sequence[bytes]) -> None:
    """Put lines below a comment at its end."""
    old = files.read_if_there(_info(place)) or b""
    files.replace(_info(place), whole(old) + b"\n".join([head, *lines, b""]))


def drop(place: git.Place, is_ours: Callable[[bytes], bool]) -> None:
    """Take lines out again."""
    old = files.read_if_there(_info(place)) or b""
    kept = b"".join(line for line in old.splitlines(keepends=True) if not is_ours(line.strip()))
    if kept != old:
        files.replace(_info(place), kept) if kept else files.unlink(_info(place))


def start(hook: str) -> str:
    """Return what the shell runs for one of our hooks, where this Python still is."""
    python, library = (_quoted(path) for path in (sys.executable or "", LIBRARY))
    return f"[ -x {python} ] && {python} -I -S -c '{start_line()}' {library} hook {hook}"


def _info(place: git.Place) -> bytes:
    return os.path.join(place.common_dir, b"info", b"attributes")


def _quoted(path: str) -> str:
    return "'" + path.replace("'", "'\\''") + "'"
