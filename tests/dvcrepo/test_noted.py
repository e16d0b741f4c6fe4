"""Our facts in a pointer: DVC reads and keeps them, we read past them, and the next version of the data drops them."""

from __future__ import annotations

from typing import Any

import pytest

from trinity_guard.dvcrepo import noted, pointer, refresh

MD5, OTHER = "0b5c0ffee0f00dfeedfacecafebeef0a", "1b5c0ffee0f00dfeedfacecafebeef0b"
FACTS: dict[str, Any] = {"rows": 3, "columns": 2, "of": MD5}
PLAIN = pointer.encode(MD5, 7, "t.csv")
WITH = PLAIN + b"meta:\n  trinity-guard:\n    rows: 3\n    columns: 2\n    of: %s\n" % MD5.encode()
EDITED = b"# mine\n" + PLAIN + b"meta:\n  team: x\n"


def test_a_plain_pointer_gets_lines_that_yaml_reads_the_same_and_that_are_still_read_quickly() -> None:
    assert noted.with_facts(PLAIN, FACTS, True) == WITH
    assert pointer.is_plain(WITH, b"t.csv.dvc")
    assert noted.split(WITH) == (PLAIN, WITH[len(PLAIN) :])
    slow = pointer._decoded_by_yaml(WITH, b"t.csv.dvc").outs[0]
    quick = pointer.decode(WITH, b"t.csv.dvc").outs[0]
    assert (slow.md5, slow.size, slow.path) == (quick.md5, quick.size, quick.path) == (MD5, 7, b"t.csv")


def test_what_a_person_wrote_stays() -> None:
    found = noted.with_facts(EDITED, FACTS, False)
    assert found.startswith(b"# mine\nouts:\n")
    assert b"  team: x\n  trinity-guard:\n    rows: 3\n" in found
    again = refresh.refresh(found, b"t.csv.dvc", "t.csv", OTHER, 9, False)
    assert b"team: x" in again
    assert b"rows" not in again


def test_other_bytes_drop_the_facts_and_another_name_keeps_them() -> None:
    assert refresh.refresh(WITH, b"t.csv.dvc", "t.csv", OTHER, 9, False) == pointer.encode(OTHER, 9, "t.csv")
    moved = refresh.renamed(WITH, b"u.csv.dvc", "t.csv", "u.csv")
    assert moved == WITH.replace(b"path: t.csv", b"path: u.csv")


@pytest.mark.parametrize("tail", [b"desc: x\n", b"    rows: 3", b"  mine: 1\n"])
def test_lines_that_are_not_ours_alone_are_left_to_yaml(tail: bytes) -> None:
    data = PLAIN + noted.FACTS + b"    rows: 3\n" + tail
    assert noted.split(data) == (data, b"")


def test_a_meta_of_another_kind_is_left() -> None:
    data = PLAIN + b"meta: mine\n"
    assert noted.with_facts(data, FACTS, False) == data


@pytest.mark.parametrize("base", [PLAIN, EDITED])
def test_a_pointer_that_is_written_anew_keeps_what_it_had(base: bytes) -> None:
    had = noted.with_facts(base, FACTS, base == PLAIN)
    new = refresh.refresh(had, b"t.csv.dvc", "t.csv", MD5, 7, False)
    assert b"rows" not in new
    assert noted.kept(had, new, pointer.is_plain(new, b"t.csv.dvc")) == had
    assert noted.kept(base, new, False) == new
