"""What the markers of a conflict tell of its versions."""

from __future__ import annotations

import pytest

from trinity_guard.detect.conflicts import sides_of

MERGE = b"a\n<<<<<<< HEAD\nmine\n=======\nother\n>>>>>>> side\nz\n"
DIFF3 = b"<<<<<<< ours\nmine\n||||||| base\nold\n=======\n>>>>>>> theirs\nz\n"


@pytest.mark.parametrize(
    ("text", "versions"),
    [
        (MERGE, {"ours": b"a\nmine\nz\n", "theirs": b"a\nother\nz\n"}),
        (DIFF3, {"ours": b"mine\nz\n", "base": b"old\nz\n", "theirs": b"z\n"}),
        (MERGE.replace(b"\n", b"\r\n"), {"ours": b"a\r\nmine\r\nz\r\n", "theirs": b"a\r\nother\r\nz\r\n"}),
        (MERGE + MERGE, {"ours": b"a\nmine\nz\n" * 2, "theirs": b"a\nother\nz\n" * 2}),
        (DIFF3 + MERGE, {"ours": b"mine\nz\na\nmine\nz\n", "theirs": b"z\na\nother\nz\n"}),
        (b"<<<<<<<<< a\nmine\n=======\n=========\n>>>>>>>>> b\n", {"ours": b"mine\n=======\n", "theirs": b""}),
        (b"=======\nno conflict\n", {}),
        (b"", {}),
    ],
)
def test_each_side_has_its_own_lines_and_all_that_is_outside(text: bytes, versions: dict[str, bytes]) -> None:
    assert sides_of(text) == versions
