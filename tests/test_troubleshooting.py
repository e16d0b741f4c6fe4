"""Each message of docs/troubleshooting.md is provoked, and the commands below it are run and help."""

from __future__ import annotations

import re
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.documents import Session, blocks, commands, page
from tests.helpers.support import MB, PROJECT, Repo, made_once
from trinity_guard.remotes import check

MODEL = "models/first.pkl"
HEADINGS = re.findall(r"^### `+ ?(.*?) ?`+$", page("docs/troubleshooting.md"), re.MULTILINE)


def hook_missing(repo: Repo) -> str:
    repo.file(".git/hooks/post-commit").unlink()
    repo.stage(MODEL)
    return failed(repo, "--", MODEL)


def failed(repo: Repo, *args: str) -> str:
    done = repo.commit(*args, ok=False)
    assert done.returncode == 1
    return done.stderr.decode()


@made_once
def converted(repo: Repo, name: str = MODEL) -> Repo:
    repo.stage(name)
    repo.commit()
    assert repo.tracked(f"{name}.dvc")
    return repo


def blocked(repo: Repo) -> str:
    repo.stage(MODEL)
    return repo.guard("block", ok=False).stderr.decode()


def too_large(repo: Repo) -> str:
    repo.stage("video.mp4", b"\0\0\0 ftypmp42" + bytes(6 * MB))
    return failed(repo)


def slipped_in(repo: Repo) -> str:
    repo.stage(MODEL)
    return repo.commit("--no-verify").stderr.decode()


def changed(repo: Repo) -> str:
    converted(repo).write(MODEL, 5000)
    repo.write(".trinity-guard.toml", b"# left unstaged\n")
    return repo.commit("--allow-empty").stderr.decode()


def another_version(repo: Repo) -> str:
    converted(repo).write(MODEL, 5000)
    repo.stage("code.py", b"x = 1\n")
    repo.commit()
    repo.git("reset", "-q", "--hard", "HEAD^")
    return repo.commit("--allow-empty").stderr.decode()


def edited_before_its_pointer_moved(repo: Repo) -> str:
    converted(repo).write(MODEL, 5000)
    repo.stage("code.py", b"x = 1\n")
    repo.commit()
    repo.write(MODEL, 6000)
    repo.git("reset", "-q", "--hard", "HEAD^")
    return repo.commit("--allow-empty").stderr.decode()


def nothing_else(repo: Repo) -> str:
    converted(repo).write(MODEL, 5000)
    return failed(repo)


def place_taken(repo: Repo) -> str:
    converted(repo).file(MODEL).unlink()
    repo.write(f"{MODEL}/part-0", b"0")
    return repo.commit("--allow-empty").stderr.decode()


def newer(repo: Repo) -> str:
    repo.stage(MODEL, 3000)
    repo.write(MODEL, 4000)
    return repo.commit().stderr.decode()


def nothing_left(repo: Repo) -> str:
    data = repo.stage(MODEL)
    repo.commit()
    repo.stage(MODEL, data)
    return failed(repo)


def remote_away(repo: Repo) -> str:
    converted(repo, "before.pkl")
    folder = next(repo.path.parent.glob("*-dvc-storage"))
    folder.rename(folder.with_suffix(".away"))
    repo.stage(MODEL)
    said = repo.commit().stderr.decode()
    folder.with_suffix(".away").rename(folder)
    return said


def no_remote(repo: Repo) -> str:
    repo.dvc("remote", "remove", "storage")
    repo.stage(MODEL)
    return repo.commit().stderr.decode()


def secret(repo: Repo) -> str:
    return repo.guard("init", "--remote", "s3://ada:word@bucket/data", ok=False).stderr.decode()


def other_remote(repo: Repo) -> str:
    return repo.guard("init", "--remote", "../elsewhere", ok=False).stderr.decode()


def no_project(repo: Repo) -> str:
    repo.git("rm", "-r", "-q", ".dvc", ".dvcignore")
    repo.commit()
    repo.file(".dvc").rename(repo.path.parent / "dvc-of-before")
    repo.stage(MODEL)
    return failed(repo)


def in_directory(repo: Repo) -> str:
    repo.write("data/old.csv", b"1\n")
    repo.dvc("add", "-q", "data")
    pointer = repo.file("data.dvc")
    pointer.write_bytes(pointer.read_bytes().replace(b"  hash: md5\n", b""))  # as DVC 2 wrote it
    shutil.copytree(repo.file(".dvc/cache/files/md5"), repo.file(".dvc/cache"), dirs_exist_ok=True)
    repo.git("add", "-A")
    repo.commit()
    repo.stage("data/new.csv", b"2\n")
    return failed(repo)


def of_a_stage(repo: Repo) -> str:
    repo.write("dvc.yaml", b"stages:\n  train:\n    cmd: echo 1 > model.pkl\n    outs: [model.pkl]\n")
    repo.dvc("repro", "-q")
    repo.git("add", "-A")
    repo.commit()
    repo.stage("model.pkl", b"another\n")
    return failed(repo)


