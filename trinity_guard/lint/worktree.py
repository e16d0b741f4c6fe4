"""The index's files with what stands in the working tree now in the place of DVC's configs and the ignore files.

That is what the next `git add` and `git commit -a` meet, though nobody has staged it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from trinity_guard import git
from trinity_guard.dvcrepo import paths
from trinity_guard.dvcrepo.configfile import MAX_BYTES
from trinity_guard.dvcrepo.paths import is_config
from trinity_guard.git.index import REGULAR
from trinity_guard.lint.subject import Subject, Tree

IGNORE = b".gitignore"
# Stands before a path in the place of a blob's id.
ON_DISK = b"on disk: "


class OnDisk(Subject):
    """Like the index's subject; contents of files named by ON_DISK come from the working tree."""

    def contents(self, ids: Iterable[bytes]) -> dict[bytes, bytes | None]:
        asked = list(ids)
        found = {oid: self._read(oid.removeprefix(ON_DISK)) for oid in asked if oid.startswith(ON_DISK)}
        return {**super().contents(oid for oid in asked if oid not in found), **found}

    def _read(self, path: bytes) -> bytes | None:
        try:
            return git.read(self.place.file(path), MAX_BYTES)
        except OSError:
            return None


def on_disk(indexed: Subject) -> OnDisk:
    """Return what the index's subject would be if the working tree's configs and ignore files were staged.

    Pointers that are not checked out are left out: their ignore files are not either.
    """
    tree, place = indexed.tree, indexed.place
    read = [path for path in dict.fromkeys(_candidates(indexed)) if _is_file(place.file(path))]
    replaced = set(read)
    rows = [
        (mode, oid, path)
        for mode, oid, path in zip(tree.modes, tree.oids, tree.paths, strict=True)
        if path not in replaced and (not paths.is_pointer(path) or os.path.lexists(place.file(path)))
    ]
    rows += [(REGULAR, ON_DISK + path, path) for path in read]
    columns = [list(column) for column in zip(*rows, strict=True)] or [[], [], []]
    return OnDisk(place, indexed.config, indexed.rules, Tree(b"", *columns))


def _candidates(indexed: Subject) -> Iterator[bytes]:
    """Yield the configs, and the ignore files above what the pointers hold, tracked or not."""
    yield b".dvc/config"
    yield from (entry.path for entry in indexed.tree.of_dvc() if is_config(entry.path))
    for held in indexed.held():
        folder = os.path.dirname(held.path)
        while folder:
            yield os.path.join(folder, IGNORE)
            folder = os.path.dirname(folder)
    yield IGNORE


def _is_file(file: bytes) -> bool:
    return os.path.isfile(file) and not os.path.islink(file)
