"""What goes on while a command works, on standard error; nothing where there is no terminal, and nothing under -q."""

from __future__ import annotations

import sys

from trinity_guard import console

TYPE_CHECKING = False
if TYPE_CHECKING:
    import trinity_guard

# Bytes are shown as these.
MB = 1e6


class Progress:
    """One line that says what goes on: a bar where it can be counted, else a word. It goes with the block.

    A bar appears after a second, a word at once. Whoever says something that stays calls `close` before.
    """

    def __init__(self) -> None:
        self._on = sys.stderr.isatty() and not console.quiet()
        self._drawn = False

    def bar(self, what: str, unit: float = MB, name: str = "MB", since: int = 0) -> trinity_guard.Progress:
        """Return what draws a bar for `done` of `total` (bytes, or whatever the unit counts).

        since: done before, by an earlier run; counted, it would make the rate too good.
        """
        import time

        begun = shown = time.monotonic()

        def show(done: int, total: int) -> None:
            nonlocal shown
            now = time.monotonic()
            if self._on and now - begun >= 1 and now - shown >= 0.1:
                shown = now
                self._draw(_bar(what, unit, name, done - since, total - since, now - begun))

        return show

    def say(self, what: str) -> None:
        """Say what goes on, for a step that cannot be counted."""
        if self._on:
            self._draw(f"{what} …")

    def close(self) -> None:
        """Take the line away."""
        if self._drawn:
            self._drawn = False
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def _draw(self, text: str) -> None:
        self._drawn = True
        sys.stderr.write(f"\r{text}\x1b[K")
        sys.stderr.flush()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *how: object) -> None:
        self.close()


def _bar(what: str, unit: float, name: str, done: int, total: int, seconds: float) -> str:
    rate = done / seconds
    left = f"{(total - done) / rate:.0f} s left" if rate else ""
    bar = "#" * int(20 * (done / total if total else 1.0))
    figures = f"{done / unit:.0f}/{total / unit:.0f} {name}  {rate / unit:.1f} {name}/s"
    return f"{what} [{bar:<20}] {figures}  {left}"
