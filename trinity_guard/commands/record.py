"""`trinity record MODEL`: metadata and card of a model of any library; release and lineage follow from them."""

from __future__ import annotations

import os

from trinity_guard import console
from trinity_guard.commands.terminal import arguments, shells
from trinity_guard.detect.patterns import size_text
from trinity_guard.errors import FINE, shown, typed
from trinity_guard.report import status

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from trinity_guard.commands.terminal.arguments import Parser
    from trinity_guard.training.description.describe import Described, Said

SHOWN = 5  # names in a line
DESCRIPTION = """\
Write MODEL_metadata.json and MODEL_card.md beside a model of your own, a file or a folder of any library: what it is
(read, never loaded), its md5 and sha256, and what you say of its data, figures and settings. With them `trinity
release`, `lineage` and `use NAME@VERSION` work for it.
"""
EXAMPLE = """\
What is not said stays as it was told of the same bytes. Without --params, the project's params.yaml is taken, and
without --metrics what DVCLive left in dvclive/.

example:
  trinity record models/churn.joblib --dataset data/churn.csv --metrics metrics.json
  git add models && git commit -m "A churn model"
  trinity release v1.0.0 --model models/churn.joblib
"""


def configure(p: Parser) -> None:
    p.description, p.epilog = DESCRIPTION, EXAMPLE
    arguments.add_word(p, "model", "MODEL", "a file or a folder", shells.FILE)
    arguments.add_value(p, "--name", "NAME", "what its versions are called (default: by the file's name)")
    arguments.add_value(p, "--dataset", "PATH", "what it was trained on: a file or a folder", shells.FILE)
    metrics = "figures: a JSON file, or NAME=NUMBER; may be repeated"
    arguments.add_value(p, "--metrics", "FILE.json", metrics, shells.FILE, action="append", default=[])
    params = "settings: a YAML or JSON file, or NAME=VALUE; may be repeated"
    arguments.add_value(p, "--params", "FILE", params, shells.FILE, action="append", default=[])
    arguments.add_value(p, "--run", "ID", "the MLflow run that made it: its figures and settings are taken too")
    arguments.add_value(p, "--dvclive", "FOLDER", "what DVCLive wrote (default: dvclive of the project)", shells.FOLDER)


def run(args: list[str]) -> int:
    asked = arguments.parse("trinity record", configure, args)
    from trinity_guard.training.description import describe, gathered  # noqa: PLC0415  # --help must not load it

    said, taken = gathered.gather(
        asked.model, name=asked.name or "", dataset=asked.dataset or "", metrics=asked.metrics, params=asked.params,
        run=asked.run or "", dvclive=asked.dvclive or "",
    )  # fmt: skip
    made = describe.describe(asked.model, said)
    gathered.tag(asked.run or "", made)
    for source in taken:
        console.note(f"{shown(os.fsencode(source))}: taken for what was not said.")
    if said.left_out:
        console.note(f"no figures, and left out: {_few(said.left_out)}.")
    _report(asked.model, said, made)
    return FINE


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(shown(os.fsencode(name)) for name in names[:SHOWN]) + more


def _report(model: str, said: Said, made: Described) -> None:
    told = made.told
    what = " ".join(p for p in (told["model"]["library"], told["model"]["class"] or told["model"]["format"]) if p)
    console.say(f"{shown(os.fsencode(model))}: {told['name']}, {what}, {size_text(told['model']['size'])}")
    data = told["dataset"]
    if data and data["matches_pointer"] is False:
        name = typed(os.fsencode(data["path"]))
        console.warn(
            f"{shown(os.fsencode(data['path']))} is not what its pointer says.",
            f"trinity-guard convert {name}     # records it as it is",
        )
    if said.dataset and _is_elsewhere(said.dataset):
        console.warn(
            f"{shown(os.fsencode(said.dataset))} lies outside of this repository, where no release can hold it.",
            f"trinity record {typed(os.fsencode(model))} --dataset PATH     # of a copy in here",
        )
    console.say(f"written   {shown(os.fsencode(made.metadata))}, {shown(os.fsencode(os.path.basename(made.card)))}")
    for step in _next(model, made):
        console.say(f"next      {step}")


