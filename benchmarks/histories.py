"""Histories that grow in one way, migrated: a folder by a table a commit, many folders of daily tables, ignore lines.

`python -m benchmarks histories`. Processor seconds, as others' work slows these less; growth is what twice or four
times as much takes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measuring import BIN, sh

DAY = 86400
# Times what `git lfs migrate import` takes, and MB, of 2,000 tables in one folder, a commit each.
LFS_LIMIT, MAX_MEMORY = 0.3, 150
# Twice as many commits: twice the work, but for each tree, which is as long as the folder. Four times as many lines:
# four times, and a third for other people's work.
DOUBLED, QUADRUPLED = 3.0, 5.3
INFO_LIMIT = 5.0


def tables(path: Path, commits: int, folders: int, ignored: int = 0) -> Path:
    """Make a repository that gets a table a commit, in one of its folders; ignored: lines of its .gitignore."""
    sh("git", "init", "-q", "-b", "main", path, cwd=path.parent)
    stream = b"".join(_commits(commits, folders, ignored))
    subprocess.run(["git", "fast-import", "--quiet"], cwd=path, input=stream, check=True)
    sh("git", "reset", "-q", "--hard", cwd=path)
    return path


def _commits(commits: int, folders: int, ignored: int) -> Iterator[bytes]:
    lines = b"".join(b"build-%d/*.o\n" % n for n in range(ignored))
    for n in range(commits):
        data = b"day,value\n%d,%d\n" % (n, n * n)
        yield b"commit refs/heads/main\ncommitter B <b@example.com> %d +0000\ndata 1\nx\n" % (1_600_000_000 + n * DAY)
        if ignored and not n:
            yield b"M 100644 inline .gitignore\ndata %d\n%s\n" % (len(lines), lines)
        yield b"M 100644 inline daily-%02d/report-%05d.csv\ndata %d\n%s\n" % (n % folders, n, len(data), data)


def spent(repo: Path, *argv: str | Path) -> tuple[float, int]:
    """Return a command's processor seconds, with all that it starts, and the MB of the largest of these."""
    code = (
        "import resource as r, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True); "
        "u = r.getrusage(r.RUSAGE_CHILDREN); print(u.ru_utime + u.ru_stime, u.ru_maxrss // 1024)"
    )
    out = subprocess.run([sys.executable, "-c", code, *map(str, argv)], cwd=repo, capture_output=True, check=True)
    seconds, memory = out.stdout.split()
    return float(seconds), int(memory)


def ours(repo: Path, what: str) -> tuple[float, int]:
    more = ["--yes", "-q", "--remote", str(repo.parent / "storage")] if what == "run" else []
    return spent(repo, BIN / "trinity-guard", "migrate", what, "--everything", *more)


def told(words: str, value: float, limit: float) -> None:
    print(f"  {words:<66} {value:8.2f}   limit {limit}{'   ABOVE IT' if value > limit else ''}", flush=True)


def run(room: Path) -> None:
    """A folder that grows, many folders, and ignore lines: `migrate` against git-lfs, and against half as much."""
    print("\nhistories that grow, migrated (processor seconds)")
    half = ours(tables(room / "half", 1000, 1), "run")[0]
    whole = tables(room / "whole", 2000, 1)
    shutil.copytree(whole, room / "lfs")
    seconds, memory = ours(whole, "run")
    told("a table a commit in one folder, 2,000 / 1,000 commits", seconds / half, DOUBLED)
    told("the same, MB", memory, MAX_MEMORY)
    if shutil.which("git-lfs"):
        peer = spent(room / "lfs", "git", "lfs", "migrate", "import", "--everything", "--include=*.csv", "--yes")[0]
        told(f"the same / git lfs migrate import ({seconds:.2f} / {peer:.2f} s)", seconds / peer, LFS_LIMIT)
    told("info: 1,500 tables in 20 folders, seconds", ours(tables(room / "many", 1500, 20), "info")[0], INFO_LIMIT)
    few = ours(tables(room / "few", 400, 1, 400), "run")[0]
    lines = ours(tables(room / "lines", 400, 1, 1600), "run")[0]
    told("ignore lines x tables of 400 commits, 1,600 / 400 lines", lines / few, QUADRUPLED)


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory(prefix="trinity-guard-histories-") as name:
        os.environ["GIT_CONFIG_NOSYSTEM"] = "1"
        run(Path(name))
