"""A folder while it is rewritten."""

from __future__ import annotations

from trinity_guard.git.catfile import FILE
from trinity_guard.migrate.folder import Folder
from trinity_guard.migrate.seen import Lines
from trinity_guard.migrate.versions import STAYS, Decision

A, B, POINTER = (FILE, b"a.pkl", b"1" * 20), (FILE, b"b.py", b"2" * 20), b"3" * 20


def test_a_file_that_becomes_a_pointer_goes_and_asks_for_its_line() -> None:
    folder = Folder(b"m/", [A, B])
    folder.follow(b"a.pkl", Decision(POINTER, Lines((), show=False, ignore=True)))
    assert sorted(folder.all_entries()) == sorted([B, (FILE, b"a.pkl.dvc", POINTER)])
    assert (folder.changed, folder.ours, folder.ignored) == (True, True, [b"a.pkl"])


def test_a_file_that_stays_changes_nothing() -> None:
    folder = Folder(b"m/", [A, B])
    folder.follow(b"a.pkl", STAYS)
    assert folder.all_entries() == [A, B]
    assert (folder.changed, folder.ours) == (False, False)
