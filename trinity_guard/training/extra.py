"""What the trainer needs beyond the hooks: the extra `train`, and the folder that its files are named from."""

from __future__ import annotations

import atexit
import gc
import importlib.util
import os
import warnings

from trinity_guard import git
from trinity_guard.dvcrepo import installation
from trinity_guard.errors import UNUSABLE, GuardError

# Modules that the extra brings, and the package that each belongs to.
NEEDED = {
    "sklearn": "scikit-learn",
    "pandas": "pandas",
    "matplotlib": "matplotlib",
    "PIL": "pillow",
    "mlflow": "mlflow",
}
# Where DVC has its temporary copies of a project, below it; what makes a folder a project of its own.
EXPERIMENTS = "/.dvc/tmp/exps/"
MARKS = (".dvc", "dvc.yaml", "params.yaml")
GC_THRESHOLDS = (100_000, 50, 50)


def require(command: str) -> None:
    """Refuse a command whose libraries are not installed, before any of them is loaded."""
    missing = [package for module, package in NEEDED.items() if importlib.util.find_spec(module) is None]
    if missing:
        raise GuardError(
            problem=f"{command} needs {', '.join(missing)}, which the extra `train` brings.",
            remedy=installation.line("", "train"),
            exit_code=UNUSABLE,
        )


def prepare(command: str) -> None:
    """Let a command load its libraries: they are there, and neither collect what stays nor warn."""
    require(command)
    reduce_gc()
    silence_warnings()


def require_mlflow(command: str) -> None:
    """Refuse to ask MLflow where it is not installed."""
    if importlib.util.find_spec("mlflow") is None:
        raise GuardError(
            f"{command} asks MLflow of this model's run, and MLflow is not installed.",
            installation.line("", "train"),
            UNUSABLE,
        )


def reduce_gc() -> None:
    """Let Python look seldom for garbage among a million objects that stay, and not at all at its end.

    The libraries make them; to look through them again and again takes a second of a training, and another one to end.
    """
    gc.set_threshold(*GC_THRESHOLDS)
    atexit.register(gc.freeze)


def silence_warnings() -> None:
    """Keep what the libraries warn of from the terminal, for good: no user of a command can change it.

    Not by filters alone. Each of scikit-learn's threads empties the process's list of them and fills it again; where
    two of them cross (seen with scikit-learn 1.9) it stays empty, and hundreds of warnings are printed.
    """
    warnings.simplefilter("ignore")
    warnings.showwarning = _show_nothing


def _show_nothing(*what: object, **more: object) -> None:
    pass


def store_root(top: str) -> str:
    """Return where runs are kept of a training at top: there, but of one of DVC's temporary folders, which goes again
    (`dvc exp run --temp`, and the queue's), in the project that the experiment is of."""
    before, mark, _ = os.path.realpath(top).partition(EXPERIMENTS)
    return before if mark and os.path.isdir(os.path.join(before, ".dvc")) else top


def project(top: str) -> str:
    """Return the folder whose params.yaml, data and metrics a training in the current folder means.

    The nearest, up to Git's top, that is a DVC project or has a dvc.yaml or a params.yaml: in a repository of many
    projects each has its own.
    """
    folder, end = os.path.realpath(os.getcwd()), os.path.realpath(top)
    while folder != end and folder.startswith(end.rstrip("/") + "/"):
        if any(os.path.lexists(os.path.join(folder, name)) for name in MARKS):
            return folder
        folder = os.path.dirname(folder)
    return top


def root() -> str:
    """Return the top of the Git work tree that we are in, or outside of Git the current folder."""
    return here()[0]


def here() -> tuple[str, git.Place | None]:
    """Return the same, and the repository, None outside of Git.

    GuardError (2) in a bare repository, among whose own files ours would be.
    """
    try:
        place = git.place()
    except GuardError:
        return os.getcwd(), None
    git.require_work_tree(place)
    return os.fsdecode(place.top), place