def several_outs(repo: Repo) -> str:
    out = "- md5: d41d8cd98f00b204e9800998ecf8427e\n  size: 0\n  hash: md5\n  path: "
    repo.stage("both.dvc", f"outs:\n{out}x.pkl\n{out}y\n".encode())
    repo.stage("x.pkl")
    return failed(repo)


def dvcignored(repo: Repo) -> str:
    repo.stage(".dvcignore", b"*.pkl\n")
    repo.stage(MODEL)
    return failed(repo)


def left_to_lfs(repo: Repo) -> str:
    repo.stage(".gitattributes", b"*.pkl filter=lfs -text\n")
    repo.git("config", "filter.lfs.clean", "cat")
    repo.stage(MODEL)
    return repo.guard("convert").stderr.decode()


def hidden_pointer(repo: Repo) -> str:
    repo.stage(".gitignore", b"*.pkl*\n")
    repo.stage(MODEL)
    return failed(repo)


def linked_ignore(repo: Repo) -> str:
    repo.stage("data/a.csv", b"1\n")
    repo.file("data/.gitignore").symlink_to("elsewhere")
    return failed(repo)


def in_the_way(repo: Repo) -> str:
    repo.write(f"{MODEL}.dvc/file", b"")
    repo.stage(MODEL)
    return failed(repo)


def conflict(repo: Repo) -> str:
    converted(repo).git("checkout", "-q", "-b", "side")
    for branch in ("side", "main"):
        repo.git("checkout", "-q", branch)
        repo.write(MODEL, 100 if branch == "side" else 200)
        repo.guard("convert", MODEL)
        repo.commit()
    repo.git("merge", "-q", "side", ok=False)
    repo.git("add", "-A")
    return failed(repo)


def malformed(repo: Repo) -> str:
    converted(repo).stage(f"{MODEL}.dvc", b"outs: 3\n")
    return failed(repo)


def outside(repo: Repo) -> str:
    repo.stage("x.dvc", b"outs:\n- md5: d41d8cd98f00b204e9800998ecf8427e\n  size: 0\n  hash: md5\n  path: ../x\n")
    return failed(repo)


def unknown_key(repo: Repo) -> str:
    repo.write(".trinity-guard.toml", b"patern = []\n")
    repo.stage("code.py", b"x = 1\n")
    return failed(repo)


def program_gone(repo: Repo) -> str:
    hook = repo.file(".git/hooks/pre-commit")
    hook.write_text(re.sub(r"(?m)^(python|lib)='.*'$", r"\1='/gone'", hook.read_text()))
    repo.stage("code.py", b"x = 1\n")
    return repo.commit(ok=False, PATH="/usr/bin:/bin").stderr.decode()


def shared_hooks(repo: Repo) -> str:
    repo.git("config", "--global", "core.hooksPath", str(repo.path.parent / "shared"))
    return repo.guard("init", ok=False).stderr.decode()


def second_foreign_hook(repo: Repo) -> str:
    for name in ("pre-commit.before-trinity-guard", "pre-commit"):
        repo.write(f".git/hooks/{name}", f"#!/bin/sh\necho {name}\n".encode())
    return repo.guard("init", ok=False).stderr.decode()


def locked(repo: Repo) -> str:
    repo.stage(MODEL)
    repo.write(".git/index.lock", b"")
    return repo.guard("convert", ok=False).stderr.decode()


def unconfirmed(repo: Repo) -> str:
    repo.git("config", "--unset-all", "trinity-guard.trusted")
    repo.stage(MODEL)
    return repo.commit().stderr.decode()


def unreachable(repo: Repo) -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]  # where nobody listens any more
    repo.write(".dvc/config", f"[core]\n    remote = r\n['remote \"r\"']\n    url = http://127.0.0.1:{port}\n".encode())
    repo.guard("remote", "trust", "--all")
    return repo.guard("doctor", ok=False).stdout.decode()


def raw_pushed(repo: Repo) -> str:
    repo.git("init", "-q", "--bare", "../hub.git")
    repo.git("remote", "add", "origin", "../hub.git")
    repo.stage(MODEL)
    repo.commit("--no-verify")
    return repo.git("push", "origin", "main", ok=False).stderr.decode()


def credential(repo: Repo) -> str:
    config = repo.file(".dvc/config")
    config.write_text(
        config.read_text() + "['remote \"team\"']\n    url = s3://b/p\n    session_token = hunter2hunter2\n"
    )
    repo.git("add", "-A")
    return failed(repo)


def not_cached(repo: Repo) -> str:
    converted(repo)
    repo.git("checkout", "-q", "HEAD^")
    shutil.rmtree(repo.path / ".dvc/cache/files")
    return repo.git("checkout", "-q", "main").stderr.decode()


