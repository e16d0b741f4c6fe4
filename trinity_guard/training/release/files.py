"""A released model's files, for the work tree: its pointer, metadata and card as the tag's commit has them."""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.checkout import use
from trinity_guard.dvcrepo import paths
from trinity_guard.errors import UNUSABLE, GuardError, quoted, shown, typed
from trinity_guard.git.files import read_if_there
from trinity_guard.training.release import committed, release
from trinity_guard.training.release.committed import CommitFiles, Model
from trinity_guard.training.release.versions import VERSION, Registry


class Files:
    """What `use VERSION` brings. texts: metadata and card, path -> blob id in the tag's commit."""

    def __init__(self, place: git.Place, tag: str, found: Model, withdrawn: bool) -> None:
        self.tag = tag
        self.commit = found.commit
        self.model = found.path
        self.withdrawn = withdrawn
        entries = CommitFiles(place, found.commit).entries
        names = (committed.metadata_path(found.path), committed.card_path(found.path))
        self.texts = {name: entries[name].oid for name in names if name in entries}
        self._place = place

    def narrow(self, chosen: use.CommitPointers) -> None:
        """Leave of what a pointer or lock names the model alone."""
        chosen.goals = [g for g in chosen.goals if g.path == self.model]

    def add_to(self, chosen: use.CommitPointers) -> None:
        """Let metadata and card come with the pointer; GuardError where that would take edits along.

        A dvc.lock stays as it is: it speaks of data and figures too, which were not asked for.
        """
        self._refuse_edited()
        for path in [p for p in chosen.ids if paths.is_lock(p)]:
            del chosen.ids[path]
        chosen.ids.update(self.texts)

    def _refuse_edited(self) -> None:
        wanted = dict(zip(self.texts, git.read_all(self.texts.values()), strict=True))
        differing = [p for p, data in wanted.items() if _bytes(self._place.file(p)) not in (None, data)]
        if not differing:
            return
        out = git.run(
            "status", "--porcelain", "-z", "--no-renames", "-uall", "--ignored", "--", *differing, env=git.literal()
        )
        edited = [line[3:] for line in out.split(b"\0") if line]
        if edited:
            name = typed(edited[0])
            raise GuardError(
                f"{shown(edited[0])} is not as it is committed; nothing was touched.",
                f"git add {name} && git commit     # or, when it may go: git checkout HEAD -- {name}",
            )


def find(place: git.Place, text: str) -> Files | None:
    """Return the release that `v1.2.0` or `NAME@v1.2.0` means; None where there is none, and the text is a commit's.

    GuardError (exit 2) where it could mean several things.
    """
    found = [r for r in Registry().meant(text) if r.annotated]
    if not found:
        return None
    if VERSION.fullmatch(text):
        ways = [f"trinity use {r.tag}     # the released model" for r in found]
        known = git.attempt("rev-parse", "-q", "--symbolic-full-name", text)
        ref = os.fsdecode(known.out.split(b"\n")[0]) if not known.code else ""
        if ref:
            ways.append(f"trinity use {quoted(ref)}     # all artifacts of that commit")
        if len(ways) > 1:
            raise GuardError(f"{text} is the name of several things.", "\n".join(ways), UNUSABLE)
    return Files(place, found[0].tag, release.of_release(place, found[0]), found[0].withdrawn)


def _bytes(file: bytes) -> bytes | None:
    """Return a small file's bytes, None where there is none."""
    return read_if_there(file, committed.MAX_METADATA)
