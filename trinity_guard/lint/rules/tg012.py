"""TG012: a range that weakens the guard that judges it."""

from __future__ import annotations

from collections.abc import Iterator

from trinity_guard.detect.owners import left_to_git
from trinity_guard.detect.patterns import size_text
from trinity_guard.errors import GuardError, typed
from trinity_guard.lint import base, baseline
from trinity_guard.lint.finding import WARNING, Finding
from trinity_guard.lint.subject import Subject


def find(subject: Subject) -> Iterator[Finding]:
    """What a range changes of configuration, baseline and what DVC leaves to Git, so that less would be found."""
    if not subject.base:
        return
    words = _of_config(subject)
    if words:
        own, shared = base.FILES
        path = own if subject.tree.get(own) is not None or _had(subject, own) else shared
        yield _finding(subject, path, words, "config")
    gained = _of_baseline(subject)
    if gained:
        entries = f"{gained:,} entr{'ies' if gained > 1 else 'y'}"
        yield _finding(subject, baseline.NAME, f"takes {entries} into the baseline", "baseline")
    for path, size in _left_to_git(subject).items():
        yield _finding(subject, path, f"has DVC leave {size_text(size)} here to Git (`cache: false`)", "cache")


def _finding(subject: Subject, path: bytes, words: str, key: str) -> Finding:
    start, tip = subject.base[:10].decode(), subject.tree.commit[:10].decode()
    return Finding(
        "TG012",
        path,
        f"this range {words}; it is judged by what {start} has, from which it starts",
        f"git diff {start} {tip} -- {typed(path)}     # for whoever merges it: is that meant?",
        commit=subject.tree.commit.decode(),
        key=key,
        level=WARNING,
    )


def _of_config(subject: Subject) -> str:
    try:
        after = base.config_at(subject.tree.commit)
    except GuardError as error:
        return f"breaks the configuration ({error.problem.rstrip('.')})"
    keys = base.weakened(base.judging(subject.base), after)
    return f"changes {', '.join(keys)} of the configuration, by which less may be found" if keys else ""


def _of_baseline(subject: Subject) -> int:
    """Return how many entries the range takes into the baseline; 1 for one that it breaks."""
    old, new = (base.files_at(c, [baseline.NAME])[0] for c in (subject.base, subject.tree.commit))
    if new is None or new == old:
        return 0
    try:
        known = {e.key: e for e in baseline.parse(baseline.NAME, old or baseline.HEADER.encode()).entries}
        added = baseline.parse(baseline.NAME, new).entries
    except GuardError:
        return 1
    return sum(1 for e in added if e.key not in known or (known[e.key].expires and known[e.key].expires != e.expires))


def _left_to_git(subject: Subject) -> dict[bytes, int]:
    """Return path -> size of the artifacts that the range brings and leaves to Git, where its base did not."""
    given = {j.entry.path: j.size for j in subject.given_to_git()}
    before = left_to_git(subject.place, [(subject.base, path) for path in given])
    return {path: given[path] for path in sorted(given) if (subject.base, path) not in before}


def _had(subject: Subject, path: bytes) -> bool:
    return base.files_at(subject.base, [path])[0] is not None
