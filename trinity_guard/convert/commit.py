"""What the hooks and the plain commands do, put together from the layers below; says nothing itself."""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.convert import convert, framework_stash, ignorelines, relocate
from trinity_guard.detect import inspect, owners
from trinity_guard.detect.patterns import Rules
from trinity_guard.dvcrepo import tracked as tracked_outputs
from trinity_guard.dvcrepo.paths import POINTER, inside_dvc, is_pointer
from trinity_guard.errors import GuardError, pathspec, shown, typed
from trinity_guard.git import caller, hooks, index, repository

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from trinity_guard import Progress
    from trinity_guard.convert.outcome import Outcome
    from trinity_guard.convert.relocate import Moves
    from trinity_guard.dvcrepo.output import Output


def block(place: git.Place, catalog: tracked_outputs.Catalog, artifacts: list[inspect.Artifact], remedy: str) -> None:
    """Refuse those of the artifacts that are nobody else's (a pipeline's metrics and git-lfs's files are)."""
    if not artifacts:
        return
    ours, _ = convert.claim(place, catalog, [a.entry for a in artifacts])
    names = {item.path for item in ours}
    left = [a for a in artifacts if a.entry.path in names]
    if left:
        raise inspect.refuse_artifacts(left, remedy)


def convert_staged(
    place: git.Place,
    catalog: tracked_outputs.Catalog,
    artifacts: list[inspect.Artifact],
    changed: Sequence[Output],
    framework: bool,
    on_progress: Progress | None = None,
    rules: Rules | None = None,
) -> Outcome:
    """Convert what is staged, and what changed behind these pointers, inside the commit under way."""
    if index.is_temporary(place):
        require_post_commit()
        if framework:
            _refuse_lossy_repair(catalog, artifacts)
    return convert_with_changed(place, catalog, [a.entry for a in artifacts], changed, on_progress, rules)


def convert_with_changed(
    place: git.Place,
    catalog: tracked_outputs.Catalog,
    entries: Sequence[index.Entry],
    changed: Sequence[Output],
    on_progress: Progress | None = None,
    rules: Rules | None = None,
    swept: Collection[bytes] = (),
) -> Outcome:
    """Convert these files, and, where no other was asked for at its path, what changed behind these pointers."""
    given = {e.path for e in entries}
    behind = [_working_file(o.path) for o in changed if o.path not in given]
    return convert.convert(place, catalog, [*entries, *behind], on_progress, {e.path for e in behind}, rules, swept)


def settle_moves(
    place: git.Place, catalog: tracked_outputs.Catalog, moves: Moves, framework: bool
) -> relocate.Relocation:
    """Let ignore lines, names and data follow what the commit under way does to pointers.

    What comes by a merge, a revert or a pick has the other side's lines, and its data follows after the commit.
    """
    if index.is_temporary(place):
        require_post_commit()
        touched = [*(o for g in moves.leaving() for o in g.outputs), *moves.arriving()]
        if framework and any(ignorelines.file_for(o.path) in catalog.entries for o in touched):
            raise GuardError(
                problem="under the pre-commit framework, `git commit -- path` of a pointer that comes or goes would "
                "lose unstaged edits.",
                remedy="git commit     # without the path\ntrinity-guard init --hooks native     # or: hooks that can",
            )
    return relocate.settle(place, catalog, moves, with_data=not arriving(place))


def arriving(place: git.Place) -> bool:
    """Whether the commit under way brings what others committed: a merge, a revert, a pick, a rebase."""
    heads = (b"MERGE_HEAD", b"REVERT_HEAD", b"CHERRY_PICK_HEAD")
    return repository.rebasing(place) or any(os.path.exists(os.path.join(place.git_dir, name)) for name in heads)


def ends_revert(place: git.Place) -> bool:
    """Whether the commit under way ends a revert, which Git calls a plain commit: nothing follows after it."""
    return os.path.exists(os.path.join(place.git_dir, b"REVERT_HEAD")) and not repository.rebasing(place)


def _refuse_lossy_repair(catalog: tracked_outputs.Catalog, artifacts: list[inspect.Artifact]) -> None:
    """`commit -- path` is repaired after the commit, where the framework has put the unstaged edits away once more.

    Our line in a tracked .gitignore is one of those edits: they would not come back, none of them.
    """
    tracked = any(ignorelines.file_for(a.entry.path) in catalog.entries for a in artifacts)
    if tracked or framework_stash.patches():
        path = artifacts[0].entry.path
        raise GuardError(
            problem="under the pre-commit framework, `git commit -- path` of an artifact would lose unstaged edits.",
            remedy=f"git add {pathspec(path)} && git commit     # without the path\n"
            "trinity-guard init --hooks native     # or: hooks that can do it",
        )


def refuse_links(catalog: tracked_outputs.Catalog, links: Sequence[bytes]) -> None:
    """Refuse a staged symlink in the place of an artifact that a pointer holds: it leads into this machine's cache."""
    for path, held in catalog.holders(links).items():
        if held.source.endswith(POINTER):
            raise GuardError(
                problem=f"{shown(path)} is a symlink, and {shown(held.source)} holds that path already.",
                remedy=f"git rm -q --cached -- {pathspec(path)}",
            )


def require_post_commit() -> None:
    """`commit -- path` uses an index of its own; only a post-commit hook can bring the real one along."""
    if hooks.leads_to_us("post-commit"):
        return
    raise GuardError(
        problem="`git commit -- path` needs our post-commit hook, which is not installed: "
        "without it the index would stage the raw file again.",
        remedy="trinity-guard init     # or: git add the file, then a plain git commit",
    )


