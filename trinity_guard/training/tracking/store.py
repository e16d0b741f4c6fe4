"""Where runs are logged: the embedded store, or what MLFLOW_TRACKING_URI names. MLflow is loaded by `opened` alone."""

from __future__ import annotations

import contextlib
import logging
import os
import warnings
from collections.abc import Iterator, Mapping
from threading import Thread
from typing import Any

from trinity_guard.dvcrepo import installation
from trinity_guard.errors import UNUSABLE, GuardError
from trinity_guard.training.tracking import cloned, server, sqlite

# Nothing goes out to anybody, nothing is drawn or said on the terminal, and a server that dies is found out soon.
QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_CONFIGURE_LOGGING": "false",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
}
LOGGERS = ("mlflow", "alembic", "sqlalchemy", "urllib3", "requests", "git")
# What a database says of tables of which MLflow, or a migration of it, made but some.
HALF_MADE = ("already exists", "no such table", "no such column", "duplicate column")
# Seconds that the end of a training waits for MLflow to be loaded.
STOP_TIMEOUT = 5.0
DATABASES = ("sqlite", "postgresql", "postgres", "mysql", "mssql")


class RunStore:
    """A place for runs. uri: as MLflow gets it; artifact_root: the folder of artifacts, "" where a server decides.

    embedded: the project's own; fallback: why it is that, though a server was asked for.
    """

    def __init__(self, root: str, uri: str, artifact_root: str, who: dict[str, str] | None = None) -> None:
        self.root = root
        self.uri = uri
        self.artifact_root = artifact_root
        self.embedded = False
        self.fallback: str | None = None
        self.who = who or {}
        self._making: Thread | None = None
        self._error: BaseException | None = None
        self._made = False
        self._given_up = False

    @property
    def shown(self) -> str:
        """The address for people and records: no password, and the embedded one as what it is."""
        return f"sqlite:///{sqlite.DATABASE}" if self.embedded else server.shown_uri(self.uri)

    @property
    def unasked(self) -> bool:
        """Whether nobody can tell without MLflow that it will answer: a database's server, what a plug-in knows."""
        return not self.embedded and not self.uri.lower().startswith(("http:", "https:", "sqlite"))

    def begin(self) -> None:
        """Load MLflow and make the store in a thread, while the caller has other things to do."""
        if self._making is None and not self._made:
            # Here and for good, not in the thread: what a thread filters is undone by whoever filters beside it.
            warnings.filterwarnings("ignore", module=rf"({'|'.join(LOGGERS)})(\.|$)")
            self._making = Thread(target=self._make, name="mlflow", daemon=True)
            self._making.start()

    def ready(self) -> None:
        """Wait until the store can be used; raises what kept it from that."""
        self.begin()
        if self._making is not None:
            self._making.join()
            self._making = None
        if self._error is not None:
            raise self._error

    def _make(self) -> None:
        try:
            self.prepare()
            if not self._given_up:
                _warm(self)
            self._made = True
        except BaseException as error:  # noqa: BLE001  # a thread has nobody else to tell; `ready` raises it
            self._error = error

    def give_up(self) -> None:
        """Let the thread end as soon as it can: not in the midst of tables, and not torn off by the program's end.

        Not for ever: Ctrl-C in the midst of an import may leave Python's import lock taken (raised between its taking
        and the `try` behind it, in importlib's _get_module_lock), and then no other thread imports any more.
        """
        self._given_up = True
        if self._making is not None:
            self._making.join(STOP_TIMEOUT)

    def prepare(self) -> None:
        """Make the tables of a database that has none, and look whether MLflow can work with what is there."""
        if self.embedded:
            # Before they are made by the first question, for everybody to read.
            with sqlite.create(self.root) as new:
                if new:
                    make_tables(self, new)
        if not self._given_up:
            ask(self, self.uri)

    def scrubbed(self, text: str) -> str:
        """Return a text of somebody else's without anything secret of this store's address."""
        secrets = [self.uri, self.who.get("MLFLOW_TRACKING_PASSWORD", "")]
        for secret, shown in zip(secrets, (self.shown, "…"), strict=True):
            text = text.replace(secret, shown) if secret else text
        return text


def store(root: str, offline_ok: bool = False) -> RunStore:
    """Return the store to log to; a server has answered. Cheap: MLflow is not loaded, nothing is made.

    GuardError (exit 2) where there is none; with offline_ok a dead server is replaced by the embedded store.
    trust.Untrusted (exit 1) for a database that came with a clone.
    """
    found = _store(root, offline_ok)
    database = os.path.join(root, sqlite.DATABASE) if found.embedded else sqlite.file_of(found.uri)
    cloned.require(database, found.artifact_root)
    return found


