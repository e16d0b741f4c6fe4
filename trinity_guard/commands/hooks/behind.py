"""Artifacts that are not what their pointers say: which of them a commit records, and what is said of the others."""

from __future__ import annotations

import os

from trinity_guard import console
from trinity_guard.commands.hooks.deleted import is_deletion
from trinity_guard.commands.terminal import messages
from trinity_guard.convert import framework_stash
from trinity_guard.dvcrepo import compare, tracked, unstaged
from trinity_guard.dvcrepo.output import DIR, recording
from trinity_guard.errors import GuardError, pathspec, shown, typed
from trinity_guard.git import index

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from trinity_guard import git
    from trinity_guard.config import Config
    from trinity_guard.convert.outcome import Outcome
    from trinity_guard.dvcrepo.output import Output

MAX_NAMED = 10
# The state of data that agrees with the work tree's pointer, which differs from the index's.
UNSTAGED = "unstaged"
# With more files gone from a directory at once, somebody has freed the disk.
MAX_GONE = 10


class Decision:
    """What becomes of the data behind the pointers: recorded in this commit, or named.

    deleted: artifacts whose file is gone, which the commit may let go.
    """

    __slots__ = ("deleted", "named", "recorded")

    def __init__(self, recorded: list[Output], named: list[tuple[Output, str]], deleted: Sequence[Output] = ()) -> None:
        self.recorded = recorded
        self.named = named
        self.deleted = deleted


def decide(
    place: git.Place,
    config: Config,
    found: Sequence[tuple[Output, str]],
    framework: bool,
    comparison: compare.Comparison,
) -> Decision:
    """Decide, before anything is changed. Raises GuardError where `on-change` refuses."""
    if not found or not _wanted(place, config, framework):
        if config.on_change == "refuse":
            _refuse(place, found)
        return Decision([], list(found))
    many = config.on_change == "record"
    deleted: list[Output] = []
    decision = Decision([], [], deleted)
    for output, state in sorted(found, key=lambda item: item[0].path):  # as Git lists them, not the newest first
        if _recordable(comparison, output, state, many):
            decision.recorded.append(output)
        elif is_deletion(output, state):
            deleted.append(output)
        else:
            decision.named.append((output, state))
    return decision


def _wanted(place: git.Place, config: Config, framework: bool) -> bool:
    """Whether the commit under way is to record what changed; `commit -- path` records nothing but that path."""
    if config.on_change not in ("auto", "record") or "GIT_INDEX_FILE" not in os.environ or index.is_temporary(place):
        return False
    # The framework has put unstaged edits away.
    return config.on_change == "record" or (index.nothing_unstaged() and not (framework and framework_stash.patches()))


def _recordable(comparison: compare.Comparison, output: Output, state: str, many: bool = False) -> bool:
    """Whether what changed is to be recorded. many: also a directory that lost many of its files, or all."""
    if not output.renewable or not comparison.is_edit(output):
        return False
    if state != compare.CHANGED and not (state == compare.UNKNOWN and output.was_here):
        return False
    return output.kind != DIR or _directory_recordable(comparison, output, many)


def _directory_recordable(comparison: compare.Comparison, output: Output, many: bool) -> bool:
    """Whether what changed in a directory is an edit of it: not another version, not files that were never fetched."""
    difference = comparison.difference(output)
    if not difference or comparison.version(output) != compare.CHANGED:
        return False
    gone = difference.deleted
    # People free their disk.
    few = len(gone) <= MAX_GONE and len(gone) < difference.recorded
    return not gone or (comparison.were_here(output, gone) and (few or many))


def not_staged(
    comparison: compare.Comparison, found: Sequence[tuple[Output, str]], staged: Collection[bytes]
) -> list[tuple[Output, str]]:
    """Drop what the commit records as it was staged: files, and directories in which nothing else changed."""
    return [(o, state) for o, state in found if not _is_staged(comparison, o, staged)]


