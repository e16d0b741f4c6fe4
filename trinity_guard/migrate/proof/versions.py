"""Trees taken apart, and of a version of a folder no more than what the version before did not have."""

from __future__ import annotations

from functools import cache
from itertools import chain

from trinity_guard.dvcrepo.paths import is_pointer
from trinity_guard.git import treeversions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    # Name -> mode and id in hex.
    Tree = dict[bytes, tuple[bytes, bytes]]
    Item = tuple[bytes, tuple[bytes, bytes]]
    Entry = tuple[bytes, bytes, bytes]  # mode, name, id (20 bytes)
    # What the old tree has alone, what the new one has alone, and what of both speaks of others.
    Rest = tuple[frozenset[Entry], frozenset[Entry], frozenset[Entry]]

ENTRY = rb"([0-7]+) ([^\0]+)\0(.{20})"
# Both versions together have no more bytes, for `rest`; and what says something on the other entries of a folder.
SMALL = 4000
SPEAKING = frozenset((b".gitignore", b".dvcignore", b".gitattributes"))


def entries(raw: bytes) -> Tree:
    """Return name -> (mode, id in hex) of a tree. ValueError for bytes that are none."""
    return Version(raw).entries


def rest(old: bytes, new: bytes) -> Rest | None:
    """Return what two small trees do not have in common, and what they have that may say anything on it; None where one
    has to be looked at as a whole."""
    if len(old) + len(new) > SMALL:
        return None
    was, now = _parsed(old), _parsed(new)
    if not (_whole(old, was) and _whole(new, now)):
        return None
    before, after = set(was), set(now)
    speaking = [e for e in before & after if e[1] in SPEAKING or is_pointer(e[1])]
    return frozenset(before - after), frozenset(after - before), frozenset(speaking)


def _parsed(raw: bytes) -> list[Entry]:
    return _parser()(raw)


@cache
def _parser() -> Callable[[bytes], list[Entry]]:
    import re  # costs as much as all else that a command starts with

    return re.compile(ENTRY, re.DOTALL).findall


def _whole(raw: bytes, found: Sequence[Entry]) -> bool:
    """Whether the entries are all of a tree's bytes, and each name stands there once."""
    size = len(b"".join(chain.from_iterable(found))) + 2 * len(found)
    return size == len(raw) and len({name for _, name, _ in found}) == len(found)


class Version:
    """A tree's entries, by name. ValueError for bytes that are none."""

    __slots__ = ("_last", "entries")

    def __init__(self, raw: bytes) -> None:
        found = _parsed(raw)
        modes, names, ids = zip(*found, strict=True) if found else ((), (), ())
        if len(set(names)) != len(found):
            raise ValueError("a name stands there twice")
        if len(b"".join(modes)) + len(b"".join(names)) + 22 * len(found) != len(raw):
            raise ValueError("these bytes are no tree")
        # Old tools wrote a folder's mode with a zero before it.
        plain = {mode: mode.lstrip(b"0") for mode in set(modes)}
        text = b"".join(ids).hex().encode()
        hexes = [text[at : at + 40] for at in range(0, len(text), 40)]
        self.entries: Tree = dict(zip(names, zip(map(plain.__getitem__, modes), hexes, strict=True), strict=True))
        self._last = treeversions.Version(raw)

    def turn_into(self, raw: bytes) -> set[bytes] | None:
        """Become the version that has these bytes, and return the names whose entries may differ; None where it could
        not, and must not be used any more."""
        if raw == self._last.raw:
            return set()
        found = self._last.difference(raw)
        if found is None:
            return None
        for _, name, _ in found.gone:
            del self.entries[name]
        for mode, name, oid in found.new:
            if name in self.entries:
                return None  # it stands there twice
            self.entries[name] = mode, oid.hex().encode()
        self._last = found.version
        return {name for _, name, _ in (*found.gone, *found.new)}


class Pair:
    """An old tree and what became of it. settled: files that became pointers, looked at already, as long as neither
    changes; open: all else in which the two differ."""

    __slots__ = ("new", "old", "open", "settled")

    def __init__(self, old: bytes, new: bytes) -> None:
        self.old = Version(old)
        self.new = Version(new)
        self.settled: set[bytes] = set()
        self.open: set[bytes] = {name for name, _ in self.old.entries.items() ^ self.new.entries.items()}

    def turn_into(self, old: bytes, new: bytes) -> bool:
        """Become the next pair of the folder; False where it could not."""
        was, now = self.old.turn_into(old), self.new.turn_into(new)
        if was is None or now is None:
            return False
        touched = {*was, *now}
        touched |= {name.removesuffix(b".dvc") for name in touched} | {name + b".dvc" for name in touched}
        self.settled -= touched
        self.open |= touched
        return True

    def changed(self) -> set[Item]:
        """Return what the new tree does not have, or has otherwise, and is not settled."""
        old, new = self.old.entries, self.new.entries
        return {(name, old[name]) for name in self.open if name in old and new.get(name) != old[name]}

    def added(self) -> set[Item]:
        """Return what the old tree does not have, or has otherwise, and is not the pointer of what is settled."""
        old, new = self.old.entries, self.new.entries
        return {(name, new[name]) for name in self.open if name in new and old.get(name) != new[name]}

    def settle(self, names: Collection[bytes]) -> None:
        """Take note of files whose own pointers, which the old tree does not have, were looked at."""
        self.settled.update(names)
        old, new = self.old.entries, self.new.entries
        pointers = [name + b".dvc" for name in names if name + b".dvc" not in old]
        still = self.open.difference(names, pointers)
        self.open = {name for name in still if old.get(name) != new.get(name)}


class Pairs:
    """The last pair of each of the large folders that were looked at lately."""

    def __init__(self) -> None:
        self._kept: dict[bytes, tuple[Pair, int]] = {}

    def next(self, path: bytes, raws: Sequence[bytes]) -> Pair:
        """Return a folder's pair with these bytes (old, new). ValueError where one is no tree."""
        pair, _ = self._kept.pop(path, (None, 0))
        if pair is None or not pair.turn_into(*raws):
            pair = None  # before another one takes its memory
            pair = Pair(*raws)
        size = sum(map(len, raws))
        if size > treeversions.WORTH:
            treeversions.keep(self._kept, path, pair, size)
        return pair
