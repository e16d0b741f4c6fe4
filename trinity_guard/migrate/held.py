"""What the files of DVC's in a commit hold: which paths, by which kind of file, or that DVC cannot load one."""

from __future__ import annotations

from trinity_guard.dvcrepo import loadable, paths, pipeline
from trinity_guard.dvcrepo.decode import decoded
from trinity_guard.errors import GuardError, shown
from trinity_guard.migrate.ignorefiles import dvcignored

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from trinity_guard.dvcrepo.output import Output

# What holds a path: a .dvc file, one of a folder, a stage of dvc.yaml, the same with `cache: false`, or another DVC
# project below the top. MAYBE: a stage whose template (the path) nobody can resolve; BROKEN: a file that keeps DVC from
# loading anything, and in the place of its md5 why; UNSAVED: an output of which no bytes are recorded, or a directory:
# where files of Git's are in its place `dvc pull` would have to remove them; SAVED: one of these bytes (the object's
# name), where it writes over no others of Git's either; NAMED: one that a .dvcignore may hide;
# SOMEWHERE: one that names a remote.
FILE, FOLDER, STAGE, IN_GIT, PROJECT = "file", "folder", "stage", "git", "project"
MAYBE, BROKEN, UNSAVED, SAVED = "maybe", "broken", "unsaved", "saved"
NAMED, SOMEWHERE = "named", "somewhere"
OF_A_COMMIT = (MAYBE, BROKEN, UNSAVED, SAVED, NAMED, SOMEWHERE)


class Held:
    """A path that DVC already holds in a commit, by which kind of file, its md5 ("" unknown), its execute bit, the
    remote that it names, and whether it is pushed."""

    __slots__ = ("by", "isexec", "kind", "md5", "path", "push", "remote")

    def __init__(
        self, path: bytes, kind: str, md5: str, by: bytes, isexec: bool = False, remote: str = "", push: bool = True
    ) -> None:
        self.path = path
        self.kind = kind
        self.md5 = md5
        self.by = by
        self.isexec = isexec
        self.remote = remote
        self.push = push

    def concerns(self, folder: bytes) -> bool:
        """Whether it is a path in this folder (which ends with a slash), or one that the folder is in."""
        return self.path.startswith(folder) or folder.startswith(self.path + b"/")


LINKED = "it is a symlink, and what DVC finds behind it is not known"
NO_FILE = "it is no file of its own (a folder, or a symlink), and DVC reads it as one"


def _held(out: Output, where: bytes) -> Held:
    kind = IN_GIT if not out.cache else STAGE if out.stage else FOLDER if out.is_dir else FILE
    # The md5 of DVC 2 is that of the text with other line ends: it proves nothing.
    return Held(out.path, kind, "" if out.legacy else out.md5, where, out.isexec, out.remote, out.push)


def said_in(where: bytes, data: bytes, lock: bytes | None, read: Callable[[bytes], bytes | None]) -> list[Held]:
    """Return what a file of DVC's holds, or that DVC cannot load it."""
    try:
        outs, templates = (
            (decoded(data, where), []) if paths.is_pointer(where) else pipeline.at_commit(data, lock, where, read)
        )
    except GuardError as error:
        return [Held(where, BROKEN, error.problem, where)]
    files = [(where, data), *([(paths.lock_beside(where), lock)] if lock is not None else [])]
    for path, text in files:
        if why := loadable.refused(text, path):
            return [Held(path, BROKEN, why, path)]
    own = [out for out in outs if not out.external]
    for out in own:
        if paths.is_pointer(out.path) or paths.is_pipeline(out.path) or dvcignored({}, out.path):
            return [Held(where, BROKEN, f"{shown(out.path)} cannot be an output, by its name", where)]
    maybe = [Held(t.encode("utf-8", "surrogateescape"), MAYBE, "", where) for t in templates]
    unsaved = [Held(out.path, UNSAVED, "", where) for out in own if out.cache and (out.is_dir or not out.md5)]
    by = paths.lock_beside(where) if lock is not None else where
    saved = [Held(out.path, SAVED, out.name, by) for out in own if out.cache and out.md5 and not out.is_dir]
    named = [Held(out.path, NAMED, "", where) for out in own]
    somewhere = [Held(out.path, SOMEWHERE, "", where, remote=out.remote) for out in own if out.cache and out.remote]
    return [_held(out, where) for out in own] + maybe + unsaved + saved + named + somewhere
