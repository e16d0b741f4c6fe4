"""Which objects do these commits name? Push them, and queue what could not go.

An object is queued, on disk, before it is pushed, and leaves the queue when the remote has it: a crash loses no entry.
"""

from __future__ import annotations

import os
import sys

from trinity_guard import catalog as catalogs
from trinity_guard import dvcproject, git, index, store
from trinity_guard.errors import GuardError, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from trinity_guard.config import Config

    Progress = Callable[[int, int], None]

# How hooks/pre-commit starts the program.
BOOTSTRAP = "import sys; sys.path.append(sys.argv.pop(1)); from trinity_guard.cli import main; sys.exit(main())"
MOST_LOG = 1_000_000


DAMAGED = b".damaged"


class Named:
    """An object that a commit names: md5, size (bytes, -1 unknown), pointer path, commit, DVC project, remote ("")."""

    __slots__ = ("commit", "md5", "path", "project", "remote", "size")
    FIELDS = 6

    def __init__(self, md5: str, size: int, path: bytes, commit: bytes, project: bytes, remote: str) -> None:
        self.md5 = md5
        self.size = size
        self.path = path
        self.commit = commit
        self.project = project
        self.remote = remote

    def encode(self) -> bytes:
        fields = (self.md5.encode(), b"%d" % self.size, self.path, self.commit, self.project, self.remote.encode())
        return b"".join(f + b"\0" for f in fields)

    @classmethod
    def decode(cls, f: Sequence[bytes]) -> Named:
        md5 = f[0].decode("ascii").removesuffix(".dir")
        if len(md5) != 32 or md5.strip("0123456789abcdef"):
            raise ValueError(md5)
        return cls(f[0].decode(), int(f[1]), f[2], f[3], f[4], f[5].decode())


class Report:
    """What a push did: objects that were sent, those that the remote had, those that wait, and why, once a reason."""

    __slots__ = ("pushed", "reasons", "remotes", "there", "waiting")

    def __init__(self) -> None:
        self.pushed: list[Named] = []
        self.there: list[Named] = []
        self.waiting: list[Named] = []
        self.reasons: list[str] = []
        self.remotes: list[str] = []


def changed_files(commits: Sequence[bytes]) -> list[tuple[bytes, list[index.Entry]]]:
    """Return (commit id, files) for each commit that adds or changes regular files, against any parent; one process.

    Several commits are given by id; a single one may be any name (HEAD).
    """
    options = ("-r", "--raw", "-z", "--no-renames", "--root", "-m", "--diff-filter=ACMT")
    if len(commits) == 1:
        out = git.run("diff-tree", *options, commits[0], "--")
    else:
        out = git.run("diff-tree", "--stdin", *options, data=b"".join(c + b"\n" for c in commits))
    pieces: dict[bytes, list[bytes]] = {}
    current: list[bytes] = []
    fields = iter(out.split(b"\0")[:-1])
    for field in fields:
        if field.startswith(b":"):
            current += [field, next(fields)]
        else:
            current = pieces.setdefault(field.split()[0], [])
    return [(c, _once(index.raw(b"".join(f + b"\0" for f in found)))) for c, found in pieces.items()]


def _once(entries: Iterable[index.Entry]) -> list[index.Entry]:
    """A merge differs from each of its parents: the same file may be named several times."""
    return list({e.path: e for e in entries}.values())


def named_by(place: git.Place, commits: Sequence[bytes]) -> list[Named]:
    """Return the objects that the pointers of these commits name, each once; `push: false` and the uncached are not."""
    found: dict[tuple[bytes, str], Named] = {}
    for commit, entries in changed_files(commits):
        for named in named_in(place, entries, commit):
            found.setdefault((named.project, named.md5), named)
    return list(found.values())


def named_at(place: git.Place, commits: Sequence[bytes]) -> list[Named]:
    """Return the objects that all pointers in the trees of these commits name, each once."""
    found: dict[tuple[bytes, str], Named] = {}
    for commit in commits:
        out = git.run("ls-tree", "-r", "-z", "--full-tree", commit)
        entries = []
        for line in out.split(b"\0")[:-1]:
            meta, _, path = line.partition(b"\t")
            if path.endswith(b".dvc") and meta.startswith((index.REGULAR, index.EXECUTABLE)):
                entries.append(index.Entry(index.REGULAR, meta.split(b" ")[2], path))
        for named in named_in(place, entries, commit):
            found.setdefault((named.project, named.md5), named)
    return list(found.values())


def named_in(place: git.Place, entries: Sequence[index.Entry], commit: bytes) -> list[Named]:
    """Return the objects that those of a commit's files name which are pointers."""
    pointers = [e for e in entries if e.path.endswith(b".dvc") and e.mode != index.SYMLINK]
    found = []
    for entry, data in zip(pointers, git.read_all(e.oid for e in pointers), strict=True):
        project = dvcproject.root_of(place.top, entry.path) or b""
        for held in catalogs.parse(entry, data or b""):
            if held.kind in ("file", "dir") and held.pushed:
                found.append(Named(held.md5, held.size, entry.path, commit, project, held.remote))
    return found


