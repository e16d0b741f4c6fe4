"""A directory's changes, summed by its folders."""

from __future__ import annotations

from tests.review.conftest import Tables
from trinity_guard.dvcrepo.output import Output
from trinity_guard.review import folders
from trinity_guard.review.record import OTHER, TABLE, Review
from trinity_guard.review.sides import Change, Version


def version(path: bytes) -> Version:
    return Version(path, Output(path, size=1))


def changed(path: bytes) -> Change:
    return Change(version(path), version(path))


def test_counts_rows_and_images_are_those_of_the_folder(tables: Tables) -> None:
    table = Review(changed(b"d/a/t.csv"), TABLE)
    table.table = tables.compare("id,x\n1,2\n2,3\n", "id,x\n1,5\n3,3\n4,4\n", ["id"])
    image, same = Review(changed(b"d/b/i.png"), OTHER), Review(changed(b"d/b/j.png"), OTHER)
    image.parameters = {"size": ("1 x 1", "2 x 1")}
    members = [
        changed(b"d/a/t.csv"),
        changed(b"d/b/i.png"),
        changed(b"d/b/j.png"),
        Change(None, version(b"d/b/new.png")),
        Change(version(b"d/b/old.png"), None),
        Change(version(b"d/a/x"), version(b"d/b/x")),
        changed(b"d/top.bin"),
    ]
    assert folders.sums(b"d", members, [table, image, same]) == {
        ".": {"changed": 1},
        "a": {"changed": 1, "rows": {"added": 2, "removed": 1, "changed": 1}},
        "b": {"changed": 2, "added": 1, "removed": 1, "renamed": 1, "images": 1},
    }
