"""The engine: reads a history, extracts its artifacts, writes the new one, proves it, and only then moves the refs.

Stages of its progress: "scan", "rewrite", "prove" count commits, "extract" and "prove bytes" bytes; these two are told
by threads of the engine's own, one at a time. "move" cannot be counted, and is told once, as it begins.

Objects first, refs last: whatever happens before the one transaction at the end, no ref has moved.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from trinity_guard.errors import GuardError, shown
from trinity_guard.git.packwriter import Pack
from trinity_guard.migrate import commitmap, destination, extract, filters, refs, refusals, report, worktree
from trinity_guard.migrate.commits import Commits
from trinity_guard.migrate.context import Above
from trinity_guard.migrate.ignorefiles import Reader
from trinity_guard.migrate.interpreter import deep_recursion, no_collections
from trinity_guard.migrate.lfsattributes import Leaving
from trinity_guard.migrate.lfsfetch import Fetched, judge
from trinity_guard.migrate.notes import Notes
from trinity_guard.migrate.proof.prove import prove
from trinity_guard.migrate.proof.refs import RefProof
from trinity_guard.migrate.rewrite import Trees
from trinity_guard.migrate.scan import scan
from trinity_guard.migrate.settle import begun, complete, forget, recorded, resume
from trinity_guard.migrate.state import MOVED, MOVING, PUBLISHED
from trinity_guard.migrate.tags import Tags, follow
from trinity_guard.migrate.within import Bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from trinity_guard.git.catfile import Source
    from trinity_guard.git.ids import Ids
    from trinity_guard.migrate.migration import Migration
    from trinity_guard.migrate.options import Options
    from trinity_guard.migrate.scan import Scan
    from trinity_guard.migrate.state import Object
    from trinity_guard.migrate.tags import Named

    # Is given (md5, size) of all objects before any ref moves, to upload them for example; may raise.
    Check = Callable[[Sequence[tuple[str, int]]], None]


def run(
    migration: Migration, options: Options, check: Check | None = None, fetched: Fetched | None = None
) -> dict[str, Any]:
    """Migrate, and return the report (see report.build; "refs" lists the moved ones, "phase" how far it came).

    fetched: what became of objects at an LFS server.

    One that was killed goes on: what is extracted is not extracted again, and refs that have moved stay moved.
    """
    state = migration.state
    with state:
        if resume(migration):
            return state.load(b"report.json", "trinity-guard migrate verify     # are all bytes there?")
        rewriting = _Rewriting(migration, options, check, fetched or Fetched())
        onto = options.chosen.onto
        if onto is None or not onto.continued or options.dry:
            return rewriting.run()
        return _beside_earlier(migration, rewriting.run)


def _beside_earlier(migration: Migration, run: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Run, and let what an earlier run has left hold again where no ref moves, whatever the reason."""
    state = migration.state
    state.keep()
    state.write({"phase": MOVING, "refs": [], "head": None})
    try:
        return run()
    finally:
        resume(migration)


class _Built:
    """A history that was written: old -> new commits, the moves of refs, the report, and the blobs that it needs out
    of the cache."""

    def __init__(self, ids: Mapping[bytes, bytes], moves: list[refs.Move], values: dict[str, Any], wanted: Ids) -> None:
        self.ids = ids
        self.moves = moves
        self.values = values
        self.wanted = wanted


class _Only(Mapping[bytes, "Object"]):
    """Those of the objects whose blobs a history needs."""

    def __init__(self, objects: Mapping[bytes, Object], wanted: Ids) -> None:
        self._objects = objects
        self._wanted = wanted

    def __len__(self) -> int:
        return len(self._wanted)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._wanted)

    def __getitem__(self, blob: bytes) -> Object:
        if blob not in self._wanted:
            raise KeyError(blob)
        return self._objects[blob]


