"""In what the next version of a large folder's tree differs from the last one, found without taking it apart whole.

A folder that grows by a file a commit is otherwise read as often, whole, as it has files.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right

from trinity_guard.git.catfile import ENTRY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    from trinity_guard.git.catfile import Entry

    K = TypeVar("K")
    V = TypeVar("V")

# Versions that differ in more entries than this are taken apart as a whole.
MOST = 64
# How many bytes are compared first, where two versions may go on alike.
STEP = 256
# Trees of fewer bytes are not worth it; and so many bytes, about, are kept.
WORTH, MAX_KEPT = 1000, 1 << 20


class Version:
    """A tree's bytes, and where each of its entries ends."""

    __slots__ = ("_ends", "raw")

    def __init__(self, raw: bytes, ends: array[int] | None = None) -> None:
        self.raw = raw
        self._ends = ends  # found once they are asked for

    def ends(self) -> array[int]:
        import re

        if self._ends is None:
            self._ends = array("L", [found.end() for found in re.finditer(ENTRY, self.raw, re.DOTALL)])
        return self._ends

    def difference(self, raw: bytes) -> Difference | None:
        """Return what other bytes differ in; None where they are no tree, or more than a few entries differ."""
        found = Difference(self, raw)
        return found if found.run() else None


class Difference:
    """Goes through the bytes of two trees side by side, over what both have in long steps.

    gone: entries that only the old one has; new: those that only the new one has; version: the new one.
    """

    def __init__(self, old: Version, new: bytes) -> None:
        import re

        self._match = re.compile(ENTRY, re.DOTALL).match
        self._old, self._old_ends = old.raw, old.ends()
        self._ends: array[int] = array("L")
        self.version = Version(new, self._ends)
        self.gone: list[Entry] = []
        self.new: list[Entry] = []

    def run(self) -> bool:
        """Return whether the new bytes are a tree that differs in few entries."""
        old, new = self._old, self.version.raw
        here = there = 0  # both stand between two entries, always
        while here < len(old) or there < len(new):
            here, there = self._over_same(here, there)
            was, here_after = self._entry(old, here)
            now, there_after = self._entry(new, there)
            if (now is None and there < len(new)) or len(self.gone) + len(self.new) > MOST:
                return False
            if was is not None and (now is None or was[1] <= now[1]):
                self.gone.append(was)
                here = here_after
            if now is not None and (was is None or now[1] <= was[1]):
                self.new.append(now)
                self._ends.append(there_after)
                there = there_after
        if same := set(self.gone).intersection(self.new):  # names are not in Git's order
            self.gone = [entry for entry in self.gone if entry not in same]
            self.new = [entry for entry in self.new if entry not in same]
        return True

    def _over_same(self, here: int, there: int) -> tuple[int, int]:
        """Return where both stand behind the entries that follow and are the same in both."""
        ends = self._old_ends
        first = bisect_right(ends, here)
        last = bisect_right(ends, here + _common(self._old, here, self.version.raw, there))
        if last == first:
            return here, there
        by = there - here
        same = ends[first:last]
        self._ends.extend(same if not by else array("L", [end + by for end in same]))
        return same[-1], same[-1] + by

    def _entry(self, raw: bytes, at: int) -> tuple[Entry | None, int]:
        found = self._match(raw, at)
        if found is None:
            return None, at
        mode, name, oid = found.groups()
        return (mode, name, oid), found.end()


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


def keep(kept: dict[K, tuple[V, int]], key: K, value: V, size: int) -> None:
    """Keep what was made of a folder's last version, of so many bytes: that of few folders, the latest."""
    kept.pop(key, None)
    if sum(size for _, size in kept.values()) + size > MAX_KEPT:
        kept.clear()
    kept[key] = value, size