def _is_staged(comparison: compare.Comparison, output: Output, staged: Collection[bytes]) -> bool:
    if output.kind != DIR:
        return output.path in staged
    below = output.path + b"/"
    names = {path[len(below) :] for path in staged if path.startswith(below)}
    difference = comparison.difference(output) if names else None
    return difference is not None and names.issuperset(difference.names())


def _refuse(place: git.Place, found: Sequence[tuple[Output, str]]) -> None:
    comparison = compare.Comparison(place)
    states = ((o, comparison.version(o, tracked.HASH_LIMIT) if s == compare.CHANGED else s) for o, s in found)
    changed = [output for output, state in states if state != compare.OTHER_VERSION]
    if changed:
        names = ", ".join(shown(o.path) for o in changed[:MAX_NAMED]) + (" …" if len(changed) > MAX_NAMED else "")
        raise GuardError(
            problem=f"not what {'its pointer says' if len(changed) == 1 else 'their pointers say'}: {names}.",
            remedy="trinity-guard status     # says what helps\n"
            "TRINITY_GUARD_SKIP=convert git commit     # or commits without them",
        )


def below(place: git.Place, catalog: tracked.Catalog, paths: Sequence[bytes]) -> Decision:
    """Decide what `convert` and `add` mean by folders (b"": the top): all that changed in them, of any size."""
    outputs = catalog.outputs()
    if b"" not in paths:
        outputs = [o for o in outputs if any(o.path == p or o.path.startswith(p + b"/") for p in paths)]
    comparison = compare.Comparison(place)
    states = comparison.states(outputs, versions=False)
    found = [(o, state) for o, state in states if state not in (compare.PRESENT, compare.MISSING)]
    if comparison.noted:
        tracked.save(place, catalog)
    recorded = [o for o, state in found if _recordable(comparison, o, state)]
    return Decision(recorded, [(o, state) for o, state in found if o not in recorded])


def unable(place: git.Place, catalog: tracked.Catalog, paths: Sequence[bytes]) -> list[tuple[Output, str]]:
    """Return what is asked for by its name and cannot be converted: it is gone, or something else took its place."""
    asked = [output for output in catalog.outputs() if output.path in paths]
    states = compare.Comparison(place).states(asked, versions=False)
    return [(o, state) for o, state in states if state in (compare.DELETED, compare.MISSING, compare.REPLACED)]


def name(
    place: git.Place,
    config: Config,
    named: Sequence[tuple[Output, str]],
    differing: Collection[bytes] = (),
    still: str = "this commit still records",
) -> None:
    """Say of each what it is, and the commands that help. differing: the paths that this commit changes."""
    comparison = compare.Comparison(place)
    unknown = [output for output, state in named if state == compare.UNKNOWN]
    rest = [(output, state) for output, state in named if state not in (compare.UNKNOWN, compare.PRESENT)]
    said: dict[str, list[str]] = {}  # what several outputs of one stage need is told once
    for output, state in rest[:MAX_NAMED]:
        if state == compare.CHANGED:
            state = comparison.version(output, tracked.HASH_LIMIT)
        if state in (compare.CHANGED, compare.OTHER_VERSION) and unstaged.names_data(place, output, tracked.HASH_LIMIT):
            state = UNSTAGED
        if state == compare.OTHER_VERSION and output.source in differing and config.sync != "off":
            continue  # the data follows as soon as the commit is made
        if state == compare.DELETED and not os.path.lexists(place.file(output.source)):
            continue  # its pointer is gone as well, which Git sees
        problem, remedy = _words(config, comparison, output, state, still)
        said.setdefault(remedy, []).append(problem)
    for remedy, problems in said.items():
        console.warn("\n".join(problems), remedy)
    if len(rest) > MAX_NAMED:
        console.warn(f"and {len(rest) - MAX_NAMED} more.", "trinity-guard status")
    _name_unknown(unknown)


