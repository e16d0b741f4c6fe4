"""A note of the artifacts whose pointer went while their line of .gitignore stayed: Git would never show such a file.

Written where pointers are read and some are gone; what it says is looked at again before it is told
(detect/ignored.py). It is not begun here: the first look is at all lines that there are.
"""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.errors import GuardError
from trinity_guard.git import records
from trinity_guard.git.gitignore import line_for, lines_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping

    from trinity_guard.dvcrepo.output import Output
    from trinity_guard.git.index import Entry


def note(place: git.Place, entries: Mapping[bytes, Entry], former: Iterable[Output], held: Container[bytes]) -> None:
    """Add what pointers held that the index has no more, where its line is there still.

    entries: the .gitignore files of the index, by path. held: the paths that are held now.
    """
    if not os.path.exists(place.unheld):
        return
    gone = sorted({o.path for o in former if o.cache and o.path and o.path not in held})
    ignorers = {_beside(path) for path in gone}
    files = [entries[path] for path in sorted(ignorers) if path in entries]
    texts = git.read_all([e.oid for e in files])
    lines = {e.path: set(lines_in(text or b"")) for e, text in zip(files, texts, strict=True)}
    found = [path for path in gone if line_for(os.path.basename(path)) in lines.get(_beside(path), ())]
    if found:
        write(place, [*read(place), *found])


def _beside(path: bytes) -> bytes:
    return os.path.join(os.path.dirname(path), b".gitignore")


def read(place: git.Place) -> list[bytes]:
    return [path for (path,) in records.read_if_readable(place.unheld, 1)]


def write(place: git.Place, paths: Iterable[bytes]) -> None:
    """Note these and no others; not being able to is no harm."""
    try:
        records.write(place.unheld, [(path,) for path in dict.fromkeys(paths)])
    except GuardError:
        return  # a read-only git dir: the next commit looks again
