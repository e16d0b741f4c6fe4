"""The rules that judge a range are those of the commit it starts from: what it changes of them judges nothing yet."""

from __future__ import annotations

import os

from trinity_guard import config as configs
from trinity_guard import git
from trinity_guard.config import Config
from trinity_guard.detect import configtext
from trinity_guard.errors import GuardError
from trinity_guard.git.index import EXECUTABLE, REGULAR

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

FILES = (configs.OWN_FILE.encode(), configs.PYPROJECT.encode())
# What a guard does beside looking is no business of a range's.
ELSEWHERE = ("notes", "on_artifact", "on_change", "push", "source", "sync")
# More of these finds more, or less does.
GAINED, LOST = ("patterns",), ("exclude", "pickle_allow")
STRICTER = {"pickles": (("off", "warn"), ("off", "refuse"), ("warn", "refuse"))}
LOWER = ("max_size",)
HIGHER = ("min_size",)
TURNED_ON = ("sniff", "facts")


def files_at(commit: bytes, names: Sequence[bytes]) -> list[bytes | None]:
    """Return the bytes of files of a commit, None for one that it has not as a regular file."""
    lines = git.run("--literal-pathspecs", "ls-tree", "-z", "--full-tree", commit, "--", *names).split(b"\0")[:-1]
    entries = [(line.partition(b"\t")[2], *line.partition(b"\t")[0].split(b" ")) for line in lines]
    ids = {path: oid for path, mode, _, oid in entries if mode in (REGULAR, EXECUTABLE)}
    found = dict(zip(ids, git.read_all(list(ids.values())), strict=True))
    return [found.get(name) for name in names]


def config_at(commit: bytes) -> Config:
    """Return the configuration of a commit; GuardError for one that cannot be read."""
    own, shared = files_at(commit, FILES)
    return configtext.parsed(own, shared if shared is not None and b"trinity-guard" in shared else None)


def judging(commit: bytes) -> Config:
    """Return the configuration that judges what comes after a commit: the defaults where its own cannot be read."""
    try:
        return config_at(commit)
    except GuardError:
        return Config()


def weakened(before: Config, after: Config) -> list[str]:
    """Return the keys by which `after` may find less than `before`."""
    changed = []
    for name in Config.__slots__:
        old, new = getattr(before, name), getattr(after, name)
        if name not in ELSEWHERE and old != new and not _finds_more(name, old, new):
            changed.append(name.replace("_", "-").removesuffix("-of"))
    return sorted(set(changed))


def _finds_more(name: str, old: object, new: object) -> bool:
    if name in STRICTER:
        return (str(old), str(new)) in STRICTER[name]
    if isinstance(old, tuple) and isinstance(new, tuple):
        less, more = (old, new) if name in GAINED else (new, old)
        negated = any(isinstance(item, str) and item.startswith("!") for item in {*old, *new})
        return name in (*GAINED, *LOST) and set(less) <= set(more) and not negated
    if isinstance(old, int) and isinstance(new, int):
        if name in TURNED_ON:
            return new > old
        endless = 1 << 62  # 0 is no limit
        return (name in LOWER and (new or endless) < (old or endless)) or (name in HIGHER and new < old)
    return False


def inside(place: git.Place, file: bytes) -> bytes | None:
    """Return a file's path from the top, None where it lies elsewhere."""
    path = os.path.relpath(os.path.realpath(os.path.dirname(file)), os.path.realpath(place.top))
    name = os.path.normpath(os.path.join(path, os.path.basename(file)))
    return None if name.startswith(b"..") else name
