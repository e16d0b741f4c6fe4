"""All that waits is pushed, remote by remote; a remote in trouble keeps its own waiting, and nobody else's."""

from __future__ import annotations

import pytest

from tests.push.conftest import World
from trinity_guard.config import Config
from trinity_guard.push import deliver, push
from trinity_guard.push.queue import Queue, Retries


@pytest.fixture(autouse=True)
def trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRINITY_GUARD_TRUST", "1")


def test_what_is_pushed_leaves_the_queue_with_what_waited_before(world: World) -> None:
    before, now = world.hold(b"before"), world.hold(b"now")
    Queue(world.place).add([before])
    report = push.push(world.place, Config(), [now])
    assert {i.md5 for i in report.pushed} == {before.md5, now.md5}
    assert report.remotes == ["s"]
    assert Queue(world.place).empty()
    assert world.stored(before).read_bytes() == b"before"


def test_what_the_remote_has_counts_as_done(world: World) -> None:
    item = world.hold(b"one")
    push.push(world.place, Config(), [item])
    report = push.push(world.place, Config(), [item])
    assert (report.pushed, [i.md5 for i in report.there]) == ([], [item.md5])


def test_what_could_not_go_waits_with_its_reason(world: World) -> None:
    good, lost = world.hold(b"good"), world.named("0" * 32, 5)
    report = push.push(world.place, Config(), [good, lost])
    assert [i.md5 for i in report.pushed] == [good.md5]
    assert report.reasons == ["a.dvc: its object is not in the cache"]
    assert [i.md5 for i in Queue(world.place).read()] == [lost.md5]


def test_a_remote_that_is_not_there_keeps_only_its_own_waiting(world: World) -> None:
    good, other = world.hold(b"good"), world.hold(b"other", remote="gone")
    report = push.push(world.place, Config(), [other, good])
    assert [i.md5 for i in report.pushed] == [good.md5]
    assert report.reasons == ["the DVC remote 'gone' is not configured"]
    assert report.remedies == ["trinity-guard remote add gone URL"]
    assert [i.md5 for i in Queue(world.place).read()] == [other.md5]


def test_the_configured_remote_stands_in_for_the_default_and_names_know_no_case(world: World) -> None:
    one, two, three = world.named("1" * 32), world.named("2" * 32, remote="Other"), world.named("3" * 32)
    three.project = b"sub"
    groups = push.grouped(Config(remote="OTHER"), [one, two, three])
    assert {k: [i.md5[0] for i in v] for k, v in groups.items()} == {
        (b"", "other"): ["1", "2"],
        (b"sub", "other"): ["3"],
    }
    assert push.grouped(Config(), [one]).keys() == {(b"", "")}


def test_a_remote_that_failed_lately_is_left_alone_unless_a_person_asks(world: World) -> None:
    item = world.hold(b"one")
    Retries(world.place).failed("s")
    report = push.push(world.place, Config(), [item], asked=False)
    assert report.reasons == ["'s' failed a while ago, and is tried again later"]
    assert not Queue(world.place).empty()
    report = push.push(world.place, Config(), [], asked=True)
    assert [i.md5 for i in report.pushed] == [item.md5]
    assert Retries(world.place).read() == {}


def test_a_folder_that_takes_nothing_counts_as_a_failure_of_the_remote(world: World) -> None:
    item = world.hold(b"one")
    push.push(world.place, Config(), [])
    (world.storage / "files").parent.mkdir(parents=True, exist_ok=True)
    (world.storage / "files").write_bytes(b"a file in the way")
    report = push.push(world.place, Config(), [item])
    assert [i.md5 for i in report.waiting] == [item.md5]
    assert Retries(world.place).read()["s"][0] == 1


def test_a_person_s_push_asks_whatever_is_known(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    real = deliver.deliver

    def noted(to: object, remote: object, group: object, known: object, *more: object) -> deliver.Delivery:
        asked.append(known)
        return real(to, remote, group, known, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(deliver, "deliver", noted)
    item = world.hold(b"one")
    push.push(world.place, Config(), [item])
    push.push(world.place, Config(), [item], asked=False)
    assert asked[0] is None
    assert isinstance(asked[1], deliver.Known)


def test_a_cloud_versioned_remote_is_left_to_dvc_and_its_objects_do_not_wait(world: World) -> None:
    world.repo.write(
        ".dvc/config", b"[core]\n    remote = v\n['remote \"v\"']\n    url = s3://b\n    version_aware = true\n"
    )
    item = world.hold(b"one")
    report = push.push(world.place, Config(), [item])
    assert report.left == ["v"]
    assert report.done() == report.let_go
    assert Queue(world.place).empty()
