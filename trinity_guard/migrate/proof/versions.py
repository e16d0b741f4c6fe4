"""Trees taken apart, and of a version of a folder no more than what the version before did not have.

A folder that grows by a file a commit is otherwise read as often, whole, as it has files.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    # Name -> mode and id in hex.
    Tree = dict[bytes, tuple[bytes, bytes]]
    Item = tuple[bytes, tuple[bytes, bytes]]
    # A name with its mode and id, and where the entry ends.
    Found = tuple[bytes, tuple[bytes, bytes], int]

ENTRY = rb"([0-7]+) ([^\0]+)\0(.{20})"
# Versions that differ in more entries than this are taken apart as a whole.
MOST = 64
# How many bytes are compared first, where two versions may go on alike.
STEP = 256
# Trees of fewer bytes are not worth it; and so many bytes, about, are kept.
WORTH, MAX_KEPT = 1000, 1 << 20


def entries(raw: bytes) -> Tree:
    """Return name -> (mode, id in hex) of a tree. ValueError for bytes that are none."""
    return Version(raw).entries


class Version:
    """A tree's entries, by name. ValueError for bytes that are none."""

    __slots__ = ("_ends", "_raw", "entries")

    def __init__(self, raw: bytes) -> None:
        import re  # costs as much as all else that a command starts with

        found = re.findall(ENTRY, raw, re.DOTALL)
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
        self._raw = raw
        self._ends: array[int] | None = None  # where each entry ends, once it is asked for

    def turn_into(self, raw: bytes) -> set[bytes] | None:
        """Become the version that has these bytes, and return the names whose entries may differ; None where it could
        not, and must not be used any more."""
        if raw == self._raw:
            return set()
        compared = _Compared(self._raw, _ends(self._raw) if self._ends is None else self._ends, raw)
        if not compared.run():
            return None
        for name in compared.gone:
            del self.entries[name]
        for name, entry, _ in compared.new:
            if name in self.entries:
                return None  # it stands there twice
            self.entries[name] = entry
        self._raw, self._ends = raw, compared.ends
        return {*compared.gone, *(name for name, _, _ in compared.new)}


def _ends(raw: bytes) -> array[int]:
    import re

    return array("L", [found.end() for found in re.finditer(ENTRY, raw, re.DOTALL)])


class _Compared:
    """Goes through the bytes of two trees side by side, over what both have in long steps.

    gone: names of entries that only the old one has; new: entries that only the new one has; ends: where those of the
    new one end.
    """

    def __init__(self, old: bytes, old_ends: array[int], new: bytes) -> None:
        import re

        self._match = re.compile(ENTRY, re.DOTALL).match
        self._old, self._old_ends = old, old_ends
        self._new = new
        self.gone: list[bytes] = []
        self.new: list[Found] = []
        self.ends: array[int] = array("L")

    def run(self) -> bool:
        """Return whether the new bytes are a tree that differs in few entries."""
        old, new = self._old, self._new
        here = there = 0  # both stand between two entries, always
        while here < len(old) or there < len(new):
            here, there = self._over_same(here, there)
            was, now = self._entry(old, here), self._entry(new, there)
            if (now is None and there < len(new)) or len(self.gone) + len(self.new) > MOST:
                return False
            if was is not None and (now is None or was[0] <= now[0]):
                self.gone.append(was[0])
                here = was[2]
            if now is not None and (was is None or now[0] <= was[0]):
                self.new.append(now)
                self.ends.append(now[2])
                there = now[2]
        return True

    def _over_same(self, here: int, there: int) -> tuple[int, int]:
        """Return where both stand behind the entries that follow and are the same in both."""
        ends = self._old_ends
        first = bisect_right(ends, here)
        last = bisect_right(ends, here + _common(self._old, here, self._new, there))
        if last == first:
            return here, there
        by = there - here
        same = ends[first:last]
        self.ends.extend(same if not by else [end + by for end in same])
        return same[-1], same[-1] + by

    def _entry(self, raw: bytes, at: int) -> Found | None:
        found = self._match(raw, at)
        if found is None:
            return None
        mode, name, oid = found.groups()
        return name, (mode.lstrip(b"0"), oid.hex().encode()), found.end()


def _common(a: bytes, at_a: int, b: bytes, at_b: int) -> int:
    """Return how many bytes are the same from there on."""
    most = min(len(a) - at_a, len(b) - at_b)
    same, step = 0, STEP
    while same < most:
        size = min(step, most - same)
        if a[at_a + same : at_a + same + size] != b[at_b + same : at_b + same + size]:
            break
        same += size
        step *= 2
    else:
        return same
    low, high = 0, size - 1
    while low < high:
        middle = (low + high + 1) // 2
        if a[at_a + same + low : at_a + same + middle] == b[at_b + same + low : at_b + same + middle]:
            low = middle
        else:
            high = middle - 1
    return same + low


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
        self._size = 0

    def next(self, path: bytes, raws: Sequence[bytes]) -> Pair:
        """Return a folder's pair with these bytes (old, new). ValueError where one is no tree."""
        pair, size = self._kept.pop(path, (None, 0))
        self._size -= size
        if pair is None or not pair.turn_into(*raws):
            pair = None  # before another one takes its memory
            pair = Pair(*raws)
        size = sum(map(len, raws))
        if size > WORTH:
            if self._size + size > MAX_KEPT:
                self._kept.clear()
                self._size = 0
            self._kept[path] = pair, size
            self._size += size
        return pair
