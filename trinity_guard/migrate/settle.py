"""Going on where a run or an undo was cut off, and going back: refs, HEAD, index, work tree and cache."""

from __future__ import annotations

import os

from trinity_guard.dvcrepo import project as dvcproject
from trinity_guard.dvcrepo.private import keep_private
from trinity_guard.errors import UNUSABLE, GuardError, shown, typed
from trinity_guard.git import diffdriver, excludes, mergedriver
from trinity_guard.migrate import destination, lfsfiles, refs, refusals, worktree
from trinity_guard.migrate.state import BY_TOOL, DONE, FINISHING, MOVED, MOVING, PUBLISHED, UNDOING
from trinity_guard.remotes import trust

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from trinity_guard.git import Place
    from trinity_guard.git.catfile import Source
    from trinity_guard.migrate.destination import Destination
    from trinity_guard.migrate.migration import Migration

# What state.json says of this clone's own settings: the run has put our merge driver there, these places that are
# trusted, and the lines of info/exclude for what DVC keeps on this machine.
DRIVER, TRUSTED, PRIVATE = "driver", "trusted", "private"


def moves_of(values: Mapping[str, Any]) -> list[refs.Move]:
    """Return the moves that state.json records."""
    return [
        refs.Move(bytes.fromhex(name), old.encode(), new.encode(), *map(bytes.fromhex, more))
        for name, old, new, *more in values.get("refs", [])
    ]


def recorded(moves: Sequence[refs.Move]) -> list[list[str]]:
    """Return moves as state.json records them."""
    return [
        [m.name.hex(), m.old.decode(), m.new.decode(), m.target.hex(), m.kept.hex(), m.replaced.hex()] for m in moves
    ]


def flags_of(values: Mapping[str, Any]) -> dict[bytes, bytes]:
    """Return path -> flags of the index as state.json records them (see `worktree.flags_between`)."""
    return {bytes.fromhex(path): letter.encode() for path, letter in values.get("flags", {}).items()}


def resume(migration: Migration) -> bool:
    """Complete a run or an undo whose refs have moved, or have begun to; whether a run is complete by it."""
    source, state = migration.source, migration.state
    values = state.read()
    phase = values.get("phase")
    if phase == MOVING:
        moves = moves_of(values)
        if not begun(source, moves):
            forget(migration)
            return False
        if _where(source, moves) != "new":
            _finish_moving(source, moves)
        complete(migration, {**values, "phase": MOVED})
        return True
    if phase == MOVED:
        complete(migration, values)
        return True
    if phase == UNDOING:
        _undo(migration, values)
    return False


def forget(migration: Migration) -> None:
    """Forget a run that has moved no ref; what an earlier one left, to which it carried commits over, holds again."""
    state = migration.state
    if state.earlier():
        state.put_back()
    else:
        state.forget()


def begun(source: Source, moves: Sequence[refs.Move]) -> bool:
    """Whether the transaction changed anything: it also makes the originals."""
    found = refs.listed(source)
    kept = any(refs.is_kept(found, m) and m.kept != m.replaced for m in moves)
    return kept or any(refs.standing(found, m) == "new" for m in moves)


def _where(source: Source, moves: Sequence[refs.Move], gone: str = "elsewhere") -> str:
    """Return "old", "new" or "mixed": where the refs of a transaction stand. gone: what one that is gone counts as."""
    found = refs.listed(source)
    stands = {m.name: refs.standing(found, m) for m in moves}
    standing = {gone if one == "gone" else one for one in stands.values()}
    if "elsewhere" in standing:
        moved = next(m for m in moves if stands[m.name] in ("elsewhere", "gone"))
        # A work tree that did not go along would look changed, and be refused next.
        here = not source.place.bare and moved.name in (b"HEAD", found.head)
        back = "git reset --keep" if here else f"git update-ref {typed(moved.name)}"
        raise GuardError(
            problem=f"{shown(moved.name)} was moved by somebody else since the migration; it would be lost.",
            remedy=f"{back} {moved.new.decode()}     # when what it names now may go; then again",
            exit_code=UNUSABLE,
        )
    return standing.pop() if len(standing) == 1 else "mixed"


