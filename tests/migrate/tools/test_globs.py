"""A selection in the words of other tools: names of files, with regard to case; what they cannot say is said."""

from __future__ import annotations

import pytest

from trinity_guard.errors import GuardError
from trinity_guard.migrate.scan import Scan
from trinity_guard.migrate.selection import Selection
from trinity_guard.migrate.tools import globs

UNSAID = "BFG cannot be told: data/"
EXCEPTIONS = "BFG knows no exceptions: it deletes what is excluded or small, too"


def names(selection: Selection, *paths: bytes) -> globs.Globs:
    scan = Scan()
    scan.versions = {path: {} for path in paths}
    return globs.of_names(selection, scan)


def test_names_alone_are_exact_and_spelled_as_the_history_does() -> None:
    found = names(Selection(("*.pkl", "model")), b"m/a.pkl", b"m/B.PKL", b"model")
    assert (found.globs, found.variants, found.exact) == (["*.pkl", "model", "*.PKL"], ["*.PKL"], True)
    assert globs.told(found, "BFG") == []


@pytest.mark.parametrize(
    ("selection", "paths", "words"),
    [
        (Selection(("*.pkl", "data/")), [b"data/x"], [UNSAID, "BFG leaves 1 files that match: data/x"]),
        (Selection(("*.pkl",), ("old/",)), [b"a.pkl"], [EXCEPTIONS]),
        (Selection(("*.pkl",), above=5), [b"a.pkl"], [EXCEPTIONS]),
    ],
)  # fmt: skip
def test_what_names_do_not_say_is_told(selection: Selection, paths: list[bytes], words: list[str]) -> None:
    found = names(selection, *paths)
    assert not found.exact
    assert globs.told(found, "BFG") == words


def test_bfg_takes_one_glob() -> None:
    assert globs.braced(["*.pkl"]) == "*.pkl"
    assert globs.braced(["*.pkl", "*.h5"]) == "{*.pkl,*.h5}"
    with pytest.raises(GuardError, match="none of the patterns is one"):
        globs.braced([])


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (b"m/a b.pkl", b"literal:m/a b.pkl"),
        (b"a\nb", rb"regex:^a\x0ab$"),
        (b"a==>b", rb"regex:^a\x3d\x3d\x3eb$"),
        ("é".encode(), rb"regex:^\xc3\xa9$"),
    ],
)
def test_a_path_is_told_to_filter_repo_so_that_it_means_nothing_else(path: bytes, line: bytes) -> None:
    assert globs.path_lines([path]) == [line]
