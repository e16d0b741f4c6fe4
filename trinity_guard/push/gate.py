"""The objects of a push are on the remote, or the push is refused: asked for, sent, counted."""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.dvcrepo import configfile, odb
from trinity_guard.dvcrepo.output import Output, of_object
from trinity_guard.dvcrepo.paths import folders_above
from trinity_guard.errors import GuardError, shown, typed
from trinity_guard.git import index
from trinity_guard.push import deliver, push, worktree_cache
from trinity_guard.push.background import PushLock
from trinity_guard.push.contents import PushContents, known_elsewhere
from trinity_guard.push.places import default_place, place_in
from trinity_guard.push.queue import Queue, Retries
from trinity_guard.push.refs import Ref
from trinity_guard.remotes import connect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trinity_guard import Progress
    from trinity_guard.config import Config


class Secured:
    """What became of the objects of a push: sent now, there before, nowhere to be had; remotes left to DVC.

    unversioned: objects of these whose pointer names no version of the cloud's, so that nobody could fetch them.
    """

    __slots__ = ("left", "missing", "sent", "there", "unversioned")

    def __init__(self) -> None:
        self.sent: list[Output] = []
        self.there: list[Output] = []
        self.missing: list[tuple[Output, str]] = []
        self.left: list[str] = []
        self.unversioned: list[Output] = []


def secure(
    place: git.Place,
    config: Config,
    items: Sequence[Output],
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
            to = deliver.destination(place, project, name, published=True)
            if to.remote.versioned:
                done.left.append(to.name)
                done.unversioned += _without_version(group)
                continue
            worktree_cache.bring_back(place, to.cache, group)
            with connect.connect(to.settings, to.name) as remote:
                _fetch_folders(to, remote, group)
                delivered = deliver.deliver(to, remote, group, None, on_progress)
            Retries(place).worked(to.name)
            _sort(to, group, delivered, done)
            known = deliver.Known(place, to.remote)
            known.forget([*delivered.failed])
            known.add([i.name for i in done.sent + done.there])
    Queue(place).let_go(done.sent + done.there)
    worktree_cache.let_go(place, done.sent + done.there)
    return done


def _without_version(group: Sequence[Output]) -> list[Output]:
    """Return those objects whose pointer, as its commit has it, lacks what `dvc push` writes into it."""
    ids = git.read_ids(item.commit + b":" + item.source for item in group)
    found = [oid for oid in ids if oid]
    versioned = {oid for oid, data in zip(found, git.read_all(found), strict=True) if b"version_id" in (data or b"")}
    return [item for item, oid in zip(group, ids, strict=True) if oid not in versioned]


def _fetch_folders(to: deliver.PushTarget, remote: connect.Remote, group: Sequence[Output]) -> None:
    """Bring the directory objects that only the remote has: it must have each file that they list, too."""
    wanted = [of_object(i.name) for i in group if i.is_dir and not to.cache.holds(i.name)]
    if wanted:
        there = remote.sizes([w.name for w in wanted])
        remote.fetch([w for w in wanted if w.name in there], to.cache)


def _sort(
    to: deliver.PushTarget,
    group: Sequence[Output],
    delivered: deliver.Delivery,
    done: Secured,
) -> None:
    for item in group:
        reason = delivered.lacking(item) or _lie(to.cache, item)
        if not reason:
            (done.sent if item.name in delivered.sent else done.there).append(item)
        elif item.certain or not _kept_by_git(item):
            done.missing.append((item, reason))


def _lie(cache: odb.Store, item: Output) -> str:
    here = None if item.is_dir or item.size < 0 else cache.size(item.name)
    if here is None or here == item.size or not cache.holds(item.name):
        return ""
    return f"its pointer says {item.size} bytes, and its object has {here}"


def _kept_by_git(item: Output) -> bool:
    """Whether a commit's tree holds the output itself: then its stage says `cache: false`, in a template."""
    return bool(git.read_ids([item.commit + b":" + item.path])[0])


def require_same_places(place: git.Place, refs: Sequence[Ref], findings: PushContents) -> None:
    """Refuse a branch whose own .dvc/config leads elsewhere than the one of this work tree, by which objects are sent.

    Its objects would go where nobody who checks it out looks for them.
    """
    new = [r for r in refs if r.oid in findings.commits]
    if not new or not findings.named:
        return
    files = [os.path.join(f, b".dvc", b"config") for f in folders_above(n.record for n in findings.named)]
    known = known_elsewhere(findings)
    for ref in new:
        for file, oid in zip(files, git.read_ids(ref.oid + b":" + f for f in files), strict=True):
            there = default_place(oid, file) if oid else None
            if there and ref.oid not in known and there != _place_here(place, file):
                raise _other_config(place, ref, file)


def _place_here(place: git.Place, file: bytes) -> tuple[object, ...] | None:
    try:
        return place_in(git.read(place.file(file), configfile.MAX_BYTES, links=True), file)
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
