"""Git's remotes by GitPython: what Git says of them, in every kind of repository; nothing planted there runs."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from tests.helpers.support import PROJECT, Repo, run
from trinity_guard import git
from trinity_guard.errors import GuardError
from trinity_guard.git import gitpython
from trinity_guard.git.repository import Place


def place_of(path: Path) -> Place:
    """Return the place of a repository as the program finds it there."""
    here = Path.cwd()
    os.chdir(path)
    try:
        return git.place()
    finally:
        os.chdir(here)


def said_by_git(path: Path) -> dict[str, str]:
    names = run("git", "remote", cwd=path).stdout.split()
    return {os.fsdecode(n): os.fsdecode(run("git", "remote", "get-url", n, cwd=path).stdout[:-1]) for n in names}


@pytest.fixture(params=["plain", "sha256", "bare", "worktree", "submodule", "$HOME and ~", "n\udcff"])
def somewhere(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A repository of each kind, with a commit."""
    kind = request.param
    path = tmp_path / (kind if kind[0] in "$n" else "work")
    options = {"sha256": ["--object-format=sha256"], "bare": ["--bare"]}.get(kind, [])
    run("git", "init", "-q", "-b", "main", *options, path)
    if kind == "bare":
        return path
    run("git", "commit", "-q", "--allow-empty", "-m", "one", cwd=path)
    if kind == "worktree":
        run("git", "worktree", "add", "-q", tmp_path / "linked", "-b", "other", cwd=path)
        return tmp_path / "linked"
    if kind == "submodule":
        run("git", "init", "-q", tmp_path / "outer")
        run("git", "-c", "protocol.file.allow=always", "submodule", "-q", "add", path, "inner", cwd=tmp_path / "outer")
        return tmp_path / "outer" / "inner"
    return path


def test_the_remotes_are_those_that_git_names(somewhere: Path) -> None:
    for name, url in (("origin", "https://example.org/a.git"), ("team/b", "me@host:b.git"), ("here", "../c d")):
        run("git", "remote", "add", name, url, cwd=somewhere, ok=name != "origin")  # a submodule has one already
    run("git", "config", "--add", "remote.here.url", "/a/second/one", cwd=somewhere)
    run("git", "config", "remote.here.pushurl", "/pushed/there", cwd=somewhere)
    run("git", "config", "url.https://mirror/.insteadOf", "https://example.org/", cwd=somewhere)
    assert gitpython.remotes(place_of(somewhere)) == said_by_git(somewhere)


def test_a_repository_without_remotes_has_none(somewhere: Path) -> None:
    run("git", "remote", "remove", "origin", cwd=somewhere, ok=False)
    assert gitpython.remotes(place_of(somewhere)) == {}


def test_names_and_settings_that_are_no_text_are_read(bare_repo: Repo) -> None:
    with bare_repo.file(".git/config").open("ab") as config:
        config.write(b'[user]\n\tname = J\xfcrgen\n[remote "n\xe9"]\n\turl = /data/\xe9t\xe9\n')
    assert gitpython.remotes(place_of(bare_repo.path)) == {"n\udce9": "/data/\udce9t\udce9"}


def test_what_the_environment_adds_counts_as_it_does_for_git(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    bare_repo.git("remote", "add", "origin", "https://example.org/a")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "url.https://mirror/.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "https://example.org/")
    assert gitpython.remotes(place_of(bare_repo.path)) == {"origin": "https://mirror/a"}


def test_a_git_dir_apart_from_its_work_tree_is_found(
    bare_repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare_repo.git("remote", "add", "origin", "/its/own")
    bare_repo.file(".git").rename(tmp_path / "apart")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "apart"))
    monkeypatch.setenv("GIT_WORK_TREE", str(bare_repo.path))
    assert gitpython.remotes(place_of(bare_repo.path)) == {"origin": "/its/own"}


def test_nothing_that_a_config_plants_is_run(bare_repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    witness = tmp_path / "witness"
    bare_repo.git("commit", "-q", "--allow-empty", "-m", "one")
    planted = f"touch {witness}"
    included = tmp_path / "included"
    included.write_text(f"[core]\n\tpager = {planted}\n\teditor = {planted}\n[alias]\n\tget-url = !{planted}\n")
    with bare_repo.file(".git/config").open("a") as config:
        config.write(
            f"[core]\n\tfsmonitor = {planted}\n\tsshCommand = {planted}\n\tpager = {planted}\n\tgitProxy = {planted}\n"
            f"[alias]\n\tremote = !{planted}\n\tversion = !{planted}\n\tconfig = !{planted}\n"
            f'[credential]\n\thelper = !{planted}\n[includeIf "gitdir:/"]\n\tpath = {included}\n'
            f'[remote "ext"]\n\turl = ext::{planted}\n\tvcs = x\n\tuploadpack = {planted}\n'
        )
    trace = tmp_path / "trace"
    monkeypatch.setenv("GIT_TRACE2_EVENT", str(trace))
    place = place_of(bare_repo.path)
    trace.unlink()
    assert gitpython.remotes(place) == {"ext": f"ext::{planted}"}
    assert not witness.exists()
    events = [json.loads(line) for line in trace.read_text().splitlines()]
    started = [event["argv"][1:] for event in events if event["event"] == "start"]
    assert [argv[2:] for argv in started if argv != ["version"]] == [["remote"], ["remote", "get-url", "--", "ext"]]
    assert not [event for event in events if event["event"] == "child_start"]


def test_what_is_wrong_is_said_in_words(bare_repo: Repo, tmp_path: Path) -> None:
    with pytest.raises(GuardError, match="Git's remotes cannot be read: fatal: not a git repository"):
        gitpython.remotes(Place(os.fsencode(tmp_path), os.fsencode(tmp_path), os.fsencode(tmp_path)))
    place = place_of(bare_repo.path)
    with bare_repo.file(".git/config").open("a") as config:
        config.write("[broken\n")
    with pytest.raises(GuardError, match=r"Git's remotes cannot be read: fatal: bad config line \d+"):
        gitpython.remotes(place)


def test_without_git_on_the_path_it_says_so(bare_repo: Repo) -> None:
    code = (
        "import os, sys\nfrom trinity_guard.errors import GuardError\nfrom trinity_guard.git import gitpython\n"
        "from trinity_guard.git.repository import Place\nat = os.fsencode(sys.argv[1])\n"
        "try:\n    gitpython.remotes(Place(at, at + b'/.git', at + b'/.git'))\n"
        "except GuardError as error:\n    print(error.exit_code, error.problem)\n"
    )
    env = {"PATH": "/nowhere", "PYTHONPATH": str(PROJECT)}
    out = run(sys.executable, "-c", code, bare_repo.path, env=env).stdout
    assert out.startswith(b"2 GitPython cannot be used: ")


def test_no_hook_loads_it() -> None:
    users = [
        file.relative_to(PROJECT / "trinity_guard").parts[0]
        for file in (PROJECT / "trinity_guard").rglob("*.py")
        if "import gitpython" in file.read_text()
    ]
    assert users
    assert set(users) <= {"migrate", "training", "doctor", "setup", "report"}
