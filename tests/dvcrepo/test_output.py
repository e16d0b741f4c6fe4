"""The one record of an output: its kind, its object, and what may be said of its size."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.dvcrepo.kinds import OTHER, TABLE, md5
from trinity_guard.dvcrepo.decode import outputs_of
from trinity_guard.dvcrepo.output import (
    LEGACY,
    Output,
    is_md5,
    is_object,
    listed_in,
    nothing_in,
    of_object,
    recording,
    seen_mark,
    staging,
)


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


@pytest.mark.parametrize(
    ("fields", "kind", "pushed"),
    [
        ({}, "file", True),
        ({"md5": "a" * 32 + ".dir"}, "dir", True),
        ({"imported": True}, "import", True),
        ({"imported": True, "md5": "a" * 32 + ".dir"}, "dir", True),
        ({"imported": True, "from_repo": True}, "import", False),
        ({"push": False}, "file", False),
        ({"external": True}, "foreign", False),
        ({"cache": False}, "foreign", False),
        ({"md5": ""}, "foreign", False),
    ],
)
def test_the_kind_follows_from_the_rest(fields: dict[str, object], kind: str, pushed: bool) -> None:
    output = Output(b"x", "a" * 32)
    for name, value in fields.items():
        setattr(output, name, value)
    assert output.settle() is output
    assert (output.kind, output.held, output.pushed) == (kind, kind != "foreign", pushed)


def test_what_nobody_said_is_the_default() -> None:
    plain = Output(b"x")
    assert (plain.md5, plain.size, plain.source, plain.oid, plain.kind, plain.nfiles) == ("", -1, b"", b"", "file", -1)
    assert (plain.text, plain.remote, plain.stage, plain.project, plain.commit, plain.seen) == (
        "",
        "",
        "",
        b"",
        b"",
        b"",
    )
    assert (of_object("a" * 32).path, of_object("a" * 32).size) == (b"", -1)
    assert listed_in(of_object("a" * 32 + ".dir"), "b" * 32).path == b""


def test_a_file_is_known_again_by_its_size_its_time_and_its_place_on_the_disk(tmp_path: Path) -> None:
    file = tmp_path / "x"
    file.write_bytes(b"12345")
    os.utime(file, ns=(7, 1_000_000_007))
    assert seen_mark(file.stat()) == b"5 1000000007 %d" % file.stat().st_ino


def test_the_size_of_an_object_is_known_only_where_the_object_is_the_file() -> None:
    plain, folder, legacy = Output(b"x", "a" * 32, 5), Output(b"x", "a" * 32 + ".dir", 5), Output(b"x", "a" * 32, 5)
    legacy.legacy = True
    assert [o.object_size for o in (plain, folder, legacy, Output(b"x", "a" * 32))] == [5, -1, -1, -1]


def test_a_person_is_told_to_look_at_the_pointer_or_at_a_pipeline_s_output_itself() -> None:
    staged = Output(b"m.pkl", source=b"dvc.lock")
    staged.stage = "train"
    assert [o.record for o in (Output(b"x", source=b"x.dvc"), staged, Output(b"x"))] == [b"x.dvc", b"m.pkl", b"x"]


def test_what_records_nothing_has_a_record_that_says_so() -> None:
    nothing = nothing_in(b"dvc.lock")
    assert (nothing.source, nothing.path, nothing.held, nothing.is_dir) == (b"dvc.lock", b"", False, False)


@pytest.mark.parametrize(
    ("source", "stage", "target"),
    [
        (b"a.csv.dvc", "", b"a.csv.dvc"),
        (b"sub/a.csv.dvc", "", b"sub/a.csv.dvc"),
        (b"dvc.lock", "fit", b"fit"),
        (b"dvc.yaml", "fit@one", b"fit@one"),
        (b"sub/deep/dvc.lock", "fit", b"sub/deep/dvc.yaml:fit"),
        (b"sub/dvc.yaml", "fit", b"sub/dvc.yaml:fit"),
    ],
)
def test_what_dvc_s_commands_take_for_it(source: bytes, stage: str, target: bytes) -> None:
    output = Output(b"m.pkl", source=source)
    output.stage = stage
    assert output.target == target


@pytest.mark.parametrize(
    ("source", "stage", "imported", "command"),
    [
        (b"d/a.csv.dvc", "", False, "trinity-guard convert d/a.csv"),
        (b"d/a.csv.dvc", "", True, "dvc commit -f d/a.csv.dvc && git add d/a.csv.dvc"),
        (b"d/other.dvc", "", False, "dvc commit -f d/other.dvc && git add d/other.dvc"),
        (b"dvc.lock", "make", False, "dvc commit -f make && git add dvc.lock"),
        (b"d/dvc.yaml", "make", False, "dvc commit -f d/dvc.yaml:make && git add d/dvc.lock"),
    ],
)
def test_what_is_there_now_is_recorded_by_whoever_records_it(
    source: bytes, stage: str, imported: bool, command: str
) -> None:
    output = Output(b"d/a.csv", md5(TABLE), source=source)
    output.stage, output.imported = stage, imported
    output.settle()
    assert staging(output) == command
    assert command.startswith(recording(output))
