"""What the journal says is completed: of a conversion that was killed, and of a commit whose index Git throws away."""

from __future__ import annotations

import pytest

from tests.convert.conftest import World, kill, pointer
from trinity_guard.convert import recover
from trinity_guard.convert.journal import Journal
from trinity_guard.git import index

BEFORE_THE_INDEX = [("after", "journal", "write"), ("before", "index", "replace")]
AFTER_THE_INDEX = [
    ("after", "index", "replace"),
    ("before", "files", "replace_in"),
    ("after", "files", "replace_in"),
    ("before", "journal", "drop"),
]


def test_without_a_journal_there_is_nothing_to_do(world: World) -> None:
    before = world.repo.index()
    assert recover.complete(world.place, after_commit=False) == []
    assert recover.complete(world.place, after_commit=True) == []
    assert world.repo.index() == before


@pytest.mark.parametrize("step", BEFORE_THE_INDEX, ids="-".join)
def test_of_what_had_not_come_about_the_journal_alone_goes(world: World, step: tuple[str, str, str]) -> None:
    world.repo.stage("a.csv", b"a,b\n")
    before = world.repo.index()
    kill(world, *step)
    assert recover.complete(world.place, after_commit=False) == []
    assert not Journal(world.place).exists()
    assert world.repo.index() == before
    assert not world.repo.file("a.csv.dvc").exists()
    assert not world.repo.file(".gitignore").exists()


@pytest.mark.parametrize("step", AFTER_THE_INDEX, ids="-".join)
def test_the_working_tree_gets_what_the_index_has(world: World, step: tuple[str, str, str]) -> None:
    world.repo.stage(".gitignore", b"*.tmp\n")
    world.repo.write(".gitignore", b"*.tmp\n# mine, not staged\n")
    world.repo.stage("a.csv", b"a,b\n")
    kill(world, *step)
    assert recover.complete(world.place, after_commit=False) == [b"a.csv"]
    assert not Journal(world.place).exists()
    assert world.working("a.csv.dvc") == world.staged("a.csv.dvc") == pointer("a.csv", b"a,b\n")
    assert world.working(".gitignore") == b"*.tmp\n# mine, not staged\n/a.csv\n"
    assert world.staged(".gitignore") == b"*.tmp\n/a.csv\n"
    assert world.working("a.csv") == b"a,b\n"


@pytest.mark.parametrize("step", AFTER_THE_INDEX, ids="-".join)
def test_a_pointer_that_was_there_is_renewed_too(world: World, step: tuple[str, str, str]) -> None:
    world.repo.stage("a.csv", b"a,b\n")
    world.convert(b"a.csv")
    world.repo.commit()
    world.repo.stage("a.csv", b"a,b\n1,2\n")
    kill(world, *step)
    assert world.staged("a.csv.dvc") == pointer("a.csv", b"a,b\n1,2\n")
    assert recover.complete(world.place, after_commit=False) == [b"a.csv"]
    assert world.working("a.csv.dvc") == pointer("a.csv", b"a,b\n1,2\n")


def test_an_unstaged_edit_of_a_pointer_outlives_the_kill(world: World) -> None:
    world.repo.stage("a.csv", b"a,b\n")
    world.convert(b"a.csv")
    world.repo.write("a.csv.dvc", world.working("a.csv.dvc") + b"desc: mine\n")
    world.repo.stage("a.csv", b"a,b\n1,2\n")
    kill(world, "after", "index", "replace")
    recover.complete(world.place, after_commit=False)
    assert world.working("a.csv.dvc") == pointer("a.csv", b"a,b\n1,2\n") + b"desc: mine\n"
    assert world.staged("a.csv.dvc") == pointer("a.csv", b"a,b\n1,2\n")


def test_a_pointer_that_was_written_after_the_kill_is_left_alone(world: World) -> None:
    world.repo.stage("a.csv", b"a,b\n")
    world.convert(b"a.csv")
    world.repo.stage("a.csv", b"a,b\n1,2\n")
    kill(world, "after", "index", "replace")
    newer = pointer("a.csv", b"newer still\n")
    world.repo.write("a.csv.dvc", newer)
    recover.complete(world.place, after_commit=False)
    assert world.working("a.csv.dvc") == newer


def test_only_what_the_index_still_says_is_completed(world: World) -> None:
    world.repo.stage("a.csv", b"a,b\n")
    kill(world, "after", "index", "replace")
    row = Journal(world.place).read()[0]
    Journal(world.place).write([(b"b.csv", b"", b"b.csv.dvc", row[3], b"b.csv"), row])
    assert recover.complete(world.place, after_commit=False) == [b"a.csv"]
    assert not world.repo.file("b.csv.dvc").exists()
    assert world.working(".gitignore") == b"/a.csv\n"