class _Rewriting:
    def __init__(self, migration: Migration, options: Options, check: Check | None, fetched: Fetched) -> None:
        self._migration = migration
        self._leaves_lfs = options.selection.leaves_lfs
        self._fetched = fetched
        self._lost: set[bytes] = set()
        self._options = options
        self._check = check
        self._place = migration.place
        self._source = migration.source
        self._state = migration.state
        self._on_progress = migration.on_progress
        self._onto = options.chosen.onto
        self._continued = self._onto is not None and self._onto.continued

    def run(self) -> dict[str, Any]:
        source, options = self._source, self._options
        found = self._migration.refs()
        refusals.check(source, found, not options.dry, self._continued)
        with no_collections(), deep_recursion():
            moves, values = self._rewrite(found)
        values["remarks"] += refusals.remarks(source, found, self._looked_after(found))
        values["remarks"] += self._onto.remarks if self._onto is not None else []
        deleted = self._onto.deleted if self._onto is not None else []
        values["deleted"] = [name.decode(errors="backslashreplace") for name in deleted]
        values["refs"] = [[m.target.decode(errors="backslashreplace"), m.old.decode(), m.new.decode()] for m in moves]
        values["phase"] = "dry" if options.dry else "done"
        # The report of the run that is carried on holds where nothing new comes of it.
        head = next((m for m in moves if m.name == found.head), None)
        gone_on = head is not None and head.kept != head.old and not self._place.bare
        values["forward"] = [head.old.decode(), head.new.decode()] if head is not None and gone_on else None
        if not self._continued or (moves and not options.dry):
            self._state.report(values)
        if moves and not options.dry:
            self._move(found, moves)
        return values

    def _looked_after(self, found: refs.Listed) -> list[bytes]:
        """Return the refs that stand on the new history by this run, or do already."""
        names = self._options.chosen.names
        if self._onto is None:
            return names
        old = self._onto.on_old_history()
        return [*names, *(name for name in found.refs if name not in old)]

    def _rewrite(self, found: refs.Listed) -> tuple[list[refs.Move], dict[str, Any]]:
        source, options = self._source, self._options
        chosen, onto = options.chosen, self._onto
        named = follow(source, [chosen.value(found, n) for n in chosen.names if not n.startswith(refs.NOTES)])
        if onto is not None:
            onto.find_bases(named.commits)
        # Blobs are read and written while the scan looks for more of them, and flushed while trees are rewritten.
        with extract.Extraction(self._migration, options) as extraction:
            scanned = scan(
                source,
                options.selection,
                named.commits,
                [*named.tree_ids(), *(base.root for base in (onto.bases if onto is not None else ()))],
                self._on_progress,
                chosen.stop,
                extraction.add,
            )
            objects = extraction.objects()
            speaking = filters.speaking(source, scanned)
            if self._leaves_lfs:
                self._lost = judge(source, scanned, speaking, self._fetched, options.leave_missing)
            left = onto.left() if onto is not None else {}
            built = self._build(found, named, scanned, speaking, objects, left)
            extraction.safe()
        while lacking := self._prove(built, objects):
            if lacking.keys() <= left.keys():
                raise _failed([f"{shown(path)}: {words}" for path, words in lacking.items()])
            # Lines for one file have hidden another one: it stays, everywhere.
            left.update(lacking)
            built = self._build(found, named, scanned, speaking, objects, left)
        self._refuse_filters(found, built)
        if self._check is not None:
            self._check(sorted({(objects[oid].md5, objects[oid].size) for oid in built.wanted}))
        return [m for m in built.moves if m.new not in (m.old, m.kept)], built.values

    def _build(
        self,
        found: refs.Listed,
        named: Named,
        scanned: Scan,
        speaking: Mapping[bytes, filters.Speaking],
        objects: Mapping[bytes, Object],
        left: Mapping[bytes, str],
    ) -> _Built:
        """Write the new trees, commits and tags as one pack. left: path -> why it stays in every commit."""
        source, options = self._source, self._options
        pack = Pack(self._state.file(b"pack.tmp"))
        leaving = Leaving(source, pack, scanned.pointers, self._lost) if self._leaves_lfs else None
        try:
            above = Above(
                source,
                scanned,
                Reader(scanned.versions),
                destination.leads(self._place, options.where),
                filters.behind(source, scanned, speaking),
                self._leaves_lfs,
                Bytes(source, scanned, objects),
            )
            trees = Trees(scanned, above, objects, options.where.files, pack, left, leaving)
            commits = self._commits(named, scanned, trees, pack)
            ids = commits.run(self._on_progress).ids
            tags = Tags(named, ids, commits.names if options.rewrite_ids else None, trees.root, pack)
            of_notes = Notes(source, ids, pack)

            def new_of(name: bytes, old: bytes) -> bytes:
                return of_notes.new(old) if name.startswith(refs.NOTES) else tags.new(old)

            moves = [
                self._move_of(found, n, old, new_of(n, old), ids)
                for n in sorted(options.chosen.names, key=lambda n: n.startswith(refs.NOTES))
                if (old := options.chosen.value(found, n))
            ]
            pack.finish(source)
        finally:
            pack.abandon()
        values = report.build(scanned, trees, commits.result, objects)
        values["unsigned_tags"] = [t.decode() for t in tags.unsigned]
        became = trees.root if self._leaves_lfs else None
        caught = filters.caught_in_old_commits(source, scanned, named.commits, speaking, became)
        values["filtered"] = caught is not None
        values["remarks"] = _remarks(named) + filters.remarks_on_old_commits(caught)
        there = [name for name in options.chosen.names if name in found.refs]
        values["remarks"] += filters.remarks(source, found, there, options.selection, speaking, became)
        values["attributes"] = sorted(shown(path) for path in leaving.changed) if leaving else []
        values["at_lfs"] = leaving.leaves_some if leaving else False
        values["left"] = {path.hex(): why for path, why in left.items()}
        wanted = report.blobs_of(trees)
        for path in trees.dropped:
            for oid in scanned.versions[path]:
                wanted.add(oid)
        return _Built(ids, moves, values, wanted)

    def _refuse_filters(self, found: refs.Listed, built: _Built) -> None:
        """Refuse where attributes that stay take hold of HEAD's new pointers."""
        head = built.ids.get(found.head_id or b"")
        if self._leaves_lfs and head is not None:
            refusals.filtered(self._place, filters.caught_now(self._source, head))

    def _commits(self, named: Named, scanned: Scan, trees: Trees, pack: Pack) -> Commits:
        """Return what rewrites the commits, behind those that are known already."""
        onto, rewrite_ids = self._onto, self._options.rewrite_ids
        if onto is not None:
            onto.require_same(trees)
            return Commits(self._source, scanned, trees, pack, rewrite_ids, onto.ids, onto.added(), onto.old)
        kept = _kept(self._source, named.commits, scanned.commits) if self._options.chosen.stop else []
        return Commits(self._source, scanned, trees, pack, rewrite_ids, {commit: commit for commit in kept})

    def _move_of(
        self, found: refs.Listed, name: bytes, old: bytes, new: bytes, ids: Mapping[bytes, bytes]
    ) -> refs.Move:
        now = refs.value(found, name) if name == b"HEAD" else found.refs.get(name, refs.NOWHERE)
        move = refs.Move(name, now, new, refs.of_experiment(name, ids), old)
        move.replaced = found.refs.get(move.original, b"")
        return move

    def _prove(self, built: _Built, objects: Mapping[bytes, Object]) -> dict[bytes, str]:
        """Prove what was written; return path -> why a clone would not have a file."""
        ids, onto = built.ids, self._onto
        if onto is not None:
            ids = onto.map_of(ids, [m.kept for m in built.moves if not m.name.startswith(refs.NOTES)])
        if not (self._continued and self._options.dry):
            self._state.replace(b"commit-map", commitmap.Lines(ids))
        of_refs = RefProof(self._source, built.ids)
        of_refs.compare(built.moves)
        # What was extracted for the commits that others stand on is not in `wanted`.
        known = _Only(objects, built.wanted) if onto is None else objects
        unsafe: dict[bytes, str] = {}
        cache, trees = self._options.cache, of_refs.trees
        before, left_lfs = onto.ids if onto is not None else (), self._leaves_lfs
        found = prove(
            self._source,
            built.ids,
            cache,
            self._on_progress,
            known,
            trees,
            unsafe=unsafe,
            before=before,
            left_lfs=left_lfs,
        )
        if of_refs.wrong or found:
            raise _failed(of_refs.wrong + found)
        return unsafe

    def _move(self, found: refs.Listed, moves: list[refs.Move]) -> None:
        head = next((m for m in moves if m.name == (found.head or b"HEAD")), None)
        forward = head is not None and head.kept != head.old
        flags: dict[bytes, bytes] = {}
        if head is not None and forward and not self._place.bare:
            worktree.rehearse_advance(self._source, head.old, head.new)
        elif head is not None and not self._place.bare:
            change = worktree.between(self._source, head.old, head.new)
            refusals.in_the_way(worktree.untracked_in_the_way(self._source, change))
            worktree.rehearse(self._source, head.old, head.new)
            flags = worktree.flags_between(self._source, head.old, head.new)
        state: dict[str, Any] = {
            "phase": MOVING,
            "refs": recorded(moves),
            "head": [head.old.decode(), head.new.decode()] if head is not None else None,
            "cache": os.fsdecode(self._options.cache),
            "forward": forward,
            "flags": {path.hex(): letter.decode() for path, letter in flags.items()},
            "left_lfs": self._leaves_lfs,
            PUBLISHED: sorted(name.hex() for name in refs.published(found)),
        }
        if self._onto is not None and not self._continued:
            state["onto"] = [commit.decode() for commit in self._onto.migrated]
        self._on_progress("move", 0, 0)
        self._state.write(state)
        try:
            refs.move(self._source, moves)
        except GuardError:
            if not begun(self._source, moves):
                forget(self._migration)
            raise
        complete(self._migration, {**state, "phase": MOVED})


def _kept(source: Source, tips: Sequence[bytes], rewritten: Ids) -> list[bytes]:
    """Return the commits that the tips reach and that are not rewritten."""
    out = source.run("rev-list", "--stdin", data=b"".join(tip + b"\n" for tip in tips)) if tips else b""
    return [commit for commit in out.split() if bytes.fromhex(commit.decode()) not in rewritten]


def _failed(wrong: Sequence[str]) -> GuardError:
    more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
    return GuardError(
        problem=f"the proof failed, so no ref was moved: {wrong[0]}{more}",
        remedy="report it, please: this is a bug of ours",
    )


def _remarks(named: Named) -> list[str]:
    if not named.blobs:
        return []
    return [f"tags that name a file's bytes ({len(named.blobs)}) and not a commit stay as they are"]
