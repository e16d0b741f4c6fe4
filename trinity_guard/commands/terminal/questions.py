"""A question before what cannot be taken back: asked on a terminal, and elsewhere said how to do without it."""

from __future__ import annotations

import sys

from trinity_guard import console
from trinity_guard.errors import UNUSABLE, GuardError


def confirmed(question: str, without_terminal: str) -> bool:
    """Ask; GuardError with the command that does not, where there is no terminal."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise GuardError("there is no terminal to ask on; nothing was changed.", without_terminal, UNUSABLE)
    if console.confirm(question):
        return True
    console.say("nothing was changed")
    return False
