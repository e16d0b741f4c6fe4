"""A model as a commit records it: pointer, metadata and card, and the dataset that it was trained on."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from trinity_guard import git
from trinity_guard.checkout.desired import Projects, expand, outputs
from trinity_guard.dvcrepo import paths
from trinity_guard.dvcrepo import project as dvcproject
from trinity_guard.dvcrepo.output import Output
from trinity_guard.dvcrepo.paths import is_reference
from trinity_guard.errors import BLOCKED, UNUSABLE, GuardError, shown, typed
from trinity_guard.git import index, revisions
from trinity_guard.training.release.versions import NAME

FOLDER = b"models"
SUFFIX = b".pkl"
METADATA, CARD = b"_metadata.json", b"_card.md"
# A metadata file is some kilobytes; nobody's is this large.
MAX_METADATA = 10 << 20


def metadata_path(model: bytes) -> bytes:
    return os.path.splitext(model)[0] + METADATA


def card_path(model: bytes) -> bytes:
    return os.path.splitext(model)[0] + CARD


@dataclass(frozen=True)
class Metadata:
    """What the trainer wrote beside a model, read for what a release needs; `all` is the whole of it."""

    all: dict[str, Any] = field(default_factory=dict)

    def text(self, *keys: str) -> str:
        """Return a text below these keys, "" where there is none."""
        value: Any = self.all
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""

    @property
    def dirty(self) -> bool:
        state = self.all.get("git")
        return isinstance(state, dict) and state.get("dirty") is True

    @property
    def name(self) -> str:
        """The model's name as GTO writes it: layout-risk-predictor."""
        return self.text("name").replace("_", "-")


class CommitFiles:
    """The files of a commit, and what its pointers and locks ask for."""

    def __init__(self, place: git.Place, commit: bytes) -> None:
        self.place = place
        self.commit = commit
        self.entries = {e.path: e for e in revisions.tree(commit)}
        self._goals: list[Output] | None = None
        self.broken: list[GuardError] = []

    def read(self, path: bytes) -> bytes | None:
        """Return a small file's bytes, None where the commit has none of this name."""
        entry = self.entries.get(path)
        return git.read_all([entry.oid])[0] if entry else None

    def goals(self) -> list[Output]:
        """Return what all pointers and locks ask for; those that cannot be read are noted as broken."""
        if self._goals is None:
            self._goals = list(self._asked())
        return self._goals

    def _asked(self) -> Iterable[Output]:
        entries = [e for path, e in self.entries.items() if is_reference(path)]
        yamls = [self.entries.get(paths.yaml_beside(e.path)) for e in entries if paths.is_lock(e.path)]
        wanted: list[index.Entry] = [*entries, *(y for y in yamls if y)]
        contents = dict(zip([e.path for e in wanted], git.read_all(e.oid for e in wanted), strict=True))
        roots: dict[bytes, bool] = {}
        for entry in entries:
            project = dvcproject.root_of(self.place.top, entry.path, roots) or b""
            yaml = contents.get(paths.yaml_beside(entry.path)) if paths.is_lock(entry.path) else None
            try:
                yield from outputs(entry.path, contents[entry.path] or b"", yaml, project)
            except GuardError as error:
                self.broken.append(error)

    def goal(self, path: bytes) -> Output | None:
        """Return what a pointer, a lock or the list of a directory says of a file; None where nothing names it."""
        for goal in self.goals():
            if goal.path == path:
                return goal
        for goal in self.goals():
            if goal.is_dir and path.startswith(goal.path + b"/"):
                members = expand(Projects(self.place).cache_reader(goal.project), goal)
                return next((m for m in members or [] if m.path == path), None)
        return None

    def metadata(self, model: bytes) -> Metadata | None:
        """Return a model's metadata, None where the commit has none; GuardError for what is none of the trainer's."""
        path = metadata_path(model)
        data = self.read(path)
        return None if data is None else parsed(data, path)


def parsed(data: bytes, path: bytes) -> Metadata:
    """Read a metadata file. GuardError for one that is not what the trainer writes."""
    try:
        if len(data) > MAX_METADATA:
            raise ValueError("it is larger than 10 MB")
        fields = json.loads(data)
        if not isinstance(fields, dict):
            raise ValueError("it is no mapping")
        made = Metadata(fields)
        if not NAME.fullmatch(made.name):
            raise ValueError("its `name` is not one that a tag can bear")
    except (ValueError, RecursionError) as error:
        words = shown(str(error).encode("utf-8", "surrogateescape"))
        raise GuardError(
            f"{shown(path)} is no metadata of the trainer's: {words}.",
            f"git log -p -- {typed(path)}     # who wrote it?",
        ) from None
    return made


