"""Who else holds a path: DVC directories, pipelines, imports, git-lfs. Refused, or left alone, with the reason."""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.detect.inspect import is_bookkeeping
from trinity_guard.dvcrepo import decode, directory, dvcignore, paths, pipeline, pointer, project, tracked, walk
from trinity_guard.dvcrepo.paths import folders_above, inside_dvc, store_of
from trinity_guard.errors import GuardError, pathspec, quoted, shown, typed
from trinity_guard.git import gitignore, index
from trinity_guard.git.files import is_one_file

COMMITS_AT_ONCE = 500

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Container, Iterable, Mapping, Sequence

    from trinity_guard.dvcrepo.output import Output
    from trinity_guard.dvcrepo.tracked import Catalog


def project_of(place: git.Place, path: bytes, known: dict[bytes, bool] | None = None) -> bytes:
    """Return the DVC project (relative to the top) that a file belongs to. known: as `project.root_of` has it."""
    root = project.root_of(place.top, path, known)
    if root is None and index.entries_of([b".dvc/config"]):
        raise GuardError(
            problem=f"{shown(path)}: the DVC project's folder .dvc is not in this work tree (a sparse checkout?).",
            remedy="git sparse-checkout add .dvc     # or: git checkout -- .dvc",
        )
    if root is None:
        raise GuardError(problem=f"{shown(path)}: there is no DVC project here yet.", remedy="trinity-guard init")
    return root


def refuse_member(
    place: git.Place,
    root: bytes,
    folder: bytes,
    path: bytes,
    ignores: bool = True,
    known: dvcignore.IgnoreRules | None = None,
) -> None:
    """Refuse a file that DVC does not hold as a part of a directory, or that it is told not to see.

    ignores: whether any .dvcignore above it says anything. known: as `dvcignore.dvcignored` has it.
    """
    inside = path[len(folder) + 1 :]
    reason = "" if directory.is_plain(inside) else directory.refusal(inside)
    if ignores and not reason:
        top = place.file(root) if root else place.top
        hiding = dvcignore.dvcignored(top, _inside(root, path), known=known)
        reason = f"DVC is told to ignore it by {hiding}" if hiding else ""
    if reason:
        raise GuardError(
            problem=f"{shown(path)} cannot be a part of {shown(folder)}/, which is one artifact: {reason}.",
            remedy=f"git rm -q --cached -- {pathspec(path)}     # leaves it out",
        )


def _inside(root: bytes, path: bytes) -> bytes:
    return path[len(root) + 1 :] if root else path


def refuse_name(place: git.Place, root: bytes, path: bytes, known: dvcignore.IgnoreRules | None = None) -> None:
    """Refuse a name that DVC cannot hold, or that DVC is told not to see. known: as `dvcignore.dvcignored` has it."""
    if is_bookkeeping(path):
        raise GuardError(
            problem=f"{shown(path)} is one of the files that Git, DVC or trinity-guard work by: it belongs in Git.",
            remedy=f"git add {pathspec(path)}",
        )
    if store := store_of(path):
        raise GuardError(
            problem=f"{shown(path)} lies in {shown(store)}/, where DVC keeps its own files: not for Git to hold.",
            remedy=_leaving_store(store),
        )
    if inside_dvc(path):
        raise GuardError(
            problem=f"{shown(path)} lies in the folder .dvc, where DVC keeps its own files: no pointer is read there.",
            remedy=f"git rm -q --cached -- {pathspec(path)}     # and keep it in another folder",
        )
    reason = pointer.nameable(path[path.rfind(b"/") + 1 :])
    if reason is None:
        top = place.file(root) if root else place.top
        reason = dvcignore.dvcignored(top, _inside(root, path), known=known)
        if reason is not None:
            reason = f"DVC is told to ignore it by {reason}"
    if reason is not None:
        raise GuardError(
            problem=f"DVC cannot hold {shown(path)}: {reason}.",
            remedy="give the file another name, or list it under `exclude` in .trinity-guard.toml to leave it to Git",
        )


