"""A remote that is a folder of this machine: served in this process, by the standard library alone."""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.dvcrepo import odb
from trinity_guard.errors import GuardError, shown, typed
from trinity_guard.remotes.base import RemoteError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from trinity_guard import Progress
    from trinity_guard.dvcrepo.output import Output

ABSENT = "is not on the remote"
DAMAGED = "is damaged on the remote"
# Before the path of the object in the cache.
DAMAGED_OBJECT = "its object in the cache is damaged ("
NOT_CACHED = "its object is not in the cache"
# What is copied is put in place after so many bytes, so that a kill loses no more than that.
SETTLE_AFTER = 256 << 20


def damaged_in(cache: odb.Store, md5: str) -> str:
    return f"{DAMAGED_OBJECT}{shown(cache.path(md5))})"


def dirs_last(items: Sequence[Output]) -> list[Output]:
    """Return each object once, those that list others after the others."""
    return sorted({item.name: item for item in items}.values(), key=lambda item: item.is_dir)


class FolderRemote:
    """A folder in DVC's layout. connect.Remote says what each method promises."""

    def __init__(self, name: str, folder: bytes, shared: bool = False) -> None:
        self.name = name
        self.folder = folder
        self._store = odb.Store(folder, shared)

    def __enter__(self) -> FolderRemote:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._store.abandon()

    def sizes(self, md5s: Sequence[str]) -> dict[str, int]:
        self._require_folder()
        try:
            found = {md5: self._store.size(md5) for md5 in md5s}
        except OSError as error:
            raise self._error("read", f"cannot be read: {error.strerror}") from None
        return {md5: size for md5, size in found.items() if size is not None}

    def send(self, cache: odb.Store, items: Sequence[Output], on_progress: Progress | None = None) -> dict[str, str]:
        reasons = {ABSENT: NOT_CACHED}
        try:
            lacking = _copy_all(cache, self._store, items, on_progress)
        except GuardError as error:
            raise RemoteError("write", error.problem, error.remedy) from None
        return {
            md5: damaged_in(cache, md5) if reason == DAMAGED else reasons.get(reason, reason)
            for md5, reason in lacking.items()
        }

    def fetch(self, items: Sequence[Output], cache: odb.Store, on_progress: Progress | None = None) -> dict[str, str]:
        self._require_folder()
        return _copy_all(self._store, cache, items, on_progress)

    def _require_folder(self) -> None:
        """Refuse to tell what a folder has that is not there: its disk may not be mounted."""
        if not os.path.isdir(self.folder):
            problem = f"the folder of the remote '{self.name}' is not there: {shown(self.folder)}"
            parent, folder = typed(os.path.dirname(self.folder)), typed(self.folder)
            remedy = f"ls -ld {parent}     # is its disk mounted? a new one: mkdir -p {folder}"
            raise RemoteError("read", problem, remedy)

    def probe(self) -> None:
        data = os.urandom(64)
        name = os.path.join(self.folder, b"trinity-guard-probe-" + os.urandom(8).hex().encode())
        step = "bucket"
        try:
            os.makedirs(self.folder, exist_ok=True)
            step = "write"
            with open(name, "xb") as file:
                file.write(data)
            step = "read"
            with open(name, "rb") as file:
                back = file.read()
            step = "delete"
            os.unlink(name)
        except OSError as error:
            raise self._error(step, f"failed the step `{step}`: {error.strerror}") from None
        if back != data:
            raise self._error("read", "gave back other bytes than were written")

    def _error(self, step: str, words: str) -> RemoteError:
        where = shown(self.folder)
        return RemoteError(step, f"the remote '{self.name}' ({where}) {words}", f"ls -ld {where}     # whose is it?")


def _copy_all(
    source: odb.Store, target: odb.Store, items: Sequence[Output], on_progress: Progress | None
) -> dict[str, str]:
    lacking: dict[str, str] = {}
    count = odb.ByteCounter(sum(max(item.object_size, 0) for item in items), on_progress)
    settled = 0
    try:
        for item in dirs_last(items):
            if count.done - settled > SETTLE_AFTER or item.is_dir:
                target.settle()
                settled = count.done
            reason = _copy(source, target, item, count)
            if reason:
                lacking[item.name] = reason
        target.settle()
    finally:
        target.abandon()
    return lacking


def _copy(source: odb.Store, target: odb.Store, item: Output, count: odb.ByteCounter) -> str:
    """Take one object over, hashing on the way; return why not, "" when it came."""
    md5, path = item.name, source.path(item.name)
    try:
        file = open(git.opened(path, links=True), "rb", buffering=0)
    except (FileNotFoundError, NotADirectoryError):
        return ABSENT
    except OSError as error:
        return f"{shown(path)} cannot be read: {error.strerror}"
    with file:
        size = os.fstat(file.fileno()).st_size
        if 0 <= item.object_size < size and not source.holds(md5):
            return DAMAGED  # not a byte more than the pointer names, but for one that is wrong itself
        pieces = iter(lambda: file.read(odb.PIECE), b"")
        stored = target.take(pieces, size, count)
    if not odb.says(md5, stored.md5, stored.temporary):
        target.drop(stored)
        return DAMAGED
    stored.md5 = md5
    return ""
