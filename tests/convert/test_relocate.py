"""What goes, and what stands elsewhere: lines, names and data follow, and a kill leaves what the next run completes."""

from __future__ import annotations

import signal
import sys

import pytest

from tests.convert.conftest import World, pointer
from tests.helpers.support import run
from trinity_guard.convert import recover, relocate, staged_moves
from trinity_guard.convert.journal import Journal
from trinity_guard.errors import GuardError
from trinity_guard.git import index

KILLED = """
import os, sys
from trinity_guard import git
from trinity_guard.convert import relocate, staged_moves
from trinity_guard.dvcrepo import tracked
from trinity_guard.git import files, index
from trinity_guard.convert.journal import Journal
when, owner, name = sys.argv[1:]
holder = {"index": index, "files": files, "journal": Journal, "os": os}[owner]
real = getattr(holder, name)
def killed(*args, **options):
    if when == "after":
        real(*args, **options)
    os.kill(os.getpid(), 9)
place = git.place()
catalog = tracked.load(place)
moves = staged_moves.find(place, catalog, index.former("HEAD"))
setattr(holder, name, killed)
relocate.settle(place, catalog, moves)
"""
STEPS = [
    ("after", "os", "makedirs"),
    ("after", "journal", "add"),
    ("before", "index", "replace"),
    ("after", "index", "replace"),
    ("before", "files", "replace_in"),
    ("after", "files", "replace_in"),
    ("before", "journal", "drop"),
]


def settle(world: World) -> relocate.Relocation:
    """Settle what is staged against HEAD."""
    catalog = world.catalog()
    moves = staged_moves.find(world.place, catalog, index.former("HEAD"))
    return relocate.settle(world.place, catalog, moves)


@pytest.fixture
def two(world: World) -> World:
    """Return a work tree with two committed tables."""
    world.repo.stage("a.csv", b"1\n")
    world.repo.stage("b.csv", b"2\n")
    world.convert(b"a.csv", b"b.csv")
    world.repo.commit()
    return world


def test_the_line_goes_with_its_pointer_from_index_and_work_tree(two: World) -> None:
    two.repo.write(".gitignore", two.working(".gitignore") + b"# mine\n")
    two.repo.git("rm", "-q", "a.csv.dvc")
    assert settle(two).taken == [b"a.csv"]
    assert two.staged(".gitignore") == b"/b.csv\n"
    assert two.working(".gitignore") == b"/b.csv\n# mine\n"
    assert not Journal(two.place).exists()


def test_an_ignore_file_that_held_our_lines_alone_goes(two: World) -> None:
    two.repo.git("rm", "-q", "a.csv.dvc", "b.csv.dvc")
    settle(two)
    assert b".gitignore" not in two.repo.index()
    assert not two.repo.file(".gitignore").exists()


def test_data_moves_and_is_known_to_agree_without_being_read(two: World, monkeypatch: pytest.MonkeyPatch) -> None:
    two.repo.git("mv", "a.csv.dvc", "z.csv.dvc")
    monkeypatch.setattr("trinity_guard.dvcrepo.odb.md5_of", lambda _: pytest.fail("it was read"))
    assert settle(two).moved == [(b"a.csv", b"z.csv")]
    assert two.working("z.csv") == b"1\n"
    assert two.staged("z.csv.dvc") == two.working("z.csv.dvc") == pointer("z.csv", b"1\n")
    [held] = [o for o in two.catalog().held if o.path == b"z.csv"]
    assert held.seen


def test_an_unstaged_edit_of_a_pointer_that_was_renamed_stays_unstaged(two: World) -> None:
    two.repo.git("mv", "a.csv.dvc", "z.csv.dvc")
    two.repo.write("z.csv.dvc", two.working("z.csv.dvc") + b"desc: mine\n")
    settle(two)
    assert two.staged("z.csv.dvc") == pointer("z.csv", b"1\n")
    assert two.working("z.csv.dvc") == pointer("z.csv", b"1\n") + b"desc: mine\n"


def test_nothing_is_moved_through_a_symlink(two: World) -> None:
    elsewhere = two.repo.path.parent / "elsewhere"
    elsewhere.mkdir()
    two.repo.file("sub").symlink_to(elsewhere)
    two.repo.git("rm", "-q", "--cached", "a.csv.dvc")
    two.repo.file("a.csv.dvc").unlink()
    blob = two.repo.tree()[b"a.csv.dvc"][1].decode()
    two.repo.git("update-index", "--add", "--cacheinfo", f"100644,{blob},sub/a.csv.dvc")
    with pytest.raises(GuardError, match="symlink"):
        settle(two)
    assert list(elsewhere.iterdir()) == []


def test_a_conflict_is_not_resolved_by_the_way(two: World) -> None:
    two.repo.git("rm", "-q", "a.csv.dvc")
    catalog = two.catalog()
    catalog.unmerged = {b".gitignore"}
    moves = staged_moves.find(two.place, catalog, index.former("HEAD"))
    with pytest.raises(GuardError, match="in conflict"):
        relocate.settle(two.place, catalog, moves)


