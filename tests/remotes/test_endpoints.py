"""Where a remote answers: the host and port behind its address and options, or the proxy that stands before them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.helpers.support import require
from trinity_guard.dvcrepo.project import RemoteConfig
from trinity_guard.remotes import endpoints


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.lower().endswith(("_proxy", "_ca_bundle", "ssl_cert_file")) or name.startswith(("AWS_", "AZURE_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", "/nowhere")


def end_of(url: str, **options: str) -> tuple[str, int, bool] | None:
    end = endpoints.of(RemoteConfig("r", url, {"url": url, **options}, "repo", {"url": "repo"}))
    return (end.host, end.port, end.tls) if end else None


@pytest.mark.parametrize(
    ("url", "options", "expected"),
    [
        ("s3://b", {"region": "eu-west-1"}, ("s3.eu-west-1.amazonaws.com", 443, True)),
        ("s3://b", {}, ("s3.amazonaws.com", 443, True)),
        ("s3://b", {"use_ssl": "false"}, ("s3.amazonaws.com", 80, False)),
        ("s3://b", {"endpointurl": "https://h:9000/x"}, ("h", 9000, True)),
        ("s3://b", {"endpointurl": "http://[::1]:9000"}, ("::1", 9000, False)),
        ("gs://b", {}, ("storage.googleapis.com", 443, True)),
        ("azure://c", {"account_name": "acc"}, ("acc.blob.core.windows.net", 443, True)),
        ("azure://c", {"connection_string": "AccountName=a;EndpointSuffix=x.cn"}, ("a.blob.x.cn", 443, True)),
        ("azure://c", {}, None),
        ("ssh://me@h/x", {}, ("h", 22, False)),
        ("ssh://me@h:23/x", {"port": "24"}, ("h", 24, False)),
        ("webdav://h/x", {}, ("h", 80, False)),
        ("webdavs://me:p@h/x", {}, ("h", 443, True)),
        ("https://h:8443/x?a=b@c", {}, ("h", 8443, True)),
        ("hdfs://h/x", {}, None),
        ("http://h:99999/x", {}, None),
        ("http://h:port/x", {}, None),
        ("webdav://u:hunt/er2@h/x", {}, None),  # a slash in the password: where the host begins, nobody can tell
        ("s3://b", {"endpointurl": "https://[::1"}, None),
        ("HTTPS://H.example/x", {}, ("h.example", 443, True)),
    ],
)
def test_where_a_remote_answers(url: str, options: dict[str, str], expected: tuple[str, int, bool] | None) -> None:
    assert end_of(url, **options) == expected


def test_a_proxy_stands_for_what_is_behind_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:3128")
    monkeypatch.setenv("NO_PROXY", ".inside.example,other")
    assert end_of("s3://b") == ("127.0.0.1", 3128, False)
    assert end_of("https://host.inside.example/x") == ("host.inside.example", 443, True)
    assert end_of("https://OTHER/x") == ("other", 443, True)
    assert end_of("https://another/x") == ("127.0.0.1", 3128, False)
    assert end_of("http://host/x") == ("host", 80, False)
    assert end_of("ssh://h/x") == ("h", 22, False)
    monkeypatch.setenv("NO_PROXY", "*")
    assert end_of("s3://b") == ("s3.amazonaws.com", 443, True)


def test_a_proxy_may_be_named_without_its_scheme(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "proxy.example:8080")
    end = endpoints.of(RemoteConfig("r", "http://h/x", {}, "repo", {"url": "repo"}))
    assert end
    assert (end.host, end.port, end.through) == ("proxy.example", 8080, "the proxy proxy.example:8080")


@pytest.mark.parametrize(
    ("options", "env", "verify"),
    [
        ({}, {}, "yes"),
        ({"ssl_verify": "false"}, {}, ""),
        ({"ssl_verify": "True"}, {}, "yes"),
        ({"ssl_verify": "/ca.pem"}, {"REQUESTS_CA_BUNDLE": "/other.pem"}, "/ca.pem"),
        ({}, {"REQUESTS_CA_BUNDLE": "/ca.pem"}, "/ca.pem"),
        ({}, {"SSL_CERT_FILE": "/ca.pem"}, "/ca.pem"),
        ({}, {"AWS_CA_BUNDLE": "/ca.pem"}, "yes"),  # another kind's
    ],
)
def test_which_certificates_are_believed(
    options: dict[str, str], env: dict[str, str], verify: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    end = endpoints.of(RemoteConfig("r", "https://h/x", options, "repo", {"url": "repo"}))
    assert end
    assert end.verify == verify


def test_the_user_s_ssh_config_says_what_a_host_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    ssh = tmp_path / ".ssh"
    ssh.mkdir()
    (ssh / "config").write_text("Host lab\n  HostName 127.0.0.1\n  Port 2200\nHost far\n  ProxyJump lab\n")
    if not shutil.which("ssh"):
        require("ssh")
    assert end_of("ssh://lab/x") == ("127.0.0.1", 2200, False)
    assert end_of("ssh://lab:23/x") == ("127.0.0.1", 23, False)
    far = endpoints.of(RemoteConfig("r", "ssh://far/x", {}, "repo", {"url": "repo"}))
    assert far
    assert far.through == "the jump host of ~/.ssh/config"
