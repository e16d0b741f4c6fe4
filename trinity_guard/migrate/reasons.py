"""Why a file that was selected stays in Git: in words, and told from what holds it already."""

from __future__ import annotations

from trinity_guard.migrate import held as dvc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trinity_guard.migrate.blobs import Size

LFS_ABSENT = "its LFS object is not here"
LFS_LOST = "its LFS object is not here, and the LFS server does not have it, or not whole"
LFS_TEXT = "it reads like a pointer of git-lfs, and nothing there gives it to git-lfs: it is the text that it is"
LFS_ENCODED = "a git-lfs extension encoded its object"
STAND_IN_ABSENT = "it is a stand-in, and the DVC cache here does not have the data that it names"
STAND_IN_BROKEN = "it is a stand-in that nobody can read: it was edited, or merged"
OTHER_MD5 = "another pointer in the same commit records other bytes for it"
OTHER_MODE = "another pointer in the same commit records another mode for it"
ELSEWHERE = "a pointer in another folder records it"
TAKEN = "a file of the pointer's name is there, and is no pointer to it"
IN_FOLDER = "it lies in a folder that DVC tracks as a whole"
OF_STAGE = "dvc.yaml makes it"
METRIC = "DVC leaves it to Git (cache: false)"
NESTED = "it belongs to another DVC project, in a folder below the top"
DVCIGNORED = "a .dvcignore hides it from DVC"
NOT_TEXT = "a folder above it has a name that is not UTF-8"
ELSE_REMOTE = "another pointer in the same commit keeps it on another remote"
NOT_PUSHED = "another pointer in the same commit keeps it from being pushed (push: false)"


def unnameable(folder: bytes) -> str | None:
    """Return why DVC can hold nothing in a folder of this path, None where it can."""
    try:
        folder.decode()
    except UnicodeDecodeError:
        return NOT_TEXT
    return None


def not_extracted(size: Size) -> str:
    """Return why a blob has no object."""
    if size.stand_in is not None:
        return STAND_IN_ABSENT if size.stand_in.md5 else STAND_IN_BROKEN
    if size.lfs is None:
        return "it was not extracted"
    return size.lfs.why or (LFS_ENCODED if size.lfs.encoded else LFS_ABSENT)


def of_held(held: dvc.Held, path: bytes, md5: str, isexec: bool, remote: str = "") -> str | None:
    """Return what a path that DVC holds says of a file, as Trees._reason does. remote: what a new pointer names."""
    if held.kind == dvc.PROJECT:
        return NESTED if path.startswith(held.path + b"/") else None
    if held.path == path:
        if held.kind == dvc.FILE:
            beside = held.by.rpartition(b"/")[0] == path.rpartition(b"/")[0]
            if held.md5 == md5 and held.isexec != isexec:
                return OTHER_MODE
            if held.md5 != md5:
                return OTHER_MD5
            if held.remote != remote:
                return ELSE_REMOTE
            return NOT_PUSHED if not held.push else "" if beside else ELSEWHERE
        return {dvc.FOLDER: OTHER_MD5, dvc.STAGE: OF_STAGE, dvc.IN_GIT: METRIC}[held.kind]
    if path.startswith(held.path + b"/"):
        return METRIC if held.kind == dvc.IN_GIT else OF_STAGE if held.kind == dvc.STAGE else IN_FOLDER
    return None
