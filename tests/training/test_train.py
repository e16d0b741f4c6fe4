"""`trinity train`: what it writes and says, what it refuses, and what it leaves behind then: nothing."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.documents import blocks
from tests.helpers.support import PROJECT, clean_environment, dvc, run
from tests.training.data.test_table import BAD, good
from tests.training.projects import DATASET, Project, beside, csv, listing, md5
from trinity_guard.cli import main
from trinity_guard.training.tracking import runs as tracking
from trinity_guard.training.tracking import sqlite
from trinity_guard.training.tracking import store as stores

__all__ = ["good"]  # the fixture of the table that BAD changes

DATED = re.compile(r"layout_risk_predictor_\d{8}T\d{6}Z\.pkl")


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("train")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in clean_environment(folder / "home").items():
            patch.setenv(name, value)
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        yield folder


class Done:
    """A project after its first training, which others look at and do not change."""

    def __init__(self, project: Project, before: dict[str, str], ran: subprocess.CompletedProcess[bytes]) -> None:
        self.project = project
        self.before = before
        self.out, self.err = ran.stdout.decode(), ran.stderr.decode()
        [self.model] = project.models()
        self.metadata = project.metadata(self.model)


@pytest.fixture(scope="module")
def done(room: Path) -> Done:
    project = Project.begin(room / "done")
    project.git("add", "params.yaml")
    project.commit()
    before = project.files()
    (project.path / "sub").mkdir()
    ran = run(sys.executable, "-P", "-m", "trinity_guard", "train", cwd=project.path / "sub")
    (project.path / "sub").rmdir()
    return Done(project, before, ran)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project of the test's own, which is the current folder."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    project = Project.begin(tmp_path / "here")
    monkeypatch.chdir(project.path)
    return project


def refused(here: Project, capfd: pytest.CaptureFixture[str], *args: str, code: int) -> str:
    """Run a training that must be refused, in this process; what is there stays as it is."""
    before = here.files()
    assert main(["train", *args]) == code
    said = capfd.readouterr()
    assert "Traceback" not in said.err
    assert here.files() == before
    return said.err


# --- what it leaves ----------------------------------------------------------------------------------------------


def test_model_metadata_and_card_appear_and_the_runs_stay_out_of_git(done: Done) -> None:
    assert DATED.fullmatch(done.model.name)
    new = set(done.project.files()) - set(done.before)
    stem = done.model.name.removesuffix(".pkl")
    ours = {f"models/{stem}{end}" for end in (".pkl", "_metadata.json", "_card.md")}
    assert {name for name in new if name.startswith("models/")} == ours
    seen = done.project.git("status", "--porcelain", "-uall").stdout.decode().split()[1::2]
    assert set(seen) == ours | {".gitignore", DATASET}
    assert {n for n, v in done.before.items() if done.project.files()[n] != v} == set()


@pytest.mark.slow
def test_the_metadata_says_what_the_model_is_and_where_it_came_from(done: Done) -> None:
    found = done.metadata
    data = done.model.read_bytes()
    path = f"models/{done.model.name}"
    sha256 = hashlib.sha256(data).hexdigest()
    assert found["model"] == {
        "path": path, "md5": md5(data), "sha256": sha256, "size": len(data), "pointer": f"{path}.dvc"
    }  # fmt: skip
    dataset = (done.project.path / DATASET).read_bytes()
    assert found["dataset"] == {
        "path": DATASET, "md5": md5(dataset), "rows": 600, "pages": 120,
        "pointer": None, "pointer_md5": None, "matches_pointer": None,
    }  # fmt: skip
    assert found["git"] == {"commit": done.project.head(), "dirty": False, "branch": "main"}
    assert found["parameters"]["n_estimators"] == 12
    assert found["protocol"] == "grouped"
    assert found["target"] == "is_valid"
    assert found["seed"] == 42
    assert found["versions"]["scikit-learn"]
    assert set(found["metrics"]) >= {
        "accuracy",
        "f1_overflow",
        "recall_overflow",
        "f1_valid",
        "mcc",
        "roc_auc",
        "brier",
    }
    assert set(found["baseline"]) >= set(found["metrics"])
    assert set(found["cross_validation"]["mcc"]) == {"mean", "sd"}
    assert found["leakage"]["pages"] == 0
    assert {row["slice"] for row in found["slices"]} == {"theme", "active_strategy"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", found["created"])
    assert str(done.project.path) not in json.dumps(found)


def test_mlflow_has_the_run_that_the_metadata_names(done: Done) -> None:
    store = stores.store(str(done.project.path))
    found = tracking.run_of(store, done.metadata["mlflow"]["run_id"])
    assert found is not None
    assert found["status"] == "FINISHED"
    assert found["name"] == done.model.name.removesuffix(".pkl")
    assert found["metrics"]["f1_overflow"] == pytest.approx(done.metadata["metrics"]["f1_overflow"], abs=1e-6)
    assert found["metrics"]["cv_mcc_mean"] == pytest.approx(done.metadata["cross_validation"]["mcc"]["mean"], abs=1e-6)
    assert found["tags"]["dvc_md5"] == done.metadata["model"]["md5"]
    assert found["tags"]["git_commit"] == done.project.head()
    assert found["tags"]["git_dirty"] == "false"
    assert found["tags"]["dataset_md5"] == done.metadata["dataset"]["md5"]
    logged = {p.name for p in (done.project.path / "mlartifacts").rglob("*") if p.is_file()}
    assert {"roc.png", "pr.png", "calibration.png", "confusion_matrix.png", "importance.png"} <= logged
    assert f"{found['name']}_card.md" in logged


def test_the_last_screen_says_how_good_it_is_where_it_is_and_what_comes_next(done: Done) -> None:
    lines = done.out.splitlines()
    assert len(lines) < 24
    found = done.metadata
    [f1] = [line for line in lines if line.startswith("f1_overflow")]
    assert f1.split()[1:] == [
        f"{found['metrics']['f1_overflow']:.3f}",
        f"{found['baseline']['f1_overflow']:.3f}",
        f"{found['cross_validation']['f1_overflow']['mean']:.3f}",
        "±",
        f"{found['cross_validation']['f1_overflow']['sd']:.3f}",
    ]
    assert {line.split()[0] for line in lines if line} >= {"f1_overflow", "recall_overflow", "mcc", "brier", "Leakage:"}
    assert f"../models/{done.model.name}" in done.out
    assert found["mlflow"]["run_id"] in done.out
    assert "trinity ui" in done.out
    assert "trinity-guard init" in done.out  # else Git would get the bytes
    assert "git add ../.gitignore ../data/training_dataset.csv ../models && git commit" in done.out


def test_nothing_is_said_beside_that_but_once_of_gitignore(done: Done) -> None:
    assert [line for line in done.err.splitlines() if "Warning" in line or "warn" in line] == []
    assert done.err == "trinity-guard: .gitignore: /mlflow.db* /mlartifacts/ /mlruns/ added; runs stay out of Git.\n"


@pytest.mark.slow
def test_on_a_terminal_each_step_is_said_and_goes_again(here: Project) -> None:
    control, terminal = os.openpty()
    argv = [sys.executable, "-P", "-m", "trinity_guard", "train", "--set", "folds=0"]
    with subprocess.Popen(argv, cwd=here.path, stdin=terminal, stdout=subprocess.PIPE, stderr=terminal) as process:
        os.close(terminal)
        said = b""
        while piece := _read(control):
            said += piece
    assert process.returncode == 0
    steps = ("loading the libraries", "reading the table", "growing the forest", "logging to MLflow")
    assert re.findall(r"\r(\w[^…\r]*) …\x1b\[K", said.decode()) == list(steps)
    # What stays of it, as a terminal shows it.
    shown = re.sub(r"[^\n]*\r\x1b\[K", "", said.decode().replace("\r\n", "\n"))
    assert shown == "trinity-guard: .gitignore: /mlflow.db* /mlartifacts/ /mlruns/ added; runs stay out of Git.\n"


def _read(control: int) -> bytes:
    try:
        return os.read(control, 4096)
    except OSError:  # the terminal's other end is closed
        return b""


CROSSED = """
import sys, warnings
from sklearn.ensemble import RandomForestClassifier as Forest
from trinity_guard.cli import main
whole = Forest.fit
def fit(self, *args, **kwargs):
    del warnings.filters[:]
    return whole(self, *args, **kwargs)
