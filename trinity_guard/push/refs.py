"""What Git says is pushed: refs, and the commits that the other side lacks."""

from __future__ import annotations

from trinity_guard import git
from trinity_guard.errors import GuardError, shown
from trinity_guard.git import index, revisions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class Ref:
    """One line of Git's list: what is pushed under which name, and what the other side has there (b"": nothing)."""

    __slots__ = ("name", "oid", "target", "there")

    def __init__(self, name: bytes, oid: bytes, target: bytes, there: bytes) -> None:
        self.name = name
        self.oid = b"" if not oid.strip(b"0") else oid
        self.target = target
        self.there = b"" if not there.strip(b"0") else there


def read_refs(lines: bytes) -> list[Ref]:
    """Read what Git gives pre-push on its standard input; GuardError for what is no such list."""
    refs = []
    for line in lines.splitlines():
        fields = line.split(b" ")
        if len(fields) != 4:
            raise GuardError(
                problem=f"Git's list of refs could not be understood: {shown(line)}",
                remedy="TRINITY_GUARD_SKIP=gate git push     # without this check",
            )
        refs.append(Ref(*fields))
    return refs


def unpublished(refs: Sequence[Ref], remote: str) -> list[bytes]:
    """Return the commits of these refs that the other side does not have, the newest first.

    The other side has what it says itself, and what our refs of this remote say that it had.
    """
    tips = [r.oid for r in refs if r.oid]
    if not tips or remote == ".":
        return []
    lines = b"".join(t + b"\n" for t in tips) + b"".join(b"^" + r.there + b"\n" for r in refs if r.there)
    command = ["rev-list", "--stdin", "--not", f"--remotes={remote}"]
    asked = git.start(*command, data=lines)
    # Git looks while Python loads what looks through the commits.
    from trinity_guard.push import contents as _  # noqa: F401, PLC0415

    result = git.collect(asked)
    if result.code:
        # What the other side has may be unknown here (a forced push over work that was never fetched).
        command.insert(1, "--ignore-missing")
        _require_known(tips)
        result = git.Result(0, git.run(*command, data=lines), b"")
    return result.out.split()


def other_objects(refs: Sequence[Ref]) -> list[tuple[bytes, index.Entry]]:
    """Return (object, file) for refs that lead to no commit: a tag may name a tree, or a single blob."""
    odd = [r for r in refs if r.oid and not r.target.startswith(b"refs/heads/")]
    if not odd:
        return []
    found = []
    lines = git.run("cat-file", "--batch-check", data=b"".join(r.oid + b"^{}\n" for r in odd)).splitlines()
    for ref, line in zip(odd, lines, strict=True):
        oid, kind = line.split(b" ")[:2]
        if kind == b"blob":
            found.append((oid, index.Entry(index.REGULAR, oid, ref.target)))
        elif kind == b"tree":
            found += [(oid, e) for e in revisions.tree(oid)]
    return found


def local_commits(remote: str) -> list[bytes]:
    """Return the commits of all our branches and tags that this remote lacks, as far as we know."""
    return git.run("rev-list", "--branches", "--tags", "HEAD", "--not", f"--remotes={remote or '*'}").split()


def _require_known(tips: Sequence[bytes]) -> None:
    out = git.run("cat-file", "--batch-check", data=b"".join(t + b"\n" for t in tips))
    for line in out.splitlines():
        if line.endswith(b" missing"):
            raise GuardError(
                problem=f"Git cannot read {shown(line.split(b' ')[0])}, which is to be pushed.", remedy="git fsck"
            )
