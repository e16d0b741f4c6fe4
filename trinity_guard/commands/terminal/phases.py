"""How far a migration is: a bar for each phase of its engine."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import trinity_guard
    from trinity_guard.commands.terminal.progress import Progress

# What each phase of the engine counts: words, unit, name of the unit.
PHASES = {
    "fetch": ("fetching from the LFS server", 1e6, "MB"),
    "scan": ("looking through", 1, "commits"),
    "extract": ("to the DVC cache", 1e6, "MB"),
    "rewrite": ("rewriting", 1, "commits"),
    "prove": ("comparing", 1, "commits"),
    "prove bytes": ("comparing bytes", 1e6, "MB"),
    "push": ("uploading", 1e6, "MB"),
    "sample": ("pulling by DVC", 1, "commits"),
    "move": ("moving refs, index and work tree", 1, ""),
}


class Phases:
    """A bar for each phase of the engine, one after the other."""

    def __init__(self, line: Progress) -> None:
        self._line, self._phase = line, ""
        self._show: trinity_guard.Progress | None = None

    def __call__(self, phase: str, done: int, total: int) -> None:
        if phase != self._phase or self._show is None:
            self.close()
            words, unit, name = PHASES.get(phase, (phase, 1, ""))
            self._phase, self._show = phase, self._line.bar(words, unit, name, since=done)
            if phase in ("fetch", "move"):
                self._line.say(words)
        self._show(done, total)

    def close(self) -> None:
        self._line.close()
        self._phase, self._show = "", None
