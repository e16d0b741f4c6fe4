"""How far it is: told by the stage's name, what is done of it, and the whole."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int], None]


def silent(stage: str, done: int, total: int) -> None:
    """Tell nobody."""


def of_stage(on_progress: Progress, name: str) -> Callable[[int, int], None]:
    """Return the progress of one stage."""
    return lambda done, total: on_progress(name, done, total)
