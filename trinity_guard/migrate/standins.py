"""Stand-ins in the history, committed past the hooks: texts whose data is in the DVC cache, and not in Git."""

from __future__ import annotations

from trinity_guard.dvcrepo import odb, standin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def read(blob: bytes) -> standin.StandIn | None:
    """Return what a stand-in names, md5 "" where nobody can read it; None for bytes that are none."""
    if not standin.begins(blob):
        return None
    return standin.decode(blob) or standin.StandIn("", len(blob))


def here(cache: odb.Store, named: standin.StandIn) -> bool:
    """Whether the cache has an object of this name and size."""
    return bool(named.md5) and cache.size(named.md5) == named.size


def whole(cache: odb.Store, named: standin.StandIn, go_on: Callable[[], None]) -> bool:
    """Whether an object that is here has the bytes that the stand-in names: reads all of it; go_on may raise between
    its pieces."""

    def pieces() -> Iterator[bytes]:
        for piece in odb.read_file(cache.path(named.md5)):
            go_on()
            yield piece

    try:
        return odb.digest(pieces()) == (named.md5, named.size)
    except OSError:
        return False  # nobody may read it, or it has just gone
