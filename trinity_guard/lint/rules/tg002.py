"""TG002: artifacts that a commit of the range brought, though the tree at its end has them no more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from trinity_guard import git
from trinity_guard.detect.patterns import size_text
from trinity_guard.git import index
from trinity_guard.lint.finding import Finding
from trinity_guard.lint.rules.artifacts import finding_of, in_tree, short
from trinity_guard.lint.subject import Judged, Subject


def find(subject: Subject) -> Iterator[Finding]:
    """Artifacts that a commit of the range brought, though the tree at its end has them no more."""
    gone = [j for j in subject.judged() if j.verdict.kind == "artifact" and not in_tree(subject, j)]
    for judged, after in zip(gone, _afterwards(subject, gone), strict=True):
        problem = (
            f"artifact of {size_text(judged.size)} ({judged.verdict.reason}) that commit {short(judged)} adds and "
            f"{after}: its bytes stay in the history, for everybody who clones"
        )
        yield finding_of(
            "TG002", judged, problem, subject.rebase(judged.commit, "take it out there, or merge it squashed")
        )


def _afterwards(subject: Subject, gone: Sequence[Judged]) -> list[str]:
    """Return what became of each of these versions: which later commit took it out, or put another in its place."""
    if not gone:
        return []
    number = {c: i for i, c in enumerate(subject.commits)}
    ends: dict[tuple[bytes, bytes], list[tuple[int, bool]]] = {}
    wanted = {j.entry.path for j in gone}
    data = b"".join(c + b"\n" for c in subject.commits)
    options = ("--stdin", "-r", "--root", "--raw", "-z", "--no-renames", "--diff-filter=DMT")
    for change in index.changes(git.run("diff-tree", *options, data=data)):
        if change.path in wanted:
            end = (number[change.commit], change.status == b"D")
            ends.setdefault((change.path, change.oids[0]), []).append(end)
    return [_end(subject, j, ends.get((j.entry.path, j.entry.oid), []), number) for j in gone]


def _end(subject: Subject, judged: Judged, ends: Sequence[tuple[int, bool]], number: dict[bytes, int]) -> str:
    later = [(at, removed) for at, removed in ends if at > number[judged.commit]]
    if not later:
        return "the tree at the end has no more"
    at, removed = min(later)
    return f"{subject.commits[at][:10].decode()} {'takes out again' if removed else 'replaces'}"
