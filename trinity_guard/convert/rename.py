"""`mv`: an artifact gets another name or place, as `git mv` gives it to a file: data, pointer and ignore line."""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.convert import relocate, remove, staged_moves
from trinity_guard.convert.relocate import Gone, Moves, Relocation
from trinity_guard.detect import owners
from trinity_guard.dvcrepo import tracked
from trinity_guard.dvcrepo.decode import outputs_of
from trinity_guard.dvcrepo.output import DIR, IMPORT
from trinity_guard.dvcrepo.paths import POINTER
from trinity_guard.errors import GuardError, pathspec, shown, typed
from trinity_guard.git import files, index

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trinity_guard.dvcrepo.output import Output
    from trinity_guard.dvcrepo.tracked import Catalog


def rename(place: git.Place, catalog: Catalog, source: bytes, target: bytes, force: bool) -> Relocation:
    """Move an artifact, or a folder with all that is in it. An existing folder as the target takes it in.

    Raises GuardError before anything is touched.
    """
    one = next((o for o in catalog.held if source in (o.path, o.source)), None)
    if one is None:
        return _folder(place, catalog, source, target, force)
    target = target.removesuffix(POINTER) if source == one.source else target
    if os.path.isdir(place.file(target)) and not os.path.islink(place.file(target)):
        target = os.path.join(target, os.path.basename(one.path))
    _refuse(place, catalog, one, target)
    if _make_room(place, catalog, one.path, target, force):
        catalog = tracked.load(place)
    return relocate.settle(place, catalog, Moves(moved=[_moved(place, catalog, one, target)]))


def _moved(place: git.Place, catalog: Catalog, one: Output, target: bytes) -> relocate.Moved:
    entry = catalog.entries[one.source]
    data = git.read_all([entry.oid])[0] or b""
    working = files.read_if_there(place.file(one.source))
    gone = Gone(one.source, entry.oid, [one])
    moved = staged_moves.named(gone, target, data, data if working is None else working)
    moved.any_version = True
    return moved


def _refuse(place: git.Place, catalog: Catalog, one: Output, target: bytes) -> None:
    """Refuse what cannot be named so, or moved at all."""
    if one.path == target or (one.kind == DIR and target.startswith(one.path + b"/")):
        raise GuardError(
            f"{shown(one.path)} cannot be moved to {shown(target)}, into itself.", "trinity-guard mv --help"
        )
    if one.kind == IMPORT or one.imported:
        raise GuardError(
            problem=f"{shown(one.path)} was imported by {shown(one.source)}, which says where it comes from.",
            remedy=f"trinity-guard rm {typed(one.path)}     # then import it again, under the new name",
        )
    if one.source != one.path + POINTER:
        raise GuardError(
            problem=f"{shown(one.path)} is recorded in {shown(one.source)}, which is not named as it is.",
            remedy=f"git mv {typed(one.source)} {typed(one.path + POINTER)}     # then again",
        )
    if not os.path.isdir(place.file(os.path.dirname(target)) or b"."):
        folder = os.path.dirname(target)
        raise GuardError(f"there is no folder {shown(folder)}.", f"mkdir -p {typed(folder)}     # then again")
    owners.refuse_name(place, owners.project_of(place, target), target)
    if owners.project_of(place, target) != owners.project_of(place, one.path):
        raise GuardError(
            problem=f"{shown(target)} belongs to another DVC project, with a cache of its own.",
            remedy=f"cp {typed(one.path)} {typed(target)} && trinity-guard add {typed(target)} "
            f"&& trinity-guard rm {typed(one.path)}",
        )
    held = owners.refuse_held(catalog.by_path(), target)
    if held is not None and held.path != target:
        raise GuardError(
            problem=f"{shown(target)} lies in {shown(held.path)}/, which is one artifact ({shown(held.source)}).",
            remedy=f"cp {typed(one.path)} {typed(target)} && trinity-guard convert {typed(held.path)} "
            f"&& trinity-guard rm {typed(one.path)}",
        )
    owners.refuse_unseen(owners.seen_by_dvc(place), owners.project_of(place, target), target)
    owners.Pipelines(place, catalog).belongs_in_git(target)


def _make_room(place: git.Place, catalog: Catalog, source: bytes, target: bytes, force: bool) -> bool:
    """Refuse a target that is taken; with force let an artifact go whose bytes are in the cache. Whether one went."""
    pointer = target + POINTER
    pairs = ((source, target), (source + POINTER, pointer))
    taken = [p for old, p in pairs if os.path.lexists(place.file(p)) and not _is_same(place, old, p)]
    taken += index.entries_of([target, pointer])
    if not taken:
        return False
    if pointer not in catalog.entries:
        raise GuardError(
            problem=f"{shown(taken[0])} exists, and no pointer records it.",
            remedy=f"mv {typed(taken[0])} ELSEWHERE     # then again",
        )
    if not force:
        raise GuardError(
            problem=f"{shown(taken[0])} exists.",
            remedy=f"trinity-guard mv -f {typed(source)} {typed(target)}     # takes its place",
        )
    remove.remove(place, catalog, remove.chosen(place, catalog, [pointer]), cached=False, force=False)
    return True


def _is_same(place: git.Place, old: bytes, new: bytes) -> bool:
    return files.is_one_file(place.file(old), place.file(new))


# --- folders ---------------------------------------------------------------------------------------------------


def _folder(place: git.Place, catalog: Catalog, source: bytes, target: bytes, force: bool) -> Relocation:
    """Move a folder as Git does, which takes along all that is in it; then its ignore lines are seen to."""
    below = [o for o in catalog.held if o.source.startswith(source + b"/")]
    if not below or not os.path.isdir(place.file(source)):
        raise _no_artifact(place, catalog, source, target)
    if os.path.isdir(place.file(target)):
        target = os.path.join(target, os.path.basename(source))
    result = git.attempt("mv", *(["-f"] if force else []), "--", source, target, env=git.literal())
    if result.code:
        said = result.err.decode("utf-8", "replace").strip().removeprefix("fatal: ")
        raise GuardError(f"git mv: {said}.", "git status")
    moved = _moved_along(place, catalog, remove.grouped(below), source, target)
    return relocate.settle(place, tracked.load(place), Moves(moved=moved))


def _moved_along(
    place: git.Place, catalog: Catalog, former: dict[bytes, list[Output]], source: bytes, target: bytes
) -> list[relocate.Moved]:
    """Return what becomes of the pointers that Git has moved with their folder."""
    found = []
    ids = [catalog.entries[pointer].oid for pointer in former]
    for (old, outputs), oid, text in zip(former.items(), ids, git.read_all(ids), strict=True):
        pointer, data = target + old[len(source) :], text or b""
        working = files.read_if_there(place.file(pointer))
        now = outputs_of(data, pointer)
        for output, before in zip(now, outputs, strict=True):
            output.seen = before.seen
        moved = relocate.Moved(Gone(old, oid, outputs), pointer, now, data, data if working is None else working)
        moved.any_version, moved.oid = True, oid
        found.append(moved)
    return found


def _no_artifact(place: git.Place, catalog: Catalog, source: bytes, target: bytes) -> GuardError:
    if index.entries(source):
        return GuardError(
            problem=f"no pointer holds {shown(source)}: it is Git's.",
            remedy=f"git mv {typed(source)} {typed(target)}",
        )
    try:
        remove.chosen(place, catalog, [source])
    except GuardError as error:
        return error
    return GuardError(f"{shown(source)}: no such file.", f"git log -- {pathspec(source)}")
