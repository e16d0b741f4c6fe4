"""Why a file stays: told from what holds it already."""

from __future__ import annotations

import pytest

from trinity_guard.migrate import held as dvc
from trinity_guard.migrate import reasons
from trinity_guard.migrate.held import Held

MD5 = "0" * 32


@pytest.mark.parametrize(
    ("held", "said"),
    [
        (Held(b"m/a", dvc.FILE, MD5, b"m/a.dvc"), ""),
        (Held(b"m/a", dvc.FILE, "1" * 32, b"m/a.dvc"), reasons.OTHER_MD5),
        (Held(b"m/a", dvc.FILE, "", b"m/a.dvc"), reasons.OTHER_MD5),
        (Held(b"m/a", dvc.FILE, MD5, b"m/a.dvc", isexec=True), reasons.OTHER_MODE),
        (Held(b"m/a", dvc.FILE, MD5, b"a.dvc"), reasons.ELSEWHERE),
        (Held(b"m/a", dvc.FILE, MD5, b"m/a.dvc", remote="other"), reasons.ELSE_REMOTE),
        (Held(b"m/a", dvc.FILE, MD5, b"m/a.dvc", push=False), reasons.NOT_PUSHED),
        (Held(b"m/a", dvc.STAGE, MD5, b"dvc.yaml"), reasons.OF_STAGE),
        (Held(b"m", dvc.STAGE, MD5, b"dvc.yaml"), reasons.OF_STAGE),
        (Held(b"m", dvc.FOLDER, MD5 + ".dir", b"m.dvc"), reasons.IN_FOLDER),
        (Held(b"m/a", dvc.IN_GIT, MD5, b"m/a.dvc"), reasons.METRIC),
        (Held(b"m", dvc.PROJECT, "", b"m/.dvc/"), reasons.NESTED),
        (Held(b"n", dvc.PROJECT, "", b"n/.dvc/"), None),
        (Held(b"m/b", dvc.FILE, MD5, b"m/b.dvc"), None),
    ],
)
def test_what_holds_a_file_says_whether_it_stays(held: Held, said: str | None) -> None:
    assert reasons.of_held(held, b"m/a", MD5, isexec=False) == said


def test_a_pointer_must_name_the_remote_that_new_ones_name() -> None:
    held = Held(b"m/a", dvc.FILE, MD5, b"m/a.dvc", remote="s")
    assert reasons.of_held(held, b"m/a", MD5, False, "s") == ""
    assert reasons.of_held(held, b"m/a", MD5, False, "") == reasons.ELSE_REMOTE


def test_dvc_can_name_no_folder_that_is_no_text() -> None:
    assert reasons.unnameable(b"d/\xff/") == reasons.NOT_TEXT
    assert reasons.unnameable("é/".encode()) is None
