"""Folders that become one pointer each, held against what DVC itself writes."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.convert.conftest import World
from tests.helpers.support import dvc, objects, run
from trinity_guard import git
from trinity_guard.config import Config
from trinity_guard.convert import convert as conversion
from trinity_guard.convert import recover
from trinity_guard.convert.journal import Journal
from trinity_guard.convert.outcome import Directory, Outcome
from trinity_guard.detect.patterns import Rules
from trinity_guard.dvcrepo import directory, odb, tracked
from trinity_guard.errors import GuardError
from trinity_guard.git import files, index

FOLDERS = ("*.set/", "/d/")
NAMES = [
    "a.csv", "é ü.csv", 'q "uote".txt', "back\\slash", "new\nline", "tab\tx", "del\x7f", "😀.x", "it's", "-dash",
    ":colon", " lead", "trail ", ".hidden", ".gitignore", "x.yaml", "#x", "!y", "[z]", "null", "A", "b.tmp",
    "x" * 200,
]  # fmt: skip


def converted(
    world: World, *names: bytes, changed: tuple[bytes, ...] = (), folders: tuple[str, ...] = FOLDERS
) -> Outcome:
    """Convert what is staged under these names; what is not staged as it is."""
    known = index.entries_of(names)
    entries = [known.get(name, index.Entry(index.REGULAR, b"", name)) for name in names]
    rules = Rules(Config(folders=folders))
    return conversion.convert(world.place, world.catalog(), entries, changed=changed, rules=rules)


def listed(world: World, path: str = "d") -> dict[bytes, str]:
    [held] = [o for o in world.catalog().held if o.path == path.encode()]
    found = directory.in_cache(odb.Store(bytes(world.repo.path / ".dvc/cache")), held)
    assert found is not None
    assert held.nfiles == len(found)
    cached = world.repo.cached()
    assert held.size == sum(len(cached[md5]) for md5 in found.values())
    return found


def contents(world: World, path: str = "d") -> dict[bytes, bytes]:
    cached = world.repo.cached()
    return {name: cached[md5] for name, md5 in listed(world, path).items()}


@pytest.fixture
def held(world: World) -> World:
    """Holds d/ with a and sub/b."""
    world.repo.stage("d/a", b"a")
    world.repo.stage("d/sub/b", b"bb")
    converted(world, b"d/a")
    return world


def test_a_file_that_had_a_pointer_counts_once(world: World) -> None:
    """`listed` compares the pointer's size."""
    for name in ("d/a.csv", "d/b.csv"):
        world.repo.stage(name, b"1,2,3")
    world.convert(b"d/a.csv", b"d/b.csv")
    converted(world, b"d/a.csv")
    assert set(listed(world)) == {b"a.csv", b"b.csv"}


def draw(random: random.Random, folder: Path, depth: int = 0) -> None:
    folder.mkdir()
    for name in random.sample(NAMES, random.randrange(0 if depth else 1, 9)):
        (folder / name).write_bytes(random.randbytes(random.choice([0, 1, 100])))
        (folder / name).chmod(random.choice([0o644, 0o755]))
    for name in random.sample(["sub", "é", "s p", ".h"], random.randrange(3)) if depth < 3 else ():
        draw(random, folder / name, depth + 1)
        if not any((folder / name).iterdir()):
            (folder / name).rmdir()  # Git has no empty folders


@pytest.mark.slow
@pytest.mark.parametrize("ignored", [b"", b"*.tmp\n/1.set/sub\n"])
def test_pointer_list_and_objects_are_those_of_dvc_add(world: World, ignored: bytes) -> None:
    world.repo.write(".dvcignore", ignored)
    names = ["0.set", "1.set", "it's é.set", "- x: y.set", "n" * 70 + ".set"]
    for seed, name in enumerate(names):
        draw(random.Random(seed), world.repo.path / name)
        world.repo.git("add", "-f", "--", f"./{name}")
    skipped = index.entries("1.set/sub") if ignored else []
    skipped += [e for e in index.entries(".") if e.path.endswith(b".tmp")] if ignored else []
    for entry in skipped:
        world.repo.git("rm", "-q", "--cached", "--ignore-unmatch", "--", b"./" + entry.path)
    first = [
        next(e.path for e in index.entries(f"./{name}") if e.path.startswith(name.encode() + b"/")) for name in names
    ]
    assert len(converted(world, *first).converted) == len(names)
    pointers = {name: world.working(f"{name}.dvc") for name in names}
    ours, ignore = objects(world.repo.path / ".dvc/cache/files/md5"), world.working(".gitignore")
    for name in names:
        world.repo.file(f"{name}.dvc").unlink()
    world.repo.file(".gitignore").unlink()
    world.repo.git("rm", "-q", "--cached", "-r", ".")
    shutil.rmtree(world.repo.path / ".dvc/cache")
    dvc("add", "-q", "--", *names, cwd=world.repo.path)
    assert {name: world.working(f"{name}.dvc") for name in names} == pointers
    assert objects(world.repo.path / ".dvc/cache/files/md5") == ours
    assert set(world.working(".gitignore").split(b"\n")) == set(ignore.split(b"\n"))


