"""A server of Git LFS on 127.0.0.1 (giftless, a process of its own), with a password when it is told one."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.helpers.servers import free_port, serving
from tests.helpers.support import PROJECT, require

PYTHON = PROJECT / ".servers" / "giftless" / "bin" / "python"
CONFIG = """\
AUTH_PROVIDERS: ["giftless.auth.allow_anon:read_write"]
LEGACY_ENDPOINTS: true
TRANSFER_ADAPTERS:
  basic:
    factory: giftless.transfer.basic_streaming:factory
    options:
      storage_class: giftless.storage.local_storage:LocalStorage
      storage_options: {path: PATH}
"""
# Giftless, behind a password: name and password as in an address, none where it is empty.
SERVE = """\
import base64, sys
from giftless.wsgi_entrypoint import app
from werkzeug.serving import run_simple
port, login = int(sys.argv[1]), sys.argv[2]
wanted = "Basic " + base64.b64encode(login.encode()).decode()
def guarded(environ, start):
    if not login or environ.get("HTTP_AUTHORIZATION") == wanted or "jwt=" in environ.get("QUERY_STRING", ""):
        return app(environ, start)
    start("401 Unauthorized", [("WWW-Authenticate", 'Basic realm="lfs"'), ("LFS-Authenticate", 'Basic realm="lfs"')])
    return [b""]
run_simple("127.0.0.1", port, guarded, threaded=True)
"""


class LfsServer:
    """url: of one repository's objects; store: the folder where their files lie, by sha256."""

    def __init__(self, port: int, store: Path, folder: Path) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}/team/models"
        self.store = store / "team" / "models"
        self.log = folder / "server.log"

    def file(self, sha256: str) -> Path:
        return self.store / sha256


@contextlib.contextmanager
def lfs_server(folder: Path, login: str = "") -> Generator[LfsServer]:
    """Run one as long as it is needed. login: NAME:PASSWORD that it asks for."""
    if not PYTHON.exists():
        require("giftless (.ci/servers)")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "giftless.yaml").write_text(CONFIG.replace("PATH", str(folder / "store")))
    (folder / "serve.py").write_text(SERVE)
    port = free_port()
    argv: list[str | Path] = [PYTHON, folder / "serve.py", str(port), login]
    with serving(argv, port, folder, GIFTLESS_CONFIG_FILE=os.fspath(folder / "giftless.yaml")):
        yield LfsServer(port, folder / "store", folder)


@pytest.fixture
def lfs_service(tmp_path: Path) -> Generator[LfsServer]:
    with lfs_server(tmp_path / "lfs-server") as server:
        yield server
