"""Three versions of a table made one: rows, columns and cells of both sides, in ours' form."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_guard.review import textkeys, texttable, threeway
from trinity_guard.review.texttable import TextTable
from trinity_guard.review.threeway import Merged

BASE = "id,rent,city\n1,800,Berlin\n2,650,Paris\n3,700,Rome\n"


def table(text: str | bytes) -> TextTable:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return texttable.read(os.fsencode(path))


def merged(ours: str, base: str | None, theirs: str, prefer: str = "") -> tuple[Merged, str]:
    mine, other, before = table(ours), table(theirs), table(base) if base is not None else None
    key = textkeys.find([t for t in (mine, other, before) if t], ["id"])
    found = threeway.merge(mine, before, other, key, prefer)
    return found, texttable.written(mine, found.header, found.rows).decode()


@pytest.mark.parametrize(
    ("ours", "base", "theirs", "result"),
    [
        # rows
        (BASE + "4,1,Oslo\n", BASE, BASE + "5,2,Bonn\n", BASE + "4,1,Oslo\n5,2,Bonn\n"),
        (BASE.replace("2,650,Paris\n", ""), BASE, BASE.replace("3,700,Rome\n", ""), "id,rent,city\n1,800,Berlin\n"),
        (BASE, BASE, BASE.replace("2,", "9,7,Ulm\n2,"), BASE.replace("2,", "9,7,Ulm\n2,")),
        (BASE + "4,1,Oslo\n", None, BASE + "5,2,Bonn\n", BASE + "4,1,Oslo\n5,2,Bonn\n"),
        (BASE + "4,1,Oslo\n", BASE, BASE + "4,1,Oslo\n", BASE + "4,1,Oslo\n"),
        # cells: of one row, and alike on both sides
        (BASE.replace("800", "820"), BASE, BASE.replace("Berlin", "Ulm"), BASE.replace("800,Berlin", "820,Ulm")),
        (BASE.replace("800", "820"), BASE, BASE.replace("800", "820"), BASE.replace("800", "820")),
        # text is text: nothing that nobody changed is written in another way
        ("id,x\n01,1.0\n02,1e3\n", "id,x\n01,1.0\n02,1e3\n", "id,x\n01,1\n02,1e3\n", "id,x\n01,1\n02,1e3\n"),
        ('id,x\n"1","a"\n2,b\n', 'id,x\n"1","a"\n2,b\n', 'id,x\n"1","a"\n2,"c,\n"\n', 'id,x\n"1","a"\n2,"c,\n"\n'),
        # columns
        ("id,x\n1,5\n2,6\n", "id,x\n1,5\n2,6\n", "id,y,x\n1,a,5\n2,b,6\n", "id,y,x\n1,a,5\n2,b,6\n"),
        ("id,x\n1,5\n2,7\n3,9\n", "id,x\n1,5\n2,6\n", "id,x,y\n1,5,a\n2,6,b\n", "id,x,y\n1,5,a\n2,7,b\n3,9,\n"),
        ("id,x,y\n1,5,a\n2,7,b\n", "id,x,y\n1,5,a\n2,6,b\n", "id,x\n1,5\n2,6\n", "id,x\n1,5\n2,7\n"),
        ("id,x,z\n1,5,p\n", "id,x\n1,5\n", "id,x,y\n1,6,a\n", "id,x,z,y\n1,6,p,a\n"),
        # ours' form: delimiter, line ends, a last line without one, blank lines, the order of columns
        ("id;x\r\n1;5\r\n2;6", "id,x\n1,5\n2,6\n", "id,x\n1,5\n2,6\n3,a;b\n", 'id;x\r\n1;5\r\n2;6\r\n3;"a;b"\r\n'),
        ("\nid,x\n\n1,5\n\n2,6\n", "id,x\n1,5\n2,6\n", "x,id\n5,1\n7,2\n", "\nid,x\n\n1,5\n\n2,7\n"),
        ("\ufeffid,x\n1,5\n2,6\n", "id,x\n1,5\n2,6\n", "id,x\n1,é\n2,6\n", "\ufeffid,x\n1,é\n2,6\n"),
    ],
)
def test_what_each_side_did_is_in_the_result(ours: str, base: str | None, theirs: str, result: str) -> None:
    found, text = merged(ours, base, theirs)
    assert found.conflicts == []
    assert text == result


@pytest.mark.parametrize(
    ("ours", "base", "theirs", "conflict", "as_ours", "as_theirs"),
    [
        (
            "id,x,y\n1,6,a\n", "id,x,y\n1,5,a\n", "id,x,y\n1,7,b\n",
            (("1",), "x", "6", "7", "5"), "id,x,y\n1,6,b\n", "id,x,y\n1,7,b\n",
        ),
        ("id,x\n1,6\n", None, "id,x\n1,7\n", (("1",), "x", "6", "7", None), "id,x\n1,6\n", "id,x\n1,7\n"),
        (
            "id,x\n1,5\n2,6\n3,8\n", "id,x\n1,5\n2,6\n", "id,x\n1,5\n2,6\n3,9\n",
            (("3",), "x", "8", "9", None), "id,x\n1,5\n2,6\n3,8\n", "id,x\n1,5\n2,6\n3,9\n",
        ),
        (
            "id,x\n1,5\n", "id,x\n1,5\n2,6\n", "id,x\n1,5\n2,7\n",
            (("2",), "", "removed it", "changed it", None), "id,x\n1,5\n", "id,x\n1,5\n2,7\n",
        ),
        (
            "id,x,y\n1,5,b\n", "id,x,y\n1,5,a\n", "id,x\n1,5\n",
            ((), "y", "changed it in 1 row", "removed it", None), "id,x,y\n1,5,b\n", "id,x\n1,5\n",
        ),
        (  # what a new row has in a column that the other side has renamed would be lost
            "id,x,z\n1,5,a\n", "id,x,y\n1,5,a\n", "id,x,y\n1,5,a\n2,6,b\n",
            ((), "y", "removed it", "changed it in 1 row", None), "id,x,z\n1,5,a\n2,6,\n",
            "id,x,z,y\n1,5,a,a\n2,6,,b\n",
        ),
    ],
)  # fmt: skip
def test_what_both_changed_each_in_its_way_is_a_conflict_until_a_side_is_named(
    ours: str, base: str | None, theirs: str, conflict: tuple[object, ...], as_ours: str, as_theirs: str
) -> None:
    found, _ = merged(ours, base, theirs)
    assert [(c.key, c.column, c.ours, c.theirs, c.base) for c in found.conflicts] == [conflict]
    assert merged(ours, base, theirs, "ours")[1] == as_ours
    assert merged(ours, base, theirs, "theirs")[1] == as_theirs


def test_what_theirs_brings_is_counted() -> None:
    found, _ = merged(BASE, BASE, "id,rent,city\n1,820,Berlin\n3,700,Rome\n5,1,Bonn\n6,2,Ulm\n")
    assert (found.added, found.removed, found.changed) == (2, 1, 1)


CELL = st.text(st.sampled_from('a0é,;" \n\r\t'), max_size=4)
ROWS = st.dictionaries(st.integers(1, 6), st.tuples(CELL, CELL), max_size=5)
NAMES = ["id", "x", "y"]


def written(rows: dict[int, tuple[str, str]]) -> str:
    like = TextTable(NAMES)
    return "".join(texttable.line(like, cells) for cells in [NAMES, *([str(k), *v] for k, v in rows.items())])


def by_key(found: Merged) -> dict[str, list[str]]:
    return {cells[0]: cells for cells, _ in found.rows}


@given(ROWS, ROWS, ROWS)
def test_a_side_that_did_nothing_changes_nothing_and_neither_side_is_the_first(
    base: dict[int, tuple[str, str]], ours: dict[int, tuple[str, str]], theirs: dict[int, tuple[str, str]]
) -> None:
    b, o, t = (written(rows) for rows in (base, ours, theirs))
    assert merged(o, b, b)[1] == o
    assert merged(o, b, o)[1] == o
    taken, _ = merged(b, b, o)
    assert taken.conflicts == []
    assert by_key(taken) == {str(k): [str(k), *v] for k, v in ours.items()}
    one, other = merged(o, b, t)[0], merged(t, b, o)[0]
    assert len(one.conflicts) == len(other.conflicts)
    if not one.conflicts:
        assert by_key(one) == by_key(other)
