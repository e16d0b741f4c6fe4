"""What the index's pointers say: which paths DVC holds, by which pointer, and which changed behind its back.

A record under the worktree's git dir remembers what each pointer blob says (its id is its content, so this is
never stale) and with which size and time its data was last seen to agree, so that 2,000 pointers cost no reading.
"""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.errors import GuardError
from trinity_guard.git import index, records

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

# What was never seen before is hashed up to this many bytes a commit, newest first; `status` hashes all.
HASH_LIMIT = 256 << 20


class Held:
    """One output of one pointer: where its data is, what it should be, and when it was last seen to be that.

    kind: "file", "dir", "import" (the pointer has a source of its own), "foreign" (external, or not cached).
    pushed: False under `push: false`; legacy: the md5 is one of DVC 2.
    remote: the output's own remote, "" for the default.
    seen: size, time (ns) and inode of the data when it last agreed, b"" before.
    """

    __slots__ = ("kind", "legacy", "md5", "oid", "path", "pointer", "pushed", "remote", "seen", "size")

    def __init__(self, pointer_path: bytes, oid: bytes, path: bytes, kind: str, md5: str, size: int) -> None:
        self.pointer = pointer_path
        self.oid = oid
        self.path = path
        self.kind = kind
        self.md5 = md5
        self.size = size
        self.pushed = True
        self.legacy = False
        self.remote = ""
        self.seen = b""


# Everything in an index that a conversion has to know, listed by one process.
WANTED = (
    "*.dvc", "dvc.yaml", "*/dvc.yaml", "dvc.lock", "*/dvc.lock",
    ".gitignore", "*/.gitignore",
)  # fmt: skip


class Catalog:
    """The outputs of all pointers of the index, and its files that say more: pipelines, locks, .gitignore.

    broken: pointers that cannot be understood, with the reason; unmerged: files of these that are in conflict.
    """

    __slots__ = ("broken", "entries", "held", "unmerged")

    def __init__(self, entries: dict[bytes, index.Entry], held: list[Held], broken: dict[bytes, GuardError]) -> None:
        self.unmerged: set[bytes] = set()
        self.entries = entries
        self.held = held
        self.broken = broken

    def by_path(self) -> dict[bytes, Held]:
        return {h.path: h for h in self.held}

    def named(self, name: bytes) -> list[index.Entry]:
        """Return the entries with this base name (dvc.yaml, .gitignore)."""
        return [e for path, e in self.entries.items() if path == name or path.endswith(b"/" + name)]


def begin() -> git.Process:
    """Start reading the catalog, for `load` to finish."""
    return index.listing(*WANTED)


def load(place: git.Place, begun: git.Process | None = None) -> Catalog:
    """Read the catalog of the index."""
    listed, unmerged = index.listed(begun or begin())
    entries = {e.path: e for e in listed}
    known = _Record(place).read()
    held: list[Held] = []
    fresh: list[index.Entry] = []
    for path, entry in entries.items():
        if not path.endswith(b".dvc"):
            continue
        remembered = known.get(path)
        if remembered and remembered[0].oid == entry.oid:
            held += remembered
        else:
            fresh.append(entry)
    broken: dict[bytes, GuardError] = {}
    for entry, data in zip(fresh, git.read_all(e.oid for e in fresh), strict=True):
        try:
            held += parse(entry, data or b"")
        except GuardError as error:
            broken[entry.path] = error
    catalog = Catalog(entries, held, broken)
    catalog.unmerged = unmerged
    if fresh:
        save(place, catalog)
    return catalog


def save(place: git.Place, catalog: Catalog) -> None:
    """Remember the catalog for the next time; not being able to is no harm."""
    _Record(place).write(catalog.held)


