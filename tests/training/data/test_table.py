"""Tables: what is accepted and how it is normalised, and what each kind of bad table is told."""

from __future__ import annotations

import csv
import gzip
import io
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.training import samples
from trinity_guard.errors import GuardError
from trinity_guard.training.data import generate, table

Change = Callable[[bytes], bytes]
ANY = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A measured table of 60 pages."""
    path = tmp_path_factory.mktemp("tables") / "good.csv"
    generate.write(str(path), 300, 7)
    return path.read_bytes()


def load(folder: Path, data: bytes, name: str = "t.csv") -> table.Table:
    path = folder / name
    path.write_bytes(data)
    return table.load(str(path))


def refusal(folder: Path, data: bytes, name: str = "t.csv") -> str:
    """Return what a bad table is told, problem and remedy, on one line."""
    with pytest.raises(GuardError) as caught:
        load(folder, data, name)
    error = caught.value
    assert error.exit_code == 1
    assert error.remedy.strip(), "what to do?"
    assert "t.csv" in error.problem, "which file?"
    return " ".join(f"{error.problem} // {error.remedy}".split())


# --- changes to a good table -------------------------------------------------------------------------------------


def cell(column: str, value: str, line: int = 3) -> Change:
    """Put a value into a column of a line of the file."""

    def change(data: bytes) -> bytes:
        lines = data.decode().split("\n")
        at = lines[0].split(",").index(column)
        cells = lines[line - 1].split(",")
        cells[at] = value
        lines[line - 1] = ",".join(cells)
        return "\n".join(lines).encode()

    return change


def encoded(frame: pd.DataFrame) -> bytes:
    return str(frame.to_csv(index=False, lineterminator="\n")).encode()


def every(column: str, value: str) -> Change:
    def change(data: bytes) -> bytes:
        frame = pd.read_csv(io.BytesIO(data), dtype=str, keep_default_na=False)
        frame[column] = value
        return encoded(frame)

    return change


def lines(function: Callable[[list[bytes]], list[bytes]]) -> Change:
    return lambda data: b"\n".join(function(data.rstrip(b"\n").split(b"\n"))) + b"\n"


def without(*columns: str) -> Change:
    def change(data: bytes) -> bytes:
        frame = pd.read_csv(io.BytesIO(data), dtype=str, keep_default_na=False)
        return encoded(frame.drop(columns=list(columns)))

    return change


def swap(old: bytes, new: bytes, count: int = -1) -> Change:
    return lambda data: data.replace(old, new, count)


def few_of_a_verdict(data: bytes) -> bytes:
    """Keep 3 rows that overflow."""
    frame = pd.read_csv(io.BytesIO(data), dtype=str, keep_default_na=False)
    bad = frame[frame["is_valid"] == "0"].index[3:]
    return encoded(frame.drop(index=bad))


def zipped(data: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("t.csv", data)
    return packed.getvalue()


LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 3000\n"
POINTER = b"outs:\n- md5: 8fe9bb2fa8317e6d8bed63ff399e9359\n  size: 3000\n  hash: md5\n  path: t.csv\n"

# name -> (what is done to a good table, what its refusal must say)
BAD: dict[str, tuple[Change, list[str]]] = {
    "empty": (lambda _: b"", ["is empty", "trinity data"]),
    "white space alone": (lambda _: b" \n\r\n \n", ["is empty"]),
    "a header alone": (lines(lambda ls: ls[:1]), ["header and no rows"]),
    "no header": (lines(lambda ls: ls[1:]), ["no header", "timestamp,theme"]),
    "tabs": (swap(b",", b"\t"), ["tabs", "commas"]),
    "semicolons": (swap(b",", b";"), ["semicolons", "commas"]),
    "bars": (swap(b",", b"|"), ["bars", "commas"]),
    "gzip": (lambda d: gzip.compress(d), ["gzip", "gunzip -k"]),
    "zip": (zipped, ["workbook or an archive", "unzip"]),
    "a pickle": (lambda d: pickle.dumps(d), ["pickle", "never loaded"]),
    "Parquet": (lambda _: b"PAR1\x15\x04\x15\x00PAR1", ["Parquet", "read_parquet", "t.csv"]),
    "JSON": (lambda _: b'[{"theme": "minimal"}]', ["JSON", "read_json"]),
    "an HTML page": (lambda _: b"\n<!DOCTYPE html>\n<title>Sign in</title>", ["HTML", "fetch"]),
    "a Git LFS pointer": (lambda _: LFS, ["LFS pointer", "git lfs pull --include"]),
    "a DVC pointer": (lambda _: POINTER, ["DVC pointer", "mv "]),
    "UTF-16": (lambda d: d.decode().encode("utf-16"), ["UTF-16", "iconv -f UTF-16"]),
    "Latin-1": (swap(b"minimal", "größe".encode("latin-1"), 1), ["not UTF-8: line 2", "0xf6", "iconv"]),
    "a NUL byte": (cell("theme", "mini\0mal", 5), ["NUL byte in line 5"]),
    "a merge conflict": (lines(lambda ls: [*ls[:4], b"<<<<<<< HEAD", *ls[4:]]), ["merge conflict in line 5"]),
    "an open quote": (cell("failure_reason", '"never closed', 9), ["line 9", "quote"]),
    "text behind a quote": (cell("failure_reason", '"a"b', 9), ["line 9", "quote"]),
    "too few cells": (lines(lambda ls: [*ls[:7], ls[7].rpartition(b",")[0], *ls[8:]]), ["line 8 has 16", "17 columns"]),
    "too many cells": (lines(lambda ls: [*ls[:7], ls[7] + b",1", *ls[8:]]), ["line 8 has 18", "17 columns", "quote"]),
    "a duplicate column": (swap(b"longest_word", b"theme", 1), ["more than one column", "`theme`", "rename"]),
    "a missing column": (without("is_valid"), ["no column is_valid", "add it"]),
    "a misspelt column": (swap(b"active_strategy", b"Active strategie", 1), ["did you mean `Active strategie`?"]),
    "two missing columns": (without("theme", "is_valid"), ["no column theme, is_valid"]),
    "a word for a count": (cell("input_char_len", "many"), ["line 3, input_char_len: 'many'", "whole number"]),
    "a fraction for a count": (cell("input_word_count", "3.5"), ["line 3, input_word_count: '3.5'", "whole number"]),
    "an empty count": (cell("input_char_len", ""), ["line 3, input_char_len: an empty cell", "fill it in"]),
    "a NaN": (cell("slot_fill", "nan"), ["line 3, slot_fill: 'nan'", "missing value"]),
    "an infinity": (cell("css_density_layout", "-inf"), ["line 3, css_density_layout: '-inf'", "missing value"]),
    "too large for a float": (cell("word_fill", "1e999"), ["line 3, word_fill: '1e999' is infinite"]),
    "a comma for the point": (cell("slot_fill", '"0,5"'), ["line 3, slot_fill: '0,5'", "decimal point"]),
    "a negative count": (cell("input_char_len", "-7"), ["line 3, input_char_len: '-7' is negative"]),
    "a negative fill": (cell("slot_fill", "-0.5"), ["line 3, slot_fill: '-0.5' is negative"]),
    "a count beyond sense": (cell("input_char_len", "99999999999"), ["more than 1,000,000,000"]),
    "more words than characters": (cell("input_word_count", "99999"), ["line 3, input_word_count: 99999 is more than"]),
    "a word longer than its page": (cell("longest_word", "99999"), ["line 3, longest_word: 99999 is more than"]),
    "a verdict of 2": (cell("is_valid", "2"), ["line 3, is_valid: '2' is neither 1", "nor 0"]),
    "an unknown class": (cell("resolved_strategy_id", "7"), ["line 3, resolved_strategy_id: '7'", "0, 1, 2, 3, 4, 99"]),
    "an unknown strategy": (cell("active_strategy", "FONT_SHRINKS"), ["did you mean FONT_SHRINK?", "PRE_EMPTIVE"]),
    "no strategy": (cell("active_strategy", " "), ["line 3, active_strategy: an empty cell", "write NONE"]),
    "no theme": (cell("theme", ""), ["line 3, theme: an empty cell", "fill it in"]),
    "a novel for a theme": (cell("theme", "x" * 300), ["line 3, theme", "longer than 200"]),
    "no page": (cell("page_id", ""), ["line 3, page_id: an empty cell"]),
    "too few rows": (lines(lambda ls: ls[:40]), ["39 rows; 50 are the fewest"]),
    "one verdict": (every("is_valid", "1"), ["is_valid is 1 in every row", "is_valid 0"]),
    "few of a verdict": (few_of_a_verdict, ["is_valid is 0 in 3 rows only", "10 are the fewest"]),
    "one page": (every("page_id", "p"), ["the rows of page 'p' disagree"]),
    "few pages": (lines(lambda ls: [ls[0], *ls[1:46] * 2]), ["9 pages only", "10 are the fewest"]),
    "a page of two themes": (cell("theme", "other", 4), ["line 4, theme: the rows of page '7-000000' disagree"]),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_table_is_told_what_is_wrong_where_and_what_to_do(name: str, good: bytes, tmp_path: Path) -> None:
    change, words = BAD[name]
    assert len(load(tmp_path, good).frame) == 300, "before"
    said = refusal(tmp_path, change(good))
    for word in words:
        assert word in said
    assert {p.name for p in tmp_path.iterdir()} <= {"t.csv", "home"}, "nothing else is written"


def test_there_are_at_least_25_kinds_of_bad_tables() -> None:
    assert len(BAD) >= 25


def test_a_file_that_is_not_there_names_the_command_that_brings_it(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    with pytest.raises(GuardError, match="there is no") as caught:
        table.load(str(path))
    assert "trinity data" in caught.value.remedy
    (tmp_path / "t.csv.dvc").write_bytes(POINTER)
    with pytest.raises(GuardError, match="only its pointer") as caught:
        table.load(str(path))
    assert caught.value.remedy == f"trinity-guard pull {path}"
    with pytest.raises(GuardError, match="is a DVC pointer") as caught:
        table.load(f"{path}.dvc")
    assert caught.value.remedy == f"name the table: {path}"


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "loop.csv").symlink_to("loop.csv")
    for name, words in {".": "is a folder", "pipe.csv": "no regular file", "loop.csv": "too many levels"}.items():
        with pytest.raises(GuardError, match=words):
            table.load(str(tmp_path / name))
    with pytest.raises(GuardError, match=r"null (byte|character)"):
        table.load("a\0.csv")


def test_all_complaints_are_said_at_once_in_the_order_of_columns(good: bytes, tmp_path: Path) -> None:
    bad = cell("is_valid", "maybe", 9)(cell("theme", "", 4)(cell("input_char_len", "x", 200)(good)))
    said = refusal(tmp_path, bad)
    places = [said.index(words) for words in ("line 4, theme", "line 200, input_char_len", "line 9, is_valid")]
    assert places == sorted(places)


def test_a_column_that_is_wrong_throughout_is_one_complaint(good: bytes, tmp_path: Path) -> None:
    said = refusal(tmp_path, every("input_char_len", "many")(good))
    assert said.count("input_char_len") == 1
    assert "(and 299 more rows, the next in line 3)" in said


def test_no_more_than_20_complaints_are_listed(good: bytes, tmp_path: Path) -> None:
    bad = good
    counts = [(name, text) for name in ("input_char_len", "longest_word") for text in ("x", "", "-1", "9" * 12)]
    measures = [(name, text) for name in ("slot_fill", "word_fill") for text in ("x", "nan", "-1", "1e999")]
    others = [(name, text) for name in ("css_density_spacing", "css_density_layout") for text in ("x", "", "1e999")]
    for line, (name, text) in enumerate([*counts, *measures, *others, ("theme", ""), ("is_valid", "2")], start=2):
        bad = cell(name, text, line)(bad)
    said = refusal(tmp_path, bad)
    assert said.count(" line ") == 20
    assert "and 4 more" in said


def test_what_a_terminal_obeys_is_escaped(good: bytes, tmp_path: Path) -> None:
    said = refusal(tmp_path, cell("is_valid", "\x1b[31mred")(good))
    assert "\x1b" not in said
    assert r"\x1b[31mred" in said


# --- what is accepted --------------------------------------------------------------------------------------------

SAME: dict[str, Change] = {
    "as it is": lambda d: d,
    "a byte order mark": lambda d: b"\xef\xbb\xbf" + d,
    "CRLF": swap(b"\n", b"\r\n"),
    "CR": swap(b"\n", b"\r"),
    "no line end": lambda d: d.rstrip(b"\n"),
    "blank lines": swap(b"\n", b"\n\n"),
    "rows of commas alone": lines(lambda ls: [*ls[:4], b"," * 16, b"," * 40, b" , ", *ls[4:], b"," * 16]),
    "quotes": lines(lambda ls: [ls[0], *(b",".join(b'"' + c + b'"' for c in row.split(b",")) for row in ls[1:])]),
    "spaces around names": lines(lambda ls: [ls[0].replace(b",", b" , "), *ls[1:]]),
    "lower case": swap(b"CSS_BREAK_WORD", b"css_break_word"),
    "hyphens": swap(b"FONT_SHRINK", b" Font-shrink "),
    "one more column": lines(lambda ls: [ls[0] + b",mine", *(row + b",x" for row in ls[1:])]),
}


@pytest.mark.parametrize("name", SAME)
def test_the_same_table_in_another_dress_is_the_same(name: str, good: bytes, tmp_path: Path) -> None:
    before = load(tmp_path, good)
    after = load(tmp_path, SAME[name](good))
    pd.testing.assert_frame_equal(after.frame, before.frame)
    assert after.groups.tolist() == before.groups.tolist()
    assert (after.md5 == before.md5) is (name == "as it is")


def test_a_measured_table_is_typed_and_grouped_by_page(good: bytes, tmp_path: Path) -> None:
    found = load(tmp_path, good)
    assert tuple(found.frame) == (*table.CONTRACT, *table.OPTIONAL)
    assert found.paged
    assert found.groups.tolist() == [row // 5 for row in range(300)]
    assert found.frame["input_char_len"].dtype == "int64"
    assert found.frame["slot_fill"].dtype == "float64"
    assert set(found.frame["active_strategy"]) == set(table.STRATEGIES)
    assert set(found.frame["resolved_strategy_id"]) <= {*table.STRATEGIES.values(), table.UNRESOLVED}
    assert table.warnings(found) == []


def test_an_older_file_needs_five_columns_and_is_grouped_by_its_counts(tmp_path: Path) -> None:
    names = ["NONE", "css_break_word", "Pre-emptive", "font shrink"]
    rows = [f"t{n % 3},{100 + n // 4},{20 + n // 8},{names[n % 4]},{'1.0' if n % 3 else 'False'}" for n in range(80)]
    found = load(tmp_path, "\n".join([",".join(table.REQUIRED), *rows]).encode())
    assert not found.paged
    assert found.groups.tolist() == [n // 4 for n in range(80)]
    assert found.frame["active_strategy"].tolist()[:4] == ["NONE", "CSS_BREAK_WORD", "PRE_EMPTIVE", "FONT_SHRINK"]
    assert found.frame["is_valid"].tolist()[:4] == [0, 1, 1, 0]
    assert "taken for one page" in " ".join(table.warnings(found))


def test_rows_that_stand_there_twice_are_a_warning(good: bytes, tmp_path: Path) -> None:
    found = load(tmp_path, lines(lambda ls: [*ls, ls[5], ls[9]])(good))
    assert "2 of 302 rows" in " ".join(table.warnings(found))
    again = cell("css_signature", "0", 2)(lines(lambda ls: [*ls[:2], *ls[1:]])(good))
    assert "repeat a strategy" in " ".join(table.warnings(load(tmp_path, again)))


def test_many_themes_are_a_warning(good: bytes, tmp_path: Path) -> None:
    def renamed(ls: list[bytes]) -> list[bytes]:
        return [
            ls[0],
            *(cell("theme", f"t{n // 5}", 2)(ls[0] + b"\n" + r).split(b"\n")[1] for n, r in enumerate(ls[1:])),
        ]

    assert "60 themes" in " ".join(table.warnings(load(tmp_path, lines(renamed)(good))))


def test_a_table_behind_a_link_is_read_as_dvc_leaves_it(good: bytes, tmp_path: Path) -> None:
    (tmp_path / "object").write_bytes(good)
    (tmp_path / "object").chmod(0o444)
    (tmp_path / "t.csv").symlink_to("object")
    assert len(table.load(str(tmp_path / "t.csv")).frame) == 300


@ANY
@given(rows=st.lists(st.lists(st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=6), min_size=2)))
def test_the_cells_are_those_that_the_csv_module_finds(tmp_path: Path, rows: list[list[str]]) -> None:
    """What pandas reads and what lines and widths are counted by are two readers: they must agree."""
    head = [*table.REQUIRED, "other"]
    written = io.StringIO()
    csv.writer(written).writerows([head, *([*row, *[""] * 6][:6] for row in rows), ["x"] * 6])
    path = tmp_path / "t.csv"
    path.write_bytes(written.getvalue().encode())
    given_rows = [row for row in csv.reader(io.StringIO(written.getvalue(), newline=None)) if any(map(str.strip, row))]
    found = table.texts(str(path))
    assert found.to_numpy().tolist() == [[row[head.index(name)] for name in found] for row in given_rows[1:]]


# --- anything else -----------------------------------------------------------------------------------------------


def is_table_or_refusal(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    refused = None
    try:
        found = table.load(str(path))
    except GuardError as error:
        refused = error
    if refused:
        assert refused.remedy
        assert refused.exit_code == 1
        return
    assert len(found.frame) == len(found.groups) >= table.MIN_ROWS
    assert set(found.frame["is_valid"]) == {0, 1}
    assert not found.frame.isna().to_numpy().any()


@ANY
@given(data=st.binary(max_size=400) | st.text(max_size=200).map(str.encode))
def test_any_bytes_give_a_table_or_a_refusal(tmp_path: Path, data: bytes) -> None:
    is_table_or_refusal(tmp_path / "t.csv", data)


@ANY
@given(
    at=st.floats(0, 1),
    length=st.integers(0, 40),
    piece=st.binary(max_size=20)
    | st.sampled_from([b'"', b",", b"\n", b"\r", b"nan", b"-1", b"1e400", b"9" * 30, b"\0"]),
)
def test_a_damaged_table_is_a_table_or_a_refusal(
    tmp_path: Path, good: bytes, at: float, length: int, piece: bytes
) -> None:
    begin = int(at * len(good))
    is_table_or_refusal(tmp_path / "t.csv", good[:begin] + piece + good[begin + length :])


@pytest.mark.slow
@ANY
@given(cells=st.lists(st.tuples(st.sampled_from(generate.COLUMNS), st.text(max_size=12)), min_size=1, max_size=5))
def test_any_text_in_a_cell_gives_a_table_or_a_refusal(
    tmp_path: Path, good: bytes, cells: list[tuple[str, str]]
) -> None:
    frame = pd.read_csv(io.BytesIO(good), dtype=str, keep_default_na=False)
    for row, (column, text) in enumerate(cells):
        frame.loc[row, column] = text
    data = frame.to_csv(index=False, lineterminator="\n").encode("utf-8", "surrogatepass")
    is_table_or_refusal(tmp_path / "t.csv", data)


@pytest.mark.parametrize(
    ("strategy", "held", "resolved", "said"),
    [
        ("css_break_word", 1, 99, "is_valid 1 (it held), but resolved_strategy_id 99"),
        ("Pre-emptive", 1, 99, "is_valid 1 (it held), but resolved_strategy_id 99"),
        ("NONE", 1, 2, "under a milder strategy"),
        ("FONT_SHRINK", 0, 2, "is_valid 0 under the very strategy"),
        ("CONTENT_CUT", 1, 2, ""),
        ("NONE", 0, 99, ""),
        ("Pre-emptive", 1, 2, ""),
    ],
)
def test_a_row_that_contradicts_itself_is_named(
    tmp_path: Path, strategy: str, held: int, resolved: int, said: str
) -> None:
    frame = samples.frame(60)
    frame.loc[7, ["page_id", "active_strategy", "is_valid", "resolved_strategy_id"]] = ["x", strategy, held, resolved]
    frame.to_csv(tmp_path / "t.csv", index=False)
    found = table.contradictions(table.load(str(tmp_path / "t.csv")).frame)
    assert [said in one and "1 rows, the first of them row 8" in one for one in found] == [True] * bool(said)


def test_rows_that_are_alike_and_have_both_verdicts_are_a_warning(tmp_path: Path) -> None:
    frame = samples.frame(60)
    twin = frame.iloc[[3]].assign(is_valid=1 - frame.loc[3, "is_valid"])
    pd.concat([frame, twin]).to_csv(tmp_path / "t.csv", index=False)
    assert "2 rows contradict others" in " ".join(table.warnings(table.load(str(tmp_path / "t.csv"))))
