"""Working files, put and taken away safely: whole or not at all, and never the last copy of any bytes."""

from __future__ import annotations

import os
from stat import S_ISREG

from trinity_guard import git
from trinity_guard.dvcrepo import odb
from trinity_guard.dvcrepo.output import LEGACY, is_md5
from trinity_guard.errors import GuardError, shown
from trinity_guard.git import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    Copied = Callable[[int], None]

KIND, FILE, FOLDER, LINK = 0o170000, 0o100000, 0o040000, 0o120000
FICLONE = 0x40049409
CROSSES = 18  # EXDEV
MAX_LINKS = 31  # EMLINK
CANNOT = (1, CROSSES, 22, 25, MAX_LINKS, 38, 95)  # EPERM EINVAL ENOTTY ENOSYS EOPNOTSUPP: another way may do


class CacheReader:
    """The object stores in which a project's bytes may be found: its own cache first, then others, only read."""

    __slots__ = ("own", "stores")

    def __init__(self, own: odb.Store, others: Iterable[odb.Store] = ()) -> None:
        self.own = own
        self.stores = [own, *others]

    def find(self, md5: str, size: int = -1) -> bytes | None:
        """Return where an object (of that size) lies, None when nobody has it. Its bytes are not looked at."""
        md5 = md5.removeprefix(LEGACY)
        for kept in self.stores:
            # DVC 2 kept its objects right below the cache.
            for path in (kept.path(md5), os.path.join(kept.folder, md5[:2].encode(), md5[2:].encode())):
                try:
                    stat = os.stat(path)
                except OSError:
                    continue
                if stat.st_mode & KIND == FILE and size in (-1, stat.st_size):
                    return path
        return None


class Damaged(Exception):  # noqa: N818  # an answer, not an error
    """The object in the cache is not what its name says; `path` is where it lies."""

    def __init__(self, path: bytes) -> None:
        super().__init__(path)
        self.path = path


# --- looking ---------------------------------------------------------------------------------------------------


class WorkTree:
    """What is in the places of working files. Answers about folders are remembered.

    leaving: files that will have been taken away when others are put.
    """

    def __init__(self, top: bytes) -> None:
        self.top = top
        self.leaving: set[bytes] = set()
        self._folders: dict[bytes, str] = {b"": ""}

    def obstacle(self, path: bytes) -> str:
        """Return why a file may not be written or taken away at this path, as a clause about it; "" when it may."""
        return self._folder(os.path.dirname(path))

    def _folder(self, folder: bytes) -> str:
        known = self._folders.get(folder)
        if known is None:
            known = self._folder(os.path.dirname(folder)) or self._reason(folder)
            self._folders[folder] = known
        return known

    def _reason(self, folder: bytes) -> str:
        full = os.path.join(self.top, folder)
        try:
            mode = os.lstat(full).st_mode & KIND
        except (FileNotFoundError, NotADirectoryError):
            return ""
        if mode == LINK:
            return f"lies behind the symlink {shown(folder)}"
        if mode != FOLDER:
            if folder in self.leaving:
                return ""
            return f"needs a folder where {shown(folder)} is a file"
        if os.path.lexists(os.path.join(full, b".git")):
            return f"lies in another repository, {shown(folder)}"
        return ""

    def stat(self, path: bytes) -> os.stat_result | None:
        """Return the lstat of what is there, None where nothing is."""
        try:
            return os.lstat(os.path.join(self.top, path))
        except (FileNotFoundError, NotADirectoryError):
            return None

    def emptied(self, folder: bytes) -> bool:
        """Whether a folder holds nothing but files that are leaving."""
        full = os.path.join(self.top, folder)
        if os.path.lexists(os.path.join(full, b".git")):
            return False
        for above, folders, names in os.walk(full):
            inside = os.path.relpath(above, self.top)
            links = [f for f in folders if os.path.islink(os.path.join(above, f))]
            if links or any(os.path.join(inside, n) not in self.leaving for n in names):
                return False
        return True

    def make_room(self, path: bytes) -> None:
        """Make the folders above a file."""
        os.makedirs(os.path.dirname(os.path.join(self.top, path)), exist_ok=True)

    def remove(self, path: bytes) -> None:
        """Take a file away, and the folders that this leaves empty, as Git does; not the one that the user is in."""
        os.unlink(os.path.join(self.top, path))
        here = os.environb.get(b"GIT_PREFIX", b"").rstrip(b"/")
        folder = os.path.dirname(path)
        while folder and not (here + b"/").startswith(folder + b"/"):
            try:
                os.rmdir(os.path.join(self.top, folder))
            except OSError:
                return  # something else is in it
            self._folders.pop(folder, None)
            folder = os.path.dirname(folder)


