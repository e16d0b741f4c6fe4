"""A model as a commit records it: pointer, metadata and card, and the dataset that it was trained on."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from trinity_guard import git
from trinity_guard.checkout.desired import Projects, expand, outputs
from trinity_guard.detect import modelfiles
from trinity_guard.dvcrepo import paths
from trinity_guard.dvcrepo import project as dvcproject
from trinity_guard.dvcrepo.output import Output
from trinity_guard.dvcrepo.paths import is_reference
from trinity_guard.errors import BLOCKED, GuardError, quoted, shown, typed
from trinity_guard.git import index, revisions
from trinity_guard.training import provenance
from trinity_guard.training.release.versions import NAME

FOLDER = b"models"
METADATA = modelfiles.METADATA
metadata_path, card_path = modelfiles.metadata_path, modelfiles.card_path
# A metadata file is some kilobytes; nobody's is this large.
MAX_METADATA = 10 << 20


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
    def is_trainers(self) -> bool:
        """Whether `trinity train` wrote it."""
        return "protocol" in self.all

    @property
    def without_dataset(self) -> bool:
        """Whether it says that nobody told of a dataset; not to name any is another thing."""
        return "dataset" in self.all and self.all["dataset"] is None

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

    data: the same of the dataset, None where no pointer of the commit names the path that the metadata names;
    data_in_git: its md5 where Git itself holds it, "" where it does not.
    """

    commit: bytes
    goal: Output
    metadata: Metadata
    data: Output | None
    data_path: bytes
    data_in_git: str = ""

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
        raise GuardError(
            f"no pointer of commit {tree.commit[:10].decode()} names {shown(path)}.", _pointing(tree, path), BLOCKED
        )
    metadata = tree.metadata(path)
    if metadata is None:
        missing = metadata_path(path)
        raise GuardError(
            f"commit {tree.commit[:10].decode()} has no {shown(missing)}, which tells what the model was made of.",
            recording(tree.place, path),
            BLOCKED,
        )
    data_path = inside(tree.place, metadata.text("dataset", "path"))
    data = tree.goal(data_path) if data_path else None
    raw = tree.read(data_path) if data_path and data is None else None
    return Model(tree.commit, goal, metadata, data, data_path, provenance.md5(raw) if raw is not None else "")


def as_one(path: bytes) -> tuple[str, str]:
    """Return the line of the configuration and the command that make a folder one artifact, whose files Git or
    pointers of their own hold."""
    key = json.dumps([f"{os.fsdecode(path)}/"], ensure_ascii=False)
    return (
        f"folders = {key}     # a line for .trinity-guard.toml: it is one artifact",
        f"trinity-guard convert {typed(path)}",
    )


def _pointing(tree: CommitFiles, path: bytes) -> str:
    """Return the commands after which a commit has the pointer of a model that is here."""
    name, file = typed(path), tree.place.file(path)
    if any(one.startswith(path + b"/") for one in tree.entries):
        # `dvc add` refuses a folder whose files Git or other pointers hold.
        line, convert = as_one(path)
        return f"{line}\n{convert} && git commit"
    if os.path.isdir(file):
        return f"dvc add {name} && git add {name}.dvc && git commit"
    return f"git add {name} && git commit" if os.path.lexists(file) else "trinity train && git add -A && git commit"


def recording(place: git.Place, path: bytes) -> str:
    """Return the command that brings a model's metadata into Git: it is written first where it is not there."""
    missing = metadata_path(path)
    if os.path.lexists(place.file(missing)):
        return f"git add {typed(missing)} && git commit"
    files = f"{typed(missing)} {typed(card_path(path))}"
    message = quoted(f"Record {shown(path)}")
    return f"trinity record {typed(path)} && git add {files} && git commit -m {message}"


def inside(place: git.Place, text: str) -> bytes:
    """Return a path of the metadata from the top of the work tree; b"" for one that lies elsewhere."""
    path = os.path.normpath(os.path.join(place.top, os.fsencode(text))) if text else b""
    top = place.top.rstrip(b"/") + b"/"
    return path[len(top) :] if path.startswith(top) else b""


def differs(place: git.Place, model: Model) -> bool:
    """Whether the bytes here, whose md5 is right, are others than those of the metadata's sha256.

    An md5 is DVC's name for bytes, and no proof: two files may share one. Metadata of former versions has no sha256.
    """
    wanted = model.metadata.text("model", "sha256")
    return bool(wanted) and provenance.hashed(place, os.fsdecode(place.file(model.path))).sha256 != wanted
