"""What a pointer or a lock says, beside what DVC itself makes of the same files."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest

from tests.dvcrepo.kinds import KINDS, OTHER, TABLE, md5, room
from trinity_guard.dvcrepo.decode import outputs_of
from trinity_guard.dvcrepo.output import LEGACY, Output, is_md5, is_object, listed_in, of_object
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


# --- the record itself


@pytest.mark.parametrize(
    ("text", "file", "object_"),
    [
        ("a" * 32, True, True),
        ("a" * 32 + ".dir", True, True),
        (LEGACY + "a" * 32, False, True),
        ("a" * 31, False, False),
        ("A" * 32, False, False),
        ("g" * 32, False, False),
        ("", False, False),
        (".dir", False, False),
        (LEGACY, False, False),
    ],
)
def test_what_an_md5_is(text: str, file: bool, object_: bool) -> None:
    assert (is_md5(text), is_object(text)) == (file, object_)
    assert not is_md5(None)


@pytest.mark.parametrize("name", ["a" * 32, "a" * 32 + ".dir", LEGACY + "a" * 32, LEGACY + "a" * 32 + ".dir"])
def test_an_object_keeps_its_name(name: str) -> None:
    output = of_object(name, 5)
    assert (output.name, output.held, output.is_dir) == (name, True, name.endswith(".dir"))
    assert output.object_size == (5 if name == "a" * 32 else -1)


def test_a_file_of_a_directory_is_treated_as_the_directory_is() -> None:
    [folder] = outputs_of(
        f"outs:\n- md5: {md5(TABLE)}.dir\n  hash: md5\n  path: f\n  remote: other\n  push: false\n".encode(), b"f.dvc"
    )
    file = listed_in(folder, md5(OTHER), b"f/x")
    assert (file.path, file.name, file.source, file.remote, file.pushed) == (
        b"f/x",
        md5(OTHER),
        b"f.dvc",
        "other",
        False,
    )
    assert (file.kind, folder.kind, folder.pushed) == ("file", "dir", False)
