"""`--engine bfg` and `--engine filter-repo`: the real tools, after every byte they delete is safe in the DVC cache.

They throw content away. So first each matching blob goes to the cache, a manifest says which file of which commit it
was, and each branch gets a commit that holds pointers: the newest state keeps its data, and BFG, which leaves the
commit of HEAD alone, finds it clean.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from trinity_guard import git
from trinity_guard.detect.patterns import size_text
from trinity_guard.errors import UNUSABLE, GuardError, shown
from trinity_guard.git.packwriter import Pack
from trinity_guard.migrate import destination, extract, messages, refs, refusals, settle, upload, worktree
from trinity_guard.migrate.context import Above
from trinity_guard.migrate.ignorefiles import Reader
from trinity_guard.migrate.interpreter import deep_recursion
from trinity_guard.migrate.migration import Migration
from trinity_guard.migrate.options import Options
from trinity_guard.migrate.rewrite import Trees
from trinity_guard.migrate.scan import Scan, scan
from trinity_guard.migrate.state import BY_TOOL, Object, Objects
from trinity_guard.migrate.tags import follow
from trinity_guard.migrate.tools import globs
from trinity_guard.migrate.tools.find import FILTER_REPO, Tool
from trinity_guard.migrate.within import Bytes

MANIFEST, BEFORE, SAID = b"manifest.jsonl", b"refs-before", b"tool.log"
MESSAGE = b"Models and data are DVC pointers\n"
ALL = ("refs/heads/*:refs/heads/*", "refs/tags/*:refs/tags/*")


class Done:
    """What such a run did: objects in the cache, bytes of them, the folder of the manifest, objects sent."""

    __slots__ = ("folder", "objects", "sent", "size")

    def __init__(self, objects: int, size: int, folder: bytes, sent: int) -> None:
        self.objects = objects
        self.size = size
        self.folder = folder
        self.sent = sent


def run(migration: Migration, options: Options, tool: Tool) -> Done:
    """Save every matching blob, turn the branches' tips into pointers, and let the tool delete the rest."""
    with migration.state:
        return _ToolRun(migration, options, tool).run()


