"""`make bench`: the peer and us in turn, in one run; prints medians and ratios.

`python -m benchmarks hooks` runs one part.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import (
    asgit,
    birth,
    folders,
    growth,
    histories,
    lint,
    migrate,
    publishing,
    readers,
    review,
    runs,
    training,
)
from benchmarks.measuring import BIN, KB, MB, make_files, repository, sh, show, timed, turns
from tests.helpers.support import clean_environment


def hooks(room: Path) -> None:
    """The hook of a commit without artifacts, against check-added-large-files and a bare interpreter."""
    for count in (1, 3000):
        repo = repository(room / f"hook-{count}", guarded=True)
        (repo / ".trinity-guard.toml").unlink()
        names = [f"src/p{i % 30}/module_{i}.py" for i in range(count)]
        for i, name in enumerate(names):
            (repo / name).parent.mkdir(parents=True, exist_ok=True)
            (repo / name).write_text("".join(f"line {n} of {i}\n" for n in range(60)))
        sh("git", "add", "src", cwd=repo)
        os.environ["GIT_INDEX_FILE"] = ".git/index"

        def bare(_: int, repo: Path = repo) -> float:
            return timed(lambda: sh(sys.executable, "-c", "pass", cwd=repo))

        def native(_: int, repo: Path = repo) -> float:
            return timed(lambda: sh(repo / ".git/hooks/pre-commit", cwd=repo))

        def typed(_: int, repo: Path = repo) -> float:
            return timed(lambda: sh(BIN / "trinity-guard", "hook", "pre-commit", cwd=repo))

        def peer(_: int, repo: Path = repo, names: list[str] = names) -> float:
            return timed(lambda: sh(BIN / "check-added-large-files", *names, cwd=repo))

        medians = turns(
            15,
            **{
                "python -c pass": bare,
                "check-added-large-files": peer,
                "our native hook": native,
                "trinity-guard hook": typed,
            },
        )
        del os.environ["GIT_INDEX_FILE"]
        limit = medians["check-added-large-files"] / medians["python -c pass"]
        show(
            f"pre-commit, {count} source files staged",
            "python -c pass",
            medians,
            {"our native hook": limit, "trinity-guard hook": limit},
        )

    sh("git", "commit", "-q", "-m", "sources", cwd=repo)
    (repo / "one.py").write_text("x = 1\n")
    sh("git", "add", "one.py", cwd=repo)
    sh("git", "commit", "-q", "-m", "one", cwd=repo)
    medians = turns(
        15,
        **{
            "python -c pass": lambda _: timed(lambda: sh(sys.executable, "-c", "pass", cwd=repo)),
            "our native hook": lambda _: timed(lambda: sh(repo / ".git/hooks/post-commit", cwd=repo)),
            "trinity-guard hook": lambda _: timed(lambda: sh(BIN / "trinity-guard", "hook", "post-commit", cwd=repo)),
        },
    )
    show(
        "post-commit, no pointer in the commit",
        "python -c pass",
        medians,
        {"our native hook": 3, "trinity-guard hook": 3},
    )


def commits(room: Path, title: str, count: int, size: int, rounds: int, limit: float, pointers: int = 0) -> None:
    """`git commit` of staged artifacts, and `trinity-guard add` + commit, against dvc add + git add + git commit."""
    theirs, ours = repository(room / f"dvc-{title}", guarded=False), repository(room / f"tg-{title}", guarded=True)
    for repo in (theirs, ours) if pointers else ():
        make_files(repo, "old", pointers, 100)
        sh(BIN / "dvc", "add", "-q", *[f"old/t{i}.csv" for i in range(pointers)], cwd=repo)
        sh("git", "add", "-A", cwd=repo)
        sh("git", "commit", "-q", "-m", "old", cwd=repo)

    def by_hand(i: int) -> float:
        names = make_files(theirs, f"d{i}", count, size)

        def work() -> None:
            sh(BIN / "dvc", "add", "-q", *names, cwd=theirs)
            sh("git", "add", f"d{i}", cwd=theirs)
            sh("git", "commit", "-q", "-m", "work", cwd=theirs)

        return timed(work)

    def commit(i: int) -> float:
        make_files(ours, f"c{i}", count, size)
        sh("git", "add", f"c{i}", cwd=ours)
        return timed(lambda: sh("git", "commit", "-q", "-m", "work", cwd=ours))

    def added(i: int) -> float:
        make_files(ours, f"a{i}", count, size)

        def work() -> None:
            sh(BIN / "trinity-guard", "add", "-q", f"a{i}", cwd=ours)
            sh("git", "commit", "-q", "-m", "work", cwd=ours)

        return timed(work)

    medians = turns(
        rounds,
        **{"dvc add, git add, git commit": by_hand, "git commit": commit, "trinity-guard add, git commit": added},
    )
    show(title, "dvc add, git add, git commit", medians, {"git commit": limit, "trinity-guard add, git commit": limit})
    shutil.rmtree(room / f"dvc-{title}")
    shutil.rmtree(room / f"tg-{title}")


def memory(room: Path) -> None:
    """Peak memory of a conversion, by size of the artifact."""
    print("\npeak memory of trinity-guard convert")
    for size in (1, 64, 512):
        repo = repository(room / f"memory-{size}", guarded=True)
        # In pieces: what this process once held would count into the peak of the one that it starts.
        with (repo / "a.pkl").open("wb") as file:
            for _ in range(size):
                file.write(os.urandom(MB))
        sh("git", "add", "-f", "a.pkl", cwd=repo)
        (repo / "a.pkl").unlink()  # the hardest way: out of Git's object store
        os.chdir(repo)
        pid = os.posix_spawn(BIN / "trinity-guard", ["trinity-guard", "-q", "convert"], os.environ)
        _, status, usage = os.wait4(pid, 0)
        os.chdir(room)
        if status:
            sys.exit("convert failed")
        print(f"  {size:4} MB   {usage.ru_maxrss / 1024:6.1f} MB", flush=True)
        shutil.rmtree(repo)


def migrating(room: Path) -> None:
    """A whole history, where the environment's LEGACY names a repository with .pkl and .csv files in it."""
    legacy = os.environ.get("LEGACY")
    if not legacy:
        print("migrate: LEGACY=FOLDER names a repository whose history holds .pkl and .csv files; left out")
        return
    migrate.run(Path(legacy).resolve(), 3, room)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="trinity-guard-bench-") as name:
        room = Path(name)
        os.environ.update(clean_environment(room / "home"))
        parts: dict[str, Callable[[], None]] = {
            "as-git": lambda: asgit.run(room),
            "birth": lambda: birth.run(room),
            "folders": lambda: folders.run(room),
            "hooks": lambda: hooks(room),
            "one": lambda: commits(room, "1 MB", 1, MB, 7, 0.25),
            "large": lambda: commits(room, "100 MB", 1, 100 * MB, 5, 0.6),
            "many": lambda: commits(room, "300 tables of 100 kB", 300, 100 * KB, 3, 0.12),
            "pointers": lambda: commits(room, "1 MB beside 2,000 pointers", 1, MB, 3, 0.25, pointers=2000),
            "memory": lambda: memory(room),
            "push": lambda: publishing.push(room),
            "gate": lambda: publishing.gate(room),
            "gate-s3": lambda: publishing.gate(room, s3=True),
            "sync": lambda: publishing.sync(room),
            "migrate": lambda: migrating(room),
            "histories": lambda: histories.run(room),
            "growth": lambda: growth.run(room),
            "lint": lambda: lint.run(room),
            "training": lambda: training.run(room),
            "readers": lambda: readers.run(room),
            "run": lambda: runs.run(room),
            "review": lambda: review.run(room),
        }
        for part in sys.argv[1:] or parts:
            parts[part]()


if __name__ == "__main__":
    main()
