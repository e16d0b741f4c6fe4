"""A table's file: bytes that are CSV, or a clear word on what they are instead."""

from __future__ import annotations

import csv
import io
import os
import shlex
from collections.abc import Iterator, Sequence

from trinity_guard import git
from trinity_guard.dvcrepo.paths import is_pointer
from trinity_guard.errors import BLOCKED, GuardError, shown

MAKE = "trinity data     # makes one"
DELIMITERS = {"\t": "tabs", ";": "semicolons", "|": "bars"}
FIELD = 1 << 20  # bytes; nothing that we read is as long
MAX_TABLE = 64 << 30  # bytes
PANDAS = "python -c 'import pandas, sys; pandas.read_%s(sys.argv[1]).to_csv(\"table.csv\", index=False)' {}"
PAGE = "is an HTML page, not a table", "fetch the file itself: a page was saved in its stead"
WORKBOOK = "is a workbook or an archive", "save the sheet as CSV (UTF-8), or unzip the archive"
UTF16 = "is UTF-16", "iconv -f UTF-16 -t UTF-8 {} > table.csv"
# What a file's first bytes say, and what to do then. {} stands for the file's name.
SIGNATURES: dict[bytes, tuple[str, str]] = {
    b"\x1f\x8b": ("is compressed with gzip", "gunzip -k {}     # then name the file without .gz"),
    b"BZh": ("is compressed with bzip2", "bunzip2 -k {}"),
    b"\xfd7zXZ": ("is compressed with xz", "unxz -k {}"),
    b"\x28\xb5\x2f\xfd": ("is compressed with zstd", "zstd -d {}"),
    b"PK\x03\x04": WORKBOOK,
    b"\xd0\xcf\x11\xe0": WORKBOOK,
    b"PAR1": ("is Parquet", PANDAS % "parquet"),
    b"\x89HDF": ("is HDF5", "export it as CSV"),
    b"\x80": ("is a pickle, which is never loaded as data", "export it as CSV"),
    b"version https://git-lfs.github.com/": ("is a Git LFS pointer", "git lfs pull --include {}"),
    b"<!doctype": PAGE,
    b"<html": PAGE,
    b"<?xml": ("is XML, not a table", "fetch the file itself"),
    b"\xff\xfe": UTF16,
    b"\xfe\xff": UTF16,
    b"{": ("is JSON, not CSV", PANDAS % "json"),
    b"[": ("is JSON, not CSV", PANDAS % "json"),
}


def read(path: str) -> bytes:
    """Return a file's bytes; GuardError says why there are none."""
    name = shown(os.fsencode(path))
    if is_pointer(os.fsencode(path)):
        raise GuardError(f"{name} is a DVC pointer, not the table.", f"name the table: {name.removesuffix('.dvc')}")
    try:
        return git.read(path, MAX_TABLE, links=True)  # DVC may have made it a link into its cache
    except FileNotFoundError as error:
        raise _missing(path, name) from error
    except IsADirectoryError:
        remedy = f"name the table in it, as {name.rstrip('/')}/training_dataset.csv"
        raise GuardError(f"{name} is a folder.", remedy) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise GuardError(
            f"cannot read {name}: {reason[:1].lower()}{reason[1:]}.", f"ls -l {shlex.quote(name)}"
        ) from error


def _missing(path: str, name: str) -> GuardError:
    if os.path.exists(f"{path}.dvc"):
        return GuardError(f"{name} is not here, only its pointer.", f"trinity-guard pull {shlex.quote(name)}", BLOCKED)
    return GuardError(f"there is no {name}.", MAKE if path.endswith(".csv") else "name a CSV file", BLOCKED)


def text(data: bytes, path: str) -> str:
    """Return a table's text without its byte order mark."""
    name = shown(os.fsencode(path))
    if not data.strip():
        raise GuardError(f"{name} is empty.", MAKE)
    begin = data[:64].lstrip().lower()
    for signature, (what, remedy) in SIGNATURES.items():
        if data.startswith(signature) or (signature.startswith(b"<") and begin.startswith(signature)):
            raise GuardError(f"{name} {what}.", remedy.replace("{}", shlex.quote(name)))
    if begin.startswith((b"outs:", b"md5: ")):
        raise GuardError(
            f"{name} is a DVC pointer under another name.",
            f"mv {shlex.quote(name)} {shlex.quote(name + '.dvc')}     # then pull it",
        )
    if (at := data.find(b"\0")) >= 0:
        raise GuardError(f"{name} has a NUL byte in line {_line(data, at)}: it is damaged, or no text.", MAKE)
    if (at := _conflict(data)) >= 0:
        raise GuardError(
            f"{name} has a merge conflict in line {_line(data, at)}.", f"git checkout --ours -- {shlex.quote(name)}"
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        where = f"line {_line(data, error.start)} (byte 0x{data[error.start]:02x})"
        raise GuardError(
            f"{name} is not UTF-8: {where}.", f"iconv -f ISO-8859-1 -t UTF-8 {shlex.quote(name)} > table.csv"
        ) from error


def _conflict(data: bytes) -> int:
    return 0 if data.startswith(b"<<<<<<< ") else data.find(b"\n<<<<<<< ")


def _line(data: bytes, at: int) -> int:
    return data.count(b"\n", 0, at + 1) + 1


def records(content: str, name: str) -> Iterator[tuple[int, int, list[str]]]:
    """Yield (number in the file, line where it begins, cells) of each record that is not blank, the header too.

    name: what a message calls the file. GuardError for a quote that is never closed, or that text stands behind.
    """
    csv.field_size_limit(FIELD)
    reader = csv.reader(universal(content), strict=True)
    begins = 1
    try:
        for number, cells in enumerate(reader):
            if any(cell.strip() for cell in cells):
                yield number, begins, cells
            begins = reader.line_num + 1
    except csv.Error as error:
        raise GuardError(
            f"{name}, line {begins}: {error}.",
            "look for a quote that is never closed, or for text behind a closing quote",
        ) from error


def universal(content: str) -> io.StringIO:
    """Return a text as a file: a lone carriage return ends a line too, as old spreadsheets write it."""
    return io.StringIO(content, newline=None)


def require_commas(head: Sequence[str], name: str) -> None:
    """Refuse a header that is one column to us, and several to who wrote it. name: of the file, as messages have it."""
    for delimiter, what in DELIMITERS.items():
        if len(head) == 1 and delimiter in head[0]:
            raise GuardError(
                f"{name} parts its columns by {what}, not by commas.",
                "write it with commas: in pandas to_csv(…, sep=','), in a spreadsheet `CSV (comma separated)`",
            )
