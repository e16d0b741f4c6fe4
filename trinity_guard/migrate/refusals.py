"""Where a history cannot be rewritten now: one function a refusal, with the reason and the way on."""

from __future__ import annotations

import os
from collections.abc import Sequence

from trinity_guard import git
from trinity_guard.errors import UNUSABLE, GuardError, shown, typed
from trinity_guard.git import files, index, revisions
from trinity_guard.git.catfile import Source
from trinity_guard.migrate.kinds import ATTRIBUTES, UNFILTERED
from trinity_guard.migrate.refs import OF_A_FORGE, ORIGINAL, QUEUES, REMOTES, STASH, Listed

UNDER_WAY = {
    b"rebase-merge": "a rebase",
    b"rebase-apply": "a rebase or `git am`",
    b"MERGE_HEAD": "a merge",
    b"CHERRY_PICK_HEAD": "a cherry-pick",
    b"REVERT_HEAD": "a revert",
    b"BISECT_LOG": "a bisect",
}
MAX_NAMED = 5
# What an undo comes down to, where nothing but Git knows of the migration any more.
BACK_BY_HAND = (
    "git for-each-ref --format='update refs/%(refname:lstrip=3) %(objectname)%0adelete %(refname)' "
    "refs/trinity-guard/original | git update-ref --stdin     # puts them back\n"
    "git reset     # behind it, in a work tree: all files stay"
)


def check(source: Source, found: Listed, clean: bool = True, continued: bool = False) -> None:
    """Raise the first refusal that applies. clean: the work tree must be clean, too; continued: commits are carried
    over to the history of an earlier migration, whose old refs are here."""
    sha256(source)
    shallow(source)
    partial(source)
    unreadable_refs(source)
    linked_worktrees(source)
    stash(found)
    experiments(found)
    if not continued:
        unfinished(source.place, found)
    if not source.place.bare and clean:
        under_way(source.place)
        index_lock(source.place)
        dirty(source.place)


def sha256(source: Source) -> None:
    form = revisions.object_format(source.attempt)
    if form != b"sha1":
        raise GuardError(
            problem=f"this repository names its objects by {shown(form)}, which DVC cannot work with.",
            remedy="migrate a clone in the sha1 format: git init --object-format=sha1 NEW, then git fast-export --all "
            "| git -C NEW fast-import",
            exit_code=UNUSABLE,
        )


def shallow(source: Source) -> None:
    if revisions.is_shallow(source.run):
        raise GuardError(
            problem="this clone is shallow: its older commits are elsewhere, and their files would stay in Git.",
            remedy="git fetch --unshallow",
            exit_code=UNUSABLE,
        )


def partial(source: Source) -> None:
    """A partial clone would fetch each missing object by itself, for days; or not at all."""
    named = source.attempt("config", "--get", "extensions.partialClone").out
    promised = source.attempt("config", "--type=bool", "--get-regexp", r"^remote\..*\.promisor$").out
    # A remote's name may hold spaces and newlines, never a line's end behind `true` alone.
    if named or any(line.endswith(b" true") for line in promised.split(b"\n")):
        raise _partial("this is a partial clone: some of its objects are only on the server.")
    packs = os.path.join(source.place.common_dir, b"objects", b"pack")
    marks = [name for name in os.listdir(packs) if name.endswith(b".promisor")] if os.path.isdir(packs) else []
    if marks:
        raise _partial(
            f"packs here came from a partial clone ({shown(marks[0])}): Git would never let go of what is in them, "
            "and some objects may only be on the server."
        )


def _partial(problem: str) -> GuardError:
    # A clone of a folder would link the same packs.
    remedy = "git clone --mirror --no-local URL     # without --filter; then migrate there"
    return GuardError(problem, remedy, UNUSABLE)


