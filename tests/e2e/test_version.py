"""The version is the tag's wherever the files come from: a clone, a shallow one, an archive, an sdist, a copy."""

from __future__ import annotations

import re
import shutil
import sys
import tarfile
from pathlib import Path

import pytest

from tests.helpers.support import PROJECT, Repo, project_copy, run

SHOW = """
import sys
sys.path.append(sys.argv.pop(1))
from trinity_guard.cli import main
code = main(sys.argv[1:])
sys.stdout.flush()
print("importlib.metadata" in sys.modules)
"""


@pytest.fixture
def source(tmp_path: Path) -> Repo:
    return project_copy(tmp_path / "project")


def built(folder: Path, *, sdist: bool = False) -> Path:
    """Build a wheel, or an sdist, of the project in a folder, as pip does but without asking an index."""
    kind = "sdist" if sdist else "wheel"
    target = folder.parent / f"dist of {folder.name}"
    run(sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", target, cwd=folder)
    [file] = target.glob("*.tar.gz" if sdist else "*.whl")
    return file


def version(folder: Path) -> str:
    return built(folder).name.split("-")[1]


def clone(source: Repo, *options: str) -> Path:
    target = source.path.parent / "clone"
    run("git", "clone", "-q", *options, source.path.as_uri(), target)
    return target


@pytest.mark.slow
def test_a_tagged_commit_has_the_tag_s_version_and_the_next_one_a_dev_version_of_the_next(source: Repo) -> None:
    source.git("tag", "-a", "-m", "a release", "v1.2.3")
    source.git("tag", "-a", "-m", "a model, on the same commit", "layout-risk-predictor@v9.0.0")
    assert version(clone(source)) == "1.2.3"
    source.write("more.txt")
    source.git("add", "more.txt")
    source.commit()
    source.git("tag", "-a", "-m", "a model, nearer", "layout-risk-predictor@v9.0.1")
    assert re.fullmatch(r"1\.2\.4\.dev1\+g[0-9a-f]+", version(source.path))


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("--depth=1",), ("--no-tags",)])
def test_a_clone_without_tags_has_a_dev_version_of_the_first(source: Repo, options: tuple[str, ...]) -> None:
    if options == ("--no-tags",):
        source.git("tag", "v1.2.3")
    assert re.fullmatch(r"0\.1\.0\.dev1\+g[0-9a-f]+", version(clone(source, *options)))


@pytest.mark.slow
def test_a_shallow_clone_of_a_tag_has_its_version(source: Repo) -> None:
    source.git("tag", "v1.2.3")
    source.write("more.txt")
    source.git("add", "more.txt")
    source.commit()
    assert version(clone(source, "--depth=1", "--branch=v1.2.3")) == "1.2.3"


@pytest.mark.slow
def test_an_archive_of_a_tag_has_its_version(source: Repo, tmp_path: Path) -> None:
    source.git("tag", "v1.2.3")
    source.git("archive", "--prefix=archive/", "-o", str(tmp_path / "a.tar"), "v1.2.3")
    with tarfile.open(tmp_path / "a.tar") as archive:
        archive.extractall(tmp_path, filter="data")
    assert version(tmp_path / "archive") == "1.2.3"


@pytest.mark.slow
def test_an_sdist_keeps_the_version_without_git(source: Repo, tmp_path: Path) -> None:
    source.git("tag", "v1.2.3")
    with tarfile.open(built(source.path, sdist=True)) as archive:
        archive.extractall(tmp_path, filter="data")
    assert version(tmp_path / "trinity_guard-1.2.3") == "1.2.3"


@pytest.mark.slow
def test_files_that_nobody_can_ask_still_install(source: Repo) -> None:
    shutil.rmtree(source.path / ".git")
    assert version(source.path) == "0.1.0.dev0"


def shown(library: Path) -> list[str]:
    done = run(sys.executable, "-I", "-S", "-c", SHOW, library, "--version", cwd=library)
    return done.stdout.decode().splitlines()


def test_the_version_is_said_without_a_look_into_the_metadata_of_packages() -> None:
    said, looked = shown(PROJECT)
    assert said.startswith("trinity-guard ")
    assert looked == "False"


def test_a_clone_that_was_never_installed_says_so(tmp_path: Path) -> None:
    shutil.copytree(
        PROJECT / "trinity_guard",
        tmp_path / "trinity_guard",
        ignore=shutil.ignore_patterns("_version.py", "__pycache__", "training", "history"),
    )
    assert shown(tmp_path) == ["trinity-guard 0.0.0.dev0", "False"]
