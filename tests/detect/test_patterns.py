"""Names against pathspec and against git itself, first bytes, sizes, and which of them has the last word."""

from __future__ import annotations

import os
import pickle
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pathspec
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from tests.helpers.support import Repo, run
from trinity_guard import git
from trinity_guard.config import DEFAULT_PATTERNS, Config
from trinity_guard.detect import attributesfile, configuration, ignorespec
from trinity_guard.detect import patterns as patterns_module
from trinity_guard.detect.patterns import Rules, size_text
from trinity_guard.dvcrepo import standin

PICKLE = pickle.dumps({"a": 1})
TEXT = b"some text\n"
STANDS_IN = standin.encode("1" * 32, 5)
OF_PATTERNS: dict[str, Any] = {
    "min_size": 10, "min_size_of": (("*.csv", 1000), ("/raw/", 0)),
    "max_size_of": (("*.ipynb", 50), ("*.mp4", 0)),
}  # fmt: skip


def rules(*patterns: str, exclude: tuple[str, ...] = (), **options: Any) -> Rules:
    return Rules(Config(patterns=patterns, exclude=exclude, **options))


@pytest.mark.parametrize(
    ("patterns", "path", "expected"),
    [
        (DEFAULT_PATTERNS, b"model.pkl", "*.pkl"),
        (DEFAULT_PATTERNS, b"deep/in/a/MODEL.PKL", "*.pkl"),
        (DEFAULT_PATTERNS, b".pkl", "*.pkl"),
        (DEFAULT_PATTERNS, b"a.pkl/readme", "*.pkl"),
        (DEFAULT_PATTERNS, b"a.csv/b.pkl", "*.pkl"),
        (DEFAULT_PATTERNS, b"a.pkl/x.y", "*.pkl"),
        (("Xa?",), b"xab", "Xa?"),
        (DEFAULT_PATTERNS, b"pkl", None),
        (DEFAULT_PATTERNS, b"a.pkl.py", None),
        (DEFAULT_PATTERNS, b"a.pkl.dvc", None),
        (DEFAULT_PATTERNS, b"a.pkl2", None),
        (DEFAULT_PATTERNS, "é.pkl".encode(), "*.pkl"),
        (DEFAULT_PATTERNS, b"\xff\xfe.csv", "*.csv"),
        (DEFAULT_PATTERNS, b"new\nline.csv", "*.csv"),
        (DEFAULT_PATTERNS, b"new\nline/x.csv", "*.csv"),
        (DEFAULT_PATTERNS, b"a.csv\n", None),
        (DEFAULT_PATTERNS, "a.p\u212al".encode(), "*.pkl"),
        (("*.tar.gz",), b"a.tar.GZ", "*.tar.gz"),
        (("*.tar.gz",), b"a.gz", None),
        (("*.TIF",), b"x/a.tif", "*.TIF"),
        ((), b"a.pkl", None),
        (("*.?kl",), b"a.pkl", "*.?kl"),
        (("data/",), b"data/x/y", "data/"),
        (("data/*",), b"data/\xff", "data/*"),
        (("a?b.bin",), b"a\nb.bin", "a?b.bin"),
        (("data/",), b"deep/Data/x", "data/"),
        (("data/",), b"data", None),
        (("/data",), b"data/x", "/data"),
        (("/data",), b"deep/data/x", None),
        (("models/*.bin",), b"models/a.bin", "models/*.bin"),
        (("models/*.bin",), b"models/x/a.bin", None),
        (("models/**/*.bin",), b"models/x/y/a.bin", "models/**/*.bin"),
        (("models/**/*.bin",), b"new\nline/models/a.bin", None),
        (("**/*.bin",), b"new\nline/models/a.bin", "**/*.bin"),
        (("model?.[bd]at",), b"MODEL1.dat", "model?.[bd]at"),
        (("*.csv", "!small.csv"), b"small.csv", None),
        (("*.csv", "!small.csv"), b"deep/large.csv", "*.csv"),
        (("*.csv", "!small.csv", "deep/small.csv"), b"deep/small.csv", "deep/small.csv"),
        ((r"\!important",), b"!important", r"\!important"),
        ((r"\#x#",), b"#x#", r"\#x#"),
        (("# a comment", "", "*.bin"), b"a.bin", "*.bin"),
        (("# a comment", "", "*.bin"), b"# a comment", None),
        (("trailing ",), b"trailing", "trailing "),
        ((r"trailing\ ",), b"trailing ", r"trailing\ "),
        (("données/",), "DONNÉES/x".encode(), "données/"),
        (("*.bin", "model-*"), b"model-1.bin", "model-*"),
    ],
)
def test_a_pattern_names_an_artifact(patterns: tuple[str, ...], path: bytes, expected: str | None) -> None:
    assert rules(*patterns).named(path) == expected
    assert expected is None or rules(*patterns).sieve(path)


