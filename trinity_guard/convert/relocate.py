"""Pointers that go, or stand elsewhere now: ignore lines, `path:` and data follow, in index and work tree at once.

Data is moved first: bytes are never anywhere but in the old place or in the new one, and running it again completes
the work. The rest is a transaction as a conversion is, with its journal.
"""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.convert import ignorelines
from trinity_guard.convert.cache import cache_of
from trinity_guard.convert.transaction import Transaction
from trinity_guard.convert.writes import write_blobs
from trinity_guard.detect import owners
from trinity_guard.dvcrepo import compare, odb, paths, tracked
from trinity_guard.dvcrepo.output import DIR, seen_mark
from trinity_guard.dvcrepo.safe_paths import through_symlink
from trinity_guard.errors import GuardError, pathspec, shown, typed
from trinity_guard.git import files, index

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from trinity_guard.dvcrepo.output import Output
    from trinity_guard.dvcrepo.tracked import Catalog

    # A name for .gitignore, or b"": path, blob of what is dropped, pointer, its new blob (b"": it goes), name.
    Record = tuple[bytes, bytes, bytes, bytes, bytes]


class Gone:
    """A pointer that goes: its path, its blob, what it held."""

    __slots__ = ("oid", "outputs", "pointer")

    def __init__(self, pointer: bytes, oid: bytes, outputs: list[Output]) -> None:
        self.pointer = pointer
        self.oid = oid
        self.outputs = outputs


class Moved:
    """A pointer that stands elsewhere now: where it was, where it is, its bytes for index and work tree, what it holds.

    outputs: as many as it held before, in that order. any_version: data moves along that is another version, too.
    oid: its blob, where the index has that already.
    """

    __slots__ = ("any_version", "for_index", "for_tree", "gone", "oid", "outputs", "pointer")

    def __init__(self, gone: Gone, pointer: bytes, outputs: list[Output], for_index: bytes, for_tree: bytes) -> None:
        self.gone = gone
        self.pointer = pointer
        self.outputs = outputs
        self.for_index = for_index
        self.for_tree = for_tree
        self.any_version = False
        self.oid = b""

    def pairs(self) -> list[tuple[Output, Output]]:
        """Return (before, now) of the outputs whose data has another place now."""
        both = zip(self.gone.outputs, self.outputs, strict=True)
        return [(old, new) for old, new in both if old.path != new.path and is_kept(new) and is_kept(old)]


class Moves:
    """What becomes of pointers: which go, which stand elsewhere; and outputs that were brought without their line."""

    __slots__ = ("brought", "gone", "moved")

    def __init__(self, gone: Sequence[Gone] = (), moved: Sequence[Moved] = (), brought: Sequence[Output] = ()) -> None:
        self.gone = gone
        self.moved = moved
        self.brought = brought

    def __bool__(self) -> bool:
        return bool(self.gone or self.moved or self.brought)

    def leaving(self) -> list[Gone]:
        """Return what stands no more where it stood."""
        return [*self.gone, *(m.gone for m in self.moved)]

    def arriving(self) -> list[Output]:
        """Return what needs a line where it is now."""
        return [*(o for m in self.moved for o in m.outputs if is_kept(o)), *self.brought]


class Relocation:
    """What was done. taken: files whose ignore line is gone with their pointer; moved: (from, to) of data.

    stayed: (from, to, why) of data that did not move along. step: what it changed in index and work tree.
    """

    __slots__ = ("moved", "stayed", "step", "taken")

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.moved: list[tuple[bytes, bytes]] = []
        self.stayed: list[tuple[Output, Output, str]] = []
        self.step: Transaction | None = None

    def undo(self, place: git.Place) -> None:
        """Take it back: what it was a part of is refused."""
        if self.step is not None:
            self.step.undo()
        self.move_back(place)

    def move_back(self, place: git.Place) -> None:
        """Put the data where it was."""
        for old, new in reversed(self.moved):
            os.rename(place.file(new), place.file(old))


def is_kept(output: Output) -> bool:
    """Whether DVC keeps it beside Git, so that Git is to ignore it."""
    return output.cache and bool(output.path)


