"""TG009: files above max-size, in the tree or in a commit of the range."""

from __future__ import annotations

from collections.abc import Iterator

from trinity_guard.lint.finding import Finding
from trinity_guard.lint.rules.artifacts import finding_of, in_tree, remedy_for, unfiltered
from trinity_guard.lint.subject import Subject


def find(subject: Subject) -> Iterator[Finding]:
    """Files above max-size, in the tree or in a commit of the range."""
    for judged in subject.judged():
        if judged.verdict.kind == "too-big":
            gone = subject.history is not None and not in_tree(subject, judged)
            stays = "; a later commit has it no more, but its bytes stay in the history" if gone else ""
            problem = f"too large for Git: {judged.verdict.reason}{unfiltered(judged)}{stays}"
            remedy = (
                subject.rebase(judged.commit, "take it out of that commit") if gone else remedy_for(subject, judged)
            )
            yield finding_of("TG009", judged, problem, remedy)
