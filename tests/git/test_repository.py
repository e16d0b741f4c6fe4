"""Where we are: plain and bare repositories, linked work trees, submodules, hooks; and which paths are ours."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest

from tests.git.conftest import place_of
from tests.helpers.support import Repo, run
from trinity_guard import git
from trinity_guard.errors import UNUSABLE, GuardError
from trinity_guard.git import repository

LINK, NO_FILE, FOLDER, LONG = (
    f"it is {what}" for what in ("a symbolic link", "no regular file", "a folder", "larger than 4 bytes")
)
NONE, BELOW = "No such file or directory", "Not a directory"
# What is there -> what is read of it, or why not; and where a link will do.
KINDS: dict[str, tuple[bytes | str, bytes | str]] = {
    "file": (b"data", b"data"),
    "link to file": (LINK, b"data"),
    "link to device": (LINK, NO_FILE),
    "link to pipe": (LINK, NO_FILE),
    "link to nothing": (LINK, NONE),
    "pipe": (NO_FILE, NO_FILE),
    "folder": (FOLDER, FOLDER),
    "long": (LONG, LONG),
    "nothing": (NONE, NONE),
    "below": (BELOW, BELOW),
}


def planted(folder: Path) -> None:
    (folder / "file").write_bytes(b"data")
    (folder / "long").write_bytes(b"12345")
    (folder / "folder").mkdir()
    os.mkfifo(folder / "pipe")
    for target in ("file", "pipe", "nothing"):
        (folder / f"link to {target}").symlink_to("none" if target == "nothing" else target)
    (folder / "link to device").symlink_to("/dev/zero")


@pytest.mark.parametrize("links", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_only_a_regular_file_is_read_and_nothing_is_waited_for(tmp_path: Path, kind: str, links: bool) -> None:
    planted(tmp_path)
    file, wanted = tmp_path / ("file/x" if kind == "below" else kind), KINDS[kind][links]
    found: bytes | str | None
    try:
        found = repository.read(os.fsencode(file), 4, links=links)
    except OSError as error:
        found = error.strerror
    assert found == wanted


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12345")
    before = sum(1 for _ in Path("/dev/fd").iterdir())
    for most in (5, 4):
        with contextlib.suppress(OSError):
            repository.read(os.fsencode(tmp_path / "file"), most)
    assert sum(1 for _ in Path("/dev/fd").iterdir()) == before


def as_tuple(place: git.Place) -> tuple[bytes, bytes, bytes, bool]:
    return place.top, place.git_dir, place.common_dir, place.bare


@pytest.mark.parametrize("below", ["", "d/e"])
def test_a_plain_repository_from_wherever_in_it(here: Repo, monkeypatch: pytest.MonkeyPatch, below: str) -> None:
    monkeypatch.chdir(here.path / below)
    assert as_tuple(repository.place()) == as_tuple(place_of(here.path))


@pytest.mark.parametrize("name", ["a b", "é", "new\nline", "-x", "$x", "\udcff"])
def test_a_folder_of_any_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    repo = Repo.make(tmp_path / name, guarded=False)
    monkeypatch.chdir(repo.path)
    assert as_tuple(repository.place()) == as_tuple(place_of(repo.path))
    assert as_tuple(repository.hook_place()) == as_tuple(place_of(repo.path))


def test_a_bare_repository_has_no_top(here: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("git", "clone", "-q", "--bare", here.path, tmp_path / "bare")
    monkeypatch.chdir(tmp_path / "bare")
    bare = os.fsencode(tmp_path / "bare")
    place = repository.place()
    assert as_tuple(place) == (b"", bare, bare, True)
    for refuse in (repository.require_work_tree, repository.at_top):
        with pytest.raises(GuardError, match="bare repository") as refused:
            refuse(place)
        assert refused.value.exit_code == UNUSABLE


def test_a_linked_work_tree_shares_what_is_common(here: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here.git("worktree", "add", "-q", str(tmp_path / "linked"))
    monkeypatch.chdir(tmp_path / "linked")
    common = os.fsencode(here.path / ".git")
    for find in (repository.place, repository.hook_place):
        place = find()
        linked = os.fsencode(tmp_path / "linked")
        assert as_tuple(place) == (linked, common + b"/worktrees/linked", common, False)
        assert place.own == common + b"/trinity-guard"
        assert place.file(b"a", b"b") == linked + b"/a/b"


def test_a_repository_that_is_too_new_for_this_git_is_named_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("git", "init", "-q", tmp_path)
    run("git", "config", "core.repositoryformatversion", "1", cwd=tmp_path)
    run("git", "config", "extensions.oftomorrow", "true", cwd=tmp_path)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(GuardError, match="oftomorrow") as refused:
        repository.place()
    assert refused.value.remedy.startswith("git --version ")


def test_outside_of_a_repository_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(GuardError, match="not a git repository") as refused:
        repository.place()
    assert (refused.value.exit_code, refused.value.remedy) == (UNUSABLE, "git init")


def test_a_git_that_answers_nothing_is_said(here: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "git").write_text("#!/bin/sh\n")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(GuardError, match="Git does not say where") as caught:
        git.place()
    assert caught.value.exit_code == UNUSABLE


def test_in_the_git_dir_there_is_no_work_tree(here: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(here.path / ".git")
    with pytest.raises(GuardError, match="work tree") as refused:
        repository.place()
    assert refused.value.exit_code == UNUSABLE


def test_a_hook_is_at_the_top_without_asking(here: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("a process")

    monkeypatch.setattr(repository, "attempt", never)
    assert as_tuple(repository.hook_place()) == as_tuple(place_of(here.path))


@pytest.mark.parametrize("variable", ["GIT_DIR", "GIT_WORK_TREE"])
def test_a_hook_that_is_told_where_the_repository_is_asks(
    here: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv("GIT_DIR", str(here.path / ".git"))
    if variable == "GIT_WORK_TREE":
        monkeypatch.setenv("GIT_WORK_TREE", str(here.path))
        monkeypatch.chdir(tmp_path)
    assert as_tuple(repository.hook_place()) == as_tuple(place_of(here.path))


@pytest.mark.parametrize("kind", ["plain", "linked", "elsewhere"])
def test_a_hook_that_is_started_in_the_git_dir_goes_to_its_work_tree(
    here: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """As dulwich does it, and so DVC for the commits of its experiments."""
    top = here.path
    if kind == "linked":
        top = tmp_path / "linked"
        here.git("worktree", "add", "-q", str(top))
    elif kind == "elsewhere":
        top = tmp_path / "apart"
        run("git", "init", "-q", "--separate-git-dir", tmp_path / "git.dir", top, cwd=tmp_path)
        run("git", "config", "core.worktree", "../apart", cwd=top)
    monkeypatch.chdir(top)
    expected = repository.place()
    monkeypatch.chdir(os.fsdecode(expected.git_dir))
    assert as_tuple(repository.hook_place()) == as_tuple(expected)
    assert Path.cwd() == top


def test_a_bare_repository_s_hook_stays_where_it_is(
    here: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("git", "clone", "-q", "--bare", here.path, tmp_path / "bare.git")
    monkeypatch.chdir(tmp_path / "bare.git")
    assert repository.hook_place().bare
    assert Path.cwd() == tmp_path / "bare.git"


def test_at_the_top_relative_variables_still_mean_the_same(here: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(here.path / "d")
    monkeypatch.setenv("GIT_DIR", "../.git")
    repository.at_top(place_of(here.path))
    assert Path.cwd() == here.path
    assert os.environ["GIT_DIR"] == str(here.path / ".git")


def test_whether_a_rebase_is_under_way(here: Repo) -> None:
    place = place_of(here.path)
    assert not repository.rebasing(place)
    for kind in ("rebase-merge", "rebase-apply"):
        here.file(f".git/{kind}").mkdir()
        assert repository.rebasing(place)
        here.file(f".git/{kind}").rmdir()


# ---- paths of a command line


@pytest.mark.parametrize(
    ("start", "name", "path"),
    [
        ("", "a.csv", b"a.csv"),
        ("", ".", b""),
        ("", "./d/../d/e", b"d/e"),
        ("d", "e/f.txt", b"d/e/f.txt"),
        ("d", "..", b""),
        ("d", "../a b", b"a b"),
        ("d/e", "TOP/-x", b"-x"),
        ("", "not/there", b"not/there"),
        ("", "link", b"link"),
        ("", "\udcff", b"\xff"),
    ],
)
def test_a_path_is_named_from_the_top(here: Repo, start: str, name: str, path: bytes) -> None:
    given = name.replace("TOP", str(here.path))
    assert repository.relative(place_of(here.path), [given], os.fsencode(here.path / start)) == [path]


def test_through_a_link_to_the_repository_it_is_the_same(here: Repo, tmp_path: Path) -> None:
    (tmp_path / "way").symlink_to(here.path)
    for start in (tmp_path / "way", here.path):
        found = repository.relative(place_of(here.path), [str(tmp_path / "way" / "a.csv")], os.fsencode(start))
        assert found == [b"a.csv"]


@pytest.mark.parametrize(
    ("name", "words"),
    [("..", "outside"), ("/etc/passwd", "outside"), ("../plain-too/x", "outside"), (".git/config", "in the git dir")],
)
def test_what_is_not_of_the_work_tree_is_refused(here: Repo, name: str, words: str) -> None:
    with pytest.raises(GuardError, match=words) as refused:
        repository.relative(place_of(here.path), [name], os.fsencode(here.path))
    assert refused.value.exit_code == UNUSABLE


def test_what_belongs_to_another_repository_is_refused_with_the_way_there(here: Repo) -> None:
    Repo.make(here.path / "in ner", guarded=False)
    with pytest.raises(GuardError, match="belongs to another repository, in ner") as refused:
        repository.relative(place_of(here.path), ["in ner/x/y.pkl"], os.fsencode(here.path))
    assert refused.value.remedy.startswith("cd 'in ner' ")


def test_the_work_trees_of_a_repository(bare_repo: Repo, tmp_path: Path) -> None:
    bare_repo.commit("--allow-empty")
    linked = tmp_path / "a linked\none"
    bare_repo.git("worktree", "add", "-q", "--detach", os.fsencode(linked))
    bare_repo.git("worktree", "lock", "--reason", "on a disk elsewhere", os.fsencode(linked))
    found = repository.work_trees(bare_repo.git("worktree", "list", "--porcelain", "-z").stdout)
    assert [top for top, _ in found] == [os.fsencode(bare_repo.path), os.fsencode(linked)]
    assert found[1][1] >= {b"HEAD", b"detached", b"locked"}
    assert b"locked" not in found[0][1]
    assert repository.work_trees(b"worktree /x.git\0bare\0\0") == [(b"/x.git", {b"bare"})]
