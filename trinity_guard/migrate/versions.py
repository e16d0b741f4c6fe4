"""What is known of the versions of a folder: what holds for all of them, and what became of the last one, of which the
next one is made where they differ in a few files.

A folder that grows by a file a commit is otherwise put together whole, as often as it has files.
"""

from __future__ import annotations

from bisect import bisect_left

from trinity_guard.dvcrepo import paths
from trinity_guard.git import treeversions
from trinity_guard.git.catfile import FILE, IMPOSSIBLE, TREE, Entry, tree_parser
from trinity_guard.git.ids import SIZE
from trinity_guard.migrate.ignorefiles import DVCIGNORE, GITIGNORE
from trinity_guard.migrate.kinds import ATTRIBUTES
from trinity_guard.migrate.seen import Lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence, Set

    from trinity_guard.git.treeversions import Difference
    from trinity_guard.migrate.context import Context
    from trinity_guard.migrate.kept import KeptTrees

# Entries of a folder that are remembered, beside twice as many as it has, though they are not in it any more.
MAX_GONE = 1000


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

    def forget_gone(self, entries: Sequence[Entry]) -> None:
        """Let go of what a folder has not any more, where it is much; of what returns it is decided once more."""
        if max(len(self.pointers), len(self.others)) <= 2 * len(entries) + MAX_GONE:
            return
        self.others.intersection_update(entries)
        for entry in self.pointers.keys() - set(entries):
            del self.pointers[entry], self._names[entry]
            self.ignored.pop(entry, None)


class LastVersion:
    """names: of all entries; pointed: those of files that became pointers. context: with the folder's own ignore files;
    gitignore: the folder's own, None where it has none; added: DVC's files were put into it."""

    __slots__ = ("_keys", "_last", "_parts", "added", "context", "gitignore", "lines", "names", "pointed")

    def __init__(self, raw: bytes, entries: Sequence[Entry], context: Context, added: bool) -> None:
        self._last = treeversions.Version(raw)
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
        found = self._last.difference(raw)
        if found is None or len(raw) - len(self._last.raw) != _size(found.new) - _size(found.gone):
            return None
        return found if self._is_plain(found) else None

    def _is_plain(self, found: Difference) -> bool:
        """Whether nothing but files came and went that say nothing on others."""
        both = [*found.gone, *found.new]
        new = [name for _, name, _ in found.new]
        gone = {name for _, name, _ in found.gone}
        return (
            all(mode != TREE and name not in (GITIGNORE, DVCIGNORE, ATTRIBUTES) for mode, name, _ in both)
            and not any(paths.is_pointer(name) or name + paths.POINTER in self.names for _, name, _ in both)
            and not any(b"/" in name or name in IMPOSSIBLE for name in new)
            and len(set(new)) == len(new)
            and not any(name in self.names and name not in gone for name in new)
        )

    def turn_into(self, found: Difference, became: Iterable[Entry], lines: Mapping[bytes, bytes]) -> None:
        """Become the version with these bytes; became, lines: of what is new in it."""
        gone, new = ({name for _, name, _ in entries} for entries in (found.gone, found.new))
        for name in gone:
            self._drop(name + paths.POINTER if name in self.pointed else name)
        self.names -= gone
        self.names |= new
        self.pointed -= gone
        self.lines.drop(gone)
        there = set()
        for entry in became:
            self.put(entry)
            there.add(entry[1])
        self.pointed |= new - there
        self.lines.add(lines)
        self._last = found.version

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


class LastRoot:
    """A root and what became of it, of which that of the next commit is made where they differ in nothing but folders
    without artifacts. added: DVC's files were put into it."""

    __slots__ = ("_folders", "_raw", "added", "new")

    def __init__(self, raw: bytes, entries: Sequence[Entry], new: bytes, added: bool) -> None:
        ends, after = treeversions.Version(raw).ends(), treeversions.Version(new).ends()
        there = {name: end - SIZE for (_, name, _), end in zip(tree_parser()(new), after, strict=True)}
        # Name, and where its id stands in the old bytes and in the new ones.
        self._folders = [
            (name, end - SIZE, there[name])
            for (mode, name, _), end in zip(entries, ends, strict=True)
            if mode == TREE and name != b".dvc" and name in there
        ]
        self._raw = raw
        self.new = new
        self.added = added

    def turn_into(self, raw: bytes, kept: KeptTrees) -> bool:
        """Become the root with these bytes; False where it could not."""
        old, new = bytearray(self._raw), bytearray(self.new)
        if len(old) != len(raw):
            return False
        for name, at, there in self._folders:
            oid = raw[at : at + SIZE]
            if old[at : at + SIZE] != oid:
                if kept.get(name + b"/", oid) or kept.get(name + b"/", self._raw[at : at + SIZE]):
                    return False
                old[at : at + SIZE] = new[there : there + SIZE] = oid
        if old != raw:
            return False
        self._raw, self.new = raw, bytes(new)
        return True


class _IgnoreLines:
    """Ignore lines of files, in the order of their names."""

    __slots__ = ("_names", "written")

    def __init__(self) -> None:
        self._names: list[bytes] = []
        self.written: list[bytes] = []

    def add(self, lines: Mapping[bytes, bytes]) -> None:
        """Take name -> line, of names that have none."""
        if len(lines) > treeversions.MOST:
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


def worth(raw: bytes, entries: Sequence[Entry]) -> bool:
    """Whether a version is worth keeping, and written as Git writes it."""
    return len(raw) > treeversions.WORTH and _size(entries) == len(raw)


def _key(entry: Entry) -> bytes:
    return entry[1] + b"/" if entry[0] == TREE else entry[1]


def _size(entries: Iterable[Entry]) -> int:
    """Return how many bytes entries have as Git writes them."""
    return sum(len(mode) + len(name) + 22 for mode, name, _ in entries)
