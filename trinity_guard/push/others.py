"""Artifacts that are others' to keep: git-lfs's, and what a pipeline leaves to Git."""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.detect import owners
from trinity_guard.dvcrepo import tracked
from trinity_guard.errors import GuardError
from trinity_guard.git import index
from trinity_guard.git.attributes import Attributes
from trinity_guard.push.contents import PushContents
from trinity_guard.push.places import folders_above

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from trinity_guard.detect.inspect import Artifact


def left_to_others(place: git.Place, findings: PushContents) -> None:
    """Drop what git-lfs keeps, and what a pipeline of its own commit leaves to Git (cache: false)."""
    if not findings.raw:
        return
    attributes = Attributes([a.entry.path for _, a in findings.raw])
    pipelines = _Pipelines(place, findings.raw)
    findings.raw = [
        (c, a)
        for c, a in findings.raw
        if attributes.filter(a.entry.path) != b"lfs" and not pipelines.leave_to_git(c, a.entry.path)
    ]


class _Pipelines:
    """The pipelines of the commits that hold artifacts: those above each file, and where the index has one."""

    def __init__(self, place: git.Place, raw: Sequence[tuple[bytes, Artifact]]) -> None:
        self._place = place
        self._known: dict[tuple[bytes | None, ...], owners.Pipelines | None] = {}
        folders = {os.path.dirname(e.path) for e in tracked.load(place).named(b"dvc.yaml")}
        folders.update(folders_above(a.entry.path for _, a in raw))
        self._files = [os.path.join(f, n) for f in sorted(folders) for n in (b"dvc.yaml", b"dvc.lock")]
        commits = list(dict.fromkeys(c for c, _ in raw))
        oids = git.read_ids(c + b":" + f for c in commits for f in self._files)
        width = len(self._files)
        self._of = {c: tuple(oids[i * width : (i + 1) * width]) for i, c in enumerate(commits)}

    def leave_to_git(self, commit: bytes, path: bytes) -> bool:
        oids = self._of[commit]
        if oids not in self._known:
            entries = {f: index.Entry(index.REGULAR, o, f) for f, o in zip(self._files, oids, strict=True) if o}
            try:
                self._known[oids] = owners.Pipelines(self._place, tracked.Catalog(entries, [], {}))
            except GuardError:
                self._known[oids] = None  # DVC cannot read it either, so it leaves nothing to Git
        pipelines = self._known[oids]
        return pipelines is not None and pipelines.belongs_in_git(path, refuse=False)
