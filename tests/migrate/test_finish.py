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


def test_a_ref_that_stands_for_another_is_not_named_beside_it(done: Legacy) -> None:
    old = done.refs()["refs/trinity-guard/original/heads/main"]
    done.git("update-ref", "refs/remotes/origin/main", old)
    done.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    with Migration(done.place) as migration:
        assert finish.still_alive(migration) == [b"refs/remotes/origin/main"]


def test_packs_that_are_marked_to_stay_are_found(done: Legacy) -> None:
    done.git("repack", "-adq")
    assert finish.kept_packs(done.place) == []
    [pack] = (done.git_dir / "objects" / "pack").glob("*.pack")
    pack.with_suffix(".keep").touch()
    assert finish.kept_packs(done.place) == [str(pack.with_suffix(".keep")).encode()]


def test_a_stash_made_since_the_run_stays_whole(worked: Legacy) -> None:
    worked.commit({"a.pkl": b"1", "a.py": b"1"})
    worked.checkout()
    worked.git("config", "user.name", "A")
    worked.git("config", "user.email", "a@example.com")
    with Migration(worked.place) as migration:
        run.run(migration, worked.options())
    for text in (b"2", b"3"):
        (worked.path / "a.py").write_bytes(text)
        worked.git("stash")
    with Migration(worked.place) as migration:
        finish.finish(migration, lambda _: None)
    assert len(worked.git("stash", "list").splitlines()) == 2
