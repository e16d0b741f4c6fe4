"""The last change of each artifact, in the words of `trinity-guard diff`: by what the caches have, each answer kept.

No remote is asked, and all of them together have a bounded time; what could not be looked into is said.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from trinity_guard.checkout.desired import Projects
from trinity_guard.dvcrepo.output import LEGACY, Output, is_md5
from trinity_guard.errors import GuardError, typed
from trinity_guard.report.history import DVC, History, Version
from trinity_guard.review import driver

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trinity_guard import Progress, git

MAX_SHOWN = 12
SECONDS = 60.0


@dataclass(slots=True)
class LastChange:
    """when: of the newest version (seconds since 1970); lines: what changed, the first without the artifact's name.

    why: for what reason that is not known, "" where it is; remedy: the command that looks for it.
    """

    path: bytes
    when: int
    lines: list[str] = field(default_factory=list)
    why: str = ""
    remedy: str = ""


def find(place: git.Place, history: History, on_progress: Progress | None = None) -> list[LastChange]:
    """Return the last changes of the artifacts that changed last, the newest first."""
    every = [(path, versions) for path, versions in history.versions.items() if _changed(versions)]
    chosen = sorted(every, key=lambda one: (-one[1][-1].when, one[0]))[:MAX_SHOWN]
    until = time.monotonic() + SECONDS
    projects = Projects(place)
    brought = {entry.path: commit for commit, entry in history.records}  # the oldest first
    found = []
    for at, (path, versions) in enumerate(chosen, 1):
        change = _looked_at(place, projects, path, versions, until)
        commit = brought.get(path + b".dvc", b"")[:10].decode()
        if change.why and commit:
            change.remedy = f"trinity-guard diff {commit}^ {commit} {typed(path)}"
        found.append(change)
        if on_progress:
            on_progress(at, len(chosen))
    return found


def _changed(versions: list[Version]) -> bool:
    return len(versions) > 1 and versions[-1].home == DVC and versions[-2].home == DVC


def _looked_at(place: git.Place, projects: Projects, path: bytes, versions: list[Version], until: float) -> LastChange:
    found = LastChange(path, versions[-1].when)
    before, after = (_output(projects, path, version) for version in versions[-2:])
    try:
        if not all(
            is_md5(o.md5) and projects.cache_reader(o.project).find(o.md5, o.object_size) for o in (before, after)
        ):
            found.why = "its data is not in the cache here"
        elif time.monotonic() > until:
            found.why = "there was no time left for it"
        else:
            found.lines = driver.kept(place, f"{before.md5}-{after.md5}", lambda: driver.compared(place, before, after))
    except (GuardError, OSError) as error:
        found.why = error.problem if isinstance(error, GuardError) else str(error.strerror or error)
    if found.lines:
        # Files of the same bytes share an answer, which begins with the name of the one that was asked about first.
        found.lines[0] = found.lines[0].rpartition(": ")[2]
    return found


def _output(projects: Projects, path: bytes, version: Version) -> Output:
    output = Output(path, version.key.removeprefix(LEGACY), version.size or -1, path + b".dvc")
    output.legacy = version.key.startswith(LEGACY)
    output.project = projects.of(path) or b""
    return output
