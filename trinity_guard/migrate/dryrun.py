"""What would stay in Git, and why: the rewriting tried out without extracting anything."""

from __future__ import annotations

import os

from trinity_guard.dvcrepo import pointer
from trinity_guard.errors import GuardError
from trinity_guard.git.catfile import Source
from trinity_guard.git.packwriter import Pack
from trinity_guard.migrate import filters
from trinity_guard.migrate.context import Above
from trinity_guard.migrate.dvcfiles import dvc_files
from trinity_guard.migrate.ignorefiles import GITIGNORE, Reader, lines_of
from trinity_guard.migrate.interpreter import deep_recursion
from trinity_guard.migrate.migration import Migration
from trinity_guard.migrate.reasons import OTHER_MD5, not_extracted, unnameable
from trinity_guard.migrate.rewrite import Trees
from trinity_guard.migrate.scan import Scan
from trinity_guard.migrate.state import Object
from trinity_guard.migrate.survey import HistorySurvey
from trinity_guard.migrate.within import Bytes

# Stands for an md5 that is not known yet. Of letters, as most have one: YAML would take digits alone for a number.
UNKNOWN = "f" * 32


def staying(migration: Migration, found: HistorySurvey) -> list[tuple[bytes, str]]:
    """Return (path, reason) of the files that a migration would leave in Git, as far as names and pointers tell."""
    try:
        with deep_recursion():
            return _tried(migration, found.scan, found.leaves_lfs)
    except GuardError as error:
        # The run will be refused for it; the rest is worth knowing all the same.
        found.remarks.append(error.problem)
        return []


def _tried(migration: Migration, scan: Scan, fetches: bool) -> list[tuple[bytes, str]]:
    source, absent = migration.source, migration.absent(scan)
    unknown = absent
    if fetches:  # what Git LFS may bring is as good as here
        unknown = {oid for oid in unknown if (named := scan.blobs[oid].lfs) is None or named.encoded}
    filtered = filters.behind(source, scan, filters.speaking(source, scan))
    if not filtered and _by_themselves(scan) and _hides_nothing(source, scan):
        return _told_by_themselves(scan, unknown)
    objects = {oid: Object(UNKNOWN, size.real) for oid, size in scan.blobs.items() if oid not in unknown}
    bytes_of = Bytes(source, scan, {})
    stays = _rewritten(source, scan, objects, filtered, bytes_of)
    # Pointers beside them record some md5; whether it is theirs can only be told by reading them.
    held = [blobs - absent for (_, reason), blobs in stays.items() if reason == OTHER_MD5]
    asked = {oid for blobs in held for oid in blobs if oid in objects}
    if asked:
        objects.update((oid, Object(bytes_of.md5(oid), scan.blobs[oid].real)) for oid in asked)
        stays = _rewritten(source, scan, objects, filtered, bytes_of)
    return sorted(stays)


def _by_themselves(scan: Scan) -> bool:
    """Whether no tree that would change has a neighbour for whose sake a file stays: then trying is not needed, which
    takes a third of the time."""
    return not scan.peculiar


def _told_by_themselves(scan: Scan, unknown: set[bytes]) -> list[tuple[bytes, str]]:
    found = set()
    for path, blobs in scan.versions.items():
        folder, slash, name = path.rpartition(b"/")
        reason = pointer.nameable(name) or unnameable(folder + slash)
        if reason:
            found.add((path, reason))
        else:
            found.update((path, not_extracted(scan.blobs[oid])) for oid in blobs.keys() & unknown)
    return sorted(found)


def _hides_nothing(source: Source, scan: Scan) -> bool:
    """Whether no ignore file above artifacts has a line that may be about one of them."""
    reader = Reader(scan.versions)
    return not any(
        reader.relevant((path, GITIGNORE, line), path)
        for path, blob in scan.beside[GITIGNORE]
        for line in lines_of(source.one(blob.hex().encode()))
    )


def _rewritten(
    source: Source,
    scan: Scan,
    objects: dict[bytes, Object],
    filtered: dict[bytes, dict[bytes, str]],
    bytes_of: Bytes,
) -> dict[tuple[bytes, str], set[bytes]]:
    import tempfile

    with tempfile.TemporaryDirectory(prefix="trinity-guard-") as folder:
        pack = Pack(os.fsencode(folder) + b"/pack")
        try:
            above = Above(source, scan, Reader(scan.versions), None, filtered, bytes_of=bytes_of)
            trees = Trees(scan, above, objects, dvc_files(), pack)
            for root in dict.fromkeys([*scan.roots, *scan.extra]):
                trees.root(root)
            return trees.stays
        finally:
            pack.abandon()
