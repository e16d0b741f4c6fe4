"""The proof of the refs: what each named before, against what it names now; tags and notes to the byte."""

from __future__ import annotations

from trinity_guard.errors import shown
from trinity_guard.history import prooflines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trinity_guard.history.objects import Source
    from trinity_guard.history.refs import Move

BEGIN = b"-----BEGIN "


class RefProof:
    """wrong: what was found. trees: pairs (hex) that tags name, for the proof of the trees."""

    def __init__(self, source: Source, ids: Mapping[bytes, bytes]) -> None:
        self._source = source
        self._ids = ids
        self._names = prooflines.Names(ids)
        self.trees: list[tuple[bytes, bytes]] = []
        self.wrong: list[str] = []

    def compare(self, moves: Sequence[Move]) -> None:
        for move in moves:
            if move.name.startswith(b"refs/notes/"):
                reason = self._notes(move.old, move.new)
            else:
                reason = self._object(move.old, move.new)
            if reason:
                self.wrong.append(f"{shown(move.name)}: {reason}")

    def _object(self, old: bytes, new: bytes) -> str:
        if old == new:
            return ""
        ((kind, before), (kind_now, after)) = self._source.each([old, new])
        if kind != kind_now:
            return f"was a {kind.decode()} and is a {kind_now.decode()}"
        if kind == b"commit":
            return "" if self._ids.get(old) == new else "names a commit that is not the one of the map"
        if kind == b"tree":
            self.trees.append((old, new))
            return ""
        return self._tag(before, after) if kind == b"tag" else "names other bytes than before"

    def _tag(self, before: bytes, after: bytes) -> str:
        was, said = prooflines.fields(before)
        now, says = prooflines.fields(after)
        kept = [(k, v) for k, v in was[1:] if k != b"gpgsig-sha256" and k != b"gpgsig"]
        if kept != now[1:]:
            return "a header of the tag is not what it was"
        cut = said.find(b"\n" + BEGIN)
        if not self._names.same(said, says) and not (cut >= 0 and self._names.same(said[: cut + 1], says)):
            return "the tag's message is not what it was"
        return self._object(was[0][1], now[0][1])

    def _notes(self, old: bytes, new: bytes) -> str:
        before = {self._ids.get(name, name): blob for name, blob in self._flat(old).items()}
        if before != self._flat(new):
            return "a note is not where it was, or not what it was"
        count = [self._source.run("rev-list", "--count", tip) for tip in (old, new)]
        return "" if count[0] == count[1] else "the notes have another number of commits"

    def _flat(self, tip: bytes) -> dict[bytes, bytes]:
        out = self._source.run("ls-tree", "-r", "-z", tip)
        found = {}
        for line in out.split(b"\0")[:-1]:
            meta, _, path = line.partition(b"\t")
            found[path.replace(b"/", b"")] = meta
        return found
