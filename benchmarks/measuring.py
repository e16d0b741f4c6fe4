"""How the benchmarks measure: each way in turn, in one run; medians, and ratios to the peer."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

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
        (folder / ".trinity-guard.toml").write_text('push = "off"\n')
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
