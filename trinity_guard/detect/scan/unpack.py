"""Streams of zlib, gzip, bzip2, xz and lzma, unpacked with bounds into a file that has no name."""

from __future__ import annotations

import bz2
import lzma
import mmap
import tempfile
import time
import zlib

from trinity_guard.detect.scan.formats import kind
from trinity_guard.detect.scan.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_UNPACKED = 4 << 30
CHUNK = 1 << 20
LZMA_MEMORY = 1 << 28
TOO_WIDE = "Memory usage limit"  # as lzma says it
GZIP_HEAD, GZIP_END = 10, 8
CUT = "its compressed stream ends before its end"

FAILED = (zlib.error, OSError, ValueError, EOFError, lzma.LZMAError, MemoryError)


def is_compressed(head: bytes) -> bool:
    return bool(kind(head)) and beginning(head) is not None


def _opened(found: str) -> Any:
    if found == "bz2":
        return bz2.BZ2Decompressor()
    if found in ("xz", "lzma"):
        return lzma.LZMADecompressor(lzma.FORMAT_XZ if found == "xz" else lzma.FORMAT_ALONE, memlimit=LZMA_MEMORY)
    return zlib.decompressobj(-15 if found == "gzip" else 15)


def _packed(found: str, data: Any, at: int, end: int) -> int:
    """Return where the packed bytes of a stream begin."""
    if found == "zfile":  # "ZF" and the length; by Python 2 with a space behind it
        return at + 21 + bool(data[at + 21 : at + 22] == b" ")
    return _behind_gzip_header(data, at, end) if found == "gzip" else at


def _behind_gzip_header(data: Any, at: int, end: int) -> int:
    """Go past a header as Python does: to zlib another flag or checksum in it is an error."""
    if end - at < GZIP_HEAD:
        return end
    flags, at = data[at + 3], at + GZIP_HEAD
    if flags & 4:
        at += 2 + int.from_bytes(data[at : at + 2], "little")
    for text in (8, 16):
        if flags & text:
            at = data.find(b"\0", at, end) + 1 or end
    return int(min(at + 2 * bool(flags & 2), end))


def beginning(head: bytes) -> bytes | None:
    """Return the first bytes behind a compression; b"" where the head gives out none yet, None for no such stream."""
    found = kind(head)
    try:
        out: bytes = _opened(found).decompress(head[_packed(found, head, 0, len(head)) :], 4096)
    except FAILED as error:
        return b"" if str(error).startswith(TOO_WIDE) else None
    return out


def whole(record: Record, data: Any, at: int, end: int) -> Any:
    """Return what a stream holds; what is wrong with it is said in the record, and what came before that counts."""
    found = kind(data[at : at + 64])
    with tempfile.TemporaryFile() as out:
        size = 0
        while at < end and size <= MAX_UNPACKED:
            at, size = _one(record, out, found, data, _packed(found, data, at, end), end, size)
            at = _behind_zeros(data, at, end) if found == "gzip" else at
            if at < end and kind(data[at : at + 64]) != found:
                record.cannot_read(f"{end - at:,} bytes behind its compressed stream are none")
                break
        if size > MAX_UNPACKED:
            record.cannot_read(f"it unpacks to more than {MAX_UNPACKED >> 30} GiB", bounded=True)
        out.flush()
        return mmap.mmap(out.fileno(), size, access=mmap.ACCESS_READ) if size else b""


def _behind_zeros(data: Any, at: int, end: int) -> int:
    """Go past what Python's gzip goes past between two streams."""
    while at < end and not data[at]:
        piece = data[at : min(at + CHUNK, end)]
        at += len(piece) - len(piece.lstrip(b"\0"))
    return at


def _one(record: Record, out: Any, found: str, data: Any, at: int, end: int, size: int) -> tuple[int, int]:
    """Unpack one stream; return the place behind it, and how much has been unpacked."""
    stream = _opened(found)
    fed = b""
    try:
        while not stream.eof and size <= MAX_UNPACKED:
            if not fed and getattr(stream, "needs_input", True):
                if at >= end:
                    record.cannot_read(CUT)
                    break
                fed = data[at : min(at + CHUNK, end)]
                at += len(fed)
            piece = stream.decompress(fed, 16 * CHUNK)
            fed = getattr(stream, "unconsumed_tail", b"")
            out.write(piece)
            size += len(piece)
            record.spend(0, time.monotonic())
    except FAILED as error:
        too_wide = str(error).startswith(TOO_WIDE)
        why = f"wants more than {LZMA_MEMORY >> 20} MiB" if too_wide else f"is damaged ({type(error).__name__})"
        record.cannot_read(f"its compressed stream {why}", too_wide)
        return end, size
    at -= len(stream.unused_data) if stream.eof else 0
    if found == "gzip" and stream.eof and at + GZIP_END > end:
        record.cannot_read(CUT)
    # Its checksum is looked at when what is in it was given out long since.
    return min(at + GZIP_END, end) if found == "gzip" else at, size