def test_all_that_is_staged_below_goes_and_what_was_staged_is_what_is_recorded(world: World) -> None:
    world.repo.stage("d/a", b"staged")
    world.repo.stage("d/.gitignore", b"*.tmp\n")
    world.repo.stage("d/sub/notes.txt", b"text")
    world.repo.stage("beside.csv", b"a,b\n")
    world.repo.write("d/a", b"newer than staged")
    world.repo.write("d/untracked", b"x")
    [folder] = converted(world, b"d/a").converted
    assert isinstance(folder, Directory)
    assert contents(world) == {b"a": b"staged", b".gitignore": b"*.tmp\n", b"sub/notes.txt": b"text"}
    assert set(world.repo.index()) == {b".dvc/config", b".gitattributes", b".gitignore", b"beside.csv", b"d.dvc"}
    assert world.working("d/a") == b"newer than staged"
    assert world.ignored("d")
    assert (folder.newer, folder.unrecorded, folder.nfiles) == (True, [b"untracked"], 3)


def test_a_file_that_is_staged_into_it_later_is_added_to_its_list(held: World) -> None:
    held.repo.stage("d/sub/c.csv", b"new")
    held.repo.stage("d/a", b"other")
    held.repo.write("d/unstaged", b"x")
    converted(held, b"d/sub/c.csv", b"d/a", folders=())
    assert contents(held) == {b"a": b"other", b"sub/b": b"bb", b"sub/c.csv": b"new"}
    assert not [path for path in held.repo.index() if path.startswith(b"d/")]


def test_a_file_below_it_is_recorded_as_it_is_when_it_is_named(held: World) -> None:
    held.repo.write("d/a", b"changed")
    held.repo.write("d/other", b"x")
    converted(held, b"d/a", folders=())
    assert contents(held) == {b"a": b"changed", b"sub/b": b"bb"}


def test_the_folder_itself_is_recorded_as_it_is(held: World) -> None:
    held.repo.write("d/new", b"new")
    held.repo.file("d/a").unlink()
    held.repo.stage("d/sub/staged", b"staged")
    held.repo.write("d/sub/staged", b"newer")
    converted(held, b"d", b"d/sub/staged", folders=())
    assert contents(held) == {b"new": b"new", b"sub/b": b"bb", b"sub/staged": b"staged"}


def test_only_what_changed_is_read_again(held: World, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    real = odb.Store.take

    def noted(store: odb.Store, *args: Any) -> odb.Stored:
        read.append(1)
        return real(store, *args)

    monkeypatch.setattr(odb.Store, "take", noted)
    held.repo.write("d/a", b"changed")
    converted(held, b"d")
    assert len(read) == 2  # the file, and the list


def test_an_object_that_the_cache_has_lost_is_taken_again(held: World) -> None:
    md5 = listed(held)[b"sub/b"]
    held.repo.file(f".dvc/cache/files/md5/{md5[:2]}/{md5[2:]}").unlink()
    held.repo.write("d/a", b"changed")
    converted(held, b"d")
    assert contents(held)[b"sub/b"] == b"bb"


def test_without_its_list_nothing_can_be_added(held: World) -> None:
    [held_output] = held.catalog().held
    os.unlink(odb.Store(bytes(held.repo.path / ".dvc/cache")).path(held_output.md5))  # noqa: PTH108
    held.repo.stage("d/new", b"x")
    before = held.repo.index()
    with pytest.raises(GuardError, match=r"the list of its files is not in the cache") as caught:
        converted(held, b"d/new")
    assert caught.value.remedy.startswith("trinity-guard pull d ")
    assert held.repo.index() == before


def test_all_else_that_the_pointer_says_stays(held: World) -> None:
    said = held.working("d.dvc") + b"  desc: mine\nmeta:\n  x: 1\n"
    held.repo.stage("d.dvc", said)
    held.repo.write("d/a", b"changed")
    converted(held, b"d")
    assert b"desc: mine" in held.staged("d.dvc")
    assert b"nfiles: 2" in held.staged("d.dvc")
    assert b"meta:\n  x: 1\n" in held.working("d.dvc")


def test_pointers_of_single_files_in_it_become_part_of_it(world: World) -> None:
    world.repo.stage("d/one.csv", b"1")
    world.repo.stage("d/sub/two.csv", b"22")
    world.repo.stage("d/sub/.gitignore", b"*.tmp\n")
    world.convert(b"d/one.csv", b"d/sub/two.csv")
    world.repo.stage("d/three.png", b"333")
    converted(world, b"d/three.png")
    assert contents(world) == {
        b"one.csv": b"1", b"sub/two.csv": b"22", b"three.png": b"333", b"sub/.gitignore": b"*.tmp\n/two.csv\n",
    }  # fmt: skip
    assert not [path for path in world.repo.index() if path.startswith(b"d/")]
    assert not world.repo.file("d/one.csv.dvc").exists()
    assert not world.repo.file("d/.gitignore").exists()
    [output] = tracked.load(world.place).held
    assert output.seen not in (b"", b"newer")


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("d/x.dvc", b"outs:\n- md5: %s.dir\n  size: 1\n  hash: md5\n  path: x\n" % (b"1" * 32), "records more"),
        ("d/dvc.yaml", b"stages:\n  s:\n    cmd: x\n    outs:\n    - a\n", "is an output of stage 's'"),
    ],
)
def test_what_else_dvc_holds_in_it_stops_it(world: World, name: str, data: bytes, words: str) -> None:
    world.repo.stage("d/a", b"a")
    world.repo.stage(name, data)
    before = world.repo.index()
    with pytest.raises(GuardError, match=words):
        converted(world, b"d/a")
    assert world.repo.index() == before