PROVOKED: dict[str, Callable[[Repo], str]] = {
    "artifacts do not belong in Git:": blocked,
    "too large for Git:": too_large,
    "this commit holds raw artifacts: …": slipped_in,
    "… has changed, and its pointer has not: …": changed,
    "… is not the version that its pointer names, but another one that was recorded.": another_version,
    "… was changed here, and its pointer names another version since: …": edited_before_its_pointer_moved,
    "Git had looked before, and saw nothing to commit. …": nothing_else,
    "… is no longer …: …": place_taken,
    "… what was staged is recorded; the newer working file stays as it is.": newer,
    "nothing is left to commit: … is already recorded, byte for byte.": nothing_left,
    "the commit stands; … could not go to the DVC remote yet: …": remote_away,
    "no DVC remote is set": no_remote,
    "… leads to …. This repository's config says so, and you never confirmed it: …": unconfirmed,
    "the remote '…' … cannot be used: step `…`: …": unreachable,
    "push refused: it would publish artifacts raw, for ever.": raw_pushed,
    "… holds credentials, which everybody who reads the repository could use:": credential,
    "… not in the cache: ….": not_cached,
    "--remote holds a password or a signature, …": secret,
    "DVC has a default remote already, '…', with another URL; …": other_remote,
    "…: there is no DVC project here yet.": no_project,
    "… lies in …, which DVC holds as a whole (…).": in_directory,
    "… is an output of stage '…' in …: DVC keeps it, not Git.": of_a_stage,
    "… is recorded in …, a pointer with more in it than this file.": several_outs,
    "… is left to git-lfs, but what is staged is no LFS pointer: …": left_to_lfs,
    "DVC cannot hold …: …": dvcignored,
    "DVC would not see ….dvc: it takes … for ignored (…).": hidden_pointer,
    "… is a symlink, which Git does not read.": linked_ignore,
    "… is in the way: it is no ordinary file.": in_the_way,
    "… is in conflict.": conflict,
    "… is no pointer that DVC can read: …": malformed,
    "…: its path '…' …": outside,
    "…:…: … is not a key that trinity-guard knows.": unknown_key,
    "`git commit -- path` needs our post-commit hook, …": hook_missing,
    "… does not find the program trinity-guard, so nothing guards this repository.": program_gone,
    "the hooks are in …, set by …, and other repositories may share them.": shared_hooks,
    "… is not ours, and … keeps another one already.": second_foreign_hook,
    "…index.lock': File exists.": locked,
}

ELSEWHERE = {
    "… was imported by …, which says where it comes from.": "test_neighbours provokes it and pastes what it advises",
    "the remote '…' needs …, which is not installed…": "needs an environment without the plug-in",
    "push refused: nobody could fetch … that it names.": "test_gate provokes it",
    "push refused: it cannot be told whether others could fetch what it names.": "test_gate provokes it",
    "… stays as it is; … names another version.": "test_follow provokes it",
    "unstaged edits stand next to lines that the conversion adds (.gitignore): …": "test_framework provokes it",
    "the disk that holds … is full; nothing was changed.": "test_faults provokes it with a small file system",
    "… is being written to; try again when it is done.": "depends on time",
    "… is in conflict (a merge is under way), and … needs it.": "test_surroundings provokes it",
    "… goes through the filter '…' on its way into Git (.gitattributes); …": "test_surroundings provokes it",
    "… belongs to another repository, ….": "test_surroundings provokes it",
    "this is a bug of ours (…).": "needs a bug",
}


def test_every_heading_is_provoked_or_excused() -> None:
    assert sorted(HEADINGS) == sorted([*PROVOKED, *ELSEWHERE])
    assert len(HEADINGS) == page("docs/troubleshooting.md").count("\n### ")


def section(heading: str) -> str:
    text = page("docs/troubleshooting.md")
    return re.split(r"^### .*$", text, flags=re.MULTILINE)[HEADINGS.index(heading) + 1]


@pytest.mark.parametrize("heading", PROVOKED)
def test_the_message_comes_and_the_commands_help(repo: Repo, tmp_path: Path, heading: str) -> None:
    said = PROVOKED[heading](repo)
    assert re.search(".*".join(map(re.escape, heading.split("…"))), said, re.DOTALL), said
    session = Session(tmp_path, repo.path)
    for block in blocks(section(heading), "sh"):
        for command in commands(block):
            code, words = session.type(command.text)
            assert code == 0, f"$ {command.text}\n{words}"
    if blocks(section(heading), "sh"):
        # Helped: the next commit goes through, no artifact is raw, and nothing waits.
        repo.commit("--allow-empty")
        assert [n for n in repo.tree() if n.endswith((b".pkl", b".csv", b".mp4"))] == []
        assert b"waiting for" not in repo.guard("status").stdout


def test_each_step_on_the_way_to_a_remote_is_explained() -> None:
    said = section("the remote '…' … cannot be used: step `…`: …")
    assert re.findall(r"`([\w-]+)`", "".join(re.findall(r"^\| (`.*?) \|", said, re.MULTILINE))) == list(check.STEPS)


@pytest.mark.parametrize("heading", ELSEWHERE)
def test_the_words_of_the_other_messages_are_in_the_program(heading: str) -> None:
    sources = " ".join(p.read_text() for p in (PROJECT / "trinity_guard").rglob("*.py"))
    joined = re.sub(r'"\s*f?"', "", sources)
    for piece in re.split(r"…|'…'", heading):
        assert piece.strip(" '(.)") in joined, piece
