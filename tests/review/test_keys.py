"""Which columns tell a row."""

from __future__ import annotations

import pytest

from tests.review.conftest import Tables
from trinity_guard.errors import GuardError

NO_KEY = "no column tells its rows (unique, never empty, the same on both sides): compared as multisets"


@pytest.mark.parametrize(
    ("before", "after", "key"),
    [
        ("id,x\n1,5\n2,6\n3,7\n", "id,x\n1,5\n2,9\n3,7\n", ["id"]),
        ("x,id\n1.5,a\n2.5,b\n", "x,id\n1.5,a\n2.5,b\n", ["id"]),
        ("x,row_id\n5,1\n6,2\n7,3\n", "x,row_id\n8,1\n6,2\n7,3\n", ["row_id"]),
        ("a,x\n1,5\n1,6\n2,5\n2,6\n", "a,x\n1,5\n1,6\n2,5\n2,6\n", ["a", "x"]),
        ("a,x\n1,5\n1,5\n", "a,x\n1,5\n1,5\n", None),
        ("id,x\n1,5\n,6\n", "id,x\n1,5\n2,6\n", ["x"]),
        ("id,x\n1,1.5\n2,2.5\n3,3.5\n", "id,x\n11,1.5\n12,2.5\n13,3.5\n", None),
        ("time,x\n0.5,1\n1.5,1\n", "time,x\n0.5,1\n1.5,2\n", ["time"]),
        ("x,row_id\n1,1.5\n1,2.5\n", "x,row_id\n1,1.5\n2,2.5\n", ["row_id"]),
        ("id,x\n1,1\n2,1\n3,1\n", "id,x\n11,1\n12,1\n13,1\n", None),
    ],
)
def test_a_key_is_unique_never_empty_and_stays(tables: Tables, before: str, after: str, key: list[str] | None) -> None:
    found = tables.compare(before, after)
    assert found.key == key
    assert (NO_KEY in found.notes) is (key is None)


def test_a_named_key_that_tells_no_row_is_said(tables: Tables) -> None:
    found = tables.compare("k,x\n1,5\n1,6\n", "k,x\n1,5\n2,6\n", key=["k"])
    assert found.key is None
    assert "--key k tells no row (1 rows repeat another's key): compared as multisets" in found.notes


def test_a_key_that_is_no_column_is_refused(tables: Tables) -> None:
    with pytest.raises(GuardError, match="no column 'idd' before \\(did you mean 'id'\\?\\)"):
        tables.compare("id\n1\n", "id\n1\n", key=["idd"])
