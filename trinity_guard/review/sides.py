"""Which artifacts does a commit, or the work tree, have, and which of them differ between two of these?"""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.dvcrepo import compare, odb, paths, standin, tracked, unstaged
from trinity_guard.dvcrepo import project as dvcproject
from trinity_guard.dvcrepo.output import LEGACY, Output, of_object
from trinity_guard.dvcrepo.workdirectory import WorkDirectory
from trinity_guard.errors import shown
from trinity_guard.git import index, revisions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from trinity_guard.detect.patterns import Rules

ADDED, REMOVED, RENAMED, CHANGED = "added", "removed", "renamed", "changed"
LFS = b"version https://git-lfs.github.com/spec/"
HEAD_BYTES = 64


class Version:
    """One side of an artifact. output: what records it; file: where it lies in the work tree, b"" where its object is
    meant; blob: its id where Git has it itself; size in bytes, -1 unknown; why: for what reason nothing can be told;
    files: of a directory of the work tree, path in it -> md5.
    """

    __slots__ = ("blob", "file", "files", "output", "path", "size", "why")

    def __init__(self, path: bytes, output: Output, file: bytes = b"", blob: bytes = b"", why: str = "") -> None:
        self.path = path
        self.output = output
        self.file = file
        self.blob = blob
        self.why = why
        self.size = output.size
        self.files: dict[bytes, str] | None = None

    @property
    def md5(self) -> str:
        """The md5, "" where it is not known."""
        return self.output.md5.removeprefix(LEGACY)

    @property
    def is_dir(self) -> bool:
        return self.output.is_dir


class Change:
    """An artifact that is not the same on both sides; None where a side has it not."""

    __slots__ = ("after", "before")

    def __init__(self, before: Version | None, after: Version | None) -> None:
        self.before = before
        self.after = after

    @property
    def path(self) -> bytes:
        one = self.after or self.before
        return one.path if one else b""

    @property
    def word(self) -> str:
        if self.before is None:
            return ADDED
        if self.after is None:
            return REMOVED
        return CHANGED if self.before.path == self.after.path else RENAMED

    @property
    def same_bytes(self) -> bool:
        return bool(self.before and self.after and self.before.md5 and self.before.md5 == self.after.md5)


class Side:
    """artifacts: path -> version; entries: path -> entry of the tree or index; broken: pointer -> why it says nothing.

    commit: b"" for the work tree.
    """

    def __init__(self, commit: bytes, entries: dict[bytes, index.Entry]) -> None:
        self.commit = commit
        self.entries = entries
        self.artifacts: dict[bytes, Version] = {}
        self.broken: dict[bytes, str] = {}


class Sides:
    """Reads both sides of a comparison. means: which paths are asked about."""

    def __init__(self, place: git.Place, rules: Rules, means: Callable[[Output], bool]) -> None:
        self._place = place
        self._rules = rules
        self._means = means
        self._roots: dict[bytes, bool] = {}

    def of(self, before: bytes, after: bytes) -> tuple[Side, Side]:
        """Return the sides of two commits; b"" means the work tree."""
        one = Side(before, {e.path: e for e in revisions.tree(before)})
        if not after:
            other = Side(b"", {e.path: e for e in index.entries()})
            self._take_outputs(one, {})
            self._take_work_tree(other)
        else:
            other = Side(after, {e.path: e for e in revisions.tree(after)})
            self._take_outputs(one, other.entries)
            self._take_outputs(other, one.entries)
        alike = self._alike(one, other)
        self._take_raw(one, other, alike)
        self._take_raw(other, one, alike)
        return one, other

    def _alike(self, one: Side, other: Side) -> set[bytes]:
        """Return the paths that Git has the same on both sides; in the work tree, of those that may be artifacts."""
        same = {path for path, entry in one.entries.items() if _same(entry, other.entries.get(path))}
        if other.commit:
            return same
        files = {path: self._place.file(path) for path in same if self._is_raw(path)}
        return index.unchanged(self._place, {p: os.lstat(f) for p, f in files.items() if os.path.lexists(f)})

    def _take_outputs(self, side: Side, others: Mapping[bytes, index.Entry]) -> None:
        """Read the pointers and locks of a commit, but for pointers that the other one has as they are."""
        catalog = tracked.of_entries(
            {
                path: entry
                for path, entry in side.entries.items()
                if (paths.is_pointer(path) and not _same(entry, others.get(path)))
                or paths.is_lock(path)
                or paths.is_pipeline(path)
            }
        )
        side.broken = {path: error.problem for path, error in catalog.broken.items()}
        for output in self._wanted(catalog.outputs()):
            side.artifacts.setdefault(output.path, Version(output.path, output))

    def _wanted(self, outputs: Iterable[Output]) -> list[Output]:
        found = [output for output in outputs if output.held and self._means(output)]
        for output in found:
            output.project = dvcproject.root_of(self._place.top, output.source, self._roots) or b""
        return found

    def _take_work_tree(self, side: Side) -> None:
        catalog = tracked.load(self._place)
        side.broken = {path: error.problem for path, error in catalog.broken.items()}
        here = compare.Comparison(self._place, directories=catalog.directories)
        outputs = self._wanted(unstaged.in_work_tree(self._place, catalog.outputs()))
        for output, state in here.states(outputs, versions=False):
            version = self._found(output, state)
            if version:
                side.artifacts.setdefault(output.path, version)
        if here.noted:
            tracked.save(self._place, catalog)

    def _found(self, output: Output, state: str) -> Version | None:
        if state == compare.DELETED:
            return None
        full = self._place.file(output.path)
        if state == compare.PRESENT and not output.is_dir:
            return Version(output.path, output, full)
        if state in (compare.PRESENT, compare.MISSING):
            return Version(output.path, output)
        now = output.copy()
        now.legacy = False
        if state in (compare.REPLACED, compare.UNKNOWN, compare.WRITTEN):
            now.md5, now.size = "", -1
            return Version(output.path, now, why=f"what lies there now cannot be read as it ({state})")
        if output.is_dir:
            return _edited_directory(self._place, now)
        now.md5, now.size = odb.md5_of(full), os.stat(full).st_size
        return Version(output.path, now, full)

    def _take_raw(self, side: Side, other: Side, alike: Collection[bytes]) -> None:
        """Add the artifacts that Git has itself, or that are staged as stand-ins, but for those that are alike."""
        wanted = []
        for path, entry in side.entries.items():
            if path in side.artifacts or paths.is_dvc_path(path):
                continue
            if path in alike or not self._is_raw(path):
                continue
            wanted.append(entry)
        for entry in wanted:
            version = self._raw(side, other, entry)
            if version:
                side.artifacts[entry.path] = version

    def _is_raw(self, path: bytes) -> bool:
        output = Output(path)
        return bool(self._rules.named(path)) and not self._rules.excluded(path) and self._means(output)

    def _raw(self, side: Side, other: Side, entry: index.Entry) -> Version | None:
        output = Output(entry.path)
        if not side.commit:
            full = self._place.file(entry.path)
            if not os.path.isfile(full) or os.path.islink(full):
                return None
            output.md5, output.size = odb.md5_of(full), os.stat(full).st_size
            return Version(entry.path, output, full)
        data = _blob_head(entry.oid)
        said = standin.decode(data) if standin.begins(data) else None
        if said:
            found = of_object(said.md5, said.size)
            found.path = entry.path
            found.project = dvcproject.root_of(self._place.top, entry.path, self._roots) or b""
            return Version(entry.path, found)
        output.size = _blob_size(entry.oid)
        if data.startswith(LFS):
            return Version(entry.path, output, why="it is held by git-lfs")
        if entry.path in other.artifacts or not other.commit:
            output.md5, output.size = odb.digest(_blob(entry.oid))
        return Version(entry.path, output, blob=entry.oid)


