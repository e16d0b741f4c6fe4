"""What is staged; the only code that changes an index."""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.errors import GuardError, shown
from trinity_guard.git.caller import amending

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

# The id of the blob without bytes, in both object formats.
EMPTY = (
    b"e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
    b"473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",
)
REGULAR, EXECUTABLE, SYMLINK, GITLINK = b"100644", b"100755", b"120000", b"160000"
# Above so many paths Git is asked about everything instead: it compares each entry with each of them (3,000 of 3,000
# take 0.2 s, all of 100,000 entries without one as long), and there is an ARG_MAX.
FEW = 200
ARGUMENTS = 100_000
# What Git keeps of a stat in the index has 32 bits.
MASK = 0xFFFFFFFF
STAT_WORDS = [b"ctime:", b"mtime:", b"dev:", b"ino:", b"uid:", b"gid:", b"size:"]
# Nanoseconds: the clock of file times goes on by some milliseconds at once.
SECOND, TICK = 10**9, 20 * 10**6


class Entry:
    """One path of an index or tree: mode, blob id, path (bytes, relative to the top)."""

    __slots__ = ("mode", "oid", "path")

    def __init__(self, mode: bytes, oid: bytes, path: bytes) -> None:
        self.mode = mode
        self.oid = oid
        self.path = path


def begin_staged(base: str | None = None) -> tuple[git.Process, str]:
    """Start asking what the commit under way adds or changes, for `finish_staged`."""
    revision = base or ("HEAD^" if amending() else "HEAD")
    return git.start(*_difference(revision)), revision


def finish_staged(begun: tuple[git.Process, str], all_paths: list[bytes] | None = None) -> list[Entry]:
    """Return the files and symlinks that the commit under way adds or changes, against what it will replace.

    Submodules are no files of ours; `git add -N` stages a name without content.
    all_paths: where to note every path that differs, what is removed and submodules too.
    """
    process, revision = begun
    result = git.collect(process)
    if (result.code and revision == "HEAD^" and git.parents() == []) or (result.code and git.parents() is None):
        result = git.attempt(*_difference(git.empty_tree()))
    if result.code:
        raise git.failure(("diff-index", "--cached", revision), result)
    if all_paths is not None:
        all_paths += result.out.split(b"\0")[1::2]
    return list(raw(result.out))


def staged(base: str | None = None) -> list[Entry]:
    """Return what the commit under way adds or changes, against `base` or what it will replace."""
    return finish_staged(begin_staged(base))


def _difference(revision: str | bytes) -> list[git.Arg]:
    # Without --no-renames a renamed artifact is missed; without -z Git quotes non-ASCII names.
    options = ("--cached", "--raw", "-z", "--no-renames", "--diff-filter=ACDMT", "--ita-invisible-in-index")
    return ["diff-index", *options, revision, "--"]


def former(revision: str, *patterns: str) -> dict[bytes, bytes]:
    """Return path -> blob id in a commit (b"": none) of the paths of Git's pathspecs in which the index differs."""
    options = ("--cached", "--raw", "-z", "--no-abbrev", "--no-renames", "--ita-invisible-in-index")
    result = git.attempt("diff-index", *options, revision, "--", *patterns)
    if result.code and git.parents() is None:
        return {}  # there is no commit yet
    if result.code:
        raise git.failure(("diff-index", revision), result)
    return {c.path: c.oids[0] if c.oids[0].strip(b"0") else b"" for c in changes(result.out)}


def raw(out: bytes) -> Iterator[Entry]:
    """Yield the files and symlinks of `git diff-* --raw -z` output, as they are after the change."""
    fields = out.split(b"\0")
    # ":100644 100755 ID ID M": the new mode and the second id stand where the length of an id puts them.
    start = 16 + fields[0][15:].index(b" ") if len(fields) > 1 else 0
    end = start + start - 16
    for meta, path in zip(fields[0:-1:2], fields[1::2], strict=True):
        mode = meta[8:14]
        if mode in (REGULAR, EXECUTABLE, SYMLINK):
            yield Entry(mode, meta[start:end], path)


class Change:
    """One path of a raw diff: modes and ids of each side before (several: a merge's parents), then of the one after.

    commit: the id that stands above it where several commits are asked about, else nothing. status: a letter a side.
    """

    __slots__ = ("commit", "modes", "oids", "path", "status")

    def __init__(self, commit: bytes, meta: bytes, path: bytes) -> None:
        words = meta.lstrip(b":").split(b" ")
        sides = len(words) // 2
        self.commit = commit
        self.modes = words[:sides]
        self.oids = words[sides:-1]
        self.status = words[-1]
        self.path = path


def changes(out: bytes) -> Iterator[Change]:
    """Yield the changes of `git diff-* --raw -z` output, whatever it was asked about. For the plain case: `raw`."""
    commit = b""
    fields = iter(out.split(b"\0")[:-1])
    for field in fields:
        if field.startswith(b":"):
            yield Change(commit, field, next(fields))
        else:
            commit = field.split()[0]


