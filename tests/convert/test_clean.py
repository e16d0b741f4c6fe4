"""What a new artifact becomes at `git add`, and which files stay as they are; without a Git that asks."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.convert.conftest import World
from trinity_guard.config import Config
from trinity_guard.convert.clean import Cleaner
from trinity_guard.detect.patterns import Rules
from trinity_guard.dvcrepo import standin
from trinity_guard.errors import GuardError
from trinity_guard.git import process

DATA = b"a,b\n1,2\n" * 100


@pytest.fixture(autouse=True)
def hook(world: World) -> Path:
    """One that leads to us: else nothing would turn a stand-in into a pointer."""
    world.repo.write(".git/hooks/pre-commit", b"#!/bin/sh\nexec trinity-guard hook pre-commit\n")
    path = world.repo.file(".git/hooks/pre-commit")
    path.chmod(0o755)
    return path


def cleaned(
    world: World,
    path: bytes,
    data: bytes = DATA,
    config: Config | None = None,
    command: list[bytes] | None = None,
) -> bytes | None:
    config = config or Config()
    cleaner = Cleaner(world.place, config, Rules(config), command or [b"add"])
    pieces: Iterator[memoryview] = iter([memoryview(data[i : i + 50]) for i in range(0, len(data), 50)])
    try:
        answer = cleaner.clean(path, pieces)
        return None if answer is None else b"".join(answer)
    finally:
        cleaner.finish()


def text_of(data: bytes) -> bytes:
    return standin.encode(hashlib.md5(data).hexdigest(), len(data))


@pytest.mark.parametrize("data", [b"x", DATA, os.urandom(9 << 20)], ids=["a byte", "small", "large"])
def test_a_new_artifact_is_in_the_cache_and_a_stand_in_answers(world: World, data: bytes) -> None:
    assert cleaned(world, b"d/a.CSV", data) == text_of(data)
    assert world.repo.cached() == {hashlib.md5(data).hexdigest(): data}
    assert not world.repo.file(".dvc/cache/trinity-guard-tmp").exists()


@pytest.mark.parametrize(
    ("path", "data", "config"),
    [
        (b"a.txt", DATA, Config()),
        (b"a.csv", b"", Config()),
        (b"a.csv", text_of(DATA), Config()),
        (b"a.csv", standin.MARK + b"9\nof a later version\n", Config()),
        (b"a.csv", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", Config()),
        (b"a.csv", DATA, Config(exclude=("*.csv",))),
        (b"a.csv", DATA, Config(min_size=len(DATA) + 1)),
        (b"a.csv", DATA, Config(on_artifact="block")),
        (b"x.dvc", DATA, Config(patterns=("*",))),
        (b".dvc/a.csv", DATA, Config()),
        (b"a\xff.csv", DATA, Config()),
    ],
)
def test_all_else_stays_and_leaves_nothing_in_the_cache(world: World, path: bytes, data: bytes, config: Config) -> None:
    assert cleaned(world, path, data, config) is None
    assert world.repo.cached() == {}


def test_where_another_program_took_the_hook_s_place_no_stand_in_is_made_and_it_is_said(
    world: World, hook: Path
) -> None:
    hook.write_text("#!/bin/sh\nexec lefthook run pre-commit\n")
    with pytest.raises(GuardError, match="another program has taken its place"):
        cleaned(world, b"a.csv")
    assert world.repo.cached() == {}
    assert cleaned(world, b"a.txt") is None
    world.repo.stage("stands.csv", text_of(b"older"))
    assert cleaned(world, b"stands.csv") == text_of(DATA), "it is one already"


def test_what_git_tracks_raw_stays_and_what_stands_in_is_turned(world: World) -> None:
    world.repo.stage("raw.csv", DATA)
    world.repo.stage("stands.csv", text_of(b"older"))
    world.repo.stage("empty.csv", b"")
    world.repo.write("announced.csv", DATA)
    world.repo.git("add", "-N", "announced.csv")
    answers = {name: cleaned(world, name) for name in (b"raw.csv", b"stands.csv", b"empty.csv", b"announced.csv")}
    assert answers == {
        b"raw.csv": None,
        b"stands.csv": text_of(DATA),
        b"empty.csv": None,
        b"announced.csv": text_of(DATA),
    }


def test_of_packed_stand_ins_git_is_asked_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"{number}.csv" for number in range(12)]
    for name in names:
        world.repo.stage(name, text_of(name.encode()), raw=True)
    world.repo.git("commit", "-q", "--no-verify", "-m", "work")
    world.repo.git("repack", "-a", "-d", "-q")
    cleaner = Cleaner(world.place, Config(), Rules(Config()), [b"add"])
    asked: list[object] = []
    spawn = process.spawn

    def counted(*args: Any) -> process.Result:
        asked.append(args)
        return spawn(*args)

    for number, name in enumerate(names):
        if number == 1:
            monkeypatch.setattr("trinity_guard.git.plumbing.spawn", counted)
        assert cleaner.clean(name.encode(), iter([memoryview(DATA)])) is not None
    assert asked == []
    cleaner.finish()


def test_a_changed_index_is_read_again(world: World) -> None:
    cleaner = Cleaner(world.place, Config(), Rules(Config()), [])
    assert cleaner.clean(b"a.csv", iter([memoryview(DATA)])) is not None
    world.repo.stage("a.csv", b"raw")
    assert cleaner.clean(b"a.csv", iter([memoryview(DATA)])) is None
    cleaner.finish()


@pytest.mark.parametrize(
    ("command", "turned"),
    [
        ([b"add", b"a.csv"], True),
        ([b"commit", b"-a"], True),
        ([b"update-index", b"--add"], True),
        ([], True),
        ([b"diff", b"--no-index"], False),
        ([b"hash-object", b"a.csv"], False),
        ([b"apply", b"patch"], False),
    ],
)
def test_the_command_that_asks_decides_about_a_new_path(world: World, command: list[bytes], turned: bool) -> None:
    assert (cleaned(world, b"a.csv", command=command) is not None) == turned


@pytest.mark.parametrize(("line", "turned"), [(b" " + standin.MARK + b"1", True), (b" a,b", False)])
def test_a_patch_of_stand_ins_is_applied_to_stand_ins(world: World, tmp_path: Path, line: bytes, turned: bool) -> None:
    patch = tmp_path / "patch"
    patch.write_bytes(b"--- a/a.csv\n+++ b/a.csv\n@@ -1,4 +1,4 @@\n" + line + b"\n")
    command = [b"apply", b"--check", os.fsencode(patch)]
    assert (cleaned(world, b"a.csv", command=command) is not None) == turned


def test_git_status_stores_nothing(world: World) -> None:
    assert cleaned(world, b"a.csv", command=[b"status"]) == text_of(DATA)
    assert world.repo.cached() == {}


def test_a_stash_takes_the_bytes_into_git(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/index.stash.123")
    assert cleaned(world, b"a.csv") is None


def test_a_full_cache_is_an_error_and_leaves_nothing(world: World) -> None:
    world.repo.file(".dvc/cache").write_bytes(b"no folder")
    with pytest.raises(GuardError, match="cannot write"):
        cleaned(world, b"a.csv")


def test_a_clone_that_leads_the_cache_elsewhere_gets_nothing(
    world: World, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    world.repo.stage(".dvc/config", f"[cache]\n    dir = {elsewhere}\n".encode())
    assert cleaned(world, b"a.csv") is None
    assert not list(elsewhere.iterdir())


DIRECTORY = b"outs:\n- md5: " + b"0" * 32 + b".dir\n  size: 1\n  nfiles: 1\n  hash: md5\n  path: dir\n"


def test_what_a_pipeline_or_an_import_keeps_stays(world: World) -> None:
    world.repo.stage("dvc.yaml", b"stages:\n  s:\n    cmd: make\n    outs:\n    - out.csv\n")
    imported = DIRECTORY + b"deps:\n- path: dir\n  repo:\n    url: u\n    rev_lock: '0'\n"
    world.repo.stage("dir.dvc", imported)
    assert cleaned(world, b"out.csv") is None
    assert cleaned(world, b"dir/a.csv") is None
    assert world.repo.cached() == {}


def test_a_new_file_of_a_directory_that_dvc_holds_is_turned(world: World) -> None:
    world.repo.stage("dir.dvc", DIRECTORY)
    assert cleaned(world, b"dir/a.csv") == text_of(DATA)


def test_any_file_of_a_folder_that_is_one_artifact_is_turned_but_what_it_cannot_hold(world: World) -> None:
    config = Config(folders=("many/",))
    assert cleaned(world, b"many/x.png", config=config) == text_of(DATA)
    assert cleaned(world, b"many/deep/README", config=config) == text_of(DATA)
    assert cleaned(world, b"many/.gitignore", config=config) is None
    assert cleaned(world, b"many/\xff.png", config=config) is None
    world.repo.write("many/.dvcignore", b"*.tmp\n")
    assert cleaned(world, b"many/x.tmp", config=config) is None
