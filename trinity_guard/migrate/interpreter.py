"""What Python itself is asked for while a history is worked on."""

from __future__ import annotations

import contextlib
import gc
import sys
from collections.abc import Iterator

# A recursion a folder deep; the deepest paths that Git takes have some 2,000.
MAX_DEPTH = 10_000


@contextlib.contextmanager
def no_collections() -> Iterator[None]:
    """Look for no garbage: a history is millions of small tuples, and no cycles among them."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


@contextlib.contextmanager
def deep_recursion() -> Iterator[None]:
    """Allow a recursion as deep as folders may lie."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, MAX_DEPTH))
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)
