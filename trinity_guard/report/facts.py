"""All that the owner's page tells, gathered: what could not be looked at is said, and never shown as fine."""

from __future__ import annotations

import os
import time

from trinity_guard import git
from trinity_guard.detect import patterns
from trinity_guard.dvcrepo import referenced
from trinity_guard.errors import GuardError, shown
from trinity_guard.git import revisions
from trinity_guard.lint import subject
from trinity_guard.lint.rules import table
from trinity_guard.report import growth, history, lastchanges
from trinity_guard.report.status import Survey

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trinity_guard import Progress
    from trinity_guard.config import Config
    from trinity_guard.detect.patterns import Rules
    from trinity_guard.git.index import Entry
    from trinity_guard.lint.finding import Finding

MISSING = "TG003"


class Facts:
    """name: of the repository; head: the newest commit (short id), "" before the first one; made: UTC, in words.

    changes: the last ones, which `gather` looks for. current: artifact -> bytes that DVC holds for HEAD.
    missing: findings of TG003 in HEAD, None where the remote was not asked, and unasked says why; missing_past,
    unasked_past: the same of what only older commits name.
    """

    def __init__(self, place: git.Place, config: Config, rules: Rules, on_progress: Progress | None) -> None:
        self.name = shown(os.path.basename(place.top))
        self.head = _short_head()
        self.branch = git.attempt("symbolic-ref", "-q", "--short", "HEAD").out.decode("utf-8", "replace").strip()
        self.made = _now()
        self.history = history.read(place, rules, on_progress)
        self.curves = growth.curves(self.history)
        self.rows = growth.rows(self.history)
        self.survey = Survey(place, config)
        self.current: dict[str, int] = {}
        self.findings: list[Finding] = []
        self.missing: list[Finding] | None = None
        self.missing_past: list[Finding] | None = None
        self.unasked = self.unasked_past = "it was not asked (--offline)"
        self.changes: list[lastchanges.LastChange] = []
        if self.head:
            self.current = {n.name: max(n.size, 0) for n in referenced.held_in(place, _at_head(), {})}
            names = table.chosen("", remote=False)
            self.findings = table.run(self._subject(place, config, rules), names)

    @staticmethod
    def _subject(place: git.Place, config: Config, rules: Rules) -> subject.Subject:
        return subject.Subject(place, config, rules, subject.tree_of(b"HEAD"))

    def ask_remote(self, place: git.Place, config: Config, rules: Rules, on_asked: Progress | None) -> None:
        """Ask the remotes which objects they lack, HEAD's and those of older commits; within their time limits."""
        if not self.head:
            self.missing, self.missing_past = [], []
            return
        asked = self._subject(place, config, rules)
        asked.on_asked = on_asked
        try:
            self.missing = table.run(asked, [MISSING]) if self.current else []
        except GuardError as error:
            self.unasked = self.unasked_past = error.problem
            return
        asked.look_back(self.history.records)
        try:
            found = table.run(asked, [MISSING]) if self.past() else []
            self.missing_past = [f for f in found if f.key not in self.current]
        except GuardError as error:
            self.unasked_past = error.problem

    def past(self) -> set[str]:
        """Return the objects that only older commits name."""
        return {v.key for v in self.history.once(history.DVC)} - self.current.keys()


def gather(
    place: git.Place,
    offline: bool,
    on_progress: Progress | None = None,
    on_asked: Progress | None = None,
    on_changes: Progress | None = None,
) -> Facts:
    config, rules = patterns.load_config(place)
    found = Facts(place, config, rules, on_progress)
    found.changes = lastchanges.find(place, found.history, on_changes)
    if not offline:
        found.ask_remote(place, config, rules, on_asked)
    return found


def _at_head() -> list[tuple[bytes, Entry]]:
    return [(b"HEAD", entry) for entry in revisions.tree(b"HEAD")]


def _short_head() -> str:
    return (revisions.commit(b"HEAD") or b"")[:10].decode()


def _now() -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
