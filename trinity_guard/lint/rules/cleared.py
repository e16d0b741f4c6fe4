"""Objects of the cache that were read for pickles and are worth no word: each is read once, and not by every lint."""

from __future__ import annotations

import os
import zlib

from trinity_guard.detect import doubtful
from trinity_guard.git import records

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from trinity_guard import git

NAME = b"cleared-pickles"
# With more the file is begun anew.
MAX_KEPT = 1_000_000
LIST = os.path.join(os.path.dirname(doubtful.__file__), "scan", "known_names.py")


class Cleared:
    """Remembers objects under the git dir, by md5, kind of name, version of the list and names that the user adds."""

    def __init__(self, place: git.Place, allow: Sequence[str]) -> None:
        self._file = os.path.join(place.own, NAME)
        stat = os.stat(LIST)
        self._mark = b"%08x" % zlib.crc32("\0".join([str(stat.st_size), str(stat.st_mtime_ns), *allow]).encode())
        self._known = {record[0] for record in records.read_if_readable(self._file, 1)}
        self._new: list[bytes] = []

    def has(self, md5: str, path: bytes) -> bool:
        return self._key(md5, path) in self._known

    def note(self, md5: str, path: bytes) -> None:
        self._new.append(self._key(md5, path))

    def save(self) -> None:
        """Keep what was noted; where that cannot be written it is read again."""
        try:
            if len(self._known) > MAX_KEPT:
                os.unlink(self._file)
            if self._new:
                records.append(self._file, [(key,) for key in self._new])
        except OSError:
            return

    def _key(self, md5: str, path: bytes) -> bytes:
        # What a name is called says whether it may be a pickle.
        return b" ".join((md5.encode(), os.path.splitext(path)[1].lower(), self._mark))
