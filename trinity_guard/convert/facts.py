"""What goes into a pointer's `meta` with `facts = true`, where every forge shows it in a diff.

By the standard library: rows are counted while the bytes are on their way into the cache, all else is said by a file's
head or footer. A file that does not say has none.
"""

from __future__ import annotations

import contextlib
import os

from trinity_guard import git
from trinity_guard.convert import arrowfile, rows, thrift
from trinity_guard.dvcrepo import odb
from trinity_guard.git import files, records

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Facts = dict[str, object]

# What parts the cells, where the name says it.
TEXTS = {b".csv": "", b".tsv": "\t", b".jsonl": None, b".ndjson": None}
PARQUET = b".parquet"
ARROW = (b".feather", b".arrow")
PICKLES = (b".pkl", b".pickle", b".joblib")
HEAD = 1 << 16
MAX_PICKLE = 256 << 20
MAX_SIDES = 64  # as many as NumPy takes
MAX_FOOTER = 64 << 20


class Watch:
    """The facts of one file, of which the rows are counted while its bytes go by. named: its own name."""

    def __init__(self, named: bytes) -> None:
        self.suffix = os.path.splitext(named)[1].lower()
        self._rows: rows.Rows | None = None

    def over(self, pieces: Iterable[bytes | memoryview]) -> Iterable[bytes | memoryview]:
        """Return the pieces, which are looked at on their way: from the beginning, however far it came before."""
        if self.suffix not in TEXTS:
            return pieces
        self._rows = rows.Rows(TEXTS[self.suffix])
        return _counted(self._rows, pieces)

    def found(self, path: bytes, md5: str) -> Facts:
        """Return the facts of the file, whose bytes are at the path, and of which md5 they are; nothing for none.

        A table's bytes that went by nobody are read.
        """
        readers = {
            **dict.fromkeys(PICKLES, _pickle), b".npy": _array, b".npz": _arrays, PARQUET: _parquet,
            b".safetensors": _tensors, **dict.fromkeys(ARROW, _arrow),
        }  # fmt: skip
        try:
            if self.suffix in TEXTS and self._rows is None:
                for _ in self.over(odb.read_file(path)):
                    pass
            told = self._rows.end() if self._rows is not None else {}
            found = readers[self.suffix](path) if self.suffix in readers else told
        except (OSError, ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
            return {}  # a damaged file says nothing
        return {**found, "of": md5} if found else {}


def _counted(counting: rows.Rows, pieces: Iterable[bytes | memoryview]) -> Iterator[bytes | memoryview]:
    for piece in pieces:
        counting.take(piece)
        yield piece


def of(path: bytes, named: bytes, md5: str) -> Facts:
    """Return the facts of a file that is there."""
    return Watch(named).found(path, md5)


# ---- what the filter driver has seen, until the commit asks


def note(place: git.Place, seen: dict[tuple[str, bytes], Facts]) -> None:
    """Note the facts of objects, by md5 and what their names end with."""
    import json

    texts = [(json.dumps([md5, os.fsdecode(suffix), found]).encode(),) for (md5, suffix), found in seen.items()]
    with contextlib.suppress(OSError):  # it saves work, and is no more than that
        records.append(_file(place), texts)


def noted(place: git.Place) -> dict[tuple[str, bytes], Facts]:
    """Return what was noted."""
    import json

    found = {}
    for (text,) in records.read_if_readable(_file(place), 1):
        with contextlib.suppress(ValueError, TypeError, RecursionError):  # what a killed one has begun is no record
            md5, suffix, facts = json.loads(text)
            if isinstance(facts, dict):
                found[str(md5), os.fsencode(suffix)] = facts
    return found


def forget(place: git.Place) -> None:
    files.unlink(_file(place))


def _file(place: git.Place) -> bytes:
    return os.path.join(place.git_dir, b"trinity-guard", b"facts")


def _pickle(path: bytes) -> Facts:
    from trinity_guard.detect.scan import files as pickles  # noqa: PLC0415
    from trinity_guard.detect.scan import values  # noqa: PLC0415

    if os.path.getsize(path) > MAX_PICKLE:
        return {}
    held = pickles.read(path, keep=pickles.FEW).values
    name = values.class_name(held[0]) if held else ""
    return {"class": name} if name.replace(".", "").replace("_", "").isalnum() else {}


def _array(path: bytes) -> Facts:
    with open(git.opened(path, links=True), "rb") as file:
        head = file.read(HEAD)
    shape = _shape(head)
    return {"shape": shape} if shape else {}


def _arrays(path: bytes) -> Facts:
    """Return how many arrays a npz has; of a single one the shape."""
    import lzma
    import zipfile  # noqa: PLC0415
    import zlib  # noqa: PLC0415

    try:
        with open(git.opened(path, links=True), "rb") as file, zipfile.ZipFile(file) as archive:
            names = [name for name in archive.namelist() if name.endswith(".npy")]
            shape = ""
            if len(names) == 1:
                with archive.open(names[0]) as member:
                    shape = _shape(member.read(HEAD))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error, lzma.LZMAError):
        return {}
    return {"shape": shape} if shape else {"arrays": len(names)} if names else {}


def _shape(head: bytes) -> str:
    """Return the shape that the head of a NumPy file says, "" for none."""
    import ast  # noqa: PLC0415

    if not head.startswith(b"\x93NUMPY"):
        return ""
    start, end = head.find(b"{"), head.find(b"}")
    told = ast.literal_eval(head[start : end + 1].decode("latin-1"))
    shape = told.get("shape") if isinstance(told, dict) else None
    if not isinstance(shape, tuple) or len(shape) > MAX_SIDES:
        return ""
    return " x ".join(map(str, shape)) if all(type(n) is int and not n >> 63 for n in shape) else ""


def _tensors(path: bytes) -> Facts:
    """Return how many tensors a safetensors file has, by its header."""
    import json

    with open(git.opened(path, links=True), "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length)) if length <= MAX_FOOTER else None
    return {"tensors": len(header.keys() - {"__metadata__"})} if isinstance(header, dict) and header else {}


def _arrow(path: bytes) -> Facts:
    with open(git.opened(path, links=True), "rb") as file:
        rows, columns = arrowfile.size(file)
    return {"rows": rows, "columns": columns}


# ---- Parquet: a footer in Thrift's compact protocol, of which rows and the names' count are read


def _parquet(path: bytes) -> Facts:
    """Return rows and columns by the footer: FileMetaData has the schema as field 2, num_rows as field 3."""
    with open(git.opened(path, links=True), "rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(size - 8, 0))
        end = file.read(8)
        length = int.from_bytes(end[:4], "little")
        if end[4:] != b"PAR1" or length > min(size - 8, MAX_FOOTER):
            return {}
        file.seek(size - 8 - length)
        fields = thrift.Reader(file.read(length)).struct(until=3)
    schema, rows = fields.get(2), fields.get(3)
    # The first element is the root; field 5 is how many columns it has.
    columns = schema[0].get(5) if isinstance(schema, list) and schema and isinstance(schema[0], dict) else None
    return {"rows": rows, "columns": columns} if isinstance(rows, int) and isinstance(columns, int) else {}
