"""What the index's pointers say: which paths DVC holds, by which pointer, and which changed behind its back.

A record under the worktree's git dir remembers what each pointer blob says (its id is its content, so this is
never stale) and with which size and time its data was last seen to agree, so that 2,000 pointers cost no reading.
"""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.dvcrepo import paths
from trinity_guard.errors import GuardError
from trinity_guard.git import index, records

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from trinity_guard.dvcrepo.output import Output
    from trinity_guard.dvcrepo.workdirectory import WorkDirectory
    from trinity_guard.git.attributes import Attributes

# What was never seen before is hashed up to this many bytes a commit, newest first; `status` hashes all.
HASH_LIMIT = 256 << 20
# Everything in an index that a conversion has to know, listed by one process.
WANTED = (*paths.RECORDS, ".gitignore", "*/.gitignore", ".gitattributes")


NO_RECORD = b"none"


class Catalog:
    """The outputs of all pointers (held) and locks (locked) of the index, and its pipelines and .gitignore files.

    broken: pointers that cannot be understood, with the reason; unmerged: files of these that are in conflict.
    former: outputs that were known, and whose pointer or lock the index has no more.
    """

    __slots__ = ("attributes", "broken", "directories", "entries", "former", "held", "locked", "mark", "unmerged")

    def __init__(self, entries: dict[bytes, index.Entry], held: list[Output], broken: dict[bytes, GuardError]) -> None:
        self.unmerged: set[bytes] = set()
        # What this run found in directories of the work tree: each is walked through once.
        self.directories: dict[bytes, WorkDirectory] = {}
        # What this run has asked of Git's attributes.
        self.attributes: Attributes | None = None
        # Of the record that holds these outputs and no others; b"" where none is known to.
        self.mark = b""
        self.entries = entries
        self.held = held
        self.locked: list[Output] = []
        self.former: list[Output] = []
        self.broken = broken

    def outputs(self) -> list[Output]:
        return self.held + self.locked

    def by_path(self) -> dict[bytes, Output]:
        return {h.path: h for h in self.held}

    def claimed(self) -> set[bytes]:
        """Return the paths that outputs hold, and those of pointers that are in conflict or broken: these still do."""
        unread = (path for path in (*self.unmerged, *self.broken) if paths.is_pointer(path))
        return {o.path for o in self.outputs()} | {path.removesuffix(paths.POINTER) for path in unread}

    def holders(self, paths: Iterable[bytes]) -> dict[bytes, Output]:
        """Return path -> the output that holds it, or the directory that it lies in, where there is one."""
        outputs = {o.path: o for o in self.outputs() if o.held}
        found = {}
        for path in paths if outputs else ():
            place = path
            while place and (place not in outputs or (place != path and not outputs[place].is_dir)):
                place = place[: max(place.rfind(b"/"), 0)]
            if place:
                found[path] = outputs[place]
        return found

    def named(self, name: bytes) -> list[index.Entry]:
        """Return the entries with this base name (dvc.yaml, .gitignore)."""
        return [e for path, e in self.entries.items() if path == name or path.endswith(b"/" + name)]


def begin() -> git.Process:
    """Start reading the catalog, for `load` to finish."""
    return index.listing(*WANTED)


def load(place: git.Place, begun: git.Process | None = None) -> Catalog:
    """Read the catalog of the index."""
    listed, unmerged = index.listed(begun or begin())
    catalog = Catalog({e.path: e for e in listed}, [], {})
    catalog.unmerged = unmerged
    known, catalog.mark = _Record(place).read_marked()
    fresh: list[tuple[index.Entry, bytes]] = []
    for path, entry in catalog.entries.items():
        if path.endswith(paths.POINTER):
            oid, outputs = entry.oid, catalog.held
        elif paths.is_lock(path):
            oid, outputs = _version(catalog, entry), catalog.locked
        else:
            continue
        remembered = known.get(path)
        if remembered and remembered[0].oid == oid:
            outputs += remembered
        else:
            fresh.append((entry, oid))
    if fresh or not known.keys() <= catalog.entries.keys():
        catalog.former = [o for source, group in known.items() if source not in catalog.entries for o in group]
        _read(catalog, fresh)
        if catalog.former:
            from trinity_guard.dvcrepo import unheld  # noqa: PLC0415  # most commits let no pointer go

            unheld.note(place, catalog.entries, catalog.former, {o.path for o in catalog.outputs()})
        _carry_over(catalog, known)
        save(place, catalog)
    return catalog


