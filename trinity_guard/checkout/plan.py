"""The working tree's artifacts follow their pointers: what differs is put, replaced or taken away; nothing is lost.

Decided here for every file, before any is touched (apply.py acts). A file whose bytes are kept nowhere else is
never replaced or removed: it is named.
"""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.checkout import desired
from trinity_guard.checkout.desired import Projects
from trinity_guard.checkout.workfiles import (
    FILE,
    FOLDER,
    KIND,
    LINK,
    WorkTree,
    is_intact,
    kept_elsewhere,
    md5_of,
    object_of_link,
)  # fmt: skip
from trinity_guard.dvcrepo import compare
from trinity_guard.dvcrepo.output import LEGACY, NEWER, Output, seen_mark
from trinity_guard.dvcrepo.paths import is_lock, yaml_beside
from trinity_guard.dvcrepo.tracked import Catalog
from trinity_guard.errors import GuardError, pathspec, shown
from trinity_guard.git import index

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


class LeftAlone:
    """A file that was left as it is, although an output says otherwise, or no pointer names it any more.

    kind: "changed" (its bytes are kept nowhere else), "unnamed" (that too), "obstacle", "git" (Git tracks it).
    """

    __slots__ = ("kind", "output", "path", "reason")

    def __init__(self, path: bytes, kind: str, reason: str, output: Output | None = None) -> None:
        self.path = path
        self.kind = kind
        self.reason = reason
        self.output = output


class Put:
    """A file to put: its goal, and what was in its place (None: nothing) when that was decided."""

    __slots__ = ("before", "goal")

    def __init__(self, goal: Output, before: os.stat_result | None) -> None:
        self.goal = goal
        self.before = before


class Plan:
    """What is to be done, and what came of it.

    missing: goals whose bytes are not in the cache, with the reason where one is known ("" else).
    right: files that are already as they should be. errors: what could not be understood or done at all.
    finished: False where carrying it out stopped early.
    """

    __slots__ = ("bytes_put", "errors", "finished", "kept", "missing", "put", "puts", "removals", "removed", "right")

    def __init__(self) -> None:
        self.finished = True
        self.bytes_put = 0
        self.puts: list[Put] = []
        self.removals: list[tuple[bytes, os.stat_result]] = []
        self.kept: list[LeftAlone] = []
        self.missing: list[tuple[Output, str]] = []
        self.right: list[tuple[Output, os.stat_result]] = []
        self.errors: list[GuardError] = []
        self.put: list[Output] = []
        self.removed: list[bytes] = []

    def failed(self, error: GuardError) -> None:
        """Note what stopped something; once, however many steps it stops (a remote is asked for lists, then files)."""
        if (error.problem, error.remedy) not in {(e.problem, e.remedy) for e in self.errors}:
            self.errors.append(error)

    def complete(self) -> bool:
        """Whether every artifact that was looked at is what its pointer says."""
        return not (self.missing or self.errors or any(k.kind != "git" for k in self.kept))


class Former:
    """What pointers said before: path -> the objects that its file may have been."""

    __slots__ = ("files",)

    def __init__(self) -> None:
        self.files: dict[bytes, list[str]] = {}


# --- what they say ---------------------------------------------------------------------------------------------


