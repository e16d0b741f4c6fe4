"""What a checkout writes in place of a stand-in: the bytes, from the cache that has them."""

from __future__ import annotations

import os

from trinity_guard.dvcrepo import hashed, odb, standin
from trinity_guard.dvcrepo.project import Project, root_of
from trinity_guard.errors import GuardError, shown, typed
from trinity_guard.remotes import trust

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from trinity_guard import git


class Smudger:
    """Answers Git's `smudge` for one repository, as long as one Git command runs."""

    def __init__(self, place: git.Place) -> None:
        self._place = place
        self._roots: dict[bytes, bool] = {}
        self._stores: dict[bytes | None, list[odb.Store]] = {}

    def smudge(self, path: bytes, content: Iterator[memoryview]) -> Iterator[bytes] | None:
        """Return the bytes that a stand-in names; None for all that is none. GuardError where they are not here."""
        text = b""
        for piece in content:
            text += piece
            if len(text) > standin.MAX_BYTES:
                return None
        named = standin.decode(text)
        if named is None:
            return None
        return _checked(self._object(path, named), path, named)

    def _object(self, path: bytes, named: standin.StandIn) -> bytes:
        root = root_of(self._place.top, path, self._roots) if self._place.top else None
        if root not in self._stores:
            self._stores[root] = self._caches(root)
        for store in self._stores[root]:
            if store.size(named.md5) == named.size:
                return store.path(named.md5)
        raise absent(path)

    def _caches(self, root: bytes | None) -> list[odb.Store]:
        # What waits for its remote is kept beyond the life of a linked work tree.
        kept = odb.Store(os.path.join(self._place.own, b"cache"))
        if root is None:
            return [kept]
        project = Project.at(self._place, root)
        trust.require_cache(self._place, project)
        return [project.odb, kept]


def absent(path: bytes) -> GuardError:
    return GuardError(
        problem=f"{shown(path)}: its data is in no cache here; a text stays in its place.",
        remedy=f"git log -1 --format='%an %h' -- {typed(path)}     # whoever committed it can make it a pointer: "
        "git commit --amend --no-edit",
    )


def _checked(file: bytes, path: bytes, named: standin.StandIn) -> Iterator[bytes]:
    """Yield an object's bytes; GuardError at the end where they are not those of its name."""
    digest = hashed.new_md5()
    try:
        for piece in odb.read_file(file):
            digest.update(piece)
            yield piece
    except OSError as error:
        raise GuardError(f"{shown(path)}: cannot read {shown(file)}: {error.strerror}.") from error
    if digest.hexdigest() != named.md5:
        raise GuardError(f"{shown(path)}: its object in the cache is damaged; a text stays in its place.", "dvc status")
