"""What a pointer or a lock says, as outputs: the one place where their bytes are understood."""

from __future__ import annotations

import sys

from trinity_guard.dvcrepo import paths, pointer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trinity_guard.dvcrepo.output import Output


def outputs_of(data: bytes, path: bytes, yaml: bytes | None = None) -> list[Output]:
    """Return the outputs that a pointer or a lock at this path (from the top) records.

    yaml: the dvc.yaml beside a lock, which says what of its outputs DVC caches and pushes.
    Raises GuardError for a file that DVC would not read, and for one that leads out of the repository or into .git.
    """
    if not paths.is_lock(path):
        return pointer.decode(data, path).outs
    module = "trinity_guard.dvcrepo.lockfile"
    __import__(module)  # most repositories have none, and every commit would pay for it
    found: list[Output] = sys.modules[module].outs(data, yaml, path)
    return found
