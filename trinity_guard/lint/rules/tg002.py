"""TG002: artifacts that a commit of the range brought, though the tree at its end has them no more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from trinity_guard import git
from trinity_guard.detect.patterns import size_text
from trinity_guard.git import index, revisions
from trinity_guard.lint.finding import Finding
from trinity_guard.lint.rules.artifacts import finding_of, in_tree, short
from trinity_guard.lint.subject import Judged, Subject

OPTIONS = ("--stdin", "-r", "--root", "--raw", "-z", "--no-renames", "--diff-filter=DMT")


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
    wanted = {(j.entry.path, j.entry.oid) for j in gone}
    number = dict.fromkeys((j.commit for j in gone), -1)
    ends: dict[tuple[bytes, bytes], list[tuple[int, bool]]] = {}
    for at, commit, changes in _changes(subject.commits):
        if commit in number:
            number[commit] = at
        for change in changes:
            if (change.path, change.oids[0]) in wanted:
                ends.setdefault((change.path, change.oids[0]), []).append((at, change.status == b"D"))
    return [_end(subject, number[j.commit], ends.get((j.entry.path, j.entry.oid), ())) for j in gone]


def _changes(commits: Sequence[bytes]) -> Iterator[tuple[int, bytes, list[index.Change]]]:
    """Yield the number of each commit, the commit, and what it takes away or changes; of a long history not all at
    once."""
    for start in range(0, len(commits), revisions.BATCH):
        some = commits[start : start + revisions.BATCH]
        of: dict[bytes, list[index.Change]] = {commit: [] for commit in some}
        for change in index.changes(git.run("diff-tree", *OPTIONS, data=b"".join(c + b"\n" for c in some))):
            of[change.commit].append(change)
        yield from ((at, commit, of[commit]) for at, commit in enumerate(some, start))


def _end(subject: Subject, here: int, ends: Sequence[tuple[int, bool]]) -> str:
    later = [(at, removed) for at, removed in ends if at > here]
    if not later:
        return "the tree at the end has no more"
    at, removed = min(later)
    return f"{subject.commits[at][:10].decode()} {'takes out again' if removed else 'replaces'}"