def same_moment(one: os.stat_result | None, other: os.stat_result | None) -> bool:
    """Whether two looks at a path saw the same file, unchanged."""
    if one is None or other is None:
        return one is other
    return all(getattr(one, f) == getattr(other, f) for f in ("st_ino", "st_size", "st_mtime_ns", "st_ctime_ns"))


def md5_of(path: bytes) -> str:
    """Return a file's md5, "" where it cannot be read: then nothing is known of it."""
    try:
        return odb.md5_of(path)
    except OSError:
        return ""


def kept_elsewhere(cache_reader: CacheReader, path: bytes, guesses: Sequence[str], known: str = "") -> str:
    """Return the object of a working file whose very bytes a cache holds too, "" when none does: it must stay.

    Both are read: an object that has the right name alone would be no second copy. One that is this very file (a hard
    link of the cache's) is one where it still holds what its name says. known: the file's md5, if known.
    """
    size = os.lstat(path).st_size
    for name in guesses:
        there = cache_reader.find(name, size)
        if there is None or (known not in ("", name) and not name.startswith(LEGACY)):
            continue
        if is_intact(path, name) if os.path.samefile(there, path) else _equal(there, path, name):
            return name
    md5 = known or md5_of(path)
    there = cache_reader.find(md5, size) if md5 and md5 not in guesses else None
    return md5 if there is not None and md5_of(there) == md5 else ""


def is_intact(path: bytes, name: str) -> bool:
    """Whether a file that is an object's own by a link still holds the object of this name: it may have been edited."""
    digest = md5_of(path)
    return bool(digest) and odb.says(name, digest, path)


def _equal(one: bytes, other: bytes, name: str) -> bool:
    """Whether two files of one size hold the same bytes, those of the object `name`; one hash for both."""
    import hashlib

    digest = hashlib.md5(usedforsecurity=False)
    try:
        for a, b in zip(odb.read_file(one), odb.read_file(other), strict=True):
            if a != b:
                return False
            digest.update(a)
    except (OSError, ValueError):
        return False
    return odb.says(name, digest.hexdigest(), other)


def object_of_link(cache_reader: CacheReader, path: bytes) -> str:
    """Return the md5 that a symlink into one of the caches names (cache.type symlink), "" for any other symlink."""
    target = os.path.join(os.path.dirname(path), os.readlink(path))
    head, name = os.path.split(os.path.normpath(target))
    md5 = os.fsdecode(os.path.basename(head) + name)
    if not is_md5(md5):
        return ""
    there = cache_reader.find(md5)
    return md5 if there is not None and os.path.realpath(there) == os.path.realpath(target) else ""


# --- putting ---------------------------------------------------------------------------------------------------


