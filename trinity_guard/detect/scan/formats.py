"""Archives and compressions, told by their bytes; what opens them is loaded where there is one."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LOCAL, END = b"PK\3\4", b"PK\5\6"
SUFFIXES = (b".gz", b".bz2", b".xz", b".lzma", b".z", b".zlib")
# What Python's own readers open by a name, whatever the first bytes are.
NAMED = (b".xz", b".lzma", b".lz", b".zst", b".lz4")
_HEADS = {b"\x1f\x8b\x08": "gzip", b"BZh": "bz2", b"\xfd7zXZ\0": "xz", b"]\0": "lzma"}
ZFILE = b"ZF"


def is_zip(data: Any, at: int, end: int) -> bool:
    return bool(data[at : at + 4] == LOCAL or data.rfind(END, max(at, end - 66_000), end) >= 0)


def is_tar(head: bytes) -> bool:
    if head[257:262] == b"ustar":
        return True
    # Before POSIX there was no magic: a checksum of the header with spaces in its place, of signed bytes or of others.
    said = _number(head[148:156])
    if len(head) < 512 or not said:
        return False
    summed = head[:148] + b" " * 8 + head[156:512]
    return said in (sum(summed), sum(summed) - 256 * sum(byte > 127 for byte in summed))


def _number(field: bytes) -> int:
    """Return a tar's number, in octal or in bytes; 0 where it is none."""
    if field[:1] == b"\x80":
        return int.from_bytes(field[1:], "big")
    if field[:1] == b"\xff":  # below zero, as a sum of signed bytes may be
        return int.from_bytes(field, "big", signed=True)
    try:
        return int(field.partition(b"\0")[0].strip(), 8)
    except ValueError:
        return 0


def kind(head: bytes) -> str:
    for magic, found in _HEADS.items():
        if head.startswith(magic):
            return found
    # The length in hexadecimal, in 19 places (joblib before 0.10).
    if head.startswith(ZFILE) and _is_hexadecimal(head[2:21].strip()):
        return "zfile"
    # A bare zlib stream: the first two bytes are a multiple of 31 (RFC 1950).
    if head[:1] == b"x" and len(head) > 1 and not int.from_bytes(head[:2], "big") % 31:
        return "zlib"
    return ""


def _is_hexadecimal(text: bytes) -> bool:
    return bool(text) and not text.lower().removeprefix(b"0x").strip(b"0123456789abcdef")
