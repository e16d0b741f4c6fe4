"""Artifacts -> pointers, as one transaction: bytes into the cache, then the index, then the working tree.

Until the one `update-index`, nothing that anybody sees has changed; after it, a journal completes the working tree.
"""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.convert import directories, ignorelines, leftovers, scattered, standins
from trinity_guard.convert.cache import keep_bytes
from trinity_guard.convert.outcome import Converted, Directory, Outcome
from trinity_guard.convert.transaction import Transaction
from trinity_guard.convert.writes import write_blobs
from trinity_guard.detect import configuration, owners
from trinity_guard.detect.inspect import LFS_HEADS
from trinity_guard.dvcrepo import dvcignore, pointer, project, refresh, tracked
from trinity_guard.dvcrepo.decode import decoded
from trinity_guard.dvcrepo.noted import with_facts
from trinity_guard.dvcrepo.paths import is_pointer, parent
from trinity_guard.dvcrepo.safe_paths import through_symlink
from trinity_guard.errors import UNUSABLE, GuardError, pathspec, shown, together, typed
from trinity_guard.git import index
from trinity_guard.git.attributes import refuse_filter
from trinity_guard.git.files import read_if_there
from trinity_guard.git.objects import Objects

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from trinity_guard.convert.outcome import Remark
    from trinity_guard.detect.patterns import Rules
    from trinity_guard.dvcrepo.output import Output


def convert(
    place: git.Place,
    catalog: tracked.Catalog,
    entries: Sequence[index.Entry],
    on_progress: Callable[[int, int], None] | None = None,
    changed: Collection[bytes] = (),
    rules: Rules | None = None,
    swept: Collection[bytes] = (),
) -> Outcome:
    """Turn these files into pointers in the index in use, and bring the working tree along.

    An entry with an id is what was staged; without one (`add`) it is the working file as it is, of a directory that DVC
    holds all that is in it. rules: say which folders are one artifact.
    changed: those that nobody asked for by name, which only changed behind their pointers. Such a file is left out
    where it turns out to be another recorded version, or cannot be read to its end.
    swept: those that nobody asked for by name either, of a folder that was. One that is refused stops no other.
    """
    outcome = Outcome()
    entries = directories.with_all_tracked(catalog.by_path(), rules, entries)
    items, outcome.remarks = claim(place, catalog, entries, rules=rules, swept=swept)
    for item in items:
        item.named = item.path not in changed
    items = directories.gather(place, catalog, items)
    if rules is not None:
        scattered.refuse(place, rules, items)
    if items:
        _transact(place, catalog, items, outcome, on_progress)
    return outcome


def claim(
    place: git.Place,
    catalog: tracked.Catalog,
    entries: Sequence[index.Entry],
    refuse: bool = True,
    rules: Rules | None = None,
    swept: Collection[bytes] = (),
) -> tuple[list[Converted], list[Remark]]:
    """Return those of the files that are ours to convert, and remarks about those left to others.

    Raises GuardError for a file that DVC holds in another way, or cannot hold; with refuse=False those count as ours.
    """
    by_path, paths = catalog.by_path(), [e.path for e in entries]
    refusals = _Refusals(place, catalog, by_path, entries) if refuse else None
    pipelines, attributes = owners.Pipelines(place, catalog), standins.attributes_of(catalog, paths)
    stand_ins = standins.named_by(place, entries) if refuse else {}
    items: list[Converted] = []
    remarks: list[Remark] = []

    def look(entry: index.Entry) -> None:
        folder = directories.folder_of(by_path, rules, entry.path)
        in_git = pipelines.belongs_in_git(entry.path, refuse)
        if not in_git and (folder or attributes.filter(entry.path) != b"lfs"):
            item = Converted(entry, b"", attributes)
            item.stand_in = stand_ins.pop(entry.path, None)
            if refusals:
                refusals.check(item, folder)
            items.append(item)
        elif not in_git and entry.path not in stand_ins:
            remarks.extend(_left_to_lfs(place, entry))

    aside = _for_all(look, entries, swept)
    if aside is not None and not items:
        raise aside
    remarks += [(aside.problem, aside.remedy)] if aside is not None else []
    given_back = standins.restore(place, [entry for entry in entries if entry.path in stand_ins])
    return items, remarks + [(f"{shown(path)} is left to Git, which has its data now.", "") for path in given_back]


