"""Columns read alone: what is told is what all of them would have told, or they are all read."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.review.conftest import Tables
from trinity_guard.review import columns, dialect, differ, lines
from trinity_guard.review import tables as loading
from trinity_guard.review.table import Table

ROWS = [f"{at},{at / 4},{'abcd'[at % 4]},{at % 7}\n" for at in range(80)]
BEFORE = "id,x,c,n\n" + "".join(ROWS)


def loaded(tables: Tables, before: str, after: str, key: Sequence[str] = ()) -> list[Table] | None:
    """Return both tables with the columns alone that are needed."""
    paths = [tables.file(before), tables.file(after)]
    hows = [dialect.look(path) for path in paths]
    others = lines.find(tables.engine, paths, hows)
    return columns.load(tables.engine, paths, hows, others, key) if others else None


def told(tables: Tables, pair: Sequence[Table], key: Sequence[str] = ()) -> list[object]:
    """Return all that a comparison tells."""
    found = loading.compare(tables.engine, pair[0], pair[1], key)
    shape = [getattr(found.columns, what) for what in found.columns.__slots__]
    values = {what: held for what, held in vars(found).items() if what not in ("before", "after", "columns")}
    return [shape, values, found.before.rows, found.after.rows, found.same]


def whole(tables: Tables, before: str, after: str, key: Sequence[str] = ()) -> list[object]:
    return told(tables, [tables.load(before), tables.load(after)], key)


@pytest.mark.parametrize(
    ("after", "key", "read"),
    [
        (BEFORE, (), [0]),
        (BEFORE.replace("7,1.75,d", "7,9.5,d"), (), [0, 1]),
        (BEFORE.replace("7,1.75,d", "7,9.5,").replace("9,2.25,", "9,1e9,"), (), [0, 1, 2]),
        (BEFORE.replace("7,1.75,d", '7,1.75,"d, e"'), (), [0, 2]),
        (BEFORE.replace("7,1.75,d", "7,1.750,d"), (), [0, 1]),
        (BEFORE.replace("7,1.75,d", "7,9.5,d"), ("id",), [0, 1]),
        (BEFORE.replace("7,1.75,d", "7,1.75,e"), ("x",), [1, 2]),
        (BEFORE.replace("7,1.75,d,0", "7,1.75,d,9"), ("x", "id"), [0, 1, 3]),
    ],
)
def test_what_is_read_is_what_differs_and_what_tells_a_row(
    tables: Tables, after: str, key: Sequence[str], read: list[int]
) -> None:
    found = loaded(tables, BEFORE, after, key)
    assert found is not None
    assert [table.read for table in found] == [read, read]
    assert told(tables, found, key) == whole(tables, BEFORE, after, key)


@pytest.mark.parametrize(
    ("before", "after", "key"),
    [
        (BEFORE, BEFORE + "80,1.0,a,3\n", ()),
        (BEFORE, "id,x,c,n\n" + "".join(ROWS[:-1]), ()),
        (BEFORE, BEFORE.replace("7,1.75,d", "107,1.75,d"), ()),
        (BEFORE, BEFORE.replace("7,1.75,d", "6,1.75,d"), ()),
        (BEFORE, BEFORE.replace("7,1.75,d", "7,many,d"), ()),
        (BEFORE, BEFORE.replace("7,1.75,d", "7,1.75,d,0"), ()),
        (BEFORE, BEFORE.replace("7,1.75,d", "7,1.75,e"), ("c",)),
        (BEFORE, BEFORE.replace("7,1.75,d", "7,1.75,e"), ("n",)),
        (BEFORE, BEFORE.replace("7,1.75,d", "7,1.75,e"), ("nothing",)),
        (BEFORE.replace("id", "at"), BEFORE.replace("id", "at").replace("7,1.75,d", "7,9.5,d"), ()),
        (BEFORE.replace("5,1.25", "4,1.25"), BEFORE.replace("5,1.25", "4,1.25").replace("7,1.75,d", "7,9.5,d"), ()),
        (BEFORE.replace("5,1.25", ",1.25"), BEFORE.replace("5,1.25", ",1.25").replace("7,1.75,d", "7,9.5,d"), ()),
        (BEFORE.replace("5,1.25,b", "5,1.25"), BEFORE.replace("7,1.75,d", "7,9.5,d"), ()),
        (BEFORE.replace("5,1.25,b,5", '5,1.25,"b\n",5'), BEFORE.replace("5,1.25,b,5", '5,1.25,"c\n",5'), ()),
        (f"{BEFORE}{1 << 60},9.9,a,1\n", f"{BEFORE}{1 << 60},9.9,b,1\n", ()),
        (BEFORE.replace("id", "x_id").replace(",x", ",t"), BEFORE.replace("id", "x_id").replace(",x", ",id"), ()),
    ],
)
def test_what_may_be_told_otherwise_is_read_as_a_whole(
    tables: Tables, before: str, after: str, key: Sequence[str]
) -> None:
    assert loaded(tables, before, after, key) is None


CELLS = st.sampled_from(["", "1", "2", "1.5", "-3", "007", "NA", "x", "é", '"a,b"', '"a\nb"', '"', "1e9", "9" * 20])
NAMES = st.permutations(["id", "key", "a_id", "name", "v", "w"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=200)
@given(
    names=NAMES,
    rows=st.lists(st.tuples(CELLS, CELLS), min_size=4, max_size=12),
    others=st.dictionaries(st.integers(0, 11), st.tuples(st.integers(0, 2), CELLS), max_size=3),
    shuffled=st.randoms(use_true_random=False),
)
@example(names=["id", "v", "w", "key", "name", "a_id"], rows=[("1", "2")] * 8, others={2: (1, "3")}, shuffled=None)
@example(names=["name", "v", "w", "key", "id", "a_id"], rows=[("1", "2")] * 8, others={2: (1, "3")}, shuffled=None)
def test_any_two_texts_are_told_of_as_if_they_were_read_as_a_whole(
    tables: Tables,
    names: list[str],
    rows: list[tuple[str, str]],
    others: dict[int, tuple[int, str]],
    shuffled: object,
) -> None:
    keyed = list(range(len(rows)))
    if shuffled is not None:
        shuffled.shuffle(keyed)  # type: ignore[attr-defined]
    table = [[str(at), *row] for at, row in zip(keyed, rows, strict=True)]
    before = _text(names, table)
    for at, (column, cell) in others.items():
        if at < len(table):
            table[at] = [*table[at][:column], cell, *table[at][column + 1 :]]
    after = _text(names, table)
    found = loaded(tables, before, after)
    assert found is None or told(tables, found) == whole(tables, before, after)


def _text(names: list[str], table: list[list[str]]) -> str:
    return ",".join(names[:3]) + "\n" + "".join(",".join(row) + "\n" for row in table)


def test_two_versions_of_a_large_text_are_loaded_so(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    after = BEFORE.replace("7,1.75,d", "7,9.5,d")
    paths = [tables.file(BEFORE), tables.file(after)]
    assert list(loading.load(tables.engine, paths, "csv")[0].read) == [0, 1, 2, 3]
    monkeypatch.setattr(loading, "LEAST", 1)
    one, other = loading.load(tables.engine, paths, "csv")
    assert [one.read, other.read] == [[0, 1], [0, 1]]
    assert loading.load(tables.engine, paths, "csv", ["x"])[0].read == range(4)
    assert told(tables, [one, other]) == whole(tables, BEFORE, after)


def test_a_row_that_only_counts_is_compared_with_all_its_cells(tables: Tables) -> None:
    """A quarter of the lines, and so of the rows, are the most that change: a multiset takes all columns."""
    assert lines.MOST_OTHERS <= differ.MOVED
