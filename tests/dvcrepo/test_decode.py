"""What a pointer or a lock says, beside what DVC itself makes of the same files."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.dvcrepo.kinds import KINDS, room
from tests.helpers.support import Repo
from trinity_guard import git
from trinity_guard.cli import main
from trinity_guard.dvcrepo import decode, pointer
from trinity_guard.dvcrepo.decode import blobs, outputs_of
from trinity_guard.dvcrepo.output import Output
from trinity_guard.dvcrepo.paths import is_reference, yaml_beside
from trinity_guard.errors import GuardError


def decoded(work: Path) -> list[Output]:
    files = [p for p in work.rglob("*") if p.is_file() and is_reference(os.fsencode(p.relative_to(work)))]
    found = []
    for file in files:
        path = os.fsencode(file.relative_to(work))
        yaml = work / os.fsdecode(yaml_beside(path))
        found += outputs_of(file.read_bytes(), path, yaml.read_bytes() if yaml.exists() else None)
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_an_output_is_what_dvc_takes_it_for(kind: str) -> None:
    from dvc.repo import Repo

    work = room(kind) / "work"
    ours = {
        os.fsdecode(o.path): (
            o.md5, o.size, o.nfiles, o.legacy, o.isexec, o.cache, o.push, o.remote, o.frozen, o.from_repo
        )
        for o in decoded(work)
    }  # fmt: skip
    with contextlib.chdir(work):
        theirs = {
            os.path.relpath(out.fs_path): (
                out.hash_info.value, out.meta.size, -1 if out.meta.nfiles is None else out.meta.nfiles,
                out.hash_info.name == "md5-dos2unix", bool(out.meta.isexec), out.use_cache, out.can_push,
                out.remote or "", out.stage.frozen, out.stage.is_repo_import,
            )
            for out in Repo(".").index.outs
        }  # fmt: skip
    assert ours == theirs


@pytest.mark.parametrize("kind", KINDS)
def test_the_name_of_an_output_is_that_of_its_object(kind: str) -> None:
    from trinity_guard.dvcrepo.odb import Store

    work = room(kind) / "work"
    cache = Store(os.fsencode(work / ".dvc" / "cache"))
    for output in decoded(work):
        assert (cache.size(output.name) is not None) == output.held
        assert output.object_size in (-1, cache.size(output.name) if output.held else output.size)


@pytest.mark.parametrize("path", [b"x.dvc", b"dvc.lock", b"d/dvc.lock"])
@pytest.mark.parametrize("data", [b"outs: 1", b"stages: 1", b"- outs", b"{", b"\xff"])
def test_what_dvc_would_not_read_is_refused(path: bytes, data: bytes) -> None:
    with pytest.raises(GuardError, match=r"is no (pointer|file) that DVC can read"):
        outputs_of(data, path)


def test_an_empty_lock_names_nothing_and_an_empty_pointer_is_none() -> None:
    assert outputs_of(b"", b"dvc.lock") == []
    with pytest.raises(GuardError, match="is no pointer"):
        outputs_of(b"", b"x.dvc")


def test_a_lock_is_read_with_the_dvc_yaml_beside_it() -> None:
    lock = f"schema: '2.0'\nstages:\n  s:\n    outs:\n    - {{path: m, md5: '{'1' * 32}', hash: md5}}\n".encode()
    yaml = b"stages:\n  s:\n    cmd: x\n    outs:\n    - m: {push: false}\n"
    assert [o.push for o in outputs_of(lock, b"d/dvc.lock", yaml)] == [False]
    assert [o.push for o in outputs_of(lock, b"d/dvc.lock")] == [True]
    assert [o.push for o in decode.decoded(lock, b"d/dvc.lock")] == [True]


MD5 = "0123456789abcdef0123456789abcdef"
POINTER = f"outs:\n- md5: {MD5}\n  size: 5\n  hash: md5\n  path: a.csv\n".encode()
BROKEN = b"outs: [\n"


@pytest.fixture
def understood(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The pointers that are understood anew, by their places, in a run that knows nothing yet."""
    seen: list[bytes] = []
    real = pointer.decode

    def counted(data: bytes, where: bytes) -> pointer.Pointer:
        seen.append(where)
        return real(data, where)

    monkeypatch.setattr(decode, "_known", decode._Known())
    monkeypatch.setattr(pointer, "decode", counted)
    return seen


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The blobs that Git is asked for, by their ids."""
    asked: list[bytes] = []
    real = git.read_all

    def counted(ids: Iterable[bytes]) -> list[bytes | None]:
        wanted = list(ids)
        asked.extend(wanted)
        return real(wanted)

    monkeypatch.setattr(decode, "_known", decode._Known())
    monkeypatch.setattr(git, "read_all", counted)
    return asked


def test_the_same_version_at_the_same_place_is_understood_once(understood: list[bytes]) -> None:
    for _ in range(3):
        assert [o.md5 for o in outputs_of(POINTER, b"a.csv.dvc")] == [MD5]
    assert [o.path for o in outputs_of(POINTER, b"d/a.csv.dvc")] == [b"d/a.csv"]
    assert [o.size for o in outputs_of(POINTER.replace(b"size: 5", b"size: 6"), b"a.csv.dvc")] == [6]
    assert understood == [b"a.csv.dvc", b"d/a.csv.dvc", b"a.csv.dvc"]


def test_what_one_caller_makes_of_an_output_no_other_sees(understood: list[bytes]) -> None:
    for _ in range(3):
        [output] = outputs_of(POINTER, b"a.csv.dvc")
        assert (output.commit, output.oid, output.seen) == (b"", b"", b"")
        output.commit = output.oid = output.seen = b"mine"
    assert understood == [b"a.csv.dvc"]


def test_a_file_that_nobody_can_read_is_refused_each_time(understood: list[bytes]) -> None:
    for _ in range(2):
        with pytest.raises(GuardError):
            outputs_of(BROKEN, b"a.csv.dvc")


def test_what_is_kept_of_files_has_a_limit(understood: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decode, "KEPT_FILES", 2)
    for name in (b"a", b"b", b"c", b"a", b"c"):
        assert outputs_of(POINTER, name + b".dvc")
    assert understood == [b"a.dvc", b"b.dvc", b"c.dvc", b"c.dvc"]


@pytest.mark.parametrize(("most", "times"), [(len(POINTER), 1), (len(POINTER) - 1, 2)])
def test_a_long_file_is_understood_each_time(
    understood: list[bytes], monkeypatch: pytest.MonkeyPatch, most: int, times: int
) -> None:
    monkeypatch.setattr(decode, "KEPT_EACH", most)
    for _ in range(2):
        assert outputs_of(POINTER, b"a.csv.dvc")
    assert understood == [b"a.csv.dvc"] * times


def stored(repo: Repo, data: bytes) -> bytes:
    repo.write("blob", data)
    return repo.git("hash-object", "-w", "blob").stdout.strip()


def test_a_blob_is_read_once_a_run(bare_repo: Repo, read: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(bare_repo.path)
    one, two = stored(bare_repo, b"one"), stored(bare_repo, b"two")
    assert blobs([one, one]) == {one: b"one"}
    assert blobs(iter([two, one])) == {two: b"two", one: b"one"}
    assert read == [one, two]


def test_a_blob_that_git_has_not_is_asked_for_again(
    bare_repo: Repo, read: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(bare_repo.path)
    missing = b"1" * 40
    assert blobs([missing]) == blobs([missing]) == {missing: None}
    assert read == [missing, missing]


def test_what_is_kept_of_blobs_has_a_limit(bare_repo: Repo, read: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(bare_repo.path)
    monkeypatch.setattr(decode, "KEPT_BYTES", 6)
    monkeypatch.setattr(decode, "KEPT_EACH", 3)
    ids = [stored(bare_repo, data) for data in (b"more", b"one", b"two", b"x")]
    for _ in range(2):
        assert list(blobs(ids).values()) == [b"more", b"one", b"two", b"x"]
    assert read == [*ids, ids[0], ids[3]]


@pytest.fixture
def guarded(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    for i in range(20):
        repo.stage(f"d{i % 3}/m{i}.pkl", 50 + i)
    repo.commit()
    monkeypatch.chdir(repo.path)
    return repo


COMMANDS = [["status"], ["doctor", "--offline"], ["lint"], ["push"], ["report", "--offline"]]


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS, ids=[c[0] for c in COMMANDS])
def test_a_command_reads_and_understands_each_pointer_once(
    guarded: Repo, understood: list[bytes], read: list[bytes], command: list[str]
) -> None:
    guarded.file(".git/trinity-guard/outputs").unlink()  # what the commit remembered of them
    main(command)
    pointers = {path: oid for path, (_, oid) in guarded.index().items() if path.endswith(b".pkl.dvc")}
    assert sorted(p for p in understood if p in pointers) == sorted(pointers)
    assert sorted(oid for oid in read if oid in pointers.values()) == sorted(pointers.values())
