"""What doctor says of remotes that are services: the step that fails, the plug-in, the time that it takes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.doctor.findings import asked, failing
from tests.helpers.servers import Service, free_port
from tests.helpers.support import Repo
from tests.remotes.test_check import listening
from trinity_guard.doctor import machine

pytestmark = pytest.mark.slow  # servers that are silent take their time


@pytest.fixture
def served(repo: Repo, start_service: Callable[[str], Service], monkeypatch: pytest.MonkeyPatch) -> Repo:
    """A guarded repository whose remote is a server of S3 on this machine, with one object on it."""
    monkeypatch.setenv("TRINITY_GUARD_TRUST", "1")
    start_service("s3").configure(repo)
    repo.git("add", "-A")
    repo.stage("a.pkl")
    repo.commit()
    return repo


def test_a_service_that_works_is_fine_and_offline_is_a_warning(served: Repo) -> None:
    assert failing(served) == {}
    before = set(asked(served, "--offline")[1])
    offline = asked(served, "--offline")[1]
    assert before == set(offline)
    assert {n for n, c in offline.items() if c["level"] != "ok"} == {"remote"}
    assert "because of --offline" in str(offline["remote"]["fact"])


def test_objects_are_asked_for_on_the_service(served: Repo) -> None:
    for file in served.file(".dvc/cache/files").rglob("*"):
        if file.is_file():
            file.unlink()
    assert failing(served) == {}
    offline = asked(served, "--offline")[1]["objects"]
    assert offline["level"] == "warning"
    assert "not known: the remote was not asked" in str(offline["fact"])


def test_a_server_that_is_down_is_named_with_its_step(served: Repo) -> None:
    port = free_port()
    config = served.file(".dvc/config")
    served.dvc("remote", "modify", "--local", config_name(config), "endpointurl", f"http://127.0.0.1:{port}")
    code, checks = asked(served)
    assert code == 1
    assert "step `connect`: 127.0.0.1:" in str(checks["remote"]["fact"])
    assert checks["objects"]["level"] == "ok"  # they are in the cache; the remote is another check's
    assert "in the cache" in str(checks["objects"]["fact"])


def test_a_server_that_is_silent_costs_no_more_than_the_limit(served: Repo) -> None:
    with listening(lambda _: None) as port:
        name = config_name(served.file(".dvc/config"))
        served.dvc("remote", "modify", "--local", name, "endpointurl", f"http://127.0.0.1:{port}")
        fact = asked(served, TRINITY_GUARD_TIMEOUT="2")[1]["remote"]
    assert fact["level"] == "error"
    assert "did not answer" in str(fact["fact"]) or "timed out" in str(fact["fact"]).lower()


def config_name(config: Path) -> str:
    return next(line.split('"')[1] for line in config.read_text().splitlines()[::-1] if line.startswith("['remote"))


def test_a_plug_in_that_is_missing(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRINITY_GUARD_TRUST", "1")
    repo.dvc("remote", "add", "-q", "-d", "far", "oss://bucket/path")
    code, checks = asked(repo)
    assert code == 1
    assert "'far' needs dvc-oss" in str(checks["dvc-plugins"]["fact"])
    assert str(checks["dvc-plugins"]["remedy"]).endswith("dvc-oss")
    assert "step `plug-in`" in str(checks["remote"]["fact"])
    assert checks["credentials"]["level"] == "warning"


def test_the_extra_of_ours_brings_a_plug_in() -> None:
    assert machine.install("dvc-s3") == f"\"{sys.executable}\" -m pip install 'trinity-guard[s3]'"
    assert machine.install("dvc-oss") == f'"{sys.executable}" -m pip install dvc-oss'


def test_a_server_by_ssh_is_not_known_by_its_key(repo: Repo, start_service: Callable[[str], Service]) -> None:
    start_service("ssh").configure(repo)
    repo.guard("remote", "trust", "--all")
    code, checks = asked(repo)
    assert (code, checks["remote"]["level"]) == (0, "ok")
    assert "does not check the server's key" in str(checks["credentials"]["fact"])
