"""The whole proof, any time while the old refs are here."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from trinity_guard.git.catfile import Source
from trinity_guard.git.ids import IdMap
from trinity_guard.migrate import commitmap, refs, sample
from trinity_guard.migrate.migration import Migration
from trinity_guard.migrate.proof.prove import prove
from trinity_guard.migrate.proof.refs import RefProof
from trinity_guard.migrate.settle import complete_if_possible, moves_of, nothing_to
from trinity_guard.migrate.state import BY_TOOL, FINISHING, State


class Verification:
    """commits: how many were compared, changed: how many of them are new ones; wrong: what differs, nothing if all
    is well; sample: what the real DVC brought."""

    __slots__ = ("changed", "commits", "sample", "wrong")

    def __init__(self, commits: int, changed: int, wrong: list[str], taken: sample.Sample) -> None:
        self.commits = commits
        self.changed = changed
        self.wrong = wrong
        self.sample = taken


def verified(migration: Migration) -> bool:
    """Whether a verification has found nothing wrong, or the old history is being let go of already."""
    values = migration.state.read()
    return bool(values.get("verified")) or values.get("phase") == FINISHING


def verify(migration: Migration, count: int = 0, seed: int | None = None) -> Verification:
    """Compare every commit, path and byte of the old history with the new one; possible while the old refs are here.

    count: of so many commits, chosen by a seed, the real DVC brings the files in fresh clones.
    """
    source = migration.source
    with migration.state as state:
        complete_if_possible(migration)
        values = state.read()
        if not values or values["phase"] == BY_TOOL:
            raise nothing_to("verify", migration)
        moves = moves_of(values)
        ids = read_map(state)
        of_refs = RefProof(source, ids)
        of_refs.compare(moves)
        of_refs.standing(moves)
        wrong = _unmapped(source, moves, ids) + of_refs.wrong
        cache = os.fsencode(values["cache"])
        before, left_lfs = proved_before(source, values.get("onto", [])), values.get("left_lfs", False)
        wrong += prove(source, ids, cache, migration.on_progress, None, of_refs.trees, before=before, left_lfs=left_lfs)
        ids = IdMap(pair for pair in ids.items() if pair[0] not in before)
        taken = sample.take(migration, ids, 0 if wrong else count, seed)
        wrong += taken.wrong
        state.write({**values, "verified": not wrong})
        return Verification(len(ids), sum(1 for old, new in ids.items() if old != new), wrong, taken)


def read_map(state: State) -> IdMap:
    """Return old -> new (hex) of the commit-map; GuardError where it is gone or damaged."""
    return commitmap.read(state.file(b"commit-map"))


def proved_before(source: Source, bases: Sequence[str]) -> set[bytes]:
    """Return the commits up to these, which a migration elsewhere has rewritten and proved."""
    if not bases:
        return set()
    return set(source.run("rev-list", "--stdin", data="".join(base + "\n" for base in bases).encode()).split())


def _unmapped(source: Source, moves: Sequence[refs.Move], ids: Mapping[bytes, bytes]) -> list[str]:
    """Return the commits of the old refs that the map does not have."""
    tips = [m.old for m in moves if not m.name.startswith(refs.NOTES)]
    data = b"".join(tip + b"\n" for tip in tips)
    out = source.run("rev-list", "--stdin", data=data).split() if tips else []
    return [f"commit {c.decode()} is not in the commit-map" for c in out if c not in ids]
