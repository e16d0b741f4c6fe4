"""What Git shows of a pointer beside its own lines: by what the cache has here, in bounded time, each answer kept.

A child looks into the data: what a file of a stranger does to it, or takes too long, ends it and not Git's diff.
"""

from __future__ import annotations

import os
import select
import time

from trinity_guard import git
from trinity_guard.dvcrepo.output import is_md5
from trinity_guard.dvcrepo.pointer import decode
from trinity_guard.errors import GuardError
from trinity_guard.git import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from trinity_guard.dvcrepo.output import Output

SECONDS = 10.0
MAX_ANSWER = 1 << 20
MAX_KEPT = 5000
# Part of each answer's name: another version of us may say it otherwise.
FORMAT = "2"
MARK = "# "
TOO_LONG = "it took too long to look into the data here"
ROWS = 5  # of each kind


def output_of(data: bytes, path: bytes) -> Output | None:
    """Return the one output of a pointer; None for what is none, or has several."""
    try:
        found = decode(data, path).outs
    except GuardError:
        return None
    return found[0] if len(found) == 1 and found[0].held and is_md5(found[0].md5) else None


def compared(place: git.Place, before: Output | None, after: Output | None) -> list[str]:
    """Return in lines what changed between two versions that the cache has."""
    from trinity_guard.dvcrepo import tracked
    from trinity_guard.review import examine, sides
    from trinity_guard.review.contents import Contents
    from trinity_guard.review.formats import text
    from trinity_guard.review.review import scratch_folder

    versions = [sides.Version(o.path, o) if o else None for o in (before, after)]
    with scratch_folder() as scratch:
        contents = Contents(place, tracked.load(place), scratch)
        contents.stay_offline()
        change = sides.Change(versions[0], versions[1])
        found = examine.examine(change, contents, examine.Options(scratch, rows=ROWS))
    return [line for line, _ in text.of_one(found)]


def kept(place: git.Place, key: str, make: Callable[[], list[str]]) -> list[str]:
    """Return the lines of an answer: as they were kept, or as a child finds them, which keeps them."""
    known = known_before(place, key)
    if known is not None:
        return known
    answer = _in_child(make)
    if answer is None:
        return [TOO_LONG]
    _keep(place, _file(place, key), answer)
    return answer.decode("utf-8", "replace").splitlines()


def known_before(place: git.Place, key: str) -> list[str] | None:
    """Return the lines of an answer that was kept: what an md5 stands for is the same as ever; None for no answer."""
    try:
        return git.read(_file(place, key), MAX_ANSWER).decode("utf-8", "replace").splitlines()
    except OSError:
        return None


def _file(place: git.Place, key: str) -> bytes:
    return os.path.join(_folder(place), f"{key}-{FORMAT}".encode())


def _folder(place: git.Place) -> bytes:
    return os.path.join(place.own, b"review")


def _keep(place: git.Place, file: bytes, answer: bytes) -> None:
    """Keep an answer; what cannot be written now is found again the next time."""
    try:
        files.replace(file, answer)
        names = os.listdir(_folder(place))
        for name in names[: max(len(names) - MAX_KEPT, 0)]:
            files.unlink(os.path.join(_folder(place), name))
    except (OSError, GuardError):
        return


def _in_child(make: Callable[[], list[str]]) -> bytes | None:
    """Return what a child says within its time; None where it says nothing whole."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        _answer(writing, make)
    os.close(writing)
    said, until = b"", time.monotonic() + SECONDS
    whole = False
    while (left := until - time.monotonic()) > 0 and select.select([reading], [], [], left)[0]:
        piece = os.read(reading, 1 << 16)
        if not piece:
            whole = True
            break
        said += piece
    os.close(reading)
    if not whole:
        import signal

        os.kill(child, signal.SIGKILL)
    code = os.waitpid(child, 0)[1]
    return said if whole and not code else None


def _answer(writing: int, make: Callable[[], list[str]]) -> None:
    """Write what was found, and end this process: nothing of the parent's may run in it."""
    code = 1
    try:
        data = "\n".join(make()).encode("utf-8", "backslashreplace")
        while data:
            data = data[os.write(writing, data) :]
        code = 0
    finally:
        os._exit(code)
