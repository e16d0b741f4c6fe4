"""Index and working tree brought along after the refs moved, and put back by an undo: no file's bytes are touched
but those of pointers, .gitignore files and DVC's own."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from trinity_guard import git
from trinity_guard.dvcrepo.decode import decoded
from trinity_guard.errors import GuardError
from trinity_guard.git import index
from trinity_guard.git.catfile import Source


class TreeDifference:
    """What differs between two commits: paths added (with their blobs), modified, deleted."""

    def __init__(self) -> None:
        self.added: dict[bytes, bytes] = {}
        self.modified: list[bytes] = []
        self.deleted: list[bytes] = []


def between(source: Source, old: bytes, new: bytes) -> TreeDifference:
    out = source.run("diff-tree", "-r", "-z", "--raw", "--no-abbrev", "--no-renames", old, new)
    change = TreeDifference()
    for one in index.changes(out):
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


def follow(source: Source, old: bytes, new: bytes) -> None:
    """Bring index and work tree from one commit to its rewritten one; artifacts' files stay as they are.

    Twice is as good as once.
    """
    change = between(source, old, new)
    _read_tree(source, old, new)
    _write(source, [*change.added, *change.modified])


def go_back(source: Source, old: bytes, new: bytes) -> None:
    """Undo `follow`: pointers and DVC's files go, artifacts that are missing come back out of Git."""
    change = between(source, old, new)
    _read_tree(source, new, old)
    _write(source, change.modified)
    _write(source, [p for p in change.deleted if not os.path.lexists(source.place.file(p))])
    for path in change.added:
        _remove(source.place, path)
    _thin_out(source)
    # Git compares by time and size; without this it would have to read each artifact at every status.
    git.attempt("update-index", "-q", "--refresh", at=source.place.top)


def _read_tree(source: Source, old: bytes, new: bytes) -> None:
    # Without -u the work tree is not touched: the artifacts' files must stay.
    _git(source, "read-tree", "-i", "-m", old, new)


def _write(source: Source, paths: Sequence[bytes]) -> None:
    if paths:
        _git(source, "checkout-index", "-f", "-u", "-q", "-z", "--stdin", data=_zeros(paths))


def _git(source: Source, *args: git.Arg, data: bytes = b"") -> None:
    result = git.attempt(*args, data=data, env=source.env, at=source.place.top)
    if result.code:
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
            if os.path.lexists(os.path.join(there, name)):
                os.unlink(os.path.join(here, name))
            else:
                _moved(shutil.move, os.path.join(here, name), os.path.join(there, name))
        os.rmdir(here)
    for folder in (base, os.path.dirname(base), source):
        try:
            os.rmdir(folder)
        except OSError:
            return


def _moved(move: object, here: bytes, there: bytes) -> None:
    try:
        os.rename(here, there)
    except OSError:
        # Another file system: under a name of its own first, or a kill would leave half an object.
        move(os.fsdecode(here), os.fsdecode(there + b".moving"))  # type: ignore[operator]
        os.rename(there + b".moving", there)
