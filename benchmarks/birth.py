"""From `git add` to the commit: what a new artifact costs by us, by its peers and by its bare work; what others pay.

The bare work of one artifact is `md5sum`, `cp` and a flush of the same file. In a tree of source files Git is measured
in two copies of the same repository, with us and without.
"""

from __future__ import annotations

import os
import shutil
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from benchmarks.measuring import BIN, KB, MB, Spent, make_files, repository, sh, spent

BARE = 'md5sum "$0" && cp "$0" "$0.copy" && sync "$0.copy"'
SOURCES = 3000
EDITED = 100
POINTERS = 2000
# Two runs of the very same command differ by as much.
NOISE = 0.03


class Bar(NamedTuple):
    """way takes at most `limit` times what base takes."""

    way: str
    base: str
    limit: float


ONE = [Bar("ours", "md5sum, cp, flush", 1.4), Bar("ours", "git-lfs", 0.6)]
MANY = [Bar("ours", "git-lfs", 0.8), Bar("ours", "dvc add", 0.05)]
NOT_FELT = [Bar("with us", "without us", 1.0)]


def in_turn(rounds: int, ways: dict[str, Callable[[int], Spent]]) -> dict[str, list[Spent]]:
    seen: dict[str, list[Spent]] = {name: [] for name in ways}
    for i in range(rounds):
        for name, way in ways.items():
            seen[name].append(way(i))
    return seen


def judge(title: str, seen: dict[str, list[Spent]], bars: list[Bar]) -> None:
    """Print each way's median and peak, and how it stands to the bars."""
    print(f"\n{title}")
    wall = {name: statistics.median(s.wall for s in each) for name, each in seen.items()}
    processor = {name: statistics.median(s.processor for s in each) for name, each in seen.items()}
    for name, each in seen.items():
        peak = max(s.peak for s in each)
        print(f"  {name:<20} {wall[name] * 1000:9.1f} ms   processor {processor[name] * 1000:9.1f} ms   {peak:7.1f} MB")
    for bar in bars:
        ratio = wall[bar.way] / wall[bar.base]
        # Of each round by itself: a machine that does other things too slows both of a round alike.
        paired = statistics.median(a.wall / b.wall for a, b in zip(seen[bar.way], seen[bar.base], strict=True))
        said = "holds" if min(ratio, paired) <= bar.limit + NOISE else "ABOVE"
        # Says more than the clock on a machine that is not at rest.
        worked = processor[bar.way] / processor[bar.base]
        print(
            f"  {bar.way} / {bar.base:<20} {ratio:6.2f}   paired {paired:6.2f}   processor {worked:6.2f}   "
            f"bar {bar.limit:4}   {said}",
            flush=True,
        )


def with_lfs(folder: Path) -> Path:
    folder.mkdir(parents=True)
    sh("git", "init", "-q", "-b", "main", cwd=folder)
    sh("git", "lfs", "install", "--local", cwd=folder)
    sh("git", "lfs", "track", "*.pkl", "*.csv", cwd=folder)
    sh("git", "add", "-A", cwd=folder)
    sh("git", "commit", "-q", "-m", "begin", cwd=folder)
    return folder


def recorded(repo: Path, what: str) -> Spent:
    """`git add` and `git commit` of what was made, the disk at rest when they begin."""
    os.sync()
    return spent(["sh", "-c", 'git add "$0" && git commit -q -m work', what], repo)


def large_file(path: Path, megabytes: int) -> None:
    with path.open("wb") as file:
        for _ in range(megabytes):
            file.write(os.urandom(MB))