class Follower:
    """One run: what the pointers say now and said before, and what is to be done about it.

    before: the commit that the work tree came from, b"" where there is none. expanded: the directories among what is
    wanted, whose files are.
    """

    def __init__(self, place: git.Place, catalog: Catalog, before: bytes = b"") -> None:
        self.place = place
        self.catalog = catalog
        self.projects = Projects(place, before)
        self.tree = WorkTree(place.top)
        self.plan = Plan()
        self.wanted: dict[bytes, Output] = {}
        self.expanded: set[bytes] = set()

    def said_here(self, paths: Iterable[bytes]) -> list[Output]:
        """Return what these pointers and locks of the work tree ask for."""
        texts: dict[bytes, tuple[bytes, bytes | None]] = {}
        for path in paths:
            data = None if self.tree.obstacle(path) else desired.read_working(self.place.top, path)
            if data is not None:
                yaml = desired.read_working(self.place.top, yaml_beside(path)) if is_lock(path) else None
                texts[path] = data, yaml
        return self.said(texts)

    def said(self, texts: dict[bytes, tuple[bytes, bytes | None]]) -> list[Output]:
        """Return what the bytes of pointers and locks ask for; one that nobody can follow is an error of the plan."""
        found: list[Output] = []
        for path, (data, yaml) in texts.items():
            try:
                found += desired.outputs(path, data, yaml, self._project(path))
            except GuardError as error:
                self.plan.errors.append(error)
        return found

    def _project(self, path: bytes) -> bytes:
        root = self.projects.of(path)
        if root is None:
            raise GuardError(f"{shown(path)}: there is no DVC project above it.", "dvc init")
        self.projects.cache_reader(root)
        return root

    def former(self, changes: dict[bytes, list[bytes]]) -> Former:
        """Return what the former versions of pointers said, as far as that can be told."""
        former = Former()
        asked = [(path, oid) for path, ids in changes.items() for oid in ids]
        for (path, _), data in zip(asked, git.read_all(oid for _, oid in asked), strict=True):
            try:
                said = desired.outputs(path, data or b"", None, self._project(path))
                members = [m for goal in said for m in self._members(goal) or []]
            except GuardError:
                continue  # nothing is known of it, so nothing that it held is touched
            for member in members:
                former.files.setdefault(member.path, []).append(member.name)
        return former

    def add_here(self, former: Former, goals: Iterable[Output]) -> None:
        """Add what these directories hold here, where that is another recorded version: a reset told nobody of it."""
        comparison = compare.Comparison(self.place)
        for goal, state in comparison.states([g for g in goals if g.is_dir]):
            if state == compare.OTHER_VERSION:
                for name, md5 in comparison.files_of(goal).items():
                    former.files.setdefault(goal.path + b"/" + name, []).append(md5)

    def _members(self, goal: Output) -> list[Output] | None:
        return desired.expand(self.projects.cache_reader(goal.project), goal) if goal.is_dir else [goal]

    def expand(self, wanted: Iterable[Output]) -> list[Output]:
        """Add these to what is wanted, file by file; return the directories whose list is not in the cache."""
        unknown: list[Output] = []
        for goal in wanted:
            try:
                members = self._members(goal)
            except GuardError as error:
                self.plan.errors.append(error)
                continue
            if members is None:
                unknown.append(goal)
            elif goal.is_dir:
                self.expanded.add(goal.path)
            for member in members or []:
                other = self.wanted.setdefault(member.path, member)
                if other.md5 != member.md5:
                    self.plan.errors.append(_disagree(other, member))
        return unknown

    # --- deciding

    def decide(self, unknown: list[Output], former: Former) -> None:
        """Fill the plan: what is right, what is put, what is taken away, what must stay as it is."""
        marks = {o.path: o for o in self.catalog.outputs() if o.seen}
        tracked = index.entries_of(sorted(self.wanted.keys() | former.files.keys()))
        gone = [p for p in former.files if p not in self.wanted and p not in tracked]
        for path in self._unclaimed(gone, unknown):
            self._decide_removal(path, former.files[path])
        self.tree.leaving.update(path for path, _ in self.plan.removals)
        for path, goal in self.wanted.items():
            if path in tracked:
                self.plan.kept.append(LeftAlone(path, "git", "is tracked by Git here", goal))
                continue
            obstacle = self.tree.obstacle(path) or self._decide_one(goal, former.files.get(path, []), marks.get(path))
            if obstacle:
                self.plan.kept.append(LeftAlone(path, "obstacle", obstacle, goal))
        self.plan.missing += [(goal, "") for goal in unknown if goal.certain]

    def _decide_one(self, goal: Output, guesses: list[str], held: Output | None) -> str:
        """Decide for one file; return what is in its way, "" when nothing is."""
        stat = self.tree.stat(goal.path)
        kind = FILE if stat is None else stat.st_mode & KIND
        if stat is None or (kind == FOLDER and self.tree.emptied(goal.path)):
            self.plan.puts.append(Put(goal, None))
        elif kind == LINK:
            linked = object_of_link(self.projects.cache_reader(goal.project), self.place.file(goal.path))
            if not linked:
                return "is a symlink of your own"
            if not self._is_intact(goal.path, linked, held):
                self.plan.kept.append(LeftAlone(goal.path, "changed", "was changed here", goal))
            elif linked == goal.md5:
                self.plan.right.append((goal, stat))
            else:
                self.plan.puts.append(Put(goal, stat))
        elif kind != FILE:
            return "is to be a file, and a folder is in its place" if kind == FOLDER else "is no ordinary file"
        else:
            self._decide_file(goal, guesses, held, stat)
        return ""

    def _is_intact(self, path: bytes, linked: str, held: Output | None) -> bool:
        """Whether nobody has edited an object through the symlink in a file's place."""
        full = self.place.file(path)
        seen = held is not None and held.name == linked and held.seen == seen_mark(os.stat(full))
        return seen or is_intact(full, linked)

    def _decide_file(self, goal: Output, guesses: list[str], held: Output | None, stat: os.stat_result) -> None:
        full = self.place.file(goal.path)
        if held is not None and held.name == goal.name and held.seen == seen_mark(stat):
            self.plan.right.append((goal, stat))
            return
        known = "" if compare.differs_at_sight(goal, stat) else md5_of(full)
        if known and compare.agrees(goal, full, known):
            self.plan.right.append((goal, stat))
        elif held is not None and (held.name, held.seen) == (goal.name, NEWER):
            # An edit of what was staged, in the cache or not: `git add` may have put it there.
            self.plan.kept.append(LeftAlone(goal.path, "changed", "was changed here", goal))
        elif kept_elsewhere(self.projects.cache_reader(goal.project), full, guesses, known):
            self.plan.puts.append(Put(goal, stat))
        else:
            self.plan.kept.append(LeftAlone(goal.path, "changed", "was changed here", goal))

    def _unclaimed(self, paths: list[bytes], unknown: list[Output]) -> list[bytes]:
        """Return those of the files that no pointer or lock of the index holds."""
        if not paths:
            return []
        files = {o.path for o in self.catalog.outputs() if not o.is_dir}
        folders = {o.path for o in self.catalog.outputs() if o.is_dir or not o.held}
        # Of a directory whose list is known, what is not in the list is no part of it any more.
        folders = (folders - self.expanded) | {g.path for g in unknown}
        free = [p for p in paths if p not in files and not folders.intersection(_parents(p))]
        return [] if self.catalog.broken else free  # a broken one may hold any of them

    def _decide_removal(self, path: bytes, guesses: list[str]) -> None:
        stat = self.tree.stat(path)
        if stat is None or self.tree.obstacle(path) or stat.st_mode & KIND not in (FILE, LINK):
            return
        root = self.projects.of(path)
        full, linked = self.place.file(path), ""
        try:
            cache_reader = self.projects.cache_reader(root) if root is not None else None
        except GuardError:
            cache_reader = None
        if cache_reader is not None and stat.st_mode & KIND == LINK:
            linked = object_of_link(cache_reader, full)
            safe = linked in [name.removeprefix(LEGACY) for name in guesses] and is_intact(full, linked)
        else:
            linked = kept_elsewhere(cache_reader, full, guesses) if cache_reader is not None else ""
            safe = bool(linked) and linked in guesses
        if safe:
            self.plan.removals.append((path, stat))
        elif stat.st_mode & KIND == FILE or (stat.st_mode & KIND == LINK and linked):
            recorded = linked and stat.st_mode & KIND == FILE
            reason = "it is another version, which the cache has" if recorded else "its bytes are kept nowhere else"
            self.plan.kept.append(LeftAlone(path, "unnamed", reason))


def _parents(path: bytes) -> Iterable[bytes]:
    while path := os.path.dirname(path):
        yield path


def _disagree(one: Output, other: Output) -> GuardError:
    return GuardError(
        problem=f"{shown(one.path)}: {shown(one.source)} and {shown(other.source)} name different bytes for it.",
        remedy=f"git log -p -- {pathspec(one.source)} {pathspec(other.source)}"
        "     # which one is right? Delete the other",
    )
