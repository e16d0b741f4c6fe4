"""TG001: artifacts in the tree."""

from __future__ import annotations

from collections.abc import Iterator

from trinity_guard.detect.patterns import size_text
from trinity_guard.lint.finding import Finding, Words
from trinity_guard.lint.rules.artifacts import finding_of, in_tree, remedy_for, unfiltered
from trinity_guard.lint.subject import Judged, Subject


def find(subject: Subject) -> Iterator[Finding]:
    """Artifacts in the tree."""
    for judged in subject.judged():
        if judged.verdict.kind == "artifact" and in_tree(subject, judged):
            yield finding_of("TG001", judged, _InTree(subject, judged))


class _InTree(Words):
    __slots__ = ("_judged", "_subject")

    def __init__(self, subject: Subject, judged: Judged) -> None:
        self._subject = subject
        self._judged = judged

    def problem(self) -> str:
        judged = self._judged
        return f"artifact of {size_text(judged.size)} in Git: {judged.verdict.reason}{unfiltered(judged)}"

    def remedy(self) -> str:
        return remedy_for(self._subject, self._judged)
