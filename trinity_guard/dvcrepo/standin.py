"""The one owner of the stand-in's format: the small text that Git holds in an artifact's place until it is a pointer.

The filter driver gives it to Git at `git add`, when the bytes are in the cache; the commit turns it into a pointer.
Whether the file is executable the entry of the index or tree says, as for every file.
"""

from __future__ import annotations

from trinity_guard.dvcrepo.output import is_md5

# Whatever begins like this is ours, of whatever version, whole or damaged: never data.
MARK = b"%% trinity-guard stand-in "
_FIRST = MARK + b"1"
_SECOND = b"%% The data is in a DVC cache, not in Git: pip install trinity-guard && trinity-guard init"
_MD5_AT = len(b"\n".join((_FIRST, _SECOND, b"md5 ")))
# No stand-in is longer, of any version.
MAX_BYTES = 511
MAX_DIGITS = 19


class StandIn:
    """What a stand-in names: the md5 (hex) and the size in bytes of the artifact."""

    __slots__ = ("md5", "size")

    def __init__(self, md5: str, size: int) -> None:
        self.md5 = md5
        self.size = size


def begins(head: bytes) -> bool:
    """Whether a file with these first bytes (64 or more, or all) is a stand-in, if only a damaged one."""
    return head.startswith(MARK)


def encode(md5: str, size: int) -> bytes:
    """Return the text that stands for an artifact."""
    return b"\n".join((_FIRST, _SECOND, b"md5 " + md5.encode(), b"size %d" % size, b""))


def decode(data: bytes) -> StandIn | None:
    """Return what a stand-in says; None for all that `encode` does not write.

    Line ends of a checkout under core.autocrlf are understood: Git turns them before a filter sees the text.
    """
    if len(data) > MAX_BYTES or not begins(data):
        return None
    text = data.replace(b"\r\n", b"\n") if data.endswith(b"\r\n") else data
    md5, size = text[_MD5_AT : _MD5_AT + 32], text[_MD5_AT + 38 : -1]
    if not (md5.isascii() and size.isdigit() and len(size) <= MAX_DIGITS):
        return None
    found = StandIn(md5.decode(), int(size))
    return found if encode(found.md5, found.size) == text and is_md5(found.md5) else None
