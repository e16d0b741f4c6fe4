"""A repository of Git LFS, with its server, moved to DVC as a person does it: `migrate run --from-lfs`."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.helpers.lfsserver import LfsServer, lfs_server
from tests.helpers.migrations import Legacy, out, refused
from tests.helpers.servers import free_port
from tests.helpers.support import KB, Repo, dvc, noise, require, run

LFS = "filter=lfs diff=lfs merge=lfs -text"
pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_TERMINAL_PROMPT", "0")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[LfsServer]:
    if run("git", "lfs", "version", ok=False).returncode:
        require("git-lfs")
    with lfs_server(tmp_path_factory.mktemp("lfs-server")) as started:
        yield started


def make(path: Path, url: str) -> Legacy:
    """Make a repository that has been at LFS all along, pushed to a Git server and its LFS server."""
    repo = Legacy(path)
    path.mkdir()
    repo.git("init", "-q", "-b", "main")
    repo.git("lfs", "install")  # for this person: all later clones have the filter
    repo.git("lfs", "install", "--local")
    repo.write(".lfsconfig", f"[lfs]\n\turl = {url}\n".encode())
    macro = f"[attr]lfs {LFS}\n* text=auto\n*.bin {LFS}\n*.psd lfs\nfixtures/*.bin -filter\n"
    everything(repo, ".gitattributes", macro.encode())
    same = noise(9 * KB)
    repo.write("models/a.bin", same)
    repo.write("models/empty.bin", b"")
    repo.write("fixtures/raw.bin", b"raw\n")
    repo.write("docs/pointer.txt", pointer_of(b"nowhere"))
    everything(repo, "models/run.bin", noise(2 * KB))
    repo.file("models/run.bin").chmod(0o755)
    repo.git("commit", "-q", "-a", "-m", "it runs")
    repo.add("copy of a.bin", same)
    repo.git("tag", "-a", "-m", "first", "v1")
    repo.write("data/only/.gitattributes", f"*.nothing {LFS}\n".encode())
    repo.write("data/.gitattributes", f"*.csv {LFS}\n*.txt text\n".encode())
    everything(repo, "data/t.csv", b"x,y\r\n" * 2000)
    repo.git("checkout", "-q", "-b", "side")
    repo.add("art.psd", 5 * KB)
    repo.git("checkout", "-q", "main")
    repo.add("models/a.bin", 12 * KB)
    repo.git("rm", "-q", "models/run.bin")
    repo.git("commit", "-q", "-m", "no run any more")
    run("git", "init", "-q", "--bare", "-b", "main", path.parent / "server.git")
    repo.git("config", "lfs.allowincompletepush", "true")  # docs/pointer.txt is text
    repo.git("remote", "add", "origin", str(path.parent / "server.git"))
    repo.git("push", "-q", "origin", "--all")
    repo.git("push", "-q", "origin", "--tags")
    return repo


def everything(repo: Legacy, name: str, data: bytes) -> None:
    repo.write(name, data)
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", f"write {name}")


def pointer_of(data: bytes) -> bytes:
    head = "version https://git-lfs.github.com/spec/v1\n"
    return f"{head}oid sha256:{hashlib.sha256(data).hexdigest()}\nsize {len(data)}\n".encode()


def cloned(repo: Legacy, name: str = "clone") -> Legacy:
    """Clone the server's repository, without one object of LFS."""
    path = repo.path.parent / name
    run("git", "clone", "-q", repo.path.parent / "server.git", path, env={"GIT_LFS_SKIP_SMUDGE": "1"})
    return Legacy(path)


def files(top: Path) -> dict[str, tuple[bytes, bool]]:
    """Return the files that people work with: not those of Git's, DVC's and LFS's own."""
    found = {}
    for folder, folders, names in os.walk(top):
        folders[:] = [name for name in folders if name not in (".git", ".dvc")]
        for name in names:
            file = Path(folder) / name
            if name not in (".gitattributes", ".gitignore", ".dvcignore") and file.suffix != ".dvc":
                found[str(file.relative_to(top))] = file.read_bytes(), os.access(file, os.X_OK)
    return found


