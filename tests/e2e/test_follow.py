"""Artifacts follow their pointers through checkouts, merges, rebases; nothing that exists once is ever lost."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.support import PROJECT, Repo, dvc, made_once, run

BOTH_WAYS = True


@pytest.fixture(autouse=True)
def trusting(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a config may lead to is another test's matter."""
    monkeypatch.setenv("TRINITY_GUARD_TRUST", "1")


@made_once
def versions(repo: Repo, *names: str, count: int = 2) -> dict[str, list[bytes]]:
    """Commit so many versions of each artifact, tagged v0, v1 …; return their bytes."""
    found: dict[str, list[bytes]] = {name: [] for name in names}
    for number in range(count):
        for name in names:
            repo.write(name, 3000 + number)
            repo.guard("add", "--", name)
            found[name].append(repo.file(name).read_bytes())
        repo.commit()
        repo.git("tag", f"v{number}")
    return found


def object_of(repo: Repo, data: bytes) -> Path:
    md5 = hashlib.md5(data).hexdigest()
    return repo.path / ".dvc" / "cache" / "files" / "md5" / md5[:2] / md5[2:]


def damage(repo: Repo, data: bytes) -> Path:
    """Change one byte of an object in the cache; its size and mode stay."""
    path = object_of(repo, data)
    path.chmod(0o644)
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    path.chmod(0o444)
    return path


def lose(repo: Repo, data: bytes) -> None:
    object_of(repo, data).unlink()


def configure(repo: Repo, line: str) -> None:
    file = repo.file(".trinity-guard.toml")
    file.write_text(file.read_text() + line + "\n")
    repo.git("commit", "-q", "-am", "configure")


# --- checkouts


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a.pkl", "é b.pkl", "-x.pkl", "new\nline.pkl", 'qu"ote.csv', "deep/er/t.h5"])
def test_a_checkout_brings_the_version_that_the_pointer_names_and_takes_it_away_where_none_does(
    repo: Repo, name: str
) -> None:
    data = versions(repo, name)[name]
    done = repo.git("checkout", "-q", "v0")
    assert repo.file(name).read_bytes() == data[0]
    assert done.stderr.count(b"\n") == 1
    repo.git("checkout", "-q", "v0~1")
    assert not repo.file(name).exists()
    assert "/" not in name or not repo.file("deep").exists(), "folders that we emptied go as Git's do"
    done = repo.git("checkout", "-q", "main")
    assert repo.file(name).read_bytes() == data[1]
    assert repo.git("status", "--porcelain").stdout == b""
    assert repo.dvc("status").stdout.strip() == b"Data and pipelines are up to date."


def test_a_checkout_that_moves_no_pointer_says_nothing_and_touches_nothing(repo: Repo) -> None:
    versions(repo, "a.pkl")
    repo.git("checkout", "-q", "main")
    before = repo.file("a.pkl").stat()
    done = repo.git("checkout", "-q", "-b", "other")
    assert done.stderr == b""
    assert repo.file("a.pkl").stat() == before


@pytest.mark.slow
@pytest.mark.parametrize("names", [["a.pkl"], ["a.pkl", "b.csv", "models/c.h5", "models/deep/d.npy"]])
def test_going_back_over_a_conversion_and_forth_restores_the_artifact(repo: Repo, names: list[str]) -> None:
    raw = {name: repo.write(name, 2000) for name in names}
    repo.git("add", "-f", ".")
    repo.git("commit", "-q", "-n", "-m", "raw")
    repo.guard("convert", *names)
    repo.commit()
    repo.git("checkout", "-q", "HEAD~1")
    assert {n: repo.file(n).read_bytes() for n in names} == raw
    assert repo.git("status", "--porcelain").stdout == b"", "what Git tracks is Git's"
    repo.git("checkout", "-q", "main")
    assert {n: repo.file(n).read_bytes() for n in names} == raw
    assert repo.git("status", "--porcelain").stdout == b""


def test_a_file_checkout_and_restore_bring_the_data_along(repo: Repo) -> None:
    data = versions(repo, "a.pkl")["a.pkl"]
    repo.git("checkout", "-q", "v0", "--", "a.pkl.dvc")  # the first hook that follows, since init
    assert repo.file("a.pkl").read_bytes() == data[0]
    repo.git("restore", "-q", "--staged", "--worktree", "a.pkl.dvc")
    assert repo.file("a.pkl").read_bytes() == data[1]


