"""What a conversion was about to do, so that one that was cut short is completed."""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.git import records

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class Journal:
    """What a conversion was about to do, so that a run which was cut short, or `commit -- path`, is completed.

    A file of NUL-separated records under the worktree's git dir:
    path, its blob id (empty: it was not staged), pointer's path, pointer's blob id, name for .gitignore (empty: none).
    Of a pointer that goes, the second is its own blob id, the fourth empty, and the name's line goes.
    """

    FIELDS = 5

    def __init__(self, place: git.Place) -> None:
        self._file = place.journal

    def exists(self) -> bool:
        return os.path.exists(self._file)

    def write(self, conversions: Sequence[Sequence[bytes]]) -> None:
        records.write(self._file, conversions)

    def add(self, conversions: Sequence[Sequence[bytes]]) -> None:
        """Write these behind what the same commit has done already (`commit -- path` is completed after it)."""
        self.write([*self.read(), *conversions])

    def read(self) -> list[tuple[bytes, ...]]:
        return records.read(self._file, self.FIELDS)

    def begun(self) -> int:
        """Return when it was written, in nanoseconds since 1970: no file of the conversion's is older."""
        return os.stat(self._file).st_mtime_ns

    def drop(self) -> None:
        if self.exists():
            os.unlink(self._file)