def _leaving_store(store: bytes) -> str:
    """Return what has Git let go of a cache or a remote in the work tree, and see it no more."""
    out = f"git rm -r -q --cached -- {pathspec(store)}     # the files stay where they are"
    if inside_dvc(store):
        return out  # DVC's own .gitignore knows it
    line = b"".join(b"/" + gitignore.line_for(step).removeprefix(b"/") for step in store.split(b"/")) + b"/"
    # The file need not end in a newline.
    return (
        f"{out}\nprintf '\\n%s\\n' {quoted(shown(line))} >> .gitignore     # so that no `git add -A` takes them again"
    )


def seen_by_dvc(place: git.Place) -> walk.Walk:
    """Return DVC's own walk of the work tree; it is asked about many pointers."""

    def read(path: bytes) -> bytes | None:
        try:
            return git.read(place.file(path), dvcignore.MAX_IGNORE)
        except OSError:
            return None

    return walk.Walk(read)


def refuse_unseen(seen: walk.Walk, root: bytes, path: bytes) -> None:
    """Refuse a file whose pointer DVC would not see: a clone's `dvc pull` would not bring it, and nobody would know."""
    reason = seen.hiding(root, path + paths.POINTER)
    if not reason:
        return
    folder = os.path.dirname(path)
    remedy = "take the line that hides it out of .gitignore: each artifact gets one of its own"
    if reason.startswith(f"it takes {shown(path)}.dvc "):  # the pointer alone, and no folder above it
        ignore = typed(os.path.join(folder, b".gitignore"))
        remedy = f"echo '!*.dvc' >> {ignore} && git add {ignore}     # lets pointers through"
    elif folder:
        lines = walk.letting_through(folder.split(b"/")[0])
        remedy += f"\nor write, in the .gitignore at the top, these in its place:\n{lines}"
    raise GuardError(f"DVC would not see {shown(path)}.dvc: {reason}.", remedy)


def refuse_other_case(place: git.Place, by_path: Mapping[bytes, Output], paths: Iterable[bytes]) -> None:
    """Refuse what is a pointer's file under a name that differs in its case alone: it would get a second pointer."""
    new = [path for path in paths if path not in by_path]
    held = {path.lower(): path for path in by_path} if new else {}
    for path in new:
        other = held.get(path.lower())
        if other is not None and is_one_file(place.file(path), place.file(other)):
            raise GuardError(
                problem=f"{shown(path)} is {shown(other)}, which {shown(by_path[other].source)} records: this file "
                "system does not tell case apart.",
                remedy=f"git rm -q --cached --ignore-unmatch -- {pathspec(path)}     # then one of:\n"
                f"trinity-guard convert {typed(other)}     # records it\n"
                f"trinity-guard mv {typed(other)} {typed(path)}     # renames it",
            )


def refuse_held(by_path: Mapping[bytes, Output], path: bytes) -> Output | None:
    """Return the pointer entry that may be refreshed for this path, None for a new one; refuse all other holders.

    by_path: what the pointers hold. Of a path in a directory that DVC holds as a whole, the entry is the directory's.
    """
    folder = paths.parent(path) if by_path else b""
    while folder:
        above = by_path.get(folder)
        if above is not None and above.kind == "dir":
            if not above.renewable:
                raise _in_directory(path, above)
            return above
        if above is not None:
            raise _in_place_of_file(path, above)
        folder = paths.parent(folder)
    held = by_path.get(path)
    if held is None or held.renewable:
        return held
    where = typed(held.target)
    if held.imported:
        raise GuardError(
            problem=f"{shown(path)} was imported by {shown(held.source)}, which says where it comes from.",
            remedy=f"{_out_of_git(path)}"
            f"dvc update {where}     # a newer version from its source, or\n"
            f"dvc remove {where} && trinity-guard add {typed(path)}     # make it yours",
        )
    raise GuardError(
        problem=f"{shown(path)} is recorded in {shown(held.source)}, a pointer with more in it than this file.",
        remedy=f"{_out_of_git(path)}dvc commit -f {where} && git add {pathspec(held.source)}",
    )