def _for_all(
    look: Callable[[index.Entry], None], entries: Iterable[index.Entry], swept: Collection[bytes]
) -> GuardError | None:
    """Look at each; what is refused is told all at once, and not one at each try. Return what is, of those swept."""
    refused: list[GuardError] = []
    aside: list[GuardError] = []
    for entry in entries:
        try:
            look(entry)
        except GuardError as error:
            (aside if entry.path in swept else refused).append(error)
    if refused:
        raise together(refused + aside)
    return together(aside) if aside else None


class _Refusals:
    """What speaks against a file as an artifact of ours. What many files have in common is looked at once."""

    def __init__(
        self, place: git.Place, catalog: tracked.Catalog, by_path: dict[bytes, Output], entries: Sequence[index.Entry]
    ) -> None:
        _refuse_broken(place, catalog)
        _refuse_sha256(entries)
        owners.refuse_other_case(place, by_path, [e.path for e in entries])
        self._place = place
        self._by_path = by_path
        self._seen = owners.seen_by_dvc(place)
        self._roots: dict[bytes, bool] = {}
        self._ignoring: dvcignore.IgnoreRules = {}
        self._folders: dict[bytes, directories.Folder] = {}

    def check(self, item: Converted, folder: bytes) -> None:
        """Note whose a file is, a part of a folder where one is given; GuardError where it cannot be ours."""
        if folder:
            item.folder = folder
            _refuse_member(self._place, self._folder(item), item)
            return
        item.project = owners.project_of(self._place, item.path, self._roots)
        refuse_filter(item.attributes, item.path)
        owners.refuse_name(self._place, item.project, item.path, self._ignoring)
        item.held = owners.refuse_held(self._by_path, item.path)
        owners.refuse_unseen(self._seen, item.project, item.path)

    def _folder(self, item: Converted) -> directories.Folder:
        if item.folder not in self._folders:  # of 10,000 files, one is asked whose they are
            owners.refuse_held(self._by_path, item.path)
            self._folders[item.folder] = directories.Folder(self._place, item.folder)
            owners.refuse_unseen(self._seen, self._folders[item.folder].project, item.folder)
        return self._folders[item.folder]


def _refuse_member(place: git.Place, folder: directories.Folder, item: Converted) -> None:
    """Refuse what cannot be a part of a folder."""
    item.project = folder.project
    refuse_filter(item.attributes, item.path)
    if item.path != item.folder:
        owners.refuse_member(place, item.project, item.folder, item.path, folder.ignores)
    if item.mode not in (index.REGULAR, index.EXECUTABLE) or item.attributes.filter(item.path) == b"lfs":
        what = "git-lfs keeps it" if item.mode == index.REGULAR else "it is no ordinary file"
        raise GuardError(
            problem=f"{shown(item.path)} cannot be a part of {shown(item.folder)}/, which is one artifact: {what}.",
            remedy=f"git rm -q --cached -- {pathspec(item.path)}     # leaves it out",
        )


def _refuse_sha256(entries: Sequence[index.Entry]) -> None:
    if any(len(e.oid) == 64 for e in entries):
        raise GuardError(
            problem="this repository's object format is sha256, which DVC cannot work with.",
            remedy="git init     # a repository of the ordinary format",
            exit_code=UNUSABLE,
        )


def _refuse_broken(place: git.Place, catalog: tracked.Catalog) -> None:
    # One invalid .dvc file breaks every dvc command, and nobody could say what it holds.
    for path, error in catalog.broken.items():
        if is_pointer(path):
            from trinity_guard.dvcrepo.referenced import mending  # noqa: PLC0415  # walks the history, for a refusal

            raise GuardError(error.problem, mending(place, path, error), error.exit_code)


def _left_to_lfs(place: git.Place, entry: index.Entry) -> list[Remark]:
    if not entry.oid:
        raise GuardError(
            problem=f"{shown(entry.path)} is tracked by git-lfs (.gitattributes).",
            remedy=f"git lfs untrack {typed(entry.path)}     # then add it again",
        )
    head = Objects(place.common_dir).heads([entry.oid])[0]
    if head.first.startswith(LFS_HEADS):
        return []
    return [
        (
            f"{shown(entry.path)} is left to git-lfs, but what is staged is no LFS pointer: is git-lfs installed?",
            f"git lfs install && git add --renormalize {pathspec(entry.path)}",
        )
    ]


