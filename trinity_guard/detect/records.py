"""What DVC reads, checked before it is committed: pointers within bounds, no credentials, nobody's own config.

Loaded when a commit brings such a file; most bring none.
"""

from __future__ import annotations

import os

from trinity_guard.dvcrepo import pointer, safe_paths, secrets
from trinity_guard.dvcrepo.decode import outputs_of
from trinity_guard.dvcrepo.paths import is_dvc_path, is_pointer, is_private_config, is_reference
from trinity_guard.errors import GuardError, pathspec, shown
from trinity_guard.git import index
from trinity_guard.git.index import SYMLINK
from trinity_guard.git.objects import Objects

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from trinity_guard.dvcrepo.output import Output
    from trinity_guard.git import Place
    from trinity_guard.git.index import Entry


def check_records(place: Place, entries: Sequence[Entry]) -> None:
    """Refuse staged pointers that are malformed or lead out of the repository, and DVC files that hold a secret."""
    objects = Objects(place.common_dir)
    for entry in entries:
        _refuse_own_config(entry.path)
        if entry.mode == SYMLINK or not is_dvc_path(entry.path):
            continue
        data = b"".join(objects.stream(entry.oid))
        if is_reference(entry.path) and pointer.has_markers(data):
            raise _refuse_conflict(place, entry.path)
        if is_pointer(entry.path):
            _refuse_outside(place, outputs_of(data, entry.path))
        found = secrets.credentials_in(data, entry.path)
        if found:
            raise secrets.refusal(found, entry.path)


def _refuse_conflict(place: Place, path: bytes) -> GuardError:
    """Return the error for a pointer whose markers were staged, which Git then takes for resolved.

    It counts as unmerged again, as before `git add -A`: Git's own commands work again too.
    """
    from trinity_guard.detect import conflicts  # noqa: PLC0415  # few commits are in conflict

    found = [c for c in conflicts.found(place) if c.entries and not c.unmerged]
    # By hand nothing is changed. The index of `commit -a` is let go of, and Git's own has the conflict still; the
    # framework has stashed edits, which it could not bring back.
    if found and "GIT_INDEX_FILE" in os.environ and "PRE_COMMIT" not in os.environ and index.is_real(place):
        conflicts.put_back(found)
    return conflicts.refusal(place, path)


def _refuse_outside(place: Place, outputs: Sequence[Output]) -> None:
    for out in outputs:
        link = None if out.external else safe_paths.through_symlink(place.top, out.path)
        if link is not None:
            raise GuardError(
                problem=f"{shown(out.source)}: its data {shown(out.path)} lies behind {shown(link)}, which is a "
                "symbolic link: whoever checks it out would write wherever that leads.",
                remedy=f"git rm -q --cached -- {pathspec(out.source)}     # and keep the file in a real folder",
            )


def _refuse_own_config(path: bytes) -> None:
    if is_private_config(path):
        raise GuardError(
            problem=f"{shown(path)} is one person's own config, which may hold credentials: it belongs in no commit.",
            remedy=f"git rm -q --cached -- {pathspec(path)}",
        )