def test_an_excluded_file_is_none_whatever_it_is() -> None:
    guarded = rules(*DEFAULT_PATTERNS, exclude=("tests/", "*.small.csv", "!tests/real.pkl"), max_size=1000)
    for path in (b"tests/a.pkl", b"a.small.csv", b"TESTS/x/y"):
        assert guarded.excluded(path)
        assert guarded.named(path) is None
        assert guarded.decide(path, 10**9, PICKLE).kind == "fine"
    assert guarded.named(b"a.csv") == "*.csv"
    assert guarded.decide(b"tests/real.pkl", 10, TEXT).kind == "artifact"
    assert guarded.decide(b"other", 10**9, PICKLE).kind == "artifact"


@pytest.mark.parametrize(
    ("path", "size", "head", "options", "expected"),
    [
        (b"a.py", 10, TEXT, {}, ("fine", "")),
        (b"a.pkl", 10, TEXT, {}, ("artifact", "matches *.pkl")),
        (b"a.pkl", 10**10, TEXT, {}, ("artifact", "matches *.pkl")),
        (b"model", 5 + 10**7, PICKLE, {}, ("artifact", "its first bytes say pickle (protocol 4)")),
        (b"model", len(PICKLE), PICKLE, {}, ("artifact", "its first bytes say pickle (protocol 4)")),
        (b"model", 10, b"", {"sniff": False}, ("fine", "")),
        (b"model", 10, PICKLE, {"sniff": False}, ("fine", "")),
        (b"a.mp4", 6_200_000, TEXT, {}, ("too-big", "6.2 MB is more than max-size (5 MB)")),
        (b"a.mp4", 5_000_000, TEXT, {}, ("fine", "")),
        (b"a.mp4", 5_000_001, TEXT, {}, ("too-big", "5,000,001 B is more than max-size (5,000,000 B)")),
        (b"a.mp4", 10**12, TEXT, {"max_size": 0}, ("fine", "")),
        (b"a.mp4", 413, TEXT, {"max_size": 412}, ("too-big", "413 B is more than max-size (412 B)")),
        (b"a.mp4", 2, TEXT, {"max_size": 1}, ("too-big", "2 B is more than max-size (1 B)")),
        (b"a.pkl", 999, TEXT, {"min_size": 1000}, ("fine", "")),
        (b"a.pkl", 1000, TEXT, {"min_size": 1000}, ("artifact", "matches *.pkl")),
        (b"model", 999, PICKLE, {"min_size": 1000}, ("fine", "")),
        (b"a.mp4", 999, TEXT, {"min_size": 1000, "max_size": 10}, ("too-big", "999 B is more than max-size (10 B)")),
        (b"a.csv", 999, TEXT, {"min_size": 1000, "max_size": 10}, ("fine", "")),
        (b"a.csv", 999, TEXT, OF_PATTERNS, ("fine", "")),
        (b"a.csv", 1000, TEXT, OF_PATTERNS, ("artifact", "matches *.csv")),
        (b"raw/a.csv", 1, TEXT, OF_PATTERNS, ("artifact", "matches *.csv")),
        (b"raw/b.csv", 1, TEXT, {"min_size_of": (("/raw/", 0), ("*.csv", 2))}, ("fine", "")),
        (b"a.pkl", 9, TEXT, OF_PATTERNS, ("fine", "")),
        (b"a.pkl", 10, TEXT, OF_PATTERNS, ("artifact", "matches *.pkl")),
        (b"a.ipynb", 51, TEXT, OF_PATTERNS, ("too-big", "51 B is more than max-size (50 B)")),
        (b"a.ipynb", 50, TEXT, OF_PATTERNS, ("fine", "")),
        (b"a.mp4", 10**12, TEXT, OF_PATTERNS, ("fine", "")),
        (b"other", 5_000_000, TEXT, OF_PATTERNS, ("fine", "")),
        (b"other", 5_000_001, TEXT, OF_PATTERNS, ("too-big", "5,000,001 B is more than max-size (5,000,000 B)")),
    ],
)
def test_the_verdict_has_its_reason(
    path: bytes, size: int, head: bytes, options: dict[str, Any], expected: tuple[str, str]
) -> None:
    verdict = rules(*DEFAULT_PATTERNS, **options).decide(path, size, head)
    assert (verdict.kind, verdict.reason) == expected


