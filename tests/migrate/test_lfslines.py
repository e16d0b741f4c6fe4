"""Lines of .gitattributes without Git LFS: its own words go, everything else stays to the byte."""

from __future__ import annotations

import pytest

from trinity_guard.migrate import lfslines

TRACKED = b" filter=lfs diff=lfs merge=lfs -text"


CASES = [
    (b"*.bin" + TRACKED + b"\n", b""),
    (b"*.bin" + TRACKED, b""),
    (b"*.bin filter=lfs -crlf\n", b""),
    (b"# models\n*.bin" + TRACKED + b"\n", b"# models\n"),
    (b"*.py text\n*.bin" + TRACKED + b"\n*.sh eol=lf\n", b"*.py text\n*.sh eol=lf\n"),
    (b"*.py text\r\n*.bin" + TRACKED + b"\r\n", b"*.py text\r\n"),
    (b"*.psd" + TRACKED + b" lockable\n", b""),
    (b"*.psd" + TRACKED + b" binary\n", b"*.psd -text binary\n"),
    (b"*.psd  lockable\tfilter=lfs   merge=lfs\tbinary # x\r\n", b"*.psd  lockable\tbinary # x\r\n"),
    (b'"a b.bin"' + TRACKED + b"\n", b""),
    (b'"a\\"b c.bin" binary' + TRACKED + b"\n", b'"a\\"b c.bin" binary -text\n'),
    (b"a[[:space:]]b.bin" + TRACKED + b"\n", b""),
    (b"  *.bin filter=lfs\n", b""),
    (b"*.bin -filter\n*.csv !filter !diff\n", b"*.bin -filter\n*.csv !filter !diff\n"),
    (b"*.bin filter=lfsx\n#*.bin filter=lfs\n", b"*.bin filter=lfsx\n#*.bin filter=lfs\n"),
    (b"*.bin diff=lfs\n", b"*.bin diff=lfs\n"),
    (b"\xef\xbb\xbf*.bin filter=lfs\n*.py text\n", b"\xef\xbb\xbf*.py text\n"),
    (b"\xef\xbb\xbf*.bin filter=lfs\n", b""),
    (b"\n*.bin filter=lfs\n\n", b""),
    (b"\n", b"\n"),
    # A file that is raw all the same would get other line ends.
    (b"* text\n*.bin" + TRACKED + b"\n", b"* text\n*.bin -text\n"),
    (b"* text=auto\n*.bin" + TRACKED + b"\n", b"* text=auto\n"),
    (b"*.BIN eol=crlf\n*.bin" + TRACKED + b"\n", b"*.BIN eol=crlf\n*.bin -text\n"),
    # Macros, and what they are used for.
    (b"[attr]lfs" + TRACKED + b"\n*.bin lfs\n*.psd lfs binary\n", b"*.psd binary\n"),
    (b"[attr]big filter=lfs binary\n*.bin big\n", b"[attr]big binary\n*.bin big\n"),
    (b"[attr]lfs filter=lfs\n[attr]big lfs\n*.bin big\n", b""),
    (b"[attr]lock filter=lfs lockable\n*.bin lock\n", b""),
    (b"[attr]doc text\n*.md doc\n", b"[attr]doc text\n*.md doc\n"),
]


@pytest.mark.parametrize(("before", "after"), CASES)
def test_words_of_lfs_go_and_all_else_stays_to_the_byte(before: bytes, after: bytes) -> None:
    found = lfslines.without_lfs(before, lfslines.macros(before))
    assert found == after
    assert lfslines.without_lfs(found, lfslines.macros(found)) == found


def test_a_nested_file_uses_the_macros_of_the_top() -> None:
    assert lfslines.without_lfs(b"*.bin lfs\n*.x text\n", {b"lfs": True}) == b"*.x text\n"
    assert lfslines.without_lfs(b"*.bin lfs\n", {b"lfs": False}) == b"*.bin lfs\n"


def test_lines_of_what_stays_stay() -> None:
    data = b"*.bin filter=lfs\n*.psd filter=lfs\n"
    assert lfslines.without_lfs(data, {}, {1}) == b"*.psd filter=lfs\n"