@pytest.mark.parametrize("step", STEPS, ids="-".join)
def test_what_a_kill_leaves_of_a_rename_the_next_run_completes(two: World, step: tuple[str, str, str]) -> None:
    two.repo.file("sub").mkdir()
    two.repo.git("mv", "a.csv.dvc", "sub/z.csv.dvc")
    done = run(sys.executable, "-c", KILLED, *step, cwd=two.repo.path, ok=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    recover.complete(two.place, after_commit=False)
    settle(two)
    assert two.working("sub/z.csv") == b"1\n"
    assert not two.repo.file("a.csv").exists()
    assert two.staged("sub/z.csv.dvc") == two.working("sub/z.csv.dvc") == pointer("z.csv", b"1\n")
    assert two.staged(".gitignore") == two.working(".gitignore") == b"/b.csv\n"
    assert two.staged("sub/.gitignore") == two.working("sub/.gitignore") == b"/z.csv\n"


@pytest.mark.parametrize("step", [s for s in STEPS if s[1] not in ("os", "files")], ids="-".join)
def test_what_a_kill_leaves_of_a_removal_the_next_run_completes(two: World, step: tuple[str, str, str]) -> None:
    two.repo.git("rm", "-q", "a.csv.dvc", "b.csv.dvc")
    done = run(sys.executable, "-c", KILLED, *step, cwd=two.repo.path, ok=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    recover.complete(two.place, after_commit=False)
    settle(two)
    assert b".gitignore" not in two.repo.index()
    assert not two.repo.file(".gitignore").exists()
    assert two.working("a.csv") == b"1\n"


def swap(world: World) -> None:
    for old, new in (("a", "t"), ("b", "a"), ("t", "b")):
        world.repo.git("mv", f"{old}.csv.dvc", f"{new}.csv.dvc")


def test_data_of_pointers_that_change_places_waits_for_the_checkout_after_the_commit(two: World) -> None:
    swap(two)
    outcome = settle(two)
    assert (outcome.moved, outcome.stayed, outcome.taken) == ([], [], [])
    assert two.staged("a.csv.dvc") == two.working("a.csv.dvc") == pointer("a.csv", b"2\n")
    assert two.staged("b.csv.dvc") == two.working("b.csv.dvc") == pointer("b.csv", b"1\n")
    assert two.staged(".gitignore") == two.working(".gitignore") == b"/a.csv\n/b.csv\n"
    assert not settle(two).moved


def test_data_that_changed_places_with_its_pointer_is_known_to(two: World) -> None:
    swap(two)
    for old, new in (("a", "t"), ("b", "a"), ("t", "b")):
        two.repo.file(f"{old}.csv").rename(two.repo.file(f"{new}.csv"))
    assert not settle(two).stayed
    assert (two.working("a.csv"), two.working("b.csv")) == (b"2\n", b"1\n")


@pytest.mark.parametrize("by_hand", [False, True])
def test_of_pointers_that_moved_one_after_another_the_data_does_too(two: World, by_hand: bool) -> None:
    for old, new in (("b", "z"), ("a", "b")):
        two.repo.git("mv", f"{old}.csv.dvc", f"{new}.csv.dvc")
        if by_hand:
            two.repo.file(f"{old}.csv").rename(two.repo.file(f"{new}.csv"))
    assert not settle(two).stayed
    assert (two.working("b.csv"), two.working("z.csv")) == (b"1\n", b"2\n")
    assert not two.repo.file("a.csv").exists()
    assert two.staged(".gitignore") == two.working(".gitignore") == b"/b.csv\n/z.csv\n"


@pytest.mark.parametrize("step", [s for s in STEPS if s[1] != "os"], ids="-".join)
def test_what_a_kill_leaves_of_a_swap_the_next_run_completes(two: World, step: tuple[str, str, str]) -> None:
    swap(two)
    done = run(sys.executable, "-c", KILLED, *step, cwd=two.repo.path, ok=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    recover.complete(two.place, after_commit=False)
    settle(two)
    for name, data in (("a.csv", b"2\n"), ("b.csv", b"1\n")):
        assert two.staged(f"{name}.dvc") == two.working(f"{name}.dvc") == pointer(name, data)


def test_after_a_commit_with_an_index_of_its_own_the_real_one_learns_of_it(two: World) -> None:
    old = two.repo.index()[b"a.csv.dvc"][1]
    journal = Journal(two.place)
    two.repo.git("rm", "-q", "a.csv.dvc")
    settle(two)
    two.repo.commit()
    two.repo.git("update-index", "--add", "--cacheinfo", f"100644,{old.decode()},a.csv.dvc")
    two.repo.stage(".gitignore", b"/a.csv\n/b.csv\n")
    journal.write([(b"a.csv", old, b"a.csv.dvc", b"", b"a.csv")])
    recover.complete(two.place, after_commit=True)
    assert b"a.csv.dvc" not in two.repo.index()
    assert two.staged(".gitignore") == two.working(".gitignore") == b"/b.csv\n"


def test_a_pointer_that_was_staged_anew_in_the_meantime_keeps_its_line(two: World) -> None:
    old = two.repo.index()[b"a.csv.dvc"][1]
    two.repo.git("rm", "-q", "a.csv.dvc")
    settle(two)
    two.repo.commit()
    two.repo.stage("a.csv.dvc", pointer("a.csv", b"new\n"))
    two.repo.stage(".gitignore", b"/a.csv\n/b.csv\n")
    Journal(two.place).write([(b"a.csv", old, b"a.csv.dvc", b"", b"a.csv")])
    recover.complete(two.place, after_commit=True)
    assert b"a.csv.dvc" in two.repo.index()
    assert two.staged(".gitignore") == b"/a.csv\n/b.csv\n"


def test_data_that_git_moved_with_its_folder_is_known_to_agree(two: World) -> None:
    two.repo.stage("d/c.csv", b"3\n")
    two.convert(b"d/c.csv")
    two.repo.commit()
    before = {o.path: o.seen for o in two.catalog().held}
    two.repo.git("mv", "d", "e")
    assert settle(two).moved == []
    [held] = [o for o in two.catalog().held if o.path == b"e/c.csv"]
    assert held.seen == before[b"d/c.csv"]
