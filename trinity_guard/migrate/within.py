"""What is at a path in a tree, looked up for the few paths that files of DVC's name, and which bytes it has."""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.dvcrepo import odb
from trinity_guard.dvcrepo.output import LEGACY
from trinity_guard.git.catfile import FILES, TREE, tree_parser
from trinity_guard.migrate import lfs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from trinity_guard.git.catfile import Source
    from trinity_guard.migrate.scan import Scan
    from trinity_guard.migrate.state import Object

MAX_TREES = 256


class Within:
    """Reads trees as they are asked for; the last ones are kept, as commits have most of them in common."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._parse = tree_parser()
        self._trees: dict[bytes, dict[bytes, tuple[bytes, bytes]]] = {}

    def find(self, tree: bytes, path: bytes) -> bytes:
        """Return the id (20 bytes) of what is at a path in a tree, b"" where nothing is."""
        return self.entry(tree, path)[1]

    def entry(self, tree: bytes, path: bytes) -> tuple[bytes, bytes]:
        """Return the mode as well; both are empty where nothing is."""
        mode, oid = TREE, tree
        for name in path.split(b"/"):
            if mode != TREE:
                return b"", b""
            mode, oid = self._entries(oid).get(name, (b"", b""))
        return mode, oid

    def _entries(self, tree: bytes) -> dict[bytes, tuple[bytes, bytes]]:
        known = self._trees.get(tree)
        if known is None:
            if len(self._trees) >= MAX_TREES:
                self._trees.clear()
            raw = self._source.one(tree.hex().encode())
            known = self._trees[tree] = {name: (mode, oid) for mode, name, oid in self._parse(raw)}
        return known


class Bytes:
    """Tells which bytes a blob stands for: an artifact's by its object, where one is known; else it is read, once."""

    def __init__(self, source: Source, scan: Scan, objects: Mapping[bytes, Object]) -> None:
        self._source = source
        self._scan = scan
        self._objects = objects
        self._md5s: dict[bytes, str] = {}
        self._legacy: dict[bytes, str] = {}

    def are(self, mode: bytes, oid: bytes, name: str) -> bool:
        """Whether a file of Git's has the bytes of an object of DVC's, by the object's name. (A text of DVC 2's may
        have other line ends.)"""
        if mode not in FILES:
            return False
        wanted = name.removeprefix(LEGACY)
        return self.md5(oid) == wanted or (wanted != name and self._legacy_md5(oid) == wanted)

    def md5(self, oid: bytes) -> str:
        """Return the md5 (hex) of the data, "" where it is not here."""
        if oid in self._objects:
            return self._objects[oid].md5
        if oid not in self._md5s:
            self._md5s[oid] = self._read(oid)
        return self._md5s[oid]

    def _read(self, oid: bytes) -> str:
        size = self._scan.blobs.get(oid)
        if size is not None and size.stand_in is not None:
            return size.stand_in.md5
        if size is not None and size.lfs is not None:
            folder = lfs.of(self._source)
            return odb.md5_of(lfs.path(folder, size.lfs)) if lfs.here(folder, size.lfs) else ""
        with git.Blobs(self._source.place.git_dir, self._source.env) as blobs:
            return odb.digest(blobs.stream(oid.hex().encode()))[0]

    def _legacy_md5(self, oid: bytes) -> str:
        if oid not in self._legacy:
            self._legacy[oid] = self._read_legacy(oid)
        return self._legacy[oid]

    def _read_legacy(self, oid: bytes) -> str:
        import tempfile

        with tempfile.NamedTemporaryFile(prefix="trinity-guard-") as copy:
            with git.Blobs(self._source.place.git_dir, self._source.env) as blobs:
                copy.writelines(blobs.stream(oid.hex().encode()))
            copy.flush()
            return odb.legacy_md5_of(os.fsencode(copy.name))
