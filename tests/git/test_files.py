"""The one writer of files: whole or not at all, with the right mode, and never where a planted name leads."""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.git.conftest import place_of
from tests.helpers.support import require
from trinity_guard.errors import UNUSABLE, GuardError
from trinity_guard.git import files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "work"
    path.mkdir()
    return path


@pytest.fixture(params=[0o022, 0o002, 0o077], ids=oct)
def mask(request: pytest.FixtureRequest) -> Generator[int, None, None]:
    old = os.umask(request.param)
    yield request.param
    os.umask(old)


def umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def replace(path: Path, data: bytes = b"new", *, durable: bool = False, private: bool = False) -> None:
    files.replace(os.fsencode(path), data, durable=durable, private=private)


# ---- what is written


def test_pieces_are_written_one_after_the_other(folder: Path) -> None:
    files.replace(os.fsencode(folder / "file"), [b"a\n", b"", b"b\n"])
    assert (folder / "file").read_bytes() == b"a\nb\n"


@pytest.mark.parametrize("options", [{}, {"durable": True}, {"private": True}], ids=str)
@pytest.mark.parametrize("data", [b"", b"x", b"a\r\n\0b", bytes(3_000_000)], ids=len)
def test_a_file_is_written_whole_and_nothing_else_is_left(folder: Path, data: bytes, options: dict[str, bool]) -> None:
    for _ in range(2):
        replace(folder / "deep" / "er" / "file", data, **options)
    assert (folder / "deep" / "er" / "file").read_bytes() == data
    assert [p.name for p in folder.rglob("*") if p.is_file()] == ["file"]


@pytest.mark.parametrize("name", ["x" * 255, "é" * 127, "-x", " ", "new\nline", "..x", ".trinity-guard.toml"])
def test_any_name_that_the_system_takes_will_do(folder: Path, name: str) -> None:
    replace(folder / name)
    assert (folder / name).read_bytes() == b"new"


def test_a_name_without_a_folder_is_one_of_this_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    files.replace(b"here", b"new", durable=True)
    assert (folder / "here").read_bytes() == b"new"


# ---- modes


def test_a_new_file_has_the_mode_that_was_asked_for_less_the_umask(folder: Path, mask: int) -> None:
    files.replace(os.fsencode(folder / "text"), b"")
    files.replace(os.fsencode(folder / "hook"), b"", 0o777)
    assert (mode(folder / "text"), mode(folder / "hook")) == (0o666 & ~mask, 0o777 & ~mask)


@pytest.mark.parametrize(
    ("there", "asked", "then"),
    [
        (0o644, 0o666, 0o644),
        (0o600, 0o666, 0o600),
        (0o755, 0o666, 0o755),
        (0o444, 0o666, 0o444),
        (0o644, 0o777, 0o755),
        (0o600, 0o777, 0o700),
        (0o700, 0o777, 0o700),
    ],
)
def test_an_existing_file_keeps_its_mode_but_a_hook_can_be_executed(
    folder: Path, mask: int, there: int, asked: int, then: int
) -> None:
    (folder / "f").touch()
    (folder / "f").chmod(there)
    files.replace(os.fsencode(folder / "f"), b"new", asked)
    assert mode(folder / "f") == then


@pytest.mark.parametrize("there", [None, 0o644, 0o666, 0o400])
def test_a_private_file_is_its_owner_s_whatever_was_there(folder: Path, mask: int, there: int | None) -> None:
    if there is not None:
        (folder / "f").touch()
        (folder / "f").chmod(there)
    replace(folder / "f", private=True)
    assert mode(folder / "f") == 0o600


@pytest.mark.parametrize("there", [None, 0o666])
def test_what_is_being_written_nobody_else_can_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch, there: int | None
) -> None:
    if there is not None:
        (folder / "f").touch()
        (folder / "f").chmod(there)
    write, seen = os.write, list[int]()

    def watched(fd: int, data: bytes) -> int:
        seen.extend(mode(p) for p in folder.iterdir() if p.name != "f")
        return write(fd, data)

    monkeypatch.setattr(os, "write", watched)
    replace(folder / "f")
    assert seen == [0o600]
    assert mode(folder / "f") == (there or 0o666 & ~umask())