OBJECT = b"store/files/md5/ab/" + b"0" * 30
OF_DVC = "where DVC keeps its own files"
APART = [
    # path, first bytes, exclude, verdict
    (b".dvc/tmp/a.txt", TEXT, (), ("artifact", f"lies in .dvc/tmp/, {OF_DVC}")),
    (b"sub/.dvc/cache/x", TEXT, ("sub/",), ("artifact", f"lies in sub/.dvc/cache/, {OF_DVC}")),
    (OBJECT, TEXT, (), ("artifact", f"lies in store/, {OF_DVC}")),
    (OBJECT, TEXT, ("store/",), ("fine", "")),
    (b"a.txt", STANDS_IN, (), ("artifact", "is a stand-in, and its data is in a DVC cache")),
    (b"a.csv", STANDS_IN, ("*.csv",), ("artifact", "is a stand-in, and its data is in a DVC cache")),
]


@pytest.mark.parametrize(("path", "head", "exclude", "expected"), APART)
def test_what_dvc_and_we_keep_is_known_by_its_place_and_text(
    path: bytes, head: bytes, exclude: tuple[str, ...], expected: tuple[str, str]
) -> None:
    guarded = rules("*.csv", exclude=exclude)
    verdict = guarded.decide(path, len(head), head)
    assert (verdict.kind, verdict.reason) == expected
    assert guarded.sieve(path) or head == STANDS_IN


@pytest.mark.parametrize("pattern", ["*.ski", "data/*.ski"])
@pytest.mark.parametrize("end", ["SKI", "\u017fki", "s\u212ai", "sk\u0131", "sk\u0130"])
def test_case_is_no_matter_also_where_one_letter_lies_beyond_ascii(pattern: str, end: str) -> None:
    guarded = rules(pattern)
    for name in (f"data/a.{end}", f"data/a.b.{end}"):
        assert guarded.named(name.encode()) == pattern
        assert guarded.sieve(name.encode())


def test_the_attributes_follow_where_they_are_not_in_step(plain: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(plain.path)
    followed: list[tuple[git.Place, Config]] = []
    monkeypatch.setattr(attributesfile, "follow", lambda *asked: followed.append(asked))
    place = git.place()
    for in_step in (True, False):
        monkeypatch.setattr(configuration, "attributes_in_step", lambda _, said=in_step: said)
        config, _ = patterns_module.load_config(place)
    assert followed == [(place, config)]


def test_what_need_not_be_read_is_said() -> None:
    assert rules(*DEFAULT_PATTERNS).small == 5_000_000
    assert rules(max_size=1).small == 1
    unlimited = rules(*DEFAULT_PATTERNS, sniff=False, max_size=0)
    assert unlimited.small >= 2**62
    assert rules(**OF_PATTERNS).small == 50
    assert rules(max_size=0, max_size_of=(("*.a", 7),)).small == 7


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (412, "412 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (1549, "1.5 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1 MB"),
        (5_000_000, "5 MB"),
        (6_249_999, "6.2 MB"),
        (6_250_000, "6.3 MB"),
        (1_549_900_000, "1.5 GB"),
        (412_000_000, "412 MB"),
        (1_500_000_000, "1.5 GB"),
        (2 * 10**15, "2000 TB"),
    ],
)
def test_a_size_has_its_unit(size: int, text: str) -> None:
    assert size_text(size) == text