def at_each_commit(repo: Legacy, commits: list[str]) -> list[dict[str, tuple[bytes, bool]]]:
    found = []
    for commit in commits:
        repo.git("checkout", "-q", "--detach", commit)
        found.append(files(repo.path))
    return found


def test_every_commit_has_its_bytes_by_dvc_and_nothing_of_lfs(server: LfsServer, tmp_path: Path) -> None:
    repo = make(tmp_path / "work", server.url)
    clone = cloned(repo)
    assert clone.file("models/a.bin").read_bytes().startswith(b"version https://git-lfs")
    before = clone.everything()
    plan = out(clone, "info", "--everything", "--from-lfs")
    assert "of Git LFS" in plan
    assert "5 LFS objects" in plan
    assert "git lfs fetch --all" in plan
    assert clone.everything() == before
    storage = str(tmp_path / "storage")
    clone.git("branch", "--track", "side", "origin/side")
    refs = clone.refs()
    said = out(clone, "run", "--everything", "--from-lfs", "--remote", storage, "--push", "--yes")
    assert "git-lfs was taken out of: .gitattributes, data/.gitattributes, data/only/.gitattributes" in said
    assert "docs/pointer.txt: it reads like a pointer" in said
    assert "git lfs uninstall --local" in said  # its first checkout has put hooks here
    assert clone.git("status", "--porcelain").stdout == b""
    assert clone.file("models/a.bin").read_bytes() == repo.file("models/a.bin").read_bytes()
    assert b"up to date" in clone.dvc("status").stdout
    assert "every byte is there" in out(clone, "verify", "--sample", "3")
    assert "nothing" not in clone.guard("status").stdout.decode()

    clone.git("lfs", "uninstall", "--local")
    assert not clone.file(".git/hooks/pre-push").exists()
    run("git", "init", "-q", "--bare", "-b", "main", tmp_path / "new.git")
    clone.git("push", "-q", "--mirror", str(tmp_path / "new.git"))
    run("git", "-C", tmp_path / "new.git", "fsck", "--strict")
    lines = (clone.state / "commit-map").read_text().splitlines()
    ids = dict(line.split(" ") for line in lines)
    old = at_each_commit(repo, list(ids))
    for number, (wanted, new) in enumerate(zip(old, ids.values(), strict=True)):
        # DVC keeps for a clone what commits of the same bytes say of them, and takes the mode of the one it saw first.
        fresh = Legacy(tmp_path / f"fresh{number}")
        run("git", "clone", "-q", tmp_path / "new.git", fresh.path)
        fresh.git("checkout", "-q", "--detach", new)
        if fresh.file(".dvc").exists():  # from the first commit with data on
            dvc("pull", "-q", cwd=fresh.path)
        assert files(fresh.path) == wanted
        assert fresh.git("status", "--porcelain").stdout == b""
        assert b"lfs" not in fresh.git("grep", "-h", "-e", "", new, "--", "*.gitattributes", ok=False).stdout

    out(clone, "undo")
    assert clone.git("status", "--porcelain").stdout == b""
    assert clone.refs() == refs
    out(clone, "run", "--everything", "--from-lfs", "--remote", storage, "--push", "--yes")
    assert "every byte is there" in out(clone, "finish", "--yes")
    assert clone.git("status", "--porcelain").stdout == b""


# --- what a server does not give


DATA, WANTED = noise(3 * KB), noise(2 * KB)


def at_server(server: LfsServer, path: Path, url: str = "") -> Legacy:
    """Make a repository with two files of Git LFS, whose objects the server alone has."""
    repo = Legacy(path)
    path.mkdir()
    repo.git("init", "-q", "-b", "main")
    repo.git("config", "lfs.url", url or server.url)
    repo.write(".gitattributes", f"*.bin {LFS}\n".encode())
    repo.write("a.bin", pointer_of(DATA))
    everything(repo, "m/b.bin", pointer_of(WANTED))
    server.store.mkdir(parents=True, exist_ok=True)
    for data in (DATA, WANTED):
        server.file(hashlib.sha256(data).hexdigest()).write_bytes(data)
    return repo


