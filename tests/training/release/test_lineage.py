"""`trinity lineage`: each line of the record is right, wrong, or not looked at; never right for want of a look."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.support import run
from tests.training import releases
from tests.training.releases import TAG, Work

DATA = "data/training_dataset.csv"
ALL = [
    "tag", "commit", "model", "metadata", "dataset", "code", "run", "version", "cache", "cache", "remote", "remote",
    "bytes",
]  # fmt: skip


@pytest.fixture
def work(tmp_path: Path) -> Work:
    """A project with v1.0.0 released, in Git alone: what MLflow shows is put there by the test that asks it."""
    made = releases.work(tmp_path)
    made.release("v1.0.0", "--no-mlflow")
    return made


def told(work: Work, *args: str) -> tuple[int, dict[str, list[str]], str]:
    """Return exit code, what -> states, and the text of all lines."""
    said = work.trinity("lineage", *args, "--format", "json", ok=False)
    assert said.stdout, said.stderr
    record = json.loads(said.stdout)
    states: dict[str, list[str]] = {}
    for line in record["checks"]:
        states.setdefault(line["what"], []).append(line["state"])
    return said.returncode, states, "\n".join(line["text"] for line in record["checks"])


def test_without_verify_git_alone_is_read_and_nothing_else_called_right(work: Work) -> None:
    shutil.rmtree(work.storage)
    shutil.rmtree(work.path / ".dvc" / "cache")
    work.file("mlflow.db").unlink()
    code, states, text = told(work)
    assert code == 0
    assert {w for w, s in states.items() if s == ["ok"]} == {"tag", "commit", "model", "metadata", "dataset", "code"}
    assert states["run"] == states["version"] == ["not looked"]
    assert states["remote"] == ["not looked", "not looked"]
    for word in (f"{TAG}v1.0.0", work.model, work.md5(work.model), work.md5(DATA)):
        assert word in text


@pytest.mark.parametrize("name", ["", "v1.0.0", f"{TAG}v1.0.0", "MODEL"])
def test_a_record_is_found_by_version_tag_and_file(work: Work, name: str) -> None:
    given = [work.model if name == "MODEL" else name] if name else []
    record = json.loads(work.trinity("lineage", *given, "--format", "json").stdout)
    assert (record["name"], record["version"], record["tag"]) == ("layout-risk-predictor", "v1.0.0", f"{TAG}v1.0.0")
    assert record["commit"] == work.head()
    assert (record["model"]["path"], record["model"]["md5"]) == (work.model, work.md5(work.model))
    assert (record["dataset"]["path"], record["dataset"]["md5"]) == (DATA, work.md5(DATA))
    assert record["mlflow"]["version"] == "1"


@pytest.mark.parametrize("name", ["v9.9.9", "models/none.pkl", "HEAD"])
def test_what_is_nowhere_is_said_to_be_nowhere(work: Work, name: str) -> None:
    said = work.trinity("lineage", name, ok=False)
    assert said.returncode == 2
    assert name.encode() in said.stderr


@pytest.mark.slow
def test_a_model_that_was_never_released_has_a_record_too(tmp_path: Path) -> None:
    work = releases.work(tmp_path)
    code, states, text = told(work)
    assert (code, states["tag"], states["model"]) == (0, ["not looked"], ["ok"])
    assert "never released" in text


def drop_tag_message(work: Work) -> None:
    """A tag as GTO makes it, of another pointer."""
    body = work.git("for-each-ref", "--format=%(contents)", f"refs/tags/{TAG}v1.0.0").stdout.decode()
    text = body.replace(work.md5(work.model), "0" * 32)
    work.git("tag", "-f", "-a", "-m", text, f"{TAG}v1.0.0")


def in_metadata(work: Work, old: str, new: str) -> None:
    """Change the metadata, and let the tag lead to the commit that has it."""
    file = work.file(work.metadata_name)
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))
    work.git("commit", "-q", "-am", "changed")
    body = work.git("for-each-ref", "--format=%(contents)", f"refs/tags/{TAG}v1.0.0").stdout.decode()
    work.git("tag", "-f", "-a", "-m", body, f"{TAG}v1.0.0")


def of_another_model(work: Work) -> None:
    in_metadata(work, work.md5(work.model), "0" * 32)


def of_other_data(work: Work) -> None:
    in_metadata(work, f'"md5": "{work.md5(DATA)}"', f'"md5": "{"0" * 32}"')


def of_a_side_branch(work: Work) -> None:
    trained = str(json.loads(work.file(work.metadata_name).read_text())["git"]["commit"])
    side = work.git("commit-tree", "-m", "elsewhere", "HEAD^{tree}").stdout.decode().strip()
    in_metadata(work, trained, side)


def withdrawn(work: Work) -> None:
    work.gto("deprecate", "layout-risk-predictor", "v1.0.0")


def of_another_sha256(work: Work) -> None:
    body = work.git("for-each-ref", "--format=%(contents)", f"refs/tags/{TAG}v1.0.0").stdout.decode()
    sha256 = hashlib.sha256(work.file(work.model).read_bytes()).hexdigest()
    assert f"model_sha256: {sha256}\n" in body
    work.git("tag", "-f", "-a", "-m", body.replace(sha256, "0" * 64), f"{TAG}v1.0.0")


WRONG: list[tuple[Callable[[Work], None], str]] = [
    (drop_tag_message, "tag"),
    (of_another_sha256, "tag"),
    (withdrawn, "tag"),
    (of_another_model, "metadata"),
    (of_other_data, "dataset"),
    (of_a_side_branch, "code"),
]


@pytest.mark.parametrize(("spoil", "what"), WRONG, ids=lambda x: getattr(x, "__name__", ""))
def test_what_git_holds_and_does_not_agree_is_wrong_at_once(
    work: Work, spoil: Callable[[Work], None], what: str
) -> None:
    spoil(work)
    code, states, _ = told(work, f"{TAG}v1.0.0")
    assert code == 1
    assert [w for w, s in states.items() if "wrong" in s] == [what]


@pytest.mark.slow
def test_a_file_that_is_asked_about_must_be_the_recorded_one_too(work: Work) -> None:
    code, states, _ = told(work, work.model)
    assert (code, states["file"]) == (0, ["ok", "not looked"])
    _, states, _ = told(work, work.model, "--verify")
    assert states["file"] == ["ok", "ok"]
    work.file(work.model).unlink()
    work.write(work.model, b"other bytes")
    in_work_tree = work.file(work.metadata_name)
    in_work_tree.write_bytes(in_work_tree.read_bytes() + b"\n")
    code, states, text = told(work, work.model, "--verify")
    assert (code, states["file"]) == (1, ["wrong", "wrong"])
    assert f"{work.model} here is not what its pointer names" in text
    assert "file" not in told(work, "v1.0.0")[1]


def test_a_file_of_the_same_md5_and_another_sha256_is_wrong(work: Work) -> None:
    """Two files may share an md5, which is DVC's name for bytes and no proof."""
    sha256 = hashlib.sha256(work.file(work.model).read_bytes()).hexdigest()
    in_metadata(work, sha256, "0" * 64)
    code, states, text = told(work, work.model, "--verify")
    assert (code, states["file"]) == (1, ["ok", "wrong"])
    assert f"{work.model} here has its pointer's md5, and not the sha256 of its metadata" in text


