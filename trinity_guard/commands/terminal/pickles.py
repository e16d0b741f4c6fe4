"""The word about a pickle that names what is not known to be harmless: when it is committed, and when it arrives."""

from __future__ import annotations

import os

from trinity_guard import console
from trinity_guard.detect import doubtful
from trinity_guard.dvcrepo.project import Caches
from trinity_guard.errors import GuardError, shown, typed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from trinity_guard import git
    from trinity_guard.checkout.plan import Plan
    from trinity_guard.config import Config
    from trinity_guard.convert.outcome import Converted
    from trinity_guard.detect.scan.verdict import Verdict

    Found = list[tuple[bytes, Verdict]]

MAX_NAMED = 10


def strange(config: Config, places: Iterable[tuple[bytes, bytes]]) -> Found:
    """Return the files that are not known to be harmless. places: what a file is called, and where its bytes are."""
    if config.pickles == "off":
        return []
    judged = ((name, doubtful.of_file(path, name, config.pickle_allow)) for name, path in places)
    return [(name, said) for name, said in judged if said is not None]


def name(config: Config, places: Iterable[tuple[bytes, bytes]]) -> None:
    """Name those that are not known to be harmless; nothing where there is none."""
    found = strange(config, places)
    for path, said in found[:MAX_NAMED]:
        console.warn(_said(path, said), f"trinity-guard scan {typed(path)}     # before anything loads it")
    if len(found) > MAX_NAMED:
        console.warn(f"and {len(found) - MAX_NAMED} more pickles are not known to be harmless.", "trinity-guard scan")


def converted(place: git.Place, config: Config, items: Iterable[Converted]) -> None:
    """Name those among what has just become pointers; their bytes are in the cache."""
    if config.pickles == "off":
        return
    caches, places = Caches(place), []
    for item in items:
        dull = item.plain and not doubtful.is_called_so(item.path)  # `git add` has looked at it
        store = caches.of(item.path) if item.renewed and not dull else None
        if store is not None and item.nfiles < 0 and item.md5:
            places.append((item.path, store.path(item.md5)))
        elif store is not None:
            places += [(os.path.join(item.path, path), store.path(md5)) for path, md5 in item.arrived.items() if md5]
    name(config, places)


def arrived(place: git.Place, config: Config, plan: Plan) -> None:
    """Name those among the files that have just come into the work tree."""
    name(config, [(output.path, place.file(output.path)) for output in plan.put])


def refuse(found: Found, leaving_out: str) -> None:
    """Stop a commit (exit 1) that brings pickles which are not known to be harmless."""
    if found:
        raise GuardError(
            "\n".join(_said(path, said) for path, said in found[:MAX_NAMED]),
            f"trinity-guard scan {typed(found[0][0])}     # says all that it names\n"
            f"{leaving_out}     # leaves it out of the commit\n"
            'or in .trinity-guard.toml: pickle-allow = ["yourpackage.*"]',
        )


def _said(path: bytes, said: Verdict) -> str:
    return f"{shown(path)}: {doubtful.sentence(said)}."
