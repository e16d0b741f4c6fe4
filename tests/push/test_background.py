"""One push at a time; one that is superfluous knows it; what a push in the background last said is found."""

from __future__ import annotations

import fcntl

import pytest

from tests.push.conftest import World
from trinity_guard import git
from trinity_guard.push import background
from trinity_guard.push.queue import Queue


def test_who_pushes_is_seen_by_others_and_only_meanwhile(world: World) -> None:
    assert not background.running(world.place)
    with background.PushLock(world.place) as lock:
        assert not lock.superfluous
        assert background.running(world.place)
    assert not background.running(world.place)


def test_the_one_that_waits_is_told_why(world: World) -> None:
    waited: list[bool] = []
    with background.PushLock(world.place, lambda: waited.append(True)):
        assert waited == []
    with background.PushLock(world.place) as first:

        def let_go() -> None:
            waited.append(True)
            first.__exit__()
            first._fd = -1

        with background.PushLock(world.place, let_go):
            assert waited == [True]


def test_in_the_background_a_second_one_that_waits_is_superfluous(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(background.BEHIND, "1")
    world.repo.write(".git/trinity-guard/push.lock.next", b"")
    with world.repo.file(".git/trinity-guard/push.lock.next").open("wb") as waiting:
        fcntl.flock(waiting, fcntl.LOCK_EX)
        with background.PushLock(world.place) as lock:
            assert lock.superfluous
    with background.PushLock(world.place) as lock:
        assert not lock.superfluous


@pytest.mark.parametrize(
    ("log", "words"),
    [
        (None, ""),
        (b"", ""),
        (b"one\ntwo\n", "two"),
        (b"trinity-guard: it failed\n    the command\n\n", "trinity-guard: it failed"),
        (b"n\xff\n", "n\ufffd"),
    ],
)
def test_the_last_words_are_the_last_line_but_for_remedies(world: World, log: bytes | None, words: str) -> None:
    if log is not None:
        world.repo.write(".git/trinity-guard/push.log", log)
    assert background.last_words(world.place) == words


def test_objects_are_queued_before_a_process_is_started(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[tuple[list[str], dict[str, str], int]] = []

    def detach(argv: list[str], log: bytes, env: dict[str, str]) -> None:
        started.append((argv, env, len(Queue(world.place).read())))

    monkeypatch.setattr(git, "detach", detach)
    monkeypatch.setenv("GIT_INDEX_FILE", "/of/the/commit/under/way")
    log = world.repo.file(".git/trinity-guard/push.log")
    world.repo.write(".git/trinity-guard/push.log", b"x" * (background.MAX_LOG + 1))
    background.push_in_background(world.place, [world.named("1" * 32)])
    ((argv, env, queued),) = started
    assert queued == 1
    assert argv[-2:] == ["push", "--pending"]
    assert env[background.BEHIND] == "1"
    assert "GIT_INDEX_FILE" not in env
    assert log.stat().st_size == 0
