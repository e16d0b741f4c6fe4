"""`trinity record`: any model becomes one that can be released, traced and brought back, without MLflow."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.helpers.support import Repo
from trinity_guard import record
from trinity_guard.cli import main


@pytest.fixture
def project(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    monkeypatch.chdir(repo.path)
    repo.write("services/a/models/churn.bin.pkl", b"\x80\x04]\x94.")
    repo.write("services/a/data/t.txt", b"small, kept in Git\n")
    return repo


def committed(repo: Repo) -> None:
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "all")
    repo.guard("push")


def test_a_model_of_a_subfolder_is_recorded_released_traced_and_brought_back(
    project: Repo, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(project.path / "services/a")
    model = "models/churn.bin.pkl"
    assert main(["record", model, "--dataset", "data/t.txt", "--metrics", "auc=0.9", "--name", "churn"]) == 0
    said = capfd.readouterr().out
    assert "git add models/churn.bin.pkl models/churn.bin_metadata.json models/churn.bin_card.md" in said
    told = json.loads(Path("models/churn.bin_metadata.json").read_text())
    assert (told["model"]["path"], told["dataset"]["path"]) == (f"services/a/{model}", "services/a/data/t.txt")
    committed(project)
    monkeypatch.chdir(project.path / "services/a")
    assert main(["release", "v1.0.0", "--no-mlflow"]) == 0
    assert "released churn@v1.0.0: services/a/models/churn.bin.pkl" in capfd.readouterr().out
    monkeypatch.chdir(project.path / "services/a")
    assert main(["lineage", "churn@v1.0.0", "--format", "json"]) == 0
    found = json.loads(capfd.readouterr().out)
    assert [check["state"] for check in found["checks"] if check["what"] == "dataset"] == ["ok"]
    before = project.file(f"services/a/{model}").read_bytes()
    project.write(f"services/a/{model}", b"\x80\x04K\x01.")
    monkeypatch.chdir(project.path / "services/a")
    assert main(["record", model]) == 0
    committed(project)
    monkeypatch.chdir(project.path)
    assert main(["use", "churn@v1.0.0"]) == 0
    assert project.file(f"services/a/{model}").read_bytes() == before


def test_two_models_of_one_repository_have_versions_of_their_own(
    project: Repo, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("one", "two"):
        project.write(f"models/{name}.pkl", b"\x80\x04K" + name[:1].encode() + b".")
        assert main(["record", f"models/{name}.pkl"]) == 0
    committed(project)
    monkeypatch.chdir(project.path)
    assert main(["release", "v1.0.0", "--no-mlflow"]) == 2
    assert "trinity release v1.0.0 --model models/one.pkl" in capfd.readouterr().err
    for name in ("one", "two"):
        monkeypatch.chdir(project.path)
        assert main(["release", "v1.0.0", "--model", f"models/{name}.pkl", "--no-mlflow"]) == 0
    assert set(project.git("tag").stdout.split()) == {b"one@v1.0.0", b"two@v1.0.0"}


def test_the_remedy_of_a_refused_release_can_be_run(
    project: Repo, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    committed(project)
    monkeypatch.chdir(project.path)
    assert main(["release", "v1.0.0", "--model", "services/a/models/churn.bin.pkl", "--no-mlflow"]) == 1
    remedy = capfd.readouterr().err
    assert (
        "trinity record services/a/models/churn.bin.pkl && git add services/a/models/churn.bin_metadata.json" in remedy
    )
    assert main(["record", "services/a/models/churn.bin.pkl"]) == 0
    committed(project)
    monkeypatch.chdir(project.path)
    assert main(["release", "v1.0.0", "--model", "services/a/models/churn.bin.pkl", "--no-mlflow"]) == 0
    assert "names no dataset" in capfd.readouterr().err


@pytest.mark.slow
def test_a_folder_is_a_model_and_a_dataset_as_well(
    project: Repo, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    project.write("models/en_small/config.cfg", b"[nlp]\n")
    project.write("models/en_small/vocab/strings.json", b"[]")
    project.write("models/en_small/vocab/vectors", b"\x93NUMPY\x01\x00")
    project.write("data/texts/a.txt", b"a")
    assert main(["record", "models/en_small", "--dataset", "data/texts", "--name", "en-small"]) == 0
    assert "dvc add models/en_small" in capfd.readouterr().out
    # Whoever commits all instead has its files in Git one by one: the release says what makes it one artifact.
    project.dvc("add", "data/texts")
    committed(project)
    monkeypatch.chdir(project.path)
    released = ["release", "v1.0.0", "--model", "models/en_small", "--no-mlflow"]
    assert main(released) == 1
    line = 'folders = ["models/en_small/"]'
    assert f"    {line}     # a line for .trinity-guard.toml" in capfd.readouterr().err
    project.write(".trinity-guard.toml", f"{line}\n".encode())
    assert main(["convert", "models/en_small"]) == 0
    committed(project)
    monkeypatch.chdir(project.path)
    # A file of it that the remote lacks is as good as none of it.
    member = next(p for p in project.storage.rglob("*") if p.is_file() and p.read_bytes() == b"[nlp]\n")
    member.rename(member.with_name("away"))
    assert main(released) == 1
    assert "models/en_small/config.cfg is not on the remote" in capfd.readouterr().err
    member.with_name("away").rename(member)
    monkeypatch.chdir(project.path)
    assert main(released) == 0, capfd.readouterr().err
    monkeypatch.chdir(project.path)
    capfd.readouterr()
    assert main(["lineage", "en-small@v1.0.0", "--verify", "--format", "json"]) == 0
    states = {(check["what"], check["state"]) for check in json.loads(capfd.readouterr().out)["checks"]}
    assert {("bytes", "ok"), ("remote", "ok"), ("dataset", "ok")} <= states
    assert {state for _, state in states} == {"ok"}


@pytest.mark.slow
def test_a_folder_of_files_with_pointers_is_made_one_artifact_first(
    project: Repo, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """`dvc add` refuses it, and what is recorded of it changes when its pointers go."""
    for name in ("a.pkl", "b.pkl"):
        project.stage(f"m/{name}", name.encode())
    committed(project)
    monkeypatch.chdir(project.path)
    assert main(["record", "m"]) == 0
    steps = [line.removeprefix("next      ") for line in capfd.readouterr().out.splitlines() if "next  " in line]
    commands = ["trinity-guard convert m", "trinity record m"]
    assert [step.partition("  ")[0] for step in steps[:3]] == ['folders = ["m/"]', *commands]
    project.write(".trinity-guard.toml", b'folders = ["m/"]\n')
    for command in commands:
        assert main(command.split()[1:]) == 0
        monkeypatch.chdir(project.path)
    committed(project)
    monkeypatch.chdir(project.path)
    assert main(["release", "v1.0.0", "--model", "m", "--no-mlflow"]) == 0, capfd.readouterr().err


def test_a_model_that_no_pattern_takes_is_added_by_name(project: Repo, capfd: pytest.CaptureFixture[str]) -> None:
    project.write("booster.json", b'{"learner": {}}')
    assert main(["record", "booster.json"]) == 0
    said = capfd.readouterr().out
    assert "next      trinity-guard add booster.json\n" in said
    assert "git add booster_metadata.json booster_card.md && git commit" in said
    assert main(["add", "booster.json"]) == 0
    committed(project)
    assert main(["release", "v1.0.0", "--model", "booster.json", "--no-mlflow"]) == 0


@pytest.mark.slow
def test_what_comes_next_of_a_stage_s_model_works_as_it_is_printed(
    project: Repo, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    project.write("dvc.yaml", b"stages:\n  fit:\n    cmd: cp in.txt m.pkl\n    deps: [in.txt]\n    outs: [m.pkl]\n")
    project.write("in.txt", b"a model")
    project.dvc("repro", "-q")
    project.git("add", "dvc.yaml", "in.txt", ".gitignore")
    assert following(project, monkeypatch, capfd, "m.pkl") == "trinity release v1.0.0 --model m.pkl"
    assert main(["release", "v1.0.0", "--model", "m.pkl", "--no-mlflow"]) == 0
    project.file("m.pkl").chmod(0o644)
    project.write("m.pkl", b"another model")
    assert following(project, monkeypatch, capfd, "m.pkl") == "trinity release v1.1.0 --model m.pkl"
    assert project.dvc("status", "m.pkl.dvc", ok=False).returncode  # no pointer was made of it


def following(repo: Repo, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], model: str) -> str:
    """Record a model, type what is said to come next, but for the release, and return that."""
    monkeypatch.chdir(repo.path)
    assert main(["record", model]) == 0
    lines = [line.split(None, 1)[1] for line in capfd.readouterr().out.splitlines() if line.startswith("next ")]
    for line in lines[:-1]:
        repo.type_in(line.replace("git commit", "git commit -q -m recorded"))
    monkeypatch.chdir(repo.path)
    return lines[-1].partition("#")[0].strip()


def test_a_model_that_git_ignores_is_added_by_name(
    project: Repo, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    project.write(".gitignore", b"*.onnx\n")
    project.write("m.onnx", b"a model")
    project.git("add", ".gitignore")
    following(project, monkeypatch, capfd, "m.onnx")
    assert project.tracked("m.onnx.dvc")


def test_what_is_no_figure_is_named(project: Repo, capfd: pytest.CaptureFixture[str]) -> None:
    project.write("m.json", b'{"auc": 0.9, "curve": [1], "loss": NaN, "a": "", "b": "", "c": "", "d": ""}')
    assert main(["record", "services/a/models/churn.bin.pkl", "--metrics", "m.json"]) == 0
    assert "no figures, and left out: curve, loss, a, b, c and 1 more." in capfd.readouterr().err
    with pytest.warns(UserWarning, match="no figures, and left out: curve, loss, a, b, c, d"):
        told = record("services/a/models/churn.bin.pkl", metrics="m.json")
    assert told["metrics"] == {"auc": 0.9}


def test_a_dataset_outside_of_the_repository_is_named(project: Repo, capfd: pytest.CaptureFixture[str]) -> None:
    (project.path.parent / "out.txt").write_text("elsewhere")
    assert main(["record", "services/a/models/churn.bin.pkl", "--dataset", "../out.txt"]) == 0
    assert "../out.txt lies outside of this repository" in capfd.readouterr().err
    assert main(["record", "services/a/models/churn.bin.pkl", "--dataset", "services/a/data/t.txt"]) == 0
    assert "outside" not in capfd.readouterr().err
