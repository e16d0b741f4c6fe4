"""`trinity-guard diff` on two versions of a table, against pandas, csv-diff and daff; ten pointers in `git log -p`;
what `facts = true` adds to a conversion.

ROWS (environment) says how many rows; 5,000,000 of these are about 500 MB. csv-diff and daff are measured where they
are installed, on SLOW rows. They finish 5,000,000 as well, where 13 GB of memory are free, daff in three minutes; what
it takes to start weighs least there.
"""

from __future__ import annotations

import concurrent.futures
import importlib.util
import os
import shutil
import statistics
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.measuring import BIN, MB, Spent, repository, sh, show, spent, timed, turns

ROWS = int(os.environ.get("ROWS", "500000"))
SLOW = int(os.environ.get("SLOW", "100000"))
CHANGED = 0.01
TEXTS = {
    "numbers": b"1024,0.250417,-1.75003,berlin,77\n",
    "quotes": b'1024,"a, ""b""","c",77\n',
    "rows of two lines": b'1024,"two lines of\na long text, as people write it",77\n',
}
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
DAFF = """
import sys, csv, daff
one, other = (daff.PythonTableView(list(csv.reader(open(name, newline="")))) for name in sys.argv[1:])
flags = daff.CompareFlags()
flags.ids = ["id"]
result = daff.PythonTableView([])
daff.TableDiff(daff.compareTables(one, other, flags).align(), flags).hilite(result)
print(result.get_height())
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
    facts(room)


def tables(room: Path) -> None:
    """Two versions of a table, of which one row in a hundred changed; a smaller one for those that take long."""
    _race(room / "review", ROWS, {"pandas merge(indicator=True)": MERGED}, 0.5)
    slow = {"csv-diff": CSV_DIFF, "daff": DAFF}
    there = {name: how for name, how in slow.items() if importlib.util.find_spec(name.replace("-", "_")) is not None}
    if there:
        _race(room / "slow", SLOW, there, 0.05)


def _race(room: Path, rows: int, others: dict[str, str], limit: float) -> None:
    repo = repository(room, guarded=True)
    with concurrent.futures.ProcessPoolExecutor(1) as apart:  # what a child takes begins with what we hold
        files = apart.submit(_write, room, rows).result()
    for file in files:
        shutil.copyfile(file, repo / "t.csv")
        sh(BIN / "trinity-guard", "add", "-q", "t.csv", cwd=repo)
        sh("git", "commit", "-q", "-m", "table", cwd=repo)
    commands = {name: [sys.executable, "-c", script, *map(str, files)] for name, script in others.items()}
    taken: dict[str, Spent] = {name: spent(argv, repo) for name, argv in commands.items()}
    taken["trinity-guard diff"] = spent([str(BIN / "trinity-guard"), "diff", "HEAD~1", "HEAD"], repo, check=False)
    for base in others:
        title = f"two tables of {rows:,} rows, {files[0].stat().st_size / 1e6:,.0f} MB each"
        walls = {name: one.wall for name, one in taken.items() if name in (base, "trinity-guard diff")}
        show(title, base, walls, {"trinity-guard diff": limit})
    print("  at most " + ", ".join(f"{one.peak:,.0f} MB for {name}" for name, one in taken.items()), flush=True)


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


def facts(room: Path) -> None:
    """What `facts = true` adds to a table's way into a pointer, by `git add` and by `trinity-guard add`.

    In time that passes, and in the processor's, where what runs beside the hashing counts too.
    """
    ways = {
        "git add": 'git add "$0" && git commit -q -m work',
        "trinity-guard add": f'{BIN / "trinity-guard"} add -q "$0" && git commit -q -m work',
    }
    for title, sample in TEXTS.items():
        for way, line in ways.items():
            repos = {wanted: _wanting(room / "facts" / title / way / wanted, wanted) for wanted in ("false", "true")}
            taken: dict[str, list[Spent]] = {wanted: [] for wanted in repos}
            for turn in range(5):
                for wanted, repo in repos.items():
                    taken[wanted].append(_converting(repo, sample, line, turn))
            for what in ("wall", "processor"):
                medians = {f"facts = {w}": statistics.median(getattr(t, what) for t in taken[w]) for w in repos}
                show(f"{way}, 256 MB of {title}, {what} time", "facts = false", medians, {"facts = true": 1.2})
    shutil.rmtree(room / "facts")


def _wanting(folder: Path, wanted: str) -> Path:
    repo = repository(folder, guarded=True)
    with (repo / ".trinity-guard.toml").open("a") as file:
        file.write(f"facts = {wanted}\n")
    sh("git", "commit", "-q", "-a", "-m", "facts", cwd=repo)
    return repo


def _converting(repo: Path, sample: bytes, line: str, turn: int) -> Spent:
    with (repo / f"t{turn}.csv").open("wb") as file:
        file.write(b"a,b,c,d,e\n%d,1,1,1,1\n" % turn)
        for _ in range(256):
            file.write(sample * (MB // len(sample)))
    os.sync()
    taken = spent(["sh", "-c", line, f"t{turn}.csv"], repo)
    shutil.rmtree(repo / ".dvc/cache")
    return taken