def _store(root: str, offline_ok: bool) -> RunStore:
    said = os.environ.get("MLFLOW_TRACKING_URI", "").strip()
    if not said:
        return _embedded(root)
    kind = said.partition("://")[0].lower() if "://" in said else said.partition(":")[0].lower()
    if kind in ("http", "https"):
        uri, who = server.without_password(said)
        error = server.check_server(uri, who)
        if error is None:
            return RunStore(root, uri, "", who)
        if not offline_ok:
            raise error
        fallen = _embedded(root)
        fallen.fallback = error.problem
        return fallen
    if kind == "file" or ("://" not in said and kind not in ("databricks", "databricks-uc", "uc")):
        raise GuardError(
            f"MLFLOW_TRACKING_URI is {server.shown_uri(said)}: MLflow keeps no runs in plain folders any more.",
            "unset MLFLOW_TRACKING_URI     # runs go to mlflow.db in the project's folder\n"
            "export MLFLOW_TRACKING_URI=sqlite:////ABSOLUTE/PATH/mlflow.db     # or to another one",
            UNUSABLE,
        )
    return RunStore(root, said, _beside(said, root) if kind.partition("+")[0] in DATABASES else "")


def begin(root: str, offline_ok: bool = False) -> RunStore:
    """Return the store, and load MLflow and make what is missing of it in a thread meanwhile."""
    found = store(root, offline_ok)
    found.begin()
    return found


def _embedded(root: str) -> RunStore:
    made = RunStore(root, sqlite.database_uri(root), os.path.join(os.path.abspath(root), sqlite.ARTIFACTS))
    made.embedded = True
    return made


def _beside(uri: str, root: str) -> str:
    """Return the folder for artifacts of a user's own database: beside an SQLite file, else the project's."""
    path = sqlite.file_of(uri)
    folder = os.path.dirname(os.path.abspath(path)) if path else os.path.abspath(root)
    return os.path.join(folder, sqlite.ARTIFACTS)


def make_tables(store: RunStore, uri: str) -> None:
    """Let MLflow make its tables in a database that is to be renamed then: it keeps no connection to it open.

    SQLite finds a journal by the name that the file had when it was opened.
    """
    with _variables({"MLFLOW_SQLALCHEMYSTORE_POOLCLASS": "NullPool"}):
        ask(store, uri)


def ask(store: RunStore, uri: str) -> None:
    """Ask MLflow something of the store at an address."""
    with _quietly(store):
        from mlflow import MlflowClient

        MlflowClient(tracking_uri=uri).search_experiments(max_results=1)


def _warm(store: RunStore) -> None:
    """Load what logging a model needs."""
    with _quietly(store):
        import mlflow.models
        import mlflow.sklearn  # noqa: F401


@contextlib.contextmanager
def opened(store: RunStore) -> Iterator[Any]:
    """Yield MLflow's client for a store; what MLflow raises becomes a GuardError, what it says goes nowhere."""
    with _quietly(store):
        from mlflow import MlflowClient

        yield MlflowClient(tracking_uri=store.uri)


@contextlib.contextmanager
def _quietly(store: RunStore) -> Iterator[None]:
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    with _silence(), _variables(store.who):
        from mlflow.exceptions import MlflowException

        try:
            yield
        except MlflowException as error:
            raise _guard_error(store, error) from None
        except Exception as error:
            half = _half_made(store, str(error))
            if half is None:
                raise
            raise half from None


@contextlib.contextmanager
def _variables(values: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        restore(before)


def restore(before: Mapping[str, str | None]) -> None:
    """Give variables of the environment the values that they had, None for those that were not there."""
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Shut the loggers up; what matters of it is raised as well."""
    loggers = [logging.getLogger(name) for name in LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _half_made(store: RunStore, text: str) -> GuardError | None:
    """Return the error for tables of which some are there and some are not, which MLflow cannot go on with."""
    if not store.artifact_root or "OperationalError" not in text or not any(sign in text for sign in HALF_MADE):
        return None
    return GuardError(
        f"the tables of {store.shown} were never finished: something was killed while it made them.",
        "mv mlflow.db mlflow.db.old     # in the project's folder; then the same command again makes new ones",
        UNUSABLE,
    )


def _guard_error(store: RunStore, error: Any) -> GuardError:
    """Return MLflow's error in our words, its own for what we do not know."""
    text = store.scrubbed(str(error)).strip()
    half = _half_made(store, text)
    if half is not None:
        return half
    if not store.artifact_root:
        for status, code in ((401, "UNAUTHENTICATED"), (403, "PERMISSION_DENIED")):
            if f"error code {status}" in text or error.error_code == code:
                return server.refusal(store.uri, status)
        if "Max retries exceeded" in text or "timed out" in text or "failed with exception" in text:
            return GuardError(
                f"the MLflow server {store.shown} has stopped answering.", server.start_remedy(store.uri), UNUSABLE
            )
    if "out-of-date database schema" in text:
        return GuardError(
            f"the tables of {store.shown} are those of another version of MLflow.",
            f"cp mlflow.db mlflow.db.old && mlflow db upgrade {store.shown}     # in the project's folder\n"
            f"{installation.line('mlflow', upgrade=True)}     # if a newer one wrote it",
            UNUSABLE,
        )
    if "database is locked" in text:
        return GuardError(f"{store.shown} was held by another process for too long.", "try again", UNUSABLE)
    return GuardError(f"MLflow: {text.splitlines()[0] if text else error.error_code}", exit_code=UNUSABLE)
