"""Peak memory does not grow with the size of the artifact, whichever way its bytes come."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.helpers.support import MB, Repo, run


def peak(repo: Repo, *command: str) -> int:
    """Run a command of ours and return the largest resident size, in bytes, of it and of what it started."""
    here = Path.cwd()
    os.chdir(repo.path)
    try:
        pid = os.posix_spawn(sys.executable, [sys.executable, "-m", "trinity_guard", "-q", *command], os.environ)
    finally:
        os.chdir(here)
    _, status, usage = os.wait4(pid, 0)
    assert status == 0
    return usage.ru_maxrss * 1024


@pytest.mark.slow
@pytest.mark.parametrize("way", ["working file", "blob", "add"])
def test_peak_memory_stays_flat(repo: Repo, way: str) -> None:
    peaks = []
    for size in (MB, 300 * MB):
        name = f"m{size}.pkl"
        # Not by this process: what a parent once held counts into the peak of a child that it starts.
        run("sh", "-c", f"head -c {size} /dev/urandom > {name}", cwd=repo.path)
        if way != "add":
            # Stored as it is: compressing random bytes would only take time.
            repo.git("-c", "core.compression=0", "add", "-f", name)
        if way == "blob":
            repo.file(name).unlink()
        peaks.append(peak(repo, *(["add", name] if way == "add" else ["convert"])))
        assert len(repo.cached()) == len(peaks)
    assert peaks[1] < peaks[0] + 40 * MB, peaks
