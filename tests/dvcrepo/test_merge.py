"""Pointers are merged by what they say: data of one side, path of the other; what both changed stays in conflict."""

from __future__ import annotations

import pytest

from trinity_guard.dvcrepo import merge, pointer
from trinity_guard.dvcrepo.output import Output
from trinity_guard.errors import GuardError

A, B, C = (f"{letter}" * 32 for letter in "abc")
WHERE = b"d/x.csv.dvc"


def of(md5: str, path: str = "x.csv", size: int = 1) -> bytes:
    return pointer.encode(md5, size, path)


def folder(md5: str, nfiles: int = 2) -> bytes:
    return f"outs:\n- md5: {md5}.dir\n  size: 5\n  nfiles: {nfiles}\n  hash: md5\n  path: x\n".encode()


def no_union(*_: Output | None) -> dict[str, object] | None:
    return None


@pytest.mark.parametrize(
    ("ours", "base", "theirs", "merged"),
    [
        (of(A, "y.csv"), of(A), of(B, size=2), of(B, "y.csv", 2)),
        (of(B), of(A), of(A, "y.csv"), of(B, "y.csv")),
        (of(B), of(A), of(B, "y.csv"), of(B, "y.csv")),
        (of(A), b"", of(A), of(A)),
        (folder(B), folder(A), of(A), None),
        (of(B), of(A), of(C), None),
        (of(B), b"", of(C), None),
        (of(A, "y.csv"), of(A), of(A, "z.csv"), None),
        (folder(B), folder(A), folder(C), None),
    ],
)
def test_data_and_path_come_from_the_side_that_changed_them(
    ours: bytes, base: bytes, theirs: bytes, merged: bytes | None
) -> None:
    found = merge.aligned(ours, base, theirs, WHERE, no_union)
    assert found == (None if merged is None else (merged, merged if base else b"", merged))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(of(B), of(C, size=2)), (of(B, "y.csv"), of(C, "z.csv", 2)), (folder(B), folder(C, 3))],
)
def test_where_both_changed_it_the_favored_side_is_taken_whole(ours: bytes, theirs: bytes) -> None:
    base = folder(A) if b"dir" in ours else of(A)
    for side, wanted in (("ours", ours), ("theirs", theirs)):
        found = merge.aligned(ours, base, theirs, WHERE, no_union, side)
        assert found == (wanted, wanted, wanted)


def test_what_belongs_to_the_user_is_left_to_a_merge_of_texts() -> None:
    base = of(A) + b"meta:\n  owner: nobody\n"
    ours = of(B) + b"# ours\nmeta:\n  owner: nobody\n"
    theirs = of(A) + b"meta:\n  owner: me\n"
    assert merge.aligned(ours, base, theirs, WHERE, no_union) == (
        ours,
        base.replace(A.encode(), B.encode()),
        theirs.replace(A.encode(), B.encode()),
    )


def test_two_directories_are_united_where_somebody_can() -> None:
    asked: list[list[str]] = []

    def unite(*sides: Output | None) -> dict[str, object] | None:
        asked.append([s.md5 for s in sides if s])
        return {"md5": "d" * 32 + ".dir", "size": 9, "nfiles": 3, "hash": "md5"}

    found = merge.aligned(folder(B), folder(A), folder(C), WHERE, unite)
    assert found is not None
    assert set(found) == {folder("d" * 32, 3).replace(b"size: 5", b"size: 9")}
    assert asked == [[f"{m}.dir" for m in (B, A, C)]]


@pytest.mark.parametrize("broken", [b"outs: {\n", b"<<<<<<< ours\n", b"outs:\n- path: x\n"])
def test_a_pointer_that_cannot_be_read_is_an_error(broken: bytes) -> None:
    with pytest.raises(GuardError):
        merge.aligned(of(A), broken, of(B), WHERE, no_union)


def test_a_pointer_of_two_outputs_is_left_alone() -> None:
    two = of(A) + of(B, "z.csv").removeprefix(b"outs:\n")
    assert merge.aligned(two, of(A), of(B), WHERE, no_union) is None
