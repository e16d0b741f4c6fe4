"""Files written whole or not at all, and read where they are there. Nothing else in the package writes a file's bytes.

A new file is made under a random name that nobody can plant a link at, readable by its owner alone until a rename
gives it its place; `NewFiles`, which are in Git for everybody to read, have their mode from the beginning.
"""

from __future__ import annotations

import os

from trinity_guard.errors import UNUSABLE, GuardError, shown, typed
from trinity_guard.git.repository import read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from trinity_guard.git.repository import Place

# Begins the name of a file that is being written. Short, whatever the file's own name is: there is a NAME_MAX.
UNFINISHED = b".trinity-guard-"
CROSSES = 18  # EXDEV
SETGID = 0o2000
NO_MODES = frozenset((1, 13, 38, 95, 45, 78, 102))  # EPERM, EACCES, ENOSYS, EOPNOTSUPP
# Bytes of what people write by hand: ignore files, pointers, hooks, configurations.
MAX_READ = 16 << 20
# Seconds after which no process is still writing one of these small files.
FORGOTTEN = 600


def replace(
    path: bytes,
    data: bytes | Iterable[bytes],
    mode: int = 0o666,
    *,
    durable: bool = False,
    private: bool = False,
    made_in: bytes = b"",
) -> None:
    """Write a file whole or not at all, in place of what is there. Makes its folder.

    mode: as for open(2), of a new file; an existing one keeps its own, but may be executed by those who can read it
    where `mode` says so. private: 0600, whatever was there.
    durable: bytes and name are on the disk when this returns.
    made_in: the folder it is made in; that of `path` where there is none, or on another file system.
    data: pieces of it are written one after the other, and may be asked for twice.
    """
    folder = os.path.dirname(path) or b"."
    try:
        _make_folder(folder)
        final = 0o600 if private else _kept_mode(path, mode)
        try:
            _replace(path, data, mode, final, durable, made_in or folder)
        except OSError as error:
            if error.errno != CROSSES or not made_in:
                raise
            _replace(path, data, mode, final, durable, folder)
        if durable:
            from trinity_guard.git.durable import flush  # noqa: PLC0415  # a commit with nothing to do needs none

            flush(folder)
    except OSError as error:
        raise unwritable(path, error) from error


def replace_in(
    place: Place, path: bytes, data: bytes, *, durable: bool = False, seen: set[bytes] | None = None
) -> None:
    """Write a file of the work tree, named from its top, in one step: made in the git dir, where a kill leaves no dirt.

    Refuse one behind a symlink, which may lead out of the work tree.
    seen: folders that were looked at already, to share between calls about many files.
    """
    folder = os.path.dirname(path)
    if seen is None or folder not in seen:
        _refuse_behind_link_in(place, path, folder)
        if seen is not None:
            seen.add(folder)
    own = os.path.join(place.git_dir, b"trinity-guard")
    replace(place.file(path), data, durable=durable, made_in=own)


