"""What the trainer needs beyond the hooks: the extra `train`, and the folder that its files are named from."""

from __future__ import annotations

import atexit
import gc
import importlib.util
import os
import warnings

from trinity_guard import git
from trinity_guard.errors import UNUSABLE, GuardError

# Modules that the extra brings, and the package that each belongs to.
NEEDED = {
    "sklearn": "scikit-learn",
    "pandas": "pandas",
    "matplotlib": "matplotlib",
    "PIL": "pillow",
    "mlflow": "mlflow",
}
GC_THRESHOLDS = (100_000, 50, 50)


def require(command: str) -> None:
    """Refuse a command whose libraries are not installed, before any of them is loaded."""
    missing = [package for module, package in NEEDED.items() if importlib.util.find_spec(module) is None]
    if missing:
        raise GuardError(
            problem=f"{command} needs {', '.join(missing)}, which the extra `train` brings.",
            remedy="pip install 'trinity-guard[train]'",
            exit_code=UNUSABLE,
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


def root() -> str:
    """Return the top of the Git work tree that we are in, or outside of Git the current folder.

    GuardError (2) in a bare repository, among whose own files ours would be.
    """
    try:
        place = git.place()
    except GuardError:
        return os.getcwd()
    git.require_work_tree(place)
    return os.fsdecode(place.top)
