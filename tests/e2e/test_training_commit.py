"""`trinity train && git add -A && git commit`: pointer, metadata and card in Git, the bytes on the remote; and back."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from pathlib import Path

import pytest

from tests.helpers.support import Repo, objects, run
from tests.training.projects import DATASET, Project


@pytest.mark.slow  # eight programs, ten seconds and more
def test_a_training_is_committed_cloned_pulled_and_predicts_the_same(tmp_path: Path) -> None:
    project = Project.begin(tmp_path / "work", guarded=True)
    run("bash", "-c", f"'{sys.executable}' -P -m trinity_guard train && git add -A && git commit -q -m Train",
        cwd=project.path)  # fmt: skip
    [model] = project.models()
    name, stem = f"models/{model.name}", f"models/{model.name.removesuffix('.pkl')}"
    trained, table = model.read_bytes(), (project.path / DATASET).read_bytes()

    # In Git: pointers, metadata and card, no bytes, and nothing of MLflow's.
    tree = {path.decode() for path in project.tree()}
    assert {f"{name}.dvc", f"{stem}_metadata.json", f"{stem}_card.md", f"{DATASET}.dvc", "params.yaml"} <= tree
    assert {name, DATASET} & tree == set()
    assert not [path for path in tree if path.startswith(("mlflow", "mlartifacts", "mlruns"))]
    assert (project.path / "mlflow.db").exists()
    assert project.git("status", "--porcelain").stdout == b""
    # On the remote: the bytes.
    stored = set(objects(project.storage / "files" / "md5").values())
    assert {trained, table} <= stored
    # The record agrees with the pointers.
    metadata = json.loads(project.show(f"{stem}_metadata.json"))
    assert metadata["model"]["md5"] == hashlib.md5(trained).hexdigest()
    assert metadata["model"]["md5"].encode() in project.git("show", f"HEAD:{metadata['model']['pointer']}").stdout
    assert metadata["dataset"]["md5"].encode() in project.git("show", f"HEAD:{DATASET}.dvc").stdout

    clone = Project(tmp_path / "clone")
    run("git", "clone", "-q", project.path, clone.path)
    pages = ("predict", name, "-", "--format", "jsonl")
    missing = run(sys.executable, "-P", "-m", "trinity_guard", *pages, cwd=clone.path, data=table, ok=False)
    assert missing.returncode == 1
    assert f"trinity-guard pull {name}".encode() in missing.stderr
    run(sys.executable, "-P", "-m", "trinity_guard", "pull", cwd=clone.path, env={"TRINITY_GUARD_TRUST": "1"})
    said = [
        run(sys.executable, "-P", "-m", "trinity_guard", *pages, cwd=repo.path, data=table).stdout
        for repo in (project, clone)
    ]
    assert said[0] == said[1]
    assert len(said[0].splitlines()) == 600

    _what_is_altered_is_not_loaded(clone, model.name)


@pytest.mark.slow  # four programs, ten seconds
@pytest.mark.parametrize("recorded", ["nothing", "a staged pointer"])
def test_what_a_training_says_comes_next_leads_to_a_model_that_can_be_released(tmp_path: Path, recorded: str) -> None:
    project = Project.begin(tmp_path / "work", guarded=True)
    table = "data/a table; #1.csv"
    project.file(DATASET).rename(project.file(table))
    if recorded == "a staged pointer":
        project.guard("add", table)
    said = project.trinity("train", "--dataset", table, "--set", "folds=0").stdout.decode()
    [following] = [line.removeprefix("next").strip() for line in said.splitlines() if line.startswith("next")]
    run("bash", "-c", following, cwd=project.path)
    assert {f"{table}.dvc", "data/.gitignore"} <= {path.decode() for path in project.tree()}
    project.guard("release", "v1.0.0", "--no-mlflow")


def _what_is_altered_is_not_loaded(clone: Repo, name: str) -> None:
    model = clone.path / "models" / name
    altered = model.read_bytes() + b"."
    model.unlink()  # it may be a link into the cache
    model.write_bytes(altered)
    shutil.rmtree(clone.path / ".dvc" / "tmp", ignore_errors=True)
    done = clone.guard("predict", f"models/{name}", DATASET, ok=False)
    assert done.returncode == 1
    assert b"was not loaded" in done.stderr
    assert done.stdout == b""
