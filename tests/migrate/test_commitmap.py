"""Reading a commit-map: pairs of ids, or what is wrong with the file and the command that helps."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from trinity_guard.errors import GuardError
from trinity_guard.migrate import commitmap

OLD, NEW = b"1" * 40, b"2" * 40


def test_lines_are_pairs_of_ids(tmp_path: Path) -> None:
    (tmp_path / "map").write_bytes(OLD + b" " + NEW + b"\n" + NEW + b" " + NEW + b"\n")
    assert commitmap.read(os.fsencode(tmp_path / "map")) == {OLD: NEW, NEW: NEW}


def test_a_map_is_told_some_lines_at_a_time_and_as_often_as_it_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commitmap, "AT_ONCE", 2)
    ids = {b"%040d" % number: NEW for number in range(5)}
    lines = commitmap.Lines(ids)
    assert [piece.count(b"\n") for piece in lines] == [2, 2, 1]
    assert b"".join(lines) == b"".join(b"%s %s\n" % pair for pair in ids.items())


@pytest.mark.parametrize("text", [OLD, OLD + b" " + NEW[1:], OLD + b" " + NEW + b" x", b"<html>"])
def test_anything_else_is_damaged(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "map").write_bytes(text)
    with pytest.raises(GuardError, match="map is damaged") as error:
        commitmap.read(os.fsencode(tmp_path / "map"), "do this")
    assert error.value.remedy == "do this"


def test_one_that_is_gone_or_no_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(GuardError, match=r"map is gone.*which new commit stands for which old one") as error:
        commitmap.read(os.fsencode(tmp_path / "map"))
    assert "migrate undo" in error.value.remedy
    with pytest.raises(GuardError, match="cannot read"):
        commitmap.read(os.fsencode(tmp_path))
