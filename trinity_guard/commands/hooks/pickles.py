"""`pickles = "refuse"`: no commit brings a pickle that is not known to be harmless, itself or behind its pointer."""

from __future__ import annotations

from trinity_guard import git
from trinity_guard.commands.terminal import pickles
from trinity_guard.detect import doubtful
from trinity_guard.dvcrepo import decode, paths
from trinity_guard.dvcrepo.project import Caches
from trinity_guard.errors import GuardError, pathspec, typed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from trinity_guard.config import Config
    from trinity_guard.detect.inspect import Artifact
    from trinity_guard.dvcrepo.output import Output
    from trinity_guard.git.index import Entry


def refuse(place: git.Place, config: Config, entries: Sequence[Entry], artifacts: Sequence[Artifact]) -> None:
    """Refuse the commit (GuardError, exit 1) for a staged artifact, or a staged pointer's object that is here."""
    caches = Caches(place)
    for artifact in artifacts:
        path = artifact.entry.path
        said = doubtful.of_blob(caches, artifact.entry.oid, path, config.pickle_allow)
        pickles.refuse([(path, said)] if said else [], f"git reset -q -- {pathspec(path)}")
    for pointer, path, place_of_bytes in _pointed(caches, [e for e in entries if paths.is_pointer(e.path)]):
        found = pickles.strange(config, [(path, place_of_bytes)])
        pickles.refuse(found, f"git reset -q -- {pathspec(pointer)}")


def refuse_changed(place: git.Place, config: Config, outputs: Iterable[Output]) -> None:
    """The same for what changed behind its pointer, as the work tree has it."""
    for output in outputs:
        found = pickles.strange(config, [(output.path, place.file(output.path))])
        pickles.refuse(found, f"trinity-guard use HEAD {typed(output.path)}")


def _pointed(caches: Caches, pointers: Sequence[Entry]) -> Iterator[tuple[bytes, bytes, bytes]]:
    contents = decode.blobs(e.oid for e in pointers)
    for entry in pointers:
        try:
            outputs = decode.outputs_of(contents[entry.oid] or b"", entry.path)
        except GuardError:
            continue  # check_records has said so, or refused it
        for output in outputs:
            store = caches.of(output.path)
            if store is not None and output.md5 and not output.is_dir:
                yield entry.path, output.path, store.path(output.md5)
