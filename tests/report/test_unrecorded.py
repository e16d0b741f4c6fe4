"""Artifacts that DVC does not hold are found: in Git itself, and in folders that Git ignores."""

from __future__ import annotations

import pytest

from tests.helpers.support import Repo, run
from tests.report.conftest import World
from trinity_guard import git
from trinity_guard.config import Config
from trinity_guard.detect.patterns import Rules
from trinity_guard.dvcrepo import tracked
from trinity_guard.report import unrecorded


def ignored(world: World) -> list[tuple[str, str]]:
    found = unrecorded.ignored(world.place, Rules(Config()), tracked.load(world.place))
    return [(f.words(), f.rule) for f in found]


def test_what_git_has_is_counted_with_the_largest(world: World) -> None:
    world.track("held.csv", b"1")
    for name, size in (("a.csv", 30), ("d/b.pkl", 2000), ("c.txt", 5000)):
        world.repo.stage(name, size)
    found = unrecorded.in_git(world.place, Rules(Config()), tracked.load(world.place))
    assert found.words() == "2 artifacts (2 kB; the largest d/b.pkl, 2 kB)"
    assert (
        unrecorded.in_git(world.place, Rules(Config(exclude=("*.csv",))), tracked.load(world.place)).words()
        == "d/b.pkl (2 kB)"
    )


def test_a_submodule_is_nothing_that_git_has(world: World) -> None:
    world.repo.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},lib")
    world.repo.stage("a.csv", 30)
    found = unrecorded.in_git(world.place, Rules(Config()), tracked.load(world.place))
    assert found.words() == "a.csv (30 B)"


def test_what_the_next_commit_makes_a_pointer_is_not_in_git(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repo.path)

    def in_git() -> str:
        return unrecorded.in_git(git.place(), Rules(Config()), tracked.load(git.place())).words()

    repo.stage("a.pkl", 2000)
    repo.stage("raw.pkl", 1000, raw=True)
    assert in_git() == "raw.pkl (1 kB)"
    repo.commit("--no-verify")
    assert in_git() == "2 artifacts (3 kB; the largest a.pkl, 2 kB)", "committed past the hooks"
    repo.stage("a.pkl", 3000)
    assert in_git() == "raw.pkl (1 kB)"


def test_an_ignored_folder_with_artifacts_is_told_with_the_rule(world: World) -> None:
    world.repo.write(".gitignore", b"# mine\n/data/\nraw/*\n")
    world.repo.write("data/a.csv", b"1")
    world.repo.write("data/x/b.csv", b"22")
    world.repo.write("data/x/b.txt", b"22")
    world.repo.write("raw/c.csv", b"1")
    assert ignored(world) == [
        ("2 artifacts (3 B; the largest data/x/b.csv, 2 B)", ".gitignore:2: /data/"),
        ("raw/c.csv (1 B)", ".gitignore:3: raw/*"),
    ]


def test_of_a_name_that_git_takes_for_magic_the_rule_is_told_too(world: World) -> None:
    world.repo.write(".gitignore", b"/:d/\n/e/\n")
    world.repo.write(":d/a.csv", b"1")
    world.repo.write("e/b.csv", b"1")
    assert [rule for _, rule in ignored(world)] == [".gitignore:1: /:d/", ".gitignore:2: /e/"]


@pytest.mark.parametrize(
    "path",
    [
        "venv/lib/x.csv", "v/pyvenv.cfg", "d/.cache/x.csv", "d/node_modules/x.csv", "sub/.git/HEAD", "held.csv",
        "stray.csv", "d/x.txt",
    ],
)  # fmt: skip
def test_what_programs_keep_and_what_dvc_holds_is_not(world: World, path: str) -> None:
    world.track("held.csv", b"1")
    world.repo.write(".gitignore", b"/venv/\n/v/\n/d/\n/sub/\n/held.csv\n/stray.csv\n")
    for folder in ("v", "sub"):
        world.repo.write(f"{folder}/x.csv" if path.startswith(f"{folder}/") else f"{folder}/x.txt", b"1")
    world.repo.write(path, b"1")
    assert ignored(world) == []


def test_what_a_pointer_in_conflict_holds_is_recorded(world: World) -> None:
    world.track("data/held.csv", b"1")
    world.repo.git("commit", "-q", "-m", "one")
    oid = world.repo.index()[b"data/held.csv.dvc"][1].decode()
    stages = "".join(f"100644 {oid} {stage}\tdata/held.csv.dvc\n" for stage in (1, 2, 3))
    world.repo.git("rm", "-q", "--cached", "data/held.csv.dvc")
    run("git", "update-index", "--index-info", cwd=world.repo.path, data=stages.encode())
    assert ignored(world) == []


def test_the_look_is_bounded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.repo.write(".gitignore", b"/data/\n")
    for number in range(9):
        world.repo.write(f"data/{number}.csv", b"1")
    monkeypatch.setattr(unrecorded, "MAX_FILES", 4)
    assert ignored(world)[0][0].startswith("4 artifacts")
    monkeypatch.setattr(unrecorded, "MAX_SECONDS", -1.0)
    assert ignored(world) == []


def test_what_a_stage_makes_is_told_apart(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repo.path)
    repo.stage("dvc.yaml", b"stages:\n  fit:\n    cmd: x\n    outs: [m.pkl, d]\n")
    for name in ("m.pkl", "d/a.csv", "own.csv"):
        repo.stage(name, 10, raw=True)

    def said() -> tuple[str, str]:
        found = unrecorded.in_git(git.place(), Rules(Config()), tracked.load(git.place()))
        return unrecorded.in_git_said(found)

    problem, remedy = said()
    assert problem.endswith(" are in Git itself, 2 of them made by a pipeline.")
    assert remedy.startswith("trinity-guard convert . && git commit ")
    repo.git("rm", "-q", "--cached", "own.csv")
    problem, remedy = said()
    assert problem.splitlines()[1] == "m.pkl is an output of stage 'fit' in dvc.yaml: DVC keeps it, not Git."
    assert "convert" not in remedy
    assert "git rm -q --cached -- m.pkl\n" in remedy
