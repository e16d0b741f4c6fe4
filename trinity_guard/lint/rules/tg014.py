"""TG014: facts in a pointer that are of other bytes than it names."""

from __future__ import annotations

from collections.abc import Iterator

from trinity_guard.convert import stale_facts
from trinity_guard.lint.finding import WARNING, Finding
from trinity_guard.lint.subject import Subject


def find(subject: Subject) -> Iterator[Finding]:
    """Pointers whose `meta` tells of other bytes: whoever reads the difference is told wrong figures."""
    entries = [e for e in subject.tree.ending(b".dvc") if subject.is_new(e)]
    contents = subject.contents(e.oid for e in entries)
    for entry in entries:
        if stale_facts.is_stale(contents[entry.oid] or b"", entry.path):
            yield Finding(
                "TG014",
                entry.path,
                "the facts in its `meta` are of other bytes than it names",
                "trinity-guard lint --fix     # writes those of its data, or takes them out",
                commit=subject.tree.commit.decode(),
                key=entry.oid.decode(),
                fixable=True,
                level=WARNING,
            )
