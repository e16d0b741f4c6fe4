"""Size and mode of images by their headers: PNG, JPEG, GIF, BMP, TIFF, WebP; modes as Pillow names them.

By hand, for Pillow decodes and is large, and the package `imagesize` knows no mode. No pixel is looked at.
"""

from __future__ import annotations

import os
import struct

from trinity_guard import git

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

    Facts = tuple[int, int, str]  # width, height, mode

SUFFIXES = (b".png", b".jpg", b".jpeg", b".gif", b".bmp", b".tif", b".tiff", b".webp")
HEAD = 64
MAX_SEGMENTS = 1000
MAX_TAGS = 500
OF_SAMPLES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}


def is_image(path: bytes) -> bool:
    return os.path.splitext(path)[1].lower() in SUFFIXES


def facts(path: bytes) -> dict[str, str]:
    """Return the size, in pixels, and the mode of an image; nothing for what is none, whatever its name."""
    with open(git.opened(path, links=True), "rb") as file:
        head = file.read(HEAD)
        try:
            found = next((read(file, head) for mark, read in READERS if head.startswith(mark)), None)
        except (struct.error, IndexError, ValueError):
            return {}  # it ends too early
    return {"size": f"{found[0]:,} x {found[1]:,}", "mode": found[2]} if found else {}


def _png(_: BinaryIO, head: bytes) -> Facts | None:
    width, height, depth, kind = struct.unpack_from(">IIBB", head, 16)
    modes = {0: "1" if depth == 1 else "I;16" if depth == 16 else "L", 2: "RGB", 3: "P", 4: "LA", 6: "RGBA"}
    return (width, height, modes.get(kind, f"type {kind}")) if head[12:16] == b"IHDR" else None


def _gif(_: BinaryIO, head: bytes) -> Facts:
    return (*struct.unpack_from("<HH", head, 6), "P")


def _bmp(_: BinaryIO, head: bytes) -> Facts:
    old = struct.unpack_from("<I", head, 14)[0] == 12
    width, height = struct.unpack_from("<HH" if old else "<ii", head, 18)
    bits = struct.unpack_from("<H", head, 24 if old else 28)[0]
    return abs(width), abs(height), "1" if bits == 1 else "P" if bits <= 8 else "RGB"


def _jpeg(file: BinaryIO, _: bytes) -> Facts | None:
    """Walk over the segments to the frame's; each says how long it is."""
    at = 2
    for _segment in range(MAX_SEGMENTS):
        file.seek(at)
        start, marker, length, _depth, height, width, samples = struct.unpack(">BBHBHHB", file.read(10))
        if start != 0xFF:
            return None
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return width, height, {1: "L", 3: "RGB", 4: "CMYK"}.get(samples, f"{samples} samples")
        at += 1 if marker == 0xFF else 2 + length  # a marker may be padded
    return None


def _tiff(file: BinaryIO, head: bytes) -> Facts | None:
    """Read the tags of the first image: each has a number, a kind, a count, and its value or where that is."""
    order = "<" if head.startswith(b"II") else ">"
    file.seek(struct.unpack_from(order + "I", head, 4)[0])
    count = min(struct.unpack(order + "H", file.read(2))[0], MAX_TAGS)
    tags: dict[int, int] = {}
    for _tag in range(count):
        number, kind, values, value = struct.unpack(order + "HHI4s", file.read(12))
        tags[number] = struct.unpack_from(order + ("H" if kind == 3 else "I"), value)[0] if values == 1 else 0
    samples, bits, colours = tags.get(277, 1), tags.get(258, 1), tags.get(262, 1)
    grey = "1" if bits == 1 else "I;16" if bits == 16 else OF_SAMPLES.get(samples, "L")
    modes = {0: grey, 1: grey, 2: OF_SAMPLES.get(samples, "RGB"), 3: "P", 5: "CMYK", 6: "RGB"}
    known = 256 in tags and 257 in tags
    return (tags[256], tags[257], modes.get(colours, f"photometric {colours}")) if known else None


def _webp(_: BinaryIO, head: bytes) -> Facts | None:
    kind = head[12:16]
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", head, 26)
        return width & 0x3FFF, height & 0x3FFF, "RGB"
    if kind == b"VP8L":
        bits = struct.unpack_from("<I", head, 21)[0]
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, "RGBA" if bits >> 28 & 1 else "RGB"
    if kind == b"VP8X":
        width, height = (int.from_bytes(head[at : at + 3], "little") + 1 for at in (24, 27))
        return width, height, "RGBA" if head[20] & 0x10 else "RGB"
    return None


READERS: tuple[tuple[bytes, Callable[[BinaryIO, bytes], Facts | None]], ...] = (
    (b"\x89PNG\r\n\x1a\n", _png),
    (b"\xff\xd8\xff", _jpeg),
    (b"GIF8", _gif),
    (b"BM", _bmp),
    (b"II*\0", _tiff),
    (b"MM\0*", _tiff),
    (b"RIFF", _webp),
)