def _finish_moving(source: Source, moves: Sequence[refs.Move]) -> None:
    """Complete a transaction in which Git itself was killed: some of its refs are new, and some not yet."""
    found = refs.listed(source)
    missing = [m for m in moves if refs.standing(found, m) == "old" or not refs.is_kept(found, m)]
    refs.complete(source, missing, found)


def complete(migration: Migration, values: Mapping[str, Any]) -> None:
    """Let index, work tree and cache follow the refs."""
    state, place, head = migration.state, migration.place, values["head"]
    state.write(values)
    done = {**_with_earlier(migration.source, values, state.earlier()), "phase": DONE}
    if head is not None and not place.bare:
        commits = head[0].encode(), head[1].encode()
        if values.get("forward"):
            worktree.advance(migration.source, *commits)
        else:
            worktree.follow(migration.source, *commits, flags_of(values))
        home, target = os.fsencode(values["cache"]), place.file(b".dvc", b"cache")
        if home == os.path.join(place.own, b"cache") and os.path.isfile(place.file(b".dvc", b"config")):
            done.setdefault(PRIVATE, not excludes.kept_out(place))
            state.write({**values, PRIVATE: done[PRIVATE]})
            keep_private(place, dvcproject.load(place.top))
            worktree.move_objects(home, target)
            done["cache"] = os.fsdecode(target)
        lfsfiles.put_data(migration.source, head[0].encode(), head[1].encode(), os.fsencode(done["cache"]))
    state.write(done)
    state.drop_kept()


