"""Metadata and card of any model: what is there is read, what somebody says of it is added, and both are written."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from trinity_guard import git
from trinity_guard.detect import modelfiles
from trinity_guard.dvcrepo.paths import is_pointer
from trinity_guard.errors import BLOCKED, UNUSABLE, GuardError, shown, typed
from trinity_guard.git import files
from trinity_guard.training import extra, provenance
from trinity_guard.training.description import facts, kind, page
from trinity_guard.training.record import encoded
from trinity_guard.training.release.versions import NAME

MAX_METADATA = 4 << 20
# Where DVCLive writes what it has logged, unless it is told otherwise.
DVCLIVE = "dvclive"
# What a training hangs at a model's name to tell it from the last one: a date, with or without a time.
DATE = re.compile(r"[-_.]?(?:\d{8}(?:[T_-]?\d{6}Z?)?|\d{4}-\d{2}-\d{2})$")
# What stays from the last description of the same bytes, where nothing else is said.
LASTING = ("name", "dataset", "parameters", "metrics", "mlflow", "dvclive")


@dataclass(frozen=True)
class Said:
    """What somebody says of a model. name, dataset: "" for what is known already, or nothing; run: MLflow's, as the
    metadata has it; metrics, parameters: None where nothing is said of them; more: other keys of the metadata.

    left_out: names of figures that are none, and are not told.
    data, commit: what facts.dataset and provenance.commit said when the model was begun; both may be others by now.
    """

    name: str = ""
    dataset: str = ""
    metrics: Mapping[str, float] | None = None
    parameters: Mapping[str, Any] | None = None
    run: Mapping[str, Any] | None = None
    dvclive: str = ""
    left_out: Sequence[str] = ()
    data: Mapping[str, Any] | None = None
    commit: provenance.Commit | None = None
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Described:
    """What was written: paths of metadata and card as the user sees them. pointed: whether a pointer has the model."""

    metadata: str
    card: str
    told: dict[str, Any]
    pointed: bool


def beside(model: str) -> tuple[str, str]:
    """Return the paths of a model's metadata and card."""
    path = os.fsencode(model.rstrip("/"))
    return os.fsdecode(modelfiles.metadata_path(path)), os.fsdecode(modelfiles.card_path(path))


def known(model: str) -> dict[str, Any]:
    """Return the metadata beside a model, {} where there is none; GuardError for what must not be replaced."""
    file, _ = beside(model)
    name, where = shown(os.fsencode(model)), shown(os.fsencode(file))
    try:
        found = json.loads(git.read(file, MAX_METADATA))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        why = getattr(error, "strerror", None) or "it is no JSON"
        raise GuardError(f"{where} cannot be read: {why}.", f"mv {typed(os.fsencode(file))} elsewhere") from None
    if not isinstance(found, dict):
        return {}
    if "protocol" in found:
        raise GuardError(
            f"{name} is the trainer's, and {where} tells of it already.", f"trinity lineage {typed(os.fsencode(model))}"
        )
    of = found.get("model")
    other = os.path.basename(str(of.get("path", ""))) if isinstance(of, dict) else ""
    if other and other != os.path.basename(model) and os.path.lexists(os.path.join(os.path.dirname(model), other)):
        raise GuardError(
            f"{where} tells of {shown(os.fsencode(other))}: two models cannot share it.",
            f"trinity-guard mv {typed(os.fsencode(model))} another-name     # then record that",
        )
    return found


def name_of(model: str) -> str:
    """Return the name that a file suggests: its own without suffix and date, in letters that a tag can bear."""
    stem = os.path.basename(os.fsdecode(modelfiles.stem(os.fsencode(model.rstrip("/")))))
    bare = DATE.sub("", stem) or stem
    return re.sub(r"[^A-Za-z0-9-]+", "-", bare).strip("-") or "model"


def describe(model: str, said: Said, where: tuple[str, git.Place | None] | None = None) -> Described:
    """Write a model's metadata and card. GuardError, where: as of `metadata`."""
    model, where = model.rstrip("/") or model, where or extra.here()
    told = metadata(model, said, where=where)
    paths = beside(model)
    for path, data in zip(paths, (encoded(told), card(told)), strict=True):
        # The card says what the metadata has, and can be made of it again.
        _write(path, data, durable=path == paths[0])
    return Described(*paths, told, facts.pointer_of(model, where[0]) is not None)


def card(told: Mapping[str, Any]) -> bytes:
    return page.text(told).encode("utf-8", "backslashreplace")


