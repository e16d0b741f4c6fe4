"""Sizes and first bytes out of packs: deltas of deltas, damage, loose ones beside; what the blobs are is the oracle."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.git.conftest import blobs, git_dir
from tests.helpers.support import Repo
from trinity_guard import git
from trinity_guard.errors import GuardError
from trinity_guard.git import packheads
from trinity_guard.git.objects import Head, Objects


@pytest.fixture(autouse=True)
def all_from_packs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packheads, "TOGETHER", 1)


@pytest.mark.parametrize("length", [1, 16, 64, 4096])
def test_heads_are_those_of_the_blobs(deltas: tuple[Repo, dict[bytes, bytes]], length: int) -> None:
    repo, contents = deltas
    loose = dict(zip(blobs(repo, [b"loose", b"y" * 9000]), [b"loose", b"y" * 9000], strict=True))
    wanted = {**contents, **loose}
    found = packheads.heads(git_dir(repo), wanted, length)
    assert {oid: (h.size, h.first) for oid, h in found.items()} == {
        oid: (len(data), data[:length]) for oid, data in wanted.items()
    }


@pytest.mark.parametrize("length", [1, 64, 4096])
def test_packs_that_stay_open_tell_the_same(
    deltas: tuple[Repo, dict[bytes, bytes]], length: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo, contents = deltas
    monkeypatch.setattr(packheads, "MAX_KNOWN", 3)
    tree = repo.git("rev-parse", "HEAD^{tree}").stdout.strip()
    names = [bytes.fromhex(oid.decode()) for oid in contents]
    with packheads.Packs(git_dir(repo), 20) as packs:
        found: dict[bytes, Head] = {}
        for start in range(0, len(names), 5):
            found |= packs.heads([*names[start : start + 5], b"\1" * 20, bytes.fromhex(tree.decode())], length)
    assert len(found) > len(names) - 3
    assert not set(found).difference(names)
    for oid, head in found.items():
        data = contents[oid.hex().encode()]
        assert (head.size, head.first) == (len(data), data[:length])


def test_a_delta_that_is_long_before_its_bytes_are_known(empty: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many short copies more has to be read than at first."""
    monkeypatch.setattr(packheads, "INSTRUCTIONS", (1, 1024))
    base = bytes(range(256)) * 40
    data = b"".join(base[n * 20 : n * 20 + 17] + b"-" for n in range(400))
    ids = blobs(empty, [base, data])
    git.run("pack-objects", "-q", "--depth=9", ".git/objects/pack/pack", data=b"\n".join(ids) + b"\n")
    with packheads.Packs(git_dir(empty), 20) as packs:
        found = packs.heads([bytes.fromhex(oid.decode()) for oid in ids], 64)
    assert sorted(head.first for head in found.values()) == sorted([base[:64], data[:64]])


def test_most_come_without_git(deltas: tuple[Repo, dict[bytes, bytes]], monkeypatch: pytest.MonkeyPatch) -> None:
    repo, contents = deltas
    asked: list[bytes] = []
    heads = Objects.heads

    def counted(self: Objects, ids: list[bytes], length: int) -> list[Head]:
        asked.extend(ids)
        return heads(self, ids, length)

    monkeypatch.setattr(Objects, "heads", counted)
    packheads.heads(git_dir(repo), contents, 64)
    kinds = repo.git("verify-pack", "-v", *(str(p) for p in Path(repo.path).glob(".git/objects/pack/*.idx"))).stdout
    chains = [line for line in kinds.splitlines() if len(line.split()) == 7 and b" blob " in line]
    assert len(chains) > 10, "the oracle holds deltas"
    assert len(asked) <= 2


def test_of_a_pack_that_is_none_git_has_the_last_word(deltas: tuple[Repo, dict[bytes, bytes]]) -> None:
    repo, contents = deltas
    [pack] = repo.path.glob(".git/objects/pack/*.pack")
    pack.chmod(0o644)
    pack.write_bytes(b"KCAP" + pack.read_bytes()[4:])
    with pytest.raises(GuardError):
        packheads.heads(git_dir(repo), contents, 64)


@pytest.mark.parametrize("size", [30, 1000, 100_000])
def test_of_a_pack_that_was_cut_off_nothing_is_made_up(deltas: tuple[Repo, dict[bytes, bytes]], size: int) -> None:
    repo, contents = deltas
    [pack] = repo.path.glob(".git/objects/pack/*.pack")
    pack.chmod(0o644)
    pack.write_bytes(pack.read_bytes()[:size])
    [loose] = blobs(repo, [b"loose"])
    for oid, data in contents.items():
        try:
            found = packheads.heads(git_dir(repo), [oid, loose], 64)
        except GuardError:
            continue
        assert (found[oid].size, found[oid].first) == (len(data), data[:64])


def test_a_blob_that_is_not_there_is_an_error(deltas: tuple[Repo, dict[bytes, bytes]]) -> None:
    repo, contents = deltas
    with pytest.raises(GuardError, match="1111"):
        packheads.heads(git_dir(repo), [*contents, b"1" * 40], 64)
    assert packheads.heads(git_dir(repo), [], 64) == {}


def test_a_tree_is_no_blob(deltas: tuple[Repo, dict[bytes, bytes]]) -> None:
    repo, contents = deltas
    tree = repo.git("rev-parse", "HEAD^{tree}").stdout.strip()
    with pytest.raises(GuardError, match=tree.decode()):
        packheads.heads(git_dir(repo), [*contents, tree], 64)


def test_of_many_packs_some_are_held_open(empty: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """A repository that collects nothing may have more of them than a process may open files."""
    monkeypatch.setattr(packheads, "MAX_OPEN", 2)
    oids = blobs(empty, [b"%d" % number * (number + 1) for number in range(4)])
    for oid in oids:
        git.run("pack-objects", "-q", ".git/objects/pack/pack", data=oid + b"\n")
    with packheads.Packs(git_dir(empty), 20) as packs:
        assert len(packs.heads([bytes.fromhex(oid.decode()) for oid in oids], 64)) == 2
