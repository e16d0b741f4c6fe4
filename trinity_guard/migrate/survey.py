"""What a history holds that could move, and what is worth knowing before: nothing is changed by it."""

from __future__ import annotations

from trinity_guard.detect.patterns import size_text
from trinity_guard.migrate import filters, refs, refusals, report
from trinity_guard.migrate.interpreter import no_collections
from trinity_guard.migrate.migration import Migration
from trinity_guard.migrate.options import Chosen
from trinity_guard.migrate.scan import Scan, scan
from trinity_guard.migrate.selection import Selection
from trinity_guard.migrate.tags import follow


class HistorySurvey:
    """What `migrate info` shows. absent: paths of what stands for data that is not here; sizes: see report.py."""

    def __init__(
        self, found: Scan, selection: Selection, absent: list[bytes], remarks: list[str], git_size: int
    ) -> None:
        self.scan = found
        self.summaries = report.summarise(found, selection)
        self.largest = report.largest(found)
        self.commits = len(found.commits)
        self.absent = absent
        self.leaves_lfs = selection.leaves_lfs
        self.remarks = remarks
        self.git_size = git_size


def survey(migration: Migration, selection: Selection, chosen: Chosen) -> HistorySurvey:
    """Look through the history that is chosen."""
    source, names = migration.source, [*chosen.names, *chosen.lonely]
    with no_collections():
        refusals.sha256(source)
        refusals.partial(source)
        found = migration.refs()
        named = follow(source, [chosen.value(found, n) for n in names if not n.startswith(refs.NOTES)])
        scanned = scan(source, selection, named.commits, named.tree_ids(), migration.on_progress, chosen.stop)
        absent = migration.absent(scanned)
        paths = [path for path, blobs in scanned.versions.items() if absent & blobs.keys()]
        speaking = filters.speaking(source, scanned)
        remarks = refusals.remarks(source, found, names, bool(scanned.versions))
        if selection.leaves_lfs:  # and its filter goes: what others stay, the run says
            remarks += _to_be_fetched(migration, scanned)
        else:
            remarks += filters.remarks(source, found, [n for n in names if n in found.refs], selection, speaking)
            caught = filters.caught_in_old_commits(source, scanned, named.commits, speaking)
            remarks += filters.remarks_on_old_commits(caught)
        return HistorySurvey(scanned, selection, paths, remarks, migration.git_size())


def _to_be_fetched(migration: Migration, found: Scan) -> list[str]:
    absent = {p.sha256: p.size for oid in migration.absent(found) if (p := found.blobs[oid].lfs) and not p.encoded}
    if not absent:
        return []
    what = f"{len(absent):,} LFS objects ({size_text(sum(absent.values()))})"
    return [f"{what} are not here: the run has `git lfs fetch --all` bring them"]