def _with_earlier(source: Source, values: Mapping[str, Any], earlier: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is known when a run is done: as though it and the earlier one, to whose history it carried commits
    over, had been one. What a mirror's `fetch --prune` has taken away, with its original, is not there for either."""
    found = refs.listed(source) if earlier else None
    there = [m for m in moves_of(earlier) if found and not (refs.is_gone(found, m) and m.original not in found.refs)]
    moved = {m.name: refs.Move(m.name, m.kept, m.new, m.target) for m in there}
    moves = moves_of(values)
    moved.update({m.name: refs.Move(m.name, m.kept, m.new, m.target) for m in moves})
    head = values["head"]
    if head is not None:
        kept = next(m.kept for m in moves if m.new.decode() == head[1] and m.old.decode() == head[0])
        head = [kept.decode(), head[1]]
    known = {**values, "refs": recorded(list(moved.values())), "head": head or earlier.get("head")}
    known["flags"] = {**values.get("flags", {}), **earlier.get("flags", {})}
    known.update((key, earlier[key]) for key in (DRIVER, TRUSTED, PRIVATE) if key in earlier)
    known[PUBLISHED] = sorted({*values.get(PUBLISHED, []), *earlier.get(PUBLISHED, [])})
    known.pop("forward", None)
    return known


def configure(migration: Migration, fresh: Destination | None) -> None:
    """Give this clone our merge driver, and note that the user knows where a fresh remote leads. What was not there
    before is recorded first: an undo takes it away again."""
    place, state = migration.place, migration.state
    values = state.read()
    new: dict[str, Any] = {}
    if not place.bare and not mergedriver.there(place):
        new[DRIVER] = True
    if fresh is not None and (key := destination.unnoted(place, fresh)):
        new[TRUSTED] = [*values.get(TRUSTED, []), key]
    if values and new:
        state.write({**values, **new})
    if not place.bare:
        # Branches that added files to one folder share its .gitignore now.
        mergedriver.register(place)
    if fresh is not None:
        # The remote's address was typed, or chosen by us: later pushes need not ask.
        destination.confirm(place, fresh)


def _put_config_back(place: Place, values: Mapping[str, Any]) -> None:
    # Where that of diffs is, which `init` alone adds, `init` wants this one too by now.
    if values.get(DRIVER) and not diffdriver.registered(place):
        mergedriver.unregister(place)
    for key in values.get(TRUSTED, []):
        trust.take_back(place, key)
    # What else DVC has put there by now would come to light.
    if values.get(PRIVATE) and not os.path.isdir(place.file(b".dvc")):
        excludes.let_in(place)


def complete_if_possible(migration: Migration) -> None:
    """Complete what was cut off; where the refs have moved, and the work tree cannot follow, that is for later: neither
    a proof nor an undo needs it."""
    try:
        resume(migration)
    except GuardError:
        if migration.state.read().get("phase") != MOVED:
            raise


def undo(migration: Migration) -> list[refs.Move]:
    """Put every ref, HEAD, index and work tree back as they were before the migration; return the refs."""
    with migration.state as state:
        begun = state.read()
        complete_if_possible(migration)
        if begun.get("phase") == UNDOING:
            return moves_of(begun)  # it was killed, and is complete by now
        values = state.read()
        if not values:
            raise nothing_to("undo", migration)
        if values["phase"] == FINISHING:
            raise GuardError(
                problem="the old history is being let go of: there is nothing whole to go back to.",
                remedy="trinity-guard migrate finish     # goes on with it",
                exit_code=UNUSABLE,
            )
        if not migration.place.bare:
            refusals.under_way(migration.place)
            refusals.index_lock(migration.place)
            if values["phase"] != MOVED:  # else it has not followed yet, and looks changed
                refusals.dirty(migration.place)
                values["head"] = _checked_out(migration.refs(), moves_of(values))
        refusals.linked_worktrees(migration.source, "the new")
        return _undo(migration, values)


def _checked_out(found: refs.Listed, moves: Sequence[refs.Move]) -> list[str] | None:
    """Return the old and the new commit of what is checked out by now; None where that stays on the new history: a
    branch that was made since, or a commit that no ref names."""
    name = found.head or b"HEAD"
    moved = next((m for m in moves if m.target == name and m.new == found.head_id), None)
    return [moved.old.decode(), moved.new.decode()] if moved is not None else None


def _still(found: refs.Listed, moves: Sequence[refs.Move], detached: bool = True) -> list[refs.Move]:
    """Return the moves that an undo puts back: not that of a HEAD that was detached, and names a branch by now.
    detached: False for these others."""
    return [m for m in moves if (m.name != b"HEAD" or not found.head) is detached]


def _undo(migration: Migration, values: Mapping[str, Any]) -> list[refs.Move]:
    """Go back, and return the moves that were put back. That state.json goes is the last that is done."""
    source, state, place = migration.source, migration.state, migration.place
    found = migration.refs()
    moves = _still(found, moves_of(values))
    where = _where(source, moves, gone="new")  # deleted since: nothing of the new history would be lost by it
    state.write({**values, "phase": UNDOING})
    if where != "old":
        refs.move_back(source, [m for m in moves if refs.standing(found, m) != "old"], found)
    refs.drop_originals(source, [m for m in _still(found, moves_of(values), False) if m.original in found.refs])
    head = values["head"]
    home = os.path.join(place.own, b"cache")
    if head is not None and not place.bare:
        if os.fsencode(values["cache"]) == place.file(b".dvc", b"cache") and not _had_dvc(source, head[0].encode()):
            worktree.move_objects(place.file(b".dvc", b"cache"), home)
        worktree.go_back(source, head[0].encode(), head[1].encode(), flags_of(values))
    _put_config_back(place, values)
    state.forget()
    return moves


def _had_dvc(source: Source, commit: bytes) -> bool:
    return source.attempt("cat-file", "-e", commit + b":.dvc").code == 0


def nothing_to(to: str, migration: Migration) -> GuardError:
    """Return the error where there is no migration to go on from."""
    if migration.state.read().get("phase") == BY_TOOL:
        return GuardError(
            problem=f"another tool has rewritten this history, and keeps no old one beside it to {to}.",
            remedy="trinity-guard migrate undo     # as long as Git has the old objects\n"
            "git reflog expire --expire=now --all && git gc --prune=now     # or lets them go",
            exit_code=UNUSABLE,
        )
    kept = refusals.originals(migration.refs())
    if kept:
        return refusals.forgotten(kept)
    return GuardError(
        problem=f"there is no migration to {to}.", remedy="trinity-guard migrate info", exit_code=UNUSABLE
    )
