"""Rows and columns of texts, counted as the csv module counts them, wherever a piece ends."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from trinity_guard.convert import rows


def counted(data: bytes, piece: int = 1 << 16, delimiter: str | None = "") -> dict[str, object]:
    counting = rows.Rows(delimiter)
    for start in range(0, len(data), piece):
        counting.take(memoryview(data)[start : start + piece])
    return counting.end()


@pytest.mark.parametrize(
    ("data", "count", "columns"),
    [
        (b"a,b\n1,2\n3,4\n", 2, 2),
        (b"a,b\r\n1,2\r\n3,4", 2, 2),
        (b"a,b\r1,2\r3,4\r", 2, 2),
        (b"\n\na,b\n1,2\n", 1, 2),
        (b'a,b\n1,"x\ny"\n\n\n3,"q""z"\n', 2, 2),
        (b'"a\n""x""",b\n1,"x\r\n\r\ny"\r\n3,4', 2, 2),
        (b"1,2\n3,4\n", 2, 2),
        (b"a;b;c\n1,5;2;3\n", 1, 3),
        (b"sep=;\r\na;b\r\n1,5;2\r\n", 1, 2),
        (b"\xef\xbb\xbfsep=,\na,b\n1,2\n", 1, 2),
        (b"a\n", 0, 1),
        (b"# by a tool, on a day, at noon\n# a,b\n1,2\n3,4\n", 2, 2),
        (b"# by a tool, on a day, at noon\na;b\n1;2\n", 1, 2),
        (b"#a,b\n1,2\n", 1, 2),
        (b"# by a tool, on a day\nname\nx\ny\n", 2, 1),
        (b"# by a tool\n#one;column\nname\nx\n", 2, 1),
        (b"# alone\n", 0, 1),
        (b'pipe,b\n5",1\n6",2\n7,3\n', 3, 2),  # inches, and no quotes
        (b'a,b\n1, "x\n2,y"\n', 2, 2),
        (b'a,b\n1,"not closed\n2,3\n', 1, 2),
        (b"\xef\xbb\xbfa,b\n1,2\n", 1, 2),
        (b",".join(b"column %d" % n for n in range(20_000)) + b"\n" + b"," * 19_999 + b"\n", 1, 20_000),
        (b"a,b\n" + b"1,2\n" * 600_000, 600_000, 2),
        (b"a\tb\n" + b"1\t2\n\n3\n" * 60_000, 120_000, 2),  # rows without a delimiter, and lines without a row
        (b'a,b\n1,"' + b"x\n" * 100_000 + b'"\n3,4\n', 2, 2),
        (b'"a","b"\n' + b'1,"x"\n' * 60_000 + b'2,"x\ny"\n' * 9, 60_009, 2),
        (b"a,b\n" + b'1,"x\n' * 60_000, 30_000, 2),  # an odd quote in each line
        (b"a,b\n" + b"1,2\n" * 300_000 + b"\n" + b"1,2\n" * 300_000 + b'"x",2', 600_001, 2),
    ],
)
def test_a_table_has_rows_and_columns(data: bytes, count: int, columns: int) -> None:
    assert counted(data) == {"rows": count, "columns": columns}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"a\0b\n1\n",
        "a,b\n1,2\n".encode("utf-16"),
        b'a,b\n1,"' + b"x" * rows.MAX_ROW + b"\n",
        b"x" * (rows.MAX_ROW + 1),
    ],
)
def test_what_is_none_or_cannot_be_told_has_none(data: bytes) -> None:
    assert counted(data) == {}


def test_a_long_row_is_not_looked_at_again_with_each_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "BLOCK", 1 << 10)
    looked: list[int] = []
    lines = rows.Rows._lines

    def noted(self: rows.Rows, data: bytes) -> None:
        looked.append(len(data))
        lines(self, data)

    monkeypatch.setattr(rows.Rows, "_lines", noted)
    data = b'a,b\n1,2\n1,"' + b'x ""y""\n' * 200_000 + b'"\n3,4\n'
    assert counted(data, 1 << 20) == {"rows": 3, "columns": 2}
    assert sum(looked) < 4 * len(data)