def report(place: git.Place, config: Config, decision: Decision, outcome: Outcome, given: Collection[bytes]) -> bool:
    """Say what `convert` or `add` left as it is; whether there is any. given: files that were asked for by name."""
    named = decision.named + outcome.left
    left = [(o, state) for o, state in named if o.path not in given and state != compare.PRESENT]
    name(place, config, left, still="its pointer still names")
    return bool(left)


def tell_again() -> None:
    """Say why Git is about to find nothing to commit."""
    console.warn(
        "Git had looked before, and saw nothing to commit. What changed is recorded now: run the same command again."
    )


def _words(config: Config, comparison: compare.Comparison, output: Output, state: str, still: str) -> tuple[str, str]:
    name, word = shown(output.path), typed(output.path)
    if state == UNSTAGED:
        return (
            f"{name} has changed, and {shown(output.source)}, which says so, is not staged: {still} the old version.",
            f"git add {pathspec(output.source)}",
        )
    if state == compare.OTHER_VERSION:
        return (
            f"{name} is not the version that its pointer names, but another one that was recorded.",
            f"trinity-guard pull {word}     # brings the pointer's version",
        )
    if state == compare.DELETED:
        return (
            f"{name} is gone, and its pointer is not: {still} it.",
            f"trinity-guard pull {word}     # brings it back{_letting_go(output)}",
        )
    if state == compare.REPLACED:
        kind = "a folder" if output.kind == DIR else "an ordinary file"
        adding = messages.adding(output)
        back = f"{messages.bringing_back(output.path)}     # {'or ' if adding else ''}brings back what was"
        remedy = f"{adding}     # records what is there now\n{back}" if adding else back
        return f"{name} is no longer {kind}: {still} what it was.", remedy
    if state == compare.MISSING:
        return f"{name} is not here.", f"trinity-guard pull {word}"
    if state == compare.WRITTEN:
        return (
            f"{name} is being written to: {still} the old version.",
            f"{recording(output)}     # when it is done",
        )
    return _words_of_change(config, comparison, output, still)


def _words_of_change(config: Config, comparison: compare.Comparison, output: Output, still: str) -> tuple[str, str]:
    """Return what is said of data that somebody changed: its pointer's version, or another one."""
    name, word = shown(output.path), typed(output.path)
    if not comparison.is_edit(output):
        return (
            f"{name} was changed here, and its pointer names another version since: {still} that one.",
            f"{recording(output)}     # records yours\n"
            f"mv {word} ELSEWHERE && trinity-guard pull {word}     # or brings the other",
        )
    difference = comparison.difference(output) if output.kind == DIR else None
    changes = f" ({messages.differences(difference)})" if difference else ""
    return (
        f"{name} has changed{changes}, and its pointer has not: {still} the old version.",
        (f"trinity-guard pull {word}     # brings back what is gone\n" if difference and difference.deleted else "")
        + _recording(config, output),
    )


def _letting_go(output: Output) -> str:
    """Return the command that lets a deleted artifact go, as a further line; none for what a stage makes again."""
    if output.stage:
        return ""
    alike = is_deletion(output, compare.DELETED)
    command = f"trinity-guard rm {typed(output.path)}" if alike else f"git rm -q -- {pathspec(output.source)}"
    return f"\n{command}     # or lets it go"


def _recording(config: Config, output: Output) -> str:
    command = recording(output)
    if config.on_change != "auto" or not output.renewable:
        return command
    return f"{command}     # records it\ngit commit -a     # or with all else that changed"


def _name_unknown(unknown: list[Output]) -> None:
    if unknown:
        one = len(unknown) == 1
        names = ", ".join(shown(o.path) for o in unknown[:3]) + (" …" if len(unknown) > 3 else "")
        console.warn(
            f"{names}: not compared with {'its pointer' if one else 'their pointers'}, "
            "too large for a commit to read, or unreadable.",
            "trinity-guard status     # reads all\ntrinity-guard convert -u     # records what changed",
        )
