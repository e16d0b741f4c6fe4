"""Whole blobs out of packs: which ones, that Git is asked for all others, and that no damage gets through."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.migrate import driven
from tests.migrate.legacy import Legacy, imported, md5
from trinity_guard.errors import GuardError
from trinity_guard.git import packblobs, packindex
from trinity_guard.migrate import extract

KB = 1 << 10
MB = 1 << 20
SIZES = (0, 1, 15, 16, 5000, packblobs.PIECE - 1, packblobs.PIECE, packblobs.PIECE + 1, 3 * MB)


def name_of(data: bytes) -> bytes:
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).digest()


def read(repo: Legacy, data: bytes) -> bytes | None:
    """Return a blob as it lies whole in a pack, None where it does not."""
    opened = packblobs.Packs(os.fsencode(repo.git_dir))
    try:
        whole = opened.find(name_of(data))
        return None if whole is None else b"".join(opened.pieces(whole))
    finally:
        opened.close()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The blobs whose bytes Git is asked for while they are extracted."""
    names: list[bytes] = []
    take = extract._Worker._take_blob

    def listening(worker: extract._Worker, blob: bytes) -> None:
        names.append(blob)
        take(worker, blob)

    monkeypatch.setattr(extract._Worker, "_take_blob", listening)
    return names


def packed(repo: Legacy, files: dict[str, bytes], *options: str) -> Path:
    """Commit files, pack all without a delta, and return the pack."""
    repo.commit(files)
    repo.git("-c", "pack.window=0", "repack", "-adfq", *options)
    (pack,) = (repo.git_dir / "objects" / "pack").glob("*.pack")
    return pack


def damaged(pack: Path, data: bytes) -> None:
    raw = bytearray(pack.read_bytes())
    raw[raw.index(data[100:200])] ^= 1
    pack.chmod(0o644)
    pack.write_bytes(raw)


