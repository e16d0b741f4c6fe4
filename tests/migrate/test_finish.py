"""The end of a migration: only where there is one, only what is pushed, and then no old object is left."""

from __future__ import annotations

import pytest

from tests.migrate.legacy import Legacy
from trinity_guard.errors import GuardError
from trinity_guard.migrate import finish, run, state
from trinity_guard.migrate.migration import Migration


@pytest.fixture
def done(legacy: Legacy) -> Legacy:
    """A history that was migrated and not pushed."""
    legacy.commit({"a.pkl": b"1" * 5000})
    with Migration(legacy.place) as migration:
        run.run(migration, legacy.options())
    return legacy


def test_without_a_migration_there_is_nothing_to_finish(legacy: Legacy) -> None:
    first = legacy.commit({"a.pkl": b"1"})
    with Migration(legacy.place) as migration:
        with pytest.raises(GuardError, match="no migration to finish"):
            finish.require_migrated(migration)
        legacy.git("update-ref", "refs/trinity-guard/original/heads/main", first)
        with pytest.raises(GuardError, match=r"state\.json is gone"):
            finish.require_migrated(migration)


def test_the_only_copy_of_an_object_is_not_let_go_of(done: Legacy) -> None:
    with Migration(done.place) as migration:
        with pytest.raises(GuardError, match=r"1 object .* not on the DVC remote 'storage'") as error:
            finish.require_pushed(migration)
        assert "--force-unpushed" in error.value.remedy
        done.storage()
        finish.require_pushed(migration)


def test_what_keeps_the_old_history_alive_is_named(done: Legacy) -> None:
    old = done.refs()["refs/trinity-guard/original/heads/main"]
    with Migration(done.place) as migration:
        assert finish.still_alive(migration) == []
        done.git("update-ref", "refs/remotes/origin/main", old)
        assert finish.still_alive(migration) == [b"refs/remotes/origin/main"]


def test_the_old_objects_are_gone_and_each_step_is_told(done: Legacy) -> None:
    old = done.refs()["refs/trinity-guard/original/heads/main"]
    steps: list[str] = []
    with Migration(done.place) as migration:
        finish.require_migrated(migration)
        migration.source.one(old.encode())
        before, after = finish.finish(migration, steps.append)
        assert migration.state.read() == {}
    assert [step.split(" ")[0] for step in steps] == ["letting", "letting", "letting", "packing"]
    assert before > 0
    assert after > 0
    assert done.git("cat-file", "-t", old, ok=False) == b""
    assert "refs/trinity-guard/original/heads/main" not in done.refs()


def test_a_finish_that_was_killed_is_gone_on_with(done: Legacy) -> None:
    with Migration(done.place) as migration:
        with migration.state as held:
            held.write({**held.read(), "phase": state.FINISHING})
        finish.require_migrated(migration)
        finish.finish(migration, lambda _: None)
        assert migration.state.read() == {}
