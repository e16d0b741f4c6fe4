"""Objects that wait for their remote, on disk before they are pushed; and when a remote that failed is tried again."""

from __future__ import annotations

import os

from trinity_guard.errors import GuardError, shown, together
from trinity_guard.git import records

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from trinity_guard import git
    from trinity_guard.dvcrepo.output import Output

DAMAGED = b".damaged"
FIELDS = 6
# Minutes until the next try of its own after so many failures in a row; a person's own push always tries.
WAITS = (1, 2, 5, 15, 30, 60)


class Damaged(GuardError):  # noqa: N818  # what it is, not that it is one
    """A batch that nobody can read; by now it is put aside, and the next look finds the others."""


class Queue:
    """Objects that wait for their remote: one file a batch under the common git dir."""

    def __init__(self, place: git.Place) -> None:
        self._folder = place.queue

    def add(self, items: Sequence[Output]) -> None:
        if items:
            # Not by time and process alone: the next batch of this second would take its place.
            name = b"%s-%s" % (items[0].commit[:12], os.urandom(8).hex().encode())
            records.write(os.path.join(self._folder, name), [_encode(i) for i in items], durable=True)

    def read(self) -> list[Output]:
        """Return what waits, each object once, the oldest batch first; GuardError for what had to be put aside."""
        found: dict[tuple[bytes, str, str], Output] = {}
        damaged: list[GuardError] = []
        for file in self._files():
            try:
                for item in _decode(file):
                    found.setdefault(_key(item), item)
            except Damaged as error:
                damaged.append(error)
        if damaged:
            said = together(damaged)
            raise Damaged(said.problem, said.remedy)
        return list(found.values())

    def let_go(self, items: Sequence[Output]) -> None:
        """Take these entries out; those that other processes add meanwhile stay."""
        gone = {_key(i) for i in items}
        for file in self._files() if gone else ():
            try:
                entries = _entries(file)
            except ValueError:
                continue  # damaged: whoever reads the queue says so
            left = [e for e in entries if _key(e) not in gone]
            if not left:
                _unlink(file)
            elif len(left) < len(entries):
                records.write_if_writable(file, [_encode(e) for e in left], durable=True)

    def _files(self) -> list[bytes]:
        try:
            names = os.listdir(self._folder)
        except FileNotFoundError:
            return []
        found = []
        for name in names:
            if name.startswith(b".") or b".tmp-" in name or name.endswith(DAMAGED):
                continue  # being written, by this version or the one before; or put aside
            file = os.path.join(self._folder, name)
            try:
                found.append((os.stat(file).st_mtime_ns, file))
            except FileNotFoundError:
                continue  # a push that runs has let go of it
        return [file for _, file in sorted(found)]

    def empty(self) -> bool:
        return not self._files()


def _unlink(file: bytes) -> None:
    try:
        os.unlink(file)
    except FileNotFoundError:
        return  # another push let go of the same
    except OSError as error:
        if error.errno not in records.READ_ONLY:
            raise


def _key(item: Output) -> tuple[bytes, str, str]:
    return (item.project, item.remote, item.name)


def _entries(file: bytes) -> list[Output]:
    """Return the entries of a batch; ValueError for a damaged one."""
    found = [] if os.path.isdir(file) else records.read(file, FIELDS)
    if not found and os.path.lexists(file):
        raise ValueError
    return [_decoded(fields) for fields in found]  # none: a push that runs has let go of it


def _decode(file: bytes) -> list[Output]:
    try:
        return _entries(file)
    except ValueError:
        aside = file + DAMAGED
        try:
            os.rename(file, aside)
        except FileNotFoundError:
            return []  # another push put it aside, and says so
        raise Damaged(
            problem=f"the queue's file {shown(file)} was damaged; it is put aside as {shown(os.path.basename(aside))}.",
            remedy="trinity-guard push REV     # queues again what a commit names; without REV: HEAD",
        ) from None


def _encode(item: Output) -> tuple[bytes, ...]:
    return (item.name.encode(), b"%d" % item.size, item.record, item.commit, item.project, item.remote.encode())


def _decoded(fields: Sequence[bytes]) -> Output:
    from trinity_guard.dvcrepo.output import is_object, of_object  # noqa: PLC0415  # an empty queue names nothing

    name = fields[0].decode("ascii")
    if not is_object(name):
        raise ValueError(name)
    item = of_object(name, int(fields[1]))
    item.source, item.commit, item.project, item.remote = fields[2], fields[3], fields[4], fields[5].decode()
    return item


class Retries:
    """Which remotes failed lately, how often in a row, and when a push that nobody asked for tries them again."""

    def __init__(self, place: git.Place) -> None:
        self._file = os.path.join(place.own, b"retries")

    def read(self) -> dict[str, tuple[int, int]]:
        """Return remote -> (failures in a row, time of the next try in seconds since 1970)."""
        known = records.read_if_readable(self._file, 3)
        try:
            return {os.fsdecode(remote): (int(count), int(when)) for remote, count, when in known}
        except ValueError:
            return {}  # a damaged record: then every remote is tried

    def failed(self, remote: str) -> None:
        known = self.read()
        count = known.get(remote, (0, 0))[0] + 1
        known[remote] = (count, _now() + 60 * WAITS[min(count, len(WAITS)) - 1])
        self._write(known)

    def worked(self, remote: str) -> None:
        known = self.read()
        if known.pop(remote, None):
            self._write(known)

    def waits(self, remote: str) -> bool:
        """Whether it is too early for a try that nobody asked for."""
        return _to_come(self.read().get(remote, (0, 0))[1])

    def next_try(self) -> int | None:
        """Return when the first of the remotes that failed is tried again, None when none failed."""
        return min((when for _, when in self.read().values()), default=None)

    def _write(self, known: dict[str, tuple[int, int]]) -> None:
        rows = [(os.fsencode(name), b"%d" % count, b"%d" % when) for name, (count, when) in known.items()]
        records.write_if_writable(self._file, rows)


def due(place: git.Place) -> bool:
    """Whether something waits, and nothing speaks against trying it now."""
    if Queue(place).empty():
        return False
    when = Retries(place).next_try()
    return when is None or not _to_come(when)


def _to_come(when: int) -> bool:
    # A clock that was set back must not stop the tries for ever.
    return 0 < when - _now() <= 60 * WAITS[-1]


def _now() -> int:
    import time

    return int(time.time())
