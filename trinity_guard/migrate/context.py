"""What the rest of a commit says about a folder: the ignore rules above it, and the outputs that DVC already holds.

Only what concerns an artifact of this history is kept, so that a folder's context is nearly always the empty one.
"""

from __future__ import annotations

from trinity_guard.dvcrepo import paths, pipeline
from trinity_guard.dvcrepo.decode import decoded
from trinity_guard.dvcrepo.output import Output
from trinity_guard.errors import GuardError
from trinity_guard.git.catfile import TREE, Entry, Source, tree_parser
from trinity_guard.migrate.ignorefiles import DVCIGNORE, GITIGNORE, Line, Reader, lines_of
from trinity_guard.migrate.scan import Scan

# What holds a path: a .dvc file, one of a folder, a stage of dvc.yaml, the same with `cache: false`, or another DVC
# project below the top.
FILE, FOLDER, STAGE, IN_GIT, PROJECT = "file", "folder", "stage", "git", "project"
YAML, LOCK = paths.PIPELINE, paths.LOCK


class Held:
    """A path that DVC already holds in a commit, by which kind of file, its md5 ("" unknown), its execute bit."""

    __slots__ = ("by", "isexec", "kind", "md5", "path")

    def __init__(self, path: bytes, kind: str, md5: str, by: bytes, isexec: bool = False) -> None:
        self.path = path
        self.kind = kind
        self.md5 = md5
        self.by = by
        self.isexec = isexec

    def concerns(self, folder: bytes) -> bool:
        """Whether it is a path in this folder (which ends with a slash), or one that the folder is in."""
        return self.path.startswith(folder) or folder.startswith(self.path + b"/")


Context = tuple[tuple["Line", ...], tuple[Held, ...]]
NOTHING: Context = ((), ())


class Above:
    """Gives the context of a commit's root and of each folder in it. broken: DVC files that cannot be read."""

    def __init__(self, source: Source, scan: Scan, reader: Reader) -> None:
        self._source = source
        self._scan = scan
        self.reader = reader
        self._parse = tree_parser()
        self._lines: dict[bytes, list[bytes]] = {}
        self._held: dict[tuple[bytes, bytes], tuple[Held, ...]] = {}
        self._outs: dict[tuple[bytes, ...], list[Held]] = {}
        self._contexts: dict[Context, Context] = {NOTHING: NOTHING}
        self.broken: dict[bytes, str] = {}
        # All artifacts of the history, and all folders above one.
        self._touched = {p[:i] for p in scan.versions for i in _ends(p)}

    def raw(self, oid: bytes, path: bytes) -> bytes:
        """Return a tree's bytes; those that the scan did not keep are read again."""
        kept = self._scan.kept[path].get(oid)
        if kept is not None and kept.raw is not None:
            return kept.raw
        return self._source.one(oid.hex().encode())

    def content(self, oid: bytes) -> bytes:
        """Return the bytes of a blob (20 bytes)."""
        return self._source.one(oid.hex().encode())

    def root(self, oid: bytes) -> Context:
        return self._same(((), self._below(oid, b"")))

    def entered(self, context: Context, path: bytes, entries: list[Entry]) -> Context:
        """Return the context with the rules of this folder's own ignore files."""
        chain = context[0]
        for _, name, oid in entries:
            if name in (GITIGNORE, DVCIGNORE):
                chain += tuple(line for line in self._file(path, name, oid) if self.reader.relevant(line, path))
        return self._same((chain, context[1])) if chain is not context[0] else context

    def narrowed(self, context: Context, folder: bytes) -> Context:
        """Return what of a context concerns a folder in it."""
        if context is NOTHING:
            return context
        chain, held = context
        lines = tuple(line for line in chain if self.reader.relevant(line, folder))
        return self._same((lines, tuple(h for h in held if h.concerns(folder))))

    def _same(self, context: Context) -> Context:
        return self._contexts.setdefault(context, context)

    def _file(self, path: bytes, name: bytes, oid: bytes) -> list[Line]:
        lines = self._lines.get(oid)
        if lines is None:
            lines = self._lines[oid] = lines_of(self._source.one(oid.hex().encode()))
        return [(path, name, line) for line in lines]

    def _below(self, oid: bytes, path: bytes) -> tuple[Held, ...]:
        """Return what DVC's files in a tree, at any depth, hold of the artifacts."""
        kept = self._scan.kept[path].get(oid)
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
            if mode == TREE and name == b".dvc":
                if path and path[:-1] in self._touched:
                    held[self._project(path)] = None
            elif mode == TREE:
                held.update(dict.fromkeys(self._below(entry, path + name + b"/")))
            elif paths.is_reference(name) or name == YAML:
                files[name] = entry
        for name, entry in files.items():
            if name != LOCK:
                other = files.get(LOCK, b"") if name == YAML else b""
                held.update(dict.fromkeys(self._said_by(path + name, entry, other)))
        return tuple(held)

    def _project(self, path: bytes) -> Held:
        known = self._outs.setdefault((path,), [Held(path[:-1], PROJECT, "", path + b".dvc/")])
        return known[0]

    def _said_by(self, where: bytes, oid: bytes, lock: bytes) -> list[Held]:
        key = (where, oid, lock)
        if key not in self._outs:
            data = self._source.one(oid.hex().encode())
            locked = self._source.one(lock.hex().encode()) if lock else None
            try:
                found = [_held(out, where) for out in _said_in(where, data, locked) if not out.external]
            except GuardError as error:
                self.broken[where] = error.problem
                found = []
            # One object a meaning, so that contexts of different commits are the same.
            self._outs[key] = [self._one(h) for h in found if h.path in self._touched]
        return self._outs[key]

    def _one(self, held: Held) -> Held:
        key = (held.path, held.kind.encode(), held.md5.encode(), held.by, b"x" * held.isexec)
        return self._outs.setdefault(key, [held])[0]


def _held(out: Output, where: bytes) -> Held:
    kind = IN_GIT if not out.cache else STAGE if out.stage else FOLDER if out.is_dir else FILE
    # The md5 of DVC 2 is that of the text with other line ends: it proves nothing.
    return Held(out.path, kind, "" if out.legacy else out.md5, where, out.isexec)


def _said_in(where: bytes, data: bytes, lock: bytes | None) -> list[Output]:
    if paths.is_pointer(where):
        return decoded(data, where)
    if any(sign in data for sign in (b"${", b"foreach", b"matrix")):
        # Templates: what dvc.lock recorded is what they meant; the real DVC would read today's files.
        if lock is None:
            return []
        return decoded(lock, paths.lock_beside(where), data)
    return pipeline.pipeline_outs(data, lock, where)


def _ends(path: bytes) -> list[int]:
    """Return where a path and each folder above it end."""
    return [i for i in range(len(path)) if path[i : i + 1] == b"/"] + [len(path)]
