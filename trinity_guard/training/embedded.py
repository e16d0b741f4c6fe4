"""The embedded store: mlflow.db and mlartifacts in the project's folder, whatever the current one, and the user's alone."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from trinity_guard import index
from trinity_guard.errors import UNUSABLE, GuardError, shown
from trinity_guard.ignoring import read_if_there

DATABASE, ARTIFACTS = "mlflow.db", "mlartifacts"
LINES = ["/mlflow.db*", "/mlartifacts/", "/mlruns/"]
HEADER = b"SQLite format 3\0"


def ignored(root: str) -> list[str]:
    """Return the lines which root's .gitignore lacks, so that neither database nor artifacts land in Git."""
    have = read_if_there(_gitignore(root)) or b""
    return [line for line in LINES if not _stands(have, line.encode())]


def ignore(root: str) -> list[str]:
    """Append to root's .gitignore what it lacks, every other byte as it was; return the lines."""
    lines = ignored(root)
    if not lines:
        return []
    file = _gitignore(root)
    if os.path.islink(file):
        raise GuardError(
            f"{shown(file)} is a symlink, which Git does not read.", "replace it by a file of its own, then try again"
        )
    have = read_if_there(file) or b""
    missing = b"\n" if have and not have.endswith(b"\n") else b""
    index.write_file(file, have + missing + "".join(f"{line}\n" for line in lines).encode())
    return lines


def _gitignore(root: str) -> bytes:
    return os.path.join(os.fsencode(root), b".gitignore")


def _stands(gitignore: bytes, line: bytes) -> bool:
    """Whether a line stands there, and no later `!` line could take it back."""
    lines = [one.removesuffix(b"\r") for one in gitignore.split(b"\n")]
    if line not in lines:
        return False
    last = len(lines) - 1 - lines[::-1].index(line)
    return not any(later.startswith(b"!") for later in lines[last:])


def database_uri(root: str) -> str:
    """Return the address of root's database as SQLAlchemy reads it, whatever the folder is called."""
    return "sqlite:///" + os.path.join(_plain(os.path.abspath(root)), DATABASE)


def artifact_uri(folder: str) -> str:
    from pathlib import Path

    return Path(folder).as_uri()


def _plain(folder: str) -> str:
    """Return a path to the folder in which SQLAlchemy reads nothing: `?` begins a query, `%` a code (since 2.1).

    A link to it, where the folder's own name will not do; it goes when we end.
    """
    if not set(folder) & set("?%") and folder.isprintable():
        return folder
    import atexit
    import shutil
    import tempfile

    place = tempfile.mkdtemp(prefix="trinity-guard-")
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    link = os.path.join(place, "root")
    os.symlink(folder, link)
    return link


@contextlib.contextmanager
def making(root: str) -> Iterator[None]:
    """Make database and folder, readable by the user alone, and hold them while MLflow makes its tables.

    Two trainings that begin at once on a new store would both make them, and one would fail.
    """
    import fcntl

    file, folder = os.path.join(root, DATABASE), os.path.join(root, ARTIFACTS)
    try:
        lock = os.open(file + ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            os.makedirs(folder, mode=0o700, exist_ok=True)
            _require_database(file)
            yield
        finally:
            os.close(lock)
    except OSError as error:
        name = shown(os.fsencode(error.filename or file))
        raise GuardError(
            f"runs cannot be logged beside the project: {name}: {error.strerror or error}.",
            "export MLFLOW_TRACKING_URI=http://127.0.0.1:5000     # another place for them",
            UNUSABLE,
        ) from error


def _require_database(file: str) -> None:
    """Make the file where it is missing; refuse what is no database, which MLflow would try for minutes to open."""
    fd = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        head = os.read(fd, len(HEADER))
    finally:
        os.close(fd)
    if head not in (b"", HEADER):
        name = shown(os.fsencode(file))
        raise GuardError(
            f"{name} is no SQLite database, so no run can be logged to it.", f"mv {name} {name}.old", UNUSABLE
        )
