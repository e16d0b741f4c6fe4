"""Objects brought to one remote: files before the directories that list them, damaged ones never, each asked once."""

from __future__ import annotations

import os
import shutil

import pytest

from tests.push.conftest import World
from trinity_guard.dvcrepo import tracked
from trinity_guard.dvcrepo.project import RemoteConfig
from trinity_guard.errors import GuardError
from trinity_guard.push import deliver
from trinity_guard.remotes import connect
from trinity_guard.remotes.trust import Untrusted


@pytest.fixture(autouse=True)
def trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRINITY_GUARD_TRUST", "1")


def delivered(world: World, *items: object, known: deliver.Known | None = None) -> deliver.Delivery:
    to = deliver.destination(world.place, b"", "")
    with connect.connect(to.settings, to.name) as remote:
        return deliver.deliver(to, remote, items, known)  # type: ignore[arg-type]


def test_what_lacks_is_sent_and_what_is_there_is_not(world: World) -> None:
    one, two = world.hold(b"one"), world.hold(b"two")
    assert delivered(world, one).sent == {one.md5}
    done = delivered(world, one, two)
    assert (done.sent, done.failed) == ({two.md5}, {})
    assert world.stored(two).read_bytes() == b"two"


def test_an_object_that_is_nowhere_is_named_with_the_reason(world: World) -> None:
    lost = world.named("0" * 32, 5)
    done = delivered(world, lost)
    assert done.lacking(lost) == "its object is not in the cache"
    assert done.sent == set()


def test_a_damaged_object_of_the_cache_is_not_sent(world: World) -> None:
    item = world.hold(b"good")
    world.spoil(world.cached(item))
    assert "its object in the cache is damaged" in delivered(world, item).lacking(item)
    assert not world.stored(item).exists()


def test_for_a_damaged_file_of_a_directory_the_command_is_that_puts_its_bytes_there_again(world: World) -> None:
    """`convert` alone takes an object that is there for good, where it knows the file."""
    world.repo.write("d/0", b"good")
    world.repo.dvc("add", "d")
    world.repo.git("add", "d.dvc")
    item = next(o for o in tracked.load(world.place).outputs() if o.is_dir)
    file = world.repo.path / ".dvc/cache/files/md5/75" / "5f85c2723bb39381c7379a604160d8"
    world.spoil(file)
    (command,) = deliver.from_here(world.place, [(item, delivered(world, item).lacking(item))])
    assert command == f"rm -f {file} && trinity-guard convert d     # the bytes are here"
    file.unlink()
    world.repo.guard("convert", "d")
    assert delivered(world, item).lacking(item) == ""


def test_another_size_on_the_remote_is_a_damaged_object_and_is_replaced(world: World) -> None:
    item = world.hold(b"good")
    delivered(world, item)
    world.spoil(world.stored(item), b"go")
    assert delivered(world, item).sent == {item.md5}
    assert world.stored(item).read_bytes() == b"good"


def test_a_size_that_only_the_pointer_says_does_not_replace_what_is_right(world: World) -> None:
    item = world.hold(b"good")
    delivered(world, item)
    assert delivered(world, world.named(item.md5, 999)).sent == set()


def test_a_directory_goes_after_all_of_its_files(world: World) -> None:
    files = [world.hold(b"a"), world.hold(b"b")]
    folder = world.hold_folder(*files)
    done = delivered(world, folder)
    assert done.sent == {folder.md5, *(f.md5 for f in files)}
    assert done.lacking(folder) == ""


def test_a_directory_whose_file_could_not_go_does_not_go_either(world: World) -> None:
    good, lost = world.hold(b"a"), world.hold(b"b")
    folder = world.hold_folder(good, lost)
    world.cached(lost).unlink()
    done = delivered(world, folder)
    assert done.sent == {good.md5}
    why = "a file of this directory could not go: its object is not in the cache"
    assert done.lacking(folder) == why
    assert not world.stored(folder).exists()


def test_what_the_remote_is_known_to_have_is_not_asked_about(world: World) -> None:
    service = RemoteConfig("s", "s3://bucket", {"url": "s3://bucket"}, "repo", {"url": "repo"})
    known = deliver.Known(world.place, service)
    item = world.hold(b"one")
    known.add([item.md5])
    assert item.md5 in deliver.Known(world.place, service)
    assert delivered(world, item, known=known).sent == set()
    assert not world.stored(item).exists()
    known.forget([item.md5])
    assert delivered(world, item, known=deliver.Known(world.place, service)).sent == {item.md5}
    assert item.md5 in deliver.Known(world.place, service)


