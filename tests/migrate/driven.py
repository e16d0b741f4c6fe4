"""The engine driven on a place: each call has a migration of its own, as each command has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from trinity_guard.git import Place
from trinity_guard.migrate import dryrun, engine, refs, settle
from trinity_guard.migrate import survey as surveying
from trinity_guard.migrate import verify as verifying
from trinity_guard.migrate.migration import Migration
from trinity_guard.migrate.options import Chosen, Options
from trinity_guard.migrate.progress import Progress, silent
from trinity_guard.migrate.selection import Selection

if TYPE_CHECKING:
    from trinity_guard.migrate.engine import Check


def run(place: Place, options: Options, on_progress: Progress = silent, check: Check | None = None) -> dict[str, Any]:
    with Migration(place, on_progress) as migration:
        return engine.run(migration, options, check)


def verify(place: Place) -> verifying.Verification:
    with Migration(place) as migration:
        return verifying.verify(migration)


def undo(place: Place) -> list[refs.Move]:
    with Migration(place) as migration:
        return settle.undo(migration)


def resume(place: Place) -> bool:
    """Complete what was cut off, as whatever comes next does."""
    with Migration(place) as migration, migration.state:
        return settle.resume(migration)


def survey(place: Place, selection: Selection, names: Sequence[bytes]) -> surveying.HistorySurvey:
    with Migration(place) as migration:
        return surveying.survey(migration, selection, Chosen(list(names)))


def staying(place: Place, found: surveying.HistorySurvey) -> list[tuple[bytes, str]]:
    with Migration(place) as migration:
        return dryrun.staying(migration, found)
