"""Staged artifacts become pointers in one step: their bytes in the cache, the index changed, the working tree along."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from typing import Any

import pytest

from tests.convert.conftest import World, pointer
from tests.helpers.support import Repo
from trinity_guard import git
from trinity_guard.convert import cache, convert, leftovers
from trinity_guard.convert.journal import Journal
from trinity_guard.dvcrepo import tracked
from trinity_guard.dvcrepo.output import NEWER
from trinity_guard.errors import UNUSABLE, GuardError
from trinity_guard.git import index

LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 5\n"


def md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


def unstaged(name: bytes) -> index.Entry:
    """Return what stands for a working file as it is."""
    return index.Entry(index.REGULAR, b"", name)


def test_a_pointer_that_comes_while_the_bytes_are_kept_is_not_written_over(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Copying gigabytes takes minutes, in which `dvc add`, say, may write one."""
    world.repo.stage("a.csv", 5000)
    keep = cache.keep_bytes

    def keep_slowly(*args: Any) -> Any:
        found = keep(*args)
        world.repo.write("a.csv.dvc", pointer("a.csv", b"") + b"desc: mine\n")
        return found

    monkeypatch.setattr(convert, "keep_bytes", keep_slowly)
    world.convert(b"a.csv")
    assert b"desc: mine\n" in world.working("a.csv.dvc")


# --- what is left behind


@pytest.mark.parametrize("name", ["a.csv", "é ü.csv", "d/e/-x.pkl", "new\nline.csv", "[a]*?.csv", ":x.csv"])
def test_a_staged_file_becomes_a_pointer(world: World, name: str) -> None:
    data = world.repo.stage(name, 5000)
    path = name.encode()
    (item,) = world.convert(path).converted
    assert path not in world.repo.index()
    assert world.staged(name + ".dvc") == world.working(name + ".dvc")
    assert f"md5: {md5(data)}\n  size: 5000\n".encode() in world.staged(name + ".dvc")
    assert world.repo.cached() == {md5(data): data}
    assert world.working(name) == data
    assert world.ignored(name)
    assert (item.path, item.pointer, item.md5, item.size) == (path, path + b".dvc", md5(data), 5000)
    assert (item.newer, item.renewed) == (False, True)


def test_the_pointer_is_that_of_dvc_and_nothing_of_ours_stays(world: World) -> None:
    data = world.repo.stage("a.csv", 500)
    before = world.repo.index()[b"a.csv"][1]
    world.convert(b"a.csv")
    assert world.staged("a.csv.dvc") == pointer("a.csv", data)
    assert not Journal(world.place).exists()
    assert not [p for p in world.own("").iterdir() if p.name.startswith(".")]
    assert [(path, oid) for path, oid, _ in leftovers.read(world.place)] == [(b"a.csv", before)]


