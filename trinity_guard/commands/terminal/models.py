"""How a command loads a model: in a child that gives up the network, where the command is a program of its own."""

from __future__ import annotations

from trinity_guard import console
from trinity_guard.commands.terminal import arguments
from trinity_guard.training import extra
from trinity_guard.training.model import apart

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

    from trinity_guard.commands.terminal.arguments import Parser
    from trinity_guard.commands.terminal.progress import Progress
    from trinity_guard.training.model.verified import VerifiedModel


def started(command: str, configure: Callable[[Parser], None], args: list[str]) -> tuple[Any, int | None]:
    """Return what is asked and, where a child has done it, its exit code; GuardError for missing libraries."""
    asked = arguments.parse(command, configure, args)
    extra.prepare(command)
    return asked, go()


def loaded(asked: Any, line: Progress) -> tuple[ModuleType, VerifiedModel]:
    """Load the libraries, and only then the model that is asked for; return what answers for it, and the model."""
    line.say("loading the libraries")
    from trinity_guard.training import answers  # noqa: PLC0415  # scikit-learn may be missing
    from trinity_guard.training.model import verified  # noqa: PLC0415  # as above

    line.say("loading the model")
    return answers, verified.load(asked.model, asked.md5, confine(line))


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
