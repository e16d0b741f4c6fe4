"""What changed between two commits, or since one: artifacts are found, their bytes brought, each looked into."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile

from trinity_guard import git
from trinity_guard.dvcrepo import tracked
from trinity_guard.errors import UNUSABLE, GuardError, shown
from trinity_guard.git import revisions
from trinity_guard.review import examine, metrics, sides
from trinity_guard.review.contents import Contents
from trinity_guard.review.record import MODEL, Review

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from trinity_guard import Progress
    from trinity_guard.config import Config
    from trinity_guard.detect.patterns import Rules
    from trinity_guard.dvcrepo.output import Output


class Asked:
    """before, after: ids of commits, after b"" for the work tree; paths from the top, none for all.

    key, rows: as for examine.Options. offline: no remote is asked.
    """

    def __init__(self, before: bytes, after: bytes, paths: Sequence[bytes] = ()) -> None:
        self.before = before
        self.after = after
        self.paths = [] if b"" in paths else list(paths)
        self.key: list[str] = []
        self.rows = 10
        self.offline = False

    def means(self, output: Output) -> bool:
        """Whether an artifact is asked about: by its path, its pointer, a folder above, or a file in it."""
        names = (output.path, output.source)
        return not self.paths or any(
            name == path or name.startswith(path + b"/") or (output.is_dir and path.startswith(output.path + b"/"))
            for path in self.paths
            for name in names
        )


class Reviews:
    """What was found: artifacts in the order of their paths, and the pointers that cannot be read, with the reason.

    remedy: what helps where versions could not be fetched.
    """

    def __init__(self, artifacts: list[Review], broken: dict[str, str], remedy: str = "") -> None:
        self.artifacts = artifacts
        self.broken = broken
        self.remedy = remedy


def review(place: git.Place, config: Config, rules: Rules, asked: Asked, progress: Progress | None = None) -> Reviews:
    """Return what changed inside the artifacts that are asked about."""
    before, after = sides.Sides(place, rules, asked.means).of(asked.before, asked.after)
    _refuse_unknown(asked, before, after)
    found = sides.changes(before, after)
    with scratch_folder() as scratch:
        contents = Contents(place, tracked.load(place), scratch, config.remote or "", progress)
        if asked.offline:
            contents.stay_offline()
        contents.fetch(examine.needed(found))
        options = examine.Options(scratch, asked.key, asked.rows)
        reviews = [examine.examine(change, contents, options) for change in found]
        for one in reviews:
            if one.kind == MODEL:
                one.metrics = metrics.of(place, before, after, one.path, one.former)
    return Reviews(reviews, sides.broken(before, after), contents.remedy)


@contextlib.contextmanager
def scratch_folder() -> Iterator[bytes]:
    """Make a folder that goes with the block."""
    folder = tempfile.mkdtemp(prefix="trinity-guard-")
    try:
        yield os.fsencode(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _refuse_unknown(asked: Asked, before: sides.Side, after: sides.Side) -> None:
    """Refuse a path that neither side has: a typing error would find nothing."""
    known = {*before.entries, *after.entries, *before.artifacts, *after.artifacts}
    folders = [p + b"/" for p in (*before.artifacts, *after.artifacts)]
    for path in asked.paths:
        there = path in known or path + b".dvc" in known or path.startswith(tuple(folders))
        if not there and not any(name.startswith(path + b"/") for name in known):
            raise GuardError(f"there is no commit and no artifact '{shown(path)}'.", "trinity-guard status", UNUSABLE)


def merge_base(before: bytes, after: bytes) -> bytes:
    """Return where two commits parted; GuardError where they have nothing in common."""
    result = git.attempt("merge-base", before, after or b"HEAD")
    if result.code:
        raise GuardError("these commits have no ancestor in common.", "trinity-guard diff A B", UNUSABLE)
    return result.out.split()[0]


def commit(name: str) -> bytes:
    return revisions.require_commit(os.fsencode(name))