@dataclass(frozen=True)
class Model:
    """A model of a commit. goal: its file, md5, size, and the pointer or lock that says so.

    data: the same of the dataset, None where the commit records none at the path that the metadata names.
    """

    commit: bytes
    goal: Output
    metadata: Metadata
    data: Output | None
    data_path: bytes

    @property
    def path(self) -> bytes:
        return self.goal.path

    @property
    def name(self) -> str:
        return self.metadata.name

    @property
    def files(self) -> list[bytes]:
        """The files in Git that tell of this model: pointer (or lock) and metadata; the card where there is one."""
        return [self.goal.source, metadata_path(self.path)]


def model(tree: CommitFiles, path: bytes) -> Model:
    """Read a model of a commit; GuardError (exit 1) that says what the commit lacks of it."""
    name = typed(path)
    goal = tree.goal(path)
    if goal is None:
        for error in tree.broken:
            raise error
        if path in tree.entries:
            raise GuardError(f"{shown(path)} is in Git raw.", f"trinity-guard convert {name} && git commit", BLOCKED)
        there = os.path.lexists(tree.place.file(path))
        raise GuardError(
            f"no pointer of commit {tree.commit[:10].decode()} names {shown(path)}.",
            f"git add {name} && git commit" if there else "trinity train && git add -A && git commit",
            BLOCKED,
        )
    metadata = tree.metadata(path)
    if metadata is None:
        missing = metadata_path(path)
        raise GuardError(
            f"commit {tree.commit[:10].decode()} has no {shown(missing)}, which tells what the model was made of.",
            f"git add {typed(missing)} && git commit",
            BLOCKED,
        )
    data_path = inside(tree.place, metadata.text("dataset", "path"))
    return Model(tree.commit, goal, metadata, tree.goal(data_path) if data_path else None, data_path)


def inside(place: git.Place, text: str) -> bytes:
    """Return a path of the metadata from the top of the work tree; b"" for one that lies elsewhere."""
    path = os.path.normpath(os.path.join(place.top, os.fsencode(text))) if text else b""
    top = place.top.rstrip(b"/") + b"/"
    return path[len(top) :] if path.startswith(top) else b""


def newest(tree: CommitFiles) -> bytes:
    """Return the path of the model of `models/` that was trained last, by its metadata.

    A pipeline's bears no date: it is as old as the commit that changed it last. Those of the work tree count too: one
    that is not committed is not passed over in silence. GuardError where there is none.
    """
    dated: dict[bytes, str] = {}
    for path, data in _metadata_files(tree).items():
        stem = path[: -len(METADATA)]
        try:
            dated[stem + SUFFIX] = parsed(data, path).text("created") or _moment(tree, path)
        except GuardError:
            continue  # some other tool's file: no candidate, and named when it is asked for
    if not dated:
        raise GuardError(
            "there is no model with metadata in models/, neither in the commit nor beside it.",
            "trinity train && git add -A && git commit",
            UNUSABLE,
        )
    return max(dated, key=lambda path: (dated[path], path))


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
    """Return path -> bytes of the metadata in `models/`, the commit's and the work tree's (an edit does not count)."""
    names = [p for p in tree.entries if os.path.dirname(p) == FOLDER and p.endswith(METADATA)]
    found = dict(zip(names, git.read_all(tree.entries[p].oid for p in names), strict=True))
    folder = tree.place.file(FOLDER)
    listed = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    for name in listed:
        path = os.path.join(FOLDER, name)
        model_file = tree.place.file(path[: -len(METADATA)] + SUFFIX)
        if name.endswith(METADATA) and path not in found and os.path.lexists(model_file):
            found[path] = _start(tree.place.file(path))
    return {path: data or b"" for path, data in found.items()}


def _start(file: bytes) -> bytes:
    """Return the bytes of a metadata file; b"" for what is none: no regular file, or longer than any."""
    try:
        return git.read(file, MAX_METADATA)
    except OSError:
        return b""
