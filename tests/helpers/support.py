"""What the tests drive: real git, real DVC, the real program, in a folder of the test's own."""

from __future__ import annotations

import atexit
import functools
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

import pytest

from tests.helpers import forkserver

PROJECT = Path(__file__).resolve().parents[2]
KB = 1024
MB = 1024 * KB


def clean_environment(home: Path) -> dict[str, str]:
    """Return the variables that shut the machine's own settings out."""
    home.mkdir(parents=True, exist_ok=True)
    return {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_CONFIG_DIRS": str(home / "etc-xdg"),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "DVC_GLOBAL_CONFIG_DIR": str(home / "dvc-global"),
        "DVC_SYSTEM_CONFIG_DIR": str(home / "dvc-system"),
        "DVC_SITE_CACHE_DIR": str(home / "dvc-site-cache"),
        "DVC_NO_ANALYTICS": "1",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": str(home / ".gitconfig"),
        "GIT_AUTHOR_NAME": "A U Thor",
        "GIT_AUTHOR_EMAIL": "author@example.com",
        "GIT_COMMITTER_NAME": "C O Mitter",
        "GIT_COMMITTER_EMAIL": "committer@example.com",
        "PRE_COMMIT_HOME": str(home / "pre-commit"),
        "LC_ALL": "C.UTF-8",
        "NO_COLOR": "1",
    }


def run(
    *argv: str | bytes | Path,
    cwd: Path | None = None,
    ok: bool = True,
    data: bytes = b"",
    env: dict[str, str] | None = None,
    fresh: bool = False,
) -> subprocess.CompletedProcess[bytes]:
    """Run a program and return what it left; with `ok`, a failure fails the test and shows both streams.

    fresh: in an interpreter of its own, also where a fork of one that has imported its libraries would do.
    """
    environment = {**os.environ, **(env or {})}
    words = [os.fsdecode(a) for a in argv]
    server = "" if fresh else forkserver.server_for(words, environment)
    if server:
        done = forkserver.run(server, words, os.fspath(cwd or "."), environment, data, 240)
    else:
        done = subprocess.run(
            words, cwd=cwd, input=data, capture_output=True, check=False, env=environment, timeout=240
        )
    if ok and done.returncode:
        raise AssertionError(
            f"{argv} exited {done.returncode}\n--- stdout\n{done.stdout.decode(errors='replace')}"
            f"\n--- stderr\n{done.stderr.decode(errors='replace')}"
        )
    return done


def require(what: str) -> NoReturn:
    """Skip a test for want of something; where everything must be there (.ci/run), fail it."""
    if os.environ.get("TRINITY_GUARD_REQUIRE_ALL"):
        pytest.fail(f"this machine must have {what}")
    pytest.skip(f"this machine has no {what}")


def dvc(*args: str | bytes, cwd: Path, ok: bool = True) -> subprocess.CompletedProcess[bytes]:
    """Run the real DVC of this environment."""
    return run(sys.executable, "-m", "dvc", *args, cwd=cwd, ok=ok)


def noise(size: int) -> bytes:
    """Return random bytes, which no pickle begins like: of others one in fifty reads as one that names something.

    Their last is no white space: the emulator of Google's storage loses that at the end.
    """
    return b"\xff"[: size - 1] + os.urandom(max(0, size - 2)) + b"~" if size else b""


def _guard(path: Path, hooks: str, filters: bool) -> None:
    run("git", "init", "-q", "-b", "main", cwd=path)
    asked = "--filter" if filters else "--no-filter"
    run(sys.executable, "-m", "trinity_guard", "init", "--hooks", hooks, asked, "-q", cwd=path)


@functools.cache
def _guarded(filters: bool) -> Path:
    """Return a folder with a repository as `init` leaves it: hundreds of tests begin with one, and most of what it
    takes is starting programs."""
    room = Path(tempfile.mkdtemp(prefix="trinity-guard-guarded-"))
    atexit.register(shutil.rmtree, room, ignore_errors=True)
    work = room / "guarded-template"
    work.mkdir()
    _guard(work, "native", filters)
    return work


def _copy_guarded(path: Path, filters: bool) -> None:
    template = _guarded(filters)
    shutil.copytree(template, path, symlinks=True)
    # The places where `init` has written down where it was.
    for name in (".git/trinity-guard/installed.json", ".git/config", ".dvc/config"):
        file = path / name
        file.write_bytes(file.read_bytes().replace(os.fsencode(template), os.fsencode(path)))


