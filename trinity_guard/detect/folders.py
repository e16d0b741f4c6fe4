"""Folders that are one artifact each, by the patterns of `folders`; and those that a pattern keeps from being one."""

from __future__ import annotations

from trinity_guard.config import PLAIN

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
        self._plain = _plain(lines)
        self._added: set[bytes] = set()
        self._above: dict[bytes, bytes] = {}
        self._verdicts: dict[bytes, bool | None] = {}

    def above(self, path: bytes) -> bytes:
        """Return the folder above this path that is one artifact, b"" where none is."""
        parent = path.rpartition(b"/")[0]
        if parent not in self._above:
            folder = next((f for f in _with_parents(parent) if f in self._added or self.decides(f)), b"")
            self._above[parent] = b"" if folder and self._excluded(folder + b"/") else folder
        return self._above[parent]

    def add(self, folder: bytes) -> None:
        """Make a folder one artifact, whatever the patterns say."""
        self._added.add(folder)
        self._above.clear()

    def decides(self, folder: bytes) -> bool | None:
        """Whether the patterns make a folder one artifact, or (`!`) keep it from being one; None: they say nothing."""
        if folder not in self._verdicts:
            quick = self._plain is not None and folder.isascii()
            self._verdicts[folder] = self._by_names(folder) if quick else self._by_spec(folder)
        return self._verdicts[folder]

    def _by_names(self, folder: bytes) -> bool | None:
        included, names = self._plain or (False, [])
        text = f"/{folder.decode().lower()}/"
        found = any(text.startswith(name) if anchored else name in text for name, anchored in names)
        return included if found else None

    def _by_spec(self, folder: bytes) -> bool | None:
        if self._spec is None:
            from trinity_guard.detect.ignorespec import compiled  # noqa: PLC0415  # half of what a hook costs

            self._spec = compiled(self._lines)
        text = folder.decode("utf-8", "surrogateescape").replace("\n", "\0")
        return self._spec.check_file(f"{text}/").include


def _plain(lines: Sequence[str]) -> tuple[bool, list[tuple[str, bool]]] | None:
    """Return whether all of these patterns include, and each as a piece of a path and whether that begins at the top.

    None where some include and some do not, or one is more than a name: then only the library knows.
    """
    signs = {line.startswith("!") for line in lines}
    found = []
    for line in lines:
        name = line.removeprefix("!").removesuffix("/")
        if name == "*":
            found.append(("/", False))
            continue
        parts = name.removeprefix("/").split("/")
        if not all(part.strip(".") and PLAIN.issuperset(part) for part in parts):
            return None
        found.append((f"/{'/'.join(parts).lower()}/", "/" in name))
    return (not signs.pop(), found) if len(signs) == 1 else None


def _with_parents(folder: bytes) -> Iterator[bytes]:
    """Yield the folders above a path, the outermost first."""
    at = folder.find(b"/")
    while at > 0:
        yield folder[:at]
        at = folder.find(b"/", at + 1)
    if folder:
        yield folder
