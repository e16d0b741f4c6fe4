"""Columns of pickled DataFrames and Series by their names, whatever pandas holds them in."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from trinity_guard.detect.scan import values
from trinity_guard.detect.scan.values import Dict, Global, Object
from trinity_guard.review import arrays, frames, models


def read(tmp_path: Path, value: object, name: str = "x.pkl") -> models.Model:
    file = tmp_path / name
    file.write_bytes(pickle.dumps(value))
    return models.read(bytes(file), file.name.encode())


def changed(tmp_path: Path, before: object, after: object) -> dict[str, int]:
    one, other = (read(tmp_path, value) for value in (before, after))
    assert models.compare(one, other) == {}
    return {name: said["values"] for name, said in arrays.compare(one.arrays, other.arrays)["changed"].items()}


def frame(last: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": [1, 2, 3],
            "same": [1.0, 2.0, 3.0],
            "x": [1.0, 2.0, last],
            "text": ["a", None, f"c{last}"],
            "day": pd.to_datetime(["2024-01-01", "2024-01-02", f"2024-01-0{last}"]),
            "kind": pd.Categorical(["u", "v", "u" if last % 2 else "v"]),
            "whole": pd.array([1, None, last], dtype="Int64"),
            "so": [True, False, bool(last % 2)],
            "mixed": np.array([1, "a", last], dtype=object),
        },
        index=["r", "s", f"t{last}"],
    )


def test_a_frame_is_told_by_its_columns(tmp_path: Path) -> None:
    names = ["x", "text", "day", "kind", "whole", "so", "mixed"]
    assert changed(tmp_path, frame(3), frame(4)) == {**{f"column {n}": 1 for n in names}, "index": 1}
    assert changed(tmp_path, frame(3), frame(3)) == {}


def test_cells_are_those_that_pandas_has(tmp_path: Path) -> None:
    held = read(tmp_path, frame(4)).arrays
    cells: dict[str, Any] = {n.removeprefix("column "): a.read().tolist() for n, a in held.items() if a.read}
    assert cells["text"] == ["a", None, "c4"]
    assert cells["kind"] == ["u", "v", "v"]
    assert cells["x"] == [1, 2, 4]
    assert cells["mixed"] == ["1", "a", "4"]
    assert cells["index"] == ["r", "s", "t4"]
    assert np.array_equal(cells["whole"], [1, np.nan, 4], equal_nan=True)


def test_a_series_and_what_holds_one(tmp_path: Path) -> None:
    before, after = ({"held": pd.Series([1, 2, n], name="y"), "texts": pd.Series(["a", "b" * n])} for n in (3, 4))
    assert changed(tmp_path, before, after) == {"held__column y": 1, "texts__column 0": 1}


def test_columns_and_rows_of_several_levels(tmp_path: Path) -> None:
    before, after = (
        pd.DataFrame(
            {("a", "x"): [1, 2], ("a", "y"): [3, n]}, index=pd.MultiIndex.from_tuples([(1, "q"), (2, "r" * n)])
        )
        for n in (3, 4)
    )
    assert changed(tmp_path, before, after) == {"column a, y": 1, "index": 1}


def test_columns_that_are_counted_and_an_index_that_does_not_begin_at_none(tmp_path: Path) -> None:
    before, after = (pd.DataFrame(np.arange(6.0).reshape(2, 3) * n, index=range(n, n + 2)) for n in (1, 2))
    assert changed(tmp_path, before, after) == {"column 0": 1, "column 1": 2, "column 2": 2, "index": 2}


def test_what_is_no_frame_has_no_columns() -> None:
    assert list(frames.columns(Object(Global("pandas", "Series"), (), "new"))) == []


@pytest.mark.parametrize("end", [10**18, 10**400, -1, "x", None])
def test_a_frame_that_lies_about_its_places_ends(end: object) -> None:
    cut = Object(Global("builtins", "slice"), (0, end, 1), "called")
    block = Object(Global("pandas._libs.internals", "_unpickle_block"), ([1], cut, 2), "called")
    index = Object(
        Global("pandas", "Index"),
        (Global("pandas", "RangeIndex"), Dict([("start", 0), ("stop", end), ("step", 1)])),
        "called",
    )
    value = Object(Global("pandas", "DataFrame"), (), "new")
    value.states = [Dict([("_mgr", Object(Global("pandas", "BlockManager"), ((block,), [index, index]), "called"))])]
    assert [name for name, _ in frames.columns(value)] == ["rows"]


def test_a_frame_of_more_columns_than_anybody_reads_is_not_taken_apart() -> None:
    whole = values.Array("<f8", (10**10, 3), bytes(48), fortran=False)
    assert frames._split(whole) == []


@pytest.mark.parametrize("named", [True, False])
def test_a_frame_of_too_many_columns_is_told_as_one_and_that_is_said(
    named: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "MAX_COLUMNS", 3)

    def wide(last: int) -> pd.DataFrame:
        return pd.DataFrame([[1.0, 2.0, 3.0, float(last)]] * 2, columns=list("abcd") if named else None)

    assert changed(tmp_path, wide(4), wide(5)) == {"columns": 2}
    assert read(tmp_path, wide(4)).notes == [frames.TOO_WIDE]


def test_a_column_may_be_called_as_the_index_is(tmp_path: Path) -> None:
    held = read(tmp_path, pd.DataFrame({"index": [1, 2], "s": [3, 4]}, index=["r", "s"]))
    assert (set(held.arrays), held.notes) == ({"column index", "column s", "index"}, [])


def test_texts_that_overlap_are_refused_before_they_are_copied() -> None:
    def held_in(data: bytes) -> Object:
        inner = Object(Global("builtins", "bytearray"), (data,), "called")
        return Object(Global("pyarrow.lib", "py_buffer"), (inner,), "called")

    ends = np.array([0, 1 << 20] * 1000, "<i4").tobytes()
    text = Object(Global("pyarrow.lib", "type_for_alias"), ("string",), "called")
    parts = [None, held_in(ends), held_in(b"x" * (1 << 20))]
    held = Object(Global("pyarrow.lib", "_restore_array"), ((text, 1999, 0, 0, parts),), "called")
    [cells] = frames._texts(held)
    assert cells.read is not None
    with pytest.raises(ValueError, match="overlap"):
        cells.read()


def test_a_table_of_texts_has_the_same_figures_in_every_process(tmp_path: Path) -> None:
    held = read(tmp_path, pd.Series(["a", "b"])).arrays["column 0"]
    assert arrays.figures(held) == ", md5 52cbed83b2"


def test_what_is_shorter_than_it_says_is_not_looked_at() -> None:
    array = arrays.Array((3,), "f8", lambda: np.frombuffer(b"1234567", dtype="<f8"))
    assert arrays.compare({"w": array}, {"w": array})["changed"]["w"]["values"] == "not looked at"
    assert arrays.figures(array) == ""
