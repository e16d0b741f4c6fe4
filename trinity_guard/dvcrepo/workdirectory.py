"""A directory of the work tree that DVC holds as a whole: its files as they are now, of which only the new are read."""

from __future__ import annotations

import os

from trinity_guard.dvcrepo import directory
from trinity_guard.dvcrepo.output import seen_mark
from trinity_guard.dvcrepo.paths import NEVER_SEEN
from trinity_guard.errors import GuardError
from trinity_guard.git import records

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from trinity_guard.dvcrepo.odb import Store
    from trinity_guard.dvcrepo.output import Output
    from trinity_guard.git import Place


UNLIMITED = 1 << 62


class WorkDirectory:
    """What is in the place of an output. marks: the path of each file in it -> what tells that it is as it was seen.

    limit: so many files are looked for at most; whole: whether there are no more. difference: from what is recorded,
    once that was asked for.
    """

    def __init__(self, place: Place, output: Output, limit: int = UNLIMITED) -> None:
        self._place = place
        self._output = output
        self._full = place.file(output.path)
        self._seen = Seen(place, output)
        self._names: list[bytes] | None = None
        self._files: dict[bytes, str] | None = None
        self._mark = b""
        self._list = b""
        self._known: dict[bytes, str] | None = None
        self.difference: directory.Difference | None = None
        self.stats: dict[bytes, os.stat_result] = {}
        for name, stat in walk(self._full):
            self.stats[name] = stat
            if len(self.stats) > limit:
                break
        self.whole = len(self.stats) <= limit
        self.marks = {name: seen_mark(stat) for name, stat in self.stats.items()}

    def names(self) -> list[bytes]:
        """Return the files that DVC sees there: without those that it is told to ignore."""
        if self._names is None:
            from trinity_guard.dvcrepo import dvcignore, project  # noqa: PLC0415

            root = project.root_of(self._place.top, self._output.source) or b""
            folder = self._place.file(root) if root else self._place.top
            inside = self._output.path[len(root) + 1 :] if root else self._output.path
            self._names = list(self.stats)
            if dvcignore.ignores(folder, inside):
                self._names = [n for n in self.stats if dvcignore.dvcignored(folder, os.path.join(inside, n)) is None]
        return self._names

    def mark(self) -> bytes:
        """Return what tells that a directory's files are those that were seen."""
        self._mark = self._mark or mark_of(self.marks)
        return self._mark

    def mark_as(self, marks: Mapping[bytes, bytes]) -> None:
        """Take the marks that files had when their bytes were taken for those that they have."""
        others = {name: mark for name, mark in marks.items() if self.marks.get(name) != mark}
        if others:
            self.marks.update(others)
            self._mark = b""
            self._known = None

    def newest(self) -> int:
        """Return when a file was last written (ns)."""
        return max((stat.st_mtime_ns for stat in self.stats.values()), default=0)

    def known(self) -> dict[bytes, str]:
        """Return the md5 of each file that is as it was last seen."""
        if self._known is None:
            rows = self._seen.rows()
            found = ((name, rows.get(name), mark) for name, mark in self.marks.items())
            self._known = {name: row[1] for name, row, mark in found if row and row[0] == mark}
        return self._known

    def was_here(self, name: bytes) -> bool:
        """Whether a file was ever seen here, since the directory was last recorded."""
        return name in self._seen.rows()

    def unread(self) -> int:
        """Return how many bytes `files` would read."""
        return sum(self.stats[name].st_size for name in self.stats.keys() - self.known().keys())

    def files(self) -> dict[bytes, str]:
        """Return the md5 of each file; what was not seen before is read, and remembered."""
        from trinity_guard.dvcrepo import odb  # noqa: PLC0415

        md5_of = odb.legacy_md5_of if self._output.legacy else odb.md5_of
        if self._files is None:
            known = self.known()
            self._files = {n: known.get(n) or md5_of(os.path.join(self._full, n)) for n in self.names()}
            self.remember(self._files)
        return self._files

    def md5(self) -> str:
        """Return the md5 that DVC gives a directory: that of the list of its files, without those that it ignores."""
        return directory.md5_of_list(self.listed())

    def listed(self) -> bytes:
        """Return the list of its files as DVC writes it."""
        self._list = self._list or directory.encode(self.files())
        return self._list

    def remember(self, files: Mapping[bytes, str], recorded: bool = False) -> None:
        """Note the md5 of files that were read; those of others that are still as they were seen stay noted.

        And of those that are gone, until the directory is recorded without them: they have been here.
        """
        both = {**self.known(), **files}
        rows = {n: (mark, both.get(n, "")) for n, mark in self.marks.items()}
        gone = self._seen.rows().keys() - rows.keys() if not recorded else ()
        rows.update((n, self._seen.rows()[n]) for n in gone)
        self._known = None
        self._seen.write(rows)

    def differs_at_sight(self, recorded: Mapping[bytes, str], cache: Store) -> bool:
        """Whether names, sizes or what is known of the files tell that they are not what a list says."""
        if recorded.keys() != set(self.names()):
            return True
        return any(self._file_differs(name, md5, cache) for name, md5 in recorded.items())

    def _file_differs(self, name: bytes, md5: str, cache: Store) -> bool:
        known = self.known().get(name, "")
        if known or self._output.legacy:
            return bool(known) and known != md5
        return cache.size(md5) not in (None, self.stats[name].st_size)


