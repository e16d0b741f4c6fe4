"""The end of a migration: the old refs go, what remembers them too, and Git lets their objects go."""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.errors import UNUSABLE, GuardError
from trinity_guard.git import revisions
from trinity_guard.migrate import destination, onto, refs, refusals, upload
from trinity_guard.migrate.settle import moves_of, nothing_to, resume
from trinity_guard.migrate.state import BY_TOOL, DONE, FINISHING
from trinity_guard.migrate.verify import read_map

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trinity_guard.git.catfile import Source
    from trinity_guard.migrate.migration import Migration

    Step = Callable[[str], None]

# KiB that Git packs anew in a few seconds; with more of them an owner may think otherwise (docs/migrate.md).
MAX_REPACKED = 20_000
# Names of refs in one command line.
AT_ONCE = 500


def require_migrated(migration: Migration) -> None:
    """Refuse where there is nothing to finish."""
    phase = migration.state.read().get("phase")
    if phase in (DONE, FINISHING):
        return
    if phase == BY_TOOL:
        raise nothing_to("finish", migration)
    kept = refusals.originals(migration.refs())
    if kept:
        raise refusals.forgotten(kept)
    raise GuardError(
        problem="there is no migration to finish.",
        remedy="trinity-guard migrate run     # starts one, or completes one that was killed",
        exit_code=UNUSABLE,
    )


def require_pushed(migration: Migration) -> None:
    """Refuse while the only copy of an object is in the cache of this machine."""
    found = upload.destined(migration)
    force = "trinity-guard migrate finish --force-unpushed     # when the cache alone is enough"
    try:
        count, size = destination.missing(migration.place, found, upload.wanted(migration))
    except GuardError as error:
        remedy = "\n".join(filter(None, [error.remedy, force]))
        raise GuardError(
            f"it cannot be told whether the objects are on a DVC remote: {error.problem}", remedy, error.exit_code
        ) from error
    if count:
        raise GuardError(
            problem=f"{destination.objects_text(count, size)} of the new history are not on the DVC remote "
            f"'{found.name}' yet.",
            remedy=f"trinity-guard migrate push\n{force}",
        )


def still_alive(migration: Migration) -> list[bytes]:
    """Return the refs, beside those that are kept for an undo, whose history holds commits that were replaced."""
    ids = read_map(migration.state)
    return onto.standing_on(migration.source, {old for old, new in ids.items() if old != new})


def kept_packs(place: git.Place) -> list[bytes]:
    """Return the marks of packs that are to stay: Git lets nothing in them go."""
    folder = os.path.join(place.common_dir, b"objects", b"pack")
    names = os.listdir(folder) if os.path.isdir(folder) else []
    return sorted(os.path.join(folder, name) for name in names if name.endswith(b".keep"))


def finish(migration: Migration, on_step: Step) -> tuple[int, int]:
    """Let the old history go; return the bytes of Git's objects before and after. on_step is told what begins.

    Killed at any point, it is gone on with by the next call.
    """
    before = migration.git_size()
    source = migration.source
    with migration.state as state:
        resume(migration)
        values = state.read()
        refusals.linked_worktrees(source)
        if not migration.place.bare:
            refusals.under_way(migration.place)
        state.write({**values, "phase": FINISHING})
        on_step("letting the old refs go")
        _drop(source, moves_of(values))
        # A process that has the old packs open keeps their room on the disk.
        source.close()
        _collect(source, on_step)
        state.forget()
    return before, migration.git_size()


def _drop(source: Source, moves: Sequence[refs.Move]) -> None:
    found = refs.listed(source)
    refs.drop_originals(source, [m for m in moves if m.original in found.refs])


def _of_reflogs(place: git.Place, found: refs.Listed) -> list[list[git.Arg]]:
    """Return what names the reflogs that go, a command line each. The reflog of a stash is the stash: it stays."""
    stashes = {refs.STASH, *refs.QUEUES}
    if stashes.isdisjoint(found.refs):
        return [["--all"]]
    kept = [name for name in _with_log(place, found) if name not in stashes]
    return [list(kept[start : start + AT_ONCE]) for start in range(0, len(kept), AT_ONCE)]


def _with_log(place: git.Place, found: refs.Listed) -> list[bytes]:
    if revisions.is_reftable(place.common_dir):
        return git.run("reflog", "list", at=place.git_dir).splitlines()
    logs = os.path.join(place.common_dir, b"logs")
    return [n for n in (b"HEAD", *found.refs, *found.symbolic) if os.path.isfile(os.path.join(logs, n))]


def _collect(source: Source, on_step: Step) -> None:
    at = source.place.git_dir
    on_step("letting the reflogs go")
    for some in _of_reflogs(source.place, refs.listed(source)):
        git.run("reflog", "expire", "--expire=now", "--expire-unreachable=now", *some, at=at)
    on_step("letting the old objects go (git gc)")
    git.run("gc", "--quiet", "--prune=now", at=at)
    # What a migration writes is packed for speed, and a collection keeps each delta as it is.
    counted = git.run("count-objects", "-v", at=at).split()
    if int(counted[counted.index(b"size-pack:") + 1]) <= MAX_REPACKED:
        on_step("packing what is left anew (git repack)")
        git.run("-c", "pack.windowMemory=256m", "repack", "-a", "-d", "-f", "-q", at=at)