def unreadable(source: Source) -> list[bytes]:
    """Return the refs that Git passes over with a warning, and we by it: no id in them, or an impossible name."""
    env = {**source.env, "LC_ALL": "C"}
    lines = git.spawn(source.argv("for-each-ref", "--format=%(refname)"), b"", env).err.splitlines()
    marks = (b"ignoring broken ref ", b"ignoring ref with broken name ")
    return [line.partition(mark)[2] for line in lines for mark in marks if mark in line]


def unreadable_refs(source: Source) -> None:
    names = unreadable(source)
    if names:
        files = " ".join(typed(os.path.join(source.place.common_dir, name)) for name in names)
        raise GuardError(
            problem=f"Git cannot read these refs, so what they stood for would be left behind: {_some(names)}.",
            remedy=f"rm {files}     # `git fsck --lost-found` says which commits no other ref has",
            exit_code=UNUSABLE,
        )


def linked_worktrees(source: Source, other: str = "old") -> None:
    """other: the history that such a work tree would be left on."""
    (main, _), *linked = git.work_trees(source.run("worktree", "list", "--porcelain", "-z"))
    words = {tree: said for tree, said in linked if b"prunable" not in said}
    trees = list(words)
    # Not samefile: a tree that is locked may be on a disk that is elsewhere.
    top = os.path.realpath(source.place.top or b"")
    others = [tree for tree in trees if source.place.bare or os.path.realpath(tree) != top]
    if len(others) < len(trees):
        raise _in_a_linked_one(source.place.top, main, others)
    if others:
        raise GuardError(
            problem=f"another work tree is linked to this repository: {_some(others)}. It would stand on {other} "
            "history.",
            remedy=_without(others[0], b"locked" in words[others[0]])
            + ("" if other != "old" else "     # or migrate in a fresh clone"),
            exit_code=UNUSABLE,
        )


def _without(tree: bytes, is_locked: bool) -> str:
    """Return what takes a linked work tree away; one that is locked may be on a disk that is elsewhere."""
    if not is_locked:
        return _removed(tree)
    unlock = f"git worktree unlock {typed(tree)}\n"
    return unlock + (_removed(tree) if os.path.isdir(tree) else "git worktree prune")


def _removed(tree: bytes) -> str:
    """Return what takes it away; before it, where anything in it is in no commit, what says what. Git refuses for what
    changed, and takes what is ignored along without a word."""
    remove = f"git worktree remove {typed(tree)}"
    status = ("--no-optional-locks", "status", "--porcelain", "--ignored")
    if not git.attempt(*status, at=tree).out:
        return remove
    look = f"git -C {typed(tree)} status --short --ignored"
    return f"{look}     # commit, or copy elsewhere, what it names: it would be gone\n{remove}"


def _in_a_linked_one(here: bytes, main: bytes, others: Sequence[bytes]) -> GuardError:
    also = f", and so is {_some(others)}" if others else ""
    remove = "".join("\n" + _removed(tree) for tree in (*others, here))
    return GuardError(
        problem=f"this work tree is linked to {shown(main)}{also}: what is checked out there would stand on old "
        "history.",
        remedy=f"cd {typed(main)}{remove}     # then migrate there; or in a fresh clone",
        exit_code=UNUSABLE,
    )


def stash(found: Listed) -> None:
    if STASH in found.refs:
        raise GuardError(
            problem="there are stashed changes, which stand on the old history and would keep its files alive.",
            remedy="git stash branch NAME     # makes a branch of the newest; or git stash drop",
            exit_code=UNUSABLE,
        )


def experiments(found: Listed) -> None:
    """DVC's queue is a stash of its own: what waits in it stands on commits that go, and in a reflog that goes."""
    for name, what in QUEUES.items():
        if name in found.refs:
            raise GuardError(
                problem=f"DVC has {what} experiments ({name.decode()}), which stand on the old history: they would be "
                "lost.",
                remedy="dvc queue start     # runs those that wait; `dvc queue status` lists all\n"
                f"dvc queue remove --{what}     # or lets them go",
                exit_code=UNUSABLE,
            )


