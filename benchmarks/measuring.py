"""How the benchmarks measure: each way in turn, in one run; medians, and ratios to the peer."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

KB, MB = 1024, 1024 * 1024
BIN = Path(sys.executable).parent


def sh(*argv: str | Path, cwd: Path) -> None:
    done = subprocess.run([str(a) for a in argv], cwd=cwd, capture_output=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode:
        sys.exit(f"{argv} failed\n{done.stdout.decode()}{done.stderr.decode()}")


def turns(rounds: int, **ways: Callable[[int], float]) -> dict[str, float]:
    """Run each way once a round, one after the other; return each one's median in seconds."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for i in range(rounds):
        for name, way in ways.items():
            os.sync()
            times[name].append(way(i))
    return {name: statistics.median(t) for name, t in times.items()}


def timed(action: Callable[[], None]) -> float:
    begin = time.perf_counter()
    action()
    return time.perf_counter() - begin


class Spent(NamedTuple):
    """What a command took, with all that it started: wall and processor seconds, the largest process in MB."""

    wall: float
    processor: float
    peak: float


def spent(argv: list[str], cwd: Path, check: bool = True) -> Spent:
    """Run a command, its output thrown away. The peak is at least this process's own: what a child begins with."""
    begin = time.perf_counter()
    pid = os.posix_spawnp(
        "sh", ["sh", "-c", 'cd "$1" && shift && exec "$@" >/dev/null 2>&1', "sh", str(cwd), *argv], os.environ
    )
    _, status, usage = os.wait4(pid, 0)
    if status and check:
        sys.exit(f"{argv} failed")
    return Spent(time.perf_counter() - begin, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def show(title: str, base: str, medians: dict[str, float], limits: dict[str, float]) -> None:
    print(f"\n{title}")
    for name, seconds in medians.items():
        ratio = seconds / medians[base]
        limit = f"   limit {limits[name]}" if name in limits else ""
        print(f"  {name:<34} {seconds * 1000:9.1f} ms   {ratio:6.2f} of {base}{limit}", flush=True)


def repository(folder: Path, guarded: bool) -> Path:
    folder.mkdir(parents=True)
    sh("git", "init", "-q", "-b", "main", cwd=folder)
    if guarded:
        sh(BIN / "trinity-guard", "init", "-q", cwd=folder)
        (folder / ".trinity-guard.toml").write_text('push = "off"\nfolders = ["!*"]\n')  # a pointer for each
    else:
        sh(BIN / "dvc", "init", "-q", cwd=folder)
    sh("git", "add", "-A", cwd=folder)
    sh("git", "commit", "-q", "-m", "begin", cwd=folder)
    return folder


def make_files(repo: Path, prefix: str, count: int, size: int) -> list[str]:
    names = [f"{prefix}/t{i}.csv" for i in range(count)]
    (repo / prefix).mkdir()
    for name in names:
        (repo / name).write_bytes(os.urandom(size))
    return names
