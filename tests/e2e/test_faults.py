"""Bad input and broken surroundings: a clear message, the right exit code, the repository as it was."""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.support import KB, MB, Repo, objects, require, run


def state(repo: Repo) -> tuple[object, ...]:
    """All that a refused commit may not change."""
    files = {
        p: p.read_bytes()
        for p in repo.path.rglob("*")
        if p.is_file() and ".git" not in p.parts and ".dvc" not in p.parts
    }
    return repo.head(), repo.index(), files, repo.cached()


def refused(repo: Repo, *words: str, args: tuple[str, ...] = ()) -> None:
    """The commit is refused with these words, without a traceback, and nothing has changed."""
    before = state(repo)
    done = repo.commit(*args, ok=False)
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr.decode(), done.stderr.decode()
    assert state(repo) == before


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (b"patern = ['*.pkl']\n", ["patern", ":1"]),
        (b"\n\nmax-size = 5\n", ["max-size", ":3"]),
        (b"patterns = [\n", [".trinity-guard.toml"]),
        (b"<<<<<<< HEAD\n=======\n>>>>>>> x\n", [".trinity-guard.toml:1"]),
        (b"\xff\xfe", [".trinity-guard.toml"]),
    ],
    ids=["unknown key", "wrong type", "syntax", "conflict marker", "not UTF-8"],
)
def test_a_broken_configuration_blocks_every_commit(repo: Repo, config: bytes, words: list[str]) -> None:
    repo.write(".trinity-guard.toml", config)
    repo.stage("code.py", b"x = 1\n")
    refused(repo, *words)
    assert repo.guard("block", ok=False).returncode == 2
    assert repo.guard("convert", ok=False).returncode == 2


def test_a_configuration_that_is_a_folder_blocks(repo: Repo) -> None:
    repo.git("rm", "-q", "--cached", "--ignore-unmatch", ".trinity-guard.toml")
    repo.file(".trinity-guard.toml").unlink(missing_ok=True)
    repo.write(".trinity-guard.toml/x", b"")
    repo.stage("code.py", b"x = 1\n")
    refused(repo, ".trinity-guard.toml")


def test_a_folder_where_the_pointer_should_be(repo: Repo) -> None:
    repo.write("a.pkl.dvc/x", b"")
    repo.stage("a.pkl")
    refused(repo, "a.pkl.dvc", "in the way")


def test_a_folder_where_gitignore_should_be(repo: Repo) -> None:
    repo.write("d/.gitignore/x", b"")
    repo.stage("d/a.pkl")
    refused(repo, ".gitignore")


def test_a_gitignore_that_is_a_symlink(repo: Repo) -> None:
    repo.write("d/real", b"")
    repo.file("d/.gitignore").symlink_to("real")
    repo.stage("d/a.pkl")
    refused(repo, "d/.gitignore", "symlink")


def test_a_pointer_that_git_would_ignore(repo: Repo) -> None:
    repo.stage(".gitignore", b"*.pkl*\n")
    repo.commit()
    repo.stage("a.pkl")
    refused(repo, "a.pkl.dvc", "*.pkl*", "!*.dvc")


def test_no_dvc_project_says_what_to_run(repo: Repo) -> None:
    repo.git("rm", "-r", "-q", ".dvc", ".dvcignore")
    repo.commit()
    run("rm", "-rf", ".dvc", cwd=repo.path)
    repo.stage("a.pkl")
    refused(repo, "trinity-guard init")


@pytest.mark.parametrize(
    ("pointer", "words"),
    [
        (b"<<<<<<< ours\nouts:\n=======\n>>>>>>> theirs\n", ["b.pkl.dvc"]),
        (
            b"outs:\n- md5: d41d8cd98f00b204e9800998ecf8427e\n  size: 0\n  hash: md5\n  path: ../../x\n",
            ["b.pkl.dvc", "leaves"],
        ),
        (
            b"outs:\n- md5: d41d8cd98f00b204e9800998ecf8427e\n  size: 0\n  hash: md5\n  path: /etc/passwd\n",
            ["b.pkl.dvc"],
        ),
        (
            b"outs:\n- md5: d41d8cd98f00b204e9800998ecf8427e\n  size: 0\n  hash: md5\n  path: .git/config\n",
            ["b.pkl.dvc", ".git"],
        ),
        (b"outs:\n- md5: ../../../../etc/passwd\n  size: 0\n  hash: md5\n  path: b.pkl\n", ["b.pkl.dvc"]),
        (b"", ["b.pkl.dvc"]),
    ],
    ids=["conflict", "outside", "absolute", "into .git", "md5 that is none", "empty"],
)
def test_a_malformed_or_hostile_pointer_is_refused(repo: Repo, pointer: bytes, words: list[str]) -> None:
    repo.stage("b.pkl.dvc", pointer)
    refused(repo, *words)
    # Also when it came in by another way, and something else is to be converted.
    repo.commit("-n")
    repo.stage("a.pkl")
    refused(repo, *words)


