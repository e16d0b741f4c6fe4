"""What a `git push` would publish: the commits that the other side lacks, what they name, what must not be in them."""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.detect import inspect, owners
from trinity_guard.dvcrepo import configfile, odb, paths, referenced, tracked
from trinity_guard.errors import GuardError, shown, typed
from trinity_guard.git import index, revisions
from trinity_guard.git.attributes import Attributes
from trinity_guard.push import deliver, push, worktree_cache
from trinity_guard.push.background import PushLock
from trinity_guard.push.queue import Queue, Retries
from trinity_guard.remotes import connect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from trinity_guard.config import Config
    from trinity_guard.detect.inspect import Artifact
    from trinity_guard.detect.patterns import Rules
    from trinity_guard.dvcrepo.referenced import Named

    Progress = Callable[[int, int], None]


class Ref:
    """One line of Git's list: what is pushed under which name, and what the other side has there (b"": nothing)."""

    __slots__ = ("name", "oid", "target", "there")

    def __init__(self, name: bytes, oid: bytes, target: bytes, there: bytes) -> None:
        self.name = name
        self.oid = b"" if not oid.strip(b"0") else oid
        self.target = target
        self.there = b"" if not there.strip(b"0") else there


class PushContents:
    """What the commits of a push hold: the objects that they name, raw artifacts, pointers that nobody can read."""

    __slots__ = ("broken", "commits", "named", "raw", "records")

    def __init__(self) -> None:
        self.commits: list[bytes] = []
        self.named: list[Named] = []
        self.raw: list[tuple[bytes, Artifact]] = []
        self.broken: dict[tuple[bytes, bytes], GuardError] = {}
        self.records: list[tuple[bytes, index.Entry]] = []


def read_refs(lines: bytes) -> list[Ref]:
    """Read what Git gives pre-push on its standard input; GuardError for what is no such list."""
    refs = []
    for line in lines.splitlines():
        fields = line.split(b" ")
        if len(fields) != 4:
            raise GuardError(
                problem=f"Git's list of refs could not be understood: {shown(line)}",
                remedy="TRINITY_GUARD_SKIP=gate git push     # without this check",
            )
        refs.append(Ref(*fields))
    return refs


def unpublished(refs: Sequence[Ref], remote: str) -> list[bytes]:
    """Return the commits of these refs that the other side does not have, the newest first.

    The other side has what it says itself, and what our refs of this remote say that it had.
    """
    tips = [r.oid for r in refs if r.oid]
    if not tips or remote == ".":
        return []
    lines = b"".join(t + b"\n" for t in tips) + b"".join(b"^" + r.there + b"\n" for r in refs if r.there)
    command = ["rev-list", "--stdin", "--not", f"--remotes={remote}"]
    result = git.attempt(*command, data=lines)
    if result.code:
        # What the other side has may be unknown here (a forced push over work that was never fetched).
        command.insert(1, "--ignore-missing")
        _require_known(tips)
        result = git.Result(0, git.run(*command, data=lines), b"")
    return result.out.split()


def other_objects(refs: Sequence[Ref]) -> list[tuple[bytes, index.Entry]]:
    """Return (object, file) for refs that lead to no commit: a tag may name a tree, or a single blob."""
    odd = [r for r in refs if r.oid and not r.target.startswith(b"refs/heads/")]
    if not odd:
        return []
    found = []
    lines = git.run("cat-file", "--batch-check", data=b"".join(r.oid + b"^{}\n" for r in odd)).splitlines()
    for ref, line in zip(odd, lines, strict=True):
        oid, kind = line.split(b" ")[:2]
        if kind == b"blob":
            found.append((oid, index.Entry(index.REGULAR, oid, ref.target)))
        elif kind == b"tree":
            found += [(oid, e) for e in revisions.tree(oid)]
    return found


def local_commits(remote: str) -> list[bytes]:
    """Return the commits of all our branches and tags that this remote lacks, as far as we know."""
    return git.run("rev-list", "--branches", "--tags", "HEAD", "--not", f"--remotes={remote or '*'}").split()


def _require_known(tips: Sequence[bytes]) -> None:
    out = git.run("cat-file", "--batch-check", data=b"".join(t + b"\n" for t in tips))
    for line in out.splitlines():
        if line.endswith(b" missing"):
            raise GuardError(
                problem=f"Git cannot read {shown(line.split(b' ')[0])}, which is to be pushed.", remedy="git fsck"
            )


def examine(
    place: git.Place,
    rules: Rules,
    commits: Sequence[bytes],
    others: Sequence[tuple[bytes, index.Entry]] = (),
    on_progress: Progress | None = None,
) -> PushContents:
    """Look at every file that these commits add or change, each version of it once; and at `others`."""
    found = PushContents()
    found.commits = list(commits)
    seen: set[tuple[bytes, bytes, bool]] = set()
    _look(place, rules, others, found)
    named = referenced.named_in(place, others, found.broken)
    done = 0
    for batch in revisions.walked(commits):
        fresh = []
        for commit, entries in batch:
            # As a symbolic link the same bytes are no artifact.
            fresh += [(commit, e) for e in entries if (e.path, e.oid, e.mode == index.SYMLINK) not in seen]
            seen.update((e.path, e.oid, e.mode == index.SYMLINK) for e in entries)
        _look(place, rules, fresh, found)
        named += referenced.named_in(place, fresh, found.broken)
        done += revisions.BATCH
        if on_progress:
            on_progress(min(done, len(commits)), len(commits))
    found.named = referenced.once([*named, *_moved(place, found.records)])
    return found


