"""TG001, TG002, TG009: files that do not belong in Git, in a tree and in the commits that lead to it."""

from __future__ import annotations

from trinity_guard import git
from trinity_guard.detect.patterns import size_text
from trinity_guard.dvcrepo.paths import inside_dvc
from trinity_guard.errors import pathspec, typed
from trinity_guard.git import index
from trinity_guard.lint.finding import Finding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from trinity_guard.lint.subject import Judged, Subject


def tg001(subject: Subject) -> Iterator[Finding]:
    """Artifacts in the tree."""
    for judged in subject.judged():
        if judged.verdict.kind == "artifact" and _in_tree(subject, judged):
            problem = f"artifact of {size_text(judged.size)} in Git: {judged.verdict.reason}{_unfiltered(judged)}"
            yield _finding("TG001", judged, problem, _remedy(subject, judged))


def tg002(subject: Subject) -> Iterator[Finding]:
    """Artifacts that a commit of the range brought, though the tree at its end has them no more."""
    gone = [j for j in subject.judged() if j.verdict.kind == "artifact" and not _in_tree(subject, j)]
    for judged, after in zip(gone, _afterwards(subject, gone), strict=True):
        problem = (
            f"artifact of {size_text(judged.size)} ({judged.verdict.reason}) that commit {_short(judged)} adds and "
            f"{after}: its bytes stay in the history, for everybody who clones"
        )
        yield _finding(
            "TG002", judged, problem, subject.rebase(judged.commit, "take it out there, or merge it squashed")
        )


def tg009(subject: Subject) -> Iterator[Finding]:
    """Files above max-size, in the tree or in a commit of the range."""
    for judged in subject.judged():
        if judged.verdict.kind == "too-big":
            gone = subject.history is not None and not _in_tree(subject, judged)
            stays = "; a later commit has it no more, but its bytes stay in the history" if gone else ""
            problem = f"too large for Git: {judged.verdict.reason}{_unfiltered(judged)}{stays}"
            remedy = subject.rebase(judged.commit, "take it out of that commit") if gone else _remedy(subject, judged)
            yield _finding("TG009", judged, problem, remedy)


def _finding(rule: str, judged: Judged, problem: str, remedy: str) -> Finding:
    entry = judged.entry
    return Finding(rule, entry.path, problem, remedy, commit=judged.commit.decode(), key=entry.oid.decode())


def _in_tree(subject: Subject, judged: Judged) -> bool:
    if subject.history is None:
        return True
    entry = subject.tree.get(judged.entry.path)
    return entry is not None and entry.oid == judged.entry.oid


def _short(judged: Judged) -> str:
    return judged.commit[:10].decode()


def _unfiltered(judged: Judged) -> str:
    return "; .gitattributes gives it to git-lfs, but this is no LFS pointer" if judged.lfs else ""


def _remedy(subject: Subject, judged: Judged) -> str:
    name = pathspec(judged.entry.path)
    command = f"trinity-guard convert {typed(judged.entry.path)}"
    if inside_dvc(judged.entry.path):
        command = f"git rm -q --cached -- {name}"
    elif judged.lfs:
        command = f"git lfs install && git add --renormalize -- {name}"
    if subject.history is not None:
        return subject.rebase(judged.commit, f"edit that commit, and in it: {command}")
    return command


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