def moved(repo: Repo, *more: str) -> None:
    out(repo, "run", "--from-lfs", "--remote", str(repo.path.parent / "storage"), "--yes", *more)
    assert repo.file("m/b.bin").read_bytes() == WANTED
    repo.git("fsck", "--strict")
    assert not repo.git("ls-files", "*.bin", "*.gitattributes").stdout


def try_again(said: str) -> str:
    """Return the command that a refusal says must work before the run."""
    line = said.splitlines()[-1]
    return line.strip().removeprefix("->").partition("     # ")[0].strip()


@pytest.mark.parametrize("damage", [None, b"", b"~" * 2 * KB])
def test_an_object_that_the_server_lost_or_damaged_is_named_and_may_come_from_another_clone(
    server: LfsServer, tmp_path: Path, damage: bytes | None
) -> None:
    repo = at_server(server, tmp_path / "work")
    file = server.file(hashlib.sha256(WANTED).hexdigest())
    file.write_bytes(damage) if damage is not None else file.unlink()
    before = repo.everything()
    said = refused(repo, "run", "--from-lfs", "--remote", str(tmp_path / "storage"), "--yes")
    assert "the LFS server does not have 1 LFS object (2 kB) of m/b.bin, or not whole; no ref was moved" in said
    assert repo.everything() == before
    other = Legacy(tmp_path / "other clone")
    run("git", "clone", "-q", repo.path, other.path)
    put_object(other, WANTED)
    command = try_again(said).replace("CLONE", f"'{other.path}'")
    run("sh", "-c", command, cwd=repo.path)
    moved(repo)


def put_object(repo: Repo, data: bytes) -> None:
    digest = hashlib.sha256(data).hexdigest()
    repo.write(f".git/lfs/objects/{digest[:2]}/{digest[2:4]}/{digest}", data)


def test_an_object_that_nobody_has_is_left_where_that_is_asked_for(server: LfsServer, tmp_path: Path) -> None:
    repo = at_server(server, tmp_path / "work")
    server.file(hashlib.sha256(WANTED).hexdigest()).unlink()
    done = repo.guard("migrate", "run", "--from-lfs", "--leave-missing", "--remote", str(tmp_path / "s"), "--yes")
    assert (
        "m/b.bin: its LFS object is not here, and the LFS server does not have it, or not whole" in done.stdout.decode()
    )
    assert repo.file("m/b.bin").read_bytes() == pointer_of(WANTED)
    assert repo.file("a.bin").read_bytes() == DATA
    assert "every byte is there" in out(repo, "verify")


def test_a_server_that_is_gone_is_told_and_the_command_that_must_work(server: LfsServer, tmp_path: Path) -> None:
    repo = at_server(server, tmp_path / "work", f"http://127.0.0.1:{free_port()}/team/models")
    before = repo.everything()
    said = refused(repo, "run", "--from-lfs", "--remote", str(tmp_path / "storage"), "--yes")
    assert (
        "`git lfs fetch --all` brought nothing for 2 LFS objects (5.1 kB) of a.bin, m/b.bin; no ref was moved" in said
    )
    assert "connection refused" in said
    assert repo.everything() == before
    assert run("sh", "-c", try_again(said), cwd=repo.path, ok=False).returncode
    repo.git("config", "lfs.url", server.url)
    run("sh", "-c", try_again(said), cwd=repo.path)
    repo.git("config", "lfs.url", f"http://127.0.0.1:{free_port()}/team/models")  # it is needed no more
    moved(repo)


