"""What the hook before the last commit saw: nothing to do for its parent and its tree, and which outputs are tracked.

The hook after that commit compares the first two lines with the commit that was made, and the file's time with that of
the configuration, which it is given (in shell: hooks/post-commit).
The next commit need not list the index for DVC's files, when HEAD has that tree and nothing was recorded since.
"""

from __future__ import annotations

import os

from trinity_guard.dvcrepo import tracked
from trinity_guard.errors import GuardError
from trinity_guard.git import files, nextcommit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trinity_guard.git import Place

NAME = b"nothing-to-do"
CONFIGS = (b".trinity-guard.toml", b"pyproject.toml")


def leave(place: Place, index_file: bytes, catalog: tracked.Catalog) -> None:
    """Note that nothing is to be done for the commit under way, and which record holds what its index tracks."""
    known = nextcommit.parent_and_tree(place, index_file)
    if known is None:
        return
    # What a later hook reads must be what was there for this one: names and times are compared in shell.
    configs = [name for name in CONFIGS if os.path.lexists(place.file(name))]
    word = _file(place)
    try:
        when = os.stat(place.file(configs[0])).st_mtime_ns if configs else 0
        files.replace(word, b"%s\n%s\n%s\n%s\n" % (*known, b" ".join(configs), catalog.mark))
        if configs:
            os.utime(word, ns=(when, when))
    except (GuardError, OSError):
        return  # without it, the hooks look for themselves


def catalog(place: Place) -> tracked.Catalog | None:
    """Return the outputs that HEAD tracks, without its files; None where Git has to be asked."""
    try:
        with open(_file(place), "rb", buffering=0) as file:
            _, tree, _, mark, end = (file.read(400) or b"").split(b"\n")
    except (OSError, ValueError):
        return None
    return None if end or not tree or tree != nextcommit.tree_of_head(place) else tracked.remembered(place, mark)


def _file(place: Place) -> bytes:
    return os.path.join(place.git_dir, b"trinity-guard", NAME)
