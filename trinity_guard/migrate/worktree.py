"""Index and working tree brought along after the refs moved, and put back by an undo: no file's bytes are touched
but those of pointers, .gitignore files and DVC's own."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from stat import S_ISREG

from trinity_guard import git
from trinity_guard.dvcrepo import odb, paths
from trinity_guard.dvcrepo.decode import decoded
from trinity_guard.errors import UNUSABLE, GuardError, shown, typed
from trinity_guard.git import files
from trinity_guard.git.catfile import Source
from trinity_guard.migrate import lfsfiles, refusals
from trinity_guard.migrate.kinds import ATTRIBUTES

# What `git ls-files -v` says of files that a sparse checkout may leave out; a small letter: assumed to be unchanged.
SKIPPED = b"Ss"


class TreeDifference:
    """What differs between two commits: paths added (with their blobs), modified, deleted."""

    def __init__(self) -> None:
        self.added: dict[bytes, bytes] = {}
        self.modified: list[bytes] = []
        self.deleted: list[bytes] = []


def between(source: Source, old: bytes, new: bytes) -> TreeDifference:
    change = TreeDifference()
    for one in source.changes(old, new):
        if one.status == b"A":
            change.added[one.path] = one.oids[1]
        else:
            (change.deleted if one.status == b"D" else change.modified).append(one.path)
    return change


def untracked_in_the_way(source: Source, change: TreeDifference) -> list[bytes]:
    """Return the files of the work tree that are where new ones go, and are not the same."""
    place = source.place
    there = [path for path in change.added if os.path.lexists(place.file(path))]
    return [path for path in there if not _same(place.file(path), source.one(change.added[path]))]


def _same(file: bytes, data: bytes) -> bool:
    try:
        return git.read(file, len(data)) == data
    except OSError:
        return False  # no regular file, or a longer one


def unlike_their_pointers(source: Source, old: bytes, new: bytes) -> list[bytes]:
    """Return the artifacts whose working file is not as long as their pointer says.

    Git gave them other bytes than it stores (eol=crlf, autocrlf, an encoding), and the pointers have what is stored.
    """
    change = between(source, old, new)
    found = []
    for path in change.deleted:
        blob, file = change.added.get(path + b".dvc"), source.place.file(path)
        if blob is not None and os.path.isfile(file):
            [stored] = decoded(source.one(blob), path + b".dvc")
            if os.stat(file).st_size != stored.size:
                found.append(path)
    return found


def follow(source: Source, old: bytes, new: bytes, flags: Mapping[bytes, bytes]) -> None:
    """Bring index and work tree from one commit to its rewritten one; artifacts' files stay as they are.

    Twice is as good as once. flags: those that `flags_between` has found before.
    """
    change = between(source, old, new)
    outside = _outside(source, change)
    _read_tree(source, old, new)
    _leave_out(source, outside)
    for path in change.deleted:
        if os.path.basename(path) == ATTRIBUTES:
            _remove(source.place, path)
    wanted = [path for path in (*change.added, *change.modified) if path not in outside]
    # A sparse index takes .dvc for outside again; Git looks at files that are there all the same.
    skipped = _skipped(source)
    for path in skipped.intersection(wanted):
        files.replace_in(source.place, path, source.one(change.added[path]))
    _write(source, [path for path in wanted if path not in skipped])
    _flag(source, flags)


def advance(source: Source, old: bytes, new: bytes) -> None:
    """Bring index and work tree from a commit to a later one of the same history, as a fast-forward does.

    Twice is as good as once: `rehearse_advance` has looked for what could be written over.
    """
    _git(source, "read-tree", "--reset", "-u", new)


def rehearse_advance(source: Source, old: bytes, new: bytes) -> None:
    """Refuse, before any ref moves, where a fast-forward would write over something."""
    # In a copy of a repository the index knows of no file that it is as it was.
    git.attempt("update-index", "-q", "--refresh", at=source.place.top)
    result = git.attempt("read-tree", "-n", "-m", "-u", old, new, env=source.env, at=source.place.top)
    if result.code:
        raise GuardError(
            problem=f"the work tree cannot go on to the new commits, so no ref was moved: {shown(result.err.strip())}",
            remedy="git switch --detach     # then the branch moves alone; or move away what is in the way",
            exit_code=UNUSABLE,
        )


def rehearse(source: Source, old: bytes, new: bytes) -> None:
    """Refuse, before any ref moves, where index and work tree could not follow."""
    import shutil
    import tempfile

    lfsfiles.require_room(source, old, new)
    change, flagged = between(source, old, new), _flagged(source)
    local = [path for path in change.modified if path in flagged and _is_local(source, old, path)]
    if local:
        option = "no-skip-worktree" if flagged[local[0]] in SKIPPED else "no-assume-unchanged"
        raise GuardError(
            problem=f"Git was told not to look at {shown(local[0])} (skip-worktree, or assume-unchanged), and it has "
            "changes, which would be written over.",
            remedy=f"git update-index --{option} {typed(local[0])}     # then commit or stash them",
            exit_code=UNUSABLE,
        )
    with tempfile.TemporaryDirectory(prefix="trinity-guard-") as folder:
        index_file = os.path.join(source.place.git_dir, b"index")
        copy = os.path.join(os.fsencode(folder), b"index")
        if os.path.exists(index_file):
            shutil.copyfile(index_file, copy)
        env = {**source.env, "GIT_INDEX_FILE": os.fsdecode(copy)}
        result = git.attempt("read-tree", "-i", "-m", old, new, env=env, at=source.place.top)
    if result.code:
        raise GuardError(
            problem=f"the index could not follow the new history, so no ref was moved: {shown(result.err.strip())}",
            remedy="git status     # or migrate in a bare clone: git clone --mirror --no-local . NEW",
            exit_code=UNUSABLE,
        )


def flags_between(source: Source, old: bytes, new: bytes) -> dict[bytes, bytes]:
    """Return path -> flags of what a migration changes or takes away, which the index forgets with its entry."""
    change, flagged = between(source, old, new), _flagged(source)
    return {path: flagged[path] for path in (*change.modified, *change.deleted) if path in flagged}


def _flagged(source: Source) -> dict[bytes, bytes]:
    """Return path -> the letter of `git ls-files -v` of what Git is told not to look at."""
    out = git.run("ls-files", "-v", "-z", at=source.place.top)
    lines = [line for line in out.split(b"\0") if line]
    return {line[2:]: line[:1] for line in lines if line[:1] in SKIPPED or line[:1].islower()}


def _skipped(source: Source) -> set[bytes]:
    return {path for path, letter in _flagged(source).items() if letter in SKIPPED}


def _flag(source: Source, flags: Mapping[bytes, bytes]) -> None:
    """Tell Git again not to look at files, those of them that it has."""
    if not flags:
        return
    there = flags.keys() & set(git.run("ls-files", "-z", at=source.place.top).split(b"\0"))
    for option, letters in (("--skip-worktree", SKIPPED), ("--assume-unchanged", b"sh")):
        if data := _zeros(sorted(path for path in there if flags[path] in letters)):
            _git(source, "update-index", option, "-z", "--stdin", data=data)


def _is_local(source: Source, commit: bytes, path: bytes) -> bool:
    """Whether a file of the work tree is there, and is not that of the commit."""
    file = source.place.file(path)
    return os.path.lexists(file) and not _same(file, source.one(source.run("rev-parse", commit + b":" + path).strip()))


def _outside(source: Source, change: TreeDifference) -> set[bytes]:
    """Return the new and changed files that a sparse checkout leaves out: of folders that it leaves out whole."""
    flagged = _skipped(source)
    if not flagged:
        return set()
    listed = [path for path in git.run("ls-files", "-z", at=source.place.top).split(b"\0") if path]
    # After a kill the index has the new files already, not yet left out, and the artifacts no more.
    there = [path for path in listed if path not in flagged and path not in change.added]
    there += [path for path in change.deleted if os.path.lexists(source.place.file(path))]
    here = set(paths.folders_above(there))
    of_dvc = (b".dvc/", b".dvcignore")  # without them DVC does nothing
    added = {p for p in change.added if os.path.dirname(p) not in here and not p.startswith(of_dvc)}
    return added | (flagged & set(change.modified))


def _leave_out(source: Source, outside: Iterable[bytes]) -> None:
    if data := _zeros(outside):
        _git(source, "update-index", "--skip-worktree", "-z", "--stdin", data=data)


def go_back(source: Source, old: bytes, new: bytes, flags: Mapping[bytes, bytes]) -> None:
    """Undo `follow`: pointers and DVC's files go, artifacts that are missing come back out of Git."""
    change = between(source, old, new)
    outside = _outside(source, change)
    links = [path for path in change.deleted if _is_link(source.place, path)]
    _read_tree(source, new, old)
    outside |= _skipped(source) | {path for path in flags if flags[path] in SKIPPED and path not in links}
    gone = [p for p in change.deleted if p in links or not os.path.lexists(source.place.file(p))]
    back = [path for path in (*change.modified, *gone) if path not in outside]
    # Attributes first: they say what Git makes of the others.
    attributes = [path for path in back if os.path.basename(path) == ATTRIBUTES]
    _write(source, attributes)
    _write(source, [path for path in back if path not in attributes])
    for path in change.deleted:
        _make_its_own(source.place, path)
    for path in change.added:
        _remove(source.place, path)
    _flag(source, flags)
    _thin_out(source)
    # Git compares by time and size; without this it would have to read each artifact at every status.
    git.attempt("update-index", "-q", "--refresh", at=source.place.top)
    lfsfiles.put_texts_back(source, old, new)


