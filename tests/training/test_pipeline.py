"""The project's own pipeline: `dvc repro` in a clean clone gives the committed lock, and the same model to the byte."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import ruamel.yaml

from tests.helpers.support import PROJECT, Repo, require, run
from tests.training.projects import csv
from trinity_guard.training.model.settings import Settings
from trinity_guard.training.tracking import store as stores

MODEL, DATA = "models/layout_risk_predictor.pkl", "data/training_dataset.csv"
METADATA = "models/layout_risk_predictor_metadata.json"


def read(text: str) -> Any:
    return ruamel.yaml.YAML(typ="safe").load(text)


def programs(folder: Path) -> None:
    """Put `trinity` and `dvc` into folder/bin, for a PATH."""
    (folder / "bin").mkdir()
    for name, module in {"dvc": "dvc", "trinity": "trinity_guard"}.items():
        file = folder / "bin" / name
        file.write_text(f'#!/bin/sh\nPYTHONPATH="{PROJECT}" exec "{sys.executable}" -P -m {module} "$@"\n')
        file.chmod(0o755)


class Clone(Repo):
    """A clone of what this project has committed, with `trinity` and `dvc` on its PATH."""

    @classmethod
    def make_one(cls, folder: Path) -> Clone:
        if run("git", "rev-parse", "HEAD", cwd=PROJECT, ok=False).returncode:
            require("a clone of the project")
        folder.mkdir()
        programs(folder)
        run("git", "clone", "-q", "--no-hardlinks", PROJECT, folder / "clone")
        return cls(folder / "clone")

    def does(self, *argv: str, ok: bool = True) -> subprocess.CompletedProcess[bytes]:
        path = f"{self.path.parent / 'bin'}{os.pathsep}{os.environ['PATH']}"
        return run(*argv, cwd=self.path, ok=ok, env={"PATH": path})

    def lock(self) -> dict[str, str]:
        """Return path -> md5 of all outputs in dvc.lock."""
        stages = read(self.file("dvc.lock").read_text())["stages"]
        return {out["path"]: out["md5"] for stage in stages.values() for out in stage["outs"]}


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone.make_one(tmp_path / "one")


def test_what_is_committed_is_pointers_figures_and_no_bytes(clone: Clone) -> None:
    tracked = {p.decode() for p in clone.tree()}
    lock = clone.lock()
    assert {MODEL, DATA} <= set(lock)
    for path in (MODEL, DATA):
        assert path not in tracked
        clone.git("check-ignore", "-q", path)
    assert {p for p in lock if p not in (MODEL, DATA)} <= tracked
    told = json.loads(clone.file(METADATA).read_text())
    assert (told["model"]["md5"], told["dataset"]["md5"]) == (lock[MODEL], lock[DATA])
    # No address of anybody's machine, and nothing of the runs.
    assert not clone.dvc("remote", "list").stdout
    assert clone.git("check-ignore", "mlflow.db", "mlartifacts/x").stdout.split() == [b"mlflow.db", b"mlartifacts/x"]
    # The project keeps its own rule.
    clone.guard("block", ".")


def test_every_parameter_is_one_of_the_trainers() -> None:
    told = read((PROJECT / "params.yaml").read_text())
    assert set(told) == {"data", "train"}
    settings = Settings.of(told["train"])
    # Written out, but the defaults: a change of one is a change of the file.
    assert settings == Settings(target="is_valid")
    assert set(told["data"]) == {"rows", "seed"}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_clean_clone_reproduces_the_committed_lock_with_an_identical_model(clone: Clone, tmp_path: Path) -> None:
    before, committed = clone.file("dvc.lock").read_bytes(), clone.lock()
    told = json.loads(clone.file(METADATA).read_text())["versions"]
    assert not clone.file(MODEL).exists()
    clone.does("dvc", "repro")
    here = {package: version(package) for package in told}
    if here == told:
        assert clone.lock() == committed
        assert clone.file("dvc.lock").read_bytes() == before
        assert clone.git("status", "--porcelain").stdout == b""
    else:
        # Other versions may grow another forest: then two clean clones must agree with each other.
        other = Clone.make_one(tmp_path / "other")
        other.does("dvc", "repro")
        assert clone.lock() == other.lock()
        assert clone.lock()[DATA] == committed[DATA], "the table is the same everywhere"
        warnings.warn(f"dvc.lock was made with {told}, and here is {here}: compared with a second clone", stacklevel=1)
    # Again: nothing to do.
    marks = {p: p.stat().st_mtime_ns for p in clone.path.glob("m*/*")}
    said = clone.does("dvc", "repro").stdout
    assert b"Data and pipelines are up to date" in said
    assert {p: p.stat().st_mtime_ns for p in clone.path.glob("m*/*")} == marks
    _travels(clone, tmp_path)
    _compares(clone)


def _travels(clone: Clone, tmp_path: Path) -> None:
    """To a remote, and from there into another clone, where nothing is left to do."""
    clone.git("commit", "-q", "--allow-empty", "-a", "-m", "as reproduced here")
    other = tmp_path / "there" / "clone"
    run("git", "clone", "-q", clone.path, other)
    for path in (clone.path, other):
        run(sys.executable, "-m", "dvc", "remote", "add", "--local", "-d", "here", tmp_path / "remote", cwd=path)
    clone.does("dvc", "push")
    run(sys.executable, "-m", "dvc", "pull", cwd=other)
    assert (other / MODEL).read_bytes() == clone.file(MODEL).read_bytes()
    assert b"up to date" in run(sys.executable, "-m", "dvc", "status", cwd=other).stdout


def _compares(clone: Clone) -> None:
    """Other parameters: what DVC says of it, and plots of both."""
    text = clone.file("params.yaml").read_text()
    smaller = text.replace("n_estimators: 100", "n_estimators: 3").replace("folds: 5", "folds: 0")
    assert smaller != text
    clone.file("params.yaml").write_text(smaller)
    said = clone.does("dvc", "repro").stdout.decode()
    assert "Stage 'data' didn't change, skipping" in said
    diff = json.loads(clone.does("dvc", "metrics", "diff", "--json").stdout)
    for file in ("metrics/train.json", "metrics/evaluate.json"):
        change = diff[file]["metrics.f1_overflow"]
        assert change["old"] != change["new"]
        assert 0.5 < change["new"] < 1
    params = json.loads(clone.does("dvc", "params", "diff", "--json").stdout)
    assert params["params.yaml"]["train.n_estimators"] == {"old": 100, "new": 3, "diff": -97}
    for command in (["show"], ["diff", "HEAD"]):
        folder = clone.path.parent / f"plots {command[0]}"
        clone.does("dvc", "plots", *command, "--out", str(folder))
        page = (folder / "index.html").read_text()
        for name in ("roc", "pr", "calibration", "confusion", "importance"):
            assert f"plots/{name}.csv" in page, name


SMALL = "data: {rows: 1000, seed: 42}\ntrain: {n_estimators: %d, folds: 0}\n"


@pytest.mark.slow
def test_a_model_that_a_pipeline_made_is_released_checked_and_used_alone(tmp_path: Path) -> None:
    """Its pointer is a lock, which names the table and the figures too."""
    programs(tmp_path)
    work = Clone(Repo.make(tmp_path / "work").path)
    work.write("dvc.yaml", (PROJECT / "dvc.yaml").read_bytes())
    versions = []
    for number, trees in enumerate((4, 6)):
        work.write("params.yaml", (SMALL % trees).encode())
        work.does("dvc", "repro")
        work.git("add", "-A")
        work.commit()
        work.does("trinity", "release", f"v1.{number}.0")
        versions.append(work.file(MODEL).read_bytes())
    assert versions[0] != versions[1]
    said = work.does("trinity", "lineage", "v1.0.0", "--verify").stdout.decode()
    assert {line.split()[1] for line in said.splitlines()[1:]} == {"ok"}
    lock, table = work.file("dvc.lock").read_bytes(), work.file(DATA).stat().st_mtime_ns
    work.does("trinity", "use", "v1.0.0")
    assert work.file(MODEL).read_bytes() == versions[0]
    assert (work.file("dvc.lock").read_bytes(), work.file(DATA).stat().st_mtime_ns) == (lock, table)
    card = "models/layout_risk_predictor_card.md"
    assert set(work.git("status", "--porcelain").stdout.decode().splitlines()) == {f"M  {card}", f"M  {METADATA}"}
    # Loaded by what its own metadata says, which came along.
    assert work.does("trinity", "evaluate", MODEL, DATA).returncode == 0
    work.git("restore", "-SW", "models")
    work.does("trinity", "use", "HEAD")
    assert work.file(MODEL).read_bytes() == versions[1]
    assert work.git("status", "--porcelain").stdout == b""


STAGE = b"""\
stages:
  train:
    cmd: trinity train --stage --dataset t.csv --output models
    deps: [t.csv]
    params: [train]
    outs:
    - models/layout_risk_predictor.pkl
    - models/layout_risk_predictor_metadata.json: {cache: false}
    - models/layout_risk_predictor_card.md: {cache: false}
    metrics:
    - metrics/train.json: {cache: false}