def test_reset_and_stash_run_no_hook_and_sync_or_the_next_checkout_catches_up(repo: Repo) -> None:
    data = versions(repo, "a.pkl")["a.pkl"]
    repo.git("checkout", "-q", "main")
    repo.git("reset", "-q", "--hard", "v0")
    assert repo.file("a.pkl").read_bytes() == data[1]
    repo.guard("sync")
    assert repo.file("a.pkl").read_bytes() == data[0]
    repo.git("reset", "-q", "--hard", "v1")
    repo.git("checkout", "-q", "-b", "other")
    assert repo.file("a.pkl").read_bytes() == data[1]
    newer = repo.write("a.pkl", 500)
    repo.guard("convert", "a.pkl")
    repo.git("stash", "-q")
    repo.guard("sync")
    assert repo.file("a.pkl").read_bytes() == data[1]
    repo.git("stash", "pop", "-q")
    repo.guard("sync")
    assert repo.file("a.pkl").read_bytes() == newer


@pytest.mark.slow
def test_an_orphan_and_a_branch_without_dvc_and_back(repo: Repo) -> None:
    data = versions(repo, "a.pkl", "d/b.csv")
    repo.git("checkout", "-q", "--orphan", "bare")
    assert repo.file("a.pkl").read_bytes() == data["a.pkl"][1]
    repo.git("rm", "-rfq", ".")
    repo.git("commit", "-q", "-n", "--allow-empty", "-m", "nothing")
    repo.git("checkout", "-q", "main")
    assert repo.file("a.pkl").read_bytes() == data["a.pkl"][1]
    done = repo.git("checkout", "-q", "bare")
    assert not repo.file("a.pkl").exists(), done.stderr
    assert not repo.file("d").exists()
    repo.git("checkout", "-q", "main")
    assert repo.file("d/b.csv").read_bytes() == data["d/b.csv"][1]


@pytest.mark.slow
def test_a_cache_that_only_the_former_commit_s_config_names_still_counts(repo: Repo) -> None:
    repo.dvc("cache", "dir", "own-cache")
    repo.write(".gitignore", b"/own-cache\n")
    repo.git("add", "-A")
    repo.commit()
    data = versions(repo, "a.pkl")["a.pkl"]
    assert repo.file("own-cache").is_dir()
    repo.git("checkout", "-q", "--orphan", "bare")
    repo.git("rm", "-rfq", ".")
    repo.write(".gitignore", b"/own-cache\n")
    repo.git("add", ".gitignore")
    repo.git("commit", "-q", "-n", "-m", "nothing")
    repo.git("checkout", "-q", "main")
    repo.git("checkout", "-q", "bare")
    assert not repo.file("a.pkl").exists()
    repo.git("checkout", "-q", "v0")
    assert repo.file("a.pkl").read_bytes() == data[0]


# --- merges, rebases, clones, work trees


@pytest.mark.slow
def test_a_fast_forward_a_merge_and_a_squash(repo: Repo) -> None:
    data = versions(repo, "a.pkl")["a.pkl"]
    repo.git("checkout", "-q", "-b", "side", "v0")
    assert repo.file("a.pkl").read_bytes() == data[0]
    repo.git("merge", "-q", "main")
    assert repo.file("a.pkl").read_bytes() == data[1]
    repo.git("checkout", "-q", "-B", "side", "v0")
    repo.write("code.py")
    repo.git("add", "code.py")
    repo.commit()
    repo.git("merge", "-q", "--no-edit", "main")
    assert repo.file("a.pkl").read_bytes() == data[1]
    repo.git("checkout", "-q", "-B", "side", "v0")
    repo.git("merge", "-q", "--squash", "main")
    assert repo.file("a.pkl").read_bytes() == data[1]