def _is_elsewhere(path: str) -> bool:
    from trinity_guard.training import extra, provenance  # noqa: PLC0415  # as above

    return provenance.is_git(extra.root()) and not provenance.is_within(path, extra.root())


def _is_artifact(model: str, told: Mapping[str, Any]) -> bool:
    """Whether a commit would make a pointer of a model."""
    from trinity_guard import git  # noqa: PLC0415  # as above
    from trinity_guard.detect import glance, patterns  # noqa: PLC0415
    from trinity_guard.dvcrepo import odb  # noqa: PLC0415

    _, rules = patterns.load_config(git.place())
    head = next(iter(odb.read_file(os.fsencode(model))), b"")[: glance.HEAD_BYTES]
    return rules.decide(os.fsencode(told["path"]), told["size"], head).kind == "artifact"


def _next(model: str, made: Described) -> list[str]:
    """Return the commands that bring all of it into Git, and then to a release."""
    from trinity_guard.training import extra, provenance  # noqa: PLC0415  # as above

    if not provenance.is_git(extra.root()):
        return []
    guard = [] if "pre-commit" in status.installed_hooks() else ["trinity-guard init     # else Git gets the bytes"]
    before, files = ([], []) if made.pointed else _holding(model, made)
    add = f"git add {' '.join(typed(os.fsencode(path)) for path in (*files, made.metadata, made.card))} && git commit"
    release = f"trinity release {_version(made)} --model {typed(os.fsencode(model))}     # once it is committed"
    return [*guard, *before, add, release]


def _holding(model: str, made: Described) -> tuple[list[str], list[str]]:
    """Return what comes first for a model without a pointer of its own, and which file of it goes into Git."""
    from trinity_guard import git  # noqa: PLC0415  # as above
    from trinity_guard.detect.owners import Pipelines  # noqa: PLC0415
    from trinity_guard.dvcrepo import tracked  # noqa: PLC0415
    from trinity_guard.dvcrepo.compare import PRESENT, Comparison  # noqa: PLC0415
    from trinity_guard.dvcrepo.output import recording  # noqa: PLC0415
    from trinity_guard.dvcrepo.paths import lock_beside  # noqa: PLC0415
    from trinity_guard.git import gitignore, index  # noqa: PLC0415
    from trinity_guard.training.release import committed  # noqa: PLC0415

    place, path = git.place(), os.fsencode(made.told["model"]["path"])
    catalog = tracked.load(place)
    made_by = Pipelines(place, catalog).of(path)
    if made_by is not None:
        held = next((o for o in catalog.outputs() if o.path == path and o.held), None)
        edited = held is not None and Comparison(place).states([held], versions=False)[0][1] != PRESENT
        lock = os.fsdecode(place.file(lock_beside(made_by.source)))
        return [recording(made_by)] if edited else [], [os.path.relpath(lock)]
    if os.path.isdir(model):
        name = typed(os.fsencode(model))
        if index.entries(os.fsencode(model)):
            # `dvc add` refuses a folder whose files Git or other pointers hold; what is then in it is recorded anew.
            return [*committed.as_one(path), f"trinity record {name}     # again: a folder without pointers"], []
        # Git would take the files of a folder that nobody has called one artifact, each by itself.
        return [f"dvc add {name}"], [f"{model.rstrip('/')}.dvc"]
    ignored = gitignore.matching([path], at=place.top).get(path)
    if ignored is not None or not _is_artifact(model, made.told["model"]):
        # A booster's JSON or text, which a commit would leave in Git, whence nothing is released.
        return [f"trinity-guard add {typed(os.fsencode(model))}"], []
    return [], [model]


def _version(made: Described) -> str:
    """Return a version that this model does not have yet: the first, or the next minor one."""
    from trinity_guard.training.release import versions  # noqa: PLC0415  # as above

    standing = versions.Registry().of(made.told["name"])
    return versions.following(standing[-1].version) if standing else "v1.0.0"
