"""Says what a checkout has overwritten that was recorded nowhere, and where it is kept."""

from __future__ import annotations

import contextlib
import os

from trinity_guard import console, git
from trinity_guard.checkout.overwritten import OnceRaw
from trinity_guard.errors import shown, typed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def named(place: git.Place) -> Iterator[None]:
    """Keep and name what Git overwrote before this hook; note what is there after it."""
    once_raw = OnceRaw(place)
    for path, kept in once_raw.rescue():
        where = os.path.relpath(kept, place.top) if place.top else kept
        console.warn(
            f"{shown(path)} had changes that were recorded nowhere, and this commit holds a file of its own there, "
            f"which Git has put in its place. Yours is kept: {shown(where)}",
            f"git checkout - && cp {typed(where)} {typed(path)}     # brings it back",
        )
    try:
        yield
    finally:
        once_raw.renew()
