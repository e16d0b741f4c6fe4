"""What the rest of a commit says about a folder: the ignore rules above it, and the outputs that DVC already holds.

Only what concerns an artifact of this history is kept, so that a folder's context is nearly always the empty one.
"""

from __future__ import annotations

from trinity_guard.dvcrepo import paths, pipeline
from trinity_guard.errors import shown
from trinity_guard.git.catfile import FILES, LINK, TREE, Entry, Source, tree_parser
from trinity_guard.migrate import leading, lfslines
from trinity_guard.migrate.held import (
    BROKEN,
    LINKED,
    MAYBE,
    NAMED,
    NO_FILE,
    OF_A_COMMIT,
    PROJECT,
    SAVED,
    SOMEWHERE,
    UNSAVED,
    Held,
    said_in,
)
from trinity_guard.migrate.ignorefiles import DVCIGNORE, GITIGNORE, Line, Reader, dvcignored, lines_of
from trinity_guard.migrate.kinds import ATTRIBUTES
from trinity_guard.migrate.leading import AS_IT_IS, Leads, Plan
from trinity_guard.migrate.scan import Scan
from trinity_guard.migrate.within import Bytes, Within

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NO_PROJECT = "in its commit a file is named .dvc, so that DVC can have no project there"
YAML, LOCK, LOCAL = paths.PIPELINE, paths.LOCK, b"config.local"


class Terms:
    """What holds for all files of a commit. stays: why none can become a pointer, "" where they can; plan: what its
    config needs; maybe: templates of what dvc.yaml may make; filtered: path -> why a file behind a filter stays;
    macros: those of .gitattributes that give files to git-lfs, where commits leave it (see lfslines.py)."""

    __slots__ = ("filtered", "macros", "maybe", "plan", "stays")

    def __init__(
        self,
        stays: str = "",
        plan: Plan = AS_IT_IS,
        maybe: Sequence[str] = (),
        filtered: Mapping[bytes, str] | None = None,
        macros: Mapping[bytes, bool] | None = None,
    ) -> None:
        self.stays = stays
        self.plan = plan
        self.maybe = maybe
        self.filtered = filtered or {}
        self.macros = macros or {}

    def reason(self, path: bytes) -> str | None:
        """Return why a file stays, None where it need not."""
        if self.stays or path in self.filtered:
            return self.stays or self.filtered[path]
        if self.maybe:
            text = path.decode("utf-8", "surrogateescape")
            # What is made may be a folder, with the file in it.
            if any(pipeline.fits(text, t) or pipeline.fits(text, t + "/${}") for t in self.maybe):
                return MAYBE_MADE
        return None


MAYBE_MADE = "dvc.yaml may make it: only its templates, in that commit, could tell"
ORDINARY = Terms()
Context = tuple[tuple["Line", ...], tuple[Held, ...], Terms]
NOTHING: Context = ((), (), ORDINARY)


