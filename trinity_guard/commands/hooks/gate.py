"""What comes of a push that names objects, or holds what must not be published: refused, or seen to."""

from __future__ import annotations

import os

from trinity_guard import console, git
from trinity_guard.commands.terminal import confirm, messages, progress
from trinity_guard.detect import conflicts
from trinity_guard.detect.patterns import size_text
from trinity_guard.dvcrepo import secrets
from trinity_guard.dvcrepo.paths import is_private_config, store_of
from trinity_guard.errors import BLOCKED, GuardError, pathspec, shown, typed
from trinity_guard.git import revisions
from trinity_guard.push import contents, deliver, gate
from trinity_guard.push import gate as gating

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from trinity_guard.config import Config
    from trinity_guard.detect.inspect import Artifact
    from trinity_guard.dvcrepo.output import Output
    from trinity_guard.push.contents import PushContents
    from trinity_guard.push.refs import Ref

SKIP = "TRINITY_GUARD_SKIP=gate git push     # without this check"
MAX_LINES = 10


def judge(place: git.Place, config: Config, found: PushContents, refs: Sequence[Ref]) -> None:
    """Refuse the push, or see to it that all that it names is on the remote."""
    _refuse_credentials(found)
    contents.published_elsewhere(found)
    contents.left_to_others(place, found)
    _refuse_raw(found, refs)
    _refuse_broken(found, refs)
    if found.named:
        _secure(place, config, found, refs)


def _secure(place: git.Place, config: Config, found: PushContents, refs: Sequence[Ref]) -> None:
    confirm.about_places(place, config, found.named, published=True)
    try:
        gate.require_same_places(place, refs, found)
        with progress.Progress() as line:
            secured = gating.secure(place, config, found.named, line.bar("pushing"), _say_waiting)
    except GuardError as error:
        raise GuardError(
            problem=f"push refused: it cannot be told whether others could fetch what it names.\n  {error.problem}",
            remedy="\n".join(filter(None, [error.remedy, SKIP])),
            exit_code=BLOCKED,
        ) from error
    messages.report_sent(secured.sent)
    if secured.unversioned:
        raise _unversioned(secured.unversioned, secured.left[0])
    for name in secured.left:
        console.note(f"the remote '{name}' is cloud-versioned: its objects are DVC's alone to push (dvc push).")
    if secured.missing:
        _judge_missing(place, secured.missing, contents.known_elsewhere(found))


def _unversioned(items: list[Output], remote: str) -> GuardError:
    names = ", ".join(shown(i.record) for i in items[:MAX_LINES]) + (" …" if len(items) > MAX_LINES else "")
    return GuardError(
        f"push refused: nobody could fetch {names}: the remote '{remote}' is cloud-versioned, and no version is named.",
        f"dvc push && git commit --amend --no-edit -a     # DVC writes the versions into the pointers\n{SKIP}",
        BLOCKED,
    )


def _say_waiting() -> None:
    console.note("waits for another push of this repository's objects (trinity-guard status) …")


def _judge_missing(place: git.Place, missing: list[tuple[Output, str]], known: set[bytes]) -> None:
    """Refuse what nobody could fetch; an old commit that another Git remote has already is named alone.

    Old versions go for good (`dvc gc --cloud`), and the history that names them is still pushed to a fork.
    """
    fresh = [(item, reason) for item, reason in missing if item.commit not in known]
    if fresh:
        raise _lacking(fresh, deliver.from_here(place, fresh))
    first = shown(missing[0][0].record)
    others = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
    console.warn(
        f"{first}{others} in commits that another Git remote has already: nobody could fetch the bytes.",
        f"trinity-guard push {missing[0][0].commit[:10].decode()}     # where the bytes are, if they are to be kept",
    )


