"""The store where several are at work in it at once."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from trinity_guard.dvcrepo.odb import ByteCounter, Store, link
from trinity_guard.git import durable

BUSY = """
import os, sys
from trinity_guard.dvcrepo.odb import Store
for number in range(300):
    cache = Store(os.fsencode(sys.argv[1]))
    cache.take([b"%d" % number * (int(sys.argv[2]) + 1)])
    cache.settle()
"""


def test_two_processes_put_objects_into_one_store_at_once(tmp_path: Path) -> None:
    # Who settles last takes the temporary folder away, just as the other one begins.
    folder = tmp_path / "cache"
    running = [subprocess.Popen([sys.executable, "-c", BUSY, folder, str(i)], stderr=subprocess.PIPE) for i in range(3)]
    said = [p.communicate()[1] for p in running]
    assert said == [b""] * 3
    assert [p.returncode for p in running] == [0] * 3
    assert not (folder / "trinity-guard-tmp").exists()
    cache = Store(os.fsencode(folder))
    files = [p for p in folder.rglob("*") if p.is_file()]
    assert len(files) > 300
    assert all(cache.holds(p.parent.name + p.name) for p in files)


def test_the_bytes_of_many_objects_are_told_as_one_sum_that_never_passes_the_whole() -> None:
    told: list[tuple[int, int]] = []
    count = ByteCounter(5, lambda *at: told.append(at))
    for size in (0, 3, 2, 4):
        count(size)
    assert told == [(0, 5), (3, 5), (5, 5), (9, 9)]
    silent = ByteCounter(5, None)
    silent(3)
    assert silent.done == 3


def watched(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Return what is forced to the disk, and which names are given, in this order, from now on."""
    calls: list[tuple[str, str]] = []
    rename = os.rename

    def forced(fd: int) -> None:
        calls.append(("fsync", str(Path(f"/proc/self/fd/{fd}").readlink())))

    def renamed(old: bytes, new: bytes) -> None:
        calls.append(("rename", os.fsdecode(old)))
        rename(old, new)

    monkeypatch.setattr(os, "fsync", forced)
    monkeypatch.setattr(os, "rename", renamed)
    return calls


@pytest.mark.parametrize("count", [1, 50])
def test_bytes_are_forced_to_the_disk_before_their_name_and_the_names_at_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    folder = tmp_path / "cache"
    cache = Store(os.fsencode(folder))
    taken = [cache.take([b"%d" % i]) for i in range(count)]
    calls = watched(monkeypatch)
    cache.settle()
    temporaries = sorted(os.fsdecode(s.temporary) for s in taken)
    named = {str(Path(os.fsdecode(cache.path(s.md5))).parent) for s in taken}
    parents = {str(folder / "files/md5"), str(folder / "files"), str(folder)}
    assert sorted(calls[:count]) == [("fsync", t) for t in temporaries]
    assert sorted(calls[count : 2 * count]) == [("rename", t) for t in temporaries]
    assert sorted(calls[2 * count :]) == sorted(("fsync", f) for f in named | parents)


def test_a_file_of_somebody_else_s_has_begun_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[bytes] = []
    monkeypatch.setattr(durable, "begin_write_out_of", begun.append)
    cache = Store(os.fsencode(tmp_path))
    path = cache.place_for()
    cache.adopt(path, "d41d8cd98f00b204e9800998ecf8427e", 0)
    assert begun == [path]
    cache.settle()
    assert cache.holds("d41d8cd98f00b204e9800998ecf8427e")


@pytest.mark.parametrize(("data", "arrives"), [(b"right\n", True), (b"damaged\n", False)])
def test_a_copy_of_another_store_s_object_is_hashed_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, arrives: bool
) -> None:
    source, target = (Store(os.fsencode(tmp_path / name)) for name in ("one", "two"))
    md5 = source.take([b"right\n"]).md5
    source.settle()
    there = Path(os.fsdecode(source.path(md5)))
    there.chmod(0o644)
    there.write_bytes(data)

    def refuse(*_: object) -> None:
        raise OSError(errno.EXDEV, "another file system")

    monkeypatch.setattr(os, "link", refuse)
    link(source, target, md5)
    assert target.holds(md5) is arrives
    assert (target.size(md5) is not None) is arrives