def test_a_file_above_max_size_is_blocked_with_a_choice(repo: Repo) -> None:
    repo.stage("video.mp4", b"\0\0\0 ftypmp42" + bytes(6 * MB))
    refused(repo, "video.mp4", "max-size", "patterns", "exclude", "trinity-guard convert video.mp4")
    repo.guard("convert", "video.mp4")
    repo.commit()
    assert repo.tracked("video.mp4.dvc")


@pytest.mark.slow
def test_artifacts_below_min_size_stay_in_git_and_nobody_minds(repo: Repo) -> None:
    repo.stage(".trinity-guard.toml", b'min-size = { default = "1 kB", "*.csv" = "10 kB" }\nmax-size = "2 kB"\n')
    for name, size in (("a.pkl", 999), ("b.pkl", 1000), ("c.csv", 9999), ("d.csv", 10_000)):
        repo.stage(name, b"a" * size)
    repo.commit()
    assert {n for n in ("a.pkl", "b.pkl", "c.csv", "d.csv") if repo.tracked(n)} == {"a.pkl", "c.csv"}
    assert repo.tracked("b.pkl.dvc")
    assert repo.tracked("d.csv.dvc")
    assert repo.guard("lint", "--all").returncode == 0


@pytest.mark.slow
def test_content_tells_an_artifact_under_another_name(repo: Repo) -> None:
    import pickle

    data = repo.stage("model.bin", pickle.dumps({"weights": list(range(1000))}))
    repo.commit()
    assert repo.tracked("model.bin.dvc")
    assert repo.pulled_in_a_fresh_clone("model.bin") == data


def test_on_artifact_block_names_them_and_changes_nothing(repo: Repo) -> None:
    repo.stage(".trinity-guard.toml", b'on-artifact = "block"\n')
    repo.commit()
    repo.stage("a.pkl")
    refused(repo, "a.pkl", "trinity-guard convert a.pkl")


def test_skipping_is_said(repo: Repo) -> None:
    repo.stage("a.pkl")
    done = repo.commit(TRINITY_GUARD_SKIP="convert")
    assert b"TRINITY_GUARD_SKIP" in done.stderr
    assert repo.tracked("a.pkl")


@pytest.mark.parametrize("skip", ["typo", "convertt,pus"])
def test_skipping_what_is_not_ours_is_said_and_skips_nothing(repo: Repo, skip: str) -> None:
    repo.stage("a.pkl")
    done = repo.commit(TRINITY_GUARD_SKIP=skip)
    assert b"names no hook of ours" in done.stderr
    assert repo.tracked("a.pkl.dvc")


@pytest.mark.parametrize(("skip", "words"), [("CONVERT", b"convert skipped"), ("block", b"block skipped")])
def test_skipping_names_what_was_asked_for(repo: Repo, skip: str, words: bytes) -> None:
    repo.stage("a.pkl")
    assert words in repo.commit(TRINITY_GUARD_SKIP=skip).stderr
    assert repo.tracked("a.pkl")


def test_a_second_git_at_the_same_time(repo: Repo) -> None:
    repo.stage("a.pkl")
    repo.write(".git/index.lock", b"")
    before = state(repo)
    done = repo.guard("convert", ok=False)
    assert done.returncode == 1
    assert b"index.lock" in done.stderr
    repo.file(".git/index.lock").unlink()
    assert state(repo)[:3] == before[:3]
    repo.commit()
    assert repo.tracked("a.pkl.dvc")


def test_an_unreadable_artifact_is_taken_from_git(repo: Repo) -> None:
    data = repo.stage("a.pkl")
    repo.file("a.pkl").unlink()
    repo.commit()
    assert repo.pulled_in_a_fresh_clone("a.pkl") == data


