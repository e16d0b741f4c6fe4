"""Which files does Git ignore by a line as ours is (`/name`), while no pointer holds them?

They are in no version control. A person can write such a line as well, and mean it. So a file counts whose pointer a
commit has had, or else (for lint and status, which do not speak at each commit) one that is an artifact by its name;
none that `exclude` names.
"""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.detect.owners import Pipelines
from trinity_guard.dvcrepo import paths, unheld
from trinity_guard.errors import pathspec, typed
from trinity_guard.git import index
from trinity_guard.git.gitignore import lines_in, name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trinity_guard.detect.patterns import Rules
    from trinity_guard.dvcrepo.tracked import Catalog


class Ignored:
    """A file that Git ignores by a line of this .gitignore. once: a pointer held it once."""

    __slots__ = ("gitignore", "once", "path")

    def __init__(self, path: bytes, gitignore: bytes, once: bool) -> None:
        self.path = path
        self.gitignore = gitignore
        self.once = once


def find(place: git.Place, catalog: Catalog, rules: Rules) -> list[Ignored]:
    """Return all such files of the work tree."""
    lines = _unheld_lines(place, catalog, rules)
    there = _here(place, list(lines))
    once = _once_held(there)
    named = {path for path in there if os.path.isfile(place.file(path)) and rules.named(path)}
    return [Ignored(path, lines[path], path in once) for path in there if path in once or path in named]


def recording(place: git.Place, path: bytes) -> str:
    """Return the command that puts such a file, or folder, under version control."""
    if os.path.isdir(place.file(path)):
        return f"dvc add {typed(path)} && git add {pathspec(path + paths.POINTER)}"
    return f"trinity-guard add {typed(path)}"


def noted(place: git.Place, catalog: Catalog, rules: Rules) -> list[Ignored]:
    """Return such files of which it is noted that a pointer held them; the note is begun, and kept right."""
    lines = _unheld_lines(place, catalog, rules)
    if not os.path.exists(place.unheld):
        left = sorted(_once_held(list(lines)))
        unheld.write(place, left)
    else:
        before = unheld.read(place)
        left = [path for path in before if path in lines]
        if left != before:
            unheld.write(place, left)
    return [Ignored(path, lines[path], True) for path in _here(place, left)]


def _unheld_lines(place: git.Place, catalog: Catalog, rules: Rules) -> dict[bytes, bytes]:
    """Return path -> .gitignore of the lines of the index that leave out what no pointer, lock or pipeline holds."""
    entries = [e for e in catalog.named(b".gitignore") if e.mode != index.SYMLINK]
    held = catalog.claimed()
    found: dict[bytes, bytes] = {}
    for entry, data in zip(entries, git.read_all([e.oid for e in entries]), strict=True):
        folder = os.path.dirname(entry.path)
        names = (name_of(line) for line in lines_in(data or b""))
        found.update({path: entry.path for name in names if name and (path := os.path.join(folder, name)) not in held})
    if found and catalog.named(paths.PIPELINE):
        pipelines = Pipelines(place, catalog)
        found = {path: where for path, where in found.items() if not pipelines.declare(path)}
    return {path: where for path, where in found.items() if not rules.excluded(path)}


def _here(place: git.Place, candidates: Sequence[bytes]) -> list[bytes]:
    """Return those that are files or folders of the work tree, and that Git neither tracks nor shows."""
    there = [p for p in candidates if os.path.exists(place.file(p)) and not os.path.islink(place.file(p))]
    if not there:
        return []
    few = there if sum(map(len, there)) <= index.ARGUMENTS else []
    options = ("-z", "-c", "-o", "--exclude-standard", "--full-name")
    seen = git.run("ls-files", *options, "--", *few, env=git.literal()).split(b"\0")[:-1]
    above = {*seen, *paths.folders_above(seen)}
    return [path for path in there if path not in above]


def _once_held(candidates: Iterable[bytes]) -> set[bytes]:
    """Return those whose pointer some commit before HEAD had."""
    pointers = {path + paths.POINTER: path for path in candidates}
    if not pointers:
        return set()
    options = ("--full-history", "--format=", "--name-only", "-z", "--no-renames", "--diff-filter=A", "HEAD")
    few = pointers if sum(map(len, pointers)) <= index.ARGUMENTS else ()
    result = git.attempt("log", *options, "--", *few, env=git.literal())
    return {pointers[name] for name in result.out.split(b"\0") if name in pointers}
