"""TG001: artifacts in the tree."""

from __future__ import annotations

from collections.abc import Iterator

from trinity_guard.detect.patterns import size_text
from trinity_guard.lint.finding import Finding
from trinity_guard.lint.rules.artifacts import finding_of, in_tree, remedy_for, unfiltered
from trinity_guard.lint.subject import Subject


def find(subject: Subject) -> Iterator[Finding]:
    """Artifacts in the tree."""
    for judged in subject.judged():
        if judged.verdict.kind == "artifact" and in_tree(subject, judged):
            problem = f"artifact of {size_text(judged.size)} in Git: {judged.verdict.reason}{unfiltered(judged)}"
            yield finding_of("TG001", judged, problem, remedy_for(subject, judged))