class NewFiles:
    """Makes many files of the work tree where nothing is, each as `replace_in` does.

    It makes the first of a folder, and so tells of the others all that they would ask of the system one by one.
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        self._temporary = os.path.join(place.git_dir, b"trinity-guard", UNFINISHED + random_name())
        # Folder -> the mode that a new file gets; None where it has to take a group, too.
        self._modes: dict[bytes, int | None] = {}
        # What the system itself makes of such a mode in the folder of the temporary one.
        self._made_as: dict[int, int] = {}
        self._seen: set[bytes] = set()

    def make(self, path: bytes, data: bytes) -> None:
        folder = path[: max(path.rfind(b"/"), 0)]
        if not (self._modes.get(folder) and self._made(self._place.file(path), data, self._modes[folder] or 0)):
            replace_in(self._place, path, data, seen=self._seen)
        if folder not in self._modes:
            hands_on = os.stat(self._place.file(folder)).st_mode & SETGID
            self._modes[folder] = None if hands_on else os.lstat(self._place.file(path)).st_mode & 0o777

    def _made(self, path: bytes, data: bytes, mode: int) -> bool:
        """Whether it could be made at once; `replace_in` says why not, and knows another way."""
        try:
            fd = create(self._temporary, mode)
        except OSError:
            return False
        try:
            try:
                write(fd, data)
                if self._made_as.get(mode) != mode:
                    self._made_as[mode] = os.fstat(fd).st_mode & 0o777
                    change_mode(fd, mode)
            finally:
                os.close(fd)
            os.rename(self._temporary, path)
        except OSError:
            unlink(self._temporary)
            return False
        except BaseException:
            unlink(self._temporary)
            raise
        return True


def _refuse_behind_link_in(place: Place, path: bytes, folder: bytes) -> None:
    while folder:
        if os.path.islink(place.file(folder)):
            problem = f"{shown(path)} would be written through the symlink {shown(folder)}."
            raise GuardError(problem, f"ls -l {typed(folder)}     # where does it lead?", UNUSABLE)
        folder = os.path.dirname(folder)


def replace_by_link(place: Place, path: bytes, target: bytes) -> None:
    """Put a symlink in the place of a file of the work tree, in one step."""
    temporary = os.path.join(place.git_dir, b"trinity-guard", UNFINISHED + random_name())
    try:
        _make_folder(os.path.dirname(temporary))
        os.symlink(target, temporary)
        try:
            os.rename(temporary, place.file(path))
        except OSError as error:
            if error.errno != CROSSES:
                raise
            unlink(temporary)
            temporary = os.path.join(os.path.dirname(place.file(path)), UNFINISHED + random_name())
            os.symlink(target, temporary)
            os.rename(temporary, place.file(path))
    except OSError as error:
        unlink(temporary)
        raise unwritable(place.file(path), error) from error


def refuse_behind_link(path: bytes) -> None:
    """Refuse to write a file behind a folder of a work tree that is a symlink: it may have come with the repository."""
    path = os.path.abspath(path)
    folder = os.path.dirname(path)
    while folder != os.path.dirname(folder):
        if os.path.islink(folder) and in_work_tree(folder):
            problem = f"{shown(path)} would be written through the symlink {shown(folder)} of a repository."
            raise GuardError(problem, f"ls -l {typed(folder)}     # where does it lead?", UNUSABLE)
        folder = os.path.dirname(folder)


def in_work_tree(path: bytes) -> bool:
    """Whether an absolute path lies in a work tree, of whichever repository."""
    folder = os.path.dirname(path)
    while not os.path.lexists(os.path.join(folder, b".git")):
        above = os.path.dirname(folder)
        if above == folder:
            return False
        folder = above
    return True


def _kept_mode(path: bytes, asked: int) -> int | None:
    """Return the mode that follows from the file that is there, None where none is (or a link, which goes)."""
    try:
        old = os.lstat(path).st_mode
    except FileNotFoundError:
        return None
    # As chmod +x does: those may execute it who may read it.
    return old & 0o777 | (old & 0o444) >> 2 & asked if old & 0o170000 == 0o100000 else None


def _make_folder(folder: bytes) -> None:
    if not os.path.isdir(folder):
        os.makedirs(folder, exist_ok=True)


def _replace(
    path: bytes, data: bytes | Iterable[bytes], asked: int, final: int | None, durable: bool, made_in: bytes
) -> None:
    folder = os.path.dirname(path) or b"."
    temporary = os.path.join(made_in, UNFINISHED + random_name())
    try:
        fd = create(temporary, asked if final is None else 0o600)
    except FileNotFoundError:
        _make_folder(made_in)
        fd = create(temporary, asked if final is None else 0o600)
    try:
        try:
            if final is None:
                # A new file's mode is what the system (umask, ACL) made of the one that was asked for.
                final = os.fstat(fd).st_mode & 0o777
                change_mode(fd, 0o600)
            if made_in != folder:
                take_group(fd, folder)
            for piece in (data,) if isinstance(data, bytes) else data:
                write(fd, piece)
            change_mode(fd, final)
            if durable:
                from trinity_guard.git.durable import sync  # noqa: PLC0415  # as above

                sync(fd)
        finally:
            os.close(fd)
        os.rename(temporary, path)
    except BaseException:
        unlink(temporary)
        raise


def change_mode(file: int | bytes, mode: int) -> None:
    """Give a file of ours its mode, where the file system keeps modes (Samba, FAT and some of FUSE do not)."""
    try:
        os.chmod(file, mode)
    except OSError as error:
        if error.errno not in NO_MODES:
            raise


def take_group(file: int | bytes, folder: bytes) -> None:
    """Give a file that was made elsewhere the group that it would have been made with in a folder that hands its on."""
    above = os.stat(folder)
    if not above.st_mode & SETGID or os.stat(file).st_gid == above.st_gid:
        return
    try:
        os.chown(file, -1, above.st_gid)
    except OSError:
        return  # a group that we are not in


def random_name() -> bytes:
    return os.urandom(8).hex().encode()


def create(path: bytes, mode: int = 0o600) -> int:
    """Open a new file for writing; FileExistsError where anything is, be it a link."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)


