"""What add, convert, mv and rm do alike: the lock, the names as paths, and artifacts that become pointers."""

from __future__ import annotations

import os
from contextlib import contextmanager

from trinity_guard import git
from trinity_guard.commands.hooks import behind
from trinity_guard.commands.terminal import messages, pickles, progress
from trinity_guard.convert import commit, recover
from trinity_guard.detect import patterns
from trinity_guard.dvcrepo import tracked
from trinity_guard.git import index, locks, repository

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from trinity_guard.convert.outcome import Outcome
    from trinity_guard.detect.patterns import Rules
    from trinity_guard.dvcrepo.tracked import Catalog

    Choose = Callable[[git.Place, Catalog, Rules, list[bytes]], list[index.Entry]]


@contextmanager
def opened(names: Sequence[str]) -> Iterator[tuple[git.Place, Catalog, list[bytes]]]:
    """Yield the place, what is tracked in it, and names of the current folder as paths from the top; others wait."""
    start = os.getcwdb()
    place = git.place()
    git.at_top(place)
    with locks.FileLock(place):
        recover.complete(place, after_commit=False)
        yield place, tracked.load(place), repository.relative(place, names, start)


def none(*_: object) -> list[index.Entry]:
    """Choose nothing: what changed behind its pointer alone is meant."""
    return []


def convert(names: Sequence[str], choose: Choose) -> tuple[Outcome, bool, bool]:
    """Turn what is chosen, and what changed behind its pointer, into pointers, and say so.

    Return the outcome, whether something was left and named, and whether something could not be done at all.
    """
    with opened(names) as (place, catalog, paths):
        config, rules = patterns.load_config(place)
        unable = behind.unable(place, catalog, paths)
        paths = [p for p in paths if p not in {output.path for output, _ in unable}]
        entries = choose(place, catalog, rules, paths)
        given = {e.path for e in entries}
        swept = given.difference(paths) if names else ()
        decision = behind.below(place, catalog, [p for p in paths if p not in given] if names else [b""])
        decision.named += unable
        with progress.Progress() as line:
            bar = line.bar("to the DVC cache")
            outcome = commit.convert_with_changed(place, catalog, entries, decision.recorded, bar, rules, swept)
    messages.report_conversion(outcome)
    pickles.converted(place, config, outcome.converted)
    return outcome, bool(behind.report(place, config, decision, outcome, given)), bool(unable)
