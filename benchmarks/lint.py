"""`lint` of a large tree and of a long range, against `pre-commit run --all-files check-added-large-files` on the same.

`python -m benchmarks.lint [ROUNDS]`: makes a repository of 100,000 files and 1,000 commits, runs each way in turn, and
prints medians and ratios to the peer. Limits: one third of the peer, and one second.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.measuring import BIN, sh, show, timed, turns
from tests.helpers.support import clean_environment

FILES, COMMITS, CHANGED = 100_000, 1_000, 4
LIMIT = 1 / 3
ENDS = ("py", "py", "js", "md", "json", "c", "h", "txt", "yml")
PEER = """repos:
- repo: local
  hooks:
  - id: check-added-large-files
    name: check-added-large-files
    language: system
    entry: {program} --enforce-all
"""


def make(folder: Path) -> None:
    """Write a tree of source files (2 kB at the median, as in large projects) and a history by `git fast-import`."""
    chance = random.Random(7)
    words = [f"word{i}" for i in range(3000)]
    sh("git", "init", "-q", "-b", "main", folder, cwd=folder.parent)
    importer = subprocess.Popen(["git", "fast-import", "--quiet"], cwd=folder, stdin=subprocess.PIPE)
    assert importer.stdin is not None
    for number in range(COMMITS + 1):
        who = f"committer C O Mitter <committer@example.com> {1_700_000_000 + number} +0000"
        importer.stdin.write(f"commit refs/heads/main\n{who}\ndata 1\nx\n".encode())
        for i in range(FILES) if not number else (chance.randrange(FILES) for _ in range(CHANGED)):
            size = int(min(60_000, chance.lognormvariate(7.6, 1.0)))
            text = "\n".join(" ".join(chance.choices(words, k=9)) for _ in range(size // 70 + 1)).encode() + b"\n"
            name = f"src/p{i % 200}/q{i % 1000 // 200}/module_{i}.{ENDS[i % len(ENDS)]}"
            importer.stdin.write(f"M 100644 inline {name}\ndata {len(text)}\n".encode() + text + b"\n")
    importer.stdin.close()
    if importer.wait():
        sys.exit("git fast-import failed")
    sh("git", "checkout", "-q", "-f", "main", cwd=folder)
    (folder / ".pre-commit-config.yaml").write_text(PEER.format(program=BIN / "check-added-large-files"))
    sh("git", "add", ".pre-commit-config.yaml", cwd=folder)


def run(room: Path, rounds: int = 5) -> None:
    repo = room / "large"
    make(repo)
    ours = BIN / "trinity-guard"
    peer = (BIN / "pre-commit", "run", "--all-files", "check-added-large-files")
    ways = {
        "pre-commit run --all-files": peer,
        "lint": (ours, "lint"),
        "lint --all": (ours, "lint", "--all"),
        "lint --rev HEAD": (ours, "lint", "--rev", "HEAD"),
        "lint --range (1,000 commits)": (ours, "lint", "--range", f"HEAD~{COMMITS}..HEAD"),
    }
    for argv in ways.values():
        sh(*argv, cwd=repo)  # the first run reads the disk
    medians = turns(rounds, **{n: lambda _, a=a: timed(lambda: sh(*a, cwd=repo)) for n, a in ways.items()})
    names = [n for n in ways if n.startswith("lint")]
    title = f"lint of {FILES:,} files and {COMMITS:,} commits"
    show(title, "pre-commit run --all-files", medians, dict.fromkeys(names, round(LIMIT, 2)))
    slow = [n for n in names if medians[n] > 1 or medians[n] > LIMIT * medians["pre-commit run --all-files"]]
    print(f"\nabove a limit: {', '.join(slow) or 'none'}")


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as room:
        os.environ.update(clean_environment(Path(room) / "home"))
        run(Path(room), rounds)


if __name__ == "__main__":
    main()
