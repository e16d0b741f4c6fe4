"""The proof: every commit, every path, every byte, old against new. It shares no code with the rewriting.

What may differ is little, and all else is the same object: a file that became a pointer, whose object in the cache has
the file's bytes; lines of ours at the end of a .gitignore; DVC's own files at the top, a remote more in its config; and
in a commit its tree, parents, the ids in its message, what signed the old bytes.
"""

from __future__ import annotations

from itertools import islice

from trinity_guard.dvcrepo import configfile
from trinity_guard.dvcrepo.decode import decoded
from trinity_guard.dvcrepo.paths import is_pointer
from trinity_guard.errors import GuardError, shown
from trinity_guard.git.ids import forget_older
from trinity_guard.migrate.proof import lines
from trinity_guard.migrate.proof.attributes import NAME as ATTRIBUTES
from trinity_guard.migrate.proof.attributes import Attributes
from trinity_guard.migrate.proof.bytes import Taken, compare
from trinity_guard.migrate.proof.ignores import Ignored
from trinity_guard.migrate.proof.versions import Pair, Pairs, entries, rest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping, Sequence

    from trinity_guard.git.catfile import Source
    from trinity_guard.migrate.progress import Progress
    from trinity_guard.migrate.proof.ignores import Chain, Lines
    from trinity_guard.migrate.proof.versions import Item, Rest, Tree
    from trinity_guard.migrate.state import Object

    # Old and new tree (hex), its path, and what the ignore files above may say on it.
    Key = tuple[bytes, bytes, bytes, Lines]

FOLDER = b"40000"
AT_TOP = (b".dvc", b".dvcignore")
IN_DVC = (b"config", b".gitignore")
# Findings beyond these are not told.
MAX_TOLD = 1000
# Commits that are compared together; and pairs of trees, and files that a folder has not any more, that are remembered:
# older ones are compared once more where they come again.
TOGETHER, MAX_COMPARED, MAX_GONE = 12_000, 20_000, 1000
# What small trees differ in, of so many that were compared lately: mostly what those of the commit before did.
MAX_RESTS = 1000


def prove(
    source: Source,
    ids: Mapping[bytes, bytes],
    cache: bytes,
    on_progress: Progress,
    known: Mapping[bytes, Object] | None = None,
    trees: Sequence[tuple[bytes, bytes]] = (),
    unsafe: dict[bytes, str] | None = None,
    before: Container[bytes] = (),
    left_lfs: bool = False,
) -> list[str]:
    """Return what is wrong, nothing where old and new are the same to the byte.

    ids: old commit -> new (hex), all of them; trees: pairs (hex) that tags name. known: what extraction has hashed in
    this very run, whose bytes are not read again; the cache's files are looked at then, and not hashed. unsafe: takes
    path -> why a clone would not have a file, in the place of what is wrong with it. before: commits that were proved
    before, and are not compared again. left_lfs: .gitattributes may have lost what gave files to Git LFS.
    """
    proof = Proof(source, ids, on_progress, left_lfs)
    proof.compare_commits(before)
    proof.compare_trees(trees)
    proof.compare_files_of_dvc()
    proof.compare_configs()
    proof.wrong += proof.attributes.wrong()
    lacking = proof.ignored.unsafe()
    if unsafe is not None:
        unsafe.update(lacking)
    else:
        proof.wrong += [f"{shown(path)}: {words}" for path, words in lacking.items()]
    proof.wrong += compare(source, cache, proof.pairs, known, on_progress)
    return list(dict.fromkeys(proof.wrong))[:MAX_TOLD]


