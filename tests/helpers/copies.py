"""Copy a repository that was made once, where hundreds of tests begin with the same one.

A copy is what making it at its place would have left. Where `init` wrote of the place, in files and commits, it is that
of the copy, so the commits have ids of their own; Git's index and our records, which know a file by its times and its
inode, know those of the copy. No process is started for it.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import struct
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

ID = re.compile(rb"\b[0-9a-f]{40}\b")
LOOSE = re.compile(rb"/\.git/objects/([0-9a-f]{2})/([0-9a-f]{38})")
INDEX = b"/.git/index"
# What knows other files by their inodes, and so is written after them.
RECORDS = (INDEX, b"/.git/trinity-guard/")
# In Git's index: what is before the first entry; what is in an entry before its name: times, device, inode, then size.
HEADER, ENTRY, SEEN, SIZE = 12, 62, struct.Struct(">6I"), slice(36, 40)


class File(NamedTuple):
    """A file, or a symlink, whose target is its data; its name begins behind the path of the repository."""

    name: bytes
    stat: os.stat_result
    data: bytes


class Placed(NamedTuple):
    """An object of Git's that names the repository's place, or another object that does."""

    name: bytes
    kind: bytes
    body: bytes


class Snapshot:
    """A repository and its local storage, as they are now."""

    def __init__(self, work: Path) -> None:
        self.work = os.fsencode(work)
        self.folders: list[tuple[bytes, int]] = []
        found: list[File] = []
        for top in around(work):
            self._take(os.fsencode(top), found)
        # One after the other as they came: of two files, DVC and we ask which is the newer one.
        self.files = sorted(found, key=lambda file: (file.name.startswith(RECORDS), file.stat.st_ctime_ns))
        self.placed = list(_placed(self.files, self.work))

    def _take(self, path: bytes, found: list[File]) -> None:
        seen, name = os.lstat(path), path.removeprefix(self.work)
        if stat.S_ISLNK(seen.st_mode):
            found.append(File(name, seen, os.readlink(path)))
        elif stat.S_ISREG(seen.st_mode):
            assert not name.endswith(b".pack"), "what is in a pack is not told by its name"
            with open(path, "rb") as file:
                found.append(File(name, seen, file.read()))
        else:
            self.folders.append((name, stat.S_IMODE(seen.st_mode)))
            for entry in os.listdir(path):
                self._take(os.path.join(path, entry), found)

    def copy(self, work: Path) -> None:
        """Make it at another place, where nothing is yet (but perhaps its folder)."""
        _Copy(self, os.fsencode(work)).make()


def _placed(files: Iterable[File], place: bytes) -> Iterable[Placed]:
    """Yield the objects that name a place, or another object that does: that one comes first."""
    objects = {match[1] + match[2]: file.data for file in files if (match := LOOSE.fullmatch(file.name))}
    answers: dict[bytes, bool] = {}

    def look(name: bytes) -> Iterable[Placed]:
        if name in answers or name not in objects:
            return
        header, _, body = zlib.decompress(objects[name]).partition(b"\0")
        named = _named(header.split()[0], body)
        for other in named:
            yield from look(other)
        answers[name] = any(answers.get(other) for other in named) or (not named and place in body)
        if answers[name]:
            yield Placed(name, header.split()[0], body)

    for name in objects:
        yield from look(name)


def _named(kind: bytes, body: bytes) -> list[bytes]:
    """Return the ids that an object names."""
    if kind == b"tree":
        return [match[1].hex().encode() for match in re.finditer(rb"[0-7]+ [^\0]+\0(.{20})", body, re.DOTALL)]
    return [] if kind == b"blob" else ID.findall(body.partition(b"\n\n")[0])


def around(work: Path) -> list[Path]:
    """Return a repository, and the local storage that `init` gives it, where there is one."""
    storage = work.with_name(f"{work.name}-dvc-storage")
    return [work, storage] if storage.exists() else [work]


def listing(work: Path) -> frozenset[tuple[str, int, int]]:
    """Return names, sizes and times of all that a snapshot would hold: the same for as long as nobody works on it."""
    found = set()
    for top in around(work):
        for folder, folders, files in os.walk(top):
            for path in (os.path.join(folder, name) for name in (*folders, *files)):
                seen = os.lstat(path)
                found.add((path, seen.st_size, seen.st_mtime_ns))
    return frozenset(found)


def empty(work: Path) -> None:
    """Take all away but the repository's own folder, in which somebody may be."""
    for path in (*work.iterdir(), *around(work)[1:]):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


