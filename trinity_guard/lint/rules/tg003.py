"""TG003: pointers whose object is not on the remote. All remotes are asked at once, each with a time limit."""

from __future__ import annotations

import os

from trinity_guard.detect.patterns import size_text
from trinity_guard.dvcrepo import odb, paths, referenced
from trinity_guard.dvcrepo.output import Output, of_object
from trinity_guard.dvcrepo.project import Project
from trinity_guard.errors import UNUSABLE, GuardError
from trinity_guard.lint.finding import Finding
from trinity_guard.push import push
from trinity_guard.remotes import connect, trust

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from trinity_guard import Progress
    from trinity_guard.lint.subject import Subject

# Seconds for all the questions together; without any progress a remote is given up much earlier (remotes.connect).
LIMIT = 300.0
# So many objects are asked for at once, and so many seconds pass between two looks at how far it came.
TOGETHER = 500
PAUSE = 0.2


def find(subject: Subject) -> Iterator[Finding]:
    """Pointers and locks that name an object which the remote has not, or has damaged."""
    if subject.history is not None:
        files = subject.versions()
    else:
        entries = subject.tree.ending(paths.POINTER, paths.LOCK, paths.PIPELINE)
        files = [(subject.tree.commit, e) for e in entries if subject.is_new(e)]
    # Those that cannot be read are TG005's.
    named = referenced.once(referenced.named_in(subject.place, files, {}))
    groups = push.grouped(subject.config, named)
    asked = [_Question(subject, project, name, group) for (project, name), group in groups.items()]
    for question in _all_at_once(asked, subject.on_asked):
        yield from question.findings()


class _Question:
    """What one remote is asked: which of these objects it has, with the files of directories."""

    def __init__(self, subject: Subject, project: bytes, name: str, group: Sequence[Output]) -> None:
        self._group = group
        settings = Project.at(subject.place, project)
        self.name = (name or settings.default_remote or "").lower()
        if self.name not in settings.remotes:
            what = f"the DVC remote '{self.name}' is not configured" if self.name else "no DVC remote is set"
            remedy = f"trinity-guard remote add {self.name} URL" if self.name else "trinity-guard remote add URL"
            raise GuardError(f"{what}: where the objects should be is not known.", remedy, 2)
        remote = settings.remotes[self.name]
        if remote.versioned:
            raise GuardError(
                f"the DVC remote '{self.name}' is cloud-versioned: only DVC itself can say what is there.",
                f"dvc status --cloud --remote {self.name}",
                UNUSABLE,
            )
        trust.require(subject.place, settings, remote)
        self._settings = settings
        self._cache = settings.odb
        self._there: dict[str, int] = {}
        self._listed: dict[str, list[str]] = {}
        self.wanted = len(group)
        self.answered = 0
        self.error: BaseException | None = None
        self.remote: connect.Remote | None = None

    def ask(self) -> None:
        """Run in a thread of its own; an exception is kept for the others to raise."""
        try:
            with connect.connect(self._settings, self.name) as self.remote:
                for start in range(0, self.wanted, TOGETHER):
                    some = self._group[start : start + TOGETHER]
                    self._there.update(self.remote.sizes([i.name for i in some]))
                    self.answered += len(some)
                folders = [i.name for i in self._group if i.is_dir and i.name in self._there]
                if folders:
                    self._ask_within(self.remote, folders)
        except BaseException as error:  # noqa: BLE001  # raised again by whoever waits for this thread
            self.error = error

    def _ask_within(self, remote: connect.Remote, folders: Sequence[str]) -> None:
        """Ask for the files of directories. Lists that are not in the cache are fetched into a room of our own."""
        import tempfile

        away = [m for m in folders if not self._cache.holds(m)]
        self._listed = {m: [c for c, _ in odb.children(self._cache, m)] for m in folders if m not in away}
        if away:
            with tempfile.TemporaryDirectory(prefix="trinity-guard-lint-") as room:
                rooms = odb.Store(os.fsencode(room))
                failed = remote.fetch([of_object(m) for m in away], rooms)
                for md5 in failed:
                    self._there.pop(md5)
                self._listed.update({m: [c for c, _ in odb.children(rooms, m)] for m in away if m not in failed})
        files = [c for listed in self._listed.values() for c in listed]
        self._there.update(remote.sizes(list(dict.fromkeys(files))))

    def findings(self) -> Iterator[Finding]:
        for item in self._group:
            lacking = self._lacking(item)
            if lacking:
                yield Finding(
                    "TG003",
                    item.record,
                    f"{lacking} on the remote '{self.name}': nobody else can fetch it",
                    _pushing(item.commit),
                    commit=item.commit.decode(),
                    key=item.name,
                )

    def _lacking(self, item: Output) -> str:
        if item.name not in self._there:
            return f"its object {item.name} is not"
        there = self._there[item.name]
        if not item.is_dir and item.size >= 0 and there not in (item.size, -1):
            return f"its object {item.name} has {size_text(there)} where it should have {size_text(item.size)}"
        listed = self._listed.get(item.name, ())
        absent = [m for m in listed if m not in self._there]
        return f"{len(absent):,} of the {len(listed):,} files of its directory are not" if absent else ""


def _pushing(commit: bytes) -> str:
    """Return the command that brings an object to its remote; --pending would only try again what has failed."""
    if not commit:
        return "trinity-guard push     # from where the file is, once the pointer is committed"
    return f"trinity-guard push {commit[:10].decode()}     # from where the file is"


def _all_at_once(questions: Sequence[_Question], on_progress: Progress | None) -> Sequence[_Question]:
    """Ask all remotes in threads of their own; the first error is raised, and so is the end of the time."""
    import threading
    import time

    threads = [threading.Thread(target=q.ask, daemon=True) for q in questions]
    end = time.monotonic() + LIMIT
    for thread in threads:
        thread.start()
    for thread, question in zip(threads, questions, strict=True):
        waiting = True
        while waiting:
            thread.join(min(PAUSE, max(0.0, end - time.monotonic())))
            waiting = thread.is_alive() and time.monotonic() < end
            if on_progress:
                on_progress(sum(q.answered for q in questions), sum(q.wanted for q in questions))
        if thread.is_alive():
            for late in questions:
                if late.remote is not None:
                    late.remote.close()
            raise GuardError(
                f"the DVC remote '{question.name}' did not answer everything within {LIMIT:.0f} s.",
                f"trinity-guard remote check {question.name}",
                UNUSABLE,
            )
        if question.error is not None:
            raise question.error
    return questions