def _lacking(missing: list[tuple[Output, str]], here: list[str]) -> GuardError:
    lines = [
        f"  {shown(item.record)} ({size_text(item.size) if item.size >= 0 else 'size unknown'}, "
        f"commit {item.commit[:10].decode()}): {reason}"
        for item, reason in missing[:MAX_LINES]
    ]
    if len(missing) > MAX_LINES:
        lines.append(f"  and {len(missing) - MAX_LINES} more")
    count = f"{len(missing)} object{'s' if len(missing) > 1 else ''}"
    commit = missing[0][0].commit[:10].decode()
    ways = here or [f"trinity-guard push {commit}     # where the bytes are: on another machine?"]
    return GuardError(
        problem="\n".join([f"push refused: nobody could fetch {count} that it names.", *lines]),
        remedy="\n".join([*ways, SKIP]),
        exit_code=BLOCKED,
    )


# ---- refusals ----


def _refuse_credentials(found: PushContents) -> None:
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
            if is_private_config(entry.path):
                remedy = f"git rm --cached {pathspec(entry.path)}     # it stays here, as .dvc/.gitignore has it"
            raise GuardError(
                problem=f"push refused: in commit {commit[:10].decode()}, {words.problem}",
                remedy=f"{remedy}\nthen take it out of the commit: git commit --amend, or git rebase -i\n{SKIP}",
                exit_code=BLOCKED,
            )


def _refuse_broken(found: PushContents, refs: Sequence[Ref]) -> None:
    for (commit, path), error in found.broken.items():
        way = f"correct the pointer in that commit (git rebase -i {commit[:10].decode()}^)"
        if conflicts.is_marked(error):
            last = commit == revisions.commit(b"HEAD")
            way = "\n".join([*_going_to(commit, refs), *conflicts.out_of_commit(path, commit, last)])
        raise GuardError(
            problem=f"push refused: in commit {commit[:10].decode()}, {error.problem}",
            remedy=f"{way}\n{SKIP}",
            exit_code=BLOCKED,
        )


def _going_to(commit: bytes, refs: Sequence[Ref]) -> list[str]:
    """Return the command that goes to a pushed branch which has this commit, where HEAD has it not."""
    if not git.attempt("merge-base", "--is-ancestor", commit, "HEAD").code:
        return []
    names = [r.name for r in refs if r.oid and not git.attempt("merge-base", "--is-ancestor", commit, r.oid).code]
    return [_to_and_from(name)[0].removesuffix(" && ") for name in names[:1]]


def _refuse_raw(found: PushContents, refs: Sequence[Ref]) -> None:
    if not found.raw:
        return
    lines = [
        f"  {shown(a.entry.path)} ({size_text(a.size)}, commit {c[:10].decode()}): {a.reason}"
        for c, a in found.raw[:MAX_LINES]
    ]
    if len(found.raw) > MAX_LINES:
        lines.append(f"  and {len(found.raw) - MAX_LINES} more")
    raise GuardError(
        problem="\n".join(["push refused: it would publish artifacts raw, for ever.", *lines]),
        remedy=f"{_fix(found.raw, found.commits, refs)}\n{SKIP}",
        exit_code=BLOCKED,
    )


def _fix(raw: list[tuple[bytes, Artifact]], commits: list[bytes], refs: Sequence[Ref]) -> str:
    """Return the commands that turn exactly these into pointers, on the first ref that holds any."""
    for name, tip, there in [(r.name, r.oid, r.there) for r in refs if r.oid] or [(b"HEAD", b"HEAD", b"")]:
        history = git.attempt("rev-list", "--topo-order", "--reverse", tip).out.split()
        pushed = set(commits)
        mine = [c for c in history if c in pushed]
        holding = {c for c, _ in raw}.intersection(mine)
        if holding:
            stored = all(store_of(a.entry.path) for _, a in raw)  # which no migration takes out
            if holding != {mine[-1]} and len(mine) == len(history) and not stored:
                return _moving(name)
            if not stored and _builds_up(holding, mine, raw) and _known_as_published(tip, mine):
                return _moving(name, " --unpublished")
            return _fix_of_ref(name, mine, holding, {a.entry.path for _, a in raw}, there)
    return "move the ref to a commit, or a tree, without them"


