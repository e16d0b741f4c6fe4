"""The command line: finds the module of the command that is asked for, imports that one, catches, and exits."""

from __future__ import annotations

import os
import sys

import trinity_guard
from trinity_guard import LIBRARY, console, git
from trinity_guard.commands import COMMANDS
from trinity_guard.errors import BUG, FINE, INTERRUPTED, UNUSABLE, GuardError, did_you_mean, shown

USAGE = """usage: trinity-guard COMMAND [-v | -q] …

{commands}

trinity-guard COMMAND --help tells more. Skip a hook once: TRINITY_GUARD_SKIP=convert,push git commit
Example: trinity-guard init && git add -A && git commit -m "models are pointers now"
"""


def main(argv: list[str] | None = None) -> int:
    """Run one command and return the exit code. Nothing that a user can do ends in a traceback.

    argv: its words; without them this is a program of its own, and ends here where nothing is left to take down.
    """
    code = _answered(list(sys.argv[1:] if argv is None else argv), argv is None)
    if argv is None:
        _end(code)
    return code


def _end(code: int) -> None:
    """End the process without taking the interpreter down (a tenth of a hook), where nobody waits for that."""
    if not sys.modules.keys().isdisjoint(("atexit", "threading")):
        return
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):
        return  # the usual way says what is wrong with them
    os._exit(code)


def _answered(args: list[str], program: bool) -> int:
    _find_packages_late()
    console.occupy_streams()
    git.forget_pathspec_options()
    console.begin(program)
    try:
        return _run(args)
    except GuardError as error:
        console.fail(error)
        return error.exit_code
    except SystemExit as done:  # argparse has shown the help
        return int(done.code or FINE)
    except KeyboardInterrupt:
        console.warn("interrupted.")
        return INTERRUPTED
    except OSError as error:
        # A descriptor's number would say nothing to anybody.
        name = shown(os.fsencode(error.filename)) if isinstance(error.filename, (str, bytes)) else ""
        console.warn(f"{error.strerror or error}: {name}".rstrip(": "))
        return UNUSABLE
    except Exception as error:  # noqa: BLE001  # the last net: a bug of ours becomes a log file to send
        return _bug(args, error)


def _run(args: list[str]) -> int:
    if args[:1] != ["dvc"]:  # whose options are DVC's
        args = _take_level(args)
    if not args or args[0] in ("-h", "--help", "help"):
        width = max(map(len, COMMANDS))
        listed = "\n".join(f"  {name:<{width}}  {text}" for name, text in COMMANDS.items())
        console.result(USAGE.format(commands=listed).rstrip())
        return FINE
    if args[0] == "--version":
        console.result(f"trinity-guard {trinity_guard.__version__}")
        return FINE
    name = args[0]
    if name not in COMMANDS:
        raise GuardError(
            f"there is no command '{name}'{did_you_mean(name, COMMANDS)}.", "trinity-guard --help", UNUSABLE
        )
    if not hasattr(os, "posix_spawn"):
        return _elsewhere(args)
    git.hear_of_children()
    __import__(f"trinity_guard.commands.{name}")
    code: int = sys.modules[f"trinity_guard.commands.{name}"].run(args[1:])
    return code


# What the pre-commit framework runs out of a config that a whole team shares.
_OF_A_SHARED_CONFIG = frozenset(("hook", "block", "lint"))


def _elsewhere(args: list[str]) -> int:
    """Say in one line what does not work on a system that is not POSIX (Windows), and what does.

    A colleague there must be able to commit: what slips past is found by the lint of CI, and by the others' gates.
    """
    words = f"`trinity-guard {args[0]}` needs a POSIX system, and does not work on Windows; `dvc pull`, `dvc add` and "
    words += "`dvc push` do, and all of it does in WSL"
    if args[0] in _OF_A_SHARED_CONFIG and (args[0] == "hook" or "PRE_COMMIT" in os.environ):
        console.warn(f"{words}. This commit is not looked at here: CI lints it.")
        return FINE
    console.warn(f"{words} (docs/teams.md).")
    return UNUSABLE


def _take_level(args: list[str]) -> list[str]:
    """Take -v and -q out, wherever they stand before `--`."""
    end = args.index("--") if "--" in args else len(args)
    for flag, level in (
        ("-q", console.QUIET),
        ("--quiet", console.QUIET),
        ("-v", console.VERBOSE),
        ("--verbose", console.VERBOSE),
    ):
        if flag in args[:end]:
            console.set_level(level)
    levels = ("-q", "--quiet", "-v", "--verbose")
    return [a for a in args[:end] if a not in levels] + args[end:]


def _bug(args: list[str], error: BaseException) -> int:
    import platform
    import tempfile
    import traceback

    fd, name = tempfile.mkstemp(prefix="trinity-guard-", suffix=".log")
    with open(fd, "w", encoding="utf-8", errors="backslashreplace") as log:
        log.write(f"trinity-guard {trinity_guard.__version__}, ")
        log.write(f"Python {platform.python_version()}, {platform.platform()}\n")
        log.write(f"command: {args[:1]}\n\n")
        traceback.print_exception(error, file=log)
    console.warn(
        f"this is a bug of ours ({type(error).__name__}: {error}). What happened is in {name}; please send it."
    )
    return BUG


class _Late:
    """Finds installed packages at the first import that the standard library cannot serve.

    The hooks start Python without `site` (-S), which takes longer than all else that they do; what needs dvc,
    pathspec or ruamel after all pays for it then.
    """

    def __init__(self) -> None:
        self.done = False

    def find_spec(self, name: str, path: object = None, target: object = None) -> object:
        if self.done or path is not None:
            return None
        self.done = True
        import importlib.util
        import site

        site.main()
        site.addsitedir(LIBRARY)
        importlib.invalidate_caches()
        return importlib.util.find_spec(name)


def _find_packages_late() -> None:
    if sys.flags.no_site and not any(type(f).__name__ == "_Late" for f in sys.meta_path):
        sys.meta_path.append(_Late())  # type: ignore[arg-type]
