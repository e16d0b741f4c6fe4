"""`trinity-guard scan [PATH…]`: what pickles would import and call, read from their bytes; nothing is loaded."""

from __future__ import annotations

import os
from collections.abc import Iterator

from trinity_guard import console, git
from trinity_guard.commands.terminal import arguments
from trinity_guard.commands.terminal.arguments import Parser
from trinity_guard.detect import configuration
from trinity_guard.detect.scan import verdict
from trinity_guard.dvcrepo import tracked
from trinity_guard.errors import BLOCKED, FINE, UNUSABLE, GuardError, shown
from trinity_guard.git import index

POINTER = b".dvc"
DESCRIPTION = """\
Read pickles (models, mostly), in archives and under other names too, and say which names they would import and call.
Nothing is loaded. Without PATH: the artifacts and tracked files of the work tree. A file is

  harmless    all that it names is known to build data (which is no promise: libraries in C may crash on crafted data)
  unknown     it names what is not on that list; `pickle-allow` in the configuration adds names of yours
  unreadable  some of it cannot be read: it is cut, damaged, or in a format that is not read here
  no pickle   there is none in it

Exits 1 when a file is unknown or unreadable.
"""
EXAMPLE = "Example: trinity-guard scan models/ --format json"


def configure(p: Parser) -> None:
    p.description, p.epilog = DESCRIPTION, EXAMPLE
    p.add_argument("--format", choices=("text", "json"), default="text", help="text (the default) or json")
    arguments.add_paths(p, "files or folders, in a repository or not")


def run(args: list[str]) -> int:
    asked = arguments.parse("trinity-guard scan", configure, args)
    place = _place(required=not asked.paths)
    allow = configuration.load(place).pickle_allow if place is not None else ()
    named = [os.fsencode(name) for name in asked.paths]
    found = []
    for path, expected in _files(named) if named or place is None else _of(place):
        said = _judged(path, allow)
        if expected or said.kind != verdict.NO_PICKLE:
            found.append((path, said))
    if asked.format == "json":
        _say_json(found)
    else:
        _say(found)
    return FINE if all(said.is_fine for _, said in found) else BLOCKED


def _place(required: bool) -> git.Place | None:
    try:
        place = git.place()
    except GuardError:
        if required:
            raise
        return None
    return None if place.bare and not required else place


def _of(place: git.Place) -> Iterator[tuple[bytes, bool]]:
    """Yield the artifacts of a work tree, then its tracked files; whether a file is looked at for what it is."""
    git.at_top(place)
    held = {output.path for output in tracked.load(place).held}
    for path in sorted(held):
        yield from _below(path) if os.path.isdir(path) else [(path, True)]
    for entry in index.entries():
        if entry.path not in held and entry.mode in (index.REGULAR, index.EXECUTABLE) and os.path.isfile(entry.path):
            yield entry.path, False


def _files(named: list[bytes]) -> Iterator[tuple[bytes, bool]]:
    for path in named:
        if os.path.isdir(path):
            yield from _below(path)
        elif os.path.lexists(path) or os.path.lexists(path + POINTER):
            yield path[: -len(POINTER)] if path.endswith(POINTER) else path, True
        else:
            raise GuardError(f"there is no {shown(path)}.", "trinity-guard scan     # all artifacts", UNUSABLE)


def _below(folder: bytes) -> Iterator[tuple[bytes, bool]]:
    """Yield the regular files below a folder, in order; no link is followed, and no git dir is gone into."""
    for where, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != b".git")
        for name in sorted(names):
            path = os.path.join(where, name)
            if os.path.isfile(path) and not os.path.islink(path):
                yield os.path.normpath(path), not name.endswith(POINTER)


def _judged(path: bytes, allow: tuple[str, ...]) -> verdict.Verdict:
    try:
        return verdict.of_file(path, allow)
    except FileNotFoundError:
        return verdict.Verdict(verdict.UNREADABLE, [], f"it is not here (trinity-guard pull {shown(path)})")
    except OSError as error:
        return verdict.Verdict(verdict.UNREADABLE, [], error.strerror or str(error))


def _say_json(found: list[tuple[bytes, verdict.Verdict]]) -> None:
    import json  # only here

    files = [
        {"path": os.fsdecode(path), "verdict": said.kind, "names": said.names, "why": said.why} for path, said in found
    ]
    console.result(json.dumps({"files": files}, indent=2))


def _say(found: list[tuple[bytes, verdict.Verdict]]) -> None:
    for path, said in found:
        words = f": {said.why}" if said.why else ""
        console.result(f"{said.kind:<10}  {shown(path)}{words}")
    if not found:
        console.note("there is no pickle.")