def test_a_half_written_journal_completes_nothing(world: World) -> None:
    world.repo.stage("a.csv", b"a,b\n")
    kill(world, "after", "index", "replace")
    world.own("journal").write_bytes(world.own("journal").read_bytes()[:-1])
    assert recover.complete(world.place, after_commit=False) == []
    assert not world.repo.file("a.csv.dvc").exists()


# --- a kill, and then another form of commit


def killed_as_it_was(world: World, born: bool) -> bytes:
    """Be killed between index and work tree, over a new artifact or one that had a pointer; return what was staged."""
    world.repo.stage("code.py", b"1\n")
    if not born:
        world.repo.stage("a.csv", b"a,b\n")
        world.convert(b"a.csv")
    world.repo.commit()
    data = world.repo.stage("a.csv", b"a,b\n1,2\n")
    kill(world, "after", "index", "replace")
    return data


@pytest.mark.parametrize("born", [True, False])
def test_commit_a_takes_the_pointer_and_not_what_the_work_tree_had(
    world: World, monkeypatch: pytest.MonkeyPatch, born: bool
) -> None:
    data = killed_as_it_was(world, born)
    lock = world.repo.file(".git/index.lock")
    lock.write_bytes(world.repo.file(".git/index").read_bytes())
    monkeypatch.setenv("GIT_INDEX_FILE", str(lock))
    world.repo.git("add", "-u")  # as `commit -a` does, before any hook
    assert recover.complete(world.place, after_commit=False) == [b"a.csv"]
    assert world.staged("a.csv.dvc") == world.working("a.csv.dvc") == pointer("a.csv", data)
    assert world.staged(".gitignore") == world.working(".gitignore") == b"/a.csv\n"
    assert b"a.csv" not in world.repo.index()
    assert not Journal(world.place).exists()


