"""Which refs are rewritten, and their move: one transaction with old values, the originals kept in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from trinity_guard import git
from trinity_guard.errors import UNUSABLE, GuardError, shown
from trinity_guard.git.catfile import Source, fed
from trinity_guard.git.files import write

ORIGINAL = b"refs/trinity-guard/original/"
# What Git says in the place of an id, where a ref is not there.
NOWHERE = b"0" * 40
HEADS, TAGS, NOTES, REMOTES = b"refs/heads/", b"refs/tags/", b"refs/notes/", b"refs/remotes/"
STASH = b"refs/stash"
EXPERIMENTS = b"refs/exps/"
# Stashes of DVC's own: each experiment that waits, or failed, stands in their reflogs alone.
QUEUES = {b"refs/exps/celery/stash": "queued", b"refs/exps/celery/failed": "failed", b"refs/exps/stash": "queued"}
# A forge makes these itself, and takes none from a push.
OF_A_FORGE = (b"refs/pull/", b"refs/merge-requests/", b"refs/changes/", b"refs/keep-around/", b"refs/pipelines/")
# Git's own, or ours; never history that anybody works on.
NEVER = (b"refs/replace/", b"refs/bisect/", b"refs/trinity-guard/", b"refs/original/", b"refs/rewritten/", REMOTES)


class Move:
    """A ref that moves: its full name (or HEAD, when detached), from which object to which (hex).

    target: its name afterwards. DVC names the refs of experiments by the commit that these stand on.
    kept: what its original keeps, of the old history, where it stands on the new one already (or nowhere);
    replaced: what the original kept until now.
    """

    __slots__ = ("kept", "name", "new", "old", "replaced", "target")

    def __init__(
        self, name: bytes, old: bytes, new: bytes, target: bytes = b"", kept: bytes = b"", replaced: bytes = b""
    ) -> None:
        self.name = name
        self.old = old
        self.new = new
        self.target = target or name
        self.kept = kept or old
        self.replaced = replaced

    @property
    def original(self) -> bytes:
        return ORIGINAL + self.name.removeprefix(b"refs/")


class Listed:
    """All refs of a repository: name -> id (hex). head: the branch that HEAD names ("" when detached), head_id: its
    commit (b"" before the first one). symbolic: name -> the ref that it stands for."""

    def __init__(
        self, refs: dict[bytes, bytes], head: bytes, head_id: bytes, symbolic: dict[bytes, bytes] | None = None
    ) -> None:
        self.refs = refs
        self.symbolic = symbolic or {}
        self.head = head
        self.head_id = head_id


def listed(source: Source) -> Listed:
    out = source.run("for-each-ref", "--format=%(objectname) %(symref) %(refname)")
    refs, symbolic = {}, {}
    for line in out.splitlines():
        oid, symref, name = line.split(b" ", 2)
        if symref:  # follows by itself
            symbolic[name] = symref
        else:
            refs[name] = oid
    head = source.attempt("symbolic-ref", "-q", "HEAD").out.strip()
    head_id = source.attempt("rev-parse", "-q", "--verify", "HEAD").out.strip()
    return Listed(refs, head, head_id, symbolic)


def select(found: Listed, everything: bool = False, wanted: Sequence[bytes] = ()) -> list[bytes]:
    """Return the full names of the refs to rewrite, HEAD among them where it is detached.

    everything: all local branches, tags, notes, and whatever else is no remote-tracking branch. wanted: short or full
    names. Neither: the current branch (HEAD, when it is detached).
    """
    if everything:
        names = [n for n in found.refs if not n.startswith(NEVER) and n != STASH]
        return [*names, *([b"HEAD"] if not found.head and found.head_id else [])]
    if wanted:
        return list(dict.fromkeys(_full(found, name) for name in wanted))
    if not found.head_id:
        return []
    return [found.head or b"HEAD"]


def _full(found: Listed, name: bytes) -> bytes:
    if name == b"HEAD":
        return found.head or name
    for full in (name, b"refs/" + name, TAGS + name, HEADS + name):
        full = found.symbolic.get(full, full)
        if full in found.refs and not full.startswith(NEVER):
            return full
    raise GuardError(
        problem=f"there is no branch or tag {shown(name)} here.",
        remedy="git for-each-ref refs/heads refs/tags     # a remote's branch first needs one of your own: git branch",
        exit_code=UNUSABLE,
    )


def published(found: Listed) -> set[bytes]:
    """Return the full names that branches have here, of which a remote has one of that name."""
    return {HEADS + name.split(b"/", 3)[3] for name in found.refs if name.startswith(REMOTES) and name.count(b"/") > 2}


def value(found: Listed, name: bytes) -> bytes:
    return found.head_id if name == b"HEAD" else found.refs[name]


def move(source: Source, moves: Sequence[Move], words: str = "trinity-guard migrate") -> None:
    """Move all refs and keep the originals, in one transaction; GuardError, and none moved, where one has changed."""
    lines = [b"start"]
    for m in moves:
        lines += [_keeping(m, m.replaced), *_there(m)]
    _transaction(source, lines, words)


def complete(source: Source, moves: Sequence[Move], found: Listed) -> None:
    """Complete a transaction in which Git itself was killed; found: where the refs stand now."""
    lines = [b"start"]
    for m in moves:
        if not is_kept(found, m):
            lines.append(_keeping(m, found.refs.get(m.original, b"")))
        if standing(found, m) == "old":
            lines += _there(m, m.target in found.refs)
    _transaction(source, lines, "trinity-guard migrate")


def is_kept(found: Listed, move: Move) -> bool:
    """Whether a ref's original keeps what it is to keep."""
    return found.refs.get(move.original) == move.kept


