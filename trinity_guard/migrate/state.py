"""What a migration remembers under `<git dir>/trinity-guard/migrate/`, so that one that was killed goes on.

state.json says how far it came; `objects` which blob is which object of the cache (kept after an undo); `commit-map`
and `report.json` are for people.
"""

from __future__ import annotations

import os
from array import array
from binascii import unhexlify
from collections.abc import Mapping

from trinity_guard.errors import UNUSABLE, GuardError, shown, typed
from trinity_guard.git import files, locks
from trinity_guard.git.ids import Ids

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from trinity_guard.git import Place

# Seconds that one waits for the last git of a migration that was killed.
PATIENCE = 5.0
# A folder for what an earlier run has left, while another one carries commits over to its history. state.json is put
# back last: until then it is known that something is to be put back.
BEFORE = b"before"
LEFT = (b"report.json", b"report.txt", b"commit-map", b"wanted", b"where.json", b"request.json", b"state.json")
MD5 = 16
# The phases of state.json. Before MOVING no ref was touched; at MOVED only the work tree may have to follow; at
# DONE all is; at UNDOING the refs may or may not be back. FINISHING: from when the first old ref goes until Git has
# collected; it can only be gone on with.
MOVING, MOVED, DONE, UNDOING, FINISHING = "moving", "moved", "done", "undoing", "finishing"
# Another tool has rewritten the history, and kept nothing of the old one but loose ends.
BY_TOOL = "by tool"
# What state.json says of branches: a remote had them (hex), too, when they were migrated.
PUBLISHED = "published"


class Object:
    """An object of the cache: md5 (hex), size in bytes; seen: the time (ns) of its file when it was seen to be good."""

    __slots__ = ("md5", "seen", "size")

    def __init__(self, md5: str, size: int, seen: int = 0) -> None:
        self.md5 = md5
        self.size = size
        self.seen = seen


class Objects(Mapping[bytes, Object]):
    """Blob (20 bytes) -> Object, packed, in the order in which they came; for one thread at a time."""

    def __init__(self, objects: Mapping[bytes, Object] | None = None) -> None:
        self._ids = Ids()
        self._md5s = bytearray()
        self._sizes = array("Q")
        self._seen = array("Q")
        self.update(objects or {})

    def __len__(self) -> int:
        return len(self._sizes)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._ids)

    def __contains__(self, blob: object) -> bool:
        return isinstance(blob, bytes) and blob in self._ids

    def __getitem__(self, blob: bytes) -> Object:
        at = self._ids.find(blob)
        if at < 0:
            raise KeyError(blob)
        md5 = self._md5s[at * MD5 : (at + 1) * MD5].hex()
        return Object(md5, self._sizes[at], self._seen[at])

    def __setitem__(self, blob: bytes, known: Object) -> None:
        at = self._ids.add(blob)
        self._md5s[at * MD5 : (at + 1) * MD5] = unhexlify(known.md5)
        self._sizes[at : at + 1] = array("Q", (known.size,))
        self._seen[at : at + 1] = array("Q", (known.seen,))

    def update(self, objects: Mapping[bytes, Object]) -> None:
        """Take all of these."""
        for blob, known in objects.items():
            self[blob] = known


