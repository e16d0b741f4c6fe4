"""A delimited text as cells that stay text: what can be written again, and what is refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from trinity_guard.review import texttable
from trinity_guard.review.dialect import NoTable


@pytest.mark.parametrize(
    "data",
    [
        b"id,x\n1,5\n",
        b"id,x\r\n1,5\r\n2,6",
        b"id\tx\n1\t5\n",
        b"sep=;\r\nid;x\r\n1;5\r\n",
        b"# one, two, three\n# four\nid,x\n1,5\n",
        b"sep=;\n# one\nid;x\n1;5\n",
        b'\n\nid,x\n"1","a ""b"""\n\n2,\n\n',
        "id;x\r1;é\r".encode("cp1252"),
        "\ufeffid,x\n1,é\n".encode(),
        "\ufeffid,x\n1,é\n".encode("utf-16-le"),
        "\ufeffid,x\n1,é\n".encode("utf-16-be"),
        b"1,2\n3,4\n",
        b",a,a\n0,1,2\n",
        b"",
    ],
)
def test_a_table_is_written_as_it_was_read(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(data)
    table = texttable.read(os.fsencode(path))
    assert texttable.written(table, list(table.spelled.values()), table.rows) == data


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"id,x\n1,5\n2\n", "its row 2 has 1 cells, and the first line 2"),
        (b'id,x\n1,"5\n', "it cannot be read as a table: unexpected end of data"),
        (b"id,x\n1,\x81\n", "not all of its bytes are letters in cp1252"),
        (b"id,x\n1,a\0\n", "it holds bytes that no text has"),
    ],
)
def test_what_could_not_be_written_again_is_refused(data: bytes, why: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(data)
    with pytest.raises(NoTable, match=why):
        texttable.read(os.fsencode(path))


def test_a_letter_that_the_encoding_lacks_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes("id,x\n1,é\n".encode("cp1252"))
    table = texttable.read(os.fsencode(path))
    with pytest.raises(NoTable, match="cp1252, as ours is written, has no letter 'ж', which theirs has"):
        texttable.written(table, table.names, [(["2", "ж"], "")])
