"""`trinity-guard convert [PATH…]`: staged artifacts, or the given tracked files, become DVC pointers."""

from __future__ import annotations

from trinity_guard import console
from trinity_guard.commands.hooks import locked
from trinity_guard.commands.terminal import arguments
from trinity_guard.commands.terminal.arguments import Parser
from trinity_guard.convert import commit
from trinity_guard.detect import inspect
from trinity_guard.errors import BLOCKED, FINE
from trinity_guard.git import index

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trinity_guard import git
    from trinity_guard.detect.patterns import Rules
    from trinity_guard.dvcrepo.tracked import Catalog

DESCRIPTION = """\
Turn artifacts into DVC pointers: bytes into the DVC cache, pointer and .gitignore line into the index.
Without PATH: what is staged, and all that changed behind its pointer. With PATH: these tracked files (of a folder:
the artifacts in it), and files that a pointer holds and that have changed. What a checkout or a reset left there is no
change; it is named. Nothing is committed.
"""
EXAMPLE = 'Example: trinity-guard convert models/ && git commit -m "models are pointers now"'


def configure(p: Parser) -> None:
    p.description, p.epilog = DESCRIPTION, EXAMPLE
    p.add_argument("-u", "--update", action="store_true", help="only what changed behind its pointer")
    arguments.add_paths(p, "tracked files, or folders whose artifacts are meant")


def run(args: list[str]) -> int:
    asked = arguments.parse("trinity-guard convert", configure, args)
    if console.skipped("convert"):
        return FINE
    choose = locked.none if asked.update else commit.files_to_convert if asked.paths else _staged
    outcome, left, unable = locked.convert(asked.paths, choose)
    if asked.paths and not (outcome.converted or outcome.remarks or left):
        console.note("nothing to convert there: no tracked artifact.")
    return BLOCKED if unable else FINE


def _staged(place: git.Place, catalog: Catalog, rules: Rules, paths: list[bytes]) -> list[index.Entry]:
    staged = index.staged()
    holders = catalog.holders(e.path for e in staged)
    return [a.entry for a in inspect.check_staged(place, rules, staged, holders)]