class State:
    """One repository's migration; a context manager that holds its lock: one at a time."""

    def __init__(self, place: Place) -> None:
        self.folder = os.path.join(place.own, b"migrate")
        self._fd = -1

    def __enter__(self) -> State:
        import time

        os.makedirs(self.folder, exist_ok=True)
        self._fd = os.open(self.file(b"lock"), os.O_WRONLY | os.O_CREAT, 0o666)
        # The git that moves refs, or the work tree, holds it too: it may live on when we are killed.
        os.set_inheritable(self._fd, True)
        end = time.monotonic() + PATIENCE
        while not locks.take(self._fd, wait=False):
            if time.monotonic() < end:
                time.sleep(0.02)
                continue
            os.close(self._fd)
            raise GuardError(
                problem="another migration is at work in this repository.",
                remedy="wait until it is done",
                exit_code=UNUSABLE,
            )
        return self

    def __exit__(self, *_: object) -> None:
        import fcntl

        try:
            fcntl.flock(self._fd, fcntl.LOCK_UN)
        except OSError:
            pass  # a file system without locks has none to let go of
        finally:
            os.close(self._fd)

    def file(self, name: bytes) -> bytes:
        return os.path.join(self.folder, name)

    def read(self) -> dict[str, Any]:
        """Return what state.json says, nothing where there is none."""
        path = self.file(b"state.json")
        way_on = f"rm {typed(path)}\ntrinity-guard migrate undo     # says how to go back without it"
        found = self.load(b"state.json", way_on)
        if found and not isinstance(found.get("phase"), str):
            raise _damaged(path, way_on)
        return found

    def load(self, name: bytes, way_on: str) -> dict[str, Any]:
        """Return what a file of json says, nothing where there is none; GuardError with this remedy where it cannot."""
        import json

        try:
            with open(self.file(name), "rb") as file:
                found = json.loads(file.read())
        except FileNotFoundError:
            return {}
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise _damaged(self.file(name), way_on)
        return found

    def write(self, values: Mapping[str, Any]) -> None:
        """Replace state.json, flushed to the disk."""
        self.replace(b"state.json", dumped(values))

    def forget(self) -> None:
        """Remove state.json: there is no migration (any more)."""
        if os.path.lexists(self.file(b"state.json")):
            os.unlink(self.file(b"state.json"))

    def replace(self, name: bytes, data: bytes | Iterable[bytes]) -> None:
        """Replace a file of the folder, flushed to the disk."""
        try:
            files.replace(self.file(name), data, durable=True)
        except GuardError as error:
            raise _unwritable(error.problem.rstrip(".")) from error

    def report(self, values: Mapping[str, Any]) -> None:
        self.replace(b"report.json", dumped(values))

    # --- what an earlier run has left

    def keep(self) -> None:
        """Keep what an earlier run has left, to be put back where the next one moves no ref."""
        self.drop_kept()
        os.mkdir(self.file(BEFORE))
        for name in LEFT:
            if os.path.exists(self.file(name)):
                # It is replaced as a whole, never written into: a second name keeps it, where the file system can.
                _second_name(self.file(name), self.file(os.path.join(BEFORE, name)))

    def earlier(self) -> dict[str, Any]:
        """Return what state.json said before, nothing where nothing is kept."""
        return self.load(os.path.join(BEFORE, b"state.json"), "trinity-guard migrate undo")

    def put_back(self) -> None:
        """Put back what is kept."""
        for name in LEFT:
            if os.path.exists(kept := self.file(os.path.join(BEFORE, name))):
                os.replace(kept, self.file(name))
        self.drop_kept()

    def drop_kept(self) -> None:
        import shutil

        shutil.rmtree(self.file(BEFORE), ignore_errors=True)

    # --- which blob is which object

    def objects(self) -> Objects:
        """Return what earlier runs left; what cannot be read is not known."""
        found = Objects()
        try:
            with open(self.file(b"objects"), "rb") as file:
                for line in file:
                    fields = line.rstrip(b"\n").split(b" ")
                    # A line that a crash cut off is no line.
                    if len(fields) == 5 and fields[4] == b"." and len(fields[0] + fields[1]) == 72:
                        blob, md5, size, seen = fields[:4]
                        found[unhexlify(blob)] = Object(md5.decode(), int(size), int(seen))
        except FileNotFoundError:
            return found
        return found

    def add_objects(self, objects: Mapping[bytes, Object]) -> None:
        """Remember objects that are in the cache, flushed."""
        lines = [b"%s %s %d %d .\n" % (b.hex().encode(), o.md5.encode(), o.size, o.seen) for b, o in objects.items()]
        try:
            with open(self.file(b"objects"), "ab") as file:
                # A newline first: the last line may have been cut off.
                file.write(b"\n" + b"".join(lines))
        except OSError as error:
            raise _unwritable(f"cannot write to {shown(self.folder)}: {error.strerror}") from error


def _second_name(file: bytes, name: bytes) -> None:
    import shutil

    try:
        os.link(file, name)
    except OSError:
        shutil.copyfile(file, name)


def dumped(values: Mapping[str, Any]) -> bytes:
    """Return json as this folder's files have it."""
    import json

    return json.dumps(values, indent=1, sort_keys=True).encode() + b"\n"


def _damaged(path: bytes, way_on: str) -> GuardError:
    return GuardError(problem=f"{shown(path)} is damaged.", remedy=way_on)


def _unwritable(problem: str) -> GuardError:
    return GuardError(
        problem=f"{problem}; no ref was moved.",
        remedy="free some room or mend its permissions, then run it again",
    )
