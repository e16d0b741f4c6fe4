"""What is looked at: the index, the tree of a commit, or all that the commits of a range bring along."""

from __future__ import annotations

from trinity_guard import git
from trinity_guard.detect import glance, inspect
from trinity_guard.detect.owners import Pipelines, left_to_git
from trinity_guard.dvcrepo import paths, tracked
from trinity_guard.dvcrepo.decode import blobs, outputs_of
from trinity_guard.dvcrepo.pointer import MAX_BYTES_WITH_FILES
from trinity_guard.errors import UNUSABLE, GuardError, shown, typed
from trinity_guard.git import index, packheads, partial, revisions
from trinity_guard.git.attributes import Attributes
from trinity_guard.git.index import EMPTY, SYMLINK, Entry
from trinity_guard.git.objects import GLANCE
from trinity_guard.lint.versions import Fresh, Versions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Container, Iterable, Iterator, Sequence

    from trinity_guard import Progress
    from trinity_guard.config import Config
    from trinity_guard.detect.patterns import Rules, Verdict
    from trinity_guard.dvcrepo.output import Output


JUDGED_AT_ONCE = 20_000  # files
ASKED_AT_ONCE = 20_000  # commits


class Tree:
    """The files of an index (commit b"") or of a commit: modes, ids and paths, side by side."""

    __slots__ = ("_by_path", "_of_dvc", "commit", "modes", "oids", "paths")

    def __init__(self, commit: bytes, modes: list[bytes], oids: list[bytes], paths: list[bytes]) -> None:
        self.commit = commit
        self.modes = modes
        self.oids = oids
        self.paths = paths
        self._by_path: dict[bytes, int] | None = None
        self._of_dvc: list[Entry] | None = None

    def get(self, path: bytes) -> Entry | None:
        if self._by_path is None:
            self._by_path = {p: i for i, p in enumerate(self.paths)}
        at = self._by_path.get(path)
        return None if at is None else self.entry(at)

    def entry(self, at: int) -> Entry:
        return Entry(self.modes[at], self.oids[at], self.paths[at])

    def of_dvc(self) -> list[Entry]:
        """Return the regular files that may be DVC's: it has its name in each of theirs."""
        if self._of_dvc is None:
            named = [i for i, p in enumerate(self.paths) if b"dvc" in p.lower()]
            self._of_dvc = [self.entry(i) for i in named if self.modes[i] != SYMLINK]
        return self._of_dvc

    def ending(self, *ends: bytes) -> list[Entry]:
        """Return the files of DVC's whose path has one of these ends."""
        return [e for e in self.of_dvc() if e.path.endswith(ends)]


class Judged:
    """A version of a file that does not belong in Git: its commit (b"" for the index), why, and its size in bytes.

    lfs: .gitattributes gives it to git-lfs, which did not run when it was committed; filter: the other driver that it
    gives it to, b"" for none.
    """

    __slots__ = ("commit", "entry", "filter", "lfs", "size", "verdict")

    def __init__(self, commit: bytes, entry: Entry, size: int, verdict: Verdict) -> None:
        self.commit = commit
        self.entry = entry
        self.size = size
        self.verdict = verdict
        self.filter = b""
        self.lfs = False


