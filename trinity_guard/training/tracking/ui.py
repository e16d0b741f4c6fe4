"""MLflow's pages on a store: which one, by which command, at which address."""

from __future__ import annotations

import os
from collections.abc import Callable

from trinity_guard.errors import UNUSABLE, GuardError, shown
from trinity_guard.training.record import NAME
from trinity_guard.training.tracking import names, pages, server, sqlite, store


class Site:
    """The pages on a store, to be served on 127.0.0.1 at `port`. GuardError where a server has its own."""

    def __init__(self, root: str, port: int) -> None:
        said = os.environ.get("MLFLOW_TRACKING_URI", "").strip()
        if said.lower().startswith(("http://", "https://")):
            raise GuardError(
                "MLFLOW_TRACKING_URI names a server, which shows its runs itself:", server.shown_uri(said), UNUSABLE
            )
        self.store = store.store(root)
        if not self.store.artifact_root:
            raise GuardError(
                f"MLFLOW_TRACKING_URI is {self.store.shown}, whose pages are not ours to serve.",
                "unset MLFLOW_TRACKING_URI     # shows mlflow.db of the project's folder",
                UNUSABLE,
            )
        self.port = port
        self.url = f"http://127.0.0.1:{port}"

    def page(self) -> str:
        """Return the address of the runs of this project's experiment; of the start page where it has none yet."""
        wanted = names.experiment(None, NAME)
        with store.opened(self.store) as client:
            found = [e for e in client.search_experiments() if wanted.is_of(e.name, e.experiment_id)]
            found += client.search_experiments(order_by=["last_update_time DESC"], max_results=1)
        return pages.runs(self.url, found[0].experiment_id, found[0].tags) if found else self.url

    @property
    def folder(self) -> str:
        return os.path.dirname(self.store.artifact_root)

    @property
    def shown(self) -> str:
        """What is shown, for a message."""
        if self.store.embedded:
            return shown(os.fsencode(os.path.join(self.folder, sqlite.DATABASE)))
        return self.store.shown

    def command_line(self) -> str:
        """Return what a shell would run, without a password."""
        place = server.spelled(["cd", self.folder])
        return f"{place} && {server.spelled(server.command(self.port, self.store.shown))}"

    def serve(self, on_ready: Callable[[], None]) -> None:
        """Serve the pages until Ctrl-C; on_ready is called once they are there."""
        if self.store.embedded:
            # The server would make the tables too: for everybody to read, and not to be gone on with after a kill.
            with sqlite.create(self.store.root) as new:
                if new:
                    store.make_tables(self.store, new)
        # uvicorn looks for modules in its own folder first, and those of the project are none of MLflow's: it runs in
        # an empty one, which leads to the project's by a name without signs that SQLAlchemy would read.
        place = sqlite.linked(self.folder)
        # By variable, where other users of this machine do not see the password that it may hold.
        env = {**os.environ, **store.QUIET, "MLFLOW_BACKEND_STORE_URI": self._from_beside()}
        for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_STORE_URI", "MLFLOW_DEFAULT_ARTIFACT_ROOT"):
            env.pop(name, None)
        # Its workers for language models: three processes more, and twice the time to come up.
        env.setdefault("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false")
        argv = server.command(self.port, "", f"./{sqlite.LINK}/{sqlite.ARTIFACTS}")
        argv += ["--default-artifact-root", sqlite.artifact_uri(self.store.artifact_root)]
        server.serve(argv, place, env, self.port, on_ready)

    def _from_beside(self) -> str:
        """Return the store's address as the server in the linking folder needs it."""
        if self.store.embedded:
            return f"sqlite:///{sqlite.LINK}/{sqlite.DATABASE}"
        scheme, mark, path = self.store.uri.partition(":///")
        if not scheme.startswith("sqlite") or not mark:
            return self.store.uri
        return f"{scheme}:///{sqlite.LINK}/{os.path.basename(path.partition('?')[0])}"
