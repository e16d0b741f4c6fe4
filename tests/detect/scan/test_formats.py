"""Archives and compressions are told by their bytes."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zlib

import pytest

from tests.detect.scan.test_files import ZIPPED, tarred
from trinity_guard.detect.scan import formats


def old_tar() -> bytes:
    """A tar as it was before POSIX: without a magic, with the checksum alone."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:", format=tarfile.USTAR_FORMAT) as made:
        made.addfile(tarfile.TarInfo("a"))
    head = bytearray(out.getvalue()[:512])
    head[257:265] = bytes(8)
    total = sum(head[:148]) + 8 * 32 + sum(head[156:512])
    head[148:156] = b"%06o\0 " % total
    return bytes(head)


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (gzip.compress(b"x", mtime=0), "gzip"),
        (bz2.compress(b"x"), "bz2"),
        (lzma.compress(b"x"), "xz"),
        (lzma.compress(b"x", lzma.FORMAT_ALONE), "lzma"),
        (zlib.compress(b"x", 1), "zlib"),
        (zlib.compress(b"x", 9), "zlib"),
        (b"ZF0x15", "zfile"),
        (b"ZF15 ", "zfile"),
        (b"ZFC is a set theory", ""),
        (b"xylophone", ""),
        (b"x", ""),
        (b"", ""),
        (ZIPPED, ""),
    ],
)
def test_a_compression_is_known_by_its_beginning(head: bytes, expected: str) -> None:
    assert formats.kind(head) == expected


@pytest.mark.parametrize(
    ("head", "expected"),
    [(tarred("a", b"x"), True), (old_tar(), True), (old_tar()[:-1] + b"x", False), (b"", False), (bytes(512), False)],
)
def test_a_tar_has_its_magic_or_its_checksum(head: bytes, expected: bool) -> None:
    assert formats.is_tar(head) == expected


def test_a_zip_is_one_by_its_head_or_by_its_end() -> None:
    behind = b"#!/bin/sh\n" + ZIPPED
    assert formats.is_zip(ZIPPED, 0, len(ZIPPED))
    assert formats.is_zip(behind, 0, len(behind))
    assert not formats.is_zip(behind, 0, 9)
    assert not formats.is_zip(b"PK", 0, 2)
