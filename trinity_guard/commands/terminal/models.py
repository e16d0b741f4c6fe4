"""How a command loads a model: in a child that gives up the network, where the command is a program of its own."""

from __future__ import annotations

from trinity_guard import console
from trinity_guard.training.model import apart

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from trinity_guard.commands.terminal.progress import Progress


def go() -> int | None:
    """Go on in a child (None), where this is a program; return its exit code where it has ended."""
    return apart.go() if console.is_program() else None


def confine(line: Progress) -> Callable[[], None] | None:
    """Return what is to be called before a model is loaded: it confines this process, or says that it could not."""

    def confined() -> None:
        if not apart.confine():
            line.close()
            console.note(apart.UNCONFINED)

    return confined if console.is_program() else None
