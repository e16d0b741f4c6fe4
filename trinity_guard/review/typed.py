"""Files that say their types, read into the engine: Parquet, Feather, JSON lines, and in which zones times are."""

from __future__ import annotations

from trinity_guard.dvcrepo import installation
from trinity_guard.review.dialect import NoTable
from trinity_guard.review.table import (
    FEATHER,
    INTEGER,
    LINES,
    NESTED,
    NUMBER,
    PACKED,
    PARQUET,
    TEXT,
    TIME,
    TRUTH,
    Table,
    text,
)  # fmt: skip

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    class Engine(Protocol):
        """What is asked of an engine here."""

        connection: Any
        scratch: str

        def rows(self, query: str) -> list[tuple[object, ...]]: ...
        def count(self, source: str) -> int: ...
        def clean_name(self, path: bytes) -> str: ...


MAX_COLUMNS = 2_000  # of a file that is no text, of which all that the cells are is not known by their words
ZONED = "TIMESTAMP WITH TIME ZONE"  # all that the engine says; the zone's name is the file's own matter
_TYPES = {
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"), INTEGER),
    **dict.fromkeys(("DOUBLE", "FLOAT"), NUMBER),
    **dict.fromkeys(("VARCHAR", "UUID", "HUGEINT", "UBIGINT", "UHUGEINT"), TEXT),
    **dict.fromkeys(("DATE", "TIME"), TIME),
    "BOOLEAN": TRUTH,
}


def load(engine: Engine, name: str, path: bytes, kind: str) -> Table:
    """Read a file into a table of that name. NoTable for one that cannot be taken."""
    file = text(engine.clean_name(path))
    if kind == PARQUET:
        source = f"read_parquet({file})"
    elif kind == LINES:
        source = f"read_json({file}, format='newline_delimited', sample_size=-1)"
    elif kind == FEATHER:
        source = _arrow(engine, name, path)
    else:
        raise ValueError(f"{kind} is no kind of table that says its types")
    described = [(str(line[0]), str(line[1])) for line in engine.rows(f"DESCRIBE SELECT * FROM {source}")]
    if len(described) > MAX_COLUMNS:
        raise NoTable(f"it has {len(described):,} columns: of more than {MAX_COLUMNS:,} csv and tsv alone are compared")
    _require_room(engine, source, kind, len(described))
    types = [_type(said) for _, said in described]
    cells = ", ".join(f"c{at}" for at in range(len(types)))
    casts = ", ".join(f"{_cast(at, kind)} AS c{at}" for at, kind in enumerate(types))
    engine.connection.execute(f"CREATE TABLE {name} AS SELECT {casts} FROM {source} AS t({cells})")
    table = Table(name, [column for column, _ in described], types, engine.count(name), [])
    zoned = [column for column, said in described if said == ZONED]
    if zoned:
        zones = _zones(engine, path, kind)
        table.zones = {column: zones.get(column, "") for column in zoned}
    return table


def _require_room(engine: Engine, source: str, kind: str, columns: int) -> None:
    """Refuse a small file that says of itself that it is a table of more than the disk has room for."""
    if kind == LINES:
        return
    import shutil

    rows = engine.count(source)  # as the file's own records say it, read in no time
    size, free = 8 * rows * columns, shutil.disk_usage(engine.scratch).free
    if size > max(PACKED, free // 4):
        raise NoTable(f"its {rows:,} rows would take {size >> 30:,} GB on the disk, which has too little")


def _arrow(engine: Engine, name: str, path: bytes) -> str:
    if not _has_pyarrow():
        raise NoTable(f"it needs pyarrow: {installation.line('pyarrow')}")
    engine.connection.register(f"arrow_{name}", _dataset(engine, path, "feather"))
    return f"arrow_{name}"


def _has_pyarrow() -> bool:
    import importlib.util

    return importlib.util.find_spec("pyarrow") is not None


def _dataset(engine: Engine, path: bytes, form: str) -> Any:
    from pyarrow import dataset

    return dataset.dataset(engine.clean_name(path), format=form)


def _zones(engine: Engine, path: bytes, kind: str) -> dict[str, str]:
    """Return the zones of columns of times, as far as the file says them to what is installed."""
    if _has_pyarrow() and kind in (PARQUET, FEATHER):
        schema = _dataset(engine, path, kind).schema
        return {field.name: str(field.type.tz) for field in schema if getattr(field.type, "tz", None)}
    file = text(engine.clean_name(path))
    said = engine.rows(f"SELECT value FROM parquet_kv_metadata({file}) WHERE key = 'pandas'") if kind == PARQUET else []
    return _of_pandas(said[0][0]) if said else {}


def _of_pandas(said: Any) -> dict[str, str]:
    import json

    try:
        columns = json.loads(said)["columns"]
        return {str(c["name"]): str(c["metadata"]["timezone"]) for c in columns if c["pandas_type"] == "datetimetz"}
    except (ValueError, LookupError, TypeError, RecursionError):
        return {}


def _type(said: str) -> str:
    """Return our word for a type of the engine's."""
    beginnings = {"DECIMAL": NUMBER, "TIMESTAMP": TIME, "ENUM": TEXT}
    known = next((kind for begin, kind in beginnings.items() if said.startswith(begin) and "[" not in said), NESTED)
    return _TYPES.get(said, known)


def _cast(at: int, kind: str) -> str:
    """Return a column in SQL as all columns of its kind are held, so that two of them compare and hash alike."""
    held = {INTEGER: "BIGINT", NUMBER: "DOUBLE", TEXT: "VARCHAR", NESTED: "VARCHAR", TIME: "VARCHAR"}.get(kind)
    return f"c{at}::{held}" if held else f"c{at}"
