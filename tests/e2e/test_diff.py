"""What `git diff`, `git show` and `git log -p` show of a pointer once `init` has been run."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.helpers.support import Repo, dvc, made_once

ONE = b"id,x\n1,5\n2,6\n3,7\n"
TWO = b"id,x\n1,5\n2,9\n3,7\n4,1\n"
POINTER = "t.csv.dvc"


@pytest.fixture
@made_once
def history(repo: Repo) -> Repo:
    for data in (ONE, TWO):
        repo.stage("t.csv", data)
        repo.commit()
    return repo


def said(repo: Repo, *args: str) -> str:
    return repo.git(*args).stdout.decode()


@pytest.mark.slow
@pytest.mark.parametrize("args", [("show",), ("log", "-p", "-1")])
def test_show_and_log_tell_of_both_sides_what_they_hold(history: Repo, args: tuple[str, ...]) -> None:
    out = said(history, *args)
    assert "-# rows: 3\n+# rows: 4\n" in out
    assert "-# column x: number, 5 to 7, mean 6, 0 empty\n" in out
    assert "+# column x: number, 1 to 9, mean 5.5, 0 empty\n" in out


@pytest.mark.slow
def test_diff_tells_rows_and_cells_below_a_patch_that_git_applies(history: Repo) -> None:
    out = said(history, "diff", "HEAD~1", "HEAD")
    assert "#   rows      1 added, 1 changed, by id\n" in out
    assert "#   ~ id 2: x 6 → 9\n" in out
    history.git("checkout", "-q", "HEAD~1")
    patch = subprocess.run(
        ["git", "apply", "--cached", "-"], cwd=history.path, input=out.encode(), capture_output=True, check=False
    )
    assert patch.returncode == 0, patch.stderr
    assert said(history, "diff", "--no-ext-diff", "--cached", "main", "--", POINTER) == ""


@pytest.mark.slow
@pytest.mark.parametrize("change", ["added", "removed", "renamed", "executable"])
def test_the_patch_of_every_kind_of_change_applies(history: Repo, change: str) -> None:
    before = history.git("write-tree").stdout
    if change == "added":
        history.stage("é t.csv", b"k,v\n1,2\n")
        history.guard("convert")
    elif change == "removed":
        history.guard("rm", "t.csv")
    elif change == "renamed":
        history.guard("mv", "t.csv", "u.csv")
    else:
        history.git("update-index", "--chmod=+x", POINTER)
    out = said(history, "diff", "--cached", "HEAD")
    after = history.git("write-tree").stdout
    history.git("read-tree", "HEAD")
    done = subprocess.run(
        ["git", "apply", "--cached", "-"], cwd=history.path, input=out.encode(), capture_output=True, check=False
    )
    assert done.returncode == 0, (done.stderr, out)
    assert history.git("write-tree").stdout == after != before


def test_plumbing_patches_and_counts_stay_what_they_were(history: Repo) -> None:
    for args in (("diff-tree", "-p", "HEAD"), ("format-patch", "-1", "--stdout"), ("diff", "--no-ext-diff",
                 "--no-textconv", "HEAD~1")):  # fmt: skip
        assert "# " not in said(history, *args).partition("outs:")[2]
    assert "| 4 ++--" in said(history, "diff", "--stat", "HEAD~1", "--", POINTER)


@pytest.mark.slow
def test_the_second_time_the_answer_is_kept_and_no_data_is_needed_for_show(history: Repo) -> None:
    first = said(history, "show")
    assert said(history, "show") == first


@pytest.mark.slow
def test_data_that_is_not_here_leaves_the_pointers_lines_and_no_remote_is_asked(history: Repo) -> None:
    shutil.rmtree(history.path / ".dvc" / "cache")
    assert "# " not in said(history, "show").partition("outs:")[2]
    out = said(history, "diff", "HEAD~1", "HEAD")
    assert "# its data is not in the cache here: trinity-guard diff t.csv.dvc\n" in out
    assert "+  size: 21\n" in out


@pytest.mark.slow
def test_without_the_program_the_plain_difference_is_shown(history: Repo) -> None:
    config = history.file(".git/config")
    config.write_bytes(config.read_bytes().replace(b"[ -x '", b"[ -x '/gone"))
    assert "+  size: 21\n" in said(history, "show")
    assert "+  size: 21\n" in said(history, "diff", "HEAD~1", "HEAD")


@pytest.mark.slow
def test_uninstalled_it_is_gone(history: Repo) -> None:
    assert b"diff=trinity" in history.file(".git/info/attributes").read_bytes()
    history.guard("init", "--uninstall")
    assert "# " not in said(history, "show").partition("outs:")[2]
    assert history.git("config", "--get-regexp", r"^diff\.trinity", ok=False).returncode == 1
    assert not history.file(".git/info/attributes").exists()  # nothing of the user's is in it


@pytest.mark.slow
def test_a_hostile_table_neither_colours_nor_stops_a_diff(history: Repo) -> None:
    history.stage("t.csv", b"id,\x1b[31mx\n1,\x1b]0;owned\x07\n" + b"\xff\xfe\0" * 10)
    history.commit()
    out = said(history, "show") + said(history, "diff", "HEAD~1")
    assert "\x1b" not in out
    assert "\x07" not in out


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["", "proj"])
def test_a_project_in_a_folder_has_a_cache_of_its_own(repo: Repo, folder: str) -> None:
    (repo.path / "proj").mkdir()
    dvc("init", "-q", "--subdir", cwd=repo.path / "proj")
    for data in (ONE, TWO):
        repo.stage("proj/t.csv", data)
        repo.commit()
    at = ("-C", folder or ".")
    out = said(repo, *at, "diff", "HEAD~1", "HEAD")
    assert "#   ~ id 2: x 6 → 9\n" in out
    assert "-# rows: 3\n+# rows: 4\n" in said(repo, *at, "show")
    shutil.rmtree(repo.path / "proj" / ".dvc" / "cache")
    shutil.rmtree(repo.path / ".git" / "trinity-guard" / "review")
    typed = "t.csv.dvc" if folder else "proj/t.csv.dvc"
    assert f"# its data is not in the cache here: trinity-guard diff {typed}\n" in said(repo, *at, "diff", "HEAD~1")


@pytest.mark.slow
def test_two_pointers_of_the_same_bytes_are_each_called_by_their_name(history: Repo) -> None:
    history.stage("copy.csv", ONE)
    history.commit()
    history.stage("copy.csv", TWO)
    history.commit()
    assert "# t.csv: changed" in said(history, "diff", "HEAD~3", "HEAD~2")
    assert "# copy.csv: changed" in said(history, "diff", "HEAD~1", "HEAD")
