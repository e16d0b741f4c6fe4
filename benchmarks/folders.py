"""A folder of 10,000 files that is one artifact: its first commit, and the one after a file of it has changed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from benchmarks.birth import Bar, in_turn, judge
from benchmarks.measuring import BIN, Spent, make_files, repository, spent

FILES, SIZE = 10_000, 20_000
BY_DVC = '"$1" add -q "$0" && git add .gitignore "$0.dvc" && git commit -q -m work'
FIRST = [Bar("git add, commit", "dvc add", 0.1), Bar("trinity-guard add", "dvc add", 0.1)]
CHANGED = [Bar("git commit -a", "dvc add", 0.05)]
MOST_MB = 150


def run(room: Path, rounds: int = 3) -> None:
    room = room / "folders"
    theirs, ours = repository(room / "dvc", guarded=False), repository(room / "ours", guarded=True)
    (ours / ".trinity-guard.toml").write_text('push = "off"\nfolders = ["d*/"]\n')

    def made(repo: Path, name: str) -> str:
        make_files(repo, name, FILES, SIZE)
        os.sync()
        return name

    def by_dvc(i: int) -> Spent:
        return spent(["sh", "-c", BY_DVC, made(theirs, f"d{i}"), str(BIN / "dvc")], theirs)

    def by_git(i: int) -> Spent:
        return spent(["sh", "-c", 'git add "$0" && git commit -q -m work', made(ours, f"d{i}")], ours)

    def by_add(i: int) -> Spent:
        line = '"$1" add -q "$0" && git commit -q -m work'
        return spent(["sh", "-c", line, made(ours, f"da{i}"), str(BIN / "trinity-guard")], ours)

    first = in_turn(rounds, {"dvc add": by_dvc, "git add, commit": by_git, "trinity-guard add": by_add})
    judge(f"a folder of {FILES:,} files of {SIZE // 1000} kB, its first commit", first, FIRST)

    def edited(repo: Path, i: int) -> None:
        with (repo / f"d0/t{i}.csv").open("ab") as file:
            file.write(b"one row more\n")
        (repo / ".trinity-guard.toml").write_text(f'push = "off"\nfolders = ["d*/"]\n# {i}\n')
        os.sync()

    def again_by_dvc(i: int) -> Spent:
        edited(theirs, i)
        return spent(["sh", "-c", BY_DVC, "d0", str(BIN / "dvc")], theirs)

    def again(i: int) -> Spent:
        edited(ours, i)
        return spent(["git", "commit", "-q", "-a", "-m", "work"], ours)

    changed = in_turn(rounds + 2, {"dvc add": again_by_dvc, "git commit -a": again})
    judge("a commit after one of them has changed", changed, CHANGED)
    peak = max(s.peak for each in (first, changed) for name, some in each.items() if name != "dvc add" for s in some)
    print(f"  our largest process {peak:.1f} MB   bar {MOST_MB} MB   {'holds' if peak <= MOST_MB else 'ABOVE'}")
    shutil.rmtree(room)
