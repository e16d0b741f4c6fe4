"""Tables in DuckDB, out of core: loaded by their kind, with types that every cell of a column has."""

from __future__ import annotations

import csv
import os

from trinity_guard.dvcrepo import installation
from trinity_guard.review import dialect, numbers, packed, typed
from trinity_guard.review.dialect import NoTable
from trinity_guard.review.numbers import EXACT
from trinity_guard.review.table import (
    CSV,
    FEATHER,
    INTEGER,
    LINES,
    NUMBER,
    PACKED,
    PARQUET,
    TEXT,
    TSV,
    Table,
    first_line,
    text,
)  # fmt: skip

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from trinity_guard.review.dialect import Dialect

SUFFIXES = {
    b".csv": CSV, b".tsv": TSV, b".parquet": PARQUET, b".pq": PARQUET, b".feather": FEATHER, b".arrow": FEATHER,
    b".jsonl": LINES, b".ndjson": LINES,
}  # fmt: skip
MEMORY = "1GB"
# From so many bytes on, both sides together, the tables are kept on the disk.
ON_DISK = 256 << 20
# Below, what a second thread costs is more than it brings.
THREADED = 1 << 20
# What pandas reads as nothing in a text.
NULLS = (
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA",
    "NULL", "NaN", "None", "n/a", "nan", "null",
)  # fmt: skip
USUAL_LINE = 1 << 20  # bytes that the engine reads as one line
# Each query takes a while for each column of its tables, and a column a vector of 2,048 cells.
MAX_COLUMNS = 500


def kind_of(path: bytes) -> str:
    """Return what kind of table a file of this name is, "" for none."""
    return SUFFIXES.get(os.path.splitext(packed.bare(path))[1].lower(), "")


def is_there() -> bool:
    import importlib.util

    return importlib.util.find_spec("duckdb") is not None


def missing() -> str:
    """Return the command that installs what looks into tables."""
    return installation.line("", "review")