def test_on_a_file_system_that_keeps_no_modes_it_is_written_all_the_same(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: int, __: int) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "fchmod", refuse)
    replace(folder / "f")
    assert (folder / "f").read_bytes() == b"new"


# ---- what was planted


@pytest.fixture
def precious(tmp_path: Path) -> Generator[Path, None, None]:
    path = tmp_path / "home-of-victim"
    path.mkdir()
    (path / "notes").write_bytes(b"precious")
    yield path
    assert {p.name: p.read_bytes() for p in path.iterdir()} == {"notes": b"precious"}


def test_links_under_every_name_that_could_be_foreseen_are_not_followed(folder: Path, precious: Path) -> None:
    pid = os.getpid()
    for name in (f".file.trinity-guard.{pid}", f"file.tmp-{pid}", "file.tmp", f"trinity-guard-file-{pid}"):
        (folder / name).symlink_to(precious / "notes")
    replace(folder / "file")
    replace(folder / "file", durable=True)
    replace(folder / "file", private=True)
    assert sum(p.is_symlink() for p in folder.iterdir()) == 4


def test_even_a_name_that_was_foreseen_is_refused(
    folder: Path, precious: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "random_name", lambda: b"foreseen")
    (folder / ".trinity-guard-foreseen").symlink_to(precious / "notes")
    with pytest.raises(GuardError, match="cannot write"):
        replace(folder / "file")
    assert (folder / ".trinity-guard-foreseen").is_symlink()
    assert not (folder / "file").exists()


@pytest.mark.parametrize("target", ["notes", "nothing"])
def test_a_link_in_the_file_s_place_goes_and_what_it_leads_to_stays(folder: Path, precious: Path, target: str) -> None:
    (folder / "file").symlink_to(precious / target)
    replace(folder / "file")
    assert (folder / "file").read_bytes() == b"new"
    assert not (folder / "file").is_symlink()


@pytest.mark.parametrize("made", ["sub", "sub/deeper"])
def test_a_file_of_the_work_tree_behind_a_link_is_refused(folder: Path, precious: Path, made: str) -> None:
    (folder / "sub").symlink_to(precious)
    place = place_of(folder)
    with pytest.raises(GuardError) as refused:
        files.replace_in(place, f"{made}/file".encode(), b"new")
    assert "sub" in refused.value.problem
    assert "symlink" in refused.value.problem


# ---- many new files


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o7777


def test_each_of_many_new_files_is_as_one_would_be(folder: Path, mask: int) -> None:
    (folder / "sub").mkdir()
    new = files.NewFiles(place_of(folder))
    for name in ("a", "b", "sub/a", "sub/b", "sub/c", "deep/er/a", "deep/er/b"):
        new.make(name.encode(), name.encode())
        assert (folder / name).read_bytes() == name.encode()
        assert mode_of(folder / name) == 0o666 & ~mask
    assert list((folder / ".git/trinity-guard").iterdir()) == []


@pytest.mark.parametrize(("made", "more"), [(0o777, 1), (0o600, 5)], ids=["as asked", "narrower"])
def test_of_many_new_files_one_is_looked_at_for_the_mode_that_the_system_gives(
    folder: Path, monkeypatch: pytest.MonkeyPatch, made: int, more: int
) -> None:
    """A folder's own rules (an ACL) may give another mode than the folder that it is made in."""
    create, change = files.create, files.change_mode
    changed: list[int] = []
    new = files.NewFiles(place_of(folder))
    new.make(b"a", b"x")
    monkeypatch.setattr(files, "create", lambda path, mode=0o600: create(path, mode & made))

    def noted(fd: int, mode: int) -> None:
        changed.append(mode)
        change(fd, mode)

    monkeypatch.setattr(files, "change_mode", noted)
    for name in (b"b", b"c", b"d", b"e", b"f"):
        new.make(name, b"x")
    assert {mode_of(folder / name) for name in "abcdef"} == {mode_of(folder / "a")}
    assert len(changed) == more


