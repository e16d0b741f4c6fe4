"""Blobs on their way into the cache while the scan goes on and trees are rewritten: whatever fails, and whenever."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from tests.helpers.support import PROJECT
from tests.migrate import driven
from tests.migrate.legacy import Legacy, imported, lfs_pointer, md5, put_lfs_object, temporary
from trinity_guard.errors import GuardError
from trinity_guard.git import durable
from trinity_guard.git.catfile import Source
from trinity_guard.migrate import commits, extract, refs, scan, state
from trinity_guard.migrate.blobs import Size

MB = 1 << 20
# A thread that waits for ever shall fail its test, and not the suite's patience.
PATIENCE = 60


def ended(legacy: Legacy, **env: str) -> subprocess.CompletedProcess[bytes]:
    """Migrate in a process of its own, which must come to an end."""
    kind = "bare" if legacy.bare else "worked"
    return subprocess.run(
        [sys.executable, "-c", CHILD, str(legacy.path), kind],
        cwd=PROJECT,
        env={**os.environ, **env},
        capture_output=True,
        check=False,
        timeout=PATIENCE,
    )


CHILD = """
import sys
from pathlib import Path
from tests.migrate import driven
from tests.migrate.legacy import Legacy, quiet
legacy = Legacy.__new__(Legacy)
legacy.path, legacy.bare = Path(sys.argv[1]), sys.argv[2] == "bare"
print(driven.run(legacy.place, legacy.options())["blobs_moved"])
"""


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scan commit by commit, blobs one by one, more threads than cores, and each blob flushed by itself."""
    monkeypatch.setattr(scan, "FIRST", 1)
    monkeypatch.setattr(scan, "TOGETHER", 1)
    monkeypatch.setattr(extract, "MAX_ASKED", 1)
    monkeypatch.setattr(extract, "SETTLE_COUNT", 0)
    monkeypatch.setattr(extract, "_cores", lambda: 4)


def loose(legacy: Legacy, data: bytes) -> Path:
    oid = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
    return legacy.git_dir / "objects" / oid[:2] / oid[2:]


def damage(file: Path, data: bytes | bytearray) -> None:
    file.chmod(0o644)
    file.write_bytes(data)


# --- what git says, and what it does not read


@pytest.mark.slow
def test_a_git_that_has_much_to_say_is_listened_to(legacy: Legacy) -> None:
    """A damaged pack whose objects lie elsewhere too: Git says so for each one, and reads the other copy."""
    files = {f"m/{n}.pkl": os.urandom(100) for n in range(2000)}
    imported(legacy, [files])
    legacy.git("repack", "-aq")
    pack = next((legacy.git_dir / "objects" / "pack").glob("*.pack"))
    raw = bytearray(pack.read_bytes())
    for line in legacy.git("verify-pack", "-v", str(pack.with_suffix(".idx"))).decode().splitlines():
        fields = line.split()
        if fields[1:2] == ["blob"]:
            raw[int(fields[4]) + 10] ^= 0xFF
    damage(pack, raw)
    done = ended(legacy)
    assert done.stdout == b"2000\n", done.stderr
    assert driven.verify(legacy.place).wrong == []


# --- sizes and places


SIZES = [0, 1, 4095, 4096, 4097, 65535, 65536, MB - 1, MB, MB + 1, 8 * MB, 8 * MB + 1, 16 * MB + 1]


