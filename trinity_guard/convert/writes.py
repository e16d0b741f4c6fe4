"""Blobs for Git's object store."""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.git import files
from trinity_guard.git.catfile import Source
from trinity_guard.git.packwriter import Pack

# From so many on they are one pack; of fewer, Git's own tools make loose objects, too (fastimport.unpackLimit), or many
# small commits would leave many small packs.
PACKED = 100


def write_blobs(place: git.Place, contents: list[bytes]) -> list[bytes]:
    """Write blobs into Git's object store with one process, and return their ids."""
    if not contents:
        return []
    folder = os.path.join(place.git_dir, b"trinity-guard")
    if len(contents) >= PACKED:
        os.makedirs(folder, exist_ok=True)
        return _write_pack(place, os.path.join(folder, files.UNFINISHED + files.random_name()), contents)
    if b"\n" in folder:
        return [git.run("hash-object", "-w", "--stdin", data=data).strip() for data in contents]
    names: list[bytes] = []
    try:
        for data in contents:
            names.append(os.path.join(folder, files.UNFINISHED + files.random_name()))
            files.replace(names[-1], data)
        listed = b"".join(name + b"\n" for name in names)
        return git.run("hash-object", "-w", "--no-filters", "--stdin-paths", data=listed).split()
    finally:
        for name in names:
            files.unlink(name)


def _write_pack(place: git.Place, path: bytes, contents: list[bytes]) -> list[bytes]:
    pack = Pack(path)
    try:
        ids = [pack.add(b"blob", data).hex().encode() for data in contents]
        pack.finish(Source(place))
    finally:
        pack.abandon()
    return ids
