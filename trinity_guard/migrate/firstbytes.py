"""Blobs that their first bytes tell for artifacts, whatever their names (a pickle named model.bin), as in the hooks;
and those that are pointers of Git LFS.

The first bytes of those that no name decides on are read out of the packs, as the scan comes to them.
"""

from __future__ import annotations

import os
from itertools import islice

from trinity_guard import git
from trinity_guard.config import Config
from trinity_guard.detect import glance
from trinity_guard.detect.inspect import LFS_HEADS
from trinity_guard.detect.patterns import Rules
from trinity_guard.git import packheads
from trinity_guard.git.ids import SIZE
from trinity_guard.migrate import lfs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from trinity_guard.git.catfile import Source
    from trinity_guard.git.objects import Head

TOGETHER = 20_000
# So few bytes tell most for none.
FIRST = 16


class Told:
    """Blobs (20 bytes) that count whatever their names; a container of those that were looked at, a context manager.

    blobs: those that count from the beginning; sniff: whether bytes tell any.
    """

    def __init__(self, source: Source, blobs: Iterable[bytes] = (), sniff: bool = True) -> None:
        self._source = source
        self._blobs = set(blobs)
        self._rules = Rules(Config(patterns=(), exclude=(), sniff=True, max_size=0))
        self._packs = packheads.Packs(source.place.common_dir, SIZE) if sniff else None

    def __enter__(self) -> Told:
        return self

    def __exit__(self, *_: object) -> None:
        if self._packs is not None:
            self._packs.__exit__()

    def __contains__(self, oid: object) -> bool:
        return oid in self._blobs

    def __len__(self) -> int:
        return len(self._blobs)

    def look(self, oids: Iterable[bytes]) -> None:
        """Look at blobs, those that are pickles, HDF5 and their kin are told from then on. What is no blob, or is not
        there, tells nothing."""
        if self._packs is None:
            return
        left = iter(oids)
        while some := list(islice(left, TOGETHER)):
            self._look_at(self._packs, some)

    def _look_at(self, packs: packheads.Packs, oids: list[bytes]) -> None:
        heads = self._heads(packs, oids, FIRST)
        doubtful = {oid: head for oid, head in heads.items() if glance.suspicious(head.first)}
        larger = [oid for oid, head in doubtful.items() if head.size > FIRST]
        doubtful |= self._heads(packs, larger, glance.HEAD_BYTES)
        for oid, head in doubtful.items():
            # A name of no pattern: the first bytes alone decide.
            if self._rules.decide(b"x", head.size, head.first).kind == "artifact":
                self._blobs.add(oid)

    def _heads(self, packs: packheads.Packs, oids: list[bytes], length: int) -> dict[bytes, Head]:
        found = packs.heads(oids, length)
        if len(found) < len(oids):
            found |= self._by_git([oid for oid in oids if oid not in found], length)
        return found

    def _by_git(self, oids: Collection[bytes], length: int) -> dict[bytes, Head]:
        """Return the heads of what is there, by whatever way."""
        place = self._source.place
        ids = self._source.blobs([oid.hex().encode() for oid in oids])
        heads = packheads.heads(place.common_dir, ids, length, place.git_dir)
        return {bytes.fromhex(oid.decode()): head for oid, head in heads.items()}


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


def _blobs(source: Source, below: int) -> Iterator[list[bytes]]:
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
