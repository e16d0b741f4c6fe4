"""A tracking server: found out in seconds when it is dead, refused with words, used by nobody's password."""

from __future__ import annotations

import base64
import os
import re
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure

from tests.helpers.servers import free_port, serving
from tests.training import trackable
from trinity_guard.errors import UNUSABLE, GuardError
from trinity_guard.training.tracking import runs

PASSWORD = "s3cr3t-w0rd"


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("URI", "USERNAME", "PASSWORD", "TOKEN", "AUTH", "AWS_SIGV4"):
        monkeypatch.delenv(f"MLFLOW_TRACKING_{name}", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[int]:
    """A real `mlflow server` that answers to the name localhost alone; its port."""
    folder, port = tmp_path_factory.mktemp("server"), free_port()
    argv = [sys.executable, "-P", "-m", "mlflow", "server", "--backend-store-uri", "sqlite:///mlflow.db"]
    argv += ["--artifacts-destination", "./mlartifacts", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    env = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with serving([*argv, "--allowed-hosts", "localhost:*"], port, folder, **env):
        yield port


@contextmanager
def gatekeeper(port: int) -> Iterator[tuple[int, ThreadingHTTPServer]]:
    """A reverse proxy that lets those pass who know the password, as nginx does before many a server."""
    known = "Basic " + base64.b64encode(f"me:{PASSWORD}".encode()).decode()

    class Gate(BaseHTTPRequestHandler):
        def pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or None
            if self.headers.get("Authorization") != known:
                return self.answer(401, b"who are you?")
            asked = urllib.request.Request(f"http://localhost:{port}{self.path}", body, method=self.command)
            for name in ("Content-Type", "X-Mlflow-Workspace"):
                if self.headers.get(name):
                    asked.add_header(name, self.headers[name])
            try:
                with urllib.request.urlopen(asked) as done:
                    return self.answer(done.status, done.read())
            except urllib.error.HTTPError as error:
                return self.answer(error.code, error.read())

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = pass_on  # noqa: N815

        def answer(self, status: int, data: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            return

    gate = ThreadingHTTPServer(("127.0.0.1", 0), Gate)
    thread = threading.Thread(target=gate.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield gate.server_address[1], gate
    finally:
        gate.shutdown()
        gate.server_close()


# --- no server ---------------------------------------------------------------------------------------------------


def test_a_dead_server_is_named_with_the_command_that_starts_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://me:{PASSWORD}@127.0.0.1:{port}")
    with pytest.raises(GuardError, match="does not answer: connection refused") as refused:
        runs.store(str(tmp_path))
    assert refused.value.exit_code == UNUSABLE
    assert refused.value.remedy.splitlines()[0] == (
        "mlflow server --backend-store-uri sqlite:///mlflow.db --artifacts-destination ./mlartifacts"
        f" --host 127.0.0.1 --port {port} --workers 1 --allowed-hosts 'localhost:*,127.0.0.1:*'"
    )
    assert PASSWORD not in refused.value.problem + refused.value.remedy
    assert "me@" not in refused.value.problem


@pytest.mark.slow
def test_told_to_do_without_it_goes_on_embedded_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uri = f"http://127.0.0.1:{free_port()}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    store = runs.store(str(tmp_path), offline_ok=True)
    assert store.embedded
    assert store.fallback
    assert uri in store.fallback
    made = trackable.log(store, files={"card.md": b"x"})
    assert (tmp_path / "mlartifacts" / made.run_id / "artifacts" / "card.md").exists()
    assert os.environ["MLFLOW_TRACKING_URI"] == uri


@pytest.mark.parametrize(
    ("uri", "why"),
    [
        ("http://no-such-host.invalid:5000", "no host of this name"),
        ("http://127.0.0.1:1/x", "connection refused"),
        ("http://127.0.0.1:99999", "is the address right"),
        ("http://[::1", "is the address right"),
        ("http://a..b:5000", "is the address right"),
        ("https://", "is the address right"),
    ],
)
def test_an_address_that_leads_nowhere_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, uri: str, why: str
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    with pytest.raises(GuardError, match=why):
        runs.store(str(tmp_path))


@pytest.mark.parametrize("drip", [False, True], ids=["silent", "a byte a second"])
@pytest.mark.slow
def test_a_server_that_accepts_and_never_answers_is_given_up_after_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, drip: bool
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as accepting:
        if drip:
            threading.Thread(target=_drip, args=(accepting,), daemon=True).start()
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{accepting.getsockname()[1]}")
        with pytest.raises(GuardError, match=r"no answer within \d seconds"):
            runs.store(str(tmp_path))


def _drip(accepting: socket.socket) -> None:
    connection, _ = accepting.accept()
    with connection:
        for byte in b"HTTP/1.1 200 OK":
            try:
                connection.sendall(bytes([byte]))
            except OSError:
                return
            time.sleep(1)


def test_who_is_not_known_is_told_which_variables_say_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with gatekeeper(1) as (port, _):
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://me:another-{PASSWORD}@127.0.0.1:{port}")
        with pytest.raises(GuardError, match=r"wants to know who asks \(401\)") as refused:
            runs.store(str(tmp_path), offline_ok=True)
    assert "MLFLOW_TRACKING_USERNAME" in refused.value.remedy
    assert PASSWORD not in refused.value.problem + refused.value.remedy


def test_who_asks_is_read_from_netrc_as_mlflow_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gatekeeper lets us through to a server that is not there."""
    (tmp_path / "netrc").write_text(f"machine 127.0.0.1 login me password {PASSWORD}\n")
    (tmp_path / "netrc").chmod(0o600)
    with gatekeeper(1) as (port, _):
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{port}")
        with pytest.raises(GuardError, match="401"):
            runs.store(str(tmp_path))
        monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
        with pytest.raises(GuardError, match="it closed the connection without a word"):
            runs.store(str(tmp_path))


def asked_with(monkeypatch: pytest.MonkeyPatch, folder: Path, **variables: str) -> str:
    """Return with which login a server is asked, which lets everybody in."""
    said: list[str] = []

    class Listening(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            said.append(self.headers.get("Authorization", ""))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Listening) as served, monkeypatch.context() as now:
        threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        for name, value in {"URI": f"http://127.0.0.1:{served.server_port}", **variables}.items():
            now.setenv(f"MLFLOW_TRACKING_{name}", value)
        now.setenv("HOME", str(folder))
        runs.store(str(folder))
        served.shutdown()
    assert len(set(said)) == 1
    return said[0]


def test_who_asks_is_read_from_mlflows_own_file_of_credentials_and_its_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def basic(name: str, password: str) -> str:
        return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()

    assert asked_with(monkeypatch, tmp_path, TOKEN="t", USERNAME="me") == "Bearer t"
    file = tmp_path / ".mlflow" / "credentials"
    file.parent.mkdir()
    file.write_text(f"[mlflow]\nmlflow_tracking_username = me\nmlflow_tracking_password = {PASSWORD}\n")
    assert asked_with(monkeypatch, tmp_path) == basic("me", PASSWORD)
    assert asked_with(monkeypatch, tmp_path, TOKEN="t") == basic("me", PASSWORD)
    assert asked_with(monkeypatch, tmp_path, USERNAME="you", PASSWORD="other") == basic("you", "other")
    file.write_text("no ini at all\n")
    assert asked_with(monkeypatch, tmp_path) == ""


@pytest.mark.parametrize(("variable", "value"), [("AUTH", "kubernetes"), ("AWS_SIGV4", "true")])
def test_a_login_that_only_mlflow_can_make_is_left_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    with gatekeeper(1) as (port, _):
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{port}")
        with pytest.raises(GuardError, match="401"):
            runs.store(str(tmp_path))
        monkeypatch.setenv(f"MLFLOW_TRACKING_{variable}", value)
        assert runs.store(str(tmp_path)).uri == f"http://127.0.0.1:{port}"


@pytest.mark.slow
def test_a_certificate_that_is_not_trusted_is_said_with_the_variable_that_names_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "1"]
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*made, *name], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    class Healthy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Healthy) as answering:
        answering.socket = context.wrap_socket(answering.socket, server_side=True)
        threading.Thread(target=answering.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        uri = f"https://localhost:{answering.server_address[1]}"
        monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
        with pytest.raises(GuardError, match=r"certificate is not trusted \(MLFLOW_TRACKING_SERVER_CERT_PATH"):
            runs.store(str(tmp_path))
        monkeypatch.setenv("MLFLOW_TRACKING_SERVER_CERT_PATH", str(certificate))
        assert runs.store(str(tmp_path)).uri == uri
        monkeypatch.setenv("MLFLOW_TRACKING_SERVER_CERT_PATH", str(tmp_path / "none.pem"))
        with pytest.raises(GuardError, match="there is no certificate where"):
            runs.store(str(tmp_path))
        answering.shutdown()


# --- a real one --------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_training_is_logged_to_a_server_whole(server: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import mlflow

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://localhost:{server}")
    store = runs.begin(str(tmp_path))
    made = trackable.log_whole(store)
    assert trackable.below(tmp_path) == []
    page = f"http://localhost:{server}/#/experiments/{made.experiment_id}/runs/{made.run_id}"
    assert made.url == f"{page}?workflowType=machine_learning"
    run = mlflow.MlflowClient().get_run(made.run_id)
    assert run.info.status == "FINISHED"
    assert run.data.metrics == {"f1_overflow": 0.7052, "mcc": 0.6441}
    assert len(run.data.params) == 232
    assert run.inputs.dataset_inputs[0].dataset.digest == "a" * 32
    assert mlflow.artifacts.load_text(f"{run.info.artifact_uri}/card.md") == "# A card\n"
    rows = trackable.table()
    loaded = mlflow.sklearn.load_model(f"models:/{trackable.MODEL}@champion")
    assert (loaded.predict_proba(rows) == trackable.model().predict_proba(rows)).all()
    best = runs.champion(store, trackable.MODEL)
    assert best is not None
    assert best["run_id"] == made.run_id
    assert best["version"] == made.registered_version
    assert runs.champion(store, "another") is None
    runs.mark(store, trackable.MODEL, best["version"], {"semver": "v1.0.0"}, "prod")
    released = runs.champion(store, trackable.MODEL, alias="prod")
    assert released is not None
    assert released["tags"]["semver"] == "v1.0.0"


@pytest.mark.slow
def test_a_server_not_started_for_this_name_says_which_option_is_missing(
    server: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{server}")
    with pytest.raises(GuardError, match=r"refuses \(403\)") as refused:
        trackable.log(runs.begin(str(tmp_path)))
    assert "--allowed-hosts '127.0.0.1:*,localhost:*,127.0.0.1:*'" in refused.value.remedy


@pytest.mark.slow
def test_a_password_in_the_address_is_used_and_stands_nowhere(
    server: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with gatekeeper(server) as (port, _):
        uri = f"http://me:{PASSWORD}@127.0.0.1:{port}"
        monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
        store = runs.begin(str(tmp_path))
        made = trackable.log_whole(store, name="by password")
    assert os.environ["MLFLOW_TRACKING_URI"] == uri
    assert "MLFLOW_TRACKING_PASSWORD" not in os.environ
    assert PASSWORD not in f"{made}{store.uri}{store.shown}"
    kept = [p for p in tmp_path_factory.getbasetemp().glob("server*/**/*") if p.is_file()]
    assert any(made.run_id in str(p) for p in kept)
    assert [p for p in kept if PASSWORD.encode() in p.read_bytes()] == []


@pytest.mark.slow
def test_a_server_that_goes_away_in_the_middle_is_said_in_seconds(
    server: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with gatekeeper(server) as (port, gate):

        class Last(Figure):
            """As it is drawn the server goes."""

            def savefig(self, *args: Any, **options: Any) -> None:
                gate.shutdown()
                gate.server_close()
                super().savefig(*args, **options)

        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://me:{PASSWORD}@127.0.0.1:{port}")
        store = runs.begin(str(tmp_path))
        store.ready()
        figure = Last()
        figure.subplots().plot([1, 2])
        with pytest.raises(GuardError, match="has stopped answering") as refused:
            trackable.log(store, figures={"roc": figure})
    assert not re.search(PASSWORD, refused.value.problem + refused.value.remedy)


@pytest.mark.slow
def test_a_login_that_health_does_not_ask_for_is_told_before_a_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Basic(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/health" else 401)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Basic) as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{served.server_port}")
        with pytest.raises(GuardError, match=r"wants to know who asks \(401\)"):
            runs.store(str(tmp_path))
        served.shutdown()