def parse(entry: index.Entry, data: bytes) -> list[Held]:
    """Return what one pointer holds; GuardError for a pointer that is malformed or leaves the repository."""
    from trinity_guard.dvcrepo import pointer  # noqa: PLC0415  # only what is not remembered is read

    decoded = pointer.decode(data, entry.path)
    outs = []
    for out in decoded.outs:
        kind = "dir" if out.is_dir else "import" if decoded.deps else "file"
        if out.external or not out.cache or not out.md5:
            kind = "foreign"
        path = b"" if out.external else pointer.data_path(entry.path, decoded, out)
        held = Held(entry.path, entry.oid, path, kind, out.md5 or "", -1 if out.size is None else out.size)
        held.legacy = out.hash_name != "md5"
        held.pushed, held.remote = out.push and not decoded.repo_import, out.remote or ""
        outs.append(held)
    return outs


def changed(place: git.Place, catalog: Catalog, limit: int = HASH_LIMIT) -> list[Held]:
    """Return the files whose working copy is not what their pointer says.

    Size first, then the time at which it last agreed; only what is left is hashed, the newest first,
    up to `limit` bytes. Missing files are no change: they were not fetched.
    """
    differing: list[Held] = []
    unsure: list[tuple[int, int, Held, bytes]] = []
    for held in catalog.held:
        if held.kind != "file":
            continue
        try:
            stat = os.lstat(place.file(held.path))
        except OSError:
            continue
        if stat.st_mode & 0o170000 != 0o100000:
            continue
        mark = seen_mark(stat)
        if held.size >= 0 and stat.st_size != held.size:
            differing.append(held)
        elif held.seen != mark:
            unsure.append((-stat.st_mtime_ns, stat.st_size, held, mark))
    if unsure:
        differing += _hashed(place, unsure, limit)
        save(place, catalog)
    return differing


def _hashed(place: git.Place, unsure: list[tuple[int, int, Held, bytes]], limit: int) -> list[Held]:
    from trinity_guard.dvcrepo import odb  # noqa: PLC0415  # only what changed is hashed

    differing = []
    for _, size, held, mark in sorted(unsure, key=lambda item: item[:2]):
        if size > limit:
            continue
        limit -= size
        try:
            same = odb.md5_of(place.file(held.path)) == held.md5
        except OSError:
            continue  # unreadable or gone in the meantime: nothing that could be named as changed
        if same:
            held.seen = mark
        else:
            differing.append(held)
    return differing


def seen_mark(stat: os.stat_result) -> bytes:
    return b"%d %d %d" % (stat.st_size, stat.st_mtime_ns, stat.st_ino)


def remember(place: git.Place, items: Iterable[tuple[Held, bytes]]) -> None:
    """Add outputs that were just recorded, with the mark of the working file that agreed (b"": not known)."""
    new = []
    for held, mark in items:
        held.seen = mark
        new.append(held)
    record = _Record(place)
    replaced = {h.pointer for h in new}
    record.write([h for group in record.read().values() for h in group if h.pointer not in replaced] + new)


class _Record:
    """The file that remembers; NUL-separated fields, seven to an output."""

    FIELDS = 7

    def __init__(self, place: git.Place) -> None:
        self._file = os.path.join(place.git_dir, b"trinity-guard", b"pointers")

    def read(self) -> dict[bytes, list[Held]]:
        groups: dict[bytes, list[Held]] = {}
        try:
            for where, oid, path, kind, md5, size, seen in records.read_if_readable(self._file, self.FIELDS):
                held = Held(where, oid, path, kind.decode(), md5.decode(), int(size))
                held.seen = seen
                groups.setdefault(where, []).append(held)
        except ValueError:
            return {}  # damaged: read the pointers again
        return groups

    def write(self, held: Iterable[Held]) -> None:
        rows = [(h.pointer, h.oid, h.path, h.kind.encode(), h.md5.encode(), b"%d" % h.size, h.seen) for h in held]
        try:
            records.write(self._file, rows)
        except GuardError:
            return  # a read-only git dir: the next time reads the pointers again
