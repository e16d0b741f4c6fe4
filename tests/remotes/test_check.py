"""`trinity-guard remote check` over real faults: the step that failed is named, with what mends it."""

from __future__ import annotations

import json
import os
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.helpers.proxy import Proxy
from tests.helpers.servers import Service, free_port
from tests.helpers.support import Repo, require

# Each starts a server, or waits for one that does not answer.
pytestmark = pytest.mark.slow

LAST = ("credentials", "bucket", "write", "read", "delete")


@pytest.fixture
def project(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    bare_repo.stage(".dvc/.gitignore", b"/config.local\n/tmp\n/cache\n")
    bare_repo.stage(".dvc/config", b"")
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith(("AWS_", "AZURE_", "GOOGLE_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("TRINITY_GUARD_TRUST", "1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return bare_repo


def remote(repo: Repo, url: str, **options: str) -> None:
    lines = [f"    {o} = {v}\n" for o, v in {"url": url, **options}.items()]
    repo.write(".dvc/config", ("[core]\n    remote = r\n['remote \"r\"']\n" + "".join(lines)).encode())


def checked(repo: Repo, code: int, **env: str) -> dict[str, dict[str, str]]:
    """Return step -> what is said of it, and see that the exit code says the same."""
    done = repo.guard("remote", "check", "--format", "json", ok=False, **env)
    assert done.returncode == code, done.stderr
    steps = {s["step"]: s for s in json.loads(done.stdout)["steps"]}
    assert any(s["state"] == "FAILED" for s in steps.values()) == (code == 1)
    return steps


def states(steps: dict[str, dict[str, str]]) -> str:
    letters = {"ok": "+", "FAILED": "!", "-": "-"}
    return "".join(letters[s["state"]] for s in steps.values())


@contextmanager
def listening(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server of the test's own; it answers each connection, in a thread, until the test is over."""
    server = socket.create_server(("127.0.0.1", 0))
    kept: list[socket.socket] = []

    def serve() -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            kept.append(client)
            with suppress(OSError):
                answer(client)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield server.getsockname()[1]
    finally:
        server.close()
        for client in kept:
            client.close()


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that nobody but itself has signed, and its key."""
    key, file = tmp_path / "key.pem", tmp_path / "cert.pem"
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    done = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", file, *subject],
        capture_output=True, check=False,
    )  # fmt: skip
    if done.returncode:
        require("openssl")
    return file, key


@pytest.fixture
def tls_port(certificate: tuple[Path, Path]) -> Generator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)

    def answer(client: socket.socket) -> None:
        with context.wrap_socket(client, server_side=True) as secure:
            secure.recv(4096)
            secure.sendall(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    with listening(answer) as port:
        yield port


# ---- name, connect, TLS


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("s3://b/p", {"endpointurl": "http://a..b:1"}),
        ("webdav://a..b/x", {}),
        ("ssh://a..b/x", {}),
        ("https://a..b/x", {}),
        ("gs://b/p", {"endpointurl": "http://a..b:1"}),
        ("azure://c/p", {"connection_string": "'AccountName=a;AccountKey=k;BlobEndpoint=http://a..b/a'"}),
    ],
)
def test_a_name_that_nobody_knows(project: Repo, url: str, options: dict[str, str]) -> None:
    remote(project, url, **options)
    steps = checked(project, 1)
    assert states(steps) == "+!-------"
    assert "a..b" in steps["name"]["reason"]
    option = "endpointurl" if "endpointurl" in options else "url"
    assert steps["name"]["remedy"].startswith(f"dvc remote modify r {option} ")


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("s3://b/p", {"endpointurl": "http://127.0.0.1:PORT"}),
        ("webdav://127.0.0.1:PORT/x", {}),
        ("ssh://127.0.0.1:22/x", {"port": "PORT"}),
        ("http://127.0.0.1:PORT/x", {}),
    ],
)
def test_a_port_that_is_closed(project: Repo, url: str, options: dict[str, str]) -> None:
    port = str(free_port())
    remote(project, url.replace("PORT", port), **{o: v.replace("PORT", port) for o, v in options.items()})
    steps = checked(project, 1)
    assert states(steps) == "++!------"
    assert steps["connect"]["reason"] == f"127.0.0.1:{port}: Connection refused"


def test_a_server_that_is_silent_before_tls(project: Repo) -> None:
    with listening(lambda _: None) as port:
        remote(project, f"webdavs://127.0.0.1:{port}/x")
        steps = checked(project, 1, TRINITY_GUARD_TIMEOUT="0.5")
    assert states(steps) == "+++!-----"
    assert steps["TLS"]["reason"] == "the server is silent"


def test_a_server_that_is_silent_after_connecting(project: Repo) -> None:
    with listening(lambda _: None) as port:
        remote(project, "s3://b/p", endpointurl=f"http://127.0.0.1:{port}", region="x", access_key_id="k",
               secret_access_key="s")  # fmt: skip
        steps = checked(project, 1, TRINITY_GUARD_TIMEOUT="3")
    assert states(steps) == "+++-!-----"
    assert "did not answer for 3 seconds" in steps["round trip"]["reason"]
    assert steps["round trip"]["remedy"]


def test_a_server_that_speaks_no_tls(project: Repo) -> None:
    with listening(lambda client: client.sendall(b"HTTP/1.1 400 Bad\r\n\r\n")) as port:
        remote(project, f"https://127.0.0.1:{port}/x")
        steps = checked(project, 1)
    assert states(steps) == "+++!-----"
    assert steps["TLS"]["reason"] == "the server does not speak it there (wrong version number)"
    assert steps["TLS"]["remedy"].startswith("dvc remote modify r url ")


def test_a_certificate_that_nobody_vouches_for(project: Repo, tls_port: int) -> None:
    remote(project, f"webdavs://127.0.0.1:{tls_port}/x")
    steps = checked(project, 1)
    assert states(steps) == "+++!-----"
    assert "self-signed certificate" in steps["TLS"]["reason"]
    assert steps["TLS"]["remedy"].startswith("dvc remote modify --local r ssl_verify FILE")


def test_a_certificate_for_another_host(project: Repo, tls_port: int, certificate: tuple[Path, Path]) -> None:
    remote(project, f"webdavs://localhost:{tls_port}/x", ssl_verify=str(certificate[0]))
    assert "hostname" in checked(project, 1)["TLS"]["reason"].lower()


def test_the_remedy_for_a_certificate_works(project: Repo, tls_port: int, certificate: tuple[Path, Path]) -> None:
    remote(project, f"webdavs://127.0.0.1:{tls_port}/x", ssl_verify=str(certificate[0]))
    steps = checked(project, 1)
    assert states(steps) == "++++!----"
    assert steps["TLS"]["reason"].startswith("TLSv1")
    assert steps["credentials"]["remedy"].startswith("trinity-guard remote credentials r --set password")


def test_certificates_that_are_not_checked_are_said(project: Repo, tls_port: int) -> None:
    remote(project, f"webdavs://127.0.0.1:{tls_port}/x", ssl_verify="false")
    assert "no certificate is checked" in checked(project, 1)["TLS"]["reason"]


# ---- credentials, bucket, write, read, delete


def test_every_kind_of_server_that_works(project: Repo, service: Service) -> None:
    service.configure(project)
    steps = checked(project, 0)
    assert [steps[name]["state"] for name in ("plug-in", "name", "connect", *LAST)] == ["ok"] * 8
    assert steps["TLS"]["state"] == "-"


def test_a_bucket_that_is_gone(project: Repo, start_service: Callable[[str], Service]) -> None:
    service = start_service("s3")
    service.configure(project)
    text = project.file(".dvc/config").read_text()
    project.write(".dvc/config", text.replace(service.url, "s3://gone-bucket").encode())
    steps = checked(project, 1)
    assert states(steps) == "+++-+!---"
    assert steps["bucket"]["remedy"].startswith("aws s3 mb s3://gone-bucket ")


def test_no_credentials(
    project: Repo, start_service: Callable[[str], Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    start_service("s3").configure(project)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    steps = checked(project, 1)
    assert states(steps) == "+++-!----"
    assert steps["credentials"]["remedy"].startswith("trinity-guard remote credentials service --set secret_access_key")


def test_a_wrong_password(project: Repo, start_service: Callable[[str], Service]) -> None:
    service = start_service("webdav")
    service.configure(project)
    text = project.file(".dvc/config.local").read_text()
    project.write(".dvc/config.local", text.replace("s3cr3t-word", "wr0ng-word").encode())
    steps = checked(project, 1)
    assert states(steps) == "+++-!----"
    assert "wr0ng-word" not in json.dumps(steps)


@pytest.mark.parametrize(("method", "step"), [("PUT", "write"), ("DELETE", "delete")])
def test_a_server_that_lets_nobody_write_or_delete(
    project: Repo, start_service: Callable[[str], Service], method: str, step: str
) -> None:
    service = start_service("webdav")

    def fault(request: object) -> object:
        return 403 if getattr(request, "method", "") == method else None

    with Proxy(service.port, fault) as proxy:  # type: ignore[arg-type]
        service.configure(project, port=proxy.port)
        steps = checked(project, 1)
    assert steps[step]["state"] == "FAILED"
    assert all(steps[name]["state"] == "ok" for name in LAST[: LAST.index(step)])
    assert all(steps[name]["state"] == "-" for name in LAST[LAST.index(step) + 1 :])


# ---- folders


def test_a_folder(project: Repo, tmp_path: Path) -> None:
    remote(project, str(tmp_path / "store"))
    steps = checked(project, 0)
    assert states(steps) == "-----++++"
    assert "GB free" in steps["write"]["reason"]
    assert [p for p in (tmp_path / "store").rglob("*") if p.is_file()] == []


def test_a_folder_with_a_file_in_its_way(project: Repo, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    remote(project, str(tmp_path / "file" / "store"))
    steps = checked(project, 1)
    assert states(steps) == "-----!---"
    assert steps["bucket"]["remedy"].startswith("ls -ld ")


def test_a_folder_that_takes_nothing(project: Repo, tmp_path: Path) -> None:
    store = tmp_path / "store"
    (store / "files/md5").mkdir(parents=True)
    if subprocess.run(["chattr", "+i", store, store / "files/md5"], capture_output=True, check=False).returncode:
        require("chattr +i")
    try:
        remote(project, str(store))
        assert states(checked(project, 1)) == "-----+!--"
    finally:
        subprocess.run(["chattr", "-i", store, store / "files/md5"], check=True)


# ---- what is said


def test_the_text_names_each_step_and_the_command_below_the_one_that_failed(project: Repo) -> None:
    remote(project, "https://me:hunter2@127.0.0.1:1/x")
    done = project.guard("remote", "check", ok=False)
    lines = done.stdout.decode().splitlines()
    assert lines[0] == "r: https://me@127.0.0.1:1/x"
    assert [line.split()[:2] for line in lines[1:4]] == [["plug-in", "ok"], ["name", "ok"], ["connect", "FAILED"]]
    assert lines[4].startswith("      dvc remote modify r url ")
    assert [line.split() for line in lines[5:]] == [[name, "-"] for name in ("TLS", *LAST)]
    assert b"hunter2" not in done.stdout + done.stderr
    quiet = project.guard("remote", "check", "-q", ok=False)
    assert quiet.stdout.decode().splitlines() == [lines[3], lines[4]]


def test_a_plug_in_that_is_missing_is_named_with_the_line_that_installs_it(project: Repo) -> None:
    remote(project, "oss://b/p")
    steps = checked(project, 1)
    assert states(steps) == "!--------"
    assert steps["plug-in"]["remedy"].endswith("dvc-oss") or "dvc-oss" in steps["plug-in"]["remedy"]
