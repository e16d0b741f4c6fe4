"""How delimited texts are written, found out from their bytes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from trinity_guard.review import dialect
from trinity_guard.review.dialect import NoTable


def look(tmp_path: Path, data: bytes, tabs: bool = False) -> dialect.Dialect:
    (tmp_path / "t").write_bytes(data)
    return dialect.look(os.fsencode(tmp_path / "t"), tabs)


@pytest.mark.parametrize(
    ("data", "encoding", "delimiter", "decimal", "names"),
    [
        (b"a,b\n1,2\n", "utf-8", ",", ".", ["a", "b"]),
        (b"a;b\n1,5;2,25\n", "utf-8", ";", ",", ["a", "b"]),
        (b"a;b\n1.5;2,25\n1.5;x\n", "utf-8", ";", ".", ["a", "b"]),
        (b"a|b|c\nx,y|z|1\n", "utf-8", "|", ".", ["a", "b", "c"]),
        (b"one\nx\ny\n", "utf-8", ",", ".", ["one"]),
        ("\ufeffä,b\n1,2\n".encode(), "utf-8-sig", ",", ".", ["ä", "b"]),
        ("ä,b\n1,2\n".encode("utf-16"), "utf-16", ",", ".", ["ä", "b"]),
        ("ä,b\n1,2\n".encode("cp1252"), "cp1252", ",", ".", ["ä", "b"]),
        (b'"a,x","b\ny"\n1,2\n', "utf-8", ",", ".", ["a,x", "b\ny"]),
        (b"a,a,,a\n1,2,3,4\n", "utf-8", ",", ".", ["a", "a.1", "Unnamed: 2", "a.2"]),
    ],
)
def test_encoding_delimiter_and_names(
    tmp_path: Path, data: bytes, encoding: str, delimiter: str, decimal: str, names: list[str]
) -> None:
    found = look(tmp_path, data)
    assert (found.encoding, found.delimiter, found.decimal, found.names) == (encoding, delimiter, decimal, names)
    assert found.header


def test_numbers_alone_are_no_header(tmp_path: Path) -> None:
    found = look(tmp_path, b"1,2.5\n3,4\n")
    assert (found.header, found.names) == (False, ["column 1", "column 2"])
    assert dialect.count(os.fsencode(tmp_path / "t"), found) == 2


def test_a_suffix_can_say_that_tabs_part_the_columns(tmp_path: Path) -> None:
    assert look(tmp_path, b"a,b\tc,d\n1\t2\n", tabs=True).names == ["a,b", "c,d"]


def test_records_are_counted_and_not_lines(tmp_path: Path) -> None:
    found = look(tmp_path, b'a,b\n1,"x\ny\nz"\n\n2,q\n')
    assert dialect.count(os.fsencode(tmp_path / "t"), found) == 2


def test_an_empty_file_has_no_columns(tmp_path: Path) -> None:
    assert look(tmp_path, b"").names == []


def test_bytes_that_no_text_has_are_no_table(tmp_path: Path) -> None:
    with pytest.raises(NoTable, match="bytes that no text has"):
        look(tmp_path, b"\0\1\2,\0\n" * 100)


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [("1", True), ("-1.5e3", True), ("007", False), ("0", True), ("0.5", True), ("1_000", False), ("0x1F", False),
     ("1 2", False), ("", False), ("inf", True)],
)  # fmt: skip
def test_a_code_is_no_number(cell: str, wanted: bool) -> None:
    assert dialect.is_number(cell) is wanted


def test_a_decimal_comma_makes_a_number() -> None:
    assert dialect.is_number("1,5", ",")
    assert not dialect.is_number("1,5")


def test_a_header_longer_than_the_sample_is_read_as_a_whole(tmp_path: Path) -> None:
    names = [f"a name of the column {at}" for at in range(20_000)]
    found = look(tmp_path, (",".join(names) + "\n" + ",".join(map(str, range(20_000))) + "\n").encode())
    assert (found.names, [len(record) for record in found.sample]) == (names, [20_000])


def test_a_line_that_is_too_long_is_said_and_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialect, "MAX_LINE", 1 << 20)
    with pytest.raises(NoTable, match="its first line is longer than 1 MB"):
        look(tmp_path, b"a" * (3 << 20))
    found = look(tmp_path, b"a,b\n1," + b"x" * (3 << 20) + b"\n")
    assert found.names == ["a", "b"]
    with pytest.raises(NoTable, match="it has a line longer than 1 MB"):
        dialect.count(os.fsencode(tmp_path / "t"), found)


def test_what_is_written_otherwise_is_told(tmp_path: Path) -> None:
    one, other = look(tmp_path, "ä,b\r\n1,2\r\n".encode("cp1252")), look(tmp_path, "ä;b\n1;2\n".encode())
    assert dialect.differences(one, one) == []
    assert dialect.differences(one, other) == [
        "encoding: cp1252 → utf-8", "line ends: CRLF → LF", "delimiter: ',' → ';'",
    ]  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_a_first_line_for_excel_is_none_of_the_table(encoding: str, tmp_path: Path) -> None:
    found = look(tmp_path, "sep=;\r\nid;ä\r\n1;2,5\r\n".encode(encoding))
    assert (found.names, found.delimiter, found.decimal, found.led[:5]) == (["id", "ä"], ";", ",", "sep=;")
    assert list(dialect.records(os.fsencode(tmp_path / "t"), found)) == [["1", "2,5"]]
    assert dialect.differences(found, look(tmp_path, "id;ä\r\n1;2,5\r\n".encode(encoding))) == [
        "first line: sep=; → the columns"
    ]


def test_a_line_that_the_engine_might_leave_out_is_not_read_the_quick_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialect, "PIECE", 64)
    (tmp_path / "t.csv").write_text("a,b\n1,2\n" * 20 + "3," + "x" * 130 + "\n")
    assert not dialect.look(os.fsencode(tmp_path / "t.csv")).plain
    (tmp_path / "t.csv").write_text("a,b\n1,2\n" * 60)
    assert dialect.look(os.fsencode(tmp_path / "t.csv")).plain


@pytest.mark.parametrize(
    ("data", "names", "led", "rows"),
    [
        (
            b"# made by a tool, on a day, at noon\nid,x\n1,2\n3,4\n",
            ["id", "x"],
            "# made by a tool, on a day, at noon\n",
            2,
        ),
        (b"# one\r\n# two\r\nid;x\r\n1;2\r\n", ["id", "x"], "# one\r\n# two\r\n", 1),
        (b"#id,x\n1,2\n", ["#id", "x"], "", 1),
        (b"# a tool\n#id,x\n1,2\n", ["#id", "x"], "# a tool\n", 1),
        (b"#a\n1\n2\n", ["#a"], "", 2),
        (b"# alone\n", ["# alone"], "", 0),
        (b"#a,b\n#1,2\n", ["#a", "b"], "", 1),
        (b"sep=;\n# a tool\nid;x\n1;2\n3;4\n", ["id", "x"], "sep=;\n# a tool\n", 2),
        (b"# a\x0cpage\nid,x\n1,2\n", ["id", "x"], "# a\x0cpage\n", 1),
        ("# a\u2028line\rid,x\r1,2\r".encode(), ["id", "x"], "# a\u2028line\r", 1),
    ],
    ids=[
        "one",
        "two",
        "a header",
        "a header below one",
        "one column",
        "nothing else",
        "all of it",
        "below Excel's line",
        "a form feed is no line's end",
        "nor what Unicode has for one",
    ],
)
def test_comments_above_a_table_are_none_of_it(
    tmp_path: Path, data: bytes, names: list[str], led: str, rows: int
) -> None:
    found = look(tmp_path, data)
    assert (found.names, found.led) == (names, led)
    assert dialect.count(os.fsencode(tmp_path / "t"), found) == rows


def test_of_comments_a_reader_is_told_beside_a_line_for_excel(tmp_path: Path) -> None:
    both, line = look(tmp_path, b"sep=;\n# a tool\nid;x\n1;2\n"), look(tmp_path, b"sep=;\nid;x\n1;2\n")
    assert set(both.notes()) - set(line.notes()) == {"above its columns stand comments"}


def test_of_comments_that_alone_are_others_a_reader_is_told(tmp_path: Path) -> None:
    one, other = (look(tmp_path, b"# by %d, a tool, and more\nid,x\n1,2\n" % n) for n in (1, 2))
    assert dialect.differences(one, other) == ["first line: # by 1, a tool, and more → # by 2, a tool, and more"]


def test_the_markers_of_a_conflict_are_said(tmp_path: Path) -> None:
    how = look(tmp_path, b"<<<<<<< HEAD\na,b\n1,2\n=======\na,b\n1,3\n>>>>>>> other\n")
    assert "it begins with the marker of a conflict" in how.notes()