def _is_link(place: git.Place, path: bytes) -> bool:
    """Whether a file is DVC's symlink to an object of a cache."""
    file = place.file(path)
    return os.path.islink(file) and b"/files/md5/" in os.readlink(file)


def _make_its_own(place: git.Place, path: bytes) -> None:
    """Make a file of its own of one that shares its bytes with the cache (a hard link), whatever they are by now."""
    import shutil

    file = place.file(path)
    try:
        stat = os.lstat(file)
    except OSError:
        return
    if S_ISREG(stat.st_mode) and (stat.st_nlink > 1 or not stat.st_mode & 0o200):
        copy = os.path.join(place.own, b"migrate", b"unlinked")
        shutil.copyfile(file, copy)
        os.chmod(copy, stat.st_mode & 0o777 | 0o200)
        shutil.move(os.fsdecode(copy), os.fsdecode(file))


def _read_tree(source: Source, old: bytes, new: bytes) -> None:
    # Without -u the work tree is not touched: the artifacts' files must stay.
    _git(source, "read-tree", "-i", "-m", old, new)


def _write(source: Source, paths: Sequence[bytes]) -> None:
    if paths:
        _git(source, "checkout-index", "-f", "-u", "-q", "-z", "--stdin", data=_zeros(paths))


def _git(source: Source, *args: git.Arg, data: bytes = b"") -> None:
    result = git.attempt(*args, data=data, env=source.env, at=source.place.top)
    if result.code:
        refusals.index_lock(source.place)
        words = result.err.decode("utf-8", "replace").strip()
        raise GuardError(
            problem=f"the refs have moved, but the work tree could not follow: {words}",
            remedy="trinity-guard migrate run     # again, when the reason is gone",
        )


