"""Two versions of a directory that changed different files of it, made one; what a merge of files takes and keeps."""

from __future__ import annotations

import os

from trinity_guard.checkout import desired
from trinity_guard.checkout.apply import Fetcher
from trinity_guard.checkout.plan import Follower
from trinity_guard.dvcrepo import directory
from trinity_guard.dvcrepo.tracked import Catalog
from trinity_guard.errors import GuardError, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trinity_guard.dvcrepo.output import Output
    from trinity_guard.git import Place


def made(place: Place, remote: str, ours: Output, base: Output | None, theirs: Output) -> dict[str, object] | None:
    """Do what `united` says, with a work tree's caches and remotes. remote: the configured one, "" DVC's default."""
    follower = Follower(place, Catalog({}, [], {}))
    return united(follower, Fetcher(follower, remote), ours, base, theirs)


def united(
    follower: Follower, fetcher: Fetcher, ours: Output, base: Output | None, theirs: Output
) -> dict[str, object] | None:
    """Put the list of the files of both into the cache; return what a pointer says of it, None where they disagree.

    Lists that the cache lacks are fetched; GuardError where one does not come.
    """
    sides = [o for o in (ours, base, theirs) if o is not None]
    if any(o.legacy or o.size < 0 for o in sides):
        return None
    for output in sides:
        output.project = follower.projects.of(output.source) or b""
    mine, theirs_listed = _listed(follower, fetcher, ours), _listed(follower, fetcher, theirs)
    before = _listed(follower, fetcher, base) if base is not None else {}
    merged = _merged(mine, before, theirs_listed)
    if merged is None:
        return None
    both = {p for p in mine.keys() | before.keys() if mine.get(p) == theirs_listed.get(p) != before.get(p)}
    twice = _difference(follower, ours, [(before.get(p), mine.get(p)) for p in both])
    if twice is None:
        return None
    size = ours.size + theirs.size - (base.size if base is not None else 0) - twice
    fields: dict[str, object] = {"md5": _kept(follower, ours, merged), "size": size, "nfiles": len(merged)}
    return {**fields, "hash": "md5"}


def _listed(follower: Follower, fetcher: Fetcher, folder: Output) -> dict[bytes, str]:
    """Return path -> md5 of a directory's files."""
    cache_reader = follower.projects.cache_reader(folder.project)
    members = desired.expand(cache_reader, folder)
    if members is None:
        reason = fetcher.fetch([folder]).get(folder.name, "")
        for error in follower.plan.errors:
            raise error
        members = desired.expand(cache_reader, folder)
        if members is None:
            raise GuardError(
                f"the list of {shown(folder.path)} ({folder.md5}) did not come: {reason or 'it is not in the cache'}."
            )
    return {m.path[len(folder.path) + 1 :]: m.md5 for m in members}


def here(follower: Follower, fetcher: Fetcher, output: Output) -> bytes:
    """Return where a file's object lies, fetched where the caches lack it; GuardError where it does not come."""
    output.project = follower.projects.of(output.source) or b""
    reader = follower.projects.cache_reader(output.project)
    found = reader.find(output.md5, output.object_size)
    if found is None:
        reason = fetcher.fetch([output]).get(output.name, "")
        for error in follower.plan.errors:
            raise error
        found = reader.find(output.md5, output.object_size)
    if found is None:
        raise GuardError(f"{shown(output.path)} ({output.md5}) did not come: {reason or 'it is not in the cache'}.")
    return found


def kept_file(follower: Follower, output: Output, data: bytes) -> dict[str, object]:
    """Put a file's bytes into the cache of an output; return what a pointer says of them."""
    store = follower.projects.cache_reader(output.project).own
    stored = store.take([data])
    store.settle()
    fields: dict[str, object] = {"md5": stored.md5, "size": stored.size, "hash": "md5"}
    return {**fields, "isexec": True} if output.isexec else fields


def _merged(ours: dict[bytes, str], base: dict[bytes, str], theirs: dict[bytes, str]) -> dict[bytes, str] | None:
    """Return the files of both; None where both changed the same one, or a file is where the other has a folder."""
    merged: dict[bytes, str] = {}
    for path in ours.keys() | theirs.keys():
        mine, before, other = ours.get(path), base.get(path), theirs.get(path)
        if mine != other and before not in (mine, other):
            return None
        chosen = other if mine == before else mine
        if chosen is not None:
            merged[path] = chosen
    return None if any(above in merged for path in merged for above in _above(path)) else merged


def _above(path: bytes) -> list[bytes]:
    parts = path.split(b"/")
    return [b"/".join(parts[:n]) for n in range(1, len(parts))]


def _difference(follower: Follower, folder: Output, changes: list[tuple[str | None, str | None]]) -> int | None:
    """Return how much larger these changes (md5 before, after) make a directory; None where a size is not known."""
    cache_reader = follower.projects.cache_reader(folder.project)
    total = 0
    for change in changes:
        for md5, sign in zip(change, (-1, 1), strict=True):
            there = cache_reader.find(md5) if md5 else None
            if md5 and there is None:
                return None
            total += sign * os.stat(there).st_size if there else 0
    return total


def _kept(follower: Follower, folder: Output, files: dict[bytes, str]) -> str:
    """Put the list of a directory into its cache, as DVC writes it; return its md5."""
    store = follower.projects.cache_reader(folder.project).own
    data = directory.encode(files)
    stored = store.take([data])
    stored.md5 = directory.md5_of_list(data)
    store.settle()
    return stored.md5
