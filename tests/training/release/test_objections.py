"""What speaks against a release is said with the remedy, and nothing is tagged."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.support import run
from tests.training.releases import TAG, Work, mlflow_gone

TABLE = "data/training_dataset.csv"
# What a person has who types the commands that are named, and writes a message in the editor.
TYPING = {"GIT_EDITOR": "echo a message >", "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


def other_bytes(work: Work) -> None:
    with work.file(work.model).open("ab") as file:
        file.write(b"more")


def uncommitted_pointer(work: Work) -> None:
    other_bytes(work)
    work.guard("convert", work.model)


def edited_metadata(work: Work) -> None:
    work.file(work.metadata_name).write_text(work.file(work.metadata_name).read_text() + " ")


def untracked_metadata(work: Work) -> None:
    work.git("rm", "-q", "--cached", work.metadata_name)
    work.git("commit", "-q", "-m", "lost")


def metadata_of_another_sha256(work: Work) -> None:
    file = work.file(work.metadata_name)
    told = json.loads(file.read_text())
    told["model"]["sha256"] = "0" * 64
    file.write_text(json.dumps(told))
    work.git("commit", "-q", "-am", "changed")


def metadata_of_another(work: Work) -> None:
    text = work.file(work.metadata_name).read_text().replace(work.md5(work.model), "0" * 32)
    work.file(work.metadata_name).write_text(text)
    work.git("commit", "-q", "-am", "wrong")


def other_data(work: Work) -> None:
    with work.file("data/training_dataset.csv").open("ab") as file:
        file.write(b"\n")
    work.guard("convert", "data/training_dataset.csv")
    work.git("commit", "-q", "-m", "other data")


def no_data(work: Work) -> None:
    work.git("rm", "-q", "data/training_dataset.csv.dvc")
    work.git("commit", "-q", "-m", "no data")


def newer_uncommitted(work: Work) -> None:
    later = work.told | {"created": "2999-01-01T00:00:00Z"}
    work.write("models/later_metadata.json", json.dumps(later).encode())
    work.write("models/later.pkl", b"\x80\x04later")


def lost_object(work: Work) -> None:
    work.object(work.model).unlink()


def lost_data(work: Work) -> None:
    work.object("data/training_dataset.csv").unlink()


def short_object(work: Work) -> None:
    file = work.object(work.model)
    file.chmod(0o644)
    file.write_bytes(file.read_bytes()[:-1])


def remote_away(work: Work) -> None:
    work.guard("push")  # the folder is known from now on
    shutil.move(work.storage, work.storage.with_name("away"))


def dead_server(work: Work) -> None:
    work.dvc("remote", "modify", "storage", "url", "http://127.0.0.1:9/dvc")


def no_remote(work: Work) -> None:
    work.dvc("remote", "remove", "storage")


def light_tag(work: Work) -> None:
    work.git("tag", f"{TAG}v1.2.0")


REFUSED: list[tuple[Callable[[Work], None], str]] = [
    (other_bytes, "is not what models/"),
    (uncommitted_pointer, ".dvc is not as it is committed"),
    (edited_metadata, "_metadata.json is not as it is committed"),
    (untracked_metadata, "which tells what the model was made of"),
    (metadata_of_another, "is of another model (md5 0000000000)"),
    (metadata_of_another_sha256, "has the md5 that its pointer names, and not the sha256 of its metadata"),
    (other_data, "was trained on another data/training_dataset.csv than this commit records"),
    (no_data, "no pointer of this commit names its dataset data/training_dataset.csv"),
    (newer_uncommitted, "models/later.pkl"),
    (lost_object, "is not on the remote 'storage'"),
    (lost_data, "data/training_dataset.csv is not on the remote 'storage'"),
    (short_object, "is damaged on the remote 'storage'"),
    (remote_away, "cannot be told"),
    (dead_server, "cannot be told"),
    (no_remote, "no DVC remote is set"),
    (mlflow_gone, "has no version 1 of layout-risk-predictor"),
    (light_tag, "it is no annotated one"),
]


@pytest.mark.parametrize(("spoil", "words"), REFUSED, ids=lambda x: getattr(x, "__name__", ""))
def test_a_model_that_is_not_committed_pushed_and_told_of_is_no_release(
    work: Work, spoil: Callable[[Work], None], words: str
) -> None:
    spoil(work)
    before = work.tags()
    said = work.release("v1.2.0")
    assert said.returncode == 1, said.stdout + said.stderr
    assert words in said.stderr.decode()
    assert said.stderr.count(b"\n    ") >= 1, "no remedy"
    assert b"Traceback" not in said.stderr
    assert work.tags() == before


def pointer_not_committed(work: Work) -> None:
    work.git("rm", "-q", "--cached", f"{TABLE}.dvc")
    work.git("commit", "-q", "-m", "the model alone")


def table_not_committed(work: Work) -> None:
    work.git("rm", "-q", f"{TABLE}.dvc", "data/.gitignore")
    work.git("commit", "-q", "-m", "the model alone")


def table_not_here(work: Work) -> None:
    pointer_not_committed(work)
    work.file(TABLE).unlink()


def right_again_and_not_committed(work: Work) -> None:
    before = work.file(TABLE).read_bytes()
    other_data(work)
    work.file(TABLE).write_bytes(before)


def table_in_git_raw(work: Work) -> None:
    table_not_committed(work)
    work.git("add", TABLE)
    work.git("commit", "-q", "--no-verify", "-m", "raw")


@pytest.mark.parametrize(
    "spoil",
    [
        pointer_not_committed, table_not_committed, table_not_here, right_again_and_not_committed, table_in_git_raw,
    ],
)  # fmt: skip
def test_to_commit_the_table_is_enough_where_it_is_the_one_that_was_trained_on(
    work: Work, spoil: Callable[[Work], None]
) -> None:
    before = work.show(work.metadata_name)
    spoil(work)
    said = work.release("v1.2.0")
    assert said.returncode == 1
    [remedy] = [line.strip() for line in said.stderr.decode().splitlines() if "git commit" in line]
    assert "trinity train" not in remedy
    run("bash", "-c", remedy, cwd=work.path, env=TYPING)
    released = work.release("v1.2.0")
    assert released.returncode == 0, released.stderr.decode()
    assert work.show(work.metadata_name) == before


@pytest.mark.slow
def test_a_table_that_is_not_the_one_that_was_trained_on_is_trained_on_again(work: Work) -> None:
    other_data(work)
    [remedy] = [line.strip() for line in work.release("v1.2.0").stderr.decode().splitlines() if "git commit" in line]
    run("bash", "-c", remedy.replace("trinity train", "trinity train --set folds=0"), cwd=work.path, env=TYPING)
    assert work.release("v1.2.0", "--no-mlflow").returncode == 0


@pytest.mark.slow
def test_a_folder_whose_name_no_tag_can_bear_is_left_by_the_command_that_is_named(work: Work) -> None:
    work.trinity("train", "--set", "folds=0", "--set", "n_estimators=5", "--output", "mod\nels")
    work.git("add", "-A")
    work.git("commit", "-q", "-m", "in an odd folder")
    [model] = (work.path / "mod\nels").glob("*.pkl")
    said = work.release("v1.2.0", "--model", f"mod\nels/{model.name}")
    assert said.returncode == 1
    assert "cannot stand in a tag's message" in said.stderr.decode()
    [remedy] = [line.strip() for line in said.stderr.decode().splitlines() if "git commit" in line]
    run("bash", "-c", remedy, cwd=work.path, env=TYPING)
    assert work.release("v1.2.0", "--no-mlflow").returncode == 0


@pytest.mark.slow
def test_a_table_whose_name_no_tag_can_bear_is_refused(work: Work) -> None:
    odd = "data/a\nmodel: b.csv"
    work.file(TABLE).rename(work.file(odd))
    work.git("rm", "-q", f"{TABLE}.dvc")
    work.trinity("train", "--dataset", odd, "--set", "folds=0", "--set", "n_estimators=5")
    work.git("add", "-A")
    work.git("commit", "-q", "-m", "an odd table")
    said = work.release("v1.2.0", "--no-mlflow")
    assert said.returncode == 1
    assert "cannot stand in a tag's message" in said.stderr.decode()
    [remedy] = [line.strip() for line in said.stderr.decode().splitlines() if "git commit" in line]
    run("bash", "-c", remedy.replace("FILE", "table"), cwd=work.path, env=TYPING)
    assert work.release("v1.2.0", "--no-mlflow").returncode == 0