Forest.fit = fit
sys.exit(main(["train", "--set", "folds=0"]))
"""


@pytest.mark.slow
def test_no_warning_is_said_when_threads_of_the_libraries_empty_the_filters(here: Project) -> None:
    ran = run(sys.executable, "-P", "-c", CROSSED, cwd=here.path)
    assert ran.stderr.decode().splitlines()[1:] == []


def test_the_card_tells_the_same_as_the_metadata_beside_the_constant(done: Done) -> None:
    card = beside(done.model, "_card.md").read_text()
    found = done.metadata
    row = f"| **f1_overflow** | {found['metrics']['f1_overflow']:.3f} | {found['baseline']['f1_overflow']:.3f} |"
    assert row in card
    assert found["model"]["md5"] in card
    assert found["dataset"]["md5"] in card
    assert done.project.head() in card
    assert "Leakage: " in card
    for honest in ("is synthetic", "CSS_TRUNCATE if 40% of", "CONTENT_CUT if 25% do", "not that they are harmless"):
        assert honest in card
    assert "| theme | brutalist |" in card


@pytest.mark.slow
def test_the_same_inputs_give_a_byte_identical_model_in_another_process_and_folder(done: Done, room: Path) -> None:
    other = Project.begin(room / "another place" / "é")
    ran = other.trinity("train", PYTHONHASHSEED="77", OMP_NUM_THREADS="1")
    [model] = other.models()
    assert model.read_bytes() == done.model.read_bytes()
    changing = ("created", "git", "mlflow", "model")
    same = {k: v for k, v in other.metadata(model).items() if k not in changing}
    assert same == {k: v for k, v in done.metadata.items() if k not in changing}
    assert b"Traceback" not in ran.stderr


@pytest.mark.slow  # two whole programs, ten seconds
def test_a_stage_has_fixed_names_and_the_same_bytes_wherever_and_whenever_it_runs(room: Path) -> None:
    outputs: list[dict[str, str]] = []
    for name in ("one", "the other"):
        project = Project.begin(room / name)
        if outputs:  # another commit, an older model in the way
            project.write("models/layout_risk_predictor.pkl", b"older")
            project.git("add", "params.yaml")
            project.commit()
        said = project.trinity("train", "--stage").stdout.decode()
        assert "next " not in said
        made = {n: v for n, v in project.files().items() if n.startswith(("models/", "metrics/"))}
        outputs.append(made)
        for file in made:
            text = (project.path / file).read_bytes()
            assert str(project.path).encode() not in text
            assert file.endswith(".pkl") or not re.search(rb"20\d\d-\d\d-\d\d|run_id|T\d{6}Z", text), file
    assert outputs[0] == outputs[1]
    stem = "models/layout_risk_predictor"
    assert set(outputs[0]) == {f"{stem}.pkl", f"{stem}_metadata.json", f"{stem}_card.md", "metrics/train.json"}
    metrics = json.loads((room / "one" / "metrics" / "train.json").read_text())
    assert set(metrics) == {"metrics", "baseline", "cv", "leakage"}


@pytest.mark.slow
def test_names_that_are_no_text_are_written_down_and_typed_as_they_are(here: Project, capfd: Any) -> None:
    table, folder = os.fsdecode(b"data/-ta 'ble\n\xff.csv"), os.fsdecode(b"mod els\xff")
    here.file(DATASET).rename(here.file(table))
    assert main(["train", "--dataset", table, "--output", folder, "--set", "folds=0"]) == 0
    [model] = (here.path / folder).glob("*.pkl")
    assert here.metadata(model)["dataset"]["path"] == table
    card = beside(model, "_card.md").read_text()
    [command] = [line for line in card.splitlines() if line.startswith("trinity predict ")]
    run("bash", "-c", f"printf %s {command.split(maxsplit=2)[2].removesuffix(' pages.csv')} >typed", cwd=here.path)
    assert here.file("typed").read_bytes() == os.fsencode(f"{folder}/{model.name}")
    [following] = [
        line.removeprefix("next").strip() for line in capfd.readouterr().out.splitlines() if "git add" in line
    ]
    run("bash", "-c", following, cwd=here.path)
    assert {os.fsencode(table), os.fsencode(f"{folder}/{model.name}")} <= set(here.tree())


# --- settings ----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_options_go_before_set_and_set_before_the_file(here: Project) -> None:
    here.write("other.yaml", b"train:\n  n_estimators: 9\n  max_depth: 3\n  folds: 2\n  seed: 5\n")
    assert main(["train", "--params", "other.yaml", "--set", "max_depth=4", "--set", "seed=6", "--seed", "7"]) == 0
    [model] = here.models()
    found = here.metadata(model)["parameters"]
    assert [found[k] for k in ("n_estimators", "max_depth", "folds", "seed")] == [9, 4, 2, 7]


WRONG = {
    "a key that is none": (["--set", "max_depht=3"], "max_depht"),
    "no value": (["--set", "max_depth"], "key=value"),
    "a value that is none": (["--set", "max_depth=deep"], "max_depth"),
    "a seed that is none": (["--seed", "-1"], "seed"),
    "a file that is not there": (["--params", "no.yaml"], "no.yaml"),
    "a file with a wrong key": (["--params", "wrong.yaml"], "n_trees"),
    "a file that is no YAML": (["--params", "broken.yaml"], "broken.yaml"),
    "a section that is a list": (["--params", "list.yaml"], "`train`"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_settings_that_cannot_be_meant_are_refused_at_once(
    here: Project, capfd: pytest.CaptureFixture[str], kind: str
) -> None:
    here.write("wrong.yaml", b"train:\n  n_trees: 3\n")
    here.write("broken.yaml", b"train: {a: [\n")
    here.write("list.yaml", b"train:\n- a\n")
    args, named = WRONG[kind]
    assert named in refused(here, capfd, *args, code=2)


@pytest.mark.parametrize(
    "args",
    [
        ["--search", "0"],
        ["--min-f1", "2"],
        ["--scheduler", "tcp://h:1"],
        ["--register", ""],
        ["--register", "a/b"],
        ["--register", ".."],
        ["--register", "r" * 257],
        ["--experiment", "e" * 257],
        ["--experiment", "\udcff" * 43],  # an escape of six characters each
        ["--experiment", " "],
        ["--run-name", "r" * 251],
        ["--run-name", "\t"],
        ["--dataset="],
    ],
)
def test_wrong_usage_is_told_with_exit_code_2(here: Project, args: list[str]) -> None:
    assert main(["train", *args]) == 2


@pytest.mark.slow
def test_a_search_takes_the_best_and_logs_each_trial_below_its_run(here: Project, capfd: Any) -> None:
    assert main(["train", "--search", "3", "--set", "n_estimators=5", "--register", "m"]) == 0
    said = capfd.readouterr()
    assert "the best so far" in said.err
    [model] = here.models()
    run_id = here.metadata(model)["mlflow"]["run_id"]
    store = stores.store(str(here.path))
    store.ready()
    with stores.opened(store) as client:
        runs = client.search_runs([here.metadata(model)["mlflow"]["experiment"]])
    below = [r for r in runs if r.data.tags.get("mlflow.parentRunId") == run_id]
    assert len(below) == 3
    best = max(below, key=lambda r: r.data.metrics["f1_overflow_mean"])
    assert best.data.params["max_depth"] == str(here.metadata(model)["parameters"]["max_depth"])
    assert b"search" not in here.git("status", "--porcelain").stdout


@pytest.mark.slow
def test_each_target_and_an_older_table_by_the_reference_protocol_are_trained(here: Project) -> None:
    from tests.training import samples

    assert main(["train", "--target", "resolved_strategy_id"]) == 0
    here.write("old.csv", samples.older().to_csv(index=False).encode())
    assert main(["train", "--dataset", "old.csv", "--protocol", "reference", "--output", "old"]) == 0
    [page_model] = here.models()
    pages = here.metadata(page_model)
    assert "active_strategy" not in pages["features"]
    assert pages["baseline"]["roc_auc"] == 0.5 < pages["metrics"]["roc_auc"]
    row = f"| roc_auc | {pages['metrics']['roc_auc']:.3f} | 0.500 |"
    card = beside(page_model, "_card.md").read_text()
    assert row in card
    assert "each strategy against the rest, weighted by its rows" in card
    [old] = (here.path / "old").glob("*.pkl")
    assert here.metadata(old)["features"] == ["input_char_len", "input_word_count", "theme", "active_strategy"]
    assert here.metadata(old)["terms"]["split"].startswith("reference")


# --- refusals ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_table_leaves_nothing_behind(
    here: Project, capfd: pytest.CaptureFixture[str], good: bytes, kind: str
) -> None:
    here.write("t.csv", BAD[kind][0](good))
    assert "t.csv" in refused(here, capfd, "--dataset", "t.csv", code=1)


@pytest.mark.slow
def test_a_table_that_is_only_a_pointer_names_the_command_that_brings_it(here: Project, capfd: Any) -> None:
    dvc("init", "-q", cwd=here.path)
    dvc("add", "-q", DATASET, cwd=here.path)
    (here.path / DATASET).unlink()
    assert f"trinity-guard pull {DATASET}" in refused(here, capfd, code=1)


@pytest.mark.slow
def test_a_table_that_its_pointer_does_not_know_is_said_and_written_down(here: Project, capfd: Any) -> None:
    dvc("init", "-q", cwd=here.path)
    dvc("add", "-q", DATASET, cwd=here.path)
    old = md5((here.path / DATASET).read_bytes())
    (here.path / DATASET).unlink()
    here.write(DATASET, csv(110))
    assert main(["train"]) == 0
    said = capfd.readouterr()
    assert f"{DATASET} is not what its pointer says" in said.err
    assert f"trinity-guard convert {DATASET}" in said.err
    [model] = here.models()
    dataset = here.metadata(model)["dataset"]
    assert (dataset["pointer"], dataset["pointer_md5"], dataset["matches_pointer"]) == (f"{DATASET}.dvc", old, False)
    assert dataset["md5"] != old


@pytest.mark.slow
def test_a_model_that_falls_short_is_logged_as_such_and_not_written(here: Project, capfd: Any) -> None:
    assert main(["train", "--min-f1", "0.999", "--min-mcc", "0.999", "--register", "m"]) == 1
    said = capfd.readouterr()
    assert "no model was written" in said.err
    assert "below the 0.999 asked for" in said.err
    assert not (here.path / "models").exists()
    store = stores.store(str(here.path))
    store.ready()
    with stores.opened(store) as client:
        [found] = client.search_runs([client.get_experiment_by_name("layout_risk_predictor").experiment_id])
        assert client.search_model_versions("name='m'") == []
    assert "below the 0.999" in found.data.tags["gates"]
    assert found.data.metrics["f1_overflow"] < 0.999


@pytest.mark.slow
def test_only_what_is_no_worse_than_the_champion_takes_its_place(here: Project, capfd: Any) -> None:
    def champion() -> dict[str, Any]:
        found = tracking.champion(stores.store(str(here.path)), "m")
        assert found is not None
        return found

    assert main(["train", "--register", "m"]) == 0
    first = champion()
    [model] = here.models()
    assert first["version"] == "1"
    assert first["tags"]["dvc_md5"] == here.metadata(model)["model"]["md5"]
    assert (here.metadata(model)["mlflow"]["name"], here.metadata(model)["mlflow"]["version"]) == ("m", "1")
    capfd.readouterr()
    worse = ["--set", "max_depth=1", "--set", "n_estimators=1"]
    assert main(["train", *worse, "--register", "m"]) == 1
    assert "the champion (version 1)" in capfd.readouterr().err
    assert champion() == first
    assert here.models() == [model]
    assert main(["train", "--set", "max_depth=3", "--register", "m", "--no-champion"]) == 0
    assert champion()["version"] == "2"
    assert len(here.models()) == 2


@pytest.mark.slow
def test_after_the_table_has_changed_the_champion_is_measured_on_the_new_rows(here: Project, capfd: Any) -> None:
    assert main(["train", "--set", "max_depth=3", "--register", "m"]) == 0
    [first] = here.models()
    (here.path / DATASET).write_bytes(csv(140, seed=2))
    capfd.readouterr()
    worse = ["--set", "max_depth=1", "--set", "n_estimators=1", "--register", "m"]
    assert main(["train", *worse]) == 1
    said = capfd.readouterr().err
    theirs = re.search(r"version 1\) was measured on the test rows of this table: f1_overflow (0\.\d+)", said)
    assert theirs, said
    assert float(theirs[1]) > 0.6
    assert f", the champion (version 1) has {theirs[1]}" in said
    assert here.models() == [first]
    assert main(["train", "--register", "m"]) == 0
    assert "version 2 of m" in capfd.readouterr().out


@pytest.mark.slow
def test_a_champion_whose_file_is_not_here_or_not_its_own_is_not_measured(here: Project, capfd: Any) -> None:
    assert main(["train", "--register", "m"]) == 0
    [first] = here.models()
    good, ran = first.read_bytes(), here.path / "ran"
    (here.path / DATASET).write_bytes(csv(140, seed=2))
    first.unlink()
    capfd.readouterr()
    assert main(["train", "--register", "m"]) == 1
    said = capfd.readouterr().err
    assert f"its file (md5 {md5(good)}) is not in models" in said
    assert "--no-champion" in said
    # A pickle that would write a file, were it loaded.
    first.write_bytes(b"cos\nsystem\n(S'touch " + str(ran).encode() + b"'\ntR.")
    assert main(["train", "--register", "m"]) == 1
    assert "was not loaded, which would run it" in capfd.readouterr().err
    assert not ran.exists()
    assert main(["train", "--register", "m", "--no-champion"]) == 0
    assert not ran.exists()


@pytest.mark.slow
def test_a_server_that_is_not_there_is_told_within_seconds_and_nothing_is_left(
    here: Project, capfd: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{port}")
    begin = time.monotonic()
    said = refused(here, capfd, code=2)
    assert time.monotonic() - begin < 30  # MLflow alone would try for minutes
    assert "mlflow server" in said
    assert main(["train", "--offline-ok"]) == 0
    assert "logged to mlflow.db instead" in capfd.readouterr().err
    [model] = here.models()
    assert here.metadata(model)["mlflow"]["tracking"] == "sqlite:///mlflow.db"


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "http://127.0.0.1:1", "nonsense"])
def test_a_cluster_that_is_not_there_is_told_at_once_and_nothing_is_left(
    here: Project, capfd: Any, address: str
) -> None:
    assert address in refused(here, capfd, "--search", "2", "--scheduler", address, code=2)


@pytest.mark.slow
def test_a_store_that_fails_after_the_fit_costs_the_run_and_not_the_model(here: Project, capfd: Any) -> None:
    here.write("mlflow.db", b"this is no database, and never was")
    assert main(["train"]) == 1
    said = capfd.readouterr()
    assert "MLflow has no run of this training" in said.err
    [model] = here.models()
    found = here.metadata(model)
    assert found["mlflow"]["run_id"] is None
    assert found["model"]["md5"] == md5(model.read_bytes())
    assert main(["predict", str(model), DATASET]) == 0


@pytest.mark.slow
def test_a_champion_that_cannot_be_asked_about_blocks(here: Project, capfd: Any) -> None:
    here.write("mlflow.db", b"this is no database, and never was")
    assert main(["train", "--register", "m"]) == 2
    assert "no SQLite database" in capfd.readouterr().err
    assert not (here.path / "models").exists()


def test_a_search_asks_mlflow_before_it_begins(here: Project, capfd: Any) -> None:
    here.write("mlflow.db", b"this is no database, and never was")
    assert main(["train", "--search", "2"]) == 2
    said = capfd.readouterr().err
    assert "no SQLite database" in said
    assert "the best so far" not in said
    assert not (here.path / "models").exists()


def test_a_store_that_came_with_a_clone_is_refused_before_anything_is_read_of_it(here: Project, capfd: Any) -> None:
    here.write("mlflow.db", sqlite.HEADER + b"and a stranger's addresses")
    here.git("add", "-f", "mlflow.db")
    assert "git config --add trinity-guard.trusted 'store " in refused(here, capfd, code=1)


@pytest.mark.slow
def test_a_place_that_cannot_be_written_is_told(here: Project, capfd: Any) -> None:
    here.write("models", b"a file")
    assert main(["train"]) == 2
    assert "the model cannot be written to models: file exists" in capfd.readouterr().err
    assert (here.path / "models").read_bytes() == b"a file"


@pytest.mark.slow
def test_a_model_that_cannot_be_written_is_nobodys_champion_and_no_run_has_it(here: Project, capfd: Any) -> None:
    assert main(["train", "--register", "m", "--output", "/proc"]) == 2  # a folder, but nothing can be put into it
    assert "the model cannot be written to /proc" in capfd.readouterr().err
    store = stores.store(str(here.path))
    store.ready()  # the refused training may still be making the tables: a busy machine takes many seconds
    assert tracking.champion(store, "m") is None
    with stores.opened(store) as client:
        assert client.search_experiments(filter_string="name = 'layout_risk_predictor'") == []


@pytest.mark.parametrize("command", ["data", "train", "ui"])
def test_a_bare_repository_gets_no_files_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any, command: str
) -> None:
    run("git", "init", "-q", "--bare", tmp_path / "bare.git")
    monkeypatch.chdir(tmp_path / "bare.git")
    before = listing(tmp_path)
    assert main([command]) == 2
    assert "has no work tree" in capfd.readouterr().err
    assert listing(tmp_path) == before


@pytest.mark.slow
def test_outside_of_git_no_gitignore_appears(here: Project, capfd: Any) -> None:
    shutil.rmtree(here.path / ".git")
    assert main(["train"]) == 0
    assert "git add" not in capfd.readouterr().out
    assert not (here.path / ".gitignore").exists()
    [model] = here.models()
    assert here.metadata(model)["git"] is None


@pytest.mark.slow
def test_before_the_first_commit_all_is_uncommitted_and_written_down_so(here: Project) -> None:
    assert main(["train", "--set", "folds=0"]) == 0
    [model] = here.models()
    found = here.metadata(model)
    assert found["git"] == {"commit": None, "dirty": True, "branch": "main"}
    assert "- commit: none yet: it was trained on what no commit holds" in beside(model, "_card.md").read_text()
    logged = tracking.run_of(stores.store(str(here.path)), found["mlflow"]["run_id"])
    assert logged is not None
    assert logged["tags"]["git_dirty"] == "true"
    assert logged["tags"]["git_branch"] == "main"
    assert "git_commit" not in logged["tags"]


@pytest.mark.slow
def test_uncommitted_changes_are_written_down(here: Project) -> None:
    here.git("add", "params.yaml")
    here.commit()
    here.git("checkout", "-q", "--detach")
    here.write("params.yaml", b"train:\n  n_estimators: 9\n  folds: 2\n")
    assert main(["train"]) == 0
    [model] = here.models()
    assert here.metadata(model)["git"] == {"commit": here.head(), "dirty": True, "branch": None}


@pytest.mark.parametrize("command", ["train", "evaluate", "predict"])
def test_help_has_an_example_and_loads_no_library(command: str, tmp_path: Path) -> None:
    script = (
        "import sys; from trinity_guard.cli import main\n"
        "main([sys.argv[1], '--help'])\n"
        "sys.exit(bool({'sklearn', 'pandas', 'mlflow'} & set(sys.modules)))"
    )
    said = run(sys.executable, "-c", script, command, cwd=tmp_path).stdout.decode()
    assert f"example:\n  trinity {command}" in said
    assert [p.name for p in tmp_path.iterdir()] == ["home"]


@pytest.mark.slow
def test_the_program_of_the_page_runs_as_it_is(done: Done) -> None:
    [_, program] = blocks((PROJECT / "docs" / "training.md").read_text(), "python")
    script = "import sys\nmodel = sys.argv[1]\n" + program
    said = run(sys.executable, "-c", script, done.model, cwd=done.project.path).stdout.decode().split()
    assert said[0] in {"NONE", "CSS_BREAK_WORD", "FONT_SHRINK", "CSS_TRUNCATE", "CONTENT_CUT", "UNRESOLVED"}
    assert float(said[-1]) == pytest.approx(done.metadata["metrics"]["f1_overflow"], abs=1e-6)
