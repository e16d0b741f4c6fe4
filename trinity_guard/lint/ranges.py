"""Which commits are meant: a range as it is written, or what the environment of a CI says of its event."""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.errors import UNUSABLE, GuardError, shown
from trinity_guard.git import revisions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

MAX_EVENT = 32 << 20
DEEPER = (
    "git fetch --unshallow\n"
    "or, in a GitHub workflow, `fetch-depth: 0` at actions/checkout; in GitLab's, the variable GIT_DEPTH: 0"
)


class Range:
    """tip, without: commits (hex); what is reached from the latter is left out. words: the range as one reads it."""

    __slots__ = ("tip", "without", "words")

    def __init__(self, tip: bytes, without: Sequence[bytes], words: str) -> None:
        self.tip = tip
        self.without = list(without)
        self.words = words


def commit(name: str | bytes) -> bytes:
    """Return the id of the commit that a name means; GuardError (exit 2) where there is none."""
    return revisions.require_commit(os.fsencode(name), "git log --oneline --all")


def written(text: str) -> Range:
    """Read A..B, A...B (what B has beyond where it left A), or B alone (its whole history), as Git does; and the zeros
    that a hook is given in the place of a commit."""
    three = "..." in text
    left, dots, right = text.partition("..." if three else "..")
    if not dots:
        return Range(commit(text), [], text)
    if ".." in right:
        raise GuardError(
            f"'{shown(os.fsencode(text))}' is no range of commits.", "trinity-guard lint --range main..HEAD", UNUSABLE
        )
    if _nothing(right):
        return Range(b"", [], "a deleted branch")
    if _nothing(left):
        return _new(commit(right or "HEAD"))
    tip, base = commit(right or "HEAD"), commit(left or "HEAD")
    # From the point where the two parted on, what B has and A has not is the same with two dots and with three.
    return Range(tip, [base], text)


def _nothing(name: str) -> bool:
    """Whether it is the id that Git gives to its hooks where there is no commit: of a new branch, or one deleted."""
    return len(name) >= 40 and not name.strip("0")


def _new(tip: bytes) -> Range:
    """Return what a new branch brings, before it is there (pre-receive): all that no ref has. All of it otherwise."""
    if git.run("for-each-ref", "--count=1", "--contains", tip):
        return Range(tip, [], f"{_short(tip)} and all before it")
    form = "--format=%(objecttype) %(objectname)%0a%(*objecttype) %(*objectname)"
    lines = (line.partition(b" ") for line in git.run("for-each-ref", form).splitlines())
    tips = {oid for kind, _, oid in lines if kind == b"commit"}
    return Range(tip, sorted(tips), f"{_short(tip)}, new here")


def commits(chosen: Range) -> list[bytes]:
    """Return the commits of a range, the oldest first; GuardError (exit 2) where history is cut off within it."""
    data = b"".join([chosen.tip + b"\n", *(b"^" + c + b"\n" for c in chosen.without)])
    found = git.run("rev-list", "--reverse", "--topo-order", "--stdin", data=data).split()
    if found:
        _require_whole(found, chosen)
    return found


def _require_whole(found: Sequence[bytes], chosen: Range) -> None:
    """Refuse a range that reaches the commits at which a shallow clone was cut off: what lies below is not known."""
    file = git.run("rev-parse", "--git-path", "shallow")[:-1]
    try:
        with open(file, "rb") as opened:
            cut = set(opened.read().split())
    except FileNotFoundError:
        return
    if not cut.isdisjoint(found):
        raise GuardError(f"this clone is shallow: it does not hold all commits of {chosen.words}.", DEEPER, UNUSABLE)


# ---- what a CI says


def told(env: Mapping[str, str]) -> Range | None:
    """Return the commits that this run of a CI, or pre-commit's push stage, is about; None where nothing says."""
    if env.get("PRE_COMMIT_TO_REF") and env.get("PRE_COMMIT_FROM_REF"):
        base, tip = _needed(env["PRE_COMMIT_FROM_REF"]), _needed(env["PRE_COMMIT_TO_REF"])
        return _between(base, tip)
    if env.get("PRE_COMMIT_REMOTE_NAME") and env.get("PRE_COMMIT_LOCAL_BRANCH"):
        return _with_roots(env["PRE_COMMIT_LOCAL_BRANCH"], env["PRE_COMMIT_REMOTE_NAME"])
    if env.get("PRE_COMMIT"):
        return None  # its stage before a commit, wherever that runs
    if env.get("GITHUB_ACTIONS") == "true":
        return _github(env)
    if env.get("GITLAB_CI") == "true":
        return _gitlab(env)
    return None


def _with_roots(name: str, remote: str) -> Range:
    """Return what a push to a remote brings of which pre-commit names no range: a root is among it."""
    tip, there = commit(name), f"refs/remotes/{remote}/"
    known = git.run("for-each-ref", "--format=%(objectname)", there).split()
    return Range(tip, known, f"{_short(tip)} and all before it" + (f" that {remote} has not" if known else ""))


