"""Sizes, first bytes and streams of blobs: loose, packed, large, corrupt; what Git itself says is the oracle."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.helpers.support import MB, Repo
from trinity_guard import git
from trinity_guard.errors import GuardError
from trinity_guard.git import objects
from trinity_guard.git.objects import Objects

CONTENTS = {
    "empty": b"",
    "one byte": b"x",
    "text": b"line\n" * 1000,
    "random": os.urandom(5000),
    "random, large": os.urandom(3 * MB),
    "zeros": bytes(4 * MB),
    "exactly a glance": os.urandom(64),
    "small": b"line\n" * 20,
    "small, random": os.urandom(300),
    "read whole": os.urandom(objects.WHOLE),
    "too large for it": os.urandom(objects.WHOLE + 1),
}


def stored(repo: Repo) -> dict[str, bytes]:
    """Write the contents as blobs; return name -> id."""
    ids = {}
    for name, data in CONTENTS.items():
        (repo.path / "x").write_bytes(data)
        ids[name] = repo.git("hash-object", "-w", "--no-filters", "x").stdout.strip()
    return ids


@pytest.mark.parametrize("packed", [False, True], ids=["loose", "packed"])
@pytest.mark.parametrize("level", ["0", "1", "9"])
def test_heads_and_streams_are_those_of_the_blobs(
    bare_repo: Repo, monkeypatch: pytest.MonkeyPatch, packed: bool, level: str
) -> None:
    monkeypatch.setattr(objects, "_kept", {})
    bare_repo.git("config", "core.compression", level)
    ids = stored(bare_repo)
    if packed:
        listed = "".join(f"{oid.decode()}\n" for oid in ids.values()).encode()
        from tests.helpers.support import run

        run("git", "pack-objects", "-q", ".git/objects/pack/pack", cwd=bare_repo.path, data=listed)
        bare_repo.git("prune-packed", "-q")
        assert not list(bare_repo.path.glob(".git/objects/??/*"))
    monkeypatch.chdir(bare_repo.path)
    blobs = Objects(os.fsencode(bare_repo.path / ".git"))
    for length in (16, 64, 4096):
        for (name, data), head in zip(CONTENTS.items(), blobs.heads(list(ids.values()), length), strict=True):
            assert (head.size, head.first) == (len(data), data[:length]), name
    for name, data in CONTENTS.items():
        assert b"".join(blobs.stream(ids[name])) == data, name


def test_a_small_blob_is_read_once(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "_kept", {})
    ids = stored(bare_repo)
    small = [name for name in ids if 64 < len(CONTENTS[name]) <= objects.WHOLE]
    assert len(small) == 3
    asked = [ids[name] for name in ids if name.startswith(("small", "read", "random"))]
    here = Objects(os.fsencode(bare_repo.path / ".git"))
    before = [head.size for head in here.heads(asked)]
    opened: list[object] = []
    real = os.open

    def counted(file: bytes, flags: int) -> int:
        opened.append(file)
        return real(file, flags)

    monkeypatch.setattr(os, "open", counted)
    found = here.heads(asked, 4096)
    assert [head.size for head in found] == before
    assert [head.first for head in found] == [CONTENTS[name][:4096] for name in ids if ids[name] in asked]
    assert len(opened) == len(asked) - len(small)


def test_an_object_that_is_not_there_is_an_error(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(bare_repo.path)
    objects = Objects(os.fsencode(bare_repo.path / ".git"))
    with pytest.raises(GuardError):
        objects.heads([b"0" * 39 + b"1"])
    with pytest.raises(GuardError):
        list(objects.stream(b"0" * 39 + b"1"))


def test_a_tree_is_no_blob(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repo.path)
    tree = repo.git("rev-parse", "HEAD^{tree}").stdout.strip()
    with pytest.raises(GuardError):
        Objects(os.fsencode(repo.path / ".git")).heads([tree])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 3000), bit=st.integers(0, 7), cut=st.booleans())
def test_a_damaged_object_is_an_error_or_still_right(bare_repo: Repo, at: int, bit: int, cut: bool) -> None:
    data = b"".join(b"%d\n" % i for i in range(900))
    (bare_repo.path / "x").write_bytes(data)
    oid = bare_repo.git("hash-object", "-w", "x").stdout.strip()
    file: Path = bare_repo.path / ".git/objects" / oid[:2].decode() / oid[2:].decode()
    whole = bytearray(file.read_bytes())
    at %= len(whole)
    file.chmod(0o644)
    if cut:
        file.write_bytes(whole[:at])
    else:
        whole[at] ^= 1 << bit
        file.write_bytes(whole)
    here = Path.cwd()
    os.chdir(bare_repo.path)
    try:
        assert b"".join(Objects(os.fsencode(bare_repo.path / ".git")).stream(oid)) == data
    except GuardError:
        pass
    finally:
        os.chdir(here)
        file.unlink()


def test_many_packed_blobs_are_not_held_at_once(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = list(stored(bare_repo).values())
    asked: list[int] = []
    ask = git.read_all

    def counted(names: list[bytes], at: bytes | None) -> list[bytes | None]:
        answer = ask(names, at)
        asked.append(sum(len(data or b"") for data in answer))
        return answer

    monkeypatch.chdir(bare_repo.path)
    monkeypatch.setattr(git, "read_all", counted)
    monkeypatch.setattr(objects, "TOGETHER", 5000)
    # No loose object is found there, so Git is asked about all.
    heads = Objects(os.fsencode(bare_repo.path / "elsewhere")).heads(ids)
    assert [h.size for h in heads] == [len(data) for data in CONTENTS.values()]
    assert [h.first for h in heads] == [data[:64] for data in CONTENTS.values()]
    assert len(asked) > 1
    assert max(asked) <= 5000
