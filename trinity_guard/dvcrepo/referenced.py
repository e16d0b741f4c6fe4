"""Which objects do these commits name? Every pointer and dvc.lock, in what a commit changed or in its whole tree."""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.dvcrepo import lockfile, odb, tracked
from trinity_guard.dvcrepo import project as dvcproject
from trinity_guard.errors import GuardError, pathspec
from trinity_guard.git import index
from trinity_guard.git.revisions import tree, walked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# How many versions of a broken file are tried.
MAX_TRIED = 20


class Named:
    """An object that a commit names.

    md5 (`….dir` for a directory), size (bytes, -1 unknown; of a directory: of all its files), path (its pointer, or for
    a dvc.lock the output itself), commit, DVC project (from the top), remote ("" the default).
    certain: False where it may be an output that DVC does not keep, and only a template could tell.
    """

    __slots__ = ("certain", "commit", "md5", "path", "project", "remote", "size")
    FIELDS = 6

    def __init__(self, md5: str, size: int, path: bytes, commit: bytes, project: bytes, remote: str) -> None:
        self.md5 = md5
        self.size = size
        self.path = path
        self.commit = commit
        self.project = project
        self.remote = remote
        self.certain = True

    @property
    def is_dir(self) -> bool:
        return self.md5.endswith(".dir")

    def encode(self) -> tuple[bytes, ...]:
        return (self.md5.encode(), b"%d" % self.size, self.path, self.commit, self.project, self.remote.encode())

    @classmethod
    def decode(cls, f: Sequence[bytes]) -> Named:
        md5 = f[0].decode("ascii")
        if not odb.is_name(md5):
            raise ValueError(md5)
        return cls(md5, int(f[1]), f[2], f[3], f[4], f[5].decode())


def named_by(place: git.Place, commits: Sequence[bytes]) -> list[Named]:
    """Return the objects that the changes of these commits name, each once; `push: false` and the uncached are not."""
    return once(
        n for batch in walked(commits) for n in named_in(place, [(c, e) for c, entries in batch for e in entries])
    )


def named_at(place: git.Place, commits: Sequence[bytes]) -> list[Named]:
    """Return the objects that the whole trees of these commits name, each once."""
    return once(named_in(place, [(c, e) for c in commits for e in tree(c)]))


def once(found: Iterable[Named]) -> list[Named]:
    """Return each object of each project and remote once, as it was named first."""
    kept: dict[tuple[bytes, str, str], Named] = {}
    for named in found:
        kept.setdefault((named.project, named.remote, named.md5), named)
    return list(kept.values())


def is_reference(path: bytes) -> bool:
    """Whether a file of this name may name objects: a pointer, or a dvc.lock."""
    return path.endswith(b".dvc") or lockfile.is_lock(path)


def named_in(
    place: git.Place,
    files: Iterable[tuple[bytes, index.Entry]],
    broken: dict[tuple[bytes, bytes], GuardError] | None = None,
) -> list[Named]:
    """Return the objects that those of these (commit, file) pairs name which are pointers or locks.

    broken: where to note (commit, path) -> reason for those that cannot be read; without it the first one raises.
    """
    changed = [(c, e) for c, e in files if e.mode != index.SYMLINK]
    references = [(c, e) for c, e in changed if is_reference(e.path)]
    references += _locks_beside(changed)
    oids = list(dict.fromkeys(e.oid for _, e in references))
    contents = dict(zip(oids, git.read_all(oids), strict=True))
    yamls = _yamls_beside([(c, e) for c, e in references if lockfile.is_lock(e.path)])
    projects: dict[bytes, bool] = {}
    found: list[Named] = []
    for commit, entry in references:
        project = dvcproject.root_of(place.top, entry.path, projects) or b""
        data = contents[entry.oid] or b""
        try:
            if lockfile.is_lock(entry.path):
                found += _by_lock(entry, data, yamls.get((commit, entry.path)), commit, project)
            else:
                found += _by_pointer(entry, data, commit, project)
        except GuardError as error:
            if broken is None:
                raise
            broken[commit, entry.path] = error
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
    if not error.remedy.startswith(("git checkout HEAD -- ", "git checkout --ours -- ")):
        return error.remedy
    if git.run("ls-files", "-u", "-z", "--", path, env=git.literal()):
        return error.remedy  # a merge is under way
    name, commit = pathspec(path), last_good(place, path)
    again = "`dvc repro` writes it again" if lockfile.is_lock(path) else "`dvc add` the file again"
    if commit is None:
        return f"git rm -q --cached -- {name}     # no commit has a good one: {again}"
    return f"git checkout {commit[:10].decode()} -- {name}     # the last good version, or {again}"


def _by_pointer(entry: index.Entry, data: bytes, commit: bytes, project: bytes) -> list[Named]:
    return [
        Named(odb.LEGACY * held.legacy + held.md5, held.size, entry.path, commit, project, held.remote)
        for held in tracked.parse(entry, data)
        if held.kind != "foreign" and held.pushed
    ]


def _by_lock(entry: index.Entry, data: bytes, yaml: bytes | None, commit: bytes, project: bytes) -> list[Named]:
    found = []
    for out in lockfile.outs(data, yaml, entry.path):
        if out.cache and out.pushed:
            named = Named(odb.LEGACY * out.legacy + out.md5, out.size, out.path, commit, project, out.remote)
            named.certain = out.certain
            found.append(named)
    return found


def _locks_beside(files: Sequence[tuple[bytes, index.Entry]]) -> list[tuple[bytes, index.Entry]]:
    """Return the dvc.lock beside each dvc.yaml that changed without it: what is kept or pushed may be another now."""
    there = {(c, e.path) for c, e in files}
    yamls = [(c, lockfile.lock_beside(e.path)) for c, e in files if os.path.basename(e.path) == b"dvc.yaml"]
    alone = [pair for pair in yamls if pair not in there]
    oids = git.read_ids(c + b":" + path for c, path in alone) if alone else []
    return [(c, index.Entry(index.REGULAR, o, path)) for (c, path), o in zip(alone, oids, strict=True) if o]


def _yamls_beside(pairs: Sequence[tuple[bytes, index.Entry]]) -> dict[tuple[bytes, bytes], bytes | None]:
    """Return the dvc.yaml that belongs to each of these locks, out of the lock's own commit."""
    oids = git.read_ids(c + b":" + lockfile.yaml_beside(e.path) for c, e in pairs) if pairs else []
    there = [o for o in dict.fromkeys(oids) if o]
    contents = dict(zip(there, git.read_all(there), strict=True))
    return {(c, e.path): contents.get(o or b"") for (c, e), o in zip(pairs, oids, strict=True)}
