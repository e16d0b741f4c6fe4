"""Which lines are tried on which paths: never too few, and no more the more there are of both."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trinity_guard.migrate import ignorefiles
from trinity_guard.migrate.ignorefiles import DVCIGNORE, GITIGNORE, Line, Reader, Rule
from trinity_guard.migrate.linesieve import ANY, END, PATH, START, clue

CLUES = {
    b"a.csv": (START, b"a.csv"),
    b"/a.csv": (PATH, b"a.csv"),
    b"!a.csv": (START, b"a.csv"),
    b"!!a": (START, b"!a"),
    b"data/": (START, b"data"),
    b"run*": (START, b"run"),
    b"*.csv": (END, b".csv"),
    b"[ab]*.csv": (END, b".csv"),
    b"out/run1_*.csv": (PATH, b"out/run1_"),
    b"/out/run1.csv": (PATH, b"out/run1.csv"),
    b"/data/*": (PATH, b"data"),
    b"data/**/": (PATH, b"data"),
    b"**/a": (ANY, b""),
    b"*": (ANY, b""),
    b"a//b": (ANY, b""),
    b"/": (ANY, b""),
    b"a\\ b": (START, b"a"),
    b"a.csv ": (START, b"a.csv"),
    b"a.csv\t": (START, b"a.csv"),
    b"\\!a": (END, b"!a"),
    "é.csv".encode(): (END, b".csv"),
}


@pytest.mark.parametrize(("line", "expected"), CLUES.items(), ids=[repr(c) for c in CLUES])
def test_what_a_path_must_have_for_a_line(line: bytes, expected: tuple[str, bytes]) -> None:
    assert clue(line) == expected


PARTS = [
    b"a",
    b"b",
    b"ab",
    b".csv",
    b".dvc",
    b".d",
    b"*",
    b"?",
    b"[a]",
    b"/",
    b"**",
    b"!",
    b"\\",
    b" ",
    b"\t",
    b"\xc3\xa9",
]
PATTERNS = (
    st.lists(st.sampled_from(PARTS), min_size=1, max_size=5)
    .map(b"".join)
    .filter(lambda line: line.strip() and not line.startswith(b"#"))
)
NAMES = st.sampled_from([b"a", b"b", b"ab", b"a.csv", b"b.csv", b"a.dvc", b"a b", b"\xc3\xa9", b"aa.csv", b"!a"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map(b"/".join)
FOLDERS = st.sampled_from([b"", b"a/", b"ab/", b"a/b/"])
LINES = st.tuples(FOLDERS, st.sampled_from([GITIGNORE, DVCIGNORE]), PATTERNS)


def last_of_all(chain: Sequence[Line], path: bytes, is_dir: bool, kind: bytes) -> Line | None:
    """Try each line, as it was done before there was a sieve."""
    for line in reversed(chain):
        folder, name, pattern = line
        inside = name == kind and path.startswith(folder) and len(path) > len(folder)
        if inside and Rule(pattern).matches(path[len(folder) :], is_dir):
            return line
    return None


def says_anything(line: Line, below: bytes, paths: Sequence[bytes]) -> bool:
    folder, _, pattern = line
    inside = [path[len(folder) :] for path in paths if path.startswith(below)]
    return any(Rule(pattern).touches(path) or Rule(pattern).touches(path + b".dvc") for path in inside)


@pytest.mark.slow
@given(st.lists(LINES, max_size=5).map(tuple), PATHS, st.booleans(), st.sampled_from([GITIGNORE, DVCIGNORE]))
@settings(max_examples=1500, deadline=None)
def test_the_last_word_is_that_of_all_lines(chain: tuple[Line, ...], path: bytes, is_dir: bool, kind: bytes) -> None:
    assert Reader([path])._last(chain, path, is_dir, kind) == last_of_all(chain, path, is_dir, kind)


@given(LINES, FOLDERS, st.lists(PATHS, max_size=6))
@settings(max_examples=1500, deadline=None)
def test_a_line_says_something_where_it_does_for_one_of_all_paths(line: Line, below: bytes, paths: list[bytes]) -> None:
    below = max(line[0], below, key=len)
    if below.startswith(line[0]):
        found, says = Reader(paths).relevant(line, below), says_anything(line, below, paths)
        # Of a pattern DVC may think otherwise than Git: it counts for every path that it is not ruled out for.
        pattern = not line[2].isascii() or any(sign in line[2] for sign in b"*?[\\")
        assert found >= says if pattern else found == says


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The paths on which a line is tried."""
    calls: list[bytes] = []
    for name in ("touches", "matches"):
        real = getattr(Rule, name)

        def counted(rule: Rule, path: bytes, *args: bool, real=real) -> bool:  # type: ignore[no-untyped-def]
            calls.append(path)
            return bool(real(rule, path, *args))

        monkeypatch.setattr(Rule, name, counted)
    return calls


SHAPES = {
    "in a folder": (b"out/run%d_*.csv", b"out/run%d_a.csv"),
    "very names": (b"/run%d.csv", b"run%d.csv"),
    "pointers": (b"run%d.csv.dvc", b"run%d.csv"),
    "beginnings": (b"run%d_*", b"out/run%d_a.csv"),
    "ends": (b"*_%d.csv", b"out/run_%d.csv"),
    "folders": (b"run%d_/", b"run%d_/a.csv"),
}


@pytest.mark.parametrize(("line", "path"), SHAPES.values(), ids=SHAPES)
def test_n_lines_for_n_paths_are_tried_some_n_times(tried: list[bytes], line: bytes, path: bytes) -> None:
    count = 200
    paths = [path % i for i in range(count)]
    chain = tuple((b"", GITIGNORE, line % i) for i in range(count))
    reader = Reader(paths)
    assert all(reader.relevant(one, b"") for one in chain)
    for one in paths:
        reader.hides(chain, one)
        reader.hides(chain, one + b".dvc")
    assert len(tried) <= 12 * count


def test_what_is_kept_of_chains_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ignorefiles, "MAX_SIEVES", 3)
    reader = Reader([b"a"])
    chains = [((b"", GITIGNORE, b"x%d" % i), (b"", GITIGNORE, b"a")) for i in range(10)]
    for chain in [*chains, *chains]:
        assert reader.hides(chain, b"a")
    assert len(reader._sieves) <= 3
