"""TG011: pointers that DVC itself does not see: a clone's `dvc pull` brings nothing of them."""

from __future__ import annotations

import os
from collections.abc import Iterator

from trinity_guard.dvcrepo import walk
from trinity_guard.errors import GuardError
from trinity_guard.lint.finding import Finding
from trinity_guard.lint.subject import Subject

POINTER = b".dvc"


def find(subject: Subject) -> Iterator[Finding]:
    """Pointers below a folder that DVC takes for ignored, or that a .dvcignore hides."""
    seen = walk.Walk(lambda path: _blob(subject, path))
    for entry in subject.tree.ending(POINTER):
        if os.path.basename(entry.path) == POINTER or not _is_looked_at(subject, entry.path, entry.oid):
            continue
        try:
            reason = seen.hiding(_project(subject, entry.path), entry.path)
        except GuardError:
            continue  # a .dvcignore that DVC cannot read: its own commands say so
        if reason:
            folder = entry.path.partition(b"/")[0] if b"/" in entry.path else b""
            lines = f"\nor write, in the .gitignore at the top, in its place:\n{walk.letting_through(folder)}"
            yield Finding(
                "TG011",
                entry.path,
                f"DVC does not see this pointer: {reason}",
                "take the line that hides it out: each artifact has one of its own" + (lines if folder else ""),
                commit=subject.tree.commit.decode(),
                key=entry.oid.decode(),
            )


def _is_looked_at(subject: Subject, path: bytes, oid: bytes) -> bool:
    """Whether a pointer is to be judged: in a range, where a commit brought it, or the ignore lines above it."""
    if not subject.means(path) or subject.fresh is None:
        return subject.means(path)
    return (path, oid) in subject.fresh or any(
        os.path.basename(p) in (walk.IGNORE, walk.DVCIGNORE) for p, _ in subject.fresh
    )


def _blob(subject: Subject, path: bytes) -> bytes | None:
    entry = subject.tree.get(path)
    return None if entry is None or entry.mode == b"120000" else subject.contents([entry.oid])[entry.oid]


def _project(subject: Subject, path: bytes) -> bytes:
    """Return the project that a pointer belongs to: the nearest folder above that has a config in the tree."""
    folder = os.path.dirname(path)
    while folder and subject.tree.get(os.path.join(folder, b".dvc", b"config")) is None:
        folder = os.path.dirname(folder)
    return folder
