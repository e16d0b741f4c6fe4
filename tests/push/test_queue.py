"""What waits for its remote is on disk, once each, until it is let go; and failed remotes are tried ever less often."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.push.conftest import World
from trinity_guard.errors import GuardError
from trinity_guard.push import queue
from trinity_guard.push.queue import Queue, Retries

ONE, TWO, THREE = "1" * 32, "2" * 32, "3" * 32 + ".dir"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let the test say what time it is, in seconds since 1970."""
    now = [1_000_000]
    monkeypatch.setattr(queue, "_now", lambda: now[0])
    return now


def md5s(waiting: Queue) -> list[str]:
    return [item.md5 for item in waiting.read()]


def batches(world: World) -> list[Path]:
    return sorted((world.repo.path / ".git" / "trinity-guard" / "queue").iterdir())


def test_what_is_added_is_read_back_whole(world: World) -> None:
    item = world.named(ONE, 5, "other")
    item.source = "é b\n".encode() + b"\xff.dvc"
    item.project = b"sub"
    Queue(world.place).add([item, world.named(THREE)])
    first, second = Queue(world.place).read()
    assert (first.md5, first.size, first.record, first.project, first.remote) == (ONE, 5, item.source, b"sub", "other")
    assert (first.commit, second.is_dir, second.size) == (world.commit, True, -1)


def test_an_object_of_dvc_2_and_an_output_of_a_pipeline_come_back_as_they_went(world: World) -> None:
    legacy, locked = world.named(ONE), world.named(TWO)
    legacy.legacy = True
    locked.path, locked.source, locked.stage = b"out.csv", b"dvc.lock", "make"
    Queue(world.place).add([legacy, locked])
    first, second = Queue(world.place).read()
    assert (first.name, first.legacy, first.record) == (f"dos2unix-{ONE}", True, b"a.dvc")
    assert (second.name, second.legacy, second.record) == (TWO, False, b"out.csv")


def test_an_empty_queue_has_no_folder_and_nothing_to_read(world: World) -> None:
    Queue(world.place).add([])
    assert Queue(world.place).empty()
    assert Queue(world.place).read() == []
    assert not (world.repo.path / ".git" / "trinity-guard" / "queue").exists()


def test_a_batch_is_named_for_its_commit_and_cannot_be_met_twice(world: World) -> None:
    Queue(world.place).add([world.named(ONE)])
    assert re.fullmatch(rf"{world.commit[:12].decode()}-[0-9a-f]{{16}}", batches(world)[0].name)


