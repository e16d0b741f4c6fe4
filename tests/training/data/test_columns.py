"""The columns that are known: of the contract, of older files, and what `trinity data` adds."""

from __future__ import annotations

from trinity_guard.training.data import cells, columns, generate


def test_every_column_has_one_place_and_what_is_required_is_of_the_contract() -> None:
    every = (*columns.CONTRACT, *columns.OPTIONAL)
    assert len(set(every)) == len(every) == 17
    assert set(columns.REQUIRED) < set(columns.CONTRACT)


def test_every_column_that_is_read_as_more_than_text_is_known() -> None:
    assert set(cells.READERS) < {*columns.CONTRACT, *columns.OPTIONAL}


def test_what_is_generated_has_all_of_them_in_their_order() -> None:
    assert tuple(generate.COLUMNS) == (*columns.CONTRACT, *columns.OPTIONAL)
