"""Git's filter driver: one process for a Git command, as long as that has files of ours to clean or to smudge."""

from __future__ import annotations

from trinity_guard import console, git
from trinity_guard.convert.clean import Cleaner
from trinity_guard.convert.smudge import Smudger
from trinity_guard.detect import patterns
from trinity_guard.errors import FINE, GuardError
from trinity_guard.git import caller, filterprocess

# So many of a command's files are named when their data is not to be had; a whole checkout of them says the same.
MAX_NAMED = 5


def filter(_framework: bool, _: list[str]) -> int:
    """Answer Git. TRINITY_GUARD_SKIP=filter lets all pass as it is."""
    failures = _Failures()
    pid, command = caller.command_above()
    channel = filterprocess.Channel(0, 1, pid)
    if console.skipped("filter"):
        filterprocess.serve(channel, {}, failures.tell)
        return FINE
    place = git.hook_place()
    smudger = Smudger(place)
    if place.bare:
        filterprocess.serve(channel, {b"smudge": smudger.smudge}, failures.tell)
        return FINE
    cleaner = Cleaner(place, *patterns.load_config(place), command)
    try:
        filterprocess.serve(channel, {b"clean": cleaner.clean, b"smudge": smudger.smudge}, failures.tell)
    finally:
        cleaner.finish()
    failures.end()
    return FINE


class _Failures:
    """What could not be done for some files, each reason and each file said once."""

    def __init__(self) -> None:
        self._said: set[str] = set()
        self._more = 0

    def tell(self, error: GuardError) -> None:
        if error.problem in self._said:
            return
        self._said.add(error.problem)
        if len(self._said) > MAX_NAMED:
            self._more += 1
        else:
            console.warn(error.problem, error.remedy)

    def end(self) -> None:
        if self._more:
            console.warn(f"and {self._more} more.")
