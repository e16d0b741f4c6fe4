"""Whatever stands under the names that we, DVC, Git or the trainer read: an answer in time, and never a bug of ours."""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import socket
from pathlib import Path
from typing import NoReturn

import pytest

from tests.helpers.support import Repo
from trinity_guard import cli

pytestmark = pytest.mark.slow  # twenty files, each of them in several states

SECONDS = 90  # on a busy machine; alone none takes ten
MAX_GROWTH = 1 << 20  # KiB
# More of them than these: TRINITY_GUARD_FUZZ=1-50
FIRST, _, LAST = os.environ.get("TRINITY_GUARD_FUZZ", "1-1").partition("-")
SEEDS = range(int(FIRST), int(LAST) + 1)
AT_ONCE = 3

ALIASES = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
CONTENTS = {
    "empty": "", "nul": "\0" * 5000, "a mark of order": "\ufeffa: 1\n", "lines of a Mac": "a: 1\rb: 2\r",
    "brackets": "[" * 100_000, "braces": "{a: " * 20_000,
    "as deep as lines": "".join(" " * n + "a:\n" for n in range(999)),
    "dashes": "- " * 50_000, "deep JSON": '{"a":' * 50_000, "deep and whole": "[" * 20_000 + "]" * 20_000,
    "aliases": ALIASES, "a tag": "!!python/object/apply:os.system [false]\n",
    "a name": "outs: !!python/name:os.system\n",
    "twice": "outs: []\nouts: []\nstages: {}\nstages: {}\n", "two documents": "a: 1\n---\nb: 2\n",
    "a circle": "&a {<<: *a, x: *a}\n", "a list of itself": "&a [*a]\n", "a large number": "a: " + "9" * 100_000 + "\n",
    "a large number in JSON": '{"a": ' + "9" * 100_000 + "}", "a large size": "max-size = " + "9" * 100_000 + "\n",
    "no day": "a: 2001-99-99\n", "infinity": "a: .inf\nb: .nan\n", "odd keys": "1: 2\nnull: 3\n? [a, b]\n: c\n",
    "a long line": "a" * 3_000_000, "a long text": "a: " + "x" * 3_000_000 + "\n", "many lines": "x\n" * 300_000,
    "many items": "- x\n" * 100_000, "deep TOML": "a = " + "[" * 50_000 + "]" * 50_000 + "\n",
    "a long key": "a" + ".a" * 20_000 + " = 1\n", "many tables": "".join(f"[a.b{n}]\n" for n in range(20_000)),
    "half a character": '{"a": "\\ud800", "\\udfff": 1, "outs": "\\ud800"}', "escapes": '{"a": "\\u001b]0;x\\u0007"}',
    "a tab": "a:\n\t- b\n", "a number": "5\n", "nothing": "null\n", "a list": "[1, 2]\n", "a text": "'x'\n",
    "another version": "%YAML 9.9\n---\na: 1\n", "another tag": "%TAG ! tag:x,2000:\n---\n!x a\n",
    "stars": "**/a*a*a*a*a*a*a*a*a*b\n[a]*[a]*[a]*[a]*[a]*[a]*b\n" * 99, "one star": "*" * 100_000 + "\n",
    "steps": "/".join(["**"] * 3000) + "\n", "not": "!*\n!/**\n" * 9999, "a class": "[" + "a-z" * 50_000 + "]\n",
    "backslashes": "\\" * 9999 + "\n", "many attributes": "* " + " ".join(f"a{n}=b" for n in range(9999)) + "\n",
    "a macro": "[attr]x -diff\n* x\n", "filters": "* filter=evil merge=evil diff=evil text eol=crlf ident\n",
    "an encoding": "* working-tree-encoding=UTF-99\n", "a conflict": "<<<<<<< HEAD\na: 1\n=======\na: 2\n>>>>>>> x\n",
}  # fmt: skip
BYTES = {"no UTF-8": b"\xff\xfe\xfa: [\n", "UTF-16": "a: 1\n".encode("utf-16")}
KINDS = ("/dev/zero", "/etc/passwd", "nowhere", "itself", ".", ".git/config", "pipe", "folder", "socket")
FILES = [
    ".dvcignore", ".trinity-guard-baseline", ".pre-commit-config.yaml", "params.yaml", "dvc.yaml", "dvc.lock",
    "m_metadata.json", ".gitattributes", ".gitignore", "pyproject.toml", ".trinity-guard.toml", "m.pkl.dvc",
    "a.csv.dvc",
    "metrics.json", "sub/.dvcignore", "sub/.gitignore", "sub/dvc.yaml", ".dvc/config", ".dvc/config.local",
    ".dvc/.gitignore",
]  # fmt: skip
COMMANDS = [
    ["lint", "--all"], ["doctor"], ["status"], ["hook", "pre-commit"], ["report", "--offline"], ["record", "m.pkl"],
    ["migrate", "info"], ["diff", "HEAD~1", "HEAD"], ["init", "-q"],
]  # fmt: skip