def _moved(place: git.Place, records: Sequence[tuple[bytes, index.Entry]]) -> list[Named]:
    """Return all that a commit's tree names, where that commit leads its project's default remote elsewhere.

    What was pushed to the old place is not at the new one, and no pointer changed.
    """
    configs = [(c, e) for c, e in records if paths.is_dvc_config(e.path)]
    if not configs:
        return []
    before = git.read_ids(c + b"^:" + e.path for c, e in configs)
    named: list[Named] = []
    for (commit, entry), old in zip(configs, before, strict=True):
        if old and _default_place(old, entry.path) not in (None, _default_place(entry.oid, entry.path)):
            project = os.path.dirname(os.path.dirname(entry.path))
            named += [n for n in referenced.named_at(place, [commit]) if n.project == project]
    return named


def require_same_places(place: git.Place, refs: Sequence[Ref], findings: PushContents) -> None:
    """Refuse a branch whose own .dvc/config leads elsewhere than the one of this work tree, by which objects are sent.

    Its objects would go where nobody who checks it out looks for them.
    """
    new = [r for r in refs if r.oid in findings.commits]
    if not new or not findings.named:
        return
    files = [os.path.join(f, b".dvc", b"config") for f in _folders(n.path for n in findings.named)]
    known = known_elsewhere(findings)
    for ref in new:
        for file, oid in zip(files, git.read_ids(ref.oid + b":" + f for f in files), strict=True):
            there = _default_place(oid, file) if oid else None
            if there and ref.oid not in known and there != _place_here(place, file):
                raise _other_config(place, ref, file)


def _folders(paths: Iterable[bytes]) -> list[bytes]:
    """Return all folders above these paths, the top (b"") among them."""
    found = {b""}
    for path in paths:
        while (path := os.path.dirname(path)) not in found:
            found.add(path)
    return sorted(found)


def _place_here(place: git.Place, file: bytes) -> tuple[object, ...] | None:
    try:
        with open(place.file(file), "rb") as opened:
            return _place_in(opened.read(), file)
    except (FileNotFoundError, NotADirectoryError):
        return None


def _other_config(place: git.Place, ref: Ref, file: bytes) -> GuardError:
    branch = ref.name.removeprefix(b"refs/heads/")
    remedy = f"git checkout {typed(branch)}     # or, where it is checked out, commit {shown(file)}; then push"
    if not place.bare and not os.path.exists(place.file(file)) and index.entries_of([file]):
        remedy = f"git sparse-checkout add {typed(os.path.dirname(file))}     # it is not checked out"
    if place.bare:
        remedy = f"git worktree add ../work {typed(branch)}     # and push from there"
    return GuardError(
        f"objects are sent where this work tree's {shown(file)} says, and that of {shown(branch)} says otherwise",
        remedy,
    )


def _default_place(oid: bytes, path: bytes) -> tuple[object, ...] | None:
    return _place_in(git.read_all([oid])[0] or b"", path)


def _place_in(data: bytes, path: bytes) -> tuple[object, ...] | None:
    """Return where a DVC config leads what names no remote, None where it leads nowhere."""
    try:
        tree = configfile.parse(data, path)
    except GuardError:
        return None  # broken: the search for credentials says so
    name = str(tree.get("core", {}).get("remote", "")).lower()
    remote = tree.get(f'remote "{name}"')
    return (remote.get("url"), remote.get("endpointurl")) if remote else None


def _look(place: git.Place, rules: Rules, files: Sequence[tuple[bytes, index.Entry]], found: PushContents) -> None:
    by_version = {(e.path, e.oid): c for c, e in files if e.mode != index.SYMLINK}
    raw = inspect.inspect(place, rules, [e for _, e in files]).artifacts
    found.raw += [(by_version[a.entry.path, a.entry.oid], a) for a in raw]
    found.records += [(c, e) for c, e in files if paths.is_record(e.path) or is_own_config(e.path)]


def published_elsewhere(findings: PushContents) -> None:
    """Drop what some other remote has already: it cannot be held back any more, and a second remote may have it too."""
    if not (findings.raw or findings.broken):
        return
    known = known_elsewhere(findings)
    findings.raw = [(c, a) for c, a in findings.raw if c not in known]
    findings.broken = {k: e for k, e in findings.broken.items() if k[0] not in known}


def known_elsewhere(findings: PushContents) -> set[bytes]:
    """Return those of the commits that some Git remote has, as far as we know."""
    lines = b"".join(c + b"\n" for c in findings.commits)
    return set(findings.commits) - set(git.run("rev-list", "--stdin", "--not", "--remotes", data=lines).split())


