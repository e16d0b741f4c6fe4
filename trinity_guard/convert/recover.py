"""Completes, by the journal, a conversion that was cut short or that Git's own index has not heard of."""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.convert import ignorelines
from trinity_guard.convert.journal import Journal
from trinity_guard.convert.writes import write_blobs
from trinity_guard.dvcrepo import noted
from trinity_guard.dvcrepo.decode import outputs_of
from trinity_guard.dvcrepo.pointer import is_plain
from trinity_guard.dvcrepo.refresh import refresh, renamed
from trinity_guard.git import files, index
from trinity_guard.git.gitignore import with_lines, without_lines


def complete(place: git.Place, after_commit: bool) -> list[bytes]:
    """Finish what the journal says; return the paths that were mended.

    Before a commit: a conversion that was killed after the index changed still owes the working tree its files, and
    `commit -a` has just staged what the working tree has instead.
    After one (`commit -- path`, a private index): the real index still stages the raw file and deletes the pointer.
    """
    journal = Journal(place)
    records = journal.read()
    if not records:
        return []
    begun, found = journal.begun(), _Versions(place, records)
    committed = [r for r in records if found.committed(r) and (after_commit or not found.staged(r))]
    mendable = after_commit or not index.is_temporary(place)
    mended = _mend_index(place, committed, found.real if after_commit else b"") if committed and mendable else []
    held = [r for r in records if found.committed(r) or found.staged(r)]
    _mend_tree(place, held, begun)
    if mended:
        index.refresh(mended, found.real if after_commit else b"")
    if not after_commit and index.is_lock(place):
        _stage_again(held, found)
    if mendable or not committed:
        journal.drop()
    return [r[0] for r in held]


class _Versions:
    """Which pointers HEAD has, Git's own index, and the one in use, of what a journal names."""

    def __init__(self, place: git.Place, records: list[tuple[bytes, ...]]) -> None:
        self.real = os.path.join(place.git_dir, b"index")
        wanted = list(dict.fromkeys(r[2] for r in records))
        self._head = dict(zip(wanted, git.read_ids([b"HEAD:" + path for path in wanted]), strict=True))
        self.of_real = index.entries_of(wanted, {**os.environ, "GIT_INDEX_FILE": os.fsdecode(self.real)})
        self._in_use = self.of_real if index.is_real(place) else index.entries_of(wanted)

    def committed(self, record: tuple[bytes, ...]) -> bool:
        return (self._head[record[2]] or b"") == record[3]

    def staged(self, record: tuple[bytes, ...]) -> bool:
        """Whether either index has what the conversion put there."""
        entries = (self.of_real.get(record[2]), self._in_use.get(record[2]))
        return record[3] in [b"" if entry is None else entry.oid for entry in entries]


def _stage_again(records: list[tuple[bytes, ...]], found: _Versions) -> None:
    """Have `commit -a` take what the working tree has by now, where it took what it had before it was mended."""
    paths = list(dict.fromkeys([*(r[2] for r in records), *_by_ignore_file(records)]))
    real = index.entries_of(paths, {**os.environ, "GIT_INDEX_FILE": os.fsdecode(found.real)})
    in_use = index.entries_of(paths)
    swept = [p for p in paths if (real[p].oid if p in real else b"") != (in_use[p].oid if p in in_use else b"")]
    if swept:
        git.run("update-index", "--add", "--remove", "-z", "--stdin", data=b"".join(p + b"\0" for p in swept))


def _mend_tree(place: git.Place, records: list[tuple[bytes, ...]], begun: int) -> None:
    first = {record[2]: record for record in reversed(records)}  # of a folder: itself, and not its files
    lacking = [r for r in first.values() if not _is_written(place, r, begun)]
    held = [r for r in lacking if r[3]]
    for record, recorded in zip(held, git.read_all(r[3] for r in held), strict=True):
        path, where = record[0], record[2]
        files.replace_in(place, where, _pointer(place, path, where, recorded or b""))
    for record in lacking:
        if not record[3]:
            files.unlink(place.file(record[2]))
    for target, some in _by_ignore_file(records).items():
        old = files.read_if_there(place.file(target)) or b""
        new = _changed(old, some)
        if new and new != old:
            files.replace_in(place, target, new)
        elif not new:
            files.unlink(place.file(target))