class StagingDir:
    """Makes working files whole in `.dvc/tmp` of their project before a rename puts them in place."""

    def __init__(self, project_root: bytes, types: Sequence[str]) -> None:
        self._types = [*types, "copy"]
        self._store = odb.Store(os.path.join(project_root, b".dvc", b"tmp"))
        self._new: int | None = None

    def put(
        self, source: bytes, name: str, target: bytes, isexec: bool, on_bytes: Copied | None = None
    ) -> os.stat_result:
        """Put the object `source` at `target`, replacing what is there, in one step. Damaged when it is not `name`.

        As `dvc checkout` leaves it: the cache's own kind of link, or a copy that its owner may write.
        Returns its lstat.
        """
        for kind in list(self._types):
            try:
                temporary = self._make(kind, source, name, isexec, on_bytes)
            except OSError as error:
                if error.errno not in CANNOT or kind == "copy":
                    raise _trouble(target, error) from error
                if error.errno != MAX_LINKS:
                    self._types.remove(kind)  # it will not do for the next one either
                continue
            try:
                return self._place(temporary, target)
            except OSError as error:
                raise _trouble(target, error) from error
            finally:
                files.unlink(temporary)
        raise GuardError(f"cannot write {shown(target)}: no way of linking or copying works here.")

    def close(self) -> None:
        self._store.abandon()

    def _make(self, kind: str, source: bytes, wanted: str, isexec: bool, on_bytes: Copied | None) -> bytes:
        size = os.stat(source).st_size
        if kind == "copy" or (kind == "hardlink" and not size):
            return self._copied(source, wanted, size, isexec, on_bytes)
        name = self._store.temporary_name()
        try:
            _linked(kind, source, name)
            if not odb.says(wanted, md5_of(name), source):
                raise Damaged(source)
            if kind == "reflink":
                files.change_mode(name, self._mode(isexec))
            elif isexec:
                files.change_mode(name, os.stat(name).st_mode | 0o100)  # the object's own mode, as DVC does
        except BaseException:
            files.unlink(name)
            raise
        if on_bytes:
            on_bytes(size)
        return name

    def _copied(self, source: bytes, wanted: str, size: int, isexec: bool, on_bytes: Copied | None) -> bytes:
        stored = self._store.take(odb.read_file(source), size, on_bytes)
        if not odb.says(wanted, stored.md5, source):
            self._store.drop(stored)
            raise Damaged(source)
        files.change_mode(stored.temporary, self._mode(isexec))
        return stored.temporary

    def _mode(self, isexec: bool) -> int:
        """Return a new file's mode: by the umask, as DVC has it, or by the folder's default ACL, which wins."""
        if self._new is None:
            name = self._store.temporary_name()
            fd = files.create(name, 0o666)
            try:
                self._new = os.fstat(fd).st_mode & 0o777
            finally:
                os.close(fd)
                files.unlink(name)
        return self._new | (0o100 if isexec else 0)

    def _place(self, temporary: bytes, target: bytes) -> os.stat_result:
        stat = os.lstat(temporary)
        if S_ISREG(stat.st_mode) and stat.st_nlink == 1:  # a link is the object itself, which is the cache's
            files.take_group(temporary, os.path.dirname(target))
            stat = os.lstat(temporary)
        try:
            os.rename(temporary, target)
        except OSError as error:
            if error.errno != CROSSES:  # the project's folders lie on several file systems
                raise
            _place_beside(temporary, target)
            return os.lstat(target)
        return stat


def _linked(kind: str, source: bytes, name: bytes) -> None:
    if kind == "hardlink":
        os.link(os.path.realpath(source), name)
    elif kind == "symlink":
        os.symlink(os.path.abspath(source), name)
    else:
        import fcntl

        reading, writing = git.opened(source, links=True), files.create(name)
        try:
            fcntl.ioctl(writing, FICLONE, reading)
        finally:
            os.close(reading)
            os.close(writing)


def _place_beside(temporary: bytes, target: bytes) -> None:
    """Copy to a dot-file of the target's own folder first, for a rename cannot cross file systems.

    What a killed one left there is taken away.
    """
    folder = os.path.dirname(target)
    for left in files.unfinished(folder):
        files.unlink(left)
    beside = os.path.join(folder, files.UNFINISHED + files.random_name())
    try:
        with open(files.create(beside), "wb") as file:
            for piece in odb.read_file(temporary):
                file.write(piece)
        files.change_mode(beside, os.stat(temporary).st_mode & 0o777)
        os.rename(beside, target)
    finally:
        files.unlink(beside)


def _trouble(target: bytes, error: OSError) -> GuardError:
    return GuardError(problem=f"cannot write {shown(target)}: {error.strerror}.", remedy="trinity-guard sync")
