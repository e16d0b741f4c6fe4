"""Notes follow the commits that they are on: their trees name commits, so each entry is renamed through the map."""

from __future__ import annotations

from collections.abc import Mapping

from trinity_guard.git.catfile import TREE, Entry, Source, headers, tree_bytes, tree_parser
from trinity_guard.git.packwriter import Pack

HEX = b"0123456789abcdef"


class Notes:
    """Rewrites the commits of refs/notes/*. renamed: how many notes have moved in the newest trees."""

    def __init__(self, source: Source, ids: Mapping[bytes, bytes], pack: Pack) -> None:
        self._source = source
        self._ids = ids
        self._pack = pack
        self._parse = tree_parser()
        self._trees: dict[bytes, bytes] = {}
        self._done: dict[bytes, bytes] = {}

    def new(self, tip: bytes) -> bytes:
        """Return the new id (hex) of a notes ref's commit."""
        data = tip + b"\n"
        commits = self._source.run("rev-list", "--topo-order", "--reverse", "--stdin", data=data).split()
        fresh = [c for c in commits if c not in self._done]
        for oid, (_, raw) in zip(fresh, self._source.each(fresh), strict=True):
            self._done[oid] = self._commit(oid, raw)
        return self._done[tip]

    def _commit(self, oid: bytes, raw: bytes) -> bytes:
        lines, message = headers(raw)
        out = []
        for name, line in lines:
            if name == b"tree":
                line = b"tree " + self._tree(line[5:])
            elif name == b"parent":
                line = b"parent " + self._done[line[7:]]
            out.append((name, line))
        if out == lines:
            return oid
        kept = [line for name, line in out if not name.startswith((b"gpgsig", b"mergetag"))]
        return self._pack.add(b"commit", b"\n".join(kept) + message).hex().encode()

    def _tree(self, oid: bytes) -> bytes:
        new = self._trees.get(oid)
        if new is None:
            entries = dict(self._flat(bytes.fromhex(oid.decode()), b""))
            moved = {self._renamed(path): entry for path, entry in entries.items()}
            same = list(moved) == list(entries)
            new = self._trees[oid] = oid if same else self._build(moved).hex().encode()
        return new

    def _flat(self, oid: bytes, prefix: bytes) -> list[tuple[bytes, Entry]]:
        """Return (path, entry) of all that a notes tree holds; folders of two letters spread large ones."""
        (raw,) = self._source.trees([oid.hex().encode()])
        found: list[tuple[bytes, Entry]] = []
        for entry in self._parse(raw):
            path = prefix + entry[1]
            if entry[0] == TREE and _is_hex(path.replace(b"/", b"")):
                found += self._flat(entry[2], path + b"/")
            else:
                found.append((path, entry))
        return found

    def _renamed(self, path: bytes) -> bytes:
        name = path.replace(b"/", b"")
        new = self._ids.get(name, name) if len(name) == 40 and _is_hex(name) else name
        if new == name:
            return path
        out = b""
        for part in path.split(b"/"):
            out += new[: len(part)] + b"/"
            new = new[len(part) :]
        return out[:-1]

    def _build(self, entries: dict[bytes, Entry]) -> bytes:
        here: list[Entry] = []
        below: dict[bytes, dict[bytes, Entry]] = {}
        for path, (mode, name, oid) in entries.items():
            folder, slash, rest = path.partition(b"/")
            if slash:
                below.setdefault(folder, {})[rest] = (mode, name, oid)
            else:
                here.append((mode, folder, oid))
        here += [(TREE, folder, self._build(inside)) for folder, inside in below.items()]
        return self._pack.add(b"tree", tree_bytes(here))


def _is_hex(text: bytes) -> bool:
    return not text.translate(None, HEX)
