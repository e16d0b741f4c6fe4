"""What the commit under way does to pointers: which go, and which stand elsewhere now (`git rm`, `git mv`)."""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.convert import ignorelines
from trinity_guard.convert.relocate import Gone, Moved, Moves, is_kept
from trinity_guard.detect import owners
from trinity_guard.dvcrepo import directory
from trinity_guard.dvcrepo.decode import outputs_of
from trinity_guard.dvcrepo.paths import POINTER, is_pointer
from trinity_guard.dvcrepo.project import Caches
from trinity_guard.dvcrepo.refresh import renamed
from trinity_guard.errors import GuardError, pathspec, shown, typed
from trinity_guard.git import files, index

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Container, Iterable, Mapping

    from trinity_guard.dvcrepo.output import Output
    from trinity_guard.dvcrepo.tracked import Catalog


def find(place: git.Place, catalog: Catalog, former: Mapping[bytes, bytes], staged: Container[bytes] = ()) -> Moves:
    """Return what becomes of the pointers in which the index is not HEAD.

    former: the paths in which it is not, with their blobs there (b"": none). staged: artifacts that become pointers in
    this commit: one of theirs that is gone will be there again.
    """
    ids = {path: oid for path, oid in former.items() if is_pointer(path) and path not in catalog.unmerged}
    gone = _gone(catalog, [(path, oid) for path, oid in ids.items() if oid and path not in catalog.entries])
    gone = [g for g in gone if g.pointer.removesuffix(POINTER) not in staged]
    new = [path for path, oid in ids.items() if not oid and path in catalog.entries]
    misnamed = _misnamed(catalog, ids)
    # As `git diff -B` sees it, the place of one that says another's path was taken: by a swap, or after its own move.
    replaced = _gone(catalog, [(path, ids[path]) for path in misnamed if ids[path]])
    replaced = [g for g in replaced if _is_named_alike(g, g.pointer.removesuffix(POINTER))]
    moved = _moved(place, catalog, _pairs(catalog, gone + replaced, new + [g.pointer for g in replaced]))
    left, found = {id(m.gone) for m in moved}, {m.pointer for m in moved}
    moved += _copies(place, catalog, misnamed - found, {oid for oid in ids.values() if oid})
    unpaired = set(new) - {m.pointer for m in moved}
    brought = [o for o in catalog.held if o.source in unpaired and o.path not in staged]
    return Moves([g for g in gone if id(g) not in left], moved, without_line(brought))


def _misnamed(catalog: Catalog, pointers: Container[bytes]) -> set[bytes]:
    """Return those of the pointers that say the path of another file than the one that they are named as."""
    return {
        o.source
        for o in catalog.held
        if o.source in pointers and o.source != o.path + POINTER and is_kept(o) and _is_file_name(o.source, o.path)
    }


def _copies(place: git.Place, catalog: Catalog, pointers: Collection[bytes], former: set[bytes]) -> list[Moved]:
    """Return what becomes of pointers with the bytes of one that is named as its file is: `cp a.csv.dvc b.csv.dvc`.

    former: the blobs of pointers that this commit changes.
    """
    if not pointers:
        return []
    misnamed = {o.source for o in catalog.held if o.source != o.path + POINTER}
    known = former | {e.oid for path, e in catalog.entries.items() if is_pointer(path) and path not in misnamed}
    copied = sorted(path for path in pointers if catalog.entries[path].oid in known)
    found = []
    for pointer, text in zip(copied, git.read_all([catalog.entries[p].oid for p in copied]), strict=True):
        data = text or b""
        gone = Gone(pointer, catalog.entries[pointer].oid, outputs_of(data, pointer))
        if len(gone.outputs) == 1:
            _refuse(place, catalog, pointers, pointer, f"git rm -q -f -- {pathspec(pointer)}     # lets the copy go")
            working = files.read_if_there(place.file(pointer))
            moved = named(gone, pointer.removesuffix(POINTER), data, data if working is None else working)
            gone.outputs = moved.outputs  # no data is to be moved: the cache has it
            found.append(moved)
    return found


def moved_folders(place: git.Place, catalog: Catalog, staged: Collection[bytes]) -> list[bytes]:
    """Return the folders that were directories of DVC's under another name, which is gone: `mv d e && git add -A`.

    staged: the files that this commit brings. All that the list of such a directory names is among them, and nothing
    lies beside it that Git has had before.
    """
    caches, found = Caches(place), []
    for output in catalog.outputs():
        if output.is_dir and output.was_here and output.renewable and not os.path.lexists(place.file(output.path)):
            cache = caches.of(output.source)
            names = directory.in_cache(cache, output) if cache else None
            found += [f for f in _folders_with(names or {}, staged) if all(e.path in staged for e in index.entries(f))]
    return found


def _folders_with(names: Collection[bytes], staged: Collection[bytes]) -> list[bytes]:
    """Return the folders below which all of these files are staged."""
    first = b"/" + min(names, default=b"/")
    folders = [path.removesuffix(first) for path in staged if path.endswith(first)]
    return [folder for folder in folders if all(folder + b"/" + name in staged for name in names)]


def without_line(brought: list[Output]) -> list[Output]:
    """Return those of the outputs that Git does not ignore: `git checkout COMMIT -- x.dvc` brings no ignore line."""
    free = set(ignorelines.not_ignored([o.path for o in brought if is_kept(o)]))
    return [o for o in brought if o.path in free]


