"""Archives and compressions, told by their bytes; what opens them is loaded where there is one."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LOCAL, END = b"PK\3\4", b"PK\5\6"
SUFFIXES = (b".gz", b".bz2", b".xz", b".lzma", b".z", b".zlib")
_HEADS = {b"\x1f\x8b": "zlib", b"BZh": "bz2", b"\xfd7zXZ\0": "lzma", b"]\0\0": "lzma", b"ZF0x": "zfile"}


def is_zip(data: Any, at: int, end: int) -> bool:
    return bool(data[at : at + 4] == LOCAL or data.rfind(END, max(at, end - 66_000), end) >= 0)


def is_tar(head: bytes) -> bool:
    if head[257:262] == b"ustar":
        return True
    # Before POSIX there was no magic: a checksum in octal, of the header with spaces in its place.
    digits = head[148:156].strip(b" \0")
    if len(head) < 512 or not digits or not digits.isdigit() or not head[0]:
        return False
    total = sum(head[:148]) + 8 * 32 + sum(head[156:512])
    return digits.strip(b"01234567") == b"" and int(digits, 8) == total


def kind(head: bytes) -> str:
    for magic, found in _HEADS.items():
        if head.startswith(magic):
            return found
    # A bare zlib stream: the first two bytes are a multiple of 31 (RFC 1950).
    if head[:1] == b"x" and len(head) > 1 and not int.from_bytes(head[:2], "big") % 31:
        return "zlib"
    return ""
