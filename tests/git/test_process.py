"""Processes: what goes in and comes out, however much; how they end; what they must not inherit."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from trinity_guard.errors import UNUSABLE, GuardError
from trinity_guard.git import process

PYTHON = [sys.executable, "-I", "-S", "-c"]


@pytest.mark.parametrize("size", [0, 1, 4096, 65_537, 3_000_000])
def test_what_goes_in_comes_out_whole_on_both_streams(size: int) -> None:
    data = os.urandom(size)
    copy = "import sys; d = sys.stdin.buffer.read(); sys.stdout.buffer.write(d); sys.stderr.buffer.write(d[::-1])"
    result = process.spawn([*PYTHON, copy], data)
    assert (result.code, result.out, result.err) == (0, data, data[::-1])


def test_a_program_that_does_not_read_is_no_error() -> None:
    result = process.spawn(["sh", "-c", "exec <&-; echo done"], bytes(1_000_000))
    assert (result.code, result.out) == (0, b"done\n")


@pytest.mark.parametrize(("script", "code"), [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", -9), ("kill -15 $$", -15)])
def test_how_it_ended_is_its_code(script: str, code: int) -> None:
    assert process.spawn(["sh", "-c", script]).code == code


def test_names_are_bytes_and_may_be_anything() -> None:
    result = process.spawn(["printf", "%s|", b"\xff", "é", b"new\nline", ""])
    assert result.out == b"\xff|" + "é".encode() + b"|new\nline||"


def test_a_program_that_is_not_there_is_named_with_what_helps() -> None:
    with pytest.raises(GuardError) as refused:
        process.spawn(["no-such-program-at-all"])
    assert refused.value.exit_code == UNUSABLE
    assert "no-such-program-at-all is not to be found" in refused.value.problem


def test_a_broken_pipe_ends_a_child_as_it_does_elsewhere() -> None:
    p = process.Process(["sh", "-c", "while :; do echo x; done"])
    assert os.read(p.stdout, 2) == b"x\n"
    assert p.wait() == -signal.SIGPIPE


def test_a_group_is_killed_with_what_it_started(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    p = process.Process(["sh", "-c", f"sleep 60 & echo $! > '{told}'; echo; wait"], own_session=True)
    assert os.read(p.stdout, 1) == b"\n"
    p.kill_group()
    assert p.wait() == -9
    child = int(told.read_text())
    for _ in range(100):
        try:
            state = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return
        if state == "Z":
            return
        time.sleep(0.02)
    pytest.fail("the child is still there")


def test_killing_a_group_that_is_gone_is_no_error() -> None:
    p = process.Process(["true"], own_session=True)
    assert p.wait() == 0
    p.kill_group()


def test_an_interruption_ends_the_child(monkeypatch: pytest.MonkeyPatch) -> None:
    started = []

    def interrupted(p: process.Process, _: bytes) -> tuple[bytes, bytes]:
        started.append(p.pid)
        raise KeyboardInterrupt

    monkeypatch.setattr(process, "talk", interrupted)
    with pytest.raises(KeyboardInterrupt):
        process.spawn(["sleep", "60"])
    with pytest.raises(ProcessLookupError):
        os.kill(started[0], 0)


def test_no_descriptor_is_left_open() -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        process.spawn(["true"], b"x")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.parametrize(
    ("argv", "error"),
    [(["no-such-program-at-all"], GuardError), (["/"], PermissionError), (["true", "a\0b"], ValueError)],
)
def test_a_program_that_does_not_start_leaves_no_descriptor_open(argv: list[str], error: type[Exception]) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        with pytest.raises(error):
            process.Process(argv, with_stderr=True)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_detached_program_writes_into_its_log_in_a_session_of_its_own(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"before\n")
    script = "import os; print('out', os.getsid(0) == os.getpid(), flush=True); os.write(2, b'err\\n')"
    process.detach([*PYTHON, script], os.fsencode(log), dict(os.environ))
    for _ in range(250):
        if log.read_bytes().endswith(b"err\n"):
            break
        time.sleep(0.02)
    assert log.read_bytes() == b"before\nout True\nerr\n"


def test_a_detached_program_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(GuardError, match="could not be started in the background"):
        process.detach([str(tmp_path / "none")], os.fsencode(tmp_path / "log"), {})


def test_what_binds_git_to_one_repository_is_kept_from_another(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*process.LOCAL_VARIABLES, "GIT_CONFIG_KEY_0", "GIT_CONFIG_VALUE_0"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("GIT_TRACE", "0")
    left = process.other_repository()
    assert {n for n in left if n.startswith("GIT_") and left[n] == "x"} == set()
    assert left["GIT_TRACE"] == "0"


def test_all_that_git_calls_local_is_in_the_list() -> None:
    named = process.spawn(["git", "rev-parse", "--local-env-vars"]).out.decode().split()
    assert set(named) <= set(process.LOCAL_VARIABLES)


def test_success_is_its_output_and_failure_its_words() -> None:
    assert process.succeed(["echo", "fine"]) == b"fine\n"
    with pytest.raises(GuardError, match=r"`sh -c .*` failed: why"):
        process.succeed(["sh", "-c", "echo why >&2; exit 3"])
    with pytest.raises(GuardError, match="failed: out"):
        process.succeed(["sh", "-c", "echo out; exit 3"])
