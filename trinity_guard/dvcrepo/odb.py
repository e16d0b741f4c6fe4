"""DVC's object stores on this machine, the cache and local remotes, by the standard library.

Layout, names and permissions are DVC's: `files/md5/ab/cdef…`, mode 0444.
"""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.dvcrepo import flushed, hashed
from trinity_guard.dvcrepo.output import LEGACY, is_object
from trinity_guard.errors import GuardError, shown
from trinity_guard.git import durable, files
from trinity_guard.git.temporary import Temporary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from trinity_guard import Progress

MAX_LISTED = 256 << 20  # bytes of a directory object
PIECE = 1 << 20
OBJECT_MODE = 0o444


class Stored:
    """An object on its way into a store: md5 (hex), size in bytes, and the temporary file that holds it."""

    __slots__ = ("md5", "size", "temporary")

    def __init__(self, md5: str, size: int, temporary: bytes) -> None:
        self.md5 = md5
        self.size = size
        self.temporary = temporary


class ByteCounter:
    """Bytes that went into a store, told onwards: on_progress(done, in all)."""

    def __init__(self, total: int, on_progress: Progress | None) -> None:
        self.done = 0
        self._total = total
        self._on_progress = on_progress

    def __call__(self, count: int) -> None:
        self.done += count
        if self._on_progress:
            self._on_progress(self.done, max(self._total, self.done))


