"""Which place does a commit's own DVC config lead to: objects are sent where this work tree's says."""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.dvcrepo import configfile, paths, referenced
from trinity_guard.errors import GuardError
from trinity_guard.git import index

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from trinity_guard.dvcrepo.output import Output


def moved(place: git.Place, records: Sequence[tuple[bytes, index.Entry]]) -> list[Output]:
    """Return all that a commit's tree names, where that commit leads its project's default remote elsewhere.

    What was pushed to the old place is not at the new one, and no pointer changed.
    """
    configs = [(c, e) for c, e in records if paths.is_config(e.path)]
    if not configs:
        return []
    before = git.read_ids(c + b"^:" + e.path for c, e in configs)
    named: list[Output] = []
    for (commit, entry), old in zip(configs, before, strict=True):
        if old and default_place(old, entry.path) not in (None, default_place(entry.oid, entry.path)):
            project = os.path.dirname(os.path.dirname(entry.path))
            named += [n for n in referenced.named_at(place, [commit]) if n.project == project]
    return named


def default_place(oid: bytes, path: bytes) -> tuple[object, ...] | None:
    return place_in(git.read_all([oid])[0] or b"", path)


def place_in(data: bytes, path: bytes) -> tuple[object, ...] | None:
    """Return where a DVC config leads what names no remote, None where it leads nowhere."""
    try:
        tree = configfile.parse(data, path)
    except GuardError:
        return None  # broken: the search for credentials says so
    name = str(tree.get("core", {}).get("remote", "")).lower()
    remote = tree.get(f'remote "{name}"')
    return (remote.get("url"), remote.get("endpointurl")) if remote else None