class _Copy:
    def __init__(self, source: Snapshot, work: bytes) -> None:
        self.source = source
        self.work = work
        # What now stands for what: in text, in what is binary, in our records, and in the index's entries.
        self.said: dict[bytes, bytes] = {source.work: work}
        self.ids: dict[bytes, bytes] = {}
        self.recorded: dict[bytes, bytes] = {}
        self.indexed: dict[bytes, bytes] = {}
        self.inodes: dict[int, bytes] = {}

    def make(self) -> None:
        for name, mode in self.source.folders:
            os.makedirs(self.work + name, exist_ok=True)
            os.chmod(self.work + name, mode)
        skipped = set()
        for placed in self.source.placed:
            skipped.add(_loose(placed.name))
            self._write_object(placed)
        for file in self.source.files:
            if file.name not in skipped:
                self._write(file)

    def _write_object(self, placed: Placed) -> None:
        replace = self._in_binary if placed.kind == b"tree" else self._in_text
        body = replace(placed.body)
        content = b"%b %d\0%b" % (placed.kind, len(body), body)
        name = hashlib.sha1(content).hexdigest().encode()
        self.said[placed.name] = name
        self.ids[bytes.fromhex(placed.name.decode())] = bytes.fromhex(name.decode())
        file = self.work + _loose(name)
        os.makedirs(os.path.dirname(file), exist_ok=True)
        with open(file, "xb") as out:
            out.write(zlib.compress(content, 1))
        os.chmod(file, 0o444)

    def _write(self, file: File) -> None:
        path = self.work + file.name
        if stat.S_ISLNK(file.stat.st_mode):
            os.symlink(file.data, path)
            return
        if file.stat.st_ino in self.inodes:
            os.link(self.inodes[file.stat.st_ino], path)
            return
        self.inodes[file.stat.st_ino] = path
        with open(path, "xb") as out:
            out.write(self._content(file))
        os.chmod(path, stat.S_IMODE(file.stat.st_mode))
        os.utime(path, ns=(file.stat.st_atime_ns, file.stat.st_mtime_ns))
        if not LOOSE.fullmatch(file.name):
            new = os.lstat(path)
            self.recorded[_as_recorded(file.stat)] = _as_recorded(new)
            self.indexed[_as_indexed(file.stat)] = _as_indexed(new)

    def _content(self, file: File) -> bytes:
        if LOOSE.fullmatch(file.name):
            return file.data
        if file.name == INDEX:
            return self._index(file.data)
        data = self._in_text(file.data)
        if file.name.startswith(RECORDS):
            return _replaced(data, self.recorded)
        if data != file.data:
            for algorithm in (hashlib.md5, hashlib.sha256):
                self.said[algorithm(file.data).hexdigest().encode()] = algorithm(data).hexdigest().encode()
        return data

    def _in_text(self, data: bytes) -> bytes:
        return _replaced(data, self.said)

    def _in_binary(self, data: bytes) -> bytes:
        return _replaced(data, self.ids)

    def _index(self, data: bytes) -> bytes:
        """Return Git's index with the copy's ids, and the times and inodes of the copy's files."""
        version, count = struct.unpack(">2I", data[4:HEADER])
        assert version == 2
        at, parts = HEADER, [data[:HEADER]]
        for _ in range(count):
            end = data.index(b"\0", at + ENTRY)
            size = (end - at) // 8 * 8 + 8
            entry = data[at : at + size]
            seen = entry[: SEEN.size] + entry[SIZE]
            now = self.indexed.get(seen, seen)
            parts += [now[: SEEN.size], entry[SEEN.size : SIZE.start], now[SEEN.size :], entry[SIZE.stop :]]
            at += size
        parts.append(data[at:-20])
        content = self._in_binary(b"".join(parts))
        return content + hashlib.sha1(content).digest()


def _loose(name: bytes) -> bytes:
    return b"/.git/objects/%b/%b" % (name[:2], name[2:])


def _replaced(data: bytes, said: dict[bytes, bytes]) -> bytes:
    for old, new in said.items():
        if old in data:
            data = data.replace(old, new)
    return data


def _as_recorded(seen: os.stat_result) -> bytes:
    return b"%d %d %d" % (seen.st_size, seen.st_mtime_ns, seen.st_ino)


def _as_indexed(seen: os.stat_result) -> bytes:
    times = (n for ns in (seen.st_ctime_ns, seen.st_mtime_ns) for n in divmod(ns, 10**9))
    numbers = (*times, seen.st_dev, seen.st_ino, seen.st_size)
    return struct.pack(">7I", *(n & 0xFFFFFFFF for n in numbers))