class Subject:
    """What is looked at. tree: the files as they are at its end.

    history: (commit, file) of a range, each version once, the oldest first; None where the tree alone is looked at.
    only: paths that are meant (a folder stands for all below it); none: everything.
    """

    def __init__(self, place: git.Place, config: Config, rules: Rules, tree: Tree, only: Sequence[bytes] = ()) -> None:
        self.place = place
        self.config = config
        self.rules = rules
        self.tree = tree
        self.only = frozenset() if b"" in only else frozenset(only)
        self.history: Versions | None = None
        self.commits: Sequence[bytes] = []
        self.whole = False  # the range leaves nothing out that is below it
        self.base = b""  # the commit whose rules judge a range
        self.fresh: Collection[tuple[bytes, bytes]] | None = None
        self.on_asked: Progress | None = None  # objects that the remotes have answered for, of how many
        self._contents: dict[bytes, bytes | None] = {}
        self._judged: list[Judged] | None = None
        self._given: list[Judged] = []
        self._held: list[Output] | None = None
        self._pipelines: Pipelines | None = None
        self._roots: set[bytes] | None = None
        self._merges: bool | None = None

    def look_back(self, versions: Iterable[tuple[bytes, Entry]]) -> None:
        """Look at these (commit, file), the oldest first, and not at the tree alone."""
        self.history = Versions(versions)

    def means(self, path: bytes) -> bool:
        """Whether a path, or a folder above it, was asked for."""
        if not self.only:
            return True
        while path not in self.only:
            path = path.rpartition(b"/")[0]
            if not path:
                return False
        return True

    def is_new(self, entry: Entry) -> bool:
        """Whether a file of the tree is to be looked at: it is meant, and in a range a commit of it brought it."""
        return self.means(entry.path) and (self.fresh is None or (entry.path, entry.oid) in self.fresh)

    def count(self) -> int:
        """Return how many files are looked at, of a range each version."""
        if self.history is not None:
            return len(self.history)
        paths = self.tree.paths if self.fresh is None else [p for p, _ in self.fresh]
        return sum(map(self.means, paths)) if self.only else len(paths)

    def versions(self, *ends: bytes) -> list[tuple[bytes, Entry]]:
        """Return (commit, file) of the files of DVC's (with such an end) that are to be looked at."""
        if self.history is not None:
            found = [(c, e) for c, e in self.history.named(lambda p: b"dvc" in p.lower()) if e.mode != SYMLINK]
        else:
            found = [(self.tree.commit, e) for e in self.tree.of_dvc() if self.is_new(e)]
        return [(c, e) for c, e in found if not ends or e.path.endswith(ends)]

    def contents(self, ids: Iterable[bytes]) -> dict[bytes, bytes | None]:
        """Return the bytes of small blobs; None for one that is too large to be a file of DVC's."""
        new = [oid for oid in dict.fromkeys(ids) if oid not in self._contents]
        partial.bring(self.place.common_dir, new)
        sizes = packheads.heads(self.place.common_dir, new, 0)
        small = [oid for oid in new if sizes[oid].size <= MAX_BYTES_WITH_FILES]
        self._contents.update(dict.fromkeys(new))
        for oid, data in blobs(small).items():
            if data is None:
                raise GuardError(f"Git cannot read the blob {shown(oid)}.", "git fsck", UNUSABLE)
            self._contents[oid] = data
        return self._contents

    def roots(self) -> set[bytes]:
        """Return those of the range's commits that have no parent."""
        if self._roots is None:
            self._roots = {root for some in self._that_are("--max-parents=0") for root in some}
        return self._roots

    def has_merges(self) -> bool:
        """Return whether the range holds a merge."""
        if self._merges is None:
            self._merges = any(self._that_are("--merges"))
        return self._merges

    def _that_are(self, kind: str) -> Iterator[list[bytes]]:
        """Yield the range's commits of a kind, as rev-list has it: some at once, as a million take 200 MB."""
        for start in range(0, len(self.commits), ASKED_AT_ONCE):
            data = b"".join([c + b"\n" for c in self.commits[start : start + ASKED_AT_ONCE]])
            yield git.run("rev-list", "--no-walk", kind, "--stdin", data=data).split()

    def is_gone(self, entry: Entry) -> bool:
        """Whether the tree at the end of a range has no more what one of its commits brought."""
        last = self.tree.get(entry.path) if self.history is not None else entry
        return last is None or last.oid != entry.oid

    def rebase(self, commit: bytes, what: str) -> str:
        """Return the command that opens the range at a commit, to mend it there. what: is to be done in it."""
        # Without the option the merges of the range are left out, and with them what they alone have.
        merges = "--rebase-merges " if self.has_merges() else ""
        start = "--root" if commit in self.roots() else f"{commit[:10].decode()}^"
        return f"git rebase -i {merges}{start}     # {what}"

    def held(self) -> list[Output]:
        """Return what the tree's pointers hold, all that can be read; the others are TG005's."""
        if self._held is None:
            self._held = []
            entries = self.tree.ending(b".dvc")
            contents = self.contents(e.oid for e in entries)
            for entry in entries:
                try:
                    self._held += held_by(entry, contents[entry.oid])
                except GuardError:
                    continue
        return self._held

    def made_by_stage(self, path: bytes) -> GuardError | None:
        """Return what speaks against a pointer for a file of the index that a pipeline makes."""
        if self._pipelines is None:
            self._pipelines = Pipelines(self.place, tracked.load(self.place))
        return self._pipelines.refusal(path)

    def judged(self) -> list[Judged]:
        """Return the artifacts and the files above max-size, those left out that others keep."""
        if self._judged is None:
            judged = self._judge()
            self._judged = left(self.place, judged, self._all_files())
            kept = {id(j) for j in self._judged}
            self._given = [j for j in judged if id(j) not in kept and j.entry.oid not in EMPTY]
        return self._judged

    def _all_files(self) -> Container[bytes] | None:
        """Return the paths of all files that a commit of the range has, None where it does not bring them all along."""
        return self.history.paths() if self.history is not None and self.whole and not self.only else None

    def given_to_git(self) -> list[Judged]:
        """Return the artifacts, and files above max-size, that a pipeline or a pointer leaves to Git."""
        self.judged()
        return self._given

    def _judge(self) -> list[Judged]:
        tree = self.tree
        if self.history is None and self.fresh is None and not self.only:
            found = judge(self.place, self.rules, tree.modes, tree.oids, tree.paths)
            return [Judged(tree.commit, tree.entry(at), size, verdict) for at, size, verdict in found]
        if self.history is None:
            files = [(tree.commit, tree.entry(i)) for i in range(len(tree.paths))]
            return self._judge_some([(c, e) for c, e in files if self.is_new(e)])
        # What is read of each lives no longer than its batch: a range of a million commits has three million versions.
        return [judged for batch in self.history.batches(JUDGED_AT_ONCE) for judged in self._judge_some(batch)]

    def _judge_some(self, files: Sequence[tuple[bytes, Entry]]) -> list[Judged]:
        columns = ([e.mode for _, e in files], [e.oid for _, e in files], [e.path for _, e in files])
        return [Judged(*files[at], size, verdict) for at, size, verdict in judge(self.place, self.rules, *columns)]