def remembered(place: git.Place, mark: bytes) -> Catalog | None:
    """Return the outputs of the record alone, where it is the one of this mark; None for another, or a damaged one."""
    known, found = _Record(place).read_marked()
    if not mark or mark != found:
        return None
    catalog = Catalog({}, [], {})
    catalog.mark = mark
    for source, outputs in known.items():
        (catalog.locked if paths.is_lock(source) else catalog.held).extend(outputs)
    return catalog


def of_entries(entries: dict[bytes, index.Entry]) -> Catalog:
    """Read these files, whatever commit they are of."""
    catalog = Catalog(entries, [], {})
    _read(catalog, [(e, _version(catalog, e)) for path, e in entries.items() if paths.is_reference(path)])
    return catalog


def _version(catalog: Catalog, entry: index.Entry) -> bytes:
    """Return what an output depends on: its pointer's blob, or its lock's and that of the dvc.yaml beside it."""
    if not paths.is_lock(entry.path):
        return entry.oid
    yaml = catalog.entries.get(paths.yaml_beside(entry.path))
    return entry.oid + b" " + (yaml.oid if yaml else b"")


def _read(catalog: Catalog, fresh: list[tuple[index.Entry, bytes]]) -> None:
    # Loaded only now: what is remembered is not read.
    from trinity_guard.dvcrepo.decode import blobs, outputs_of  # noqa: PLC0415
    from trinity_guard.dvcrepo.output import nothing_in  # noqa: PLC0415

    contents = blobs(oid for _, version in fresh for oid in version.split())
    for entry, version in fresh:
        lock, _, yaml = version.partition(b" ")
        try:
            outputs = outputs_of(contents[lock] or b"", entry.path, contents[yaml] if yaml else None)
        except GuardError as error:
            catalog.broken[entry.path] = error
            continue
        # A lock without outputs is remembered too.
        for output in outputs or [nothing_in(entry.path)]:
            output.oid = version
            (catalog.locked if paths.is_lock(entry.path) else catalog.held).append(output)


def save(place: git.Place, catalog: Catalog) -> None:
    """Remember the catalog for the next time; not being able to is no harm."""
    record = _Record(place)
    catalog.mark = record.mark() if record.write(catalog.outputs()) else b""


def _carry_over(catalog: Catalog, known: dict[bytes, list[Output]]) -> None:
    """Tell outputs that were just read what was seen of their data under the former version of their source."""
    former = {(o.source, o.path): o for group in known.values() for o in group}
    for output in catalog.outputs():
        before = former.get((output.source, output.path))
        if before is None or before.oid == output.oid:
            continue
        if before.name == output.name:
            output.seen = before.seen
        elif before.md5:
            from trinity_guard.dvcrepo.output import MOVED  # noqa: PLC0415  # most commits move no pointer

            output.seen = MOVED


def left_ignored(place: git.Place) -> list[bytes] | None:
    """Return the files that are here though their pointer went and their ignore line stayed; None: look at all."""
    noted = records.read_if_readable(place.unheld, 1)
    if not noted and not os.path.exists(place.unheld):
        return None
    return [path for (path,) in noted if os.path.lexists(place.file(path))]


def behind(place: git.Place, catalog: Catalog) -> list[tuple[Output, str]]:
    """Return the outputs whose data in the work tree is not what is recorded, as far as a commit has time to look.

    Missing ones are not among them: they were not fetched. CHANGED may still be another version (`compare.version`).
    """
    outputs = catalog.outputs()
    if not outputs:
        return []
    from trinity_guard.dvcrepo import compare  # noqa: PLC0415  # where nothing is tracked, nothing is to be compared

    comparison = compare.Comparison(place, HASH_LIMIT, catalog.directories)
    states = comparison.states(outputs, versions=False)
    found = [(output, state) for output, state in states if state not in (compare.PRESENT, compare.MISSING)]
    if comparison.noted:
        save(place, catalog)
    return found