"""


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_runs_of_dvcs_queue_and_of_its_temporary_folders_are_kept_in_the_project(tmp_path: Path) -> None:
    programs(tmp_path)
    Repo.make(tmp_path / "p", guarded=False)
    project = Clone(tmp_path / "p")
    project.does("dvc", "init", "-q")
    project.write("t.csv", csv(40))
    project.write("params.yaml", b"train:\n  n_estimators: 3\n  folds: 0\n")
    project.write("dvc.yaml", STAGE)
    project.git("add", "-A")
    project.git("commit", "-q", "-m", "a pipeline")
    project.does("dvc", "exp", "run", "--queue", "-S", "train.n_estimators=4")
    project.does("dvc", "exp", "run", "--run-all")
    project.does("dvc", "exp", "run", "--temp", "-S", "train.n_estimators=5")
    assert len(project.does("dvc", "exp", "list", "--name-only").stdout.split()) == 2
    store = stores.store(str(project.path))
    store.ready()
    with stores.opened(store) as client:
        [experiment] = [e.experiment_id for e in client.search_experiments() if e.name == "layout_risk_predictor"]
        found = client.search_runs([experiment])
    assert sorted((r.data.params["n_estimators"], r.info.status) for r in found) == [
        ("4", "FINISHED"),
        ("5", "FINISHED"),
    ]
    artifacts = {p.name for p in (project.path / "mlartifacts").rglob("*") if p.is_file()}
    assert "layout_risk_predictor_metadata.json" in artifacts
    assert not list((project.path / ".dvc" / "tmp" / "exps").rglob("mlflow.db"))
