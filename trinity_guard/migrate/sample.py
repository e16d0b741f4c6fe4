"""A sample by the real DVC: fresh clones of some commits, `dvc pull`, and every byte of what became pointers.

The proof asks DVC's question by our own reading of it; this asks DVC itself. Where the objects are not on the remote
yet, or a commit's config names other places beside it, `dvc checkout` takes them from this machine's cache.
"""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.dvcrepo import odb
from trinity_guard.dvcrepo import project as dvcproject
from trinity_guard.errors import GuardError, shown
from trinity_guard.migrate import destination, lfs, standins, upload
from trinity_guard.migrate.kinds import ATTRIBUTES
from trinity_guard.remotes import add

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trinity_guard.git.index import Change
    from trinity_guard.migrate.migration import Migration

CONFIG = b".dvc/config"
# For each commit that is asked for, so many are looked at: in some histories few have anything that DVC could bring.
TRIED = 20


class Sample:
    """commits: how many were taken, pulled: how many of them from the remote; files: how many were compared; wrong:
    what a clone does not have."""

    __slots__ = ("commits", "files", "pulled", "seed", "wrong")

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.commits = self.pulled = self.files = 0
        self.wrong: list[str] = []


def take(migration: Migration, ids: Mapping[bytes, bytes], count: int, seed: int | None = None) -> Sample:
    """Clone so many of the new commits that hold pointers in place of files, chosen by a seed, and compare what DVC
    brings with the old history."""
    import random

    sample = Sample(random.randrange(10**6) if seed is None else seed)  # noqa: S311  # of no secret
    changed = sorted((old, new) for old, new in ids.items() if old != new)
    chosen = random.Random(sample.seed).sample(changed, min(count * TRIED, len(changed)))  # noqa: S311
    on_remote = _on_remote(migration) if chosen else None
    for old, new in chosen:
        if sample.commits == count:
            break
        migration.on_progress("sample", sample.commits, count)
        _Clone(migration, sample, on_remote).compare(old, new)
    return sample


def _on_remote(migration: Migration) -> destination.Destination | None:
    """Return where all the objects are, None where they are on no remote, or nobody can tell."""
    try:
        found = upload.destined(migration)
        lacking, _ = destination.missing(migration.place, found, upload.wanted(migration))
    except GuardError:
        return None
    return found if not lacking else None


def _is_attributes(path: bytes) -> bool:
    """Whether it is no file of DVC's: what gave files to Git LFS goes with them, as the proof has seen."""
    return os.path.basename(path) == ATTRIBUTES


class _Clone:
    """A clone that is there for a moment; it borrows the objects of the repository."""

    def __init__(self, migration: Migration, sample: Sample, on_remote: destination.Destination | None) -> None:
        self._migration = migration
        self._sample = sample
        self._on_remote = on_remote

    def compare(self, old: bytes, new: bytes) -> None:
        import shutil
        import tempfile

        source, sample = self._migration.source, self._sample
        gone = [
            change for change in source.changes(old, new) if change.status == b"D" and not _is_attributes(change.path)
        ]
        if not gone:
            return
        sample.commits += 1
        folder = tempfile.mkdtemp(prefix="trinity-guard-")
        try:
            top = os.path.join(os.fsencode(folder), b"clone")
            _clone(self._migration.place, top, new)
            said = self._brought(top, new)
            lacking = _lacking(self._migration, top, gone)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        sample.files += len(gone)
        why = f" ({said})" if said else ""
        sample.wrong += [f"{shown(path)} in a clone of {new[:10].decode()}: {words}{why}" for path, words in lacking]

    def _brought(self, top: bytes, new: bytes) -> str:
        """Let DVC bring the files; return what it complains of."""
        settings = self._led(new)
        try:
            if settings is not None:
                self._sample.pulled += 1
                _lead_from_here(top, settings)
                add.dvc(top, "pull", "-q")
            else:
                cache = os.fsdecode(upload.cached(self._migration).folder)
                add.dvc(top, "cache", "dir", "--local", "-q", cache)
                add.dvc(top, "checkout", "-q")
        except GuardError as error:
            return error.problem.strip()
        return ""

    def _led(self, new: bytes) -> dvcproject.Project | None:
        """Return the project as a commit has it, where it leads to nowhere but to the objects."""
        place, source = self._migration.place, self._migration.source
        if self._on_remote is None:
            return None
        leads = destination.leads(place, self._on_remote)
        config = source.attempt("cat-file", "blob", new + b":" + CONFIG)
        if leads is None or config.code or not leads.alone(config.out):
            return None
        return dvcproject.load(place.top or place.git_dir, config.out, alone=True)


def _lead_from_here(top: bytes, settings: dvcproject.Project) -> None:
    """Let folders that are meant from where the repository is be found from the clone, too."""
    for name, remote in settings.remotes.items():
        if remote.local is not None:
            add.dvc(top, "remote", "modify", "-q", "--local", name, "url", os.fsdecode(remote.local))


def _clone(place: git.Place, top: bytes, commit: bytes) -> None:
    env = {**git.other_repository(), "GIT_LFS_SKIP_SMUDGE": "1"}
    # What this machine alone ignores would hide pointers from DVC here, and in nobody else's clone.
    bare: list[git.Arg] = ["--template=", "-c", "core.excludesFile=" + os.devnull]
    head: list[git.Arg] = ["git", "-c", "core.hooksPath=" + os.devnull, "-c", "advice.detachedHead=false"]
    clone = [*head, "clone", "-q", "--shared", "--no-checkout", *bare, place.common_dir, top]
    for argv in (clone, [*head, "-C", top, "checkout", "-q", "--detach", commit]):
        result = git.spawn(argv, env=env)
        if result.code:
            raise git.failure(argv[1:], result)


def _lacking(migration: Migration, top: bytes, gone: Sequence[Change]) -> list[tuple[bytes, str]]:
    """Return (path, why) of the files that a clone has not, or not with the bytes that they had."""
    found = []
    for change in gone:
        file = os.path.join(top, change.path)
        if not os.path.isfile(file):
            found.append((change.path, "DVC does not bring it"))
        elif not _same(migration, file, change.oids[0]):
            found.append((change.path, "it has other bytes than it had"))
    return found


def _same(migration: Migration, file: bytes, blob: bytes) -> bool:
    import hashlib

    digest = hashlib.sha1(b"blob %d\0" % os.stat(file).st_size, usedforsecurity=False)
    lfs_digest = hashlib.sha256(usedforsecurity=False)
    for piece in odb.read_file(file):
        digest.update(piece)
        lfs_digest.update(piece)
    if digest.hexdigest().encode() == blob:
        return True
    (size,) = migration.source.sizes([blob])
    text = migration.source.one(blob) if size < lfs.MAX_BYTES else b""
    pointer, named = lfs.read(text), standins.read(text)
    if pointer is not None:
        return pointer.sha256 == lfs_digest.hexdigest()
    return named is not None and odb.md5_of(file) == named.md5
