"""What is done in a commit about pointers that go or stand elsewhere (`git rm`, `git mv`), and what is said of it."""

from __future__ import annotations

import os

from trinity_guard import console
from trinity_guard.commands.terminal import messages
from trinity_guard.convert import commit, framework_stash, staged_moves, stale_facts
from trinity_guard.dvcrepo import tracked
from trinity_guard.errors import pathspec, shown, typed
from trinity_guard.git import index, locks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trinity_guard import git
    from trinity_guard.convert.relocate import Gone, Relocation
    from trinity_guard.detect.inspect import Artifact
    from trinity_guard.detect.patterns import Rules
    from trinity_guard.dvcrepo.tracked import Catalog
    from trinity_guard.git.index import Entry


class Followed:
    """What followed its pointer, in a commit that may still be refused. catalog: of the index as it is now."""

    __slots__ = ("_gone", "_outcome", "_place", "catalog")

    def __init__(self, place: git.Place, outcome: Relocation, gone: Sequence[Gone]) -> None:
        self._place = place
        self._outcome = outcome
        self._gone = gone
        self.catalog = tracked.load(place)

    def say(self) -> None:
        """Say what came of it."""
        if not commit.arriving(self._place) or commit.ends_revert(self._place):
            _say(self._place, self._outcome, self._gone)

    def undo(self) -> None:
        """Take it back: a commit that is refused changes nothing."""
        with locks.FileLock(self._place):
            self._outcome.undo(self._place)


def take_moved_folders(place: git.Place, rules: Rules, catalog: Catalog, entries: Iterable[Entry]) -> None:
    """Have a directory that was moved by hand be one artifact where it is now."""
    for folder in staged_moves.moved_folders(place, catalog, {e.path for e in entries}):
        rules.take_as_one(folder)


def follow(place: git.Place, catalog: Catalog, artifacts: Iterable[Artifact], framework: bool) -> Followed | None:
    """Let everything follow its pointer; return what did, None where nothing had to."""
    if framework and "GIT_INDEX_FILE" not in os.environ:
        return None  # `pre-commit run` by hand: no commit is under way, so nothing is changed
    former = index.former("HEAD", "*.dvc")  # an amended commit was compared with what came before HEAD
    catalog = _with_renewed_facts(place, catalog, former, framework)
    moves = staged_moves.find(place, catalog, former, {a.entry.path for a in artifacts})
    if not moves:
        return None
    with locks.FileLock(place), framework_stash.guarded(place, framework):
        outcome = commit.settle_moves(place, catalog, moves, framework)
    return Followed(place, outcome, moves.gone)


def _with_renewed_facts(place: git.Place, catalog: Catalog, changed: Iterable[bytes], framework: bool) -> Catalog:
    """Renew the facts that DVC kept in pointers whose md5 it changed; return the catalog of the index as it is then."""
    staged = [catalog.entries[path] for path in changed if path in catalog.entries]
    stale = stale_facts.among(place, staged)
    if not stale or commit.arriving(place):
        return catalog
    with locks.FileLock(place), framework_stash.guarded(place, framework):
        stale_facts.renew(place, stale)
    return tracked.load(place)


def _say(place: git.Place, outcome: Relocation, gone: Sequence[Gone]) -> None:
    messages.report_moves(outcome.moved)
    for old, new, why in outcome.stayed[: messages.MAX_NAMED]:
        there = os.path.lexists(place.file(new.path))
        aside = f"mv {typed(new.path)} ELSEWHERE && " if there else ""
        console.warn(
            f"{shown(old.path)} {why}, and does not go along with {shown(new.source)}, its pointer once.",
            f"trinity-guard add {typed(old.path)}     # records it under its own name\n"
            f"{aside}trinity-guard pull {typed(new.path)}     # brings what {shown(new.source)} records",
        )
    # A revert has taken the line itself.
    taken = {o.path for g in gone for o in g.outputs} if commit.ends_revert(place) else set(outcome.taken)
    paths = [o.path for g in gone for o in g.outputs if o.path in taken]
    in_git = index.entries_of(paths)
    left = [p for p in paths if p not in in_git]
    for path in left[: messages.MAX_NAMED]:
        if os.path.lexists(place.file(path)):
            link = os.path.islink(place.file(path))
            command = "rm -r" if os.path.isdir(place.file(path)) and not link else "rm"
            again = f"git add {pathspec(path)}     # or has Git keep the link" if link else ""
            console.warn(
                f"{shown(path)} stays here, but no pointer holds it any more, and its ignore line is gone.",
                f"{command} {typed(path)}     # if it is to go\n"
                + (again or f"trinity-guard add {typed(path)}     # or records it again"),
            )
        else:
            console.note(f"{shown(path)} is gone, its pointer and its ignore line too.")
    if len(left) > messages.MAX_NAMED:
        console.note(f"and {len(left) - messages.MAX_NAMED} more.")
