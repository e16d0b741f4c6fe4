"""Whole blobs straight out of Git's packs, inflated in a third of the time that zlib takes.

Deltas, loose objects and whatever looks strange are left to Git. Nothing that is read here is believed:
whoever takes the bytes compares their hash with the blob's name, and asks Git where it differs.
Format: gitformat-pack(5).
"""

from __future__ import annotations

import os

from trinity_guard.git import packindex

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

# Larger ones cost the system fresh pages, smaller ones the threads a wait for the interpreter each.
PIECE = 1 << 18
BLOB = 3
WIDTH = 20
# Each takes a descriptor. Beyond these packs, a repository wants its `git gc` more than our speed.
MAX_PACKS = 64
# A blob's type and size take 10 bytes at most.
HEAD = 16


class DamagedError(Exception):
    """A pack does not hold what its index says; Git says it in better words."""


class Whole:
    """A blob that lies in a pack as it is: the pack's file, where its deflated bytes begin, its size in bytes."""

    __slots__ = ("at", "path", "size")

    def __init__(self, path: bytes, at: int, size: int) -> None:
        self.path = path
        self.at = at
        self.size = size


class Packs:
    """The packs of a repository, and of those it borrows objects from. Threads may share it."""

    def __init__(self, common_dir: bytes) -> None:
        self._isal = _isal()
        self._indexes = _opened(common_dir) if self._isal is not None else []

    def close(self) -> None:
        for index in self._indexes:
            index.close()
        self._indexes = []

    def find(self, oid: bytes) -> Whole | None:
        """Return a blob (its name in 20 bytes) that lies whole in one of the packs."""
        for index in self._indexes:
            at = index.find(oid)
            if at >= 0:
                return _head(index.pack, at)
        return None

    def pieces(self, whole: Whole) -> Iterator[bytes]:
        """Yield a blob's bytes, no more than its size says; DamagedError where they are fewer, or do not inflate."""
        inflate, left, data = self._isal.decompressobj(), whole.size, b""
        deflated = _read(whole)
        while not inflate.eof:
            data = data or next(deflated, b"")
            piece = self._next(inflate, data)
            data = inflate.unconsumed_tail
            left -= len(piece)
            if left < 0:
                raise DamagedError
            if piece:
                yield piece
        if left:
            raise DamagedError

    def _next(self, inflate: Any, data: bytes) -> bytes:
        """Return the next piece; DamagedError where there is nothing to inflate it from."""
        if not data:
            raise DamagedError
        try:
            piece: bytes = inflate.decompress(data, PIECE)
        except self._isal.error:
            raise DamagedError from None
        return piece


def _read(whole: Whole) -> Iterator[bytes]:
    """Yield a pack's bytes from a blob's on, to the pack's end."""
    try:
        fd = os.open(whole.path, os.O_RDONLY)
        try:
            at = whole.at
            while data := os.pread(fd, PIECE, at):
                at += len(data)
                yield data
        finally:
            os.close(fd)
    except OSError:
        raise DamagedError from None  # packed anew at this very moment, or the disk does not give it


def _isal() -> Any:
    """Return the module that inflates, None where it is missing: Git inflates as fast as zlib would here."""
    try:
        from isal import isal_zlib
    except ImportError:
        return None
    return isal_zlib


def _opened(common_dir: bytes) -> list[packindex.Index]:
    indexes: list[packindex.Index] = []
    for path in packindex.files(common_dir)[:MAX_PACKS]:
        try:
            indexes.append(packindex.Index(path, WIDTH))
        except (OSError, ValueError):
            continue  # packed anew in this moment, or no index as we know: Git's business
    return indexes


def _head(pack: bytes, at: int) -> Whole | None:
    """Return what lies at a place of a pack, when it is a blob and no delta."""
    try:
        fd = os.open(pack, os.O_RDONLY)
        try:
            head = os.pread(fd, HEAD, at)
        finally:
            os.close(fd)
    except OSError:
        return None
    if not head or head[0] >> 4 & 7 != BLOB:
        return None
    size, shift, used = head[0] & 15, 4, 1
    while head[used - 1] & 0x80:
        if used >= len(head):
            return None
        size |= (head[used] & 0x7F) << shift
        shift, used = shift + 7, used + 1
    return Whole(pack, at + used, size)
