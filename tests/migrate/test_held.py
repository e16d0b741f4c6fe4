"""What a file of DVC's in a commit holds, by kinds."""

from __future__ import annotations

import pytest

from tests.migrate.legacy import md5, pointer_of
from trinity_guard.migrate import held as dvc
from trinity_guard.migrate.held import Held, said_in


def kinds(data: bytes, where: bytes = b"m/a.pkl.dvc", lock: bytes | None = None) -> dict[str, Held]:
    return {one.kind: one for one in said_in(where, data, lock, lambda name: None)}


def test_a_pointer_holds_a_file_that_may_be_in_the_way_and_may_be_hidden() -> None:
    said = kinds(pointer_of(b"1", "a.pkl"))
    assert set(said) == {dvc.FILE, dvc.SAVED, dvc.NAMED}
    assert said[dvc.FILE].md5 == md5(b"1")
    assert {one.path for one in said.values()} == {b"m/a.pkl"}


@pytest.mark.parametrize(("more", "remote"), [(b"  remote: Other\n", "Other"), (b"", ""), (b"  push: false\n", "")])
def test_the_remote_that_an_output_names_concerns_its_whole_commit(more: bytes, remote: str) -> None:
    said = kinds(pointer_of(b"1", "a.pkl") + more)
    assert (said[dvc.SOMEWHERE].remote if dvc.SOMEWHERE in said else "") == remote
    assert dvc.SOMEWHERE in dvc.OF_A_COMMIT


def test_what_dvc_cannot_load_is_broken_and_says_where() -> None:
    [broken] = said_in(b"dvc.yaml", b"<<<<<<< HEAD\n", None, lambda name: None)
    assert (broken.kind, broken.by) == (dvc.BROKEN, b"dvc.yaml")


def test_it_concerns_the_folders_above_it_and_those_in_it() -> None:
    one = Held(b"m/all", dvc.FOLDER, "", b"m/all.dvc")
    assert one.concerns(b"m/")
    assert one.concerns(b"m/all/deep/")
    assert not one.concerns(b"m/other/")
