"""Which commits does the event mean that started this run of a CI, or pre-commit's push stage?"""

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
# Events of GitHub and sources of GitLab's pipelines that mean no commits: a clock, or somebody's hand.
BY_HAND = ("schedule", "workflow_dispatch", "repository_dispatch", "web", "api", "trigger", "chat")
# What other CIs set in each run: most of them the first.
OTHERS = ("CI", "TF_BUILD", "JENKINS_URL", "TEAMCITY_VERSION", "BITBUCKET_COMMIT", "CODEBUILD_BUILD_ID")
DEEPER = (
    "git fetch --unshallow\n"
    "or, in a GitHub workflow, `fetch-depth: 0` at actions/checkout; in GitLab's, the variable GIT_DEPTH: 0"
)


class Range:
    """tip, without: commits (hex); what is reached from the latter is left out. words: the range as one reads it.

    base: the commit whose rules judge it, b"" where nothing was before it.
    """

    __slots__ = ("base", "tip", "without", "words")

    def __init__(self, tip: bytes, without: Sequence[bytes], words: str, base: bytes | None = None) -> None:
        self.base = base or (without[0] if without else b"")
        self.tip = tip
        self.without = list(without)
        self.words = words


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
    if _of_another(env):
        raise _not_told("this run of a CI")
    return None


def _with_roots(name: str, remote: str) -> Range:
    """Return what a push to a remote brings of which pre-commit names no range: a root is among it."""
    tip, there = revisions.require_commit(os.fsencode(name), "git log --oneline --all"), f"refs/remotes/{remote}/"
    known = git.run("for-each-ref", "--format=%(objectname)", there).split()
    return Range(tip, known, f"{short(tip)} and all before it" + (f" that {remote} has not" if known else ""))


def kind(env: Mapping[str, str]) -> str:
    """Return what started this run of a CI, in the CI's own word; "" where it is no such run."""
    if env.get("GITHUB_ACTIONS") == "true":
        return env.get("GITHUB_EVENT_NAME", "")
    return env.get("CI_PIPELINE_SOURCE", "") if env.get("GITLAB_CI") == "true" else ""


def _of_another(env: Mapping[str, str]) -> bool:
    """Whether this is a run of a CI; one whose events are known has been asked before."""
    return any(env.get(name, "").lower() not in ("", "0", "false", "no") for name in OTHERS)


def trusted_base(env: Mapping[str, str]) -> bytes | None:
    """Return the commit from which what this run of a CI looks at starts, as people with the right to merge left it.

    None where it looks at that itself, and outside of a CI. GuardError where the commit is not here.
    """
    if env.get("GITHUB_ACTIONS") == "true":
        event = _event(env)
        base = _of_request(event)[0] or _text(event, "merge_group", "base_sha")
        if base:
            return _base_of(base, env.get("GITHUB_BASE_REF", ""))
        default, ref = _text(event, "repository", "default_branch"), env.get("GITHUB_REF", "")
    elif env.get("GITLAB_CI") == "true":
        bases = ("CI_MERGE_REQUEST_DIFF_BASE_SHA", "CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_SHA")
        base = next((env[name] for name in bases if env.get(name)), "")
        if base:
            return _needed(base)
        default, ref = env.get("CI_DEFAULT_BRANCH", ""), f"refs/heads/{env.get('CI_COMMIT_BRANCH', '')}"
    else:
        return _of_origin() if _of_another(env) else None
    return None if not default or ref == f"refs/heads/{default}" else _default_here(default, ref)


def _of_origin() -> bytes:
    """Return the commit of the branch that all goes into, for a CI whose words for it are not known."""
    base = revisions.commit(b"refs/remotes/origin/HEAD")
    if base is None:
        raise GuardError(
            "what this run of a CI may trust cannot be told: the branch that all goes into, origin/HEAD, is not here.",
            "git fetch origin '+refs/heads/*:refs/remotes/origin/*' && git remote set-head origin --auto",
            UNUSABLE,
        )
    return base