def _transact(
    place: git.Place,
    catalog: tracked.Catalog,
    items: list[Converted],
    outcome: Outcome,
    on_progress: Callable[[int, int], None] | None,
) -> None:
    _refuse_conflicts(catalog, items)
    _refuse_obstacles(place, items)
    plan = ignorelines.plan(place, catalog.entries, [i.path for i in items])
    ignorelines.plan_attributes(place, catalog, plan)
    _watch(place, items)
    outcome.left = keep_bytes(place, [source for item in items for source in item.sources], on_progress)
    left = {output.path for output, _ in outcome.left}
    items = outcome.converted = [i for i in items if i.path not in left]
    if items:
        _refuse_obstacles(place, items)  # keeping gigabytes takes its time: what came there since stays
        outcome.step = _write(place, catalog, items, plan)


def _write(
    place: git.Place, catalog: tracked.Catalog, items: list[Converted], plan: ignorelines.IgnorePlan
) -> Transaction:
    """Change the index, in one step, and bring the working tree along."""
    folders = [item for item in items if isinstance(item, Directory)]
    directories.finish(place, folders)
    pointers = _pointer_files(place, catalog, items)
    index_files = [index_version for index_version, _ in pointers] + [data for _, data in plan.for_index]
    ids = write_blobs(place, index_files)
    changes = [(b"0", b"0" * len(ids[0]), leaving.path) for i in items for leaving in i.leaving]
    changes += [(index.REGULAR, oid, i.pointer) for i, oid in zip(items, ids, strict=False)]
    changes += [(plan.mode(path), oid, path) for (path, _), oid in zip(plan.for_index, ids[len(items) :], strict=True)]
    staged = {**catalog.entries, **{gone.path: index.Entry(gone.mode, gone.oid, gone.path) for gone in _leaving(items)}}
    with Transaction(place, staged, _records(items, ids, plan)) as step:
        step.change_index(changes)
        for item, (_, working) in zip(items, pointers, strict=True):
            if item.alone:
                step.make(item.pointer, working)
            else:
                step.replace(item.pointer, working)
        for path, data in plan.for_tree:
            step.replace(path, data)
        for folder in folders:
            directories.clear(place, folder, step)
    index.refresh(changes)
    _remember(place, items, [data for data, _ in pointers], ids)
    return step


def _leaving(items: list[Converted]) -> list[Converted]:
    """Return what the index has, and lets go of."""
    return [leaving for item in items for leaving in item.leaving if leaving.oid]


def _records(items: list[Converted], ids: list[bytes], plan: ignorelines.IgnorePlan) -> list[tuple[bytes, ...]]:
    """Return what the journal has to say of these."""
    added = plan.added_names
    return [
        (leaving.path, leaving.oid, i.pointer, oid, added.get(leaving.path, b""))
        for i, oid in zip(items, ids, strict=False)
        for leaving in i.leaving
    ]


def _remember(place: git.Place, items: list[Converted], pointers: list[bytes], ids: list[bytes]) -> None:
    held = []
    for item, data, oid in zip(items, pointers, ids, strict=False):
        own = pointer.as_written(data, item.pointer, item.md5, item.size)
        for output in [own] if own else decoded(data, item.pointer):  # nobody asks for them again
            output.oid = oid
            if isinstance(item, Directory) and output.path == item.path:
                item.mark = directories.look(place, item, output)
            held.append((output, item.mark if output.path == item.path else b""))
    tracked.remember(place, held)
    leftovers.note(place, [(s.path, s.oid) for i in items for s in i.sources if s.oid and s.stand_in is None])


def _refuse_conflicts(catalog: tracked.Catalog, items: list[Converted]) -> None:
    """Refuse to touch a file that is in conflict: writing it would resolve it, for one side and without a word."""
    for item in items:
        for path in (item.pointer, ignorelines.file_for(item.path)):
            if path in catalog.unmerged:
                raise GuardError(
                    problem=f"{shown(path)} is in conflict (a merge is under way), and {shown(item.path)} needs it.",
                    remedy=_resolving(path),
                )


def _resolving(path: bytes) -> str:
    if is_pointer(path):
        word = pathspec(path)
        return f"git checkout --ours -- {word} && git add {word}     # then again: your file is recorded over it"
    return f"resolve it first: edit {typed(path)}, then git add {pathspec(path)}"


