"""What the commit under way will be, read from Git's own files: its parent and its tree. No process is started.

A hook before a commit can leave word of what it saw, and the hook after it can tell that this very commit was made.
"""

from __future__ import annotations

import os
import zlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trinity_guard.git.repository import Place

# The cache tree stands behind the entries; with its folders it is some kilobytes long.
TAIL = 1 << 18
HEX = b"0123456789abcdef"


def parent_and_tree(place: Place, index_file: bytes) -> tuple[bytes, bytes] | None:
    """Return the ids of HEAD's commit and of the tree that the index holds; None where a glance does not tell.

    Git writes the cache tree into the index before it runs a hook. A merge's commit has other parents.
    """
    if os.path.lexists(os.path.join(place.git_dir, b"MERGE_HEAD")):
        return None
    parent, tree = head(place), _tree(index_file)
    return (parent, tree) if parent and tree and len(parent) == len(tree) else None


def tree_of_head(place: Place) -> bytes | None:
    """Return the id of the tree of HEAD's commit; None where that is no loose object."""
    oid = head(place)
    if oid is None or _replacing(place):
        return None
    data = _read(os.path.join(place.common_dir, b"objects", oid[:2], oid[2:]))
    try:
        text = zlib.decompressobj().decompress(data, 4096)
    except zlib.error:
        return None
    header, _, content = text.partition(b"\0")
    tree = content[5 : 5 + len(oid)]
    return tree if header.startswith(b"commit ") and content.startswith(b"tree ") and not tree.strip(HEX) else None


def _replacing(place: Place) -> bool:
    """Whether `git replace` may have Git read another commit in HEAD's place."""
    if os.path.isdir(os.path.join(place.common_dir, b"refs", b"replace")):
        return True
    try:
        with open(os.path.join(place.common_dir, b"packed-refs"), "rb", buffering=0) as file:
            return b" refs/replace/" in file.read()
    except OSError:
        return False


def head(place: Place) -> bytes | None:
    """Return the id of HEAD's commit; None where it is in no file of its own (packed, or there is none yet)."""
    text = _read(os.path.join(place.git_dir, b"HEAD"))
    if text.startswith(b"ref: "):
        # A packed ref, or one of another format, is not looked for.
        text = _read(os.path.join(place.common_dir, text[5:].rstrip(b"\n")))
    oid = text.rstrip(b"\n")
    return oid if len(oid) in (40, 64) and not oid.strip(HEX) else None


def _read(path: bytes) -> bytes:
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read(4096) or b""
    except OSError:
        return b""


def _tree(index_file: bytes) -> bytes | None:
    """Return the id of an index's whole tree, out of its cache tree (gitformat-index, "Cache tree").

    The extension is TREE, its length, then of the root: an empty name and a NUL, the number of entries, a space, the
    number of folders, a newline, the id. A negative number of entries says that the id is not valid.
    """
    try:
        with open(index_file, "rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(max(0, size - TAIL))
            tail = file.read(TAIL)
    except OSError:
        return None
    for checksum in (20, 32):
        at = tail.rfind(b"TREE")
        while at >= 0:
            if _ends_exactly(tail, at, len(tail) - checksum):
                return _root(tail[at + 8 :], checksum)
            at = tail.rfind(b"TREE", 0, at)
    return None


def _ends_exactly(tail: bytes, at: int, end: int) -> bool:
    """Whether extensions, one behind the other, lead from here to the checksum: this is one, and no name of a file."""
    while at + 8 <= end:
        at += 8 + int.from_bytes(tail[at + 4 : at + 8])
    return at == end


def _root(data: bytes, length: int) -> bytes | None:
    counts, newline, rest = data.partition(b"\n")
    name, _, entries = counts.partition(b"\0")
    if name or not newline or not entries.split(b" ")[0].isdigit() or len(rest) < length:
        return None
    return rest[:length].hex().encode()
