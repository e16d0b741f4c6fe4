"""The only writer to the terminal, beside what goes on in `commands/terminal`. Set up once by cli.main."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

    from trinity_guard.errors import GuardError

NORMAL, QUIET, VERBOSE = 0, -1, 1


class _State:
    level = NORMAL
    warned = False
    program = False


def begin(program: bool = False) -> None:
    """Start afresh: the normal level, and no warning yet. program: this process runs one command, and ends."""
    _State.program = program
    _State.level = NORMAL
    _State.warned = False


def set_level(level: int) -> None:
    _State.level = level


def is_program() -> bool:
    return _State.program


def quiet() -> bool:
    return _State.level < NORMAL


def verbose() -> bool:
    return _State.level >= VERBOSE


def say(text: str, style: str = "") -> None:
    """Print a fact to standard output; silent under -q. style: an SGR code (1 bold, 36 cyan) for a terminal."""
    if quiet():
        return
    styled = style and sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    _write(sys.stdout, text, *((f"\x1b[{style}m", "\x1b[0m") if styled else ()))


def result(text: str) -> None:
    """Print what was asked for (a table, json) to standard output, under -q too."""
    _write(sys.stdout, text)


def result_as_is(data: bytes) -> None:
    """Print bytes that Git asked for, as they are, to standard output."""
    _put(sys.stdout, data)


def note(text: str) -> None:
    """Print a fact to standard error (where hooks speak); silent under -q."""
    if not quiet():
        _write(sys.stderr, f"trinity-guard: {text}")


def detail(text: str) -> None:
    """Print what only -v wants to know, to standard error."""
    if _State.level >= VERBOSE:
        _write(sys.stderr, f"trinity-guard: {text}")


def warn(text: str, remedy: str = "") -> None:
    """Print what a person must know, to standard error, under -q too."""
    _State.warned = True
    _write(sys.stderr, f"trinity-guard: {text}")
    for line in runnable(remedy).splitlines():
        _write(sys.stderr, f"    {line}")


def warned() -> bool:
    """Whether `warn` or `fail` has said something."""
    return _State.warned


def fail(error: GuardError) -> None:
    """Print an error: what happened, and below it the command that helps."""
    _State.warned = True
    lines = error.problem.split("\n")
    said = "\n".join([f" {lines[0]}", *lines[1:], *(f"    {line}" for line in runnable(error.remedy).splitlines())])
    _write(sys.stderr, said, f"{_red()}trinity-guard:{_plain()}")


# What is a command of DVC's in a remedy, and not its name in a sentence.
DVC_COMMANDS = (
    "add cache checkout commit config destroy exp fetch gc import import-url init install list move pull push remote "
    "remove repro status unprotect update"
)


def runnable(remedy: str) -> str:
    """Return commands as this installation has them: without a `dvc` on the PATH, ours starts DVC."""
    if "dvc " not in remedy or _on_path("dvc"):
        return remedy
    import re

    command = rf"(?<![\w./-])(?<!trinity-guard )dvc (?=(?:{DVC_COMMANDS.replace(' ', '|')})(?![\w-]))"
    return re.sub(command, "trinity-guard dvc ", remedy)


def _on_path(program: str) -> bool:
    folders = os.environ.get("PATH", "").split(os.pathsep)
    return any(os.access(os.path.join(folder, program), os.X_OK) for folder in folders if folder)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return rows as aligned columns; columns whose head begins with `>` are flush right."""
    names = [h.lstrip(">") for h in head]
    widths = [max(len(r[i]) for r in [names, *rows]) for i in range(len(head))]
    right = [h.startswith(">") for h in head]
    lines = (
        [c.rjust(w) if r else c.ljust(w) for c, w, r in zip(row, widths, right, strict=True)] for row in [names, *rows]
    )
    return "\n".join("  ".join(line).rstrip() for line in lines)