def _refuse_obstacles(place: git.Place, items: list[Converted]) -> None:
    """Refuse where the pointer cannot be written, before anything is; and note where nothing is there yet."""
    folders: dict[bytes, bytes | None] = {}
    names: dict[bytes, frozenset[bytes] | None] = {}
    for item in items:
        folder, _, name = item.pointer.rpartition(b"/")
        if folder not in folders:
            if through_symlink(place.top, item.pointer):
                raise GuardError(problem=f"{shown(item.path)} lies in a folder that is a symlink.")
            folders[folder] = _in_the_way(place, folder)
            names[folder] = _names(place.file(folder))
        # Of other letters a file system may have ideas of its own about what is the same name.
        there = names[folder]
        item.alone = there is not None and name.isascii() and name.lower() not in there
        obstacle = folders[folder] or (None if item.alone else _no_file(place, item.pointer))
        if obstacle is not None:
            wanted = "ordinary file" if obstacle == item.pointer else "folder"
            raise GuardError(
                problem=f"{shown(obstacle)} is in the way: it is no {wanted}.",
                remedy=f"move it away, then try again: mv {typed(obstacle)} …",
            )


def _names(folder: bytes) -> frozenset[bytes] | None:
    """Return what is in a folder, in lower case, as no file system tells less apart; None where nobody may list it."""
    try:
        return frozenset([name.lower() for name in os.listdir(folder)])
    except (FileNotFoundError, NotADirectoryError):
        return frozenset()
    except PermissionError:
        return None


def _no_file(place: git.Place, path: bytes) -> bytes | None:
    """Return the path where something stands at it that is no ordinary file, None where a file can be written."""
    try:
        return None if os.lstat(place.file(path)).st_mode & 0o170000 == 0o100000 else path
    except FileNotFoundError:
        return None


def _in_the_way(place: git.Place, folder: bytes) -> bytes | None:
    """Return what stands where this folder, or one above it, is or would be made; None where nothing does."""
    while folder and not os.path.isdir(place.file(folder)):
        if os.path.lexists(place.file(folder)):
            return folder
        folder = parent(folder)
    return None


# --- pointers --------------------------------------------------------------------------------------------------


def _pointer_files(place: git.Place, catalog: tracked.Catalog, items: list[Converted]) -> list[tuple[bytes, bytes]]:
    """Return the pointer's bytes for the index and for the working tree: unstaged edits of it stay unstaged."""
    known = {i.pointer: catalog.entries[i.pointer].oid for i in items if i.pointer in catalog.entries}
    contents = dict(zip(known, git.read_all(known.values()), strict=True))
    noted = _facts(place, items)
    return [_pointer_bytes(place, item, contents.get(item.pointer), noted.get(item.path, {})) for item in items]


def _facts(place: git.Place, items: list[Converted]) -> dict[bytes, dict[str, object]]:
    """Return what the pointers are to say of their data; nothing where the configuration does not want it."""
    if not any(item.watch for item in items):
        return {}
    from trinity_guard.convert import facts  # noqa: PLC0415  # most want none

    caches = project.Caches(place)
    seen = facts.noted(place)
    found = {}
    for item in items:
        cache = caches.of(item.pointer)
        if cache is not None and item.watch:
            said = seen.get((item.md5, item.watch.suffix))
            found[item.path] = item.watch.found(cache.path(item.md5), item.md5) if said is None else said
    facts.forget(place)
    return found


def _watch(place: git.Place, items: list[Converted]) -> None:
    """Have an eye on the bytes of those of which facts are wanted."""
    if configuration.load(place).facts:
        from trinity_guard.convert.facts import Watch  # noqa: PLC0415  # most want none

        for item in items:
            item.watch = None if isinstance(item, Directory) else Watch(item.path)


def _pointer_bytes(
    place: git.Place, item: Converted, staged: bytes | None, noted: dict[str, object]
) -> tuple[bytes, bytes]:
    working = None if item.alone else read_if_there(place.file(item.pointer))
    base = staged if staged is not None else working
    try:
        new = _renewed(item, base, noted)
    except GuardError as error:
        if staged is None:  # Git moves nothing that it does not track
            error.remedy = error.remedy.removeprefix("git ")
        raise
    item.renewed = any(source.oid for source in item.sources) or new != staged
    if working is None or working == base or staged is None:
        return new, new
    return new, _renewed(item, working, noted)


def _renewed(item: Converted, old: bytes | None, noted: dict[str, object]) -> bytes:
    isexec = item.mode == index.EXECUTABLE
    name = os.fsdecode(os.path.basename(item.path))
    if old is None:
        new = pointer.encode(item.md5, item.size, name, isexec, item.nfiles)
    else:
        new = refresh.refresh(old, item.pointer, name, item.md5, item.size, isexec, nfiles=item.nfiles)
    return with_facts(new, noted, pointer.is_plain(new, item.pointer)) if noted else new
