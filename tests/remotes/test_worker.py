"""The worker's own side: events whole, one a line; the probe's steps; the plug-in loaded before anything is asked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from typing import Any

import pytest

from tests.helpers.support import PROJECT, run
from trinity_guard import start_line
from trinity_guard.remotes import query, worker
from trinity_guard.remotes.base import RemoteError


def test_events_of_many_threads_are_whole_lines() -> None:
    reading, writing = os.pipe()
    events = worker.EventWriter(writing)
    lines: list[bytes] = []

    def read() -> None:
        with open(reading, "rb") as file:  # noqa: PTH123  # a pipe has no path
            lines.extend(file)

    reader = threading.Thread(target=read)
    reader.start()

    def write(name: str) -> None:
        for _ in range(20):
            events.say(news={name: "x" * 5000})

    writers = [threading.Thread(target=write, args=(str(n),)) for n in range(4)]
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join()
    os.close(writing)
    reader.join()
    assert len(lines) == 80
    assert {key for line in lines for key in json.loads(line)["news"]} == {"0", "1", "2", "3"}


def test_an_error_is_told_with_step_problem_and_remedy() -> None:
    reading, writing = os.pipe()
    worker.EventWriter(writing).error(RemoteError("name", "a problem", "a remedy"))
    os.close(writing)
    with open(reading, "rb") as file:  # noqa: PTH123  # a pipe has no path
        assert json.loads(file.read()) == {"error": {"step": "name", "problem": "a problem", "remedy": "a remedy"}}


class Files:
    """Stands for a file system of DVC's around a client of fsspec's: one dictionary."""

    jobs = 1

    def __init__(self, wrong: str = "") -> None:
        self.wrong = wrong
        self.held: dict[str, bytes] = {}
        self.fs = self

    def join(self, *parts: str) -> str:
        return "/".join(parts)

    def pipe_file(self, path: str, data: bytes) -> None:
        if self.wrong == "write":
            raise PermissionError
        self.held[path] = data

    def cat_file(self, path: str) -> bytes:
        if self.wrong == "read":
            raise PermissionError
        return b"other bytes" if self.wrong == "other bytes" else self.held[path]

    def rm_file(self, path: str) -> None:
        if self.wrong == "delete":
            raise PermissionError
        del self.held[path]


@pytest.fixture(autouse=True)
def the_bucket_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query, "check_base", lambda _: None)


def probe(files: Any) -> None:
    worker._probe(query.RemoteStore(files, "bucket", "s3"), "s", "s3://bucket")


def test_the_probe_leaves_nothing() -> None:
    files = Files()
    probe(files)
    assert files.held == {}


@pytest.mark.parametrize(
    ("wrong", "step", "words"),
    [
        ("write", "write", "it did not take what was written"),
        ("read", "credentials", "it did not accept the credentials"),
        ("other bytes", "read", "gave back other bytes than were written"),
        ("delete", "delete", "it did not let an object be deleted"),
    ],
)
def test_the_probe_names_the_step_that_fails(wrong: str, step: str, words: str) -> None:
    with pytest.raises(RemoteError, match=words) as caught:
        probe(Files(wrong))
    assert caught.value.step == step


def said(options: dict[str, str]) -> dict[str, Any]:
    """Start the real worker on a remote, and return the first thing that it says."""
    argv = [sys.executable, "-I", "-c", start_line("trinity_guard.remotes.worker"), str(PROJECT)]
    place = json.dumps({"options": options, "name": "s", "url": options["url"]}).encode() + b"\n"
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(place)
        process.stdin.flush()  # and left open: the worker ends with who asks
        event: dict[str, Any] = json.loads(process.stdout.readline())
        process.stdin.close()
    return event


def test_the_worker_ends_when_nobody_asks_any_more() -> None:
    argv = [sys.executable, "-I", "-c", start_line("trinity_guard.remotes.worker"), str(PROJECT)]
    assert run(*argv, data=b'{"options": {"url": "s3://b"}, "name": "s", "url": "s3://b"}\n').stdout == b""


def test_a_plug_in_that_lacks_is_said_before_anything_is_asked() -> None:
    error = said({"url": "oss://bucket"})["error"]
    assert error["step"] == "plugin"
    assert "dvc-oss" in error["problem"]


def test_a_password_that_would_be_asked_for_is_said_at_once() -> None:
    error = said({"url": "webdav://me@host/x", "ask_password": "true"})["error"]
    assert error["step"] == "credentials"
    assert error["remedy"] == "trinity-guard remote credentials s --set password"


def test_settings_that_dvc_does_not_take_are_said() -> None:
    assert said({"url": "s3://bucket", "no_such_option": "x"})["error"]["step"] == "config"
