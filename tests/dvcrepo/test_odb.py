"""The store where several are at work in it at once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from trinity_guard.dvcrepo.odb import ByteCounter, Store

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
