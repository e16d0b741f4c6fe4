"""The proof of the refs: what each named before, against what it names now; tags and notes to the byte."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from trinity_guard.errors import shown
from trinity_guard.git import revisions
from trinity_guard.git.catfile import Source
from trinity_guard.migrate import refs
from trinity_guard.migrate.proof.lines import Messages, fields
from trinity_guard.migrate.refs import Move

BEGIN = b"-----BEGIN "


class RefProof:
    """wrong: what was found. trees: pairs (hex) that tags name, for the proof of the trees."""

    def __init__(self, source: Source, ids: Mapping[bytes, bytes]) -> None:
        self._source = source
        self._ids = ids
        self._names = Messages(ids)
        self.trees: list[tuple[bytes, bytes]] = []
        self.wrong: list[str] = []

    def compare(self, moves: Sequence[Move]) -> None:
        for move in moves:
            if move.name.startswith(b"refs/notes/"):
                reason = self._notes(move.kept, move.new)
            else:
                reason = self._object(move.kept, move.new)
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
        was, said = fields(before)
        now, says = fields(after)
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
        was, now = (self._source.run("rev-list", "--topo-order", tip).split() for tip in (old, new))
        if len(was) != len(now):
            return "the notes have another number of commits"
        stream = self._source.each([oid for pair in zip(was, now, strict=True) for oid in pair])
        same = all(_said(next(stream)[1]) == _said(next(stream)[1]) for _ in was)
        return "" if same else "a header of a note's commit is not what it was"

    def standing(self, moves: Sequence[Move]) -> None:
        """Look for what let go of the one or the other history since: refs that are gone, or stand elsewhere."""
        found = refs.listed(self._source)
        kept = [oid for name, oid in found.refs.items() if not name.startswith(refs.ORIGINAL)]
        for move in moves:
            if not refs.is_kept(found, move):
                self.wrong.append(f"{shown(move.original)} is gone, or another one: it kept the old history")
            if move.name == b"HEAD" or found.refs.get(move.target) == move.new:
                continue
            lines = [move.new, *(b"^" + oid for oid in kept)]
            out = self._source.run("rev-list", "--stdin", data=b"".join(line + b"\n" for line in lines))
            if out:
                count = len(out.split())
                self.wrong.append(f"{shown(move.name)}: {count} of its new commits are held by no ref any more")

    def _flat(self, tip: bytes) -> dict[bytes, bytes]:
        found = {}
        for line in revisions.tree_lines(tip, run=self._source.run):
            meta, _, path = line.partition(b"\t")
            found[path.replace(b"/", b"")] = meta
        return found


def _said(raw: bytes) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Return what of a note's commit must be the same."""
    found, message = fields(raw)
    return [(k, v) for k, v in found if not k.startswith((b"tree", b"parent", b"gpgsig", b"mergetag"))], message
