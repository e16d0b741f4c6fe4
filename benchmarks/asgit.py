"""What each hook adds to the Git command that runs it, with nothing to do, in units of a bare `python -c pass` there.

Git itself runs the hooks: a commit, a push, a checkout with one hook each, with ours, with one that starts a bare
Python, and with none. What a hook costs is what it adds to the command without one. Wall time, and processor time of
the command with all that it started (steadier on a machine that does other things too).
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.measuring import BIN, sh, spent

ROUNDS = int(os.environ.get("ROUNDS", "25"))
LIMIT = 1.6


def cost(argv: list[str], cwd: Path) -> tuple[float, float]:
    """Run a command; return wall and processor seconds, those of its children included."""
    took = spent(argv, cwd)
    return took.wall, took.processor


def hooks_of(folder: Path, scripts: dict[str, str]) -> list[str]:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in scripts.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return ["-c", f"core.hooksPath={folder}"]


def guarded(folder: Path) -> Path:
    """A repository as `init` leaves it, with a remote to push to."""
    folder.mkdir(parents=True)
    sh("git", "init", "-q", "-b", "main", cwd=folder)
    sh(BIN / "trinity-guard", "init", "-q", cwd=folder)
    sh("git", "add", "-A", cwd=folder)
    sh("git", "commit", "-q", "-m", "begin", cwd=folder)
    sh("git", "init", "-q", "--bare", folder.with_suffix(".git"), cwd=folder)
    sh("git", "remote", "add", "origin", folder.with_suffix(".git"), cwd=folder)
    sh("git", "push", "-q", "-u", "origin", "main", cwd=folder)
    return folder


def edit(repo: Path) -> None:
    (repo / "code.py").write_text(os.urandom(8).hex() + "\nx = 1" * 60)
    sh("git", "add", "code.py", cwd=repo)


def compare(title: str, run: Callable[[list[str], Path, int], tuple[float, float]], ways: dict[str, list[str]]) -> None:
    """Run a Git command in each way in turn, each in a repository of its own; print what our hook adds."""
    with tempfile.TemporaryDirectory(prefix="trinity-guard-as-git-") as room:
        repos = {name: guarded(Path(room) / name) for name in ways}
        seen: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
        for i in range(ROUNDS):
            for name, options in ways.items():
                seen[name].append(run(options, repos[name], i))
    print(f"\n{title}")
    for which, unit in enumerate(("wall", "processor")):
        added = {
            name: statistics.median(
                own[which] - none[which] for own, none in zip(seen[name], seen["none"], strict=True)
            )
            for name in ways
            if name != "none"
        }
        ratio = added["ours"] / added["python"]
        print(
            f"  {unit:<10} ours {added['ours'] * 1000:6.1f} ms   python -c pass {added['python'] * 1000:6.1f} ms   "
            f"ratio {ratio:5.2f}   limit {LIMIT}",
            flush=True,
        )


def run(room: Path) -> None:
    installed = guarded(room / "as-git") / ".git/hooks"
    own = {p.name: p.read_text() for p in installed.iterdir() if b"trinity-guard" in p.read_bytes()}
    bare = f"#!/bin/sh\nexec {sys.executable} -c pass\n"

    def ways(name: str, beside: tuple[str, ...] = ()) -> dict[str, list[str]]:
        shared = {n: own[n] for n in beside}
        folder = room / f"hooks-{name}"
        return {
            "none": hooks_of(folder / "none", shared),
            "python": hooks_of(folder / "python", {**shared, name: bare}),
            "ours": hooks_of(folder / "ours", {**shared, name: own[name]}),
        }

    def commit(options: list[str], repo: Path, _: int) -> tuple[float, float]:
        edit(repo)
        return cost(["git", *options, "commit", "-qm", "work"], repo)

    def push(options: list[str], repo: Path, _: int) -> tuple[float, float]:
        edit(repo)
        sh("git", "-c", "core.hooksPath=/dev/null", "commit", "-qm", "work", cwd=repo)
        return cost(["git", *options, "push", "-q", "origin", "main"], repo)

    def checkout(options: list[str], repo: Path, number: int) -> tuple[float, float]:
        if not number:
            edit(repo)
            sh("git", "-c", "core.hooksPath=/dev/null", "commit", "-qm", "work", cwd=repo)
        return cost(["git", *options, "checkout", "-q", "--detach", "main" if number % 2 else "HEAD~1"], repo)

    compare("pre-commit: a commit of one source file", commit, ways("pre-commit"))
    compare("post-commit: the same, beside our pre-commit", commit, ways("post-commit", ("pre-commit",)))
    compare("pre-push: a push of one commit without artifacts", push, ways("pre-push"))
    compare("post-checkout: a checkout that moves no pointer", checkout, ways("post-checkout"))
