"""The migration of a whole history against its peers, on one made-up legacy repository; prints ratios.

`python -m benchmarks.migrate LEGACY [ROUNDS]`: LEGACY is a repository that holds .pkl and .csv files. The peers are
`git lfs migrate import` (keeps the content, as we do), the floor (two `git cat-file --batch` into md5 and a file)
and `git filter-repo --invert-paths` (throws the content away), where they are installed.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

PATTERNS = ("*.pkl", "*.csv")
LIMITS = {"git lfs migrate import": 0.1, "the floor": 1.6, "git filter-repo": 1.5}
MAX_MEMORY = 300
OURS = """
import os, sys
from trinity_guard import git
from trinity_guard.migrate import destination, engine, refs
from trinity_guard.migrate.migration import Migration
from trinity_guard.migrate.options import Chosen, Options
from trinity_guard.migrate.selection import Selection
path = os.fsencode(sys.argv[1])
with Migration(git.Place(b"", path, path)) as migration:
    options = Options(
        selection=Selection(sys.argv[2:]),
        chosen=Chosen(refs.select(migration.refs(), everything=True)),
        where=destination.at("storage", "/nowhere"),
        cache=migration.cache()[0],
    )
    engine.run(migration, options)
"""
UNDO = """
import os, sys
from trinity_guard import git
from trinity_guard.migrate.migration import Migration
from trinity_guard.migrate.settle import undo
path = os.fsencode(sys.argv[1])
with Migration(git.Place(b"", path, path)) as migration:
    undo(migration)
"""


def sh(*argv: str | Path, cwd: Path) -> None:
    done = subprocess.run([str(a) for a in argv], cwd=cwd, capture_output=True, check=False)
    if done.returncode:
        sys.exit(f"{argv} failed\n{done.stderr.decode()}")


def timed(action: Callable[[], None]) -> tuple[float, float]:
    """Return the seconds that an action took, by the clock and of the processors (which others' work slows less)."""
    os.sync()
    before, begin = os.times(), time.perf_counter()
    action()
    after = os.times()
    busy = after.children_user + after.children_system - before.children_user - before.children_system
    return time.perf_counter() - begin, busy


def mirror(legacy: Path, room: Path, name: str) -> Path:
    target = room / name
    if target.exists():
        shutil.rmtree(target)
    sh("git", "clone", "-q", "--mirror", legacy, target, cwd=room)
    return target


def ours(repo: Path) -> int:
    """Migrate, and return the peak memory in KB."""
    argv = [sys.executable, "-c", OURS, str(repo), *PATTERNS]
    pid = os.posix_spawn(argv[0], argv, {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)})
    _, status, usage = os.wait4(pid, 0)
    if status:
        sys.exit("our migration failed")
    return usage.ru_maxrss


def floor(repo: Path, room: Path) -> None:
    """Read the same blobs by two processes into md5 and a file."""
    out = subprocess.run(["git", "rev-list", "--objects", "--all"], cwd=repo, capture_output=True, check=True).stdout
    ids = {line[:40] for line in out.splitlines() if line.endswith((b".pkl", b".csv"))}
    ordered = [line[:40] for line in out.splitlines() if line[:40] in ids]
    halves = [ordered[::2], ordered[1::2]]
    running = []
    for number, half in enumerate(halves):
        wanted = room / f"floor-{number}.ids"
        wanted.write_bytes(b"\n".join(half) + b"\n")
        command = f"git cat-file --batch < {wanted} | tee {room}/floor-{number} | md5sum > {room}/floor-{number}.md5"
        running.append(subprocess.Popen(["/bin/sh", "-c", command], cwd=repo))
    if any(process.wait() for process in running):
        sys.exit("the floor failed")


def run(legacy: Path, rounds: int, room: Path) -> None:
    times: dict[str, list[tuple[float, float]]] = {}
    memory = 0

    def note(name: str, action: Callable[[], None]) -> None:
        times.setdefault(name, []).append(timed(action))

    def migrate(repo: Path) -> None:
        nonlocal memory
        memory = max(memory, ours(repo))

    for _ in range(rounds):
        repo = mirror(legacy, room, "ours.git")
        note("ours", lambda repo=repo: migrate(repo))  # type: ignore[misc]
        sh(sys.executable, "-c", UNDO, repo, cwd=Path(__file__).parent.parent)
        note("ours, extracted already", lambda repo=repo: migrate(repo))  # type: ignore[misc]
        note("the floor", lambda: floor(legacy, room))
        if shutil.which("git-filter-repo"):
            repo = mirror(legacy, room, "filter.git")
            globs = [part for pattern in PATTERNS for part in ("--path-glob", pattern)]
            argv = ("git", "filter-repo", "--quiet", "--force", "--invert-paths", *globs)
            note("git filter-repo", lambda repo=repo, argv=argv: sh(*argv, cwd=repo))  # type: ignore[misc]
        if shutil.which("git-lfs"):
            repo = mirror(legacy, room, "lfs.git")
            argv = ("git", "lfs", "migrate", "import", "--everything", "--include=" + ",".join(PATTERNS))
            note("git lfs migrate import", lambda repo=repo, argv=argv: sh(*argv, cwd=repo))  # type: ignore[misc]
    medians = {name: statistics.median(clock for clock, _ in t) for name, t in times.items()}
    busy = {name: statistics.median(cpu for _, cpu in t) for name, t in times.items()}
    show(medians, busy, memory // 1024)


def show(medians: dict[str, float], busy: dict[str, float], memory: int) -> None:
    for name, seconds in medians.items():
        print(f"  {name:<26} {seconds:7.2f} s   processors {busy[name]:7.2f} s", flush=True)
    for peer, limit in LIMITS.items():
        mine = "ours, extracted already" if peer == "git filter-repo" else "ours"
        if peer in medians:
            print(
                f"  {mine} / {peer}: {medians[mine] / medians[peer]:.3f}   limit {limit}   "
                f"(processors {busy[mine] / busy[peer]:.3f})"
            )
    print(f"  peak memory: {memory} MB   limit {MAX_MEMORY}")


def main() -> None:
    legacy = Path(sys.argv[1]).resolve()
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    with tempfile.TemporaryDirectory(prefix="trinity-guard-migrate-", dir=legacy.parent) as name:
        run(legacy, rounds, Path(name))


if __name__ == "__main__":
    main()
