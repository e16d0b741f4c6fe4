"""The commit-map, lines `OLD NEW`: which new commit stands for which old one."""

from __future__ import annotations

from itertools import islice

from trinity_guard.errors import GuardError, shown
from trinity_guard.git.ids import IdMap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


AT_ONCE = 4096
GOES_BACK = "trinity-guard migrate undo     # needs no map; a run after it writes one"


class Lines:
    """The text of a map old -> new (hex), some lines at a time: of a million commits it is 82 MB."""

    def __init__(self, ids: Mapping[bytes, bytes]) -> None:
        self._ids = ids

    def __iter__(self) -> Iterator[bytes]:
        lines = (b"%s %s\n" % pair for pair in self._ids.items())
        while some := b"".join(islice(lines, AT_ONCE)):
            yield some


def read(path: bytes, remedy: str = GOES_BACK) -> IdMap:
    """Return old -> new (hex) of a commit-map; GuardError with this remedy where it is gone or damaged."""
    try:
        with open(path, "rb") as file:
            return IdMap(map(_pair, file))
    except FileNotFoundError:
        raise _no_map(f"{shown(path)} is gone", remedy) from None
    except OSError as error:
        raise _no_map(f"cannot read {shown(path)}: {error.strerror}", remedy) from None
    except ValueError:
        raise _no_map(f"{shown(path)} is damaged", remedy) from None


def _pair(line: bytes) -> tuple[bytes, bytes]:
    """Return the two ids of a line; ValueError where it has others."""
    old, new = line.rstrip(b"\r\n").split(b" ")
    if (len(old), len(new)) != (40, 40):
        raise ValueError(line)
    return old, new


def _no_map(words: str, remedy: str) -> GuardError:
    return GuardError(problem=f"{words}: the commit-map says which new commit stands for which old one.", remedy=remedy)
