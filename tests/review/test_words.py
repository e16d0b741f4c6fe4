"""What is said to people: nothing cut that was the news, nothing told that is none."""

from __future__ import annotations

import pytest

from tests.review.conftest import Tables
from trinity_guard.dvcrepo.output import Output
from trinity_guard.review import words
from trinity_guard.review.record import TABLE, Review
from trinity_guard.review.sides import Change, Version


def reviewed(tables: Tables, before: str, after: str) -> Review:
    found = Review(Change(*(Version(b"t.csv", Output(b"t.csv", size=at)) for at in (1, 2))), TABLE)
    found.table = tables.compare(before, after)
    return found


def test_a_renamed_column_of_a_long_name_has_its_new_one_beside_it(tables: Tables) -> None:
    long = "The daily highest temperature of the city of Melbourne in Australia"
    found = reviewed(tables, f"id,{long}\n1,5\n2,6\n", "id,t\n1,5\n2,6\n")
    assert dict(words.facts(found))["columns renamed"] == f"{long[:59]}… → t"


def test_a_drift_that_rounds_to_nothing_is_not_told(tables: Tables) -> None:
    rows = [f"{n},{n % 10}" for n in range(1, 2_000)]
    before = "id,x\n" + "\n".join(rows) + "\n"
    found = reviewed(tables, before, before.replace("\n7,7\n", "\n7,8\n"))
    assert dict(words.facts(found))["column x"] == "1 cell; mean 4.502 → 4.503"
    found = reviewed(tables, before, "id,x\n" + "\n".join(row.replace(",3", ",4") for row in rows) + "\n")
    assert "drift PSI " in dict(words.facts(found))["column x"]


@pytest.mark.parametrize(
    ("came", "said"),
    [
        ([f"{n},{n % 7},a" for n in range(70, 80)], {}),
        ([f"{n},,b" for n in range(70, 75)], {"x": "nulls 0 → 5", "kind": "distinct 1 → 2; new: b"}),
        (["70,-2,a"], {"x": "min 0 → -2"}),
        ([f"{n},{n},a" for n in range(70, 140)], {"x": "max 6 → 139; mean 3 → 53.75; drift PSI"}),
    ],
)
def test_what_rows_alone_bring_to_a_column_is_told_where_one_would_ask(
    tables: Tables, came: list[str], said: dict[str, str]
) -> None:
    before = "id,x,kind\n" + "".join(f"{n},{n % 7},a\n" for n in range(70))
    told = dict(words.facts(reviewed(tables, before, before + "\n".join(came))))
    told.pop("rows")
    assert told.keys() == {f"column {name}" for name in said}
    for name, figures in said.items():
        assert told[f"column {name}"].startswith(f"in the rows that came or went; {figures}")


def test_figures_that_look_alike_are_told_in_full_or_not_at_all(tables: Tables) -> None:
    found = reviewed(tables, "id,x\n1,0.30000000000000004\n2,0\n", "id,x\n1,0.3\n2,0\n")
    assert dict(words.facts(found))["column x"] == "1 cell; max 0.30000000000000004 → 0.3"


def test_a_row_says_how_many_of_its_cells_are_not_shown_and_quotes_those_with_a_comma(tables: Tables) -> None:
    names = ",".join(f"n{at}" for at in range(14))
    before = f"id,{names}\n1{',0' * 14}\n2{',0' * 14}\n"
    after = f'id,{names}\n1{",1" * 14}\n2{",0" * 14}\n3,"Balti, Moldova"{",0" * 13}\n'
    changed, added = (row for _, row in words.rows(reviewed(tables, before, after)))
    assert changed.startswith("id 1: n0 0 → 1, ")
    assert changed.endswith("n11 0 → 1 and 2 more")
    assert added.startswith('id 3, n0 "Balti, Moldova", n1 0, ')
    assert added.endswith("n10 0 and 3 more")


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [(1.0, 2.0, "1 → 2"), (0.30000001192092896, 0.5, "0.3 → 0.5"),
     (0.30000001192092896, 0.3, "0.30000001192092896 → 0.3"), (None, "", "∅ → "),
     ([0.10000000149011612], [], "[0.1] → []"),
     ("x" * 80 + "a", "x" * 80 + "b", f"…{'x' * 30}a → …{'x' * 30}b"),
     ("x" * 80, "x" * 81, f"…{'x' * 30} → …{'x' * 31}")],
)  # fmt: skip
def test_a_change_shows_in_what_the_two_differ(before: object, after: object, wanted: str) -> None:
    assert words.change(before, after) == wanted


def test_spaces_and_commas_of_a_cell_among_others_are_seen(tables: Tables) -> None:
    found = reviewed(tables, "id,a,b\n1,x,p\n2,y,q\n", 'id,a,b\n1,x ,"p, q"\n2,y,q\n')
    assert words.rows(found) == [("~", 'id 1: a x → "x ", b p → "p, q"')]


def test_one_is_not_called_by_the_plural(tables: Tables) -> None:
    assert words.headline(reviewed(tables, "id\n1\n2\n", "id\n1\n")).startswith("changed, 2 → 1 row, 1 column, ")


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ("id,x\n2,b\n1,a\n", "the same rows, in another order"),
        ("x,id\na,1\nb,2\n", "the same rows, their columns in another order"),
        ("x,id\nb,2\na,1\n", "the same rows, in another order, their columns in another order"),
        ('id,x\n1,"a"\n2,b\n', "the same rows, written otherwise"),
    ],
)
def test_what_is_otherwise_of_the_same_rows_is_said(tables: Tables, after: str, said: str) -> None:
    assert words.facts(reviewed(tables, "id,x\n1,a\n2,b\n", after)) == [("rows", said)]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (["a"], ["b"], "['a'] → ['b']"),
        ([f"column {n}" for n in range(20)], [f"column {n}" for n in range(1, 22)],
         "2 added: column 20, column 21; 1 removed: column 0"),
        ([f"column {n}" for n in range(20)], [f"column {n}" for n in range(19)], "1 removed: column 19"),
        ([f"column {n}" for n in range(20)], [f"column {n}" for n in reversed(range(20))], "in another order"),
        ([f"column {n}" for n in range(20)], [f"column {n}" for n in reversed(range(19))],
         "1 removed: column 19; the others in another order"),
        ([f"column {n}" for n in range(20)], ["column 0", *(f"column {n}" for n in range(20))],
         "['column 0', 'column 1'"),
        ([], [f"n, {n}" for n in range(14)],
         "14 added: " + ", ".join(f'"n, {n}"' for n in range(12)) + " and 2 more"),
    ],
)  # fmt: skip
def test_of_many_names_those_are_told_that_came_and_went(before: list[str], after: list[str], said: str) -> None:
    assert words._value(before, after).startswith(said)


def test_a_row_that_came_is_told_by_its_key_first(tables: Tables) -> None:
    names = ",".join(f"n{n}" for n in range(14))
    cells = ",".join("0" * 14)
    one = f"{names},id\n{cells},1\n{cells},2\n"
    [(sign, said)] = words.rows(reviewed(tables, one, f"{one}{cells},3\n"))
    assert (sign, said[:12]) == ("+", "id 3, n0 0, ")
