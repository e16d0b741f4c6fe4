"""What is forced to the disk: what was asked for, each once, and nothing of anybody else's."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from trinity_guard.git import durable

COUNTS = [0, 1, 2, durable.AT_ONCE, 5 * durable.AT_ONCE]


def files(folder: Path, count: int) -> list[bytes]:
    paths = [folder / f"{i}" for i in range(count)]
    for path in paths:
        path.write_bytes(b"x")
    return [os.fsencode(path) for path in paths]


def name_of(fd: int) -> bytes:
    return bytes(Path(f"/proc/self/fd/{fd}").readlink())


@pytest.fixture
def forced(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The files and folders that are forced to the disk, as long as the test lasts."""
    seen: list[bytes] = []
    monkeypatch.setattr(os, "fsync", lambda fd: seen.append(name_of(fd)))
    return seen


@pytest.mark.parametrize("count", COUNTS)
def test_each_file_is_forced_once(tmp_path: Path, forced: list[bytes], count: int) -> None:
    paths = files(tmp_path, count)
    durable.flush_all(paths)
    assert sorted(forced) == sorted(paths)


def test_a_folder_s_names_are_forced_like_a_file_s_bytes(tmp_path: Path, forced: list[bytes]) -> None:
    durable.flush_all([os.fsencode(tmp_path), *files(tmp_path, 3)])
    durable.flush(os.fsencode(tmp_path))
    assert forced.count(os.fsencode(tmp_path)) == 2


def test_many_are_forced_side_by_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # All of them must be waiting at once for the gate to open: one after the other would never come to an end.
    gate = threading.Barrier(durable.AT_ONCE, timeout=30)
    monkeypatch.setattr(os, "fsync", lambda _: gate.wait())
    durable.flush_all(files(tmp_path, durable.AT_ONCE))