def _edited_directory(place: git.Place, now: Output) -> Version:
    """Return a directory as it lies in the work tree: under the md5 of its list of now."""
    found = WorkDirectory(place, now)
    version = Version(now.path, now, place.file(now.path))
    version.files = found.files()
    now.md5, now.size = found.md5(), sum(stat.st_size for stat in found.stats.values())
    version.size = now.size
    return version


def _same(one: index.Entry, other: index.Entry | None) -> bool:
    return other is not None and one.oid == other.oid


def _blob(oid: bytes) -> Iterable[bytes]:
    with git.Blobs() as blobs:
        yield from blobs.stream(oid)


def _blob_size(oid: bytes) -> int:
    return int(git.run("cat-file", "-s", oid))


def _blob_head(oid: bytes) -> bytes:
    """Return a small blob whole, of a large one nothing: a stand-in and an LFS pointer are small."""
    return git.run("cat-file", "blob", oid) if _blob_size(oid) <= 2 * standin.MAX_BYTES else b""


def changes(before: Side, after: Side) -> list[Change]:
    """Return what differs, in the order of paths; bytes that stand under another path by now were renamed."""
    gone = {p: v for p, v in before.artifacts.items() if p not in after.artifacts}
    fresh = {p: v for p, v in after.artifacts.items() if p not in before.artifacts}
    found = [
        Change(v, after.artifacts[p])
        for p, v in before.artifacts.items()
        if p in after.artifacts and _differ(v, after.artifacts[p])
    ]
    found += _renamed(gone, fresh, lambda version: version.md5)
    # What has moved to another folder, and has changed as well.
    found += _renamed(gone, fresh, lambda version: os.path.basename(version.path))
    found += [Change(None, version) for version in fresh.values()]
    found += [Change(version, None) for version in gone.values()]
    return sorted(found, key=lambda change: change.path)


def _renamed(
    gone: dict[bytes, Version], fresh: dict[bytes, Version], alike: Callable[[Version], str | bytes]
) -> list[Change]:
    """Take out the pairs that are alike, the first of each in the order of paths."""
    former: dict[str | bytes, list[bytes]] = {}
    for path in sorted(gone):
        former.setdefault(alike(gone[path]), []).append(path)
    found = []
    for path in sorted(fresh):
        paths_ = former.get(alike(fresh[path]))
        if paths_ and alike(fresh[path]):
            found.append(Change(gone.pop(paths_.pop(0)), fresh.pop(path)))
    return found


def _differ(before: Version, after: Version) -> bool:
    if before.blob and before.blob == after.blob:
        return False
    return not before.md5 or before.md5 != after.md5


def broken(before: Side, after: Side) -> dict[str, str]:
    """Return the pointers and locks that cannot be read, each with the reason."""
    return {shown(path): why for side in (before, after) for path, why in sorted(side.broken.items())}
