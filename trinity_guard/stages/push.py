"""The hook around a push: nothing is published whose bytes nobody can fetch, and no raw artifact."""

from __future__ import annotations

import os
import sys

from trinity_guard import asking, console, gating, git, guarding, publication, reporting, secrets
from trinity_guard.errors import BLOCKED, FINE, GuardError, shown
from trinity_guard.inspection import quoted
from trinity_guard.pushqueue import Queue
from trinity_guard.rules import size_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from trinity_guard.config import Config
    from trinity_guard.gating import Findings, Ref
    from trinity_guard.inspection import Artifact
    from trinity_guard.references import Named

SKIP = "TRINITY_GUARD_SKIP=gate git push     # without this check"
MOST_LINES = 10


def pre_push(framework: bool, args: list[str]) -> int:
    """Refuse a push (exit 1), or see to it that all that it names is on the remote. args: Git's own, the remote first.

    The framework hands on one ref at most, and no list: under it, all local refs are taken to be pushed.
    """
    if console.skipped("gate"):
        return FINE
    place = git.hook_place()
    if framework:
        remote = os.environ.get("PRE_COMMIT_REMOTE_NAME", "")
        return gate(place, gating.local_commits(remote), [])
    # Git gives the list on standard input: all of it is read, or Git would get a SIGPIPE.
    refs = gating.read_refs(b"" if sys.stdin is None or sys.stdin.isatty() else sys.stdin.buffer.read())
    return gate(place, gating.unpublished(refs, args[0] if args else ""), refs)


def gate(place: git.Place, commits: list[bytes], refs: Sequence[Ref]) -> int:
    """Check these commits, and what refs name beside commits."""
    others = gating.other_objects(refs)
    if not commits and not others:
        return FINE
    config, rules = guarding.load_config(place)
    progress = console.Progress("looking through", unit=1, name="commits")
    found = gating.examine(place, rules, commits, others, progress)
    progress.close()
    _refuse_credentials(found)
    gating.published_elsewhere(found)
    gating.left_to_others(place, found)
    _refuse_raw(found, refs)
    _refuse_broken(found)
    if found.named:
        _secure(place, config, found, refs)
    _drain(place, config)
    return FINE


def _secure(place: git.Place, config: Config, found: Findings, refs: Sequence[Ref]) -> None:
    asking.about_places(place, config, found.named)
    progress = console.Progress("pushing")
    try:
        gating.require_same_places(place, refs, found)
        secured = gating.secure(place, config, found.named, progress)
    except GuardError as error:
        progress.close()
        raise GuardError(
            problem=f"push refused: it cannot be told whether others could fetch what it names.\n  {error.problem}",
            remedy="\n".join(filter(None, [error.remedy, SKIP])),
            exit_code=BLOCKED,
        ) from error
    progress.close()
    reporting.tell_sent(secured.sent)
    for name in secured.left:
        console.note(f"the remote '{name}' is cloud-versioned: its objects are DVC's alone to push (dvc push).")
    if secured.missing:
        _judge_missing(secured.missing, gating.known_elsewhere(found))


def _judge_missing(missing: list[tuple[Named, str]], known: set[bytes]) -> None:
    """Refuse what nobody could fetch; an old commit that another Git remote has already is named alone.

    Old versions go for good (`dvc gc --cloud`), and the history that names them is still pushed to a fork.
    """
    fresh = [(item, reason) for item, reason in missing if item.commit not in known]
    if fresh:
        raise _lacking(fresh)
    first = shown(missing[0][0].path)
    others = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
    console.warn(
        f"{first}{others} in commits that another Git remote has already: nobody could fetch the bytes.",
        f"trinity-guard push {missing[0][0].commit[:10].decode()}     # where the bytes are, if they are to be kept",
    )


