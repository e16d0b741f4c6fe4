"""The face of the room is enough to do everything with, and all that is outside knows nothing else of it."""

from __future__ import annotations

from tests.migrate.legacy import Legacy
from trinity_guard.migrate import api


def test_a_migration_by_the_face_alone(legacy: Legacy) -> None:
    first = legacy.commit({"a.pkl": b"one" * 100, "x.py": b"x"})
    with api.Migration(legacy.place) as migration:
        selection, chosen = api.subject(migration, api.Request(everything=True))
        found = api.survey(migration, selection, chosen)
        assert ([s.label for s in found.summaries], api.staying(migration, found)) == (["*.pkl"], [])
        options = api.options(migration, api.Request(remote=str(legacy.path.parent / "storage")))
        assert api.run(migration, options)["files_moved"] == 1
        assert api.verify(migration).wrong == []
        assert api.push(migration, api.destined(migration), api.wanted(migration)) == 1
        assert "git rebase --onto" in api.guide(migration, "team", api.Request())
        assert [move.old for move in api.undo(migration)] == [first.encode()]
        api.run(migration, options)
        api.require_migrated(migration)
        api.require_pushed(migration)
        api.finish(migration, lambda _: None)
        assert api.standing(migration) == api.NONE


def test_what_it_offers_is_there() -> None:
    assert [name for name in api.__all__ if not hasattr(api, name)] == []
