"""Whole blobs out of packs: those that lie there as they are; deltas, loose ones and damage are left to Git."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest

from tests.git.conftest import blobs, git_dir
from tests.helpers.support import Repo
from trinity_guard.git import packblobs
from trinity_guard.git.packblobs import DamagedError, Packs, Whole


@pytest.fixture
def packs(deltas: tuple[Repo, dict[bytes, bytes]]) -> Generator[Packs, None, None]:
    found = Packs(git_dir(deltas[0]))
    yield found
    found.close()


def raw(oid: bytes) -> bytes:
    return bytes.fromhex(oid.decode())


def test_what_lies_whole_is_read_and_what_is_a_delta_is_not(
    packs: Packs, deltas: tuple[Repo, dict[bytes, bytes]]
) -> None:
    repo, contents = deltas
    [file] = repo.path.glob(".git/objects/pack/*.idx")
    lines = repo.git("verify-pack", "-v", str(file)).stdout.splitlines()
    chained = {line.split()[0] for line in lines if b" blob " in line and len(line.split()) == 7}
    assert chained
    for oid, data in contents.items():
        whole = packs.find(raw(oid))
        assert (whole is None) == (oid in chained)
        if whole is not None:
            assert whole.size == len(data)
            assert b"".join(packs.pieces(whole)) == data


def test_large_ones_come_in_pieces(packs: Packs, deltas: tuple[Repo, dict[bytes, bytes]]) -> None:
    oid = next(oid for oid, data in deltas[1].items() if len(data) == 2_000_000)
    whole = packs.find(raw(oid))
    assert whole is not None
    pieces = list(packs.pieces(whole))
    assert len(pieces) > 1
    assert max(map(len, pieces)) <= packblobs.PIECE


def test_what_is_loose_or_no_blob_or_not_there_is_not_found(
    packs: Packs, deltas: tuple[Repo, dict[bytes, bytes]]
) -> None:
    repo, _ = deltas
    [loose] = blobs(repo, [b"loose"])
    for oid in (loose, repo.head().encode(), repo.git("rev-parse", "HEAD^{tree}").stdout.strip(), b"1" * 40):
        assert packs.find(raw(oid)) is None


@pytest.mark.parametrize("change", [-1, 1, 5000])
def test_a_size_that_is_wrong_is_damage(packs: Packs, deltas: tuple[Repo, dict[bytes, bytes]], change: int) -> None:
    oid = next(oid for oid, data in deltas[1].items() if len(data) == 300_000)
    whole = packs.find(raw(oid))
    assert whole is not None
    with pytest.raises(DamagedError):
        list(packs.pieces(Whole(whole.path, whole.at, whole.size + change)))


@pytest.mark.parametrize("where", ["behind the end", "in the middle", "no pack"])
def test_what_does_not_inflate_is_damage(packs: Packs, deltas: tuple[Repo, dict[bytes, bytes]], where: str) -> None:
    oid = next(oid for oid, data in deltas[1].items() if len(data) == 300_000)
    whole = packs.find(raw(oid))
    assert whole is not None
    path, at = whole.path, whole.at
    if where == "no pack":
        path = b"/nowhere"
    else:
        at = at + 17 if where == "in the middle" else at + (1 << 30)
    with pytest.raises(DamagedError):
        list(packs.pieces(Whole(path, at, whole.size)))


def test_a_pack_that_has_gone_holds_nothing(packs: Packs, deltas: tuple[Repo, dict[bytes, bytes]]) -> None:
    repo, contents = deltas
    [pack] = repo.path.glob(".git/objects/pack/*.pack")
    pack.unlink()
    assert [packs.find(raw(oid)) for oid in contents] == [None] * len(contents)


def test_a_damaged_index_is_passed_over(deltas: tuple[Repo, dict[bytes, bytes]]) -> None:
    repo, contents = deltas
    [file] = repo.path.glob(".git/objects/pack/*.idx")
    file.chmod(0o644)
    file.write_bytes(b"damaged")
    found = Packs(git_dir(repo))
    assert [found.find(raw(oid)) for oid in contents] == [None] * len(contents)
    found.close()


def test_without_the_library_everything_is_git_s(
    deltas: tuple[Repo, dict[bytes, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "isal", None)
    found = Packs(os.fsencode(deltas[0].path / ".git"))
    assert [found.find(raw(oid)) for oid in deltas[1]] == [None] * len(deltas[1])
