"""What is known of the versions of a folder: what holds for all of them, and what became of the last one, of which the
next one is made where they differ in a few files.

A folder that grows by a file a commit is otherwise put together whole, as often as it has files.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from itertools import accumulate

from trinity_guard.dvcrepo import paths
from trinity_guard.git.catfile import FILE, IMPOSSIBLE, TREE, Entry, tree_parser
from trinity_guard.git.packwriter import common, common_end
from trinity_guard.migrate.ignorefiles import DVCIGNORE, GITIGNORE
from trinity_guard.migrate.scan import ATTRIBUTES
from trinity_guard.migrate.seen import Lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence, Set

    from trinity_guard.migrate.context import Context

    # A folder, what lies above it, and whether DVC's files stay.
    Key = tuple[bytes, int, bool]

# Trees of fewer bytes are not worth it; and so many bytes, about, are kept.
WORTH, MAX_KEPT = 1000, 1 << 20
# Versions that differ in more entries than this are put together anew.
MOST = 64


class Decision:
    """What becomes of a file: its pointer's blob, b"" where one is there already, None where the file stays; and the
    ignore lines that it needs."""

    __slots__ = ("lines", "pointer")

    def __init__(self, pointer: bytes | None, lines: Lines) -> None:
        self.pointer = pointer
        self.lines = lines


STAYS = Decision(None, Lines((), show=False, ignore=False))


class Settled:
    """What was decided on the entries of a folder in one context, and holds for all its versions: a folder that grows
    by a file a commit is looked at for that file alone.

    pointers: entry -> that of its pointer; ignored: entry -> name, where it needs a line; others: entries that are no
    artifacts. Left out are those that need more lines than one.
    """

    __slots__ = ("_names", "ignored", "others", "pointers")

    def __init__(self) -> None:
        self.pointers: dict[Entry, Entry] = {}
        self.ignored: dict[Entry, bytes] = {}
        self.others: set[Entry] = set()
        self._names: dict[Entry, bytes] = {}

    def add(self, entry: Entry, decision: Decision, line: bytes) -> None:
        lines = decision.lines
        if decision.pointer and line and not (lines.show or lines.requests):
            name = entry[1] + paths.POINTER
            self.pointers[entry] = (FILE, name, decision.pointer)
            self._names[entry] = name
            if lines.ignore:
                self.ignored[entry] = entry[1]

    def known(self, entries: Mapping[bytes, Entry]) -> Set[Entry]:
        """Return the entries of a folder that are settled; none where a file of a pointer's name is there."""
        found = set(entries.values()) & self.pointers.keys()
        beside = not entries.keys().isdisjoint(map(self._names.__getitem__, found))
        return set() if beside else found


class Difference:
    """What two versions differ in. gone, new: entries; the bytes from `start` to `end` are other ones, as many as
    `ends` says, where each entry among them ends."""

    __slots__ = ("end", "ends", "gone", "new", "start")

    def __init__(self, start: int, end: int, gone: Sequence[Entry], new: Sequence[Entry]) -> None:
        self.start = start
        self.end = end
        self.ends = _ends(new, start)
        same = set(gone) & set(new)
        self.gone = [entry for entry in gone if entry not in same]
        self.new = [entry for entry in new if entry not in same]


