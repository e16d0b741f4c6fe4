"""The attributes file: Git itself says which paths it takes, and whose word counts."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.support import Repo
from trinity_guard import git
from trinity_guard.config import Config
from trinity_guard.detect import attributesfile, configuration
from trinity_guard.detect.patterns import Rules

NAMES = (
    "a.csv", "A.CSV", "d/a.csv", "a.csv/part-0", "d/a.csv/e/f", "a.txt", "data/x", "d/data/x", "models/big/x.bin",
    "odd name.dat", 'quo"te.dat', "b.pkl", "keep/b.pkl", "x.TSV", "#c.csv", "dada.csvx",
    "b.x", "d/b.x/y", "k.a.gz/z", "dot./y",
)  # fmt: skip

TABLES = {"a.csv", "d/a.csv", "a.csv/part-0", "d/a.csv/e/f"}


@pytest.fixture
def place(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> git.Place:
    monkeypatch.chdir(bare_repo.path)
    return git.place()


def filtered(place: git.Place, names: tuple[str, ...] = NAMES) -> set[str]:
    """Return the paths that Git would ask our driver about."""
    file = configuration.attributes(place)
    data = b"".join(os.fsencode(n) + b"\0" for n in names)
    options = ("-c", b"core.attributesFile=" + file, "check-attr", "-z", "--stdin", "filter")
    out = git.run(*options, data=data, at=place.top)
    fields = out.split(b"\0")[:-1]
    return {os.fsdecode(p) for p, v in zip(fields[::3], fields[2::3], strict=True) if v == b"trinity-guard"}


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (Config(), {*TABLES, "A.CSV", "b.pkl", "keep/b.pkl", "x.TSV", "#c.csv"}),
        (Config(patterns=("data/",)), {"data/x", "d/data/x"}),
        (Config(patterns=("/data/",)), {"data/x"}),
        (Config(patterns=("models/**",)), {"models/big/x.bin"}),
        (Config(patterns=("/models/big",)), {"models/big/x.bin"}),
        (Config(patterns=("odd name.dat", 'quo"te.dat')), {"odd name.dat", 'quo"te.dat'}),
        (Config(patterns=("[ab].csv",)), TABLES),
        (Config(patterns=("\\#c.csv",)), {"#c.csv"}),
        (Config(patterns=("*.csv", "!a.csv")), {"#c.csv"}),
        (Config(patterns=("*.csv", "!a.csv", "*.x")), {"#c.csv", "b.x", "d/b.x/y"}),
        (Config(patterns=("*.pkl",), exclude=("keep/",)), {"b.pkl"}),
        (Config(patterns=("*.pkl",), exclude=("*.pkl", "!keep/b.pkl")), {"keep/b.pkl"}),
        (Config(patterns=("*.pkl",), folders=("data/",)), {"b.pkl", "keep/b.pkl", "data/x", "d/data/x"}),
        (Config(patterns=("*.pkl",), folders=("/models",)), {"b.pkl", "keep/b.pkl", "models/big/x.bin"}),
        (Config(patterns=("*.pkl",), folders=("!data/",)), {"b.pkl", "keep/b.pkl"}),
        (Config(patterns=("*.pkl",), folders=("data/",), exclude=("/data/",)), {"b.pkl", "keep/b.pkl", "d/data/x"}),
        (Config(on_artifact="block"), set()),
    ],
)  # fmt: skip
def test_git_takes_what_the_patterns_mean(place: git.Place, config: Config, expected: set[str]) -> None:
    attributesfile.set_up(place, config, b"")
    assert filtered(place) == expected


def test_a_source_tree_costs_few_lines() -> None:
    """Git holds each path against each line."""
    said = attributesfile.lines(Config())
    assert len(said) <= 10
    assert not any(name in b"".join(said) for name in (b"*.py ", b"*.md "))


@pytest.mark.parametrize("suffix", [pattern[2:] for pattern in Config().patterns])
def test_an_artifact_s_name_counts_in_letters_of_any_case(place: git.Place, suffix: str) -> None:
    attributesfile.set_up(place, Config(), b"")
    first, last = suffix.capitalize(), suffix[:-1] + suffix[-1].upper()
    mixed = "".join(c.upper() if i % 2 else c for i, c in enumerate(suffix))
    names = tuple(f"{d}M.{s}" for d in ("", "d/", "M.{s}/") for s in (suffix, suffix.upper(), first, last, mixed))
    assert filtered(place, names) == set(names)


SOURCES = (
    "m.py",
    "a.c",
    "README.TXT",
    "b.d/x.py",
    "v1.2/x.md",
    ".github/w.yml",
    "x.egg-info/PKG",
    "conf.d/a",
    "x.tpl",
    "x.csh",
    "x.feature",
)


def test_files_and_folders_of_sources_are_not_asked_about(place: git.Place) -> None:
    attributesfile.set_up(place, Config(), b"")
    assert filtered(place, SOURCES) == set()


@settings(max_examples=15)
@given(
    st.lists(
        st.sampled_from(
            ["*.csv", "*.x", "*.a.gz", "*.", "data/", "/a*", "d/**", "**/x.bin", "!*.tsv", "mo*els/", "*name*"]
        ),
        min_size=1,
    ),
)
def test_a_path_that_the_rules_name_is_never_missed(
    tmp_path_factory: pytest.TempPathFactory, patterns: list[str]
) -> None:
    top = os.fsencode(tmp_path_factory.mktemp("sieve"))
    git.run("init", "-q", top)
    place = git.Place(top, top + b"/.git", top + b"/.git")
    config = Config(patterns=tuple(p for p in patterns if not p.startswith("!")))
    attributesfile.set_up(place, config, b"")
    named = {n for n in NAMES if Rules(config).named(os.fsencode(n))}
    assert named <= filtered(place)


@pytest.fixture
def theirs(place: git.Place, bare_repo: Repo) -> Callable[[bytes], bytes]:
    def write(data: bytes) -> bytes:
        path = bare_repo.path.parent / "my attributes"
        path.write_bytes(data)
        return os.fsencode(path)

    return write


def test_the_users_own_lines_have_the_last_word(place: git.Place, theirs: Callable[[bytes], bytes]) -> None:
    attributesfile.set_up(place, Config(), theirs(b"*.pkl -filter\n*.txt diff=words\n"))
    assert "b.pkl" not in filtered(place)
    assert "a.csv" in filtered(place)
    assert attributesfile.theirs_of(place) == theirs(b"")


def test_it_follows_the_configuration_and_the_users_file(place: git.Place, theirs: Callable[[bytes], bytes]) -> None:
    own = theirs(b"")
    attributesfile.set_up(place, Config(), own)
    assert configuration.attributes_in_step(place)
    Path(os.fsdecode(place.file(b".trinity-guard.toml"))).write_bytes(b'patterns = ["*.txt"]\n')
    assert not configuration.attributes_in_step(place)
    attributesfile.follow(place, Config(patterns=("*.txt",)))
    assert configuration.attributes_in_step(place)
    assert filtered(place) == {"a.txt"}
    theirs(b"a.txt -filter\n")
    assert not configuration.attributes_in_step(place)
    attributesfile.follow(place, Config(patterns=("*.txt",)))
    assert filtered(place) == set()


def test_a_file_that_the_user_names_later_counts_from_the_next_hook_on(
    place: git.Place, theirs: Callable[[bytes], bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "gitconfig"
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    attributesfile.set_up(place, Config(), attributesfile.usual(place))
    assert configuration.attributes_in_step(place)
    file = theirs(b"*.pkl -filter\n")
    git.run("config", "--global", "core.attributesFile", file)
    assert not configuration.attributes_in_step(place)
    attributesfile.follow(place, Config())
    assert configuration.attributes_in_step(place)
    assert attributesfile.theirs_of(place) == file
    assert "a.csv" in filtered(place)
    assert "b.pkl" not in filtered(place)


def test_a_file_that_the_repository_named_stays_taken_in(
    place: git.Place, theirs: Callable[[bytes], bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    attributesfile.set_up(place, Config(), theirs(b"*.pkl -filter\n"))
    git.run("config", "--global", "core.attributesFile", "~/another")
    attributesfile.follow(place, Config())
    assert attributesfile.theirs_of(place) == theirs(b"")


def test_nothing_is_written_where_the_driver_is_not_set_up(place: git.Place) -> None:
    attributesfile.follow(place, Config())
    assert configuration.attributes_in_step(place)
    assert attributesfile.theirs_of(place) is None
