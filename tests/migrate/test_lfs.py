"""LFS pointers in a history: read as git-lfs reads them, their objects found where it keeps them."""

from __future__ import annotations

import hashlib

import pytest

from tests.migrate.legacy import Legacy, lfs_pointer, put_lfs_object
from trinity_guard.git.catfile import Source
from trinity_guard.migrate import lfs

DATA = b"the data\n"
DIGEST = hashlib.sha256(DATA).hexdigest()
HEAD = b"version https://git-lfs.github.com/spec/v1\n"


def test_a_pointer_names_its_object() -> None:
    found = lfs.read(lfs_pointer(DATA))
    assert found is not None
    assert (found.sha256, found.size, found.encoded) == (DIGEST, len(DATA), False)


def test_an_extension_makes_another_object_out_of_the_file() -> None:
    found = lfs.read(HEAD + b"ext-0-gz sha256:%s\noid sha256:%s\nsize 3\n" % (b"0" * 64, b"1" * 64))
    assert found is not None
    assert found.encoded
    assert not lfs.here(b"/", found)


@pytest.mark.parametrize(
    "blob",
    [
        b"", DATA, HEAD, HEAD + b"oid sha256:12\nsize 3\n", HEAD + b"oid sha256:%s\nsize x\n" % (b"1" * 64),
        HEAD + b"oid sha256:%s\nsize 3\n" % (b"G" * 64), lfs_pointer(DATA) + b"x" * lfs.MAX_BYTES,
    ],
)  # fmt: skip
def test_what_git_lfs_would_not_take_is_no_pointer(blob: bytes) -> None:
    assert lfs.read(blob) is None


def test_an_object_is_here_when_it_has_its_size(legacy: Legacy) -> None:
    pointer = lfs.read(lfs_pointer(DATA))
    assert pointer is not None
    folder = lfs.of(Source(legacy.place))
    assert not lfs.here(folder, pointer)
    file = put_lfs_object(legacy, DATA)
    assert lfs.path(folder, pointer) == bytes(file)
    assert lfs.here(folder, pointer)
    file.write_bytes(DATA[:-1])
    assert not lfs.here(folder, pointer)
    empty = lfs.read(lfs_pointer(b""))
    assert empty is not None
    assert lfs.here(folder, empty)  # git-lfs keeps no file for it


def test_objects_can_be_kept_elsewhere(legacy: Legacy) -> None:
    legacy.git("config", "lfs.storage", "/srv/lfs")
    assert lfs.of(Source(legacy.place)) == b"/srv/lfs/objects"
    legacy.git("config", "lfs.storage", "other")
    assert lfs.of(Source(legacy.place)) == legacy.place.common_dir + b"/other/objects"
