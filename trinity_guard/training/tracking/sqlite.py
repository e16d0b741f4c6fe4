"""The embedded store: mlflow.db and mlartifacts in the project's folder, the user's alone, whatever the cwd."""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from trinity_guard import git
from trinity_guard.errors import UNUSABLE, GuardError, shown
from trinity_guard.git import gitignore
from trinity_guard.git.files import read_if_there, replace

DATABASE, ARTIFACTS, LINK = "mlflow.db", "mlartifacts", "root"
LINES = ["/mlflow.db*", "/mlartifacts/", "/mlruns/"]
HEADER = b"SQLite format 3\0"
# A database whose tables are being made, and what SQLite keeps beside one.
NEW, JOURNALS = ".new", ("-journal", "-wal", "-shm")


def ignored(root: str, more: Sequence[str] = ()) -> list[str]:
    """Return the lines which root's .gitignore lacks, so that neither database nor artifacts land in Git."""
    return list(map(os.fsdecode, gitignore.lacking(_lines(root), map(os.fsencode, [*LINES, *more]))))


def lines_for(root: str, uri: str, artifacts: str) -> list[str]:
    """Return the lines for a database of the user's own, and for its artifacts, as far as both lie below root."""
    path = file_of(uri)
    top, found = os.path.realpath(root).rstrip("/") + "/", []
    for name, end in ((path, "*"), (artifacts, "/")):
        real = os.path.realpath(name) if name else ""
        if real.startswith(top):
            found.append(os.fsdecode(gitignore.line_for(os.fsencode(real[len(top) :]))) + end)
    return found


def ignore(root: str, more: Sequence[str] = ()) -> list[str]:
    """Append to root's .gitignore what it lacks, every other byte as it was; return the lines. more: beside LINES."""
    lines = ignored(root, more)
    if not lines:
        return []
    replace(_gitignore(root), gitignore.with_written(_lines(root), map(os.fsencode, lines)))
    return lines


def _lines(root: str) -> bytes:
    file = _gitignore(root)
    if os.path.islink(file):
        raise GuardError(
            f"{shown(file)} is a symlink, which Git does not read.", "replace it by a file of its own, then try again"
        )
    return read_if_there(file) or b""


def _gitignore(root: str) -> bytes:
    return os.path.join(os.fsencode(root), b".gitignore")


def file_of(uri: str) -> str:
    """Return the file that an address of SQLAlchemy's names, "" where it names no SQLite file."""
    scheme, _, rest = uri.partition(":///")
    name = rest.partition("?")[0] if scheme.partition("+")[0].lower() == "sqlite" else ""
    # With uri=true SQLite reads it, by rules of its own.
    return unquote(name.removeprefix("file:"), errors="surrogateescape") if name.startswith("file:") else name


def database_uri(root: str, name: str = DATABASE) -> str:
    """Return the address of root's database as SQLAlchemy reads it, whatever the folder is called."""
    return "sqlite:///" + os.path.join(_plain(os.path.abspath(root)), name)


def artifact_uri(folder: str) -> str:
    return Path(folder).as_uri()


def moved_from(root: str, location: str) -> str:
    """Return the folder of artifacts of the project that root was moved or copied from, "" where location is another.

    location: the address of an experiment's artifacts. MLflow writes it down once, whole, and has no command to change
    it. A folder of the same name may be meant, and is; not one that is gone, or lies beside another such database.
    """
    if not location.startswith("file:"):
        return ""
    folder = unquote(urlsplit(location).path, errors="surrogateescape")
    project, name = os.path.split(folder)
    if name != ARTIFACTS or os.path.realpath(folder) == os.path.realpath(os.path.join(root, ARTIFACTS)):
        return ""
    return folder if not os.path.isdir(folder) or os.path.exists(os.path.join(project, DATABASE)) else ""


def _plain(folder: str) -> str:
    """Return a path to the folder in which SQLAlchemy reads nothing: `?` begins a query, `%` a code (since 2.1)."""
    if not set(folder) & set("?%") and folder.isprintable():
        return folder
    return os.path.join(linked(folder), LINK)


def linked(folder: str) -> str:
    """Return a new folder, the user's alone, with nothing in it but a link LINK to this one. It goes when we end."""
    place = tempfile.mkdtemp(prefix="trinity-guard-")
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    os.symlink(os.path.abspath(folder), os.path.join(place, LINK))
    return place


@contextlib.contextmanager
def create(root: str) -> Iterator[str]:
    """Make database and folder, readable by the user alone, and hold them while MLflow makes its tables.

    Two trainings that begin at once on a new store would both make them, and one would fail. Yields the address of the
    database to make them in, "" where they are made: a new one is beside the other until it is whole, since MLflow
    cannot go on with tables half of which are there.
    """
    file, folder = os.path.join(root, DATABASE), os.path.join(root, ARTIFACTS)
    try:
        lock = os.open(file + ".lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            os.makedirs(folder, mode=0o700, exist_ok=True)
            if _is_filled(file):
                yield ""
            else:
                with _new(os.path.realpath(file)) as new:
                    yield new
        finally:
            os.close(lock)
    except OSError as error:
        name = shown(os.fsencode(error.filename or file))
        raise GuardError(
            f"runs cannot be logged beside the project: {name}: {error.strerror or error}.",
            "export MLFLOW_TRACKING_URI=http://127.0.0.1:5000     # another place for them",
            UNUSABLE,
        ) from error


def _is_filled(file: str) -> bool:
    """Return whether something is in the database; refuse what is none, which MLflow would try for minutes to open."""
    try:
        with open(git.opened(file), "rb") as opened:
            head = opened.read(len(HEADER))
    except FileNotFoundError:
        return False
    if head not in (b"", HEADER):
        name = shown(os.fsencode(file))
        raise GuardError(
            f"{name} is no SQLite database, so no run can be logged to it.", f"mv {name} {name}.old", UNUSABLE
        )
    return bool(head)


@contextlib.contextmanager
def _new(file: str) -> Iterator[str]:
    """Yield the address of an empty database, which takes this file's place when the caller is done, or goes."""
    new = file + NEW
    _remove(new, *(new + end for end in JOURNALS))
    os.close(os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        yield database_uri(os.path.dirname(new), os.path.basename(new))
        # All of it into the one file that is moved: what a journal holds would stay behind.
        with contextlib.closing(sqlite3.connect(new, timeout=20)) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        # Of a database that was removed, or never written: it would be rolled back into the new one.
        _remove(*(file + end for end in JOURNALS))
        os.rename(new, file)
    finally:
        _remove(new, *(new + end for end in JOURNALS))


def _remove(*files: str) -> None:
    for file in files:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(file)