@pytest.mark.slow
def test_a_rebase_of_many_commits_follows_once(repo: Repo) -> None:
    versions(repo, "a.pkl", count=1)
    repo.git("checkout", "-q", "-b", "side")
    last = b""
    for number in range(6):
        last = repo.write("b.pkl", 1000 + number)
        repo.guard("add", "b.pkl")
        repo.commit()
    repo.git("checkout", "-q", "main")
    repo.write("code.py")
    repo.git("add", "code.py")
    newer = repo.write("a.pkl", 1234)
    repo.guard("add", "a.pkl")
    repo.commit()
    repo.git("checkout", "-q", "side")
    done = repo.git("rebase", "-q", "main")
    assert repo.file("a.pkl").read_bytes() == newer
    assert repo.file("b.pkl").read_bytes() == last
    assert done.stderr.count(b"now as") == 1, done.stderr


@pytest.mark.slow
def test_a_rebase_that_only_fast_forwards_one_that_stops_and_one_that_is_aborted(repo: Repo) -> None:
    data = versions(repo, "a.pkl", count=3)["a.pkl"]
    repo.git("checkout", "-q", "-b", "side", "v0")
    repo.git("rebase", "-q", "main")
    assert repo.file("a.pkl").read_bytes() == data[2]
    repo.git("checkout", "-q", "-B", "side", "v0")
    mine = repo.write("a.pkl", 999)
    repo.guard("convert", "a.pkl")
    repo.commit()
    repo.git("rebase", "-q", "main", ok=False)
    assert repo.file("a.pkl").read_bytes() == mine
    repo.git("rebase", "--abort")
    assert repo.file("a.pkl").read_bytes() == mine
    repo.git("rebase", "-q", "main", ok=False)
    repo.git("checkout", "-q", "--theirs", "a.pkl.dvc")
    repo.git("add", "a.pkl.dvc")
    repo.git("-c", "core.editor=true", "rebase", "--continue")
    assert repo.file("a.pkl").read_bytes() == mine
    repo.git("checkout", "-q", "main")
    assert repo.file("a.pkl").read_bytes() == data[2]


@pytest.mark.slow
def test_bisect_follows_at_each_step(repo: Repo) -> None:
    data = versions(repo, "a.pkl", count=5)["a.pkl"]
    repo.git("bisect", "start", "v4", "v0")
    repo.git("bisect", "bad")
    head = repo.git("describe", "--tags").stdout.decode().strip()
    assert repo.file("a.pkl").read_bytes() == data[int(head[1:])]
    repo.git("bisect", "reset")
    assert repo.file("a.pkl").read_bytes() == data[4]


@pytest.mark.slow
def test_a_clone_pulls_and_fast_forwards_with_its_artifacts(repo: Repo, tmp_path: Path) -> None:
    data = versions(repo, "a.pkl", "models/b.csv", count=1)
    run("git", "clone", "-q", repo.path, tmp_path / "clone")
    clone = Repo(tmp_path / "clone")
    clone.guard("init", "-q")
    done = clone.git("checkout", "-q", "-b", "x")
    assert not clone.file("a.pkl").exists()
    assert b"\n" not in done.stderr.strip()
    clone.git("checkout", "-q", "main")
    clone.guard("pull")
    assert clone.file("a.pkl").read_bytes() == data["a.pkl"][0]
    assert clone.file("models/b.csv").read_bytes() == data["models/b.csv"][0]
    newer = repo.write("a.pkl", 4321)
    repo.guard("add", "a.pkl")
    repo.commit()
    done = clone.git("pull", "-q")
    assert done.stderr.count(b"trinity-guard: ") == 1
    assert b"1 artifact is not in the cache: a.pkl" in done.stderr
    assert clone.file("a.pkl").read_bytes() == data["a.pkl"][0], "the older version stays until the newer is here"
    clone.guard("pull", "a.pkl")
    assert clone.file("a.pkl").read_bytes() == newer


@pytest.mark.slow
def test_a_clone_with_template_hooks_and_sync_pull_has_its_artifacts_at_once(repo: Repo, tmp_path: Path) -> None:
    configure(repo, 'sync = "pull"')
    data = versions(repo, "a.pkl", "b.csv")
    template = tmp_path / "template"
    shutil.copytree(repo.path / ".git" / "hooks", template / "hooks")
    run("git", "clone", "-q", "--template", template, repo.path, tmp_path / "clone")
    assert (tmp_path / "clone" / "a.pkl").read_bytes() == data["a.pkl"][1]
    assert (tmp_path / "clone" / "b.csv").read_bytes() == data["b.csv"][1]


