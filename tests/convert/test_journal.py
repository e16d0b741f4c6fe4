"""What a conversion was about to do is on disk, whole or not at all, from before the index changes until it is done."""

from __future__ import annotations

import os

import pytest

from tests.convert.conftest import World, kill, pointer
from trinity_guard.convert.journal import Journal
from trinity_guard.errors import GuardError

ROWS = [
    (b"a.csv", b"1" * 40, b"a.csv.dvc", b"2" * 40, b"a.csv"),
    (b"d/\xff \n.pkl", b"", b"d/\xff \n.pkl.dvc", b"3" * 40, b""),
]


def test_what_is_written_is_read_again_by_another(world: World) -> None:
    Journal(world.place).write(ROWS)
    assert Journal(world.place).exists()
    assert Journal(world.place).read() == ROWS


def test_it_stands_in_the_git_dir_of_this_worktree_in_the_format_of_the_version_before(world: World) -> None:
    world.repo.commit()
    world.repo.git("worktree", "add", "-q", "../other")
    other = world.repo.path / ".git" / "worktrees" / "other"
    world.place.git_dir = os.fsencode(other)
    Journal(world.place).write(ROWS[:1])
    whole = b"a.csv\0" + b"1" * 40 + b"\0a.csv.dvc\0" + b"2" * 40 + b"\0a.csv\0"
    assert (other / "trinity-guard" / "journal").read_bytes() == whole
    assert not world.own("journal").exists()


def test_it_says_when_it_was_written(world: World) -> None:
    Journal(world.place).write(ROWS)
    os.utime(world.own("journal"), ns=(1, 2_000_000_003))
    assert Journal(world.place).begun() == 2_000_000_003


def test_where_there_is_none_nothing_was_begun(world: World) -> None:
    journal = Journal(world.place)
    assert not journal.exists()
    assert journal.read() == []
    journal.drop()
    assert not journal.exists()


def test_a_dropped_one_is_gone(world: World) -> None:
    journal = Journal(world.place)
    journal.write(ROWS)
    journal.drop()
    assert not world.own("journal").exists()
    assert journal.read() == []


def test_a_new_one_takes_the_place_of_the_old(world: World) -> None:
    Journal(world.place).write(ROWS)
    Journal(world.place).write(ROWS[1:])
    assert Journal(world.place).read() == ROWS[1:]


def test_one_that_is_cut_anywhere_in_a_record_says_nothing(world: World) -> None:
    Journal(world.place).write(ROWS)
    whole = world.own("journal").read_bytes()
    first = whole.index(b"d/")
    for length in range(1, len(whole)):
        world.own("journal").write_bytes(whole[:length])
        assert Journal(world.place).read() == (ROWS[:1] if length == first else []), length
        assert Journal(world.place).exists()


def test_one_that_cannot_be_written_leaves_the_old_and_says_why(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    Journal(world.place).write(ROWS)

    def full(fd: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        with pytest.raises(GuardError, match="journal: No space left on device"):
            Journal(world.place).write(ROWS[1:])
    assert Journal(world.place).read() == ROWS
    assert [p.name for p in world.own("").iterdir()] == ["journal"]


BEFORE_THE_INDEX = [("before", "journal", "write"), ("after", "journal", "write"), ("before", "index", "replace")]
AFTER_THE_INDEX = [
    ("after", "index", "replace"),
    ("before", "files", "replace_in"),
    ("after", "files", "replace_in"),
    ("before", "journal", "drop"),
]


@pytest.mark.parametrize("step", BEFORE_THE_INDEX, ids="-".join)
def test_a_kill_before_the_index_changes_leaves_all_as_it_was(world: World, step: tuple[str, str, str]) -> None:
    world.repo.stage("a.csv", b"a,b\n")
    before = world.repo.index()
    kill(world, *step)
    assert world.repo.index() == before
    assert Journal(world.place).exists() == (step != BEFORE_THE_INDEX[0])
    assert not world.repo.file("a.csv.dvc").exists()
    assert not world.repo.file(".gitignore").exists()


@pytest.mark.parametrize("step", AFTER_THE_INDEX, ids="-".join)
def test_a_kill_between_the_index_and_the_end_leaves_word_of_what_is_owed(
    world: World, step: tuple[str, str, str]
) -> None:
    world.repo.stage("a.csv", b"a,b\n")
    oid = world.repo.index()[b"a.csv"][1]
    kill(world, *step)
    index = world.repo.index()
    assert b"a.csv" not in index
    assert world.staged("a.csv.dvc") == pointer("a.csv", b"a,b\n")
    assert Journal(world.place).read() == [(b"a.csv", oid, b"a.csv.dvc", index[b"a.csv.dvc"][1], b"a.csv")]


def test_a_conversion_that_ends_takes_its_journal_away(world: World) -> None:
    world.repo.stage("a.csv", b"a,b\n")
    world.convert(b"a.csv")
    assert not Journal(world.place).exists()


def test_what_a_commit_does_next_stands_behind_what_it_did_before(world: World) -> None:
    Journal(world.place).add(ROWS[:1])
    Journal(world.place).add(ROWS[1:])
    assert Journal(world.place).read() == ROWS
