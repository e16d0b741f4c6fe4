"""Checks of the objects: can each pointer's bytes be had, by others too, and would `dvc gc` take the only copy?"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from trinity_guard import git
from trinity_guard.detect.patterns import size_text
from trinity_guard.doctor import dvc
from trinity_guard.doctor.checks import ERROR, WARNING, Check, Repository, Unseen, counted, fine, listed
from trinity_guard.dvcrepo import odb, paths, referenced
from trinity_guard.dvcrepo.output import LEGACY, Output, listed_in
from trinity_guard.errors import GuardError, pathspec, typed
from trinity_guard.git import revisions
from trinity_guard.push import background, deliver, push
from trinity_guard.push.queue import DAMAGED, Queue, Retries
from trinity_guard.remotes import connect, trust

MAX_COMMITS = 5
# A push that has waited for a day has been tried many times.
STUCK_SECONDS = 24 * 3600
STUCK_FAILURES = 4


class Found:
    """Where an object is. here: its size in the cache, None where it is not; there: on its remote, None: unknown.

    why: the reason that it is unknown. folder: the directory object that lists it, None for one that a pointer names.
    """

    __slots__ = ("cache", "folder", "here", "item", "there", "why")

    def __init__(self, item: Output, cache: odb.Store, folder: Output | None = None) -> None:
        self.item = item
        self.cache = cache
        self.folder = folder
        self.here = cache.size(item.name)
        self.there: bool | None = None
        self.why = ""


def found(subject: Repository) -> dict[tuple[bytes, str, str], Found]:
    """Look once for all objects that the index or any commit names, and for the files of their directories."""
    known: dict[tuple[bytes, str, str], Found] = subject.once("found", lambda: _find(subject))
    return known


def key(item: Output) -> tuple[bytes, str, str]:
    return (item.project, item.remote, item.name)


def _find(subject: Repository) -> dict[tuple[bytes, str, str], Found]:
    result: dict[tuple[bytes, str, str], Found] = {}
    items = referenced.once([*subject.named(), *past(subject)])
    for (root, name), group in push.grouped(subject.config(), items).items():
        settings = subject.project(root)
        trust.require_cache(subject.place, settings)
        cache = settings.odb
        some = [Found(i, cache) for i in group]
        folders = [f for f in some if f.here is not None and f.item.is_dir]
        some += [Found(child, cache, f.item) for f in folders for child in _files(f)]
        result.update({key(f.item): f for f in reversed(some)})
        _ask(subject, root, name or settings.default_remote or "", some)
    return result


def _files(folder: Found) -> list[Output]:
    """Return the files that a directory object of the cache lists."""
    return [listed_in(folder.item, md5.removeprefix(LEGACY)) for md5, _ in odb.children(folder.cache, folder.item.name)]


def _ask(subject: Repository, root: bytes, name: str, some: Sequence[Found]) -> None:
    why = _unaskable(subject, root, name)
    if not why:
        try:
            with connect.connect(subject.project(root), name) as remote:
                there = remote.sizes(list(dict.fromkeys(f.item.name for f in some)))
        except GuardError as error:
            why = error.problem
        else:
            for f in some:
                f.there = f.item.name in there
    for f in some:
        f.why = why


def _unaskable(subject: Repository, root: bytes, name: str) -> str:
    """Return why a remote is not to be asked, "" where it is."""
    remote = subject.project(root).remotes.get(name)
    if remote is None:
        return "no remote is set (see remote)"
    if subject.offline:
        return "the remote was not asked (--offline)"
    if remote.versioned:
        return "the remote is cloud-versioned, and only DVC can ask it"
    if dvc.reach(subject, root, name) is not None:
        return "the remote cannot be asked (see remote)"
    return ""


def past(subject: Repository) -> list[Output]:
    """Return the objects that any commit of any ref names; what of it cannot be read is in `past_broken`."""
    items: list[Output] = subject.once("past", lambda: _past(subject))
    return items


def _past(subject: Repository) -> list[Output]:
    head = ["HEAD"] if subject.has_commits() else []
    commits = git.run("rev-list", "--all", *head, "--full-history", "--", *paths.REFERENCES).split()
    broken: dict[tuple[bytes, bytes], GuardError] = {}
    named: list[Output] = []
    for batch in revisions.walked(commits):
        files = [(c, e) for c, entries in batch for e in entries if paths.is_reference(e.path)]
        named += referenced.named_in(subject.place, files, broken)
    # The oldest commit that names an object: the one whose author has it.
    return referenced.once(reversed(named))


# --- the checks


def here_and_there(subject: Repository) -> Check:
    """The objects of the index: nowhere at all, damaged, or on this machine alone."""
    if not subject.named():
        return fine("no pointer yet") if not subject.broken() else _none_readable()
    known = found(subject)
    mine = {key(i) for i in subject.named()}
    some = [f for k, f in known.items() if k in mine or (f.folder is not None and key(f.folder) in mine)]
    for judge in (_nowhere, _damaged, _unknown, _only_here):
        check = judge(subject, some)
        if check is not None:
            return check
    asked = all(f.there is not None for f in some)
    words = f"{counted(len(some), 'object')}, {'in the cache or on the remote' if asked else 'in the cache'}"
    if subject.broken():
        return Check(WARNING, f"{words}; those of pointers that cannot be read were not looked at (see pointers).")
    return fine(words)


def _none_readable() -> Check:
    raise Unseen("no pointer can be read (see pointers)")


def _names(some: Sequence[Found]) -> str:
    return listed(list(dict.fromkeys(f.item.record for f in some)))


def _nowhere(subject: Repository, some: Sequence[Found]) -> Check | None:
    lost = [f for f in some if f.here is None and f.there is False and f.item.certain]
    if not lost:
        return None
    here = deliver.restoring(subject.place, [f.item for f in lost])
    return Check(
        ERROR,
        f"{counted(len(lost), 'object')} of {_names(lost)} {'is' if len(lost) == 1 else 'are'} nowhere: "
        "neither in the cache nor on the remote.",
        f"{here[0]}\ntrinity-guard push"
        if here
        else "trinity-guard push     # where the bytes are: on another machine? else record the file again: "
        "trinity-guard convert PATH",
    )


def _damaged(subject: Repository, some: Sequence[Found]) -> Check | None:
    """Of another size than the pointer says: the object is damaged, or the pointer is wrong. Only these are hashed."""
    odd = [f for f in some if f.here is not None and not f.item.is_dir and 0 <= f.item.size != f.here]
    bad = [f for f in odd if not f.cache.holds(f.item.name)]
    if bad:
        files = " ".join(typed(f.cache.path(f.item.name)) for f in bad[:MAX_COMMITS])
        here = deliver.restoring(subject.place, [f.item for f in bad])
        return Check(
            ERROR,
            f"damaged in the cache: {counted(len(bad), 'object')} of {_names(bad)}.",
            here[0] if here else f"rm -f {files} && trinity-guard pull",
        )
    if odd:
        name = pathspec(odd[0].item.record)
        return Check(ERROR, f"another size than the object has is in {_names(odd)}.", f"git log -p -- {name}")
    return None


def _unknown(_: Repository, some: Sequence[Found]) -> Check | None:
    unknown = [f for f in some if f.here is None and f.there is None]
    if not unknown:
        return None
    return Check(
        WARNING,
        f"{counted(len(unknown), 'object')} of {_names(unknown)} {'is' if len(unknown) == 1 else 'are'} not in the "
        f"cache, and whether they can be fetched is not known: {unknown[0].why}.",
        "trinity-guard doctor     # when the remote answers",
    )


def _only_here(subject: Repository, some: Sequence[Found]) -> Check | None:
    at_head = subject.named_at_head()
    waiting = {i.name for i in Queue(subject.place).read()}
    alone = [
        f
        for f in some
        if f.here is not None
        and f.there is False
        and f.item.name not in waiting
        and (f.folder or f.item).name in at_head
    ]
    if not alone:
        return None
    size = size_text(sum(f.here or 0 for f in alone))
    return Check(
        WARNING,
        f"{counted(len(alone), 'object')} ({size}) that HEAD names {'is' if len(alone) == 1 else 'are'} on this "
        f"machine alone: {_names(alone)}.",
        "trinity-guard push",
        lambda: _push(subject, referenced.once(f.folder or f.item for f in alone)),
    )


def _push(subject: Repository, items: list[Output]) -> str:
    report = push.push(subject.place, subject.config(), items)
    if report.waiting:
        raise GuardError(
            f"{counted(len(report.waiting), 'object')} could not go: {'; '.join(report.reasons)}",
            "\n".join(dict.fromkeys(report.remedies)),
        )
    return f"pushed {counted(len(report.pushed), 'object')}"


def only_in_history(subject: Repository) -> Check:
    """Objects that only older commits name, on this machine alone: `dvc gc -w` would delete the only copy."""
    subject.project()
    now = {key(i) for i in subject.named()}
    items = {key(i) for i in past(subject)} - now
    if not items:
        return fine("older commits name no other object")
    some = [f for k, f in found(subject).items() if k in items]
    alone = [f for f in some if f.here is not None and f.there is False]
    if alone:
        return _at_risk(subject, alone)
    unknown = [f for f in some if f.here is not None and f.there is None]
    if unknown:
        return Check(
            WARNING,
            f"whether the remote has the {counted(len(unknown), 'object')} that only older commits name is not known: "
            f"{unknown[0].why}. `dvc gc -w` would delete them here.",
            "trinity-guard doctor     # when the remote answers",
        )
    lost = [f for f in some if f.here is None and f.there is False and f.item.certain]
    if lost:
        return Check(
            WARNING,
            f"{counted(len(lost), 'object')} that only older commits name {'is' if len(lost) == 1 else 'are'} nowhere "
            f"any more: {_names(lost)}.",
            f"{_pushing(lost)}     # where the bytes are: on another machine?",
        )
    return fine(f"{counted(len(some), 'object')} that only older commits name: the remote has them")


def _at_risk(subject: Repository, alone: Sequence[Found]) -> Check:
    size = size_text(sum(f.here or 0 for f in alone))
    return Check(
        WARNING,
        f"{counted(len(alone), 'object')} ({size}) that only older commits name {'is' if len(alone) == 1 else 'are'} "
        f"on this machine alone, and `dvc gc -w` deletes {'it' if len(alone) == 1 else 'them'}: {_names(alone)}.",
        _pushing(alone),
        lambda: _push(subject, referenced.once(f.folder or f.item for f in alone)),
    )


def _pushing(some: Sequence[Found]) -> str:
    commits = list(dict.fromkeys(f.item.commit.decode() for f in some))
    if len(commits) > MAX_COMMITS:
        return "trinity-guard push $(git rev-list --all -- '*.dvc' '*dvc.lock')"
    return f"trinity-guard push {' '.join(c[:12] for c in commits)}"


def queue(subject: Repository) -> Check:
    """What waits for its remote, and since when."""
    place = subject.place
    waiting = Queue(place).read()
    folder = os.path.join(place.own, b"queue")
    files = [os.path.join(folder, n) for n in os.listdir(folder)] if os.path.isdir(folder) else []
    damaged = [f for f in files if f.endswith(DAMAGED)]
    if damaged:
        names = " ".join(typed(f) for f in damaged)
        return Check(
            WARNING,
            f"{counted(len(damaged), 'file')} of the queue cannot be read: what waited there is not known.",
            f"trinity-guard push && rm {names}     # queues again what HEAD names",
        )
    if not waiting:
        return fine("nothing waits for a remote")
    if background.running(place):
        return fine(f"{counted(len(waiting), 'object')} on the way to the remote")
    oldest = min((os.stat(f).st_mtime for f in files if os.path.isfile(f)), default=time.time())
    since = time.strftime("%Y-%m-%d %H:%M", time.localtime(oldest))
    failures = max((count for count, _ in Retries(place).read().values()), default=0)
    stuck = time.time() - oldest > STUCK_SECONDS or failures >= STUCK_FAILURES
    tries = f", after {counted(failures, 'failure')} in a row" if failures else ""
    names = listed(list(dict.fromkeys(i.record for i in waiting)))
    return Check(
        ERROR if stuck else WARNING,
        f"{counted(len(waiting), 'object')} wait{'s' if len(waiting) == 1 else ''} since {since}{tries}: {names}.",
        "trinity-guard push --pending",
        None if subject.offline else lambda: _push(subject, []),
    )
