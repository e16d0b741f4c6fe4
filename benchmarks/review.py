"""`trinity-guard diff` on two versions of a table, against pandas' merge and csv-diff; ten pointers in `git log -p`.

ROWS (environment) says how many rows; 5,000,000 of these are about 400 MB. csv-diff is measured where it is installed.
"""

from __future__ import annotations

import importlib.util
import os
import resource
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.measuring import BIN, repository, sh, show, timed, turns

ROWS = int(os.environ.get("ROWS", "500000"))
CHANGED = 0.01
MERGED = """
import sys, pandas
one, other = (pandas.read_csv(name) for name in sys.argv[1:])
print(one.merge(other, how="outer", indicator=True)._merge.value_counts().to_dict())
"""
CSV_DIFF = """
import sys, csv_diff
one, other = (csv_diff.load_csv(open(name, newline=""), key="id") for name in sys.argv[1:])
print(len(csv_diff.compare(one, other)["changed"]))
"""


def _write(folder: Path, rows: int) -> list[Path]:
    """Write both versions: a key, seven numbers, two codes, two texts; of the second one in a hundred is another."""
    random = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "id": np.arange(rows),
            **{f"f{at}": random.normal(size=rows).round(6) for at in range(7)},
            **{f"k{at}": random.integers(0, 100_000, rows) for at in range(2)},
            "city": random.choice(["berlin", "paris", "rome", "oslo"], rows),
            "name": pd.Series(random.integers(0, 10**9, rows)).astype(str) + "x",
        }
    )
    files = [folder / "before.csv", folder / "after.csv"]
    table.to_csv(files[0], index=False)
    table.loc[random.random(rows) < CHANGED, "f3"] += 1
    table.to_csv(files[1], index=False)
    return files


def run(room: Path) -> None:
    tables(room)
    log(room)


def tables(room: Path) -> None:
    """Two versions of a table, of which one row in a hundred changed."""
    repo = repository(room / "review", guarded=True)
    before, after = _write(room, ROWS)
    for file in (before, after):
        shutil.copyfile(file, repo / "t.csv")
        sh(BIN / "trinity-guard", "add", "-q", "t.csv", cwd=repo)
        sh("git", "commit", "-q", "-m", "table", cwd=repo)

    def ours(_: int) -> float:
        return timed(lambda: sh(BIN / "trinity-guard", "diff", "HEAD~1", "HEAD", cwd=repo))

    def theirs(script: str) -> float:
        return timed(lambda: sh(sys.executable, "-c", script, before, after, cwd=repo))

    programs = {"pandas merge(indicator=True)": lambda _: theirs(MERGED), "trinity-guard diff": ours}
    if importlib.util.find_spec("csv_diff") is not None:
        programs["csv-diff"] = lambda _: theirs(CSV_DIFF)
    medians = turns(1, **programs)
    show(f"two tables of {ROWS:,} rows", "pandas merge(indicator=True)", medians, {"trinity-guard diff": 0.5})
    print(f"the largest of these took {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6:.2f} GB")


def log(room: Path) -> None:
    """Ten small pointers in `git log -p`, looked into before, against the pointers alone."""
    repo = repository(room / "log", guarded=True)
    for at in range(11):
        (repo / "t.csv").write_text("id,x\n" + "".join(f"{n},{n * at}\n" for n in range(200)))
        sh(BIN / "trinity-guard", "add", "-q", "t.csv", cwd=repo)
        sh("git", "commit", "-q", "-m", f"version {at}", cwd=repo)
    sh("git", "log", "-p", "-10", cwd=repo)

    def told(_: int) -> float:
        return timed(lambda: sh("git", "log", "-p", "-10", cwd=repo))

    def plain(_: int) -> float:
        return timed(lambda: sh("git", "log", "-p", "-10", "--no-textconv", cwd=repo))

    medians = turns(5, **{"git log -p --no-textconv": plain, "git log -p": told})
    show("ten pointers in git log -p", "git log -p --no-textconv", medians, {})
    print(f"a pointer: {1000 * (medians['git log -p'] - medians['git log -p --no-textconv']) / 10:.0f} ms")
