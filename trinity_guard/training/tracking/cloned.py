"""A store that a clone brought along is its author's until trusted: it says where artifacts are written and read.

MLflow believes what a database says of an experiment's or a version's artifacts: any folder of this machine, any
server. What Git's index has of a database, of what SQLite keeps beside it and of the folder of artifacts came along, or
may have; so may bytes that a pointer names. It is confirmed by these contents: asked about again when a
commit changes them.
"""

from __future__ import annotations

import hashlib
import os

from trinity_guard import git
from trinity_guard.errors import pathspec, shown, typed
from trinity_guard.remotes import trust
from trinity_guard.training.tracking import sqlite

POINTER = b".dvc"
THEIRS = b".theirs"


def require(database: str, artifacts: str) -> None:
    """Refuse (trust.Untrusted) a database, or a folder for artifacts, that Git brought and nobody confirmed.

    database: the SQLite file, "" for none of the kind.
    """
    for folder, names in sorted(_named(database, artifacts).items()):
        there = [name for name in names if os.path.lexists(os.path.join(folder, name))]
        place = _place(folder) if there else None
        listed = _listed(folder, there) if place else {}
        if place and listed:
            _require(place, folder, there, listed)


def _require(place: git.Place, folder: bytes, names: list[bytes], listed: dict[bytes, bytes]) -> None:
    def key_at(commit: bytes) -> str:
        return _key(place, folder, _listed(folder, names, commit))

    key = _key(place, folder, listed)
    if not trust.confirmed(place, place.top, key, key_at):
        raise _refusal(folder, sorted(listed), key)


def _named(database: str, artifacts: str) -> dict[bytes, list[bytes]]:
    """Return the names to ask Git about in each folder: as they are written, and where links lead."""
    found: dict[bytes, list[bytes]] = {}
    for path, ends in ((database, ("", *sqlite.JOURNALS)), (artifacts, ("",))):
        for real in dict.fromkeys((os.path.abspath(path), os.path.realpath(path))) if path else ():
            folder, name = os.path.split(os.fsencode(real))
            found.setdefault(folder, []).extend(name + end.encode() for end in ends)
    return found


def _place(folder: bytes) -> git.Place | None:
    """Return the repository whose work tree a folder is in, None where there is none."""
    asked = ("rev-parse", "--show-toplevel", "--absolute-git-dir", "--git-common-dir")
    env = git.other_repository()
    result = git.attempt(*asked, at=folder, env=env)
    if b"safe.directory" in result.err:
        raise git.failure(asked, result)  # somebody else's, of which Git tells nothing
    if result.code:
        return None
    said = result.out[:-1].split(b"\n")
    if len(said) > len(asked) - 1:  # a folder's name holds a newline
        said = [git.run(asked[0], one, at=folder, env=env)[:-1] for one in asked[1:]]
    top, git_dir, common = said
    return git.Place(top, git_dir, os.path.normpath(os.path.join(folder, common)))


def _listed(folder: bytes, names: list[bytes], commit: bytes = b"") -> dict[bytes, bytes]:
    """Return what Git's index, or a commit, has of each name: modes, ids and paths of it, and of its pointer."""
    asked = [name + end for name in names for end in (b"", POINTER)]
    env = git.other_repository()
    looked = ("ls-tree", "-r", "-z", commit) if commit else ("ls-files", "-s", "-z", "--")
    listing = git.run("--literal-pathspecs", *looked, *asked, at=folder, env=env)
    found: dict[bytes, bytes] = {}
    for entry in listing.split(b"\0")[:-1]:
        head, _, path = entry.partition(b"\t")
        mode, *ids = head.split(b" ")  # then: a type and the id, or the id and a stage
        name = path.partition(b"/")[0]
        data = name if name in names else name.removesuffix(POINTER)
        found[data] = found.get(data, b"") + b" ".join((mode, ids[1] if commit else ids[0], path)) + b"\0"
    return found


def _key(place: git.Place, folder: bytes, listed: dict[bytes, bytes]) -> str:
    where = os.path.relpath(folder, place.top)
    said = b"\0".join([where, *(part for one in sorted(listed.items()) for part in one)])
    return f"store {hashlib.sha256(said).hexdigest()}"


def _refusal(folder: bytes, names: list[bytes], key: str) -> trust.Untrusted:
    here = os.path.relpath(folder)
    at = b"" if here == b"." else here
    paths = [os.path.join(at, name) for name in names]
    git_at = f"git -C {typed(here)}" if at else "git"
    recorded = " ".join(pathspec(name + end) for name in names for end in (b"", POINTER))
    moved = " && ".join(f"mv {typed(path)} {typed(path + THEIRS)}" for path in paths)
    # Each command a line of its own, which a terminal does not cut; both are to be run, in this order.
    return trust.Untrusted(
        f"{', '.join(map(shown, paths))}: it is in Git's index, so that whoever committed it says where "
        "artifacts are written and read. You never confirmed it: nothing is logged to it or read from it.",
        f"{git_at} config --add {trust.TRUSTED} '{key}'     # if you know whose it is; else begin your own:\n"
        f"{git_at} rm -r -q --cached --ignore-unmatch -- {recorded}\n{moved}",
    )