class _ToolRun:
    def __init__(self, migration: Migration, options: Options, tool: Tool) -> None:
        self._migration = migration
        self._options = options
        self._tool = tool
        self._place = migration.place
        self._source = migration.source
        self._state = migration.state
        self._home = os.path.join(self._place.own, b"cache")
        self._flags: dict[bytes, bytes] = {}

    def run(self) -> Done:
        where, found = self._options.where, self._migration.refs()
        refusals.check(self._source, found)
        if not found.head:
            raise GuardError("HEAD names no branch.", "git checkout BRANCH", exit_code=UNUSABLE)
        scanned = self._scan(found)
        arguments = self._arguments(scanned)
        objects = self._extract(scanned)
        self._state.replace(MANIFEST, _manifest(scanned, objects))
        self._state.replace(BEFORE, b"".join(b"update %s %s\n" % (n, oid) for n, oid in found.refs.items()))
        wanted = sorted({(o.md5, o.size) for o in objects.values()})
        upload.want(self._state, wanted, where)
        sent = upload.send(self._migration, self._options, wanted) if self._options.push else 0
        self._convert_tips(found, scanned, objects)
        trusted = self._confirm() if where.fresh else []
        try:
            self._start(arguments)
        finally:
            self._remember(found, trusted)
        return Done(len(wanted), sum(size for _, size in wanted), self._state.folder, sent)

    def _confirm(self) -> list[str]:
        """Note that a place is known that was typed, or chosen by us: now that the branches' config says it, a later
        push need not ask. Return what is new by it."""
        destined = upload.destined(self._migration)
        key = destination.unnoted(self._place, destined)
        destination.confirm(self._place, destined)
        return [key] if key else []

    def _remember(self, found: refs.Listed, trusted: list[str]) -> None:
        """Let an undo know where the refs were, and where the tool has left them."""
        now = refs.listed(self._source)
        moves = [refs.Move(n, oid, now.refs[n]) for n, oid in found.refs.items() if now.refs.get(n, oid) != oid]
        here = self._place.file(b".dvc", b"cache")
        inside = not self._place.bare and self._options.cache == self._home and os.path.isdir(here)
        self._state.write({
            "phase": BY_TOOL,
            "refs": settle.recorded(moves),
            "head": [found.head_id.decode(), now.head_id.decode()],
            "cache": os.fsdecode(here if inside else self._options.cache),
            "flags": {path.hex(): letter.decode() for path, letter in self._flags.items()},
            settle.TRUSTED: trusted,
        })  # fmt: skip

    def _scan(self, found: refs.Listed) -> Scan:
        # All refs, whatever holds them: both tools rewrite them all.
        named = follow(self._source, [oid for name, oid in found.refs.items() if not name.startswith(refs.NOTES)])
        selection, on_progress = self._options.selection, self._migration.on_progress
        scanned = scan(self._source, selection, named.commits, named.tree_ids(), on_progress)
        if not scanned.blobs:
            raise GuardError("no file of this history matches.", "trinity-guard migrate info --everything", UNUSABLE)
        return scanned

    # --- what the tool is told

    def _arguments(self, scanned: Scan) -> list[str]:
        git_dir = os.fsdecode(self._place.git_dir)
        if self._tool.name == FILTER_REPO:
            paths = os.fsdecode(self._state.file(b"paths"))
            self._state.replace(b"paths", b"".join(line + b"\n" for line in globs.path_lines(list(scanned.versions))))
            keep = ["--prune-empty", "never", "--prune-degenerate", "never"]
            return ["--force", "--partial", "--invert-paths", "--paths-from-file", paths, *keep]
        names = globs.of_names(self._options.selection, scanned)
        if not names.exact:
            raise GuardError(
                problem="BFG matches names of files alone, and what is selected is more than that:\n"
                + "\n".join(f"  {line}" for line in globs.told(names, "BFG")),
                remedy="--engine filter-repo, or none: our own knows all patterns",
                exit_code=UNUSABLE,
            )
        return ["--delete-files", globs.braced(names.globs), git_dir]

    def _start(self, arguments: list[str]) -> None:
        """Run the tool in the git dir, so that what it leaves behind stays there."""
        place = self._place
        here = os.getcwdb()
        os.chdir(place.top or place.git_dir)
        try:
            result = git.spawn([*self._tool.argv, *arguments], env=git.other_repository())
        finally:
            os.chdir(here)
        self._state.replace(SAID, result.out + result.err)
        self._take_in(b".bfg-report")
        if result.code:
            said = (result.err.strip() or result.out.strip()).split(b"\n")[-1]
            raise GuardError(
                problem=f"{self._tool.name} failed (exit code {result.code}): {shown(said)}",
                remedy=f"its own words: {shown(self._state.file(SAID))}; every byte is safe in the DVC cache",
            )

    def _take_in(self, ending: bytes) -> None:
        """BFG leaves its own report beside the repository, in a work tree's midst."""
        import shutil

        place = self._place
        for folder in (place.git_dir + ending, (place.top or place.git_dir) + ending):
            if os.path.isdir(folder):
                target = self._state.file(b"bfg-report")
                shutil.rmtree(target, ignore_errors=True)
                shutil.move(os.fsdecode(folder), os.fsdecode(target))

    # --- what is safe before

    def _extract(self, scanned: Scan) -> Objects:
        _require_all(scanned, self._migration.absent(scanned))
        with extract.Extraction(self._migration, self._options) as extraction:
            blobs = dict.fromkeys(oid for versions in scanned.versions.values() for oid in reversed(versions))
            extraction.add(scanned, list(blobs))
            objects = extraction.objects()
            extraction.safe()
        # A stand-in whose object in the cache is damaged comes to light as it is read.
        _require_all(scanned, blobs.keys() - objects.keys())
        return objects

    # --- the newest states

    def _convert_tips(self, found: refs.Listed, scanned: Scan, objects: Mapping[bytes, Object]) -> None:
        """Put a commit with pointers on top of each branch that holds raw artifacts, all in one transaction."""
        source, heads = self._source, {n: oid for n, oid in found.refs.items() if n.startswith(refs.HEADS)}
        changed = self._new_trees(heads, scanned, objects)
        new = {
            n: source.run("commit-tree", t.hex(), "-p", heads[n].decode(), data=MESSAGE).strip()
            for n, t in changed.items()
        }
        checked_out = found.head in new and not self._place.bare
        if checked_out:
            change = worktree.between(source, heads[found.head], new[found.head])
            refusals.in_the_way(worktree.untracked_in_the_way(source, change))
        lines = [b"start\n", *(b"update %s %s %s\n" % (n, commit, heads[n]) for n, commit in new.items()), b"commit\n"]
        source.run("update-ref", "-m", "trinity-guard migrate", "--stdin", data=b"".join(lines))
        if checked_out:
            commits = heads[found.head], new[found.head]
            self._flags = worktree.flags_between(source, *commits)
            worktree.follow(source, *commits, self._flags)
            if self._options.cache == self._home:
                worktree.move_objects(self._home, self._place.file(b".dvc", b"cache"))

    def _new_trees(
        self, heads: Mapping[bytes, bytes], scanned: Scan, objects: Mapping[bytes, Object]
    ) -> dict[bytes, bytes]:
        """Return branch -> new root tree (20 bytes) of those that change."""
        numbers = {oid: scanned.commits.find(bytes.fromhex(oid.decode())) for oid in heads.values()}
        roots = {oid: scanned.roots[number] for oid, number in numbers.items()}
        pack = Pack(self._state.file(b"pack.tmp"))
        try:
            above = Above(
                self._source, scanned, Reader(scanned.versions), bytes_of=Bytes(self._source, scanned, objects)
            )
            trees = Trees(scanned, above, objects, self._options.where.files, pack)
            with deep_recursion():
                new = {name: trees.root(roots[oid]) for name, oid in heads.items()}
            pack.finish(self._source)
        finally:
            pack.abandon()
        return {name: tree for name, tree in new.items() if tree != roots[heads[name]]}