class Above:
    """Gives the context of a commit's root and of each folder in it.

    leads: where the config of each commit must lead. filtered: root -> its files behind filters, and why these stay.
    bytes_of: which bytes blobs stand for.
    """

    def __init__(
        self,
        source: Source,
        scan: Scan,
        reader: Reader,
        leads: Leads | None = None,
        filtered: Mapping[bytes, Mapping[bytes, str]] | None = None,
        leaves_lfs: bool = False,
        bytes_of: Bytes | None = None,
    ) -> None:
        self._source = source
        self._bytes = bytes_of or Bytes(source, scan, {})
        self._leaves_lfs = leaves_lfs
        self._scan = scan
        self._leads = leads
        self.filtered = filtered or {}
        self._terms: dict[tuple[object, ...], Terms] = {}
        self._plans: dict[bytes, Plan | str] = {}
        self._last: tuple[bytes, bytes] = (b"", b"")
        self._root: tuple[bytes, bytes] = (b"", b"")
        self._within = Within(source)
        self._speaking: dict[bytes, list[bytes]] | None = None
        self._hidden: dict[tuple[tuple[tuple[bytes, bytes], ...], bytes], bool] = {}
        self._said: dict[tuple[bytes, bytes, bytes], list[tuple[dict[bytes, bytes], list[Held]]]] = {}
        self.reader = reader
        self._parse = tree_parser()
        self._lines: dict[bytes, list[bytes]] = {}
        self._held: dict[tuple[bytes, bytes], tuple[Held, ...]] = {}
        self._outs: dict[tuple[bytes, ...], list[Held]] = {}
        self._contexts: dict[Context, Context] = {NOTHING: NOTHING}
        # All artifacts of the history, and all folders above one.
        self._touched = {p[:i] for p in scan.versions for i in _ends(p)}

    def raw(self, oid: bytes, path: bytes) -> bytes:
        """Return a tree's bytes; those that the scan did not keep are read again."""
        kept = self._scan.raws.get(oid)
        if kept is not None:
            return kept
        if not path and self._root[0] == oid:
            return self._root[1]
        if self._last[0] != oid:  # a root is asked for twice
            self._last = oid, self._source.one(oid.hex().encode())
        return self._last[1]

    def give(self, root: bytes, raw: bytes) -> None:
        """Take the bytes of a root that was read along with others."""
        self._root = root, raw

    def content(self, oid: bytes) -> bytes:
        """Return the bytes of a blob (20 bytes)."""
        return self._source.one(oid.hex().encode())

    def root(self, oid: bytes) -> Context:
        held = self._below(oid, b"")
        return self._same(((), tuple(h for h in held if h.kind not in OF_A_COMMIT), self._terms_of(oid, held)))

    # --- what holds for a whole commit

    def _terms_of(self, oid: bytes, held: Sequence[Held]) -> Terms:
        plan = self._plan_of(oid)
        others = [h.path + b"/" for h in held if h.kind == PROJECT]
        own = [h for h in held if h.kind in OF_A_COMMIT and not any(h.by.startswith(o) for o in others)]
        stays = plan if isinstance(plan, str) else self._unloadable(oid, own)
        maybe = tuple(h.path.decode("utf-8", "surrogateescape") for h in own if h.kind == MAYBE)
        filtered, macros = self.filtered.get(oid), self._macros_of(oid)
        if not (stays or maybe or filtered or macros) and plan is AS_IT_IS:
            return ORDINARY
        plan = AS_IT_IS if isinstance(plan, str) else plan
        key = (stays, plan, maybe, id(filtered), tuple(macros.items()))
        if key not in self._terms:
            self._terms[key] = Terms(stays, plan, maybe, filtered, macros)
        return self._terms[key]

    def _unloadable(self, root: bytes, held: Sequence[Held]) -> str:
        """Return why `dvc pull` brings nothing in a commit, whatever it is asked for; "" where it can."""
        for broken in held:
            if broken.kind == BROKEN:
                return f"in its commit DVC can load nothing: {shown(broken.by)}: {broken.md5}"
        for unsaved in held:
            if unsaved.kind == UNSAVED and self._within.find(root, unsaved.path):
                return (
                    f"in its commit `dvc pull` stops at {shown(unsaved.path)}: Git has it, and to "
                    f"{shown(unsaved.by)} it is an output of DVC's"
                )
        for saved in held:
            if saved.kind == SAVED and self._has_other_bytes(root, b"", saved):
                return (
                    f"in its commit `dvc pull` stops at {shown(saved.path)}: Git has other bytes of it than "
                    f"{shown(saved.by)} records"
                )
        lacking = self._lacking(root, [h for h in held if h.kind == SOMEWHERE])
        return lacking or self._ignored(root, [h for h in held if h.kind == NAMED])

    def _lacking(self, root: bytes, somewhere: Sequence[Held]) -> str:
        """Return which output names a remote that the config of this commit does not know."""
        if not somewhere:
            return ""
        config = self._within.find(root, b".dvc/config")
        remotes = leading.names(self.content(config)) if config else frozenset()
        for out in somewhere:
            if out.remote.lower() not in remotes:
                return f"in its commit `dvc pull` stops at {shown(out.by)}: .dvc/config has no remote '{out.remote}'"
        return ""

    def _ignored(self, root: bytes, named: Sequence[Held]) -> str:
        """Return which of the outputs a .dvcignore of this commit hides, which DVC refuses to load."""
        if not named:
            return ""
        files = [folder + DVCIGNORE for folder in self._dvcignores()]
        there = {file: oid for file in files if (oid := self._within.find(root, file))}
        for out in named:
            if self._hides(tuple(there.items()), out.path):
                return f"in its commit DVC can load nothing: a .dvcignore hides {shown(out.path)} of {shown(out.by)}"
        return ""

    def _hides(self, files: tuple[tuple[bytes, bytes], ...], path: bytes) -> bool:
        key = (files, path)
        if key not in self._hidden:
            self._hidden[key] = dvcignored({file: self.content(oid) for file, oid in files}, path)
        return self._hidden[key]

    def _dvcignores(self) -> dict[bytes, list[bytes]]:
        """Return folder -> the versions of its .dvcignore that say anything, of the whole history."""
        if self._speaking is None:
            self._speaking = {}
            for folder, oid in self._scan.dvcignores:
                if len(oid) == 20 and lines_of(self.content(oid)):
                    self._speaking.setdefault(folder, []).append(oid)
        return self._speaking

    def _may_be_ignored(self, path: bytes) -> bool:
        return any(
            path.startswith(folder) and any(self._hides(((folder + DVCIGNORE, oid),), path) for oid in versions)
            for folder, versions in self._dvcignores().items()
        )

    def _macros_of(self, root: bytes) -> Mapping[bytes, bool]:
        raw = self.raw(root, b"") if self._leaves_lfs else b""
        if b" %s\0" % ATTRIBUTES not in raw:
            return {}
        found = [oid for mode, name, oid in self._parse(raw) if name == ATTRIBUTES and mode in FILES]
        return lfslines.macros(self.content(found[0])) if found else {}

    def _plan_of(self, root: bytes) -> Plan | str:
        """Return what a commit's config needs, or why no file of the commit can become a pointer."""
        raw = self.raw(root, b"")
        if b" .dvc\0" not in raw:
            return AS_IT_IS
        found = [(mode, oid) for mode, name, oid in self._parse(raw) if name == b".dvc"]
        if not found:
            return AS_IT_IS  # bytes of an id
        if any(mode != TREE for mode, _ in found):
            return NO_PROJECT
        folder = found[0][1]
        if folder not in self._plans:
            self._plans[folder] = self._planned(folder)
        return self._plans[folder]

    def _planned(self, folder: bytes) -> Plan | str:
        entries = self._parse(self._source.one(folder.hex().encode()))
        config = next(((mode, oid) for mode, name, oid in entries if name == b"config"), None)
        if config is not None and config[0] not in FILES:
            return "in its commit .dvc/config is no file of its own"
        data = b"" if config is None else self.content(config[1])
        if any(name == LOCAL and leading.overrules(self.content(oid)) for mode, name, oid in entries if mode in FILES):
            return "in its commit .dvc/config.local, which says where DVC looks, is in Git"
        return AS_IT_IS if self._leads is None else self._leads.plan(data)

    # --- what holds for a folder

    def entered(self, context: Context, path: bytes, entries: list[Entry]) -> Context:
        """Return the context with the rules of this folder's own ignore files."""
        chain = context[0]
        for mode, name, oid in entries:
            if name in (GITIGNORE, DVCIGNORE) and mode in FILES:
                chain += tuple(line for line in self._file(path, name, oid) if self.reader.relevant(line, path))
        return self._same((chain, *context[1:])) if chain is not context[0] else context

    def narrowed(self, context: Context, folder: bytes) -> Context:
        """Return what of a context concerns a folder in it."""
        if context is NOTHING:
            return context
        chain, held, terms = context
        lines = tuple(line for line in chain if self.reader.relevant(line, folder))
        return self._same((lines, tuple(h for h in held if h.concerns(folder)), terms))

    def _same(self, context: Context) -> Context:
        return self._contexts.setdefault(context, context)

    def _file(self, path: bytes, name: bytes, oid: bytes) -> list[Line]:
        lines = self._lines.get(oid)
        if lines is None:
            lines = self._lines[oid] = lines_of(self._source.one(oid.hex().encode()))
        return [(path, name, line) for line in lines]

    def _below(self, oid: bytes, path: bytes) -> tuple[Held, ...]:
        """Return what DVC's files in a tree, at any depth, hold of the artifacts."""
        kept = self._scan.kept.get(path, oid)
        if kept is None or not kept.dvc:
            return ()
        known = self._held.get((path, oid))
        if known is None:
            known = self._held[path, oid] = self._collect(oid, path)
        return known

    def _collect(self, oid: bytes, path: bytes) -> tuple[Held, ...]:
        held: dict[Held, None] = {}
        files = {}
        for mode, name, entry in self._parse(self.raw(oid, path)):
            if name == b".dvc":
                if path:  # whatever it is: DVC asks no more than whether it is there
                    held[self._project(path)] = None
            elif (name == DVCIGNORE and mode not in FILES) or (name == GITIGNORE and mode not in (*FILES, LINK)):
                held[self._one(Held(path + name, BROKEN, NO_FILE, path + name))] = None
            elif mode == TREE:
                held.update(dict.fromkeys(self._below(entry, path + name + b"/")))
            elif (paths.is_reference(name) or name == YAML) and mode in FILES:
                files[name] = entry
            elif (paths.is_pointer(name) or name == YAML) and mode == LINK:
                held[self._one(Held(path + name, BROKEN, LINKED, path + name))] = None
        for name, entry in files.items():
            if name != LOCK:
                other = files.get(LOCK, b"") if name == YAML else b""
                said = self._said_by(oid, path + name, entry, other)
                held.update(dict.fromkeys(one for one in said if not self._is_in_place(oid, path, one)))
        return tuple(held)

    def _is_in_place(self, folder: bytes, path: bytes, held: Held) -> bool:
        """Whether a folder (its tree, and its path) alone tells that nothing is in the way of an output."""
        inside = held.kind == SAVED and held.path.startswith(path)
        return inside and not self._has_other_bytes(folder, path, held)

    def _has_other_bytes(self, folder: bytes, path: bytes, held: Held) -> bool:
        """Whether a folder (its tree, and its path) has anything in the place of an output but its bytes."""
        mode, oid = self._within.entry(folder, held.path[len(path) :])
        return oid != b"" and not self._bytes.are(mode, oid, held.md5)

    def _project(self, path: bytes) -> Held:
        known = self._outs.setdefault((path,), [Held(path[:-1], PROJECT, "", path + b".dvc/")])
        return known[0]

    def _said_by(self, folder: bytes, where: bytes, oid: bytes, lock: bytes) -> list[Held]:
        """Return what a file in a folder (its tree) holds. Templates in it say what other files of the folder say, so
        that it holds as long as these are the same."""
        known = self._said.setdefault((where, oid, lock), [])
        for others, said in known:
            if all(self._within.find(folder, name) == found for name, found in others.items()):
                return said
        data = self._source.one(oid.hex().encode())
        locked = self._source.one(lock.hex().encode()) if lock else None
        others = {}

        def read(name: bytes) -> bytes | None:
            others[name] = self._within.find(folder, name)
            return self._source.one(others[name].hex().encode()) if others[name] else None

        found = said_in(where, data, locked, read)
        # One object a meaning, so that contexts of different commits are the same.
        known.append((others, [self._one(h) for h in found if self._matters(h)]))
        return known[-1][1]

    def _matters(self, held: Held) -> bool:
        if held.kind == NAMED:
            return self._may_be_ignored(held.path)
        return held.kind in OF_A_COMMIT or held.path in self._touched

    def _one(self, held: Held) -> Held:
        flags = b"x" * held.isexec + b"p" * held.push + held.remote.encode()
        key = (held.path, held.kind.encode(), held.md5.encode("utf-8", "replace"), held.by, flags)
        return self._outs.setdefault(key, [held])[0]


def _ends(path: bytes) -> list[int]:
    """Return where a path and each folder above it end."""
    return [i for i in range(len(path)) if path[i : i + 1] == b"/"] + [len(path)]