def test_what_is_added_and_what_is_left_is_forced_to_the_disk(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    forced: list[int] = []
    monkeypatch.setattr(os, "fsync", forced.append)
    Queue(world.place).add([world.named(ONE), world.named(TWO)])
    assert len(forced) == 2  # its bytes, its name
    Queue(world.place).let_go([world.named(TWO)])
    assert len(forced) == 4


def test_two_batches_of_one_commit_in_one_second_are_two(world: World, clock: list[int]) -> None:
    Queue(world.place).add([world.named(ONE)])
    Queue(world.place).add([world.named(TWO)])
    assert sorted(md5s(Queue(world.place))) == [ONE, TWO]


def test_an_object_waits_once_for_each_remote(world: World) -> None:
    Queue(world.place).add([world.named(ONE), world.named(ONE)])
    Queue(world.place).add([world.named(ONE), world.named(ONE, remote="other")])
    assert [(i.md5, i.remote) for i in Queue(world.place).read()] == [(ONE, ""), (ONE, "other")]


def test_what_is_let_go_leaves_all_batches_and_the_rest_stays(world: World) -> None:
    Queue(world.place).add([world.named(ONE), world.named(TWO)])
    Queue(world.place).add([world.named(ONE)])
    Queue(world.place).let_go([world.named(ONE)])
    assert md5s(Queue(world.place)) == [TWO]
    assert len(batches(world)) == 1
    Queue(world.place).let_go([world.named(TWO, remote="other")])
    assert md5s(Queue(world.place)) == [TWO]
    Queue(world.place).let_go([world.named(TWO)])
    assert Queue(world.place).empty()


def test_a_batch_that_loses_nothing_is_not_written_again(world: World) -> None:
    Queue(world.place).add([world.named(ONE)])
    before = batches(world)[0].stat()
    Queue(world.place).let_go([world.named(TWO)])
    assert batches(world)[0].stat().st_ino == before.st_ino


def test_to_let_go_of_nothing_no_batch_is_read(world: World) -> None:
    Queue(world.place).add([world.named(ONE)])
    batches(world)[0].write_bytes(b"damaged")
    Queue(world.place).let_go([])
    assert [file.read_bytes() for file in batches(world)] == [b"damaged"]


def test_a_batch_that_another_push_lets_go_of_meanwhile_hides_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    Queue(world.place).add([world.named(ONE)])
    there = batches(world)[0].name.encode()
    monkeypatch.setattr(os, "listdir", lambda folder: [b"gone", there])
    assert md5s(Queue(world.place)) == [ONE]


@pytest.mark.parametrize("damage", [b"", b"\0", b"half of a line", b"no md5\0" + b"1\0" * 5, b"\xff\0" * 6])
def test_a_damaged_batch_is_put_aside_and_said_and_the_others_go_on(world: World, damage: bytes) -> None:
    Queue(world.place).add([world.named(ONE)])
    (file,) = batches(world)
    file.write_bytes(damage)
    with pytest.raises(GuardError, match="was damaged; it is put aside as") as caught:
        Queue(world.place).read()
    assert caught.value.remedy == ("trinity-guard push REV     # queues again what a commit names; without REV: HEAD")
    assert [f.name for f in batches(world)] == [file.name + ".damaged"]
    Queue(world.place).add([world.named(TWO)])
    assert md5s(Queue(world.place)) == [TWO]


def test_all_that_is_damaged_is_put_aside_at_once_a_folder_too(world: World) -> None:
    Queue(world.place).add([world.named(ONE)])
    folder = Path(os.fsdecode(world.place.queue))
    (folder / "0-folder").mkdir()
    (folder / "1-damaged").write_bytes(b"garbage")
    with pytest.raises(GuardError) as caught:
        Queue(world.place).read()
    assert "0-folder.damaged" in caught.value.problem
    assert "1-damaged.damaged" in caught.value.problem
    assert len(caught.value.remedy.splitlines()) == 1
    assert md5s(Queue(world.place)) == [ONE]


def test_to_let_go_of_what_arrived_a_damaged_batch_is_no_obstacle(world: World) -> None:
    queue = Queue(world.place)
    one, two = world.hold(b"one"), world.hold(b"two")
    queue.add([one, two])
    Path(os.fsdecode(world.place.queue), "0-damaged").write_bytes(b"garbage\0x")
    queue.let_go([one])
    with pytest.raises(GuardError, match="was damaged"):
        queue.read()
    assert [item.name for item in queue.read()] == [two.name]


def test_a_file_that_is_being_written_is_no_batch_yet(world: World) -> None:
    Queue(world.place).add([world.named(ONE)])
    folder = batches(world)[0].parent
    (folder / ".half").write_bytes(b"half")
    (folder / "batch.tmp-5").write_bytes(b"half, by an older version")
    assert md5s(Queue(world.place)) == [ONE]


# --- tries


def test_a_remote_that_fails_waits_longer_each_time_up_to_an_hour(world: World, clock: list[int]) -> None:
    retries, waited = Retries(world.place), []
    for _ in range(8):
        retries.failed("s")
        assert retries.waits("s")
        waited.append((retries.read()["s"][1] - clock[0]) // 60)
    assert waited == [1, 2, 5, 15, 30, 60, 60, 60]
    assert not retries.waits("another")


def test_it_is_tried_again_when_its_time_has_come_and_after_success_at_once(world: World, clock: list[int]) -> None:
    retries = Retries(world.place)
    retries.failed("s")
    clock[0] += 59
    assert retries.waits("s")
    clock[0] += 1
    assert not retries.waits("s")
    retries.failed("s")
    retries.worked("s")
    assert retries.read() == {}
    assert retries.next_try() is None


def test_a_clock_that_was_set_back_does_not_stop_the_tries(world: World, clock: list[int]) -> None:
    Retries(world.place).failed("s")
    clock[0] -= 100_000
    assert not Retries(world.place).waits("s")


def test_no_wait_is_longer_than_an_hour(world: World, clock: list[int]) -> None:
    for _ in range(6):
        Retries(world.place).failed("s")
    assert Retries(world.place).waits("s")
    clock[0] -= 1
    assert not Retries(world.place).waits("s")


def test_success_of_a_remote_that_never_failed_changes_nothing(world: World) -> None:
    Retries(world.place).failed("s")
    before = (world.repo.path / ".git" / "trinity-guard" / "retries").stat()
    Retries(world.place).worked("other")
    assert (world.repo.path / ".git" / "trinity-guard" / "retries").stat().st_ino == before.st_ino
    assert Retries(world.place).read().keys() == {"s"}


def test_a_damaged_record_means_that_every_remote_is_tried(world: World) -> None:
    Retries(world.place).failed("s")
    file = world.repo.path / ".git" / "trinity-guard" / "retries"
    for damage in (b"s\0many\0later\0", b"s\0" + b"1", b"\xff"):
        file.write_bytes(damage)
        assert Retries(world.place).read() == {}
    Retries(world.place).failed("s")
    assert Retries(world.place).waits("s")


def test_a_push_is_due_when_something_waits_and_the_first_remote_s_time_has_come(
    world: World, clock: list[int]
) -> None:
    assert not queue.due(world.place)
    Queue(world.place).add([world.named(ONE)])
    assert queue.due(world.place)
    Retries(world.place).failed("s")
    assert not queue.due(world.place)
    clock[0] += 60
    assert queue.due(world.place)