def test_what_was_converted_is_known_and_seen_to_be_unchanged(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.repo.stage("a.csv", 500)
    world.convert(b"a.csv")
    catalog = world.catalog()
    assert [h.path for h in catalog.held] == [b"a.csv"]
    monkeypatch.setattr("trinity_guard.dvcrepo.odb.md5_of", None)
    assert tracked.behind(world.place, catalog) == []


def test_several_files_of_several_folders_are_one_step(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = []
    real = index.replace

    def noted(changes: list[tuple[bytes, bytes, bytes]], index_file: bytes | None = None) -> None:
        steps.append(len(changes))
        real(changes, index_file)

    names = [b"a.csv", b"d/b.csv", b"d/c.pkl"]
    for name in names:
        world.repo.stage(name, name)
    monkeypatch.setattr(index, "replace", noted)
    assert [i.path for i in world.convert(*names).converted] == names
    assert steps == [9]
    assert {p for p in world.repo.index() if not p.startswith(b".dvc/")} == {
        *(name + b".dvc" for name in names),
        b".gitattributes",
        b".gitignore",
        b"d/.gitignore",
    }


def test_nothing_to_convert_is_no_transaction(world: World) -> None:
    outcome = world.convert()
    assert (outcome.converted, outcome.remarks) == ([], [])
    assert not world.own("").exists()


def test_a_file_belongs_to_the_cache_of_its_own_project(world: World) -> None:
    world.repo.stage("sub/.dvc/config", b"")
    data = world.repo.stage("sub/d/a.csv", 500)
    assert [i.project for i in world.convert(b"sub/d/a.csv").converted] == [b"sub"]
    assert world.repo.cached() == {}
    assert Repo(world.repo.path / "sub").cached() == {md5(data): data}


@pytest.mark.parametrize("mode", [0o644, 0o755])
def test_what_may_be_executed_is_recorded_as_such(world: World, mode: int) -> None:
    for name in ("staged.csv", "added.csv"):
        world.repo.write(name, b"a,b\n")
        world.repo.file(name).chmod(mode)
    world.repo.git("add", "staged.csv")
    world.convert(b"staged.csv")
    world.add(b"added.csv")
    for name in ("staged.csv", "added.csv"):
        assert (b"isexec: true" in world.staged(name + ".dvc")) == (mode == 0o755)


def test_the_journal_of_an_index_that_git_throws_away_is_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.repo.stage("a.csv", 500)
    own = world.repo.path / ".git" / "next-index-1.lock"
    own.write_bytes((world.repo.path / ".git" / "index").read_bytes())
    monkeypatch.setenv("GIT_INDEX_FILE", str(own))
    world.convert(b"a.csv")
    assert [row[0] for row in Journal(world.place).read()] == [b"a.csv"]


# --- which bytes


def test_what_was_staged_is_kept_and_a_newer_working_file_is_left_alone(world: World) -> None:
    data = world.repo.stage("a.csv", 500)
    newer = world.repo.write("a.csv", 500)
    (item,) = world.convert(b"a.csv").converted
    assert item.newer
    assert world.repo.cached() == {md5(data): data}
    assert world.working("a.csv") == newer


@pytest.mark.parametrize("instead", ["nothing", "a folder", "a symlink"])
def test_the_blob_has_the_bytes_where_the_working_file_has_gone(world: World, instead: str) -> None:
    data = world.repo.stage("d/a.csv", 500)
    file = world.repo.file("d/a.csv")
    file.unlink()
    if instead == "a folder":
        file.mkdir()
    elif instead == "a symlink":
        world.repo.write("other.csv", data)
        file.symlink_to("../other.csv")
    (item,) = world.convert(b"d/a.csv").converted
    assert world.repo.cached() == {md5(data): data}
    assert not item.newer


def test_a_file_that_was_only_touched_is_not_newer(world: World) -> None:
    world.repo.stage("a.csv", 500)
    os.utime(world.repo.file("a.csv"), (1, 1))
    (item,) = world.convert(b"a.csv").converted
    assert not item.newer
    assert item.mark == b"500 1000000000 %d" % world.repo.file("a.csv").stat().st_ino


def test_a_file_of_the_same_size_is_told_by_its_bytes(world: World) -> None:
    world.repo.stage("a.csv", b"1,2\n")
    world.repo.write("a.csv", b"3,4\n")
    (item,) = world.convert(b"a.csv").converted
    assert (item.newer, item.mark) == (True, NEWER)


@pytest.mark.parametrize("from_blob", [False, True])
def test_what_the_cache_gets_is_what_the_working_tree_holds_not_what_git_made_of_it(
    world: World, from_blob: bool
) -> None:
    world.repo.git("config", "core.autocrlf", "true")
    data = world.repo.stage("a.csv", b"a,b\r\n1,2\r\n")
    assert world.staged("a.csv") == b"a,b\n1,2\n"
    if from_blob:
        world.repo.file("a.csv").unlink()
    world.convert(b"a.csv")
    assert world.repo.cached() == {md5(data): data}


def test_a_working_file_is_added_as_it_is(world: World) -> None:
    world.repo.stage("a.csv", b"staged\n")
    data = world.repo.write("a.csv", b"as it is\n")
    (item,) = world.add(b"a.csv").converted
    assert world.repo.cached() == {md5(data): data}
    assert b"a.csv" not in world.repo.index()
    assert item.renewed
    assert leftovers.read(world.place) == []


def growing(world: World, name: str) -> Callable[[int, int], None]:
    """Return a progress that writes to the file whenever a piece of it was read."""

    def write(done: int, total: int) -> None:
        with world.repo.file(name).open("ab") as file:
            file.write(b"more")

    return write


def test_a_file_that_is_written_to_while_it_is_read_is_not_added(world: World) -> None:
    world.repo.write("a.csv", 5000)
    with pytest.raises(GuardError, match=r"^a\.csv is being written to; try again when it is done\.$"):
        convert.convert(world.place, world.catalog(), [unstaged(b"a.csv")], growing(world, "a.csv"))
    assert world.repo.cached() == {}
    assert b"a.csv.dvc" not in world.repo.index()


def test_of_a_staged_one_the_blob_is_taken_then(world: World) -> None:
    data = world.repo.stage("a.csv", 5000)
    outcome = convert.convert(world.place, world.catalog(), world.entries(b"a.csv"), growing(world, "a.csv"))
    assert world.repo.cached() == {md5(data): data}
    assert outcome.converted[0].newer


def test_progress_goes_up_to_all_that_there_is(world: World) -> None:
    world.repo.stage("a.csv", 700_000)
    world.repo.stage("b.csv", 30_000)
    told: list[tuple[int, int]] = []
    convert.convert(
        world.place, world.catalog(), world.entries(b"a.csv", b"b.csv"), lambda done, total: told.append((done, total))
    )
    assert told[-1] == (730_000, 730_000)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert {total for _, total in told} == {730_000}


def test_progress_is_never_more_than_all(world: World) -> None:
    world.repo.stage("a.csv", 5000)
    world.repo.file("a.csv").unlink()
    told: list[tuple[int, int]] = []
    convert.convert(world.place, world.catalog(), world.entries(b"a.csv"), lambda *both: told.append(both))
    assert told[-1] == (5000, 5000)


# --- a pointer that is there


def test_the_next_version_renews_the_pointer_and_keeps_what_a_person_wrote_into_it(world: World) -> None:
    world.repo.stage("a.csv", b"one\n")
    world.convert(b"a.csv")
    world.repo.stage("a.csv.dvc", world.staged("a.csv.dvc") + b"desc: staged\n")
    world.repo.write("a.csv.dvc", world.working("a.csv.dvc") + b"meta: not staged\n")
    world.repo.stage("a.csv", b"two\n")
    world.convert(b"a.csv")
    assert world.staged("a.csv.dvc") == pointer("a.csv", b"two\n") + b"desc: staged\n"
    assert world.working("a.csv.dvc") == pointer("a.csv", b"two\n") + b"desc: staged\nmeta: not staged\n"


def test_a_pointer_that_is_not_staged_is_renewed_and_not_replaced(world: World) -> None:
    world.repo.stage("a.csv", b"one\n")
    world.repo.write("a.csv.dvc", pointer("a.csv", b"older\n") + b"desc: mine\n")
    world.convert(b"a.csv")
    assert world.staged("a.csv.dvc") == world.working("a.csv.dvc") == pointer("a.csv", b"one\n") + b"desc: mine\n"


def test_a_pointer_that_is_staged_alone_comes_back(world: World) -> None:
    world.repo.stage("a.csv.dvc", pointer("a.csv", b"older\n") + b"desc: mine\n")
    world.repo.file("a.csv.dvc").unlink()
    world.repo.stage("a.csv", b"one\n")
    world.convert(b"a.csv")
    assert world.staged("a.csv.dvc") == world.working("a.csv.dvc") == pointer("a.csv", b"one\n") + b"desc: mine\n"


def test_adding_what_the_pointer_says_already_renews_nothing(world: World) -> None:
    world.repo.write("a.csv", b"one\n")
    assert [i.renewed for i in world.add(b"a.csv").converted] == [True]
    before = world.repo.index()
    assert [i.renewed for i in world.add(b"a.csv").converted] == [False]
    assert world.repo.index() == before
    world.repo.write("a.csv", b"two\n")
    assert [i.renewed for i in world.add(b"a.csv").converted] == [True]


# --- refused, with nothing touched


def refused(world: World, name: bytes, why: str) -> GuardError:
    """Convert a staged file, expect a refusal, and that nothing was done."""
    before = world.repo.index()
    with pytest.raises(GuardError, match=why) as caught:
        world.convert(name)
    assert world.repo.index() == before
    assert world.repo.cached() == {}
    assert not Journal(world.place).exists()
    return caught.value


@pytest.mark.parametrize("name", ["d/a.csv.dvc", "d/.gitignore"])
def test_what_is_in_conflict_is_nobody_s_to_write(world: World, name: str) -> None:
    world.repo.stage("d/a.csv", 500)
    oid = world.repo.git("hash-object", "-w", "--stdin").stdout.strip().decode()
    stages = "".join(f"100644 {oid} {stage}\t{name}\n" for stage in (1, 2, 3))
    git.run("update-index", "--index-info", data=stages.encode())
    error = refused(world, b"d/a.csv", rf"^{name} is in conflict \(a merge is under way\), and d/a\.csv needs it\.$")
    remedies = {
        "d/a.csv.dvc": "git checkout --ours -- d/a.csv.dvc && git add d/a.csv.dvc"
        "     # then again: your file is recorded over it",
        "d/.gitignore": "resolve it first: edit d/.gitignore, then git add d/.gitignore",
    }
    assert error.remedy == remedies[name]


@pytest.mark.parametrize("what", ["a folder", "a symlink", "a dangling symlink"])
def test_what_is_in_the_pointer_s_way_stays_there(world: World, what: str) -> None:
    world.repo.stage("a.csv", 500)
    obstacle = world.repo.file("a.csv.dvc")
    if what == "a folder":
        obstacle.mkdir()
    else:
        world.repo.write("there", b"")
        obstacle.symlink_to("there" if what == "a symlink" else "none")
    error = refused(world, b"a.csv", r"^a\.csv\.dvc is in the way: it is no ordinary file\.$")
    assert error.remedy == "move it away, then try again: mv a.csv.dvc …"


def test_a_file_where_the_pointer_s_folder_should_be_stays_there(world: World) -> None:
    world.repo.stage("d/e/a.csv", 500)
    shutil.rmtree(world.repo.file("d"))
    world.repo.write("d", b"a file now\n")
    error = refused(world, b"d/e/a.csv", r"^d is in the way: it is no folder\.$")
    assert error.remedy == "move it away, then try again: mv d …"
    assert world.working("d") == b"a file now\n"


def test_folders_that_have_gone_with_their_files_are_made_again(world: World) -> None:
    data = world.repo.stage("d/e/a.csv", 500)
    shutil.rmtree(world.repo.file("d"))
    world.convert(b"d/e/a.csv")
    assert world.working("d/e/a.csv.dvc") == pointer("a.csv", data)


def test_nothing_is_written_through_a_folder_that_is_a_symlink(world: World) -> None:
    world.repo.stage("d/a.csv", 500)
    world.repo.file("d").rename(world.repo.path.parent / "outside")
    world.repo.file("d").symlink_to("../outside")
    refused(world, b"d/a.csv", r"^d/a\.csv lies in a folder that is a symlink\.$")
    assert not (world.repo.path.parent / "outside" / "a.csv.dvc").exists()


def test_a_pointer_that_nobody_can_read_stops_all(world: World) -> None:
    world.repo.stage("b.csv.dvc", b"no pointer\n")
    world.repo.stage("a.csv", 500)
    error = refused(world, b"a.csv", r"^b\.csv\.dvc is no pointer that DVC can read")
    assert error.remedy.startswith("git rm -q --cached -- b.csv.dvc     # no commit has a good one")


def test_a_repository_of_sha256_is_no_place_for_dvc(make_repo: Callable[..., Repo]) -> None:
    repo = make_repo("sha256", guarded=False)
    with pytest.raises(GuardError, match="object format is sha256") as caught:
        convert.claim(
            git.Place(os.fsencode(repo.path), b"", b""),
            tracked.Catalog({}, [], {}),
            [index.Entry(index.REGULAR, b"0" * 64, b"a.csv")],
        )
    assert caught.value.exit_code == UNUSABLE
    assert caught.value.remedy.startswith("git init ")


def test_a_failure_in_the_middle_leaves_the_index_and_no_half_object(world: World) -> None:
    first = world.repo.stage("a.csv", 500)
    world.repo.stage("b.csv", 500)
    before = world.repo.index()

    def full(done: int, total: int) -> None:
        if done > 500:
            raise OSError(28, "No space left on device")

    with pytest.raises(GuardError, match="cache is full; nothing was changed"):
        convert.convert(world.place, world.catalog(), world.entries(b"a.csv", b"b.csv"), full)
    assert world.repo.index() == before
    assert set(world.repo.cached().values()) <= {first}
    left = [p for p in (world.repo.path / ".dvc" / "cache").rglob("*") if p.is_file()]
    assert {p.read_bytes() for p in left} <= {first}


# --- what belongs to others


def test_git_lfs_keeps_what_is_its_own(world: World) -> None:
    world.repo.stage(".gitattributes", b"*.pkl filter=lfs\n")
    world.repo.stage("pointer.pkl", LFS)
    world.repo.stage("raw[1].pkl", b"no pointer of its")
    outcome = world.convert(b"pointer.pkl", b"raw[1].pkl")
    assert outcome.converted == []
    assert outcome.remarks == [
        (
            "raw[1].pkl is left to git-lfs, but what is staged is no LFS pointer: is git-lfs installed?",
            "git lfs install && git add --renormalize ':(literal)raw[1].pkl'",
        )
    ]


def test_a_file_of_git_lfs_is_not_added(world: World) -> None:
    world.repo.stage(".gitattributes", b"*.pkl filter=lfs\n")
    world.repo.write("a.pkl", 500)
    with pytest.raises(GuardError, match=r"^a\.pkl is tracked by git-lfs \(\.gitattributes\)\.$") as caught:
        world.add(b"a.pkl")
    assert caught.value.remedy.startswith("git lfs untrack a.pkl ")


def test_a_file_that_a_filter_hides_is_refused(world: World) -> None:
    world.repo.git("config", "filter.crypt.clean", "cat")
    world.repo.stage(".gitattributes", b"*.pkl filter=crypt\n")
    world.repo.stage("a.pkl", 500)
    refused(world, b"a.pkl", "goes through the filter 'crypt'")


def test_what_a_pipeline_leaves_to_git_is_left_there(world: World) -> None:
    world.repo.stage("dvc.yaml", b"stages:\n  s:\n    cmd: x\n    metrics:\n    - m.csv:\n        cache: false\n")
    world.repo.stage("m.csv", b"a,b\n")
    world.repo.stage("other.csv", b"a,b\n")
    outcome = world.convert(b"m.csv", b"other.csv")
    assert [i.path for i in outcome.converted] == [b"other.csv"]
    assert b"m.csv" in world.repo.index()


def test_what_is_claimed_without_refusing_is_all_that_nobody_keeps_in_git(world: World) -> None:
    world.repo.stage("b.csv.dvc", b"no pointer\n")
    world.repo.stage("data.dvc", pointer("data", b"").replace(b"\n  size", b".dir\n  size", 1))
    world.repo.stage("dvc.yaml", b"stages:\n  s:\n    cmd: x\n    outs:\n    - o.csv\n    - m.csv: {cache: false}\n")
    world.repo.stage(".gitattributes", b"lfs.csv filter=lfs\n")
    for name in ("data/a.csv", "o.csv", "m.csv", "lfs.csv", "a.csv"):
        world.repo.stage(name, LFS)
    names = (b"data/a.csv", b"o.csv", b"m.csv", b"lfs.csv", b"a.csv")
    items, remarks = convert.claim(world.place, world.catalog(), world.entries(*names), refuse=False)
    assert [i.path for i in items] == [b"data/a.csv", b"o.csv", b"a.csv"]
    assert remarks == []