def unfinished(place: git.Place, found: Listed) -> None:
    kept = originals(found)
    if not kept:
        return
    if not os.path.lexists(os.path.join(place.own, b"migrate", b"state.json")):
        raise forgotten(kept)
    raise GuardError(
        problem=f"an earlier migration's old refs are still here ({len(kept)}, under {ORIGINAL.decode()}).",
        remedy="trinity-guard migrate finish     # lets them go; or trinity-guard migrate undo",
        exit_code=UNUSABLE,
    )


def originals(found: Listed) -> list[bytes]:
    """Return the old refs that an earlier migration has kept."""
    return [name for name in found.refs if name.startswith(ORIGINAL)]


def forgotten(kept: Sequence[bytes]) -> GuardError:
    """The error where old refs are here, and what the migration remembered is not."""
    return GuardError(
        problem=f"old refs of an earlier migration are here ({len(kept)}, under {ORIGINAL.decode()}), and its "
        "state.json is gone.",
        remedy=BACK_BY_HAND,
        exit_code=UNUSABLE,
    )


def under_way(place: git.Place) -> None:
    for name, what in UNDER_WAY.items():
        if os.path.lexists(os.path.join(place.git_dir, name)):
            raise GuardError(
                problem=f"{what} is under way.",
                remedy="git status     # says how to complete or to abort it",
                exit_code=UNUSABLE,
            )


def index_lock(place: git.Place) -> None:
    lock = os.path.join(place.git_dir, b"index.lock")
    if os.path.lexists(lock):
        raise GuardError(
            problem="another Git is at work in this repository, or one died in it: index.lock is there.",
            remedy=f"rm {typed(lock)}     # when no Git is running",
            exit_code=UNUSABLE,
        )


def dirty(place: git.Place) -> None:
    out = git.run("--no-optional-locks", "status", "--porcelain", "-z", "-uno", "--no-renames", at=place.top)
    entries = [entry for entry in out.split(b"\0") if entry]
    unstaged = [entry[3:] for entry in entries if entry[:2] == b" M"]
    same = _as_stored(place, unstaged)
    changed = [entry[3:] for entry in entries if entry[3:] not in same]
    if changed:
        raise GuardError(
            problem=f"the work tree has changes that are not committed: {_some(changed)}.",
            remedy="git commit -a     # or work in a clone without a work tree: git clone --mirror --no-local . NEW",
            exit_code=UNUSABLE,
        )


def _as_stored(place: git.Place, paths: Sequence[bytes]) -> set[bytes]:
    """Return those of the changed files that have the very bytes that Git stores, and the same mode.

    Git would store others from now on (CRLF under `text`), and calls them changed in every clone.
    """
    if not paths:
        return set()
    wanted = set(paths)
    changes = index.changes(git.run("diff-files", "--raw", "-z", "--no-abbrev", at=place.top))
    stored = {c.path: c.oids[0] for c in changes if c.modes[0] == c.modes[1] and c.path in wanted}
    names = [path for path in stored if b"\n" not in path]
    data = b"".join(path + b"\n" for path in names)
    ids = git.run("hash-object", "--no-filters", "--stdin-paths", data=data, at=place.top).split() if names else []
    return {path for path, oid in zip(names, ids, strict=True) if stored[path] == oid}