class Engine:
    """One database for one comparison; a context manager. scratch: a folder that may be written to; size: in bytes."""

    def __init__(self, scratch: bytes, size: int = 0) -> None:
        import duckdb

        self.scratch = os.fsdecode(scratch)
        self._serial = 0
        name = os.path.join(self.scratch, f"{id(self)}.duckdb") if size >= ON_DISK else ":memory:"
        self.connection = duckdb.connect(name, config={"autoinstall_known_extensions": "false"})
        self.error: type[Exception] = duckdb.Error
        for setting, value in (
            ("autoload_known_extensions", "false"), ("temp_directory", text(self.scratch)),
            ("memory_limit", text(MEMORY)), ("enable_progress_bar", "false"),
            *([("threads", "1")] if size < THREADED else []),
            *([("force_compression", text("uncompressed"))] if size < PACKED else []),
        ):  # fmt: skip
            self.connection.execute(f"SET {setting} = {value}")

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def rows(self, query: str) -> list[tuple[object, ...]]:
        return self.connection.execute(query).fetchall()

    def row(self, query: str) -> tuple[object, ...]:
        return self.rows(query)[0]

    def count(self, source: str) -> int:
        """Return how many rows there are."""
        return int(str(self.row(f"SELECT count(*) FROM {source}")[0]))

    def load(self, path: bytes, kind: str, how: Dialect | None = None) -> Table:
        """Read a file into a table. how: as it is written, if that is known. NoTable if it is none of its kind."""
        name = f"t{self.serial()}"
        try:
            if kind in (CSV, TSV):
                return self._load_text(name, path, how or dialect.look(path, kind == TSV))
            return typed.load(self, name, path, kind)
        except (self.error, OSError, ValueError) as error:
            said = first_line(error).replace(f' in file "{self._name()}"', "").replace(f" '{self._name()}'", "")
            raise NoTable(f"it cannot be read as {kind}: {said}") from None

    def read_cells(self, file: str, table: Table, limit: int) -> None:
        """Make a table of a file of quoted cells, none of them named. limit: how many bytes a line has at most."""
        columns = ", ".join(f"'c{at}': 'VARCHAR'" for at in range(len(table.names))) or "'none_': 'VARCHAR'"
        number = [numbers.of(f"c{at}", table.decimal) for at in range(len(table.names))]
        kinds = {INTEGER: "::BIGINT", NUMBER: ""}
        cells = [number[at] + kinds[k] if k in kinds else f"c{at}" for at, k in enumerate(table.types)] or ["none_"]
        longest = f", max_line_size={limit}, buffer_size={2 * limit}" if limit > USUAL_LINE else ""
        self.connection.execute(
            f"CREATE TABLE {table.name} AS SELECT {', '.join(f'{c} AS c{at}' for at, c in enumerate(cells))} FROM "
            f"read_csv({text(file)}, auto_detect=false, header=false, delim=',', quote='\"', escape='\"', "
            f"nullstr='', columns={{{columns}}}{longest})"
        )

    def serial(self) -> int:
        """Return a number that no other thing of this engine has."""
        self._serial += 1
        return self._serial

    def scratch_file(self, name: str) -> str:
        """Return where a file of this engine's may be written."""
        return os.path.join(self.scratch, f"{name}{self.serial()}")

    def _name(self) -> str:
        return os.path.join(self.scratch, f"in{self._serial}")

    def clean_name(self, path: bytes) -> str:
        """Return a name for a file that holds no pattern of the engine's."""
        name = self._name()
        if os.path.lexists(name):
            os.unlink(name)
        os.symlink(os.path.realpath(os.fsdecode(path)), name)
        return name

    # ---- delimited text

    def _load_text(self, name: str, path: bytes, how: Dialect) -> Table:
        if not how.names:
            self.connection.execute(f"CREATE TABLE {name} (none_ VARCHAR)")
            return Table(name, [], [], 0, ["it is empty"])
        notes = how.notes()
        looked = looks_numeric(how)
        numeric, plainly = self._read_some_way(name, path, how, looked, notes)
        largest = self.largest_integers(name, numeric)
        if any(value >= EXACT for value in largest.values()):
            # A floating-point number may tell two of them not apart.
            numeric = [n and largest.get(at, 0) < EXACT for at, n in enumerate(numeric)]
            numeric, _ = self._read_some_way(name, path, how, numeric, [])
        types = self.settle_types(name, numeric, [at for at in largest if numeric[at]])
        table = Table(name, how.names, types, self.count(name), notes)
        table.decimal = how.decimal
        table.numeric = numeric if plainly and numeric == looked else None
        return table

    def _read_some_way(
        self, name: str, path: bytes, how: Dialect, numeric: list[bool], notes: list[str]
    ) -> tuple[list[bool], bool]:
        """Read a text, the quick way where that can be; return which columns hold numbers, and whether it could."""
        try:
            if how.plain:
                self.read_plain(name, self.clean_name(path), how, numeric)
                return numeric, True
        except self.error:
            pass
        return self._read_hard(name, path, how, numeric, notes), False

    def read_plain(
        self,
        name: str,
        file: str,
        how: Dialect,
        numeric: list[bool],
        limit: int = 0,
        placed: bool = False,
        only: Sequence[int] | None = None,
    ) -> None:
        """Read a text as it is. placed: whether before each row's cells stands its place, of which a column is made.

        only: the columns that are kept.
        """
        # One that has fractions in its first cells holds no codes.
        doubtful = [n and not _has_fractions(how, at) for at, n in enumerate(numeric)]
        types = ["DOUBLE" if n and not d else "VARCHAR" for n, d in zip(numeric, doubtful, strict=True)]
        named = ["'place': 'BIGINT'"] * placed + [f"'c{at}': '{kind}'" for at, kind in enumerate(types)]
        kept = range(len(numeric)) if only is None else only
        cells = ["place"] * placed + [
            f"{numbers.strictly(f'c{at}', how.decimal)} AS c{at}" if doubtful[at] else f"c{at}" for at in kept
        ]
        decimal = f", decimal_separator={text(how.decimal)}" if how.decimal != "." and "DOUBLE" in types else ""
        longest = f", max_line_size={limit}, buffer_size={2 * limit}" if limit else ""
        nulls = ", ".join(map(text, NULLS))
        self.connection.execute(
            f"CREATE OR REPLACE TABLE {name} AS SELECT {', '.join(cells)} "
            f"FROM read_csv({text(file)}, auto_detect=false, delim={text(how.delimiter)}, "
            f"quote='\"', escape='\"', header={str(how.header).lower()}, "
            f"nullstr=[{nulls}], columns={{{', '.join(named)}}}{decimal}{longest})"
        )

    def _read_hard(self, name: str, path: bytes, how: Dialect, numeric: list[bool], notes: list[str]) -> list[bool]:
        """Read a text that is unlike its beginning, or written unusually: rewritten, each cell as text first."""
        clean, ragged, longest = self._rewrite(path, how)
        if ragged:
            notes.append(dialect.ragged(ragged))
        plain = dialect.Dialect("utf-8", ",", [how.names], True)
        plain.header, plain.names = True, how.names
        # Characters of up to four bytes, and quotes around each cell.
        limit = 4 * longest + 3 * len(numeric) if 4 * longest > USUAL_LINE else 0
        self.read_plain(name, clean, plain, [False] * len(numeric), limit)
        kept = self._numeric_columns(name, how, numeric)
        casts = ", ".join(
            f"{numbers.of(f'c{at}', how.decimal)} AS c{at}" if n else f"c{at}" for at, n in enumerate(kept)
        )
        self.connection.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT {casts} FROM {name}")
        return kept

    def _rewrite(self, path: bytes, how: Dialect) -> tuple[str, int, int]:
        """Write a text as the engine reads it best; return where, how many records are not as wide as the header, and
        how many characters the longest has.

        What is too much for the header's columns goes into its last one.
        """
        width, ragged, longest = len(how.names), 0, 0
        clean = os.path.join(self.scratch, f"clean{self._serial}")
        with open(clean, "w", encoding="utf-8", newline="", errors="replace") as file:
            writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
            writer.writerow([f"c{at}" for at in range(width)])
            for record in dialect.records(path, how):
                if len(record) != width:
                    ragged += 1
                    record = dialect.fitted(record, width, how.delimiter)
                longest = max(longest, sum(map(len, record)))
                writer.writerow(record)
        return clean, ragged, longest

    def _numeric_columns(self, name: str, how: Dialect, wished: list[bool]) -> list[bool]:
        """Return which columns of texts hold numbers alone."""
        asked = [at for at, wish in enumerate(wished) if wish]
        kept = [False] * len(wished)
        for part in parts(asked):
            lost = ", ".join(f"count(c{at}) - count({numbers.of(f'c{at}', how.decimal)})" for at in part)
            for at, count in zip(part, self.row(f"SELECT {lost} FROM {name}"), strict=True):
                kept[at] = count == 0
        return kept

    def largest_integers(self, name: str, numeric: list[bool]) -> dict[int, float]:
        """Return of each column that holds integers alone, and not nothing, the largest one, without its sign."""
        found = {}
        for part in parts([at for at, n in enumerate(numeric) if n]):
            asked = ", ".join(
                f"max(abs(c{at})), count(*) FILTER (c{at} <> trunc(c{at}) OR isinf(c{at}))" for at in part
            )
            said = self.row(f"SELECT {asked} FROM {name}")
            for place, at in enumerate(part):
                largest, others = said[2 * place : 2 * place + 2]
                if largest is not None and not others:
                    found[at] = float(str(largest))
        return found

    def settle_types(self, name: str, numeric: list[bool], integers: list[int]) -> list[str]:
        """Make integers of the columns of numbers that hold nothing else."""
        types = [NUMBER if n else TEXT for n in numeric]
        for at in integers:
            types[at] = INTEGER
            # This writes one column anew, and not the whole table.
            self.connection.execute(f"ALTER TABLE {name} ALTER c{at} TYPE BIGINT")
        return types


def parts(items: Sequence[int], size: int = 200) -> list[Sequence[int]]:
    """Return items in parts that a query can take at once."""
    return [items[start : start + size] for start in range(0, len(items), size)]


def looks_numeric(how: Dialect) -> list[bool]:
    """Return which columns hold numbers by their first cells."""
    return [_looks_numeric(how, at) for at in range(len(how.names))]


def _looks_numeric(how: Dialect, at: int) -> bool:
    """Whether a column holds numbers, by its first cells: none that a number would not say again."""
    found = False
    for record in how.sample:
        cell = record[at].strip() if at < len(record) else ""
        if cell in NULLS:
            continue
        if not dialect.is_number(cell, how.decimal):
            return False
        found = True
    return found


def _has_fractions(how: Dialect, at: int) -> bool:
    return any(how.decimal in record[at] for record in how.sample if at < len(record))