def confirm(question: str, in_hook: bool = False) -> bool:
    """Ask on a terminal; without one the answer is no. in_hook: standard input is Git's, the terminal is asked for."""
    if not sys.stderr.isatty() or not (in_hook or sys.stdin.isatty()):
        return False
    _prompt(f"{question} [y/N] ")
    return _answer(in_hook).strip().lower() in {"y", "yes"}


def ask(question: str) -> str:
    """Ask for a line on a terminal; without one the answer is empty."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return ""
    _prompt(f"{question}: ")
    return sys.stdin.readline().strip()


def _prompt(text: str) -> None:
    sys.stderr.write(_harmless(text))
    sys.stderr.flush()


def _answer(in_hook: bool) -> str:
    if not in_hook:
        return sys.stdin.readline()
    try:
        with open("/dev/tty", encoding="utf-8", errors="replace") as terminal:
            return terminal.readline()
    except OSError:
        return ""  # a terminal that is not ours to read


def _coloured() -> bool:
    return sys.stderr.isatty() and not os.environ.get("NO_COLOR")


def _red() -> str:
    return "\x1b[31m" if _coloured() else ""


def _plain() -> str:
    return "\x1b[0m" if _coloured() else ""


def _harmless(text: str) -> str:
    """Escape what a terminal obeys and what turns text around: much of what is said was named by strangers."""
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() or c in "\n\t" else c.encode("unicode_escape", "surrogatepass").decode() for c in text
    )


def _write(stream: TextIO, text: str, head: str = "", tail: str = "") -> None:
    """Write a text, made harmless, between a head and a tail that are ours."""
    # A name that is not UTF-8 must not turn a message into a traceback, whatever the locale.
    _put(stream, (head + _harmless(text) + tail + "\n").encode("utf-8", "backslashreplace"))


def _put(stream: TextIO, data: bytes) -> None:
    buffer = getattr(stream, "buffer", None)
    try:
        if buffer is None:
            stream.write(data.decode())
        else:
            stream.flush()
            buffer.write(data)
            buffer.flush()
    except BrokenPipeError:
        # The reader has gone (`trinity-guard status | head`); under Git both streams are often one pipe.
        _silence()
    except OSError:
        if stream is not sys.stderr:
            raise
        # A full disk behind 2>file: what was done stands, and a commit must not fail for a message's sake.
        _silence()


def _silence() -> None:
    """Lead both streams nowhere, so that Python finds nothing to complain of when it closes them."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


def occupy_streams() -> None:
    """Open what the caller has closed (`>&-`): else the next file that is opened becomes standard output."""
    while (fd := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(fd)
    for number in range(3):
        os.set_inheritable(number, True)
    for name, number in (("stdin", 0), ("stdout", 1), ("stderr", 2)):
        if getattr(sys, name) is None:
            # The descriptor is the process's own, for as long as it lives.
            setattr(sys, name, open(number, "r" if number == 0 else "w", closefd=False))


# What TRINITY_GUARD_SKIP may name; those of later hooks are known already, so that one setting serves all versions.
SKIPPABLE = ("all", "block", "convert", "filter", "gate", "lint", "push", "sync")


def skipped(*names: str) -> bool:
    """Whether TRINITY_GUARD_SKIP names one of these (or `all`); says so, and names what it does not know."""
    said = os.environ.get("TRINITY_GUARD_SKIP", "")
    wanted = [w.strip().lower() for w in said.split(",") if w.strip()]
    unknown = [w for w in wanted if w not in SKIPPABLE]
    if unknown:
        known = ", ".join(SKIPPABLE)
        _write(sys.stderr, f"trinity-guard: TRINITY_GUARD_SKIP names no hook of ours: {unknown[0]} (known: {known}).")
    hit = next((n for n in names if n in wanted), names[0] if "all" in wanted else "")
    if hit:
        # Asked for, so it is no warning.
        _write(sys.stderr, f"trinity-guard: {hit} skipped (TRINITY_GUARD_SKIP={said}).")
    return bool(hit)