def contents() -> list[bytes]:
    noise = [os.urandom(size) for size in SIZES]
    return [*noise, *(bytes(size) for size in SIZES), *(b"1,2.5,abc\n" * (size // 10 + 1) for size in SIZES)]


@pytest.mark.slow
def test_whole_blobs_are_read_without_git(legacy: Legacy, asked: list[bytes]) -> None:
    wanted = contents()
    packed(legacy, {f"m/{n}.pkl": data for n, data in enumerate(wanted)})
    assert [read(legacy, data) for data in wanted] == wanted
    assert legacy.migrate().report["blobs_moved"] == len(set(wanted))
    assert asked == []
    assert all(legacy.object(md5(data)) == data for data in wanted)


def test_without_the_library_git_reads_them_all(
    legacy: Legacy, asked: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = [os.urandom(50 * KB) for _ in range(5)]
    packed(legacy, {f"m/{n}.pkl": data for n, data in enumerate(wanted)})
    monkeypatch.setattr(packblobs, "_isal", lambda: None)
    assert read(legacy, wanted[0]) is None
    assert legacy.migrate().report["blobs_moved"] == 5
    assert sorted(asked) == sorted(map(name_of, wanted))


def test_deltas_and_loose_blobs_are_left_to_git(legacy: Legacy, asked: list[bytes]) -> None:
    first = os.urandom(20 * KB)
    legacy.commit({"a.pkl": first})
    legacy.commit({"a.pkl": first + b"more"})
    legacy.git("repack", "-adfq")
    lone = os.urandom(100)
    legacy.commit({"a.pkl": first, "b.pkl": lone})
    assert [read(legacy, data) is None for data in (first, first + b"more", lone)].count(True) == 2
    assert legacy.migrate().report["blobs_moved"] == 3
    assert len(asked) == 2


def test_a_borrowed_blob_is_read_where_it_lies(legacy: Legacy, tmp_path: Path, asked: list[bytes]) -> None:
    data = os.urandom(30 * KB)
    packed(legacy, {"a.pkl": data})
    clone = Legacy(tmp_path / "clone.git", bare=True)
    (clone.git_dir / "objects" / "info" / "alternates").write_text(f"{legacy.git_dir / 'objects'}\n")
    clone.git("update-ref", "refs/heads/main", legacy.id("main"))
    assert clone.migrate().report["blobs_moved"] == 1
    assert asked == []


def test_places_beyond_two_gigabytes_are_found(legacy: Legacy) -> None:
    """Git's own switch for its tests: each place behind the first 16 bytes goes into the table of far ones."""
    wanted = [os.urandom(3 * KB) for _ in range(20)]
    pack = packed(legacy, {f"{n}.pkl": data for n, data in enumerate(wanted)})
    before = pack.with_suffix(".idx").read_bytes()
    pack.with_suffix(".idx").unlink()
    legacy.git("index-pack", "--index-version=2,16", str(pack))
    assert len(pack.with_suffix(".idx").read_bytes()) > len(before)
    assert [read(legacy, data) for data in wanted] == wanted


def test_an_index_of_version_1_is_left_to_git(legacy: Legacy, asked: list[bytes]) -> None:
    data = os.urandom(3 * KB)
    pack = packed(legacy, {"a.pkl": data})
    pack.with_suffix(".idx").unlink()
    legacy.git("index-pack", "--index-version=1", str(pack))
    assert read(legacy, data) is None
    assert legacy.migrate().report["blobs_moved"] == 1
    assert len(asked) == 1


def test_a_pack_that_goes_away_is_left_to_git(legacy: Legacy) -> None:
    data = os.urandom(3 * KB)
    pack = packed(legacy, {"a.pkl": data})
    opened = packblobs.Packs(os.fsencode(legacy.git_dir))
    whole = opened.find(name_of(data))
    assert whole is not None
    pack.rename(pack.with_suffix(".gone"))
    assert opened.find(name_of(data)) is None
    with pytest.raises(packblobs.DamagedError):
        b"".join(opened.pieces(whole))


def test_of_a_thousand_packs_a_few_are_opened(legacy: Legacy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packblobs, "MAX_PACKS", 2)
    wanted = [os.urandom(size * KB) for size in (1, 4, 9)]
    for n, data in enumerate(wanted):
        legacy.commit({f"{n}.pkl": data})
        legacy.git("repack", "-dq")
    assert [read(legacy, data) is None for data in wanted].count(True) == 1
    assert legacy.migrate().report["blobs_moved"] == 3


def test_a_damaged_blob_comes_from_gits_other_copy(legacy: Legacy, asked: list[bytes]) -> None:
    data = os.urandom(30 * KB)
    damaged(packed(legacy, {"a.pkl": data}), data)
    objects = legacy.git_dir / "objects"
    spare = Legacy(legacy.path.parent / "spare.git", bare=True)
    oid = spare.write("blob", data)
    shutil.copytree(spare.git_dir / "objects" / oid[:2], objects / oid[:2])
    assert driven.run(legacy.place, legacy.options())["blobs_moved"] == 1
    assert asked == [bytes.fromhex(oid)]
    assert legacy.object(md5(data)) == data


def test_a_damaged_blob_without_another_copy_stops_all(legacy: Legacy) -> None:
    data = os.urandom(30 * KB)
    damaged(packed(legacy, {"a.pkl": data}), data)
    before = legacy.refs()
    with pytest.raises(GuardError, match="no ref was moved"):
        driven.run(legacy.place, legacy.options())
    assert legacy.refs() == before
    assert not list(legacy.git_dir.glob("trinity-guard/cache/files/md5/*/*"))


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> tuple[Legacy, list[bytes], bytes, bytes]:
    repo = Legacy(tmp_path_factory.mktemp("shelf") / "bare.git", bare=True)
    wanted = [b"", b"x", os.urandom(40), b"1,2,3\n" * 40_000, os.urandom(600)]
    pack = packed(repo, {f"{n}.pkl": data for n, data in enumerate(wanted)})
    for path in (pack, pack.with_suffix(".idx")):
        path.chmod(0o644)
    return repo, wanted, pack.read_bytes(), pack.with_suffix(".idx").read_bytes()


@given(
    where=st.sampled_from([".pack", ".idx"]),
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=4),
    cut=st.floats(0, 1),
)
def test_no_damage_ends_otherwise_than_in_other_bytes_or_a_word(
    shelf: tuple[Legacy, list[bytes], bytes, bytes], where: str, changes: list[tuple[float, int]], cut: float
) -> None:
    repo, wanted, pack, index = shelf
    raw = bytearray(pack if where == ".pack" else index)
    for place, value in changes:
        raw[int(place * len(raw))] = value
    if cut < 0.5:
        del raw[int(cut * 2 * len(raw)) :]
    (path,) = (repo.git_dir / "objects" / "pack").glob("*.pack")
    path.with_suffix(where).write_bytes(raw)
    path.with_suffix(".idx" if where == ".pack" else ".pack").write_bytes(index if where == ".pack" else pack)
    opened = packblobs.Packs(os.fsencode(repo.git_dir))
    try:
        for data in wanted:
            whole = opened.find(name_of(data))
            if whole is not None:
                with contextlib.suppress(packblobs.DamagedError):
                    assert sum(map(len, opened.pieces(whole))) == whole.size
    finally:
        opened.close()


def test_indexes_are_found_largest_first_and_beyond_alternates(legacy: Legacy, tmp_path: Path) -> None:
    imported(legacy, [{"a.pkl": b"1"}])
    legacy.git("repack", "-dq")
    other = Legacy(tmp_path / "other.git", bare=True)
    packed(other, {f"{n}.pkl": os.urandom(10) for n in range(100)})
    (legacy.git_dir / "objects" / "info" / "alternates").write_text(f"{other.git_dir / 'objects'}\n")
    found = [Path(os.fsdecode(path)) for path in packindex.files(os.fsencode(legacy.git_dir))]
    assert len(found) >= 2
    assert found == sorted(found, key=lambda path: -path.stat().st_size)
    assert other.git_dir / "objects" / "pack" in [path.parent for path in found]