def _thin_out(source: Source) -> None:
    """Take out again what a sparse checkout leaves out: new entries of the index know nothing of it.

    Not behind a migration: it would take out .dvc, without which DVC does nothing.
    """
    top = source.place.top
    if git.attempt("config", "--type=bool", "--get", "core.sparseCheckout", at=top).out == b"true\n":
        git.attempt("sparse-checkout", "reapply", env=source.env, at=top)


def _zeros(paths: Iterable[bytes]) -> bytes:
    return b"".join(path + b"\0" for path in paths)


def _remove(place: git.Place, path: bytes) -> None:
    file = place.file(path)
    if os.path.lexists(file) and not os.path.isdir(file):
        os.unlink(file)
    folder = os.path.dirname(file)
    while folder != place.top and len(folder) > len(place.top):
        try:
            os.rmdir(folder)
        except OSError:
            return  # not empty
        folder = os.path.dirname(folder)


# --- the cache


def move_objects(source: bytes, target: bytes) -> None:
    """Move a cache's objects to another folder: renamed where that can be, object by object where it must.

    Killed at any instant, each object is in one of the two; a second call completes it.
    """
    import shutil

    base = os.path.join(source, b"files", b"md5")
    if not os.path.isdir(base):
        return
    for prefix in sorted(os.listdir(base)):
        here, there = os.path.join(base, prefix), os.path.join(target, b"files", b"md5", prefix)
        os.makedirs(there, exist_ok=True)
        for name in os.listdir(here):
            if _is_whole(os.path.join(there, name), prefix + name):
                os.unlink(os.path.join(here, name))
            else:
                _moved(shutil.move, os.path.join(here, name), os.path.join(there, name))
        os.rmdir(here)
    for folder in (base, os.path.dirname(base), source):
        try:
            os.rmdir(folder)
        except OSError:
            return


def _is_whole(file: bytes, name: bytes) -> bool:
    """Whether an object is there and has the bytes of its name: a damaged one must not take the place of a good one."""
    try:
        return odb.md5_of(file).encode() == name.removesuffix(b".dir")
    except OSError:
        return False  # it is not there, or nobody can read it


def _moved(move: object, here: bytes, there: bytes) -> None:
    try:
        os.rename(here, there)
    except OSError:
        # Another file system: under a name of its own first, or a kill would leave half an object.
        move(os.fsdecode(here), os.fsdecode(there + b".moving"))  # type: ignore[operator]
        os.rename(there + b".moving", there)
