"""Processes on this machine's cores and workers of a cluster: kills are survived, and nothing is left running."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.helpers.support import PROJECT
from tests.training import samples
from tests.training.model.test_search import scores
from trinity_guard.errors import UNUSABLE, GuardError
from trinity_guard.training.model import search, workers
from trinity_guard.training.model.forest import Examples, Settings
from trinity_guard.training.model.search import SearchResult, Trial

SETTINGS = Settings(n_estimators=10, folds=2)


COUNT = 6


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Examples:
    return samples.sample(tmp_path_factory.mktemp("search"), SETTINGS, pages=60)


@pytest.fixture(scope="module")
def found(data: Examples, tmp_path_factory: pytest.TempPathFactory) -> tuple[SearchResult, bytes]:
    """Return what a search on all cores finds, and its state file."""
    state = tmp_path_factory.mktemp("state") / "new" / "search.jsonl"
    return search.search(data, SETTINGS, COUNT, None, str(state)), state.read_bytes()


@pytest.mark.slow
def test_a_worker_that_is_killed_is_said_and_what_is_finished_is_kept(data: Examples, tmp_path: Path) -> None:
    state = tmp_path / "search.jsonl"

    def on_result(_trial: Trial, _best: Trial, done: int, _total: int) -> None:
        if done == 1:
            for number in workers_of(os.getpid()):
                os.kill(number, signal.SIGKILL)

    with pytest.raises(GuardError, match="a worker of the search was killed") as stopped:
        search.search(data, SETTINGS, 300, None, str(state), on_result)
    assert "trinity train --search N" in stopped.value.remedy
    assert 1 <= state.read_bytes().count(b"\n") < 300
    until(lambda: workers_of(os.getpid()) == [])


def workers_of(parent: int) -> list[int]:
    """Return the processes that loky started for this one."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            above = (folder / "stat").read_text().rpartition(")")[2].split()[1]
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if folder.name.isdigit() and int(above) == parent and b"popen_loky" in command:
            found.append(int(folder.name))
    return found


@pytest.mark.slow
def test_the_processes_of_a_search_end_with_it(data: Examples, tmp_path: Path) -> None:
    search.search(data, SETTINGS, 3, None, str(tmp_path / "search.jsonl"))
    until(lambda: workers_of(os.getpid()) == [])


def _slow(part: object, settings: object) -> Trial:
    time.sleep(float(str(settings)))
    return Trial({}, 0.0, 0.0, 0.0)


