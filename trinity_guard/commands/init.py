"""`trinity-guard init`: one command makes a repository guarded, or takes it all out again."""

from __future__ import annotations

import os

from trinity_guard import console, git
from trinity_guard.checkout.select import PathSelection
from trinity_guard.commands.terminal import arguments, pull
from trinity_guard.commands.terminal.arguments import Parser
from trinity_guard.detect import patterns
from trinity_guard.detect.patterns import size_text
from trinity_guard.dvcrepo import project, tracked
from trinity_guard.errors import FINE, shown, typed
from trinity_guard.report import unrecorded
from trinity_guard.setup import install

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trinity_guard.dvcrepo.output import Output

DESCRIPTION = """\
Make this repository guarded: DVC, a default remote, the Git hooks, a commented config file. Running it again
does no harm.

In a clone it is the one command: the hooks, since Git clones none; it asks once whether the places that the clone's
config names may be used, and whether the data is to be fetched. In CI: trinity-guard init --trust --pull.
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
    p.add_argument("--trust", action="store_true", help="confirm the places that this clone's config names, unasked")
    fetch = p.add_mutually_exclusive_group()
    fetch.add_argument(
        "--pull", action="store_const", const=True, help="fetch the artifacts that a clone lacks, unasked"
    )
    fetch.add_argument("--no-pull", action="store_const", const=False, dest="pull", help="do not ask about them")
    p.add_argument(
        "--filter",
        action="store_const",
        const=True,
        help="`git add` gives new artifacts to the DVC cache, and Git never holds their bytes (the default, but with "
        "--hooks none)",
    )
    p.add_argument(
        "--no-filter",
        action="store_const",
        const=False,
        dest="filter",
        help="`git add` gives them to Git as ever, and the commit takes them from there",
    )
    p.add_argument("--uninstall", action="store_true", help="take it all out again and restore what was there")


def run(args: list[str]) -> int:
    asked = arguments.parse("trinity-guard init", configure, args)
    others = (asked.hooks, asked.trust, asked.pull is not None, asked.filter is not None)
    if asked.uninstall and (asked.remote is not None or any(others)):
        raise asked.parser.wrong("--uninstall takes no other option.")
    place = git.place()
    if asked.uninstall:
        outcome, nothing = install.uninstall(place), "nothing of trinity-guard is installed here"
    else:
        outcome, nothing = install.install(place, asked.remote, asked.hooks, asked.filter), "already guarded"
    for line in outcome.done:
        console.say(line)
    if not outcome.done:
        console.say(nothing)
    for note in outcome.notes:
        head, _, rest = note.partition("\n")
        if not console.quiet():
            console.warn(head, rest)
    return FINE if asked.uninstall else _first_day(place, asked.trust, asked.pull)


def _first_day(place: git.Place, trusted: bool, pulled: bool | None) -> int:
    """Settle what a clone needs, its data, and name the artifacts that nothing guards yet."""
    _ask_about_places(place, trusted)
    git.at_top(place)
    catalog = tracked.load(place)
    _, rules = patterns.load_config(place)
    _name_unrecorded(place, rules, catalog)
    return _offer_pull(place, catalog, pulled)


def _ask_about_places(place: git.Place, trusted: bool) -> None:
    """Ask, once, about the places that the repository itself names; without a terminal say how to confirm them."""
    places = install.unconfirmed(place)
    if not places:
        return
    if trusted or console.confirm(f"{'; '.join(words for words, _ in places)}. Use {'them' if places[1:] else 'it'}?"):
        for _, remote in places:
            install.confirm(place, remote)
        return
    for words, remote in places if not console.quiet() else []:
        what = f"remote trust {shown(remote.name.encode())}" if remote else "remote trust --all"
        console.warn(
            f"{words}. You never confirmed it: nothing is sent there or fetched before you do.",
            f"trinity-guard {what}     # if you know that place",
        )


def _name_unrecorded(place: git.Place, rules: patterns.Rules, catalog: tracked.Catalog) -> None:
    if console.quiet():
        return
    in_git = unrecorded.in_git(place, rules, catalog)
    if in_git.count:
        console.warn(*unrecorded.in_git_said(in_git))
    for found in unrecorded.ignored(place, rules, catalog):
        console.warn(*unrecorded.ignored_said(found))


def _offer_pull(place: git.Place, catalog: tracked.Catalog, asked: bool | None) -> int:
    """Fetch what the pointers name and the clone lacks, where that is asked for, or somebody says yes."""
    lacking = [o for o in catalog.outputs() if o.held and not os.path.lexists(place.file(o.path))]
    if asked is False or not (lacking or asked):
        return FINE
    count = "1 artifact" if len(lacking) == 1 else f"{len(lacking):,} artifacts"
    fact = f"{count} ({size_text(sum(max(o.size, 0) for o in lacking))}) of this repository {_is(lacking)} not here"
    nowhere = None if asked else _no_source(place, lacking)
    if nowhere and not console.quiet():
        console.warn(f"{fact}, and {nowhere[0]}.", nowhere[1])
    if nowhere:
        return FINE
    if asked or console.confirm(f"{fact}. Fetch {'it' if len(lacking) == 1 else 'them'}?"):
        return pull.pull(place, PathSelection([]))
    if not console.quiet():
        console.warn(f"{fact}.", "trinity-guard pull")
    return FINE


def _no_source(place: git.Place, lacking: list[Output]) -> tuple[str, str] | None:
    """Return why nothing of it can be fetched now, as far as is known unasked, and what is to be done first."""
    config, _ = patterns.load_config(place)
    settings = project.load(place.top)
    name = (config.remote or settings.default_remote or "").lower()
    if not name or any(o.remote or o.project for o in lacking):
        return None
    words = f"the DVC remote '{shown(name.encode())}' is"
    if name not in settings.remotes:
        return f"{words} not configured", f"trinity-guard remote add {typed(name.encode())} URL && trinity-guard pull"
    folder = settings.remotes[name].local
    if folder is None or (os.path.isdir(folder) and os.listdir(folder)):
        return None
    state = "empty" if os.path.isdir(folder) else f"a folder that is not there, {shown(folder)}"
    return (
        f"{words} {state}",
        "trinity-guard push     # by whoever has them: the author of the commit",
    )


def _is(lacking: list[Output]) -> str:
    return "is" if len(lacking) == 1 else "are"
