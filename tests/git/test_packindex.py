"""The indexes of packs: where objects begin, which are not here; beside `git show-index`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.git.conftest import blobs, git_dir, packed
from tests.helpers.support import Repo, run
from trinity_guard.git import packindex


def index_files(repo: Repo) -> list[Path]:
    return sorted(repo.path.glob(".git/objects/pack/*.idx"))


def as_git_says(index: Path) -> dict[bytes, int]:
    lines = run("git", "show-index", data=index.read_bytes()).stdout.splitlines()
    return {line.split()[1]: int(line.split()[0]) for line in lines}


def test_where_each_object_begins_is_what_git_says(deltas: tuple[Repo, dict[bytes, bytes]]) -> None:
    repo, _ = deltas
    [file] = index_files(repo)
    wanted = as_git_says(file)
    index = packindex.Index(os.fsencode(file), 20)
    try:
        assert index.offsets(list(wanted)) == wanted
        assert index.offsets([*list(wanted)[:2], b"f" * 40]) == dict(list(wanted.items())[:2])
        assert {oid: index.find(bytes.fromhex(oid.decode())) for oid in wanted} == wanted
        names = [bytes.fromhex(oid.decode()) for oid in wanted]
        assert index.places([*names, b"\0" * 20, b"\xff" * 20]) == [(wanted[n.hex().encode()], n) for n in names]
        for absent in (b"\0" * 20, b"\xff" * 20, bytes.fromhex(next(iter(wanted)).decode())[:19] + b"\1"):
            assert index.find(absent) == -1
        assert index.pack == os.fsencode(file.with_suffix(".pack"))
    finally:
        index.close()


@pytest.mark.parametrize("damage", ["empty", "short", "version", "text"])
def test_what_is_no_such_index_is_refused(deltas: tuple[Repo, dict[bytes, bytes]], damage: str) -> None:
    repo, _ = deltas
    [file] = index_files(repo)
    data = file.read_bytes()
    file.chmod(0o644)
    damaged = {
        "empty": b"",
        "short": data[: len(data) // 2],
        "version": data[:7] + b"\3" + data[8:],
        "text": b"x" * 5000,
    }
    file.write_bytes(damaged[damage])
    with pytest.raises(ValueError, match=r"not the index of a pack|empty file"):
        packindex.Index(os.fsencode(file), 20)
    # Not known: then Git itself looks.
    assert packindex.absent(git_dir(repo), [b"1" * 40]) == [b"1" * 40]


def test_an_offset_beyond_two_gigabytes_stands_in_a_table_of_its_own(tmp_path: Path) -> None:
    name = bytes(range(20))
    fanout = b"".join((1 if first >= name[0] else 0).to_bytes(4, "big") for first in range(256))
    far = 5 << 30
    table = packindex.SIGNATURE + fanout + name + bytes(4) + (1 << 31).to_bytes(4, "big") + far.to_bytes(8, "big")
    file = tmp_path / "pack-x.idx"
    file.write_bytes(table + bytes(40))
    index = packindex.Index(os.fsencode(file), 20)
    assert index.find(name) == far
    assert index.offsets([name.hex().encode()]) == {name.hex().encode(): far}
    index.close()


@pytest.mark.parametrize("begin", [b"\xab" * 12, b"\0" * 12, b"\xff" * 12])
def test_names_that_somebody_has_chosen_are_found_all_the_same(tmp_path: Path, begin: bytes) -> None:
    names = [begin + n.to_bytes(8, "big") for n in range(3000)]
    fanout = b"".join((3000 if byte >= begin[0] else 0).to_bytes(4, "big") for byte in range(256))
    places = b"".join(n.to_bytes(4, "big") for n in range(3000))
    file = tmp_path / "x.idx"
    file.write_bytes(packindex.SIGNATURE + fanout + b"".join(names) + bytes(4 * 3000) + places)
    index = packindex.Index(os.fsencode(file), 20)
    assert [index.find(name) for name in names] == list(range(3000))
    assert index.find(begin + (3000).to_bytes(8, "big")) == -1
    index.close()


def test_absent_is_what_is_neither_packed_nor_loose_nor_borrowed(deltas: tuple[Repo, dict[bytes, bytes]]) -> None:
    repo, contents = deltas
    [loose] = blobs(repo, [b"loose"])
    none = b"1" * 40
    assert packindex.absent(git_dir(repo), [none, loose, *contents, none]) == [none]
    run("git", "clone", "-q", "--shared", repo.path, repo.path.parent / "borrowing")
    borrowing = Repo(repo.path.parent / "borrowing")
    assert packindex.absent(git_dir(borrowing), [none, loose, *contents]) == [none]
    assert packindex.files(git_dir(borrowing)) == packindex.files(git_dir(repo))
    assert packindex.absent(git_dir(repo), []) == []


def test_alternates_in_a_circle_end(empty: Repo) -> None:
    file = empty.file(".git/objects/info/alternates")
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(b"../objects\n/nowhere\n")
    found = packindex.folders(git_dir(empty))
    assert found[0] == os.fsencode(empty.path / ".git/objects")
    assert len(found) <= 10


def test_the_folder_of_a_push_in_quarantine_counts(empty: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", "/quarantine")
    assert packindex.folders(git_dir(empty)) == [b"/quarantine"]


def test_the_largest_index_comes_first(empty: Repo) -> None:
    for count in (2, 50):
        for number in range(count):
            empty.write(f"{count}-{number}", b"%d %d" % (count, number))
        empty.git("add", "-A")
        empty.commit()
        empty.git("repack", "-q", "-d")
    sizes = [Path(os.fsdecode(f)).stat().st_size for f in packindex.files(git_dir(empty))]
    assert len(sizes) == 2
    assert sizes[0] > sizes[1]
    packed(empty)
    assert len(packindex.files(git_dir(empty))) == 1