def entries(*paths: bytes | str, patterns: bool = False) -> list[Entry]:
    """Return the index entries (stage 0) at or below these paths; with `patterns` they are Git's pathspecs."""
    env = None if patterns else git.literal()
    return list(_listed(git.run("ls-files", "-s", "-z", "--full-name", "--", *paths, env=env)))


def _listed(out: bytes) -> Iterator[Entry]:
    for line in out.split(b"\0")[:-1]:
        meta, _, path = line.partition(b"\t")
        mode, oid, stage = meta.split(b" ")
        if stage == b"0":
            yield Entry(mode, oid, path)


def _unmerged(out: bytes) -> Iterator[bytes]:
    for line in out.split(b"\0")[:-1]:
        meta, _, path = line.partition(b"\t")
        if not meta.endswith(b" 0"):
            yield path


def is_only_intended(entry: Entry) -> bool:
    """Whether a path was staged by `git add -N`, without its content: listed as if it were empty."""
    if entry.oid not in EMPTY:
        return False
    out = git.run("status", "--porcelain=v2", "-z", "--untracked-files=no", "--", entry.path, env=git.literal())
    return out.startswith(b"1 .A ")


def is_announced(path: bytes) -> bool:
    """The same for whoever runs inside of a `git add`: asks the index alone, and never looks at the file."""
    options = ("--cached", "--raw", "-z", "--ita-invisible-in-index")
    return not git.run("diff-index", *options, git.empty_tree(), "--", path, env=git.literal())


def entries_of(paths: Sequence[bytes], env: Mapping[str, str] | None = None) -> dict[bytes, Entry]:
    """Return path -> entry for exactly these paths, out of the index that `env` names."""
    if not paths:
        return {}
    env = {**(env or os.environ), "GIT_LITERAL_PATHSPECS": "1"}
    out = git.run("ls-files", "-s", "-z", "--full-name", "--", *_arguments(paths), env=env)
    wanted = set(paths)
    return {e.path: e for e in _listed(out) if e.path in wanted}


def listing(*patterns: str) -> git.Process:
    """Start listing the index entries that Git's pathspecs match; `listed` collects them."""
    return git.start("ls-files", "-s", "-z", "--full-name", "--", *patterns)


def listed(p: git.Process) -> tuple[list[Entry], set[bytes]]:
    """Return the listed entries, and the paths that are in conflict."""
    out = git.finish(p)
    return list(_listed(out)), set(_unmerged(out))


def unchanged(place: git.Place, stats: Mapping[bytes, os.stat_result], filtered: Collection[bytes] = ()) -> set[bytes]:
    """Return those of the staged paths whose working file is what was staged, by Git's own check and by its stat.

    stats: of the working files. Git's check is a hint: a file system monitor may not have heard yet, and with
    core.trustctime = false, or a time that was kept, it takes other bytes for the same. The index has all of the stat.
    filtered: paths of which the stat alone decides. Git would have our filter driver read each that was written in
    the second in which it was staged; whoever asks compares the bytes of what is not unchanged.
    """
    if not stats:
        return set()
    chosen = _arguments(list(stats))
    seen = git.start("ls-files", "-v", "--debug", "-z", "--full-name", "--", *chosen, env=git.literal())
    asked = [p for p in stats if p not in filtered]
    differing = set(_seen_to_differ(asked)) if asked else set()
    found = _stat_data(git.finish(seen))
    differing.update(_racy(place, {p: stats[p] for p in filtered if p in stats}))
    return {p for p in stats if p not in differing and p in found and found[p] == _as_in_index(stats[p])}


def _seen_to_differ(paths: list[bytes]) -> list[bytes]:
    args = ("diff-files", "-z", "--name-only", "--no-renames", "--")
    return git.run(*args, *_arguments(paths), env=git.literal()).split(b"\0")


def _racy(place: git.Place, stats: Mapping[bytes, os.stat_result]) -> list[bytes]:
    """Return the paths whose stat proves nothing: what was written when the index was has the same time."""
    if not stats:
        return []
    written = os.stat(file_in_use(place)).st_mtime_ns
    # A file system that keeps seconds says so by times without a fraction.
    second = written // SECOND * SECOND
    limits = {p: second if s.st_mtime_ns % SECOND == 0 else written - TICK for p, s in stats.items()}
    return [p for p, s in stats.items() if s.st_mtime_ns >= limits[p]]


def _stat_data(listed: bytes) -> dict[bytes, tuple[bytes, ...]]:
    """Return path -> ctime, mtime, inode and size of the entries that Git looks at.

    It looks at no file that is marked assume-unchanged (`h`, also core.ignoreStat) or skip-worktree (`S`). What
    `--debug` prints may change with Git's version: a path that cannot be read here is one whose bytes are read.
    """
    found: dict[bytes, tuple[bytes, ...]] = {}
    named, *others = listed.split(b"\0")
    for text in others:
        # Five lines of one entry, then the next one's letter and path, which may hold any byte.
        words, lines = text.split(None, 14), text.split(b"\n", 5)
        if len(words) < 14 or len(lines) < 6:
            break
        if named[:2] == b"H " and words[:14:2] == STAT_WORDS:
            found[named[2:]] = (words[1], words[3], words[7], words[13])
        named = lines[5]
    return found


