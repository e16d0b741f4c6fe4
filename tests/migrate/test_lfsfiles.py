"""Working files that are only pointers of Git LFS: their data comes with the migration, their texts with its undo."""

from __future__ import annotations

import os
import stat

import pytest

from tests.migrate import driven
from tests.migrate.legacy import Legacy, lfs_pointer, put_lfs_object
from trinity_guard.errors import GuardError
from trinity_guard.git.catfile import Source
from trinity_guard.migrate import lfsfiles
from trinity_guard.migrate.selection import Selection

DATA, RUN = b"the data\r\n" * 50, b"#!/bin/sh\n" * 9
LEAVING = Selection(["*.pkl"], leaves_lfs=True, any_lfs=True)
FILES = {
    ".gitattributes": b"* filter=lfs\n.gitattributes !filter\n",
    "a.bin": lfs_pointer(DATA),
    "m/run": ("100755", lfs_pointer(RUN)),
    "m/empty": b"",
}


@pytest.fixture
def texts(worked: Legacy) -> Legacy:
    """A work tree whose files are texts: nobody has set git-lfs up for it."""
    for data in (DATA, RUN):
        put_lfs_object(worked, data)
    worked.commit(FILES)
    worked.checkout()
    return worked


def test_a_text_becomes_its_data_with_the_files_mode_and_a_text_again(texts: Legacy) -> None:
    texts.migrate(selection=LEAVING)
    assert (texts.path / "a.bin").read_bytes() == DATA
    assert (texts.path / "m" / "run").read_bytes() == RUN
    modes = [stat.S_IMODE((texts.path / name).stat().st_mode) & 0o100 for name in ("a.bin", "m/run")]
    assert modes == [0, 0o100]
    assert texts.git("status", "--porcelain") == b""
    driven.undo(texts.place)
    assert (texts.path / "a.bin").read_bytes() == lfs_pointer(DATA)
    assert os.access(texts.path / "m" / "run", os.X_OK)
    assert texts.git("status", "--porcelain") == b""


def test_what_is_not_the_text_is_let_alone(texts: Legacy) -> None:
    texts.migrate(selection=LEAVING)
    old, new = texts.id("refs/trinity-guard/original/heads/main"), texts.id("HEAD")
    file = texts.path / "a.bin"
    cache = os.fsencode(texts.cache())
    for content in (b"edited\n", lfs_pointer(DATA) + b"\n", b""):
        file.write_bytes(content)
        lfsfiles.put_data(Source(texts.place), old.encode(), new.encode(), cache)
        assert file.read_bytes() == content
    file.unlink()
    file.symlink_to("m/empty")
    lfsfiles.put_data(Source(texts.place), old.encode(), new.encode(), cache)
    assert file.is_symlink()
    file.unlink()
    file.write_bytes(lfs_pointer(DATA))
    lfsfiles.put_data(Source(texts.place), old.encode(), new.encode(), cache)
    assert file.read_bytes() == DATA


def test_an_undo_overwrites_no_bytes_but_those_of_the_object(texts: Legacy) -> None:
    texts.migrate(selection=LEAVING)
    old, new = texts.id("refs/trinity-guard/original/heads/main"), texts.id("HEAD")
    texts.git("read-tree", old)
    edited = DATA[:-1] + b"!"
    (texts.path / "a.bin").write_bytes(edited)
    lfsfiles.put_texts_back(Source(texts.place), old.encode(), new.encode())
    assert (texts.path / "a.bin").read_bytes() == edited
    assert (texts.path / "m" / "run").read_bytes() == lfs_pointer(RUN)


def test_data_that_is_gone_from_the_cache_is_told(texts: Legacy) -> None:
    texts.migrate(selection=LEAVING)
    old, new = texts.id("refs/trinity-guard/original/heads/main"), texts.id("HEAD")
    (texts.path / "a.bin").write_bytes(lfs_pointer(DATA))
    with pytest.raises(GuardError) as told:
        lfsfiles.put_data(Source(texts.place), old.encode(), new.encode(), b"/nowhere")
    assert (
        told.value.problem
        == f"the refs have moved, but {texts.path}/a.bin could not follow: No such file or directory."
    )
    assert (texts.path / "a.bin").read_bytes() == lfs_pointer(DATA)


def test_a_work_tree_without_room_is_refused_before_any_ref_moves(
    texts: Legacy, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = texts.refs()
    real = os.statvfs

    def full(path: bytes) -> os.statvfs_result:
        found = list(real(path))
        found[4] = 0 if path == texts.place.top else found[4]  # f_bavail
        return os.statvfs_result(found)

    monkeypatch.setattr(os, "statvfs", full)
    with pytest.raises(GuardError) as refused:
        texts.migrate(selection=LEAVING)
    assert "its disk has 0 B left; no ref was moved" in refused.value.problem
    monkeypatch.undo()
    assert texts.refs() == before
    assert (texts.path / "a.bin").read_bytes() == lfs_pointer(DATA)