def test_a_place_that_was_never_confirmed_is_not_fetched_from(repo: Repo, tmp_path: Path) -> None:
    versions(repo, "a.pkl", count=1)
    run("git", "clone", "-q", repo.path, tmp_path / "clone")
    done = Repo(tmp_path / "clone").guard("pull", ok=False, TRINITY_GUARD_TRUST="")
    assert done.returncode == 1
    assert b"never confirmed" in done.stderr
    assert not (tmp_path / "clone" / "a.pkl").exists()


def test_a_new_work_tree_takes_its_artifacts_from_the_main_one_s_cache(repo: Repo, tmp_path: Path) -> None:
    data = versions(repo, "a.pkl", "models/b.csv")
    repo.git("worktree", "add", "-q", str(tmp_path / "second"), "v0")
    second = Repo(tmp_path / "second")
    assert second.file("a.pkl").read_bytes() == data["a.pkl"][0]
    assert second.file("models/b.csv").read_bytes() == data["models/b.csv"][0]
    assert second.dvc("status").stdout.strip() == b"Data and pipelines are up to date."
    second.git("checkout", "-q", "v1")
    assert second.file("a.pkl").read_bytes() == data["a.pkl"][1]
    assert repo.file("a.pkl").read_bytes() == data["a.pkl"][1]


@pytest.mark.slow
def test_a_submodule_and_an_inner_project_follow_in_their_own_caches(
    repo: Repo, make_repo: Callable[..., Repo]
) -> None:
    inner = make_repo("inner")
    data = versions(inner, "a.pkl")["a.pkl"]
    repo.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner.path), "sub")
    sub = Repo(repo.path / "sub")
    sub.guard("init", "-q")
    sub.guard("pull")
    sub.git("checkout", "-q", "v0", ok=False)
    sub.guard("pull")
    assert sub.file("a.pkl").read_bytes() == data[0]
    sub.git("checkout", "-q", "v1")
    assert sub.file("a.pkl").read_bytes() == data[1]
    (repo.path / "proj").mkdir()
    dvc("init", "-q", "--subdir", cwd=repo.path / "proj")
    repo.git("add", "-A")
    repo.commit()
    mine = versions(repo, "proj/m.pkl", "top.pkl")
    assert list((repo.path / "proj" / ".dvc" / "cache" / "files").glob("md5/*/*"))
    repo.git("checkout", "-q", "v0")
    assert repo.file("proj/m.pkl").read_bytes() == mine["proj/m.pkl"][0]
    assert repo.file("top.pkl").read_bytes() == mine["top.pkl"][0]


def test_a_sparse_checkout_s_artifacts_are_left_out(repo: Repo) -> None:
    data = versions(repo, "in/a.pkl", "out/b.pkl")
    repo.write("out/untracked.txt")  # else Git deletes the folder with all that is ignored in it
    repo.git("sparse-checkout", "set", "in", ".dvc")  # without .dvc, Git deletes the cache too
    repo.git("checkout", "-q", "v0")
    assert repo.file("in/a.pkl").read_bytes() == data["in/a.pkl"][0]
    assert repo.file("out/b.pkl").read_bytes() == data["out/b.pkl"][1], "its pointer is not here: nobody asks for it"


# --- what must not be lost


@pytest.mark.slow
def test_a_file_that_was_changed_here_is_named_and_kept(repo: Repo) -> None:
    versions(repo, "a.pkl")
    mine = repo.write("a.pkl", b"hours of work")
    done = repo.git("checkout", "-q", "v0")
    assert repo.file("a.pkl").read_bytes() == mine
    assert b"a.pkl was changed here and stays as it is" in done.stderr
    assert b"trinity-guard convert a.pkl" in done.stderr
    assert b"trinity-guard use HEAD a.pkl" in done.stderr
    repo.git("checkout", "-q", "v0~1")
    assert repo.file("a.pkl").read_bytes() == mine, "no pointer names it, and it is still the only copy"