def left(place: git.Place, judged: list[Judged], files: Container[bytes] | None = None) -> list[Judged]:
    """Drop what a pipeline leaves to Git, and names that `git add -N` has only announced.

    Bytes that stand in Git under `filter=lfs` stay: git-lfs keeps none of them, and anybody can write that line.
    files: as for `left_to_git`.
    """
    attributes = Attributes([j.entry.path for j in judged])
    judged = [j for j in judged if not (_is_lfs(attributes, j) and j.entry.oid in EMPTY)]
    for j in judged:
        j.lfs, j.filter = _is_lfs(attributes, j), attributes.driver(j.entry.path)
    raw = [j for j in judged if not j.lfs and (j.commit or not index.is_only_intended(j.entry))]
    # In the order of the commits: neighbours have nearly the same trees, which Git then reads once.
    in_git = left_to_git(place, dict.fromkeys((j.commit, j.entry.path) for j in raw), files)
    kept = {id(j) for j in raw if (j.commit, j.entry.path) not in in_git}
    return [j for j in judged if j.lfs or id(j) in kept]


def _is_lfs(attributes: Attributes, judged: Judged) -> bool:
    return attributes.filter(judged.entry.path) == b"lfs"


def judge(
    place: git.Place, rules: Rules, modes: Sequence[bytes], oids: Sequence[bytes], paths: Sequence[bytes]
) -> list[tuple[int, int, Verdict]]:
    """Return (position, size, verdict) of the files that are artifacts or too big; each blob is looked at once."""
    meant = [i for i, m in enumerate(modes) if m != SYMLINK]
    partial.bring(place.common_dir, [oids[i] for i in meant if oids[i] not in EMPTY])
    batches = [meant[start : start + JUDGED_AT_ONCE] for start in range(0, len(meant), JUDGED_AT_ONCE)]
    return [found for batch in batches for found in _judged(place, rules, oids, paths, batch)]


