"""Objects of the cache that the filter driver has flushed at `git add`, so that the commit need not do it again.

A mark tells a file as it was before it was flushed: whatever has been written since makes it another one.
"""

from __future__ import annotations

import os

from trinity_guard.git import files, records

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from trinity_guard.git import Place

# Bytes: of so many that no commit has asked for they are forgotten, and flushed twice.
MAX_NOTED = 4 << 20
PLAIN = b" plain"


def mark(path: bytes) -> bytes:
    """Return what tells a file, as it is now, from any other one."""
    return mark_of(os.stat(path))


def mark_of(found: os.stat_result) -> bytes:
    """Return the same of what the system says of it."""
    return b"%d %d %d %d" % (found.st_dev, found.st_ino, found.st_size, found.st_ctime_ns)


def note(place: Place, marks: Collection[bytes], plain: Collection[bytes] = ()) -> None:
    """Note objects that are on the disk, with their names, as they were marked before.

    plain: those whose first bytes are of no kind that anybody looks at more closely (detect/glance.py).
    """
    if not marks:
        return
    try:
        if os.path.lexists(_file(place)) and os.stat(_file(place)).st_size > MAX_NOTED:
            forget(place)
        records.append(_file(place), [(one + PLAIN if one in plain else one,) for one in marks])
    except OSError:
        return  # it saves work, and is no more than that


def noted(place: Place) -> dict[bytes, bool]:
    """Return the marks of what is on the disk, and of each whether its first bytes say nothing."""
    lines = (one for (one,) in records.read_if_readable(_file(place), 1))
    return {one.removesuffix(PLAIN): one.endswith(PLAIN) for one in lines}


def forget(place: Place) -> None:
    """Forget all of it: the commit has them."""
    files.unlink(_file(place))


def _file(place: Place) -> bytes:
    return os.path.join(place.git_dir, b"trinity-guard", b"flushed")