def test_add_of_what_cannot_be_read_says_so(repo: Repo) -> None:
    for name, words in {"nothing.pkl": "no such file", "pipe.pkl": "no ordinary file"}.items():
        if name == "pipe.pkl":
            os.mkfifo(repo.file(name))
        done = repo.guard("add", name, ok=False)
        assert done.returncode == 1
        assert words in done.stderr.decode()


def in_namespace(repo: Repo, setup: str, *command: str) -> tuple[int, str]:
    """Run a command where `setup` has mounted things that only it sees."""
    if run("unshare", "-rm", "true", ok=False).returncode:
        require("user namespaces (unshare -rm), to mount a small or read-only file system")
    script = f'{setup}\nexec "$@"'
    done = run("unshare", "-rm", "sh", "-ec", script, "sh", *command, cwd=repo.path, ok=False)
    return done.returncode, done.stderr.decode()


@pytest.mark.parametrize("size", [2 * MB, 300 * KB], ids=["before the end", "at the flush"])
def test_a_full_disk(repo: Repo, tmp_path: Path, size: int) -> None:
    small = tmp_path / "small"
    small.mkdir()
    run("git", "config", "-f", ".dvc/config.local", "cache.dir", str(small), cwd=repo.path)
    first = repo.stage("a.pkl", size)
    second = repo.stage("b.pkl", size)
    before = state(repo)
    mount = f"mount -t tmpfs -o size=512k tmpfs '{small}'"
    code, words = in_namespace(repo, mount, "git", "commit", "-q", "-m", "x")
    assert code == 1
    assert "full" in words
    assert "Traceback" not in words
    assert state(repo) == before
    repo.commit()
    assert {first, second} <= set(objects(small / "files" / "md5").values())


@pytest.mark.slow
@pytest.mark.parametrize("folder", [".", ".git/trinity-guard"])
def test_a_push_from_where_nothing_can_be_written_asks_all_the_same(repo: Repo, tmp_path: Path, folder: str) -> None:
    repo.stage("a.pkl")
    repo.commit()
    hub = tmp_path / "hub.git"
    run("git", "init", "-q", "--bare", hub)
    mount = f"mount --bind {folder} {folder} && mount -o remount,bind,ro {folder} && cd '{repo.path}'"
    code, words = in_namespace(repo, mount, "git", "push", "-q", str(hub), "main")
    assert (code, words) == (0, "")
    assert run("git", "rev-parse", "main", cwd=hub).stdout.decode().strip() == repo.head()
    (md5,) = repo.cached()
    (repo.storage / "files" / "md5" / md5[:2] / md5[2:]).unlink()
    repo.file(f".dvc/cache/files/md5/{md5[:2]}/{md5[2:]}").unlink()
    code, words = in_namespace(repo, mount, "git", "push", "-q", str(hub), "main:second")
    assert code == 1
    assert "nobody could fetch" in words


@pytest.mark.slow
def test_a_read_only_cache(repo: Repo) -> None:
    repo.stage("first.pkl")
    repo.commit()
    data = repo.stage("a.pkl", raw=True)
    before = state(repo)
    cache = repo.file(".dvc/cache")
    mount = f"mount --bind '{cache}' '{cache}' && mount -o remount,bind,ro '{cache}'"
    code, words = in_namespace(repo, mount, "git", "commit", "-q", "-m", "x")
    assert code == 1
    assert "cannot write" in words
    assert state(repo) == before
    repo.git("rm", "-q", "--cached", "a.pkl")
    code, words = in_namespace(repo, mount, "git", "add", "a.pkl")
    assert code == 0
    assert "cannot write" in words
    assert repo.show("a.pkl", "") == data, "Git has the bytes, since the cache cannot"
    repo.commit()
    assert repo.tracked("a.pkl.dvc")


@pytest.mark.slow
def test_what_comes_back_has_the_mode_that_the_folder_s_acl_gives(repo: Repo) -> None:
    repo.stage("a.csv", b"1\n")
    repo.commit()
    # user rw, group rwx, mask rwx, nobody else: version 2, then (tag, permissions, id) of each
    entries = ((0x01, 7, -1), (0x04, 7, -1), (0x08, 7, os.getgid()), (0x10, 7, -1), (0x20, 0, -1))
    acl = struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *entry) for entry in entries)
    try:
        for folder in (repo.path, repo.path / ".dvc", repo.path / ".dvc/tmp"):
            folder.mkdir(exist_ok=True)
            os.setxattr(folder, "system.posix_acl_default", acl)
    except OSError:
        require("file system with default ACLs")
    repo.file("a.csv").unlink()
    old = os.umask(0o022)
    try:
        repo.guard("pull")
        repo.write("b.csv", b"2\n")
    finally:
        os.umask(old)
    assert repo.file("a.csv").stat().st_mode & 0o777 == repo.file("b.csv").stat().st_mode & 0o777 == 0o660