def _in_place_of_file(path: bytes, above: Output) -> GuardError:
    return GuardError(
        problem=f"{shown(path)} lies in {shown(above.path)}/, and {shown(above.source)} holds a file of that name.",
        remedy=f"git rm -q --cached -r -- {pathspec(above.path)}\n"
        f"dvc add {typed(above.path)} && git add {pathspec(above.source)}     # holds the folder as a whole",
    )


def _in_directory(path: bytes, above: Output) -> GuardError:
    return GuardError(
        problem=f"{shown(path)} lies in {shown(above.path)}/, which DVC holds as a whole ({shown(above.source)}).",
        remedy=f"{_out_of_git(path)}dvc add {typed(above.path)} && git add {pathspec(above.source)}",
    )


def _out_of_git(path: bytes) -> str:
    """Return the line that has Git let go of a file, where it has it: `add` and `convert` come without."""
    return f"git rm -q --cached -- {pathspec(path)}\n" if index.entries_of([path]) else ""


class Pipelines:
    """The outputs of a catalog's pipelines, and what its pointers leave to Git."""

    def __init__(self, place: git.Place, catalog: Catalog) -> None:
        self._outs = {out.path: out for out in catalog.held if not out.cache and not out.external}
        pipelines = catalog.named(paths.PIPELINE)
        locks = [catalog.entries.get(paths.lock_beside(e.path)) for e in pipelines]
        wanted = [e.oid for e in [*pipelines, *locks] if e is not None]
        data = decode.blobs(wanted)
        for entry, lock in zip(pipelines, locks, strict=True):
            lock_data = data[lock.oid] if lock is not None else None
            for out in pipeline.pipeline_outs(data[entry.oid] or b"", lock_data, entry.path, place.top):
                self._outs[out.path] = out

    def declare(self, path: bytes) -> bool:
        """Whether a pipeline makes it, or a pointer leaves it to Git."""
        return path in self._outs

    def of(self, path: bytes) -> Output | None:
        """Return what a pipeline says of a path that DVC caches for it."""
        known = self._outs.get(path)
        return known if known is not None and known.cache and known.stage else None

    def belongs_in_git(self, path: bytes, refuse: bool = True) -> bool:
        """Whether it is an output that DVC leaves to Git (cache: false); refuse those that a pipeline caches."""
        place = path if self._outs else b""
        while place:
            known = self._outs.get(place)
            if known is not None and not known.cache:
                return True
            if known is not None and refuse:
                made = [o.path for o in self._outs.values() if o.target == known.target and o.cache]
                raise StageOutputError(path, known, made)
            place = place[: max(place.rfind(b"/"), 0)]
        return False

    def refusal(self, path: bytes) -> StageOutputError | None:
        """Return what speaks against a pointer for a path, where a stage makes it and DVC caches it."""
        try:
            self.belongs_in_git(path)
        except StageOutputError as error:
            return error
        return None


class StageOutputError(GuardError):
    """A file, or a folder above it, is what a pipeline's stage makes and DVC caches."""

    def __init__(self, path: bytes, output: Output, made: Sequence[bytes]) -> None:
        """made: all that DVC caches of what the stage makes."""
        source = shown(output.source)
        out = _out_of_git(path)
        written = {paths.lock_beside(output.source): None}
        rules = gitignore.matching(made) if out else {}
        for other in made if out else ():
            if not gitignore.ignores(rules.get(other)):  # DVC gives it a line of its own
                written[os.path.join(os.path.dirname(other), b".gitignore")] = None
        way = f"dvc commit -f {typed(output.target)} && git add {' '.join(map(pathspec, written))}"
        super().__init__(
            problem=f"{shown(path)} is an output of stage '{output.stage}' in {source}: DVC keeps it, not Git.",
            remedy=f"{out}{way}     # or `cache: false` in {source}: it stays in Git" if out else way,
        )


