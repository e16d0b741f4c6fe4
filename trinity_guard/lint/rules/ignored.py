"""Does Git ignore these files? Asked of Git itself, with the .gitignore files of a tree and nothing of this machine."""

from __future__ import annotations

import os
from collections.abc import Sequence

from trinity_guard import git
from trinity_guard.dvcrepo.output import Output
from trinity_guard.errors import UNUSABLE, GuardError
from trinity_guard.git import gitignore
from trinity_guard.git.index import SYMLINK
from trinity_guard.lint.subject import Subject

NAME = b".gitignore"
# What Git refuses to check out; a tree that somebody made by hand can name them.
NO_NAMES = frozenset((b"", b".", b"..", b".git"))


def not_ignored(subject: Subject, held: Sequence[Output]) -> list[Output]:
    """Return those outputs whose path the .gitignore files of the tree do not make Git ignore."""
    held = [h for h in held if NO_NAMES.isdisjoint(h.path.split(b"/"))]
    if not held:
        return []
    import tempfile

    with tempfile.TemporaryDirectory(prefix="trinity-guard-lint-") as room:
        try:
            _lay_out(subject, held, os.fsencode(room))
        except OSError as error:
            raise GuardError(f"the ignore rules cannot be tried out: {error.strerror}.", "", UNUSABLE) from None
        matched = _matched(os.fsencode(room), [h.path for h in held])
    return [h for h in held if h.path not in matched]


def _lay_out(subject: Subject, held: Sequence[Output], room: bytes) -> None:
    """Make the folders of these files, with the .gitignore files of the tree in them."""
    folders = {b""}
    for h in held:
        folder = os.path.dirname(h.path)
        while folder not in folders:
            folders.add(folder)
            folder = os.path.dirname(folder)
        os.makedirs(os.path.join(room, h.path if h.kind == "dir" else os.path.dirname(h.path)), exist_ok=True)
    files = [e for f in folders if (e := subject.tree.get(os.path.join(f, NAME))) and e.mode != SYMLINK]
    contents = subject.contents(e.oid for e in files)
    for entry in files:
        with open(os.path.join(room, entry.path), "wb") as file:
            file.write(contents[entry.oid] or b"")


def _matched(room: bytes, paths: Sequence[bytes]) -> set[bytes]:
    """Return those of the paths that Git ignores there."""
    # One's own excludes are no help to anybody else.
    env = {**git.other_repository(), "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    git.run("init", "-q", "--template=", room, env=env)
    return {path for path, rule in gitignore.matching(paths, room, env).items() if gitignore.ignores(rule)}
