"""Which pointers moved: between two commits, or in the work tree since the artifacts last followed them."""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.dvcrepo import paths
from trinity_guard.git import index, records

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


class Stamp:
    """When the artifacts last followed: a file under the git dir, whose time is when that began.

    And, while a sync is under way, a note of the commits that the work tree came from.
    """

    def __init__(self, place: git.Place) -> None:
        folder = os.path.join(place.git_dir, b"trinity-guard")
        self._file = os.path.join(folder, b"followed")
        self._installed = os.path.join(place.own, b"installed.json")
        self._note = os.path.join(folder, b"following")

    def time(self) -> int | None:
        """Return the time in nanoseconds, before the first time that of `init`; None when nobody knows."""
        for file in (self._file, self._installed):
            try:
                return os.stat(file).st_mtime_ns
            except OSError:
                continue
        return None

    def unfinished(self) -> list[bytes]:
        """Return the ids of the commits that syncs which were cut short came from."""
        commits = (field for (field,) in records.read_if_readable(self._note, 1))
        return [c for c in commits if len(c) in (40, 64) and not c.strip(b"0123456789abcdef")]

    def begin(self, commits: Iterable[bytes] = ()) -> None:
        records.write(self._note, [(c,) for c in commits])

    def end(self) -> None:
        """Count from when it began: a pointer that changed meanwhile is looked at the next time."""
        os.rename(self._note, self._file)


def touched_since(place: git.Place, paths: Iterable[bytes], time: int | None) -> list[bytes]:
    """Return those of the paths whose file in the work tree was written at or after a time, by whomever."""
    if time is None:
        return []
    found = []
    for path in paths:
        try:
            if os.lstat(place.file(path)).st_ctime_ns >= time:
                found.append(path)
        except OSError:
            continue  # not checked out, or taken away by hand: nothing to follow
    return found


def chosen_sides(place: git.Place, unmerged: Iterable[bytes], time: int | None) -> list[bytes]:
    """Return the pointers in conflict of which one side was checked out since (`git checkout --theirs -- x.dvc`)."""
    from trinity_guard.git.files import read_if_there  # noqa: PLC0415  # hardly any checkout is one in a conflict

    touched = touched_since(place, sorted(p for p in unmerged if paths.is_reference(p)), time)
    return [path for path in touched if b"\n<<<<<<< " not in b"\n" + (read_if_there(place.file(path)) or b"")]


def between(old: bytes, new: bytes) -> dict[bytes, list[bytes]]:
    """Return path -> former blob ids (none: it is new) of the pointers and locks in which two commits differ.

    new: b"" for the index.
    """
    command = ("diff-tree", "-r") if new else ("diff-index", "--cached")
    sides = [old, new] if new else [old]
    out = git.run(*command, "--raw", "-z", "--no-renames", "--no-abbrev", *sides, "--", *paths.REFERENCES)
    return former_ids(index.changes(out))


def former_ids(changes: Iterable[index.Change]) -> dict[bytes, list[bytes]]:
    """Return path -> former blob ids (none: it is new) of the pointers and locks among these changes of one commit."""
    found: dict[bytes, list[bytes]] = {}
    for change in changes:
        if not paths.is_reference(change.path):
            continue
        ids = found.setdefault(change.path, [])
        if change.modes[0] in (index.REGULAR, index.EXECUTABLE):
            ids.append(change.oids[0])
    return found
