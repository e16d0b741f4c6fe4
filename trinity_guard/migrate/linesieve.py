"""Which lines of ignore files may match a path, and which paths a line: by what each line begins or ends with.

Only what is left is tried. To try each line on each path took half a minute for 1,600 of both.
"""

from __future__ import annotations

import bisect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

# What must have the bytes of a clue: the path's beginning, or its last name's beginning or end. ANY: nothing is known.
PATH, START, END, ANY = "path", "start", "end", "any"
# Where a line has one of these it is a pattern, or has spaces of some kind at an end, which are dropped.
SPECIAL = frozenset((*b"*?[]\\", *range(0x21), *range(0x7F, 0x100)))
POINTER = b".dvc"


def clue(pattern: bytes) -> tuple[str, bytes]:
    """Return what a path, or a name in it, must have for a line to match it. Too little does no harm."""
    text = pattern.removeprefix(b"!").rstrip(b" ").removesuffix(b"/")
    anchored, text = b"/" in text, text.removeprefix(b"/")
    if b"//" in pattern:
        return ANY, b""
    specials = [at for at, byte in enumerate(text) if byte in SPECIAL]
    head = text[: specials[0]] if specials else text
    if anchored:
        head = head.rstrip(b"/")
        return (PATH, head) if head else (ANY, b"")
    tail = text[specials[-1] + 1 :] if specials else b""
    return (START, head) if head else (END, tail) if tail else (ANY, b"")


class Sieve:
    """Lines (number, the folder of their file, pattern), found by the path that they may match."""

    def __init__(self, lines: Iterable[tuple[int, bytes, bytes]]) -> None:
        self._any: list[int] = []
        self._known: dict[str, dict[bytes, list[int]]] = {PATH: {}, START: {}, END: {}}
        for number, folder, pattern in lines:
            kind, literal = clue(pattern)
            if kind == ANY:
                self._any.append(number)
            else:
                literal = folder + literal if kind == PATH else literal
                self._known[kind].setdefault(literal, []).append(number)
        self._lengths = {kind: sorted({len(literal) for literal in known}) for kind, known in self._known.items()}

    def that_may_match(self, path: bytes) -> list[int]:
        """Return the numbers of the lines that may match this very path, the last one first."""
        name = path.rpartition(b"/")[2]
        found = list(self._any)
        for kind, text in ((PATH, path), (START, name), (END, name)):
            known = self._known[kind]
            for length in self._lengths[kind]:
                if length <= len(text):
                    found += known.get(text[len(text) - length :] if kind == END else text[:length], ())
        found.sort(reverse=True)
        return found


class Places:
    """Paths, found by the line that may match one of them, a folder above it, or its pointer."""

    def __init__(self, paths: Iterable[bytes]) -> None:
        self._paths = sorted(paths)
        self._names: dict[str, tuple[list[bytes], list[bytes]]] = {}

    def that_may_match(self, folder: bytes, pattern: bytes, below: bytes) -> Iterator[bytes]:
        """Yield the paths in the folder `below` that a line of a file in `folder`, above it, may say something of."""
        kind, literal = clue(pattern)
        if kind == END and POINTER.endswith(literal):
            kind = ANY  # it may match every pointer
        if kind == ANY:
            yield from self._beginning(below)
            return
        full = folder + literal if kind == PATH else literal
        for start in self._starts(kind, full):
            yield from self._beginning(max(start, below, key=len)) if _one_in_the_other(start, below) else ()

    def _starts(self, kind: str, literal: bytes) -> list[bytes]:
        """Return what the paths begin with of which the line may match one, a folder above or the pointer."""
        if kind == PATH:
            return [literal, *_without_end_of_pointer(literal)]
        if kind == END:
            pointed = [literal.removesuffix(POINTER)] if literal.endswith(POINTER) else []
            return [s for text in (literal, *pointed) for s in self._of_names(END, text[::-1])]
        pointed = [s for name in _without_end_of_pointer(literal) for s in self._of_names(START, name)]
        return [*self._of_names(START, literal), *pointed]

    def _of_names(self, kind: str, literal: bytes) -> Sequence[bytes]:
        """Return where the names stand that begin (or, read backwards, end) so: each path up to such a name."""
        if kind not in self._names:
            pairs = sorted((name[::-1] if kind == END else name, path) for name, path in self._all_names())
            self._names[kind] = ([name for name, _ in pairs], [path for _, path in pairs])
        names, paths = self._names[kind]
        return paths[bisect.bisect_left(names, literal) : _end(names, literal)]

    def _all_names(self) -> set[tuple[bytes, bytes]]:
        found = set()
        for path in self._paths:
            while path and path not in found:
                found.add(path)
                path = path.rpartition(b"/")[0]
        return {(path.rpartition(b"/")[2], path) for path in found}

    def _beginning(self, start: bytes) -> Sequence[bytes]:
        return self._paths[bisect.bisect_left(self._paths, start) : _end(self._paths, start)]


def _without_end_of_pointer(literal: bytes) -> list[bytes]:
    """Return what a file's name may be, where the bytes at a line's beginning reach into `.dvc` of its pointer's."""
    return [literal[:-length] for length in range(1, len(POINTER) + 1) if literal.endswith(POINTER[:length])]


def _one_in_the_other(one: bytes, other: bytes) -> bool:
    return one.startswith(other) or other.startswith(one)


def _end(texts: list[bytes], start: bytes) -> int:
    """Return the place behind the last of the sorted texts that begin so."""
    after = start.rstrip(b"\xff")
    return bisect.bisect_left(texts, after[:-1] + bytes([after[-1] + 1])) if after else len(texts)
