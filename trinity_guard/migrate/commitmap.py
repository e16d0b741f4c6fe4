"""The commit-map, lines `OLD NEW`: which new commit stands for which old one."""

from __future__ import annotations

from trinity_guard.errors import GuardError, shown

GOES_BACK = "trinity-guard migrate undo     # needs no map; a run after it writes one"


def read(path: bytes, remedy: str = GOES_BACK) -> dict[bytes, bytes]:
    """Return old -> new (hex) of a commit-map; GuardError with this remedy where it is gone or damaged."""
    try:
        with open(path, "rb") as file:
            pairs = [line.split(b" ") for line in file.read().splitlines()]
    except FileNotFoundError:
        raise _no_map(f"{shown(path)} is gone", remedy) from None
    except OSError as error:
        raise _no_map(f"cannot read {shown(path)}: {error.strerror}", remedy) from None
    if not all([len(name) for name in pair] == [40, 40] for pair in pairs):
        raise _no_map(f"{shown(path)} is damaged", remedy)
    return dict(pairs)


def _no_map(words: str, remedy: str) -> GuardError:
    return GuardError(problem=f"{words}: the commit-map says which new commit stands for which old one.", remedy=remedy)