def _gone(catalog: Catalog, pointers: list[tuple[bytes, bytes]]) -> list[Gone]:
    seen = {(o.path, o.source, o.name): o.seen for o in catalog.former}
    found = []
    for (path, oid), data in zip(pointers, git.read_all([oid for _, oid in pointers]), strict=True):
        try:
            outputs = outputs_of(data or b"", path)
        except GuardError:
            continue  # one that nobody could read held nothing
        for output in outputs:
            output.seen = seen.get((output.path, output.source, output.name), b"")
        found.append(Gone(path, oid, outputs))
    return found


def _pairs(catalog: Catalog, gone: list[Gone], new: list[bytes]) -> list[tuple[Gone, bytes]]:
    """Return which pointer is which now: the same bytes, else the same objects; the same name first."""
    objects: dict[bytes, list[str]] = {path: [] for path in new}
    for output in catalog.held:
        if output.source in objects:
            objects[output.source].append(output.name)
    by_bytes = _grouped((catalog.entries[path].oid, path) for path in new)
    by_objects = _grouped((tuple(names), path) for path, names in objects.items())
    free = set(new)
    found = []
    for one in gone:
        alike = by_bytes.get(one.oid, []) + by_objects.get(tuple(o.name for o in one.outputs), [])
        path = _chosen([p for p in alike if p in free and p != one.pointer], os.path.basename(one.pointer))
        if path:
            free.remove(path)
            found.append((one, path))
    return found


def _grouped(pairs: Iterable[tuple[object, bytes]]) -> dict[object, list[bytes]]:
    found: dict[object, list[bytes]] = {}
    for key, path in pairs:
        found.setdefault(key, []).append(path)
    return found


def _chosen(alike: list[bytes], name: bytes) -> bytes:
    return next((path for path in alike if os.path.basename(path) == name), alike[0] if alike else b"")


def _moved(place: git.Place, catalog: Catalog, pairs: list[tuple[Gone, bytes]]) -> list[Moved]:
    found = []
    texts = git.read_all([catalog.entries[pointer].oid for _, pointer in pairs])
    moving = {path for gone, pointer in pairs for path in (gone.pointer, pointer)}
    for (gone, pointer), text in zip(pairs, texts, strict=True):
        data = text or b""
        working = files.read_if_there(place.file(pointer))
        working = data if working is None else working
        if catalog.entries[pointer].oid == gone.oid:
            found.append(_move(place, catalog, gone, pointer, moving, data, working))
        else:  # its path is what somebody wrote there
            found.append(Moved(gone, pointer, outputs_of(data, pointer), data, working))
    return found


def _move(
    place: git.Place,
    catalog: Catalog,
    gone: Gone,
    pointer: bytes,
    moving: Collection[bytes],
    staged: bytes,
    working: bytes,
) -> Moved:
    """Return what becomes of a pointer whose place is `pointer` now. moving: all pointers of this commit that move.

    One that is named as its file is stays so; another keeps the path that it says, from where it stands now.
    """
    outputs = outputs_of(staged, pointer)
    new = pointer.removesuffix(POINTER)
    if outputs[0].path != new and _is_named_alike(gone, new) and is_kept(outputs[0]):
        back = f"git mv {typed(pointer)} {pathspec(gone.pointer)}     # and give it another name"
        _refuse(place, catalog, moving, pointer, back)
        return named(gone, new, staged, working)
    moved = Moved(gone, pointer, outputs, staged, working)
    moved.oid = gone.oid
    return _seen_before(moved)


def named(gone: Gone, new: bytes, staged: bytes, working: bytes) -> Moved:
    """Return what becomes of a pointer, and of its one file, that is to have the path `new`."""
    pointer = new + POINTER
    staged, working = (_with_name(data, pointer, gone.outputs[0], new) for data in (staged, working))
    return _seen_before(Moved(gone, pointer, outputs_of(staged, pointer), staged, working))


def _seen_before(moved: Moved) -> Moved:
    for output, former in zip(moved.outputs, moved.gone.outputs, strict=True):
        output.seen = former.seen
    return moved


def _is_named_alike(gone: Gone, new: bytes) -> bool:
    """Whether a pointer is named as its one file is, so that its new name is a new name for that.

    `table.dvc` in the place of `t.csv.dvc` is none: DVC lets a pointer have any name.
    """
    alike = len(gone.outputs) == 1 and gone.outputs[0].path + POINTER == gone.pointer
    return alike and _is_file_name(new, gone.outputs[0].path)


def _is_file_name(new: bytes, former: bytes) -> bool:
    """Whether a pointer's name without its suffix looks like one of a file as the former was."""
    return b"." in os.path.basename(new.removesuffix(POINTER)) or b"." not in os.path.basename(former)


def _with_name(data: bytes, pointer: bytes, former: Output, new: bytes) -> bytes:
    old_name, new_name = (os.path.basename(path) for path in (former.path, new))
    if old_name == new_name or any(os.path.basename(o.path) == new_name for o in outputs_of(data, pointer)):
        return data
    return renamed(data, pointer, os.fsdecode(old_name), os.fsdecode(new_name))


def _refuse(place: git.Place, catalog: Catalog, moving: Collection[bytes], pointer: bytes, back: str) -> None:
    """Refuse a name that DVC cannot hold, or that is somebody else's. moving: pointers that get a name of their own."""
    path = pointer.removesuffix(POINTER)
    owners.refuse_name(place, owners.project_of(place, path), path)
    owners.refuse_unseen(owners.seen_by_dvc(place), owners.project_of(place, path), path)
    other = catalog.by_path().get(path)
    if other is not None and other.source not in moving:
        raise GuardError(f"{shown(path)} is recorded in {shown(other.source)} already.", back)
