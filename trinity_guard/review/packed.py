"""Tables that lie compressed, as pandas writes and reads them: unpacked, within bounds, before they are looked into."""

from __future__ import annotations

import os
from functools import partial

from trinity_guard import git
from trinity_guard.dvcrepo import installation
from trinity_guard.review.dialect import NoTable

ZSTANDARD = "pyarrow"  # brings its reader
PACKERS = {b".gz": "gzip", b".bz2": "bz2", b".xz": "lzma", b".zst": ZSTANDARD}
PIECE = 1 << 20
# What is unpacked may be so many times as large, or as large as anything small: a text of one letter is no table.
MOST = 200
SMALL = 64 << 20


def bare(path: bytes) -> bytes:
    """Return a name without what says how the file is compressed."""
    stem, suffix = os.path.splitext(path)
    return stem if suffix.lower() in PACKERS else path


def unpacked(path: bytes, named: bytes, scratch: bytes) -> bytes:
    """Return where a file lies unpacked, itself if it is not compressed. NoTable for what is damaged, or a bomb.

    named: its name in the repository; scratch: a folder that may be written to.
    """
    packer = PACKERS.get(os.path.splitext(named)[1].lower())
    if packer is None or not path:
        return path
    import importlib.util
    import shutil
    import tempfile

    if packer == ZSTANDARD and importlib.util.find_spec(packer) is None:
        raise NoTable(f"it needs {packer}: {installation.line(packer)}")
    most = min(max(MOST * os.path.getsize(path), SMALL), shutil.disk_usage(scratch).free // 4)
    fd, target = tempfile.mkstemp(dir=scratch)
    library = importlib.import_module(packer)
    opened = partial(library.CompressedInputStream, compression="zstd") if packer == ZSTANDARD else library.open
    damaged: tuple[type[Exception], ...] = (OSError, EOFError, ValueError, MemoryError, *_errors(packer))
    with open(fd, "wb") as out, open(git.opened(path, links=True), "rb") as raw:
        try:
            with opened(raw) as file:
                while piece := file.read(PIECE):
                    if out.tell() + len(piece) > most:
                        raise NoTable(f"it unpacks to more than {most >> 20:,} MB")
                    out.write(piece)
        except damaged as error:
            raise NoTable(f"it cannot be unpacked: {error}") from None
    return target


def _errors(packer: str) -> tuple[type[Exception], ...]:
    """Return what a library raises of its own."""
    if packer == "gzip":
        import zlib

        return (zlib.error,)
    if packer == "lzma":
        import lzma

        return (lzma.LZMAError,)
    return ()