def metadata(
    model: str,
    said: Said,
    fixed: bool = False,
    where: tuple[str, git.Place | None] | None = None,
    staged: str = "",
) -> dict[str, Any]:
    """Return a model's metadata. GuardError for a model that is not there, or a name that no tag can bear.

    where: as of `extra.here`, for who has asked already. staged: where its bytes are, if they have not appeared yet.
    fixed: without what the model and what is said do not determine: moments, commits, runs, pointers.
    """
    before, (root, place) = known(model), where or extra.here()
    made = _model(place, staged or model, root) | ({"path": provenance.named(model, root)} if staged else {})
    made["pointer"] = f"{made['path']}.dvc"
    same = isinstance(before.get("model"), dict) and before["model"].get("md5") == made["md5"]
    lasting = {key: before[key] for key in LASTING if same and before.get(key)}
    told = {
        "name": checked_name(
            said.name or str(lasting.get("name", "")) or str(before.get("name", "")) or name_of(model)
        ),
        "created": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "model": made,
        "dataset": _dataset(place, root, said) or lasting.get("dataset"),
        "parameters": dict(lasting.get("parameters", {}) if said.parameters is None else said.parameters),
        "metrics": dict(lasting.get("metrics", {}) if said.metrics is None else facts.flat(said.metrics)),
        "git": (said.commit or provenance.commit(root)).as_dict(),
        "mlflow": dict(said.run) if said.run else lasting.get("mlflow"),
        "dvclive": said.dvclive or lasting.get("dvclive"),
        "versions": _versions(made["library"]),
        **said.more,
    }
    if fixed:
        _fix(told)
    return told


def _dataset(place: git.Place | None, root: str, said: Said) -> dict[str, Any] | None:
    if said.data is not None:
        return dict(said.data)
    return facts.dataset(place, said.dataset, root) if said.dataset else None


def _fix(told: dict[str, Any]) -> None:
    """Take out what would make the same training another output of a pipeline's stage."""
    told["created"] = ""
    told["git"] = told["mlflow"] = None
    if told["dataset"]:
        told["dataset"] |= {"pointer": None, "pointer_md5": None, "matches_pointer": None}
    told["versions"] = {key: told["versions"][key] for key in provenance.MAKERS if key in told["versions"]}


def _model(place: git.Place | None, model: str, root: str) -> dict[str, Any]:
    """Return what is known of the model itself."""
    name = shown(os.fsencode(model))
    if is_pointer(os.fsencode(model)):
        bare = name.removesuffix(".dvc")
        raise GuardError(f"{name} is the pointer, not the model.", f"trinity record {bare}", UNUSABLE)
    if not os.path.lexists(model):
        pointed = os.path.lexists(model + ".dvc")
        remedy = f"trinity-guard pull {typed(os.fsencode(model))}" if pointed else "ls -l     # which file is it?"
        raise GuardError(f"there is no {name}{', only its pointer' if pointed else ''}.", remedy, UNUSABLE)
    try:
        what = kind.of_folder(model) if os.path.isdir(model) else kind.of_file(model)
        of = provenance.hashed(place, model)
    except OSError as error:
        raise GuardError(f"{name} cannot be read: {error.strerror or error}.", f"ls -l {name}", UNUSABLE) from None
    if not of.size:
        raise GuardError(
            f"{name} is empty: no model was saved there.", "save the model first, then record it", UNUSABLE
        )
    path = provenance.named(model, root)
    return {
        "path": path, "md5": of.md5, "sha256": of.sha256, "size": of.size, "pointer": f"{path}.dvc",
        "format": what.format, "library": what.library, "class": what.name,
    }  # fmt: skip


def checked_name(name: str) -> str:
    """Return a model's name; GuardError (1) for one that no tag can bear."""
    if not NAME.fullmatch(name.replace("_", "-")):
        said = shown(name.encode("utf-8", "surrogateescape"))
        raise GuardError(
            f"'{said}' is no name that a tag can bear: letters, digits, - and /.",
            "trinity record MODEL --name churn",
            BLOCKED,
        )
    return name


def _versions(library: str) -> dict[str, str]:
    """Return the versions of Python, of ours, and of the model's library where it is installed here."""
    own = {"python": provenance.python(), "trinity-guard": provenance.own_version()}
    return own | provenance.versions((library, "numpy", "pandas"))


def _write(path: str, data: bytes, durable: bool) -> None:
    target = os.path.abspath(os.fsencode(path))
    files.refuse_behind_link(target)
    files.replace(target, data, durable=durable)


def live(folder: str) -> tuple[dict[str, float], list[str], dict[str, Any]]:
    """Return metrics, names of those that are none, and parameters that DVCLive left in its folder."""
    paths = [os.path.join(folder, name) for name in ("metrics.json", "params.yaml")]
    there = [[path] if os.path.lexists(path) else [] for path in paths]
    if not any(there):
        raise GuardError(
            f"{shown(os.fsencode(folder))} has neither metrics.json nor params.yaml of DVCLive.",
            f"ls {typed(os.fsencode(folder))}",
            UNUSABLE,
        )
    return *facts.figures(there[0]), facts.settings(there[1])


def pieces(values: Sequence[str] | str | None) -> list[str]:
    """Return what may be one text, several, or none, as a list."""
    return [values] if isinstance(values, str) else list(values or ())
