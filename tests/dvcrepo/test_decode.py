"""What a pointer or a lock says, beside what DVC itself makes of the same files."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest

from tests.dvcrepo.kinds import KINDS, room
from trinity_guard.dvcrepo.decode import outputs_of
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
