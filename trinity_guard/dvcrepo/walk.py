"""Which pointers does DVC itself see? It walks the folders, and leaves out what it takes for ignored.

Not as Git does: of `/data/*` and `!*.dvc` it takes the folder data/ for ignored, and never looks at the pointers in it.
Its answers come from dulwich, so dulwich is asked, but only where a line could be about one of the names.
"""

from __future__ import annotations

import os

from trinity_guard.dvcrepo import dvcignore
from trinity_guard.errors import UNUSABLE, GuardError, shown, typed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    # Returns the bytes of a file, by its path from the repository's top; None where there is none.
    Read = Callable[[bytes], bytes | None]

IGNORE, DVCIGNORE = b".gitignore", b".dvcignore"
WILD = frozenset(b"*?[\\")
MAX_LINE = 8192  # bytes; no path is longer, and dulwich takes the square of a pattern's length


def letting_through(folder: bytes) -> str:
    """Return lines, for the .gitignore at the top, that hide a folder's data from Git and no pointer from DVC."""
    bare = shown(folder.strip(b"/"))
    return f"/{bare}/**\n!/{bare}/**/\n!*.dvc"


class Walk:
    """What DVC sees of a tree: of the work tree, the index or a commit, as `read` gives their ignore files.

    Only what a commit can hold counts: rules of this machine alone hide nothing from anybody else.
    """

    def __init__(self, read: Read) -> None:
        self._read = read
        self._known: dict[bytes, bytes | None] = {}
        self._rules: dvcignore.IgnoreRules = {}
        self._about: dict[bytes, frozenset[bytes] | None] = {}
        self._below: dict[bytes, frozenset[bytes] | None] = {}
        self._open: set[tuple[bytes, bytes]] = set()
        self._filters: Any = None

    def hiding(self, root: bytes, pointer: bytes) -> str:
        """Return what hides a pointer of the project at `root` (both from the top) from DVC; "" for nothing."""
        inside = pointer[len(root) + 1 :] if root else pointer
        ignored = dvcignore.dvcignored(root, inside, self._bytes, self._rules)
        if ignored:
            return ignored
        folder = inside[: max(inside.rfind(b"/"), 0)]
        # Of thousands of pointers in a folder, one asks about the folders above it.
        steps = folder.split(b"/") if folder and (root, folder) not in self._open else []
        above = [b"/".join(steps[:n]) + b"/" for n in range(1, len(steps) + 1)]
        for name in [(root + b"/" if root else b"") + step for step in (*above, inside)]:
            if self._may_hide(name) and self._asked().is_ignored(os.fsdecode(name)):
                return self._words(name)
        self._open.add((root, folder))
        return ""

    def _bytes(self, path: bytes) -> bytes | None:
        if path not in self._known:
            self._known[path] = self._read(path)
        return self._known[path]

    def _may_hide(self, name: bytes) -> bool:
        """Whether a line of the .gitignore files above may be about this name; True wherever that is not certain."""
        bare = name.rstrip(b"/")
        named = self._named_above(bare[: max(bare.rfind(b"/"), 0)])
        return named is None or not named.isdisjoint(bare.lower().split(b"/"))

    def _named_above(self, folder: bytes) -> frozenset[bytes] | None:
        """Return the same as `_named` of all ignore files in a folder and above it."""
        if folder not in self._below:
            own = self._named(os.path.join(folder, IGNORE))
            above = self._named_above(os.path.dirname(folder)) if folder else frozenset()
            self._below[folder] = None if own is None or above is None else own | above
        return self._below[folder]

    def _named(self, file: bytes) -> frozenset[bytes] | None:
        """Return the last steps, in lower case, of what the lines of an ignore file name; None where that says little.

        A folder's file has a line for each of its artifacts: it is read once, and not for each of them.
        """
        if file not in self._about:
            lines = [line.strip() for line in (self._bytes(file) or b"").splitlines()]
            lines = [line for line in lines if line and not line.startswith((b"#", b"!"))]
            plain = all(line.isascii() and not WILD.intersection(line) for line in lines)
            ends = frozenset(line.rstrip(b"/").rpartition(b"/")[2].lower() for line in lines)
            self._about[file] = ends if plain else None
        return self._about[file]

    def _asked(self) -> Any:
        if self._filters is None:
            self._filters = _manager(self._bytes)
        return self._filters

    def _words(self, name: bytes) -> str:
        found = list(self._asked().find_matching(os.fsdecode(name)))
        rule = os.fsencode(bytes(found[-1]) if found else b"")
        what = f"the folder {shown(name)}" if name.endswith(b"/") else shown(name)
        return f"it takes {what} for ignored" + (f" ({shown(rule)})" if rule else "")


def _with_short_lines(file: bytes, data: bytes | None) -> bytes | None:
    """Return an ignore file's bytes; GuardError where a line is longer than any path."""
    for number, line in enumerate((data or b"").split(b"\n"), 1):
        if len(line) > MAX_LINE:
            words = f"line {number} of {shown(file)} is longer than any path: what DVC would see cannot be told."
            raise GuardError(words, f"git diff HEAD -- {typed(file)}     # correct it", UNUSABLE)
    return data


def _manager(read: Read) -> Any:
    import io

    from dulwich.ignore import IgnoreFilter, IgnoreFilterManager, read_ignore_patterns  # noqa: PLC0415  # DVC brings it

    class Manager(IgnoreFilterManager):
        """dulwich's own, with the ignore files of any tree."""

        def _load_path(self, path: str) -> IgnoreFilter | None:
            if path not in self._path_filters:
                file = os.path.join(os.fsencode(path), IGNORE)
                data = _with_short_lines(file, read(file))
                patterns = read_ignore_patterns(io.BytesIO(data)) if data is not None else None
                self._path_filters[path] = IgnoreFilter(patterns) if patterns is not None else None
            return self._path_filters[path]

        def _is_dir(self, path: str) -> bool:
            return path.endswith("/")

    return Manager("", [], False)
