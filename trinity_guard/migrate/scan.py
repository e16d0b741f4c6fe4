"""What a history holds: each tree is read once, and of those without an artifact below only the name is remembered."""

from __future__ import annotations

import itertools
from binascii import hexlify, unhexlify
from collections.abc import Callable, Iterable, Iterator, Sequence, Set

from trinity_guard.dvcrepo.standin import StandIn
from trinity_guard.git.catfile import FILES, TREE, Entry, Source, tree_parser
from trinity_guard.git.ids import Ids, Packed, forget_older
from trinity_guard.migrate import firstbytes, lfs, standins
from trinity_guard.migrate.blobs import Blobs, Origins, Size, take_version
from trinity_guard.migrate.kept import Alike, KeptTrees
from trinity_guard.migrate.kinds import ATTRIBUTES, DVC, DVCIGNORE, GITIGNORE, IGNORES, Kinds, folders
from trinity_guard.migrate.progress import Progress
from trinity_guard.migrate.selection import Selection

# Commits whose trees are looked at together; what is found clean among them is let go of before the next ones.
TOGETHER = 16_000
# The first ones are fewer, so that others have something to do while the rest is looked at.
FIRST = 500
# Bytes of memory, about, for trees that are looked at together; so many commits at least; and bytes for one entry.
MAX_READ = 32 << 20
LEAST = 50
FOR_AN_ENTRY = 170
# Bytes of trees below the top that are kept for the rewriting; what is above is read a second time.
MAX_KEPT = 16 << 20
# Trees without an artifact that are remembered, or four times as many as a commit has folders; others that come again
# are read again.
MAX_CLEAN = 200_000
# Files whose bytes are looked at together.
MAX_UNTOLD = 20_000
# Artifacts of a folder that are remembered, beside twice as many as it has, though they are not in it any more.
MAX_GONE = 1000


class Scan:
    """commits (parents first) with their root trees; the versions (path -> blob -> its first commit) selected.

    kept: folder -> trees of interest; raws: the bytes of some of them. extra: trees that tags name.
    beside: .gitignore and .gitattributes in trees with artifacts, as (folder, blob); peculiar: whether one of these
    trees has anything else for whose sake a file may stay; dvcignores: (folder, blob) of all of them. pointers: all
    that are of git-lfs (20 bytes), where commits leave it, selected or not; trees with one, or with attributes, are
    kept then like those with artifacts.
    """

    def __init__(self) -> None:
        self.commits = Ids()
        self.roots = Packed()
        self.extra: list[bytes] = []
        self.mentions: dict[int, list[bytes]] = {}
        self.kept = KeptTrees()
        self.raws: dict[bytes, bytes] = {}
        self.versions: dict[bytes, dict[bytes, int] | Origins] = {}
        self.beside: dict[bytes, set[tuple[bytes, bytes]]] = {GITIGNORE: set(), ATTRIBUTES: set()}
        self.dvcignores: set[tuple[bytes, bytes]] = set()
        self.peculiar = False
        self.blobs = Blobs()
        self.pointers: frozenset[bytes] = frozenset()

    def mask(self, root: bytes) -> int:
        kept = self.kept.get(b"", root)
        return 0 if kept is None else kept.mask

    def has_files_of_dvc(self, root: bytes) -> bool:
        """Whether there are any in a commit, by its root, that say something on other files of it."""
        kept = self.kept.get(b"", root)
        return kept is not None and kept.dvc

    def absent(self, lfs_folder: bytes) -> set[bytes]:
        """Return the blobs that are pointers of git-lfs to objects which are not in this folder."""
        known = ((oid, size.lfs) for oid, size in self.blobs.items())
        return {oid for oid, pointer in known if pointer is not None and not lfs.here(lfs_folder, pointer)}

    def stand_ins(self) -> dict[bytes, StandIn]:
        """Return the blobs that are stand-ins, with what they name."""
        return {oid: size.stand_in for oid, size in self.blobs.items() if size.stand_in is not None}

    def commit(self, number: int) -> str:
        """Return a commit's id, "" for a number beyond them (a tree that a tag names)."""
        return self.commits[number].hex() if number < len(self.commits) else ""


class _Opened:
    """A tree that was read and not yet decided on."""

    __slots__ = ("dvc", "found", "mask", "oid", "origin", "path", "raw", "same", "subs")

    def __init__(self, oid: bytes, path: bytes, origin: int, raw: bytes) -> None:
        self.oid = oid
        self.path = path
        self.origin = origin
        self.raw: bytes = raw
        self.subs: list[tuple[bytes, bytes]] = []
        self.found: list[tuple[Entry, int]] = []
        self.mask = 0  # of what was found in another version of the folder
        self.dvc = False
        self.same: list[bytes] = []  # others of which all holds that holds of it

    def put_in_order(self, entries: list[Entry]) -> None:
        """Have what was found stand as it does in the tree, whose entries these are."""
        places = {entry: number for number, entry in enumerate(entries)}
        self.found.sort(key=lambda found: places[found[0]])


