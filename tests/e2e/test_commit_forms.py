"""Every form of `git commit`: the tree holds the pointer, the index agrees, nothing else was touched."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.support import KB, MB, Repo, dvc, run

BOTH_WAYS = True


def assert_converted(repo: Repo, name: str, data: bytes, revision: str = "HEAD") -> None:
    """The commit holds the pointer and not the bytes; cache and remote hold them; index and tree agree with HEAD."""
    tree = repo.tree(revision)
    assert name.encode() not in tree
    assert f"{name}.dvc".encode() in tree
    md5 = hashlib.md5(data).hexdigest()
    assert f"md5: {md5}".encode() in repo.show(f"{name}.dvc", revision)
    assert repo.cached()[md5] == data


def assert_clean(repo: Repo) -> None:
    # As scripts ask, and before `git status` has the index know the times of the files.
    assert repo.git("diff-files", "--name-only").stdout == b""
    assert repo.git("diff-index", "--name-only", "HEAD").stdout == b""
    assert repo.git("status", "--porcelain").stdout == b""
    assert repo.index() == repo.tree()


@pytest.mark.parametrize(
    "name",
    [
        "a.pkl",
        "é.pkl",
        "a b.pkl",
        "-x.pkl",
        "new\nline.pkl",
        "it's.pkl",
        'qu"ote.csv',
        "deep/er/t.h5",
        "#x.npy",
        "UP.PKL",
    ],
)
def test_a_staged_artifact_becomes_a_pointer_and_a_fresh_clone_gets_its_bytes(repo: Repo, name: str) -> None:
    data = repo.stage(name, 200 * KB)
    assert name.encode() in repo.index()
    repo.commit()
    assert_converted(repo, name, data)
    assert_clean(repo)
    assert repo.file(name).read_bytes() == data
    assert repo.pulled_in_a_fresh_clone(name) == data
    assert repo.dvc("status").stdout.strip() == b"Data and pipelines are up to date."


def test_the_remote_has_the_object_after_the_commit(repo: Repo) -> None:
    data = repo.stage("a.pkl")
    repo.commit()
    md5 = hashlib.md5(data).hexdigest()
    [remote] = repo.path.parent.glob("*-dvc-storage")
    object_file = remote / "files" / "md5" / md5[:2] / md5[2:]
    assert object_file.read_bytes() == data
    assert repo.guard("status", "--format", "json").stdout.count(b'"waiting": []') == 1


def test_commit_a_records_a_changed_tracked_artifact(repo: Repo) -> None:
    repo.write("a.pkl", b"raw once")
    repo.git("add", "-f", "a.pkl")
    repo.git("commit", "-q", "-n", "-m", "raw")
    assert repo.tracked("a.pkl")
    data = repo.write("a.pkl", 50 * KB)
    repo.commit("-a")
    assert_converted(repo, "a.pkl", data)
    assert_clean(repo)


def test_commit_i_converts_what_it_adds(repo: Repo) -> None:
    data = repo.stage("a.pkl")
    repo.write("b.csv", b"1,2\n")
    repo.git("add", "-N", "b.csv")
    repo.commit("-i", "b.csv")
    assert_converted(repo, "a.pkl", data)
    assert_converted(repo, "b.csv", b"1,2\n")
    assert_clean(repo)


def test_commit_p_converts_the_hunks_that_were_chosen(repo: Repo) -> None:
    repo.write("t.csv", b"".join(b"%d,x\n" % i for i in range(40)))
    repo.git("add", "t.csv", TRINITY_GUARD_SKIP="filter")
    repo.git("commit", "-q", "-n", "-m", "raw")
    lines = repo.file("t.csv").read_bytes().replace(b"1,x\n", b"one,x\n", 1).replace(b"38,x\n", b"last,x\n")
    repo.write("t.csv", lines)
    run("git", "commit", "-q", "-p", "-m", "first hunk", cwd=repo.path, data=b"y\nn\n")
    staged = lines.replace(b"last,x\n", b"38,x\n")
    assert_converted(repo, "t.csv", staged)
    assert repo.file("t.csv").read_bytes() == lines


def test_commit_of_one_path_repairs_the_real_index(repo: Repo) -> None:
    repo.write("code.py", b"x = 1\n")
    repo.git("add", "code.py")
    repo.commit()
    data = repo.stage("a.pkl")
    repo.write("code.py", b"x = 2\n")
    repo.git("add", "code.py")
    repo.git("commit", "-q", "-m", "only", "--", "a.pkl")
    assert_converted(repo, "a.pkl", data)
    # Before the repair the index staged the raw file again and deleted the pointer; what else was staged stays.
    assert repo.git("diff", "--cached", "--name-only").stdout == b"code.py\n"
    assert repo.show("code.py") == b"x = 1\n"
    repo.git("commit", "-q", "-n", "-m", "the rest")
    assert_converted(repo, "a.pkl", data)
    assert_clean(repo)


def test_commit_of_one_path_keeps_other_staged_lines_of_gitignore(repo: Repo) -> None:
    repo.write(".gitignore", b"one\n")
    repo.git("add", ".gitignore")
    repo.commit()
    repo.write(".gitignore", b"one\ntwo\n")
    repo.git("add", ".gitignore")
    repo.write(".gitignore", b"one\ntwo\nthree\n")
    repo.stage("a.pkl")
    repo.git("commit", "-q", "-m", "only", "--", "a.pkl")
    assert repo.show(".gitignore") == b"one\n/a.pkl\n"
    assert repo.show(".gitignore", "") == b"one\ntwo\n/a.pkl\n"
    assert repo.file(".gitignore").read_bytes() == b"one\ntwo\nthree\n/a.pkl\n"


def test_commit_of_one_path_is_refused_without_our_post_commit_hook(repo: Repo) -> None:
    repo.file(".git/hooks/post-commit").unlink()
    repo.stage("a.pkl")
    before = repo.index()
    done = repo.git("commit", "-q", "-m", "only", "--", "a.pkl", ok=False)
    assert done.returncode == 1
    assert b"trinity-guard init" in done.stderr
    assert repo.index() == before
    assert not repo.file("a.pkl.dvc").exists()


def test_amending_a_commit_that_holds_a_raw_artifact_converts_it(repo: Repo) -> None:
    data = repo.stage("a.pkl")
    done = repo.commit("-n")
    assert repo.tracked("a.pkl")
    assert b"a.pkl" in done.stderr
    assert b"git commit --amend" in done.stderr
    repo.git("commit", "-q", "--amend", "--no-edit")
    assert_converted(repo, "a.pkl", data)
    assert_clean(repo)


def test_amending_the_first_commit_converts_it(bare_repo: Repo) -> None:
    data = bare_repo.stage("a.pkl")
    bare_repo.git("commit", "-q", "-m", "raw root")
    bare_repo.guard("init", "-q")
    bare_repo.git("add", "-A")
    bare_repo.git("-c", "alias.fix=commit --amend --no-edit -q", "fix")
    assert_converted(bare_repo, "a.pkl", data)
    assert bare_repo.git("rev-list", "--count", "HEAD").stdout == b"1\n"


def test_an_ordinary_commit_leaves_an_old_raw_artifact_alone(repo: Repo) -> None:
    repo.stage("a.pkl")
    repo.commit("-n")
    repo.stage("code.py", b"x = 1\n")
    repo.commit()
    assert repo.tracked("a.pkl")
    assert not repo.tracked("a.pkl.dvc")


def test_the_first_commit_of_a_repository(bare_repo: Repo) -> None:
    bare_repo.guard("init", "-q")
    data = bare_repo.stage("m/a.pkl", MB)
    bare_repo.git("add", "-A")
    bare_repo.git("commit", "-q", "-m", "first")
    assert_converted(bare_repo, "m/a.pkl", data)
    assert_clean(bare_repo)


def test_a_commit_from_a_subdirectory(repo: Repo) -> None:
    data = repo.stage("sub/dir/a.pkl")
    run("git", "commit", "-q", "-m", "from below", cwd=repo.path / "sub" / "dir")
    assert_converted(repo, "sub/dir/a.pkl", data)
    assert repo.show("sub/dir/.gitignore") == b"/a.pkl\n"
    assert_clean(repo)


def test_a_linked_worktree(repo: Repo, tmp_path: Path) -> None:
    other = Repo(tmp_path / "linked tree")
    repo.git("worktree", "add", "-q", "-b", "side", str(other.path))
    data = other.stage("a.pkl")
    other.commit()
    assert_converted(other, "a.pkl", data)
    assert_clean(other)
    data = other.stage("b.pkl")
    other.git("commit", "-q", "-m", "only", "--", "b.pkl")
    assert_converted(other, "b.pkl", data)
    assert_clean(other)
    assert repo.git("status", "--porcelain").stdout == b""


def test_a_submodule(repo: Repo, make_repo: Callable[..., Repo]) -> None:
    outer = make_repo("outer", guarded=False)
    outer.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(repo.path), "sub")
    outer.git("commit", "-q", "-m", "with a submodule")
    inner = Repo(outer.path / "sub")
    inner.guard("init", "-q")
    data = inner.stage("a.pkl")
    inner.commit()
    assert_converted(inner, "a.pkl", data)
    assert_clean(inner)
    data = inner.stage("b.pkl")
    inner.git("commit", "-q", "-m", "only", "--", "b.pkl")
    assert_converted(inner, "b.pkl", data)
    assert outer.git("status", "--porcelain").stdout == b" M sub\n"


def test_core_hookspath_inside_the_repository(bare_repo: Repo) -> None:
    bare_repo.git("config", "core.hooksPath", ".githooks")
    bare_repo.guard("init", "-q")
    data = bare_repo.stage("a.pkl")
    bare_repo.git("commit", "-q", "-m", "first")
    assert_converted(bare_repo, "a.pkl", data)


def test_the_users_own_index_file(repo: Repo, tmp_path: Path) -> None:
    own = str(tmp_path / "own.index")
    repo.git("read-tree", "HEAD", GIT_INDEX_FILE=own)
    data = repo.write("a.pkl", 5000)
    repo.git("add", "-f", "a.pkl", GIT_INDEX_FILE=own)
    real = repo.index()
    repo.commit(GIT_INDEX_FILE=own)
    assert_converted(repo, "a.pkl", data)
    # The real index never staged the raw file; it gets the pointer, as if the commit had been made with it.
    assert b"a.pkl" not in repo.index()
    assert {k: v for k, v in repo.index().items() if k in real and k != b".gitignore"} == real


def test_a_partly_staged_artifact_records_what_was_staged(repo: Repo) -> None:
    staged = repo.stage("a.pkl", 3000)
    newer = repo.write("a.pkl", 3000)
    done = repo.commit()
    assert_converted(repo, "a.pkl", staged)
    assert hashlib.md5(newer).hexdigest() not in repo.cached()
    assert repo.file("a.pkl").read_bytes() == newer
    assert b"newer working file stays" in done.stderr
    repo.guard("convert", "a.pkl")
    repo.commit()
    assert_converted(repo, "a.pkl", newer)


def test_a_renamed_artifact(repo: Repo) -> None:
    data = repo.stage("old.bin", 9000)
    repo.commit("-n")
    repo.git("mv", "old.bin", "new.pkl")
    repo.commit()
    assert_converted(repo, "new.pkl", data)
    assert not repo.tracked("old.bin")
    assert_clean(repo)


def test_intent_to_add_is_no_content(repo: Repo) -> None:
    repo.write("a.pkl", 100)
    repo.git("add", "-N", "a.pkl")
    repo.stage("code.py", b"x = 1\n")
    repo.commit()
    assert repo.tracked("code.py")
    assert not repo.tracked("a.pkl.dvc")
    assert repo.cached() == {}


@pytest.mark.parametrize("form", [(), ("-a",), ("-i", "a.pkl"), ("--", "a.pkl")], ids=["plain", "-a", "-i", "-- path"])
def test_a_commit_aborted_after_the_hook_works_the_second_time(repo: Repo, form: tuple[str, ...]) -> None:
    data = repo.stage("a.pkl")
    message_hook = repo.file(".git/hooks/commit-msg")
    message_hook.write_text("#!/bin/sh\nexit 1\n")
    message_hook.chmod(0o755)
    head = repo.head()
    assert repo.git("commit", "-q", "-m", "no", *form, ok=False).returncode == 1
    assert repo.head() == head
    message_hook.unlink()
    again = form if b"a.pkl" in repo.index() else ()
    repo.git("commit", "-q", "-m", "yes", *again)
    assert_converted(repo, "a.pkl", data)
    assert_clean(repo)


def test_a_conversion_that_leaves_nothing_to_commit_is_refused(repo: Repo) -> None:
    data = repo.stage("a.pkl")
    repo.commit()
    head = repo.head()
    repo.stage("a.pkl", data)
    done = repo.commit(ok=False)
    assert done.returncode == 1
    assert b"nothing is left to commit" in done.stderr
    assert repo.head() == head
    assert_clean(repo)


def test_a_clean_merge_of_raw_artifacts_is_blocked_and_git_commit_completes_it(repo: Repo) -> None:
    repo.git("checkout", "-q", "-b", "side")
    data = repo.stage("a.pkl")
    repo.commit("-n")
    repo.git("checkout", "-q", "main")
    repo.stage("code.py", b"x = 1\n")
    repo.commit()
    done = repo.git("merge", "-q", "side", "-m", "merge", ok=False)
    assert done.returncode == 1
    assert b"a.pkl" in done.stderr
    assert b"git commit" in done.stderr
    repo.git("commit", "-q", "--no-edit")
    assert len(repo.git("rev-list", "--parents", "-1", "HEAD").stdout.split()) == 3
    assert_converted(repo, "a.pkl", data)
    assert_clean(repo)


def test_autocrlf_records_the_bytes_of_the_working_file(repo: Repo, filters: bool) -> None:
    repo.git("config", "core.autocrlf", "true")
    data = repo.stage("t.csv", b"a,b\r\n1,2\r\n")
    assert (repo.show("t.csv", "") == b"a,b\n1,2\n") == (not filters)
    repo.commit()
    assert_converted(repo, "t.csv", data)
    assert_clean(repo)
    assert b"up to date" in repo.dvc("status").stdout


def test_autocrlf_with_a_newer_working_file(repo: Repo) -> None:
    repo.git("config", "core.autocrlf", "true")
    repo.stage("t.csv", b"a,b\r\n1,2\r\n")
    repo.write("t.csv", b"other\r\n")
    repo.commit()
    assert_converted(repo, "t.csv", b"a,b\r\n1,2\r\n")
    assert repo.file("t.csv").read_bytes() == b"other\r\n"


def test_lfs_tracked_paths_are_left_to_lfs(repo: Repo) -> None:
    repo.stage(".gitattributes", b"*.h5 filter=lfs diff=lfs merge=lfs -text\n")
    lfs = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 12345\n"
    repo.stage("m.h5", lfs)
    data = repo.stage("a.pkl")
    repo.commit()
    assert repo.show("m.h5") == lfs
    assert not repo.tracked("m.h5.dvc")
    assert_converted(repo, "a.pkl", data)


def test_the_user_s_unstaged_gitignore_lines_are_not_swept_in(repo: Repo) -> None:
    repo.stage(".gitignore", b"one\n")
    repo.commit()
    repo.write(".gitignore", b"one\nmine, not staged")
    repo.stage("a.pkl")
    repo.commit()
    assert repo.show(".gitignore") == b"one\n/a.pkl\n"
    assert repo.file(".gitignore").read_bytes() == b"one\nmine, not staged\n/a.pkl\n"
    assert repo.git("diff", "--name-only").stdout == b".gitignore\n"


def test_an_ignore_rule_that_is_not_staged_does_not_count(repo: Repo) -> None:
    repo.write(".gitignore", b"*.pkl\n")
    data = repo.stage("a.pkl")
    repo.commit()
    assert_converted(repo, "a.pkl", data)
    assert repo.show(".gitignore") == b"/a.pkl\n"
    assert repo.file(".gitignore").read_bytes() == b"*.pkl\n"


def test_the_executable_bit_goes_into_the_pointer(repo: Repo) -> None:
    repo.write("tool.pkl", 100)
    repo.file("tool.pkl").chmod(0o755)
    repo.git("add", "-f", "tool.pkl")
    repo.commit()
    assert b"isexec: true" in repo.show("tool.pkl.dvc")


def test_a_symlink_named_like_an_artifact_stays_in_git(repo: Repo) -> None:
    repo.file("link.pkl").symlink_to("elsewhere")
    repo.git("add", "link.pkl")
    repo.commit()
    assert repo.tree()[b"link.pkl"][0] == b"120000"


def test_after_a_conversion_the_old_commit_and_back_again(repo: Repo) -> None:
    old = repo.stage("a.pkl", 4000)
    repo.commit("-n")
    raw_commit = repo.head()
    repo.guard("convert", "a.pkl")
    repo.commit()
    repo.git("checkout", "-q", raw_commit)
    assert repo.file("a.pkl").read_bytes() == old
    repo.git("checkout", "-q", "main")
    dvc("checkout", "-q", cwd=repo.path)
    assert repo.file("a.pkl").read_bytes() == old
