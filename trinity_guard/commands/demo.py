"""`trinity-guard demo`: the whole story on this machine, in a throwaway folder, with real files."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from trinity_guard import LIBRARY, console, git, start_line
from trinity_guard.commands.terminal import arguments
from trinity_guard.commands.terminal.arguments import Parser
from trinity_guard.dvcrepo import installation
from trinity_guard.errors import FINE, GuardError, quoted

DESCRIPTION = """\
Train a model in a throwaway repository, commit it, clone it, pull it and compare every byte; then try to slip a
model past the hooks. With the extra `train`, train the layout_risk_predictor too: logged to MLflow, committed, pushed,
released, and looked over. Nothing outside of a folder in the temporary directory is written. It needs no network.
"""
EXAMPLE = "Example: trinity-guard demo --keep"

MAX_LINES = 14
VERSION = "v1.0.0"


def configure(p: Parser) -> None:
    p.description, p.epilog = DESCRIPTION, EXAMPLE
    p.add_argument("--keep", action="store_true", help="leave the folder there, and say where")


def run(args: list[str]) -> int:
    keep = arguments.parse("trinity-guard demo", configure, args).keep
    import shutil
    import tempfile

    folder = os.path.realpath(tempfile.mkdtemp(prefix="trinity-guard-demo-"))
    trained = False
    try:
        trained = _show_all(_Session(folder))
    finally:
        if keep:
            console.result(f"kept: {folder}")
        else:
            shutil.rmtree(folder)
    if trained and keep:
        console.say(f"the runs in MLflow: cd {quoted(os.path.join(folder, 'trainer'))} && trinity ui")
    elif trained:
        console.say("\nTo look at the run, the card and the tags:  trinity-guard demo --keep")
    console.say("\nNext: cd into your own repository and run  trinity-guard init")
    return FINE


def _show_all(session: _Session) -> bool:
    """Show it all; return whether the trainer's part of it could be shown."""
    session.go("project")
    artifacts = _train(session)
    _guard(session)
    _commit(session, artifacts)
    _show_storage(session, artifacts)
    _clone(session)
    _skip_the_hook(session)
    # In this order: what is most likely to lack first.
    if session.can("import sklearn, mlflow, pandas, matplotlib, PIL"):
        _trainer(session)
        return True
    console.say(f"\nMore of it, with MLflow and versions of models, comes with:  {installation.line('', 'train')}")
    return False


def _trainer(session: _Session) -> None:
    """The layout_risk_predictor, from a measured table to a release, in a repository of its own."""
    session.head("The trainer: text is laid out and measured, and a forest learns what overflows")
    session.go("trainer")
    for command in ("git init -q", "trinity-guard init -q", "trinity data --rows 2000", "git add -A"):
        session.do(*command.split())
    session.do("git", "commit", "-q", "-m", "A measured table")
    session.do("trinity", "train", "--register", "layout_risk_predictor")
    session.head("Committed: pointer, metadata and card in Git, the bytes on the DVC remote")
    session.do("git", "add", "-A")
    session.do("git", "commit", "-q", "-m", "Train the layout_risk_predictor")
    session.do("git", "ls-tree", "-r", "--name-only", "HEAD", "data/", "models/")
    if any(name.endswith((".pkl", ".csv")) for name in session.tree()):
        raise GuardError("the trainer's model or table is in Git raw.")
    session.head("Pushed, and released: a version in Git, for GTO, and in MLflow")
    session.do("git", "init", "-q", "--bare", "../trainer.git")
    session.do("git", "remote", "add", "origin", "../trainer.git")
    session.do("git", "push", "-q", "-u", "origin", "main")
    session.do("trinity", "release", VERSION, "--stage", "prod")
    session.do("git", "push", "-q", "origin", "--tags")
    session.head("Where it came from, every line of it looked at")
    session.do("trinity", "lineage", VERSION, "--verify")


