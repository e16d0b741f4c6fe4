"""Which commits are meant by a range as it is written; git/events.py says which a CI means."""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.errors import UNUSABLE, GuardError, shown
from trinity_guard.git import revisions
from trinity_guard.git.events import DEEPER, Range, short
from trinity_guard.git.ids import Hexes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


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
        return Range(tip, [], f"{short(tip)} and all before it")
    form = "--format=%(objecttype) %(objectname)%0a%(*objecttype) %(*objectname)"
    lines = (line.partition(b" ") for line in git.run("for-each-ref", form).splitlines())
    tips = {oid for kind, _, oid in lines if kind == b"commit"}
    return Range(tip, sorted(tips), f"{short(tip)}, new here", revisions.commit(b"HEAD"))


def commits(chosen: Range) -> Sequence[bytes]:
    """Return the commits of a range, the oldest first; GuardError (exit 2) where history is cut off within it."""
    data = b"".join([chosen.tip + b"\n", *(b"^" + c + b"\n" for c in chosen.without)])
    out = git.run("rev-list", "--reverse", "--topo-order", "--stdin", data=data)
    size = out.find(b"\n") + 1
    found = Hexes(out[at : at + size - 1] for at in range(0, len(out), size or 1))
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
