"""What Git says is pushed: refs, and the commits that the other side lacks."""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.errors import GuardError, shown
from trinity_guard.git import index, records, revisions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


MAX_CONFIG = 1 << 20


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


def unpublished(refs: Sequence[Ref], remote: str, url: str = "", place: git.Place | None = None) -> list[bytes]:
    """Return the commits of these refs that the other side does not have, the newest first.

    The other side has what it says itself, and what our refs of this remote say that it had: but where they speak of
    another server, which was at another url, or had a branch of which this one says that it has none.
    """
    tips = [r.oid for r in refs if r.oid]
    if not tips or remote == ".":
        return []
    lines = b"".join(t + b"\n" for t in tips) + b"".join(b"^" + r.there + b"\n" for r in refs if r.there)
    known = _tracked(remote, place) if place is None or _same_server(place, refs, remote, url) else []
    command = ["rev-list", "--stdin", "--not", *known]
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


def _tracked(remote: str, place: git.Place | None = None) -> list[str]:
    """Return the options that mean what this remote had. A remote named `team/eu` is not `team`'s."""
    if not remote:
        return ["--remotes=*"]
    folder = f"refs/remotes/{remote}/"
    listed = (
        git.run("remote").decode("utf-8", "surrogateescape").split("\n") if _may_begin_others(place, remote) else []
    )
    excluded = [f"--exclude=refs/remotes/{name}/*" for name in listed if name.startswith(f"{remote}/")]
    return [*excluded, f"--glob={folder}*"]


def _may_begin_others(place: git.Place | None, remote: str) -> bool:
    """Whether another remote's name may begin with this one and a slash; told without a process where none does."""
    if place is None:
        return True
    try:
        data = git.read(os.path.join(place.common_dir, b"config"), MAX_CONFIG, links=True)
    except OSError:
        return True
    return b'"' + os.fsencode(remote) + b"/" in data or b"include" in data.lower()


def _same_server(place: git.Place, refs: Sequence[Ref], remote: str, url: str) -> bool:
    """Whether our refs of a remote speak of the server that Git talks to now; it is noted, once they all do."""
    file = os.path.join(place.own, b"servers")
    known: dict[bytes, bytes] = {row[0]: row[1] for row in records.read_if_readable(file, 2)}
    before, now = known.get(os.fsencode(remote)), os.fsencode(url)
    heads = [r for r in refs if not r.there and r.target.startswith(b"refs/heads/")]
    ours = [f"refs/remotes/{remote}/".encode() + r.target.removeprefix(b"refs/heads/") for r in heads]
    gone = bool(ours) and bool(git.run("for-each-ref", "--count=1", *ours))
    if before is None and url:
        records.write_if_writable(file, list({**known, os.fsencode(remote): now}.items()))
    if before in (None, now) and not gone:
        return True
    lines = b"".join(b"^" + r.oid + b"\n" for r in refs if r.oid)
    left = git.attempt("rev-list", "-1", "--stdin", f"--glob=refs/remotes/{remote}/*", data=lines)
    if url and not left.out:
        records.write_if_writable(file, list({**known, os.fsencode(remote): now}.items()))
    return False


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
    return git.run("rev-list", "--branches", "--tags", "HEAD", "--not", *_tracked(remote)).split()


def _require_known(tips: Sequence[bytes]) -> None:
    out = git.run("cat-file", "--batch-check", data=b"".join(t + b"\n" for t in tips))
    for line in out.splitlines():
        if line.endswith(b" missing"):
            raise GuardError(
                problem=f"Git cannot read {shown(line.split(b' ')[0])}, which is to be pushed.", remedy="git fsck"
            )