@pytest.mark.parametrize("name", ["d/.dvcignore", "d/sub/dvc.lock", "d/sub/.dvcignore", "d/\udcff.csv"])
def test_what_dvc_takes_into_no_directory_stops_it(world: World, name: str) -> None:
    world.repo.stage("d/a", b"a")
    world.repo.stage(os.fsencode(name), b"x")
    with pytest.raises(GuardError, match="cannot be a part of d/") as caught:
        converted(world, b"d/a")
    [command] = [line.split("     #")[0] for line in caught.value.remedy.splitlines()]
    run("bash", "-c", command, cwd=world.repo.path)  # the remedy, as it is printed
    converted(world, b"d/a")
    assert contents(world) == {b"a": b"a"}


def test_a_symlink_in_it_stops_it(world: World) -> None:
    world.repo.stage("d/a", b"a")
    world.repo.file("d/link").symlink_to("a")
    world.repo.git("add", "d/link")
    with pytest.raises(
        GuardError, match="d/link cannot be a part of d/, which is one artifact: it is no ordinary file"
    ):
        converted(world, b"d/a")


def test_a_legacy_directory_is_left_to_dvc(held: World) -> None:
    held.repo.stage("d.dvc", held.working("d.dvc").replace(b"  hash: md5\n", b""))
    held.repo.stage("d/new", b"x")
    with pytest.raises(GuardError, match="which DVC holds as a whole"):
        converted(held, b"d/new")


def test_a_file_that_is_being_written_stops_it_or_leaves_it_out(held: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from trinity_guard.convert import cache

    held.repo.write("d/a", b"changed")
    monkeypatch.setattr(cache, "_take_file", lambda *_: None)
    before = held.repo.index()
    with pytest.raises(GuardError, match="d/a is being written to"):
        converted(held, b"d")
    outcome = converted(held, b"d", changed=(b"d",))
    assert [(o.path, state) for o, state in outcome.left] == [(b"d", "being written")]
    assert not outcome.converted
    assert held.repo.index() == before


def test_one_that_was_cut_short_is_completed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.repo.stage("d/a", b"a")
    world.repo.stage("d/sub/b", b"b")
    monkeypatch.setattr(files, "replace_in", lambda *_, **__: pytest.fail("killed"))
    with pytest.raises(pytest.fail.Exception):
        converted(world, b"d/a")
    monkeypatch.undo()
    os.chdir(world.repo.path)
    assert not world.repo.file("d.dvc").exists()
    assert recover.complete(world.place, after_commit=False)
    assert world.working("d.dvc") == world.staged("d.dvc")
    assert world.working(".gitignore") == world.staged(".gitignore") == b"/d\n"
    assert not Journal(world.place).exists()


def test_after_a_commit_of_its_path_the_real_index_follows(world: World) -> None:
    for name in ("d/a", "d/b", "d/later"):
        world.repo.stage(name, name.encode())
    world.repo.commit("--allow-empty", "-m", "x")
    journal = Journal(world.place)
    converted(world, b"d/a")
    made = index.entries_of([b"d.dvc"])[b"d.dvc"].oid
    entries = {e.path: e.oid for e in index.entries("d")}
    assert not entries
    world.repo.commit("-m", "pointer")
    world.repo.git("rm", "-q", "--cached", "d.dvc")
    for name in ("d/a", "d/b"):
        world.repo.git("add", "-f", name)
    raw = {e.path: e.oid for e in index.entries("d")}
    world.repo.stage("d/b", b"another version")
    journal.write([(b"d", b"", b"d.dvc", made, b"d"), *((p, raw[p], b"d.dvc", made, b"") for p in sorted(raw))])
    assert recover.complete(world.place, after_commit=True)
    assert {p for p in world.repo.index() if p.startswith(b"d")} == {b"d.dvc", b"d/b"}
    assert git.read_all([world.repo.index()[b"d.dvc"][1]]) == [world.working("d.dvc")]