class Proof:
    """wrong: what was found. pairs: (old blob, md5, size) of all that became a pointer, each once.

    ignored: is told of what must be ignored, and what must be seen.
    """

    def __init__(
        self, source: Source, ids: Mapping[bytes, bytes], on_progress: Progress, left_lfs: bool = False
    ) -> None:
        self._source = source
        self._left_lfs = left_lfs
        self.attributes = Attributes(source)
        self._ids = ids
        self._on_progress = on_progress
        self.ignored = Ignored(source)
        self._of_dvc: set[tuple[bytes, bytes]] = set()
        self._configs: set[tuple[bytes, bytes]] = set()
        self._names = lines.Messages(ids)
        self._additions = lines.Additions()
        # Folder -> a file that is gone -> its pointer.
        self._known: dict[bytes, dict[Item, Item]] = {}
        self._pairs = Pairs()
        self._compared: dict[Key, None] = {}
        self._rests: dict[tuple[bytes, Chain, Rest], None] = {}
        self._pointers: dict[tuple[bytes, bytes], dict[tuple[bytes, bytes, bytes], bytes]] = {}
        self._ignores: set[tuple[bytes, bytes, int]] = set()
        self.pairs = Taken()
        self.wrong: list[str] = []

    # --- commits

    def compare_commits(self, proved: Container[bytes] = ()) -> None:
        """Compare each commit, and what it holds: so many together, as memory does not grow with the history then."""
        total = sum(1 for _ in self._changed(proved))
        self._on_progress("prove", 0, total)
        changed, done = self._changed(proved), 0
        while some := list(islice(changed, TOGETHER)):
            roots = self._compare_some(some)
            self.compare_trees(roots)
            done += len(some)
            self._on_progress("prove", done, total)

    def _changed(self, proved: Container[bytes]) -> Iterator[tuple[bytes, bytes]]:
        return ((old, new) for old, new in self._ids.items() if old != new and old not in proved)

    def _compare_some(self, changed: Sequence[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        """Compare commits, and return their root trees."""
        roots: list[tuple[bytes, bytes]] = []
        stream = self._source.each([oid for pair in changed for oid in pair])
        for old, new in changed:
            (_, before), (kind, after) = next(stream), next(stream)
            if kind != b"commit":
                self._say(f"{new.decode()} is no commit")
                continue
            reason, both = self._commit_differs(before, after)
            roots.append(both)
            if reason:
                self._say(f"commit {old.decode()}: {reason}")
        return roots

    def _commit_differs(self, before: bytes, after: bytes) -> tuple[str, tuple[bytes, bytes]]:
        """Return in what a commit differs, and the two root trees."""
        roots = before[5:45], after[5:45]
        if after == lines.expected(before, roots[1], self._ids):
            return "", roots
        was, said = lines.fields(before)
        now, says = lines.fields(after)
        roots = was[0][1], now[0][1]
        kept = [(k, v) for k, v in was if k not in (b"tree", b"parent", b"gpgsig", b"gpgsig-sha256", b"mergetag")]
        if kept != [(k, v) for k, v in now if k not in (b"tree", b"parent")]:
            return "a header is not what it was", roots
        parents = [v for k, v in was if k == b"parent"]
        if [self._ids.get(p) for p in parents] != [v for k, v in now if k == b"parent"]:
            return "its parents are not the old ones", roots
        return "" if self._names.same(said, says) else "its message is not what it was", roots

    # --- trees

    def compare_trees(self, pairs: Sequence[tuple[bytes, bytes]]) -> None:
        """Compare each pair of trees once (once below each set of ignore files, where they count), level by level, and
        the pointers in them."""
        level: dict[Key, tuple[bytes, Chain]] = {(*pair, b"", ()): (b"", ()) for pair in pairs if pair[0] != pair[1]}
        seen = self._compared
        top = True
        while level:
            below: dict[Key, tuple[bytes, Chain]] = {}
            stream = self._source.each([oid for key in level for oid in key[:2]])
            for path, chain in level.values():
                raw = [next(stream)[1], next(stream)[1]]
                differing = rest(*raw)
                if differing is not None:
                    if (path, chain, differing) in self._rests:
                        continue
                    self._rests[path, chain, differing] = None
                    forget_older(self._rests, MAX_RESTS)
                try:
                    pair = self._pairs.next(path, raw)
                except ValueError as error:
                    self._say(f"a tree of {shown(path) or 'the top'} cannot be compared: {error}")
                    continue
                chain = self._with_ignore_file(chain, path, pair.new.entries)
                for ids, folder in self._compare(pair, path, top, chain):
                    key: Key = (*ids, folder, self.ignored.reduced(chain, folder))
                    if key not in seen:
                        seen[key] = None
                        below[key] = folder, chain
            level, top = below, False
        forget_older(seen, MAX_COMPARED)
        self._compare_pointers()

    def _with_ignore_file(self, chain: Chain, path: bytes, new: Tree) -> Chain:
        for name in (b".gitignore", b".dvcignore"):
            mode, oid = new.get(name, (b"", b""))
            chain = (*chain, (path + name, oid)) if mode[:3] == b"100" else chain
        return chain

    def _compare(self, pair: Pair, path: bytes, top: bool, chain: Chain) -> Iterator[tuple[tuple[bytes, bytes], bytes]]:
        old, new = pair.old.entries, pair.new.entries
        changed, added = pair.changed(), pair.added()
        gone = frozenset(pair.settled.union(name for name, _ in changed if name not in new))
        known = self._known_in(path, len(old))
        same = changed & known.keys()
        there = set(map(known.__getitem__, same))
        if not there <= added:
            same, there = set(), set()
        other: dict[bytes, bytes] = {}
        attributes = self._of_attributes(pair, changed, path, top) if self._left_lfs else set()
        lost = {name for name, _ in attributes}
        for name, (mode, oid) in changed - same - attributes:
            if name in gone:
                pointer_name = self._gone(old, new, path, name)
                if not pointer_name:
                    lost.add(name)
                elif pointer_name == name + b".dvc" and pointer_name not in old:
                    known[name, (mode, oid)] = (pointer_name, new[pointer_name])
                    there.add((pointer_name, new[pointer_name]))
                else:
                    other[name] = pointer_name
            elif mode == FOLDER and new[name][0] == FOLDER:
                yield (oid, new[name][1]), path + name + b"/"
            elif name == b".gitignore" and mode == new[name][0]:
                self._note_ignore(oid, new[name][1], gone, path + name)
            elif path == b".dvc/" and name == b"config" and mode == new[name][0]:
                self._configs.add((oid, new[name][1]))
            else:
                self._say(f"{shown(path + name)} is not what it was")
        if gone - lost:
            self.ignored.note(chain, path, gone - lost, other)
        self._compare_added({name: entry for name, entry in added - there if name not in old}, gone, path, top)
        pair.settle([name.removesuffix(b".dvc") for name, _ in there])

    def _known_in(self, path: bytes, size: int) -> dict[Item, Item]:
        """Return what stood in other versions of a folder, and was looked at then: a file -> its pointer."""
        known = self._known.setdefault(path, {})
        if len(known) > 2 * size + MAX_GONE:
            known.clear()
        return known

    def _of_attributes(self, pair: Pair, changed: set[Item], path: bytes, top: bool) -> set[Item]:
        """Take note of files of attributes that changed, or went, and of folders that are gone; return them."""
        old, new = pair.old.entries, pair.new.entries
        if top and ATTRIBUTES in old:
            self.attributes.note_top(old[ATTRIBUTES][1])
        found: set[Item] = set()
        for name, (mode, oid) in changed:
            if name == ATTRIBUTES and mode[:3] == b"100" and new.get(name, (mode, b""))[0] == mode:
                self.attributes.note(oid, new[name][1] if name in new else b"", path + name)
            elif mode == FOLDER and name not in new:
                self.attributes.note_folder(oid, path + name + b"/")
            else:
                continue
            found.add((name, (mode, oid)))
        return found

    def _compare_added(self, added: Tree, gone: frozenset[bytes], path: bytes, top: bool) -> None:
        for name, (mode, oid) in added.items():
            if path == b".dvc/" and name == b"config" and mode == b"100644":
                self._configs.add((b"", oid))
            elif name == b".gitignore" and mode == b"100644":
                self._note_ignore(b"", oid, gone, path + name)
            elif top and name in AT_TOP:
                self._of_dvc.add((name, oid))
            elif not (is_pointer(name) and name[:-4] in gone):
                self._say(f"{shown(path + name)} was not there before")

    def _gone(self, old: Tree, new: Tree, path: bytes, name: bytes) -> bytes:
        """A file that is gone must have a pointer, whose name is returned: its own, or another one in its folder."""
        mode, oid = old[name]
        own = name + b".dvc"
        pointers = [own] if own in new else [n for n in new if is_pointer(n) and new[n][0] != FOLDER]
        if mode[:3] != b"100" or not pointers:
            self._say(f"{shown(path + name)} is gone, and has no pointer")
            return b""
        for candidate in pointers:
            if len(pointers) == 1 or self._records(new[candidate][1], candidate, name):
                uses = self._pointers.setdefault((new[candidate][1], candidate), {})
                fresh = new[candidate] != old.get(candidate)
                uses[oid, mode if fresh else b"", name] = path + name
                return candidate
        self._say(f"{shown(path + name)} is gone, and has no pointer")
        return b""

    def _records(self, oid: bytes, where: bytes, name: bytes) -> bool:
        try:
            outs = decoded(self._source.one(oid), where)
        except GuardError:
            return False
        return any(out.path == name for out in outs)  # `./a.csv` is the same

    def _note_ignore(self, old: bytes, new: bytes, names: frozenset[bytes], path: bytes) -> None:
        key = (old, new, hash(names))
        if key in self._ignores:
            return
        self._ignores.add(key)
        before = self._source.one(old) if old else b""
        if not self._additions.only_ours(before, self._source.one(new), names):
            self._say(f"{shown(path)} has other lines than it had, and not ours")

    # --- pointers and ignore files

    def _compare_pointers(self) -> None:
        wanted = list(self._pointers)
        for (oid, where), (_, data) in zip(wanted, self._source.each([w[0] for w in wanted]), strict=True):
            for (blob, mode, _), path in self._pointers[oid, where].items():
                self._compare_pointer(data, where, blob, mode, path)
        self._pointers.clear()

    def _compare_pointer(self, data: bytes, where: bytes, blob: bytes, mode: bytes, path: bytes) -> None:
        try:
            outs = decoded(data, where)
        except GuardError as error:
            self._say(f"{shown(path)}: {error.problem}")
            return
        name = path.rpartition(b"/")[2]
        out = next((o for o in outs if o.path == name), None)
        if out is None or out.legacy or out.size < 0:
            self._say(f"{shown(path)}: its pointer records no bytes for it")
        elif mode and out.isexec != bool(int(mode[3:4], 8) & 1):
            self._say(f"{shown(path)}: its pointer has another mode")
        else:
            self.pairs[blob, out.md5, out.size] = path

    def compare_files_of_dvc(self) -> None:
        """What came at the top is what `dvc init` makes: a folder with a config, an ignore file that hides nothing."""
        for name, oid in self._of_dvc:
            ((kind, data),) = self._source.each([oid])
            if kind == b"tree":
                strange = [n for n, (mode, _) in entries(data).items() if n not in IN_DVC or mode == FOLDER]
                for inside in strange:
                    self._say(f".dvc/{shown(inside)} was not there before")
            elif any(line.strip() and not line.startswith(b"#") for line in data.splitlines()):
                self._say(f"{shown(name)} was not there before, and hides files from DVC")

    def compare_configs(self) -> None:
        """A config says what it said, and has at most a remote more, and a default one where it had none."""
        for old, new in self._configs:
            before = configfile.parse(self._source.one(old) if old else b"", b".dvc/config")
            after = configfile.parse(self._source.one(new), b".dvc/config")
            more = [name for name in after if name not in before and name.startswith('remote "')]
            core = {"core": {**before.get("core", {}), "remote": after.get("core", {}).get("remote", "")}}
            wanted = {**before, **{name: after[name] for name in more}}
            if after != wanted and (after != {**wanted, **core} or before.get("core", {}).get("remote")):
                self._say(".dvc/config says something else than it did")

    def _say(self, words: str) -> None:
        if len(self.wrong) < MAX_TOLD:
            self.wrong.append(words)