def _as_in_index(stat: os.stat_result) -> tuple[bytes, ...]:
    """Return a file's ctime, mtime, inode and size as the index has them: in 32 bits each."""
    times = (b"%d:%d" % (ns // 10**9 & MASK, ns % 10**9) for ns in (stat.st_ctime_ns, stat.st_mtime_ns))
    size = stat.st_size & MASK or (1 << 31 if stat.st_size else 0)
    return (*times, b"%d" % (stat.st_ino & MASK), b"%d" % size)


def _arguments(paths: Sequence[bytes]) -> Sequence[bytes]:
    """Return the paths as pathspecs, none where all of the index is to be looked at."""
    return paths if len(paths) <= FEW and sum(map(len, paths)) <= ARGUMENTS else ()


def replace(changes: Iterable[tuple[bytes, bytes, bytes]], index_file: bytes | None = None) -> None:
    """Apply (mode, blob id, path) changes in one step, all or none; mode b"0" takes the path out.

    A path that Git takes for none (`.git/x`, and what other systems take for that) it leaves out, does the rest, and
    exits 0: GuardError all the same.
    """
    data = b"".join(mode + b" " + oid + b"\t" + path + b"\0" for mode, oid, path in changes)
    args = ("update-index", "-z", "--index-info")
    result = git.attempt(*args, data=data, env={**os.environ, **_in(index_file)})
    if result.code:
        raise git.failure(args, result)
    ignored = result.err.partition(b"Ignoring path ")[2].rstrip(b"\n")
    if ignored:
        raise GuardError(
            problem=f"Git left {shown(ignored)} out of the index: it takes that for no path of a repository.",
            remedy="git reset     # the index is HEAD's again; rename the file before you stage it",
        )


def refresh(changes: Iterable[tuple[bytes, bytes, bytes]] | None = None, index_file: bytes | None = None) -> None:
    """Have the index know the times of the work tree's files: by them some of Git's commands tell an edit.

    `git diff-files` and `git diff-index`, by which scripts ask whether all is committed, and `git sparse-checkout`.
    changes: as `replace` has just applied them, of which alone it has lost the times.
    """
    staged = [path for mode, _, path in changes if mode != b"0"] if changes is not None else []
    if changes is not None and not staged:
        return
    few = _arguments(staged)
    how = ("add", "--refresh", "--") if few else ("update-index", "-q", "--refresh")
    git.attempt(*how, *few, env={**git.literal(), **_in(index_file)})


def _in(index_file: bytes | None) -> dict[str, str]:
    return {"GIT_INDEX_FILE": os.fsdecode(index_file)} if index_file else {}


def unmerge(paths: Mapping[bytes, Mapping[bytes, Entry]]) -> None:
    """Have these paths in conflict: path -> stage (1 base, 2 ours, 3 theirs) -> entry."""
    changes: list[tuple[bytes, bytes, bytes]] = []
    for path, stages in paths.items():
        changes.append((b"0", b"0" * len(next(iter(stages.values())).oid), path))
        changes += [(entry.mode, entry.oid + b" " + stage, path) for stage, entry in stages.items()]
    replace(changes)


def same_as_head() -> bool:
    """Whether a commit of this index would change nothing."""
    return git.attempt("diff-index", "--cached", "--quiet", "HEAD", "--").code == 0


def nothing_unstaged() -> bool:
    """Whether the index has every tracked file as the work tree has it; what is untracked does not count."""
    return git.attempt("diff-files", "--quiet", "--ignore-submodules=dirty", "--").code == 0


def file_in_use(place: git.Place) -> bytes:
    """Return the absolute path of the index that this process must work on."""
    named = os.environb.get(b"GIT_INDEX_FILE")
    return os.path.abspath(named) if named else os.path.join(place.git_dir, b"index")


def is_temporary(place: git.Place) -> bool:
    """Whether Git throws this index away after the commit (`commit -- path`), or it is the user's own one."""
    used = os.path.realpath(file_in_use(place))
    real = os.path.realpath(os.path.join(place.git_dir, b"index"))
    return used not in (real, real + b".lock")


def is_of_paths(place: git.Place) -> bool:
    """Whether it is the one that `commit -- path` makes of HEAD and these paths of the work tree."""
    folder, name = os.path.split(os.path.realpath(file_in_use(place)))
    return name.startswith(b"next-index-") and folder == os.path.realpath(place.git_dir)


def is_lock(place: git.Place) -> bool:
    """Whether it is the copy that takes the place of Git's own index after the commit (`commit -a`, `-i`, `-p`)."""
    return not is_real(place) and not is_temporary(place)


def is_real(place: git.Place) -> bool:
    """Whether this is Git's own index itself, and no copy that takes its place after the commit."""
    return os.path.realpath(file_in_use(place)) == os.path.realpath(os.path.join(place.git_dir, b"index"))
