"""Lines of `.gitattributes`, and what is left of them without Git LFS.

Lines for what stays with LFS stay; of all other lines only the words go that gave files to it, and a line with nothing
else goes whole. What is not of LFS stays to the byte.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    # Macros that give files to LFS (`[attr]lfs filter=lfs …`), and whether that is all that one does.
    Macros = Mapping[bytes, bool]

FILTER = b"filter=lfs"
OF_LFS = (FILTER, b"diff=lfs", b"merge=lfs")
# What `git lfs track` writes beside them (with --lockable too), and wrote in its first days.
BESIDE = frozenset([b"-text", b"-crlf", b"lockable"])
TEXT = (b"text", b"crlf")
MACRO = b"[attr]"
BLANK = b" \t\r\n"
BOM = b"\xef\xbb\xbf"


class Line:
    """A line of a .gitattributes: its pattern, as it is written, and its words; both empty in a comment."""

    __slots__ = ("_ends", "pattern", "text", "words")

    def __init__(self, text: bytes) -> None:
        self.text = text
        self.pattern = b""
        self.words: list[bytes] = []
        self._ends: list[int] = []
        at = len(text) - len(text.lstrip(BLANK))
        if text[at : at + 1] in (b"", b"#"):
            return
        start, at = at, _end_of_pattern(text, at)
        self.pattern = text[start:at]
        self._ends.append(at)
        for word in text[at:].split():
            at = text.index(word, at) + len(word)
            self.words.append(word)
            self._ends.append(at)

    @property
    def macro(self) -> bytes:
        """The name of the macro that the line defines, b"" for none."""
        return self.pattern[len(MACRO) :] if self.pattern.startswith(MACRO) else b""

    def of_lfs(self, macros: Macros) -> list[bytes]:
        """Return those of its words that go, nothing where it gives no file to LFS."""
        if FILTER not in self.words and not any(macros.get(word) for word in self.words):
            return []
        return [word for word in self.words if word in OF_LFS or macros.get(word)]

    def without(self, words: Collection[bytes]) -> bytes:
        """Return the line without these words and the blanks before them."""
        kept, start = self.text[: self._ends[0]], self._ends[0]
        for word, end in zip(self.words, self._ends[1:], strict=True):
            kept += b"" if word in words else self.text[start:end]
            start = end
        return kept + self.text[start:]


def _end_of_pattern(text: bytes, at: int) -> int:
    if text[at : at + 1] == b'"':
        end = at + 1
        while end < len(text) and text[end : end + 1] != b'"':
            end += 2 if text[end : end + 1] == b"\\" else 1
        if end < len(text):
            return end + 1
    return at + len(text[at:].split(None, 1)[0])


def lines(data: bytes) -> list[Line]:
    *whole, last = data.removeprefix(BOM).split(b"\n")  # a CR alone ends no line
    return [Line(text) for text in (*(text + b"\n" for text in whole), *([last] if last else []))]


def macros(data: bytes) -> dict[bytes, bool]:
    """Return the macros of a .gitattributes at the top (elsewhere Git knows none) that give files to LFS."""
    found: dict[bytes, bool] = {}
    defined = [line for line in lines(data) if line.macro]
    while fresh := [line for line in defined if line.macro not in found and line.of_lfs(found)]:
        for line in fresh:
            found[line.macro] = BESIDE.issuperset(set(line.words).difference(line.of_lfs(found)))
    return found


def without_lfs(data: bytes, macros: Macros, kept: Collection[int] = ()) -> bytes:
    """Return a .gitattributes without Git LFS, b"" where nothing else is in it. kept: numbers of lines that stay."""
    found = lines(data)
    new = [line.text if n in kept else _without_lfs(line, macros, found) for n, line in enumerate(found)]
    if new == [line.text for line in found]:
        return data
    start = BOM if data.startswith(BOM) else b""
    return start + b"".join(new) if b"".join(new).strip() else b""


def _without_lfs(line: Line, macros: Macros, beside: Sequence[Line]) -> bytes:
    words = line.of_lfs(macros)
    if not words:
        return line.text
    left = [word for word in line.words if word not in words]
    goes = BESIDE.issuperset(left) and not (left and any(_is_text(other, line) for other in beside))
    return b"" if goes else line.without(words)


def _is_text(line: Line, other: Line) -> bool:
    """Whether a line has Git convert the line ends of files that the other one may mean, too."""
    if line is other or not any(word in TEXT or word.startswith(b"eol=") for word in line.words):
        return False
    ends = [p[1:] for p in (line.pattern, other.pattern) if p[:2] == b"*." and not set(p[1:]) & set(b"*?[/")]
    return not line.macro and not other.macro and (len(ends) < 2 or ends[0].lower() == ends[1].lower())
