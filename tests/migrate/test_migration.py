"""One object for one migration: it reads the repository that it was made for, and ends what it started."""

from __future__ import annotations

import os

import pytest

from tests.migrate.legacy import Legacy
from trinity_guard.dvcrepo import project
from trinity_guard.migrate.migration import Migration
from trinity_guard.remotes import trust


def test_it_reads_the_refs_as_they_stand(legacy: Legacy) -> None:
    with Migration(legacy.place) as migration:
        assert migration.refs().head_id == b""
        first = legacy.commit({"a": b"1"})
        assert migration.refs().refs == {b"refs/heads/main": first.encode()}
        assert migration.source.one(first.encode()).startswith(b"tree ")


def test_the_process_that_reads_ends_with_it(legacy: Legacy) -> None:
    first = legacy.commit({"a": b"1"})
    with Migration(legacy.place) as migration:
        migration.source.one(first.encode())
        assert migration.source._single is not None
    assert migration.source._single is None


def test_objects_go_to_the_project_s_cache_where_there_is_one(legacy: Legacy, worked: Legacy) -> None:
    for repo in (legacy, worked):
        assert Migration(repo.place).cache() == (repo.place.own + b"/cache", False)
    (worked.path / ".dvc").mkdir()
    (worked.path / ".dvc" / "config").write_text("[cache]\n    dir = ../cache\n    shared = group\n")
    inside = os.fsencode(worked.path / "cache")
    assert Migration(worked.place).cache() == (inside, True)


def test_a_cache_elsewhere_that_a_clone_names_is_asked_about_first(worked: Legacy) -> None:
    (worked.path / ".dvc").mkdir()
    (worked.path / ".dvc" / "config").write_text("[cache]\n    dir = /srv/cache\n")
    with pytest.raises(trust.Untrusted, match="the cache /srv/cache is outside of the repository"):
        Migration(worked.place).cache()
    trust.confirm_cache(worked.place, project.load(worked.place.top))
    assert Migration(worked.place).cache() == (b"/srv/cache", False)


def test_git_s_own_objects_are_counted_in_bytes(legacy: Legacy) -> None:
    migration = Migration(legacy.place)
    before = migration.git_size()
    blob = legacy.write("blob", os.urandom(5000))
    file = legacy.git_dir / "objects" / blob[:2] / blob[2:]
    assert migration.git_size() - before == file.stat().st_size > 5000
