"""LFS pointers in the history, and their objects: data that is not in Git."""

from __future__ import annotations

import os

from trinity_guard.detect.inspect import LFS_HEADS
from trinity_guard.errors import GuardError, shown, typed
from trinity_guard.git.catfile import Source

# git-lfs takes nothing longer for a pointer.
MAX_BYTES = 1024
HEX = b"0123456789abcdef"
VERSIONS = (
    b"https://git-lfs.github.com/spec/v1",
    b"https://hawser.github.com/spec/v1",
    b"http://git-media.io/v/2",
)
KEYS = (b"version", b"oid", b"size")
EXTENSION = b"ext-"
MAX_SIZE = 2**63 - 1


class LfsObject:
    """What an LFS pointer names: sha256 (hex) and size in bytes.

    encoded: an extension of git-lfs made the object out of the file, whose own bytes only the extension can give.
    why: in words, why the object cannot be had, where more is known than that it is not here.
    """

    __slots__ = ("encoded", "sha256", "size", "why")

    def __init__(self, sha256: str, size: int, encoded: bool = False) -> None:
        self.sha256 = sha256
        self.size = size
        self.encoded = encoded
        self.why = ""


def read(blob: bytes) -> LfsObject | None:
    """Return what a pointer names, None where git-lfs takes these bytes for no pointer, but for a file's own."""
    fields = _fields(blob) if len(blob) < MAX_BYTES and blob.startswith(LFS_HEADS) else {}
    sha256, size = _sha256(fields.get(b"oid", b"")), fields.get(b"size", b"").removeprefix(b"+")
    extensions = [value for key, value in fields.items() if key.startswith(EXTENSION)]
    if fields.get(b"version") not in VERSIONS or not sha256 or not size.isdigit() or int(size) > MAX_SIZE:
        return None
    if not all(map(_sha256, extensions)):
        return None
    return LfsObject(sha256, int(size), bool(extensions))


def _fields(blob: bytes) -> dict[bytes, bytes]:
    """Return the keys and values of a pointer, nothing where other ones are in it, or in another order."""
    found: dict[bytes, bytes] = {}
    keys = list(KEYS)
    for line in blob.strip().split(b"\n"):
        key, blank, value = line.removesuffix(b"\r").partition(b" ")
        if not (key or blank):
            continue
        if not blank or not keys or (key != keys[0] and not _is_extension(key)):
            return {}
        found[key] = value
        if key == keys[0]:
            keys.pop(0)
    return found


def _is_extension(key: bytes) -> bool:
    name = key[6:7]
    return key.startswith(EXTENSION) and key[4:5].isdigit() and key[5:6] == b"-" and (name.isalnum() or name == b"_")


def _sha256(value: bytes) -> str:
    """Return the digest (hex) of a value like sha256:…, "" where it is none."""
    kind, _, digest = value.partition(b":")
    return digest.decode() if kind == b"sha256" and len(digest) == 64 and not digest.translate(None, HEX) else ""


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
    return not lfs.encoded and is_whole(objects, lfs)


def is_whole(objects: bytes, lfs: LfsObject) -> bool:
    """Whether the object lies here whole, by its size."""
    try:
        return os.stat(path(objects, lfs)).st_size == lfs.size
    except (FileNotFoundError, NotADirectoryError):
        return lfs.size == 0


def damaged(objects: bytes, lfs: LfsObject, file: bytes) -> GuardError:
    # `git lfs fsck` looks at the objects of one commit only.
    at = path(objects, lfs)
    return GuardError(
        problem=f"the LFS object of {shown(file)} is damaged: its bytes are not those of its name, {lfs.sha256}; no "
        "ref was moved.",
        remedy=f"mv {typed(at)} {typed(at + b'.damaged')} && git lfs fetch --all     # then again",
    )
