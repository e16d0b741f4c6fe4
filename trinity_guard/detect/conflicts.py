"""Pointers and locks in conflict: the versions of both sides and of their base, in words, and the commands that help.

Unmerged in the index; or with the markers staged, as `git add -A` leaves them; or with the markers committed. What
Git remembers of a conflict that was staged so (its resolve-undo records) gives the versions back, else the markers do.
"""

from __future__ import annotations

import codecs

from trinity_guard import git
from trinity_guard.detect.glance import HEAD_BYTES
from trinity_guard.detect.patterns import size_text
from trinity_guard.dvcrepo import paths, pointer, tracked
from trinity_guard.dvcrepo.decode import outputs_of
from trinity_guard.errors import BLOCKED, GuardError, pathspec, shown, typed
from trinity_guard.git import index, repository, revisions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from trinity_guard.dvcrepo.output import Output
    from trinity_guard.dvcrepo.project import Caches

BASE, OURS, THEIRS = SIDES = ("base", "ours", "theirs")
STAGES = {b"1": BASE, b"2": OURS, b"3": THEIRS}
# What may stand for the other side, while the merge, rebase, cherry-pick or revert is under way, or a stash was popped.
HEADS = ("HEAD", "MERGE_HEAD", "REBASE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "refs/stash")
MARKER_SIZE = 7
# What is merged by rows.
BY_ROWS = (b".csv", b".tsv")
# Of the three versions together: each byte takes some twenty of memory.
MAX_MERGED = 100_000_000
AMEND = "git commit --amend --no-edit --allow-empty     # before anybody has pulled it"
_MARKERS = {b"<": OURS, b"|": BASE, b"=": THEIRS, b">": ""}


class Conflict:
    """One file in conflict. versions: side -> its bytes, None where that side has no such file; absent where unknown.

    entries: side -> mode and blob, where Git has them. unmerged: whether the index says so. commit: the one that
    brought the markers, b"" where none has them. last: whether that is HEAD. stopped: whether a rebase is under way.
    caches: where the versions' bytes may lie, None where that is not known.
    """

    __slots__ = ("caches", "commit", "entries", "last", "path", "stopped", "unmerged", "versions")

    def __init__(self, path: bytes, unmerged: bool) -> None:
        self.path = path
        self.unmerged = unmerged
        self.commit = b""
        self.last = self.stopped = False
        self.entries: dict[str, index.Entry] = {}
        self.versions: dict[str, bytes | None] = {}
        self.caches: Caches | None = None

    @property
    def artifact(self) -> bytes:
        """What a person calls it: the pointer's data, or the lock itself."""
        return self.path.removesuffix(paths.POINTER)

    def outputs(self, side: str) -> list[Output]:
        """Return what a version records; nothing where there is none, or none that can be read."""
        try:
            return outputs_of(self.versions.get(side) or b"", self.path)
        except GuardError:
            return []


def found(place: git.Place, catalog: tracked.Catalog | None = None) -> list[Conflict]:
    """Return the pointers and locks of the index that are in conflict, in their order."""
    catalog = catalog or tracked.load(place)
    marked = [p for p, error in catalog.broken.items() if is_marked(error)]
    unmerged = _stages("-u") if any(paths.is_reference(p) for p in catalog.unmerged) else {}
    known = _stages("--resolve-undo", *marked) if marked else {}
    texts = dict(zip(marked, git.read_all(catalog.entries[p].oid for p in marked), strict=True))
    conflicts = [_of(path, True, entries) for path, entries in unmerged.items()]
    for path, text in texts.items():
        conflict = _of(path, False, known.get(path, {}))
        _find_commit(place, conflict, catalog.entries[path].oid)
        if not conflict.entries:
            conflict.versions = {**sides_of(text or b"")}
        conflicts.append(conflict)
    note_caches(place, conflicts)
    return sorted(conflicts, key=lambda c: c.path)


def note_caches(place: git.Place, conflicts: Sequence[Conflict]) -> None:
    """Note where the bytes of the versions may be looked at."""
    from trinity_guard.dvcrepo.project import Caches  # noqa: PLC0415  # mostly there are no conflicts

    caches = Caches(place) if conflicts and place.top else None
    for conflict in conflicts:
        conflict.caches = caches


def resolved(unresolved: Sequence[Conflict]) -> list[Conflict]:
    """Return what was in conflict and is resolved, while no commit has that: somebody may choose again."""
    known = _stages("--resolve-undo")
    for conflict in unresolved:
        known.pop(conflict.path, None)
    heads = git.read_ids(b"HEAD:" + path for path in known)
    ours = [entries[OURS].oid if OURS in entries else None for entries in known.values()]
    both = zip(known.items(), heads, ours, strict=True)
    return [_of(path, False, entries) for (path, entries), head, mine in both if head == mine]


def _find_commit(place: git.Place, conflict: Conflict, oid: bytes) -> None:
    """Note which commit has brought this text with markers, if any has."""
    head, here = git.read_ids([b"HEAD", b"HEAD:" + conflict.path])
    if here == oid:
        conflict.commit = git.run("rev-list", "-1", "HEAD", "--", conflict.path, env=git.literal()).strip()
        conflict.last = conflict.commit == head
        conflict.stopped = repository.rebasing(place)


def is_marked(error: GuardError) -> bool:
    """Whether it was raised for the markers of a conflict."""
    return error.problem.endswith(pointer.MARKED)


def _stages(option: str, *names: bytes) -> dict[bytes, dict[str, index.Entry]]:
    """Return path -> side -> entry, of what is unmerged or what Git remembers to have been."""
    out = git.run("ls-files", option, "-z", "--full-name", "--", *(names or paths.REFERENCES))
    found: dict[bytes, dict[str, index.Entry]] = {}
    for line in out.split(b"\0")[:-1]:
        meta, _, path = line.partition(b"\t")
        mode, oid, stage = meta.split(b" ")
        found.setdefault(path, {})[STAGES[stage]] = index.Entry(mode, oid, path)
    return found


def _of(path: bytes, unmerged: bool, entries: dict[str, index.Entry]) -> Conflict:
    conflict = Conflict(path, unmerged)
    conflict.entries = entries
    if entries:
        contents = dict(zip(entries, git.read_all(e.oid for e in entries.values()), strict=True))
        conflict.versions = {side: _own(side, contents.get(side)) for side in SIDES}
    return conflict


def _own(side: str, data: bytes | None) -> bytes | None:
    """Return a side's version: where both renamed it, Git has merged the two, and the one blob holds the markers."""
    return sides_of(data).get(side, data) if data and pointer.has_markers(data) else data


def sides_of(text: bytes) -> dict[str, bytes]:
    """Return the versions that a text with conflict markers tells of; the base only where its style has it (diff3)."""
    versions: dict[str, list[bytes]] = {side: [] for side in SIDES}
    current, size, hunks, based = "", 0, 0, 0
    for line in text.splitlines(keepends=True):
        count = _marker(line)
        if count and (line[:1] == b"<" if not current else count == size):
            # Of a file that both sides renamed they are longer than seven.
            current, size = _MARKERS[line[:1]], count
            hunks += current == OURS
            based += current == BASE
        else:
            for side in (current,) if current else SIDES:
                versions[side].append(line)
    known = SIDES if hunks and based == hunks else (OURS, THEIRS) if hunks else ()
    return {side: b"".join(versions[side]) for side in known}


def _marker(line: bytes) -> int:
    """Return the length of the marker that a line is, 0 for any other line."""
    count = len(line) - len(line.lstrip(line[:1]))
    return count if line[:1] in _MARKERS and count >= MARKER_SIZE and line[count : count + 1] in b" \r\n" else 0


# ---- what is said


def refusal(place: git.Place, path: bytes, catalog: tracked.Catalog | None = None) -> GuardError:
    """Return the error for a pointer or a lock that is in conflict, with its versions and the commands that help."""
    for conflict in found(place, catalog):
        if conflict.path == path:
            return GuardError(*said(conflict), BLOCKED)
    return pointer.marked(path)


def said(conflict: Conflict) -> tuple[str, str]:
    """Return what is said of a conflict, and the commands that help in the state that it is in."""
    sides = [s for s in (OURS, THEIRS, BASE) if conflict.versions.get(s) or s in (OURS, THEIRS)]
    lines = [f"  {side:<7} {_version(conflict, side)}" for side in sides]
    return "\n".join(
        [f"{shown(conflict.path)} {pointer.MARKED if not conflict.unmerged else 'is in conflict.'}", *lines]
    ), (remedy(conflict))


def remedy(conflict: Conflict) -> str:
    """Return the commands that help, which depends on what Git knows of the conflict."""
    name, word = typed(conflict.artifact), pathspec(conflict.path)
    known = [s for s in (OURS, THEIRS) if s in conflict.versions] + [BASE] * bool(conflict.versions.get(BASE))
    if not known:
        return f"git log -p -- {word}     # which version is right? Take the markers out, then: git add {word}"
    if conflict.commit and (not conflict.last or _published(conflict.commit)):
        return "\n".join(_after_commit(conflict))
    others = ", ".join(f"--{s}" for s in known[1:])
    lines = [f"trinity-guard use --{known[0]} {name}     # or {others}: the pointer and its data"]
    if conflict.unmerged and all(conflict.versions.get(s) is not None for s in (OURS, THEIRS)):
        lines.append(f"git checkout --ours -- {word}     # or --theirs; then: git add {word}")
    if _directories(conflict):
        lines.insert(1, f"trinity-guard use --union {name}     # both, where they changed different files")
    if _tables(conflict):
        lines.insert(1, f"trinity-guard use --merge {name}     # both, row by row")
    return "\n".join([*lines, AMEND] if conflict.commit else lines)


def _published(commit: bytes) -> bool:
    """Whether others have a commit already, as far as we know."""
    return not git.run("rev-list", "-1", commit, "--not", "--remotes")


def _after_commit(conflict: Conflict) -> list[str]:
    """Return the commands for markers that an older commit holds, or one that others have."""
    if _published(conflict.commit):
        return [_taking_out(conflict.path), "git commit     # for all who have it already"]
    if conflict.stopped:
        return ["git rebase --continue     # to its end; then: trinity-guard status"]
    return out_of_commit(conflict.path, conflict.commit)


def out_of_commit(path: bytes, commit: bytes, last: bool = False) -> list[str]:
    """Return the commands that take the markers out of this file in the commit that brought them, which none has yet.

    last: whether that is HEAD.
    """
    if last:
        return [_taking_out(path), AMEND]
    parents, short = git.parents(commit.decode()) or [], commit[:10].decode()
    options = " --rebase-merges" if len(parents) > 1 else ""
    where = "a line `break` below its `merge -C`" if options else "`edit` in its first line"
    base = f"{short}^" if parents else "--root"
    return [
        f"git rebase -i --autostash{options} {base}     # with {where}; then:",
        _taking_out(path),
        "git commit --amend --no-edit --allow-empty && git rebase --continue     # and then push again",
    ]


def _taking_out(path: bytes) -> str:
    name = typed(path.removesuffix(paths.POINTER))
    return f"trinity-guard use --{OURS} {name}     # or --{THEIRS}: the pointer and its data"


def _tables(conflict: Conflict) -> bool:
    """Whether there may be a merge by rows, as far as that is known without a look at all bytes.

    Without a base that is known what one side removed would come back.
    """
    if BASE not in conflict.versions or not conflict.artifact.lower().endswith(BY_ROWS):
        return False
    listed = [conflict.outputs(s) for s in (OURS, THEIRS, *[BASE] * bool(conflict.versions[BASE]))]
    if any(len(outs) != 1 or outs[0].is_dir or outs[0].legacy for outs in listed) or not _differ_in_rows(conflict):
        return False
    there = [out for outs in listed for out in outs]
    return sum(max(out.size, 0) for out in there) <= MAX_MERGED and all(_may_be_text(conflict, out) for out in there)


def _differ_in_rows(conflict: Conflict) -> bool:
    """Whether two versions are one pointer, but for the bytes that it names."""
    from trinity_guard.dvcrepo import merge  # noqa: PLC0415  # it takes YAML along

    ours, base, theirs = (conflict.versions.get(s) or b"" for s in (OURS, BASE, THEIRS))
    try:
        return merge.aligned(ours, base, theirs, conflict.path, lambda mine, *_: {"md5": mine.md5}) is not None
    except GuardError:
        return False


def _may_be_text(conflict: Conflict, output: Output) -> bool:
    """Whether a version is a text by its first bytes, where they are here."""
    try:
        store = conflict.caches.of(conflict.path) if conflict.caches else None
        if store is None:
            return True
        with open(git.opened(store.path(output.md5), links=True), "rb") as file:
            head = file.read(HEAD_BYTES)
    except (OSError, GuardError):
        return True
    return b"\0" not in head or head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))