def refuse_empty_commit(place: git.Place, outcome: Outcome, differing: Collection[bytes] = ()) -> None:
    """Refuse a commit that the conversion left empty: Git would make it all the same.

    differing: in which paths the index was another than the commit before. A pointer that neither had is something.
    """
    if any(i.held is None and i.pointer not in differing for i in outcome.converted) or not would_be_empty(place):
        return
    names = ", ".join(shown(i.path) for i in outcome.converted)
    raise GuardError(
        problem=f"nothing is left to commit: {names} is already recorded, byte for byte.",
        remedy="git status",
    )


def would_be_empty(place: git.Place) -> bool:
    """Whether this index leaves the commit under way nothing to commit, and Git would say so."""
    merging = os.path.exists(os.path.join(place.git_dir, b"MERGE_HEAD"))
    return index.same_as_head() and not (merging or caller.amending() or caller.may_be_empty())


def raw_in(place: git.Place, rules: Rules, entries: Sequence[index.Entry]) -> list[inspect.Artifact]:
    """Return the artifacts among a commit's files that nothing turned into pointers (--no-verify, cherry-pick …)."""
    findings = inspect.inspect(place, rules, entries)
    if not findings.artifacts:
        return []
    catalog = tracked_outputs.load(place)
    names = {i.path for i in convert.claim(place, catalog, [a.entry for a in findings.artifacts], refuse=False)[0]}
    return [a for a in findings.artifacts if a.entry.path in names]


def files_to_convert(
    place: git.Place, catalog: tracked_outputs.Catalog, rules: Rules, paths: Sequence[bytes]
) -> list[index.Entry]:
    """Return what `convert PATH…` means: tracked files as staged; artifacts of tracked folders; held files as they are.

    Raises GuardError for a path that is neither tracked nor held by a pointer.
    """
    held = catalog.by_path()
    found: dict[bytes, index.Entry] = {}
    for path in paths:
        listed = (
            [e for e in index.entries(path) if e.mode in (index.REGULAR, index.EXECUTABLE)] if path else index.entries()
        )
        exact = [e for e in listed if e.path == path]
        if exact and index.is_only_intended(exact[0]):
            exact = [_working_file(path)]
        chosen = exact or [a.entry for a in inspect.inspect(place, rules, listed).artifacts]
        if not chosen and path not in held and rules.folder_of(path + b"/_") == path:
            chosen = _held_below(place, held, path)
        if not exact and (path in held or path + POINTER in catalog.unmerged):
            chosen = [_working_file(path)]
        elif not listed and not os.path.lexists(place.file(path)):
            raise GuardError(problem=f"{shown(path)}: no such file.", remedy="git status")
        elif not listed:
            owners.Pipelines(place, catalog).belongs_in_git(path)  # refuses a stage's output by its own words
            raise GuardError(
                problem=f"{shown(path)} is not tracked by Git.",
                remedy=f"trinity-guard add {typed(path)}",
            )
        found.update((e.path, e) for e in chosen)
    return list(found.values())


def _held_below(place: git.Place, held: Iterable[bytes], folder: bytes) -> list[index.Entry]:
    """Return the files of a folder that is to be one artifact, and of which each has a pointer so far."""
    below = [path for path in held if path.startswith(folder + b"/")]
    return [_working_file(path) for path in below if os.path.isfile(place.file(path))]


def files_to_add(
    place: git.Place, catalog: tracked_outputs.Catalog, rules: Rules, paths: Sequence[bytes]
) -> list[index.Entry]:
    """Return what `add PATH…` means: these files, and the artifacts (by name) below these folders."""
    held = catalog.by_path()
    found: dict[bytes, index.Entry] = {}
    for path in paths:
        full = place.file(path) if path else place.top
        if os.path.islink(full):
            raise GuardError(
                problem=f"{shown(path)} is a symlink, not a file.",
                remedy="add the file that it points to, or, where DVC made the link: "
                f"dvc unprotect {typed(path)}, then again",
            )
        if os.path.isdir(full):
            for name in _files_below(place, path):
                if _is_meant(place, held, rules, name):
                    found[name] = _working_file(name)
        elif os.path.isfile(full):
            found[path] = _working_file(path)
        else:
            there = os.path.lexists(full)
            raise GuardError(problem=f"{shown(path)}: " + ("no ordinary file." if there else "no such file."))
    return list(found.values())


def _is_meant(place: git.Place, held: Collection[bytes], rules: Rules, path: bytes) -> bool:
    """Whether a folder that is added stands for this file of it: an artifact by name, and not too small for DVC."""
    if rules.folder_of(path) and not is_pointer(path):
        return True
    if not rules.named(path) or inspect.is_bookkeeping(path) or inside_dvc(path):
        return False
    return path in held or not rules.stays_small(path, os.lstat(place.file(path)).st_size)


def _working_file(path: bytes) -> index.Entry:
    return index.Entry(index.REGULAR, b"", path)


def _files_below(place: git.Place, folder: bytes) -> list[bytes]:
    """Return the untracked and the tracked files below a folder; ignored ones belong to whoever ignored them."""
    where = folder or b"."
    out = git.run("ls-files", "-z", "-c", "-o", "--exclude-standard", "--full-name", "--", where, env=git.literal())
    names = set(out.split(b"\0")[:-1])
    return sorted(n for n in names if os.path.isfile(place.file(n)) and not os.path.islink(place.file(n)))
