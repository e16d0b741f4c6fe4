"""Carrying commits over: what others pushed to the old history, while it was migrated, goes onto the new one.

A commit becomes what a run over everything would have made of it: that depends on its tree, its new parents and the
ids in its message, and on what a run was asked for. The last is tried out: commits that the map has, and on which the
others stand, must become again what the map says.
"""

from __future__ import annotations

import os

from trinity_guard.errors import UNUSABLE, GuardError, shown, typed
from trinity_guard.git.catfile import TREE, tree_parser
from trinity_guard.migrate import commitmap, refs
from trinity_guard.migrate.dvcfiles import DvcFiles
from trinity_guard.migrate.state import DONE, FINISHING, PUBLISHED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from trinity_guard.git.catfile import Source
    from trinity_guard.migrate.migration import Migration
    from trinity_guard.migrate.rewrite import Trees

# A branch that has commits of its own on the new history does not move: what others pushed comes beside it.
BESIDE = b"carried/"
# Commits of the map that are looked at for the files of DVC's own.
MAX_LOOKED_AT = 50


class Base:
    """A commit of the map on which others stand: old, new (hex) and their root trees (20 bytes); added: the new one has
    DVC's files from a migration."""

    __slots__ = ("added", "new", "new_root", "old", "root")

    def __init__(self, old: bytes, new: bytes, root: bytes, new_root: bytes, added: bool) -> None:
        self.old = old
        self.new = new
        self.root = root
        self.new_root = new_root
        self.added = added