@pytest.mark.slow
def test_a_damaged_copy_in_the_cache_is_no_second_copy(repo: Repo) -> None:
    data = versions(repo, "a.pkl")["a.pkl"]
    damage(repo, data[1])
    done = repo.git("checkout", "-q", "v0")
    assert repo.file("a.pkl").read_bytes() == data[1]
    assert b"stays" in done.stderr
    repo.git("checkout", "-q", "v0~1")
    assert repo.file("a.pkl").read_bytes() == data[1]


@pytest.mark.slow
def test_an_artifact_whose_object_is_gone_from_the_cache_is_not_taken_away(repo: Repo) -> None:
    data = versions(repo, "a.pkl")["a.pkl"]
    lose(repo, data[1])
    repo.git("checkout", "-q", "v0~1")
    assert repo.file("a.pkl").read_bytes() == data[1]


@pytest.mark.slow
def test_a_damaged_object_is_never_checked_out_and_sync_pull_fetches_it_again(repo: Repo) -> None:
    data = versions(repo, "a.pkl")["a.pkl"]
    damage(repo, data[0])
    done = repo.git("checkout", "-q", "v0")
    assert repo.file("a.pkl").read_bytes() == data[1]
    assert b"damaged" in done.stderr
    assert b"trinity-guard pull a.pkl" in done.stderr
    repo.git("checkout", "-q", "main")
    configure(repo, 'sync = "pull"')
    repo.git("checkout", "-q", "v0", "--", "a.pkl.dvc")
    assert repo.file("a.pkl").read_bytes() == data[0]
    assert object_of(repo, data[0]).read_bytes() == data[0]


def test_a_folder_a_symlink_and_a_pipe_in_the_place_are_named_and_kept(repo: Repo, tmp_path: Path) -> None:
    versions(repo, "a.pkl", "b.pkl", "c.pkl", "d/e.pkl")
    for name in ("a.pkl", "b.pkl", "c.pkl", "d/e.pkl"):
        repo.file(name).unlink()
    repo.write("a.pkl/mine.txt", b"mine")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "b").write_bytes(b"theirs")
    repo.file("b.pkl").symlink_to(elsewhere / "b")
    os.mkfifo(repo.file("c.pkl"))
    done = repo.git("checkout", "-q", "v0")
    assert repo.file("a.pkl/mine.txt").read_bytes() == b"mine"
    assert (elsewhere / "b").read_bytes() == b"theirs"
    assert repo.file("b.pkl").is_symlink()
    assert repo.file("c.pkl").is_fifo()
    assert done.stderr.count(b"it was left alone") == 3