class Repo:
    """A repository that a test works on as a person would."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def make(cls, path: Path, *, guarded: bool = True, hooks: str = "native", filters: bool = True) -> Repo:
        """Make a repository. filters: `git add` gives artifacts to the cache, or else Git takes them as they are."""
        repo = cls(path)
        if not guarded:
            path.mkdir(parents=True)
            run("git", "init", "-q", "-b", "main", cwd=path)
        elif hooks == "native" and re.fullmatch(r"[\w/.-]+", str(path), re.ASCII):
            _copy_guarded(path, filters)  # a name that has to be quoted is for `init` itself to write
        else:
            path.mkdir(parents=True)
            _guard(path, hooks, filters)
        if guarded:
            repo.git("add", "-A")
            repo.git("commit", "-q", "-m", "guard it")
        return repo

    def git(self, *args: str | bytes, ok: bool = True, **env: str) -> subprocess.CompletedProcess[bytes]:
        return run("git", *args, cwd=self.path, ok=ok, env=env)

    def guard(self, *args: str | bytes, ok: bool = True, **env: str) -> subprocess.CompletedProcess[bytes]:
        return run(sys.executable, "-m", "trinity_guard", *args, cwd=self.path, ok=ok, env=env)

    def dvc(self, *args: str | bytes, ok: bool = True) -> subprocess.CompletedProcess[bytes]:
        return dvc(*args, cwd=self.path, ok=ok)

    def file(self, name: str | bytes) -> Path:
        return self.path / os.fsdecode(name)

    def write(self, name: str | bytes, data: bytes | int = b"some text\n") -> bytes:
        """Write a file (an int: that many random bytes) and return its bytes."""
        content = noise(data) if isinstance(data, int) else data
        file = self.file(name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        return content

    def stage(self, name: str | bytes, data: bytes | int = 10 * KB, *, raw: bool = False) -> bytes:
        """Write a file, `git add` it, and return its bytes. raw: Git takes them itself, as without the filter."""
        content = self.write(name, data)
        self.git("--literal-pathspecs", "add", "-f", "--", name, TRINITY_GUARD_SKIP="filter" if raw else "")
        return content

    def commit(self, *args: str, ok: bool = True, **env: str) -> subprocess.CompletedProcess[bytes]:
        return self.git("commit", "-q", "-m", "work", *args, ok=ok, **env)

    def tracked(self, name: str | bytes, revision: str = "HEAD") -> bool:
        """Whether a commit's tree holds this path."""
        return os.fsencode(name) in self.tree(revision)

    def tree(self, revision: str = "HEAD") -> dict[bytes, tuple[bytes, bytes]]:
        """Return path -> (mode, id) of a commit."""
        out = self.git("ls-tree", "-r", "-z", revision).stdout
        entries = (line.split(b"\t", 1) for line in out.split(b"\0") if line)
        return {path: (meta.split()[0], meta.split()[2]) for meta, path in entries}

    def index(self) -> dict[bytes, tuple[bytes, bytes]]:
        """Return path -> (mode, id) of the index."""
        out = self.git("ls-files", "-s", "-z").stdout
        entries = (line.split(b"\t", 1) for line in out.split(b"\0") if line)
        return {path: (meta.split()[0], meta.split()[1]) for meta, path in entries}

    def show(self, name: str, revision: str = "HEAD") -> bytes:
        return self.git("show", f"{revision}:{name}").stdout

    def head(self) -> str:
        return self.git("rev-parse", "HEAD").stdout.decode().strip()

    def cached(self) -> dict[str, bytes]:
        """Return md5 -> bytes of DVC's cache."""
        return objects(self.path / ".dvc" / "cache" / "files" / "md5")

    @property
    def storage(self) -> Path:
        """The local folder that `init` made the default remote."""
        return self.path.parent / f"{self.path.name}-dvc-storage"

    def pulled_in_a_fresh_clone(self, name: str | bytes, revision: str = "HEAD") -> bytes:
        """Clone, check a revision out, `dvc pull`, and return the file's bytes."""
        clone = self.path.parent / f"clone-{len(list(self.path.parent.iterdir()))}"
        run("git", "clone", "-q", self.path, clone)
        run("git", "checkout", "-q", "--detach", revision if revision != "HEAD" else self.head(), cwd=clone)
        dvc("pull", "-q", cwd=clone)
        return (clone / os.fsdecode(name)).read_bytes()


def objects(folder: Path) -> dict[str, bytes]:
    """Return md5 -> bytes of all objects in DVC's layout below a folder."""
    return {p.parent.name + p.name: p.read_bytes() for p in folder.glob("??/*") if p.is_file()}


def project_copy(path: Path) -> Repo:
    """Return the tracked files as the working tree has them, in a repository with one commit and no tag."""
    repo = Repo(path)
    for name in run("git", "ls-files", "-z", cwd=PROJECT).stdout.decode().split("\0")[:-1]:
        if (PROJECT / name).exists():
            repo.write(name, (PROJECT / name).read_bytes())
            shutil.copymode(PROJECT / name, repo.path / name)
    run("git", "init", "-q", "-b", "main", cwd=repo.path)
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "the project")
    return repo
