"""Small files of records: fields of bytes, each ended by a NUL, so many to a record.

What we remember under the git dir. A file that is not whole says nothing, as if it were not there: whoever needs more
must ask whether it exists.
"""

from __future__ import annotations

import os

from trinity_guard.errors import GuardError, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Record = tuple[bytes, ...]


# EPERM, EACCES, EROFS
READ_ONLY = (1, 13, 30)


def read(file: bytes, fields: int) -> list[Record]:
    """Return the records of a file, each of so many fields; none where it is not there, or not whole."""
    try:
        with open(file, "rb", buffering=0) as opened:
            data = opened.read()
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise GuardError(f"cannot read {shown(file)}: {error.strerror}.") from error
    return _decoded(data, fields)


def read_if_readable(file: bytes, fields: int) -> list[Record]:
    """The same for what only saves work: none where it cannot be read either."""
    try:
        return read(file, fields)
    except GuardError:
        return []


def write(file: bytes, records: Iterable[Sequence[bytes]], durable: bool = False) -> None:
    """Write a file of records, whole or not at all."""
    from trinity_guard.git import files  # noqa: PLC0415  # most hooks only read

    files.replace(file, _encoded(records), durable=durable)


def write_if_writable(file: bytes, records: Iterable[Sequence[bytes]], durable: bool = False) -> None:
    """The same for what only saves work: on a read-only file system, or in another's folder, it is not remembered."""
    try:
        write(file, records, durable)
    except GuardError as error:
        if not isinstance(error.__cause__, OSError) or error.__cause__.errno not in READ_ONLY:
            raise


def append_if_writable(file: bytes, records: Iterable[Sequence[bytes]]) -> None:
    """As write_if_writable."""
    try:
        append(file, records)
    except OSError as error:
        if error.errno not in READ_ONLY:
            raise


def append(file: bytes, records: Iterable[Sequence[bytes]]) -> None:
    """Add records of one field each to a file that may not be there yet.

    In one write: two processes cannot mix theirs. The NUL before them ends what a killed one may have begun.
    """
    os.makedirs(os.path.dirname(file), exist_ok=True)
    fd = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
    try:
        os.write(fd, b"\0" + _encoded(records))
    finally:
        os.close(fd)


def _decoded(data: bytes, fields: int) -> list[Record]:
    parts = data.split(b"\0")
    if parts.pop() or len(parts) % fields:
        return []
    # One iterator, taken from `fields` times for each record.
    return list(zip(*[iter(parts)] * fields, strict=True))


def _encoded(records: Iterable[Sequence[bytes]]) -> bytes:
    parts = [field for record in records for field in record]
    data = b"\0".join([*parts, b""])
    if data.count(b"\0") != len(parts):
        raise GuardError("a name holds a NUL byte: no file and no remote has such a name.")
    return data
