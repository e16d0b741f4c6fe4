"""TG002: artifacts that a commit of the range brought, though the tree at its end has them no more."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence

from trinity_guard import git
from trinity_guard.detect.patterns import size_text
from trinity_guard.git import index, revisions
from trinity_guard.lint.finding import Finding, Words
from trinity_guard.lint.rules.artifacts import finding_of, in_tree, short
from trinity_guard.lint.subject import Judged, Subject

OPTIONS = ("--stdin", "-r", "--root", "--raw", "-z", "--no-renames", "--diff-filter=DMT")


# What became of a version, where no later commit has taken it out or put another in its place.
NOTHING = -1


def find(subject: Subject) -> Iterator[Finding]:
    """Artifacts that a commit of the range brought, though the tree at its end has them no more."""
    gone = [j for j in subject.judged() if j.verdict.kind == "artifact" and not in_tree(subject, j)]
    for judged, after in zip(gone, _afterwards(subject, gone), strict=True):
        yield finding_of("TG002", judged, _Gone(subject, judged, after))


class _Gone(Words):
    """after: see _afterwards."""

    __slots__ = ("_after", "_judged", "_subject")

    def __init__(self, subject: Subject, judged: Judged, after: int) -> None:
        self._subject = subject
        self._judged = judged
        self._after = after

    def problem(self) -> str:
        judged = self._judged
        return (
            f"artifact of {size_text(judged.size)} ({judged.verdict.reason}) that commit {short(judged)} adds and "
            f"{self._end()}: its bytes stay in the history, for everybody who clones"
        )

    def _end(self) -> str:
        if self._after == NOTHING:
            return "the tree at the end has no more"
        at, removed = divmod(self._after, 2)
        return f"{self._subject.commits[at][:10].decode()} {'takes out again' if removed else 'replaces'}"

    def remedy(self) -> str:
        return self._subject.rebase(self._judged.commit, "take it out there, or merge it squashed")


def _afterwards(subject: Subject, gone: Sequence[Judged]) -> Sequence[int]:
    """Return what became of each of these versions: the number of the next commit that took it out, or put another in
    its place, doubled, and one more where it took it out."""
    after = array("q", [NOTHING]) * len(gone)
    if not gone:
        return after
    numbers = {(j.entry.path, j.entry.oid): number for number, j in enumerate(gone)}
    begun = dict.fromkeys((j.commit for j in gone), False)
    for at, commit, changes in _changes(subject.commits):
        for change in changes:
            number = numbers.get((change.path, change.oids[0]), -1)
            if number >= 0 and after[number] == NOTHING and begun[gone[number].commit]:
                after[number] = 2 * at + (change.status == b"D")
        if commit in begun:
            begun[commit] = True
    return after


def _changes(commits: Sequence[bytes]) -> Iterator[tuple[int, bytes, list[index.Change]]]:
    """Yield the number of each commit, the commit, and what it takes away or changes; of a long history not all at
    once."""
    for start in range(0, len(commits), revisions.BATCH):
        some = commits[start : start + revisions.BATCH]
        of: dict[bytes, list[index.Change]] = {commit: [] for commit in some}
        for change in index.changes(git.run("diff-tree", *OPTIONS, data=b"".join(c + b"\n" for c in some))):
            of[change.commit].append(change)
        yield from ((at, commit, of[commit]) for at, commit in enumerate(some, start))