class LastVersion:
    """names: of all entries; pointed: those of files that became pointers. context: with the folder's own ignore files;
    gitignore: the folder's own, None where it has none; added: DVC's files were put into it."""

    __slots__ = ("_bounds", "_keys", "_parts", "_raw", "added", "context", "gitignore", "lines", "names", "pointed")

    def __init__(self, raw: bytes, entries: Sequence[Entry], context: Context, added: bool) -> None:
        self._raw = raw
        # Where entries begin, and the last one ends.
        self._bounds = array("L", [0, *_ends(entries, 0)])
        self._keys: list[bytes] = []
        self._parts: list[bytes] = []
        self.names = {name for _, name, _ in entries}
        self.pointed: set[bytes] = set()
        self.lines = _IgnoreLines()
        self.context = context
        self.gitignore = next((entry for entry in entries if entry[1] == GITIGNORE), None)
        self.added = added

    def became(self, entries: Iterable[Entry], lines: Mapping[bytes, bytes]) -> None:
        """Take the entries of the new tree, and name -> ignore line."""
        both = sorted((_key(entry), b"%s %s\0%s" % entry) for entry in entries)
        self._keys, self._parts = [key for key, _ in both], [part for _, part in both]
        there = {key.removesuffix(b"/") for key in self._keys}
        self.pointed = self.names - there
        self.lines.add(lines)

    def difference(self, raw: bytes) -> Difference | None:
        """Return what other bytes differ in; None where it is more than a few plain files."""
        old, bounds = self._raw, self._bounds
        most = min(len(old), len(raw))
        start = bounds[bisect_right(bounds, common(old, raw, most)) - 1]
        end = bounds[bisect_left(bounds, max(len(old) - common_end(old, raw, most - start), start))]
        middle = raw[start : len(raw) - (len(old) - end)]
        parse = tree_parser()
        found = Difference(start, end, parse(old[start:end]), parse(middle))
        if found.ends[-1:] not in ([], [start + len(middle)]) or bool(found.ends) != bool(middle):
            return None
        return found if self._is_plain(found) else None

    def _is_plain(self, found: Difference) -> bool:
        """Whether nothing but files came and went that say nothing on others."""
        both = [*found.gone, *found.new]
        new = [name for _, name, _ in found.new]
        left = self.names.difference(name for _, name, _ in found.gone)
        return (
            len(both) <= MOST
            and all(mode != TREE and name not in (GITIGNORE, DVCIGNORE, ATTRIBUTES) for mode, name, _ in both)
            and not any(paths.is_pointer(name) or name + paths.POINTER in self.names for _, name, _ in both)
            and not any(b"/" in name or name in IMPOSSIBLE for name in new)
            and len(set(new)) == len(new)
            and left.isdisjoint(new)
        )

    def turn_into(self, raw: bytes, found: Difference, became: Iterable[Entry], lines: Mapping[bytes, bytes]) -> None:
        """Become the version with these bytes; became, lines: of what is new in it."""
        gone, new = ({name for _, name, _ in entries} for entries in (found.gone, found.new))
        for name in gone:
            self._drop(name + paths.POINTER if name in self.pointed else name)
        self.names = self.names - gone | new
        self.pointed -= gone
        self.lines.drop(gone)
        there = set()
        for entry in became:
            self.put(entry)
            there.add(entry[1])
        self.pointed |= new - there
        self.lines.add(lines)
        bounds, by = self._bounds, len(raw) - len(self._raw)
        first, last = bisect_right(bounds, found.start), bisect_right(bounds, found.end)
        after = array("L", [bound + by for bound in bounds[last:]])
        self._bounds = bounds[:first] + array("L", found.ends) + after
        self._raw = raw

    def put(self, entry: Entry) -> None:
        """Put an entry into the new tree, in the place of one of its name."""
        key, part = _key(entry), b"%s %s\0%s" % entry
        at = bisect_left(self._keys, key)
        if self._keys[at : at + 1] == [key]:
            self._parts[at] = part
        else:
            self._keys.insert(at, key)
            self._parts.insert(at, part)

    def put_gitignore(self, entry: Entry | None) -> None:
        """Put the folder's .gitignore into the new tree, or take it out."""
        self._drop(GITIGNORE)
        if entry is not None:
            self.put(entry)

    def _drop(self, name: bytes) -> None:
        at = bisect_left(self._keys, name)
        if self._keys[at : at + 1] == [name]:
            del self._keys[at], self._parts[at]

    def tree(self) -> bytes:
        """Return the bytes of the new tree."""
        return b"".join(self._parts)


class _IgnoreLines:
    """Ignore lines of files, in the order of their names."""

    __slots__ = ("_names", "written")

    def __init__(self) -> None:
        self._names: list[bytes] = []
        self.written: list[bytes] = []

    def add(self, lines: Mapping[bytes, bytes]) -> None:
        """Take name -> line, of names that have none."""
        if len(lines) > MOST:
            both = sorted([*zip(self._names, self.written, strict=True), *lines.items()])
            self._names, self.written = [name for name, _ in both], [line for _, line in both]
            return
        for name, line in lines.items():
            at = bisect_left(self._names, name)
            self._names.insert(at, name)
            self.written.insert(at, line)

    def drop(self, names: Iterable[bytes]) -> None:
        """Let go of those of the names that have a line."""
        for name in names:
            at = bisect_left(self._names, name)
            if self._names[at : at + 1] == [name]:
                del self._names[at], self.written[at]


class LastVersions:
    """The last version of each of the large folders that were rewritten lately."""

    def __init__(self) -> None:
        self._kept: dict[Key, tuple[LastVersion, int]] = {}
        self._size = 0

    def take(self, key: Key) -> LastVersion | None:
        """Return a folder's last version, which is not kept any more."""
        last, size = self._kept.pop(key, (None, 0))
        self._size -= size
        return last

    def keep(self, key: Key, last: LastVersion, size: int) -> None:
        """Keep a version whose tree has so many bytes."""
        self.take(key)
        if self._size + size > MAX_KEPT:
            self._kept.clear()
            self._size = 0
        self._kept[key] = last, size
        self._size += size


def worth(raw: bytes, entries: Sequence[Entry]) -> bool:
    """Whether a version is worth keeping, and written as Git writes it."""
    return len(raw) > WORTH and _ends(entries, 0)[-1:] == [len(raw)]


def _key(entry: Entry) -> bytes:
    return entry[1] + b"/" if entry[0] == TREE else entry[1]


def _ends(entries: Iterable[Entry], start: int) -> list[int]:
    """Return where each entry ends, the first of which begins there."""
    found = list(accumulate((len(mode) + len(name) + 22 for mode, name, _ in entries), initial=start))
    return found[1:]
