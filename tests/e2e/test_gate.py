"""`git push` publishes no pointer whose bytes nobody can fetch, and no raw artifact: every way a push can go."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.helpers.servers import Service
from tests.helpers.support import KB, PROJECT, Repo, dvc, objects, run
from trinity_guard.dvcrepo import lockfile, pipeline, standin

BOTH_WAYS = True

Done = CompletedProcess[bytes]


@pytest.fixture
def hub(tmp_path: Path) -> Path:
    """The bare repository that everybody pushes to."""
    run("git", "init", "-q", "--bare", "-b", "main", tmp_path / "hub.git")
    return tmp_path / "hub.git"


@pytest.fixture
def work(repo: Repo, hub: Path) -> Repo:
    repo.git("remote", "add", "origin", str(hub))
    repo.git("push", "-q", "-u", "origin", "main")
    return repo


def refs(hub: Path) -> dict[str, str]:
    out = run("git", "for-each-ref", "--format=%(refname) %(objectname)", cwd=hub).stdout.decode()
    return {line.split()[0]: line.split()[1] for line in out.splitlines()}


def empty(storage: Path) -> None:
    """Take all objects off the local DVC remote."""
    shutil.rmtree(storage / "files")


def lose(repo: Repo) -> None:
    """Take all objects off the remote and out of the cache."""
    empty(repo.storage)
    shutil.rmtree(repo.path / ".dvc/cache/files")


def refused(repo: Repo, hub: Path, *push: str, **env: str) -> str:
    """Push, and return the words of the refusal; nothing on the other side may have changed."""
    before = refs(hub)
    done = repo.git("push", *(push or ("origin", "main")), ok=False, **env)
    assert done.returncode == 1
    assert refs(hub) == before
    said = done.stderr.decode()
    assert "Traceback" not in said
    assert "TRINITY_GUARD_SKIP=gate git push" in said
    return said


def test_a_push_whose_objects_are_all_there_says_nothing(work: Repo, hub: Path) -> None:
    work.stage("a.pkl")
    work.commit()
    done = work.git("push", "-q")
    assert done.stderr == b""
    assert refs(hub)["refs/heads/main"] == work.head()


@pytest.mark.slow
def test_what_the_remote_lacks_is_sent_before_the_pointer_is_published(work: Repo, hub: Path) -> None:
    data = work.stage("a.pkl")
    work.commit(TRINITY_GUARD_SKIP="push")
    assert objects(work.storage / "files/md5") == {}
    assert b"pushed 1 object (10.2 kB) first" in work.git("push").stderr
    assert list(objects(work.storage / "files/md5").values()) == [data]
    assert work.pulled_in_a_fresh_clone("a.pkl") == data


def test_every_version_of_a_pointer_is_looked_after_not_only_the_last(work: Repo) -> None:
    versions = []
    for _ in range(3):
        versions.append(work.write("a.pkl", 3 * KB))
        work.guard("add", "a.pkl")
        work.commit(TRINITY_GUARD_SKIP="push")
    work.git("push", "-q")
    assert sorted(objects(work.storage / "files/md5").values()) == sorted(versions)


@pytest.mark.slow
def test_an_object_that_is_nowhere_is_named_with_its_path_commit_and_size(work: Repo, hub: Path) -> None:
    work.stage("models/é b.pkl")
    work.commit()
    first = work.head()
    work.git("commit", "-q", "--allow-empty", "-m", "later")
    lose(work)
    said = refused(work, hub)
    assert "nobody could fetch 1 object" in said
    assert f"models/é b.pkl.dvc (10.2 kB, commit {first[:10]}): its object is not in the cache" in said
    assert work.git("push", TRINITY_GUARD_SKIP="gate").returncode == 0  # the way around, said aloud


def test_an_old_version_that_is_nowhere_is_found_under_a_good_new_one(work: Repo, hub: Path) -> None:
    work.stage("a.pkl")
    work.commit()
    first = work.head()
    lose(work)
    work.write("a.pkl", 3 * KB)
    work.guard("add", "a.pkl")
    work.commit()
    assert f"commit {first[:10]}" in refused(work, hub)


@pytest.mark.slow
def test_a_default_remote_that_is_moved_gets_what_the_old_one_has(work: Repo, hub: Path, tmp_path: Path) -> None:
    data = work.stage("a.pkl")
    work.commit()
    work.git("push", "-q")
    work.guard("remote", "add", "fresh", str(tmp_path / "fresh"), "--default")
    work.git("add", "-A")
    work.commit()
    work.stage("code.py", b"x = 1\n")
    work.commit()
    work.git("push", "-q")
    assert list(objects(tmp_path / "fresh/files/md5").values()) == [data]
    run("git", "clone", "-q", hub, tmp_path / "clone")
    dvc("pull", "-q", cwd=tmp_path / "clone")
    assert (tmp_path / "clone/a.pkl").read_bytes() == data


@pytest.mark.slow
@pytest.mark.parametrize("here", ["another remote", "no DVC at all"])
def test_a_branch_whose_config_leads_elsewhere_is_pushed_where_it_is_checked_out(
    work: Repo, hub: Path, tmp_path: Path, here: str
) -> None:
    work.git("checkout", "-q", "-b", "side")
    data = work.stage("a.pkl")
    work.commit(TRINITY_GUARD_SKIP="push")
    if here == "another remote":
        work.git("checkout", "-q", "main")
        work.guard("remote", "add", "other", str(tmp_path / "other"), "--default")
        work.commit("-a")
    else:
        work.git("checkout", "-q", "--orphan", "pages")
        work.git("rm", "-rqf", ".")
        work.stage("index.html", b"<html>\n")
        work.commit()
    said = refused(work, hub, "origin", "side")
    assert "git checkout side " in said
    assert not (tmp_path / "other/files").exists()
    work.git("checkout", "-q", "side")
    work.git("push", "-q", "origin", "side")
    assert list(objects(work.storage / "files/md5").values()) == [data]


@pytest.mark.slow
def test_an_old_version_that_is_gone_for_good_does_not_hold_the_history_back_from_a_fork(
    work: Repo, hub: Path, tmp_path: Path
) -> None:
    work.stage("a.pkl")
    work.commit()
    work.git("push", "-q")
    lose(work)  # as `dvc gc --cloud` does
    work.write("a.pkl", 3 * KB)
    work.guard("add", "a.pkl")
    work.commit()
    work.git("push", "-q")
    run("git", "init", "-q", "--bare", tmp_path / "fork.git")
    work.git("remote", "add", "fork", str(tmp_path / "fork.git"))
    done = work.git("push", "-q", "fork", "main")
    assert b"a.pkl.dvc in commits that another Git remote has already" in done.stderr
    work.write("a.pkl", 2 * KB)
    work.guard("add", "a.pkl")
    work.commit()
    lose(work)
    assert "a.pkl.dvc (2 kB" in refused(work, tmp_path / "fork.git", "fork", "main")


# ---- raw artifacts ----


@pytest.mark.slow
def test_a_raw_artifact_in_the_last_commit_is_refused_and_the_advice_mends_it(work: Repo, hub: Path) -> None:
    data = work.stage("a.pkl")
    work.commit("--no-verify")
    said = refused(work, hub)
    assert f"a.pkl (10.2 kB, commit {work.head()[:10]})" in said
    assert "git commit --amend --no-edit " in said
    work.git("commit", "-q", "--amend", "--no-edit")
    work.git("push", "-q")
    assert not work.tracked("a.pkl")
    assert work.tracked("a.pkl.dvc")
    assert work.pulled_in_a_fresh_clone("a.pkl") == data


@pytest.mark.slow
def test_raw_artifacts_further_back_are_refused_and_the_advice_mends_each(work: Repo, hub: Path) -> None:
    base = work.head()
    contents = {}
    for name in ("a.pkl", "d/b.csv"):
        contents[name] = work.stage(name)
        work.commit("--no-verify")
    work.stage("code.py", b"x = 1\n")
    work.commit()
    said = refused(work, hub)
    advice = next(line for line in said.splitlines() if "git rebase" in line).partition("     #")[0].strip()
    run("sh", "-c", advice, cwd=work.path)
    work.git("push", "-q")
    names = {n for c in work.git("rev-list", f"{base}..HEAD").stdout.decode().split() for n in work.tree(c)}
    assert not names & {b"a.pkl", b"d/b.csv"}
    assert names >= {b"a.pkl.dvc", b"d/b.csv.dvc", b"code.py"}
    for name, data in contents.items():
        assert work.pulled_in_a_fresh_clone(name) == data


def history(repo: Repo, kind: str) -> None:
    """Make unpublished commits whose raw artifacts are built upon."""
    later: dict[str, list[tuple[str, ...]]] = {
        "gone later": [("rm", "-q", "a.pkl"), ("commit", "-q", "-m", "work")],
        "renamed later": [("mv", "a.pkl", "b.pkl"), ("commit", "-q", "-n", "-m", "work")],
        "merged": [("merge", "-q", "--no-verify", "--no-edit", "other")],
        "an empty commit": [("commit", "-q", "--allow-empty", "-m", "empty")],
    }
    if kind == "another branch":
        repo.git("checkout", "-q", "-b", "side")
    if kind == "merged":
        raw_on(repo, "other", "b.csv")
    repo.stage("a.pkl")
    repo.commit("--no-verify")
    for command in later.get(kind, []):
        repo.git(*command)
    if kind in ("changed later", "ignored later"):
        repo.stage("a.pkl" if kind == "changed later" else ".gitignore", b"*.log\n" * 99)
        repo.commit("--no-verify")
    repo.stage("code.py", b"x = 1\n")
    repo.commit()
    if kind == "unstaged edits":
        repo.write("code.py", b"x = 2\n")
    if kind == "another branch":
        repo.git("checkout", "-q", "main")


KINDS = (
    "changed later", "gone later", "renamed later", "merged", "ignored later", "an empty commit", "unstaged edits",
    "another branch",
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_the_advice_mends_artifacts_that_later_commits_build_upon(work: Repo, hub: Path, kind: str) -> None:
    history(work, kind)
    branch = "side" if kind == "another branch" else "main"
    before, before_count = work.tree(branch), work.git("rev-list", "--count", branch).stdout
    raw = {name for name in before if name.endswith((b".pkl", b".csv"))}
    # What `git add` took: Git's own bytes, or those that it would check out for a stand-in.
    data = {n: work.git("cat-file", "--filters", f"{branch}:{n.decode()}").stdout for n in raw}
    assert not any(standin.begins(content) for content in data.values())
    said = refused(work, hub, "origin", branch)
    advice = next(t for t in said.splitlines() if "git commit" in t or " migrate " in t).partition("     #")[0].strip()
    if advice.startswith("trinity-guard migrate run"):
        assert advice == f"trinity-guard migrate run --ref {branch} --unpublished"
        published = work.head() if branch == "side" else work.git("rev-parse", "origin/main").stdout.decode().strip()
        work.guard(*advice.split()[1:], "--yes")
        assert not work.git("merge-base", "--is-ancestor", published, branch).stderr
        assert work.git("rev-list", "--count", branch).stdout == before_count
    else:
        run("sh", "-c", advice, cwd=work.path, env={"GIT_EDITOR": "true"})
    work.git("push", "-q", "origin", branch)
    assert refs(hub)[f"refs/heads/{branch}"] == work.head()
    assert {name for name in work.tree() if name.endswith(b".dvc")} == {name + b".dvc" for name in raw}
    for name in raw:
        assert work.pulled_in_a_fresh_clone(name) == data[name]
    assert work.file("code.py").read_bytes() == (b"x = 2\n" if kind == "unstaged edits" else b"x = 1\n")


@pytest.mark.slow
def test_the_advice_mends_a_tag_and_a_root_commit(bare_repo: Repo, hub: Path) -> None:
    bare_repo.stage("a.pkl")
    bare_repo.commit()
    bare_repo.stage("a.pkl", 5 * KB)
    bare_repo.commit()
    bare_repo.guard("init", "-q")
    bare_repo.git("add", "-A")
    bare_repo.commit()
    bare_repo.git("remote", "add", "origin", str(hub))
    for ref in ("main", "v1"):
        if ref == "v1":
            raw_on(bare_repo, "side", "x.pkl")
            bare_repo.git("tag", "v1", "side")
        said = refused(bare_repo, hub, "origin", ref)
        word = "git commit" if ref == "v1" else "trinity-guard migrate run"
        advice = next(line for line in said.splitlines() if word in line).partition("     #")[0].strip()
        if ref == "v1":
            run("sh", "-c", advice, cwd=bare_repo.path, env={"GIT_EDITOR": "true"})
        else:
            assert advice == "trinity-guard migrate run --ref main"
            count = bare_repo.git("rev-list", "--count", "main").stdout
            bare_repo.guard("migrate", "run", "--ref", "main", "--yes")
            assert bare_repo.git("rev-list", "--count", "main").stdout == count
        bare_repo.git("push", "-q", "origin", ref)
    assert set(refs(hub)) == {"refs/heads/main", "refs/tags/v1"}


def test_a_raw_artifact_that_is_gone_from_the_tip_is_still_refused(work: Repo, hub: Path) -> None:
    work.stage("a.pkl")
    work.commit("--no-verify")
    work.git("rm", "-q", "a.pkl")
    work.commit()
    assert "a.pkl" in refused(work, hub)


@pytest.mark.parametrize("way", ["cherry-pick", "merge", "rebase"])
def test_raw_artifacts_that_no_hook_saw_come_to_light(work: Repo, hub: Path, way: str) -> None:
    work.git("checkout", "-q", "-b", "side")
    work.stage("a.pkl")
    work.commit("--no-verify")
    work.git("checkout", "-q", "main")
    work.stage("code.py", b"x = 1\n")
    work.commit()
    if way == "cherry-pick":
        work.git("cherry-pick", "side")
    elif way == "merge":
        work.git("merge", "-q", "--no-edit", "--no-verify", "side")
    else:
        work.git("rebase", "-q", "main", "side")
        work.git("checkout", "-q", "-B", "main", "side")
    assert work.tracked("a.pkl")
    assert "a.pkl" in refused(work, hub)


@pytest.mark.slow
def test_what_was_published_elsewhere_before_is_not_held_back_from_a_second_git_remote(
    bare_repo: Repo, hub: Path, tmp_path: Path
) -> None:
    bare_repo.stage("old.pkl")
    bare_repo.git("commit", "-q", "-m", "before anybody guarded it")
    bare_repo.git("remote", "add", "origin", str(hub))
    bare_repo.git("push", "-q", "origin", "main")
    bare_repo.guard("init", "-q")
    bare_repo.commit()
    run("git", "init", "-q", "--bare", tmp_path / "second.git")
    bare_repo.git("remote", "add", "second", str(tmp_path / "second.git"))
    bare_repo.git("push", "-q", "second", "main")
    bare_repo.stage("new.pkl")
    bare_repo.commit("--no-verify")
    assert "new.pkl" in refused(bare_repo, tmp_path / "second.git", "second", "main")


def test_what_upstream_has_already_is_not_held_back_when_it_is_merged(work: Repo, hub: Path, tmp_path: Path) -> None:
    run("git", "clone", "-q", hub, tmp_path / "other")
    other = Repo(tmp_path / "other")
    other.stage("old.csv")
    other.write("gone.pkl.dvc", b"outs:\n- md5: 5d41402abc4b2a76b9719d911017c592\n  size: 5\n  path: gone.pkl\n")
    other.git("add", "-A")
    other.commit()
    other.git("push", "-q")
    work.stage("code.py", b"x = 1\n")
    work.commit()
    work.git("fetch", "-q")
    work.git("merge", "-q", "--no-edit", "--no-verify", "origin/main")
    assert work.git("push", "-q").stderr == b""
    assert refs(hub)["refs/heads/main"] == work.head()


def test_what_a_merge_itself_brings_is_looked_into(work: Repo, hub: Path) -> None:
    work.git("checkout", "-q", "-b", "side")
    work.stage("side.py", b"x = 1\n")
    work.commit()
    work.git("checkout", "-q", "main")
    work.stage("code.py", b"x = 1\n")
    work.commit()
    work.git("merge", "-q", "--no-commit", "side")
    work.stage("evil.pkl")
    work.commit("--no-verify")
    assert f"evil.pkl (10.2 kB, commit {work.head()[:10]})" in refused(work, hub)


# ---- every form of push ----


def raw_on(repo: Repo, branch: str, name: str) -> None:
    repo.git("checkout", "-q", "-b", branch, "main")
    repo.stage(name)
    repo.commit("--no-verify")
    repo.git("checkout", "-q", "main")


@pytest.mark.slow
def test_several_branches_at_once_none_of_them_checked_out(work: Repo, hub: Path) -> None:
    for name in ("k1", "k2", "k3"):
        work.git("branch", name)
    raw_on(work, "k4", "x.pkl")
    work.git("push", "-q", "origin", "k1", "k2", "k3")
    assert {"refs/heads/k1", "refs/heads/k2", "refs/heads/k3"} <= set(refs(hub))
    work.git("commit", "-q", "--allow-empty", "-m", "on")
    said = refused(work, hub, "origin", "main", "k1", "k4")
    assert "x.pkl" in said
    assert "git checkout k4 && git commit --amend --no-edit" in said


@pytest.mark.parametrize("kind", ["annotated", "light", "tree", "blob"])
def test_tags_are_looked_into_whatever_they_name(work: Repo, hub: Path, kind: str) -> None:
    raw_on(work, "side", "x.pkl")
    name = {"tree": "side^{tree}", "blob": "side:x.pkl"}.get(kind, "side")
    options = ["-a", "-m", "a tag"] if kind == "annotated" else []
    work.git("tag", *options, "v1.pkl", name)
    refused(work, hub, "origin", "v1.pkl")
    work.git("tag", "good")
    work.git("push", "-q", "origin", "good")
    assert "refs/tags/good" in refs(hub)


def test_a_deletion_a_dry_run_and_a_push_of_nothing_pass(work: Repo, hub: Path) -> None:
    work.git("push", "-q", "origin", "main:gone")
    lose_nothing = refs(hub)
    assert "refs/heads/gone" in lose_nothing
    work.git("push", "-q", "origin", ":gone")
    assert "refs/heads/gone" not in refs(hub)
    assert work.git("push", "-q", "--dry-run").stderr == b""
    assert work.git("push", "-q").stderr == b""


@pytest.mark.slow
def test_a_forced_push_over_work_that_was_never_fetched(work: Repo, hub: Path, tmp_path: Path) -> None:
    run("git", "clone", "-q", hub, tmp_path / "other")
    other = Repo(tmp_path / "other")
    other.git("commit", "-q", "--allow-empty", "-m", "theirs")
    other.git("push", "-q")
    work.stage("a.pkl")
    work.commit("--no-verify")
    assert "a.pkl" in refused(work, hub, "--force", "origin", "main")
    work.git("commit", "-q", "--amend", "--no-edit")
    work.git("push", "-q", "--force", "origin", "main")
    assert refs(hub)["refs/heads/main"] == work.head()


def test_an_amended_commit_is_pushed_with_force(work: Repo, hub: Path) -> None:
    work.stage("a.pkl")
    work.commit()
    work.git("push", "-q")
    data = work.write("a.pkl", 2 * KB)
    work.guard("add", "a.pkl")
    work.commit("--amend", TRINITY_GUARD_SKIP="push")
    work.git("push", "-q", "--force")
    assert data in objects(work.storage / "files/md5").values()


def test_a_first_push_of_everything_goes_through_the_whole_history(repo: Repo, hub: Path) -> None:
    first = repo.stage("a.pkl")
    repo.commit(TRINITY_GUARD_SKIP="push")
    repo.git("rm", "-q", "a.pkl.dvc")
    repo.commit()
    repo.git("push", "-q", "--mirror", str(hub))
    assert list(objects(repo.storage / "files/md5").values()) == [first]


def test_a_push_into_the_repository_itself_is_nobodys_business(work: Repo) -> None:
    raw_on(work, "side", "x.pkl")
    work.git("push", "-q", ".", "side:copy")
    assert work.git("rev-parse", "copy").stdout == work.git("rev-parse", "side").stdout


@pytest.mark.slow
def test_a_linked_worktree_a_folder_below_and_a_detached_head(work: Repo, hub: Path, tmp_path: Path) -> None:
    work.git("worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
    linked = Repo(tmp_path / "linked")
    data = linked.stage("deep/down/a.pkl")
    linked.commit(TRINITY_GUARD_SKIP="push")
    run("git", "push", "-q", "origin", "HEAD:refs/heads/from-linked", cwd=linked.file("deep/down"))
    assert "refs/heads/from-linked" in refs(hub)
    assert list(objects(work.storage / "files/md5").values()) == [data]


@pytest.mark.slow
def test_a_shallow_clone_pushes(work: Repo, hub: Path, tmp_path: Path) -> None:
    work.stage("a.pkl")
    work.commit()
    work.git("push", "-q")
    run("git", "clone", "-q", "--depth=1", f"file://{hub}", tmp_path / "shallow")
    shallow = Repo(tmp_path / "shallow")
    shallow.guard("init", "-q")
    shallow.guard("remote", "trust", "--all")
    data = shallow.stage("b.pkl")
    shallow.commit(TRINITY_GUARD_SKIP="push")
    shallow.git("push", "-q")
    assert data in objects(work.storage / "files/md5").values()


@pytest.mark.slow
def test_a_hook_that_was_there_reads_the_same_list(bare_repo: Repo, hub: Path) -> None:
    hook = bare_repo.path / ".git/hooks/pre-push"
    hook.write_text("#!/bin/sh\ncat > .git/seen\n")
    hook.chmod(0o755)
    bare_repo.guard("init", "-q")
    bare_repo.stage("a.pkl")
    bare_repo.commit("--no-verify")
    bare_repo.git("remote", "add", "origin", str(hub))
    assert "a.pkl" in refused(bare_repo, hub)
    assert (bare_repo.path / ".git/seen").read_text().startswith("refs/heads/main ")


# ---- what pointers and locks name ----


def directory(repo: Repo) -> dict[str, bytes]:
    contents = {f"data/{n}.txt": repo.write(f"data/{n}.txt", 2 * KB) for n in range(3)}
    repo.dvc("add", "-q", "data")
    repo.git("add", "-A")
    return contents


def test_a_directory_goes_with_all_its_files(work: Repo) -> None:
    contents = directory(work)
    work.commit(TRINITY_GUARD_SKIP="push")
    work.git("push", "-q")
    stored = objects(work.storage / "files/md5")
    assert set(contents.values()) <= set(stored.values())
    assert len(stored) == len(contents) + 1


@pytest.mark.slow
def test_a_file_that_a_directory_lacks_on_the_remote_is_noticed_though_dvc_says_all_is_there(
    work: Repo, hub: Path
) -> None:
    contents = directory(work)
    work.commit()
    stored = objects(work.storage / "files/md5")
    child = next(md5 for md5, data in stored.items() if data == contents["data/1.txt"])
    (work.storage / "files/md5" / child[:2] / child[2:]).unlink()
    assert b"up to date" in work.dvc("push").stdout  # the trap
    work.git("push", "-q")
    assert child in objects(work.storage / "files/md5")


@pytest.mark.parametrize("listing", ["in the cache", "on the remote alone"])
def test_a_file_of_a_directory_that_is_nowhere_is_refused(work: Repo, hub: Path, listing: str) -> None:
    contents = directory(work)
    work.commit()
    stored = objects(work.storage / "files/md5")
    child = next(md5 for md5, data in stored.items() if data == contents["data/1.txt"])
    (work.storage / "files/md5" / child[:2] / child[2:]).unlink()
    (work.path / ".dvc/cache/files/md5" / child[:2] / child[2:]).unlink()
    if listing == "on the remote alone":
        shutil.rmtree(work.path / ".dvc/cache/files")
    assert "data.dvc" in refused(work, hub)


PIPELINE = """stages:
  make:
    cmd: python make.py
    outs:
    - out.bin
    - kept.json:
        cache: false
    - here.bin:
        push: false
