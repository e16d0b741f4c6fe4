"""One parser a command: what it takes, what --help says of it, and how wrong usage is answered.

argparse costs as much as a whole hook: only what a person types comes here, and `hook` never does.
"""

from __future__ import annotations

import argparse

from trinity_guard import console
from trinity_guard.commands.terminal import shells
from trinity_guard.errors import UNUSABLE, GuardError, did_you_mean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import IO, Any, NoReturn

    Container = argparse._ActionsContainer  # a parser, or a group of one
    Completion = str | dict[str, str]  # FILE, FOLDER or REVISION of shells
    Commands = argparse._SubParsersAction["Parser"]

HIDDEN = argparse.SUPPRESS
# Set before what stands behind `--`. No argument of a process can hold it, and argparse takes it for no option:
# its own reading of `--` differs between the versions of Python, and forgets it where options stand between paths.
_BEHIND = "\0"
_MISSING = "the following arguments are required: "


class Parser(argparse.ArgumentParser):
    """A parser that answers wrong usage as the house does: the fact, and the command that helps (exit 2)."""

    def __init__(self, **settings: Any) -> None:
        settings.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        settings.setdefault("allow_abbrev", False)
        super().__init__(exit_on_error=False, **settings)
        self._typed: Sequence[str] = ()
        self.set_defaults(parser=self)
        for names, level, text in (
            (("-q", "--quiet"), console.QUIET, "say only what must be known"),
            (("-v", "--verbose"), console.VERBOSE, "say more"),
        ):
            self.add_argument(
                *names, action="store_const", const=level, dest="level", default=argparse.SUPPRESS, help=text
            )

    def parse(self, args: Sequence[str]) -> argparse.Namespace:
        """Return the arguments; options may stand between paths, and behind `--` everything is a path."""
        end = args.index("--") if "--" in args else len(args)
        self._typed = args[:end]
        asked, unknown = self._options_between([*args[:end], *(_BEHIND + a for a in args[end + 1 :])])
        leaf: Parser = asked.parser
        if unknown:
            leaf.refuse_unknown(unknown[0])
        leaf.refuse_values_behind(asked)
        if "level" in asked:
            console.set_level(asked.level)
        return asked

    def _options_between(self, words: list[str]) -> tuple[argparse.Namespace, list[str]]:
        if any(isinstance(action.choices, dict) for action in self._actions):
            asked, unknown = self.parse_known_args(words)  # argparse refuses the other for what has commands of its own
        else:
            asked, unknown = self.parse_known_intermixed_args(words)
        return asked, unknown

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:  # the parsers of commands come here too
        try:
            return super().parse_known_args(args, namespace)
        except argparse.ArgumentError as error:
            if error.argument_name is None:
                self.error(error.message)
            # Of an option with several names the first long one.
            names = error.argument_name.split("/") if error.argument_name.startswith("-") else [error.argument_name]
            name = next((n for n in names if n.startswith("--")), names[0])
            raise self.wrong(f"{name}{_stated(error.message)}.") from None

    def wrong(self, problem: str, remedy: str = "") -> GuardError:
        """Return the error of wrong usage. remedy: the command that helps, where that is not --help."""
        return GuardError(problem.replace(_BEHIND, ""), remedy or f"{self.prog} --help", UNUSABLE)

    def refuse_unknown(self, word: str) -> NoReturn:
        """Say which option or argument is none of this command's, and which may have been meant."""
        if not word.startswith("-"):
            raise self.wrong(f"{self._own_name()} takes no argument '{word}'.")
        option = word.partition("=")[0]
        raise self.wrong(f"{self._own_name()} knows no option {option}{did_you_mean(option, self.options())}.")

    def refuse_values_behind(self, asked: argparse.Namespace) -> None:
        """Refuse an option whose value would stand behind `--`."""
        for action in self._actions:
            value = getattr(asked, action.dest, None) if action.option_strings else None
            if any(str(v).startswith(_BEHIND) for v in (value if isinstance(value, list) else [value])):
                raise self.wrong(f"{action.option_strings[-1]} needs a value.")

    def options(self) -> list[str]:
        """Return the options by all their names."""
        return [name for action in self._actions for name in action.option_strings]

    def error(self, message: str) -> NoReturn:
        """Raise what argparse found wrong."""
        if message.startswith(_MISSING):
            for typed in self._typed:  # a typing error matters more than what it left out
                if typed.startswith("-") and not any(o.startswith(typed.partition("=")[0]) for o in self.options()):
                    self.refuse_unknown(typed)
            message = f"{self._own_name()} needs {message.removeprefix(_MISSING)}"
        raise self.wrong(f"{message}.")

    def print_help(self, file: IO[str] | None = None) -> None:  # type: ignore[override]  # the console is our only writer
        """Print the help, also into a pipe whose reader has gone."""
        console.result(self.format_help().rstrip())

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is None or value in action.choices:
            return
        if action.option_strings and str(value).startswith(_BEHIND):
            raise argparse.ArgumentError(action, "expected one argument")
        known = [str(choice) for choice in action.choices]
        hint = did_you_mean(str(value), known)
        if isinstance(action.choices, dict):  # a parser each
            raise self.wrong(f"{self._own_name()} has no command '{value}'{hint}.")
        name = action.option_strings[-1] if action.option_strings else self._own_name()
        raise self.wrong(f"{name} takes {listed(known)}, and not '{value}'{hint}.")

    def _own_name(self) -> str:
        return self.prog.partition(" ")[2] or self.prog


