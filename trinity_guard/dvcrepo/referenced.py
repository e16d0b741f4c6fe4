"""Which objects do these commits name? Every pointer and dvc.lock, in what a commit changed or in its whole tree."""

from __future__ import annotations

from trinity_guard import git
from trinity_guard.dvcrepo import paths
from trinity_guard.dvcrepo import project as dvcproject
from trinity_guard.dvcrepo.decode import blobs, outputs_of
from trinity_guard.errors import GuardError, pathspec
from trinity_guard.git import index
from trinity_guard.git.revisions import tree, walked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trinity_guard.dvcrepo.output import Output

# How many versions of a broken file are tried.
MAX_TRIED = 20


def named_by(
    place: git.Place, commits: Sequence[bytes], broken: dict[tuple[bytes, bytes], GuardError] | None = None
) -> list[Output]:
    """Return the objects that the changes of these commits name, each once; `push: false` and the uncached are not."""
    batches = ([(c, e) for c, entries in batch for e in entries] for batch in walked(commits))
    return once(n for files in batches for n in named_in(place, files, broken))


def named_at(place: git.Place, commits: Sequence[bytes]) -> list[Output]:
    """Return the objects that the whole trees of these commits name, each once."""
    return once(named_in(place, [(c, e) for c in commits for e in tree(c)]))


def once(found: Iterable[Output]) -> list[Output]:
    """Return each object of each project and remote once, as it was named first."""
    kept: dict[tuple[bytes, str, str], Output] = {}
    for named in found:
        kept.setdefault((named.project, named.remote, named.name), named)
    return list(kept.values())


def named_in(
    place: git.Place,
    files: Iterable[tuple[bytes, index.Entry]],
    broken: dict[tuple[bytes, bytes], GuardError] | None = None,
    known: Iterable[Output] = (),
) -> list[Output]:
    """Return those of `held_in` that DVC pushes."""
    return [output for output in held_in(place, files, broken, known) if output.pushed]


def held_in(
    place: git.Place,
    files: Iterable[tuple[bytes, index.Entry]],
    broken: dict[tuple[bytes, bytes], GuardError] | None = None,
    known: Iterable[Output] = (),
) -> list[Output]:
    """Return the objects that DVC keeps for those of these (commit, file) pairs which are pointers or locks.

    broken: where to note (commit, path) -> reason for those that cannot be read; without it the first one raises.
    known: outputs that were read before; a pointer whose very blob one of them is of is not read again.
    """
    changed = [(c, e) for c, e in files if e.mode != index.SYMLINK]
    references = [(c, e) for c, e in changed if paths.is_reference(e.path)]
    references += _locks_beside(changed)
    remembered = _by_pointer(known)
    contents = blobs(e.oid for _, e in references if (e.path, e.oid) not in remembered)
    yamls = _yamls_beside([(c, e) for c, e in references if paths.is_lock(e.path)])
    projects: dict[bytes, bool] = {}
    found: list[Output] = []
    for commit, entry in references:
        project = dvcproject.root_of(place.top, entry.path, projects) or b""
        try:
            outputs = remembered.get((entry.path, entry.oid)) or outputs_of(
                contents[entry.oid] or b"", entry.path, yamls.get((commit, entry.path))
            )
        except GuardError as error:
            if broken is None:
                raise
            broken[commit, entry.path] = error
            continue
        for output in outputs:
            output.commit, output.project = commit, project
        found += [output for output in outputs if output.held]
    return found


def _by_pointer(known: Iterable[Output]) -> dict[tuple[bytes, bytes], list[Output]]:
    """Return (path, blob id) -> the outputs of each pointer; what a lock says depends on more than its blob."""
    found: dict[tuple[bytes, bytes], list[Output]] = {}
    for output in known:
        if paths.is_pointer(output.source):
            found.setdefault((output.source, output.oid), []).append(output)
    return found


def last_good(place: git.Place, path: bytes) -> bytes | None:
    """Return the newest of the last commits in which a pointer or a lock could be read, None where there is none."""
    # Of an unborn branch there are no commits.
    commits = git.attempt("rev-list", b"-%d" % MAX_TRIED, "HEAD", "--", path, env=git.literal()).out.split()
    for commit, oid in zip(commits, git.read_ids(c + b":" + path for c in commits) if commits else [], strict=True):
        broken: dict[tuple[bytes, bytes], GuardError] = {}
        if oid:
            named_in(place, [(commit, index.Entry(index.REGULAR, oid, path))], broken)
        if oid and not broken:
            return commit
    return None


def mending(place: git.Place, path: bytes, error: GuardError) -> str:
    """Return the command that mends a pointer or a lock that nobody can read: HEAD need have no good one."""
    if not error.remedy.startswith("git checkout HEAD -- "):
        return error.remedy
    if git.run("ls-files", "-u", "-z", "--", path, env=git.literal()):
        return error.remedy  # a merge is under way
    name, commit = pathspec(path), last_good(place, path)
    again = "`dvc repro` writes it again" if paths.is_lock(path) else "`dvc add` the file again"
    if commit is None:
        return f"git rm -q --cached -- {name}     # no commit has a good one: {again}"
    return f"git checkout {commit[:10].decode()} -- {name}     # the last good version, or {again}"


def _locks_beside(files: Sequence[tuple[bytes, index.Entry]]) -> list[tuple[bytes, index.Entry]]:
    """Return the dvc.lock beside each dvc.yaml that changed without it: what is kept or pushed may be another now."""
    there = {(c, e.path) for c, e in files}
    yamls = [(c, paths.lock_beside(e.path)) for c, e in files if paths.is_pipeline(e.path)]
    alone = [pair for pair in yamls if pair not in there]
    oids = git.read_ids(c + b":" + path for c, path in alone) if alone else []
    return [(c, index.Entry(index.REGULAR, o, path)) for (c, path), o in zip(alone, oids, strict=True) if o]


def _yamls_beside(pairs: Sequence[tuple[bytes, index.Entry]]) -> dict[tuple[bytes, bytes], bytes | None]:
    """Return the dvc.yaml that belongs to each of these locks, out of the lock's own commit."""
    oids = git.read_ids(c + b":" + paths.yaml_beside(e.path) for c, e in pairs) if pairs else []
    contents = blobs(o for o in oids if o)
    return {(c, e.path): contents.get(o or b"") for (c, e), o in zip(pairs, oids, strict=True)}