def remember(place: git.Place, items: Iterable[tuple[Output, bytes]]) -> None:
    """Add outputs that were just recorded, with the mark of the working file that agreed (b"": not known)."""
    new = []
    for output, mark in items:
        output.seen = mark
        new.append(output)
    record = _Record(place)
    replaced = {o.source for o in new}
    record.write([o for group in record.read().values() for o in group if o.source not in replaced] + new)


class _Record:
    """The file that remembers: NUL-separated fields, eight to an output, the last of which is empty for most.

    Versions before this one have a file of their own, `pointers`, which lacks half of what an output is.
    """

    FIELDS = 8
    FLAGS = (
        ("c", "cache"), ("p", "push"), ("s", "certain"), ("l", "legacy"), ("x", "isexec"), ("f", "frozen"),
        ("e", "external"), ("i", "imported"), ("r", "from_repo"),
    )  # fmt: skip

    def __init__(self, place: git.Place) -> None:
        self._file = os.path.join(place.git_dir, b"trinity-guard", b"outputs")

    def mark(self) -> bytes:
        try:
            stat = os.stat(self._file)
        except OSError:
            return NO_RECORD
        return b"%d %d %d %d" % (self.FIELDS, stat.st_size, stat.st_mtime_ns, stat.st_ino)

    def read_marked(self) -> tuple[dict[bytes, list[Output]], bytes]:
        """Return what is remembered and the mark of the file that says so, b"" where it is damaged or being written."""
        before = self.mark()
        groups = self.read()
        empty = before == NO_RECORD or before.split()[1] == b"0"
        return groups, before if before == self.mark() and (groups or empty) else b""

    def read(self) -> dict[bytes, list[Output]]:
        rows = records.read_if_readable(self._file, self.FIELDS)
        groups: dict[bytes, list[Output]] = {}
        if not rows:
            return groups
        from trinity_guard.dvcrepo.output import KINDS, Output  # noqa: PLC0415  # where nothing is tracked, there is none

        try:
            for source, oid, path, md5, size, kind, seen, rest in rows:
                output = Output(path, md5.decode(), int(size), source, oid)
                output.kind, output.seen = KINDS[kind], seen
                if rest:
                    self._read_rest(output, rest)
                else:
                    output.text = path[path.rfind(b"/") + 1 :].decode()
                groups.setdefault(source, []).append(output)
        except (ValueError, KeyError):
            return {}  # damaged: read the pointers again
        return groups

    def _read_rest(self, output: Output, rest: bytes) -> None:
        flags, nfiles, output.remote, output.stage, output.text = rest.decode().split("\1", 4)
        output.nfiles = int(nfiles)
        for letter, name in self.FLAGS:
            setattr(output, name, letter in flags)

    def write(self, outputs: Iterable[Output]) -> bool:
        try:
            records.write(self._file, [self._encoded(o) for o in outputs])
        except (GuardError, OSError):
            return False  # a read-only git dir: the next time reads the pointers again
        return True

    def _encoded(self, o: Output) -> tuple[bytes, ...]:
        fields = (o.source, o.oid, o.path, o.md5.encode(), b"%d" % o.size, o.kind.encode(), o.seen)
        return (*fields, b"" if _ordinary(o) else self._encoded_rest(o))

    def _encoded_rest(self, o: Output) -> bytes:
        flags = "".join(letter for letter, name in self.FLAGS if getattr(o, name))
        # A stage's name may hold anything.
        rest = [t.replace("\0", "?").replace("\1", "?") for t in (flags, str(o.nfiles), o.remote, o.stage)]
        return "\1".join([*rest, o.text]).encode("utf-8", "replace").replace(b"\0", b"?")


def _ordinary(o: Output) -> bool:
    """Whether it is as a new output is, called by its mere name: nearly all are, and thousands are written at once."""
    odd = o.legacy or o.isexec or o.frozen or o.external or o.imported or o.from_repo or o.remote or o.stage
    if odd or o.nfiles != -1 or not (o.cache and o.push and o.certain):
        return False
    return o.text.encode("utf-8", "replace") == o.path[o.path.rfind(b"/") + 1 :]