def _require_all(scanned: Scan, absent: set[bytes]) -> None:
    """Refuse where the tool would delete what stands for these data, which are not here."""
    stand_ins = absent & scanned.stand_ins().keys()
    of_lfs = absent - stand_ins
    named = of_lfs or stand_ins
    if not named:
        return
    path = next(p for p, blobs in scanned.versions.items() if named & blobs.keys())
    what, remedy = "git-lfs objects are not here ({}): their pointers", "git lfs fetch --all"
    if not of_lfs:
        what = "stand-ins name data that is not in the DVC cache here ({}): they"
        remedy = "migrate in the clone that added them: its DVC cache has their data"
    problem = f"{len(named)} {what.format(shown(path))} would be deleted."
    raise GuardError(problem, remedy, exit_code=UNUSABLE)


def _manifest(scanned: Scan, objects: Mapping[bytes, Object]) -> bytes:
    """Return a line of json for each version of each file: the first commit that has it, path, md5, size."""
    import json

    lines = []
    for path, versions in sorted(scanned.versions.items()):
        for blob, number in versions.items():
            known = objects[blob]
            entry = {
                "commit": scanned.commit(number),
                "path": path.decode("utf-8", "surrogateescape"),
                "md5": known.md5,
                "size": known.size,
            }
            lines.append(json.dumps(entry).encode() + b"\n")
    return b"".join(lines)


def report(place: git.Place, name: str, done: Done) -> str:
    """Return what such a run did, and what comes next."""
    import shlex

    manifest = shlex.quote(shown(os.path.join(done.folder, MANIFEST)))
    lines = [
        f"{name} rewrote all refs; {done.objects:,} objects ({size_text(done.size)}) are safe in the DVC cache,",
        f"and {manifest} says which file of which commit each one is",
        "",
        "next:",
        "  # to go back, until the old objects are gone",
        "  trinity-guard migrate undo",
        "  # lets the old objects go",
        "  git reflog expire --expire=now --all && git gc --prune=now",
    ]
    for remote in messages.remotes(place):
        lines += ["  # publishes the new history", f"  {messages.push_command(place, remote, ALL)}"]
    return "\n".join(lines)
