"""How `migrate run` and `lint --range` grow with a history: processor time and memory a commit, with their graph.

`python -m benchmarks growth` takes 5,000, 20,000 and 80,000 commits, `COMMITS=20000,1000000` before it others: of a
million half an hour and 6 GB of disk. Models and tables of 1 kB among 800 sources, three of which change in a commit.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from benchmarks.measuring import BIN, sh

SIZES = "5000,20000,80000"
# Milliseconds and bytes a commit, beyond what the first size takes; MB of `lint` for a million.
RUN_MS, RUN_BYTES, LINT_MB = 0.3, 300, 500
SOURCES = [f"src/pkg{i % 23}/sub{i % 7}/mod{i}.py" for i in range(800)]
MODELS = [f"models/group{i % 5}/model_{i}.pkl" for i in range(40)]
TABLES = [f"data/part{i % 3}/table_{i}.csv" for i in range(40)]
WIDTH = 50


class Cost(NamedTuple):
    """Processor seconds with all that was started, and MB of anonymous memory of the program itself at its peak."""

    seconds: float
    memory: float


def history(path: Path, commits: int) -> Path:
    """Make a repository of so many commits."""
    sh("git", "init", "-q", "-b", "main", path, cwd=path.parent)
    with subprocess.Popen(["git", "fast-import", "--quiet"], cwd=path, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.writelines(_stream(commits))
        process.stdin.close()
    if process.returncode:
        raise SystemExit("git fast-import failed")
    sh("git", "reset", "-q", "--hard", cwd=path)
    return path


def _stream(commits: int) -> Iterator[bytes]:
    chosen = random.Random(7)
    for n in range(commits):
        yield b"commit refs/heads/main\ncommitter B <b@example.com> %d +0000\ndata 1\nx\n" % (1_500_000_000 + n * 600)
        for name in chosen.sample(SOURCES, 3) if n else SOURCES:
            yield _file(name, b"".join(b"line %d of v%d\n" % (i, n) for i in range(60)))
        if n % 10 == 5:
            yield _file(chosen.choice(MODELS), chosen.randbytes(1024))
        if n % 10 == 7:
            yield _file(chosen.choice(TABLES), b"a,b\n" + b"".join(b"%d,%d\n" % (i, n) for i in range(80)))


def _file(name: str, data: bytes) -> bytes:
    return b"M 100644 inline %s\ndata %d\n%s\n" % (name.encode(), len(data), data)


def cost(repo: Path, *args: str) -> Cost:
    """Run the program, and look at its memory while it runs."""
    pid = os.posix_spawn(
        "/bin/sh",
        ["sh", "-c", 'cd "$0" && exec "$@" >/dev/null 2>&1', str(repo), str(BIN / "trinity-guard"), *args],
        os.environ,
    )
    peak = 0
    while True:
        done, status, usage = os.wait4(pid, os.WNOHANG)
        if done:
            break
        peak = max(peak, _anonymous(pid))
        time.sleep(0.05)
    if os.waitstatus_to_exitcode(status) > 1:
        raise SystemExit(f"trinity-guard {' '.join(args)} failed")
    return Cost(usage.ru_utime + usage.ru_stime, peak / 1024)


def _anonymous(pid: int) -> int:
    """Return the kB of memory of a process that no file stands behind (Linux)."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("RssAnon:")), 0)


def graph(title: str, sizes: list[int], values: list[float], unit: str) -> None:
    print(f"\n  {title}")
    for size, value in zip(sizes, values, strict=True):
        bar = "#" * max(1, round(WIDTH * value / max(values)))
        print(f"  {size:>9,} commits  {value:9.1f} {unit:<3} {bar}")


def run(room: Path) -> None:
    """Print what each size takes, and what each further commit does."""
    sizes = [int(size) for size in os.environ.get("COMMITS", SIZES).split(",")]
    migrated, linted = [], []
    for size in sizes:
        repo = history(room / f"grows-{size}", size)
        linted.append(cost(repo, "lint", "--range", "HEAD"))
        migrated.append(cost(repo, "migrate", "run", "--yes", "-q", "--remote", str(room / "storage")))
        shutil.rmtree(repo)
    print("\nhistories of more and more commits (processor seconds; MB of the program's own memory)")
    for name, costs in (("migrate run", migrated), ("lint --range", linted)):
        graph(name, sizes, [c.seconds for c in costs], "s")
        graph(f"{name}, memory", sizes, [c.memory for c in costs], "MB")
        further = sizes[-1] - sizes[0] or 1
        milliseconds = (costs[-1].seconds - costs[0].seconds) / further * 1000
        held = (costs[-1].memory - costs[0].memory) / further * (1 << 20)
        print(f"  each further commit: {milliseconds:.2f} ms, {held:,.0f} bytes")
    print(f"\n  limits: migrate {RUN_MS} ms and {RUN_BYTES} bytes a commit; lint {LINT_MB} MB for a million")
