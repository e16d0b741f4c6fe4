"""Clones made of links, devices, odd configs, pointers and names, under every command, and a watcher over all else.

Nothing of a clone is let out of it: no byte outside of it changes, nothing that it brings is started, and no host that
it names is asked. Every command ends in time, and none as a bug of ours.
"""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.helpers.support import Repo, run

SECONDS = 90
# More seeds than these: TRINITY_GUARD_FUZZ=1000-1100
FIRST, _, LAST = os.environ.get("TRINITY_GUARD_FUZZ", "1-6").partition("-")
SEEDS = range(int(FIRST), int(LAST) + 1)

# What trinity-guard, DVC, Git or Python would read, write or run by these names.
FILES = [
    ".dvc/config", ".dvc/config.local", ".dvc/.gitignore", ".dvc/tmp", ".dvc/cache", ".dvc/cache/files", ".dvc/plots",
    ".dvcignore", ".gitignore", ".gitattributes", ".gitmodules", ".mailmap", ".trinity-guard.toml", "pyproject.toml",
    ".trinity-guard-baseline", ".pre-commit-config.yaml", "dvc.yaml", "dvc.lock", "params.yaml", "data", "data/a.csv",
    "data/a.csv.dvc", "data/.gitignore", "a.csv", "a.csv.dvc", "m.pkl", "m.pkl.dvc", "m_metadata.json", "models",
    "models/layout_risk_predictor_2024.pkl", "models/layout_risk_predictor_2024_metadata.json", "metrics", "plots",
    "mlflow.db", "mlartifacts", "mlruns", "report.html", "images", "images.dvc", "sub/.dvc/config", "sub/b.csv.dvc",
]  # fmt: skip
MODULES = ["dvc", "mlflow", "numpy", "json", "site", "sitecustomize", "usercustomize", "trinity_guard/cli", "pathspec",
           "sklearn", "encodings", "dvc_s3"]  # fmt: skip
NAMES = ["-rf.csv", "--output=x.csv", "$(touch pwned).csv", "a\x1b]0;x\x07.csv", "new\nline.csv", "*.csv", ":x.csv",
         "é ü.pkl", "\\x.csv", "'\"`.csv", "x" * 200 + ".csv", "\u202e.csv"]  # fmt: skip
# What moves a terminal, or turns a line around.
MOVING = {*map(chr, range(32)), "\x7f", *map(chr, range(0x80, 0xA0)), "\u202e", "\u2028"} - {"\n", "\t"}
COMMANDS = [
    ["init", "-q"], ["status"], ["status", "--format", "json"], ["lint", "--all"], ["lint", "--range", "HEAD"],
    ["lint", "--all", "--format", "sarif", "--output", "found.sarif"], ["lint", "--remote"], ["lint", "--fix"],
    ["doctor"], ["doctor", "--fix"], ["report", "--offline"], ["report"], ["block"], ["add", "."], ["add", "m.pkl"],
    ["convert", "a.csv"], ["convert", "."], ["push"], ["push", "--pending"], ["pull"], ["sync"], ["diff"],
    ["diff", "HEAD~1", "HEAD"], ["use", "HEAD~1"], ["mv", "a.csv", "data/b.csv"], ["rm", "a.csv"], ["remote", "list"],
    ["remote", "check"], ["remote", "add", "s3://x/y"], ["migrate", "info"], ["migrate", "run", "--dry-run", "--yes"],
    ["migrate", "guide"], ["predict", "m.pkl", "a.csv"], ["evaluate", "m.pkl", "a.csv"],
    ["train", "--dataset", "a.csv"], ["lineage"], ["release", "1.0.0"], ["ui", "--print"], ["hook", "pre-commit"],
    ["hook", "post-commit"], ["hook", "post-checkout"], ["migrate", "run", "--yes"], ["init", "--uninstall"],
    ["scan", "."], ["scan", "m.pkl", "--format", "json"], ["record", "m.pkl"],
    ["record", "m.pkl", "--dataset", "a.csv"],
    ["diff", "HEAD~1", "HEAD", "--format", "html"], ["diff", "--format", "markdown"], ["use", "--ours"],
    ["use", "--merge", "--ours"], ["pull", "a.csv"], ["rm", "--cached", "m.pkl"], ["mv", "m.pkl", "sub/m.pkl"],
    ["gate"], ["gate", "origin"], ["data", "--rows", "9", "--output", "data/a.csv"], ["migrate", "verify"],
    ["migrate", "undo", "--yes"], ["migrate", "finish", "--yes"], ["migrate", "info", "--format", "json"],
    ["lint", "--update-baseline", "--reason", "x"], ["lint", "--format", "gitlab"], ["init", "--hooks", "pre-commit"],
    ["remote", "credentials"], ["remote", "add", "y", "./y"], ["hook", "post-merge", "0"],
    ["hook", "post-rewrite", "amend"], ["hook", "pre-merge-commit"], ["hook", "pre-push", "origin", "x"],
    ["release", "v1.0.0", "--model", "m.pkl", "--no-mlflow"], ["lineage", "m.pkl"], ["completion", "bash"],
    ["train", "--dataset", "a.csv", "--target", "1"],
]  # fmt: skip
PLAIN = [["git", "add", "-A"], ["git", "commit", "-q", "-m", "mine"], ["git", "checkout", "-q", "HEAD~1"],
         ["git", "checkout", "-q", "main"], ["git", "diff", "HEAD~1"]]  # fmt: skip