def _moving(name: bytes, but: str = "") -> str:
    """Return the command that rewrites all of a ref's history, or all but what is published."""
    word = typed(name.removeprefix(b"refs/heads/").removeprefix(b"refs/tags/"))
    return f"trinity-guard migrate run --ref {word}{but}     # pointers in each of these commits; then push again"


def _builds_up(holding: set[bytes], mine: list[bytes], raw: list[tuple[bytes, Artifact]]) -> bool:
    """Whether neither an amend nor a rebase could turn these into pointers."""
    oldest = next(c for c in mine if c in holding).decode()
    return holding != {mine[-1]} and not _independent(oldest, mine[-1].decode(), {a.entry.path for _, a in raw})


def _known_as_published(tip: bytes, mine: list[bytes]) -> bool:
    """Whether our remote-tracking refs tell the same commits from the published ones as the other side does."""
    return set(git.attempt("rev-list", tip, "--not", "--remotes").out.split()) == set(mine)


def _fix_of_ref(name: bytes, mine: list[bytes], holding: set[bytes], paths: set[bytes], there: bytes) -> str:
    """mine: the commits to be pushed, the oldest first."""
    tip = mine[-1].decode()
    oldest = next(c for c in mine if c in holding).decode()
    go, after = _to_and_from(name)
    stores = sorted({store for path in paths if (store := store_of(path))})
    out = "".join(f"git rm -r -q --cached --ignore-unmatch -- {pathspec(s)} && " for s in stores)
    words = "takes them out; then push again" if stores else "turns them into pointers; then push again"
    if holding == {mine[-1]}:
        return f"{go}{out}git commit --amend --no-edit{after}     # {words}"
    if _independent(oldest, tip, paths):
        base = f"{oldest[:10]}^" if git.parents(oldest) else "--root"
        amend = typed(f"{out}git commit --amend --no-edit --allow-empty".encode())
        return f"{go}git rebase --autostash --exec {amend} {base}{after}     # {words}"
    base = _below(holding, tip, there)
    back = f"git reset --soft {base[:10]}" if base else "git update-ref -d HEAD"
    return (
        f"{go}{back} && {out}git commit -c {tip[:10]}{after}     # one new commit for those, with pointers\n"
        "then push again; they build on each other, and a rebase would stop at each with a conflict"
    )


def _to_and_from(name: bytes) -> tuple[str, str]:
    """Return the commands that go to a ref before it is mended, and what is to be done after."""
    word = typed(name.removeprefix(b"refs/heads/").removeprefix(b"refs/tags/"))
    if name.startswith(b"refs/tags/"):
        return f"git checkout --detach {word} && ", f" && git tag -f {word}"
    current = git.attempt("symbolic-ref", "-q", "HEAD").out.strip()
    return ("" if name in (b"HEAD", current) else f"git checkout {word} && "), ""


def _independent(oldest: str, tip: str, paths: set[bytes]) -> bool:
    """Whether a rebase can turn these into pointers one by one: no merges, and nothing builds on a raw artifact."""
    span = [tip, "--not", *(p.decode() for p in git.parents(oldest) or [])]
    commits = git.run("rev-list", *span).split()
    if git.run("rev-list", "--merges", *span).strip():
        return False
    # Where a pointer is made, a line goes to the .gitignore beside it as well.
    changed = set(paths)
    changed.update(os.path.join(os.path.dirname(p), b".gitignore") for p in paths)
    options = ("--stdin", "-r", "-z", "--no-commit-id", "--name-only", "--no-renames", "--root")
    touched = git.run("diff-tree", *options, data=b"".join(c + b"\n" for c in commits)).split(b"\0")
    return all(touched.count(path) <= (path in paths) for path in changed)


def _below(holding: set[bytes], tip: str, there: bytes) -> str:
    """Return a commit below all of these that the other side has, where that is possible; "" where there is none."""
    if there and not git.attempt("merge-base", "--is-ancestor", there, tip).code:
        return there.decode()
    parents = [git.parents(c.decode()) for c in holding]
    if not all(parents):
        return ""
    return git.attempt("merge-base", "--octopus", *(p[0] for p in parents if p)).out.decode().strip()