def one(room: Path, megabytes: int, rounds: int) -> None:
    theirs, ours = with_lfs(room / "lfs"), repository(room / "ours", guarded=True)
    plain = room / "plain"
    plain.mkdir()

    def bare(i: int) -> Spent:
        large_file(plain / f"m{i}.pkl", megabytes)
        os.sync()
        return spent(["sh", "-c", BARE, f"m{i}.pkl"], plain)

    def of(repo: Path) -> Callable[[int], Spent]:
        def way(i: int) -> Spent:
            large_file(repo / f"m{i}.pkl", megabytes)
            return recorded(repo, f"m{i}.pkl")

        return way

    ways = {"md5sum, cp, flush": bare, "git-lfs": of(theirs), "ours": of(ours)}
    judge(f"one artifact of {megabytes} MB, git add and git commit", in_turn(rounds, ways), ONE)
    for folder in (theirs, ours, plain):
        shutil.rmtree(folder)


def many(room: Path, count: int, size: int, rounds: int) -> None:
    lfs, ours = with_lfs(room / "lfs"), repository(room / "ours", guarded=True)
    dvc = repository(room / "dvc", guarded=False)

    def of(repo: Path) -> Callable[[int], Spent]:
        def way(i: int) -> Spent:
            make_files(repo, f"d{i}", count, size)
            return recorded(repo, f"d{i}")

        return way

    def by_dvc(i: int) -> Spent:
        make_files(dvc, f"d{i}", count, size)
        os.sync()
        line = '"$1" add -q "$0"/*.csv && git add "$0" && git commit -q -m work'
        return spent(["sh", "-c", line, f"d{i}", str(BIN / "dvc")], dvc)

    ways = {"git-lfs": of(lfs), "ours": of(ours), "dvc add": by_dvc}
    title = f"{count:,} tables of {size // KB} kB, git add and git commit"
    judge(title, in_turn(rounds, ways), MANY)
    for folder in (lfs, ours, dvc):
        shutil.rmtree(folder)


def source(repo: Path, number: int, text: str) -> None:
    path = repo / f"src/p{number % 30}/module_{number}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"line {n} of {number} {text}\n" for n in range(60)))


def without_us(repo: Path, folder: Path) -> Path:
    """A copy of a repository, its work tree and its index, as it were had we never been there."""
    shutil.copytree(repo, folder, symlinks=True)
    shutil.rmtree(folder / ".git/hooks")
    shutil.rmtree(folder / ".git/trinity-guard", ignore_errors=True)
    for line in (["--unset", "core.attributesFile"], ["--remove-section", "filter.trinity-guard"]):
        spent(["git", "config", "--local", *line], folder, check=False)
    return folder


def tree(room: Path, pointers: int, rounds: int) -> None:
    """Three commands that everybody types all day, in a tree of sources."""
    ours = repository(room / "ours", guarded=True)
    for i in range(SOURCES):
        source(ours, i, "")
    if pointers:
        make_files(ours, "old", pointers, 100)
    sh("git", "add", "-A", cwd=ours)
    sh("git", "commit", "-q", "-m", "old", cwd=ours)
    both = {"without us": without_us(ours, room / "plain"), "with us": ours}
    beside = f" and {pointers:,} pointers" if pointers else ""
    for repo in both.values():
        sh("git", "status", cwd=repo)  # a copy's files are new to its index

    def of(repo: Path, command: list[str], edited: int) -> Callable[[int], Spent]:
        def way(i: int) -> Spent:
            for number in range(edited):
                source(repo, number, f"{command} {i}")
            os.sync()
            return spent(command, repo)

        return way

    for command, edited in ((["git", "add", "-A"], EDITED), (["git", "status"], 0), (["git", "diff"], EDITED)):
        ways = {name: of(repo, command, edited) for name, repo in both.items()}
        title = f"{' '.join(command)}, {SOURCES:,} sources{beside}, {edited} of them edited"
        judge(title, in_turn(rounds, ways), NOT_FELT)
    for repo in both.values():
        shutil.rmtree(repo)


def run(room: Path) -> None:
    room = room / "birth"
    one(room / "256", 256, 5)
    one(room / "1024", 1024, 3)
    many(room / "300", 300, 100 * KB, 5)
    many(room / "3000", 3000, 10 * KB, 3)
    tree(room / "tree", 0, 15)
    tree(room / "beside", POINTERS, 15)
