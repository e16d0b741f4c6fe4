"""`trinity-guard completion SHELL`: the completion of commands, options and their values, made from the parsers."""

from __future__ import annotations

import sys

from trinity_guard import console
from trinity_guard.commands import COMMANDS
from trinity_guard.commands.terminal import arguments, shells
from trinity_guard.commands.terminal.arguments import Parser
from trinity_guard.errors import FINE

DESCRIPTION = """\
Print the completion of a shell: commands, options, their values, files, revisions. Put the line of the example into
your shell's start-up file (~/.bashrc, ~/.zshrc). fish: trinity-guard completion fish | source. tcsh: write it to a
file, and `source` that.
"""
EXAMPLE = 'Example: eval "$(trinity-guard completion bash)"'
SHELLS = ("bash", "zsh", "fish", "tcsh")
PROGRAM, SHORT = "trinity-guard", "trinity"
# What only Git's hooks call.
NOT_TYPED = ("hook",)


def configure(p: Parser) -> None:
    p.description, p.epilog = DESCRIPTION, EXAMPLE
    arguments.add_word(p, "shell", "SHELL", arguments.listed(SHELLS), choices=SHELLS)


def run(args: list[str]) -> int:
    shell = arguments.parse(f"{PROGRAM} completion", configure, args).shell
    scripts = {"bash": _bash, "zsh": _zsh, "fish": _fish, "tcsh": _tcsh}
    console.result(scripts[shell]().rstrip())
    return FINE


def whole(program: str = PROGRAM) -> Parser:
    """Return a parser of all commands that a person types."""
    root = arguments.Parser(prog=program)
    root.add_argument("--version", action="store_true", help="print the version")
    commands = root.add_subparsers(metavar="COMMAND")
    for name, text in COMMANDS.items():
        if name not in NOT_TYPED:
            module = f"trinity_guard.commands.{name}"
            __import__(module)
            parser = commands.add_parser(name, help=text)
            sys.modules[module].configure(parser)
            parser.description = text  # a line, as the shells show it
    return root


def _script(shell: str, program: str = PROGRAM) -> str:
    import shtab

    return shtab.complete(whole(program), shell, preamble=shells.FUNCTIONS.get(shell, ""))


def _bash() -> str:
    return f"{_script('bash')}\ncomplete -o bashdefault -F _shtab_trinity_guard {SHORT}"


def _zsh() -> str:
    head = f"#compdef {PROGRAM} {SHORT}\n(( $+functions[compdef] )) || {{ autoload -U compinit && compinit }}\n"
    # shtab's word for "any number of these" completes the first one alone.
    script = _script("zsh").replace('  "(*)::', '  "*:').replace('  "(*):', '  "*:')
    tail = f"[[ $zsh_eval_context[-1] != eval ]] || compdef _shtab_trinity_guard {SHORT}"
    return f"{head}{script}\n{tail}"


def _fish() -> str:
    return f"{_script('fish')}\ncomplete -c {SHORT} -w {PROGRAM}"


def _tcsh() -> str:
    return f"{_script('tcsh')}\n{_script('tcsh', SHORT)}"