def test_json_lines_have_rows() -> None:
    assert counted(b'{"a": "\\""}\r\n\r\n{"b": 1}', delimiter=None) == {"rows": 2}


@pytest.fixture(scope="module")
def from_the_first_row_on() -> Iterator[None]:
    """Have it look at a table when one row is there."""
    before, rows.HEAD = rows.HEAD, len("one,two\r\n")
    yield
    rows.HEAD = before


TABLES = st.lists(
    st.lists(st.text(st.sampled_from('ab\n,"\r5 '), max_size=6), min_size=2, max_size=3), min_size=1, max_size=8
)


@pytest.mark.usefixtures("from_the_first_row_on")
@given(table=TABLES, piece=st.integers(1, 9))
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("all_quoted", [True, False])
def test_rows_are_what_the_csv_module_reads(
    table: list[list[str]], piece: int, line_end: str, all_quoted: bool
) -> None:
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL if all_quoted else csv.QUOTE_MINIMAL, lineterminator=line_end)
    writer.writerows([["one", "two"], *table])
    text = out.getvalue()
    read = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
    assert counted(text.encode(), piece, ",") == {"rows": len(read) - 1, "columns": 2}


@pytest.mark.usefixtures("from_the_first_row_on")
@given(lines=st.lists(st.text(st.sampled_from('ab,"'), max_size=6), max_size=9), piece=st.integers(1, 9))
@example(lines=['a"', '"b', 'c"'], piece=3)
def test_rows_of_stray_quotes_are_what_the_csv_module_reads(lines: list[str], piece: int) -> None:
    text = "\n".join(["one,two", *(line for line in lines if line.count('"') < 2), ""])
    read = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
    assert counted(text.encode(), piece, ",")["rows"] == len(read) - 1


@pytest.mark.usefixtures("from_the_first_row_on")
@given(text=st.text(st.sampled_from('ab,"\n'), max_size=40), piece=st.integers(1, 50))
@example(text='5"\n\n6"\n""\n', piece=50)
@example(text='a,"b\n""\n\n""\n"\n""\n\n', piece=50)
@example(text='a,"b\n"c,"\n', piece=50)
def test_rows_of_any_text_are_what_the_csv_module_reads(text: str, piece: int) -> None:
    """Save for a row of several lines of which the first has quotes that pair: it is taken for a row by itself."""
    text = f"one,two\n{text}\n"
    lines = text.split("\n")
    reader = csv.reader(io.StringIO(text, newline=""))
    read, start = 0, 0
    for row in reader:
        assume(reader.line_num - start < 2 or lines[start].count('"') % 2)
        read, start = read + bool(row), reader.line_num
    assert counted(text.encode(), piece, ",")["rows"] == read - 1


@pytest.mark.parametrize(
    "row",
    [b'%d,"one\r\ntwo","a ""b"""\r\n', b'%d,5",x\r\n', b'%d,"""\n\n""",\n', b'%d,"one\rtwo",\r'],
    ids=["two lines", "inches", "blank lines in quotes", "lines end with CR"],
)
def test_many_rows_of_odd_quotes_are_counted_over_all_pieces(row: bytes) -> None:
    data = b"\xef\xbb\xbf" + b'"a\n""x""",b,c\n' + b"".join(row % n for n in range(20_000))
    assert counted(data, 100_003) == {"rows": 20_000, "columns": 3}


@pytest.mark.parametrize("piece", [1 << 20, 70_001])
def test_a_table_that_is_written_in_several_ways_is_counted_as_the_csv_module_reads_it(piece: int) -> None:
    kinds = (b'%d,"one, ""two""",x\n', b'%d,"one ""\n""two""\n",x\r\n', b'%d,5",x\n', b"%d,1,x\r", b'%d,"""",""\n')
    data = b"a,b,c\n" + b"".join(kind % n for kind in (*kinds, *kinds) for n in range(9_000))
    read = sum(1 for _ in csv.reader(io.StringIO(data.decode(), newline="")))
    assert counted(data, piece) == {"rows": read - 1, "columns": 3}