def test_commit_a_takes_a_person_s_edit_of_the_pointer_along(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.repo.stage("a.csv", b"a,b\n")
    world.convert(b"a.csv")
    world.repo.commit()
    world.repo.write("a.csv.dvc", world.working("a.csv.dvc") + b"desc: mine\n")
    data = world.repo.stage("a.csv", b"a,b\n1,2\n")
    kill(world, "after", "index", "replace")
    lock = world.repo.file(".git/index.lock")
    lock.write_bytes(world.repo.file(".git/index").read_bytes())
    monkeypatch.setenv("GIT_INDEX_FILE", str(lock))
    world.repo.git("add", "-u")
    recover.complete(world.place, after_commit=False)
    assert world.staged("a.csv.dvc") == pointer("a.csv", data) + b"desc: mine\n"


@pytest.mark.parametrize("born", [True, False])
def test_a_commit_of_another_path_leaves_its_index_and_completes_the_work_tree(
    world: World, monkeypatch: pytest.MonkeyPatch, born: bool
) -> None:
    data = killed_as_it_was(world, born)
    private = world.repo.file(".git/next-index-1.lock")
    with monkeypatch.context() as patched:
        patched.setenv("GIT_INDEX_FILE", str(private))
        world.repo.git("read-tree", "HEAD")
        before = world.repo.index()
        assert recover.complete(world.place, after_commit=False) == [b"a.csv"]
        assert world.repo.index() == before
    assert world.staged("a.csv.dvc") == world.working("a.csv.dvc") == pointer("a.csv", data)
    assert world.repo.git("diff", "--name-only", "--", "a.csv.dvc", ".gitignore").stdout == b""


@pytest.mark.parametrize("born", [True, False])
def test_after_a_commit_without_hooks_the_work_tree_is_completed(world: World, born: bool) -> None:
    data = killed_as_it_was(world, born)
    world.repo.write("code.py", b"2\n")
    world.repo.git("commit", "-q", "-n", "-m", "other", "--", "code.py")
    assert recover.complete(world.place, after_commit=True) == [b"a.csv"]
    assert world.staged("a.csv.dvc") == world.working("a.csv.dvc") == pointer("a.csv", data)


def test_a_pointer_that_only_looks_newer_is_renewed(world: World) -> None:
    data = killed_as_it_was(world, born=False)
    world.repo.write("a.csv.dvc", world.repo.show("a.csv.dvc"))  # as `git stash` and `stash pop` leave it
    recover.complete(world.place, after_commit=False)
    assert world.working("a.csv.dvc") == pointer("a.csv", data)


# --- after `git commit -- path`, whose index Git throws away


class Only:
    """`git commit -- NAME`: the commit is made from an index of its own, of which Git's own has not heard."""

    def __init__(self, world: World, *names: str) -> None:
        self.world = world
        git_dir = world.repo.path / ".git"
        (git_dir / "next-index-1.lock").write_bytes((git_dir / "index").read_bytes())
        with pytest.MonkeyPatch.context() as patched:
            patched.setenv("GIT_INDEX_FILE", str(git_dir / "next-index-1.lock"))
            world.convert(*(n.encode() for n in names))
            world.repo.commit()

    def complete(self) -> list[bytes]:
        return recover.complete(self.world.place, after_commit=True)


def modes(world: World) -> dict[bytes, bytes]:
    return {path: mode for path, (mode, _) in world.repo.index().items() if not path.startswith(b".dvc/")}


def test_the_real_index_gets_the_pointer_and_loses_the_file(world: World) -> None:
    world.repo.commit()
    world.repo.stage("d/a.csv", b"a,b\n")
    world.repo.stage("other.txt", b"staged, for another commit\n")
    only = Only(world, "d/a.csv")
    assert Journal(world.place).exists()
    assert b"d/a.csv" in world.repo.index()
    assert only.complete() == [b"d/a.csv"]
    assert modes(world) == {b"d/.gitignore": b"100644", b"d/a.csv.dvc": b"100644", b"other.txt": b"100644"}
    assert world.staged("d/a.csv.dvc") == world.repo.show("d/a.csv.dvc") == pointer("a.csv", b"a,b\n")
    assert world.staged("d/.gitignore") == b"/a.csv\n"
    assert not Journal(world.place).exists()


def test_a_version_that_was_staged_meanwhile_stays_staged(world: World) -> None:
    world.repo.commit()
    world.repo.stage("a.csv", b"a,b\n")
    only = Only(world, "a.csv")
    world.repo.stage("a.csv", b"newer\n")
    only.complete()
    assert world.staged("a.csv") == b"newer\n"
    assert b"a.csv.dvc" not in world.repo.index()


def test_a_file_that_is_no_longer_staged_is_no_reason_to_withhold_its_pointer(world: World) -> None:
    world.repo.commit()
    world.repo.stage("a.csv", b"a,b\n")
    only = Only(world, "a.csv")
    world.repo.git("rm", "-q", "--cached", "a.csv")
    only.complete()
    assert modes(world) == {b".gitignore": b"100644", b"a.csv.dvc": b"100644"}


def test_lines_that_are_staged_for_another_commit_stay_in_the_gitignore(world: World) -> None:
    world.repo.stage(".gitignore", b"*.tmp")
    world.repo.file(".gitignore").chmod(0o755)
    world.repo.git("add", ".gitignore")
    world.repo.commit()
    for name in ("a.csv", "b.csv"):
        world.repo.stage(name, name.encode())
    only = Only(world, "a.csv", "b.csv")
    world.repo.stage(".gitignore", b"*.tmp\n*.later\n")
    only.complete()
    assert world.staged(".gitignore") == b"*.tmp\n*.later\n/a.csv\n/b.csv\n"
    assert modes(world)[b".gitignore"] == b"100755"


def test_a_gitignore_that_has_the_line_is_not_staged_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.repo.stage(".gitignore", b"*.tmp\n")
    world.repo.commit()
    world.repo.stage("a.csv", b"a,b\n")
    only = Only(world, "a.csv")
    world.repo.stage(".gitignore", b"/a.csv\n")
    changed: list[bytes] = []
    real = index.replace

    def noted(changes: list[tuple[bytes, bytes, bytes]], file: bytes | None = None) -> None:
        changed.extend(path for _, _, path in changes)
        real(changes, file)

    monkeypatch.setattr(index, "replace", noted)
    only.complete()
    assert changed == [b"a.csv", b"a.csv.dvc"]
    assert world.staged(".gitignore") == b"/a.csv\n"


def test_an_artifact_that_needed_no_line_gets_none(world: World) -> None:
    world.repo.stage(".gitignore", b"*.csv\n")
    world.repo.commit()
    world.repo.stage("a.csv", b"a,b\n")
    Only(world, "a.csv").complete()
    assert world.staged(".gitignore") == world.working(".gitignore") == b"*.csv\n"


def test_a_commit_that_did_not_come_about_changes_nothing(world: World) -> None:
    world.repo.commit()
    world.repo.stage("a.csv", b"a,b\n")
    only = Only(world, "a.csv")
    world.repo.git("reset", "-q", "--soft", "HEAD~1")
    before = world.repo.index()
    assert only.complete() == []
    assert world.repo.index() == before
    assert not Journal(world.place).exists()


def test_where_no_hook_ran_after_that_commit_the_next_one_brings_the_real_index_along(world: World) -> None:
    world.repo.stage("a.csv", b"a,b\n")
    Only(world, "a.csv")
    assert world.repo.tracked("a.csv.dvc")
    assert b"a.csv" in world.repo.index()
    assert recover.complete(world.place, after_commit=False) == [b"a.csv"]
    assert b"a.csv" not in world.repo.index()
    assert world.staged("a.csv.dvc") == pointer("a.csv", b"a,b\n")
    assert not Journal(world.place).exists()
