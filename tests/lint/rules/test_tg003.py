"""TG003: pointers whose object is not on the remote."""

from __future__ import annotations

import json

import pytest

from tests.helpers.documents import Session
from tests.helpers.support import Repo
from tests.lint.linted import found, pointer, rules
from trinity_guard.lint.rules import tg003


def test_an_object_that_the_remote_lacks_is_found_only_when_it_is_asked(repo: Repo) -> None:
    repo.stage("a.pkl")
    repo.commit()
    assert rules(repo, "--remote") == []
    [there] = [p for p in repo.storage.rglob("*") if p.is_file()]
    data = there.read_bytes()
    there.chmod(0o644)
    there.write_bytes(data[:-1])
    assert found(repo, "--remote") == [("TG003", "a.pkl.dvc", "error")]
    there.unlink()
    assert rules(repo) == []
    assert found(repo, "--remote") == [("TG003", "a.pkl.dvc", "error")]
    assert found(repo, "--remote", "--range", "HEAD") == [("TG003", "a.pkl.dvc", "error")]
    assert rules(repo, "--remote", "--range", "HEAD~1") == []
    there.write_bytes(data)
    assert rules(repo, "--remote") == []


@pytest.mark.parametrize("options", [("--remote",), ("--remote", "--range", "HEAD")])
def test_the_remedy_for_an_object_that_the_remote_lacks_brings_it_there(repo: Repo, options: tuple[str, ...]) -> None:
    repo.stage("a.pkl")
    repo.commit()
    [there] = [p for p in repo.storage.rglob("*") if p.is_file()]
    there.unlink()
    done = repo.guard("lint", *options, "--format", "json", ok=False)
    (finding,) = json.loads(done.stdout)["findings"]
    Session(repo.path.parent / "home", repo.path).type(finding["remedy"])
    assert there.exists()
    assert rules(repo, *options) == []


def test_it_is_told_how_far_the_remotes_came(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.pkl", "b.pkl", "c.pkl"):
        repo.stage(name)
    repo.commit()
    told: list[tuple[int, int]] = []
    monkeypatch.setattr(tg003, "TOGETHER", 2)
    bar = "trinity_guard.commands.terminal.progress.Progress.bar"
    monkeypatch.setattr(bar, lambda *_: lambda done, total: told.append((done, total)))
    assert rules(repo, "--remote") == []
    assert told[-1] == (3, 3)


def test_a_file_of_a_directory_that_the_remote_lacks_is_found_without_a_cache(repo: Repo) -> None:
    repo.write("data/one.bin", 9)
    repo.write("data/two.bin", 11)
    repo.dvc("add", "-q", "data")
    repo.git("add", "-A")
    repo.commit()
    [victim] = [p for p in repo.storage.rglob("*") if p.is_file() and p.stat().st_size == 11]
    victim.unlink()
    cache = repo.path / ".dvc/cache"
    cache.rename(repo.path.parent / "away")
    assert found(repo, "--remote") == [("TG003", "data.dvc", "error")]
    assert not [p for p in cache.rglob("*") if p.is_file()]


def test_a_remote_that_cannot_be_asked_is_not_nothing_found(bare_repo: Repo) -> None:
    bare_repo.stage(".gitignore", b"/a.pkl\n")
    bare_repo.stage("a.pkl.dvc", pointer("a.pkl"))
    for config in (b"", b"[core]\n    remote = x\n['remote \"x\"']\n    url = http://127.0.0.1:9/x\n"):
        bare_repo.stage(".dvc/config", config)
        done = bare_repo.guard("lint", "--remote", ok=False, TRINITY_GUARD_TRUST="1")
        assert (done.returncode, done.stdout) == (2, b""), config
        assert done.stderr


@pytest.mark.slow
def test_a_remote_that_hangs_is_given_up(bare_repo: Repo) -> None:
    import socket

    bare_repo.stage(".gitignore", b"/a.pkl\n")
    bare_repo.stage("a.pkl.dvc", pointer("a.pkl"))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/x"
        bare_repo.stage(".dvc/config", f"[core]\n    remote = x\n['remote \"x\"']\n    url = {url}\n".encode())
        told = {"TRINITY_GUARD_TRUST": "1", "TRINITY_GUARD_TIMEOUT": "1"}
        done = bare_repo.guard("lint", "--remote", ok=False, **told)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"'x'" in done.stderr


def test_a_remote_that_is_not_configured_is_added_by_its_name(repo: Repo) -> None:
    repo.write(".trinity-guard.toml", b'remote = "nope"\n')
    repo.stage("a.pkl")
    repo.commit()
    done = repo.guard("lint", "--remote", ok=False)
    assert done.returncode == 2
    assert b"'nope' is not configured" in done.stderr
    assert b"trinity-guard remote add nope URL" in done.stderr