def parse(program: str, configure: Callable[[Parser], None], args: Sequence[str]) -> argparse.Namespace:
    """Return the arguments of one command. program: what is typed for it, as `trinity-guard add`."""
    parser = Parser(prog=program)
    configure(parser)
    return parser.parse(args)


def _stated(message: str) -> str:
    """Return what argparse has against a value, as the end of a sentence that begins with the option."""
    return " needs a value" if message.startswith("expected ") else f": {message}"


def listed(words: Iterable[str]) -> str:
    """Return `a, b or c`."""
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else last


# ---- what commands add


def add_command(commands: Commands, name: str, text: str, example: str) -> Parser:
    """Add a command of a command, as `remote add`."""
    description = f"{text[0].upper()}{text[1:]}."
    epilog = f"Example: {example}"
    return commands.add_parser(name, help=text, description=description, epilog=epilog, allow_abbrev=True)


def add_paths(p: Container, text: str) -> None:
    """Add PATH…, which a shell completes."""
    add_word(p, "paths", "PATH", text, shells.FILE, type=path, nargs="*", default=[])


def add_word(p: Container, name: str, metavar: str, text: str, complete: Completion = "", **more: Any) -> None:
    """Add an argument that is no option."""
    _completed(p.add_argument(name, **{"metavar": metavar, "help": text, "type": word, **more}), complete)


def add_value(
    p: Container, option: str, metavar: str, text: str, complete: Completion = "", also: Sequence[str] = (), **more: Any
) -> None:
    """Add an option with a value, which is not empty. also: its other names."""
    _completed(p.add_argument(option, *also, **{"metavar": metavar, "help": text, "type": given, **more}), complete)


def _completed(action: argparse.Action, kind: Completion) -> None:
    if kind:
        action.complete = kind  # type: ignore[attr-defined]  # shtab's own name for it


# ---- the types of arguments


def word(text: str) -> str:
    """Return an argument that is no option: a revision, a name."""
    if text.startswith("-") and text != "-":  # argparse takes `-1` and `-x y` for no options
        raise argparse.ArgumentTypeError(f"'{text}' looks like an option; behind -- it is none")
    return text.removeprefix(_BEHIND)


def path(text: str) -> str:
    """Return a path; an empty one is refused."""
    if text in ("", _BEHIND):
        raise argparse.ArgumentTypeError("an empty path names nothing (. is this folder)")
    return word(text)


def given(text: str) -> str:
    """Return an option's value as it is; an empty one is refused: a shell's variable was not set.

    Taken for none it would train on another table, or register nothing, and say that all is well.
    """
    if not text:
        raise argparse.ArgumentTypeError("it is empty (is a variable not set?)")
    return text