def _directories(conflict: Conflict) -> bool:
    return all(any(o.is_dir for o in conflict.outputs(side)) for side in (OURS, THEIRS))


def _version(conflict: Conflict, side: str) -> str:
    if side not in conflict.versions:
        return "not known"
    if conflict.versions[side] is None:
        return "deleted"
    outputs = conflict.outputs(side)
    words = [_output(o) for o in outputs[:1]] if len(outputs) == 1 else [f"{len(outputs)} outputs"]
    commit = _commit(conflict, side) if side != BASE else ""
    return ", ".join([*words, *([commit] if commit else [])])


def _output(output: Output) -> str:
    files = f" in {output.nfiles} files" if output.nfiles >= 0 else ""
    size = size_text(output.size) if output.size >= 0 else "size unknown"
    return f"{size}{files}, md5 {output.md5[:8]}"


def _commit(conflict: Conflict, side: str) -> str:
    """Return the commit that brought a version, with its date and subject; "" where none is known."""
    entry = conflict.entries.get(side)
    heads = [h for h in HEADS if revisions.commit(h.encode())]
    if entry is None or not heads:
        return ""
    options = ("-9", "--format=%x00%h of %as, %an: %s", "--raw", "--no-renames", b"--find-object=" + entry.oid)
    out = git.attempt("log", *options, *heads, "--", conflict.path, env=git.literal()).out
    for commit in out.split(b"\0")[1:]:
        # Of each: words, a blank line, `:MODE MODE OLD NEW STATUS`; those are found, too, that took it away.
        words, _, raw = commit.partition(b"\n")
        new = raw.split()[3:4]
        if new and entry.oid.startswith(new[0]):
            return shown(words)
    return ""


def put_back(conflicts: Sequence[Conflict]) -> None:
    """Have the index say again that these are unmerged, as it did before their markers were staged."""
    index.unmerge(
        {c.path: {stage: c.entries[side] for stage, side in STAGES.items() if side in c.entries} for c in conflicts}
    )
    for conflict in conflicts:
        conflict.unmerged = True
