"""What passed published scanners does not pass here, and a harmless twin of it does."""

from __future__ import annotations

import gzip
import io
import pickle
import tarfile
import zipfile

import pytest

from tests.detect.scan import bypasses, divergences
from trinity_guard.detect.scan import verdict

SAMPLES = bypasses.samples() | divergences.samples()
# What is in them is not read here, or is behind what is no archive any more.
UNREAD = (
    ".7z",
    ".zst",
    "wide.lzma",
    "wide.bin.xz",
    "heap.h5",
    "encrypted.zip",
    "skipped.bin",
    ".lz",
    "other.pkl.xz",
    "damaged.tar",
    "ended.tar",
    "behind-bool.npy",
)


def test_there_are_enough_of_them() -> None:
    assert len(SAMPLES) >= 57


@pytest.mark.parametrize("what", SAMPLES)
def test_a_pickle_that_would_run_something_is_never_harmless(what: str) -> None:
    name, data = SAMPLES[what]
    found = verdict.of_bytes(data, name.encode())
    assert not found.is_fine
    assert found.why
    if not what.endswith(UNREAD):
        assert found.kind == "unknown"


@pytest.mark.parametrize("wrap", [lambda d: d, gzip.compress, lambda d: bypasses._zip({"a/data.pkl": d})])
def test_a_harmless_twin_is_harmless(wrap: object) -> None:
    data = wrap(pickle.dumps({"a": [1, 2.5, None]}))  # type: ignore[operator]
    assert verdict.of_bytes(data, b"m.pkl").kind == "harmless"


@pytest.mark.parametrize(
    "file",
    ["member-in-a-member.pt", "in-its-namesake.pt", "behind-a-script.pt", "behind-a-comment.pt", "unicode.keras"],
)
def test_zipfile_reads_what_the_directory_lists(file: str) -> None:
    with zipfile.ZipFile(io.BytesIO(divergences.PACKED[file])) as made:
        [member] = made.infolist()
        assert made.read(member) in (bypasses.SYSTEM, divergences._CONFIG)


@pytest.mark.parametrize("file", ["signed.bin", "below-zero.bin", "nameless.bin", "type.tar"])
def test_tarfile_opens_what_has_no_magic(file: str) -> None:
    with tarfile.open(fileobj=io.BytesIO(divergences.PACKED[file])) as made:
        found = made.extractfile(made.getmembers()[0])
        assert found is not None
        assert found.read() == bypasses.SYSTEM


@pytest.mark.parametrize("file", ["checksum.gz", "header.gz", "flags.gz", "named.gz"])
def test_gzip_gives_out_what_zlib_would_not(file: str) -> None:
    """As who unpickles it does: it has read the pickle before it looks at the checksum."""
    with gzip.open(io.BytesIO(divergences.PACKED[file])) as made:
        assert made.read1(len(bypasses.SYSTEM)) == bypasses.SYSTEM


def test_the_directory_of_an_archive_in_another_hides_nothing() -> None:
    inner = bypasses._zip({"a/data.pkl": pickle.dumps([1])})
    assert verdict.of_bytes(bypasses._zip({"inner.zip": inner, "text": b"x"}), b"m.zip").kind == "harmless"
