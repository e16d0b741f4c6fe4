"""What `status` tells: guarded how, what DVC holds, what changed, what is missing, what waits, what Git still keeps."""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.config import Config
from trinity_guard.convert import leftovers
from trinity_guard.detect import conflicts, ignored
from trinity_guard.detect.patterns import Rules
from trinity_guard.dvcrepo import project, tracked, unstaged
from trinity_guard.dvcrepo.compare import CHANGED, UNKNOWN, Comparison
from trinity_guard.dvcrepo.output import Output
from trinity_guard.dvcrepo.paths import is_lock
from trinity_guard.errors import shown
from trinity_guard.git import files, hooks
from trinity_guard.push import background
from trinity_guard.push.queue import Damaged, Queue, Retries
from trinity_guard.remotes import connect
from trinity_guard.report import unrecorded
from trinity_guard.setup import HOOKS


class Survey:
    """The facts, as plain values that json can hold."""

    def __init__(self, place: git.Place, config: Config) -> None:
        self._place = place
        rules = Rules(config)
        catalog = tracked.load(place)
        self.conflicts = [conflicts.said(c) for c in conflicts.found(place, catalog)]
        self.broken = {
            shown(path): error.problem for path, error in catalog.broken.items() if not conflicts.is_marked(error)
        }
        comparison = Comparison(place)
        states = comparison.states(unstaged.in_work_tree(place, catalog.outputs()))
        if comparison.noted:
            tracked.save(place, catalog)
        # As Git lists them, not as they were looked at.
        states.sort(key=lambda item: (is_lock(item[0].source), item[0].source, item[0].path))
        self.artifacts = [_artifact(comparison, output, state) for output, state in states]
        self.outputs = [output for output, _ in states]
        self.in_git = unrecorded.in_git(place, rules, catalog)
        # Where nothing is tracked yet, this may be why.
        self.ignored = [] if self.artifacts else unrecorded.ignored(place, rules, catalog)
        self.hooks = installed_hooks()
        self.config = config.source or "defaults"
        self.remote, self.remote_url = self._remote(config)
        self.waiting = [
            {"path": shown(i.record), "commit": i.commit.decode(), "md5": i.name, "size": i.size}
            for i in self._queued()
        ]
        self.pushing = background.running(place)
        self.retries = {
            name: {"failures": count, "next_try": when} for name, (count, when) in Retries(place).read().items()
        }
        self.push_said = background.last_words(place) if self.waiting else ""
        found = ignored.find(place, catalog, Rules(config))
        self.unheld = [{"path": shown(i.path), "gitignore": shown(i.gitignore)} for i in found]
        self.left_behind = [
            {"path": shown(path), "blob": oid.decode(), "size": size} for path, oid, size in leftovers.read(place)
        ]

    def _queued(self) -> list[Output]:
        """Return what waits; what of it was damaged is said beside it, and is put aside."""
        try:
            return Queue(self._place).read()
        except Damaged as error:
            self.conflicts.append((error.problem, error.remedy))
            return Queue(self._place).read()

    def _remote(self, config: Config) -> tuple[str, str]:
        if project.root_of(self._place.top, b"x") is None:
            return "", ""
        settings = project.load(self._place.top)
        name = config.remote or settings.default_remote or ""
        remote = settings.remotes.get(name)
        return name, connect.without_secrets(remote.url) if remote else ""

    def as_dict(self) -> dict[str, object]:
        return {
            "hooks": self.hooks,
            "config": self.config,
            "remote": {"name": self.remote, "url": self.remote_url},
            "artifacts": self.artifacts,
            "broken": self.broken,
            "conflicts": [{"problem": problem, "remedy": remedy} for problem, remedy in self.conflicts],
            "waiting": self.waiting,
            "pushing": self.pushing,
            "retries": self.retries,
            "unheld": self.unheld,
            "left_behind": self.left_behind,
            "in_git": {"count": self.in_git.count, "size": self.in_git.size, "largest": shown(self.in_git.largest)},
        }


def _artifact(comparison: Comparison, output: Output, state: str) -> dict[str, object]:
    return {
        "path": shown(output.path),
        "pointer": shown(output.source),
        "kind": output.kind,
        "md5": output.md5,
        "size": output.size,
        # What cannot be read is not what is recorded, as far as anybody can tell.
        "state": CHANGED if state == UNKNOWN else state,
        "cached": comparison.is_cached(output),
    }


def installed_hooks() -> list[str]:
    """Return the names of the hooks that Git would run and that call us, natively or through the framework."""
    folder = hooks.folder(git.place().top)
    found = []
    for name in HOOKS:
        path = os.path.join(folder, name.encode())
        try:
            text = git.read(path, files.MAX_READ, links=True)
        except OSError:
            continue
        if os.access(path, os.X_OK) and (b"trinity-guard" in text or _framework_calls_us(text)):
            found.append(name)
    return found


def _framework_calls_us(hook: bytes) -> bool:
    if not hooks.of_framework(hook):
        return False
    try:
        return b"trinity-" in git.read(".pre-commit-config.yaml", files.MAX_READ)
    except OSError:
        return False
