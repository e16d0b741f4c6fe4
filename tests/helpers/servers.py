"""Real servers on 127.0.0.1 for DVC's remotes, each a process of its own, started once and killed at the end."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path

import pytest

from tests.helpers.support import PROJECT, Repo, clean_environment, dvc, require, run

KINDS = ("s3", "azure", "ssh", "gs", "webdav", "http")
# What keeps the client libraries on this machine.
QUIET = {
    "AWS_EC2_METADATA_DISABLED": "true",
    "GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT": "false",
    "NO_GCE_CHECK": "true",
    "NO_PROXY": "127.0.0.1",
}
S3_KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
# The account that every Azurite has, as its documentation prints it.
AZURITE_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
# Stands in the settings where each repository gets a path of its own.
PLACE = "place-of-a-repository"


class Service:
    """A running server. url: where a remote begins; options and secrets: (name, value) for `dvc remote modify`."""

    def __init__(
        self,
        kind: str,
        port: int,
        url: str,
        options: dict[str, str] | None = None,
        secrets: dict[str, str] | None = None,
        env: dict[str, str] | None = None,
        folder: Path | None = None,
    ) -> None:
        self.kind = kind
        self.port = port
        self.url = url
        self.options = options or {}
        self.secrets = secrets or {}
        self.env = {**QUIET, **(env or {})}
        self.folder = folder
        self._settings: tuple[str, str] | None = None

    def configure(
        self, repo: Repo, path: str = "", port: int | None = None, changes: dict[str, str] | None = None
    ) -> str:
        """Make this service the default remote of a repository, below a path of its own; return that path.

        port: of a proxy before it. changes: texts of the settings, and what stands in their place.
        """
        path = path or f"r-{uuid.uuid4().hex[:12]}"
        config, local = self._made_by_dvc(repo.path.parent)
        texts = []
        for text in (config, local):
            text = text.replace(PLACE, path)
            if port:
                text = text.replace(str(self.port), str(port))
            for old, new in (changes or {}).items():
                text = text.replace(old, new)
            texts.append(text)
        if self.kind == "webdav" and self.folder:
            (self.folder / path).mkdir(exist_ok=True)  # DVC makes no base collection
        folder = repo.path / ".dvc"
        folder.mkdir(exist_ok=True)
        kept = (folder / "config").read_text() if (folder / "config").exists() else ""
        (folder / "config").write_text(kept.partition("[core]")[0] + texts[0])
        (folder / "config.local").write_text(texts[1])
        return path

    def _made_by_dvc(self, beside: Path) -> tuple[str, str]:
        """Return the settings as `dvc remote add` and `modify` write them; DVC is asked once a session."""
        if self._settings is None:
            scratch = beside / f"settings-{self.kind}"
            scratch.mkdir()
            dvc("init", "--no-scm", "-q", cwd=scratch)
            dvc("remote", "add", "-q", "-d", "service", f"{self.url}/{PLACE}", cwd=scratch)
            for name, value in self.options.items():
                dvc("remote", "modify", "-q", "service", name, value, cwd=scratch)
            for name, value in self.secrets.items():
                dvc("remote", "modify", "-q", "--local", "service", name, value, cwd=scratch)
            config = (scratch / ".dvc" / "config").read_text().replace("    no_scm = True\n", "")
            local = scratch / ".dvc" / "config.local"
            self._settings = (config, local.read_text() if local.exists() else "")
            shutil.rmtree(scratch)
        return self._settings


def free_port() -> int:
    """Return a port that nobody gets by chance before it is used, many seconds later for a slow server.

    Below those that the system deals out by itself, to clients too, and not by pytest-randomly's seed, which is the
    same for tests that run side by side.
    """
    for port in random.SystemRandom().sample(range(20_000, 32_000), 100):
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise AssertionError("no port of 127.0.0.1 is free")


@contextlib.contextmanager
def serving(argv: Sequence[str | Path], port: int, folder: Path, **env: str) -> Iterator[None]:
    """Run a server while it is needed; it has answered on its port before this goes on."""
    log = folder / "server.log"
    clean = {**os.environ, **clean_environment(folder / "home"), **QUIET, **env}
    with log.open("wb") as words:
        # A group of its own: MLflow's server starts another one, which would outlive it.
        process = subprocess.Popen(
            [os.fspath(a) for a in argv],
            cwd=folder, env=clean, stdin=subprocess.DEVNULL, stdout=words, stderr=words, start_new_session=True,
        )  # fmt: skip
    try:
        _wait_for(port, process, log)
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise AssertionError(f"{process.args!r} does not serve: {log.read_text(errors='replace')[-2000:]}")


@pytest.fixture(scope="session")
def s3_service(tmp_path_factory: pytest.TempPathFactory) -> Generator[Service]:
    yield from _moto(tmp_path_factory.mktemp("s3"))


@pytest.fixture(scope="session")
def s3_with_keys(tmp_path_factory: pytest.TempPathFactory) -> Generator[Service]:
    """S3 that checks keys, and knows none."""
    yield from _moto(tmp_path_factory.mktemp("s3-keys"), INITIAL_NO_AUTH_ACTION_COUNT="1")


def _moto(folder: Path, **env: str) -> Generator[Service]:
    pytest.importorskip("moto", reason="this machine has no moto")
    port = free_port()
    # Moto's own module is watched by coverage and finds its plug-ins from anywhere.
    with serving(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], port, folder, **S3_KEYS, **env
    ):
        endpoint = f"http://127.0.0.1:{port}"
        urllib.request.urlopen(urllib.request.Request(f"{endpoint}/bucket", method="PUT")).close()
        yield Service("s3", port, "s3://bucket", {"endpointurl": endpoint}, env=S3_KEYS)


@pytest.fixture(scope="session")
def azure_service(tmp_path_factory: pytest.TempPathFactory) -> Generator[Service]:
    own = PROJECT / ".servers" / "node_modules" / ".bin" / "azurite-blob"
    azurite = own if own.exists() else shutil.which("azurite-blob")
    if not azurite:
        require("Azurite (azurite-blob; .ci/servers installs it)")
    folder, port = tmp_path_factory.mktemp("azure"), free_port()
    options: list[str | Path] = [
        "--blobHost",
        "127.0.0.1",
        "--blobPort",
        str(port),
        "-l",
        folder,
        "--skipApiVersionCheck",
    ]
    with serving([azurite, *options, "--disableTelemetry", "--silent"], port, folder):
        account = f"AccountName=devstoreaccount1;AccountKey={AZURITE_KEY}"
        text = f"DefaultEndpointsProtocol=http;{account};BlobEndpoint=http://127.0.0.1:{port}/devstoreaccount1;"
        _make_container(text)
        yield Service("azure", port, "azure://bucket", secrets={"connection_string": text})


def _make_container(connection: str) -> None:
    from azure.storage.blob import BlobServiceClient

    with BlobServiceClient.from_connection_string(connection) as client:
        client.create_container("bucket")


@pytest.fixture(scope="session")
def ssh_service(tmp_path_factory: pytest.TempPathFactory) -> Generator[Service]:
    sshd = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if not sshd or not shutil.which("ssh-keygen"):
        require("OpenSSH's server (sshd; .ci/servers installs it)")
    folder, port = tmp_path_factory.mktemp("ssh"), free_port()
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    for key in ("host", "user", "stranger"):
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / key)
    (folder / "config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/user.pub\n"
        f"PidFile {folder}/pid\nUsePAM no\nStrictModes no\nPermitRootLogin prohibit-password\n"
        "PasswordAuthentication no\nKbdInteractiveAuthentication no\nSubsystem sftp internal-sftp\nMaxStartups 100\n"
    )
    (folder / "objects").mkdir()
    import getpass

    with serving([sshd, "-D", "-f", folder / "config", "-E", folder / "sshd.log"], port, folder):
        options = {"port": str(port), "user": getpass.getuser()}
        url = f"ssh://127.0.0.1{folder}/objects"
        yield Service("ssh", port, url, options, {"keyfile": str(folder / "user")}, folder=folder / "objects")


@pytest.fixture(scope="session")
def gs_service(tmp_path_factory: pytest.TempPathFactory) -> Generator[Service]:
    own = PROJECT / ".servers" / "gcs" / "bin" / "gcp-storage-emulator"
    emulator = own if own.exists() else shutil.which("gcp-storage-emulator")
    if not emulator:
        require("gcp-storage-emulator (.ci/servers installs it)")
    folder, port = tmp_path_factory.mktemp("gs"), free_port()
    options = ["start", "--host=127.0.0.1", f"--port={port}", "--in-memory", "--default-bucket=bucket"]
    with serving([emulator, *options], port, folder):
        told = {"endpointurl": f"http://127.0.0.1:{port}", "allow_anonymous_login": "true"}
        yield Service("gs", port, "gs://bucket", told)


@pytest.fixture(scope="session")
def webdav_service(tmp_path_factory: pytest.TempPathFactory) -> Generator[Service]:
    with webdav(tmp_path_factory.mktemp("webdav")) as service:
        yield service


@contextlib.contextmanager
def webdav(folder: Path, certificate: Path | None = None, key: Path | None = None) -> Iterator[Service]:
    """Serve WebDAV from a folder; by TLS where it has a certificate."""
    pytest.importorskip("wsgidav", reason="this machine has no wsgidav")
    port = free_port()
    (folder / "objects").mkdir()
    config = {
        "host": "127.0.0.1",
        "port": port,
        "provider_mapping": {"/": str(folder / "objects")},
        "http_authenticator": {"accept_basic": True, "accept_digest": False, "default_to_digest": False},
        "simple_dc": {"user_mapping": {"*": {"someone": {"password": "s3cr3t-word"}}}},
        "verbose": 1,
    }
    if certificate:
        config |= {"ssl_certificate": str(certificate), "ssl_private_key": str(key), "ssl_adapter": "builtin"}
    (folder / "config.json").write_text(json.dumps(config))
    start: list[str | Path] = [sys.executable, "-m", "wsgidav.server.server_cli", "--config", folder / "config.json"]
    with serving(start, port, folder):
        url, secrets = f"webdav{'s' if certificate else ''}://127.0.0.1:{port}", {"password": "s3cr3t-word"}
        yield Service("webdav", port, url, {"user": "someone"}, secrets, folder=folder / "objects")


@pytest.fixture(scope="session")
def http_service(tmp_path_factory: pytest.TempPathFactory) -> Generator[Service]:
    folder, port = tmp_path_factory.mktemp("http"), free_port()
    (folder / "objects").mkdir()
    store = PROJECT / "tests" / "helpers" / "httpstore.py"
    start: list[str | Path] = [sys.executable, store, str(port), folder / "objects"]
    with serving(start, port, folder):
        yield Service("http", port, f"http://127.0.0.1:{port}", folder=folder / "objects")


@pytest.fixture
def start_service(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Service]:
    """Return what starts a service by its kind (or gives the one that runs) and sets its variables."""

    def start(kind: str) -> Service:
        service: Service = request.getfixturevalue(f"{kind}_service")
        for name, value in service.env.items():
            monkeypatch.setenv(name, value)
        return service

    return start


@pytest.fixture(params=KINDS)
def service(request: pytest.FixtureRequest, start_service: Callable[[str], Service]) -> Service:
    """Each kind of server in turn."""
    return start_service(request.param)
