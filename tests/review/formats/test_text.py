"""The comparison for a terminal: a paragraph for each artifact, its facts in a column, its rows with their signs."""

from __future__ import annotations

from tests.review.conftest import Tables
from trinity_guard.dvcrepo.output import Output
from trinity_guard.review.formats import text
from trinity_guard.review.record import DIRECTORY, MODEL, TABLE, Review
from trinity_guard.review.review import Reviews
from trinity_guard.review.sides import Change, Version


def changed(path: bytes, kind: str = MODEL) -> Review:
    return Review(Change(Version(path, Output(path, size=1)), Version(path, Output(path, size=2))), kind)


def test_facts_stand_in_a_column_below_the_headline() -> None:
    found = changed(b"m.pkl")
    found.parameters = {"rate": (0.1, 0.2), "max_depth": (3, 4)}
    assert text.render(Reviews([found], {})).splitlines() == [
        "m.pkl: changed, 1 B → 2 B",
        "  rate       0.1 → 0.2",
        "  max_depth  3 → 4",
    ]


def test_one_long_name_takes_no_room_from_the_others() -> None:
    found = changed(b"m.pkl")
    found.parameters = {"rate": (1, 2), "x" * 50: (1, 2), "max_depth": (1, 2)}
    said = text.render(Reviews([found], {})).splitlines()[1:]
    assert said == ["  rate       1 → 2", f"  {'x' * 50}  1 → 2", "  max_depth  1 → 2"]


def test_of_what_is_on_one_side_alone_its_values_are_told() -> None:
    path = b"m.pkl"
    for sides, word in (
        ((None, Version(path, Output(path, size=2))), "added"),
        ((Version(path, Output(path, size=2)), None), "removed"),
    ):
        found = Review(Change(*sides), MODEL)
        found.parameters = {"rate": (None, 0.5) if word == "added" else (0.5, None)}
        found.files = {"before": 0 if word == "added" else 3, "after": 3 if word == "added" else 0}
        assert text.render(Reviews([found], {})).splitlines() == [f"m.pkl: {word}, 3 files, 2 B", "  rate  0.5"]


def test_a_column_is_as_wide_as_its_letters_are_in_a_terminal() -> None:
    found = changed(b"m.pkl")
    found.parameters = {"速度": (1, 2), "e\u0301tat": (1, 2), "גובה": ("תל אביב", "ירושלים"), "rate": (1, 2)}
    assert text.render(Reviews([found], {})).splitlines()[1:] == [
        "  速度  1 → 2",
        "  e\u0301tat  1 → 2",
        "  גובה  תל אביב → ירושלים",
        "  rate  1 → 2",
    ]


def test_artifacts_are_apart_and_what_is_broken_comes_last_in_red() -> None:
    lines = list(text.lines(Reviews([changed(b"a"), changed(b"b")], {"x.dvc": "is no pointer"})))
    assert [style for _, style in lines] == [text.BOLD, "", text.BOLD, text.RED]
    assert lines[-1] == ("x.dvc: is no pointer", text.RED)


def test_rows_have_a_sign_and_a_colour(tables: Tables) -> None:
    found = changed(b"t.csv", TABLE)
    found.table = tables.compare("id,x\n1,5\n2,6\n4,0\n", "id,x\n1,7\n3,6\n4,0\n", ["id"])
    styles = {line.strip()[0]: style for line, style in text.of_one(found) if line.strip()[0] in "+-~"}
    assert styles == {"+": text.GREEN, "-": text.RED, "~": text.YELLOW}


def test_the_files_of_a_directory_stand_below_it() -> None:
    found = changed(b"d", DIRECTORY)
    found.members = [changed(b"d/m.pkl")]
    assert text.render(Reviews([found], {})).splitlines()[-1] == "  d/m.pkl: changed, 1 B → 2 B"


def test_nothing_is_said_of_nothing() -> None:
    assert text.render(Reviews([], {})) == ""
