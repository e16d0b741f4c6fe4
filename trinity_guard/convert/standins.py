"""Stand-ins in an index: what they name, and the way back to what Git itself would hold."""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.detect import inspect, owners, patterns
from trinity_guard.detect.glance import HEAD_BYTES
from trinity_guard.dvcrepo import standin
from trinity_guard.dvcrepo.odb import read_file
from trinity_guard.dvcrepo.project import Caches
from trinity_guard.errors import GuardError, pathspec, shown
from trinity_guard.git import index
from trinity_guard.git.attributes import Attributes
from trinity_guard.git.objects import Objects

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from trinity_guard.detect.inspect import Artifact
    from trinity_guard.detect.patterns import Rules
    from trinity_guard.dvcrepo.odb import Store
    from trinity_guard.dvcrepo.standin import StandIn
    from trinity_guard.dvcrepo.tracked import Catalog
    from trinity_guard.git.index import Entry


# Blob's id -> whether it begins as a stand-in, and what it names: asked for several times in a commit.
_known: dict[bytes, tuple[bool, StandIn | None]] = {}


def named_by(place: git.Place, entries: Sequence[Entry]) -> dict[bytes, StandIn]:
    """Return path -> what it names, of the entries that are stand-ins; GuardError for a damaged one."""
    staged = [e for e in entries if e.oid and e.mode not in (index.SYMLINK, index.GITLINK)]
    new = list(dict.fromkeys(e.oid for e in staged if e.oid not in _known))
    for oid, head in zip(new, Objects(place.common_dir).heads(new, standin.MAX_BYTES + 1), strict=True):
        _known[oid] = (standin.begins(head.first), standin.decode(head.first))
    found = {}
    for entry in staged:
        begins, named = _known[entry.oid]
        if not begins:
            continue
        if named is None:
            raise GuardError(
                problem=f"{shown(entry.path)} is staged as a stand-in that nobody can read: it was edited, or merged.",
                remedy=f"git checkout --ours -- {pathspec(entry.path)}     # or --theirs, where it was merged, or:\n"
                f"git rm -q -f --cached -- {pathspec(entry.path)}     # put the data in its place, then git add it",
            )
        found[entry.path] = named
    return found


def absent(path: bytes) -> GuardError:
    """Return the error for a staged stand-in whose bytes are neither in the cache nor in the work tree."""
    return GuardError(
        problem=f"{shown(path)} is staged as a stand-in, and the data that it names is neither in the DVC cache "
        "nor in the work tree.",
        remedy=f"git rm -q -f --cached -- {pathspec(path)}     # put the data in its place again, then:\n"
        f"git add {pathspec(path)}",
    )


def give_back(place: git.Place, rules: Rules, catalog: Catalog, artifacts: list[Artifact]) -> list[Artifact]:
    """Stage the data itself in place of stand-ins that are no artifacts by now; return all others.

    The configuration has changed since `git add`, or the dvc.yaml that was staged with it has Git keep a metric, or a
    rename has taken the file to a name that is left to Git.
    """
    stands = [a for a in artifacts if a.reason == patterns.STAND_IN]
    theirs = _of_others(place, catalog, [a.entry.path for a in stands])
    names = named_by(place, [a.entry for a in stands])
    caches = Caches(place)
    back: set[bytes] = set()
    for artifact in stands:
        path = artifact.entry.path
        if path not in theirs and rules.decide(path, names[path].size, b"").kind == "artifact":
            continue
        file = _object(caches.of(path), names[path])
        if file is None:
            continue  # a conversion says so
        verdict = rules.decide(path, names[path].size, _head(file))
        if path in theirs:
            back.add(path)
        elif verdict.kind == "too-big":
            raise inspect.refuse_oversized([inspect.Artifact(artifact.entry, verdict.reason, artifact.size)])
        elif verdict.kind == "fine":
            back.add(path)
    restore(place, [a.entry for a in stands if a.entry.path in back])
    return [a for a in artifacts if a.entry.path not in back]


def _of_others(place: git.Place, catalog: Catalog, paths: list[bytes]) -> set[bytes]:
    """Return those of the paths that a pipeline has Git keep, or an attribute has git-lfs keep, as the index says."""
    attributes = attributes_of(catalog, paths)
    lfs = {path for path in paths if attributes.filter(path) == b"lfs"}
    try:
        pipelines = owners.Pipelines(place, catalog)
    except GuardError:
        return lfs  # DVC cannot read them either, so they leave nothing to Git
    return lfs | {path for path in paths if pipelines.belongs_in_git(path, refuse=False)}


def attributes_of(catalog: Catalog, paths: Sequence[bytes]) -> Attributes:
    """Return Git's attributes, those of these paths among them: of each it is asked once in a commit."""
    if catalog.attributes is None:
        catalog.attributes = Attributes()
    catalog.attributes.ask(paths)
    return catalog.attributes


def restore(place: git.Place, entries: Sequence[Entry], index_file: bytes | None = None) -> list[bytes]:
    """Stage the data of those of the entries that are stand-ins, as Git would without our driver; return their paths.

    GuardError, and nothing changed, where the data of one is not here.
    """
    names = named_by(place, entries)
    caches = Caches(place)
    env = {**os.environ, "TRINITY_GUARD_SKIP": "filter"}
    changes = []
    for entry in entries:
        if entry.path not in names:
            continue
        file = _object(caches.of(entry.path), names[entry.path])
        if file is None:
            raise absent(entry.path)
        oid = git.run("hash-object", "-w", b"--path=" + entry.path, "--", file, env=env).strip()
        changes.append((entry.mode, oid, entry.path))
    if changes:
        index.replace(changes, index_file)
    return [path for _, _, path in changes]


def _object(cache: Store | None, named: standin.StandIn) -> bytes | None:
    if cache is None or cache.size(named.md5) != named.size:
        return None
    return cache.path(named.md5)


def _head(file: bytes) -> bytes:
    for piece in read_file(file):
        return piece[:HEAD_BYTES]
    return b""