class Queue:
    """Objects that wait for their remote: one file a batch under the common git dir."""

    def __init__(self, place: git.Place) -> None:
        self._folder = os.path.join(place.own, b"queue")

    def add(self, items: Sequence[Named]) -> None:
        if items:
            name = b"%s-%d" % (items[0].commit[:12], os.getpid())
            index.write_file(os.path.join(self._folder, name), b"".join(i.encode() for i in items), durable=True)

    def read(self) -> list[Named]:
        """Return what waits, each object once, the oldest batch first."""
        found: dict[tuple[bytes, str], Named] = {}
        for file in self._files():
            for item in _decode(file):
                found.setdefault((item.project, item.md5), item)
        return list(found.values())

    def let_go(self, items: Sequence[Named]) -> None:
        """Take these entries out; those that other processes add meanwhile stay."""
        gone = {(i.project, i.md5) for i in items}
        for file in self._files():
            entries = _decode(file)
            left = [e for e in entries if (e.project, e.md5) not in gone]
            if not left:
                os.unlink(file)
            elif len(left) < len(entries):
                index.write_file(file, b"".join(e.encode() for e in left), durable=True)

    def _files(self) -> list[bytes]:
        try:
            names = os.listdir(self._folder)
        except FileNotFoundError:
            return []
        found = []
        for file in (os.path.join(self._folder, n) for n in names if b".tmp-" not in n and not n.endswith(DAMAGED)):
            try:
                found.append((os.stat(file).st_mtime_ns, file))
            except FileNotFoundError:
                continue  # a push that runs has let go of it
        return [file for _, file in sorted(found)]

    def empty(self) -> bool:
        return not self._files()


def _decode(file: bytes) -> list[Named]:
    try:
        with open(file, "rb") as stream:
            fields = stream.read().split(b"\0")[:-1]
    except FileNotFoundError:
        return []  # a push that runs has let go of it
    n = Named.FIELDS
    try:
        if not fields or len(fields) % n:
            raise ValueError(len(fields))
        return [Named.decode(fields[i : i + n]) for i in range(0, len(fields), n)]
    except ValueError:
        aside = file + DAMAGED
        os.rename(file, aside)
        raise GuardError(
            problem=f"the queue's file {shown(file)} was damaged; it is put aside as {shown(os.path.basename(aside))}.",
            remedy="trinity-guard push REV     # queues again what a commit names; without REV: HEAD",
        ) from None


def push(place: git.Place, config: Config, items: Sequence[Named], on_progress: Progress | None = None) -> Report:
    """Queue these objects, then push all that waits; what could not go stays queued. One push at a time."""
    queue = Queue(place)
    queue.add(items)
    report = Report()
    with _Turn(place):
        waiting = queue.read()
        groups: dict[tuple[bytes, str], list[Named]] = {}
        for item in waiting:
            groups.setdefault((item.project, item.remote or config.remote or ""), []).append(item)
        try:
            for (project, remote), group in groups.items():
                _push_group(place, project, remote, group, report, on_progress)
        finally:
            queue.let_go(report.pushed + report.there)
        _keep(place, report.waiting)
        for item in report.pushed + report.there:
            _safe(place).discard(item.md5)
    return report


def push_in_background(place: git.Place, items: Sequence[Named]) -> None:
    """Queue these objects, and start a process of its own that pushes all that waits."""
    Queue(place).add(items)
    log = _log(place)
    if os.path.exists(log) and os.stat(log).st_size > MOST_LOG:
        os.truncate(log, 0)
    env = git.other_repository()
    if not os.path.lexists(place.file(b".git")):
        # Only the variables that were dropped told where this repository is (git --git-dir=… --work-tree=…).
        env.update(GIT_DIR=os.fsdecode(place.git_dir), GIT_WORK_TREE=os.fsdecode(place.top))
    library = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    git.detach([sys.executable, "-I", "-S", "-c", BOOTSTRAP, library, "-q", "push", "--pending"], log, env)


def running(place: git.Place) -> bool:
    """Whether a push is under way in this repository."""
    return _Turn(place).taken()