"""
MAKE = "for n in ('out.bin', 'kept.json', 'here.bin'): open(n, 'w').write(n * 99)\n"


@pytest.mark.slow
def test_the_outputs_of_a_pipeline_are_published_as_its_stages_say(work: Repo, hub: Path) -> None:
    work.write("dvc.yaml", PIPELINE.encode())
    work.write("make.py", MAKE.encode())
    work.dvc("repro", "-q")
    work.git("add", "-A")
    work.commit(TRINITY_GUARD_SKIP="push")
    assert objects(work.storage / "files/md5") == {}
    work.git("push", "-q")
    assert list(objects(work.storage / "files/md5").values()) == [b"out.bin" * 99]
    lose(work)
    work.git("commit", "-q", "--allow-empty", "-m", "on")
    work.git("push", "-q", "origin", "main")  # what the other side has is not asked about again
    work.git("remote", "remove", "origin")
    said = refused(work, hub, str(hub), "main:again")
    assert "out.bin (" in said
    assert "kept.json" not in said
    assert "here.bin" not in said


UNCACHED = b"stages:\n  m:\n    cmd: make\n    metrics:\n    - m.csv:\n        cache: false\n"


@pytest.mark.slow
def test_what_a_pipeline_leaves_to_git_is_known_by_the_commit_that_is_pushed(work: Repo, hub: Path) -> None:
    work.git("checkout", "-q", "-b", "pipe")
    work.stage("dvc.yaml", UNCACHED)
    work.stage("m.csv")
    work.commit()
    work.git("checkout", "-q", "main")
    work.git("push", "-q", "origin", "pipe:from-elsewhere")
    work.git("checkout", "-q", "pipe")
    work.git("rm", "-q", "dvc.yaml", "m.csv")
    work.commit()
    work.git("push", "-q", "origin", "pipe:gone-since")
    assert {"refs/heads/from-elsewhere", "refs/heads/gone-since"} <= set(refs(hub))


def test_a_pipeline_that_is_checked_out_does_not_excuse_a_raw_artifact_of_another_branch(work: Repo, hub: Path) -> None:
    raw_on(work, "side", "m.csv")
    work.stage("dvc.yaml", UNCACHED)
    work.commit()
    assert "m.csv" in refused(work, hub, "origin", "side")


@pytest.mark.slow
def test_an_output_that_is_to_be_pushed_from_now_on_goes_though_its_lock_did_not_change(work: Repo) -> None:
    work.write("dvc.yaml", PIPELINE.encode())
    work.write("make.py", MAKE.encode())
    work.dvc("repro", "-q")
    work.git("add", "-A")
    work.commit()
    work.git("push", "-q")
    lock = work.show("dvc.lock")
    work.write("dvc.yaml", PIPELINE.replace("push: false", "push: true").encode())
    work.git("add", "-A")
    work.commit(TRINITY_GUARD_SKIP="push")
    assert work.show("dvc.lock") == lock
    work.git("push", "-q")
    assert b"here.bin" * 99 in objects(work.storage / "files/md5").values()


def test_thousands_of_templates_that_are_all_alike_are_not_matched_with_thousands_of_outputs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    matched: list[str] = []

    def fits(path: str, _: str) -> bool:
        matched.append(path)
        return True

    monkeypatch.setattr(pipeline, "fits", fits)
    names = range(300)
    yaml = "stages:\n  s:\n    cmd: x\n    outs:\n" + "".join(
        f"    - ${{d}}/{n}:\n        push: false\n" for n in names
    )
    lock = "schema: '2.0'\nstages:\n  s:\n    cmd: x\n    outs:\n"
    lock += "".join(f"    - path: data/{n}\n      hash: md5\n      md5: {'a' * 20}{n:012x}\n" for n in names)
    outs = lockfile.outs(lock.encode(), yaml.encode(), b"dvc.lock")
    assert [o.pushed for o in outs] == [False] * 300
    assert matched == []


def test_a_size_that_lies_is_refused(work: Repo, hub: Path) -> None:
    work.stage("a.pkl")
    work.commit()
    pointer = work.file("a.pkl.dvc")
    pointer.write_text(pointer.read_text().replace("size: 10240", "size: 10"))
    work.git("add", "a.pkl.dvc")
    work.commit("--no-verify")
    assert "its pointer says 10 bytes, and its object has 10240" in refused(work, hub)


@pytest.mark.slow
def test_a_damaged_cache_holds_nothing_back_that_the_remote_has(work: Repo, hub: Path) -> None:
    work.stage("a.pkl")
    contents = directory(work)
    work.commit()
    listing = b"[]"
    for stored in work.file(".dvc/cache/files/md5").glob("??/*"):
        if stored.name.endswith(".dir"):
            listing = stored.read_bytes()
        stored.chmod(0o644)
        stored.write_bytes(b"[]" if stored.name.endswith(".dir") else b"")
    before = objects(work.storage / "files/md5")
    work.git("push", "-q")
    assert objects(work.storage / "files/md5") == before
    assert listing in work.cached().values()
    assert set(contents.values()) <= set(before.values())


def test_a_damaged_file_of_the_queue_is_put_aside_and_refuses_no_push(work: Repo, hub: Path) -> None:
    queue = work.file(".git/trinity-guard/queue/rubbish")
    queue.parent.mkdir(parents=True, exist_ok=True)
    work.git("commit", "-q", "--allow-empty", "-m", "on")
    queue.write_bytes(b"rubbish")
    assert b"put aside as rubbish.damaged" in work.git("push", "-q").stderr
    assert refs(hub)["refs/heads/main"] == work.head()


def test_a_sparse_checkout_without_the_config_is_told_how_to_get_it(work: Repo, hub: Path) -> None:
    data = work.stage("a.pkl")
    work.commit(TRINITY_GUARD_SKIP="push")
    work.git("sparse-checkout", "set", "--no-cone", "/*", "!/.dvc/")
    assert not work.file(".dvc/config").exists()
    assert "git sparse-checkout add .dvc " in refused(work, hub)
    work.git("sparse-checkout", "add", ".dvc")
    work.git("push", "-q")
    assert list(objects(work.storage / "files/md5").values()) == [data]


def test_an_object_of_the_wrong_size_on_the_remote_is_replaced_or_refused(work: Repo, hub: Path) -> None:
    data = work.stage("a.pkl")
    work.commit()
    [stored] = list((work.storage / "files/md5").glob("??/*"))
    stored.chmod(0o644)
    stored.write_bytes(data[:100])
    work.git("push", "-q")
    assert stored.read_bytes() == data


def test_a_pointer_that_nobody_can_read_is_refused_where_it_is_committed(work: Repo, hub: Path) -> None:
    work.write("a.pkl.dvc", b"<<<<<<< HEAD\nouts:\n=======\n>>>>>>> side\n")
    work.git("add", "-A")
    work.commit("--no-verify")
    commit = work.head()
    work.git("rm", "-q", "a.pkl.dvc")
    work.commit()
    said = refused(work, hub)
    assert commit[:10] in said
    assert "markers of a merge conflict" in said


def test_a_credential_in_the_config_is_refused_and_never_printed(work: Repo, hub: Path) -> None:
    config = work.file(".dvc/config")
    config.write_text(
        config.read_text() + "['remote \"s\"']\n    url = s3://b/p\n    secret_access_key = hunter2hunter2\n"
    )
    work.git("add", "-A")
    work.commit("--no-verify")
    done = work.git("push", ok=False)
    assert done.returncode == 1
    assert b"secret_access_key" in done.stderr
    assert b"hunter2" not in done.stderr


# ---- remotes that fail ----


def test_the_config_of_one_persons_credentials_is_refused_and_the_advice_mends_it(work: Repo, hub: Path) -> None:
    secret = b"['remote \"x\"']\n    url = s3://x\n    secret_access_key = HUSH\n"
    work.stage(".dvc/config.local", secret)
    work.commit("--no-verify")
    said = refused(work, hub)
    assert "HUSH" not in said
    assert "secret_access_key" in said
    run("sh", "-c", "git rm -q --cached .dvc/config.local && git commit -q --amend --allow-empty -m on", cwd=work.path)
    assert "git rm --cached .dvc/config.local " in said
    work.git("push", "-q")
    assert work.file(".dvc/config.local").read_bytes() == secret


@pytest.mark.slow
def test_a_remote_that_never_answers_is_refused_after_the_time_limit(work: Repo, hub: Path) -> None:
    work.stage("a.pkl")
    work.commit()
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/objects"
        work.dvc("remote", "modify", "storage", "url", url)
        work.commit("-a")
        said = refused(work, hub, TRINITY_GUARD_TIMEOUT="1", TRINITY_GUARD_TRUST="1")
    assert "cannot be told" in said
    assert "1 second" in said


@pytest.mark.slow
def test_a_remote_that_is_away_or_not_configured_is_refused(work: Repo, hub: Path) -> None:
    work.stage("a.pkl")
    work.commit()
    work.storage.rename(work.storage.with_name("away"))
    assert "is away" in refused(work, hub)
    work.storage.with_name("away").rename(work.storage)
    work.dvc("remote", "remove", "storage")
    work.commit("-a")
    assert "trinity-guard remote add URL" in refused(work, hub)


def test_a_push_without_artifacts_does_not_mind_that_the_remote_is_away(work: Repo, hub: Path) -> None:
    work.storage.rename(work.storage.with_name("away")) if work.storage.exists() else None
    work.stage("code.py", b"x = 1\n")
    work.commit()
    work.git("push", "-q")
    assert refs(hub)["refs/heads/main"] == work.head()


@pytest.mark.slow
def test_the_queue_goes_along_with_a_push(work: Repo) -> None:
    first = work.stage("first.pkl")
    work.commit()
    away = work.storage.rename(work.storage.with_name("away"))
    data = work.stage("a.pkl")
    work.commit()
    assert json.loads(work.guard("status", "--format", "json").stdout)["waiting"]
    away.rename(work.storage)
    work.git("push", "-q")
    assert sorted(objects(work.storage / "files/md5").values()) == sorted([first, data])
    assert json.loads(work.guard("status", "--format", "json").stdout)["waiting"] == []


@pytest.mark.parametrize("name", ["a b.pkl", "-x.pkl", "qu\"o'te.pkl", "ünï.csv", "d e/f.npy"])
def test_names_of_all_kinds(work: Repo, name: str) -> None:
    data = work.stage(name)
    work.commit(TRINITY_GUARD_SKIP="push")
    work.git("push", "-q")
    assert list(objects(work.storage / "files/md5").values()) == [data]


@pytest.mark.slow
def test_under_the_framework_all_local_branches_are_taken_to_be_pushed(
    make_repo: Callable[..., Repo], hub: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "bin/trinity-guard"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nPYTHONPATH="{PROJECT}" exec "{sys.executable}" -m trinity_guard "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    repo = make_repo("framed", hooks="pre-commit")
    repo.git("remote", "add", "origin", str(hub))
    repo.git("push", "-q", "-u", "origin", "main")
    raw_on(repo, "side", "x.pkl")
    done = repo.git("push", "origin", "side", ok=False)
    assert done.returncode == 1
    assert b"x.pkl" in done.stdout + done.stderr
    assert "refs/heads/side" not in refs(hub)


@pytest.mark.slow
def test_plain_dvc_fetches_what_the_gate_sent(work: Repo, hub: Path, tmp_path: Path) -> None:
    data = work.stage("a.pkl")
    work.commit(TRINITY_GUARD_SKIP="push")
    work.git("push", "-q")
    run("git", "clone", "-q", hub, tmp_path / "clone")
    dvc("pull", "-q", cwd=tmp_path / "clone")
    assert (tmp_path / "clone/a.pkl").read_bytes() == data


@pytest.mark.slow
@pytest.mark.parametrize(
    "content", [b"a,b\r\n1,2\r\n" * 99, bytes(range(256)) * 40], ids=["a text with CRLF", "binary"]
)
@pytest.mark.parametrize("kind", ["local", "s3"])
def test_what_dvc_2_recorded_is_published_where_dvc_looks_for_it(
    work: Repo, hub: Path, tmp_path: Path, content: bytes, kind: str, start_service: Callable[[str], Service],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("TRINITY_GUARD_TRUST", "1")
    if kind == "s3":
        start_service("s3").configure(work)
    text = content.replace(b"\r\n", b"\n") if b"\0" not in content else content
    md5 = hashlib.md5(text).hexdigest()
    cached = work.path / ".dvc/cache" / md5[:2] / md5[2:]
    cached.parent.mkdir(parents=True)
    cached.write_bytes(content)
    work.write("old.csv.dvc", f"outs:\n- md5: {md5}\n  size: {len(content)}\n  path: old.csv\n".encode())
    work.write(".gitignore", b"/old.csv\n")
    work.git("add", "-A")
    work.commit("--no-verify", TRINITY_GUARD_SKIP="push")
    work.git("push", "-q")
    run("git", "clone", "-q", hub, tmp_path / "clone")
    if kind == "s3":
        shutil.copy(work.path / ".dvc/config.local", tmp_path / "clone/.dvc/config.local")
    dvc("pull", "-q", cwd=tmp_path / "clone")
    assert (tmp_path / "clone/old.csv").read_bytes() == content
    assert "old.csv.dvc" not in work.guard("status").stdout.decode().partition("waiting")[2]
