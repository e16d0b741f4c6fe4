"""A push while the DVC remote fails: refused with the reason, nothing published, and the next one completes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from tests.helpers.proxy import CUT, SILENT, Fault, Proxy, Request
from tests.helpers.servers import Service
from tests.helpers.support import KB, Repo, run

pytestmark = pytest.mark.slow  # servers that fail take their time

Start = Callable[[str], Service]


class Switch:
    """A fault that can be set and taken away while the proxy runs."""

    def __init__(self) -> None:
        self.fault: Fault | None = None
        self.seen: list[str] = []

    def __call__(self, request: Request) -> int | str | None:
        self.seen.append(request.method)
        return self.fault(request) if self.fault else None


class Pushing:
    """A repository with unpushed pointers, a Git remote, and an S3 remote behind a proxy."""

    def __init__(self, repo: Repo, hub: Path, switch: Switch) -> None:
        self.repo = repo
        self.hub = hub
        self.switch = switch
        self.contents = {f"m{i}.pkl": repo.stage(f"m{i}.pkl", 60 * KB) for i in range(3)}
        repo.commit(TRINITY_GUARD_SKIP="push")

    def published(self) -> bool:
        return bool(run("git", "for-each-ref", cwd=self.hub).stdout)

    def push(self, ok: bool = True, **env: str) -> str:
        return self.repo.git("push", "-q", str(self.hub), "main", ok=ok, **env).stderr.decode()

    def teammate(self) -> None:
        """What was published can be fetched, whole, by plain Git and DVC."""
        clone = self.hub.with_name("teammate")
        run("git", "clone", "-q", self.hub, clone)
        shutil.copy(self.repo.path / ".dvc/config.local", clone / ".dvc/config.local")
        there = Repo(clone)
        there.dvc("pull", "-q")
        assert {n: there.file(n).read_bytes() for n in self.contents} == self.contents


@pytest.fixture
def pushing(repo: Repo, start_service: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Pushing]:
    monkeypatch.setenv("TRINITY_GUARD_TRUST", "1")
    monkeypatch.setenv("TRINITY_GUARD_TIMEOUT", "3")
    service = start_service("s3")
    run("git", "init", "-q", "--bare", "-b", "main", tmp_path / "hub.git")
    switch = Switch()
    with Proxy(service.port, switch) as proxy:
        service.configure(repo, port=proxy.port)
        repo.git("add", "-A")
        repo.git("commit", "-q", "-m", "S3")
        yield Pushing(repo, tmp_path / "hub.git", switch)


FAULTS: dict[str, tuple[Fault, str]] = {
    "500 on writing": (lambda r: 500 if r.method == "PUT" else None, ""),
    "503 on everything": (lambda _: 503, ""),
    "403 on reading": (lambda r: 403 if r.method in ("HEAD", "GET") else None, ""),
    "403 on writing": (lambda r: 403 if r.method == "PUT" else None, ""),
    "silence": (lambda _: SILENT, "3 seconds"),
    "silence on writing": (lambda r: SILENT if r.method == "PUT" else None, ""),
    "cut in the middle of a body": (lambda r: CUT if r.method == "PUT" else None, ""),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_refuses_the_push_and_the_next_one_completes(pushing: Pushing, fault: str) -> None:
    pushing.switch.fault, words = FAULTS[fault]
    said = pushing.push(ok=False)
    assert "push refused" in said
    assert "TRINITY_GUARD_SKIP=gate git push" in said
    assert "Traceback" not in said
    assert words in said
    assert not pushing.published()
    pushing.switch.fault = None
    pushing.push()
    assert pushing.published()
    pushing.teammate()


def test_one_object_that_the_remote_will_not_take_is_named_alone(pushing: Pushing) -> None:
    md5 = next(line for line in pushing.repo.show("m1.pkl.dvc").decode().splitlines() if "md5: " in line).split()[-1]
    pushing.switch.fault = lambda r: 500 if r.method == "PUT" and md5[2:] in r.path else None
    said = pushing.push(ok=False)
    assert "m1.pkl.dvc" in said
    assert "m0.pkl.dvc" not in said
    assert not pushing.published()


def test_a_bucket_that_is_gone_and_wrong_keys(pushing: Pushing, s3_with_keys: Service) -> None:
    config = pushing.repo.file(".dvc/config")
    kept = config.read_text()
    bucket = kept.split("s3://")[1].split("/")[0]
    config.write_text(kept.replace(bucket, "no-such-bucket"))
    pushing.repo.commit("-a")
    said = pushing.push(ok=False)
    assert "push refused" in said
    assert "no-such-bucket" in said
    s3_with_keys.configure(pushing.repo)
    pushing.repo.commit("-a")
    said = pushing.push(ok=False, AWS_ACCESS_KEY_ID="wrong", AWS_SECRET_ACCESS_KEY="wrong-wrong-wrong")
    assert "push refused" in said
    assert "wrong-wrong" not in said
    assert not pushing.published()


@pytest.mark.parametrize("kill", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_gate_that_is_killed_publishes_nothing_and_the_next_push_completes(pushing: Pushing, kill: int) -> None:
    pushing.switch.fault = lambda r: SILENT if r.method == "PUT" else None
    push = subprocess.Popen(
        ["git", "push", "-q", str(pushing.hub), "main"], cwd=pushing.repo.path, stderr=subprocess.PIPE,
        start_new_session=True, env={**os.environ, "TRINITY_GUARD_TIMEOUT": "30"},
    )  # fmt: skip
    end = time.monotonic() + 30
    while "PUT" not in pushing.switch.seen:
        assert time.monotonic() < end
        time.sleep(0.02)
    os.killpg(push.pid, kill)
    _, said = push.communicate(timeout=30)
    assert b"Traceback" not in said
    assert not pushing.published()
    pushing.switch.fault = None
    pushing.push()
    pushing.teammate()


def test_a_damaged_object_of_the_cache_is_not_published(pushing: Pushing) -> None:
    md5 = next(line for line in pushing.repo.show("m1.pkl.dvc").decode().splitlines() if "md5: " in line).split()[-1]
    stored = pushing.repo.path / ".dvc/cache/files/md5" / md5[:2] / md5[2:]
    stored.chmod(0o644)
    stored.write_bytes(b"x" * (60 * KB))
    stored.chmod(0o444)
    said = pushing.push(ok=False)
    assert "m1.pkl.dvc" in said
    assert "is damaged" in said
    assert not pushing.published()
