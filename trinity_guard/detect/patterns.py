"""Configuration + name + first bytes -> a verdict with its reason."""

from __future__ import annotations

import sys

from trinity_guard import git
from trinity_guard.config import is_plain
from trinity_guard.detect import configuration, glance
from trinity_guard.dvcrepo.paths import inside_dvc, store_of
from trinity_guard.errors import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from pathspec import GitIgnoreSpec

    from trinity_guard.config import Config, Sizes
    from trinity_guard.detect.folders import Folders

# Git holds a text of ours in its place, and no pointer: nobody else could get the data.
STAND_IN = "is a stand-in, and its data is in a DVC cache"
# The only letters beyond ASCII that `re` takes for an ASCII letter when case does not matter (Kelvin sign, long s,
# dotless and dotted i).
FOLDED = ((b"\xe2\x84\xaa", b"k"), (b"\xc5\xbf", b"s"), (b"\xc4\xb1", b"i"), (b"\xc4\xb0", b"i"))


class Verdict:
    """kind: "artifact", "too-big" or "fine"; reason: words for a person, "" when fine."""

    __slots__ = ("kind", "reason")

    def __init__(self, kind: str, reason: str = "") -> None:
        self.kind = kind
        self.reason = reason


class Rules:
    """Decides what is an artifact. Paths are relative to the repository's top.

    small: a blob of at most this many bytes is not too big; sieve and the first bytes decide alone.
    folders: the patterns of folders that are one artifact; source: the file that all this came from.
    """

    def __init__(self, config: Config) -> None:
        self._max_size = _Sizes(config.max_size, config.max_size_of)
        self._min_size = _Sizes(config.min_size, config.min_size_of)
        self._sniff = config.sniff
        self._patterns = _Patterns(config.patterns)
        self._exclude = _Patterns(config.exclude)
        self.folders, self.source = config.folders, config.source
        self._folders: Folders | None = None
        if config.folders:
            self._folders = self._made()
        self.small = min(self._max_size.limits(), default=sys.maxsize)

    def sieve(self, path: bytes) -> bool:
        """Whether this may be an artifact by name: quick, and never False for one that is."""
        return self._patterns.may_match(path) or store_of(path) != b"" or self.folder_of(path) != b""

    def named(self, path: bytes) -> str | None:
        """Return the pattern that makes this path an artifact, None where there is none or it is excluded."""
        if folder := self.folder_of(path):
            return shown(folder + b"/")
        pattern = self._patterns.match(path)
        return None if pattern is None or self.excluded(path) else pattern

    def excluded(self, path: bytes) -> bool:
        return self._exclude.match(path) is not None

    def folder_of(self, path: bytes) -> bytes:
        """Return the folder above this path that `folders` makes one artifact, b"" where there is none."""
        return self._folders.above(path) if self._folders is not None else b""

    def take_as_one(self, folder: bytes) -> None:
        """Make a folder one artifact, whatever `folders` says: one that was recorded so, and stands here now."""
        self._folders = self._folders or self._made()
        self._folders.add(folder)

    def _made(self) -> Folders:
        from trinity_guard.detect.folders import Folders  # noqa: PLC0415  # few have any

        return Folders(self.folders, self.excluded)

    def stays_apart(self, folder: bytes) -> bool:
        """Whether `folders` says (`!`) that a folder's artifacts have a pointer each."""
        return self._folders is not None and self._folders.decides(folder) is False

    def dataset_above(self, path: bytes) -> bytes:
        """Return the outermost folder above this path that is called as artifacts are (`t.parquet/`), b"" for none.

        Only what its own name tells counts: of a pattern for all that lies somewhere nothing follows for a folder.
        """
        parts = path.split(b"/")
        for depth in range(1, len(parts)):
            pattern = self._patterns.match(parts[depth - 1])
            if pattern is not None and is_plain(pattern) and not self.excluded(b"/".join(parts[:depth]) + b"/"):
                return b"/".join(parts[:depth])
        return b""

    def stays_small(self, path: bytes, size: int) -> bool:
        """Whether a file of `size` bytes, artifact or not, is below min-size and so Git's."""
        return size < self._min_size.of(path)

    def decide(self, path: bytes, size: int, head: bytes) -> Verdict:
        """Return the verdict on a blob of `size` bytes. A stand-in is an artifact under whatever name.

        head: its first min(size, glance.HEAD_BYTES) bytes, when sniffing is off b"" or some of them.
        """
        if (store := store_of(path)) and (inside_dvc(path) or not self.excluded(path)):
            return Verdict("artifact", f"lies in {shown(store)}/, where DVC keeps its own files")
        if glance.stand_in(head):
            return Verdict("artifact", STAND_IN)
        if folder := self.folder_of(path):
            return Verdict("artifact", f"lies in {shown(folder)}/, which `folders` makes one artifact")
        verdict = self._by_content(path, size, head)
        # Excluded last: most files are fine, and excluding may need the pattern library.
        return Verdict("fine") if verdict.kind != "fine" and self.excluded(path) else verdict

    def _by_content(self, path: bytes, size: int, head: bytes) -> Verdict:
        pattern = self._patterns.match(path)
        reason = f"matches {pattern}" if pattern is not None else self._by_head(size, head)
        if reason:
            # Asked last: nearly all files are no artifacts.
            return Verdict("fine") if self.stays_small(path, size) else Verdict("artifact", reason)
        if size > self.small and 0 < (limit := self._max_size.of(path)) < size:
            return Verdict("too-big", _more_than(size, limit))
        return Verdict("fine")

    def _by_head(self, size: int, head: bytes) -> str:
        if not self._sniff:
            return ""
        from trinity_guard.detect import sniff  # noqa: PLC0415  # most files are told by a glance

        found = sniff.kind(head, size)
        return f"its first bytes say {found}" if found is not None else ""


