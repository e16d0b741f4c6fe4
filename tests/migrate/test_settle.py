"""Killed, out of room, over damaged objects: refs unmoved or all moved, and the next run completes."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
import zlib
from pathlib import Path

import pytest

from tests.helpers.support import PROJECT, require, run
from tests.migrate import driven
from tests.migrate.legacy import Legacy, lfs_pointer, md5, put_lfs_object, quiet
from trinity_guard.errors import GuardError
from trinity_guard.git import packwriter
from trinity_guard.git.catfile import Source
from trinity_guard.migrate import extract
from trinity_guard.migrate.proof import prove
from trinity_guard.migrate.state import State

CHILD = """
import sys
from pathlib import Path
from tests.migrate import driven
from tests.migrate.legacy import Legacy, quiet
legacy = Legacy.__new__(Legacy)
legacy.path, legacy.bare = Path(sys.argv[1]), sys.argv[2] == "bare"
if sys.argv[3] == "undo":
    driven.undo(legacy.place)
else:
    driven.run(legacy.place, legacy.options())
"""


def child(legacy: Legacy, what: str = "run") -> subprocess.Popen[bytes]:
    kind = "bare" if legacy.bare else "worked"
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(legacy.path), kind, what],
        cwd=Path(__file__).parent.parent.parent,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def history(legacy: Legacy, commits: int = 40) -> list[str]:
    made = []
    for n in range(commits):
        made.append(legacy.commit({"m/a.pkl": os.urandom(200_000), "a.py": b"%d" % n}))
        if n % 4 == 0:
            legacy.git("tag", f"v{n}", made[-1])
    return made


def moved(legacy: Legacy, before: dict[str, str]) -> set[bool]:
    with State(legacy.place):  # a git that was at work when its starter was killed has ended
        after = legacy.refs()
    return {after[name] != oid for name, oid in before.items()}


@pytest.mark.slow
def test_killed_at_any_moment_no_ref_or_all_have_moved_and_the_next_run_completes(worked: Legacy) -> None:
    history(worked)
    worked.checkout()
    before, index = worked.refs(), worked.git("ls-files", "-s")
    whole = time.monotonic()
    assert child(worked).wait() == 0
    whole = time.monotonic() - whole
    expected = worked.refs()
    driven.undo(worked.place)
    assert worked.refs() == before
    dice = random.Random(4)
    for _ in range(12):
        running = child(worked)
        time.sleep(whole * dice.uniform(0.25, 1.0))
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()
        assert len(moved(worked, before)) == 1
        driven.run(worked.place, worked.options()) if moved(worked, before) == {False} else resumed(worked)
        assert worked.refs() == expected
        assert worked.git("status", "--porcelain") == b""
        assert driven.verify(worked.place).wrong == []
        driven.undo(worked.place)
        assert worked.refs() == before
        assert worked.git("ls-files", "-s") == index
        assert worked.git("status", "--porcelain") == b""


def resumed(legacy: Legacy) -> None:
    try:
        driven.resume(legacy.place)
    except GuardError as error:  # a git was killed, too, and its lock is there
        if error.remedy != f"rm {legacy.path}/.git/index.lock     # when no Git is running":
            raise
        (legacy.path / ".git" / "index.lock").unlink()
        driven.resume(legacy.place)


@pytest.mark.slow
def test_an_undo_that_was_killed_is_completed(worked: Legacy) -> None:
    history(worked, 10)
    worked.checkout()
    before, index = worked.refs(), worked.git("ls-files", "-s")
    dice = random.Random(5)
    for _ in range(6):
        worked.migrate()
        running = child(worked, "undo")
        time.sleep(dice.uniform(0.1, 0.4))
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()
        assert len(moved(worked, before)) == 1
        resumed(worked)
        if moved(worked, before) == {True}:
            driven.undo(worked.place)
        assert worked.refs() == before
        assert worked.git("ls-files", "-s") == index
        assert worked.git("status", "--porcelain") == b""


def test_a_transaction_in_which_git_itself_died_is_completed(worked: Legacy) -> None:
    first = worked.commit({"a.pkl": b"1"})
    worked.git("tag", "v1", first)
    worked.checkout()
    before = worked.refs()
    done = worked.migrate()
    after = worked.refs()
    # As Git leaves it when it dies between two of its renames.
    with State(worked.place) as state:
        state.write({**state.read(), "phase": "moving"})
    worked.git("update-ref", "refs/tags/v1", first)
    worked.git("update-ref", "-d", "refs/trinity-guard/original/heads/main")
    assert driven.resume(worked.place)
    assert worked.refs() == after
    assert driven.verify(worked.place).wrong == []
    driven.undo(worked.place)
    assert worked.refs() == before
    assert done.ids[first] == after["HEAD"]


def test_what_was_extracted_is_not_extracted_again(legacy: Legacy, monkeypatch: pytest.MonkeyPatch) -> None:
    history(legacy, 6)
    before = legacy.refs()
    done = legacy.migrate()
    after = legacy.refs()
    driven.undo(legacy.place)
    assert legacy.refs() == before

    def never(*_: object) -> None:
        raise AssertionError("read again")

    monkeypatch.setattr(extract._Worker, "take", never)
    again = legacy.migrate()
    assert legacy.refs() == after
    assert again.ids == done.ids


def test_an_object_that_was_damaged_meanwhile_is_extracted_again(legacy: Legacy) -> None:
    legacy.commit({"a.pkl": b"data", "b.pkl": b"gone"})
    legacy.migrate()
    driven.undo(legacy.place)
    folder = legacy.cache() / "files" / "md5"
    damaged = folder / md5(b"data")[:2] / md5(b"data")[2:]
    damaged.chmod(0o644)
    damaged.write_bytes(b"DATA")
    (folder / md5(b"gone")[:2] / md5(b"gone")[2:]).unlink()
    legacy.migrate()
    assert legacy.object(md5(b"data")) == b"data"
    assert legacy.object(md5(b"gone")) == b"gone"


def test_a_full_disk_moves_no_ref_and_the_next_run_completes(legacy: Legacy, tmp_path: Path) -> None:
    if os.geteuid():
        require("root's right to mount a small file system")
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", small], capture_output=True, check=False
    )
    if mounted.returncode:
        require("a tmpfs that can be mounted")
    try:
        history(legacy, 12)
        before = legacy.refs()
        for room in ("checked", "found out"):
            with pytest.MonkeyPatch.context() as patch:
                if room == "found out":
                    patch.setattr(extract, "_require_room", lambda *_: None)
                with pytest.raises(GuardError, match=r"left; no ref|is full"):
                    driven.run(legacy.place, legacy.options(cache=os.fsencode(small)))
            assert legacy.refs() == before
            assert not [p for p in small.rglob("*-*") if p.is_file()]
    finally:
        subprocess.run(["umount", small], check=True)
    legacy.migrate()
    assert legacy.refs() != before


def test_no_room_for_the_new_commits_moves_no_ref(legacy: Legacy, monkeypatch: pytest.MonkeyPatch) -> None:
    legacy.commit({"a.pkl": b"data"})
    before = legacy.refs()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(packwriter, "write_all", full)
        with pytest.raises(GuardError, match="No space left"):
            legacy.migrate()
    assert legacy.refs() == before
    legacy.migrate()


@pytest.mark.parametrize("damage", ["cut", "other bytes", "missing", "flipped in a pack"])
def test_a_corrupt_blob_stops_it_with_its_name(legacy: Legacy, damage: str) -> None:
    legacy.commit({"a.pkl": b"data" * 1000, "b.pkl": os.urandom(5000)})
    oid = legacy.id("main:b.pkl")
    file = legacy.git_dir / "objects" / oid[:2] / oid[2:]
    if damage == "flipped in a pack":
        legacy.git("repack", "-adq")
        file = next((legacy.git_dir / "objects/pack").glob("*.pack"))
        raw = bytearray(file.read_bytes())
        raw[len(raw) // 2] ^= 0xFF
        file.chmod(0o644)
        file.write_bytes(raw)
    else:
        file.chmod(0o644)
        if damage == "cut":
            file.write_bytes(file.read_bytes()[:100])
        elif damage == "missing":
            file.unlink()
        else:
            file.write_bytes(zlib.compress(b"blob 5000\0" + bytes(5000)))
    before = legacy.refs()
    with pytest.raises(GuardError, match=r"cannot read|corrupt|damaged|failed") as caught:
        legacy.migrate()
    assert "git fsck" in caught.value.remedy or oid in caught.value.problem
    assert legacy.refs() == before


def test_the_proof_finds_what_is_wrong(legacy: Legacy) -> None:
    """A proof that cannot fail is none: each kind of loss is found by it."""
    put_lfs_object(legacy, b"lfs data")
    first = legacy.commit({"a.pkl": b"one", "x.py": b"x", "l.pkl": lfs_pointer(b"lfs data")})
    legacy.migrate()
    done = legacy.id("main")
    good = legacy.files(done)
    cache = os.fsencode(legacy.cache())
    source = Source(legacy.place)

    def wrong(files: dict[str, tuple[str, bytes]], **headers: bytes) -> list[str]:
        new = legacy.commit({**files}, branch="scratch", parents=[], **headers)
        return prove.prove(source, {first.encode(): new.encode()}, cache, quiet)

    assert wrong(good) == []
    other = (
        good["a.pkl.dvc"][1].replace(md5(b"one").encode(), md5(b"lfs data").encode()).replace(b"size: 3", b"size: 8")
    )
    for change in (
        {"x.py": ("100644", b"y")},
        {"x.py": ("100755", b"x")},
        {"new": ("100644", b"")},
        {"a.pkl.dvc": ("100644", other)},
        {"a.pkl.dvc": ("100644", good["a.pkl.dvc"][1].replace(b"  hash", b"  isexec: true\n  hash"))},
        {".gitignore": ("100644", b"/a.pkl\n/l.pkl\n/other\n")},
        {".gitignore": ("100644", b"x\n/a.pkl\n/l.pkl\n")},
    ):
        assert len(wrong({**good, **change})) == 1, change
    assert len(wrong({n: c for n, c in good.items() if n != "x.py"})) == 1
    assert len(wrong({n: c for n, c in good.items() if n != "a.pkl.dvc"})) == 1
    assert len(wrong(good, message=b"other\n")) == 1
    assert len(wrong(good, author=b"X <x> 1 +0000")) == 1
    assert len(wrong(good, extra=b"encoding x\n")) == 1
    file = legacy.cache() / "files" / "md5" / md5(b"one")[:2] / md5(b"one")[2:]
    file.chmod(0o644)
    file.write_bytes(b"ONE")
    assert "damaged" in wrong(good)[0]
    file.unlink()
    assert "not in the cache" in wrong(good)[0]
    source.close()


@pytest.mark.slow
def test_one_at_a_time(legacy: Legacy) -> None:
    legacy.commit({"a.pkl": b"1"})
    with State(legacy.place), pytest.raises(GuardError, match="another migration"):
        legacy.migrate()


@pytest.mark.slow
def test_a_blob_of_two_gigabytes_takes_no_more_memory(legacy: Legacy, tmp_path: Path) -> None:
    big = tmp_path / "big.pkl"
    with big.open("wb") as file:
        for n in range(2000):
            file.write(bytes([n % 251]) * (1 << 20))
    oid = run("git", "hash-object", "-w", big, cwd=legacy.path).stdout.decode().strip()
    tree = legacy.git("mktree", data=f"100644 blob {oid}\tbig.pkl\n".encode()).decode().strip()
    commit = legacy.git("commit-tree", "-m", "big", tree).decode().strip()
    legacy.git("update-ref", "refs/heads/main", commit)
    kind = "bare" if legacy.bare else "worked"
    # Told by the process itself: what its parent once held counts into the peak that wait4 gives.
    script = (
        CHILD
        + """
import resource
own = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(max(int(own.split()[1]), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
"""
    )
    done = run(sys.executable, "-c", script, legacy.path, kind, "run", cwd=PROJECT)
    assert int(done.stdout.split()[-1]) < 200 * 1024
    assert "big.pkl.dvc" in legacy.files("main")
