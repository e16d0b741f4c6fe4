"""Blobs that their first bytes tell for artifacts, whatever their names (a pickle named model.bin), as in the hooks;
and those that are pointers of Git LFS.

All blobs of the repository are listed, and their first bytes read out of the packs, some ten thousand at a time.
"""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.config import Config
from trinity_guard.detect import glance
from trinity_guard.detect.inspect import LFS_HEADS
from trinity_guard.detect.patterns import Rules
from trinity_guard.git import packheads
from trinity_guard.git.objects import GLANCE
from trinity_guard.migrate import lfs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from trinity_guard.git.catfile import Source

TOGETHER = 20_000


def found(source: Source) -> frozenset[bytes]:
    """Return the blobs (20 bytes) that are pickles, HDF5 and their kin."""
    rules = Rules(Config(patterns=(), exclude=(), sniff=True, max_size=0))
    told: list[bytes] = []
    for ids in _blobs(source):
        told += _told(source.place, ids, rules)
    return frozenset(bytes.fromhex(oid.decode()) for oid in told)


def lfs_pointers(source: Source) -> dict[bytes, lfs.LfsObject]:
    """Return the blobs (20 bytes) that are pointers of Git LFS, with what they name."""
    found: dict[bytes, lfs.LfsObject] = {}
    length = max(map(len, LFS_HEADS))
    for ids in _blobs(source, lfs.MAX_BYTES):
        heads = packheads.heads(source.place.common_dir, ids, length, source.place.git_dir)
        like = [oid for oid, head in heads.items() if head.first.startswith(LFS_HEADS)]
        for oid, (_, data) in zip(like, source.each(like), strict=True):
            pointer = lfs.read(data)
            if pointer is not None:
                found[bytes.fromhex(oid.decode())] = pointer
    return found


def _told(place: git.Place, ids: list[bytes], rules: Rules) -> list[bytes]:
    common_dir, at = place.common_dir, place.git_dir
    glances = packheads.heads(common_dir, ids, GLANCE, at)
    doubtful = [oid for oid, head in glances.items() if glance.suspicious(head.first)]
    heads = packheads.heads(common_dir, [o for o in doubtful if glances[o].size > GLANCE], glance.HEAD_BYTES, at)
    known = [(oid, heads.get(oid) or glances[oid]) for oid in doubtful]
    # A name of no pattern: the first bytes alone decide.
    return [o for o, head in known if rules.decide(b"x", head.size, head.first).kind == "artifact"]


def _blobs(source: Source, below: int = 1 << 63) -> Iterator[list[bytes]]:
    """Yield the ids (hex) of all blobs that are not empty, and have fewer bytes than that."""
    listing = source.argv("cat-file", "--batch-all-objects", "--unordered", "--buffer")
    p = git.Process([*listing, "--batch-check=%(objecttype) %(objectsize) %(objectname)"], source.env)
    p.close("stdin")
    rest, ids = b"", list[bytes]()
    try:
        while piece := os.read(p.stdout, git.CHUNK):
            *lines, rest = (rest + piece).split(b"\n")
            ids += [line[-40:] for line in lines if line[:5] == b"blob " and 0 < int(line[5:-41]) < below]
            if len(ids) >= TOGETHER:
                yield ids
                ids = []
    finally:
        p.close("stdout")
        code = p.wait()
    if code:
        raise git.failure(listing, git.Result(code, b"", b""))
    if ids:
        yield ids