def _judged(
    place: git.Place, rules: Rules, oids: Sequence[bytes], paths: Sequence[bytes], meant: Sequence[int]
) -> list[tuple[int, int, Verdict]]:
    sieve = rules.sieve
    wanted = [oids[i] for i in meant if oids[i] not in EMPTY]
    glances = packheads.heads(place.common_dir, wanted, GLANCE)
    doubtful = {oid for oid, head in glances.items() if head.size > rules.small or glance.suspicious(head.first)}
    candidates = [i for i in meant if oids[i] in doubtful or sieve(paths[i])]
    larger = [o for i in candidates if (o := oids[i]) in doubtful and glances[o].size > GLANCE]
    heads = packheads.heads(place.common_dir, larger, glance.HEAD_BYTES)
    found = []
    same: dict[tuple[str, str], Verdict] = {}  # thousands of files have the same
    for i in candidates:
        oid, path = oids[i], paths[i]
        head = heads.get(oid) or glances.get(oid)
        size, first = (head.size, head.first) if head is not None else (0, b"")
        if (first.startswith(inspect.LFS_HEADS) and size < 1024) or inspect.is_bookkeeping(path):
            continue
        verdict = rules.decide(path, size, first)
        if verdict.kind != "fine":
            verdict = same.setdefault((verdict.kind, verdict.reason), verdict)
            found.append((i, glance.real_size(first, size), verdict))
    return found


# ---- the index, a commit, a range


def indexed(in_conflict: bool = False) -> Tree:
    """Return the files of the index; GuardError (exit 2) where some of them are in conflict.

    in_conflict: leave those out instead.
    """
    lines = git.run("ls-files", "-s", "-z", "--full-name").split(b"\0")[:-1]
    end = lines[0].index(b" ", 7) if lines else 0
    conflicts = [line[end + 3 :] for line in lines if line[end + 1 : end + 2] != b"0"]
    if conflicts and not in_conflict:
        raise _in_conflict(conflicts)
    files = [line for line in lines if line[:6] != b"160000" and line[end + 1 : end + 2] == b"0"]
    return _tree(b"", files, 7, end, end + 3)


def _in_conflict(found: list[bytes]) -> GuardError:
    path = next((p for p in found if paths.is_reference(p)), found[0])
    problem = f"{shown(path)} is in conflict: what will be committed is not known."
    if not paths.is_reference(path):
        return GuardError(problem, "git status", UNUSABLE)
    return GuardError(problem, f"trinity-guard use --ours {typed(path)}     # or --theirs; status says more", UNUSABLE)


def tree_of(commit: bytes) -> Tree:
    """Return the files of a commit's tree."""
    lines = revisions.tree_lines(commit)
    files = [line for line in lines if line[:6] != b"160000"]
    end = files[0].index(b"\t") if files else 0
    return _tree(commit, files, 12, end, end + 1)


def _tree(commit: bytes, lines: list[bytes], start: int, end: int, name: int) -> Tree:
    modes, oids = [line[:6] for line in lines], [line[start:end] for line in lines]
    return Tree(commit, modes, oids, [line[name:] for line in lines])


def changed_since_head(head: bytes) -> set[tuple[bytes, bytes]]:
    """Return (path, id) of the files of HEAD that the index has not, or has otherwise."""
    out = git.run("diff-index", "--cached", "-R", "--raw", "-z", "--no-renames", "--diff-filter=ACMT", head, "--")
    return {(e.path, e.oid) for e in index.raw(out)}


def walk(subject: Subject, commits: Sequence[bytes], on_progress: Progress | None = None) -> None:
    """Take in what these commits (the oldest first) bring along. Of a merge: what none of its parents has."""
    history = Versions()
    done = 0
    partial.bring_trees(subject.place.common_dir, commits)
    for batch in revisions.walked(commits):
        for commit, entries in batch:
            for entry in entries:
                if subject.means(entry.path):
                    history.add(commit, entry)
        done = min(done + revisions.BATCH, len(commits))
        if on_progress:
            on_progress(done, len(commits))
    subject.history, subject.fresh, subject.commits = history, Fresh(history), commits


def held_by(entry: Entry, data: bytes | None) -> list[Output]:
    """Return what a pointer holds; GuardError for one that nobody can read."""
    if data is None:
        raise GuardError(f"{shown(entry.path)} is no pointer that DVC can read: it is too large.", "")
    outputs = outputs_of(data, entry.path)
    for output in outputs:
        output.oid = entry.oid
    return outputs
