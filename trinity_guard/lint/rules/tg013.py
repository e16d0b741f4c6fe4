"""TG013: artifacts that Git ignores and no pointer holds."""

from __future__ import annotations

import os
from collections.abc import Iterator

from trinity_guard.detect import ignored
from trinity_guard.dvcrepo import tracked
from trinity_guard.errors import shown
from trinity_guard.git.gitignore import line_for
from trinity_guard.lint.finding import ERROR, WARNING, Finding
from trinity_guard.lint.subject import Subject


def find(subject: Subject) -> Iterator[Finding]:
    """Artifacts of the work tree that Git ignores and no pointer holds: they are in no version control."""
    if subject.tree.commit or subject.history is not None or subject.fresh is not None or subject.place.bare:
        return  # no other tree than the index has a work tree beside it
    for item in ignored.find(subject.place, tracked.load(subject.place), subject.rules):
        if subject.means(item.path):
            line = shown(line_for(os.path.basename(item.path)))
            yield Finding(
                "TG013",
                item.path,
                f"in no version control: {shown(item.gitignore)} has the line {line}, and no pointer holds it",
                ignored.recording(subject.place, item.path),
                level=ERROR if item.once else WARNING,
            )
