"""Files of records: what is written is read again; what is not whole, not there or of another shape says nothing."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trinity_guard.errors import GuardError
from trinity_guard.git import files, records

FIELD = st.binary(max_size=20).map(lambda b: b.replace(b"\0", b"\n"))


@given(st.integers(1, 7).flatmap(lambda n: st.tuples(st.just(n), st.lists(st.tuples(*[FIELD] * n), max_size=5))))
@settings(max_examples=50, deadline=None)
def test_what_is_written_is_read_again(case: tuple[int, list[tuple[bytes, ...]]]) -> None:
    fields, wanted = case
    with tempfile.TemporaryDirectory() as folder:
        file = os.fsencode(Path(folder) / "deep" / "file")
        records.write(file, wanted)
        assert records.read(file, fields) == wanted


def test_the_bytes_are_those_of_the_version_before(tmp_path: Path) -> None:
    file = tmp_path / "journal"
    records.write(os.fsencode(file), [(b"a", b"", b"c.dvc", b"d", b"e"), (b"f", b"g", b"h", b"i", b"")])
    assert file.read_bytes() == b"a\0\0c.dvc\0d\0e\0f\0g\0h\0i\0\0"


@pytest.mark.parametrize(
    ("data", "fields", "found"),
    [
        (b"", 2, []),
        (b"a\0b\0", 2, [(b"a", b"b")]),
        (b"a\0b\0", 1, [(b"a",), (b"b",)]),
        (b"\0\0", 2, [(b"", b"")]),
        (b"a\0b", 2, []),  # the last NUL is missing: cut off
        (b"a\0b\0c\0", 2, []),  # a field too few
        (b"a\0b\0c", 2, []),
        (b"lines\nof another version\n", 1, []),
        (b"garbage", 3, []),
    ],
)
def test_only_a_whole_file_says_anything(
    tmp_path: Path, data: bytes, fields: int, found: list[tuple[bytes, ...]]
) -> None:
    (tmp_path / "file").write_bytes(data)
    assert records.read(os.fsencode(tmp_path / "file"), fields) == found


def test_what_is_not_there_holds_no_records(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert records.read(os.fsencode(tmp_path / "none"), 2) == []
    assert records.read(os.fsencode(tmp_path / "file" / "below"), 2) == []


def test_what_cannot_be_read_is_said_unless_it_only_saves_work(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path)
    with pytest.raises(GuardError, match=r"^cannot read .*: Is a directory\.$"):
        records.read(folder, 2)
    assert records.read_if_readable(folder, 2) == []


def test_what_only_saves_work_is_read_where_it_can_be(tmp_path: Path) -> None:
    file = os.fsencode(tmp_path / "file")
    records.write(file, [(b"a", b"b"), (b"c", b"d")])
    assert records.read_if_readable(file, 2) == [(b"a", b"b"), (b"c", b"d")]


@pytest.mark.parametrize("write", [records.write, records.write_if_writable])
@pytest.mark.parametrize("durable", [False, True])
def test_only_what_must_be_is_forced_to_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, durable: bool, write: Callable[..., None]
) -> None:
    forced: list[int] = []
    monkeypatch.setattr(os, "fsync", forced.append)
    file = os.fsencode(tmp_path / "file")
    if durable:
        write(file, [(b"a",)], durable=True)
    else:
        write(file, [(b"a",)])
    assert len(forced) == (2 if durable else 0)  # its bytes, its name
    assert records.read(file, 1) == [(b"a",)]


NO_FAULTS = [errno.EPERM, errno.EACCES, errno.EROFS]


@pytest.mark.parametrize("number", [*NO_FAULTS, errno.ENOSPC, errno.EIO, errno.ENOENT])
def test_what_only_saves_work_is_not_remembered_where_nothing_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    def refused_with_words(*_: object, **__: object) -> None:
        try:
            refused()
        except OSError as error:
            raise GuardError("cannot write") from error

    monkeypatch.setattr(files, "replace", refused_with_words)
    monkeypatch.setattr(os, "open", refused)
    file = os.fsencode(tmp_path / "file")
    if number in NO_FAULTS:
        records.write_if_writable(file, [(b"a",)])
        records.append_if_writable(file, [(b"a",)])
    else:
        with pytest.raises(GuardError, match=r"^cannot write$"):
            records.write_if_writable(file, [(b"a",)])
        with pytest.raises(OSError, match=os.strerror(number)):
            records.append_if_writable(file, [(b"a",)])


def test_a_name_that_no_file_has_is_a_fault_also_where_it_only_saves_work(tmp_path: Path) -> None:
    file = os.fsencode(tmp_path / "file")
    with pytest.raises(GuardError, match="holds a NUL byte"):
        records.write_if_writable(file, [(b"a\0b",)])
    with pytest.raises(GuardError, match="holds a NUL byte"):
        records.append_if_writable(file, [(b"a\0b",)])


def test_nothing_stays_open(tmp_path: Path) -> None:
    probe = os.dup(0)
    os.close(probe)
    records.append_if_writable(os.fsencode(tmp_path / "file"), [(b"a",)])
    after = os.dup(0)
    os.close(after)
    assert after == probe
    assert records.read(os.fsencode(tmp_path / "file"), 1) == [(b"",), (b"a",)]


def test_a_file_that_is_appended_to_is_made_like_any_other(tmp_path: Path) -> None:
    before = os.umask(0o026)
    try:
        records.append(os.fsencode(tmp_path / "file"), [(b"a",)])
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("record", [(b"a\0b", b"c"), (b"a", b"\0")])
def test_a_nul_in_a_field_is_refused_and_the_old_file_stays(tmp_path: Path, record: tuple[bytes, ...]) -> None:
    file = os.fsencode(tmp_path / "file")
    records.write(file, [(b"old", b"one")])
    with pytest.raises(GuardError, match=r"^a name holds a NUL byte: no file and no remote has such a name\.$"):
        records.write(file, [(b"x", b"y"), record])
    assert records.read(file, 2) == [(b"old", b"one")]


def test_appended_records_come_after_those_that_are_there(tmp_path: Path) -> None:
    file = os.fsencode(tmp_path / "deep" / "known")
    records.append(file, [(b"a",), (b"b",)])
    records.append(file, [(b"c",)])
    assert [r for (r,) in records.read(file, 1) if r] == [b"a", b"b", b"c"]


@pytest.mark.parametrize("left", [b"\0a\0b\0cu", b"lines\nof another version\n", b"\xff\0garbage"])
def test_what_is_appended_to_a_damaged_file_is_read(tmp_path: Path, left: bytes) -> None:
    file = tmp_path / "known"
    file.write_bytes(left)
    assert records.read(os.fsencode(file), 1) == []
    records.append(os.fsencode(file), [(b"new",)])
    assert (b"new",) in records.read(os.fsencode(file), 1)


APPENDING = """
import os, sys
from trinity_guard.git import files, records
for number in range(200):
    records.append(os.fsencode(sys.argv[1]), [(b"%s-%d" % (sys.argv[2].encode() * 20, number),)] * 3)
"""


def test_two_processes_that_append_at_once_mix_nothing(tmp_path: Path) -> None:
    file = tmp_path / "known"
    running = [subprocess.Popen([sys.executable, "-c", APPENDING, file, name]) for name in ("a", "b")]
    assert [p.wait() for p in running] == [0, 0]
    found = [r for (r,) in records.read(os.fsencode(file), 1) if r]
    assert len(found) == 1200
    assert set(found) == {b"%s-%d" % (name * 20, n) for name in (b"a", b"b") for n in range(200)}
