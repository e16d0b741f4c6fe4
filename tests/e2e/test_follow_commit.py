"""What a revert, a cherry-pick, a merge with conflicts, a patch moves is followed, though no checkout is made."""

from __future__ import annotations

import json

import pytest

from tests.helpers.support import Repo, made_once, run

ONE, TWO = b"model one", b"model two, better"


@pytest.fixture
@made_once
def two(repo: Repo) -> Repo:
    """A repository with two versions of a model."""
    repo.stage("m.pkl", ONE)
    repo.stage("train.py", b"v1\n")
    repo.commit()
    repo.write("m.pkl", TWO)
    repo.write("train.py", b"v2\n")
    repo.commit("-a")
    return repo


def state(repo: Repo, name: str = "m.pkl") -> str:
    artifacts = json.loads(repo.guard("status", "--format", "json").stdout)["artifacts"]
    return next(str(a["state"]) for a in artifacts if a["path"] == name)


@pytest.mark.slow
def test_a_revert_is_followed(two: Repo) -> None:
    said = two.git("revert", "--no-edit", "HEAD").stderr
    assert two.file("m.pkl").read_bytes() == ONE
    assert b"m.pkl (9 B) now as its pointer says" in said
    two.git("revert", "--no-edit", "HEAD")
    assert two.file("m.pkl").read_bytes() == TWO
    assert two.git("status", "--porcelain").stdout == b""
    assert state(two) == "present"


@pytest.mark.slow
def test_the_revert_of_a_birth_takes_the_file_away_and_the_revert_of_that_brings_it(two: Repo) -> None:
    data = two.stage("other.pkl", b"another model")
    two.commit()
    two.git("revert", "--no-edit", "HEAD")
    assert not two.file("other.pkl").exists()
    two.git("revert", "--no-edit", "HEAD")
    assert two.file("other.pkl").read_bytes() == data
    assert two.file("m.pkl").read_bytes() == TWO


@pytest.mark.slow
def test_a_cherry_pick_is_followed(two: Repo) -> None:
    two.git("checkout", "-q", "-b", "side", "HEAD^")
    assert two.file("m.pkl").read_bytes() == ONE
    two.git("cherry-pick", "main")
    assert two.file("m.pkl").read_bytes() == TWO


@pytest.mark.slow
def test_a_revert_leaves_what_was_changed_here_and_names_it(two: Repo) -> None:
    mine = two.write("m.pkl", b"mine alone")
    said = two.git("revert", "--no-edit", "HEAD").stderr
    assert two.file("m.pkl").read_bytes() == mine
    assert b"m.pkl was changed here and stays as it is" in said
    two.write("train.py", b"v3\n")
    said = two.commit("-a").stderr
    assert b"m.pkl was changed here, and its pointer names another version since" in said


@pytest.mark.slow
def test_a_revert_of_what_the_cache_has_not_says_so(two: Repo) -> None:
    for file in (two.path / ".dvc/cache/files/md5").rglob("*"):
        if file.is_file() and file.read_bytes() == ONE:
            file.unlink()
    said = two.git("revert", "--no-edit", "HEAD").stderr
    assert b"m.pkl" in said
    two.guard("pull", "m.pkl")
    assert two.file("m.pkl").read_bytes() == ONE


def diverged(repo: Repo) -> None:
    """Two branches with a version each of one artifact, and a file of their own."""
    repo.git("checkout", "-q", "-b", "theirs")
    repo.write("m.pkl", b"their model")
    repo.stage("t.csv", b"their table")
    repo.guard("convert", "m.pkl")
    repo.commit()
    repo.git("checkout", "-q", "main")
    repo.write("m.pkl", b"our model")
    repo.guard("convert", "m.pkl")
    repo.commit()
    assert repo.git("merge", "-q", "theirs", ok=False).returncode == 1


@pytest.mark.slow
def test_the_side_that_is_checked_out_of_a_conflict_is_followed_at_once(two: Repo) -> None:
    diverged(two)
    said = two.git("checkout", "-q", "--theirs", "--", "m.pkl.dvc").stderr
    assert two.file("m.pkl").read_bytes() == b"their model", said
    two.git("checkout", "-q", "--ours", "--", "m.pkl.dvc")
    assert two.file("m.pkl").read_bytes() == b"our model"


@pytest.mark.slow
def test_a_merge_that_a_commit_completes_is_followed(two: Repo) -> None:
    diverged(two)
    two.git("-c", "core.hooksPath=/dev/null", "checkout", "-q", "--theirs", "--", "m.pkl.dvc")
    two.git("add", "m.pkl.dvc")
    said = two.commit().stderr
    assert two.file("m.pkl").read_bytes() == b"their model"
    assert two.file("t.csv").read_bytes() == b"their table"
    assert b"2 files" in said
    assert b"trinity-guard pull" not in said, "it has followed already"
    assert two.git("status", "--porcelain").stdout == b""


@pytest.mark.slow
def test_a_patch_that_moves_a_pointer_is_followed(two: Repo) -> None:
    patch = two.git("format-patch", "--stdout", "-1").stdout
    two.git("checkout", "-q", "-b", "side", "HEAD^")
    run("git", "am", "-q", cwd=two.path, data=patch)
    assert two.file("m.pkl").read_bytes() == TWO


