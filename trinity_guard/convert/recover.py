"""Completes, by the journal, a conversion that was cut short or that Git's own index has not heard of."""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.convert import ignorelines
from trinity_guard.convert.journal import Journal
from trinity_guard.convert.writes import write_blobs
from trinity_guard.dvcrepo.decode import outputs_of
from trinity_guard.dvcrepo.pointer import refresh, renamed
from trinity_guard.git import files, index
from trinity_guard.git.gitignore import with_line, without_line


def complete(place: git.Place, after_commit: bool) -> list[bytes]:
    """Finish what the journal says; return the paths that were mended.

    Before a commit: a conversion that was killed after the index changed still owes the working tree its files.
    After one (`commit -- path`, a private index): the real index still stages the raw file and deletes the pointer.
    """
    journal = Journal(place)
    records = journal.read()
    if not records:
        return []
    begun = journal.begun()
    revision = b"HEAD:" if after_commit else b":0:"
    present = git.read_ids([revision + record[2] for record in records])
    confirmed = [r for r, oid in zip(records, present, strict=True) if (oid or b"") == r[3]]
    if after_commit:
        _mend_index(place, confirmed)
    _mend_tree(place, confirmed, begun)
    journal.drop()
    return [r[0] for r in confirmed]


def _mend_tree(place: git.Place, records: list[tuple[bytes, ...]], begun: int) -> None:
    for path, _, where, oid, name in records:
        if not _is_written(place.file(where), begun):
            if oid:
                recorded = git.read_all([oid])[0] or b""
                files.replace_in(place, where, _pointer(place, path, where, recorded))
            else:
                files.unlink(place.file(where))
        if name:
            target = ignorelines.file_for(path)
            old = files.read_if_there(place.file(target)) or b""
            new = _changed(old, name, bool(oid))
            if new and new != old:
                files.replace_in(place, target, new)
            elif not new:
                files.unlink(place.file(target))


def _changed(gitignore: bytes, name: bytes, held: bool) -> bytes:
    """Return a .gitignore with the line of an artifact, or, where no pointer holds that any more, without it."""
    return with_line(gitignore, name) if held else without_line(gitignore, name)


def _is_written(file: bytes, begun: int) -> bool:
    """Whether a file is there, and is not the one that the conversion found."""
    try:
        return os.lstat(file).st_mtime_ns >= begun
    except (FileNotFoundError, NotADirectoryError):
        return False


def _pointer(place: git.Place, path: bytes, where: bytes, recorded: bytes) -> bytes:
    """Return the pointer for the working tree: the recorded one, with a person's unstaged edits."""
    working = files.read_if_there(place.file(where))
    if working is None:
        return recorded
    (output,) = (o for o in outputs_of(recorded, where) if o.path == path)
    found = outputs_of(working, where)
    if len(found) == 1 and found[0].path != path:
        # The pointer was renamed, and says the old name of its file here.
        return renamed(working, where, os.path.basename(found[0].text), os.path.basename(output.text))
    return refresh(working, where, output.text, output.md5, output.size, output.isexec)


def _mend_index(place: git.Place, records: list[tuple[bytes, ...]]) -> None:
    """Bring the real index to what was committed, for the journal's paths alone; what else is staged stays."""
    real = os.path.join(place.git_dir, b"index")
    env = {**os.environ, "GIT_INDEX_FILE": os.fsdecode(real)}
    ignores = sorted({ignorelines.file_for(r[0]) for r in records if r[4]})
    wanted = [p for r in records for p in (r[0], r[2])] + ignores
    staged = index.entries_of(wanted, env)
    changes: list[tuple[bytes, bytes, bytes]] = []
    for path, blob, where, oid, _ in records:
        now = staged.get(path if oid else where)
        if now is not None and now.oid == blob:
            changes.append((b"0", b"0" * len(now.oid), now.path))
        elif now is not None:
            continue  # another version was staged in the meantime: the next commit converts it
        if oid:
            changes.append((index.REGULAR, oid, where))
    # A pointer that was staged anew needs its line.
    records = [r for r in records if r[3] or r[2] not in staged or staged[r[2]].oid == r[1]]
    changes += _mended_ignores(place, ignores, records, staged)
    if changes:
        index.replace(changes, real)


def _mended_ignores(
    place: git.Place, ignores: list[bytes], records: list[tuple[bytes, ...]], staged: dict[bytes, index.Entry]
) -> list[tuple[bytes, bytes, bytes]]:
    changes: list[tuple[bytes, bytes, bytes]] = []
    for target in ignores:
        entry = staged.get(target)
        old = new = (git.read_all([entry.oid])[0] or b"") if entry else b""
        for path, _, _, oid, name in records:
            if name and ignorelines.file_for(path) == target:
                new = _changed(new, name, bool(oid))
        if new and (new != old or entry is None):
            changes.append((entry.mode if entry else index.REGULAR, write_blobs(place, [new])[0], target))
        elif entry is not None and not new and old:
            changes.append((b"0", b"0" * len(entry.oid), target))
    return changes