def settle(place: git.Place, catalog: Catalog, moves: Moves, with_data: bool = True) -> Relocation:
    """Bring index and work tree to what becomes of these pointers. with_data: False leaves data where it is."""
    arriving = moves.arriving()
    free = _free(place, catalog, moves)
    _refuse_conflicts(catalog, moves, [*free, *(o.path for o in arriving)])
    for output in arriving:
        link = through_symlink(place.top, output.path)
        if link is not None:
            raise GuardError(f"{shown(output.path)} lies in {shown(link)}, a folder that is a symlink.", "git status")
    lines = ignorelines.plan(place, catalog.entries, [o.path for o in arriving], free)
    _hand_over(place, [pair for m in moves.moved for pair in m.pairs()])
    outcome = Relocation()
    marks = _move_data(place, moves.moved, outcome) if with_data else {}
    try:
        outcome.step = _transact(place, catalog, moves, lines)
    except (GuardError, OSError):
        outcome.move_back(place)
        raise
    _remember(place, moves.moved, marks)
    outcome.taken = _without_line(place, catalog, moves, free, lines)
    return outcome


def _without_line(
    place: git.Place, catalog: Catalog, moves: Moves, free: Sequence[bytes], lines: ignorelines.IgnorePlan
) -> list[bytes]:
    """Return those whose ignore line is gone: we took it, or its file went with them (`rm -r`) or before them.

    Of what `trinity-guard rm` took away before, and of what never was here, nothing is known that was.
    """
    known = {o.path for g in moves.leaving() for o in g.outputs if o.was_here}
    alone = [p for p in free if p not in lines.taken_names and ignorelines.file_for(p) not in catalog.entries]
    alone = [p for p in alone if p in known or os.path.lexists(place.file(p))]
    gone = {*lines.taken_names, *ignorelines.not_ignored(alone)}
    return [path for path in free if path in gone]


def _free(place: git.Place, catalog: Catalog, moves: Moves) -> list[bytes]:
    """Return the paths that nothing holds any more: no other pointer, no lock, no pipeline."""
    leaving = moves.leaving()
    sources = {*(g.pointer for g in leaving), *(m.pointer for m in moves.moved)}
    held = {o.path for o in catalog.outputs() if o.source not in sources} | {o.path for o in moves.arriving()}
    free = [o.path for g in leaving for o in g.outputs if is_kept(o) and o.path not in held]
    if not (free and catalog.named(paths.PIPELINE)):
        return free
    pipelines = owners.Pipelines(place, catalog)
    return [path for path in free if not pipelines.declare(path)]


def _refuse_conflicts(catalog: Catalog, moves: Moves, data: Sequence[bytes]) -> None:
    """Refuse to touch a file that is in conflict: writing it would resolve it, for one side and without a word."""
    touched = {g.pointer for g in moves.leaving()} | {ignorelines.file_for(path) for path in data}
    for path in sorted(touched & catalog.unmerged):
        raise GuardError(
            problem=f"{shown(path)} is in conflict: a merge is under way.",
            remedy=f"resolve it first: edit {typed(path)}, then git add {pathspec(path)}",
        )


def _hand_over(place: git.Place, pairs: Sequence[tuple[Output, Output]]) -> None:
    """Have each DVC project's cache hold what is moved into it: `dvc push` there finds it nowhere else."""
    known: dict[bytes, bool] = {}
    for old, new in pairs:
        before, now = (owners.project_of(place, output.path, known) for output in (old, new))
        if before == now:
            continue
        source, target = (cache_of(place, project) for project in (before, now))
        for name in [*(md5 for md5, _ in (odb.children(source, old.name) if old.is_dir else ())), old.name]:
            if source.size(name) is not None and target.size(name) is None:
                odb.link(source, target, name)


# --- data ------------------------------------------------------------------------------------------------------


def _move_data(place: git.Place, moved: Sequence[Moved], outcome: Relocation) -> dict[bytes, bytes]:
    """Move the data of pointers that were renamed; return with which mark each is known to agree."""
    pairs = [(old, new, m.any_version) for m in moved for old, new in m.pairs()]
    comparison = compare.Comparison(place, tracked.HASH_LIMIT)
    states = {id(output): state for output, state in comparison.states([old for old, _, _ in pairs])}
    in_git = index.entries_of([old.path for old, _, _ in pairs])
    marks: dict[bytes, bytes] = {}
    arriving = {new.path for _, new, _ in pairs}
    for old, new, any_version in _in_order(pairs):
        if old.path in in_git or not os.path.lexists(place.file(old.path)):
            continue
        there = os.path.lexists(place.file(new.path))
        there = there and not files.is_one_file(place.file(old.path), place.file(new.path))
        if there and old.path in arriving and comparison.states([new])[0][1] == compare.PRESENT:
            continue  # somebody has moved the data, too
        agrees = states.get(id(old)) == compare.PRESENT
        edited = states.get(id(old)) == compare.CHANGED and comparison.is_edit(old)
        if not (agrees or edited or any_version):
            outcome.stayed.append((old, new, "is another version"))
            continue
        if there:
            outcome.stayed.append((old, new, f"stays, for {shown(new.path)} is there already"))
            continue
        os.makedirs(os.path.dirname(place.file(new.path)) or place.top, exist_ok=True)
        os.rename(place.file(old.path), place.file(new.path))
        outcome.moved.append((old.path, new.path))
        if (agrees or edited) and old.seen:
            marks[new.path] = old.seen
    return marks


