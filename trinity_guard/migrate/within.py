"""Which blob or tree is at a path in a tree: looked up for the few paths that files of DVC's name."""

from __future__ import annotations

from trinity_guard.git.catfile import TREE, tree_parser

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trinity_guard.git.catfile import Source

MAX_TREES = 256


class Within:
    """Reads trees as they are asked for; the last ones are kept, as commits have most of them in common."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._parse = tree_parser()
        self._trees: dict[bytes, dict[bytes, tuple[bytes, bytes]]] = {}

    def find(self, tree: bytes, path: bytes) -> bytes:
        """Return the id (20 bytes) of what is at a path in a tree, b"" where nothing is."""
        mode, oid = TREE, tree
        for name in path.split(b"/"):
            if mode != TREE:
                return b""
            mode, oid = self._entries(oid).get(name, (b"", b""))
        return oid

    def _entries(self, tree: bytes) -> dict[bytes, tuple[bytes, bytes]]:
        known = self._trees.get(tree)
        if known is None:
            if len(self._trees) >= MAX_TREES:
                self._trees.clear()
            raw = self._source.one(tree.hex().encode())
            known = self._trees[tree] = {name: (mode, oid) for mode, name, oid in self._parse(raw)}
        return known
