"""Remotes behind TLS, with an authority of the test's own: believed where it is named, refused where it is not."""

from __future__ import annotations

import contextlib
import json
import ssl
import subprocess
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from tests.helpers.proxy import Proxy
from tests.helpers.servers import QUIET, Service, webdav
from tests.helpers.support import KB, Repo, objects, require, run

pytestmark = pytest.mark.slow  # servers, and DVC beside them


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an authority's certificate (ca.pem), and that of 127.0.0.1 with its key, signed by it."""
    folder = tmp_path_factory.mktemp("authority")
    (folder / "extensions").write_text("subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")
    own = ["-newkey", "rsa:2048", "-nodes"]
    sign = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "extensions"]
    usage = ["-addext", "keyUsage=critical,keyCertSign", "-days", "2"]
    for line in (
        ["req", "-x509", *own, "-subj", "/CN=authority", *usage, "-keyout", "ca.key", "-out", "ca.pem"],
        ["req", *own, "-subj", "/CN=127.0.0.1", "-keyout", "server.key", "-out", "server.csr"],
        ["x509", "-req", "-in", "server.csr", *sign, "-out", "server.pem"],
    ):
        done = subprocess.run(["openssl", *line], cwd=folder, capture_output=True, check=False)
        if done.returncode:
            require("openssl")
    return folder


@pytest.fixture(params=["s3", "http", "webdav"])
def served(
    request: pytest.FixtureRequest,
    start_service: Callable[[str], Service],
    repo: Repo,
    authority: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Generator[Repo]:
    """A guarded repository whose default remote speaks TLS with a certificate of that authority."""
    monkeypatch.setenv("TRINITY_GUARD_TRUST", "1")
    monkeypatch.setenv("NO_PROXY", QUIET["NO_PROXY"])
    certificate, key = authority / "server.pem", authority / "server.key"
    with contextlib.ExitStack() as running:
        if request.param == "webdav":  # behind a proxy it takes the client's https:// addresses for another server's
            running.enter_context(webdav(tmp_path, certificate, key)).configure(repo)
        else:
            service = start_service(request.param)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            proxy = running.enter_context(Proxy(service.port, tls=context))
            service.configure(repo, port=proxy.port, changes={"http://127.0.0.1": "https://127.0.0.1"})
        repo.git("add", ".dvc/config")
        repo.commit(TRINITY_GUARD_SKIP="all")
        yield repo


def believe(repo: Repo, authority: Path) -> None:
    """Name the authority, as its own machine's config has it."""
    repo.dvc("remote", "modify", "--local", "service", "ssl_verify", str(authority / "ca.pem"))


def test_what_is_pushed_by_the_named_authority_comes_back(served: Repo, authority: Path) -> None:
    believe(served, authority)
    data = served.stage("a.csv", 30 * KB)
    assert b"pushed 1 object" in served.commit().stderr
    steps = json.loads(served.guard("remote", "check", "--format", "json").stdout)
    assert "failed" not in json.dumps(steps), steps
    clone = Repo(served.path.parent / "clone")
    run("git", "clone", "-q", served.path, clone.path)
    (clone.path / ".dvc" / "config.local").write_bytes(served.file(".dvc/config.local").read_bytes())
    clone.guard("pull")
    assert clone.file("a.csv").read_bytes() == data


def test_an_authority_that_nobody_named_is_refused_by_that_word_and_nothing_is_sent(served: Repo) -> None:
    served.stage("a.csv", 30 * KB)
    said = served.commit().stderr
    assert b"certificate" in said, said
    assert b"1 object (30.7 kB) could not go" in said, said
    found = served.guard("remote", "check", ok=False)
    assert found.returncode == 1
    assert b"TLS" in found.stdout
    assert b"certificate" in found.stdout + found.stderr


def test_a_pull_without_that_authority_takes_no_byte(served: Repo, authority: Path) -> None:
    believe(served, authority)
    served.stage("a.csv", 30 * KB)
    served.commit()
    served.dvc("remote", "modify", "--local", "--unset", "service", "ssl_verify")
    served.file("a.csv").unlink()
    for file in served.file(".dvc/cache/files/md5").glob("??/*"):
        file.unlink()
    done = served.guard("pull", ok=False)
    assert done.returncode == 1
    assert b"certificate" in done.stderr, done.stderr
    assert objects(served.file(".dvc/cache/files/md5")) == {}
    assert not served.file("a.csv").exists()
