"""What is drawn while a command works: on a terminal, after a second, and never anywhere else."""

from __future__ import annotations

import io
import time
from types import SimpleNamespace

import pytest

from trinity_guard import console
from trinity_guard.commands.terminal import progress
from trinity_guard.commands.terminal.progress import Progress


class Screen(io.StringIO):
    """Standard error, as a terminal or as a file."""

    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(time, "monotonic", found)
    return found


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    console.begin()
    found = Screen(terminal=True)
    monkeypatch.setattr(progress, "sys", SimpleNamespace(stderr=found))  # pytest sets sys.stderr anew for each phase
    return found


CLEAR = "\r\x1b[K"


def test_a_bar_says_what_is_done_of_what_how_fast_and_how_long_still(screen: Screen, clock: Clock) -> None:
    with Progress() as line:
        show = line.bar("pushing")
        clock.now += 2
        show(30_000_000, 120_000_000)
        assert screen.getvalue() == "\rpushing [#####               ] 30/120 MB  15.0 MB/s  6 s left\x1b[K"
    assert screen.getvalue().endswith(CLEAR)


@pytest.mark.parametrize(
    ("steps", "drawn"),
    [
        ([0.0, 0.5, 0.25], 0),  # over within a second
        ([1.0], 1),
        ([1.0, 0.03125, 0.0625], 1),  # ten times a second are enough
        ([1.0, 0.0625, 0.0625, 0.125], 3),
    ],
)
def test_a_bar_comes_after_a_second_and_moves_ten_times_a_second(
    screen: Screen, clock: Clock, steps: list[float], drawn: int
) -> None:
    line = Progress()
    show = line.bar("pushing")
    for step in steps:
        clock.now += step
        show(1, 2)
    assert screen.getvalue().count("pushing") == drawn


def test_what_an_earlier_run_did_does_not_count(screen: Screen, clock: Clock) -> None:
    show = Progress().bar("reading", 1, "commits", since=60)
    clock.now += 2
    show(80, 100)
    assert "[##########          ] 20/40 commits  10.0 commits/s  2 s left" in screen.getvalue()


@pytest.mark.parametrize(
    ("done", "total", "words"), [(0, 0, "[####################] 0/0"), (0, 9, "[                    ] 0/9")]
)
def test_nothing_done_yet_has_no_end(screen: Screen, clock: Clock, done: int, total: int, words: str) -> None:
    show = Progress().bar("reading", 1, "commits")
    clock.now += 2
    show(done, total)
    assert words in screen.getvalue()
    assert "left" not in screen.getvalue()


def test_a_word_is_said_at_once_and_goes_with_the_block(screen: Screen) -> None:
    def fail() -> None:
        with Progress() as line:
            line.say("loading")
            assert screen.getvalue() == "\rloading …\x1b[K"
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert screen.getvalue() == f"\rloading …\x1b[K{CLEAR}"


def test_the_line_is_taken_away_once_and_drawn_again(screen: Screen) -> None:
    with Progress() as line:
        line.say("one")
        line.close()
        line.close()
        line.say("two")
    assert screen.getvalue() == f"\rone …\x1b[K{CLEAR}\rtwo …\x1b[K{CLEAR}"


@pytest.mark.parametrize(("terminal", "level"), [(False, console.NORMAL), (True, console.QUIET)])
def test_nothing_is_drawn_where_nobody_looks(
    monkeypatch: pytest.MonkeyPatch, clock: Clock, terminal: bool, level: int
) -> None:
    screen = Screen(terminal)
    monkeypatch.setattr(progress, "sys", SimpleNamespace(stderr=screen))
    console.set_level(level)
    try:
        with Progress() as line:
            show = line.bar("pushing")
            clock.now += 5
            show(1, 2)
            line.say("loading")
    finally:
        console.begin()
    assert screen.getvalue() == ""