def test_a_folder_that_hands_its_group_on_does_so_for_each(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "sub").mkdir()
    (folder / "sub").chmod(0o2775)
    asked: list[object] = []
    monkeypatch.setattr(files, "take_group", lambda *args: asked.append(args))
    new = files.NewFiles(place_of(folder))
    for name in (b"sub/a", b"sub/b", b"sub/c"):
        new.make(name, b"x")
    assert len(asked) == 3


def test_of_many_new_files_none_goes_through_a_link_or_is_seen_half(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "elsewhere").mkdir()
    (folder / "sub").symlink_to(folder / "elsewhere")
    new = files.NewFiles(place_of(folder))
    with pytest.raises(GuardError, match="symlink"):
        new.make(b"sub/a", b"x")
    new.make(b"first", b"x")
    real = os.write

    def full(fd: int, data: bytes) -> int:
        assert not (folder / "second").exists()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(GuardError, match="No space left"):
        new.make(b"second", b"x")
    monkeypatch.setattr(os, "write", real)
    assert not (folder / "second").exists()
    assert list((folder / ".git/trinity-guard").iterdir()) == []


# ---- what goes wrong


def test_a_folder_in_the_file_s_place_is_named_and_stays(folder: Path) -> None:
    (folder / "file" / "inside").mkdir(parents=True)
    with pytest.raises(GuardError) as refused:
        replace(folder / "file")
    assert refused.value.problem == f"cannot write {folder}/file: Is a directory."
    assert refused.value.exit_code == UNUSABLE
    assert refused.value.remedy.startswith(f"ls -ld {folder} {folder}/file")
    assert [p.name for p in folder.iterdir()] == ["file"]


def test_a_file_in_the_folder_s_place_is_named_and_stays(folder: Path) -> None:
    (folder / "sub").write_bytes(b"a file")
    with pytest.raises(GuardError, match="cannot write"):
        replace(folder / "sub" / "deep" / "file")
    assert (folder / "sub").read_bytes() == b"a file"


@pytest.mark.parametrize("call", ["write", "fsync", "rename"])
def test_a_call_that_fails_leaves_the_old_file_and_no_other(
    folder: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    (folder / "file").write_bytes(b"old")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, call, full)
    with pytest.raises(GuardError, match="No space left on device"):
        replace(folder / "file", durable=True)
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == {"file": b"old"}


def test_an_interruption_leaves_the_old_file_and_no_other(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "file").write_bytes(b"old")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        replace(folder / "file")
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == {"file": b"old"}


def test_a_write_that_takes_less_at_once_is_gone_on_with(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, bytes(data[:3])))
    replace(folder / "file", b"0123456789")
    assert (folder / "file").read_bytes() == b"0123456789"


# ---- where it is made