class Store:
    """A folder of objects in DVC's layout: the cache, or a local remote.

    `take` objects as often as needed, then `settle` once: flush, rename into place, flush the names.
    Nothing is visible under its final name before its bytes are on disk.
    on_disk: the marks of objects that are known to be there, and are not flushed again; and what is known of each.
    """

    def __init__(self, folder: bytes, shared: bool = False) -> None:
        self.folder = folder
        self.shared = shared
        self.on_disk: dict[bytes, bool] = {}
        self._taken: list[Stored] = []
        self._flushing = durable.Background()
        self._put: dict[bytes, bytes] = {}
        self._new: list[bytes] = []
        self._made: set[bytes] = set()
        self._there: set[bytes] = set()
        self._temporary = Temporary(os.path.join(folder, b"trinity-guard-tmp"), self._folder)

    def path(self, md5: str) -> bytes:
        """Return where an object lies, or would lie."""
        if len(md5) == 32:  # nearly all
            return b"%b/files/md5/%b/%b" % (self.folder, md5[:2].encode(), md5[2:].encode())
        return b"/".join((self.folder, *(part.encode() for part in parts_of(md5))))

    def size(self, md5: str) -> int | None:
        """Return the size of an object in bytes, None when it is not here."""
        try:
            found = os.stat(self.path(md5))
            return found.st_size if found.st_mode & 0o170000 == 0o100000 else None
        except (FileNotFoundError, NotADirectoryError):
            return None

    def lacking(self, md5s: Iterable[str]) -> set[str]:
        """Return those of many objects that are not here, by one look into each folder that they would lie in."""
        wanted: dict[str, set[str]] = {}
        for md5 in md5s:
            wanted.setdefault(md5[:2], set()).add(md5)
        for first, names in wanted.items():
            try:
                there = os.listdir(os.path.join(self.folder, b"files/md5", first.encode()))
            except (FileNotFoundError, NotADirectoryError):
                continue
            names.difference_update([first + name.decode("ascii", "replace") for name in there])
        return set().union(*wanted.values())

    def holds(self, md5: str) -> bool:
        """Whether an object is here, and its bytes are those of its name: reads all of it."""
        path = self.path(md5)
        try:
            return says(md5, md5_of(path), path)
        except OSError:
            return False

    def take(
        self, pieces: Iterable[bytes | memoryview], expected: int = 0, on_bytes: Callable[[int], None] | None = None
    ) -> Stored:
        """Write the pieces to a temporary file, hashing on the way. `expected` (bytes) only chooses the way."""
        name = self.temporary_name()
        try:
            fd = files.create(name)
            try:
                md5, size = hashed.copy(pieces, fd, expected, on_bytes)
            finally:
                os.close(fd)
        except OSError as error:
            files.unlink(name)
            self.abandon()
            raise self._trouble(error) from error
        except BaseException:
            files.unlink(name)
            raise
        stored = Stored(md5, size, name)
        self._taken.append(stored)
        return stored

    def place_for(self) -> bytes:
        """Return the name of a temporary file that others write, for `adopt`."""
        path = self.temporary_name()
        os.close(files.create(path))
        return path

    def adopt(self, path: bytes, md5: str, size: int) -> None:
        """Take a file from `place_for` whose bytes were checked."""
        durable.begin_write_out_of(path)
        self._taken.append(Stored(md5, size, path))

    def put(self, stored: Stored) -> bytes:
        """Give one object that was taken its name at once: a kill leaves it there. `settle` flushes it, too.

        Returns its mark.
        """
        self._taken.remove(stored)
        try:
            path = self.path(stored.md5)
            folder = path[: path.rindex(b"/")]
            if folder not in self._there and self._folder(folder):
                self._made.add(folder)
            self._there.add(folder)
            if self._place(stored, path):
                self._new.append(path)
            mark = self._put[path] = flushed.mark(path)
            self._flushing.add(path)
        except OSError as error:
            files.unlink(stored.temporary)
            raise self._trouble(error) from error
        return mark

    def flush(self, md5: str) -> bool:
        """See to it that an object which is here is on the disk.

        Returns whether its first bytes are known to say nothing.
        """
        path = self.path(md5)
        return self._flush(path, os.stat(path) if self.on_disk else None)

    def flush_if_here(self, md5: str, size: int) -> bool | None:
        """Do the same where there is an object of this size in bytes, by one look at it; None where there is none."""
        path = self.path(md5)
        try:
            found = os.stat(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        if found.st_mode & 0o170000 != 0o100000 or found.st_size != size:
            return None
        return self._flush(path, found)

    def _flush(self, path: bytes, found: os.stat_result | None) -> bool:
        known = self.on_disk.get(flushed.mark_of(found)) if found else None
        if known is None:
            self._put[path] = b""
            self._flushing.add(path)
        return bool(known)

    def settle(self) -> list[bytes]:
        """Put all that was taken in place, flushed to disk; the objects are safe when this returns.

        Returns the marks of those that were `put`. Where the disk fails, those that are new are taken away: a text that
        names one is refused by the commit, which has the working file.
        """
        taken, self._taken = self._taken, []
        put, self._put = self._put, {}
        new, self._new = self._new, []
        made, self._made = self._made, set()
        try:
            self._flushing.finish()
            durable.flush_all([s.temporary for s in taken])
            folders = {os.path.dirname(self.path(s.md5)) for s in taken}
            # The folders above must reach the disk as well, or a crash loses the way to the object.
            made |= {folder for folder in folders if self._folder(folder)}
            folders |= {os.path.dirname(path) for path in put}
            above = {parent for folder in made for parent in _parents(folder, self.folder)}
            for stored in taken:
                self._place(stored, self.path(stored.md5))
            durable.flush_all(folders | above)
            return [mark for mark in put.values() if mark]
        except OSError as error:
            for path in new:
                files.unlink(path)
            raise self._trouble(error) from error
        finally:
            for stored in taken:
                files.unlink(stored.temporary)
            self._temporary.end()

    def abandon(self) -> None:
        """Let go of all that was taken and not settled."""
        for stored in self._taken:
            files.unlink(stored.temporary)
        self._taken = []
        self._temporary.end()

    def drop(self, stored: Stored) -> None:
        """Let go of one object that was taken."""
        self._taken.remove(stored)
        files.unlink(stored.temporary)

    def discard(self, md5: str) -> None:
        """Let go of an object, where there is one."""
        files.unlink(self.path(md5))

    def temporary_name(self) -> bytes:
        """Return a path in the store's temporary folder at which nothing is yet."""
        try:
            return self._temporary.name()
        except OSError as error:
            raise self._trouble(error) from error

    def _place(self, stored: Stored, target: bytes) -> bool:
        """Give an object its name; False where it was there before."""
        if _same(stored, target):
            os.unlink(stored.temporary)
            return False
        # An object that is there but differs is damaged: its name is its content. It is replaced.
        files.change_mode(stored.temporary, OBJECT_MODE)
        os.rename(stored.temporary, target)
        return True

    def _folder(self, folder: bytes) -> bool:
        """Make a folder as DVC does (cache.shared group: 2775); whether it had to be made."""
        if os.path.isdir(folder):
            return False
        self._folder(os.path.dirname(folder))
        try:
            os.mkdir(folder)
        except FileExistsError:
            if not os.path.isdir(folder):
                raise
            return False
        if self.shared:
            files.change_mode(folder, 0o2775)  # as DVC does for a group
        return True

    def _trouble(self, error: OSError) -> GuardError:
        where = shown(self.folder)
        if error.errno in (28, 122):  # ENOSPC, EDQUOT
            return GuardError(
                problem=f"the disk that holds {where} is full; nothing was changed.",
                remedy="free some room (dvc gc --help says how to let old objects go), then run it again",
            )
        name = error.filename
        what = shown(os.fsencode(name)) if isinstance(name, (bytes, str)) else where
        return GuardError(
            problem=f"cannot write to {where}: {what}: {error.strerror}; nothing was changed.",
            remedy="look at who owns it and whether it may be written to, then run it again",
        )


def parts_of(md5: str) -> tuple[str, ...]:
    """Return where an object lies below a store or remote, folder by folder."""
    digest = md5.removeprefix(LEGACY)
    return (digest[:2], digest[2:]) if digest != md5 else ("files", "md5", md5[:2], md5[2:])


def says(md5: str, digest: str, path: bytes) -> bool:
    """Whether the file at `path`, whose md5 is `digest`, holds the object of this name."""
    wanted = md5.removesuffix(".dir")
    if wanted == digest or not md5.startswith(LEGACY):
        return wanted == digest
    wanted = wanted.removeprefix(LEGACY)
    return wanted == digest or wanted == legacy_md5_of(path)


def read_file(path: bytes) -> Iterator[bytes]:
    """Yield a file's bytes in pieces."""
    with open(git.opened(path, links=True), "rb", buffering=0) as file:
        while piece := file.read(PIECE):
            yield piece


def md5_of(path: bytes) -> str:
    """Return the md5 (hex) of a file's bytes."""
    digest = hashed.new_md5()
    for piece in read_file(path):
        digest.update(piece)
    return digest.hexdigest()


def digest(pieces: Iterable[bytes | memoryview]) -> tuple[str, int]:
    """Return the md5 (hex) and the size of some bytes, which go nowhere."""
    digest, size = hashed.new_md5(), 0
    for piece in pieces:
        digest.update(piece)
        size += len(piece)
    return digest.hexdigest(), size


def legacy_md5_of(path: bytes) -> str:
    """Return the md5 (hex) that DVC 2 gives a file: of what it takes for a text, with LF line ends."""
    from dvc_data.hashfile.hash import file_md5
    from dvc_objects.fs import localfs

    return str(file_md5(os.fsdecode(path), localfs, name="md5-dos2unix"))


def link(source: Store, target: Store, md5: str) -> None:
    """Give a second store of this machine an object of the first: the same file where it can be, else a copy.

    No copy of what is not the object of its name.
    """
    where = target.path(md5)
    os.makedirs(os.path.dirname(where), exist_ok=True)
    try:
        os.link(source.path(md5), where)
    except FileExistsError:
        return
    except OSError:
        # Another file system, or one without hard links.
        stored = target.take(read_file(source.path(md5)))
        if not says(md5, stored.md5, stored.temporary):
            target.drop(stored)
            return
        stored.md5 = md5
        target.settle()


def children(cache: Store, md5: str) -> list[tuple[str, int]]:
    """Return the objects (md5, size or -1) that a directory object of the cache lists; none where it is not here."""
    import json

    try:
        listed = json.loads(git.read(cache.path(md5), MAX_LISTED, links=True))
        legacy = LEGACY if md5.startswith(LEGACY) else ""
        return [(_checked_md5(legacy + entry["md5"]), -1) for entry in listed]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        raise GuardError(f"the directory object {md5} in the cache is damaged") from None


def _checked_md5(text: str) -> str:
    if not is_object(text):
        raise ValueError(text)
    return text


def _same(stored: Stored, target: bytes) -> bool:
    try:
        if os.stat(target).st_size != stored.size:
            return False
    except FileNotFoundError:
        return False
    return all(a == b for a, b in zip(read_file(stored.temporary), read_file(target), strict=True))


def _parents(folder: bytes, top: bytes) -> Iterator[bytes]:
    while folder != top and len(folder) > len(top):
        folder = os.path.dirname(folder)
        yield folder