def of_fork(env: Mapping[str, str]) -> bool:
    """Whether what this run of a CI looks at comes from somebody's own copy of the repository."""
    if env.get("GITHUB_ACTIONS") == "true" and env.get("GITHUB_EVENT_PATH"):
        event = _event(env)
        names = [_text(event, "pull_request", side, "repo", "full_name") for side in ("head", "base")]
        # Of a copy that was deleted since there is no name.
        return bool(_of_request(event)[0]) and (not names[0] or names[0] != names[1])
    ids = (env.get("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", ""), env.get("CI_MERGE_REQUEST_PROJECT_ID", ""))
    return env.get("GITLAB_CI") == "true" and ids[0] != ids[1]


def request(env: Mapping[str, str]) -> tuple[str, str]:
    """Return (project, number) of the pull or merge request that this run of a CI looks at, "" for both of none."""
    if env.get("GITHUB_ACTIONS") == "true":
        event = _event(env)
        number = event["pull_request"].get("number") if _of_request(event)[0] else None
        return (env.get("GITHUB_REPOSITORY", ""), str(number)) if isinstance(number, int) else ("", "")
    number, project = env.get("CI_MERGE_REQUEST_IID", ""), env.get("CI_MERGE_REQUEST_PROJECT_ID", "")
    numbers = number.isdecimal() and project.isdecimal()
    return (project, number) if env.get("GITLAB_CI") == "true" and numbers else ("", "")


def _default_here(default: str, ref: str) -> bytes:
    base = revisions.commit(b"refs/remotes/origin/" + os.fsencode(default))
    if base is None:
        raise GuardError(
            f"what of {shown(os.fsencode(ref))} is new cannot be told: origin/{default} is not here.",
            f"git fetch origin +refs/heads/{default}:refs/remotes/origin/{default}",
            UNUSABLE,
        )
    return base


def _github(env: Mapping[str, str]) -> Range | None:
    event_name = env.get("GITHUB_EVENT_NAME", "")
    if event_name in BY_HAND:
        return None
    event = _event(env)
    if event_name == "push":
        if not _text(event, "after"):
            raise _not_told(f"GitHub's event ({event_name})")
        default = _text(event, "repository", "default_branch")
        return _pushed(_text(event, "before"), _text(event, "after"), env.get("GITHUB_REF", ""), default)
    if event_name == "merge_group":
        base, tip = _text(event, "merge_group", "base_sha"), _text(event, "merge_group", "head_sha")
    else:
        base, tip = _of_request(event)  # a review of one names them, too
    if not (base and tip):
        raise _not_told(f"GitHub's event ({event_name})")
    branch = env.get("GITHUB_BASE_REF", "")
    return _without_base(_between(_base_of(base, branch), _needed(tip)), branch)


def _of_request(event: Any) -> tuple[str, str]:
    return _text(event, "pull_request", "base", "sha"), _text(event, "pull_request", "head", "sha")


def _base_of(base: str, branch: str) -> bytes:
    """Return the base of a pull request; it may have been pushed anew since, and its name leads to what it is now."""
    return revisions.commit(base.encode()) or revisions.commit(b"origin/" + os.fsencode(branch)) or _needed(base)


def _not_told(what: str) -> GuardError:
    remedy = "trinity-guard lint --range origin/main..HEAD     # what a branch brings; --all: HEAD and the index alone"
    return GuardError(f"{what} names no commits: which are meant cannot be told.", remedy, UNUSABLE)


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
    base, source = env.get("CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_SHA", ""), env.get("CI_PIPELINE_SOURCE", "")
    if base:
        return _between(_needed(base), _needed(env.get("CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_SHA") or tip))
    ref, default = env.get("CI_COMMIT_BRANCH", ""), env.get("CI_DEFAULT_BRANCH", "")
    # What started the pipeline that started this one is not told; what a branch has and the default one has not, is.
    of_another = source in ("parent_pipeline", "pipeline")
    if source in BY_HAND or (of_another and ref == default):
        return None
    if source != "push" and not of_another:
        raise _not_told(f"GitLab's pipeline ({source or 'of no source'})")
    before = "0" * 40 if of_another else env.get("CI_COMMIT_BEFORE_SHA", "")
    return _pushed(before, tip, f"refs/heads/{ref}" if ref else "", default)


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
        return Range(tip, [], f"{short(tip)} and all before it")
    base = _default_here(default, ref or short(tip))  # GitLab names no branch for a tag
    return Range(tip, [base], f"origin/{default}..{short(tip)}")


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
    return Range(tip, [base], f"{short(base)}..{short(tip)}")


def short(oid: bytes) -> str:
    return oid[:10].decode()