@pytest.mark.slow
def test_nothing_is_written_through_a_symlinked_folder(repo: Repo, tmp_path: Path) -> None:
    versions(repo, "d/e.pkl")
    pointer = repo.file("d/e.pkl.dvc").read_bytes().replace(b"path: e.pkl", b"path: sub/e.pkl")
    outside = tmp_path / "outside"
    outside.mkdir()
    repo.file("d/sub").symlink_to(outside)
    repo.write("d/e.pkl.dvc", pointer)
    repo.git("add", "d/e.pkl.dvc", "d/sub")
    repo.git("commit", "-q", "-n", "-m", "through a link")
    repo.git("checkout", "-q", "v0")
    done = repo.git("checkout", "-q", "main")
    assert b"behind the symlink d/sub" in done.stderr
    assert list(outside.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("path", ["../out.pkl", "/etc/out.pkl", ".git/hooks/post-commit", ".dvc/config", "C:\\x.pkl"])
def test_a_pointer_that_leads_out_of_bounds_is_refused_by_name_and_the_others_follow(repo: Repo, path: str) -> None:
    data = versions(repo, "a.pkl", "b.pkl")
    bad = repo.file("a.pkl.dvc").read_bytes().replace(b"path: a.pkl", b"path: " + path.encode())
    repo.git("checkout", "-q", "v0")
    repo.write("a.pkl.dvc", bad)
    repo.git("commit", "-q", "-n", "-am", "hostile")
    repo.git("tag", "hostile")
    before = {p: p.read_bytes() for p in repo.path.parent.glob("*.pkl")}
    repo.git("checkout", "-q", "main")
    done = repo.git("checkout", "-q", "hostile")
    assert b"a.pkl.dvc" in done.stderr
    assert b"Traceback" not in done.stderr
    assert repo.file("b.pkl").read_bytes() == data["b.pkl"][0]
    assert {p: p.read_bytes() for p in repo.path.parent.glob("*.pkl")} == before


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["../../out.txt", "/out.txt", "x/../../../out.txt", ".git/config", "a/.dvc/config", ""]
)
def test_a_directory_list_that_leads_out_is_refused(repo: Repo, name: str) -> None:
    repo.write("set/x.txt", b"x")
    repo.dvc("add", "-q", "set")
    repo.git("add", "-A")
    repo.commit()
    repo.git("tag", "good")
    md5 = hashlib.md5(b"x").hexdigest()
    listed = f'[{{"md5": "{md5}", "relpath": "{name}"}}]'.encode()
    oid = hashlib.md5(listed).hexdigest()
    place = repo.path / ".dvc" / "cache" / "files" / "md5" / oid[:2] / f"{oid[2:]}.dir"
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(listed)
    pointer = repo.file("set.dvc").read_text().splitlines(keepends=True)
    repo.write(
        "set.dvc", "".join(f"- md5: {oid}.dir\n" if "md5: " in t and t[0] == "-" else t for t in pointer).encode()
    )
    repo.git("commit", "-q", "-n", "-am", "hostile")
    repo.git("checkout", "-q", "good")
    outside = set(repo.path.parent.rglob("out.txt"))
    config = repo.file(".git/config").read_bytes()
    done = repo.git("checkout", "-q", "main")
    assert b"no file in it" in done.stderr or b"no list of files" in done.stderr
    assert set(repo.path.parent.rglob("out.txt")) == outside
    assert repo.file(".git/config").read_bytes() == config
    assert repo.file("set/x.txt").read_bytes() == b"x"


# --- what the cache lacks, and the settings


@pytest.mark.slow
def test_what_is_missing_is_named_once_and_pull_brings_it(repo: Repo) -> None:
    data = versions(repo, "a.pkl", "b.pkl", "c.pkl")
    for name in data:
        lose(repo, data[name][0])
    done = repo.git("checkout", "-q", "v0")
    assert done.stderr == (
        b"trinity-guard: 3 artifacts are not in the cache: a.pkl, b.pkl, c.pkl.\n    trinity-guard pull\n"
    )
    done = repo.guard("pull")
    assert {n: repo.file(n).read_bytes() for n in data} == {n: v[0] for n, v in data.items()}
    assert repo.guard("pull").stderr == b"trinity-guard: everything is here already.\n"


def test_sync_off_does_nothing_and_sync_can_be_skipped(repo: Repo) -> None:
    data = versions(repo, "a.pkl")["a.pkl"]
    done = repo.git("checkout", "-q", "v0", TRINITY_GUARD_SKIP="sync")
    assert done.stderr == b"trinity-guard: sync skipped (TRINITY_GUARD_SKIP=sync).\n"
    assert repo.file("a.pkl").read_bytes() == data[1]
    repo.git("checkout", "-q", "main")
    configure(repo, 'sync = "off"')
    repo.git("checkout", "-q", "v0", "--", "a.pkl.dvc")
    assert repo.file("a.pkl").read_bytes() == data[1]


@pytest.mark.slow
def test_a_remote_that_is_away_is_a_warning_and_the_checkout_stands(repo: Repo) -> None:
    configure(repo, 'sync = "pull"')
    data = versions(repo, "a.pkl", "b.pkl")
    lose(repo, data["a.pkl"][0])
    shutil.move(repo.storage, repo.storage.with_name("away"))
    done = repo.git("checkout", "-q", "v0")
    assert done.returncode == 0
    assert b"a.pkl" in done.stderr
    assert repo.file("a.pkl").read_bytes() == data["a.pkl"][1]
    assert repo.file("b.pkl").read_bytes() == data["b.pkl"][0]


# --- directories, pipelines, kinds of links