def left_to_git(
    place: git.Place, versions: Collection[tuple[bytes, bytes]], files: Container[bytes] | None = None
) -> set[tuple[bytes, bytes]]:
    """Return those of these (commit, path) that a pipeline or a pointer of that very commit leaves to Git.

    commit: b"" for the index. files: paths of all files that any of the commits has, None where that is not known.
    """
    if not versions:
        return set()
    of: dict[bytes, list[bytes]] = {}
    for commit, path in versions:
        of.setdefault(commit, []).append(path)
    pipelines = _PipelinesOfCommits(place, {path for _, path in versions}, files)
    commits, found = list(of), set()
    for start in range(0, len(commits), COMMITS_AT_ONCE):
        some = {commit: of[commit] for commit in commits[start : start + COMMITS_AT_ONCE]}
        found |= pipelines.leaving(some)
    return found


class _PipelinesOfCommits:
    """The pipelines of the commits that hold artifacts: those above each file, and where the index has one.

    And the pointers beside these files, and those of the index that leave anything to Git (cache: false).
    """

    def __init__(self, place: git.Place, artifacts: Collection[bytes], files: Container[bytes] | None = None) -> None:
        """files: as for `left_to_git`; each name that none of a long history has is asked for as often as it has
        commits."""
        self._place = place
        self._files = files
        self._known: dict[tuple[tuple[bytes, bytes], ...], Pipelines | None] = {}
        catalog = tracked.load(place)
        folders = {os.path.dirname(e.path) for e in catalog.named(paths.PIPELINE)}
        folders.update(folders_above(artifacts))
        always = [os.path.join(f, n) for f in sorted(folders) for n in (paths.PIPELINE, paths.LOCK)]
        self._always = self._there([*always, *sorted({o.source for o in catalog.held if not o.cache})])

    def leaving(self, of: Mapping[bytes, Sequence[bytes]]) -> set[tuple[bytes, bytes]]:
        """Return those (commit, path) that the commit leaves to Git, of commits with some of their paths."""
        beside = {c: self._there([path + paths.POINTER for path in some]) for c, some in of.items()}
        by_commit = self._look({c: dict.fromkeys([*self._always, *beside[c]]) for c in of})
        return {
            (commit, path)
            for commit, pipelines in by_commit.items()
            if pipelines is not None
            for path in of[commit]
            if pipelines.belongs_in_git(path, refuse=False)
        }

    def _there(self, names: list[bytes]) -> list[bytes]:
        return names if self._files is None else [name for name in names if name in self._files]

    def _look(self, asked: Mapping[bytes, Iterable[bytes]]) -> dict[bytes, Pipelines | None]:
        """Read the pipelines of some commits, whose names are let go of before the next ones: with a long history's in
        one list, memory grows by 40 kB a commit."""
        names = [(commit, file) for commit, files in asked.items() for file in files]
        there: dict[bytes, list[tuple[bytes, bytes]]] = {commit: [] for commit in asked}
        for (commit, file), oid in zip(names, git.read_ids(c + b":" + f for c, f in names), strict=True):
            if oid:
                there[commit].append((file, oid))
        return {commit: self._read(tuple(sorted(found))) for commit, found in there.items()}

    def _read(self, files: tuple[tuple[bytes, bytes], ...]) -> Pipelines | None:
        """Return the pipelines of these files (path, blob); most commits have the same, and are read once."""
        if files not in self._known:
            entries = {f: index.Entry(index.REGULAR, o, f) for f, o in files}
            try:
                self._known[files] = Pipelines(self._place, tracked.of_entries(entries))
            except GuardError:
                self._known[files] = None  # DVC cannot read it either, so it leaves nothing to Git
        return self._known[files]