def _github(env: Mapping[str, str]) -> Range | None:
    kind = env.get("GITHUB_EVENT_NAME", "")
    if kind not in ("pull_request", "pull_request_target", "merge_group", "push"):
        return None  # started by hand, by the clock: no commits are meant
    event = _event(env)
    if kind == "push":
        default = _text(event, "repository", "default_branch")
        return _pushed(_text(event, "before"), _text(event, "after"), env.get("GITHUB_REF", ""), default)
    if kind == "merge_group":
        base, tip = _text(event, "merge_group", "base_sha"), _text(event, "merge_group", "head_sha")
    else:
        base, tip = _text(event, "pull_request", "base", "sha"), _text(event, "pull_request", "head", "sha")
    if not (base and tip):
        raise GuardError(f"GitHub's event ({kind}) names no commits.", "trinity-guard lint --range A..B", UNUSABLE)
    # The base may have been pushed anew since; the branch's own name leads to what it is now.
    branch = env.get("GITHUB_BASE_REF", "")
    known = revisions.commit(base.encode()) or revisions.commit(b"origin/" + os.fsencode(branch))
    return _without_base(_between(known or _needed(base), _needed(tip)), branch)


def _event(env: Mapping[str, str]) -> Any:
    import json

    path = env.get("GITHUB_EVENT_PATH", "")
    try:
        with open(path, "rb") as file:
            event = json.loads(file.read(MAX_EVENT))
    except (OSError, ValueError, RecursionError):
        raise GuardError(
            f"GitHub's event (GITHUB_EVENT_PATH={shown(os.fsencode(path))}) cannot be read.",
            "trinity-guard lint --range A..B     # say yourself what is meant",
            UNUSABLE,
        ) from None
    return event


def _text(event: Any, *keys: str) -> str:
    for key in keys:
        event = event.get(key) if isinstance(event, dict) else None
    return event if isinstance(event, str) else ""


def _gitlab(env: Mapping[str, str]) -> Range | None:
    tip = env.get("CI_COMMIT_SHA", "")
    base = env.get("CI_MERGE_REQUEST_DIFF_BASE_SHA", "")
    if base:
        # In a pipeline for the merged result, CI_COMMIT_SHA is GitLab's own merge with the target.
        return _between(_needed(base), _needed(env.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or tip))
    if env.get("CI_PIPELINE_SOURCE") != "push":
        return None
    ref = env.get("CI_COMMIT_BRANCH", "")
    return _pushed(
        env.get("CI_COMMIT_BEFORE_SHA", ""), tip, f"refs/heads/{ref}" if ref else "", env.get("CI_DEFAULT_BRANCH", "")
    )


def _pushed(before: str, after: str, ref: str, default: str) -> Range | None:
    """Return what a push brought: all since `before`, or where that is nothing or gone, all beyond the default branch.

    Other branches do not count: the branch that was pushed is itself among a clone's refs by now.
    """
    if after and not after.strip("0"):
        return Range(b"", [], "a deleted branch")
    tip = _needed(after)
    known = revisions.commit(before.encode()) if before.strip("0") else None
    if known:
        found = _between(known, tip)
        return found if ref == f"refs/heads/{default}" else _without_base(found, default)
    if not default or ref == f"refs/heads/{default}":
        return Range(tip, [], f"{_short(tip)} and all before it")
    base = revisions.commit(b"refs/remotes/origin/" + os.fsencode(default))
    if base is None:
        pushed = shown(os.fsencode(ref)) or _short(tip)  # GitLab names no branch for a tag
        raise GuardError(
            f"which commits of {pushed} are new cannot be told: origin/{default} is not here.",
            f"git fetch origin +refs/heads/{default}:refs/remotes/origin/{default}",
            UNUSABLE,
        )
    return Range(tip, [base], f"origin/{default}..{_short(tip)}")


def _without_base(found: Range, branch: str) -> Range:
    """Leave out what the branch that all goes into has got since: others brought it, and it was looked at then."""
    base = revisions.commit(b"refs/remotes/origin/" + os.fsencode(branch)) if branch else None
    if base and git.attempt("merge-base", "--is-ancestor", found.tip, base).code == 1:
        found.without.append(base)
    return found


def _needed(name: str) -> bytes:
    """Return a commit that a CI names; where it is not here, the clone is not deep enough."""
    found = revisions.commit(os.fsencode(name))
    if found is None:
        raise GuardError(f"the commit {shown(os.fsencode(name))} is not in this clone.", DEEPER, UNUSABLE)
    return found


def _between(base: bytes, tip: bytes) -> Range:
    return Range(tip, [base], f"{_short(base)}..{_short(tip)}")


def _short(oid: bytes) -> str:
    return oid[:10].decode()
