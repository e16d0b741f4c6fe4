"""MLflow's tables, made by its migrations once a process and copied into each new database: they take over a second."""

from __future__ import annotations

import atexit
import functools
import logging
import os
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

# The module and the function of MLflow that fills an empty database.
MODULE, NAME = "mlflow.store.db.utils", "_initialize_tables"

Initialize = Callable[[Any], None]


def copied(real: Initialize) -> Initialize:
    """Return what fills an empty SQLite file with a copy, and leaves any other database to MLflow."""
    made_once = template(real)

    def initialize(engine: Any) -> None:
        path = engine.url.database if engine.dialect.name == "sqlite" else ""
        if not path or path == ":memory:" or _has_tables(path):
            real(engine)
            return
        with closing(sqlite3.connect(made_once)) as made, closing(sqlite3.connect(path)) as database:
            made.backup(database)

    return initialize


def _has_tables(path: str) -> bool:
    with closing(sqlite3.connect(path)) as database:
        return bool(database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])


@functools.cache
def template(real: Initialize) -> Path:
    """Return a database that MLflow itself has filled."""
    utils = sys.modules[MODULE]
    folder = Path(tempfile.mkdtemp(prefix="trinity-guard-mlflow-"))
    atexit.register(_removed, folder, os.getpid())
    engine = utils.create_sqlalchemy_engine_with_retry(f"sqlite:///{folder}/template.db")
    logging.disable()
    real(engine)
    logging.disable(logging.NOTSET)
    engine.dispose()
    return folder / "template.db"


def _removed(folder: Path, owner: int) -> None:
    if os.getpid() == owner:  # no fork of it
        shutil.rmtree(folder, ignore_errors=True)