def _lacking(missing: list[tuple[Named, str]]) -> GuardError:
    lines = [
        f"  {shown(item.path)} ({size_text(item.size) if item.size >= 0 else 'size unknown'}, "
        f"commit {item.commit[:10].decode()}): {reason}"
        for item, reason in missing[:MOST_LINES]
    ]
    if len(missing) > MOST_LINES:
        lines.append(f"  and {len(missing) - MOST_LINES} more")
    count = f"{len(missing)} object{'s' if len(missing) > 1 else ''}"
    commit = missing[0][0].commit[:10].decode()
    return GuardError(
        problem="\n".join([f"push refused: nobody could fetch {count} that it names.", *lines]),
        remedy=f"trinity-guard push {commit}     # where the bytes are: on another machine?\n{SKIP}",
        exit_code=BLOCKED,
    )


def _drain(place: git.Place, config: Config) -> None:
    """Try once more what waits from earlier; that it still waits is no reason to refuse this push."""
    if config.push != "off" and not Queue(place).empty():
        report = publication.push(place, config, [], asked=False)
        reporting.tell_sent(report.pushed)


# ---- refusals ----


def _refuse_credentials(found: Findings) -> None:
    data = git.read_all([e.oid for _, e in found.records])
    for (commit, entry), content in zip(found.records, data, strict=True):
        try:
            hits = secrets.credentials_in(content or b"", entry.path)
        except GuardError as error:
            found.broken.setdefault((commit, entry.path), error)
            continue
        if hits:
            words = secrets.refusal(hits, entry.path)
            remedy = words.remedy
            if gating.is_own_config(entry.path):
                remedy = f"git rm --cached {quoted(shown(entry.path))}     # it stays here, as .dvc/.gitignore has it"
            raise GuardError(
                problem=f"push refused: in commit {commit[:10].decode()}, {words.problem}",
                remedy=f"{remedy}\nthen take it out of the commit: git commit --amend, or git rebase -i\n{SKIP}",
                exit_code=BLOCKED,
            )


def _refuse_broken(found: Findings) -> None:
    for (commit, _), error in found.broken.items():
        raise GuardError(
            problem=f"push refused: in commit {commit[:10].decode()}, {error.problem}",
            remedy=f"correct the pointer in that commit (git rebase -i {commit[:10].decode()}^)\n{SKIP}",
            exit_code=BLOCKED,
        )


def _refuse_raw(found: Findings, refs: Sequence[Ref]) -> None:
    if not found.raw:
        return
    lines = [
        f"  {shown(a.entry.path)} ({size_text(a.size)}, commit {c[:10].decode()}): {a.reason}"
        for c, a in found.raw[:MOST_LINES]
    ]
    if len(found.raw) > MOST_LINES:
        lines.append(f"  and {len(found.raw) - MOST_LINES} more")
    raise GuardError(
        problem="\n".join(["push refused: it would publish artifacts raw, for ever.", *lines]),
        remedy=f"{_mending(found.raw, found.commits, refs)}\n{SKIP}",
        exit_code=BLOCKED,
    )


def _mending(raw: list[tuple[bytes, Artifact]], commits: list[bytes], refs: Sequence[Ref]) -> str:
    """Return the commands that turn exactly these into pointers."""
    holding = {c for c, _ in raw}
    tip = next((r for r in refs if holding == {r.oid}), None)
    branch = shown(git.attempt("symbolic-ref", "-q", "--short", "HEAD").out.strip())
    if tip is not None:
        name = shown(tip.target.removeprefix(b"refs/heads/"))
        there = "" if tip.name in (b"HEAD", b"refs/heads/" + branch.encode()) else f"git checkout {quoted(name)} && "
        return f"{there}git commit --amend --no-edit     # turns them into pointers; then push again"
    oldest = next(c for c in reversed(commits) if c in holding).decode()
    base = f"{oldest[:10]}^" if git.parents(oldest) else "--root"
    return f"git rebase --exec 'git commit --amend --no-edit' {base}     # turns each into a pointer; then push again"