def test_a_cache_that_is_a_file(repo: Repo) -> None:
    repo.write(".dvc/cache", b"")
    repo.stage("a.pkl")
    refused(repo, "cannot write")


@pytest.mark.slow
def test_a_damaged_cache_object_is_replaced_by_good_bytes(repo: Repo) -> None:
    data = repo.stage("a.pkl")
    repo.commit()
    md5 = hashlib.md5(data).hexdigest()
    cached = repo.file(f".dvc/cache/files/md5/{md5[:2]}/{md5[2:]}")
    cached.chmod(0o644)
    cached.write_bytes(bytes(len(data)))
    repo.stage("copy.pkl", data)
    repo.commit()
    assert cached.read_bytes() == data


def test_a_damaged_cache_object_is_not_published(repo: Repo) -> None:
    data = repo.stage("a.pkl")
    repo.commit(TRINITY_GUARD_SKIP="push")
    md5 = hashlib.md5(data).hexdigest()
    cached = repo.file(f".dvc/cache/files/md5/{md5[:2]}/{md5[2:]}")
    cached.chmod(0o644)
    cached.write_bytes(bytes(len(data)))
    done = repo.guard("push", ok=False)
    assert done.returncode == 1
    assert b"damaged" in done.stderr
    assert objects(repo.storage / "files" / "md5") == {}


@pytest.mark.slow
def test_a_remote_that_is_away_gets_the_objects_later(repo: Repo, tmp_path: Path) -> None:
    repo.stage("first.pkl")
    repo.commit()
    away = tmp_path / "unplugged"
    repo.storage.rename(away)
    data = repo.stage("a.pkl")
    done = repo.commit()
    assert b"the commit stands" in done.stderr
    assert b"trinity-guard push --pending" in done.stderr
    assert repo.tracked("a.pkl.dvc")
    assert not repo.storage.exists()
    assert b"a.pkl.dvc" in repo.guard("status").stdout
    away.rename(repo.storage)
    other = repo.stage("b.pkl")
    repo.commit()
    assert {data, other} <= set(objects(repo.storage / "files" / "md5").values())
    assert b"nothing is waiting" in repo.guard("push", "--pending").stderr


def test_no_remote_at_all(repo: Repo) -> None:
    repo.dvc("remote", "remove", "storage")
    repo.stage("a.pkl")
    done = repo.commit()
    assert b"no DVC remote" in done.stderr
    assert repo.tracked("a.pkl.dvc")
    assert repo.guard("push", "--pending", ok=False).returncode == 1


@pytest.mark.slow
def test_a_full_remote(repo: Repo) -> None:
    repo.stage("first.pkl")
    repo.commit()
    data = repo.stage("a.pkl", 2 * MB)
    mount = f"mount -t tmpfs -o size=256k tmpfs '{repo.storage}'"
    code, words = in_namespace(repo, mount, "git", "commit", "-q", "-m", "x")
    assert code == 0
    assert "full" in words
    repo.guard("push", "--pending")
    assert data in objects(repo.storage / "files" / "md5").values()


@pytest.mark.parametrize("command", ["block", "convert", "add", "push", "status"])
def test_commands_outside_of_a_repository_and_with_wrong_words_exit_2(tmp_path: Path, command: str) -> None:
    import sys

    away = tmp_path / "nowhere"
    away.mkdir()
    env = {"GIT_CEILING_DIRECTORIES": str(tmp_path)}
    for args in ([command], [command, "--nonsense"]):
        done = run(sys.executable, "-m", "trinity_guard", *args, cwd=away, ok=False, env=env)
        assert done.returncode == 2
        assert b"Traceback" not in done.stderr


def test_a_bare_repository_is_refused_with_the_reason(make_repo: Callable[..., Repo]) -> None:
    import sys

    repo = make_repo("source", guarded=False)
    bare = repo.path.parent / "bare.git"
    run("git", "clone", "-q", "--bare", repo.path, bare)
    for command in ("init", "status", "convert"):
        done = run(sys.executable, "-m", "trinity_guard", command, cwd=bare, ok=False)
        assert done.returncode == 2
        assert b"bare" in done.stderr