def write(fd: int, data: bytes | memoryview) -> None:
    """Write all of it: the system may take less at once."""
    written = os.write(fd, data) if data else 0
    view = memoryview(data)[written:] if written < len(data) else b""
    while view:
        view = view[os.write(fd, view) :]


def room(folder: bytes) -> int | None:
    """Return how many bytes the disk of a folder, or of what will hold it, has left; None where it does not say."""
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder) or b"."
    found = os.statvfs(folder)
    # Some file systems of networks, and a tmpfs without a limit, tell of no size at all.
    return found.f_bavail * found.f_frsize if found.f_blocks else None


def unlink(path: bytes) -> None:
    """Take a file away, where it is there."""
    try:
        os.unlink(path)
    except (FileNotFoundError, NotADirectoryError):
        return  # it never was, or another process of ours was faster


def is_one_file(one: bytes, other: bytes) -> bool:
    """Whether two names that case alone tells apart mean one file, as on macOS, Windows and memory cards.

    By what the folder lists: of a hard link that is both names, and not every file system has numbers that say it.
    """
    if one == other or one.lower() != other.lower():
        return one == other
    folders, names = zip(os.path.split(one), os.path.split(other), strict=True)
    if names[0] == names[1] or not is_one_file(*folders):
        return is_one_file(*folders)
    there = os.path.lexists(one) and os.path.lexists(other)
    return there and not {*names} <= {*os.listdir(folders[0])}


def unfinished(folder: bytes) -> list[bytes]:
    """Return the files in a folder that were being written when their process was killed."""
    import time

    found = []
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        if name.startswith(UNFINISHED) and time.time() - os.lstat(path).st_mtime > FORGOTTEN:
            found.append(path)
    return found


def read_if_there(path: bytes, most: int = MAX_READ, *, links: bool = False) -> bytes | None:
    """Return the bytes of a file of a repository, None where there is none; GuardError for what is no regular file.

    most, links: as for `git.read`.
    """
    try:
        return read(path, most, links=links)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except IsADirectoryError:
        raise GuardError(problem=f"{shown(path)} is a folder where a file should be.", remedy="move it away") from None
    except OSError as error:
        problem = f"cannot read {shown(path)}: {error.strerror}."
        raise GuardError(problem, f"ls -l {typed(path)}     # what is it?") from error


def unwritable(path: bytes, error: OSError) -> GuardError:
    return GuardError(
        problem=f"cannot write {shown(path)}: {error.strerror}.",
        remedy=f"ls -ld {typed(os.path.dirname(path) or b'.')} {typed(path)}    # who may write there?",
        exit_code=UNUSABLE,
    )