def _train(session: _Session) -> list[str]:
    """Train, and return the artifacts' paths."""
    session.head("A training script writes a model and its data")
    session.place_script()
    session.do("python", "train.py")
    found = _files(session.at)
    artifacts = sorted(f for f in found if f != "train.py")
    session.show("\n".join(f"{len(found[f]):>9,} bytes  {f}" for f in artifacts))
    return artifacts


def _guard(session: _Session) -> None:
    session.head("One command guards the repository")
    session.do("git", "init", "-q")
    session.do("trinity-guard", "init")


def _commit(session: _Session, artifacts: list[str]) -> None:
    session.head("An ordinary commit")
    session.do("git", "add", "-A")
    session.do("git", "commit", "-q", "-m", "A first model")
    tree = session.tree()
    for name in artifacts:
        if name in tree or f"{name}.dvc" not in tree:
            raise GuardError(f"{name} did not become a pointer in this commit.")


def _show_storage(session: _Session, artifacts: list[str]) -> None:
    session.head("What Git holds (the fourth column is the size): the script, and pointers")
    session.do("git", "ls-tree", "-r", "-l", "--abbrev", "HEAD")
    session.do("cat", f"{artifacts[-1]}.dvc")
    session.head("What the DVC remote holds: the bytes, each file under its MD5")
    config = session.do("cat", ".dvc/config")
    url = next(line.partition("=")[2].strip() for line in config.splitlines() if line.strip().startswith("url"))
    # A relative URL starts from the folder of the config file.
    session.do("find", os.path.normpath(os.path.join(".dvc", url)), "-type", "f")


def _clone(session: _Session) -> None:
    session.head("Somebody else clones it")
    project = session.at
    session.do("git", "clone", "-q", ".", "../clone")
    session.go("clone")
    session.do("dvc", "pull")
    compared = _compare(project, session.at)
    session.show(f"compared with the original: {compared}, every byte is the same")
    session.go("project")


def _skip_the_hook(session: _Session) -> None:
    session.head("A commit that skips the hook: --no-verify")
    model = "models/second.pkl"
    session.do("python", "train.py", "second", "20")
    session.do("git", "add", model)
    said = session.do("git", "commit", "-q", "--no-verify", "-m", "A second model")
    remedy = "git commit --amend --no-edit"
    if model not in session.tree() or model not in said or remedy not in said:
        raise GuardError(f"{model} slipped into a commit and nothing named it.")
    session.show("The raw file got in, and the hook after the commit saw it. Its advice, taken:")
    session.do("git", "commit", "-q", "--amend", "--no-edit")
    session.do("git", "ls-tree", "-r", "-l", "--abbrev", "HEAD", "models/")
    tree = session.tree()
    if model in tree or f"{model}.dvc" not in tree:
        raise GuardError(f"{model} is still no pointer after the amended commit.")


def _compare(one: str, other: str) -> str:
    """Return how much was compared; GuardError for a file that is missing or differs by a byte."""
    here, there = _files(one), _files(other)
    wrong = sorted(name for name in {*here, *there} if here.get(name) != there.get(name))
    if wrong:
        raise GuardError(f"not the same in the clone: {', '.join(wrong)}.")
    return f"{len(here)} files, {sum(map(len, here.values())):,} bytes"


def _files(folder: str) -> dict[str, bytes]:
    """Return path -> bytes of a work tree's files, without Git's and DVC's own folders."""
    found = {}
    for at, folders, names in os.walk(folder):
        folders[:] = [f for f in folders if f not in (".git", ".dvc")]
        for name in names:
            path = os.path.join(at, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, folder)] = file.read()
    return found


