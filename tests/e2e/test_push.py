"""Pushing when all goes wrong: a commit never fails for a remote's sake, and nothing that waits is ever lost."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from tests.helpers.proxy import Fault, Proxy, Request
from tests.helpers.servers import Service
from tests.helpers.support import KB, MB, Repo, dvc, objects, run
from trinity_guard import git
from trinity_guard.dvcrepo.output import of_object
from trinity_guard.push.queue import Queue

Start = Callable[[str], Service]


def waiting(repo: Repo) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(repo.guard("status", "--format", "json").stdout)["waiting"]
    return found


class Counting:
    """Counts the requests that pass a proxy, and answers some of them wrongly on purpose."""

    def __init__(self, wrong: Fault | None = None) -> None:
        self.seen: list[str] = []
        self.wrong = wrong

    def __call__(self, request: Request) -> int | str | None:
        self.seen.append(request.method)
        return self.wrong(request) if self.wrong else None


@pytest.fixture
def counting() -> Counting:
    return Counting()


@pytest.fixture
def s3(repo: Repo, start_service: Start, counting: Counting, monkeypatch: pytest.MonkeyPatch) -> Generator[Repo]:
    """A repository whose remote is S3 behind a proxy."""
    service = start_service("s3")
    monkeypatch.setenv("TRINITY_GUARD_TRUST", "1")
    with Proxy(service.port, counting) as proxy:
        service.configure(repo, port=proxy.port)
        repo.git("add", "-A")
        repo.git("commit", "-q", "-m", "S3")
        yield repo


@pytest.mark.slow
def test_nothing_is_asked_over_the_network_about_what_the_remote_is_known_to_have(s3: Repo, counting: Counting) -> None:
    s3.stage("a.pkl")
    s3.commit()
    assert "PUT" in counting.seen
    counting.seen.clear()
    s3.guard("push")  # by a person: it may have been taken away since
    assert counting.seen == ["HEAD"]
    counting.seen.clear()
    s3.stage("b.txt")
    s3.commit()
    assert counting.seen == []


@pytest.mark.slow
def test_the_gate_asks_although_the_record_says_that_it_is_there(s3: Repo, counting: Counting, tmp_path: Path) -> None:
    s3.stage("a.pkl")
    s3.commit()
    run("git", "init", "-q", "--bare", tmp_path / "hub.git")
    counting.seen.clear()
    s3.git("push", "-q", str(tmp_path / "hub.git"), "main")
    assert counting.seen
    assert "PUT" not in counting.seen


@pytest.mark.slow
def test_a_damaged_record_of_what_is_there_costs_a_question_and_no_object(s3: Repo, counting: Counting) -> None:
    s3.stage("a.pkl")
    s3.commit()
    [record] = (s3.path / ".git/trinity-guard/known").iterdir()
    record.write_bytes(b"\xff\0garbage")
    counting.seen.clear()
    s3.guard("push")
    assert counting.seen


@pytest.fixture
def refusing(repo: Repo, start_service: Start, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """A repository whose remote refuses connections."""
    service = start_service("s3")
    monkeypatch.setenv("TRINITY_GUARD_TRUST", "1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    service.configure(repo, port=9)
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "S3")
    return repo


@pytest.mark.slow
def test_a_commit_stands_though_the_remote_is_away_and_names_what_waits(refusing: Repo) -> None:
    refusing.stage("m/a.pkl")
    done = refusing.commit()
    assert b"the commit stands; 1 object (10.2 kB) could not go" in done.stderr
    assert refusing.tracked("m/a.pkl.dvc")
    [entry] = waiting(refusing)
    assert (entry["path"], entry["commit"], entry["size"]) == ("m/a.pkl.dvc", refusing.head(), 10 * KB)


@pytest.mark.slow
def test_a_remote_that_failed_is_tried_again_ever_later_but_at_once_when_asked(refusing: Repo) -> None:
    refusing.stage("a.pkl")
    assert b"could not go" in refusing.commit().stderr
    refusing.stage("b.pkl")
    begun = time.time()
    said = refusing.commit().stderr.decode()
    assert "failed a while ago, and is tried again" in said
    assert len(waiting(refusing)) == 2
    record = refusing.path / ".git/trinity-guard/retries"
    name, count, when = record.read_bytes().decode().split("\0")[:3]
    assert (name, count) == ("service", "1")
    assert begun < int(when) <= time.time() + 61
    assert b"the remote 'service' failed once; commits try it again from " in refusing.guard("status").stdout
    said = refusing.guard("push", "--pending", ok=False).stderr.decode()
    assert "failed a while ago" not in said
    waits = []
    for _ in range(3):
        _, count, when = record.read_bytes().decode().split("\0")[:3]
        waits.append(int(when) - int(time.time()))
        refusing.guard("push", "--pending", ok=False)
    assert waits == sorted(waits)
    assert waits[-1] > waits[0] + 60


@pytest.mark.slow
def test_what_waited_for_a_day_goes_with_the_next_commit_though_it_holds_no_artifact(
    repo: Repo, start_service: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = repo.stage("first.pkl")
    repo.commit()
    away = repo.storage.rename(repo.storage.with_name("away"))
    data = repo.stage("a.pkl")
    repo.commit()
    queue = repo.path / ".git/trinity-guard/queue"
    for file in queue.iterdir():
        os.utime(file, (time.time() - 90_000,) * 2)
    away.rename(repo.storage)
    repo.stage("code.py", b"x = 1\n")
    assert repo.commit().stderr == b""
    end = time.monotonic() + 30
    while waiting(repo):
        assert time.monotonic() < end
        time.sleep(0.05)
    assert sorted(objects(repo.storage / "files/md5").values()) == sorted([first, data])


@pytest.mark.slow
def test_a_clock_that_was_set_back_stops_no_try(refusing: Repo) -> None:
    refusing.stage("a.pkl")
    refusing.commit()
    refusing.guard("remote", "add", "storage2", str(refusing.storage), "--default")
    refusing.git("config", "trinity-guard.trust", "true")
    far = int(time.time()) + 365 * 86400
    refusing.file(".git/trinity-guard/retries").write_bytes(b"service\x003\x00%d\x00" % far)
    refusing.commit("-a")
    deadline = time.monotonic() + 30
    while waiting(refusing) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert waiting(refusing) == []


@pytest.mark.slow
def test_what_can_never_go_can_be_dropped_and_the_gate_still_refuses_to_publish_it(repo: Repo, tmp_path: Path) -> None:
    repo.stage("kept.pkl")
    repo.commit(TRINITY_GUARD_SKIP="push")
    repo.write("sub/x.txt")
    dvc("init", "-q", "--subdir", cwd=repo.file("sub"))
    repo.stage("sub/lost.pkl")
    repo.git("add", "-A")
    repo.commit()
    assert [w["path"] for w in waiting(repo)] == ["sub/lost.pkl.dvc"]  # this project has no remote
    failed = repo.guard("push", "--pending", ok=False)
    assert failed.returncode == 1
    assert b"trinity-guard push --pending --drop" in failed.stderr
    dropped = repo.guard("push", "--pending", "--drop")
    assert b"waits no longer: sub/lost.pkl.dvc" in dropped.stderr
    assert waiting(repo) == []
    assert repo.guard("push", "--drop", ok=False).returncode == 2
    run("git", "init", "-q", "--bare", tmp_path / "hub.git")
    assert b"push refused" in repo.git("push", str(tmp_path / "hub.git"), "main", ok=False).stderr


def test_two_that_let_go_of_the_same_do_not_trip_over_each_other(repo: Repo) -> None:
    place = git.Place(os.fsencode(repo.path), os.fsencode(repo.path / ".git"), os.fsencode(repo.path / ".git"))
    item = of_object("0" * 32, 1)
    first, second = Queue(place), Queue(place)
    first.add([item])
    listed = second._files()
    second._files = lambda: listed  # type: ignore[method-assign]  # it looked before the first let go
    first.let_go([item])
    second.let_go([item])
    assert first.empty()


@pytest.mark.slow
@pytest.mark.parametrize("way", ["off", "skipped"])
def test_a_linked_worktree_that_is_removed_takes_nothing_along_that_was_not_pushed(
    repo: Repo, tmp_path: Path, way: str
) -> None:
    run("git", "init", "-q", "--bare", tmp_path / "hub.git")
    if way == "off":
        repo.stage(".trinity-guard.toml", b'push = "off"\n')
        repo.commit()
    repo.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "linked"))
    linked = Repo(tmp_path / "linked")
    data = linked.stage("a.pkl")
    linked.write("d/1.csv", b"1,2\n")
    linked.dvc("add", "-q", "d")
    linked.git("add", "-A")
    linked.commit(TRINITY_GUARD_SKIP="push" if way == "skipped" else "")
    assert not repo.storage.exists() or objects(repo.storage / "files/md5") == {}
    repo.git("worktree", "remove", str(tmp_path / "linked"))
    repo.git("push", "-q", str(tmp_path / "hub.git"), "side")
    assert {data, b"1,2\n"} <= set(objects(repo.storage / "files/md5").values())
    assert objects(repo.file(".git/trinity-guard/cache/files/md5")) == {}


@pytest.mark.slow
def test_one_object_that_the_remote_refuses_holds_nothing_else_up(
    s3: Repo, counting: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    names = [f"d/m{i}.pkl" for i in range(8)]
    for name in names:
        s3.stage(name, 2 * KB)
    s3.commit(TRINITY_GUARD_SKIP="push")
    md5 = re.search(r"md5: (\w+)", s3.show("d/m3.pkl.dvc").decode())
    assert md5
    bad = md5[1][2:]
    counting.wrong = lambda r: 403 if r.method == "PUT" and bad in r.path else None
    done = s3.guard("push", ok=False)
    assert done.returncode == 1
    assert [w["path"] for w in waiting(s3)] == ["d/m3.pkl.dvc"]
    counting.wrong = None
    assert s3.guard("push", "--pending").returncode == 0
    assert waiting(s3) == []


@pytest.mark.slow
def test_an_output_goes_to_its_own_remote_and_what_must_not_be_pushed_stays(repo: Repo, tmp_path: Path) -> None:
    repo.dvc("remote", "add", "second", str(tmp_path / "second"))
    repo.guard("remote", "trust", "--all")
    contents = {}
    for name, line in (("a.pkl", "  remote: second\n"), ("b.pkl", "  push: false\n"), ("c.pkl", "")):
        contents[name] = repo.write(name, 3 * KB)
        repo.dvc("add", "-q", name)
        pointer = repo.file(f"{name}.dvc")
        pointer.write_text(pointer.read_text() + line)
    repo.git("add", "-A")
    repo.commit()
    assert list(objects(tmp_path / "second/files/md5").values()) == [contents["a.pkl"]]
    assert list(objects(repo.storage / "files/md5").values()) == [contents["c.pkl"]]


def test_a_remote_is_found_as_dvc_finds_it_whatever_the_case_of_its_name(repo: Repo, tmp_path: Path) -> None:
    repo.guard("remote", "add", "Cold", str(tmp_path / "cold"))
    data = repo.write("m.pkl", 3 * KB)
    repo.guard("add", "m.pkl")
    pointer = repo.file("m.pkl.dvc")
    pointer.write_text(pointer.read_text() + "  remote: Cold\n")
    repo.git("add", "-A")
    repo.commit()
    assert list(objects(tmp_path / "cold/files/md5").values()) == [data]


def test_a_cloud_versioned_remote_is_left_to_dvc_with_a_word(s3: Repo) -> None:
    s3.dvc("remote", "modify", "service", "version_aware", "true")
    s3.git("commit", "-qam", "versioned")
    s3.stage("a.pkl")
    said = s3.commit().stderr.decode()
    assert "the remote 'service' is cloud-versioned" in said
    assert waiting(s3) == []


def test_pushing_a_revision_sends_its_whole_tree_and_nothing_else(repo: Repo) -> None:
    versions = []
    for _ in range(3):
        versions.append(repo.write("a.pkl", 3 * KB))
        repo.guard("add", "a.pkl")
        repo.commit(TRINITY_GUARD_SKIP="push")
    repo.guard("push", "HEAD~1")
    assert list(objects(repo.storage / "files/md5").values()) == [versions[1]]
    repo.guard("push", "HEAD~2", "HEAD")
    assert sorted(objects(repo.storage / "files/md5").values()) == sorted(versions)


@pytest.mark.slow
def test_two_pushes_at_once_and_neither_loses_anything(repo: Repo) -> None:
    contents = [repo.stage(f"m{i}.pkl", 300 * KB) for i in range(10)]
    repo.commit(TRINITY_GUARD_SKIP="push")
    command = [sys.executable, "-m", "trinity_guard", "push"]
    both = [subprocess.Popen(command, cwd=repo.path, stderr=subprocess.PIPE) for _ in range(2)]
    said = [p.communicate()[1] for p in both]
    assert [p.returncode for p in both] == [0, 0], said
    assert sorted(objects(repo.storage / "files/md5").values()) == sorted(contents)
    assert waiting(repo) == []


@pytest.mark.slow
def test_a_push_that_is_killed_or_interrupted_loses_nothing_and_the_next_one_completes_it(
    repo: Repo, start_service: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = start_service("s3")
    monkeypatch.setenv("TRINITY_GUARD_TRUST", "1")
    hang = Counting(lambda r: _slow(r))
    with Proxy(service.port, hang) as proxy:
        path = service.configure(repo, port=proxy.port)
        contents = [repo.stage(f"m{i}.pkl", 200 * KB) for i in range(4)]
        repo.git("add", "-A")
        repo.commit(TRINITY_GUARD_SKIP="push")
        for kill in (signal.SIGKILL, signal.SIGINT):
            command = [sys.executable, "-m", "trinity_guard", "push"]
            push = subprocess.Popen(command, cwd=repo.path, stderr=subprocess.PIPE, start_new_session=True)
            end = time.monotonic() + 30
            while "PUT" not in hang.seen:
                assert time.monotonic() < end
                time.sleep(0.02)
            push.send_signal(kill)
            _, said = push.communicate(timeout=30)
            assert b"Traceback" not in said
            assert push.returncode == (-9 if kill == signal.SIGKILL else 130)
            assert len(waiting(repo)) == 4
            hang.seen.clear()
    service.configure(repo, path)
    assert repo.guard("push", "--pending").returncode == 0
    assert waiting(repo) == []
    shutil.rmtree(repo.path / ".dvc/cache/files")
    repo.dvc("pull", "-q", "--force")
    assert [repo.file(f"m{i}.pkl").read_bytes() for i in range(4)] == contents


def _slow(request: Request) -> int | str | None:
    if request.method == "PUT":
        time.sleep(2)
    return None


@pytest.mark.slow
def test_a_push_shows_a_bar_where_there_is_a_terminal_and_none_where_there_is_not(s3: Repo, counting: Counting) -> None:
    import pty

    for i in range(6):
        s3.stage(f"m{i}.pkl", MB)
    s3.commit(TRINITY_GUARD_SKIP="push")

    def slow(request: Request) -> int | str | None:
        if request.method == "PUT":
            time.sleep(0.7)
        return None

    counting.wrong = slow
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "trinity_guard", "push"]
    done = subprocess.Popen(command, cwd=s3.path, stderr=slave)
    os.close(slave)
    seen = b""
    while piece := _read(master):
        seen += piece
    assert done.wait() == 0
    assert re.search(rb"pushing \[#* *\] \d/6 MB", seen)
    assert b"MB/s" in seen
    assert b"s left" in seen


def _read(fd: int) -> bytes:
    try:
        return os.read(fd, 1000)
    except OSError:
        return b""


@pytest.mark.slow
@pytest.mark.parametrize("how", ["gone", "damaged"])
def test_what_the_cache_lost_comes_from_the_work_tree_by_the_command_that_is_printed(
    repo: Repo, tmp_path: Path, how: str
) -> None:
    data = repo.stage("a b.pkl", 3000)
    repo.commit(TRINITY_GUARD_SKIP="push")
    [cached] = [f for f in repo.file(".dvc/cache/files/md5").rglob("*") if f.is_file()]
    cached.chmod(0o644)
    cached.write_bytes(b"spoilt")
    cached.chmod(0o444)
    if how == "gone":
        shutil.rmtree(repo.file(".dvc/cache"))
    run("git", "init", "-q", "--bare", "origin.git", cwd=tmp_path)
    repo.git("remote", "add", "origin", str(tmp_path / "origin.git"))
    told = [repo.guard("push", ok=False), repo.guard("doctor", ok=False), repo.git("push", "origin", "main", ok=False)]
    said = [(done.stderr + done.stdout).decode() for done in told]
    lines = [[x.strip() for x in text.splitlines() if x.strip().startswith("trinity-guard convert")] for text in said]
    assert lines[0]
    assert lines == [lines[0]] * 3
    repo.type_in(lines[0][0])
    repo.git("push", "origin", "main")
    assert data in objects(repo.storage / "files" / "md5").values()


@pytest.mark.slow
def test_of_what_is_in_no_work_tree_nobody_is_told_to_convert_it(repo: Repo) -> None:
    repo.stage("a.pkl", 3000)
    repo.commit(TRINITY_GUARD_SKIP="push")
    shutil.rmtree(repo.file(".dvc/cache"))
    repo.write("a.pkl", b"another")
    assert b"convert" not in repo.guard("push", ok=False).stderr
