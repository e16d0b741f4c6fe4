"""The objects of the new history on their way to the DVC remote: which ones they are, where they go, who has them."""

from __future__ import annotations

import os
from collections.abc import Sequence

from trinity_guard.dvcrepo import odb
from trinity_guard.errors import UNUSABLE, GuardError, shown
from trinity_guard.migrate import destination, select
from trinity_guard.migrate.destination import Destination
from trinity_guard.migrate.dvcfiles import DvcFiles
from trinity_guard.migrate.migration import Migration
from trinity_guard.migrate.options import Options
from trinity_guard.migrate.progress import of_stage
from trinity_guard.migrate.state import State, dumped

# The objects (lines MD5 SIZE) that the new history names.
WANTED = b"wanted"
# Where they go: the DVC remote that was typed or chosen for this migration.
WHERE = b"where.json"


def send(migration: Migration, options: Options, objects: Sequence[tuple[str, int]]) -> int:
    """Send what the remote lacks of these objects (md5, size), before any ref moves; return how many were sent."""
    return _send(migration, options.where, odb.Store(options.cache, options.shared), objects)


def push(migration: Migration, found: Destination, objects: Sequence[tuple[str, int]]) -> int:
    """The same when the refs have moved."""
    return _send(migration, found, cached(migration), objects)


def _send(migration: Migration, found: Destination, cache: odb.Store, objects: Sequence[tuple[str, int]]) -> int:
    return destination.upload(migration.place, found, cache, objects, of_stage(migration.on_progress, "push"))


def want(state: State, objects: Sequence[tuple[str, int]], where: Destination) -> None:
    """Remember the objects (md5, size) that the new history names, and where they go."""
    state.replace(WANTED, b"".join(b"%s %d\n" % (md5.encode(), size) for md5, size in objects))
    texts = [] if where.fresh else [text.decode("utf-8", "surrogateescape") for text in where.files.texts()]
    state.replace(WHERE, dumped({"name": where.name, "url": where.url if where.fresh else "", "files": texts}))


def destined(migration: Migration) -> Destination:
    """Return where the objects go. What is checked out may not say so: a migration of another branch left it alone."""
    place, state = migration.place, migration.state
    config = select.load_config(place)
    where = state.load(WHERE, "check out a branch that has a .dvc/config") if not destination.configured(place) else {}
    if where.get("url"):
        return destination.at(where["name"], where["url"])
    texts = [text.encode("utf-8", "surrogateescape") for text in where.get("files", [])]
    return destination.find(place, config, None, DvcFiles(*texts) if texts else None)


def cached(migration: Migration) -> odb.Store:
    """Return the cache that the objects went to; where another branch is checked out by now, DVC has a new one."""
    folder, shared = migration.cache()
    home = migration.state.read().get("cache")
    if home is None or os.fsencode(home) == folder:
        return odb.Store(folder, shared)
    return odb.Store(os.fsencode(home))


def wanted(migration: Migration) -> list[tuple[str, int]]:
    """Return the objects (md5, size) that the new history names; GuardError where there is none."""
    try:
        with open(migration.state.file(WANTED), "rb") as file:
            lines = file.read().decode("ascii", "replace").splitlines()
    except FileNotFoundError:
        raise GuardError(
            problem="there is no migration here.", remedy="trinity-guard migrate info", exit_code=UNUSABLE
        ) from None
    try:
        return [(md5, int(size)) for md5, _, size in (line.partition(" ") for line in lines)]
    except ValueError:
        raise GuardError(
            problem=f"{shown(migration.state.file(WANTED))} is damaged: it names the objects of the new history.",
            remedy="dvc push --all-commits     # sends them all; then trinity-guard migrate finish --force-unpushed",
        ) from None
