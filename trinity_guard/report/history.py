"""What a history brought along: each version of each file, read by a few streams, never a process a commit."""

from __future__ import annotations

import time
from dataclasses import dataclass

from trinity_guard import git
from trinity_guard.dvcrepo import paths, referenced
from trinity_guard.errors import UNUSABLE, GuardError, quoted, shown
from trinity_guard.git import partial, revisions
from trinity_guard.git.index import SYMLINK
from trinity_guard.lint import subject

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trinity_guard import Progress
    from trinity_guard.detect.patterns import Rules
    from trinity_guard.git.index import Entry

    Files = list[tuple[bytes, Entry]]

GIT, DVC = "Git", "DVC"
DAY = 86400
# Beyond what Git itself takes for a time; it shows those before 1970 so.
NO_TIME = 1 << 62
# What a migration keeps for its undo is no work of anybody's.
NOT_OURS = "--exclude=refs/trinity-guard/*"


@dataclass(slots=True)
class Version:
    """A version of an artifact: when (seconds since 1970) it was committed first, its size in bytes, where it lies.

    packed: the bytes that it takes among Git's objects, 0 where DVC holds it. key: the blob's id, or the MD5.
    """

    when: int
    size: int
    packed: int
    home: str
    key: str


class History:
    """commits: how many; first, last: their times (seconds since 1970); odd: those whose own date cannot be.

    versions: artifact -> its versions, the oldest first; other: (when, bytes in Git) of the files that are no
    artifacts, each blob once, and of the commits and trees.

    records: (commit, file) of DVC's pointers and locks among the versions.

    git_bytes: all of Git's objects; unreached: those of files that no branch or tag reaches. broken: pointer -> why
    it cannot be read.
    """

    def __init__(self) -> None:
        self.commits = self.first = self.last = self.odd = 0
        self.git_bytes = self.unreached = 0
        self.versions: dict[bytes, list[Version]] = {}
        self.other: list[tuple[int, int]] = []
        self.records: Files = []
        self.broken: dict[str, str] = {}

    def once(self, home: str) -> list[Version]:
        """Return the versions that Git, or DVC, holds, the same bytes under several names once, the oldest first."""
        kept: dict[str, Version] = {}
        every = (v for versions in self.versions.values() for v in versions if v.home == home)
        for version in sorted(every, key=lambda v: v.when):
            kept.setdefault(version.key, version)
        return list(kept.values())


def read(place: git.Place, rules: Rules, on_progress: Progress | None = None) -> History:
    """Look through all that branches and tags reach. GuardError in a shallow clone, and for what Git cannot read."""
    if revisions.is_shallow():
        raise GuardError("this clone is shallow: most of its history is elsewhere.", "git fetch --unshallow", UNUSABLE)
    _require_whole(place)
    said = _commits()
    times = believed(said, int(time.time()))
    files = _files(list(times), on_progress)
    sizes, everything = _sizes()
    found = History()
    found.odd = sum(times[c] != when for c, when in said.items())
    found.commits, found.git_bytes = len(times), everything
    found.first, found.last = min(times.values(), default=0), max(times.values(), default=0)
    artifacts = _artifacts(place, rules, files)
    _take_artifacts(found, files, artifacts, times, sizes)
    _take_pointers(found, place, files, times)
    _take_others(found, files, {files[at][1].oid for at in artifacts}, times, sizes)
    reached = sum(size for _, size in found.other) + sum(v.packed for v in found.once(GIT))
    of_files = sum(packed for _, packed in sizes.values())
    found.unreached = of_files - reached
    # Which commit brought which trees is not looked at: they are told evenly.
    each = (everything - of_files) // max(len(times), 1)
    found.other += [(when, each) for when in times.values()]
    return found


def _require_whole(place: git.Place) -> None:
    """Refuse a clone that lacks files: what is on its server alone has no size here, and would come one by one."""
    name = partial.remote(place.common_dir)
    if not name:
        return
    out = git.run("rev-list", NOT_OURS, "--all", "--objects", "--no-object-names", "--missing=print")
    if any(line.startswith(b"?") for line in out.splitlines()):
        raise GuardError(
            "this is a partial clone: most of its history is elsewhere.",
            f"git fetch --refetch --no-filter {quoted(name)}     # before Git 2.36: clone again, without --filter",
            UNUSABLE,
        )


