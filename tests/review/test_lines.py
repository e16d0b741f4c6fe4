"""The lines in which two texts differ, each at its place."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.review.conftest import Tables
from trinity_guard.review import dialect, lines


def found(tables: Tables, before: str, after: str) -> lines.Others | None:
    paths = [tables.file(before), tables.file(after)]
    return lines.find(tables.engine, paths, [dialect.look(path) for path in paths])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=40, max_size=60), st.integers(-5, 5))
def test_each_line_stands_behind_its_place(tables: Tables, rows: list[tuple[int, bool]], more: int) -> None:
    pairs = [(f"a,{n}\n", f"a,{n}0\n" if other and not at % 5 else f"a,{n}\n") for at, (n, other) in enumerate(rows)]
    before = [one for one, _ in pairs[: len(pairs) - max(0, -more)]]
    after = [other for _, other in pairs[: len(pairs) - max(0, more)]]
    told = found(tables, "x,y\n" + "".join(before), "x,y\n" + "".join(after))
    assert told is not None
    unlike = [at for at, (one, other) in enumerate(zip(before, after, strict=False)) if one != other]
    added = range(len(before), len(after))
    assert (told.before, told.after) == (len(before), len(after))
    assert (told.changed, told.written) == (len(unlike), len(unlike) + len(added))
    assert Path(told.old).read_text().splitlines(True) == ["0,x,y\n", *(f"{at},{before[at]}" for at in unlike)]
    wanted = ["0,x,y\n", *(f"{at},{after[at]}" for at in [*unlike, *added])]
    assert Path(told.new).read_text().splitlines(True) == wanted


def test_texts_whose_lines_are_most_of_them_others_are_none(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    before = "x,y\n" + "".join(f"a,{at}\n" for at in range(100))
    assert found(tables, before, before.replace("a", "b", 25)) is not None
    assert found(tables, before, before.replace("a", "b", 26)) is None
    monkeypatch.setattr(lines, "AT_ONCE", 10)
    assert found(tables, before, before.replace("a", "b", 25)) is None  # before the first forty have been seen


@pytest.mark.parametrize("after", ["x,z\na,1\n", "x;y\na;1\n", "x,y\r\na,1\ra,2\n"])
def test_texts_that_are_written_in_two_ways_are_none(tables: Tables, after: str) -> None:
    assert found(tables, "x,y\na,1\n", after) is None
