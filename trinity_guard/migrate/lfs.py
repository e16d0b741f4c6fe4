"""LFS pointers in the history, and their objects: data that is not in Git."""

from __future__ import annotations

import os

from trinity_guard.detect.inspect import LFS_HEADS
from trinity_guard.errors import GuardError
from trinity_guard.git.catfile import Source

# git-lfs takes nothing longer for a pointer.
MAX_BYTES = 1024
HEX = b"0123456789abcdef"


class LfsObject:
    """What an LFS pointer names: sha256 (hex) and size in bytes.

    encoded: an extension of git-lfs made the object out of the file, whose own bytes only the extension can give.
    """

    __slots__ = ("encoded", "sha256", "size")

    def __init__(self, sha256: str, size: int, encoded: bool = False) -> None:
        self.sha256 = sha256
        self.size = size
        self.encoded = encoded


def read(blob: bytes) -> LfsObject | None:
    """Return what a pointer names, None where these bytes are no LFS pointer."""
    if len(blob) >= MAX_BYTES or not blob.startswith(LFS_HEADS):
        return None
    fields = dict(line.split(b" ", 1) for line in blob.split(b"\n") if b" " in line)
    sha256 = fields.get(b"oid", b"").removeprefix(b"sha256:")
    size = fields.get(b"size", b"")
    if len(sha256) != 64 or sha256.translate(None, HEX) or not size.isdigit():
        return None
    return LfsObject(sha256.decode(), int(size), any(key.startswith(b"ext-") for key in fields))


def folder(common_dir: bytes, storage: str | None) -> bytes:
    """Return where git-lfs keeps this repository's objects. storage: lfs.storage, None where it is not set."""
    base = os.path.join(common_dir, os.fsencode(storage)) if storage else os.path.join(common_dir, b"lfs")
    return os.path.join(base, b"objects")


def of(source: Source) -> bytes:
    """Return where the LFS objects of a repository are."""
    storage = source.attempt("config", "--get", "lfs.storage").out[:-1]
    return folder(source.place.common_dir, os.fsdecode(storage) if storage else None)


def path(objects: bytes, lfs: LfsObject) -> bytes:
    name = lfs.sha256.encode()
    return os.path.join(objects, name[:2], name[2:4], name)


def here(objects: bytes, lfs: LfsObject) -> bool:
    """Whether the file's bytes lie here whole, by the object's size."""
    if lfs.encoded:
        return False
    try:
        return os.stat(path(objects, lfs)).st_size == lfs.size
    except (FileNotFoundError, NotADirectoryError):
        return lfs.size == 0


def damaged(lfs: LfsObject) -> GuardError:
    return GuardError(
        problem=f"the LFS object {lfs.sha256} is damaged: its bytes are not those of its name; no ref was moved.",
        remedy="git lfs fsck     # moves it away; then: git lfs fetch --all",
    )
