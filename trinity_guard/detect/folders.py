"""Folders that are one artifact each, by the patterns of `folders`; and those that a pattern keeps from being one."""

from __future__ import annotations

from trinity_guard.detect.ignorespec import compiled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pathspec import GitIgnoreSpec


class Folders:
    """gitignore patterns, matched against the folders above a path; the outermost that matches has the last word.

    excluded: whether a folder is never an artifact, whatever the patterns say.
    """

    def __init__(self, lines: Sequence[str], excluded: Callable[[bytes], bool]) -> None:
        self._lines = lines
        self._excluded = excluded
        self._spec: GitIgnoreSpec | None = None
        self._above: dict[bytes, bytes] = {}
        self._verdicts: dict[bytes, bool | None] = {}

    def above(self, path: bytes) -> bytes:
        """Return the folder above this path that is one artifact, b"" where none is."""
        parent = path.rpartition(b"/")[0]
        if parent not in self._above:
            folder = next((f for f in _with_parents(parent) if self.decides(f)), b"")
            self._above[parent] = b"" if folder and self._excluded(folder + b"/") else folder
        return self._above[parent]

    def decides(self, folder: bytes) -> bool | None:
        """Whether the patterns make a folder one artifact, or (`!`) keep it from being one; None: they say nothing."""
        if folder not in self._verdicts:
            self._spec = self._spec or compiled(self._lines)
            text = folder.decode("utf-8", "surrogateescape").replace("\n", "\0")
            self._verdicts[folder] = self._spec.check_file(f"{text}/").include
        return self._verdicts[folder]


def _with_parents(folder: bytes) -> Iterator[bytes]:
    """Yield the folders above a path, the outermost first."""
    at = folder.find(b"/")
    while at > 0:
        yield folder[:at]
        at = folder.find(b"/", at + 1)
    if folder:
        yield folder
