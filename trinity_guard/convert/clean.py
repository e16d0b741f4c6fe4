"""What `git add` gives to Git in place of a new artifact: its bytes go into the cache, and a stand-in to Git.

Decided by the functions that decide for the commit. Whatever is doubtful stays as it is, and the commit has the word.
"""

from __future__ import annotations

import os
from itertools import chain

from trinity_guard import git
from trinity_guard.convert import directories, leftovers
from trinity_guard.convert.cache import cache_of
from trinity_guard.detect import attributesfile, glance, owners
from trinity_guard.detect.inspect import LFS_HEADS, is_bookkeeping
from trinity_guard.dvcrepo import flushed, odb, standin, tracked
from trinity_guard.dvcrepo.paths import inside_dvc
from trinity_guard.dvcrepo.project import Project
from trinity_guard.errors import GuardError, shown
from trinity_guard.git import caller, hooks, index
from trinity_guard.git.attributes import Asking
from trinity_guard.git.objects import GLANCE, Objects
from trinity_guard.remotes import trust

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from trinity_guard.config import Config
    from trinity_guard.convert.facts import Watch
    from trinity_guard.detect.patterns import Rules
    from trinity_guard.dvcrepo import dvcignore

# From this size on a file is flushed while Git waits for it; all others while more come.
FLUSHED_AT_ONCE = 8 << 20
# These ask what a file would be in Git without putting it there: of a path that Git does not know, its bytes.
ONLY_ASKING = frozenset((b"diff", b"difftool", b"hash-object", b"blame", b"annotate", b"apply", b"am", b"archive"))
STASH = b"index.stash."
LOOK_AHEAD = 500
MAX_PATCH = 64 << 20


class Cleaner:
    """Answers Git's `clean` for one repository, as long as one Git command runs."""

    def __init__(self, place: git.Place, config: Config, rules: Rules, command: Sequence[bytes]) -> None:
        """command: Git's, with its arguments; empty where nobody can say."""
        self._place = place
        self._rules = rules
        self._off = config.on_artifact == "block"
        self._wants_facts = config.facts
        self._facts: dict[tuple[str, bytes], dict[str, object]] = {}
        self._stores: dict[bytes, odb.Store] = {}
        self._known: _Known | None = None
        self._marks: list[bytes] = []
        self._plain: set[bytes] = set()
        self._turned = 0
        self._index = index.file_in_use(place)
        self._command = list(command[:1])
        self._words = list(command[1:])
        self._new_turn: bool | None = None
        self._unguarded: bool | None = None
        self._compares = caller.only_compares(command)

    def clean(self, path: bytes, content: Iterator[memoryview]) -> list[bytes] | None:
        """Return the stand-in of a file whose bytes are in the cache now, None for one that stays as it is."""
        if self._off or not self._rules.named(path) or is_bookkeeping(path) or inside_dvc(path):
            return None
        first = _first(content)
        if not first or first.startswith(LFS_HEADS) or standin.begins(first):
            return None
        store = self._store(path)
        if store is None:
            return None
        pieces = chain((memoryview(first),), content)
        if self._compares:
            md5, size = odb.digest(pieces)  # nothing that Git is told now gets into its store
            return [standin.encode(md5, size)]
        watch = self._watch(path)
        stored = store.take(watch.over(pieces) if watch else pieces, _size(self._place.file(path)))
        if self._rules.decide(path, stored.size, first).kind != "artifact":
            store.drop(stored)
            return None
        mark = store.put(stored)
        if not glance.suspicious(first):
            self._plain.add(mark)
        if watch:
            self._facts[stored.md5, watch.suffix] = watch.found(store.path(stored.md5), stored.md5)
        if stored.size >= FLUSHED_AT_ONCE:
            self._marks += store.settle()
        self._turned += 1
        return [standin.encode(stored.md5, stored.size)]

    def finish(self) -> None:
        """Flush what is not flushed yet; Git has kept all texts by now."""
        for store in self._stores.values():
            self._marks += store.settle()
        flushed.note(self._place, self._marks, self._plain)
        leftovers.pack(self._place, self._turned)
        if self._facts:
            from trinity_guard.convert import facts  # noqa: PLC0415  # most want none

            facts.note(self._place, self._facts)
        if self._known is not None:
            self._known.close()

    def _watch(self, path: bytes) -> Watch | None:
        """Return what looks at a file's bytes on their way, where facts are wanted."""
        if not self._wants_facts:
            return None
        from trinity_guard.convert.facts import Watch  # noqa: PLC0415  # most want none

        return Watch(path)

    def _store(self, path: bytes) -> odb.Store | None:
        """Return the cache for a file that is ours to turn; None for one that is not."""
        mark = _mark(self._index)
        if self._known is None or self._known.mark != mark:
            if self._known is not None:
                self._known.close()
            self._known = _Known(self._place, self._rules, mark)
        known = self._known
        new = path not in known.entries
        if not (self._new_ones_turn() if new else known.stands_in(path)):
            return None
        try:
            root = known.project_of(path)
        except GuardError:
            return None  # the commit says so, with what helps
        if new and not self._compares:
            self._require_hook()
        if root not in self._stores:
            self._stores[root] = cache_of(self._place, root)
        return self._stores[root]

    def _new_ones_turn(self) -> bool:
        """Whether paths that are not in the index are to be turned by the command that runs."""
        if self._new_turn is None:
            # `git stash` takes the working file away, and no pointer would name the object.
            stash = os.path.basename(self._index).startswith(STASH)
            turns = ONLY_ASKING.isdisjoint(self._command) or self._applies_stand_ins()
            self._new_turn = turns and not stash
        return self._new_turn

    def _require_hook(self) -> None:
        """Refuse new stand-ins where no commit would make pointers of them: nobody else could get their data."""
        if self._unguarded is None:
            self._unguarded = not hooks.leads_to_us("pre-commit")
        if self._unguarded:
            raise GuardError(
                "the hook pre-commit is not ours, or gone: another program has taken its place. Artifacts go into Git "
                "as they are.",
                "trinity-guard init     # then the next commit turns them into pointers",
            )

    def _applies_stand_ins(self) -> bool:
        """Whether `git apply` has a patch of stand-ins: the framework's, of files that are pointers by now."""
        return self._command == [b"apply"] and any(map(_is_of_stand_ins, self._words))


