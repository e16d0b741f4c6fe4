"""What refs name: commits, or by way of tags (of tags) commits and trees; and those tags rewritten, byte for byte."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from trinity_guard.git.catfile import Source, headers, unreadable
from trinity_guard.git.packwriter import Pack
from trinity_guard.migrate.commits import CommitIds, renamed

# How Git tells where the signature of a tag begins (gpg-interface.c).
SIGNATURES = (
    b"-----BEGIN PGP SIGNATURE-----",
    b"-----BEGIN PGP MESSAGE-----",
    b"-----BEGIN SIGNED MESSAGE-----",
    b"-----BEGIN SSH SIGNATURE-----",
)


class Named:
    """What the refs come down to. commits, trees, blobs: ids (hex) in the order met; tags: id -> (target, bytes)."""

    def __init__(self) -> None:
        self.commits: list[bytes] = []
        self.trees: list[bytes] = []
        self.blobs: list[bytes] = []
        self.kinds: dict[bytes, bytes] = {}
        self.tags: dict[bytes, tuple[bytes, bytes]] = {}

    def tree_ids(self) -> list[bytes]:
        """Return the trees (20 bytes each) that tags name."""
        return [bytes.fromhex(oid.decode()) for oid in self.trees]


def follow(source: Source, ids: Sequence[bytes]) -> Named:
    """Look at the objects that refs name; tags are followed by object, not by name."""
    found = Named()
    wanted = list(dict.fromkeys(ids))
    while wanted:
        out = source.run("cat-file", "--batch-check", "--buffer", data=b"\n".join(wanted) + b"\n")
        kinds = [line.split(b" ")[1] for line in out.splitlines()]
        found.kinds.update(zip(wanted, kinds, strict=True))
        for oid, kind in zip(wanted, kinds, strict=True):
            if kind == b"missing":
                raise unreadable(oid, b"it is missing")
            if kind != b"tag":
                {b"commit": found.commits, b"tree": found.trees, b"blob": found.blobs}[kind].append(oid)
        tags = [oid for oid, kind in zip(wanted, kinds, strict=True) if kind == b"tag"]
        for oid, (_, raw) in zip(tags, source.each(tags), strict=True):
            found.tags[oid] = (dict(headers(raw)[0])[b"object"][7:], raw)
        wanted = list(dict.fromkeys(t for oid in tags if (t := found.tags[oid][0]) not in found.kinds))
    return found


class Tags:
    """Rewrites what a ref names. unsigned: old ids of tags that lost their signature."""

    def __init__(
        self,
        named: Named,
        ids: Mapping[bytes, bytes],
        names: CommitIds | None,
        new_tree: Callable[[bytes], bytes],
        pack: Pack,
    ) -> None:
        self._named = named
        self._ids = ids
        self._names = names
        self._new_tree = new_tree
        self._pack = pack
        self._done: dict[bytes, bytes] = {}
        self.unsigned: list[bytes] = []

    def new(self, oid: bytes) -> bytes:
        """Return the new id (hex) of an object that a ref names."""
        kind = self._named.kinds[oid]
        if kind == b"commit":
            return self._ids[oid]
        if kind == b"tree":
            return self._new_tree(bytes.fromhex(oid.decode())).hex().encode()
        if kind == b"blob":
            return oid
        if oid not in self._done:
            target, raw = self._named.tags[oid]
            new = self.new(target)
            self._done[oid] = oid if new == target else self._rewritten(oid, raw, target, new)
        return self._done[oid]

    def _rewritten(self, oid: bytes, raw: bytes, target: bytes, new: bytes) -> bytes:
        lines, message = headers(raw)
        kept = [line for name, line in lines if not name.startswith(b"gpgsig")]
        bare = _unsigned(message)
        if len(kept) != len(lines) or bare != message:
            self.unsigned.append(oid)
        if self._names is not None:
            bare = renamed(bare, self._names, self._ids)
        head = b"\n".join(kept).replace(b"object " + target, b"object " + new, 1)
        return self._pack.add(b"tag", head + bare).hex().encode()


def _unsigned(message: bytes) -> bytes:
    starts = [at + 1 for sign in SIGNATURES if (at := message.find(b"\n" + sign)) >= 0]
    return message[: min(starts)] if starts else message
