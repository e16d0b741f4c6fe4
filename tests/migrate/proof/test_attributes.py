"""The proof's word on .gitattributes: nothing goes but what gave files to Git LFS."""

from __future__ import annotations

import pytest

from tests.migrate.legacy import Legacy
from tests.migrate.test_lfslines import CASES
from trinity_guard.git.catfile import Source
from trinity_guard.migrate.proof import attributes


@pytest.mark.parametrize(("before", "after"), CASES)
def test_what_a_migration_makes_of_them_is_accepted(legacy: Legacy, before: bytes, after: bytes) -> None:
    found = attributes.Attributes(Source(legacy.place))
    old, new = (legacy.write("blob", data).encode() for data in (before, after))
    found.note_top(old)
    found.note(old, new if after else b"", b".gitattributes")
    assert found.wrong() == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"*.py text\n*.bin filter=lfs\n", b""),
        (b"*.py text\n*.bin filter=lfs\n", b"*.py\n"),
        (b"*.bin filter=lfs binary\n", b""),
        (b"*.bin filter=lfs binary\n", b"*.psd binary\n"),
        (b"*.bin filter=lfs binary\r\n", b"*.bin binary\n"),
        (b"*.bin filter=lfs\n", b"*.bin filter=lfs\n*.x text\n"),
        (b"*.bin filter=lfs\n", b"*.bin filter=crypt\n"),
        (b"# filter=lfs\n", b""),
        (b"*.bin lfs\n", b""),
        (b'"a filter=lfs b" text\n', b""),
        (b"a\nb filter=lfs\nc x\n", b"a\nc x\nb\n"),
    ],
)
def test_anything_else_is_wrong(before: bytes, after: bytes) -> None:
    assert not attributes.only_lfs_went(before, after)


def test_a_folder_goes_only_with_nothing_but_attributes_in_it(legacy: Legacy) -> None:
    commit = legacy.commit({"a/.gitattributes": b"*.x filter=lfs\n", "b/.gitattributes": b"", "b/c": b"x"})
    found = attributes.Attributes(Source(legacy.place))
    for name in ("a", "b"):
        found.note_folder(legacy.git("rev-parse", f"{commit}:{name}").strip(), name.encode() + b"/")
    assert found.wrong() == ["b/c is gone, and has no pointer"]
