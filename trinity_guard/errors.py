"""The one error type: what happened, and the command that helps."""

FINE = 0
BLOCKED = 1
UNUSABLE = 2
BUG = 3
INTERRUPTED = 130


class GuardError(Exception):
    """A known failure, told as `problem` and, where one exists, the `remedy` (a command or what to change).

    exit_code: 1 blocked, or something was found; 2 wrong usage, broken config, or not a place to work in.
    """

    def __init__(self, problem: str, remedy: str = "", exit_code: int = BLOCKED) -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy
        self.exit_code = exit_code


def shown(path: bytes) -> str:
    """Return a path for a message: readable where it can be, escaped where a terminal could be fooled."""
    text = path.decode("utf-8", "surrogateescape")
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogateescape").decode() for c in text)
