"""The objects of the new history: remembered with where they go, and sent when the refs have moved."""

from __future__ import annotations

import pytest

from tests.migrate.legacy import Legacy, md5
from trinity_guard.errors import GuardError
from trinity_guard.migrate import destination, upload
from trinity_guard.migrate.migration import Migration


def test_what_is_wanted_and_where_it_goes_are_remembered(legacy: Legacy) -> None:
    with Migration(legacy.place) as migration:
        with pytest.raises(GuardError, match="there is no migration here"):
            upload.wanted(migration)
        with migration.state:
            upload.want(migration.state, [("a" * 32, 5), ("b" * 32, 0)], destination.at("storage", "s3://typed"))
        assert upload.wanted(migration) == [("a" * 32, 5), ("b" * 32, 0)]
        assert (upload.destined(migration).name, upload.destined(migration).url) == ("storage", "s3://typed")


def test_a_config_that_is_checked_out_says_where_they_go(legacy: Legacy) -> None:
    legacy.commit({".dvc/config": b"[core]\n    remote = r\n['remote \"r\"']\n    url = s3://theirs\n"})
    with Migration(legacy.place) as migration, migration.state:
        upload.want(migration.state, [], destination.at("storage", "s3://typed"))
        assert upload.destined(migration).url == "s3://theirs"


def test_a_damaged_list_is_said_with_the_way_on(legacy: Legacy) -> None:
    with Migration(legacy.place) as migration, migration.state:
        migration.state.replace(upload.WANTED, b"nonsense\n")
        with pytest.raises(GuardError, match="is damaged") as error:
            upload.wanted(migration)
    assert "dvc push --all-commits" in error.value.remedy


def test_a_push_sends_what_the_remote_lacks_out_of_the_cache_that_was_filled(legacy: Legacy) -> None:
    legacy.commit({"a.pkl": b"one", "b.pkl": b"two"})
    legacy.migrate()
    objects = [(md5(b"one"), 3), (md5(b"two"), 3)]
    told: list[str] = []
    with Migration(legacy.place, lambda stage, *_: told.append(stage)) as migration:
        where = destination.at("storage", str(legacy.path.parent / "storage"))
        assert upload.push(migration, where, objects) == 2
        assert upload.push(migration, where, objects) == 0
    assert set(told) == {"push"}


def test_before_refs_move_they_come_out_of_the_cache_of_the_options(legacy: Legacy) -> None:
    legacy.commit({"a.pkl": b"one"})
    with Migration(legacy.place) as migration:
        options = legacy.options()
        with pytest.raises(GuardError, match="could not go"):
            upload.send(migration, options, [(md5(b"one"), 3)])
        legacy.migrate()
        assert upload.send(migration, options, [(md5(b"one"), 3)]) == 1
