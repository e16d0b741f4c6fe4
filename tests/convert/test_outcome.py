"""What a conversion did, file by file: one that became a pointer, or many that became one."""

from __future__ import annotations

from tests.convert.conftest import World
from trinity_guard.convert.outcome import Converted, Directory
from trinity_guard.git.attributes import Attributes
from trinity_guard.git.index import EXECUTABLE, Entry


def test_a_file_is_its_own_source_and_leaves_alone() -> None:
    item = Converted(Entry(EXECUTABLE, b"0" * 40, b"d/a.csv"), b"", Attributes([]))
    assert item.pointer == b"d/a.csv.dvc"
    assert (item.sources, item.leaving, item.nfiles) == ([item], [item], -1)
    assert item.mode == EXECUTABLE


def test_a_directory_takes_the_bytes_of_its_members_and_counts_its_files() -> None:
    folder = Directory(b"d", b"", Attributes([]))
    member = Converted(Entry(EXECUTABLE, b"0" * 40, b"d/a.csv"), b"", Attributes([]))
    folder.members = [member]
    folder.files = {b"a.csv": "1" * 32, b"b.csv": "2" * 32}
    assert folder.pointer == b"d.dvc"
    assert (folder.sources, folder.nfiles) == ([member], 2)
    assert folder.leaving[0] is folder
    assert member in folder.leaving


def test_what_a_conversion_returns_is_told_by_file(world: World) -> None:
    world.repo.stage("a.csv", b"1\n")
    world.repo.stage("b.csv", b"2\n")
    outcome = world.convert(b"a.csv", b"b.csv")
    assert [item.path for item in outcome.converted] == [b"a.csv", b"b.csv"]
    assert all(item.md5 and item.size == 2 and item.renewed for item in outcome.converted)
