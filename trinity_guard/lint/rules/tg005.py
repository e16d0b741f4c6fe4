"""TG005: what DVC cannot read (pointers, locks, pipelines), and what leads out of the repository."""

from __future__ import annotations

import os

from trinity_guard.dvcrepo import referenced
from trinity_guard.dvcrepo.decode import outputs_of
from trinity_guard.dvcrepo.paths import LOCK, PIPELINE, POINTER
from trinity_guard.dvcrepo.yaml import MAX_BYTES, parse
from trinity_guard.errors import GuardError, pathspec, shown
from trinity_guard.lint.finding import Finding, without_path
from trinity_guard.lint.rules import lockshape, pipelines
from trinity_guard.lint.subject import held_by

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from trinity_guard.git.index import Entry
    from trinity_guard.lint.subject import Subject


# Each such look is a walk through the history.
MAX_LOOKED_FOR = 10


def find(subject: Subject) -> Iterator[Finding]:
    """Pointers, locks and pipelines that DVC cannot read, and pointers that lead out of the repository."""
    files = [(c, e, read) for c, e in subject.versions(POINTER, LOCK, PIPELINE) if (read := _reader(e.path))]
    contents = subject.contents(e.oid for _, e, _ in files)
    told = 0
    for commit, entry, read in files:
        try:
            read(subject, entry, contents[entry.oid])
        except GuardError as error:
            told += 1
            yield Finding(
                "TG005",
                entry.path,
                without_path(error.problem, entry.path),
                _mending(subject, commit, entry, error, told <= MAX_LOOKED_FOR),
                commit=commit.decode(),
                key=entry.oid.decode(),
            )


def _mending(subject: Subject, commit: bytes, entry: Entry, error: GuardError, look: bool) -> str:
    """Return the command that helps. look: whether to look through the history for the last good version."""
    if subject.is_gone(entry):
        return subject.rebase(commit, "correct it in that commit, a later one has it otherwise")
    if look:
        return referenced.mending(subject.place, entry.path, error)
    return f"git log -p -- {pathspec(entry.path)}     # which commit has a good one?"


def _reader(path: bytes) -> Callable[[Subject, Entry, bytes | None], None] | None:
    name = os.path.basename(path)
    if name in (LOCK, PIPELINE):
        return _read_lock if name == LOCK else _read_pipeline
    return _read_pointer if name.endswith(POINTER) else None


def _read_pointer(subject: Subject, entry: Entry, data: bytes | None) -> None:
    for held in held_by(entry, data):
        link = _link_above(subject, held.path)
        if link:
            raise GuardError(
                f"{shown(entry.path)}: its data {shown(held.path)} lies behind {shown(link)}, which is a symbolic "
                "link: whoever checks it out would write wherever that leads",
                f"git rm -q --cached -- {pathspec(entry.path)}     # and keep the file in a real folder",
            )


def _link_above(subject: Subject, path: bytes) -> bytes | None:
    folder = os.path.dirname(path)
    while folder:
        entry = subject.tree.get(folder)
        if entry is not None:
            return folder  # a file cannot have others below it: it is a link
        folder = os.path.dirname(folder)
    return None


def _read_lock(_: Subject, entry: Entry, data: bytes | None) -> None:
    small = _small(entry, data)
    # Without its dvc.yaml: what that says of an output makes no lock unreadable.
    outputs_of(small, entry.path)
    wrong = lockshape.wrong(_parsed(entry, small) or {})
    if wrong:
        raise _unreadable(entry, wrong)


def _read_pipeline(_: Subject, entry: Entry, data: bytes | None) -> None:
    wrong = pipelines.wrong(_parsed(entry, _small(entry, data)) or {})
    if wrong:
        raise _unreadable(entry, wrong)


def _parsed(entry: Entry, data: bytes) -> Any:
    try:
        return parse(data, MAX_BYTES, anchors=True)
    except ValueError as error:
        raise _unreadable(entry, str(error)) from None


def _unreadable(entry: Entry, wrong: str) -> GuardError:
    return GuardError(
        f"{shown(entry.path)} is no file that DVC can read: {wrong}.",
        f"git log -p -- {pathspec(entry.path)}     # correct it; `dvc stage list` checks it",
    )


def _small(entry: Entry, data: bytes | None) -> bytes:
    if data is None:
        raise _unreadable(entry, "it is too large")
    return data
