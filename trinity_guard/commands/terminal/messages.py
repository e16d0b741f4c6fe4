"""The same facts in the same words, for every command that converts or pushes."""

from __future__ import annotations

import os

from trinity_guard import console
from trinity_guard.detect.patterns import size_text
from trinity_guard.dvcrepo.output import recording
from trinity_guard.dvcrepo.paths import POINTER
from trinity_guard.errors import pathspec, shown, typed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from trinity_guard.convert.outcome import Converted, Outcome
    from trinity_guard.dvcrepo.directory import Difference
    from trinity_guard.dvcrepo.output import Output
    from trinity_guard.push.push import Report


MAX_NAMED = 20
AGAIN = "trinity-guard push --pending     # tries again; the next commit does too"


def report_conversion(outcome: Outcome, changed: Collection[bytes] = ()) -> None:
    """Say what became a pointer, what was left to others, and which working files are newer.

    changed: the paths that nobody staged, and that are recorded because they changed behind their pointers.
    """
    renewed = [item for item in outcome.converted if item.renewed]
    for item in renewed[:MAX_NAMED]:
        console.note(f"{_described(item, item.path in changed)} -> {shown(item.pointer)}")
    if len(renewed) > MAX_NAMED:
        size = size_text(sum(item.size for item in renewed[MAX_NAMED:]))
        console.note(f"and {len(renewed) - MAX_NAMED} more ({size}); `trinity-guard status` lists them all.")
    for remark in outcome.remarks:
        console.warn(*remark)
    for item in outcome.converted:
        _report_unrecorded(item)
        if item.newer:
            name = shown(item.path)
            console.warn(
                f"{name}: what was staged is recorded; the newer working file stays as it is.",
                f"trinity-guard convert {typed(item.path)}     # records it too",
            )


def _described(item: Converted, changed: bool) -> str:
    size = size_text(item.size)
    if item.nfiles < 0:
        return f"{shown(item.path)}{' has changed' if changed else ''} ({size})"
    of = f"{counted(item.nfiles, 'file')}, {size}"
    if not changed:
        return f"{shown(item.path)}/ ({of})"
    which = differences(item.difference) + "; " if item.difference else ""
    return f"{shown(item.path)} has changed ({which}{of})"


def differences(difference: Difference) -> str:
    """Return which files of a directory are not as recorded."""
    kinds = (("new", difference.added), ("changed", difference.changed), ("gone", difference.deleted))
    return "; ".join(
        f"{len(names):,} {kind}: {', '.join(map(shown, names[:3]))}" + (" …" if len(names) > 3 else "")
        for kind, names in kinds
        if names
    )


def _report_unrecorded(item: Converted) -> None:
    """Name what lies in a folder that is one artifact now, and was not staged: Git does not show it any more."""
    if item.unrecorded:
        names = ", ".join(shown(name) for name in item.unrecorded[:3]) + (" …" if len(item.unrecorded) > 3 else "")
        console.warn(
            f"{shown(item.path)}/ has {counted(len(item.unrecorded), 'file')} that this does not record, "
            f"for nothing of them was staged: {names}.",
            f"trinity-guard convert {typed(item.path)}     # records all that is there",
        )


def counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def report_moves(moved: Sequence[tuple[bytes, bytes]]) -> None:
    """Say which data went along with its pointer."""
    for old, new in moved[:MAX_NAMED]:
        console.note(f"{shown(old)} -> {shown(new)}, with its pointer and its ignore line.")
    if len(moved) > MAX_NAMED:
        console.note(f"and {len(moved) - MAX_NAMED} more.")


def adding(output: Output) -> str:
    """Return the command that records what took the place of an output, a folder or a file; "" for what is neither."""
    try:
        kind = os.stat(output.path).st_mode & 0o170000
    except OSError:
        return ""  # a symlink to nothing
    if kind not in (0o100000, 0o040000):
        return ""  # DVC waits for ever at a pipe
    if output.stage or output.imported or output.source != output.path + POINTER:
        return recording(output)
    return f"dvc add {typed(output.path)} && git add {pathspec(output.source)}"


def bringing_back(path: bytes) -> str:
    """Return the command that puts what is recorded in the place of what is there now."""
    return f"mv {typed(path)} ELSEWHERE && trinity-guard pull {typed(path)}"


def report_push(result: Report, stands: str = "") -> None:
    """Say what went and what waits. stands: what a failure has not touched (`the commit stands; `)."""
    if result.pushed:
        size = size_text(sum(max(i.size, 0) for i in result.pushed))
        remotes = " and ".join(f"'{name}'" for name in result.remotes)
        console.note(f"pushed {_objects(len(result.pushed))} ({size}) to {remotes}.")
    for name in dict.fromkeys(result.left):
        console.note(f"the remote '{name}' is cloud-versioned: DVC alone can push there (dvc push).")
    if result.waiting:
        size = size_text(sum(max(i.size, 0) for i in result.waiting))
        reasons = "; ".join(dict.fromkeys(result.reasons))
        waiting = _objects(len(result.waiting))
        console.warn(
            f"{stands}{waiting} ({size}) could not go to the DVC remote yet: {reasons}.",
            "\n".join([*dict.fromkeys(result.remedies), AGAIN]),
        )


def report_sent(items: Sequence[Output]) -> None:
    """Say what went beside the command's own business."""
    if items:
        size = size_text(sum(max(i.size, 0) for i in items))
        console.note(f"pushed {_objects(len(items))} ({size}) first.")


def report_background(count: int) -> None:
    """Say that a push goes on without us."""
    console.note(f"pushing {_objects(count)} in the background.")


def _objects(n: int) -> str:
    return "1 object" if n == 1 else f"{n} objects"
