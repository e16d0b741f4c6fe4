"""Facts in a pointer that are of other bytes than it names: `dvc add` changes the md5, and keeps `meta` as it was."""

from __future__ import annotations

from trinity_guard.convert import facts
from trinity_guard.convert.transaction import Transaction
from trinity_guard.convert.writes import write_blobs
from trinity_guard.detect import configuration
from trinity_guard.dvcrepo import noted
from trinity_guard.dvcrepo.decode import outputs_of
from trinity_guard.dvcrepo.project import Project, root_of
from trinity_guard.errors import GuardError
from trinity_guard.git import files, index, objects
from trinity_guard.remotes import trust

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from trinity_guard import git
    from trinity_guard.dvcrepo.output import Output
    from trinity_guard.git.index import Entry

# A pointer with facts is not longer; of a longer one the lint says what is stale.
HEAD = 4096


def is_stale(data: bytes, where: bytes) -> bool:
    """Whether a pointer's facts are of bytes that it does not name; one that nobody can read says nothing."""
    of = noted.of(data)
    if of is None:
        return False
    try:
        return of not in {output.md5 for output in outputs_of(data, where)}
    except GuardError:
        return False


def renewed(place: git.Place, data: bytes, where: bytes) -> bytes:
    """Return a pointer with the facts of what it names; with none where they are not wanted, or its bytes not here."""
    outputs = outputs_of(data, where)
    wanted = configuration.load(place).facts and len(outputs) == 1 and not outputs[0].is_dir
    return noted.renewed(data, _of(place, outputs[0]) if wanted else {})


def _of(place: git.Place, output: Output) -> dict[str, object]:
    root = root_of(place.top, output.source)
    if root is None:
        return {}
    try:
        project = Project.at(place, root)
        trust.require_cache(place, project)
        return facts.of(project.odb.path(output.md5), output.path, output.md5)
    except GuardError:
        return {}  # a clone's own cache that nobody has confirmed


def among(place: git.Place, staged: Sequence[Entry]) -> list[tuple[Entry, bytes]]:
    """Return the staged pointers whose facts are stale, and their bytes."""
    if not staged or (index.is_temporary(place) and not index.is_of_paths(place)):
        return []  # of an index of one's own nobody says what becomes of Git's
    heads = objects.Objects(place.common_dir).heads([e.oid for e in staged], HEAD)
    found = [(e, head.first) for e, head in zip(staged, heads, strict=True) if head.size <= HEAD]
    return [(entry, data) for entry, data in found if is_stale(data, entry.path)]


def renew(place: git.Place, stale: Sequence[tuple[Entry, bytes]]) -> None:
    """Renew the facts of these staged pointers in the index, and in the work tree where it has the same bytes."""
    contents = [renewed(place, data, entry.path) for entry, data in stale]
    ids = write_blobs(place, contents)
    # Of `commit -- path` Git's own index hears by the journal, after the commit.
    later = index.is_temporary(place)
    records = [_record(data, entry, oid) for (entry, data), oid in zip(stale, ids, strict=True)] if later else []
    changes = [(e.mode, oid, e.path) for (e, _), oid in zip(stale, ids, strict=True)]
    with Transaction(place, {e.path: e for e, _ in stale}, records) as step:
        step.change_index(changes)
        for (entry, before), now in zip(stale, contents, strict=True):
            if files.read_if_there(place.file(entry.path)) == before:
                step.replace(entry.path, now)
    index.refresh(changes)


def _record(data: bytes, entry: Entry, oid: bytes) -> tuple[bytes, ...]:
    """Return what the journal says of a pointer that was renewed."""
    return outputs_of(data, entry.path)[0].path, b"", entry.path, oid, b""
