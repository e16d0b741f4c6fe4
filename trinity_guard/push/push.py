"""The objects that commits name, brought to their remotes; what could not go stays queued.

An object is queued, on disk, before it is pushed, and leaves the queue when the remote has it: a crash loses no entry.
"""

from __future__ import annotations

from trinity_guard import git
from trinity_guard.dvcrepo.output import Output
from trinity_guard.errors import GuardError, shown
from trinity_guard.push import deliver, worktree_cache
from trinity_guard.push.background import PushLock
from trinity_guard.push.queue import Queue, Retries
from trinity_guard.remotes import connect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from trinity_guard import Progress
    from trinity_guard.config import Config


class Report:
    """What a push did: objects that were sent, those that the remote had, those that wait, and why.

    remedies: the command that helps against each reason, where there is one.
    left: cloud-versioned remotes, whose objects (`let_go`) only DVC itself can push.
    """

    __slots__ = ("left", "let_go", "pushed", "reasons", "remedies", "remotes", "there", "waiting")

    def __init__(self) -> None:
        self.pushed: list[Output] = []
        self.there: list[Output] = []
        self.waiting: list[Output] = []
        self.let_go: list[Output] = []
        self.left: list[str] = []
        self.reasons: list[str] = []
        self.remedies: list[str] = []
        self.remotes: list[str] = []

    def done(self) -> list[Output]:
        return self.pushed + self.there + self.let_go


def grouped(config: Config, items: Sequence[Output]) -> dict[tuple[bytes, str], list[Output]]:
    """Return (project, remote) -> objects; the configured remote stands in for the default one."""
    groups: dict[tuple[bytes, str], list[Output]] = {}
    for item in items:
        # DVC's names of remotes know no case.
        groups.setdefault((item.project, (item.remote or config.remote or "").lower()), []).append(item)
    return groups


def push(
    place: git.Place,
    config: Config,
    items: Sequence[Output],
    on_progress: Progress | None = None,
    *,
    asked: bool = True,
) -> Report:
    """Queue these objects, then push all that waits; what could not go stays queued. One push at a time.

    asked: a person asked for it; else a remote that failed lately is left alone for a while.
    """
    queue = Queue(place)
    queue.add(items)
    report = Report()
    with PushLock(place) as lock:
        if not lock.superfluous:
            _push_all(place, config, queue.read(), report, on_progress, asked)
    return report


def _push_all(
    place: git.Place, config: Config, items: list[Output], report: Report, on_progress: Progress | None, asked: bool
) -> None:
    retries = Retries(place)
    try:
        for (project, name), group in grouped(config, items).items():
            _push_group(place, project, name, group, report, on_progress, None if asked else retries)
    finally:
        Queue(place).let_go(report.done())
    worktree_cache.keep(place, report.waiting)
    worktree_cache.let_go(place, report.done())


def _push_group(
    place: git.Place,
    project: bytes,
    name: str,
    group: list[Output],
    report: Report,
    on_progress: Progress | None,
    retries: Retries | None,
) -> None:
    """Push what goes from one DVC project to one remote; a remote's error is a reason in the report."""
    try:
        to = deliver.destination(place, project, name)
        if to.remote.versioned:
            report.left.append(to.name)
            report.let_go += group
            return
        report.remotes.append(to.name)
        if retries and retries.waits(to.name):
            raise GuardError(f"'{to.name}' failed a while ago, and is tried again later")
        delivered = _delivered(place, to, group, bool(retries), on_progress)
    except GuardError as error:
        if isinstance(error, connect.RemoteError):
            Retries(place).failed(to.name)
        report.waiting += group
        report.reasons.append(error.problem.rstrip("."))
        report.remedies += error.remedy.splitlines()[:1]
        return
    _report(place, report, group, delivered)


def _delivered(
    place: git.Place, to: deliver.PushTarget, group: list[Output], trusting: bool, on_progress: Progress | None
) -> deliver.Delivery:
    """Bring objects to their remote. trusting: what is known to be there is not asked about."""
    worktree_cache.bring_back(place, to.cache, group)
    with connect.connect(to.settings, to.name) as remote:
        known = deliver.Known(place, to.remote)
        # A person's push asks: what the remote had once may have been taken away since.
        delivered = deliver.deliver(to, remote, group, known if trusting else None, on_progress)
    if not trusting:
        known.forget([*delivered.failed])
        known.add([i.name for i in group if not delivered.lacking(i)])
    Retries(place).worked(to.name)
    return delivered


def _report(place: git.Place, report: Report, group: list[Output], delivered: deliver.Delivery) -> None:
    lacking = [(item, reason) for item in group if (reason := delivered.lacking(item))]
    for item, reason in lacking:
        report.waiting.append(item)
        report.reasons.append(f"{shown(item.record)}: {reason}")
    report.remedies += deliver.from_here(place, lacking)
    for item in group:
        if not delivered.lacking(item):
            (report.pushed if item.name in delivered.sent else report.there).append(item)
