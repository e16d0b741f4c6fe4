"""Checks of what a kill has left: a conversion, a sync, a migration, files that were being written."""

from __future__ import annotations

import os
import shutil

from trinity_guard import git
from trinity_guard.checkout import changes
from trinity_guard.convert import recover
from trinity_guard.convert.journal import Journal
from trinity_guard.detect import conflicts
from trinity_guard.detect.patterns import size_text
from trinity_guard.doctor.checks import ERROR, WARNING, Check, Repository, Unseen, counted, fine, listed
from trinity_guard.errors import shown
from trinity_guard.git import files, locks
from trinity_guard.git import temporary as shared
from trinity_guard.migrate import api

FIX = "trinity-guard doctor --fix"


def conversion(subject: Repository) -> Check:
    """The journal of a conversion: it is there while one is under way, and after one that was killed."""
    place = subject.place
    journal = Journal(place)
    if not journal.exists():
        return fine("no conversion was cut short")
    records = journal.read()
    if os.path.lexists(os.path.join(place.git_dir, b"index.lock")):
        return Check(WARNING, "a commit is under way, or was killed (see git-locks).", "git status")
    return Check(
        ERROR,
        f"a commit was cut short while it made pointers: {listed([r[0] for r in records]) or 'its journal is empty'}.",
        f"{FIX}     # completes it; the next commit does too",
        lambda: _complete(place),
    )


def _complete(place: git.Place) -> str:
    with locks.FileLock(place):
        records = Journal(place).read()
        heads = git.read_ids([b"HEAD:" + r[2] for r in records])
        # Committed already: then Git's own index may not have heard of it (`commit -- path`).
        after = any(oid == r[3] for r, oid in zip(records, heads, strict=True))
        done = recover.complete(place, after_commit=after)
    return f"completed: {listed(done)}" if done else "its journal, of which nothing had come about, is gone"


def unmerged(subject: Repository) -> Check:
    """Pointers and locks in conflict: unmerged, or with the markers staged or committed."""
    found = conflicts.found(subject.place)
    if not found:
        return fine("no pointer is in conflict")
    problem, remedy = conflicts.said(found[0])
    return Check(
        ERROR, problem + (f"\n  and {len(found) - 1} more (trinity-guard status)" if found[1:] else ""), remedy
    )


def following(subject: Repository) -> Check:
    """The note of a sync: it is there while one is under way, and after one that was killed."""
    note = os.path.join(subject.place.git_dir, b"trinity-guard", b"following")
    if not os.path.exists(note):
        return fine("the artifacts have followed their pointers")
    commits = changes.Stamp(subject.place).unfinished()
    came = f", coming from {listed([c[:10] for c in commits])}" if commits else ""
    return Check(
        WARNING, f"artifacts were left behind when they followed a checkout{came}: it was cut short.",
        "trinity-guard sync",
    )  # fmt: skip


def migration(subject: Repository) -> Check:
    with api.Migration(subject.place) as found:
        standing = api.standing(found)
    if standing == api.NONE:
        return fine("no migration is under way")
    if standing == api.AT_WORK:
        return fine("a migration is at work")
    if standing == api.HALF_UNDONE:
        return Check(ERROR, "a `migrate undo` was cut short: some refs are back, others are not.",
                     "trinity-guard migrate undo     # completes it")  # fmt: skip
    if standing == api.HALF_RUN:
        return Check(ERROR, "a migration was cut short while its refs moved, or the work tree after them.",
                     "trinity-guard migrate run     # completes it")  # fmt: skip
    return fine("a migration was run; `trinity-guard migrate finish` lets the old history go")


def temporary(subject: Repository) -> Check:
    """Files of processes that are gone: our own temporary ones, which nobody else sweeps."""
    left = _left_behind(subject)
    if not left:
        return fine("no temporary file was left behind")
    size = sum(_size(p) for p in left)
    return Check(
        WARNING,
        f"{counted(len(left), 'temporary file')} ({size_text(size)}) of processes that were killed: {listed(left, 2)}.",
        FIX,
        lambda: _sweep(subject, left),
    )


def _left_behind(subject: Repository) -> list[bytes]:
    place = subject.place
    own = [os.path.join(place.git_dir, b"trinity-guard"), place.own, os.path.join(place.own, b"queue")]
    left = [p for f in dict.fromkeys(own) if _is_folder(f) for p in (*files.unfinished(f), *_of_the_dead(f))]
    objects = _objects_folder(subject)
    return left + (list(shared.left_behind(objects)) if _is_folder(objects) else [])


def _objects_folder(subject: Repository) -> bytes:
    try:
        return os.path.join(subject.project().cache_dir, b"trinity-guard-tmp")
    except Unseen:
        return b""


def _is_folder(path: bytes) -> bool:
    return os.path.isdir(path) and not os.path.islink(path)


def _of_the_dead(folder: bytes) -> list[bytes]:
    """Return what the version before named after a process that is gone: `tmp-PID` and `NAME.tmp-PID`."""
    found = []
    for name in os.listdir(folder):
        head, mark, pid = name.rpartition(b"tmp-")
        ours = not head or head.endswith(b".")
        if mark and ours and pid.isdigit() and len(pid) < 10 and not locks.alive(int(pid)):
            found.append(os.path.join(folder, name))
    return found


def _size(path: bytes) -> int:
    total = 0
    for folder, _, names in os.walk(path):
        total += sum(os.lstat(os.path.join(folder, n)).st_size for n in names)
    try:
        return total or os.lstat(path).st_size
    except FileNotFoundError:
        return total


def _sweep(subject: Repository, left: list[bytes]) -> str:
    objects = _objects_folder(subject)
    for path in left:
        if os.path.dirname(path) == objects:
            continue  # swept below, under its lock
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        elif os.path.lexists(path):
            os.unlink(path)
    if _is_folder(objects):
        shared.sweep(objects)
    return f"{counted(len(left), 'temporary file')} removed, the first {shown(left[0])}"
