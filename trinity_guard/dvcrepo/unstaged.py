"""What the pointers of the work tree say where the index has them otherwise: edited, put back by `git stash pop`."""

from __future__ import annotations

from trinity_guard import git
from trinity_guard.dvcrepo import compare, paths
from trinity_guard.dvcrepo.decode import outputs_of
from trinity_guard.errors import GuardError
from trinity_guard.git import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from trinity_guard.dvcrepo.output import Output


def in_work_tree(place: git.Place, outputs: Iterable[Output]) -> list[Output]:
    """Return the outputs of the index as the work tree's pointers have them, which a sync follows."""
    out = git.run("diff-files", "-z", "--name-only", "--no-renames", "--diff-filter=M", "--", *paths.REFERENCES)
    edited = {path: _said(place, path) for path in out.split(b"\0")[:-1] if paths.is_pointer(path)}
    found: list[Output] = []
    for output in outputs:
        now = edited.get(output.source)
        said = output if now is None else now.pop(output.path, None)
        if said is not None:
            found.append(output if said.name == output.name else said)
    return found + [o for now in edited.values() for o in (now or {}).values()]


def names_data(place: git.Place, output: Output, limit: int) -> bool:
    """Whether the work tree's pointer names other bytes than the index's, and the data is just these."""
    now = (_said(place, output.source) or {}).get(output.path) if paths.is_pointer(output.source) else None
    if now is None or now.name == output.name:
        return False
    return compare.Comparison(place, limit).states([now], versions=False) == [(now, compare.PRESENT)]


def _said(place: git.Place, source: bytes) -> dict[bytes, Output] | None:
    """Return what a pointer of the work tree says, by path; None for one that cannot be read."""
    try:
        data = files.read_if_there(place.file(source))
        return None if data is None else {o.path: o for o in outputs_of(data, source)}
    except GuardError:
        return None
