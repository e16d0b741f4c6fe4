"""`--engine bfg` and `--engine filter-repo`: the real tools, after every byte they delete is safe in the DVC cache.

They throw content away. So first each matching blob goes to the cache, a manifest says which file of which commit it
was, and each branch gets a commit that holds pointers: the newest state keeps its data, and BFG, which leaves the
commit of HEAD alone, finds it clean.
"""

from __future__ import annotations

import os
import sys

from trinity_guard import git
from trinity_guard.detect.patterns import size_text
from trinity_guard.dvcrepo import odb
from trinity_guard.errors import UNUSABLE, GuardError, shown
from trinity_guard.git.catfile import Source
from trinity_guard.git.packwriter import Pack
from trinity_guard.migrate import destination, dryrun, engine, extract, messages, refs, refusals, worktree
from trinity_guard.migrate.context import Above
from trinity_guard.migrate.ignorefiles import Reader
from trinity_guard.migrate.options import Options
from trinity_guard.migrate.rewrite import Trees
from trinity_guard.migrate.run import destined, stage, want
from trinity_guard.migrate.scan import scan
from trinity_guard.migrate.state import State
from trinity_guard.migrate.tags import follow
from trinity_guard.migrate.tools import globs, guides

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trinity_guard.migrate.progress import Progress
    from trinity_guard.migrate.run import Job
    from trinity_guard.migrate.scan import Scan
    from trinity_guard.migrate.state import Object

BFG, FILTER_REPO = "bfg", "filter-repo"
MANIFEST, BEFORE, SAID = b"manifest.jsonl", b"refs-before", b"tool.log"
MESSAGE = b"Models and data are DVC pointers\n"
ALL = ("refs/heads/*:refs/heads/*", "refs/tags/*:refs/tags/*")


class Done:
    """What such a run did: objects in the cache, bytes of them, files told in the manifest; its files' folder."""

    def __init__(self, objects: int, size: int, folder: bytes, sent: int) -> None:
        self.objects = objects
        self.size = size
        self.folder = folder
        self.sent = sent


class Tool:
    """argv: what is started, but for its arguments; name: bfg or filter-repo."""

    def __init__(self, name: str, argv: Sequence[str]) -> None:
        self.name = name
        self.argv = list(argv)


def find_bfg(jar: str | None) -> Tool:
    """Return BFG with the jar that was named, in the option or in $BFG_JAR; GuardError where it or Java is missing."""
    import shutil

    path = jar or os.environ.get("BFG_JAR", "")
    if not path or not os.path.isfile(path):
        what = (
            f"there is no file {shown(os.fsencode(path))}." if path else "--engine bfg needs to know where its jar is."
        )
        raise GuardError(
            problem=what,
            remedy=f"{guides.GET_BFG}     # gets it\n… --engine bfg --bfg-jar bfg-{guides.BFG_VERSION}.jar"
            "     # or set BFG_JAR",
            exit_code=UNUSABLE,
        )
    java = shutil.which("java")
    if java is None:
        raise GuardError(
            problem="BFG needs Java, and there is no `java` on the PATH.",
            remedy="install a Java runtime (11 or newer), for example: apt-get install default-jre-headless",
            exit_code=UNUSABLE,
        )
    return Tool(BFG, [java, "-jar", os.path.abspath(path)])


def find_filter_repo() -> Tool:
    """Return git-filter-repo, from the PATH or as a module of this Python."""
    import importlib.util
    import shutil

    program = shutil.which("git-filter-repo")
    if program is not None:
        return Tool(FILTER_REPO, [program])
    if importlib.util.find_spec("git_filter_repo") is not None:
        return Tool(FILTER_REPO, [sys.executable, "-m", "git_filter_repo"])
    raise GuardError(
        problem="there is no git-filter-repo, on the PATH or as a module.",
        remedy=guides.GET_FILTER_REPO,
        exit_code=UNUSABLE,
    )


def run(job: Job, tool: Tool, on_progress: Progress) -> Done:
    """Save every matching blob, turn the branches' tips into pointers, and let the tool delete the rest."""
    place = job.place
    source = Source(place)
    with State(place) as state:
        try:
            return _Run(job, tool, source, state, on_progress).run()
        finally:
            source.close()