def _by_ignore_file(records: list[tuple[bytes, ...]]) -> dict[bytes, list[tuple[bytes, ...]]]:
    """Return the .gitignore files in which lines are to come or go, and the records of each."""
    named = {record[0]: record for record in records if record[4]}
    return {target: [named[path] for path in paths] for target, paths in ignorelines.by_file(named).items()}


def _changed(gitignore: bytes, records: list[tuple[bytes, ...]]) -> bytes:
    """Return a .gitignore with the lines of these artifacts, and without those of what no pointer holds any more."""
    left = without_lines(gitignore, [r[4] for r in records if not r[3]])
    return with_lines(left, [r[4] for r in records if r[3]])


def _is_written(place: git.Place, record: tuple[bytes, ...], begun: int) -> bool:
    """Whether a pointer is there, and is not the one that the conversion found: the last commit's, or an older one."""
    try:
        newer = os.lstat(place.file(record[2])).st_mtime_ns >= begun
    except (FileNotFoundError, NotADirectoryError):
        return False
    before = git.read_ids([b"HEAD:" + record[2]])[0] if newer and record[3] else None
    if before is None or before == record[3]:
        return newer
    return files.read_if_there(place.file(record[2])) != git.read_all([before])[0]


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
    new = refresh(working, where, output.text, output.md5, output.size, output.isexec, nfiles=output.nfiles)
    return new + noted.split(recorded)[1] if is_plain(new, where) else new


def _mend_index(place: git.Place, records: list[tuple[bytes, ...]], real: bytes) -> list[tuple[bytes, bytes, bytes]]:
    """Bring an index to what was committed, for the journal's paths alone; what else is staged stays.

    Return what was changed in it. real: b"" is the one in use.
    """
    env = {**os.environ, "GIT_INDEX_FILE": os.fsdecode(real or index.file_in_use(place))}
    wanted = [p for r in records for p in (r[0], r[2])] + list(_by_ignore_file(records))
    staged = index.entries_of(wanted, env)
    changes: list[tuple[bytes, bytes, bytes]] = []
    placed: dict[bytes, bytes] = {}
    for path, blob, where, oid, _ in records:
        now = staged.get(path if oid else where)
        if now is not None and now.oid == blob:
            changes.append((b"0", b"0" * len(now.oid), now.path))
        elif now is not None:
            continue  # another version was staged in the meantime: the next commit converts it
        if oid:
            placed[where] = oid  # many files of a folder, one pointer
    changes += [(index.REGULAR, oid, where) for where, oid in placed.items()]
    # A pointer that was staged anew needs its line.
    records = [r for r in records if r[3] or r[2] not in staged or staged[r[2]].oid == r[1]]
    changes += _mended_ignores(place, records, staged)
    if changes:
        index.replace(changes, real)
    return changes


def _mended_ignores(
    place: git.Place, records: list[tuple[bytes, ...]], staged: dict[bytes, index.Entry]
) -> list[tuple[bytes, bytes, bytes]]:
    mended = _by_ignore_file(records)
    there = {target: staged[target] for target in mended if target in staged}
    old = dict(zip(there, git.read_all(entry.oid for entry in there.values()), strict=True))
    new = {target: _changed(old.get(target) or b"", some) for target, some in mended.items()}
    written = {t: data for t, data in new.items() if data and (t not in there or data != old[t])}
    oids = write_blobs(place, list(written.values()))
    modes = [there[target].mode if target in there else index.REGULAR for target in written]
    gone = [(b"0", b"0" * len(entry.oid), t) for t, entry in there.items() if not new[t] and old[t]]
    return [*zip(modes, oids, written, strict=True), *gone]
