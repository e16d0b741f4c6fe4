"""Files written whole, and read where they are there."""

from __future__ import annotations

import os

from trinity_guard.errors import UNUSABLE, GuardError, shown, typed


def write_file(path: bytes, data: bytes, durable: bool = False) -> None:
    """Write a whole file or nothing: a temporary one beside it, then a rename. Makes its folder.

    durable: the bytes are on disk when this returns.
    """
    temporary = path + b".tmp-%d" % os.getpid()
    try:
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    try:
        with open(fd, "wb", buffering=0) as file:
            view = memoryview(data)
            while view:
                view = view[file.write(view) :]
            if durable:
                os.fsync(fd)
        os.rename(temporary, path)
    except OSError as error:
        os.unlink(temporary)
        raise GuardError(problem=f"cannot write {os.fsdecode(path)}: {error.strerror}") from error


def read_if_there(path: bytes) -> bytes | None:
    """Return a file's bytes, None where there is no such file."""
    try:
        fd = os.open(path, os.O_RDONLY)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise GuardError(problem=f"cannot read {shown(path)}: {error.strerror}.") from error
    try:
        with open(fd, "rb") as file:
            return file.read()
    except IsADirectoryError:
        raise GuardError(problem=f"{shown(path)} is a folder where a file should be.", remedy="move it away") from None


def unwritable(path: bytes, error: OSError) -> GuardError:
    return GuardError(
        problem=f"{shown(path)}: {error.strerror}.",
        remedy=f"ls -ld {typed(os.path.dirname(path))} {typed(path)}    # who may write there?",
        exit_code=UNUSABLE,
    )


def replace(path: bytes, data: bytes, mode: int = 0o666) -> None:
    """Write a file whole or not at all; an existing one keeps its mode, and its x bits are never fewer than asked."""
    folder, name = os.path.split(path)
    temp = os.path.join(folder, b"." + name + b".trinity-guard.%d" % os.getpid())
    try:
        os.makedirs(folder, exist_ok=True)
        fd = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with open(fd, "wb") as f:
            f.write(data)
        if mode == 0o666 and os.path.isfile(path):
            os.chmod(temp, os.stat(path).st_mode & 0o7777)
        os.replace(temp, path)
    except OSError as error:
        if os.path.lexists(temp):
            os.unlink(temp)
        raise unwritable(path, error) from None
