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
    monkeypatch.setattr(lines, "PIECE", 40)
    assert found(tables, before, before.replace("a", "b", 25)) is None  # before the first forty have been seen


LINES = st.lists(st.sampled_from(["", "a", "b", "ab", "a" * 9, "b" * 40, "é\r"]), max_size=30).map("\n".join)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300)
@given(text=LINES, cuts=st.lists(st.tuples(st.integers(0, 200), st.integers(0, 9), LINES), max_size=4), size=st.data())
def test_lines_are_the_same_wherever_a_piece_ends(
    tables: Tables, text: str, cuts: list[tuple[int, int, str]], size: st.DataObject
) -> None:
    after = text
    for start, length, put in cuts:
        after = after[:start] + put + after[start + length :]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(lines, "PIECE", size.draw(st.integers(1, 60)))
        patched.setattr(lines, "LEAST", size.draw(st.sampled_from([1, 2, 8, 64])))
        patched.setattr(lines, "SCATTERED", size.draw(st.sampled_from([-1, 0.02, 0.5, 1])))
        patched.setattr(lines, "MOST_OTHERS", 1)
        told = found(tables, "x,y\n" + text, "x,y\n" + after)
    if told is not None:  # a carriage return may stand alone, or all columns have gone
        one, other = (each.encode().split(b"\n") for each in (text, after))
        one, other = ([line + b"\n" for line in each[:-1]] + [each[-1]] * bool(each[-1]) for each in (one, other))
        unlike = [at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]]
        assert (told.before, told.after, told.changed) == (len(one), len(other), len(unlike))
        wanted = [b"%d," % at + other[at] for at in [*unlike, *range(len(one), len(other))]]
        assert Path(told.new).read_bytes() == b"0,x,y\n" + b"".join(wanted)
        assert Path(told.old).read_bytes() == b"0,x,y\n" + b"".join(b"%d," % at + one[at] for at in unlike)


@pytest.mark.parametrize("after", ["x,z\na,1\n", "x;y\na;1\n", "x,y\r\na,1\ra,2\n"])
def test_texts_that_are_written_in_two_ways_are_none(tables: Tables, after: str) -> None:
    assert found(tables, "x,y\na,1\n", after) is None
