"""The Markdown pages: their code blocks, tables and headings, and a session that runs their commands."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.helpers.support import PROJECT, run
from trinity_guard.review.driver import TOO_LONG

PAGES = ["README.md", *sorted(f"docs/{p.name}" for p in (PROJECT / "docs").glob("*.md"))]

# What cannot be run here, and why.
NOT_RUN = {
    "pip ": "installs into, or out of, the environment that runs the tests; test_packaging does it in one of its own",
    "make ": "builds an environment; .ci/run calls it",
    "trinity-guard init --remote s3://": "needs a server",
}


class Command:
    """A line that begins with `$ `, with the output shown below it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.output: list[str] = []

    @property
    def code(self) -> int:
        """The exit code to expect: a transcript shows a refusal as Git does, with `error: ` before it."""
        return int(any(line.startswith("error: ") for line in self.output))

    @property
    def runnable(self) -> bool:
        return not any(self.text.startswith(start) for start in NOT_RUN)


def page(name: str) -> str:
    return (PROJECT / name).read_text()


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def commands(block: str) -> Iterator[Command]:
    current: Command | None = None
    for line in block.splitlines():
        if line.startswith("$ "):
            if current:
                yield current
            current = Command(line.removeprefix("$ "))
        else:
            assert current, f"output before the first command: {line}"
            current.output.append(line)
    if current:
        yield current


def table(text: str, first: str) -> list[list[str]]:
    """Return the rows of the table whose first head is `first`, cell by cell."""
    part = text.split(f"\n| {first} |", 1)[1].split("\n\n", 1)[0]
    rows = [re.split(r"(?<!\\)\|", line.strip("|")) for line in part.splitlines()[2:]]
    return [[cell.strip().replace("\\|", "|") for cell in row] for row in rows]


class Session:
    """A shell in which a page's commands are typed, one after the other."""

    def __init__(self, home: Path, folder: Path) -> None:
        self.home = home
        self.at = folder
        programs = home / "bin"
        programs.mkdir(exist_ok=True)
        for name, module in {"dvc": "dvc", "trinity-guard": "trinity_guard", "trinity": "trinity_guard"}.items():
            (programs / name).write_text(
                f'#!/bin/sh\nPYTHONPATH="{PROJECT}" exec "{sys.executable}" -P -m {module} "$@"\n'
            )
            (programs / name).chmod(0o755)
        (programs / "python").write_text(f'#!/bin/sh\nPYTHONPATH="{PROJECT}" exec "{sys.executable}" "$@"\n')
        (programs / "python").chmod(0o755)
        self.env = {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}

    def type(self, command: str) -> tuple[int, str]:
        """Run a command as bash does, and return its exit code and all that it printed, in order."""
        left = self.home / "left"
        script = f"{{ {command}\n}} 2>&1; code=$?; pwd >'{left}'; exit $code"
        done = run("bash", "-c", script, cwd=self.at, ok=False, env=self.env)
        for _ in range(30):
            if TOO_LONG.encode() not in done.stdout:
                break  # else the machine was busy for as long as Git's diff waits; Git is asked once more
            done = run("bash", "-c", script, cwd=self.at, ok=False, env=self.env)
        self.at = Path(left.read_text().rstrip("\n"))
        return done.returncode, done.stdout.decode()


def same(shown: list[str], real: str, home: Path) -> bool:
    """Whether the output that a page shows is what a run printed.

    `…` stands for anything: alone on its line, for lines. Ids, the numbers in sizes and counts, and
    the width of columns may differ.
    """
    wanted = "".join(_pattern(line) for line in shown)
    lines = "".join(_plain(line.replace(str(home), "/home/you")) + "\n" for line in real.splitlines())
    return re.fullmatch(wanted, lines) is not None


def _pattern(line: str) -> str:
    if line == "…":
        return r"(?:.*\n)*?"
    return re.escape(_plain(line)).replace("…", ".*") + r"\n"


def _plain(line: str) -> str:
    line = re.sub(r"\b(?=[a-f]*[0-9])[0-9a-f]{7,40}\b", "ID", line)
    line = re.sub(r"(?<![\w/.-])\d[\d.,]*", "N", line).rstrip()
    return re.sub(r"(?<=\S) +", " ", line)


def make_project(folder: Path) -> None:
    """Make the project of the README's transcript: a script, the data and the model that it writes."""
    folder.mkdir(parents=True)
    run("git", "init", "-q", "-b", "main", folder)
    for name, data in _trained().items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(data)


@functools.cache
def _trained() -> dict[str, bytes]:
    """Return the script and what it writes, by their paths; it runs once, since its libraries take long to load."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        shutil.copyfile(PROJECT / "trinity_guard" / "commands" / "demo_files" / "train.py", folder / "train.py")
        subprocess.run([sys.executable, "train.py"], cwd=folder, check=True, capture_output=True)
        return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
