"""Git's filter protocol, spoken over real pipes."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from trinity_guard.errors import GuardError
from trinity_guard.git.filterprocess import ERROR, FLUSH, IDLE, MAX_DATA, SUCCESS, Channel, packet, serve

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trinity_guard.git.filterprocess import Handler

GREETING = packet(b"git-filter-client\n") + packet(b"version=2\n") + FLUSH
CAPABLE = b"".join(packet(b"capability=" + c + b"\n") for c in (b"clean", b"smudge", b"delay")) + FLUSH


def asked(command: bytes, path: bytes, content: bytes) -> bytes:
    pieces = [packet(content[i : i + MAX_DATA]) for i in range(0, len(content), MAX_DATA)]
    keys = packet(b"command=" + command + b"\n") + packet(b"pathname=" + path + b"\n") + FLUSH
    return keys + b"".join(pieces) + FLUSH


def served(said: bytes, handlers: dict[bytes, Handler]) -> tuple[bytes, list[str]]:
    """Return what a filter answers to all that Git says, and what it complains of."""
    (child_in, to_child), (from_child, child_out) = os.pipe(), os.pipe()
    complaints: list[str] = []

    def speak() -> None:
        view = memoryview(said)
        while view:
            view = view[os.write(to_child, view) :]
        os.close(to_child)

    def run() -> None:
        serve(Channel(child_in, child_out), handlers, lambda error: complaints.append(error.problem))
        os.close(child_out)

    threads = [threading.Thread(target=speak), threading.Thread(target=run)]
    for thread in threads:
        thread.start()
    answer = b""
    while piece := os.read(from_child, 1 << 16):
        answer += piece
    for thread in threads:
        thread.join()
    os.close(from_child)
    os.close(child_in)
    return answer, complaints


def whole(_: bytes, content: Iterator[memoryview]) -> list[bytes]:
    return [b"".join(content).upper()]


def beginning(_: bytes, content: Iterator[memoryview]) -> list[bytes]:
    return [bytes(next(content))[:3]]


def nothing(_: bytes, __: Iterator[memoryview]) -> None:
    return None


def failing(_: bytes, content: Iterator[memoryview]) -> list[bytes]:
    next(content)
    raise GuardError("the disk is full")


def failing_late(_: bytes, __: Iterator[memoryview]) -> Iterator[bytes]:
    yield b"half of it"
    raise GuardError("the object is damaged")


HELLO = packet(b"git-filter-server\n") + packet(b"version=2\n") + FLUSH
PASSES = packet(ERROR) + FLUSH


def turned(data: bytes) -> bytes:
    return packet(SUCCESS) + FLUSH + (packet(data) if data else b"") + FLUSH + FLUSH


def test_what_is_asked_for_and_known_is_offered() -> None:
    answer, _ = served(GREETING + CAPABLE, {b"clean": nothing, b"other": nothing})
    assert answer == HELLO + packet(b"capability=clean\n") + FLUSH


@pytest.mark.parametrize("size", [0, 1, MAX_DATA, MAX_DATA + 1, 3 << 20])
def test_every_byte_goes_in_and_comes_out(size: int) -> None:
    content = os.urandom(size)
    seen = []

    def note(path: bytes, pieces: Iterator[memoryview]) -> list[bytes]:
        seen.append((path, b"".join(pieces)))
        return [seen[-1][1]]

    answer, _ = served(GREETING + CAPABLE + asked(b"clean", b"a\nb=c.csv", content), {b"clean": note})
    assert seen == [(b"a\nb=c.csv", content)]
    head = HELLO + packet(b"capability=clean\n") + FLUSH + packet(SUCCESS) + FLUSH
    pieces = b"".join(packet(content[i : i + MAX_DATA]) for i in range(0, size, MAX_DATA))
    assert answer == head + pieces + FLUSH + FLUSH


def test_a_file_that_stays_is_read_to_its_end_and_the_next_one_is_answered() -> None:
    files = asked(b"clean", b"a", b"x" * 200_000) + asked(b"smudge", b"b", b"abc") + asked(b"clean", b"c", b"y" * 99)
    answer, _ = served(GREETING + CAPABLE + files, {b"clean": nothing, b"smudge": whole})
    assert answer.endswith(FLUSH + PASSES + turned(b"ABC") + PASSES)


def test_a_handler_need_not_read_all() -> None:
    files = asked(b"clean", b"a", b"x" * 200_000) * 2
    answer, _ = served(GREETING + CAPABLE + files, {b"clean": beginning})
    assert answer.endswith(turned(b"xxx") * 2)


def test_a_failure_leaves_the_file_as_it_is_and_is_told() -> None:
    files = asked(b"clean", b"a", b"x" * 200_000) + asked(b"smudge", b"b", b"abc")
    answer, complaints = served(GREETING + CAPABLE + files, {b"clean": failing, b"smudge": whole})
    assert answer.endswith(PASSES + turned(b"ABC"))
    assert complaints == ["the disk is full"]


def test_a_failure_behind_the_first_bytes_takes_them_back() -> None:
    files = asked(b"smudge", b"a", b"abc") + asked(b"clean", b"b", b"abc")
    answer, complaints = served(GREETING + CAPABLE + files, {b"smudge": failing_late, b"clean": whole})
    taken_back = packet(SUCCESS) + FLUSH + packet(b"half of it") + FLUSH + packet(ERROR) + FLUSH
    assert answer.endswith(taken_back + turned(b"ABC"))
    assert complaints == ["the object is damaged"]


def test_a_git_that_hangs_up_in_the_middle_ends_it() -> None:
    said = GREETING + CAPABLE + asked(b"clean", b"a", b"x" * 100)[:-10]
    assert served(said, {b"clean": whole}) == (HELLO + packet(b"capability=clean\n") + FLUSH, [])


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="what a process has open, the system does not say")
def test_a_git_that_has_let_go_of_its_end_has_hung_up_whoever_else_still_holds_it() -> None:
    channel_in, to_channel = os.pipe()
    git = subprocess.Popen(["sleep", "60"], pass_fds=[to_channel])
    channel = Channel(channel_in, 1, git.pid)
    waiting = threading.Thread(target=channel.request)
    waiting.start()
    waiting.join(3 * IDLE)
    assert waiting.is_alive()
    git.kill()
    git.wait()
    waiting.join(20 * IDLE)
    assert not waiting.is_alive()
    os.close(to_channel)  # until now it was ours
    os.close(channel_in)


@pytest.mark.parametrize("said", [packet(b"git-lfs-client\n"), packet(b"git-filter-client\n") + packet(b"version=1\n")])
def test_another_protocol_is_refused(said: bytes) -> None:
    channel_in, to_channel = os.pipe()
    os.write(to_channel, said + FLUSH)
    os.close(to_channel)
    with pytest.raises(GuardError, match="version 2"):
        Channel(channel_in, 1).greet([b"clean"])
    os.close(channel_in)


def test_what_is_no_packet_is_refused() -> None:
    channel_in, to_channel = os.pipe()
    os.write(to_channel, b"zzzz")
    os.close(to_channel)
    with pytest.raises(GuardError, match="pkt-line"):
        Channel(channel_in, 1).greet([])
    os.close(channel_in)