class Watcher:
    """Knows what lies outside of the clone, and who was asked."""

    def __init__(self, room: Path) -> None:
        self.outside = room / "outside"
        (self.outside / "folder").mkdir(parents=True)
        for name in ("precious", "folder/precious.csv", "folder/config"):
            (self.outside / name).write_bytes(b"the only copy\n")
        os.mkfifo(self.outside / "pipe")
        self.asked = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._answer, daemon=True).start()
        self._home = Path(os.environ["HOME"])
        self.before = self.seen()

    def _answer(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.asked += 1
            connection.close()

    def close(self) -> None:
        self._listener.close()

    def seen(self) -> dict[str, tuple[int, int, bytes]]:
        """Return name -> (mode, time, bytes) of all that is outside, and of the user's own files."""
        found = {}
        kept = [p for p in self._home.rglob("*") if not {".cache", "dvc-site-cache", "pre-commit"} & set(p.parts)]
        for path in [*self.outside.rglob("*"), *kept]:
            stat = path.lstat()
            content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
            found[str(path)] = stat.st_mode, stat.st_mtime_ns, content
        return found


class Author:
    """Makes a repository of pieces that mean harm, drawn by a seed."""

    def __init__(self, seed: int, path: Path, watcher: Watcher) -> None:
        self.random = random.Random(seed)
        self.repo = Repo.make(path, guarded=False)
        self.watcher = watcher
        self.pwned = watcher.outside / "pwned"
        self.harmful: list[Callable[[str], None]] = [self._link, self._link, self._config, self._pointer, self._text]

    def make(self) -> None:
        self.repo.write("readme", b"x\n")
        for name in self.random.sample(FILES, 12):
            if not self._taken(name):
                self.random.choice(self.harmful)(name)
        for name in self.random.sample(MODULES, 4):
            if not self._taken(f"{name}.py"):
                self.repo.write(f"{name}.py", f"open({str(self.pwned)!r}, 'w').write(__file__)\n".encode())
        for name in self.random.sample(NAMES, 4):
            self.repo.write(name, b"1,2\n")
        if not self._taken("m.pkl"):
            self.repo.write("m.pkl", f"cos\nsystem\n(S'touch {self.pwned}'\ntR.".encode())
        if not self._taken(".husky/pre-commit"):
            self.repo.write(".husky/pre-commit", f"#!/bin/sh\ntouch {self.pwned}\n".encode())
            self.repo.file(".husky/pre-commit").chmod(0o755)
        self._commit("one")
        for name in self.random.sample(FILES, 3):
            if not self._taken(name):
                self._text(name)
        self.repo.write("a.txt", b"later\n")
        self._commit("two")

    def _commit(self, message: str) -> None:
        self.repo.git("add", "-f", "-A", ok=False)
        self.repo.git("commit", "-q", "--no-verify", "--allow-empty", "-m", message)

    def _taken(self, name: str) -> bool:
        """Whether something is there, or a folder above is none, or leads away."""
        path = self.repo.path
        for part in Path(name).parts:
            path = path / part
            if path.is_symlink() or (path.exists() and not path.is_dir()):
                return True
        return path.exists()

    def _link(self, name: str) -> None:
        out = self.watcher.outside
        targets = [out / "precious", out / "folder", out / "folder/config", out / "new", out / "pipe", out,
                   Path("/dev/zero"), Path("/dev/stdin"), Path("/dev/tty"), Path("/"), Path(".."), Path(".git"),
                   Path(".git/config"), Path(".git/hooks"), Path(Path(name).name), Path("/proc/self/mem")]  # fmt: skip
        path = self.repo.file(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(self.random.choice(targets))

    def _config(self, name: str) -> None:
        where = f"http://127.0.0.1:{self.watcher.port}/x"
        option = self.random.choice(
            [
                f"url = {where}",
                f"url = webdav://127.0.0.1:{self.watcher.port}/x\n    bearer_token_command = touch {self.pwned}",
                f"url = {self.watcher.outside}/folder",
                f"url = s3://b/x\n    endpointurl = {where}\n    access_key_id = a\n    secret_access_key = b",
                f"url = ssh://127.0.0.1:{self.watcher.port}/x\n    ask_password = false",
                f"url = azure://c/x\n    connection_string = BlobEndpoint={where};AccountName=a;AccountKey=YQ==",
                "url = ../../outside/folder",
            ]
        )
        cache = self.random.choice(["", f"[cache]\n    dir = {self.watcher.outside}/folder\n    type = symlink\n"])
        text = f"[core]\n    remote = r\n    autostage = true\n{cache}['remote \"r\"']\n    {option}\n"
        self.repo.write(".dvc/config" if not self._taken(".dvc/config") else name, text.encode())

    def _pointer(self, name: str) -> None:
        path = self.random.choice(
            ["../outside/precious", str(self.watcher.outside / "precious"), ".git/hooks/pre-commit", ".git/config",
             ".gitattributes", "a.csv", ".", "..", "images", "sub/../../outside/new", "a.csv/b", "\x1b[31m",
             ".dvc/config"]
        )  # fmt: skip
        md5 = self.random.choice(["d41d8cd98f00b204e9800998ecf8427e", "../../../outside/precious", "x" * 32])
        wdir = self.random.choice([".", "..", "/"])
        text = f"wdir: {wdir}\nouts:\n- md5: {md5}\n  size: 0\n  hash: md5\n  path: {path!r}\n"
        self.repo.write(name, text.encode())

    def _text(self, name: str) -> None:
        out = self.watcher.outside
        texts = [
            f"stages:\n  a:\n    cmd: touch {self.pwned}\n    outs: [o.csv]\n",
            f"vars: [{out}/precious, /dev/zero]\nstages: {{a: {{foreach: ${{x}}, do: {{cmd: touch {self.pwned}}}}}}}\n",
            'patterns = ["**/**/**/*a*a*a*a*a*a*b", "*.csv"]\npush = "wait"\nremote = "r"\n',
            "a" + ".a" * 20_000 + " = 1\n",
            f"repos:\n- repo: local\n  hooks:\n  - {{id: x, name: x, entry: touch {self.pwned}, language: system}}\n",
            f"[tool.trinity-guard]\nremote = '{out}'\n",
            "* filter=evil merge=evil diff=evil\n",
            f'{{"model": "../outside/precious", "sha256": "x", "path": "{out}/precious"}}\n',
            "a: &a [x, x, x, x]\nb: &b [*a, *a, *a, *a]\nc: &c [*b, *b, *b, *b]\nd: [*c, *c, *c, *c]\n",
            "", "\x00" * 5000, "\ufeffx", "outs:\n" * 50_000,
        ]  # fmt: skip
        self.repo.write(name, self.random.choice(texts).encode())


@pytest.fixture
def watcher(tmp_path: Path) -> Iterator[Watcher]:
    found = Watcher(tmp_path)
    yield found
    found.close()


def under(words: list[str], clone: Path) -> str:
    """Run a command in the clone; return what is wrong with how it ended."""
    argv = words if words[0] == "git" else [sys.executable, "-m", "trinity_guard", *words]
    try:
        done = run(*argv, cwd=clone, ok=False, env={"TRINITY_GUARD_TIMEOUT": "5", "GIT_PAGER": "cat"})
    except (subprocess.TimeoutExpired, TimeoutError):
        return "it does not end"
    said = done.stdout + done.stderr
    if words[0] != "git" and MOVING.intersection(said.decode("utf-8", "replace")):
        return f"it moves the terminal: {said[-400:]!r}"
    if b"bug of ours" in said or b"Traceback" in said or (done.returncode == 3 and words[0] != "git"):
        return f"a bug of ours: {said[-400:]!r}"
    return ""


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_of_a_clone_gets_out_of_it(seed: int, tmp_path: Path, watcher: Watcher) -> None:
    author = Author(seed, tmp_path / "author", watcher)
    author.make()
    victim = tmp_path / "victim"
    run("git", "clone", "-q", author.repo.path, victim, ok=False)
    draw = random.Random(seed)
    commands = [["init", "-q"], *draw.sample([*COMMANDS, *PLAIN], len(COMMANDS) + len(PLAIN))]
    for number, words in enumerate(commands):
        if not (victim / "a.csv").exists() and not (victim / "a.csv").is_symlink():
            (victim / "a.csv").write_bytes(b"%d,2\n" % number)
        wrong = under(words, victim)
        story = f"seed {seed}: {' '.join(words)}"
        assert not wrong, f"{story}: {wrong}"
        after = watcher.seen()
        changed = {p for p in {*after, *watcher.before} if after.get(p) != watcher.before.get(p)}
        assert not changed, f"{story}: changed outside of the clone: {sorted(changed)}"
        assert not watcher.asked, f"{story}: a host that the clone names was asked"


def test_the_watcher_sees_what_changes_and_who_is_asked(watcher: Watcher) -> None:
    assert watcher.seen() == watcher.before
    (watcher.outside / "folder" / "new").touch()
    assert watcher.seen() != watcher.before
    (watcher.outside / "folder" / "new").unlink()
    (watcher.outside / "precious").write_bytes(b"the only cop\n")
    assert watcher.seen() != watcher.before
    socket.create_connection(("127.0.0.1", watcher.port)).recv(1)
    assert watcher.asked == 1
