"""What the journal says is completed: of a conversion that was killed, and of a commit whose index Git throws away."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.convert.conftest import World, kill, pointer
from trinity_guard import git
from trinity_guard.convert import recover
from trinity_guard.convert.journal import Journal
from trinity_guard.git import files, index

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


# --- which index is brought along, and when


def private(world: World, monkeypatch: pytest.MonkeyPatch, name: str) -> Path:
    """Have Git use a copy of its index, as a commit of paths ("next-index-2.lock") or of all ("index.lock") does."""
    copied = world.repo.file(f".git/{name}")
    copied.write_bytes(world.repo.file(".git/index").read_bytes())
    monkeypatch.setenv("GIT_INDEX_FILE", str(copied))
    return copied


def test_another_commit_of_paths_leaves_both_to_the_one_after_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.repo.stage("a.csv", b"a,b\n")
    Only(world, "a.csv")
    before = world.repo.file(".git/index").read_bytes()
    used = private(world, monkeypatch, "next-index-2.lock")
    assert recover.complete(world.place, after_commit=False) == [b"a.csv"]
    assert used.read_bytes() == world.repo.file(".git/index").read_bytes() == before
    assert Journal(world.place).exists()


def test_a_commit_of_all_brings_its_own_index_along(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.repo.stage("a.csv", b"a,b\n")
    Only(world, "a.csv")
    before = world.repo.file(".git/index").read_bytes()
    private(world, monkeypatch, "index.lock")
    assert recover.complete(world.place, after_commit=False) == [b"a.csv"]
    assert b"a.csv" not in world.repo.index()
    assert world.repo.file(".git/index").read_bytes() == before
    assert not Journal(world.place).exists()


def test_after_a_commit_of_paths_it_is_git_s_own(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.repo.stage("a.csv", b"a,b\n")
    only = Only(world, "a.csv")
    used = private(world, monkeypatch, "next-index-2.lock")
    before = used.read_bytes()
    assert only.complete() == [b"a.csv"]
    assert used.read_bytes() == before
    monkeypatch.delenv("GIT_INDEX_FILE")
    assert b"a.csv" not in world.repo.index()
    assert not Journal(world.place).exists()


def test_what_the_index_in_use_alone_has_is_owed_to_the_work_tree(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.repo.stage("a.csv", b"a,b\n")
    private(world, monkeypatch, "index.lock")
    kill(world, "after", "index", "replace")
    assert recover.complete(world.place, after_commit=False) == [b"a.csv"]
    assert world.working("a.csv.dvc") == world.staged("a.csv.dvc") == pointer("a.csv", b"a,b\n")


def test_what_nobody_swept_into_a_commit_stays_out_of_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    killed_as_it_was(world, born=False)
    world.repo.write(".gitignore", b"/a.csv\n# mine\n")
    private(world, monkeypatch, "index.lock")
    recover.complete(world.place, after_commit=False)
    assert world.staged(".gitignore") == b"/a.csv\n"
    assert world.working(".gitignore") == b"/a.csv\n# mine\n"


# --- what is written already


def unwritten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "replace_in", pytest.fail)


def test_what_the_commit_s_own_run_wrote_is_not_written_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.repo.stage("a.csv", b"a,b\n")
    only = Only(world, "a.csv")
    unwritten(monkeypatch)
    assert only.complete() == [b"a.csv"]


def test_a_newer_pointer_is_left_alone_also_where_one_is_committed(world: World) -> None:
    killed_as_it_was(world, born=False)
    newer = pointer("a.csv", b"newer still\n")
    world.repo.write("a.csv.dvc", newer)
    when = Journal(world.place).begun()  # file systems tell no two moments of a tick apart
    os.utime(world.repo.file("a.csv.dvc"), ns=(when, when))
    recover.complete(world.place, after_commit=False)
    assert world.working("a.csv.dvc") == newer


# --- of pointers that go


def gone(world: World, *names: str) -> None:
    """Let artifacts go in the index alone, and leave word of what the work tree is owed."""
    old = world.repo.index()
    world.repo.git("rm", "-q", "--cached", *(f"{name}.dvc" for name in names))
    rows = [(n, old[n + b".dvc"][1], n + b".dvc", b"", n.rpartition(b"/")[2]) for n in map(str.encode, names)]
    Journal(world.place).write(rows)


@pytest.mark.parametrize(
    ("before", "after"), [(b"/a.csv\n", None), (b"*.o\n/a.csv\n", b"*.o\n"), (b"*.o\n", b"*.o\n"), (None, None)]
)
def test_their_files_and_lines_go_too(committed: World, before: bytes | None, after: bytes | None) -> None:
    committed.repo.file(".gitignore").unlink()
    if before is not None:
        committed.repo.write(".gitignore", before)
    gone(committed, "a.csv", "d/b.csv")
    with pytest.MonkeyPatch.context() as patched:
        if before == after:
            unwritten(patched)
        assert recover.complete(committed.place, after_commit=False) == [b"a.csv", b"d/b.csv"]
    there = {p for p in ("a.csv.dvc", ".gitignore", "d/b.csv.dvc", "d/.gitignore") if committed.repo.file(p).exists()}
    assert there == ({".gitignore"} if after else set())
    assert after is None or committed.working(".gitignore") == after
    assert committed.working("a.csv") == b"1\n"


def test_one_that_was_written_since_stays(committed: World) -> None:
    gone(committed, "a.csv")
    when = Journal(committed.place).begun()
    os.utime(committed.repo.file("a.csv.dvc"), ns=(when, when))
    recover.complete(committed.place, after_commit=False)
    assert committed.working("a.csv.dvc") == pointer("a.csv", b"1\n")


def test_one_that_is_no_longer_there_is_none_to_take_away(committed: World) -> None:
    gone(committed, "a.csv")
    committed.repo.file("a.csv.dvc").unlink()
    assert recover.complete(committed.place, after_commit=False) == [b"a.csv"]
    assert not committed.repo.file(".gitignore").exists()


def test_of_what_comes_and_goes_in_one_folder_each_line_is_its_own(committed: World) -> None:
    old = committed.repo.index()[b"a.csv.dvc"][1]
    committed.repo.stage("c.csv", b"3\n")
    kill(committed, "after", "index", "replace", "c.csv")
    committed.repo.git("rm", "-q", "--cached", "a.csv.dvc")
    Journal(committed.place).add([(b"a.csv", old, b"a.csv.dvc", b"", b"a.csv")])
    assert recover.complete(committed.place, after_commit=False) == [b"c.csv", b"a.csv"]
    assert committed.working(".gitignore") == b"/c.csv\n"
    assert not committed.repo.file("a.csv.dvc").exists()
    assert committed.working("c.csv.dvc") == pointer("c.csv", b"3\n")


def test_a_pointer_that_was_renamed_says_its_new_name_and_what_a_person_wrote(committed: World) -> None:
    committed.repo.git("mv", "a.csv.dvc", "z.csv.dvc")
    said = pointer("z.csv", b"1\n")
    oid = git.run("hash-object", "-w", "--stdin", data=said).strip()
    committed.repo.git("update-index", "--cacheinfo", f"100644,{oid.decode()},z.csv.dvc")
    committed.repo.write("z.csv.dvc", pointer("a.csv", b"1\n") + b"desc: mine\n")
    Journal(committed.place).write([(b"z.csv", b"", b"z.csv.dvc", oid, b"")])
    assert recover.complete(committed.place, after_commit=False) == [b"z.csv"]
    assert committed.working("z.csv.dvc") == said + b"desc: mine\n"


@pytest.mark.parametrize("anew", [False, True])
def test_after_a_commit_of_paths_the_real_index_loses_what_is_gone(committed: World, anew: bool) -> None:
    names = ("a.csv", "d/b.csv")
    with pytest.MonkeyPatch.context() as patched:
        private(committed, patched, "next-index-2.lock")
        gone(committed, *names)
        committed.repo.git("rm", "-q", "--cached", ".gitignore", "d/.gitignore")
        committed.repo.commit()
    if anew:
        committed.repo.stage("a.csv.dvc", pointer("a.csv", b"new\n"))
    assert recover.complete(committed.place, after_commit=True) == [b"a.csv", b"d/b.csv"]
    kept = {b".gitignore": b"100644", b"a.csv.dvc": b"100644"} if anew else {}
    assert modes(committed) == {b".gitattributes": b"100644", b"d/code.py": b"100644", **kept}
