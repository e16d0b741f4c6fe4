"""`trinity-guard init`: one command makes a repository guarded, or takes it all out again."""

from __future__ import annotations

from trinity_guard import console, git
from trinity_guard.commands.terminal import arguments
from trinity_guard.commands.terminal.arguments import Parser
from trinity_guard.errors import FINE, shown
from trinity_guard.setup import install

DESCRIPTION = """\
Make this repository guarded: DVC, a default remote, the Git hooks, a commented config file. Running it again
does no harm.
"""
EXAMPLE = """\
example:
  cd my-repository
  trinity-guard init --remote s3://my-bucket/data
  git commit -m "Guard models and data"
"""


def configure(p: Parser) -> None:
    p.description, p.epilog = DESCRIPTION, EXAMPLE
    p.allow_abbrev = True  # as it always was here
    p.add_argument(
        "--remote", metavar="URL", help="DVC's default remote (without it: a local folder beside the repository)"
    )
    p.add_argument(
        "--hooks",
        choices=(install.NATIVE, install.FRAMEWORK, install.NONE),
        help="Git's own hooks (the default), the pre-commit framework, or none",
    )
    p.add_argument("--uninstall", action="store_true", help="take it all out again and restore what was there")


def run(args: list[str]) -> int:
    asked = arguments.parse("trinity-guard init", configure, args)
    if asked.uninstall and (asked.remote is not None or asked.hooks):
        raise asked.parser.wrong("--uninstall takes no other option.")
    place = git.place()
    if asked.uninstall:
        outcome, nothing = install.uninstall(place), "nothing of trinity-guard is installed here"
    else:
        outcome, nothing = install.install(place, asked.remote, asked.hooks), "already guarded"
    for line in outcome.done:
        console.say(line)
    if not outcome.done:
        console.say(nothing)
    for note in outcome.notes:
        head, _, rest = note.partition("\n")
        if not console.quiet():
            console.warn(head, rest)
    if not asked.uninstall:
        _ask_about_places(place)
    return FINE


def _ask_about_places(place: git.Place) -> None:
    """Ask, once, about each place that the repository itself names; without a terminal say how to confirm it."""
    for words, remote in install.unconfirmed(place):
        if console.confirm(f"{words}. Use it?"):
            install.confirm(place, remote)
        elif not console.quiet():
            what = f"remote trust {shown(remote.name.encode())}" if remote else "remote trust --all"
            console.warn(
                f"{words}. You never confirmed it: nothing is sent there or fetched from there before.",
                f"trinity-guard {what}     # if you know that place",
            )
