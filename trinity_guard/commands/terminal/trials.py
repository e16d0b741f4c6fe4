"""What is said of a search while it goes on: a bar, and each trial that is the best so far."""

from __future__ import annotations

from trinity_guard import console

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from trinity_guard.commands.terminal.progress import Progress


def said(line: Progress) -> Callable[[Any, Any, int, int], None]:
    """Return what is to be called as each trial ends, with it, the best so far, and how many of how many are done."""
    bar = line.bar("search", 1, "trials")
    best: list[Any] = []

    def tried(_: Any, champion: Any, done: int, total: int) -> None:
        bar(done, total)
        if best != [champion]:
            line.close()
            best[:] = [champion]
            words = " ".join(f"{key}={'none' if value is None else value}" for key, value in champion.params.items())
            console.note(f"trial {done} of {total}: the best so far, {champion.mean:.4f} ± {champion.sd:.4f}: {words}")

    return tried