def test_it_is_made_in_another_folder_and_on_another_file_system_beside(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename, seen = os.rename, []

    def crossing(old: bytes, new: bytes) -> None:
        seen.append(Path(os.fsdecode(old)).parent)
        if len(seen) == 1:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        rename(old, new)

    monkeypatch.setattr(os, "rename", crossing)
    there = folder / "git-dir"
    files.replace(os.fsencode(folder / "file"), b"new", made_in=os.fsencode(there))
    files.replace(os.fsencode(folder / "file"), b"newer", made_in=os.fsencode(there))
    assert seen == [there, folder, there]
    assert (folder / "file").read_bytes() == b"newer"
    assert sorted(p.name for p in folder.iterdir()) == ["file", "git-dir"]
    assert list((folder / "git-dir").iterdir()) == []


def test_a_file_of_the_work_tree_is_made_in_the_git_dir(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rename, seen = os.rename, []

    def watched(old: bytes, new: bytes) -> None:
        seen.append(Path(os.fsdecode(old)).parent)
        rename(old, new)

    monkeypatch.setattr(os, "rename", watched)
    files.replace_in(place_of(folder), b"sub/file", b"new", durable=True)
    assert seen == [folder / ".git/trinity-guard"]
    assert (folder / "sub" / "file").read_bytes() == b"new"


def test_what_a_killed_process_left_is_told_from_what_is_being_written(folder: Path) -> None:
    for name, age in {".trinity-guard-old": 3600, ".trinity-guard-new": 5, "notes": 3600, ".hidden": 3600}.items():
        (folder / name).touch()
        os.utime(folder / name, (time.time() - age,) * 2)
    assert files.unfinished(os.fsencode(folder)) == [os.fsencode(folder / ".trinity-guard-old")]


# ---- reading


def test_reading_where_nothing_is_and_where_a_folder_is(folder: Path) -> None:
    (folder / "file").write_bytes(b"\0x")
    assert files.read_if_there(os.fsencode(folder / "file")) == b"\0x"
    assert files.read_if_there(os.fsencode(folder / "none")) is None
    assert files.read_if_there(os.fsencode(folder / "file" / "below")) is None
    with pytest.raises(GuardError, match="is a folder where a file should be"):
        files.read_if_there(os.fsencode(folder))


def test_unlinking_what_is_gone_is_no_error(folder: Path) -> None:
    (folder / "file").touch()
    for _ in range(2):
        files.unlink(os.fsencode(folder / "file"))
    files.unlink(os.fsencode(folder / "none" / "below"))
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("number", [errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP])
def test_where_a_file_system_keeps_no_modes_files_are_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "chmod", refuse)
    monkeypatch.setattr(os, "fchmod", refuse)
    path = os.fsencode(tmp_path / "a")
    for data in (b"1", b"2"):
        files.replace(path, data)
        assert (tmp_path / "a").read_bytes() == data


def test_a_mode_that_fails_otherwise_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "chmod", refuse)
    with pytest.raises(GuardError, match="Input/output"):
        files.replace(os.fsencode(tmp_path / "a"), b"1")
    assert not [p for p in tmp_path.iterdir() if p.name != "home"]


def test_a_folder_that_hands_its_group_on_does_so_for_files_made_elsewhere(tmp_path: Path) -> None:
    if os.getuid():
        require("root, to give a folder another group")
    (tmp_path / "ours").mkdir()
    (tmp_path / "made").mkdir()
    os.chown(tmp_path / "ours", -1, 12345)
    (tmp_path / "ours").chmod(0o2775)
    files.replace(os.fsencode(tmp_path / "ours" / "a"), b"1", made_in=os.fsencode(tmp_path / "made"))
    files.replace(os.fsencode(tmp_path / "made" / "a"), b"1")
    assert (tmp_path / "ours" / "a").stat().st_gid == 12345
    assert (tmp_path / "made" / "a").stat().st_gid == os.getgid()


def test_names_that_case_alone_tells_apart_may_mean_one_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = os.fsencode(folder / "a.csv"), os.fsencode(folder / "A.csv")
    (folder / "a.csv").write_bytes(b"1")
    assert not files.is_one_file(one, other)
    (folder / "A.csv").hardlink_to(folder / "a.csv")
    assert not files.is_one_file(one, other), "two names of one file, as Git sees them"
    monkeypatch.setattr(os, "listdir", lambda _: [b"a.csv"])  # as a file system lists it that tells no case
    assert files.is_one_file(one, other)
    assert not files.is_one_file(one, os.fsencode(folder / "b.csv"))


def test_the_room_is_that_of_the_disk_that_will_hold_a_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []
    found = os.statvfs(folder)

    def told(blocks: int) -> None:
        def statvfs(path: bytes) -> os.statvfs_result:
            asked.append(path)
            return os.statvfs_result((4096, 4096, blocks, *found[3:]))

        monkeypatch.setattr(os, "statvfs", statvfs)

    told(1)
    assert files.room(os.fsencode(folder / "a" / "b")) == found.f_bavail * 4096
    assert asked == [os.fsencode(folder)]
    told(0)
    assert files.room(os.fsencode(folder)) is None
    monkeypatch.chdir(folder)
    files.room(b"there/is/none")
    assert asked[-1] == b"."
