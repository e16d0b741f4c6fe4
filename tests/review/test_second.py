"""The later version of a text, read out of the first: what the engine reads of it as a whole, or nothing."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.review.conftest import Tables
from trinity_guard.review import dialect, lines, second
from trinity_guard.review import tables as loading
from trinity_guard.review.table import Table

ROWS = [f"{at},{at / 4},{'abcd'[at % 4]}\n" for at in range(40)]
BEFORE = "id,x,c\n" + "".join(ROWS)


def loaded(tables: Tables, before: str | bytes, after: str | bytes) -> tuple[Table | None, Table]:
    """Return the second table as it is read out of the first, and as a whole."""
    paths = [tables.file(before), tables.file(after)]
    hows = [dialect.look(path) for path in paths]
    first, whole = (tables.engine.load(path, "csv", how) for path, how in zip(paths, hows, strict=True))
    others = lines.find(tables.engine, paths, hows)
    return second.load(tables.engine, first, others, hows) if others else None, whole


def held(tables: Tables, table: Table) -> tuple[object, ...]:
    rows = tables.engine.rows(f"SELECT * FROM {table.name} ORDER BY rowid") if table.names else []
    types = [line[1] for line in tables.engine.rows(f"DESCRIBE {table.name}")]
    return table.names, table.types, table.rows, table.notes, table.decimal, types, rows


@pytest.mark.parametrize(
    "after",
    [
        BEFORE,
        BEFORE.replace("7,1.75,d", "7,9.5,e"),
        BEFORE.rstrip("\n"),
        BEFORE + "40,10.0,a\n41,,\n",
        BEFORE.replace("0,0.0,a", "0,1e300,NA"),
        "id,x,c\n" + "".join(ROWS[:-3]),
        "id,x,c\n" + "".join(ROWS[:-3]).replace("5,1.25,b", '5,1.25,"b,c"'),
    ],
    ids=["the same", "a cell", "no last line end", "rows more", "nulls", "fewer rows", "a quoted cell"],
)
def test_it_is_as_it_is_when_read_as_a_whole(tables: Tables, after: str) -> None:
    found, whole = loaded(tables, BEFORE, after)
    assert found is not None
    assert held(tables, found) == held(tables, whole)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (BEFORE, BEFORE.replace("id,", "key,")),
        (BEFORE, BEFORE.replace(",", ";")),
        (BEFORE, "id,x,c\n" + "".join(reversed(ROWS))),
        (BEFORE, BEFORE.replace("7,1.75,d", "7,many,d")),
        (BEFORE, BEFORE.replace("7,1.75,d", "7.5,1.75,d")),
        (BEFORE, BEFORE.replace("7,1.75,d", "007,1.75,d")),
        (BEFORE, BEFORE.replace("7,1.75,d", f"{1 << 60},1.75,d")),
        (BEFORE, BEFORE.replace("7,1.75,d", "7,1.75")),
        (BEFORE, BEFORE.replace("7,1.75,d", '7,1.75,"d\ne"')),
        (BEFORE.replace("7,1.75,d", '7,1.75,"d\ne"'), BEFORE),
        (BEFORE, BEFORE.replace("7,1.75,d\n", "7,1.75,d\n\n")),
        (BEFORE.replace("7,1.75,d\n", "7,1.75,d\n\n"), BEFORE),
        (BEFORE, BEFORE.replace("7,1.75,d\n", "7,1.75,d\r")),
        (BEFORE.replace("7,1.75,d\n", "7,1.75,d\r"), BEFORE),
        (BEFORE.replace("d", "é").encode("latin-1"), BEFORE),
        ("", BEFORE),
        ("id,n\n" + "".join(f"{at},{at or ''}\n" for at in range(2)) + "2,\n3,\n4,\n", "id,n\n0,\n1,\n2,\n3,\n4,\n"),
    ],
)
def test_what_may_be_read_otherwise_is_left_to_the_engine(
    tables: Tables, before: str | bytes, after: str | bytes
) -> None:
    found, _ = loaded(tables, before, after)
    assert found is None


def test_a_column_of_numbers_that_became_integers_has_their_type(tables: Tables) -> None:
    found, whole = loaded(tables, BEFORE.replace("7,", "7,", 1), "id,x,c\n" + "".join(ROWS[:1]))
    assert found is None or held(tables, found) == held(tables, whole)
    one = "id,x\n0,0.5\n" + "".join(f"{at},{at}\n" for at in range(1, 40))
    found, whole = loaded(tables, one, one.replace("0.5", "5.0"))
    assert found is not None
    assert (found.types, held(tables, found)) == (["integer", "integer"], held(tables, whole))
    found, whole = loaded(tables, one, one.replace("0.5", f"{1 << 60}"))
    assert found is None
    assert whole.types == ["integer", "text"]


CELLS = st.sampled_from(["", "1", "2", "1.5", "-3", "007", "NA", "x", "é", '"a,b"', '"a\nb"', '"', "1e9", "9" * 20])
LINES = st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=12)
ENDS = st.sampled_from(["\n", "\r\n", "\n\n", "\r"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rows=LINES, others=st.dictionaries(st.integers(0, 15), st.tuples(CELLS, CELLS), max_size=4), ends=ENDS)
@example(rows=[("1", '"'), ("2", "3")], others={1: ("2", '"')}, ends="\n")
@example(rows=[("1", "2")] * 8, others={0: ("", '"a\nb"'), 1: ("", "")}, ends="\n")
def test_any_two_texts_are_read_as_they_are_as_a_whole(
    tables: Tables, rows: list[tuple[str, str]], others: dict[int, tuple[str, str]], ends: str
) -> None:
    changed = [others.get(at, row) for at, row in enumerate(rows)] + [o for at, o in others.items() if at >= len(rows)]
    texts = [
        "a,b\n" + "".join(f"{a},{b}{ends if at else chr(10)}" for at, (a, b) in enumerate(r)) for r in (rows, changed)
    ]
    found, whole = loaded(tables, *texts)
    assert found is None or held(tables, found) == held(tables, whole)


def test_two_versions_of_a_large_text_are_loaded_so(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "LEAST", 1)
    paths = [tables.file(BEFORE), tables.file(BEFORE.replace("7,1.75,d", "7,9.5,e"))]
    one, other = loading.load(tables.engine, paths, "csv")
    assert (one.numeric, other.numeric) == ([True, True, False], None)
    found = loading.compare(tables.engine, one, other)
    assert found.rows_changed == [({"id": 7}, {"x": (1.75, 9.5), "c": ("d", "e")})]