def is_own_config(path: bytes) -> bool:
    """Whether a path is the config that one person's credentials go to, and that no commit should hold."""
    return (b"/" + path).endswith(b"/.dvc/config.local")


def left_to_others(place: git.Place, findings: PushContents) -> None:
    """Drop what git-lfs keeps, and what a pipeline of its own commit leaves to Git (cache: false)."""
    if not findings.raw:
        return
    attributes = Attributes([a.entry.path for _, a in findings.raw])
    pipelines = _Pipelines(place, findings.raw)
    findings.raw = [
        (c, a)
        for c, a in findings.raw
        if attributes.filter(a.entry.path) != b"lfs" and not pipelines.leave_to_git(c, a.entry.path)
    ]


class _Pipelines:
    """The pipelines of the commits that hold artifacts: those above each file, and where the index has one."""

    def __init__(self, place: git.Place, raw: Sequence[tuple[bytes, Artifact]]) -> None:
        self._place = place
        self._known: dict[tuple[bytes | None, ...], owners.Pipelines | None] = {}
        folders = {os.path.dirname(e.path) for e in tracked.load(place).named(b"dvc.yaml")}
        folders.update(_folders(a.entry.path for _, a in raw))
        self._files = [os.path.join(f, n) for f in sorted(folders) for n in (b"dvc.yaml", b"dvc.lock")]
        commits = list(dict.fromkeys(c for c, _ in raw))
        oids = git.read_ids(c + b":" + f for c in commits for f in self._files)
        width = len(self._files)
        self._of = {c: tuple(oids[i * width : (i + 1) * width]) for i, c in enumerate(commits)}

    def leave_to_git(self, commit: bytes, path: bytes) -> bool:
        oids = self._of[commit]
        if oids not in self._known:
            entries = {f: index.Entry(index.REGULAR, o, f) for f, o in zip(self._files, oids, strict=True) if o}
            try:
                self._known[oids] = owners.Pipelines(self._place, tracked.Catalog(entries, [], {}))
            except GuardError:
                self._known[oids] = None  # DVC cannot read it either, so it leaves nothing to Git
        pipelines = self._known[oids]
        return pipelines is not None and pipelines.belongs_in_git(path, refuse=False)


# ---- the objects ----


class Secured:
    """What became of the objects of a push: sent now, there before, nowhere to be had; remotes left to DVC."""

    __slots__ = ("left", "missing", "sent", "there")

    def __init__(self) -> None:
        self.sent: list[Named] = []
        self.there: list[Named] = []
        self.missing: list[tuple[Named, str]] = []
        self.left: list[str] = []


def secure(
    place: git.Place,
    config: Config,
    items: Sequence[Named],
    on_progress: Progress | None = None,
    on_wait: Callable[[], None] | None = None,
) -> Secured:
    """Make sure that the remotes have these objects: ask for all, send what is lacking.

    on_wait: called before it waits for another push of this repository.
    Raises GuardError where a remote cannot be asked: then nothing is known.
    """
    done = Secured()
    with PushLock(place, on_wait):
        for (project, name), group in push.grouped(config, items).items():
            to = deliver.destination(place, project, name)
            if to.remote.versioned:
                done.left.append(to.name)
                continue
            worktree_cache.bring_back(place, to.cache, group)
            with connect.connect(to.settings, to.name) as remote:
                _fetch_folders(to, remote, group)
                delivered = deliver.deliver(to, remote, group, None, on_progress)
            Retries(place).worked(to.name)
            _sort(place, to, group, delivered, done)
            known = deliver.Known(place, to.remote)
            known.forget([*delivered.failed])
            known.add([i.md5 for i in done.sent + done.there])
    Queue(place).let_go(done.sent + done.there)
    worktree_cache.let_go(place, done.sent + done.there)
    return done


def _fetch_folders(to: deliver.PushTarget, remote: connect.Remote, group: Sequence[Named]) -> None:
    """Bring the directory objects that only the remote has: it must have each file that they list, too."""
    wanted = [connect.Wanted(i.md5) for i in group if i.is_dir and not to.cache.holds(i.md5)]
    if wanted:
        there = remote.sizes([w.md5 for w in wanted])
        remote.fetch([w for w in wanted if w.md5 in there], to.cache)


def _sort(
    place: git.Place,
    to: deliver.PushTarget,
    group: Sequence[Named],
    delivered: deliver.Delivery,
    done: Secured,
) -> None:
    for item in group:
        reason = delivered.lacking(item) or _lie(to.cache, item)
        if not reason:
            (done.sent if item.md5 in delivered.sent else done.there).append(item)
        elif item.certain or not _kept_by_git(item):
            done.missing.append((item, reason))


def _lie(cache: odb.Store, item: Named) -> str:
    here = None if item.is_dir or item.size < 0 else cache.size(item.md5)
    if here is None or here == item.size or not cache.holds(item.md5):
        return ""
    return f"its pointer says {item.size} bytes, and its object has {here}"


def _kept_by_git(item: Named) -> bool:
    """Whether a commit's tree holds the output itself: then its stage says `cache: false`, in a template."""
    return bool(git.read_ids([item.commit + b":" + item.path])[0])