@pytest.fixture
def forced_by_any(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, from whichever process, a line each: its id and the file."""
    log = tmp_path_factory.mktemp("log") / "log"
    log.touch()

    def note(fd: int) -> None:
        with log.open("ab", buffering=0) as file:
            file.write(b"%d %s\n" % (os.getpid(), name_of(fd)))

    monkeypatch.setattr(os, "fsync", note)
    return log


def lines(log: Path) -> list[list[bytes]]:
    return sorted((line.split(b" ", 1) for line in log.read_bytes().splitlines()), key=lambda line: line[1])


MANY = 3 * durable.WORTH_A_PROCESS + 5


def given(folder: Path, count: int) -> durable.Background:
    """Return what was given so many new files to force to the disk."""
    background = durable.Background()
    for path in files(folder, count):
        background.add(path)
    return background


@pytest.fixture(params=["whole", "in pieces"])
def pipes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What is written at once to a pipe is read whole, so that several may read; or not, as on macOS."""
    if request.param == "in pieces":
        monkeypatch.delattr(os, "pipe2")
    return str(request.param)


@pytest.mark.parametrize("count", [0, 1, durable.WORTH_A_PROCESS - 1, MANY])
def test_in_the_background_each_is_forced_once_before_the_end(
    tmp_path: Path, forced_by_any: Path, count: int, pipes: str
) -> None:
    paths = files(tmp_path, count)
    background = durable.Background()
    for again in (1, 2):
        for path in paths:
            background.add(path)
        background.finish()
        assert [path for _, path in lines(forced_by_any)] == sorted(paths * again)
    by_others = [pid for pid, _ in lines(forced_by_any) if int(pid) != os.getpid()]
    assert len(by_others) == 2 * (count - count % durable.WORTH_A_PROCESS), "few are not worth a process"
    assert pipes == "whole" or len({*by_others}) <= 2


def test_in_the_background_names_that_are_long_are_not_torn(tmp_path: Path, forced_by_any: Path) -> None:
    folder = tmp_path.joinpath(*["f" * 250] * 10)
    folder.mkdir(parents=True)
    paths = files(folder, durable.WORTH_A_PROCESS)
    assert len(paths[0]) * durable.TOGETHER > durable.MAX_PACKET
    background = durable.Background()
    for path in paths:
        background.add(path)
    background.finish()
    assert [path for _, path in lines(forced_by_any)] == sorted(paths)


def test_in_the_background_a_process_that_fails_alone_is_not_overheard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = files(tmp_path, MANY)
    failing = os.fsencode(paths[durable.WORTH_A_PROCESS // 2])

    def one_fails(fd: int) -> None:
        if name_of(fd) == failing:
            raise OSError(errno.EDQUOT, "Disk quota exceeded")

    monkeypatch.setattr(os, "fsync", one_fails)
    background = durable.Background()
    for path in paths:
        background.add(path)
    with pytest.raises(OSError, match="uota exceeded"):
        background.finish()


def test_in_the_background_the_disk_works_while_files_are_added(tmp_path: Path, forced_by_any: Path) -> None:
    background = durable.Background()
    for path in files(tmp_path, durable.WORTH_A_PROCESS):
        background.add(path)
    until = time.monotonic() + 30
    while len(lines(forced_by_any)) < durable.WORTH_A_PROCESS:
        assert time.monotonic() < until
        time.sleep(0.01)
    background.finish()


def test_the_process_in_the_background_holds_nobody_s_pipe_open(tmp_path: Path, forced_by_any: Path) -> None:
    reading, writing = os.pipe()
    one, other = durable.Background(), durable.Background()
    paths = files(tmp_path, durable.WORTH_A_PROCESS)
    for path in paths:
        one.add(path)
        other.add(path)
    os.close(writing)
    assert os.read(reading, 1) == b"", "a process that waits for the end of it would wait for ever"
    one.finish()
    other.finish()
    os.close(reading)
    assert len(lines(forced_by_any)) == 2 * len(paths)


@pytest.mark.parametrize("listed", [["0", "1", "2"], None], ids=["the standard ones", "nothing"])
def test_where_the_system_does_not_list_what_is_open_all_is_forced_all_the_same(
    tmp_path: Path, forced_by_any: Path, monkeypatch: pytest.MonkeyPatch, listed: list[str] | None
) -> None:
    def told(_: str) -> list[str]:
        if listed is None:
            raise FileNotFoundError(errno.ENOENT, "No such file or directory")
        return listed

    paths = files(tmp_path, durable.WORTH_A_PROCESS)
    monkeypatch.setattr(os, "listdir", told)
    background = durable.Background()
    for path in paths:
        background.add(path)
    background.finish()
    assert len(lines(forced_by_any)) == len(paths)


@pytest.mark.parametrize("count", [1, MANY])
def test_what_fails_in_the_background_is_raised_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    def failing(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", failing)
    background = given(tmp_path, count)
    with pytest.raises(OSError, match="Input/output error"):
        background.finish()
    background.finish()


def test_a_failure_of_the_process_in_the_background_alone_is_raised_with_its_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = os.getpid()

    def failing(_: int) -> None:
        if os.getpid() != here:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", failing)
    background = given(tmp_path, MANY)
    with pytest.raises(OSError, match="No space left") as raised:
        background.finish()
    assert raised.value.errno == errno.ENOSPC


def test_a_process_in_the_background_that_somebody_ends_has_flushed_nothing_for_certain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = os.getpid()

    def ended(_: int) -> None:
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(os, "fsync", ended)
    background = given(tmp_path, MANY)
    with pytest.raises(OSError, match="Input/output error"):
        background.finish()


def test_where_the_system_gives_no_process_all_is_forced_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forced: list[bytes]
) -> None:
    def refused() -> int:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", refused)
    background = durable.Background()
    paths = files(tmp_path, MANY)
    for path in paths:
        background.add(path)
    background.finish()
    assert sorted(forced) == sorted(paths)


@pytest.mark.parametrize("count", [1, 40])
def test_a_disk_that_fails_is_told_and_ends_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    calls: list[int] = []

    def failing(fd: int) -> None:
        calls.append(fd)
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(OSError, match="Input/output error"):
        durable.flush_all(files(tmp_path, count))
    assert len(calls) <= durable.AT_ONCE


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    missing = os.fsencode(tmp_path / "missing")
    with pytest.raises(FileNotFoundError) as raised:
        durable.flush_all([*files(tmp_path, 3), missing])
    assert raised.value.filename == missing


def test_where_the_system_gives_no_more_threads_all_is_forced_by_those_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forced: list[bytes]
) -> None:
    def refused(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refused)
    paths = files(tmp_path, 30)
    durable.flush_all(paths)
    assert sorted(forced) == sorted(paths)


def test_an_interruption_ends_with_no_thread_at_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    typed = threading.Event()

    def interrupted(_: int) -> None:
        if threading.current_thread() is threading.main_thread():
            typed.set()
            raise KeyboardInterrupt
        typed.wait(30)

    monkeypatch.setattr(os, "fsync", interrupted)
    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        durable.flush_all(files(tmp_path, 30))
    assert threading.active_count() == before


@pytest.fixture
def emptied(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The same of a system whose fsync(2) ends at the disk's own memory; the call that does not is made up here."""
    seen: list[bytes] = []

    def control(fd: int, command: int) -> int:
        assert command == 51
        seen.append(name_of(fd))
        return 0

    monkeypatch.setattr(fcntl, "F_FULLFSYNC", 51, raising=False)
    monkeypatch.setattr(fcntl, "fcntl", control)
    return seen


def test_the_disk_s_own_memory_is_emptied_once_for_all(
    tmp_path: Path, forced: list[bytes], emptied: list[bytes]
) -> None:
    paths = files(tmp_path, 20)
    durable.flush_all(paths)
    assert sorted(forced) == sorted(paths)
    assert len(emptied) == 1
    durable.flush(paths[3])
    assert emptied[1:] == [paths[3]]


def test_a_file_system_without_such_a_call_is_content_with_fsync(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forced: list[bytes], emptied: list[bytes]
) -> None:
    def refused(*_: int) -> int:
        raise OSError(errno.ENOTSUP, "Operation not supported")

    monkeypatch.setattr(fcntl, "fcntl", refused)
    paths = files(tmp_path, 2)
    durable.flush_all(paths)
    assert sorted(forced) == sorted(paths)


def test_a_write_out_that_has_begun_leaves_the_bytes_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"0123456789" * 1000)
    durable.begin_write_out_of(os.fsencode(path))
    with path.open("r+b") as file:
        durable.begin_write_out(file.fileno(), 4096, 4096)
        file.seek(5)
        file.write(b"x")
        file.flush()
        durable.begin_write_out(file.fileno())
    assert path.read_bytes() == b"01234x6789" + b"0123456789" * 999


def test_a_system_that_cannot_be_asked_to_begin_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "posix_fadvise")
    durable.begin_write_out_of(files(tmp_path, 1)[0])


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP])
def test_a_file_system_that_forces_nothing_is_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    monkeypatch.setattr(os, "posix_fadvise", refuse)
    paths = files(tmp_path, 3)
    durable.begin_write_out_of(paths[0])
    durable.flush_all(paths)
    durable.flush(os.fsencode(tmp_path))