@pytest.mark.slow
def test_a_search_that_is_let_go_says_nothing_of_what_it_did_not_wait_for() -> None:
    results = workers.on_cores(None, list(enumerate([0, 0, 30, 30, 30, 30])), _slow)
    assert next(results)[0] in (0, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        results.close()


LONG = """
import sys
from pathlib import Path
from tests.training import samples
from trinity_guard.training.model import search
from trinity_guard.training.model.forest import Settings
if __name__ == "__main__":
    settings = Settings(n_estimators=10, folds=2)
    data = samples.sample(Path(sys.argv[1]), settings, pages=60)
    try:
        search.search(data, settings, int(sys.argv[2]), None, sys.argv[3], lambda *r: print(r[2], r[3], flush=True))
    except KeyboardInterrupt:
        sys.exit(130)
"""


def children(group: int) -> list[str]:
    """Return the command lines of a session's processes."""
    lines = []
    for folder in Path("/proc").iterdir():
        try:
            session = (folder / "stat").read_text().rpartition(")")[2].split()[3]
            command = (folder / "cmdline").read_text()
        except OSError:
            continue
        # A zombie's command line is empty: it has ended.
        if folder.name.isdigit() and int(session) == group and command:
            lines.append(command.replace("\0", " "))
    return lines


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_search_that_is_stopped_leaves_no_process_and_goes_on(
    data: Examples, found: tuple[SearchResult, bytes], tmp_path: Path, how: signal.Signals
) -> None:
    state = tmp_path / "search.jsonl"
    process = subprocess.Popen(
        [sys.executable, "-c", LONG, tmp_path, "300", state],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "1 300\n"
    assert len(children(process.pid)) > 1
    if how == signal.SIGINT:
        # As a terminal does it: to every process of the group at once.
        os.killpg(process.pid, how)
    else:
        process.kill()
    _, errors = process.communicate(timeout=60)
    assert process.returncode == (130 if how == signal.SIGINT else -signal.SIGKILL)
    if how == signal.SIGINT:
        assert errors == ""
    until(lambda: children(process.pid) == [])
    assert 1 <= state.read_bytes().count(b"\n") < 300
    again = search.search(data, SETTINGS, COUNT, None, str(state))
    assert scores(again) == scores(found[0])


def until(true: Callable[[], bool], seconds: float = 40) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """Start a real scheduler and two workers; yield its address and all three."""
    log = tmp_path / "scheduler.log"
    dask = [sys.executable, "-m", "dask"]
    started: list[subprocess.Popen[bytes]] = []
    try:
        with log.open("wb") as out:
            command = [*dask, "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
            started.append(subprocess.Popen(command, stdout=out, stderr=out, cwd=tmp_path))
        until(lambda: re.search(rb"Scheduler at: +tcp://", log.read_bytes()) is not None)
        address = re.findall(r"Scheduler at: +(tcp://127\.0\.0\.1:\d+)", log.read_text())[0]
        for name in ("one", "two"):
            command = [*dask, "worker", address, "--no-dashboard", "--no-nanny", "--nthreads", "1", "--name", name]
            command += ["--host", "127.0.0.1", "--local-directory", str(tmp_path / name)]
            # Where the workers run, the samples of this test need not be: the trainer alone.
            with (tmp_path / f"{name}.log").open("wb") as out:
                started.append(subprocess.Popen(command, stdout=out, stderr=out, cwd=tmp_path))
        until(lambda: log.read_bytes().count(b"Register worker") == 2)
        yield address, started
    finally:
        for process in reversed(started):
            process.kill()
            process.wait()


@pytest.mark.slow
def test_a_cluster_that_loses_a_worker_finds_the_same(
    data: Examples,
    found: tuple[SearchResult, bytes],
    cluster: tuple[str, list[subprocess.Popen[bytes]]],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    address, (_, first, second) = cluster
    told: list[int] = []

    def on_result(_trial: Trial, _best: Trial, done: int, _total: int) -> None:
        told.append(done)
        if done == 2:
            first.send_signal(signal.SIGKILL)

    state = tmp_path / "search.jsonl"
    done = search.search(data, SETTINGS, COUNT, address, str(state), on_result)
    assert first.wait(timeout=10) == -signal.SIGKILL
    assert second.poll() is None
    assert told == list(range(1, COUNT + 1))
    assert scores(done) == scores(found[0])
    assert done.best == found[0].best
    again = search.search(data, SETTINGS, COUNT, None, str(state))
    assert scores(again) == scores(found[0])
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
def test_a_cluster_that_loses_its_scheduler_says_so_and_what_is_done_is_kept(
    data: Examples, cluster: tuple[str, list[subprocess.Popen[bytes]]], tmp_path: Path
) -> None:
    address, (scheduler, *_) = cluster
    state = tmp_path / "search.jsonl"

    def on_result(_trial: Trial, _best: Trial, done: int, _total: int) -> None:
        if done == 1:
            scheduler.kill()

    with pytest.raises(GuardError, match="what is finished is kept"):
        search.search(data, SETTINGS, 40, address, str(state), on_result)
    assert state.read_bytes().count(b"\n") >= 1


def test_a_scheduler_that_does_not_answer_fails_with_the_command(data: Examples, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(GuardError, match=f"no Dask scheduler answers at {address}: Connection refused") as e:
            search.search(data, SETTINGS, 2, address, str(tmp_path / "search.jsonl"))
    assert e.value.exit_code == UNUSABLE
    assert e.value.remedy.startswith(f"dask scheduler --host 127.0.0.1 --port {address.rpartition(':')[2]}")


@pytest.mark.slow
def test_what_is_no_scheduler_is_told(data: Examples, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that takes the call and says nothing."""
    monkeypatch.setattr(workers, "ANSWER_TIMEOUT", 1)
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        with pytest.raises(GuardError, match="no Dask scheduler answers"):
            search.search(data, SETTINGS, 2, f"tcp://127.0.0.1:{mute.getsockname()[1]}", str(tmp_path / "search.jsonl"))


@pytest.mark.slow
@pytest.mark.parametrize(
    "address", ["", "127.0.0.1:8786", "tcp://", "tcp://host", "http://host:1", "tcp://[::1", "tcp://h:99999"]
)
def test_an_address_that_is_none_is_refused(data: Examples, tmp_path: Path, address: str) -> None:
    with pytest.raises(GuardError, match="is no address of a Dask scheduler"):
        list(workers.on_cluster(address, data, [(0, SETTINGS)]))


def test_a_worker_with_other_versions_makes_no_figures(data: Examples) -> None:
    other = {**workers.makers(), "sklearn": "1.7.2"}
    with pytest.raises(workers.OtherMakersError, match=rf"scikit-learn {workers.makers()['sklearn']}, here is 1\.7\.2"):
        workers._like_here(other, data, SETTINGS)


class Other:
    """A cluster's client, whose workers have another scikit-learn."""

    def run(self, asked: Callable[[], dict[str, str]]) -> dict[str, dict[str, str]]:
        return {"tcp://1": asked(), "tcp://2": {**asked(), "sklearn": "1.7.2"}}


def test_a_cluster_of_other_versions_is_refused_before_it_begins() -> None:
    with pytest.raises(GuardError, match=r"tcp://2 has scikit-learn 1\.7\.2") as refused:
        workers._require_same("tcp://x:1", Other())
    assert f"scikit-learn=={workers.makers()['sklearn']}" in refused.value.remedy
