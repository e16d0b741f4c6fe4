"""Write the file that `--output` names, and say where printed commands are to be typed."""

from __future__ import annotations

import os
import stat

from trinity_guard import console
from trinity_guard.errors import UNUSABLE, GuardError, shown, typed
from trinity_guard.git import files

# Links there lead to what is open already, and are no files to be replaced; but one is a folder in memory.
NOT_TO_REPLACE, MEMORY = (b"/dev/", b"/proc/"), b"/dev/shm/"


def note_the_top(start: bytes) -> None:
    """Say where commands are to be typed that were told with paths from the top, which is the current folder by now."""
    top = os.path.relpath(os.getcwdb(), os.path.realpath(start))
    if top != b".":
        console.note(f"cd {typed(top)}     # its commands are for there, the top of the work tree")


def write_output(path: bytes, data: bytes) -> None:
    """Write the file that `--output` names: whole or not at all, through a link; into a device or a pipe as it is.

    To rename a file over /dev/stdout would take it from everybody on this machine. A link in a work tree may have come
    with the repository, or lead into DVC's cache: the file takes its place, and none is followed on the way.
    """
    path = os.path.abspath(path)
    files.refuse_behind_link(path)
    try:
        if os.path.islink(path) and files.in_work_tree(path):
            files.replace(path, data)
            return
        if _is_replaced(path):
            files.replace(os.path.realpath(path), data)
            return
        with open(path, "wb") as file:
            file.write(data)
    except (OSError, GuardError) as error:
        reason = error.strerror if isinstance(error, OSError) else error.problem.rpartition(": ")[2].rstrip(".")
        raise GuardError(f"cannot write {shown(path)}: {reason}.", "--output FILE", UNUSABLE) from error


def write_output_with_folder(path: str, data: bytes) -> None:
    """The same for a command that makes the folder of its output too."""
    folder = os.path.dirname(os.path.abspath(path))
    files.refuse_behind_link(os.fsencode(path))
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        said = shown(os.fsencode(folder))
        raise GuardError(f"cannot make {said}: {error.strerror}.", "--output FILE", UNUSABLE) from error
    write_output(os.fsencode(path), data)


def _is_replaced(path: bytes) -> bool:
    """Whether a file of ours takes the place of what is there; OSError where its folder is not."""
    os.stat(os.path.dirname(os.path.realpath(path)))
    try:
        whole = os.path.abspath(path)
        open_already = whole.startswith(NOT_TO_REPLACE) and not whole.startswith(MEMORY)
        return stat.S_ISREG(os.stat(path).st_mode) and not open_already
    except FileNotFoundError:
        return True
