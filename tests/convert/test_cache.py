"""What was staged is what gets into the cache, also where Git's stat cache takes other bytes for the same."""

from __future__ import annotations

import os

import pytest

from tests.convert.conftest import World, pointer
from trinity_guard.git import index

STAGED, NEWER = b"AAAA\n", b"BBBB\n"


def write_unseen(world: World, data: bytes) -> None:
    """Write over a.csv so that Git's own check finds nothing, as a copy that keeps times does."""
    file = world.repo.file("a.csv")
    before = file.stat()
    file.write_bytes(data)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_newer_bytes_under_the_same_time_are_not_recorded(world: World) -> None:
    world.repo.git("config", "core.trustctime", "false")
    world.repo.write("a.csv", STAGED)
    os.utime(world.repo.file("a.csv"), (1e9, 1e9))  # older than the index, so that Git does not look into it
    world.repo.git("add", "a.csv")
    write_unseen(world, NEWER)
    outcome = world.convert(b"a.csv")
    assert world.staged("a.csv.dvc") == pointer("a.csv", STAGED)
    assert world.working("a.csv") == NEWER
    assert [item.newer for item in outcome.converted] == [True]


def test_the_blob_s_id_proves_what_the_whole_stat_does_not(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.repo.stage("a.csv", STAGED)
    world.repo.write("a.csv", NEWER)
    monkeypatch.setattr(
        index, "unchanged", lambda _, stats, __: set(stats)
    )  # as on a file system whose times are too coarse
    outcome = world.convert(b"a.csv")
    assert world.staged("a.csv.dvc") == pointer("a.csv", STAGED)
    assert [item.newer for item in outcome.converted] == [True]


@pytest.mark.parametrize("attributes", [b"", b"*.csv text eol=crlf\n"])
def test_what_is_unchanged_is_taken_as_the_working_file_has_it(world: World, attributes: bytes) -> None:
    world.repo.stage(".gitattributes", attributes or b"# none\n")
    data = world.repo.stage("a.csv", b"a,b\r\n1,2\r\n")
    outcome = world.convert(b"a.csv")
    assert world.staged("a.csv.dvc") == pointer("a.csv", data)
    assert [item.newer for item in outcome.converted] == [False]