@pytest.mark.slow
def test_where_a_rebase_stops_the_data_is_that_of_the_commit(two: Repo) -> None:
    two.git("checkout", "-q", "-b", "side", "HEAD^")
    two.stage("other.py", b"x\n")
    two.commit()
    two.git("checkout", "-q", "main")
    two.write("m.pkl", b"model three")
    two.write("train.py", b"v3\n")
    two.commit("-a")
    two.git("rebase", "-q", "-i", "side", GIT_SEQUENCE_EDITOR="sed -i 1s/pick/edit/")
    assert two.file("m.pkl").read_bytes() == TWO
    two.git("rebase", "--continue")
    assert two.file("m.pkl").read_bytes() == b"model three"
    command = "cat m.pkl >> ../seen; echo >> ../seen"
    two.git("rebase", "-q", "-f", "--exec", command, "HEAD~2")
    assert (two.path.parent / "seen").read_bytes().splitlines() == [TWO, b"model three"]


@pytest.mark.slow
def test_a_rebase_that_stops_where_it_only_went_forward_is_named_and_its_amended_commit_is_right(two: Repo) -> None:
    """Git runs no hook where `edit` takes a commit as it is: what is here is another version, and no edit."""
    two.write("m.pkl", b"model three")
    two.write("train.py", b"v3\n")
    two.commit("-a")
    recorded = two.show("m.pkl.dvc", "HEAD^")
    two.git("rebase", "-q", "-i", "HEAD~2", GIT_SEQUENCE_EDITOR="sed -i 1s/pick/edit/")
    assert (two.file("m.pkl").read_bytes(), state(two)) == (b"model three", "other version")
    two.write("notes.txt", b"amended\n")
    two.git("add", "-A")
    two.git("commit", "-q", "--amend", "--no-edit", "-a")
    assert two.show("m.pkl.dvc") == recorded
    assert (two.file("m.pkl").read_bytes(), state(two)) == (TWO, "present")
    two.git("rebase", "--continue")
    assert (two.file("m.pkl").read_bytes(), state(two)) == (b"model three", "present")


@pytest.mark.slow
def test_a_bisection_is_followed(two: Repo) -> None:
    two.stage("more.py", b"x\n")
    two.commit()
    first = two.git("rev-list", "--max-parents=0", "HEAD").stdout.decode().strip()
    two.git("bisect", "start", "HEAD", first)
    two.git("bisect", "bad")
    assert two.file("m.pkl").read_bytes() == ONE
    two.git("bisect", "reset")
    assert two.file("m.pkl").read_bytes() == TWO


@pytest.mark.slow
def test_a_commit_that_moves_no_pointer_follows_nothing(two: Repo) -> None:
    two.git("reset", "-q", "--hard", "HEAD^")
    two.stage("code.py", b"x\n")
    said = two.commit().stderr
    assert two.file("m.pkl").read_bytes() == TWO
    assert b"trinity-guard pull m.pkl" in said
    assert state(two) == "other version"


@pytest.mark.slow
def test_nothing_follows_where_that_is_switched_off(two: Repo) -> None:
    two.stage(".trinity-guard.toml", b'sync = "off"\n')
    two.commit()
    two.git("revert", "--no-edit", "HEAD^")
    assert two.file("m.pkl").read_bytes() == TWO
    two.stage("code.py", b"x\n")
    assert b"trinity-guard pull m.pkl" in two.commit().stderr


@pytest.mark.slow
@pytest.mark.parametrize("editor", ["", "true"], ids=["in Git itself", "by a git commit"])
def test_without_a_log_of_heads_moves_it_is_followed_all_the_same(two: Repo, editor: str) -> None:
    data = two.stage("other.pkl", b"another model")
    two.commit()
    two.git("config", "core.logAllRefUpdates", "false")
    (two.path / ".git/logs/HEAD").unlink()
    how = ("-c", f"core.editor={editor}", "revert", "--edit") if editor else ("revert", "--no-edit")
    two.git(*how, "HEAD")
    assert not two.file("other.pkl").exists()
    two.git(*how, "HEAD")
    assert two.file("other.pkl").read_bytes() == data
    two.git(*how, "HEAD~3")
    assert two.file("m.pkl").read_bytes() == ONE
    two.git("rm", "-q", "m.pkl.dvc")
    two.commit("-n")
    assert two.file("m.pkl").read_bytes() == ONE, "a plain commit takes no data away"


@pytest.mark.slow
@pytest.mark.parametrize("how", [("commit", "-q", "-m", "back"), ("revert", "--continue")], ids=["commit", "continue"])
def test_a_revert_that_a_commit_ends_names_the_file_that_it_leaves(two: Repo, how: tuple[str, ...]) -> None:
    two.stage("other.pkl", b"another model")
    two.stage("train.py", b"v3\n")
    two.commit()
    two.stage("train.py", b"v4\n")
    two.commit()
    assert two.git("revert", "--no-edit", "HEAD^", ok=False).returncode == 1
    two.stage("train.py", b"v4\n")
    said = two.git("-c", "core.editor=true", *how).stderr.decode()
    assert "other.pkl stays here, but no pointer holds it any more" in said
    assert two.file("other.pkl").read_bytes() == b"another model"
    assert two.git("status", "--porcelain").stdout == b"?? other.pkl\n"


def test_a_staged_file_that_is_deleted_before_its_commit_stays_so(repo: Repo) -> None:
    repo.stage("m.pkl", ONE)
    repo.file("m.pkl").unlink()
    repo.commit()
    assert repo.tracked("m.pkl.dvc")
    assert not repo.file("m.pkl").exists()
    assert state(repo) == "deleted"
