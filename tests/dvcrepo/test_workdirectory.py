"""A directory of the work tree: of 10,000 files the one is read that was written since."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from trinity_guard.dvcrepo import odb
from trinity_guard.dvcrepo.output import Output
from trinity_guard.dvcrepo.workdirectory import Seen, WorkDirectory, walk
from trinity_guard.git import Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    (tmp_path / "d/sub").mkdir(parents=True)
    (tmp_path / ".dvc").mkdir()
    for name in ("a", "b", "sub/c"):
        (tmp_path / "d" / name).write_text(name)
    return Place(bytes(tmp_path), bytes(tmp_path / ".git"), bytes(tmp_path / ".git"))


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The files that were read."""
    found: list[bytes] = []
    real = odb.md5_of

    def noted(path: bytes) -> str:
        found.append(path)
        return real(path)

    monkeypatch.setattr(odb, "md5_of", noted)
    return found


def look(place: Place) -> WorkDirectory:
    return WorkDirectory(place, Output(b"d", source=b"d.dvc"))


def at(place: Place, name: bytes) -> Path:
    return Path(os.fsdecode(place.file(name)))


def md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


ALL = {b"a": md5("a"), b"b": md5("b"), b"sub/c": md5("sub/c")}


def test_only_what_was_written_since_is_read(place: Place, read: list[bytes]) -> None:
    assert look(place).unread() == 7
    assert look(place).files() == ALL
    assert len(read) == 3
    assert look(place).files() == ALL
    assert len(read) == 3
    at(place, b"d/b").write_text("other")
    at(place, b"d/new").write_text("new")
    assert look(place).unread() == 8
    assert look(place).files() == {**ALL, b"b": md5("other"), b"new": md5("new")}
    assert read[3:] == [place.file(b"d/b"), place.file(b"d/new")] or read[3:] == [
        place.file(b"d/new"),
        place.file(b"d/b"),
    ]


def test_the_mark_is_that_of_names_sizes_and_times(place: Place) -> None:
    before = look(place).mark()
    assert look(place).mark() == before
    os.utime(place.file(b"d/sub/c"), (1, 1))
    touched = look(place).mark()
    at(place, b"d/a").rename(at(place, b"d/a2"))
    assert len({before, touched, look(place).mark()}) == 3


def test_what_is_gone_is_remembered_until_it_is_recorded(place: Place) -> None:
    look(place).files()
    at(place, b"d/a").unlink()
    look(place).files()
    assert look(place).was_here(b"a")
    assert not look(place).was_here(b"never")
    found = look(place)
    found.remember(found.files(), recorded=True)
    assert not look(place).was_here(b"a")


@pytest.mark.parametrize("damage", [b"", b"\0", b"x\0y\0", b"\xff" * 30])
def test_a_damaged_record_says_nothing(place: Place, read: list[bytes], damage: bytes) -> None:
    look(place).files()
    [record] = Path(os.fsdecode(place.git_dir)).glob("trinity-guard/directories/*")
    record.write_bytes(damage)
    read.clear()
    assert look(place).files() == ALL
    assert len(read) == 3


def test_a_git_dir_that_cannot_be_written_is_no_harm(place: Place) -> None:
    Path(os.fsdecode(place.git_dir)).write_text("a file, where the folder should be")
    assert look(place).files() == ALL


def test_dvc_2_and_3_are_not_mixed_up(place: Place) -> None:
    at(place, b"d/a").write_bytes(b"a\r\n")
    legacy = Output(b"d", source=b"d.dvc")
    legacy.legacy = True
    assert look(place).files()[b"a"] == hashlib.md5(b"a\r\n").hexdigest()
    assert WorkDirectory(place, legacy).files()[b"a"] == hashlib.md5(b"a\n").hexdigest()
    assert Seen(place, legacy).rows() != Seen(place, Output(b"d")).rows()


def test_what_dvc_is_told_to_ignore_is_no_part_of_it(place: Place) -> None:
    at(place, b".dvcignore").write_text("/d/sub\nb\n")
    assert look(place).names() == [b"a"]
    assert look(place).files() == {b"a": ALL[b"a"]}


def test_a_limit_ends_the_walk(place: Place) -> None:
    output = Output(b"d", source=b"d.dvc")
    assert WorkDirectory(place, output, 3).whole
    assert not WorkDirectory(place, output, 2).whole


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        (None, False),
        (("d/a", "other size"), True),
        (("d/a", "A"), False),
        (("d/new", "x"), True),
        (("d/b", None), True),
    ],
)
def test_names_and_sizes_tell_a_change_at_sight(
    place: Place, tmp_path: Path, change: tuple[str, str | None] | None, differs: bool
) -> None:
    cache = odb.Store(bytes(tmp_path / "cache"))
    for name in ("a", "b", "sub/c"):
        cache.take([name.encode()])
    cache.settle()
    if change and change[1] is None:
        (tmp_path / change[0]).unlink()
    elif change and change[1]:
        (tmp_path / change[0]).write_text(change[1])
    assert look(place).differs_at_sight(ALL, cache) is differs


def test_what_was_seen_of_a_file_tells_more_than_its_size(place: Place, tmp_path: Path) -> None:
    cache = odb.Store(bytes(tmp_path / "cache"))
    at(place, b"d/a").write_text("A")
    look(place).files()
    assert look(place).differs_at_sight(ALL, cache)


def test_links_are_followed_to_files_alone_and_dvcs_own_folders_are_not_entered(place: Place, tmp_path: Path) -> None:
    (tmp_path / "d/link").symlink_to("a")
    (tmp_path / "d/broken").symlink_to("nowhere")
    (tmp_path / "d/folder").symlink_to("sub")
    (tmp_path / "d/.dvc").mkdir()
    (tmp_path / "d/.dvc/x").write_text("x")
    assert {name for name, _ in walk(place.file(b"d"))} == {b"a", b"b", b"sub/c", b"link"}


def test_marks_that_are_the_same_change_nothing(place: Place) -> None:
    found = look(place)
    mark = found.mark()
    found.mark_as(dict(found.marks))
    assert found.mark() == mark
    found.mark_as({b"a": b"1 1 1"})
    assert found.mark() != mark