def filtered(place: git.Place, caught: Sequence[bytes]) -> None:
    """Refuse where Git would put the new pointers and ignore files of HEAD through a filter (`data/** filter=lfs`).

    They would stand in the work tree as changed right after, an undo would be refused for it, and the advice to commit
    them would bring them into LFS.
    """
    if not caught:
        return
    info = os.path.join(place.common_dir, b"info", ATTRIBUTES.removeprefix(b".git"))
    where = ".gitattributes"
    if b"filter" in (files.read_if_there(info) or b""):  # it has the last word, and no commit holds it
        where = "info/attributes"
        remedy = f"{UNFILTERED} {typed(info)}     # below the filter's line; then again"
    else:
        over = [typed(file) for file in _attributes_over(place, caught)]
        lines = "".join(f"{UNFILTERED} {file}     # below the filter's line\n" for file in over)
        some = " ".join(over)
        again = "then again" + (", in a clone with a work tree" if place.bare else "")
        remedy = f"{lines}git add -- {some} && git commit -m 'Leave pointers to Git' -- {some}     # {again}"
    raise GuardError(
        problem=f"a filter of {where} covers files that come in place of artifacts: {_some(caught)}.",
        remedy=remedy,
        exit_code=UNUSABLE,
    )


def _attributes_over(place: git.Place, caught: Sequence[bytes]) -> list[bytes]:
    """Return the attributes files that have the last word over these paths: the nearest above each, or the top's."""
    found = set()
    for path in caught:
        folder = os.path.dirname(path)
        while folder and (place.bare or not os.path.isfile(place.file(folder, ATTRIBUTES))):
            folder = os.path.dirname(folder)
        found.add(os.path.join(folder, ATTRIBUTES))
    return sorted(found)


def in_the_way(paths: Sequence[bytes]) -> None:
    """Refuse to write over files that Git does not track."""
    if paths:
        raise GuardError(
            problem=f"files that Git does not track are where pointers or DVC's files go: {_some(paths)}.",
            remedy="commit them, or move them away",
            exit_code=UNUSABLE,
        )


def remarks(source: Source, found: Listed, selected: Sequence[bytes], matched: bool = True) -> list[str]:
    """Return what is worth knowing before it starts, and refuses nothing. matched: there is anything to rewrite."""
    said = []
    if names := unreadable(source):
        said.append(f"Git cannot read these refs, and their history is not looked at: {_some(names)}")
    if revisions.is_shallow(source.run):
        said.append("this clone is shallow: what older commits hold is not counted (git fetch --unshallow)")
    if any(name.startswith(b"refs/replace/") for name in found.refs):
        said.append("replace refs are not looked at: the history is rewritten as it really is (git replace --list)")
    if os.path.exists(os.path.join(source.place.common_dir, b"info", b"grafts")):
        said.append("info/grafts is not looked at: the history is rewritten as it really is")
    if not source.place.bare and revisions.superproject(source.place.top):
        said.append("this is a submodule: the project above records old commits, and needs a `git add` of this folder")
    lonely = [name for name in remote_only(found) if b"refs/heads/" + name.split(b"/", 1)[-1] not in selected]
    if lonely:
        said.append(
            f"branches of a remote without one of your own stay as they are: {_some(lonely)}; for each: "
            f"git branch --track {typed(lonely[0].split(b'/', 1)[1])} {typed(lonely[0])}"
        )
    left = [n for n in found.refs if n not in selected and not n.startswith((REMOTES, ORIGINAL, b"refs/replace/"))]
    if left and matched:
        said.append(f"refs that are not rewritten keep the old history alive: {_some(left)}")
    forge = [name for name in selected if name.startswith(OF_A_FORGE)]
    if forge:
        said.append(f"{len(forge)} refs are a forge's own ({shown(forge[0])}): rewritten here, it takes none by a push")
    return said


def remote_only(found: Listed) -> list[bytes]:
    """Return the remote-tracking branches (short names) that no local branch stands for."""
    local = {name.removeprefix(b"refs/heads/") for name in found.refs if name.startswith(b"refs/heads/")}
    short = [name.removeprefix(REMOTES) for name in found.refs if name.startswith(REMOTES)]
    return [name for name in short if name.split(b"/", 1)[-1] not in local]


def _some(names: Sequence[bytes]) -> str:
    text = ", ".join(shown(name) for name in names[:MAX_NAMED])
    return text + (f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else "")