def test_each_place_has_its_own_record_and_a_folder_none(world: World) -> None:
    one = RemoteConfig("s", "s3://bucket", {"url": "s3://bucket"}, "repo", {"url": "repo"})
    other = RemoteConfig("s", "s3://bucket", {"url": "s3://bucket", "endpointurl": "http://h"}, "repo", {"url": "repo"})
    deliver.Known(world.place, one).add(["1" * 32])
    assert "1" * 32 not in deliver.Known(world.place, other)
    folder = deliver.Known(world.place, world.settings().remotes["s"])
    folder.add(["1" * 32])
    assert "1" * 32 not in deliver.Known(world.place, world.settings().remotes["s"])


# --- the destination


def test_the_default_remote_is_the_destination_by_any_case_of_its_name(world: World) -> None:
    for name in ("", "s", "S"):
        to = deliver.destination(world.place, b"", name)
        assert (to.name, os.fsdecode(to.remote.local or b"")) == ("s", str(world.storage))
    assert world.storage.is_dir()


@pytest.mark.parametrize(
    ("config", "name", "problem", "remedy"),
    [
        (b"", "", "no DVC remote is set", "trinity-guard remote add URL"),
        (b"", "other", "the DVC remote 'other' is not configured", "trinity-guard remote add other URL"),
    ],
)
def test_without_a_remote_it_says_how_to_add_one(
    world: World, config: bytes, name: str, problem: str, remedy: str
) -> None:
    world.repo.write(".dvc/config", config)
    with pytest.raises(GuardError, match=problem) as caught:
        deliver.destination(world.place, b"", name)
    assert caught.value.remedy == remedy


def test_a_remote_that_nobody_confirmed_is_no_destination(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRINITY_GUARD_TRUST")
    with pytest.raises(Untrusted, match="you never confirmed it"):
        deliver.destination(world.place, b"", "")
    assert not world.storage.exists()


def test_a_folder_that_was_there_and_is_gone_is_a_disk_that_is_not_mounted(world: World) -> None:
    deliver.destination(world.place, b"", "")
    shutil.rmtree(world.storage)
    with pytest.raises(GuardError, match="is away"):
        deliver.destination(world.place, b"", "")
    assert not world.storage.exists()


def test_a_folder_that_published_commits_name_is_not_made_anew(world: World) -> None:
    world.repo.stage("a.csv.dvc", f"outs:\n- md5: {'0' * 32}\n  size: 1\n  hash: md5\n  path: a.csv\n".encode())
    world.repo.commit("--no-verify")
    world.repo.git("update-ref", "refs/remotes/origin/main", "HEAD")
    with pytest.raises(GuardError, match="is its disk not mounted") as caught:
        deliver.destination(world.place, b"", "")
    assert not world.storage.exists()
    assert f"mkdir -p {world.storage}" in caught.value.remedy
    world.storage.mkdir()
    deliver.destination(world.place, b"", "")


MINE = "[core]\n    remote = mine\n['remote \"mine\"']\n    url = ../../mine\n"


@pytest.mark.parametrize(
    ("local", "name"),
    [(MINE, "mine"), ("['remote \"s\"']\n    url = ../../mine\n", "s"), ("[core]\n    remote = s\n", "s")],
)
def test_what_is_published_is_where_the_committed_config_leads(world: World, local: str, name: str) -> None:
    world.repo.write(".dvc/config.local", local.encode())
    world.repo.write(".dvc/.gitignore", b"/config.local\n")
    mine, published = (deliver.destination(world.place, b"", "", seen) for seen in (False, True))
    assert mine.name == name
    assert (published.name, os.fsdecode(published.remote.local or b"")) == ("s", str(world.storage))


def test_a_default_that_this_machine_alone_knows_is_none_for_others(world: World) -> None:
    world.repo.write(".dvc/config", world.repo.file(".dvc/config").read_bytes().replace(b"remote = s", b""))
    world.repo.write(".dvc/.gitignore", b"/config.local\n")
    for local, remedy in (
        (b"[core]\n    remote = s\n", "dvc remote default s"),
        (MINE.encode(), "trinity-guard remote add"),
    ):
        world.repo.write(".dvc/config.local", local)
        assert deliver.destination(world.place, b"", "").name in ("s", "mine")
        with pytest.raises(GuardError, match="nobody else would look there") as caught:
            deliver.destination(world.place, b"", "", published=True)
        assert caught.value.remedy.startswith(remedy)


def test_a_folder_that_cannot_be_made_is_said(world: World) -> None:
    world.storage.write_bytes(b"a file in its way")
    with pytest.raises(GuardError, match="cannot make the remote's folder"):
        deliver.destination(world.place, b"", "")