@pytest.mark.slow
def test_a_directory_follows_file_by_file(repo: Repo) -> None:
    for name, data in (("set/x.txt", b"x"), ("set/deep/y.txt", b"y"), ("set/same.txt", b"same")):
        repo.write(name, data)
    repo.dvc("add", "-q", "set")
    repo.git("add", "-A")
    repo.commit()
    repo.git("tag", "old")
    shutil.rmtree(repo.file("set/deep"))
    repo.write("set/x.txt", b"another x")
    repo.write("set/z.txt", b"z")
    repo.dvc("add", "-q", "set")
    repo.git("add", "-A")
    repo.commit()
    repo.write("set/mine.txt", b"mine")
    repo.git("checkout", "-q", "old")
    found = {str(p.relative_to(repo.path)): p.read_bytes() for p in repo.file("set").rglob("*") if p.is_file()}
    assert found == {"set/x.txt": b"x", "set/deep/y.txt": b"y", "set/same.txt": b"same", "set/mine.txt": b"mine"}
    repo.git("checkout", "-q", "main")
    found = {str(p.relative_to(repo.path)): p.read_bytes() for p in repo.file("set").rglob("*") if p.is_file()}
    assert found == {"set/x.txt": b"another x", "set/z.txt": b"z", "set/same.txt": b"same", "set/mine.txt": b"mine"}
    assert not repo.file("set/deep").exists()


@pytest.mark.slow
def test_a_pull_after_a_reset_takes_away_what_another_version_of_a_directory_brought(repo: Repo) -> None:
    repo.stage(".trinity-guard.toml", b'folders = ["s/"]\n')
    for name in ("s/a", "s/b"):
        repo.stage(name, b"1\n")
    repo.commit()
    repo.write("s/a", b"11\n")
    repo.stage("s/c", b"3\n")
    repo.commit()
    repo.git("reset", "-q", "--hard", "HEAD~1")
    repo.guard("pull", "s/a")
    assert repo.file("s/c").exists(), "only one file was asked for"
    repo.write("s/a", b"11\n")
    repo.guard("pull")
    assert sorted(p.name for p in repo.file("s").iterdir()) == ["a", "b"]
    assert repo.file("s/a").read_bytes() == b"1\n"
    repo.write("s/mine", b"kept nowhere\n")
    repo.guard("pull", ok=False)
    assert repo.file("s/mine").exists()


@pytest.mark.slow
def test_a_directory_becomes_a_file_and_back(repo: Repo) -> None:
    repo.write("set/x.txt", b"x")
    repo.dvc("add", "-q", "set")
    repo.git("add", "-A")
    repo.commit()
    repo.git("tag", "folder")
    repo.dvc("remove", "set.dvc")
    shutil.rmtree(repo.file("set"))
    repo.write("set", b"a file")
    repo.dvc("add", "-q", "set")
    repo.git("add", "-A")
    repo.commit()
    repo.git("checkout", "-q", "folder")
    assert repo.file("set/x.txt").read_bytes() == b"x"
    repo.git("checkout", "-q", "main")
    assert repo.file("set").read_bytes() == b"a file"


