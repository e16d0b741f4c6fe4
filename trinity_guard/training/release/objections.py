"""What speaks against releasing a model as it is committed, each with the remedy: its bytes, metadata and dataset."""

from __future__ import annotations

import os
import stat

from trinity_guard import git
from trinity_guard.dvcrepo import odb
from trinity_guard.dvcrepo.output import staging
from trinity_guard.dvcrepo.workdirectory import WorkDirectory
from trinity_guard.errors import shown, typed
from trinity_guard.training import provenance
from trinity_guard.training.release import committed
from trinity_guard.training.release.committed import Model

# Where models go unless one says otherwise.
FOLDER = os.fsdecode(committed.FOLDER)


def found(place: git.Place, model: Model) -> list[tuple[str, str]]:
    """Return (problem, remedy) of each."""
    return [*_uncommitted(model), *_bytes(place, model), *_metadata(model), *_data(place, model)]


def _uncommitted(model: Model) -> list[tuple[str, str]]:
    files = [*model.files, committed.card_path(model.path)]
    out = git.run(
        "status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "--", *files, env=git.literal()
    )
    changed = [line[3:] for line in out.split(b"\0") if line]
    return [
        (
            f"{shown(path)} is not as it is committed",
            f"git add {typed(path)} && git commit     # or, back to what is committed: git restore -SW PATH",
        )
        for path in changed
    ]


def _bytes(place: git.Place, model: Model) -> list[tuple[str, str]]:
    """Compare the file in the work tree, where it is there, with its pointer."""
    file, name = place.file(model.path), typed(model.path)
    try:
        mode = os.stat(file).st_mode
    except FileNotFoundError:
        return []  # not fetched: what is released is what the pointer names
    if model.goal.is_dir and stat.S_ISDIR(mode) and WorkDirectory(place, model.goal).md5() == model.goal.md5:
        return _by_sha256(place, model)
    if stat.S_ISREG(mode) and odb.says(model.goal.name, odb.md5_of(file), file):
        return _by_sha256(place, model)
    return [(
        f"{shown(model.path)} is not what {shown(model.goal.source)} records",
        f"{staging(model.goal)} && git commit     # records it\n"
        f"trinity-guard use HEAD {name}     # or: the recorded one, when this one is moved away",
    )]  # fmt: skip


def _by_sha256(place: git.Place, model: Model) -> list[tuple[str, str]]:
    if not committed.differs(place, model):
        return []
    said = "has the md5 that its pointer names, and not the sha256 of its metadata: somebody made two files of one md5"
    return [(f"{shown(model.path)} {said}", _described_anew(model))]


def _metadata(model: Model) -> list[tuple[str, str]]:
    told, where = model.metadata, shown(committed.metadata_path(model.path))
    if not os.fsdecode(model.path).isprintable():
        # Its folder is what the user chose: a training to the same one would bear the same name.
        problem = f"the name of its file, {shown(model.path)}, holds what cannot stand in a tag's message"
        return [(problem, f"trinity train --output {FOLDER} && git add -A && git commit")]
    found = []
    if told.text("model", "md5") != model.goal.md5:
        found.append(f"{where} is of another model (md5 {told.text('model', 'md5')[:10] or 'none'})")
    if os.path.basename(told.text("model", "path")) != os.path.basename(os.fsdecode(model.path)):
        found.append(f"{where} names another file")
    return [(problem, _described_anew(model)) for problem in found]


def _described_anew(model: Model) -> str:
    """Return the command that writes a model's metadata: the trainer's comes with another model."""
    if model.metadata.is_trainers:
        return "trinity train && git add -A && git commit     # writes both"
    files = f"{typed(committed.metadata_path(model.path))} {typed(committed.card_path(model.path))}"
    return f"trinity record {typed(model.path)} && git add {files} && git commit"


def _data(place: git.Place, model: Model) -> list[tuple[str, str]]:
    told = model.metadata.text("dataset", "path")
    if model.metadata.without_dataset:
        return []
    if not told:
        return [("its metadata names no dataset", _described_anew(model))]
    name, wanted = shown(os.fsencode(told)), model.metadata.text("dataset", "md5")
    if not model.data_path:
        return [(f"its dataset {name} lies outside of this repository", "trinity train --dataset data/FILE.csv")]
    if not told.isprintable():
        return [(
            f"the name of its dataset, {name}, holds what cannot stand in a tag's message",
            f"mv {typed(os.fsencode(told))} data/FILE.csv && trinity train --dataset data/FILE.csv && "
            "git add -A && git commit",
        )]  # fmt: skip
    if wanted and wanted in (model.data.md5 if model.data else "", model.data_in_git):
        return []
    problem = f"it was trained on another {name} than this commit records"
    if model.data is None and not model.data_in_git:
        problem = f"no pointer of this commit names its dataset {name}"
    if not model.metadata.is_trainers:
        path = typed(model.data_path)
        again = f"trinity record {typed(model.path)} --dataset {path}     # if it was trained on what is here now"
        return [(problem, f"git add {path} && git commit     # as it was when the model was recorded\n{again}")]
    return [(problem, _recording(place, model.data_path, wanted))]


def _recording(place: git.Place, path: bytes, md5: str) -> str:
    """Return the commands that record a table: as it is, if it is the one that was trained on, else with a training."""
    file, top = os.fsdecode(place.file(path)), os.fsdecode(place.top)
    try:
        same = odb.md5_of(place.file(path)) == md5
    except OSError:  # not fetched: what its pointer says will be committed
        pointed = provenance.recorded(file, top)
        same = pointed is not None and pointed.md5 == md5
    names = " ".join(typed(os.fsencode(name)) for name in provenance.unrecorded(file, top))
    if same and names:
        return f"git add {names} && git commit     # it is the one that was trained on"
    if same:
        return f"trinity-guard convert {typed(path)} && git commit     # Git has it raw"
    added = f"git add {names} && git commit && " if names else ""
    return f"{added}trinity train && git add -A && git commit     # trains on what is recorded"
