"""Every member of a zip or a tar that any reader may find is found, by whichever of two sizes, names and methods."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile

import pytest

from tests.detect.scan.test_files import archive, tarred
from trinity_guard.detect.scan import archives
from trinity_guard.detect.scan.record import Record


def members(data: bytes, read: object = archives.of_zip) -> tuple[list[tuple[bytes, bytes]], list[str]]:
    record = Record()
    found = archives.of_tar(record, data, 0, len(data)) if read is archives.of_tar else None
    every = found if found is not None else archives.of_zip(record, data, 0, len(data))
    return [(m.name, bytes(m.data[m.at : m.end])) for m in every], list(record.unread)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_members_come_whole_however_they_are_packed(method: int) -> None:
    data = archive({"a": b"one" * 99, "b/c": b"two"}, method)
    assert members(data) == ([(b"a", b"one" * 99), (b"b/c", b"two")], [])


def test_a_folder_is_no_member() -> None:
    assert members(archive({"b/": b""})) == ([], [])


def test_a_member_without_its_directory_is_one() -> None:
    data = archive({"a": b"one"})
    assert members(data[: data.index(archives.DIRECTORY)]) == ([(b"a", b"one")], [])


def test_where_head_and_directory_differ_both_ways_are_read() -> None:
    """The head says that it is one byte long, the directory three."""
    data = bytearray(archive({"a": b"one"}))
    data[18:26] = struct.pack("<II", 1, 1)
    found, _ = members(bytes(data))
    assert {content for _, content in found} == {b"o", b"one"}


def test_a_size_that_stands_behind_the_member_is_found() -> None:
    out = io.BytesIO()

    class Pipe(io.RawIOBase):
        """A file that cannot go back: sizes and checksum come behind."""

        def writable(self) -> bool:
            return True

        def write(self, data: object) -> int:
            return out.write(data)  # type: ignore[arg-type]

    with zipfile.ZipFile(Pipe(), "w") as made:
        made.writestr("a", b"one")
    data = out.getvalue()
    assert archives.DESCRIPTOR in data
    assert (b"a", b"one") in members(data[: data.index(archives.DIRECTORY)])[0]


@pytest.mark.parametrize(
    ("at", "value", "words"),
    [
        (6, b"\1\0", "a member of its archive is encrypted"),
        (8, b"\x63\0", "a member of its archive is packed by method 99, which is not read here"),
        (8, b"\x08\0", "a member of its archive cannot be unpacked (error)"),
    ],
)
def test_what_cannot_be_read_is_said(at: int, value: bytes, words: str) -> None:
    data = bytearray(archive({"a": b"\xff\xff\xff"}))
    data[at : at + 2] = value
    assert words in members(bytes(data))[1]


def test_members_have_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_MEMBERS", 2)
    found, said = members(archive({str(n): b"x" for n in range(4)}))
    assert (len(found), said) == (2, ["it has more than 2 members"])


def test_a_directory_beyond_all_bounds_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of entries that stand before those that count, and would have these go by unseen."""
    monkeypatch.setattr(archives, "MAX_MEMBERS", 2)
    assert members(archive({"a": (archives.DIRECTORY + bytes(42)) * 3}))[1] == ["it has more than 2 members"]


@pytest.mark.parametrize("cut", [4, 20, 29, 31])
def test_a_head_that_is_cut_ends_nothing(cut: int) -> None:
    members(archive({"a": b"one"})[:cut])


def test_the_files_of_a_tar() -> None:
    assert members(tarred("a/b", b"one"), archives.of_tar) == ([(b"a/b", b"one")], [])


def test_a_tar_that_is_cut_is_said() -> None:
    for data in (tarred("a", b"one")[:300], b"\xff" * 512):
        assert members(data, archives.of_tar) == ([], ["it is a tar that ends within a member, or is damaged"])


def test_a_link_in_a_tar_is_no_file() -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:") as made:
        info = tarfile.TarInfo("l")
        info.type, info.linkname = tarfile.SYMTYPE, "elsewhere"
        made.addfile(info)
    assert members(out.getvalue(), archives.of_tar) == ([], [])
