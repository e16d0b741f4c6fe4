"""What the commits of a push hold: raw artifacts, the objects that they name, records that nobody can read."""

from __future__ import annotations

from trinity_guard import git
from trinity_guard.detect import inspect
from trinity_guard.dvcrepo import paths
from trinity_guard.errors import GuardError
from trinity_guard.git import index, revisions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from trinity_guard import Progress
    from trinity_guard.detect.inspect import Artifact
    from trinity_guard.detect.patterns import Rules
    from trinity_guard.dvcrepo.output import Output


class PushContents:
    """What the commits of a push hold: the objects that they name, raw artifacts, pointers that nobody can read."""

    __slots__ = ("broken", "commits", "named", "raw", "records")

    def __init__(self) -> None:
        self.commits: list[bytes] = []
        self.named: list[Output] = []
        self.raw: list[tuple[bytes, Artifact]] = []
        self.broken: dict[tuple[bytes, bytes], GuardError] = {}
        self.records: list[tuple[bytes, index.Entry]] = []


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
    named = _look(place, rules, others, found)
    done = 0
    for batch in revisions.walked(commits):
        fresh = []
        for commit, entries in batch:
            # As a symbolic link the same bytes are no artifact.
            fresh += [(commit, e) for e in entries if (e.path, e.oid, e.mode == index.SYMLINK) not in seen]
            seen.update((e.path, e.oid, e.mode == index.SYMLINK) for e in entries)
        named += _look(place, rules, fresh, found)
        done += revisions.BATCH
        if on_progress:
            on_progress(min(done, len(commits)), len(commits))
    if found.records:
        from trinity_guard.dvcrepo import referenced  # noqa: PLC0415
        from trinity_guard.push.places import moved  # noqa: PLC0415

        found.named = referenced.once([*named, *moved(place, found.records)])
    return found


def _look(
    place: git.Place, rules: Rules, files: Sequence[tuple[bytes, index.Entry]], found: PushContents
) -> list[Output]:
    """Note the raw artifacts and the records among these files; return the objects that they name."""
    by_version = {(e.path, e.oid): c for c, e in files if e.mode != index.SYMLINK}
    raw = inspect.inspect(place, rules, [e for _, e in files]).artifacts
    found.raw += [(by_version[a.entry.path, a.entry.oid], a) for a in raw]
    records = [(c, e) for c, e in files if paths.is_dvc_path(e.path) or paths.is_private_config(e.path)]
    if not records:
        return []
    from trinity_guard.dvcrepo import referenced  # noqa: PLC0415  # most pushes name no object

    found.records += records
    return referenced.named_in(place, records, found.broken)


def published_elsewhere(findings: PushContents) -> None:
    """Drop what some other remote has already: it cannot be held back any more, and a second remote may have it too."""
    if not (findings.raw or findings.broken):
        return
    known = known_elsewhere(findings)
    findings.raw = [(c, a) for c, a in findings.raw if c not in known]
    findings.broken = {k: e for k, e in findings.broken.items() if k[0] not in known}


def left_to_others(place: git.Place, findings: PushContents) -> None:
    """Drop what git-lfs keeps, and what a pipeline of its own commit leaves to Git (cache: false)."""
    if findings.raw:
        from trinity_guard.detect import owners  # noqa: PLC0415  # most pushes hold no artifact
        from trinity_guard.git.attributes import Attributes  # noqa: PLC0415

        attributes = Attributes([a.entry.path for _, a in findings.raw])
        in_git = owners.left_to_git(place, {(c, a.entry.path) for c, a in findings.raw})
        findings.raw = [
            (c, a)
            for c, a in findings.raw
            if attributes.filter(a.entry.path) != b"lfs" and (c, a.entry.path) not in in_git
        ]


def known_elsewhere(findings: PushContents) -> set[bytes]:
    """Return those of the commits that some Git remote has, as far as we know."""
    lines = b"".join(c + b"\n" for c in findings.commits)
    return set(findings.commits) - set(git.run("rev-list", "--stdin", "--not", "--remotes", data=lines).split())