def scan(
    source: Source,
    selection: Selection,
    tips: Sequence[bytes],
    trees: Sequence[bytes],
    on_progress: Progress,
    stop: Sequence[bytes] = (),
    on_blobs: Callable[[Scan, list[bytes]], None] | None = None,
) -> Scan:
    """Look through all commits that the tips (hex) reach and `stop` does not, and through the trees (20 bytes) that
    tags name. on_blobs is given what was selected, now and then, each blob once: a path's versions together, the
    newest first, as Git's deltas lie."""
    found = Scan()
    if tips:
        out = source.run("rev-list", "--topo-order", "--reverse", "--stdin", data=_lines(tips, stop))
        found.commits = Ids(unhexlify(out[at : at + 40]) for at in range(0, len(out), 41))
    found.extra = list(trees)
    if selection.leaves_lfs:
        found.pointers = frozenset(firstbytes.lfs_pointers(source))
    count = found.pointers if selection.any_lfs else ()
    with firstbytes.Told(source, count, selection.sniff) as told:
        return _Scanner(source, selection, found, on_progress, told).run(on_blobs)


def _lines(tips: Sequence[bytes], stop: Sequence[bytes]) -> bytes:
    return b"".join([b"%s\n" % tip for tip in tips] + [b"^%s\n" % commit for commit in stop])


