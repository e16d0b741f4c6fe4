"""Checks that are lint's rules: what those find in the index and the working tree, with doctor's remedy and --fix."""

from __future__ import annotations

from collections.abc import Sequence

from trinity_guard.convert import ignorelines
from trinity_guard.doctor.checks import ERROR, WARNING, Check, Repository, counted, fine, listed
from trinity_guard.errors import GuardError, shown
from trinity_guard.lint import finding as lint
from trinity_guard.lint import fix
from trinity_guard.lint.finding import Finding
from trinity_guard.setup import record

FIX = "trinity-guard doctor --fix"
# So many commands are told at once; the others when these are done.
MAX_COMMANDS = 5


def pointers(subject: Repository) -> Check:
    """TG005: one pointer that cannot be read stops every DVC command."""
    found = subject.findings("TG005")
    if not found:
        return fine(f"{counted(len({h.source for h in subject.linted().held()}), 'pointer')} can be read")
    return Check(ERROR, f"{_words(found[0])}{_more(found)}", found[0].remedy)


def not_ignored(subject: Repository) -> Check:
    """TG004: what a pointer holds must be ignored, or the next `git add -A` stages it beside its pointer."""
    found = subject.findings("TG004")
    if not found:
        count = len(subject.linted().held())
        return fine(f"Git ignores what {counted(count, 'pointer')} hold{'s' if count == 1 else ''}")
    return Check(
        WARNING,
        f"held by a pointer, and not ignored by Git: {listed([bytes.fromhex(f.key) for f in found])}.",
        f"{FIX}     # adds the lines to the .gitignore beside each",
        lambda: _fix(subject, found, [ignorelines.file_for(bytes.fromhex(f.key)) for f in found]),
    )


def tracked_twice(subject: Repository) -> Check:
    """TG007: Git and DVC would each change the file behind the other's back."""
    found = subject.findings("TG007")
    if not found:
        return fine("no file is tracked by Git and by DVC")
    commands = list(dict.fromkeys(f.remedy.partition("     #")[0] for f in found))
    return Check(
        ERROR, f"tracked by Git and by DVC: {listed([f.path for f in found])}.",
        " && ".join([*commands[:MAX_COMMANDS], "git commit -m 'Left to DVC'     # the files stay"]),
    )  # fmt: skip


def credentials(subject: Repository) -> Check:
    """TG006: a credential in a file that Git holds, or will hold with the next commit."""
    found = sorted(subject.findings("TG006"), key=lambda f: f.level != lint.ERROR)
    if not found:
        return fine("no credential in DVC's files")
    first = found[0]
    movable = [f for f in found if f.fixable]
    targets = [name for f in movable for name in fix.changed_by_moving(f.path)]
    return Check(
        ERROR if first.level == lint.ERROR else WARNING,
        f"{_words(first)}{_more(found)}",
        first.remedy,
        (lambda: _fix(subject, movable, targets)) if first.fixable else None,
    )


def _words(finding: Finding) -> str:
    return f"{shown(finding.path)}: {finding.problem}."


def _more(found: Sequence[Finding]) -> str:
    return f" (and {len(found) - 1} more)" if len(found) > 1 else ""


def _fix(subject: Repository, found: Sequence[Finding], targets: Sequence[bytes]) -> str:
    """Have lint mend these, and stage the files that it changes, where nobody's unstaged lines would go along."""
    plan = record.InstallPlan(subject.place)
    for target in targets:
        plan.about_to_change(target)
    done = fix.fix(subject.place, found)
    plan.stage()
    if done.left and not done.mended:
        raise GuardError(f"{_words(done.left[0])}", done.left[0].remedy)
    return "; ".join([*done.mended, *(_words(f) for f in done.left)])