def test_metadata_that_was_changed_since_the_release_is_not_that_of_the_model(work: Work) -> None:
    file = work.file(work.metadata_name)
    file.write_text(file.read_text().replace('"f1_overflow": 0.', '"f1_overflow": 0.99'))
    work.git("commit", "-q", "-am", "better figures")
    code, states, text = told(work, work.model)
    assert (code, states["file"]) == (1, ["wrong", "not looked"])
    assert f"{work.metadata_name} here is not as commit" in text


def test_a_commit_that_is_not_in_this_clone_cannot_be_looked_at(work: Work) -> None:
    trained = str(json.loads(work.file(work.metadata_name).read_text())["git"]["commit"])
    in_metadata(work, trained, "1" * 40)
    code, states, text = told(work)
    assert (code, states["code"]) == (0, ["could not look"])
    assert "is not in this clone" in text


def test_a_training_from_before_the_first_commit_has_none_to_look_at(work: Work) -> None:
    trained = str(json.loads(work.file(work.metadata_name).read_text())["git"]["commit"])
    in_metadata(work, f'"{trained}"', "null")
    code, states, text = told(work)
    assert (code, states["code"]) == (0, ["not looked"])
    assert "before the first commit" in text


@pytest.mark.slow
def test_verify_looks_at_everything_and_all_is_right(tmp_path: Path) -> None:
    work = releases.work(tmp_path)
    work.release("v1.0.0", "--stage", "prod")
    before = work.files()
    said = work.trinity("lineage", "v1.0.0", "--verify")
    lines = [line.split()[:2] for line in said.stdout.decode().splitlines()[1:]]
    assert [what for what, _ in lines] == ALL
    assert {state for _, state in lines} == {"ok"}
    assert "stage prod" in said.stdout.decode()
    assert work.files() == before
    left = [p.name for p in (work.path / ".git" / "trinity-guard").iterdir() if p.name.startswith("lineage")]
    assert left == []