def _keeping(m: Move, replaced: bytes) -> bytes:
    return b"update %s %s %s" % (m.original, m.kept, replaced or NOWHERE)


def _there(m: Move, made: bool = False) -> list[bytes]:
    """Return the lines that move a ref. made: one that is renamed has its new name already."""
    if m.target == m.name:
        return [b"update %s %s %s" % (m.name, m.new, m.old)]
    return [b"delete %s %s" % (m.name, m.old), *([] if made else [b"create %s %s" % (m.target, m.new)])]


def standing(found: Listed, move: Move) -> str:
    """Return "old", "new", "elsewhere" or "gone": where a ref is now."""
    if move.target != move.name and found.refs.get(move.target) == move.new and move.name not in found.refs:
        return "new"
    if is_gone(found, move):
        return "gone"
    now = found.head_id if move.name == b"HEAD" else found.refs.get(move.name, NOWHERE)
    return "old" if now == move.old else "new" if now == move.new and move.target == move.name else "elsewhere"


def is_gone(found: Listed, move: Move) -> bool:
    """Whether a ref that was there is no more, under neither of its names."""
    there = move.name in found.refs or move.target in found.refs
    return move.name != b"HEAD" and not there and NOWHERE not in (move.old, move.new)


def of_experiment(name: bytes, ids: Mapping[bytes, bytes]) -> bytes:
    """Return the new name of a ref, which for DVC's experiments has the id of the commit that they stand on."""
    steps = name.split(b"/")
    commit = b"".join(steps[2:4])
    if not name.startswith(EXPERIMENTS) or len(steps) < 5 or commit not in ids:
        return name
    new = ids[commit]
    return b"/".join([*steps[:2], new[:2], new[2:], *steps[4:]])


def move_back(source: Source, moves: Sequence[Move], found: Listed) -> None:
    """Put each ref back to its original, and let the original go, in one transaction. found: where they stand now; one
    that is gone is made again."""
    lines = [b"start"]
    for m in moves:
        if is_gone(found, m):
            lines.append(b"create %s %s" % (m.name, m.old))
        elif m.target == m.name:
            lines.append(b"update %s %s %s" % (m.name, m.old, m.new))
        else:
            lines += [b"delete %s %s" % (m.target, m.new), b"create %s %s" % (m.name, m.old)]
        if m.original in found.refs:  # another tool keeps none
            lines.append(b"delete %s %s" % (m.original, m.kept))
    _transaction(source, lines, "trinity-guard migrate undo")


def drop_originals(source: Source, moves: Sequence[Move]) -> None:
    """Let the old refs go."""
    if not moves:
        return
    _transaction(source, [b"start", *(b"delete %s %s" % (m.original, m.kept) for m in moves)], "trinity-guard finish")


def _transaction(source: Source, lines: Sequence[bytes], words: str) -> None:
    """Run one; in a session of its own, so that a Ctrl-C or a kill of our group finds it whole or not begun.

    A reader that gets no `commit` because we died changes nothing.
    """
    argv = source.argv("update-ref", "-m", words, "--no-deref", "--stdin")
    p = git.Process(argv, source.env, with_stderr=True, own_session=True)
    data = b"\n".join([*lines, b"prepare", b"commit", b""])
    result = fed(p, lambda stdin: write(stdin, data))
    if result.code:
        raise GuardError(
            problem=f"Git moved no ref: {shown(result.err.strip().partition(chr(10).encode())[0])}.",
            remedy="was a ref moved, or another Git at work, meanwhile? Then run it again",
        )