class Onto:
    """What is known from a commit-map of the commits that are here. file: its path.

    old: the commits (hex) that it has; ids: old -> new, the commits of the new history among them, which stand for
    themselves. tips: ref -> the commit of the old history that it takes, where it is not there yet, or on the new
    history. deleted: the branches that others have deleted. bases: what others stand on; migrated: up to which commits
    (old) the map goes. continued: the migration that it is of was run here.
    """

    def __init__(self, migration: Migration, file: bytes) -> None:
        self.file = file
        self.source = self._source = migration.source
        remedy = "trinity-guard migrate run --onto COMMIT-MAP     # the file of that migration"
        pairs = dict(commitmap.read(file, remedy))
        missing = self._source.missing(list({*pairs, *pairs.values()}))
        self._missing = missing
        self.changed = {old for old, new in pairs.items() if old != new and old not in missing}
        if not self.changed:
            raise GuardError(
                problem=f"no old commit that {shown(file)} names is here.",
                remedy="git fetch     # or is it another repository's commit-map?",
                exit_code=UNUSABLE,
            )
        self.old = list(pairs)
        self.ids = {new: new for new in pairs.values()} | pairs
        self._old_of = {pairs[old]: old for old in self.changed}
        self.tips: dict[bytes, bytes] = {}
        self.bases: list[Base] = []
        self.migrated: list[bytes] = []
        self.remarks: list[str] = []
        self.deleted: list[bytes] = []
        self.continued = _continued(migration)
        self._states = migration.state

    @property
    def stop(self) -> list[bytes]:
        """The commits that are here and need not be looked at, nor what is before them."""
        return [commit for commit in self.ids if commit not in self._missing]

    def on_old_history(self) -> set[bytes]:
        """Return the refs whose history holds commits that were replaced."""
        return set(standing_on(self._source, self.changed))

    def old_of(self, new: bytes | None) -> bytes | None:
        """Return the commit that one of the new history stands for."""
        return self._old_of.get(new or b"") or (new if new in self.ids else None)

    # --- the commits that others stand on

    def find_bases(self, tips: Sequence[bytes]) -> None:
        """Find the commits of the map on which those stand that the tips (hex) reach; GuardError where the new history
        is not here."""
        lines = b"".join([b"%s\n" % tip for tip in tips] + [b"^%s\n" % commit for commit in self.stop])
        out = self._source.run("rev-list", "--parents", "--stdin", data=lines) if tips else b""
        listed = [line.split() for line in out.splitlines()]
        fresh = {commit for commit, *_ in listed}
        parents = {p: None for _, *parents in listed for p in parents if p not in fresh}
        self._require(parents)
        self._require(tip for tip in tips if tip in self.ids)
        self.bases = self._read(list(parents))
        self.migrated = [*parents, *(tip for tip in tips if tip in self.ids)]

    def _require(self, commits: Iterable[bytes]) -> None:
        for commit in commits:
            new = self.ids.get(commit)
            if new is None:
                raise GuardError(
                    problem=f"{shown(self.file)} lacks commit {commit.decode()}, on which others stand.",
                    remedy="trinity-guard migrate run --everything     # of the whole history; or the whole map",
                    exit_code=UNUSABLE,
                )
            if new in self._missing:
                raise GuardError(
                    problem=f"the new history is not here: commit {new.decode()}, which {shown(self.file)} names.",
                    remedy="git fetch --tags --force     # from where it was published",
                    exit_code=UNUSABLE,
                )

    def _read(self, commits: Sequence[bytes]) -> list[Base]:
        both = [name for old in commits for name in (old, self.ids[old])]
        roots = [bytes.fromhex(raw[5:45].decode()) for _, raw in self._source.each(both)]
        dvc = dict(zip(roots, map(_has_dvc, self._source.trees([root.hex().encode() for root in roots])), strict=True))
        pairs = zip(commits, roots[::2], roots[1::2], strict=True)
        return [Base(old, self.ids[old], was, now, dvc[now] and not dvc[was]) for old, was, now in pairs]

    def added(self) -> set[bytes]:
        """Return the commits (hex, old) that got DVC's files by the migration: these stay in all that follow."""
        return {base.old for base in self.bases if base.added}

    def require_same(self, trees: Trees) -> None:
        """Let the commits that others stand on become again what the map says; GuardError where they do not."""
        for base in self.bases:
            if trees.root(base.root, base.added) != base.new_root:
                raise GuardError(
                    problem=f"commit {base.old.decode()} would become another one now than {shown(self.file)} says: "
                    "the migration had other patterns, or another DVC remote.",
                    remedy="trinity-guard migrate run --onto COMMIT-MAP --include …     # as it was asked for then",
                    exit_code=UNUSABLE,
                )
        # What was noted of their trees was reported when they were migrated.
        for noted in (trees.stays, trees.moved, trees.clashing, trees.dropped):
            noted.clear()

    # --- what the migration was asked for

    def dvc_files(self) -> DvcFiles | None:
        """Return the files that the migration put into commits without DVC; None where there are none."""
        some = [old for old in self.ids if old in self.changed and self.ids[old] not in self._missing]
        for base in self._read(some[:MAX_LOOKED_AT]):
            if base.added:
                names = (b".dvc/config", b".dvc/.gitignore", b".dvcignore")
                return DvcFiles(*(self._source.run("cat-file", "blob", base.new + b":" + name) for name in names))
        return None

    def asked_for(self) -> dict[str, Any]:
        """Return what the migration was asked for, where the map is the one that it left here."""
        own = self._states.file(b"commit-map")
        if not (os.path.exists(own) and os.path.samefile(own, self.file)):
            return {}
        return self._states.load(b"report.json", "trinity-guard migrate verify")

    def left(self) -> dict[bytes, str]:
        """Return path -> why it stayed in every commit."""
        return {bytes.fromhex(path): why for path, why in self.asked_for().get("left", {}).items()}

    def published(self) -> set[bytes]:
        """Return the branches that a remote had when they were migrated here."""
        return {bytes.fromhex(name) for name in self._states.read().get(PUBLISHED, [])} if self.continued else set()

    # --- what is known behind it

    def map_of(self, ids: Mapping[bytes, bytes], kept: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return old -> new for the commit-map, of all commits that old refs reach. kept: those refs' commits (hex)."""
        if self.continued:
            own = dict(commitmap.read(self._states.file(b"commit-map")))
            return own | {old: new for old, new in ids.items() if old in own or old not in self.ids}
        lines = b"".join(commit + b"\n" for commit in kept)
        return {commit: ids[commit] for commit in self._source.run("rev-list", "--stdin", data=lines).split()}


def _continued(migration: Migration) -> bool:
    """Whether a migration was run here that can be gone on with."""
    values = migration.state.read()
    if values.get("phase") == FINISHING:
        raise GuardError(
            problem="the old history is being let go of.",
            remedy="trinity-guard migrate finish     # goes on with it; then again",
            exit_code=UNUSABLE,
        )
    return values.get("phase") == DONE


def _has_dvc(raw: bytes) -> bool:
    return b" .dvc\0" in raw and any(mode == TREE and name == b".dvc" for mode, name, _ in tree_parser()(raw))


def standing_on(source: Source, changed: set[bytes]) -> list[bytes]:
    """Return the refs whose history holds one of these commits, beside those that are kept for an undo."""
    args = [b"--contains=" + root for root in _roots(source, changed)]
    out = source.run("for-each-ref", "--format=%(symref) %(refname)", *args) if args else b""
    # One that stands for another is named by that one.
    names = [line[1:] for line in out.splitlines() if line.startswith(b" ")]
    return [name for name in names if not name.startswith(refs.ORIGINAL)]


def _roots(source: Source, changed: set[bytes]) -> list[bytes]:
    """Return those of the commits whose parents are none of them; nothing when they are gone already."""
    data = b"".join(commit + b"\n" for commit in changed)
    found = source.attempt("rev-list", "--no-walk=unsorted", "--parents", "--stdin", data=data)
    lines = [line.split() for line in found.out.splitlines()] if changed and not found.code else []
    return [commit for commit, *parents in lines if changed.isdisjoint(parents)]


# --- which refs take them


def names(onto: Onto, found: refs.Listed, wanted: Sequence[bytes]) -> list[bytes]:
    """Return the refs that take commits of the old history, and note what those take that have moved on already.

    wanted: short or full names, a remote's branches among them; none: all that there are.
    """
    remote = [name for name in found.refs if name.startswith(refs.REMOTES)]
    if wanted:
        remote = [full for name in wanted for full in (name, refs.REMOTES + name) if full in remote]
        local = [name for name in wanted if not {name, refs.REMOTES + name} & set(remote)]
        chosen = refs.select(found, wanted=local) if local else []
    else:
        chosen = refs.select(found, everything=True)
    old = onto.on_old_history()
    for name in remote:
        if onto.ids.get(found.refs[name]) != found.refs[name]:
            _take(onto, found, old, name, name.split(b"/", 3)[3])
    onto.deleted = [name for name in sorted(onto.published() - refs.published(found)) if name in found.refs]
    onto.remarks += _said_of_deleted([name.removeprefix(refs.HEADS) for name in onto.deleted])
    return list(dict.fromkeys([*chosen, *onto.tips]))


def _take(onto: Onto, found: refs.Listed, old: set[bytes], name: bytes, short: bytes) -> None:
    """Let the branch of its name take a remote's branch, or one beside it, where it has commits of its own."""
    tip = found.refs[name]
    for branch in (refs.HEADS + short, refs.HEADS + BESIDE + short):
        if branch in old:
            return  # it stands on the old history itself, and goes as it is
        has = onto.tips.get(branch) or onto.old_of(found.refs.get(branch))
        withdrawn = has is not None and _is_withdrawn(onto, found, name, has)
        if has is not None and not withdrawn and _is_before(onto, tip, has):
            return
        if branch not in found.refs or withdrawn or (has is not None and _is_before(onto, has, tip)):
            onto.tips[branch] = tip
            onto.remarks += filter(None, [_said_of(branch.removeprefix(refs.HEADS), short, withdrawn)])
            return
    raise GuardError(
        problem=f"{shown(short)} and {shown(BESIDE + short)} have commits of their own, which {shown(name)} lacks.",
        remedy=f"git branch -m {typed(BESIDE + short)} NAME     # then again; what was pushed goes there",
        exit_code=UNUSABLE,
    )


def _said_of(branch: bytes, short: bytes, withdrawn: bool) -> str:
    """Return the remark on a branch that takes what others pushed to one of a short name, empty where all is usual."""
    if withdrawn:
        return (
            f"others have taken commits out of {shown(branch)} by force, and it goes the same way; what it was: "
            f"git reflog {typed(branch)}"
        )
    if branch == short:
        return ""
    return (
        f"{shown(short)} has commits of its own, so what others pushed to it is on {shown(branch)}: "
        f"git merge {typed(branch)}     # on {shown(short)}; where others took commits out, git rebase {typed(branch)}"
    )


def _is_withdrawn(onto: Onto, found: refs.Listed, name: bytes, has: bytes) -> bool:
    """Whether a remote's branch stood at this commit of the old history, and no branch of its name at any remote has it
    any more: others pushed with force.

    Not where it has stood at the new one, too: then it is the new history that an old clone was pushed over.
    """
    short = name.split(b"/", 3)[3:]
    tips = [found.refs[n] for n in found.refs if n.startswith(refs.REMOTES) and n.split(b"/", 3)[3:] == short]
    if any(_is_before(onto, has, onto.old_of(tip) or tip) for tip in tips):
        return False
    new = onto.ids[has]
    return _has_stood(onto, name, has) and (new == has or not _has_stood(onto, name, new))


def _has_stood(onto: Onto, name: bytes, commit: bytes) -> bool:
    """Whether Git's log of a ref knows that it was at a commit."""
    return onto.source.attempt("merge-base", "--fork-point", name, commit).out.strip() == commit


def _said_of_deleted(branches: Sequence[bytes]) -> list[str]:
    if not branches:
        return []
    return [
        f"others have deleted {', '.join(map(shown, branches))}: what is here stays, and a push of it would make it "
        f"again; behind `trinity-guard migrate finish`: git branch -D {' '.join(map(typed, branches))}"
    ]


def _is_before(onto: Onto, one: bytes, other: bytes) -> bool:
    return one == other or not onto.source.attempt("merge-base", "--is-ancestor", one, other).code