def lost_object(work: Work) -> None:
    work.object(work.model).unlink()


def lost_data(work: Work) -> None:
    work.object(DATA).unlink()


def rotten_object(work: Work) -> None:
    """Of the same size: only who reads it can tell."""
    file = work.object(work.model)
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.chmod(0o644)
    file.write_bytes(bytes(data))


def rotten_cache(work: Work) -> None:
    md5 = work.md5(work.model)
    file = work.path / ".dvc" / "cache" / "files" / "md5" / md5[:2] / md5[2:]
    file.chmod(0o644)
    file.write_bytes(b"other")


def remote_away(work: Work) -> None:
    work.dvc("remote", "modify", "storage", "url", "http://127.0.0.1:9/dvc")


def store_elsewhere(work: Work) -> None:
    work.file("mlflow.db").unlink()


def other_tag_in_mlflow(work: Work) -> None:
    with sqlite3.connect(work.file("mlflow.db")) as base:
        base.execute("update model_version_tags set value = 'v7.7.7' where key = 'semver'")
        base.execute("update model_version_tags set value = ? where key = 'dvc_md5'", ("0" * 32,))


def other_run(work: Work) -> None:
    with sqlite3.connect(work.file("mlflow.db")) as base:
        base.execute("update tags set value = ? where key = 'dvc_md5'", ("0" * 32,))


VERIFIED: list[tuple[Callable[[Work], None], dict[str, list[str]], int]] = [
    (lost_object, {"remote": ["wrong", "ok"], "bytes": ["wrong"]}, 1),
    (lost_data, {"remote": ["ok", "wrong"]}, 1),
    (rotten_object, {"bytes": ["wrong"]}, 1),
    (rotten_cache, {"cache": ["wrong", "ok"]}, 1),
    (remote_away, {"remote": ["could not look", "could not look"], "bytes": ["could not look"]}, 2),
    (store_elsewhere, {"run": ["could not look"]}, 2),
    (other_tag_in_mlflow, {"version": ["wrong"]}, 1),
    (other_run, {"run": ["wrong"]}, 1),
]


@pytest.mark.slow
@pytest.mark.parametrize(("spoil", "wanted", "code"), VERIFIED, ids=lambda x: getattr(x, "__name__", ""))
def test_verify_finds_what_is_wrong_and_says_where_it_could_not_look(
    tmp_path: Path, spoil: Callable[[Work], None], wanted: dict[str, list[str]], code: int
) -> None:
    work = releases.work(tmp_path)
    work.release("v1.0.0")
    spoil(work)
    found, states, _ = told(work, "v1.0.0", "--verify")
    assert {w: s for w, s in states.items() if set(s) != {"ok"}} == wanted
    assert found == code


@pytest.mark.slow
def test_a_dead_mlflow_server_leaves_a_line_open_and_the_rest_is_looked_at(tmp_path: Path) -> None:
    work = releases.work(tmp_path)
    work.release("v1.0.0", "--no-mlflow")
    said = work.trinity("lineage", "--verify", ok=False, MLFLOW_TRACKING_URI="http://127.0.0.1:9")
    assert said.returncode == 2
    text = said.stdout.decode()
    assert "run       could not look" in text
    assert "bytes     ok" in text


def test_a_clone_tells_the_same_record(work: Work) -> None:
    clone = work.path.parent / "clone"
    run("git", "clone", "-q", work.path, clone)
    there = run("git", "tag", "--list", cwd=clone).stdout.decode().split()
    assert there == [f"{TAG}v1.0.0"]
    mine = json.loads(work.trinity("lineage", "--format", "json").stdout)
    theirs = json.loads(Work(clone).trinity("lineage", "--format", "json").stdout)
    assert mine == theirs
    assert theirs["model"]["path"].startswith("models/layout_risk_predictor_")