class _Known:
    """What one version of the index says. entries: path -> the ids of its stages; mark: of its file."""

    def __init__(self, place: git.Place, rules: Rules, mark: tuple[int, int, int]) -> None:
        self._place = place
        self._rules = rules
        self.mark = mark
        self.entries: dict[bytes, list[bytes]] = {}
        listing = tracked.begin()
        for line in git.run("ls-files", "-s", "-z", "--full-name").split(b"\0")[:-1]:
            meta, _, path = line.partition(b"\t")
            self.entries.setdefault(path, []).append(meta.split(b" ")[1])
        self._objects = Objects(place.common_dir)
        theirs = attributesfile.theirs_of(place) or b""
        self._attributes = Asking(place, theirs, self.entries)
        self._catalog = tracked.load(place, listing)
        self._by_path = self._catalog.by_path()
        self._pipelines = owners.Pipelines(place, self._catalog)
        self._trusted: set[bytes] = set()
        self._order: list[bytes] = []
        self._looked_at: set[bytes] = set()
        self._roots: dict[bytes, bool] = {}
        self._ignoring: dvcignore.IgnoreRules = {}
        self._sha256 = _has_sha256(self.entries)

    def close(self) -> None:
        self._attributes.close()

    def stands_in(self, path: bytes) -> bool:
        """Whether a path's entry is a stand-in, on all sides of a conflict, or announced without content (add -N)."""
        ids = self.entries[path]
        heads = self._objects.heads(ids, GLANCE)
        if all(standin.begins(head.first) for head in heads):
            self._look_ahead(path)
            return True
        return ids[0] in index.EMPTY and len(ids) == 1 and index.is_announced(path)

    def _look_ahead(self, path: bytes) -> None:
        """Have the blobs of the paths that Git asks about next read at once, and kept: of packed ones each by itself
        would cost two processes."""
        if path in self._looked_at:
            return
        from bisect import bisect_left  # noqa: PLC0415  # most commands meet no stand-in

        self._order = self._order or sorted(self.entries)
        at = bisect_left(self._order, path)
        some = self._order[at : at + LOOK_AHEAD]
        self._looked_at.update(some)
        try:
            self._objects.heads([oid for one in some if self._rules.named(one) for oid in self.entries[one]], GLANCE)
        except GuardError:
            return  # one that is no blob; those that are asked about are read one by one

    def project_of(self, path: bytes) -> bytes:
        """Return the DVC project that is to have a file; GuardError for a file that others keep, or nobody can."""
        if self._sha256 or self._catalog.broken or self._pipelines.belongs_in_git(path):
            raise GuardError(f"{shown(path)} is not ours to turn.")
        root = owners.project_of(self._place, path, self._roots)
        owners.refuse_held(self._by_path, path)
        folder = directories.folder_of(self._by_path, self._rules, path)
        if folder:
            owners.refuse_member(self._place, root, folder, path, known=self._ignoring)
        else:
            owners.refuse_name(self._place, root, path, self._ignoring)
        if self._attributes.converted(path):
            raise GuardError(f"{shown(path)} has line ends or an encoding of its own.")
        if root not in self._trusted:
            trust.require_cache(self._place, Project.at(self._place, root))
            self._trusted.add(root)
        return root


def _has_sha256(entries: dict[bytes, list[bytes]]) -> bool:
    for ids in entries.values():
        return len(ids[0]) == len(index.EMPTY[1])
    return git.config("extensions.objectFormat") == "sha256"


def _mark(index_file: bytes) -> tuple[int, int, int]:
    try:
        stat = os.stat(index_file)
    except FileNotFoundError:
        return (0, 0, 0)
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


def _is_of_stand_ins(word: bytes) -> bool:
    """Whether an argument is a patch in which a stand-in changes."""
    try:
        return b"\n " + standin.MARK in git.read(word, MAX_PATCH)
    except (OSError, ValueError, GuardError):
        return False  # an option


def _first(content: Iterator[memoryview]) -> bytes:
    """Return the beginning of a file: enough to tell a stand-in or another tool's pointer, or all there is."""
    first = b""
    for piece in content:
        first += piece
        if len(first) >= GLANCE:
            break
    return first


def _size(file: bytes) -> int:
    try:
        return os.lstat(file).st_size
    except OSError:
        return 0
