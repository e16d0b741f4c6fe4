"""Two versions of a table, compared by the engine as `trinity-guard diff` does."""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from pathlib import Path

import pytest

from trinity_guard.review import differ
from trinity_guard.review.differ import TableDifference
from trinity_guard.review.engine import Engine
from trinity_guard.review.table import Table


class Tables:
    """An engine, and files of a test's own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.engine = Engine(os.fsencode(folder))
        self._serial = 0

    def file(self, data: str | bytes, suffix: str = ".csv") -> bytes:
        self._serial += 1
        path = self.folder / f"f{self._serial}{suffix}"
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return os.fsencode(path)

    def load(self, data: str | bytes, kind: str = "csv") -> Table:
        return self.engine.load(self.file(data), kind)

    def compare(
        self, before: str | bytes, after: str | bytes, key: Sequence[str] = (), limit: int = 10
    ) -> TableDifference:
        return differ.compare(self.engine, self.load(before), self.load(after), key, limit)


@pytest.fixture
def tables(tmp_path: Path) -> Generator[Tables]:
    made = Tables(tmp_path)
    yield made
    made.engine.connection.close()