@pytest.mark.slow
@pytest.mark.parametrize("cores", [1, 2])
def test_blobs_of_any_size_wherever_they_lie(
    worked: Legacy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cores: int
) -> None:
    """Around the sizes at which pieces, pipes and portions end; loose, in two packs, in another repository."""
    monkeypatch.setattr(extract, "_cores", lambda: cores)
    contents = {f"m/{size}.pkl": os.urandom(1000) * (size // 1000) + os.urandom(size % 1000) for size in SIZES}
    names = list(contents)
    shelf = Legacy(tmp_path / "shelf.git", bare=True)
    imported(shelf, [{n: contents[n] for n in names[::4]}])
    (worked.git_dir / "objects" / "info" / "alternates").write_text(f"{shelf.git_dir / 'objects'}\n")
    for part in (names[1::4], names[2::4], names[3::4]):
        worked.git("repack", "-dlq")
        worked.commit({n: contents[n] for n in part})
    worked.commit(contents)
    worked.checkout()
    done = worked.migrate()  # with a whole verify
    assert done.report["blobs_moved"] == len(SIZES)
    for data in contents.values():
        assert worked.object(md5(data)) == data
    assert temporary(worked) == []


def test_a_blob_under_two_names_in_far_commits_goes_once(legacy: Legacy, hurried: None) -> None:
    legacy.commit({"a.pkl": b"same"})
    legacy.commit({"other.txt": b"same"})
    last = legacy.commit({"deep/b.csv": b"same", "c.pkl": b"new"})
    done = legacy.migrate()
    assert done.report["objects"] == 2
    assert set(done.files(last)) >= {"deep/b.csv.dvc", "c.pkl.dvc"}
    lines = (legacy.git_dir / "trinity-guard/migrate/objects").read_bytes().split(b"\n")
    assert len([line for line in lines if line]) == 2


@pytest.mark.parametrize("include", [(), ("*.pkl",)])
def test_by_size_the_data_counts_and_not_its_lfs_pointer(
    legacy: Legacy, hurried: None, include: tuple[str, ...]
) -> None:
    large, small = os.urandom(5000), os.urandom(50)
    for data in (large, small):
        put_lfs_object(legacy, data)
    files = {"large.pkl": lfs_pointer(large), "small.pkl": lfs_pointer(small), "raw.pkl": large[:4000], "t.pkl": b"t"}
    first = legacy.commit(files)
    second = legacy.commit({**files, "again/raw.pkl": large[:4000]})
    done = legacy.migrate(include=include, above=3000)
    assert {n for n in done.files(second) if n.endswith(".dvc")} == {
        "large.pkl.dvc", "raw.pkl.dvc", "again/raw.pkl.dvc",
    }  # fmt: skip
    assert done.files(first)["small.pkl"] == ("100644", lfs_pointer(small))
    assert legacy.object(md5(large)) == large


def test_lfs_objects_count_by_their_own_size_when_work_is_shared_out() -> None:
    from trinity_guard.migrate.lfs import LfsObject

    sizes = {bytes([n]) * 20: Size(130) for n in range(4)}
    for size in sizes.values():
        size.lfs = LfsObject("0" * 64, extract.MAX_BYTES)
    assert extract._portions(list(sizes), sizes) == [[blob] for blob in sizes]


@pytest.mark.slow
def test_thousands_of_small_blobs_are_flushed_in_turns_by_all_threads(legacy: Legacy, hurried: None) -> None:
    """One thread that has flushed takes the common folder away; another one is about to write into it."""
    imported(legacy, [{f"{n % 7}/{n}.pkl": b"%d" % (n + 100 * c) for n in range(100)} for c in range(6)])
    for _ in range(3):
        assert legacy.migrate().report["blobs_moved"] == 600
        driven.undo(legacy.place)
        (legacy.git_dir / "trinity-guard" / "migrate" / "objects").unlink()
    assert temporary(legacy) == []


def test_a_rehearsal_an_undo_and_the_run_itself_read_each_blob_once(
    legacy: Legacy, hurried: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported(legacy, [{f"{n}.pkl": os.urandom(200)} for n in range(5)])
    before, taken = legacy.refs(), []
    take = extract._Worker._take_blob

    def counted(self: extract._Worker, blob: bytes) -> None:
        taken.append(blob)
        take(self, blob)

    monkeypatch.setattr(extract._Worker, "_take_blob", counted)
    driven.run(legacy.place, legacy.options(dry=True))
    assert legacy.refs() == before
    first = legacy.migrate().ids
    driven.undo(legacy.place)
    assert legacy.refs() == before
    assert legacy.migrate().ids == first
    assert len(taken) == len(set(taken)) == 5


# --- progress


def test_progress_is_told_by_one_thread_at_a_time_and_adds_up(legacy: Legacy, hurried: None) -> None:
    imported(legacy, [{f"{n}.pkl": os.urandom(500) for n in range(c, c + 60)} for c in range(3)])
    inside, seen, stages = threading.Lock(), [], []

    def told(stage: str, done: int, total: int) -> None:
        assert inside.acquire(blocking=False), "two threads at once"
        time.sleep(0.0005)
        seen.append((stage, done, total))
        inside.release()

    driven.run(legacy.place, legacy.options(), told)
    for stage, done, total in seen:
        assert 0 <= done <= total, stage
        if stage not in stages:
            stages.append(stage)
    assert stages == ["scan", "extract", "rewrite", "prove", "move"]
    for stage in stages:
        own = [(done, total) for s, done, total in seen if s == stage]
        assert own == sorted(own), stage
        assert own[-1][0] == own[-1][1], stage
    # From nothing on, or a rate that is worked out from it would be wrong.
    assert [next(done for s, done, _ in seen if s == stage) for stage in ("scan", "rewrite", "prove")] == [0, 0, 0]


# --- failures


@pytest.fixture
def fails_early(legacy: Legacy) -> Iterator[tuple[Legacy, dict[str, str]]]:
    """The first commit's blob is damaged, and many commits follow it."""
    imported(legacy, [{f"{n}.pkl": b"%04d" % n * 50} for n in range(120)])
    damage(loose(legacy, b"0000" * 50), zlib.compress(b"blob 200\0" + bytes(200)))
    before, threads = legacy.refs(), threading.active_count()
    yield legacy, before
    assert legacy.refs() == before
    assert temporary(legacy) == []
    assert threading.active_count() == threads


def test_a_failure_while_the_scan_goes_on_ends_it(
    fails_early: tuple[Legacy, dict[str, str]], hurried: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    legacy, _ = fails_early
    add, added = extract.Extraction.add, []

    def slow(self: extract.Extraction, *args: object) -> None:
        added.append(1)
        add(self, *args)  # type: ignore[arg-type]
        time.sleep(0.02)

    monkeypatch.setattr(extract.Extraction, "add", slow)
    with pytest.raises(GuardError, match="not those of its name"):
        driven.run(legacy.place, legacy.options())
    assert len(added) < 120


def test_a_failure_of_the_scan_ends_the_threads(
    fails_early: tuple[Legacy, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    legacy, _ = fails_early
    monkeypatch.setattr(scan, "FIRST", 1)

    settle = scan._Scanner._settle
    calls: list[int] = []

    def second_fails(self: scan._Scanner, opened: list[scan._Opened]) -> list[bytes]:
        calls.append(1)
        if len(calls) > 1:
            raise GuardError("the scan failed")
        return settle(self, opened)

    monkeypatch.setattr(scan._Scanner, "_settle", second_fails)
    with pytest.raises(GuardError, match="the scan failed"):
        driven.run(legacy.place, legacy.options())


@pytest.mark.slow
@pytest.mark.parametrize("error", [GuardError("a bug"), KeyboardInterrupt(), MemoryError()])
def test_a_failure_of_the_rewriting_while_others_flush(
    legacy: Legacy, hurried: None, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    imported(legacy, [{f"{n}.pkl": b"%d" % n} for n in range(20)])
    before, threads = legacy.refs(), threading.active_count()
    settle = extract._Worker.settle

    def slow(self: extract._Worker) -> None:
        time.sleep(0.05)
        settle(self)

    def broken(*_: object) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(extract._Worker, "settle", slow)
        patch.setattr(commits.Commits, "run", broken)
        with pytest.raises(type(error)):
            driven.run(legacy.place, legacy.options())
    assert legacy.refs() == before
    assert threading.active_count() == threads
    assert temporary(legacy) == []
    assert not (legacy.git_dir / "trinity-guard/migrate/pack.tmp").exists()
    assert legacy.migrate().report["blobs_moved"] == 20


@pytest.mark.slow
@pytest.mark.parametrize("what", ["flush", "remember"])
def test_a_failure_of_the_flush_moves_no_ref(
    legacy: Legacy, hurried: None, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """The trees are rewritten by then, and the new pack is in the repository."""
    imported(legacy, [{f"{n}.pkl": b"%d" % n} for n in range(20)])
    before = legacy.refs()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    def unwritable(*_: object) -> None:
        raise GuardError("cannot write")

    with monkeypatch.context() as patch:
        if what == "flush":
            patch.setattr(durable, "flush_all", full)
        else:
            patch.setattr(state.State, "add_objects", unwritable)
        with pytest.raises(GuardError, match=r"is full|cannot write"):
            driven.run(legacy.place, legacy.options())
    assert legacy.refs() == before
    assert temporary(legacy) == []
    assert legacy.migrate().report["blobs_moved"] == 20


def test_refs_move_when_every_object_is_flushed_and_remembered(legacy: Legacy, monkeypatch: pytest.MonkeyPatch) -> None:
    imported(legacy, [{f"{n}.pkl": b"%d" % n} for n in range(20)])
    order: list[str] = []
    settle, remember, move = extract._Worker.settle, state.State.add_objects, refs.move

    def slow(self: extract._Worker) -> None:
        time.sleep(0.2)
        settle(self)
        order.append("flushed")

    def remembered(self: state.State, found: Mapping[bytes, state.Object]) -> None:
        assert all(legacy.object(o.md5) for o in found.values())
        remember(self, found)
        order.append("remembered")

    def moved(source: Source, moves: Sequence[refs.Move]) -> None:
        order.append("moved")
        move(source, moves)

    monkeypatch.setattr(extract._Worker, "settle", slow)
    monkeypatch.setattr(state.State, "add_objects", remembered)
    monkeypatch.setattr(refs, "move", moved)
    driven.run(legacy.place, legacy.options())
    assert order[-1] == "moved"
    assert {"flushed", "remembered"} == set(order[:-1])