# --- against pathspec


def by_pathspec(patterns: tuple[str, ...], path: bytes) -> str | None:
    """Ask pathspec alone, made blind to case by flags in its expressions."""
    compiled = pathspec.GitIgnoreSpec.from_lines(patterns).patterns
    for pattern in compiled:
        if pattern.regex is not None:
            pattern.regex = re.compile(pattern.regex.pattern, re.IGNORECASE)
    result = pathspec.GitIgnoreSpec(compiled, backend="simple").check_file(os.fsdecode(path))
    return patterns[result.index] if result.include and result.index is not None else None


STEP = st.one_of(
    st.sampled_from(
        [
            ".pkl",
            "a.pkl",
            "A.PKL",
            "pkl",
            "a.pkl.py",
            "b.csv",
            "x.tar.gz",
            ".tar.gz",
            "a.",
            "data",
            "Data",
            "a b",
            "#x",
            "!x",
        ]
    ),
    st.sampled_from(
        ["é.pkl", "a.p\u212al", "a.c\u017fv", "a.b\u0131n", "a.b\u0130n", "a.BIN", "\udcff.csv", "\udce2\udc84.pkl"]
    ),
    st.text(st.characters(exclude_characters="/\0\n", exclude_categories=["Cs"]), min_size=1, max_size=6).filter(
        lambda step: step not in (".", "..")
    ),
)
PATHS = st.lists(STEP, min_size=1, max_size=4).map(lambda steps: os.fsencode("/".join(steps)))
EXTENSION = st.one_of(
    st.sampled_from(["pkl", "PKL", "csv", "bin", "tar.gz", "gz", "s", "k", "i", ".", "a-b", "c++", "~"]),
    st.text("kKsSiIabc.0_-", max_size=4),
)
PLAIN = st.lists(EXTENSION.map("*.".__add__), max_size=5).map(tuple)


@pytest.mark.slow
@settings(max_examples=1000, deadline=None)
@given(PLAIN, PATHS)
@example(("*.pkl", "*.csv"), b"a.csv/b.pkl")
@example(("*.csv", "*.pkl"), b"a.csv/b.pkl/c")
def test_the_short_way_for_plain_patterns_gives_pathspecs_answer(patterns: tuple[str, ...], path: bytes) -> None:
    guarded = rules(*patterns)
    assert guarded.named(path) == by_pathspec(patterns, path)
    assert guarded.excluded(path) is False
    assert rules("*", exclude=patterns).excluded(path) == (by_pathspec(patterns, path) is not None)


PIECE = st.sampled_from(
    ["*", "**", "?", "a", "A", "data", "Data", "pkl", ".", "b", "[ab]", "[!a]", "[a-c]", "\\*", "\\a", " ", "é", "k"]
)
GLOB = st.builds(
    lambda anchor, steps, end: anchor + "/".join("".join(step) for step in steps) + end,
    st.sampled_from(["", "", "/", "!"]),
    st.lists(st.lists(PIECE, min_size=1, max_size=3), min_size=1, max_size=3),
    st.sampled_from(["", "", "/", "/**"]),
)
NAME = st.lists(
    st.sampled_from(["a", "A", "b", "data", "DATA", "pkl", ".", "*", " ", "é", "\u212a", "x"]), min_size=1, max_size=3
)
TREE = (
    st.lists(NAME.map("".join), min_size=1, max_size=4)
    .filter(lambda steps: not any(step.strip(".") == "" for step in steps))
    .map(lambda steps: os.fsencode("/".join(steps)))
)


def usable(pattern: str) -> bool:
    try:
        return pathspec.GitIgnoreSpec.from_lines([pattern]).patterns[0].include is not None
    except ValueError:
        return False