class _Run:
    def __init__(self, job: Job, tool: Tool, source: Source, state: State, on_progress: Progress) -> None:
        self._job = job
        self._tool = tool
        self._source = source
        self._state = state
        self._on_progress = on_progress
        self._cache, self._shared = engine.cache_of(job.place)

    def run(self) -> Done:
        source, job = self._source, self._job
        found = refs.listed(source)
        refusals.check(source, found)
        if not found.head:
            raise GuardError("HEAD names no branch.", "git checkout BRANCH", exit_code=UNUSABLE)
        # All refs, whatever holds them: both tools rewrite them all.
        names = [n for n in found.refs if not n.startswith(refs.NOTES)]
        named = follow(source, [found.refs[n] for n in names])
        trees = [bytes.fromhex(tree.decode()) for tree in named.trees]
        scanned = scan(source, job.selection, named.commits, trees, self._on_progress)
        if not scanned.blobs:
            raise GuardError("no file of this history matches.", "trinity-guard migrate info --everything", UNUSABLE)
        arguments = self._arguments(scanned)
        objects = self._extract(scanned)
        self._state.replace(MANIFEST, _manifest(scanned, objects))
        self._state.replace(BEFORE, b"".join(b"update %s %s\n" % (n, oid) for n, oid in found.refs.items()))
        wanted = sorted({(o.md5, o.size) for o in objects.values()})
        want(self._state, wanted, job.where)
        sent = self._upload(wanted)
        self._convert_tips(found, scanned, objects)
        if job.where.fresh:
            # Typed, or chosen by us: now that the branches' config says it, a later push need not ask.
            destination.confirm(job.place, destined(job.place))
        self._start(arguments)
        return Done(len(wanted), sum(size for _, size in wanted), self._state.folder, sent)

    # --- what the tool is told

    def _arguments(self, scanned: Scan) -> list[str]:
        git_dir = os.fsdecode(self._job.place.git_dir)
        if self._tool.name == FILTER_REPO:
            paths = os.fsdecode(self._state.file(b"paths"))
            self._state.replace(b"paths", b"".join(line + b"\n" for line in globs.path_lines(list(scanned.versions))))
            keep = ["--prune-empty", "never", "--prune-degenerate", "never"]
            return ["--force", "--partial", "--invert-paths", "--paths-from-file", paths, *keep]
        names = globs.of_names(self._job.selection, scanned)
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
        place = self._job.place
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

        place = self._job.place
        for folder in (place.git_dir + ending, (place.top or place.git_dir) + ending):
            if os.path.isdir(folder):
                target = self._state.file(b"bfg-report")
                shutil.rmtree(target, ignore_errors=True)
                shutil.move(os.fsdecode(folder), os.fsdecode(target))

    # --- what is safe before

    def _extract(self, scanned: Scan) -> dict[bytes, Object]:
        absent = dryrun.absent(self._source, scanned)
        if absent:
            path = next(p for p, blobs in scanned.versions.items() if absent & blobs.keys())
            raise GuardError(
                problem=f"{len(absent)} git-lfs objects are not here ({shown(path)}): their pointers would be deleted.",
                remedy="git lfs fetch --all",
                exit_code=UNUSABLE,
            )
        options = Options(
            selection=self._job.selection, refs=(), cache=self._cache, files=self._job.where.files, shared=self._shared
        )
        with extract.Extraction(self._source, options, self._state, self._on_progress) as extraction:
            blobs = dict.fromkeys(oid for versions in scanned.versions.values() for oid in reversed(versions))
            extraction.add(scanned, list(blobs))
            objects = extraction.objects()
            extraction.safe()
        return objects

    def _upload(self, wanted: Sequence[tuple[str, int]]) -> int:
        if not self._job.push:
            return 0
        cache = odb.Store(self._cache, self._shared)
        progress = stage(self._on_progress, "push")
        return destination.upload(self._job.place, self._job.where, cache, wanted, progress)

    # --- the newest states

    def _convert_tips(self, found: refs.Listed, scanned: Scan, objects: Mapping[bytes, Object]) -> None:
        """Put a commit with pointers on top of each branch that holds raw artifacts, all in one transaction."""
        source = self._source
        roots = dict(zip(scanned.commits, scanned.roots, strict=True))
        pack = Pack(self._state.file(b"pack.tmp"))
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(engine.MAX_DEPTH)
        try:
            trees = Trees(
                scanned, Above(source, scanned, Reader(scanned.versions)), objects, self._job.where.files, pack
            )
            heads = {n: oid for n, oid in found.refs.items() if n.startswith(refs.HEADS)}
            new = {n: trees.root(roots[oid]) for n, oid in heads.items()}
            pack.finish(source)
        finally:
            sys.setrecursionlimit(limit)
            pack.abandon()
        changed = {n: tree for n, tree in new.items() if tree != roots[heads[n]]}
        lines = [b"start\n"]
        for name, tree in changed.items():
            data = (tree.hex(), "-p", heads[name].decode())
            commit = source.run("commit-tree", *data, data=MESSAGE).strip()
            lines.append(b"update %s %s %s\n" % (name, commit, heads[name]))
            if name == found.head and not self._job.place.bare:
                change = worktree.between(source, heads[name], commit)
                refusals.in_the_way(self._job.place, worktree.untracked_in_the_way(source, change))
                head = commit
        source.run("update-ref", "-m", "trinity-guard migrate", "--stdin", data=b"".join([*lines, b"commit\n"]))
        if found.head in changed and not self._job.place.bare:
            worktree.follow(source, heads[found.head], head)
            home = os.path.join(self._job.place.own, b"cache")
            if self._cache == home:
                worktree.move_objects(home, self._job.place.file(b".dvc", b"cache"))


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

    manifest, before = (shlex.quote(shown(os.path.join(done.folder, n))) for n in (MANIFEST, BEFORE))
    lines = [
        f"{name} rewrote all refs; {done.objects:,} objects ({size_text(done.size)}) are safe in the DVC cache,",
        f"and {manifest} says which file of which commit each one is",
        "",
        "next:",
        "  # to go back, until the old objects are gone",
        f"  git update-ref --stdin <{before} && git reset -q --mixed",
        "  # lets the old objects go",
        "  git reflog expire --expire=now --all && git gc --prune=now",
    ]
    for remote in messages.remotes(place):
        lines += ["  # publishes the new history", f"  {messages.push_command(place, remote, ALL)}"]
    return "\n".join(lines)
