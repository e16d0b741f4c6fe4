"""Which model is meant where none is named: the one that was trained last, if all are of one name."""

from __future__ import annotations

import os
import time

from trinity_guard import git
from trinity_guard.errors import UNUSABLE, GuardError, typed
from trinity_guard.training.release.committed import (
    FOLDER,
    MAX_METADATA,
    METADATA,
    CommitFiles,
    Metadata,
    metadata_path,
    parsed,
)

SUFFIX = b".pkl"


def newest(tree: CommitFiles, below: bytes = b"", command: str = "") -> bytes:
    """Return the path of the model that was trained last, by its metadata; of those below a folder, where it has any.

    A pipeline's bears no date: it is as old as the commit that changed it last. Those of the work tree's `models/`
    count too: one that is not committed is not passed over in silence. command: what is typed before a model's path,
    to say which one is meant. GuardError where there is none, or where they are of several names.
    """
    found = _candidates(tree)
    near = {path: one for path, one in found.items() if path.startswith(below + b"/")} if below else {}
    found = near or found
    if not found:
        raise GuardError(
            "there is no model with metadata, neither in the commit nor in models/ beside it.",
            "trinity record MODEL     # writes it for a model of yours\ntrinity train     # trains one",
            UNUSABLE,
        )
    if len({metadata.name for metadata, _ in found.values()}) > 1:
        ways = [f"{command} {typed(path)}".strip() for path in _last_of_each(found)]
        raise GuardError("there are models of several names; say which one is meant.", "\n".join(ways), UNUSABLE)
    return max(found, key=lambda path: (found[path][1], path))


def _last_of_each(found: dict[bytes, tuple[Metadata, str]]) -> list[bytes]:
    """Return the newest model of each name."""
    last: dict[str, bytes] = {}
    for path in sorted(found, key=lambda path: (found[path][1], path)):
        last[found[path][0].name] = path
    return sorted(last.values())


def _candidates(tree: CommitFiles) -> dict[bytes, tuple[Metadata, str]]:
    """Return model -> its metadata and when it was made, of all whose metadata can be read."""
    found = {}
    for path, data in _metadata_files(tree).items():
        try:
            metadata = parsed(data, path)
        except GuardError:
            continue  # some other tool's file: no candidate, and named when it is asked for
        found[_model_of(path, metadata)] = (metadata, metadata.text("created") or _moment(tree, path))
    return found


def _model_of(path: bytes, metadata: Metadata) -> bytes:
    """Return the model beside its metadata: the file that it names, else the trainer's."""
    named = os.path.join(os.path.dirname(path), os.path.basename(os.fsencode(metadata.text("model", "path"))))
    return named if metadata_path(named) == path else path[: -len(METADATA)] + SUFFIX


def _moment(tree: CommitFiles, path: bytes) -> str:
    """Return when a file became what it is, as metadata writes moments: by its last commit; not committed: now."""
    changed = git.run("status", "--porcelain", "-uall", "--", path, env=git.literal())
    said = git.run(
        "log", "-1", "--date=format-local:%Y-%m-%dT%H:%M:%SZ", "--format=%cd", tree.commit, "--", path,
        env={**git.literal(), "TZ": "UTC"},
    )  # fmt: skip
    if said and not changed:
        return os.fsdecode(said.strip())
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _metadata_files(tree: CommitFiles) -> dict[bytes, bytes]:
    """Return path -> bytes of metadata: the commit's, of a model that a pointer or a lock names or in `models/`, and
    those of the work tree's `models/` (an edit does not count)."""
    known = {metadata_path(goal.path) for goal in tree.goals()}
    names = [p for p in tree.entries if p.endswith(METADATA) and (p in known or os.path.dirname(p) == FOLDER)]
    found = dict(zip(names, git.read_all(tree.entries[p].oid for p in names), strict=True))
    folder = tree.place.file(FOLDER)
    listed = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    models = {metadata_path(name): name for name in listed if not name.endswith((METADATA, b".dvc"))}
    for name in listed:
        path = os.path.join(FOLDER, name)
        if name.endswith(METADATA) and path not in found and name in models:
            found[path] = _start(tree.place.file(path))
    return {path: data or b"" for path, data in found.items()}


def _start(file: bytes) -> bytes:
    """Return the bytes of a metadata file; b"" for what is none: no regular file, or longer than any."""
    try:
        return git.read(file, MAX_METADATA)
    except OSError:
        return b""
