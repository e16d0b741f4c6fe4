"""Artifacts that DVC does not hold: those that Git itself has, and those that lie where Git ignores all."""

from __future__ import annotations

import os
import time

from trinity_guard import git
from trinity_guard.convert import commit
from trinity_guard.detect import owners
from trinity_guard.detect.patterns import STAND_IN, Rules, size_text
from trinity_guard.dvcrepo.tracked import Catalog
from trinity_guard.errors import GuardError, shown, together, typed
from trinity_guard.git import gitignore, index, partial

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# What programs fill with files of their own, tables and arrays among them.
NOT_LOOKED_INTO = frozenset(
    b"venv env node_modules __pycache__ site-packages build dist target mlruns wandb lightning_logs logs tmp".split()
)
# The look below ignored folders ends at either, and then says "at least".
MAX_FILES, MAX_SECONDS = 20_000, 1.0


class Found:
    """Artifacts of one place: how many, bytes in all, the largest. where: the folder, b"" for all of the repository.

    of_stages: what speaks against a pointer for those of them that a pipeline makes.
    """

    __slots__ = ("count", "largest", "largest_size", "of_stages", "rule", "size", "where")

    def __init__(self, where: bytes = b"") -> None:
        self.where = where
        self.count = self.size = 0
        self.largest, self.largest_size = b"", -1
        self.rule = ""
        self.of_stages: list[GuardError] = []

    def add(self, path: bytes, size: int) -> None:
        self.count += 1
        self.size += size
        if size > self.largest_size:
            self.largest, self.largest_size = path, size

    def words(self) -> str:
        """Return their number and sizes."""
        if self.count == 1:
            return f"{shown(self.largest)} ({size_text(self.size)})"
        largest = f"{shown(self.largest)}, {size_text(self.largest_size)}"
        return f"{self.count:,} artifacts ({size_text(self.size)}; the largest {largest})"


def in_git(place: git.Place, rules: Rules, catalog: Catalog) -> Found:
    """Return what the index holds of artifacts, those aside that belong there (git-lfs's, a pipeline's metrics).

    A stand-in that was staged since the last commit is none: its bytes are in the cache, and the next has its pointer.
    """
    found = Found()
    entries = index.entries()
    if partial.remote(place.common_dir):
        # What is not checked out may not be here at all, and would be fetched one by one.
        entries = [e for e in entries if os.path.lexists(place.file(e.path))]
    raw = commit.raw_in(place, rules, entries)
    stand_ins = any(artifact.reason == STAND_IN for artifact in raw)
    coming = {entry.path for entry in index.staged("HEAD")} if stand_ins else set()
    for artifact in raw:
        if artifact.reason != STAND_IN or artifact.entry.path not in coming:
            found.add(artifact.entry.path, artifact.size)
    pipelines = owners.Pipelines(place, catalog)
    found.of_stages = [error for artifact in raw if (error := pipelines.refusal(artifact.entry.path))]
    return found


def in_git_said(found: Found) -> tuple[str, str]:
    """Return what is said of artifacts in Git, and the two ways."""
    made = len(found.of_stages)
    if made == found.count:
        error = together(found.of_stages)
        return error.problem, error.remedy
    are = "is" if found.count == 1 else "are"
    of_them = f", {made:,} of them made by a pipeline" if made else ""
    return (
        f"{found.words()} {are} in Git itself{of_them}.",
        "trinity-guard convert . && git commit     # pointers from the next commit on; older commits keep the bytes\n"
        "trinity-guard migrate     # or: out of all of the history, which gets new commit ids",
    )


def ignored(place: git.Place, rules: Rules, catalog: Catalog) -> list[Found]:
    """Return the ignored folders with artifacts in them that no pointer and no lock holds; a bounded look."""
    out = git.run("ls-files", "-o", "-i", "--exclude-standard", "--directory", "--no-empty-directory", "-z")
    held = catalog.claimed()
    folders: dict[bytes, Found] = {}
    end = time.monotonic() + MAX_SECONDS
    looked = 0
    for path in out.split(b"\0")[:-1]:
        for file in _files(place, path, held) if path.endswith(b"/") else [path]:
            looked += 1
            if looked > MAX_FILES or time.monotonic() > end:
                return _with_rules(folders)
            _note(place, rules, held, folders, path, file)
    return _with_rules(folders)


def _note(
    place: git.Place, rules: Rules, held: set[bytes], folders: dict[bytes, Found], listed: bytes, file: bytes
) -> None:
    if file in held or not rules.named(file):
        return
    try:
        stat = os.lstat(place.file(file))
    except OSError:
        return  # gone in the meantime
    where = listed if listed.endswith(b"/") else os.path.dirname(listed) + b"/"
    # At the top a stray file is often meant to be where it is.
    if stat.st_mode & 0o170000 == 0o100000 and where != b"/" and not rules.stays_small(file, stat.st_size):
        folders.setdefault(where, Found(where)).add(file, stat.st_size)


def _files(place: git.Place, folder: bytes, held: set[bytes]) -> Iterator[bytes]:
    """Yield the files below an ignored folder, those aside that programs keep for themselves or DVC holds."""
    folder = folder.rstrip(b"/")
    name = os.path.basename(folder)
    if name in NOT_LOOKED_INTO or name.startswith(b".") or folder in held:
        return
    try:
        entries = sorted(os.scandir(place.file(folder)), key=lambda e: e.name)
    except OSError:
        return  # not ours to read
    if any(e.name in (b"pyvenv.cfg", b".git") for e in entries):
        return
    for entry in entries:
        path = folder + b"/" + entry.name
        if entry.is_dir(follow_symlinks=False):
            yield from _files(place, path, held)
        else:
            yield path


def _with_rules(folders: dict[bytes, Found]) -> list[Found]:
    found = list(folders.values())
    rules = gitignore.matching(f.largest for f in found)
    for folder in found:
        source, line, pattern = rules.get(folder.largest, (b"", 0, b""))
        folder.rule = f"{shown(source)}:{line}: {shown(pattern)}"
    return found


def ignored_said(found: Found) -> tuple[str, str]:
    """Return what is said of artifacts in an ignored folder, and what records them."""
    folder = found.where.rstrip(b"/")
    return (
        f"{found.words()} in {shown(found.where)} {'is' if found.count == 1 else 'are'} recorded nowhere: "
        f"Git ignores what is there ({found.rule}).",
        f"take that line out, and then: trinity-guard add {typed(folder)} && git commit",
    )
