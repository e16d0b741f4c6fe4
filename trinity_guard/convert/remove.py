"""`rm`: an artifact goes, as `git rm` lets a file go: data, pointer and ignore line; its bytes stay in the cache."""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.convert import relocate
from trinity_guard.convert.relocate import Gone, Moves
from trinity_guard.dvcrepo import compare
from trinity_guard.dvcrepo.output import DIR
from trinity_guard.dvcrepo.paths import POINTER, is_lock
from trinity_guard.errors import GuardError, pathspec, shown, typed
from trinity_guard.git import files, index

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trinity_guard.dvcrepo.output import Output
    from trinity_guard.dvcrepo.tracked import Catalog

HERE = (compare.PRESENT, compare.OTHER_VERSION)
NOT_HERE = (compare.DELETED, compare.MISSING)


def chosen(place: git.Place, catalog: Catalog, paths: Sequence[bytes]) -> list[Output]:
    """Return all outputs of the pointers that these paths mean: data, a pointer, or a folder of such."""
    found: dict[int, Output] = {}
    groups = grouped(catalog.held)
    for path in paths:
        meant = [o for o in catalog.held if any(_at_or_below(p, path) for p in (o.path, o.source) if p)]
        if not meant:
            raise _none(place, catalog, path)
        for output in meant:
            others = groups[output.source]
            if len(others) > 1 and not _at_or_below(output.source, path):
                raise GuardError(
                    problem=f"{shown(output.path)} is recorded in {shown(output.source)} together with others.",
                    remedy=f"trinity-guard rm {typed(output.source)}     # all that it records",
                )
            found.update((id(o), o) for o in others)
    return list(found.values())


def deleted(place: git.Place, outputs: Iterable[Output]) -> list[Output]:
    """Return those of pointers whose data was here, and is gone: all of it."""
    groups = grouped(outputs).values()
    return [o for group in groups if all(_is_gone(place, o) for o in group) for o in group]


def _is_gone(place: git.Place, output: Output) -> bool:
    return output.was_here and not os.path.lexists(place.file(output.path))


def _at_or_below(path: bytes, folder: bytes) -> bool:
    return not folder or path == folder or path.startswith(folder + b"/")


def _none(place: git.Place, catalog: Catalog, path: bytes) -> GuardError:
    """Return the error for a path that means no artifact: whose is it?"""
    pointer = path.removesuffix(POINTER) + POINTER
    if pointer in catalog.unmerged:
        return GuardError(
            problem=f"{shown(pointer)} is in conflict: a merge is under way.",
            remedy=f"trinity-guard use --ours {typed(path)}     # or --theirs; then again",
        )
    for output in catalog.outputs():
        if output.kind == DIR and path.startswith(output.path + b"/"):
            return GuardError(
                problem=f"{shown(path)} is a file of {shown(output.path)}, which DVC holds as a whole "
                f"({shown(output.source)}).",
                remedy=f"rm {typed(path)} && dvc commit -f {typed(output.target)}",
            )
        if is_lock(output.source) and output.path == path:
            return GuardError(
                problem=f"{shown(path)} is an output of stage '{output.stage}', and no pointer's.",
                remedy=f"dvc remove {typed(output.target)}     # lets the stage go",
            )
    if index.entries(path):
        return GuardError(f"no pointer holds {shown(path)}: it is Git's.", f"git rm -r -- {pathspec(path)}")
    here = os.path.lexists(place.file(path))
    return GuardError(
        f"{shown(path)}: " + ("no pointer holds it." if here else "no such file."), "trinity-guard status"
    )


def remove(place: git.Place, catalog: Catalog, outputs: Sequence[Output], cached: bool, force: bool) -> None:
    """Let these go. cached: the data stays in the work tree.

    Raises GuardError, before anything is touched, for what is recorded nowhere else (unless `force`).
    """
    comparison = compare.Comparison(place)
    states = comparison.states(outputs)
    if not force:
        _refuse_edited(place, catalog, outputs, cached)
        for output, state in states if not cached else ():
            _refuse_unrecorded(comparison, output, state)
    for output, state in states if not cached else ():
        if state in HERE or (force and state == compare.CHANGED):
            _take_away(place, comparison, output)
    gone = [Gone(source, catalog.entries[source].oid, group) for source, group in grouped(outputs).items()]
    relocate.settle(place, catalog, Moves(gone))


def grouped(outputs: Iterable[Output]) -> dict[bytes, list[Output]]:
    """Return the outputs by their pointers."""
    found: dict[bytes, list[Output]] = {}
    for output in outputs:
        found.setdefault(output.source, []).append(output)
    return found


def _refuse_edited(place: git.Place, catalog: Catalog, outputs: Sequence[Output], cached: bool) -> None:
    """Refuse pointers that no commit has as they are, as `git rm` does."""
    sources = list(grouped(outputs))
    ids = [catalog.entries[source].oid for source in sources]
    heads = git.read_ids(b"HEAD:" + source for source in sources)
    for source, oid, head, data in zip(sources, ids, heads, git.read_all(ids), strict=True):
        working = files.read_if_there(place.file(source))
        # Git's own filter for line ends may have written it.
        edited = working is not None and working.replace(b"\r\n", b"\n") != (data or b"").replace(b"\r\n", b"\n")
        if edited or (oid != head and not cached):
            name = typed(source.removesuffix(POINTER))
            raise GuardError(
                problem=f"{shown(source)} has changes that no commit has.",
                remedy=f"git commit     # records them first\ntrinity-guard rm --cached {name}     # keeps the file\n"
                f"trinity-guard rm -f {name}     # or lets them go",
            )


def _refuse_unrecorded(comparison: compare.Comparison, output: Output, state: str) -> None:
    """Refuse to take away bytes that are kept nowhere else."""
    name = typed(output.path)
    force = f"trinity-guard rm -f {name}     # or lets it go"
    if state in NOT_HERE:
        return
    if state not in HERE:
        what = "was replaced" if state == compare.REPLACED else "has changes that are recorded nowhere"
        keep = f"trinity-guard rm --cached {name}     # keeps it, and lets the pointer go\n{force}"
        raise GuardError(f"{shown(output.path)} {what}.", keep)
    if state == compare.PRESENT and not comparison.is_cached(output):
        raise GuardError(
            problem=f"{shown(output.path)}: its bytes are not in the DVC cache, and may be nowhere but here.",
            remedy=f"trinity-guard convert {name}     # puts them there\n{force}",
        )


def _take_away(place: git.Place, comparison: compare.Comparison, output: Output) -> None:
    """Take the data away; of a directory the files that DVC holds, and what folders that leaves empty."""
    full = place.file(output.path)
    if output.kind != DIR or os.path.islink(full):
        files.unlink(full)
        return
    for name in comparison.files_in(output):
        files.unlink(os.path.join(full, name))
    for folder, _, _ in os.walk(full, topdown=False):
        if not os.listdir(folder):
            os.rmdir(folder)
