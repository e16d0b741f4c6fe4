"""Releases that the Git remote has and this clone lacks: a clone without tags would release a version twice."""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.errors import UNUSABLE, GuardError, quoted, shown, typed
from trinity_guard.git import gitpython

MAX_SHOWN = 3


def remote(place: git.Place) -> str:
    """Return the Git remote that tags are pushed to: origin, else the first; "" where there is none."""
    remotes = list(gitpython.remotes(place))
    return "origin" if "origin" in remotes else next(iter(remotes), "")


def require_all(place: git.Place, name: str, offline_ok: bool) -> list[str]:
    """Refuse a clone that lacks tags of this model which the Git remote has; return what a person should know.

    GuardError (1) with the command that fetches them; (2) where the remote cannot be asked, unless offline_ok.
    """
    there = remote(place)
    if not there:
        return []
    tags = _tags(there, name)
    shown_remote = shown(os.fsencode(there))
    if isinstance(tags, GuardError):
        if not offline_ok:
            raise tags
        return [f"whether '{shown_remote}' has released this version already was not asked"]
    here = set(git.run("tag", "--list", *_patterns(name)).decode("utf-8", "surrogateescape").splitlines())
    lacking = [tag for tag in tags if tag not in here]
    if lacking:
        more = f" and {len(lacking) - MAX_SHOWN} more" if len(lacking) > MAX_SHOWN else ""
        raise GuardError(
            f"'{shown_remote}' has releases of {name} that this clone lacks: {', '.join(lacking[:MAX_SHOWN])}{more}.",
            f"git fetch {typed(os.fsencode(there))} --tags",
        )
    return []


def _patterns(name: str) -> tuple[str, str]:
    """Return what Git calls the tags of a model's versions and of its stages."""
    return f"{name}@*", f"{name}#*"


def _tags(there: str, name: str) -> list[str] | GuardError:
    """Return a remote's tags of this model, or why it cannot be asked."""
    refs = [f"refs/tags/{pattern}" for pattern in _patterns(name)]
    said = git.attempt("ls-remote", "--refs", "--", there, *refs, env={"GIT_TERMINAL_PROMPT": "0"})
    if said.code:
        words = said.err.decode("utf-8", "replace").strip().partition("\n")[0]
        address = shown(os.fsencode(there))
        return GuardError(
            f"whether '{address}' has released this version already cannot be told: {words}",
            f"git ls-remote {quoted(address)}     # what Git says of it\n"
            "trinity release VERSION --offline-ok     # without asking: its push is refused then, if it was",
            UNUSABLE,
        )
    lines = said.out.decode("utf-8", "surrogateescape").splitlines()
    return [line.partition("\t")[2].removeprefix("refs/tags/") for line in lines]
