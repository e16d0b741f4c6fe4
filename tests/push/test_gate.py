"""Before a `git push`: the remote has every object that the commits name, or each that lacks is named."""

from __future__ import annotations

import pytest

from tests.push.conftest import World
from trinity_guard.config import Config
from trinity_guard.push import gate
from trinity_guard.push.queue import Queue


@pytest.fixture(autouse=True)
def trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRINITY_GUARD_TRUST", "1")


def secured(world: World, *items: object) -> gate.Secured:
    return gate.secure(world.place, Config(), items)  # type: ignore[arg-type]


def test_what_lacks_is_sent_and_what_waited_for_that_waits_no_longer(world: World) -> None:
    one, two = world.hold(b"one"), world.hold(b"two")
    Queue(world.place).add([one, two])
    done = secured(world, one)
    assert [i.md5 for i in done.sent] == [one.md5]
    assert [i.md5 for i in Queue(world.place).read()] == [two.md5]
    assert [i.md5 for i in secured(world, one).there] == [one.md5]


def test_the_remote_is_asked_whatever_was_known_of_it(world: World) -> None:
    item = world.hold(b"one")
    secured(world, item)
    world.stored(item).unlink()
    assert [i.md5 for i in secured(world, item).sent] == [item.md5]


def test_what_nobody_has_is_missing_with_the_reason(world: World) -> None:
    lost = world.named("0" * 32, 5)
    assert [(i.md5, why) for i, why in secured(world, lost).missing] == [(lost.md5, "its object is not in the cache")]


def test_a_pointer_with_another_size_than_its_object_is_found_out(world: World) -> None:
    item = world.hold(b"good")
    item.size = 999
    ((_, why),) = secured(world, item).missing
    assert why == "its pointer says 999 bytes, and its object has 4"


def test_a_directory_that_only_the_remote_lists_is_looked_into(world: World) -> None:
    one, two = world.hold(b"a"), world.hold(b"b")
    folder = world.hold_folder(one, two)
    secured(world, folder)
    for item in (one, two, folder):
        world.cached(item).unlink()
    assert [i.md5 for i in secured(world, folder).there] == [folder.md5]
    world.stored(two).unlink()
    ((item, why),) = secured(world, folder).missing
    assert (item.md5, why) == (folder.md5, "its object is not in the cache")


def test_what_only_a_template_could_tell_is_missing_unless_git_has_the_file(world: World) -> None:
    world.repo.stage("kept.txt", b"in Git itself\n")
    world.repo.commit()
    unsure = world.named("0" * 32)
    unsure.certain, unsure.commit = False, world.repo.head().encode()
    unsure.path = b"kept.txt"
    assert secured(world, unsure).missing == []
    unsure.path = b"nowhere.txt"
    assert [i.path for i, _ in secured(world, unsure).missing] == [b"nowhere.txt"]


def test_a_cloud_versioned_remote_is_left_to_dvc(world: World) -> None:
    world.repo.write(
        ".dvc/config", b"[core]\n    remote = v\n['remote \"v\"']\n    url = s3://b\n    version_aware = true\n"
    )
    one, two = world.hold(b"one"), world.hold(b"two")
    for item, version in ((one, "  version_id: abc\n"), (two, "")):
        item.source = b"%s.dvc" % item.md5.encode()
        text = f"outs:\n- md5: {item.md5}\n  size: 3\n{version}  hash: md5\n  path: {item.md5}\n"
        world.repo.stage(item.source.decode(), text.encode())
    world.repo.commit("--no-verify")
    one.commit = two.commit = world.repo.head().encode()
    done = secured(world, one, two)
    assert (done.left, done.sent, done.missing) == (["v"], [], [])
    assert [item.md5 for item in done.unversioned] == [two.md5]
