"""What the hook before the last commit saw: nothing to do for its parent and its tree, and which outputs are tracked.

The hook after that commit compares the first two lines with the commit that was made (in shell: hooks/post-commit).
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


def leave(place: Place, index_file: bytes) -> None:
    """Note that nothing is to be done for the commit under way; the record of tracked outputs is that of its index."""
    known = nextcommit.parent_and_tree(place, index_file)
    if known is None:
        return
    try:
        files.replace(_file(place), b"%s\n%s\n%s\n" % (*known, tracked.mark_of_record(place)))
    except GuardError:
        return  # without it, the hooks look for themselves


def catalog(place: Place) -> tracked.Catalog | None:
    """Return the outputs that HEAD tracks, without its files; None where Git has to be asked."""
    try:
        with open(_file(place), "rb", buffering=0) as file:
            _, tree, mark, end = (file.read(400) or b"").split(b"\n")
    except (OSError, ValueError):
        return None
    if end or not tree or tree != nextcommit.tree_of_head(place) or mark != tracked.mark_of_record(place):
        return None
    return tracked.remembered(place)


def _file(place: Place) -> bytes:
    return os.path.join(place.git_dir, b"trinity-guard", NAME)