def walk(folder: bytes, inside: bytes = b"") -> Iterator[tuple[bytes, os.stat_result]]:
    """Yield the files of a directory, by their path in it, as DVC finds them."""
    above = inside + b"/" if inside else b""  # os.path.join takes as long as the look itself
    with os.scandir(folder + b"/" + inside) as entries:
        for entry in entries:
            name = above + entry.name
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in NEVER_SEEN:
                    yield from walk(folder, name)
            elif entry.is_file():
                yield name, entry.stat()


class Seen:
    """What was last seen of a directory's files: of each its mark (size, time, inode) and the md5 of its bytes.

    A file under the work tree's git dir, so that of 10,000 files the one is hashed that was written since. It holds
    for no other bytes than these, whatever the pointer says meanwhile.
    """

    FIELDS = 3

    def __init__(self, place: Place, output: Output) -> None:
        import hashlib

        # DVC 2's md5 of the same bytes may be another one.
        key = hashlib.md5(output.path + (b"\0legacy" if output.legacy else b""), usedforsecurity=False)
        self._file = os.path.join(place.git_dir, b"trinity-guard", b"directories", key.hexdigest().encode())
        self._rows: dict[bytes, tuple[bytes, str]] | None = None

    def rows(self) -> dict[bytes, tuple[bytes, str]]:
        """Return the path of each file that was seen -> (mark, md5)."""
        if self._rows is None:
            known = records.read_if_readable(self._file, self.FIELDS)
            self._rows = {name: (mark, str(md5, "ascii", "replace")) for name, mark, md5 in known}
        return self._rows

    def write(self, rows: Mapping[bytes, tuple[bytes, str]]) -> None:
        """Remember the files that there are; not being able to is no harm."""
        kept = {name: (mark, md5) for name, (mark, md5) in rows.items() if mark and md5}
        if kept == self._rows:
            return
        try:
            records.write(self._file, [(name, mark, md5.encode()) for name, (mark, md5) in kept.items()])
        except (GuardError, OSError):
            return  # a read-only git dir: the next time hashes again
        self._rows = kept


def mark_of(marks: Mapping[bytes, bytes]) -> bytes:
    """Return what stands for the marks of all files of a directory, whose paths in it they belong to."""
    import hashlib

    text = b"".join(name + b"\0" + mark + b"\n" for name, mark in sorted(marks.items()))
    return hashlib.md5(text, usedforsecurity=False).hexdigest().encode()
