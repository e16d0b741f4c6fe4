"""The proof's own reading of commits, messages and ignore files."""

from __future__ import annotations

from binascii import unhexlify
from collections.abc import Collection, Mapping

from trinity_guard.git.ids import Ids

HEX = b"0123456789abcdef"


def fields(raw: bytes) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Return (key, value) of a commit's headers, lines that go on joined to the one before, and its message."""
    at = 0
    found: list[tuple[bytes, bytes]] = []
    while at < len(raw) and raw[at : at + 1] != b"\n":
        end = raw.find(b"\n", at)
        end = len(raw) if end < 0 else end
        line = raw[at:end]
        if line[:1] == b" " and found:
            found[-1] = (found[-1][0], found[-1][1] + b"\n" + line)
        else:
            key, _, value = line.partition(b" ")
            found.append((key, value))
        at = end + 1
    return found, raw[at:]


def expected(raw: bytes, root: bytes, ids: Mapping[bytes, bytes]) -> bytes:
    """Return what a commit is with another root (hex) and its parents' new ids, b"" for one that is signed: most are as
    plain as that."""
    at, parents = len(b"tree \n") + len(root), b""
    while raw.startswith(b"parent ", at):
        parents += b"parent %s\n" % ids.get(raw[at + 7 : at + 47], b"")
        at += len(b"parent \n") + 40
    signed = b"\ngpgsig" in raw or b"\nmergetag " in raw
    return b"" if signed or not raw.startswith(b"tree ") else b"tree %s\n%s%s" % (root, parents, raw[at:])


class Messages:
    """Tells whether two messages are the same, but for ids of commits that became others."""

    def __init__(self, ids: Mapping[bytes, bytes]) -> None:
        self._ids = ids
        self._names: Ids | None = None

    def same(self, old: bytes, new: bytes) -> bool:
        if old == new:
            return True
        if len(old) != len(new):
            return False
        at = 0
        while at < len(old):
            if old[at] == new[at]:
                at += 1
                continue
            start, end = _word(old, at)
            if _word(new, at) != (start, end) or not self._became(old[start:end], new[start:end]):
                return False
            at = end
        return True

    def _became(self, old: bytes, new: bytes) -> bool:
        if not 7 <= len(old) <= 40 or old.translate(None, HEX):
            return False
        if self._names is None:
            self._names = Ids(map(unhexlify, self._ids))
        found = self._names.starting(old)
        return len(found) == 1 and self._ids[found[0]].startswith(new)


def _word(text: bytes, at: int) -> tuple[int, int]:
    start = at
    while start and chr(text[start - 1]).isalnum() and text[start - 1] < 128:
        start -= 1
    end = at
    while end < len(text) and text[end] < 128 and chr(text[end]).isalnum():
        end += 1
    return start, end


class Additions:
    """Judges what was added to .gitignore files; each line and each name is taken apart once."""

    def __init__(self) -> None:
        self._lines: dict[bytes, bytes] = {}
        self._names: dict[bytes, bytes] = {}

    def only_ours(self, old: bytes, new: bytes, names: Collection[bytes]) -> bool:
        """Whether a .gitignore is the old one with lines behind it that ignore these names, or show pointers again."""
        start = old + b"\n" if old and not old.endswith(b"\n") else old
        if not new.startswith(start) or not new.endswith(b"\n"):
            return False
        lines = new[len(start) : -1].split(b"\n")
        self._lines.update({line: _literal_of(line) for line in set(lines).difference(self._lines)})
        self._names.update({name: _literal(name) for name in set(names).difference(self._names)})
        other = set(map(self._lines.__getitem__, lines)).difference(map(self._names.__getitem__, names))
        return not other or all(shows(line) for line in lines if self._lines[line] in other)


def _literal(name: bytes) -> bytes:
    if b"\n" not in name and not name.endswith(b"\r"):
        return b"/" + name
    # A newline cannot be written in an ignore file, nor a CR at the end: any one byte stands for it.
    return b"/" + name.replace(b"\n", b"?").removesuffix(b"\r") + (b"?" if name.endswith(b"\r") else b"")


def _literal_of(line: bytes) -> bytes:
    if b"\\" not in line:
        return line
    out = bytearray()
    escaped = False
    for byte in line:
        if byte == 0x5C and not escaped:
            escaped = True
            continue
        out.append(byte)
        escaped = False
    return bytes(out)


def name_of(line: bytes) -> bytes:
    """Return the name that a line of an ignore file means and nothing else, b"" where it may mean more."""
    name = _literal_of(line[1:]) if line.startswith(b"/") else b""
    plain = not any(sign in line for sign in (b"*", b"?", b"[", b"\r")) and b"/" not in name and name.strip() == name
    return name if plain else b""


def shows(line: bytes) -> bool:
    """Whether a line is one of those that show the pointers of a folder again, and ignore all else in it."""
    if line == b"!*.dvc":
        return True
    return line.startswith((b"!/", b"/")) and line.endswith((b"/", b"/**", b"/**/*.dvc"))
