"""`trinity use VERSION`: a released model's exact bytes, with metadata and card, and nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.helpers.support import run
from tests.training import releases
from tests.training.releases import TAG, Work

# Each begins with a training, its release and a clone.
pytestmark = pytest.mark.slow

DATA = "data/training_dataset.csv"


@pytest.fixture
def work(tmp_path: Path) -> Work:
    """v1.0.0 is released; later commits have another table, and the model no more."""
    made = releases.work(tmp_path)
    made.release("v1.0.0", "--no-mlflow")
    with made.file(DATA).open("ab") as file:
        file.write(b"\n")
    made.guard("convert", DATA)
    made.git("rm", "-q", f"{made.model}.dvc", made.metadata_name, made.model.removesuffix(".pkl") + "_card.md")
    made.git("commit", "-q", "-m", "later")
    made.file(made.model).unlink(missing_ok=True)
    return made


def card(work: Work) -> str:
    return work.model.removesuffix(".pkl") + "_card.md"


@pytest.mark.parametrize("name", ["v1.0.0", f"{TAG}v1.0.0"])
def test_a_released_model_comes_with_what_tells_of_it_and_nothing_else(work: Work, name: str) -> None:
    table = work.file(DATA).read_bytes()
    wanted = (work.storage / "files" / "md5").glob("*/*")
    md5 = work.show(f"{work.model}.dvc", f"{TAG}v1.0.0").split(b"md5: ")[1].split()[0].decode()
    [data] = [p.read_bytes() for p in wanted if p.parent.name + p.name == md5]
    work.trinity("use", name)
    assert work.file(work.model).read_bytes() == data
    assert work.file(DATA).read_bytes() == table
    staged = {f"A  {n}" for n in (f"{work.model}.dvc", work.metadata_name, card(work), "models/.gitignore")}
    assert set(work.git("status", "--porcelain").stdout.decode().splitlines()) == staged
    for path in (f"{work.model}.dvc", work.metadata_name, card(work)):
        assert work.file(path).read_bytes() == work.show(path, f"{TAG}v1.0.0")
    assert b"all is as in" in work.trinity("use", name).stderr


def test_a_fresh_clone_fetches_that_object_alone(work: Work) -> None:
    clone = Work(work.path.parent / "clone")
    run("git", "clone", "-q", work.path, clone.path)
    clone.guard("remote", "trust", "storage")
    clone.trinity("use", "v1.0.0")
    md5 = work.show(f"{work.model}.dvc", f"{TAG}v1.0.0").split(b"md5: ")[1].split()[0].decode()
    assert list(clone.cached()) == [md5]
    assert not clone.file(DATA).exists()
    clone.dvc("checkout", f"{work.model}.dvc")
    assert clone.cached()[md5] == clone.file(work.model).read_bytes()


def test_where_the_bytes_cannot_be_had_nothing_is_touched(work: Work) -> None:
    shutil.rmtree(work.path / ".dvc" / "cache")
    shutil.rmtree(work.storage)
    before = work.files()
    said = work.trinity("use", "v1.0.0", ok=False)
    assert said.returncode == 1
    assert b"nothing was touched" in said.stderr
    assert {n: m for n, m in work.files().items() if m} == {n: m for n, m in before.items() if m}
    assert work.git("status", "--porcelain").stdout == b""


@pytest.mark.parametrize("which", ["metadata", "card"])
def test_an_edit_of_what_tells_of_it_is_not_overwritten(work: Work, which: str) -> None:
    name = work.metadata_name if which == "metadata" else card(work)
    work.write(name, b"{} mine\n")
    said = work.trinity("use", "v1.0.0", ok=False)
    assert (said.returncode, work.file(name).read_bytes()) == (1, b"{} mine\n")
    assert name.encode() in said.stderr
    assert not work.file(work.model).exists()
    assert work.index().keys() & {name.encode(), f"{work.model}.dvc".encode()} == set()


def test_a_changed_model_that_is_recorded_nowhere_is_not_overwritten(work: Work) -> None:
    work.write(work.model, b"mine")
    said = work.trinity("use", "v1.0.0", ok=False)
    assert (said.returncode, work.file(work.model).read_bytes()) == (1, b"mine")


def test_a_name_that_means_a_commit_and_a_release_is_asked_back(work: Work) -> None:
    work.git("tag", "v1.0.0", "HEAD")
    said = work.trinity("use", "v1.0.0", ok=False)
    assert said.returncode == 2
    assert f"trinity use {TAG}v1.0.0".encode() in said.stderr
    assert b"trinity use refs/tags/v1.0.0" in said.stderr
    # With a path it can only be the commit, as before; and each of the two ways works.
    work.trinity("use", "v1.0.0", DATA)
    assert not work.file(work.model).exists()
    work.trinity("use", "refs/tags/v1.0.0")
    assert not work.file(work.model).exists()
    work.trinity("use", f"{TAG}v1.0.0")
    assert work.file(work.model).exists()


def test_a_version_that_is_no_release_is_a_commit_as_before(work: Work) -> None:
    work.git("tag", "v0.5.0", f"{TAG}v1.0.0^{{commit}}")
    now = work.file(DATA).read_bytes()
    work.trinity("use", "v0.5.0")
    assert work.file(DATA).read_bytes() != now
    assert work.file(work.model).exists()
    said = work.trinity("use", "v9.9.9", ok=False)
    assert (said.returncode, b"there is no commit 'v9.9.9' here" in said.stderr) == (2, True)
    assert b"git fetch --tags" in said.stderr
    said = work.trinity("use", "v1.0.0", DATA, ok=False)
    assert (said.returncode, f"trinity use {TAG}v1.0.0".encode() in said.stderr) == (2, True)