def last_words(place: git.Place) -> str:
    """Return the last line that a push in the background left in its log, remedies aside."""
    try:
        with open(_log(place), "rb") as file:
            lines = file.read().decode("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return ""
    return next((line for line in reversed(lines) if line and not line.startswith(" ")), "")


def _log(place: git.Place) -> bytes:
    return os.path.join(place.own, b"push.log")


def _push_group(
    place: git.Place, project: bytes, name: str, group: list[Named], report: Report, on_progress: Progress | None
) -> None:
    """Push what goes from one DVC project to one remote; a remote's trouble is a reason in the report."""
    try:
        settings = dvcproject.load(place.file(project) if project else place.top)
        name = name or settings.default_remote or ""
        if not name:
            raise GuardError("no DVC remote is set", "dvc remote add -d NAME URL")
        if name not in settings.remotes:
            raise GuardError(f"the DVC remote '{name}' is not configured", f"dvc remote add {name} URL")
        remote = settings.remotes[name]
        report.remotes.append(name)
        cache = store.Store(settings.cache_dir, settings.shared)
        _bring_back(place, cache, group)
        items = _with_children(cache, group)
        if remote.local is not None:
            _known_folder(place, remote.local)
            sent, there, lacking = store.copy_objects(cache, remote.local, _wanted(items), on_progress)
        else:
            sent, there, lacking = store.push_by_dvc(settings.root, name, _wanted(items))
    except GuardError as error:
        report.waiting += group
        report.reasons.append(error.problem + (f" ({error.remedy.splitlines()[0]})" if error.remedy else ""))
        return
    for item in group:
        missing = [c for c in items if c.md5 in lacking and (c is item or c.commit == item.md5.encode())]
        if item.md5 in sent and not missing:
            report.pushed.append(item)
        elif item.md5 in there and not missing:
            report.there.append(item)
        else:
            report.waiting.append(item)
            reason = next((lacking[c.md5] for c in missing), "was not taken")
            report.reasons.append(f"{shown(item.path)}: {reason}")


def _safe(place: git.Place) -> store.Store:
    """Return the store for objects that wait: `git worktree remove` takes a linked work tree's own cache with it."""
    return store.Store(os.path.join(place.own, b"cache"))


def _bring_back(place: git.Place, cache: store.Store, group: list[Named]) -> None:
    """Put objects that another work tree kept for this push into the cache."""
    safe = _safe(place)
    for item in group:
        if cache.size(item.md5) is None and safe.size(item.md5) is not None:
            store.link(safe, cache, item.md5)


def _keep(place: git.Place, items: list[Named]) -> None:
    """Keep what waits beyond the life of a linked work tree; what has gone need not be kept."""
    if place.git_dir == place.common_dir:
        return
    safe = _safe(place)
    for item in items:
        if safe.size(item.md5) is None:
            settings = dvcproject.load(place.file(item.project) if item.project else place.top)
            cache = store.Store(settings.cache_dir, settings.shared)
            if cache.size(item.md5) is not None:
                store.link(cache, safe, item.md5)


def _wanted(items: list[Named]) -> list[tuple[str, int]]:
    return [(i.md5, i.size) for i in items]


def _with_children(cache: store.Store, group: list[Named]) -> list[Named]:
    """Return the objects with, before each directory, the files that it lists: a .dir must not arrive first."""
    items: list[Named] = []
    for item in group:
        if item.md5.endswith(".dir"):
            for md5, size in store.children(cache, item.md5):
                items.append(Named(md5, size, item.path, item.md5.encode(), item.project, item.remote))
        items.append(item)
    return items


def _known_folder(place: git.Place, folder: bytes) -> None:
    """Make a local remote's folder the first time; one that was there and is gone is a disk that is not mounted."""
    known_file = os.path.join(place.own, b"known-folders")
    try:
        with open(known_file, "rb") as file:
            known = file.read().split(b"\0")[:-1]
    except FileNotFoundError:
        known = []
    if folder in known:
        if not os.path.isdir(folder):
            raise GuardError(f"the remote's folder {shown(folder)} is away", "trinity-guard push --pending")
        return
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise GuardError(f"cannot make the remote's folder {shown(folder)}: {error.strerror}") from error
    index.write_file(known_file, b"".join(f + b"\0" for f in [*known, folder]))


def without_secrets(url: str) -> str:
    """Return a URL fit for a message: no user:password@, no query (a SAS token may stand there)."""
    scheme, sep, rest = url.partition("://")
    if not sep:
        return url
    host, slash, path = rest.partition("/")
    return scheme + sep + host.rpartition("@")[2] + slash + path.partition("?")[0]


class _Turn:
    """One push at a time in a repository: the second waits for the first."""

    def __init__(self, place: git.Place) -> None:
        self._file = os.path.join(place.own, b"push.lock")
        self._fd = -1

    def __enter__(self) -> None:
        import fcntl

        os.makedirs(os.path.dirname(self._file), exist_ok=True)
        self._fd = os.open(self._file, os.O_WRONLY | os.O_CREAT, 0o666)
        fcntl.flock(self._fd, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)

    def taken(self) -> bool:
        import fcntl

        try:
            fd = os.open(self._file, os.O_RDONLY)
        except FileNotFoundError:
            return False
        try:
            # Shared, so that those who only ask are not in each other's way.
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(fd)
        return False