def _commits() -> dict[bytes, int]:
    """Return each commit with its time as it says itself, parents first."""
    out = git.run("rev-list", NOT_OURS, "--all", "--topo-order", "--reverse", "--timestamp")
    pairs = (line.split(b" ") for line in out.splitlines())
    return {commit: int(when) for when, commit in pairs}


def believed(times: dict[bytes, int], now: int) -> dict[bytes, int]:
    """Return times that can be: a clock that was wrong once must not squeeze years into a corner of the chart.

    What is yet to come is now; the first day of 1970, and what does not fit into a time, is the earliest of all others.
    """
    latest = now + DAY  # of a zone, or a clock that is somewhat fast
    known = [when for when in times.values() if DAY < when <= latest]
    first = min(known, default=0)
    return {c: when if DAY < when <= latest else now if latest < when < NO_TIME else first for c, when in times.items()}


def _sizes() -> tuple[dict[bytes, tuple[int, int]], int]:
    """Return each blob's (bytes, bytes in Git), and the bytes of all objects in Git."""
    form = "--batch-check=%(objecttype) %(objectname) %(objectsize) %(objectsize:disk)"
    blobs: dict[bytes, tuple[int, int]] = {}
    total = 0
    for line in git.run("cat-file", "--batch-all-objects", form, "--unordered", "--buffer").splitlines():
        kind, oid, size, disk = _whole(line)
        total += int(disk)
        if kind == b"blob":
            blobs[oid] = int(size), int(disk)
    return blobs, total


def _whole(line: bytes) -> list[bytes]:
    fields = line.split(b" ")
    if len(fields) != 4:
        raise GuardError(f"Git cannot read an object: {shown(line)}.", "git fsck --full", UNUSABLE)
    return fields


def _files(commits: list[bytes], on_progress: Progress | None) -> Files:
    """Return (commit, file) for each version of each path, once, the oldest first."""
    seen: set[tuple[bytes, bytes, bool]] = set()
    found = []
    done = 0
    for batch in revisions.walked(commits):
        for commit, entries in batch:
            for entry in entries:
                version = (entry.path, entry.oid, entry.mode == SYMLINK)
                if version not in seen:
                    seen.add(version)
                    found.append((commit, entry))
        done = min(done + revisions.BATCH, len(commits))
        if on_progress:
            on_progress(done, len(commits))
    return found


def _artifacts(place: git.Place, rules: Rules, files: Files) -> list[int]:
    """Return the positions of the versions that are artifacts."""
    columns = ([e.mode for _, e in files], [e.oid for _, e in files], [e.path for _, e in files])
    found = [(at, s, verdict) for at, s, verdict in subject.judge(place, rules, *columns) if verdict.kind == "artifact"]
    if not any(paths.is_pipeline(e.path) for _, e in files):
        return [at for at, _, _ in found]
    # What a pipeline leaves to Git (`cache: false`) is no artifact to lint either.
    judged = {at: subject.Judged(*files[at], size, verdict) for at, size, verdict in found}
    kept = {id(j) for j in subject.left(place, list(judged.values()))}
    return [at for at, j in judged.items() if id(j) in kept]


def _take_artifacts(
    found: History, files: Files, artifacts: list[int], times: dict[bytes, int], sizes: dict[bytes, tuple[int, int]]
) -> None:
    for at in sorted(artifacts):
        commit, entry = files[at]
        version = Version(times[commit], *sizes[entry.oid], GIT, entry.oid.decode())
        found.versions.setdefault(entry.path, []).append(version)


def _take_pointers(found: History, place: git.Place, files: Files, times: dict[bytes, int]) -> None:
    broken: dict[tuple[bytes, bytes], GuardError] = {}
    found.records = [(c, e) for c, e in files if paths.is_reference(e.path)]
    for named in referenced.named_in(place, files, broken):
        versions = found.versions.setdefault(named.path, [])
        if all(v.key != named.name for v in versions):
            versions.append(Version(times[named.commit], max(named.size, 0), 0, DVC, named.name))
            versions.sort(key=lambda v: v.when)
    found.broken = {shown(path): error.problem for (_, path), error in broken.items()}


def _take_others(
    found: History, files: Files, raw: set[bytes], times: dict[bytes, int], sizes: dict[bytes, tuple[int, int]]
) -> None:
    seen = set(raw)
    for commit, entry in files:
        if entry.oid not in seen:
            seen.add(entry.oid)
            found.other.append((times[commit], sizes[entry.oid][1]))