@pytest.mark.slow
@settings(max_examples=1000, deadline=None)
@given(st.lists(GLOB.filter(usable), min_size=1, max_size=3).map(tuple), TREE)
def test_the_sieve_lets_everything_through_that_is_named(patterns: tuple[str, ...], path: bytes) -> None:
    guarded = rules(*patterns)
    expected = by_pathspec(patterns, path)
    assert guarded.named(path) == expected
    if expected is not None:
        assert guarded.sieve(path)


def test_the_sieve_keeps_ordinary_names_back() -> None:
    for guarded in (rules(*DEFAULT_PATTERNS), rules("models/**", "*.mod[ea]l", "data/raw/", r"we\ ights-*")):
        assert not any(guarded.sieve(path) for path in (b"src/main.py", b"README.md", b"Makefile", "é.txt".encode()))


@pytest.mark.parametrize(
    ("patterns", "path"),
    [
        (("models/**",), b"odels.txt"),
        (("z*models",), b"z.txt"),
        ((r"we\ights-*",), b"weig.txt"),
        (("maX*",), b"main.py"),
        (("models/", "  "), b"main.py"),
        (("models/", "#"), b"c#.txt"),
        (("models/", "!src"), b"a!src.txt"),
    ],
)
def test_the_sieve_looks_for_all_that_is_certain(patterns: tuple[str, ...], path: bytes) -> None:
    assert not rules(*patterns).sieve(path)


def test_others_are_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    guarded = rules("models/**", "*.x?z")
    assert guarded.named(b"models/a") == "models/**"
    monkeypatch.setattr(ignorespec, "compiled", None)
    assert guarded.named(b"d/a.xyz") == "*.x?z"


def test_plain_patterns_are_never_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ignorespec, "compiled", None)
    assert rules(*DEFAULT_PATTERNS).named(b"d/a.PKL") == "*.pkl"


