"""The end of a migration: the old refs go, what remembers them too, and Git lets their objects go."""

from __future__ import annotations

from trinity_guard import git
from trinity_guard.errors import UNUSABLE, GuardError
from trinity_guard.git.catfile import Source
from trinity_guard.migrate import destination, engine, refs, refusals, run
from trinity_guard.migrate.state import DONE, FINISHING, State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Step = Callable[[str], None]

# KiB that Git packs anew in a few seconds; with more of them an owner may think otherwise (docs/migrate.md).
MAX_REPACKED = 20_000


def require_migrated(place: git.Place) -> None:
    """Refuse where there is nothing to finish."""
    if State(place).read().get("phase") in (DONE, FINISHING):
        return
    source = Source(place)
    try:
        kept = refusals.originals(refs.listed(source))
    finally:
        source.close()
    if kept:
        raise refusals.forgotten(kept)
    raise GuardError(
        problem="there is no migration to finish.",
        remedy="trinity-guard migrate run     # starts one, or completes one that was killed",
        exit_code=UNUSABLE,
    )


def require_pushed(place: git.Place) -> None:
    """Refuse while the only copy of an object is in the cache of this machine."""
    found = run.destined(place)
    force = "trinity-guard migrate finish --force-unpushed     # when the cache alone is enough"
    try:
        count, size = destination.missing(place, found, run.wanted(place))
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


def still_alive(place: git.Place) -> list[bytes]:
    """Return the refs, beside those that are kept for an undo, whose history holds commits that were replaced."""
    source = Source(place)
    try:
        ids = engine.read_map(State(place))
        roots = _roots(source, {old for old, new in ids.items() if old != new})
        args = [b"--contains=" + root for root in roots]
        out = source.run("for-each-ref", "--format=%(symref)%(refname)", *args) if roots else b""
        return [name for name in out.splitlines() if name.startswith(b"refs/") and not name.startswith(refs.ORIGINAL)]
    finally:
        source.close()


def _roots(source: Source, changed: set[bytes]) -> list[bytes]:
    """Return those of the commits whose parents are none of them; nothing when they are gone already."""
    data = b"".join(commit + b"\n" for commit in changed)
    found = source.attempt("rev-list", "--no-walk=unsorted", "--parents", "--stdin", data=data)
    lines = [line.split() for line in found.out.splitlines()] if changed and not found.code else []
    return [commit for commit, *parents in lines if changed.isdisjoint(parents)]


def finish(place: git.Place, on_step: Step) -> tuple[int, int]:
    """Let the old history go; return the bytes of Git's objects before and after. on_step is told what begins.

    Killed at any point, it is gone on with by the next call.
    """
    before = engine.git_size(place)
    source = Source(place)
    with State(place) as state:
        try:
            engine.resume(source, state)
            values = state.read()
            refusals_at_work(source)
            state.write({**values, "phase": FINISHING})
            on_step("letting the old refs go")
            _drop(source, engine.moves_of(values))
            _collect(place, on_step)
            state.forget()
        finally:
            source.close()
    return before, engine.git_size(place)


def refusals_at_work(source: Source) -> None:
    refusals.linked_worktrees(source)
    if not source.place.bare:
        refusals.under_way(source.place)


def _drop(source: Source, moves: Sequence[refs.Move]) -> None:
    found = refs.listed(source)
    refs.drop_originals(source, [m for m in moves if m.original in found.refs])


def _collect(place: git.Place, on_step: Step) -> None:
    at = place.git_dir
    on_step("letting the reflogs go")
    git.run("reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all", at=at)
    on_step("letting the old objects go (git gc)")
    git.run("gc", "--quiet", "--prune=now", at=at)
    # What a migration writes is packed for speed, and a collection keeps each delta as it is.
    counted = git.run("count-objects", "-v", at=at).split()
    if int(counted[counted.index(b"size-pack:") + 1]) <= MAX_REPACKED:
        on_step("packing what is left anew (git repack)")
        git.run("-c", "pack.windowMemory=256m", "repack", "-a", "-d", "-f", "-q", at=at)