def _in_order(pairs: Sequence[tuple[Output, Output, bool]]) -> list[tuple[Output, Output, bool]]:
    """Return them so that each finds its new place empty.

    Without those that change places: both are recorded, so that the checkout after the commit brings each from the
    cache, where a kill in the midst of moving them by a third place would leave neither.
    """
    waiting = {old.path: (old, new, any_version) for old, new, any_version in pairs}
    found: list[tuple[Output, Output, bool]] = []
    while waiting:
        free = [path for path, (_, new, _) in waiting.items() if new.path not in waiting]
        if not free:
            break
        found += [waiting.pop(path) for path in free]
    return found


# --- index and work tree ---------------------------------------------------------------------------------------


def _transact(place: git.Place, catalog: Catalog, moves: Moves, lines: ignorelines.IgnorePlan) -> Transaction:
    moved = moves.moved
    taken = {m.pointer for m in moved}  # a place that one leaves and another takes
    staged = [g.pointer for g in moves.leaving() if g.pointer in catalog.entries and g.pointer not in taken]
    new = [m for m in moved if not m.oid]
    ids = write_blobs(place, [*(m.for_index for m in new), *(data for _, data in lines.for_index)])
    for m, oid in zip(new, ids, strict=False):
        m.oid = oid
    changes = [(b"0", b"0" * len(moves.leaving()[0].oid), path) for path in [*staged, *lines.to_drop]]
    changes += [(index.REGULAR, m.oid, m.pointer) for m in new]
    written = zip(lines.for_index, ids[len(new) :], strict=True)
    changes += [(lines.mode(path), oid, path) for (path, _), oid in written]
    with Transaction(place, catalog.entries, _records(catalog, moves, lines)) as step:
        if changes:
            step.change_index(changes)
        _write(step, place, moved, staged, lines)
        index.refresh()
    return step


def _write(
    step: Transaction, place: git.Place, moved: Sequence[Moved], staged: Sequence[bytes], lines: ignorelines.IgnorePlan
) -> None:
    """Bring the work tree to what the index has now."""
    renamed = {m.gone.pointer: m.pointer for m in moved}
    # Of a pointer whose name changed in its case alone, the new name may mean the old file.
    aliased = [p for p in staged if p in renamed and files.is_one_file(place.file(p), place.file(renamed[p]))]
    for path in aliased:
        step.unlink(path)
    for m in moved:
        if files.read_if_there(place.file(m.pointer)) != m.for_tree:
            step.replace(m.pointer, m.for_tree)
    for path, data in lines.for_tree:
        step.replace(path, data)
    for path in [*(p for p in staged if p not in aliased), *lines.to_unlink]:
        step.unlink(path)


def _records(catalog: Catalog, moves: Moves, lines: ignorelines.IgnorePlan) -> list[Record]:
    taken, added = lines.taken_names, lines.added_names
    places = {m.pointer for m in moves.moved}
    leaving = [g for g in moves.leaving() if g.pointer not in places]
    found = [(o.path, g.oid, g.pointer, b"", taken.get(o.path, b"")) for g in leaving for o in g.outputs]
    placed = [(o, m.oid) for m in moves.moved for o in m.outputs]
    placed += [(o, catalog.entries[o.source].oid) for o in moves.brought]
    return found + [(o.path, b"", o.source, oid, added.get(o.path, b"")) for o, oid in placed]


def _remember(place: git.Place, moved: Sequence[Moved], marks: dict[bytes, bytes]) -> None:
    """Note that data which was seen to agree still does: it is the same file."""
    known = []
    for m in moved:
        for output in m.outputs:
            mark = marks.get(output.path) or output.seen
            same = os.path.isdir(place.file(output.path)) if output.kind == DIR else mark == _mark(place, output.path)
            output.oid = m.oid
            # An edit that moved along is one still: its mark is that of what it was.
            known.append((output, mark if same or output.path in marks else b""))
    if known:
        tracked.remember(place, known)


def _mark(place: git.Place, path: bytes) -> bytes:
    try:
        return seen_mark(os.lstat(place.file(path)))
    except OSError:
        return b""
