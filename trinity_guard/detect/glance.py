"""May a file be an artifact by its first bytes? Quick, for thousands of files a commit; sniff.py says what it is."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# So much of a file is looked at to tell what it is.
HEAD_BYTES = 4096
HDF5 = b"\x89HDF\r\n\x1a\n"
MATLAB = b"MATLAB 7.3 MAT-file"
IDENTIFIER = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
IN_MODULE = frozenset(IDENTIFIER + b"0123456789.")
# What may follow a mark at the beginning of a pickle of protocol 0 or 1.
AFTER_MARK = b"(dlticINLFSVPKMJUTX]})G"

# First byte -> second bytes, of everything that `sniff.kind` knows, but for safetensors.
_ANY = bytes(range(256))
_PAIRS = {
    **{b"\x89": b"H", b"\x93": b"N", b"P": b"AK", b"F": b"E", b"A": b"R", b"\0": b"\0", b"M": b"A"},
    **{b"x": b"\x01^\x9c\xda", b"\x1f": b"\x8b", b"B": b"Z", b"\xfd": b"7", b"\x04": b"\x22", b"Z": b"F"},
    **{b"\x80": bytes(range(2, 6)), b"\x08": bytes(range(1, 32)), b"(": AFTER_MARK, b"c": IDENTIFIER},
    **{b"]": b"\0qr", b"}": b"qr", b"S": b"'\"", b"V": _ANY, b"X": _ANY, b"T": _ANY, b"%": b"%"},
}


def suspicious(head: bytes) -> bool:
    """Whether `sniff.kind` may know this file: a superset of it, for the first 16 bytes or more (or all)."""
    seconds = _PAIRS.get(head[:1])
    if seconds is not None and len(head) > 1 and head[1] in seconds:
        narrower = _NARROWER.get(head[:1])
        if narrower is None or narrower(head):
            return True
    # safetensors: a header's length (100 MB at most) and its JSON.
    return head[4:9] == b"\0\0\0\0{"


def _like_global(head: bytes) -> bool:
    return IN_MODULE.issuperset(head[1:64].partition(b"\n")[0])


def _like_line_with_put(head: bytes) -> bool:
    return head[1:64].partition(b"\n")[2][:1] in (b"", b"p")


def _like_long_text(head: bytes) -> bool:
    return head[4:5] == b"\0"


def _like_matlab(head: bytes) -> bool:
    return head[:16] == MATLAB[: len(head[:16])]


def _like_stand_in(head: bytes) -> bool:
    from trinity_guard.dvcrepo import standin  # noqa: PLC0415  # hardly any file begins like this

    return head[:16] == standin.MARK[: len(head[:16])]


def stand_in(head: bytes) -> bool:
    """Whether a file is a stand-in of ours (its first 64 bytes or more, or all), be it a damaged one."""
    if head[:2] != b"%%":
        return False
    from trinity_guard.dvcrepo import standin  # noqa: PLC0415  # as above

    return standin.begins(head)


def real_size(head: bytes, size: int) -> int:
    """Return the size of the data that a file is, or as a stand-in names (its head is all of it)."""
    if not stand_in(head):
        return size
    from trinity_guard.dvcrepo import standin  # noqa: PLC0415  # as above

    named = standin.decode(head)
    return size if named is None else named.size


def _like_padding(head: bytes) -> bool:
    return not head[:16].strip(b"\0")


_NARROWER: dict[bytes, Callable[[bytes], bool]] = {
    b"c": _like_global,
    b"V": _like_line_with_put,
    b"S": _like_line_with_put,
    b"X": _like_long_text,
    b"T": _like_long_text,
    b"M": _like_matlab,
    b"\0": _like_padding,
    b"%": _like_stand_in,
}
