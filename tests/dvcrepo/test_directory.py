"""The list of a directory, read and written, and what differs from it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_guard.dvcrepo import directory
from trinity_guard.dvcrepo.odb import Store
from trinity_guard.dvcrepo.output import Output

ONE, TWO = "1" * 32, "2" * 32
STEP = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=6).filter(
    lambda s: s not in (".", "..", ".git", ".hg", ".dvc", ".dvcignore") and not s.endswith(".dvc")
)
FILES = st.dictionaries(
    st.lists(STEP, min_size=1, max_size=3).map(lambda steps: "/".join(steps).encode()),
    st.text("0123456789abcdef", min_size=32, max_size=32),
)


@given(FILES)
def test_what_was_written_is_read_and_sorted_as_dvc_sorts(files: dict[bytes, str]) -> None:
    data = directory.encode(files)
    assert directory.decode(data) == files
    names = [entry["relpath"] for entry in json.loads(data)]
    assert names == sorted(names)


def test_the_bytes_are_dvcs() -> None:
    data = directory.encode({'sub/é "q"'.encode(): TWO, b"a.csv": ONE})
    assert data == (
        b'[{"md5": "%s", "relpath": "a.csv"}, {"md5": "%s", "relpath": "sub/\\u00e9 \\"q\\""}]' % (b"1" * 32, b"2" * 32)
    )
    assert directory.md5_of_list(data) == hashlib.md5(data).hexdigest() + ".dir"
    assert directory.encode({}) == b"[]"


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{}x", b"{}", b"3", b"[3]", b"[{}]", b'[{"relpath": 3, "md5": "x"}]', b"\xff", b"[" * 100_000,
        *(
            json.dumps([{"relpath": name, "md5": ONE}]).encode()
            for name in ("../a", "/a", "a/../b", "a//b", "", "a/", ".git/x", "a/.git", "./a", "d/.dvc/x")
        ),
        *(json.dumps([{"relpath": "a", "md5": md5}]).encode() for md5 in ("", "x" * 32, ONE + ".dir", 3, None)),
    ],
)  # fmt: skip
def test_what_is_no_list_of_files_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="no list of files"):
        directory.decode(data)


@pytest.mark.slow
@given(
    st.lists(
        STEP | st.sampled_from([".git", ".dvc", ".hg", "a.dvc", ".dvcignore", "dvc.yaml", "dvc.lock"]), min_size=1
    ).map("/".join)
)
def test_a_plain_name_is_never_one_that_dvc_refuses(name: str) -> None:
    assert not (directory.is_plain(name.encode()) and directory.refusal(name.encode()))


def test_a_list_is_taken_out_of_the_cache_when_it_is_whole(tmp_path: Path) -> None:
    store = Store(bytes(tmp_path))
    data = directory.encode({b"a": ONE})
    output = Output(b"d", directory.md5_of_list(data))
    assert directory.in_cache(store, output) is None
    place = Path(store.path(output.md5).decode())
    place.parent.mkdir(parents=True)
    for damaged in (data[:-1], b"", data + b" "):
        place.write_bytes(damaged)
        assert directory.in_cache(store, output) is None
    place.write_bytes(data)
    assert directory.in_cache(store, output) == {b"a": ONE}


def test_a_list_with_its_right_name_that_leads_out_is_none(tmp_path: Path) -> None:
    store = Store(bytes(tmp_path))
    data = json.dumps([{"md5": ONE, "relpath": "../../.bashrc"}]).encode()
    output = Output(b"d", directory.md5_of_list(data))
    place = Path(store.path(output.md5).decode())
    place.parent.mkdir(parents=True)
    place.write_bytes(data)
    assert directory.in_cache(store, output) is None


def test_what_is_new_changed_and_gone_is_told() -> None:
    found = directory.Difference({b"a": ONE, b"b": ONE, b"c": ONE}, {b"a": ONE, b"b": TWO, b"d": ONE})
    assert (found.added, found.changed, found.deleted, found.recorded) == ([b"d"], [b"b"], [b"c"], 3)
    assert found.names() == [b"d", b"b", b"c"]
    assert found
    assert not directory.Difference({b"a": ONE}, {b"a": ONE})


@pytest.mark.parametrize(
    "name",
    ["a", "a b", 'a"b', "a\\b", "a\nb", "a\tb", "\x7f", "é", "a/b", ".a", 'a"}, {"md5": "', '", "relpath": "', "~"],
)
def test_the_quick_way_writes_and_reads_as_json_does(name: str) -> None:
    files = {name.encode(): ONE, b"m": TWO}
    listed = [{"md5": md5, "relpath": n.decode()} for n, md5 in sorted(files.items())]
    assert directory.encode(files) == json.dumps(listed, sort_keys=True).encode()
    assert directory.decode(directory.encode(files)) == files
