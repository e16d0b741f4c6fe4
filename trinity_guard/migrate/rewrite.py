"""Old trees to new ones: a pure function of (tree, path, context), worked out once each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from trinity_guard.dvcrepo import paths, pointer
from trinity_guard.errors import UNUSABLE, GuardError, shown
from trinity_guard.git import gitignore, treeversions
from trinity_guard.git.catfile import FILE, FILES, TREE, Entry, damage, executable, tree_bytes, tree_parser
from trinity_guard.git.ids import Ids, forget_older
from trinity_guard.git.packwriter import Pack
from trinity_guard.migrate import ignorefiles, reasons
from trinity_guard.migrate.blobs import MANY
from trinity_guard.migrate.context import Above, Context
from trinity_guard.migrate.dvcfiles import DvcFiles
from trinity_guard.migrate.folder import Folder
from trinity_guard.migrate.ignorefiles import DVCIGNORE, GITIGNORE, Hidden
from trinity_guard.migrate.lfsattributes import Leaving
from trinity_guard.migrate.scan import Scan
from trinity_guard.migrate.seen import Lines, Seen
from trinity_guard.migrate.state import Object
from trinity_guard.migrate.versions import MAX_GONE, STAYS, Decision, LastRoot, LastVersion, Settled, worth

# A folder, what lies above it, and whether DVC's files stay.
Key = tuple[bytes, int, bool]
# New trees, and pointers, that are remembered; older ones are made again where they are asked for.
MAX_DONE = 20_000


class NewTree:
    """A new tree: its id, b"" for none; the folders that an ignore file further up must show again; ours: it holds a
    new pointer; staying: paths of pointers of git-lfs that stay in it."""

    __slots__ = ("hidden", "oid", "ours", "staying")

    def __init__(self, oid: bytes, hidden: tuple[Hidden, ...], ours: bool, staying: Sequence[bytes] = ()) -> None:
        self.oid = oid
        self.hidden = hidden
        self.ours = ours
        self.staying = staying


class Trees:
    """Rewrites trees into a pack. stays: (path, reason) -> blobs of files that stay; dropped: files whose pointer was
    there already; clashing: paths that differ by case only; moved: path -> blobs that became pointers.

    left: path -> why it stays in every commit. leaving: what takes Git LFS out of .gitattributes.
    """

    def __init__(
        self,
        scan: Scan,
        above: Above,
        objects: Mapping[bytes, Object],
        files: DvcFiles,
        pack: Pack,
        left: Mapping[bytes, str] | None = None,
        leaving: Leaving | None = None,
    ) -> None:
        self._left = left or {}
        self._leaving = leaving
        self._scan = scan
        self._above = above
        self._objects = objects
        self._files = files
        self._pack = pack
        self._parse = tree_parser()
        # Root, whether DVC's files are carried on -> the new one, and whether it has these from here.
        self._roots: dict[tuple[bytes, bool], tuple[bytes, bool]] = {}
        self._added = False  # to the root under way
        self._done: dict[tuple[bytes, bytes, Context], NewTree] = {}
        self._names: dict[bytes, str | None] = {}
        self._pointers: dict[tuple[bytes, bytes, bool, str], bytes] = {}
        self._seen: dict[tuple[bytes, int], Seen] = {}
        self._last: dict[Key, tuple[LastVersion, int]] = {}
        self._last_roots: dict[bool, LastRoot] = {}
        self._dvc_folder = b""
        self._with_config: dict[tuple[bytes, bytes], bytes] = {}
        self._settled: dict[tuple[bytes, int], Settled] = {}
        self._ignore_lines: dict[bytes, bytes] = {}
        self._folded: dict[bytes, dict[str, set[bytes]]] = {}
        self._twins: dict[bytes, list[set[bytes]]] = {}
        self._folded_names: dict[bytes, set[bytes]] = {}
        self._decided: dict[tuple[bytes, int], dict[tuple[Entry, bool], Decision]] = {}
        self.stays: dict[tuple[bytes, str], set[bytes]] = {}
        self.moved: dict[bytes, set[bytes] | Ids] = {}
        self.clashing: set[bytes] = set()
        self.dropped: set[bytes] = set()

    def root(self, oid: bytes, carried: bool = False) -> bytes:
        """Return the new root tree of a commit. carried: DVC's files came with a commit before it, and stay."""
        key = oid, carried
        if key not in self._roots:
            self._added = False
            same = not carried and not self._scan.mask(oid)
            self._roots[key] = oid if same else self._new_root(oid, carried), self._added
            forget_older(self._roots, MAX_DONE)
        return self._roots[key][0]

    def _new_root(self, oid: bytes, carried: bool) -> bytes:
        last = self._last_roots.get(carried)
        if last is not None and last.turn_into(self._above.raw(oid, b""), self._scan.kept):
            self._added = last.added
            return self._pack.add(b"tree", last.new, b"")
        return self._rewritten(oid, b"", self._above.root(oid), carried).oid

    def give(self, root: bytes, raw: bytes) -> None:
        """Take the bytes of a root that is asked for next."""
        self._above.give(root, raw)

    def added_dvc(self, oid: bytes, carried: bool) -> bool:
        """Whether a commit's new root, one of the last that were asked for, has DVC's files from here."""
        return self._roots[oid, carried][1]

    def _tree(self, oid: bytes, path: bytes, context: Context) -> NewTree:
        kept = self._scan.kept.get(path, oid)
        if kept is None or not kept.mask:
            return NewTree(oid, (), False)
        key = (path, oid, context)
        result = self._done.get(key)
        if result is None:
            result = self._done[key] = self._rewritten(oid, path, context)
            forget_older(self._done, MAX_DONE)
        return result

    def _rewritten(self, oid: bytes, path: bytes, context: Context, carried: bool = False) -> NewTree:
        raw = self._above.raw(oid, path)
        key = (path, id(context), carried)
        if new := self._next(key, oid, raw):
            return NewTree(new, (), True)
        entries = self._parse(raw)
        if damaged := damage(raw, entries):
            return NewTree(oid, (), False, self._leave(entries, path, damaged))
        context = self._above.entered(context, path, entries)
        folder = Folder(path, entries)
        self._rewrite_folders(folder, context)
        self._rewrite_files(folder, context)
        self._forget_gone((path, id(context)), entries)
        if self._leaving is not None:
            self._leaving.follow(folder, context[2].macros)
        if path == b"":
            self._complete_root(folder, context, oid, carried)
        alone = not (folder.requests or folder.show_pointers or folder.staying)
        self._write_gitignore(folder)
        new = oid
        if folder.changed and path and not folder.all_entries():
            new = b""  # nothing but .gitattributes was in it
        elif folder.changed:
            written = tree_bytes(folder.all_entries())
            new = self._pack.add(b"tree", written, path)
            if not path and not self._scan.has_files_of_dvc(oid) and oid not in self._above.filtered:
                self._last_roots[carried] = LastRoot(raw, entries, written, self._added)
            if alone and worth(raw, entries):
                last = LastVersion(raw, entries, context, self._added)
                self._keep(key, last, len(raw), folder)
        return NewTree(new, tuple(folder.requests), folder.ours, folder.staying)

    def _keep(self, key: Key, last: LastVersion, size: int, folder: Folder) -> None:
        last.became(folder.all_entries(), self._lines_of(folder))
        if last.pointed and (last.gitignore is None or last.gitignore[0] in FILES):
            treeversions.keep(self._last, key, last, size)

    def _next(self, key: Key, oid: bytes, raw: bytes) -> bytes:
        """Return the new tree of a folder's next version, made of the last one; b"" where it must be made anew."""
        last, _ = self._last.pop(key, (None, 0))
        found = last.difference(raw) if last is not None else None
        if last is None or found is None:
            return b""
        folder = Folder(key[0], found.new)
        self._note_clashes(folder)
        self._rewrite_files(folder, last.context)
        staying = last.pointed.difference(name for _, name, _ in found.gone)
        if folder.requests or folder.show_pointers or self._twins.get(key[0]) or not staying:
            return b""
        if self._leaving is not None and self._leaving.staying(folder):
            return b""
        last.turn_into(found, folder.all_entries(), self._lines_of(folder))
        last.put_gitignore(self._gitignore(key[0], last.gitignore, (), False, last.lines.written))
        self._added = self._added or last.added
        treeversions.keep(self._last, key, last, len(raw))
        return self._pack.add(b"tree", last.tree(), key[0])

    def _lines_of(self, folder: Folder) -> dict[bytes, bytes]:
        return {name: self._line(name) for name in folder.ignored}

    def _leave(self, entries: Sequence[Entry], path: bytes, reason: str) -> list[bytes]:
        """Note that all artifacts in a tree and below stay; return those that are pointers of git-lfs."""
        of_lfs: list[bytes] = []
        for mode, name, oid in entries:
            inner = path + name + b"/"
            kept = self._scan.kept.get(inner, oid) if mode == TREE else None
            if kept is not None and kept.mask:
                of_lfs += self._leave(self._parse(self._above.raw(oid, inner)), inner, reason)
            elif mode in FILES and oid in self._scan.versions.get(path + name, ()):
                self.stays.setdefault((path + name, reason), set()).add(oid)
            of_lfs += [path + name] if oid in self._scan.pointers else []
        return of_lfs

    def _rewrite_folders(self, folder: Folder, context: Context) -> None:
        for mode, name, oid in list(folder.entries.values()):
            if mode != TREE:
                continue
            inner = folder.path + name + b"/"
            kept = self._scan.kept.get(inner, oid)
            if kept is None or not kept.mask:
                continue
            result = self._tree(oid, inner, self._above.narrowed(context, inner))
            folder.ours = folder.ours or result.ours
            folder.staying += result.staying
            if not result.oid:
                folder.drop(name)
            elif result.oid != oid:
                folder.put(mode, name, result.oid)
            for request in result.hidden:
                folder.ask(request)

    def _rewrite_files(self, folder: Folder, context: Context) -> None:
        # A context is one object as long as it lives, and lives as long as we do.
        key = (folder.path, id(context))
        settled = self._settled.setdefault(key, Settled())
        known = settled.known(folder.entries)
        rest = {e for e in folder.entries.values() if e[0] != TREE} - known - settled.others
        found = sorted((e for e in rest if self._is_selected(folder.path, e)), key=lambda e: e[1])
        settled.others.update(rest.difference(found))
        if not (found or known):
            return
        self._note_clashes(folder)
        folder.follow_all(known, settled)
        decided = self._decided.setdefault(key, {})
        for entry in found:
            beside = folder.has(entry[1] + paths.POINTER)
            decision = decided.get((entry, beside))
            if decision is None:
                decision = decided[entry, beside] = self._decide(folder, entry, context)
            folder.follow(entry[1], decision)
            if not beside:
                settled.add(entry, decision, self._line(entry[1]))

    def _forget_gone(self, key: tuple[bytes, int], entries: Sequence[Entry]) -> None:
        self._settled[key].forget_gone(entries)
        forget_older(self._decided.get(key, {}), 2 * len(entries) + MAX_GONE)

    def _is_selected(self, path: bytes, entry: Entry) -> bool:
        return entry[0] in FILES and entry[2] in self._scan.versions.get(path + entry[1], ())

    def _line(self, name: bytes) -> bytes:
        """Return the ignore line for a name."""
        line = self._ignore_lines.get(name)
        if line is None:
            line = self._ignore_lines[name] = gitignore.line_for(name)
        return line

    def _decide(self, folder: Folder, entry: Entry, context: Context) -> Decision:
        """Decide on a file, once for all versions of its folder in which nothing else about it changes."""
        mode, name, blob = entry
        full = folder.path + name
        reason = self._reason(folder, full, entry, context)
        # A pointer that was there already may have been hidden from DVC, and its file not from Git, as it was tracked.
        lines = self._lines(folder.path, name, context) if not reason else ""
        if isinstance(lines, str):
            self.stays.setdefault((full, reason or f"DVC would not see its pointer: {lines}"), set()).add(blob)
            return STAYS
        if reason == "":
            self.dropped.add(full)
        else:
            moved = self.moved.setdefault(full, set())
            moved.add(blob)
            if len(moved) == MANY and isinstance(moved, set):
                self.moved[full] = Ids(moved, few=False)
        return Decision(b"" if reason == "" else self._pointer(blob, name, mode, context[2].plan.remote), lines)

    def _lines(self, path: bytes, name: bytes, context: Context) -> Lines | str:
        key = (path, id(context[0]))
        if key not in self._seen:
            self._seen[key] = Seen(self._above.reader, context[0], path)
        return self._seen[key].lines(name)

    def _reason(self, folder: Folder, full: bytes, entry: Entry, context: Context) -> str | None:
        """Return why a file stays, None where it becomes a pointer, "" where its pointer is there and agrees."""
        mode, name, blob = entry
        if name not in self._names:
            self._names[name] = pointer.nameable(name)
        by_itself = self._names[name] or reasons.unnameable(folder.path) or context[2].reason(full)
        if by_itself is None and blob not in self._objects:
            by_itself = reasons.not_extracted(self._scan.blobs[blob])
        if by_itself or full in self._left:
            return by_itself or self._left[full]
        for held in context[1]:
            said = reasons.of_held(held, full, self._objects[blob].md5, executable(mode), context[2].plan.remote)
            if said is not None:
                return said
        if folder.has(name + paths.POINTER):
            return reasons.TAKEN
        reader = self._above.reader
        for path in (full, full + paths.POINTER):
            if reader.hidden_from_dvc(context[0], path):
                return reasons.DVCIGNORED
        return None

    def _pointer(self, blob: bytes, name: bytes, mode: bytes, remote: str) -> bytes:
        key = (blob, name, executable(mode), remote)
        oid = self._pointers.get(key)
        if oid is None:
            found = self._objects[blob]
            data = pointer.encode(found.md5, found.size, name.decode(), key[2])
            if remote:
                data += f"  remote: {remote}\n".encode()
            oid = self._pointers[key] = self._pack.add(b"blob", data)
            forget_older(self._pointers, MAX_DONE)
        return oid

    def _note_clashes(self, folder: Folder) -> None:
        """Note names that differ by case only, of which one is an artifact; each name is looked at once a folder."""
        path = folder.path
        by_folded = self._folded.setdefault(path, {})
        seen, twins = self._folded_names.setdefault(path, set()), self._twins.setdefault(path, [])
        for name in folder.entries.keys() - seen:
            same = by_folded.setdefault(name.decode("utf-8", "surrogateescape").casefold(), set())
            same.add(name)
            if len(same) == 2:
                twins.append(same)
        seen.update(folder.entries)
        for same in twins:
            here = same & folder.entries.keys()
            if len(here) > 1 and any(path + name in self._scan.versions for name in here):
                self.clashing.update(path + name for name in here)

    def _complete_root(self, folder: Folder, context: Context, oid: bytes, carried: bool) -> None:
        if (folder.ours or carried) and not folder.has(b".dvc"):
            self._add_dvc(folder)
            self._added = True
        config = context[2].plan.config
        if folder.ours and config is not None:
            self._write_config(folder, config)

    def _add_dvc(self, folder: Folder) -> None:
        if not self._dvc_folder:
            config = self._pack.add(b"blob", self._files.config)
            ignore = self._pack.add(b"blob", self._files.gitignore)
            inside = tree_bytes([(FILE, b"config", config), (FILE, GITIGNORE, ignore)])
            self._dvc_folder = self._pack.add(b"tree", inside)
        folder.put(TREE, b".dvc", self._dvc_folder)
        if not folder.has(DVCIGNORE):
            folder.put(FILE, DVCIGNORE, self._pack.add(b"blob", self._files.dvcignore))

    def _write_config(self, folder: Folder, config: bytes) -> None:
        """Put another .dvc/config into the folder that is there."""
        key = (folder.entries[b".dvc"][2], config)
        if key not in self._with_config:
            inside = self._parse(self._above.content(key[0]))
            mode = next((m for m, name, _ in inside if name == b"config"), FILE)
            kept = [entry for entry in inside if entry[1] != b"config"]
            new = tree_bytes([*kept, (mode, b"config", self._pack.add(b"blob", config))])
            self._with_config[key] = self._pack.add(b"tree", new)
        folder.put(TREE, b".dvc", self._with_config[key])

    def _write_gitignore(self, folder: Folder) -> None:
        shown_again = [
            (inner[len(folder.path) :], all_in_it)
            for outer, inner, all_in_it in folder.requests
            if outer == folder.path
        ]
        folder.requests = {r: None for r in folder.requests if r[0] != folder.path}
        if not (shown_again or folder.show_pointers or folder.ignored):
            return
        old = folder.entries.get(GITIGNORE)
        if old is not None and old[0] not in FILES:
            raise _no_file(folder.path + GITIGNORE)
        for name in set(folder.ignored).difference(self._ignore_lines):
            self._line(name)
        lines = map(self._ignore_lines.__getitem__, sorted(folder.ignored))
        written = self._gitignore(folder.path, old, shown_again, folder.show_pointers, lines)
        if written is not None and written != old:
            folder.put(*written)

    def _gitignore(
        self,
        path: bytes,
        old: Entry | None,
        shown_again: Sequence[tuple[bytes, bool]],
        pointers: bool,
        lines: Iterable[bytes],
    ) -> Entry | None:
        """Return a folder's .gitignore with the lines that it needs, None where there is none, and needs to be none."""
        data = self._above.content(old[2]) if old is not None else b""
        new = ignorefiles.with_lines(data, shown_again, pointers, lines)
        if new == data:
            return old
        return FILE if old is None else old[0], GITIGNORE, self._pack.add(b"blob", new, path + GITIGNORE)


def _no_file(path: bytes) -> GuardError:
    folder = shown(path[: -len(GITIGNORE)])
    way_on = (
        f"--exclude '/{folder}'     # that folder stays as it is" if folder else "--exclude '/*.pkl'     # and so on"
    )
    return GuardError(
        problem=f"in the history, {shown(path)} is no file of its own (a symlink, or a folder), and Git reads no "
        "ignore rules from it; no ref was moved.",
        remedy=f"trinity-guard migrate {way_on}",
        exit_code=UNUSABLE,
    )
