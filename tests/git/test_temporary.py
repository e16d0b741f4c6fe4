"""The folder of temporary files that processes share: what the living hold stays, what the dead left goes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from trinity_guard.git import files
from trinity_guard.git.temporary import Temporary, left_behind, sweep


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    return tmp_path / "tmp"


WRITING = """
import os, sys, time
from trinity_guard.git import files
from trinity_guard.git.temporary import Temporary
mine = Temporary(os.fsencode(sys.argv[1]), lambda path: os.makedirs(path, exist_ok=True))
os.close(files.create(mine.name()))
print("at work", flush=True)
time.sleep(60)
"""


def at(folder: Path) -> Temporary:
    return Temporary(os.fsencode(folder), lambda path: Path(os.fsdecode(path)).mkdir(parents=True, exist_ok=True))


def used(folder: Path) -> tuple[Temporary, Path]:
    """Return a user of the folder, and a file of its own."""
    mine = at(folder)
    name = mine.name()
    os.close(files.create(name))
    return mine, Path(os.fsdecode(name))


def process_at_work(folder: Path) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-c", WRITING, folder], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"at work\n"
    return process


def test_an_unused_one_makes_nothing(shared: Path) -> None:
    at(shared).end()
    assert not shared.exists()


def test_a_name_is_new_and_nobody_s_but_its_user_s(shared: Path) -> None:
    mine, other = at(shared), at(shared)
    names = {mine.name() for _ in range(20)} | {other.name() for _ in range(20)}
    assert len(names) == 40
    assert not any(os.path.lexists(n) for n in names)
    assert len({n.rpartition(b"-")[0] for n in names}) == 2


def test_at_the_end_the_folder_goes_when_nobody_else_is_in_it(shared: Path) -> None:
    (mine, file), (other, others) = used(shared), used(shared)
    file.unlink()
    mine.end()
    assert others.exists()
    others.unlink()
    other.end()
    assert not shared.exists()


def test_the_end_waits_for_files_that_are_still_there(shared: Path) -> None:
    mine, file = used(shared)
    mine.end()
    assert list(left_behind(os.fsencode(file.parent))) == []
    file.unlink()
    mine.end()
    assert not file.parent.exists()


def test_after_the_end_it_begins_again(shared: Path) -> None:
    mine, file = used(shared)
    file.unlink()
    mine.end()
    assert Path(os.fsdecode(mine.name())).parent == shared
    assert len(list(shared.iterdir())) == 1


def test_a_folder_that_was_taken_away_by_somebody_else_ends_too(shared: Path) -> None:
    mine, file = used(shared)
    for path in file.parent.iterdir():
        path.unlink()
    file.parent.rmdir()
    mine.end()
    assert not file.parent.exists()


def test_the_files_of_a_process_that_was_killed_go_and_those_of_one_at_work_stay(shared: Path) -> None:
    living, doomed = process_at_work(shared), process_at_work(shared)
    try:
        doomed.send_signal(signal.SIGKILL)
        doomed.wait()
        left = list(left_behind(os.fsencode(shared)))
        assert len(left) == 2
        assert left[0].startswith(left[1])
        sweep(os.fsencode(shared))
        assert len(list(shared.iterdir())) == 2
        living.kill()
        living.wait()
        mine = at(shared)  # who begins sweeps
        mine.name()
        assert len(list(shared.iterdir())) == 1
    finally:
        for process in (living, doomed):
            process.kill()
            process.communicate()


def test_a_file_without_its_lock_is_nobody_s(shared: Path) -> None:
    mine, file = used(shared)
    orphan = shared / f"use{'0' * 16}-{'1' * 16}"
    orphan.touch()
    sweep(os.fsencode(shared))
    assert file.exists()
    assert not orphan.exists()
    assert mine.name()


@pytest.mark.parametrize(("age", "stays"), [(60, True), (2 * 24 * 3600, False)])
def test_of_the_version_before_what_is_a_day_old_goes(shared: Path, age: int, stays: bool) -> None:
    shared.mkdir()
    # Named after a process; one of that number here says nothing of one on another machine at the same cache.
    for name in (f"{os.getpid()}-7f00-1", "999999999-7f00-1", f"{os.getpid()}-link-4"):
        (shared / name).touch()
        os.utime(shared / name, (time.time() - age,) * 2)
    sweep(os.fsencode(shared))
    assert len(list(shared.iterdir())) == (3 if stays else 0)


def test_what_is_not_ours_stays(shared: Path) -> None:
    shared.mkdir()
    for name in ("notes", "1999-trip.jpg", "a-b", "-"):
        (shared / name).touch()
    sweep(os.fsencode(shared))
    assert len(list(shared.iterdir())) == 4


def test_behind_a_link_nothing_is_made_and_nothing_is_swept(tmp_path: Path, shared: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / f"use{'0' * 16}-1").touch()
    shared.symlink_to(photos)
    with pytest.raises(OSError, match="symbolic link"):
        at(shared).name()
    assert len(list(photos.iterdir())) == 1


def test_threads_share_one_lock(shared: Path) -> None:
    mine = at(shared)
    names: list[bytes] = []
    threads = [threading.Thread(target=lambda: names.append(mine.name())) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(names)) == 16
    assert len(list(shared.iterdir())) == 1


def test_a_lock_that_was_swept_while_it_was_made_is_made_again(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[bytes] = []
    create = files.create

    def swept_at_once(path: bytes, mode: int = 0o600) -> int:
        fd = create(path, mode)
        if not made:
            Path(os.fsdecode(path)).unlink()
        made.append(path)
        return fd

    monkeypatch.setattr(files, "create", swept_at_once)
    name = at(shared).name()
    assert len(made) == 2
    assert name.startswith(made[1] + b"-")
