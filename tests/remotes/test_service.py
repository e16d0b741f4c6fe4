"""A service behind a process of its own: what it says is heard, its silence and its death are told apart."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pytest

from tests.helpers.support import PROJECT, run
from trinity_guard import start_line
from trinity_guard.dvcrepo import odb
from trinity_guard.dvcrepo.output import of_object
from trinity_guard.dvcrepo.project import RemoteConfig
from trinity_guard.remotes import service
from trinity_guard.remotes.base import RemoteError
from trinity_guard.remotes.service import ServiceRemote

# A worker that says what it is told to, line by line; READ waits for a question, and WAIT for ever.
WORKER = """
import os, sys, time
sys.argv.pop(1)
sys.stdin.buffer.readline()
for line in open(os.environ["SCRIPT"]):
    word = line.strip()
    if word == "READ": sys.stdin.buffer.readline()
    elif word == "WAIT": time.sleep(60)
    elif word == "DIE": sys.exit("ModuleNotFoundError: No module named 'dvc.fs'")
    elif word == "CRASH": sys.exit("KeyError: 'hunter2'")
    elif word.startswith("SLEEP"): time.sleep(float(word[5:]))
    else: print(word, flush=True)
time.sleep(60)
"""


@pytest.fixture
def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the worker be a script; return the file of what it says."""
    script = tmp_path / "script"
    monkeypatch.setenv("SCRIPT", str(script))
    monkeypatch.setattr(service, "start_line", lambda _: WORKER)
    monkeypatch.setattr(service, "LOADING", 5.0)
    return script


def remote(limit: float = 5.0) -> ServiceRemote:
    options = {"url": "https://user:hunter2@host/x"}
    return ServiceRemote(RemoteConfig("s", options["url"], options, "repo", {"url": "repo"}), limit)


def said(worker: Path, *lines: str) -> None:
    worker.write_text("\n".join(lines))


READY = '{"ready": 1}'


def test_news_are_gathered_until_it_is_done(worker: Path) -> None:
    said(worker, READY, "READ", '{"news": {"a": 1}}', '{"at": [1, 2]}', '{"news": {"b": 2}}', '{"done": 1}')
    with remote() as opened:
        assert opened.sizes(["a", "b", "a"]) == {"a": 1, "b": 2}


def test_one_worker_answers_many_questions(worker: Path) -> None:
    said(worker, READY, *["READ", '{"news": {"a": 1}}', '{"done": 1}'] * 2)
    with remote() as opened:
        assert opened.sizes(["a"]) == opened.sizes(["a"]) == {"a": 1}
        assert opened.sizes([]) == {}


def test_its_own_error_comes_through_with_step_and_remedy(worker: Path) -> None:
    said(worker, '{"error": {"step": "plugin", "problem": "a problem", "remedy": "a remedy"}}')
    with remote() as opened, pytest.raises(RemoteError) as caught:
        opened.probe()
    assert (caught.value.step, caught.value.problem, caught.value.remedy) == ("plugin", "a problem", "a remedy")


def test_silence_is_given_up_after_the_limit_and_ends_the_worker(worker: Path) -> None:
    said(worker, READY, "READ", "WAIT")
    start = time.monotonic()
    with remote(0.5) as opened, pytest.raises(RemoteError) as caught:
        opened.sizes(["a"])
    assert time.monotonic() - start < 10
    assert caught.value.step == "timeout"
    assert "did not answer for 0.5 seconds" in caught.value.problem
    assert "hunter2" not in caught.value.problem
    assert caught.value.remedy.startswith("export TRINITY_GUARD_TIMEOUT=120")
    assert opened._worker is None


@pytest.mark.slow
def test_whatever_moves_is_no_silence(worker: Path) -> None:
    beats = [json.dumps({"at": [n, 10]}) for n in range(6)]
    said(worker, READY, "READ", *[line for beat in beats for line in ("SLEEP0.3", beat)], '{"done": 1}')
    told: list[tuple[int, int]] = []
    with remote(1.0) as opened:
        lacking = opened.send(nowhere(), [of_object("a", 10)], lambda *at: told.append(at))
    assert lacking == {}
    assert [done for done, _ in told] == [0, 1, 2, 3, 4, 5]


def nowhere() -> odb.Store:
    return odb.Store(b"/nowhere")


@pytest.mark.parametrize(
    ("end", "step", "problem", "remedy"),
    [
        ("DIE", "plugin", "DVC is not installed beside trinity-guard", "-m pip install dvc"),
        ("CRASH", "other", "ended without an answer (KeyError)", "dvc push -v"),
    ],
)
def test_a_worker_that_ends_says_why_and_nothing_of_what_it_printed(
    worker: Path, end: str, step: str, problem: str, remedy: str
) -> None:
    said(worker, READY, "READ", end)
    with remote() as opened, pytest.raises(RemoteError) as caught:
        opened.sizes(["a"])
    assert caught.value.step == step
    assert problem in caught.value.problem
    assert remedy in caught.value.remedy
    assert "hunter2" not in caught.value.problem


def test_what_arrived_before_it_broke_is_known_and_the_rest_has_the_reason(worker: Path) -> None:
    said(worker, READY, "READ", '{"news": {"a": "", "b": "refused"}}', "WAIT")
    with remote(0.5) as opened:
        lacking = opened.send(nowhere(), [of_object("a"), of_object("b"), of_object("c")])
    assert lacking.keys() == {"b", "c"}
    assert lacking["b"] == "refused"
    assert "did not answer" in lacking["c"]


def test_when_none_arrived_the_error_is_the_remote_s(worker: Path) -> None:
    said(worker, READY, "READ", '{"news": {"b": "refused"}}', "WAIT")
    with remote(0.5) as opened, pytest.raises(RemoteError):
        opened.fetch([of_object("a"), of_object("b")], nowhere())


def test_closing_ends_the_worker_and_all_that_it_started(worker: Path) -> None:
    said(worker, READY, "READ", '{"done": 1}')
    opened = remote()
    opened.probe()
    assert opened._worker
    pid = opened._worker.pid
    opened.close()
    opened.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.parametrize(
    ("told", "limit", "answer"),
    [("", None, "30"), ("", 5.0, "5"), ("7.5", 5.0, "7.5")],
)
def test_the_limit_is_thirty_seconds_unless_told(
    told: str, limit: float | None, answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRINITY_GUARD_TIMEOUT", told)
    options = {"url": "s3://b"}
    opened = ServiceRemote(RemoteConfig("s", "s3://b", options, "repo", {"url": "repo"}), limit)
    assert f"did not answer for {answer} seconds" in opened._silent(opened._limit).problem


def test_the_worker_s_own_start_line_loads_it_and_nothing_of_the_current_folder(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('planted')")
    argv = [sys.executable, "-I", "-c", start_line("trinity_guard.remotes.worker"), str(PROJECT)]
    place = b'{"options": {"url": "nothing://x"}, "name": "s", "url": "nothing://x"}\n'
    done = run(*argv, cwd=tmp_path, data=place, ok=False)
    assert b"planted" not in done.stderr
    assert done.returncode == 0