class _Sizes:
    """A size in bytes for all files, and others for those that match a pattern; 0 is no limit."""

    def __init__(self, size: int, of_patterns: Sizes) -> None:
        self._size = size
        # Each by itself: of several patterns in one list, one that names the file goes before one that names a folder.
        self._by_pattern = [(_Patterns([pattern]), size) for pattern, size in reversed(of_patterns)]

    def of(self, path: bytes) -> int:
        return next((size for pattern, size in self._by_pattern if pattern.match(path) is not None), self._size)

    def limits(self) -> list[int]:
        return [size for size in (self._size, *(size for _, size in self._by_pattern)) if size]


class _Patterns:
    """gitignore patterns, blind to case. Those of the form `*.ext` are matched here, all others by pathspec."""

    def __init__(self, lines: Sequence[str]) -> None:
        lines = [line for line in lines if line]  # as pathspec counts them
        self._lines = lines
        self._spec: GitIgnoreSpec | None = None
        self._plain = all(is_plain(line) for line in lines)
        plain = lines if self._plain else []
        self._ends = [line[1:].lower().encode() for line in reversed(plain)]
        self._last_parts = frozenset(end.rpartition(b".")[2] for end in self._ends)
        # By what follows `*.`: the pattern with the last word.
        self._by_last = {line[2:].lower().encode(): line for line in plain}
        including = [] if plain else [line for line in lines if line.strip() and line[0] not in "#!"]
        self._pieces = [_literal(line) for line in including]

    def may_match(self, path: bytes) -> bool:
        """Whether `match` may find a pattern: quick, and never False where it does."""
        folded = _fold(path)
        if self._plain:
            before, _, last = folded.rpartition(b".")
            if b"." not in before and b"/" not in last:  # nearly all names: one dot, in the file's own name
                return last in self._last_parts
            after_dots = [piece.partition(b"/")[0] for piece in folded.split(b".")]
            return not self._last_parts.isdisjoint(after_dots)
        return any(piece in folded for piece in self._pieces)

    def match(self, path: bytes) -> str | None:
        """Return the pattern that has the last word on a path, None where none matches or the last word is a `!`."""
        if not self._plain:
            return self._match_spec(path) if self.may_match(path) else None
        folded = _fold(path)
        before, dot, last = folded.rpartition(b".")
        if dot and b"." not in before and b"/" not in last:  # nearly all names, as above
            return self._by_last.get(last)
        return self._match_plain(folded) if self.may_match(path) else None

    def _match_plain(self, folded: bytes) -> str | None:
        *folders, name = folded.split(b"/")
        # A pattern that names the file goes before one that names a folder above it, later ones before earlier ones.
        for steps in ([name], folders):
            for back, end in enumerate(self._ends, 1):
                if any(step.endswith(end) for step in steps):
                    return self._lines[-back]
        return None

    def _match_spec(self, path: bytes) -> str | None:
        if self._spec is None:
            from trinity_guard.detect.ignorespec import compiled  # noqa: PLC0415  # most patterns are `*.ext`

            self._spec = compiled(self._lines)
        # No path holds a NUL, and to a regular expression a newline is not just another character.
        text = path.decode("utf-8", "surrogateescape").replace("\n", "\0")
        result = self._spec.check_file(text)
        return self._lines[result.index] if result.include and result.index is not None else None


def _fold(path: bytes) -> bytes:
    if path.isascii():
        return path.lower()
    for letter, ascii_letter in FOLDED:
        path = path.replace(letter, ascii_letter)
    return path.lower()


def _literal(line: str) -> bytes:
    """Return the longest text that a path must hold (in lower case) to match this pattern; b"" when that is any."""
    # Behind a bracket nothing is certain without parsing it.
    text = line.strip().partition("[")[0]
    pieces = [""]
    for char in text:
        if char in "*?/\\" or not char.isascii():
            pieces.append("")
        else:
            pieces[-1] += char
    return max(pieces, key=len).lower().encode()


def size_text(size: int) -> str:
    """Return bytes with a unit: "412 B", "6.2 MB", "5 MB"."""
    if size < 1000:
        return f"{size} B"
    for power, unit in enumerate(("kB", "MB", "GB", "TB"), 1):
        tenths = (size * 10 + 1000**power // 2) // 1000**power
        if tenths < 10_000 or unit == "TB":
            break
    return f"{tenths // 10}.{tenths % 10} {unit}" if tenths % 10 else f"{tenths // 10} {unit}"


def _more_than(size: int, limit: int) -> str:
    short, most = size_text(size), size_text(limit)
    if short == most:
        short, most = f"{size:,} B", f"{limit:,} B"
    return f"{short} is more than max-size ({most})"


def load_config(place: git.Place) -> tuple[Config, Rules]:
    """Return the configuration and its rules; the attributes file of our filter driver follows them."""
    config = configuration.load(place)
    if not configuration.attributes_in_step(place):
        from trinity_guard.detect import attributesfile  # noqa: PLC0415  # as good as always it is in step

        attributesfile.follow(place, config)
    return config, Rules(config)