def take(file: Path) -> None:
    """Take away what is there."""
    if file.is_dir() and not file.is_symlink():
        shutil.rmtree(file)
    file.unlink(missing_ok=True)


def put(file: Path, name: str) -> None:
    """Put something under a name, in place of what is there."""
    file.parent.mkdir(exist_ok=True)
    take(file)
    if name in CONTENTS or name in BYTES:
        file.write_bytes(CONTENTS[name].encode() if name in CONTENTS else BYTES[name])
    elif name == "pipe":
        os.mkfifo(file)
    elif name == "folder":
        file.mkdir()
        (file / "x").touch()
    elif name == "socket":
        os.chdir(file.parent)
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(file.name)  # a longer name than this it does not take
        os.chdir("/")
    else:
        file.symlink_to(file.name if name == "itself" else name)


def too_long(*_: object) -> NoReturn:
    raise AssertionError(f"it takes more than {SECONDS} seconds")


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@pytest.fixture
def work(repo: Repo) -> Repo:
    """A repository with all that is read: a pipeline, settings, a model with its metadata, a table of two versions."""
    repo.stage(".gitignore", b"/o.csv\n")
    repo.stage("params.yaml", b"train:\n  depth: 3\n")
    repo.stage(
        "dvc.yaml", b"stages:\n  a:\n    cmd: echo ${train.depth}\n    params: [train.depth]\n    outs: [o.csv]\n"
    )
    repo.stage("metrics.json", b'{"auc": 0.5}')
    repo.stage("m.pkl", b"N.")
    repo.stage("m_metadata.json", b'{"name": "m", "model": {"path": "m.pkl", "md5": "x"}}')
    repo.stage("a.csv", b"a,b\n1,2\n")
    repo.commit()
    repo.stage("a.csv", b"a,b\n1,3\n")
    repo.commit()
    return repo


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", FILES)
def test_every_command_has_an_answer(
    work: Repo, name: str, seed: int, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    draw = random.Random(f"{name} {seed}")
    names = [*CONTENTS, *BYTES, *KINDS]
    if name.endswith((".gitignore", ".gitattributes")):
        names.remove("pipe")  # Git itself waits for it, and no commit holds one
    monkeypatch.setenv("TRINITY_GUARD_TIMEOUT", "5")
    signal.signal(signal.SIGALRM, too_long)
    for what in draw.sample(names, AT_ONCE):
        put(work.file(name), what)
        work.git("add", "-f", "--", name, ok=False)
        for command in draw.sample(COMMANDS, 3):
            monkeypatch.chdir(work.path)
            before = peak()
            signal.alarm(SECONDS)
            try:
                code = cli.main(command)
            finally:
                signal.alarm(0)
            said = b"".join(capfdbinary.readouterr())
            story = f"{name} is {what}: {' '.join(command)}"
            assert code in (0, 1, 2), f"{story} -> {code}: {said[-400:]!r}"
            assert b"bug of ours" not in said, f"{story}: {said[-400:]!r}"
            assert peak() - before < MAX_GROWTH, story
        take(work.file(name))
        work.git("reset", "-q", "--hard", "HEAD", ok=False)