def test_the_rules_of_a_repository_are_those_of_its_configuration(plain: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(plain.path)
    plain.write(".trinity-guard.toml", b'patterns = ["*.bin"]\npush = "off"\n')
    config, guarded = patterns_module.load_config(git.place())
    assert config.push == "off"
    assert (guarded.named(b"a.bin"), guarded.named(b"a.pkl")) == ("*.bin", None)


# --- against git


def ignored(repo: Repo, patterns: tuple[str, ...], paths: list[bytes]) -> dict[bytes, bool]:
    """Ask `git check-ignore` with these patterns, and nothing on disk."""
    (repo.path / ".gitignore").write_bytes(b"".join(os.fsencode(p) + b"\n" for p in patterns))
    answer = run(
        *("git", "-c", "core.ignorecase=true", "check-ignore", "--no-index", "-v", "-n", "-z", "--stdin"),
        cwd=repo.path,
        data=b"".join(p + b"\0" for p in paths),
        ok=False,
    )
    fields = answer.stdout.split(b"\0")[:-1]
    assert answer.returncode in (0, 1), answer.stderr
    rows = [fields[i : i + 4] for i in range(0, len(fields), 4)]
    return {path: bool(pattern) and not pattern.startswith(b"!") for _, _, pattern, path in rows}


ASCII_NAME = st.text("aAbBxX.-k", min_size=1, max_size=4).filter(lambda step: step.strip(".") != "")
ASCII_TREE = st.lists(ASCII_NAME, min_size=1, max_size=4).map(lambda steps: "/".join(steps).encode())
ASCII_PIECE = st.sampled_from(["*", "?", "a", "A", "b", "X", ".", "-", "[ab]", "[a-c]", "\\a", "k"])
ASCII_STEP = st.one_of(st.lists(ASCII_PIECE, min_size=1, max_size=4).map("".join), st.just("**"))
ASCII_GLOB = st.builds(
    lambda anchor, steps, end: anchor + "/".join(steps) + end,
    st.sampled_from(["", "", "/"]),
    st.lists(ASCII_STEP, min_size=1, max_size=3),
    st.sampled_from(["", "", "/"]),
)


@pytest.fixture
def plain(bare_repo: Repo) -> Repo:
    return bare_repo


@pytest.mark.slow
def test_generated_patterns_mean_what_git_takes_them_for(plain: Repo) -> None:
    @settings(max_examples=150, deadline=None)
    @given(
        st.lists(ASCII_GLOB.filter(usable), min_size=1, max_size=3).map(tuple),
        st.lists(ASCII_TREE, min_size=1, max_size=30),
    )
    def check(patterns: tuple[str, ...], paths: list[bytes]) -> None:
        # The known differences below.
        assume(not any("***" in p or p.endswith("**/") for p in patterns))
        guarded = rules(*patterns)
        expected = ignored(plain, patterns, paths)
        assert {path: guarded.named(path) is not None for path in paths} == expected

    check()


@pytest.mark.parametrize(
    "path",
    [
        "a.pkl",
        "A.PKL",
        "d.pkl/x",
        "é.pkl",
        "a b.csv",
        "-x.h5",
        "*.csv",
        "x.csv.gz",
        "deep/er/x.Parquet",
        ".npy",
        "pkl",
        "new\nline.csv",
    ],
)
def test_the_default_patterns_mean_what_git_takes_them_for(plain: Repo, path: str) -> None:
    name = os.fsencode(path)
    assert ignored(plain, DEFAULT_PATTERNS, [name])[name] == (rules(*DEFAULT_PATTERNS).named(name) is not None)


def test_known_difference_a_file_can_be_taken_out_of_a_folder(plain: Repo) -> None:
    # Git never looks into an ignored folder; pathspec takes the last word on the file itself, which is what is meant.
    patterns = ("data/", "!data/readme.txt")
    assert ignored(plain, patterns, [b"data/readme.txt"]) == {b"data/readme.txt": True}
    assert rules(*patterns).named(b"data/readme.txt") is None
    assert rules(*patterns).named(b"data/x") == "data/"


def test_known_difference_case_beyond_ascii(plain: Repo) -> None:
    # Git folds the case of ASCII alone; a guard rather takes one more.
    path = "DONNÉES/x".encode()
    assert ignored(plain, ("données/",), [path]) == {path: False}
    assert rules("données/").named(path) == "données/"


def test_known_difference_folders_below_a_folder(plain: Repo) -> None:
    # `a/**/` is each folder below a for git, and everything below a for pathspec.
    assert ignored(plain, ("a/**/",), [b"a/x", b"a/b/x"]) == {b"a/x": False, b"a/b/x": True}
    assert [rules("a/**/").named(path) for path in (b"a/x", b"a/b/x")] == ["a/**/"] * 2


def test_known_difference_a_bracket_may_stand_for_a_slash(plain: Repo) -> None:
    assert ignored(plain, ("a[!b]c",), [b"a/c", b"axc"]) == {b"a/c": False, b"axc": True}
    assert [rules("a[!b]c").named(path) for path in (b"a/c", b"axc")] == ["a[!b]c"] * 2


# --- speed


PROGRAM = """
import sys
from trinity_guard.config import Config
from trinity_guard.detect.patterns import Rules
rules = Rules(Config(exclude=("*.small.csv",)))
for path in (b"a.py", b"a.pkl", "\\u00e9.pkl".encode(), b"a.small.csv", b"x.pkl/y", b"\\xff.csv"):
    rules.sieve(path), rules.decide(path, 10**9, b"some text")
other = Rules(Config(patterns=("models/", "*.mod[ea]l"), exclude=("tests/fixtures/",)))
for path in (b"src/a.py", "\\u00e9".encode()):
    other.sieve(path), other.decide(path, 10, b"some text")
print(*sorted({"pathspec", "re", "typing", "pickletools", "bz2", "lzma"} & set(sys.modules)))
"""


def test_ordinary_configurations_need_no_pattern_library() -> None:
    root = Path(__file__).resolve().parents[2]
    out = subprocess.run([sys.executable, "-S", "-c", PROGRAM], cwd=root, capture_output=True, check=True, text=True)
    assert out.stdout.split() == []
