"""The proof's own reading of .gitattributes: what went from them gave files to Git LFS, and nothing else went."""

from __future__ import annotations

from trinity_guard.errors import shown
from trinity_guard.migrate.proof.versions import entries

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from trinity_guard.git.catfile import Source

NAME = b".gitattributes"
FOLDER = b"40000"
BOM = b"\xef\xbb\xbf"
WORDS = frozenset((b"filter=lfs", b"diff=lfs", b"merge=lfs"))
# What a line may say beside them, and go all the same: for files that are no more in Git.
BESIDE = frozenset((b"-text", b"-crlf", b"lockable"))


class Attributes:
    """Files of attributes that changed, or went; and folders that went with them."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._pairs: dict[tuple[bytes, bytes], bytes] = {}
        self._folders: dict[bytes, bytes] = {}
        self._tops: set[bytes] = set()

    def note(self, old: bytes, new: bytes, path: bytes) -> None:
        """Take a file (hex), and what became of it; b"" where it went."""
        self._pairs[old, new] = path

    def note_folder(self, old: bytes, path: bytes) -> None:
        """Take a folder (hex) that went."""
        self._folders[old] = path

    def note_top(self, oid: bytes) -> None:
        """Take the file at the top, where macros are defined."""
        self._tops.add(oid)

    def wrong(self) -> list[str]:
        found: list[str] = []
        for oid, path in self._folders.items():
            found += self._gone(oid, path)
        macros = {name for oid in self._tops for name in _macros(self._source.one(oid))}
        for (old, new), path in self._pairs.items():
            before, after = self._source.one(old), self._source.one(new) if new else b""
            if not only_lfs_went(before, after, macros):
                found.append(f"{shown(path)} has not the lines that it had, but for those of git-lfs")
        return found

    def _gone(self, oid: bytes, path: bytes) -> list[str]:
        found: list[str] = []
        for name, (mode, inner) in entries(self._source.one(oid)).items():
            if mode == FOLDER:
                found += self._gone(inner, path + name + b"/")
            elif name == NAME and mode[:3] == b"100":
                self.note(inner, b"", path + name)
            else:
                found.append(f"{shown(path + name)} is gone, and has no pointer")
        return found


def only_lfs_went(old: bytes, new: bytes, macros: Collection[bytes] = ()) -> bool:
    """Whether a .gitattributes is the old one, but for words that gave files to Git LFS, and lines of nothing else."""
    if old.startswith(BOM) and (new.startswith(BOM) or not new):
        old, new = old[3:], new[3:]
    left = new.split(b"\n") if new else []
    for line in old.split(b"\n"):
        if left and left[0] == line:
            left.pop(0)
            continue
        pattern, words = _taken_apart(line)
        kept = [word for word in words if word not in WORDS and word not in macros]
        if kept == words and line.strip(b" \t\r"):
            return False
        if left and kept and _taken_apart(left[0]) == (pattern, kept) and _end(left[0]) == _end(line):
            left.pop(0)
        elif not BESIDE.issuperset(kept):
            return False
    return left in ([], [b""])


def _macros(data: bytes) -> set[bytes]:
    """Return the names that lines of [attr] define, all of them: such a word alone says nothing of a file's bytes."""
    defined = [_taken_apart(line) for line in data.split(b"\n")]
    of_lfs = {pattern for pattern, words in defined if pattern.startswith(b"[attr]") and WORDS & set(words)}
    names = {pattern[6:] for pattern in of_lfs}
    while more := {p[6:] for p, words in defined if p.startswith(b"[attr]") and names & set(words)} - names:
        names |= more
    return names


def _taken_apart(line: bytes) -> tuple[bytes, list[bytes]]:
    text = line.strip(b" \t\r")
    if text.startswith(b"#") or not text:
        return line, []
    at = 1
    if text.startswith(b'"'):
        while at < len(text) and text[at : at + 1] != b'"':
            at += 2 if text[at : at + 1] == b"\\" else 1
    rest = text[at:].split(None, 1) if text[at:] else []
    # Blanks within quotes are the pattern's own.
    head = text[:at] + (rest[0] if rest and not text[at : at + 1].isspace() else b"")
    return head, text[len(head) :].split()


def _end(line: bytes) -> bytes:
    return line[-1:] if line.endswith(b"\r") else b""
