"""What the tests drive: real git, real DVC, the real program, in a folder of the test's own."""

from __future__ import annotations

import copy
import functools
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import NoReturn, TypeVar, cast

import pytest

from tests.helpers import copies, forkserver
from trinity_guard.detect import configuration
from trinity_guard.git import Place

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


def _guard(repo: Repo, hooks: str, filters: bool) -> None:
    repo.git("init", "-q", "-b", "main")
    repo.guard("init", "--hooks", hooks, "--filter" if filters else "--no-filter", "-q")
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "guard it")


Build = TypeVar("Build", bound=Callable[..., object])


def made_once(build: Build) -> Build:
    """Have a repository as it was just made be built on once; each later one is a copy of what that left.

    build: takes a repository first, and returns it, or plain data, or nothing; what it does depends on what it is given
    alone, and stays in the repository and its storage. One that somebody has worked on is built on as ever.
    """
    kept: dict[object, tuple[copies.Snapshot, object]] = {}

    @functools.wraps(build)
    def built(*args: object, **named: object) -> object:
        repo, *others = (*args, *named.values())
        assert isinstance(repo, Repo)
        if repo.untouched != copies.listing(repo.path):
            return build(*args, **named)
        made = (*repo.made, build, *others, *_surroundings())
        if made in kept:
            copies.empty(repo.path)
            kept[made][0].copy(repo.path)
            _write_attributes(repo.path)
            result = copy.deepcopy(kept[made][1])
        else:
            result = build(*args, **named)
            result = None if result is repo else result
            kept[made] = copies.Snapshot(repo.path), copy.deepcopy(result)
        repo.made, repo.untouched = made, copies.listing(repo.path)
        return result if result is not None else repo

    return cast("Build", built)


@made_once
def _guarded(repo: Repo, filters: bool) -> None:
    _guard(repo, "native", filters)


def _surroundings() -> tuple[Hashable, ...]:
    """Return what a test may have set that programs heed."""
    config = Path(os.environ["GIT_CONFIG_GLOBAL"])
    ours = {name: value for name, value in os.environ.items() if name.startswith("TRINITY_GUARD_")}
    return (*sorted(ours.items()), config.read_bytes() if config.exists() else b"")


def _write_attributes(path: Path) -> None:
    """Have the attributes file of a copy name its place and the HOME of now, or the first hook would write it anew."""
    git_dir = os.fsencode(path / ".git")
    place = Place(os.fsencode(path), git_dir, git_dir)
    file = Path(os.fsdecode(configuration.attributes(place)))
    if file.exists():
        of_user = os.fsencode(Path(os.environ["XDG_CONFIG_HOME"]) / "git/attributes")
        file.write_bytes(configuration.state(place, of_user) + file.read_bytes().partition(b"\n")[2])


class Repo:
    """A repository that a test works on as a person would."""

    def __init__(self, path: Path) -> None:
        self.path = path
        # What built it, and what it was like then: made_once goes on from there.
        self.made: tuple[Hashable, ...] = ()
        self.untouched: frozenset[tuple[str, int, int]] = frozenset()

    @classmethod
    def make(cls, path: Path, *, guarded: bool = True, hooks: str = "native", filters: bool = True) -> Repo:
        """Make a repository. filters: `git add` gives artifacts to the cache, or else Git takes them as they are."""
        path.mkdir(parents=True)
        repo = cls(path)
        repo.untouched = copies.listing(path)
        if not guarded:
            repo.git("init", "-q", "-b", "main")
            repo.untouched = copies.listing(path)
        elif hooks == "native" and re.fullmatch(r"[\w/.-]+", str(path), re.ASCII):
            _guarded(repo, filters)
        else:
            _guard(repo, hooks, filters)  # a name that has to be quoted is for `init` itself to write
        return repo

    def git(self, *args: str | bytes, ok: bool = True, **env: str) -> subprocess.CompletedProcess[bytes]:
        return run("git", *args, cwd=self.path, ok=ok, env=env)

    def guard(self, *args: str | bytes, ok: bool = True, **env: str) -> subprocess.CompletedProcess[bytes]:
        return run(sys.executable, "-m", "trinity_guard", *args, cwd=self.path, ok=ok, env=env)

    def type_in(self, command: str | bytes) -> None:
        """Give a line to a shell, as from the clipboard of somebody who has us on the PATH."""
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        run("bash", "-c", command, cwd=self.path, env={"PATH": path})

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
