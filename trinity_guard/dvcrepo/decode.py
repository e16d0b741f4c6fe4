"""What a pointer or a lock says, as outputs: the one place where their bytes are understood, each version once a run.

Checks that know nothing of each other ask for the same versions; doctor did so six times.
"""

from __future__ import annotations

import sys

from trinity_guard import git
from trinity_guard.dvcrepo import paths, pointer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from trinity_guard.dvcrepo.output import Output

# What is kept at most: bytes of blobs, and outputs of files. A blob above KEPT_EACH is read again.
KEPT_BYTES = 32 << 20
KEPT_EACH = pointer.MAX_BYTES
KEPT_FILES = 50_000


class _Known:
    """What was read and understood in this run. By content: a blob's id, a file's bytes and path say all of it."""

    __slots__ = ("blobs", "outputs", "size")

    def __init__(self) -> None:
        self.blobs: dict[bytes, bytes] = {}
        self.size = 0
        self.outputs: dict[tuple[bytes, bytes, bytes | None], list[Output]] = {}

    def keep(self, oid: bytes, data: bytes) -> None:
        if len(data) <= KEPT_EACH and self.size + len(data) <= KEPT_BYTES:
            self.blobs[oid] = data
            self.size += len(data)


_known = _Known()


def blobs(ids: Iterable[bytes]) -> dict[bytes, bytes | None]:
    """Return the bytes of these blobs of DVC's files by their ids; None for one that Git has not."""
    wanted = dict.fromkeys(ids)
    new = [oid for oid in wanted if oid not in _known.blobs]
    read = dict(zip(new, git.read_all(new), strict=True))
    for oid, data in read.items():
        if data is not None:
            _known.keep(oid, data)
    return {oid: read[oid] if oid in read else _known.blobs[oid] for oid in wanted}


def outputs_of(data: bytes, path: bytes, yaml: bytes | None = None) -> list[Output]:
    """Return the outputs that a pointer or a lock at this path (from the top) records, for the caller to change.

    yaml: the dvc.yaml beside a lock, which says what of its outputs DVC caches and pushes.
    Raises GuardError for a file that DVC would not read, and for one that leads out of the repository or into .git.
    """
    version = (path, data, yaml)
    found = _known.outputs.get(version)
    if found is None:
        found = decoded(data, path, yaml)
        if len(_known.outputs) < KEPT_FILES and len(data) <= KEPT_EACH:
            _known.outputs[version] = [output.copy() for output in found]
        return found
    return [output.copy() for output in found]


def decoded(data: bytes, path: bytes, yaml: bytes | None = None) -> list[Output]:
    """The same, kept for nobody: of a whole history, whose versions are each asked for once."""
    if not paths.is_lock(path):
        return pointer.decode(data, path).outs
    module = "trinity_guard.dvcrepo.lockfile"
    __import__(module)  # most repositories have none, and every commit would pay for it
    found: list[Output] = sys.modules[module].outs(data, yaml, path)
    return found
