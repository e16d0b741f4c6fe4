"""A table of any columns is read as numbers and texts, and refused with what is missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.training.tabular import tables
from trinity_guard.errors import GuardError
from trinity_guard.training.tabular import table
from trinity_guard.training.tabular.options import CLASSIFICATION, REGRESSION, Options


def test_columns_are_numbers_or_texts_and_names_are_left_out(tmp_path: Path) -> None:
    found = table.load(tables.write(tmp_path / "t.csv"), Options("price"))
    assert (found.numbers, found.texts, found.task) == (["rooms", "size"], ["city", "sold"], REGRESSION)
    assert list(found.left_out) == ["id"]
    assert set(found.X["city"]) == {"a", "b", "none"}


def test_a_target_of_words_or_few_whole_numbers_is_of_classes(tmp_path: Path) -> None:
    path = tables.write(tmp_path / "t.csv")
    assert table.load(path, Options("sold")).task == CLASSIFICATION
    assert table.load(path, Options("rooms")).task == CLASSIFICATION
    assert table.load(path, Options("rooms", task=REGRESSION)).y.dtype == np.float64


def test_missing_cells_are_missing_and_rows_without_an_answer_do_not_count(tmp_path: Path) -> None:
    lines = tables.rows()
    lines[0][3], lines[1][4] = "", "NA"
    found = table.load(tables.write(tmp_path / "t.csv", lines=lines), Options("price", ("size", "city")))
    assert len(found.X) == 199
    assert np.isnan(found.X["size"].iloc[0])


def test_rows_of_a_group_or_that_are_alike_are_of_one_number(tmp_path: Path) -> None:
    lines = [*tables.rows(), *tables.rows()]
    alike = table.load(tables.write(tmp_path / "t.csv", lines=lines), Options("price", ("rooms", "size", "city")))
    assert (alike.groups[:200] == alike.groups[200:]).all()
    named = table.load(tables.write(tmp_path / "t.csv", lines=lines), Options("price", group="id"))
    assert len(np.unique(named.groups)) == 200
    assert "id" not in named.X


@pytest.mark.parametrize(
    ("options", "count", "words"),
    [
        (Options("none such"), 200, "it has no column none such; there are id, city"),
        (Options("price", ("nothing",)), 200, "no column nothing"),
        (Options("prize"), 200, r"no column prize \(did you mean price\?\)"),
        (Options("city", task=REGRESSION), 200, "holds what is no number"),
        (Options("price"), 20, "it has 20 rows; 50 are the fewest"),
        (Options("price", ("rooms",)), 200, "are of 6 groups"),
        (Options("price", ("price",)), 200, "no column to learn from"),
    ],
)
def test_a_table_that_will_not_do_is_said(tmp_path: Path, options: Options, count: int, words: str) -> None:
    with pytest.raises(GuardError, match=words):
        table.load(tables.write(tmp_path / "t.csv", lines=tables.rows(count)), options)


@pytest.mark.parametrize(
    ("head", "line", "words"),
    [
        (["a", "a"], ["1", "2"], "a column twice: a"),
        (["a", ""], ["1", "2"], "without a name"),
        (["a"], ["1", "2"], "line 2"),
    ],
)
def test_a_file_that_is_no_table_is_said(tmp_path: Path, head: list[str], line: list[str], words: str) -> None:
    with pytest.raises(GuardError, match=words):
        table.load(tables.write(tmp_path / "t.csv", head, [line]), Options("a"))


@pytest.mark.parametrize(
    ("head", "cell", "words"),
    [
        (["a;y"], "1;2", "parts its columns by semicolons"),
        (["a\ty"], "1\t2", "parts its columns by tabs"),
        (["a", "y"], "0,25", r"a has numbers with a decimal comma \(0,25\)"),
        (["y", "a"], "1.234,5", "y has numbers with a decimal comma"),
    ],
)
def test_what_would_be_learnt_as_so_many_names_is_refused(
    tmp_path: Path, head: list[str], cell: str, words: str
) -> None:
    lines = [[cell, *(["1"] * (len(head) - 1))]] * 200
    with pytest.raises(GuardError, match=words):
        table.load(tables.write(tmp_path / "t.csv", head, lines), Options("y"))


def test_texts_with_commas_are_no_numbers(tmp_path: Path) -> None:
    lines = [[f"a,{i % 7}", "1,5" if i % 2 else "?", str(i), str(i % 2)] for i in range(200)]
    found = table.load(tables.write(tmp_path / "t.csv", ["p", "q", "n", "y"], lines), Options("y"))
    assert found.texts == ["p", "q"]


def test_rows_without_an_answer_and_rows_that_contradict_others_are_noted(tmp_path: Path) -> None:
    lines = [[str(i % 50), "u" if i < 100 else "v"] for i in range(150)] + [["7", "NA"]]
    found = table.load(tables.write(tmp_path / "t.csv", ["a", "y"], lines), Options("y"))
    assert table.notes(found, "y") == [
        "1 of 151 rows have no y: left out.",
        "150 rows contradict others: alike in every column, and of another y.",
    ]
    assert len(table.notes(table.load(tables.write(tmp_path / "h.csv"), Options("price")), "price")) == 1


def test_classes_that_no_float_tells_apart_stay_texts(tmp_path: Path) -> None:
    lines = [[str(i), str(2**53 + i % 2)] for i in range(200)]
    found = table.load(tables.write(tmp_path / "t.csv", ["a", "y"], lines), Options("y", task=CLASSIFICATION))
    assert set(found.y) == {str(2**53), str(2**53 + 1)}


def test_a_group_is_the_same_with_spaces_around_it(tmp_path: Path) -> None:
    lines = [[str(i), f" g{i // 2}" if i % 2 else f"g{i // 2}", str(i % 3)] for i in range(200)]
    found = table.load(tables.write(tmp_path / "t.csv", ["a", "g", "y"], lines), Options("y", group="g"))
    assert len(np.unique(found.groups)) == 100


def test_numbers_with_other_cells_among_them_are_named(tmp_path: Path) -> None:
    lines = tables.rows()
    lines[3][3] = "inf"
    found = table.load(tables.write(tmp_path / "t.csv", lines=lines), Options("price"))
    assert found.mixed == {"size": "holds numbers in all but 1 of 200 cells (inf)"}
    assert "size holds numbers in all but 1 of 200 cells (inf): it is taken for a text." in table.notes(found, "price")


def test_a_quantity_with_other_cells_is_not_taken_for_classes(tmp_path: Path) -> None:
    lines = tables.rows()
    lines[3][4] = "unknown"
    path = tables.write(tmp_path / "t.csv", lines=lines)
    with pytest.raises(
        GuardError, match=r"price holds numbers in all but 1 of 200 cells \(unknown\): neither a quantity"
    ):
        table.load(path, Options("price"))
    assert table.load(path, Options("price", task=CLASSIFICATION)).task == CLASSIFICATION