def test_a_server_that_asks_for_a_password_is_told_and_the_password_is_not(tmp_path: Path) -> None:
    with lfs_server(tmp_path / "guarded", "me:secret") as server:
        repo = at_server(server, tmp_path / "work", server.url.replace("//", "//me:wrong@"))
        before = repo.everything()
        said = refused(repo, "run", "--from-lfs", "--remote", str(tmp_path / "storage"), "--yes")
        assert "of a.bin, m/b.bin; no ref was moved" in said
        assert "wrong" not in said
        repo.git("config", "lfs.url", server.url)
        said = refused(repo, "run", "--from-lfs", "--remote", str(tmp_path / "storage"), "--yes")
        assert "of a.bin, m/b.bin; no ref was moved" in said
        assert repo.everything() == before
        repo.git("config", "lfs.url", server.url.replace("//", "//me:secret@"))
        run("sh", "-c", try_again(said), cwd=repo.path)
        moved(repo)


def test_an_object_that_is_damaged_here_is_named_and_what_brings_it_anew(server: LfsServer, tmp_path: Path) -> None:
    repo = at_server(server, tmp_path / "work")
    everything(repo, "m/b.bin", pointer_of(DATA))
    put_object(repo, WANTED)
    digest = hashlib.sha256(WANTED).hexdigest()
    repo.write(f".git/lfs/objects/{digest[:2]}/{digest[2:4]}/{digest}", WANTED[:-1] + b"!")
    before = repo.refs()
    said = refused(repo, "run", "--from-lfs", "--remote", str(tmp_path / "storage"), "--yes")
    assert (
        f"the LFS object of m/b.bin is damaged: its bytes are not those of its name, {digest}; no ref was moved" in said
    )
    assert repo.refs() == before
    run("sh", "-c", try_again(said), cwd=repo.path)
    out(repo, "run", "--from-lfs", "--remote", str(tmp_path / "storage"), "--yes")
    assert "every byte is there" in out(repo, "verify")