class _Scanner:
    def __init__(
        self, source: Source, selection: Selection, found: Scan, on_progress: Progress, told: firstbytes.Told
    ) -> None:
        import re

        self._source = source
        self._selection = selection
        self._found = found
        self._on_progress = on_progress
        self._parse = tree_parser()
        # Names of commits have 7 letters or more, wherever people write them.
        self._hex = re.compile(rb"\b[0-9a-f]{7,40}\b")
        self._kinds = Kinds(selection)
        # Trees without anything of interest, those that lie there first where that makes a difference; and those of a
        # path that are not decided on yet.
        self._clean: dict[bytes, None] = {}
        self._pending: set[tuple[bytes, bytes]] = set()
        self._sieved: dict[bytes, bool] = {}
        self._too_small: set[bytes] = set()
        # Folder -> artifacts (entries) that were found there, with their bits.
        self._known: dict[bytes, dict[Entry, int]] = {}
        self._read = 0
        self._of_clean = self._of_kept = 0  # bytes
        # Folders with anything of interest at some time, and all above them; None where nobody knows.
        self._worth: set[bytes] | None = None
        self._budget = MAX_KEPT
        self._told = told
        # Whether bytes may tell any, until all were looked at; files to look at, and blobs that were and are none.
        self._looks = selection.sniff
        self._untold: list[tuple[_Opened, Entry]] = []
        self._plain = Ids()
        self._leaves = selection.leaves_lfs

    def run(self, on_blobs: Callable[[Scan, list[bytes]], None] | None) -> Scan:
        found = self._found
        self._read_commits()
        self._on_progress("scan", 0, len(found.commits))
        all_roots = self._all_roots()
        start, together = 0, FIRST
        while chunk := list(itertools.islice(all_roots, together)):
            fresh = self._settle(self._open_all(chunk, start))
            if on_blobs is not None and fresh:
                on_blobs(found, fresh)
            if not start and len(chunk) == FIRST and self._of_clean > self._of_kept:
                # Where most trees have nothing, it takes Git less to tell all paths than it takes us to read them.
                roots, pointers = map(hexlify, self._all_roots()), found.pointers if self._leaves else None
                self._worth = folders(self._source, roots, self._kinds, self._told, pointers)
                self._looks = self._looks and self._worth is None
            start += len(chunk)
            # Of large trees fewer, so that memory does not grow with them.
            together = min(TOGETHER, max(LEAST, len(chunk) * MAX_READ // (self._read + 1)))
            self._read = 0
            self._on_progress("scan", min(start, len(found.commits)), len(found.commits))
        found.blobs.pack(self._source.packed_sizes(list(map(hexlify, found.blobs))))
        return found

    def _all_roots(self) -> Iterator[bytes]:
        return itertools.chain(self._found.roots, self._found.extra)

    def _read_commits(self) -> None:
        found = self._found
        for number, (_, raw) in enumerate(self._source.each(map(hexlify, found.commits))):
            found.roots.append(unhexlify(raw[5:45]))
            tokens = self._hex.findall(raw, raw.find(b"\n\n"))
            if tokens:
                found.mentions[number] = tokens

    def _open_all(self, roots: Iterable[bytes], start: int) -> list[_Opened]:
        """Read level by level what was not seen yet. The first commit that leads to a tree is its origin."""
        frontier: list[tuple[bytes, bytes, int]] = []
        for number, oid in enumerate(roots, start):
            met = (b"", oid) in self._pending or self._clean_as(oid, b"") in self._clean
            if not met and self._found.kept.get(b"", oid) is None:
                self._pending.add((b"", oid))
                frontier.append((oid, b"", number))
        opened: list[_Opened] = []
        while frontier:
            ids = list({oid: None for oid, _, _ in frontier})
            raws = dict(zip(ids, self._source.trees([i.hex().encode() for i in ids]), strict=True))
            level = self._opened(frontier, raws)
            frontier = [child for tree in level for child in self._look(tree)]
            self._look_at_bytes(at_least=1)
            self._read += sum(len(tree.raw) + FOR_AN_ENTRY * len(tree.found) for tree in level)
            opened += level
        return opened

    def _opened(self, frontier: list[tuple[bytes, bytes, int]], raws: dict[bytes, bytes]) -> list[_Opened]:
        """Return these trees, roots that have the same as the one before in all folders of any worth along with it."""
        level: list[_Opened] = []
        alike = None
        for oid, path, origin in frontier:
            raw = raws[oid]
            if not path and alike is not None and alike.fits(raw):
                level[-1].same.append(oid)
                continue
            level.append(_Opened(oid, path, origin, raw))
            alike = Alike(raw, self._worth) if not path and self._worth is not None else None
        return level

    def _look(self, tree: _Opened) -> list[tuple[bytes, bytes, int]]:
        """Sort a tree's entries; return its folders that were not seen yet."""
        fresh: list[tuple[bytes, bytes, int]] = []
        path = tree.path
        kinds = self._kinds.known(path)
        told = self._told
        for entry in self._unknown(tree):
            mode, name, oid = entry
            if mode == TREE:
                self._look_into(tree, name, oid, fresh)
                continue
            kind = kinds.get(name)
            if kind is None:
                kind = self._kinds.of(path, name)
            if not kind and oid in told:
                kind = self._selection.bit_by_content(path + name, oid in self._found.pointers)
            elif not kind and self._looks and mode in FILES and oid not in self._plain:
                self._untold.append((tree, entry))
            if self._leaves and (name == ATTRIBUTES or oid in self._found.pointers):
                tree.mask |= self._selection.no_label
            if kind:
                self._sort(tree, entry, kind)
        self._look_at_bytes(at_least=MAX_UNTOLD)
        return fresh

    def _look_at_bytes(self, at_least: int) -> None:
        """Look at the files that no name has told, when they are so many."""
        untold, told, pointers = self._untold, self._told, self._found.pointers
        if len(untold) < at_least:
            return
        self._untold = []
        told.look(dict.fromkeys(entry[2] for _, entry in untold))
        late: dict[_Opened, None] = {}
        for tree, entry in untold:
            name, oid = entry[1:]
            if oid not in told:
                self._plain.add(oid)
            elif kind := self._selection.bit_by_content(tree.path + name, oid in pointers):
                tree.found.append((entry, kind))
                late[tree] = None
        for tree in late:
            tree.put_in_order(self._parse(tree.raw))

    def _sort(self, tree: _Opened, entry: Entry, kind: int) -> None:
        mode, name, oid = entry
        if kind == IGNORES:
            tree.dvc = tree.dvc or mode not in FILES
            if name == DVCIGNORE:
                self._found.dvcignores.add((tree.path, oid))
        elif kind == DVC:
            tree.dvc = True
        elif mode in FILES:
            tree.found.append((entry, kind))

    def _unknown(self, tree: _Opened) -> list[Entry]:
        """Return a tree's entries without the artifacts that were found in another version of it: a folder that grows
        by a file a commit is looked through for that file alone."""
        entries = self._parse(tree.raw)
        known = self._known.get(tree.path)
        if not known:
            return entries
        # An entry is looked up once: of a folder that grows, these are all the files of all its versions.
        kinds = list(map(known.get, entries))
        unknown = [entry for entry, kind in zip(entries, kinds, strict=True) if kind is None]
        if len(known) > 2 * (len(entries) - len(unknown)) + MAX_GONE:
            self._known[tree.path] = {entry: known[entry] for entry in entries if entry in known}
        for kind in set(kinds):
            tree.mask |= kind or 0
        return unknown

    def _look_into(self, tree: _Opened, name: bytes, oid: bytes, fresh: list[tuple[bytes, bytes, int]]) -> None:
        if name == b".dvc":
            tree.dvc = True
            return
        tree.dvc = tree.dvc or name in (GITIGNORE, DVCIGNORE)
        folder = tree.path + name + b"/"
        if self._worth is not None and folder not in self._worth:
            return
        key = (folder, oid)
        if key in self._pending:
            tree.subs.append(key)
        elif self._clean_as(oid, folder) not in self._clean:
            tree.subs.append(key)
            if self._found.kept.get(folder, oid) is None:
                self._pending.add(key)
                fresh.append((oid, folder, tree.origin))

    def _clean_as(self, oid: bytes, folder: bytes) -> bytes:
        """Return as what a tree is remembered: where it lies makes no difference, mostly."""
        if folder not in self._sieved:
            self._sieved[folder] = not self._selection.by_name or (folder != b"" and self._selection.sieve(folder))
        return folder + oid if self._sieved[folder] else oid

    def _settle(self, opened: list[_Opened]) -> list[bytes]:
        """Decide from below which trees are of interest; return the blobs that are new."""
        oids = {entry[2] for tree in opened for entry, _ in tree.found}
        new = self._weigh(oids)
        # Of a folder that grows, each of its versions has been found with nearly all of its files.
        selected = {oid for oid in oids if oid in self._found.blobs}
        for tree in reversed(opened):  # those that were opened last lie deepest
            self._settle_one(tree, selected)
        self._pending.clear()
        forget_older(self._clean, max(MAX_CLEAN, 4 * len(self._sieved)))
        versions = self._found.versions
        touched: dict[bytes, None] = {}
        for tree in opened:
            known = self._known.setdefault(tree.path, {}) if tree.found else {}
            for entry, kind in tree.found:
                oid = entry[2]
                if oid in selected and entry not in known:
                    known[entry] = kind
                    path = tree.path + entry[1]
                    take_version(versions, path, oid, tree.origin)
                    if oid in new:
                        touched[path] = None
        return list(dict.fromkeys(oid for path in touched for oid in reversed(versions[path]) if oid in new))

    def _settle_one(self, tree: _Opened, selected: Set[bytes]) -> None:
        mask, dvc = tree.mask, tree.dvc
        for entry, kind in tree.found:
            if entry[2] in selected:
                mask |= kind
        kept = self._found.kept
        for folder, oid in tree.subs:
            below = kept.get(folder, oid)
            if below is not None:
                mask |= below.mask
                dvc = dvc or below.dvc
        self._found.peculiar = self._found.peculiar or dvc
        if mask:
            self._note(tree.path, tree.raw)
        if mask or dvc:
            self._of_kept += len(tree.raw)
            self._keep(tree, mask, dvc)
        else:
            self._of_clean += len(tree.raw)
            self._clean.update((self._clean_as(oid, tree.path), None) for oid in (tree.oid, *tree.same))

    def _note(self, path: bytes, raw: bytes) -> None:
        """Note what lies beside artifacts, while a tree's bytes are here."""
        found = self._found
        for name, files in found.beside.items():
            sign = b" " + name + b"\0"
            at = raw.find(sign)
            if at >= 0:
                files.add((path, raw[at + len(sign) : at + len(sign) + 20]))
                # An id's bytes may look like it; then the rewriting is tried, and no harm is done.
                found.peculiar = found.peculiar or not raw[:at].endswith((b"100644", b"100755"))
        found.peculiar = found.peculiar or b".dvc\0" in raw or b" .dvcignore\0" in raw

    def _keep(self, tree: _Opened, mask: int, dvc: bool) -> None:
        found = self._found
        for oid in (tree.oid, *tree.same):
            found.kept.add(tree.path, oid, mask, dvc)
        # Those of commits are read along with these.
        if tree.path and self._budget > 0:
            self._budget -= len(tree.raw)
            found.raws[tree.oid] = tree.raw

    def _weigh(self, oids: set[bytes]) -> set[bytes]:
        """Learn the sizes of blobs that are new, which of them are LFS pointers or stand-ins; drop those that are too
        small. Return those that were selected."""
        fresh = [oid for oid in oids if oid not in self._found.blobs and oid not in self._too_small]
        names = [oid.hex().encode() for oid in fresh]
        sizes = list(map(Size, self._source.sizes(names)))
        small = [i for i, size in enumerate(sizes) if size.size < lfs.MAX_BYTES]
        for i, (_, data) in zip(small, self._source.each([names[i] for i in small]), strict=True):
            sizes[i].lfs, sizes[i].stand_in = lfs.read(data), standins.read(data)
        for oid, size in zip(fresh, sizes, strict=True):
            if self._selection.large_enough(size.real, size.lfs is not None):
                self._found.blobs.add(oid, size)
            else:
                self._too_small.add(oid)
        return {oid for oid in fresh if oid not in self._too_small}