@pytest.mark.slow
def test_the_outputs_of_a_pipeline_follow_their_lock(repo: Repo) -> None:
    repo.write("in.txt", b"one")
    repo.write("dvc.yaml", b"stages:\n  s:\n    cmd: cp in.txt out.bin\n    deps: [in.txt]\n    outs: [out.bin]\n")
    repo.dvc("repro", "-q")
    repo.git("add", "-A")
    repo.commit()
    repo.git("tag", "one")
    repo.write("in.txt", b"two")
    repo.dvc("repro", "-q")
    repo.git("commit", "-q", "-am", "two")
    repo.git("checkout", "-q", "one")
    assert repo.file("out.bin").read_bytes() == b"one"
    repo.git("checkout", "-q", "main")
    assert repo.file("out.bin").read_bytes() == b"two"
    assert repo.dvc("status").stdout.strip() == b"Data and pipelines are up to date."


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["copy", "hardlink", "symlink", "reflink,copy", "hardlink,copy"])
def test_files_are_linked_and_have_modes_as_dvc_checkout_leaves_them(repo: Repo, kind: str) -> None:
    data = versions(repo, "a.pkl", "run.pkl", "empty.pkl")
    repo.write("empty.pkl", b"")
    repo.file("run.pkl").chmod(0o755)
    repo.guard("add", "empty.pkl", "run.pkl")
    repo.commit()
    repo.git("checkout", "-q", "v0~1")
    assert not repo.file("a.pkl").exists()
    repo.dvc("config", "--local", "cache.type", kind)
    repo.git("checkout", "-q", "main")
    names = ("a.pkl", "run.pkl", "empty.pkl")

    def seen() -> list[tuple[object, ...]]:
        stats = [(repo.file(n).lstat(), n) for n in names]
        return [
            (oct(s.st_mode), s.st_nlink, n, repo.file(n).is_symlink() and repo.file(n).readlink()) for s, n in stats
        ]

    ours = seen()
    assert repo.file("a.pkl").read_bytes() == data["a.pkl"][1]
    for name in names:
        repo.file(name).unlink()
    repo.dvc("checkout", "-q")
    assert ours == seen()
    repo.git("checkout", "-q", "v0")
    assert repo.file("a.pkl").read_bytes() == data["a.pkl"][0]
    repo.git("checkout", "-q", "v0~1")
    assert not os.path.lexists(repo.file("a.pkl"))
    assert object_of(repo, data["a.pkl"][0]).read_bytes() == data["a.pkl"][0]


# --- under the framework


def test_under_the_framework_the_checkout_is_told_by_the_environment(repo: Repo) -> None:
    data = versions(repo, "a.pkl")["a.pkl"]
    old, new = (repo.git("rev-parse", n).stdout.decode().strip() for n in ("v1", "v0"))
    repo.git("checkout", "-q", "v0", TRINITY_GUARD_SKIP="sync")
    told = {"PRE_COMMIT_FROM_REF": old, "PRE_COMMIT_TO_REF": new, "PRE_COMMIT_CHECKOUT_TYPE": "1"}
    repo.guard("hook", "post-checkout", "--framework", ok=True, _PRE_COMMIT_SKIP_POST_CHECKOUT="1", **told)
    assert repo.file("a.pkl").read_bytes() == data[1], "the framework itself put edits away"
    repo.guard("hook", "post-checkout", "--framework", ok=False, **told)
    assert repo.file("a.pkl").read_bytes() == data[0]


def test_the_hooks_are_one_text() -> None:
    text = (PROJECT / "hooks" / "post-commit").read_bytes()
    assert (PROJECT / "hooks" / "post-checkout").read_bytes() == text
    assert (PROJECT / "hooks" / "post-merge").read_bytes() == text


@pytest.mark.slow
def test_what_dvc_2_recorded_follows_and_is_fetched_from_where_dvc_2_kept_it(repo: Repo) -> None:
    data = [b"a,b\r\n1,2\r\n", b"a,b\r\n3,4\r\n"]
    repo.write(".gitignore", b"/t.csv\n")
    places = []
    for text in data:
        md5 = hashlib.md5(text.replace(b"\r\n", b"\n")).hexdigest()  # as DVC 2 hashed a text
        places.append(f"{md5[:2]}/{md5[2:]}")
        repo.write(f".dvc/cache/{places[-1]}", text)
        repo.write("t.csv", text)
        repo.write("t.csv.dvc", f"outs:\n- md5: {md5}\n  size: {len(text)}\n  path: t.csv\n".encode())
        repo.git("add", "t.csv.dvc", ".gitignore")
        repo.git("commit", "-q", "-n", "-m", "by DVC 2", TRINITY_GUARD_SKIP="push")
    assert repo.dvc("status").stdout.strip() == b"Data and pipelines are up to date."
    repo.git("checkout", "-q", "HEAD~1")
    assert repo.file("t.csv").read_bytes() == data[0]
    repo.git("checkout", "-q", "HEAD~1")
    assert not repo.file("t.csv").exists()
    for place in places:
        (repo.storage / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.move(repo.path / ".dvc/cache" / place, repo.storage / place)
    done = repo.git("checkout", "-q", "main")
    assert b"trinity-guard pull" in done.stderr
    repo.guard("pull")
    assert repo.file("t.csv").read_bytes() == data[1]
    assert repo.dvc("status").stdout.strip() == b"Data and pipelines are up to date."
