"""The merge driver that Git runs for a .gitignore or a pointer that both sides of a merge changed (git/mergedriver.py).

Where it cannot merge it changes nothing and ends with 1: the line that Git runs then merges as Git itself does.
"""

from __future__ import annotations

import os

from trinity_guard import console, git
from trinity_guard.errors import BLOCKED, FINE, GuardError, shown
from trinity_guard.git import caller, files, gitignore, mergedriver

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trinity_guard.dvcrepo.output import Output


def merge_driver(_framework: bool, args: list[str]) -> int:
    """Git's arguments are the files that hold BASE, OURS (where the result belongs) and THEIRS, and the PATH."""
    base, ours, theirs, path = (os.fsencode(a) for a in args)
    mine, before, other = (files.read_if_there(name) or b"" for name in (ours, base, theirs))
    ignores = os.path.basename(path) == b".gitignore"
    merged = _ignore_lines(mine, before, other) if ignores else _pointer(mine, before, other, path)
    if merged is None:
        return BLOCKED
    with open(ours, "wb") as file:
        file.write(merged)
    return FINE


def _ignore_lines(ours: bytes, base: bytes, theirs: bytes) -> bytes | None:
    ours, base, theirs = (gitignore.whole(v) for v in (ours, base, theirs))
    marker = f"--marker-size={gitignore.MARKER_SIZE}"
    result = mergedriver.merge_file(git.place(), ours, base, theirs, "--diff3", marker)
    return gitignore.merged(result.out, ours, theirs) if result.code < mergedriver.FAILED else None


def _pointer(ours: bytes, base: bytes, theirs: bytes, path: bytes) -> bytes | None:
    from trinity_guard.checkout import union
    from trinity_guard.detect import patterns
    from trinity_guard.dvcrepo import merge

    place, favored = git.place(), caller.favored_side()
    git.require_work_tree(place)

    def unite(mine: Output, before: Output | None, other: Output) -> dict[str, object] | None:
        if not mine.is_dir:
            return None
        return union.made(place, patterns.load_config(place)[0].remote or "", mine, before, other)

    try:
        versions = merge.aligned(ours, base, theirs, path, unite, favored)
    except GuardError as error:
        console.warn(f"{shown(path)} cannot be merged by itself: {error.problem}", error.remedy)
        return None
    if versions is None:
        _name(place, ours, base, theirs, path)
        return None
    result = mergedriver.merge_file(place, *versions, *([f"--{favored}"] if favored else []))
    return None if result.code else result.out


def _name(place: git.Place, ours: bytes, base: bytes, theirs: bytes, path: bytes) -> None:
    """Say what is in conflict, where Git says it: both sides changed the same data."""
    from trinity_guard.detect import conflicts

    conflict = conflicts.Conflict(path, unmerged=True)
    conflict.versions = {conflicts.OURS: ours, conflicts.THEIRS: theirs, conflicts.BASE: base or None}
    conflicts.note_caches(place, [conflict])
    console.warn(*conflicts.said(conflict))