class _Session:
    """The throwaway folder: runs commands in it, in an environment of its own, and shows what came of them."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.at = folder
        self.env = _environment(folder)
        self._parts = 0
        os.mkdir(os.path.join(folder, "home"))
        with open(os.path.join(folder, "home", "gitconfig"), "w", encoding="utf-8") as file:
            file.write("[init]\n\tdefaultBranch = main\n")
        _write_launchers(os.path.join(folder, "bin"))

    def head(self, text: str) -> None:
        self._parts += 1
        console.say(f"\n{self._parts}. {text}", "1")

    def show(self, text: str) -> None:
        lines = text.rstrip().splitlines()
        shown = lines if len(lines) <= MAX_LINES else [*lines[: MAX_LINES - 1], f"… ({len(lines)} lines)"]
        for line in shown:
            console.say(f"  {line}".rstrip())

    def go(self, name: str) -> None:
        """Make `name` the current folder."""
        where = os.path.join(self.folder, name)
        os.makedirs(where, exist_ok=True)
        console.say(f"$ cd {where if self.at == self.folder else os.path.relpath(where, self.at)}", "36")
        self.at = where

    def place_script(self) -> None:
        source = os.path.join(LIBRARY, "trinity_guard", "commands", "demo_files", "train.py")
        with open(source, "rb") as file, open(os.path.join(self.at, "train.py"), "xb") as copy:
            copy.write(file.read())

    def do(self, *argv: str) -> str:
        """Show a command, run it in the current folder, show and return what it said; GuardError when it fails."""
        import shlex

        console.say(f"$ {shlex.join(argv)}", "36")
        result = self._spawn(argv)
        said = result.out.decode("utf-8", "replace")
        if result.code:
            raise GuardError(f"`{shlex.join(argv)}` failed with exit code {result.code}:\n{said.rstrip()}")
        self.show(said)
        return said

    def can(self, program: str) -> bool:
        """Whether a line of Python runs here."""
        return not self._spawn(["python", "-P", "-c", program]).code

    def tree(self) -> set[str]:
        """Return the paths in the tree of HEAD."""
        result = self._spawn(["git", "ls-tree", "-r", "--name-only", "-z", "HEAD"])
        return set(result.out.decode("utf-8", "replace").split("\0"))

    def _spawn(self, argv: Sequence[str]) -> git.Result:
        # One stream: what hooks and programs say comes in the order in which they said it.
        return git.spawn(["sh", "-c", 'cd "$1" && shift && exec "$@" 2>&1', "sh", self.at, *argv], env=self.env)


def _environment(folder: str) -> dict[str, str]:
    """Return the caller's environment without anything that leads to the caller's repositories and settings."""
    import site

    home = os.path.join(folder, "home")
    dropped = ("GIT_", "DVC_", "XDG_", "TRINITY_GUARD_", "MLFLOW_")
    env = {k: v for k, v in os.environ.items() if not k.startswith(dropped)}
    # What pip installed with --user is found from HOME, which changes here.
    env.setdefault("PYTHONUSERBASE", site.getuserbase())
    env["PATH"] = os.path.join(folder, "bin") + os.pathsep + env.get("PATH", os.defpath)
    env |= {f"DVC_{kind}_DIR": os.path.join(home, f"dvc-{kind.lower()}") for kind in DVC_FOLDERS}
    return env | {
        "HOME": home,
        "XDG_CONFIG_DIRS": home,
        "GIT_CONFIG_GLOBAL": os.path.join(home, "gitconfig"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_AUTHOR_NAME": "trinity-guard demo",
        "GIT_AUTHOR_EMAIL": "demo@example.com",
        "GIT_COMMITTER_NAME": "trinity-guard demo",
        "GIT_COMMITTER_EMAIL": "demo@example.com",
        "DVC_NO_ANALYTICS": "1",
        "LC_ALL": "C.UTF-8",
    }


DVC_FOLDERS = ("SITE_CACHE", "GLOBAL_CONFIG", "SYSTEM_CONFIG")


def _write_launchers(folder: str) -> None:
    """Make the programs that are shown mean this interpreter and its packages, whatever the PATH says."""
    import shlex

    os.mkdir(folder)
    # -P: the current folder is no place to import from, as for any installed program.
    ours = ["-P", "-c", start_line(), LIBRARY]
    programs = {"python": [], "dvc": ["-P", "-m", "dvc"], "trinity-guard": ours, "trinity": ours}
    for name, options in programs.items():
        path = os.path.join(folder, name)
        with open(path, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(f'#!/bin/sh\nexec {shlex.join([sys.executable, *options])} "$@"\n')
        os.chmod(path, 0o700)