def test_a_run_that_is_killed_while_it_fetches_is_done_by_the_same_command(server: LfsServer, tmp_path: Path) -> None:
    repo = at_server(server, tmp_path / "work")
    digest, program = hashlib.sha256(WANTED).hexdigest(), tmp_path / "programs" / "git-lfs"
    program.parent.mkdir()
    # One object has come, the other half; then the run is gone, and Git LFS with it or without.
    program.write_text(
        f"""#!/bin/sh
test "$1" = fetch || exec {shutil.which("git-lfs")} "$@"
{shutil.which("git-lfs")} fetch --all >'{tmp_path}/said' 2>&1
mkdir -p .git/lfs/incomplete
head -c 1000 .git/lfs/objects/{digest[:2]}/{digest[2:4]}/{digest} > .git/lfs/incomplete/{digest}.part
rm .git/lfs/objects/{digest[:2]}/{digest[2:4]}/{digest}
kill -9 "$(ps -o ppid= -p $PPID | tr -d ' ')"
"""
    )
    program.chmod(0o755)
    before = repo.refs()
    command = ("run", "--from-lfs", "--remote", str(tmp_path / "storage"), "--yes")
    killed = repo.guard("migrate", *command, ok=False, PATH=f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert repo.refs() == before
    assert (repo.path / f".git/lfs/incomplete/{digest}.part").stat().st_size == 1000
    moved(repo)


def test_without_git_lfs_the_objects_that_are_here_are_enough(server: LfsServer, tmp_path: Path) -> None:
    repo = at_server(server, tmp_path / "work")
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("git", "sh"):
        (programs / name).symlink_to(shutil.which(name) or name)
    put_object(repo, DATA)
    before = repo.everything()
    said = refused(repo, "run", "--from-lfs", "--remote", str(tmp_path / "storage"), "--yes", PATH=str(programs))
    assert "git-lfs is not installed, and 1 LFS object (2 kB) of m/b.bin must be fetched" in said
    assert repo.everything() == before
    put_object(repo, WANTED)
    repo.guard("migrate", "run", "--from-lfs", "--remote", str(tmp_path / "storage"), "--yes", PATH=str(programs))
    assert repo.file("m/b.bin").read_bytes() == WANTED
    assert not repo.git("ls-files", "*.bin", "*.gitattributes").stdout


def test_what_others_pushed_meanwhile_is_carried_over_out_of_git_lfs(server: LfsServer, tmp_path: Path) -> None:
    repo = at_server(server, tmp_path / "work")
    run("git", "clone", "-q", "--bare", repo.path, tmp_path / "server.git")
    repo.git("remote", "add", "origin", str(tmp_path / "server.git"))
    moved(repo)
    mate = Legacy(tmp_path / "mate")
    run("git", "clone", "-q", tmp_path / "server.git", mate.path)
    late = noise(4 * KB)
    everything(mate, "m/late.bin", pointer_of(late))
    mate.git("push", "-q", "origin", "main")
    server.file(hashlib.sha256(late).hexdigest()).write_bytes(late)
    repo.git("fetch", "-q", "origin")
    said = out(repo, "run", "--onto", ".git/trinity-guard/migrate/commit-map", "--yes")
    assert "m/late.bin" in said
    assert repo.file("m/late.bin").read_bytes() == late
    assert not repo.git("ls-files", "*.bin", "*.gitattributes").stdout
    assert repo.git("status", "--porcelain").stdout == b""
    assert "every byte is there" in out(repo, "verify")
    repo.git("fsck", "--strict")
    # And a teammate takes along what nobody has merged, by the note.
    mate.git("checkout", "-q", "-b", "topic")
    everything(mate, "m/mine.bin", pointer_of(DATA + WANTED))
    put_object(mate, DATA + WANTED)
    note = out(repo, "guide", "team")
    assert "git lfs uninstall --local" in note
    repo.git("push", "-q", "--force", "origin", "main")
    mate.git("fetch", "-q", "origin")
    shutil.copy(repo.state / "commit-map", mate.path)
    mate.git("config", "lfs.url", server.url)
    [line] = [line for line in note.splitlines() if line.startswith("trinity-guard migrate run --onto")]
    mate.guard(*line.split()[1:])
    assert mate.file("m/mine.bin").read_bytes() == DATA + WANTED
    assert mate.git("rev-parse", "topic~1").stdout == repo.git("rev-parse", "main").stdout


def test_the_hooks_of_git_lfs_go_only_where_no_branch_is_at_it(server: LfsServer, tmp_path: Path) -> None:
    repo = at_server(server, tmp_path / "work")
    repo.git("branch", "other")
    repo.write(".git/hooks/pre-push", b'#!/bin/sh\ngit lfs pre-push "$@"\n')
    storage = str(tmp_path / "storage")
    assert "git lfs uninstall" not in out(repo, "run", "--from-lfs", "--remote", storage, "--yes")
    assert "git lfs uninstall" not in out(repo, "guide", "team")
    out(repo, "undo")
    assert "git lfs uninstall" in out(repo, "run", "--everything", "--from-lfs", "--remote", storage, "--yes")


def test_a_mirror_clone_fetches_and_leaves_too(server: LfsServer, tmp_path: Path) -> None:
    at_server(server, tmp_path / "work")
    mirror = Repo(tmp_path / "mirror.git")
    run("git", "clone", "-q", "--mirror", tmp_path / "work", mirror.path)
    mirror.git("config", "lfs.url", server.url)
    storage = str(tmp_path / "storage")
    out(mirror, "run", "--everything", "--from-lfs", "--remote", storage, "--push", "--yes")
    clone = Legacy(tmp_path / "fresh")
    run("git", "clone", "-q", mirror.path, clone.path)
    dvc("pull", "-q", cwd=clone.path)
    assert files(clone.path) == {"a.bin": (DATA, False), "m/b.bin": (WANTED, False)}
    mirror.git("fsck", "--strict")


def test_leave_missing_means_something_beside_from_lfs_alone(tmp_path: Path) -> None:
    repo = Legacy(tmp_path / "work")
    repo.path.mkdir()
    repo.git("init", "-q", "-b", "main")
    said = refused(repo, "run", "--leave-missing", "--yes", code=2)
    assert "--leave-missing is for --from-lfs" in said
    engine = refused(repo, "run", "--everything", "--from-lfs", "--engine", "bfg", "--yes", code=2)
    assert "--from-lfs" in engine
