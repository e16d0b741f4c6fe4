"""`use REV`: artifacts as a commit had them, pointers and data; refused whole when something would be overwritten."""

from __future__ import annotations

from trinity_guard import git
from trinity_guard.checkout import apply
from trinity_guard.dvcrepo.output import staging
from trinity_guard.dvcrepo.paths import REFERENCES, is_pipeline, is_reference, yaml_beside
from trinity_guard.errors import BLOCKED, GuardError, pathspec, shown, typed
from trinity_guard.git import index, revisions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from trinity_guard.checkout.apply import Fetcher
    from trinity_guard.checkout.plan import Follower
    from trinity_guard.checkout.select import PathSelection
    from trinity_guard.dvcrepo.output import Output


class CommitPointers:
    """The pointers and locks of a commit that are brought: path -> blob id there, and what they ask for."""

    __slots__ = ("commit", "goals", "ids", "selection")

    def __init__(self, commit: bytes, ids: dict[bytes, bytes], wanted: list[Output], selection: PathSelection) -> None:
        self.commit = commit
        self.ids = ids
        self.goals = wanted
        self.selection = selection


def choose(follower: Follower, commit: bytes, selection: PathSelection) -> CommitPointers:
    """Read what the commit's pointers ask for, as far as the selection means it."""
    listed = dict(_references(commit))
    names = [p for p in listed if is_reference(p)]
    contents = dict(zip(listed, git.read_all(listed.values()), strict=True))
    said = follower.said({p: (contents[p] or b"", contents.get(yaml_beside(p))) for p in names})
    for error in follower.plan.errors:
        raise error
    wanted = selection.goals(said, f"in {commit[:12].decode()}")
    sources = {g.source for g in wanted}
    # A pointer comes whole, with all its outputs.
    return CommitPointers(commit, {p: listed[p] for p in sources}, [g for g in said if g.source in sources], selection)


def _references(commit: bytes) -> Iterable[tuple[bytes, bytes]]:
    for entry in revisions.tree(commit):
        if is_pipeline(entry.path) or is_reference(entry.path):
            yield entry.path, entry.oid


def prepare(follower: Follower, chosen: CommitPointers, fetcher: Fetcher) -> None:
    """Decide, and fetch what is missing; GuardError, before anything is touched, where not all of it can be brought."""
    here = index.entries_of(sorted(chosen.ids))
    _refuse_edited(chosen, here)
    _refuse_unrecorded(chosen, here)
    changes = {path: [entry.oid] for path, entry in here.items()}
    apply.bring(follower, chosen.goals, follower.former(changes), fetcher)
    plan = follower.plan
    problems = [e.problem for e in plan.errors]
    problems += [f"{shown(k.path)} {k.reason}" for k in plan.kept if k.kind != "unnamed"]
    problems += [f"{shown(g.path)} {why or 'is not in the cache'}" for g, why in plan.missing]
    if problems:
        raise GuardError("\n".join(["nothing was touched:", *(f"  {p}" for p in problems)]), _remedy(follower), BLOCKED)


def _remedy(follower: Follower) -> str:
    lines = [e.remedy for e in follower.plan.errors if e.remedy]
    changed = [k for k in follower.plan.kept if k.kind == "changed"]
    if changed:
        name, held = typed(changed[0].path), changed[0].output
        command = staging(held) if held else f"trinity-guard convert {name}"
        lines.append(f"{command} && git commit     # records it first\nmv {name} ELSEWHERE     # or not")
    for item in [k for k in follower.plan.kept if k.kind == "git"][:1]:
        lines.append(f"git rm -q --cached {pathspec(item.path)}     # then again: what Git tracks stays as it is")
    return "\n".join(lines) or "trinity-guard use REV PATH     # brings some of them"


def _refuse_edited(chosen: CommitPointers, here: dict[bytes, index.Entry]) -> None:
    paths = [p for p, entry in here.items() if entry.oid != chosen.ids[p]]
    if not paths:
        return
    # `git diff` looks into files whose times alone differ from the index's; diff-files would name them.
    options = ("-z", "--name-only", "--no-renames", "--diff-filter=M", "--no-ext-diff", "--ignore-submodules")
    edited = set(git.run("diff", *options, "--", *REFERENCES).split(b"\0")) & set(paths)
    if edited:
        # What a `use` that was cut short has brought already is no edit.
        out = git.run("diff", *options, chosen.commit, "--", *REFERENCES)
        edited &= set(out.split(b"\0"))
    if edited:
        name = sorted(edited)[0]
        raise GuardError(
            problem=f"{shown(name)} has edits that are not staged; nothing was touched.",
            remedy=f"git add {pathspec(name)} && git commit     # or: git checkout -- {pathspec(name)}",
        )


def _refuse_unrecorded(chosen: CommitPointers, here: dict[bytes, index.Entry]) -> None:
    """Refuse to write over a staged pointer that no commit holds: nothing would name its bytes any more."""
    unsure = {p: e.oid for p, e in here.items() if e.oid != chosen.ids[p]}
    if not unsure:
        return
    heads = git.read_ids(b"HEAD:" + p for p in unsure)
    unsure = {p: oid for (p, oid), head in zip(unsure.items(), heads, strict=True) if oid != head}
    if not unsure:
        return
    options = ("--all", "--format=", "--raw", "-z", "--no-renames", "--no-abbrev", "-m", "--root")
    known = git.run("log", *options, "--", *REFERENCES)
    for path, oid in unsure.items():
        if oid not in known:
            raise GuardError(
                problem=f"{shown(path)} is staged as no commit has it; nothing was touched.",
                remedy="git commit     # records it first\n"
                f"git restore --staged --worktree {pathspec(path)}     # or lets it go",
            )


def head() -> list[bytes]:
    """Return the commit that is checked out, none on a branch without commits."""
    found = revisions.commit(b"HEAD")
    return [found] if found else []


def move_pointers(chosen: CommitPointers) -> None:
    """Bring the pointers themselves into index and work tree, as `git checkout REV -- PATH` does."""
    listed = b"".join(p + b"\0" for p in sorted(chosen.ids))
    # Without hooks: ours would follow before we do.
    args = ("-c", "core.hooksPath=/dev/null", "checkout", "-q", chosen.commit)
    git.run(*args, "--pathspec-from-file=-", "--pathspec-file-nul", data=listed, env=git.literal())
