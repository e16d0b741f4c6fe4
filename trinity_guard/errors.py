"""The one error type: what happened, and the command that helps, with names as they are read and as they are typed."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# So many of many problems of one kind are told.
MAX_TOLD = 10
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


def together(errors: Sequence[GuardError]) -> GuardError:
    """Return one error that says what several say: each problem, and each line of what helps, once."""
    told = list({error.problem: error for error in errors}.values())
    if len(told) == 1:
        return told[0]
    problems = [error.problem for error in told[:MAX_TOLD]]
    if len(told) > MAX_TOLD:
        problems.append(f"and {len(told) - MAX_TOLD:,} more like these.")
    lines = [line for error in told[:MAX_TOLD] for line in error.remedy.splitlines()]
    # What several need comes after what each of them needs before.
    remedy = "\n".join(reversed(dict.fromkeys(reversed(lines))))
    return GuardError("\n".join(problems), remedy, max(error.exit_code for error in told))


def shown(path: bytes) -> str:
    """Return a path for a message: readable where it can be, escaped where a terminal could be fooled."""
    text = path.decode("utf-8", "surrogateescape")
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogateescape").decode() for c in text)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ` (did you mean 'status'?)` for a word that is nearly a known one, "" for any other."""
    import difflib

    # The dashes that all options have in common would make any two of them alike.
    names = {name.lstrip("-"): name for name in known}
    near = difflib.get_close_matches(word.lstrip("-"), names, 1)
    return f" (did you mean '{names[near[0]]}'?)" if near else ""


def quoted(text: str) -> str:
    """Return a name as a shell takes it."""
    if text and all(c.isalnum() or c in "._-/+=:,@" for c in text) and not text.startswith("-"):
        return text
    return "'" + text.replace("'", "'\\''") + "'"


def typed(path: bytes) -> str:
    """Return a path as a shell takes it, also one with letters that no eye sees, or that are no UTF-8."""
    # Without the ./ Git takes a name that begins with a colon for pathspec magic, and all take one with a dash for an
    # option.
    return _spelled(b"./" + path if path.startswith((b":", b"-")) else path)


def pathspec(path: bytes) -> str:
    """The same for a command of Git's that takes patterns: it must mean this very file, and no other beside it."""
    return _spelled(b":(literal)" + path) if any(c in path for c in b"*?[\\") else typed(path)


def _spelled(path: bytes) -> str:
    text = path.decode("utf-8", "surrogateescape")
    if text.isprintable():
        return quoted(text)
    return "$'" + "".join(_escaped(c) for c in text) + "'"


def _escaped(char: str) -> str:
    if char in "\\'":
        return f"\\{char}"
    return char if char.isprintable() else "".join(f"\\x{b:02x}" for b in char.encode("utf-8", "surrogateescape"))
