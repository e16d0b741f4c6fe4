"""A configuration is parsed once for each version of its files, and what is remembered is what they say."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_guard import config as configs
from trinity_guard.config import Config
from trinity_guard.detect import configtext, configuration
from trinity_guard.errors import GuardError
from trinity_guard.git import Place


def place(folder: Path) -> Place:
    top = os.fsencode(folder)
    return Place(top, top + b"/.git", top + b"/.git")


def written(folder: Path, text: str, name: str = configs.OWN_FILE) -> Place:
    (folder / name).write_text(text)
    return place(folder)


def fields(config: Config) -> dict[str, object]:
    return {name: getattr(config, name) for name in Config.__slots__}


@pytest.fixture
def parses(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that were parsed."""
    seen: list[str] = []
    real = configtext._document

    def noted(name: str, text: str) -> configtext.Table:
        seen.append(text)
        return real(name, text)

    monkeypatch.setattr(configtext, "_document", noted)
    return seen


FULL = """patterns = ["*.bin", "!x.bin"]
exclude = ["data/"]
folders = ["a/", "!b/"]
max-size = { default = "1 MB", "*.x y" = "0" }
min-size = { "*.csv" = "10 kB" }
sniff = false
facts = true
on-artifact = "block"
on-change = "record"
pickles = "off"
pickle-allow = ["a.*", "b.C"]
push = "off"
sync = "pull"
remote = "ours"
"""


@pytest.mark.parametrize("text", ["", "# a comment\n", FULL, "patterns = []", 'exclude = ["é"]'])
def test_it_is_parsed_once(tmp_path: Path, parses: list[str], text: str) -> None:
    where = written(tmp_path, text)
    first, second = configuration.load(where), configuration.load(where)
    assert len(parses) == 1
    assert fields(first) == fields(second) == fields(configuration.read(where.top))


@pytest.mark.parametrize("name", [configs.OWN_FILE, configs.PYPROJECT])
def test_other_bytes_are_parsed_anew(tmp_path: Path, parses: list[str], name: str) -> None:
    head = "[tool.trinity-guard]\n" if name == configs.PYPROJECT else ""
    configuration.load(written(tmp_path, head + 'push = "off"\n', name))
    config = configuration.load(written(tmp_path, head + 'push = "wait"\n', name))
    assert config.push == "wait"
    assert len(parses) == 2


def test_both_files_count_and_it_is_said_each_time(tmp_path: Path) -> None:
    written(tmp_path, "[tool.trinity-guard]\n", configs.PYPROJECT)
    where = written(tmp_path, "")
    notes = configuration.load(where).notes
    assert notes
    assert configuration.load(where).notes == notes
    (tmp_path / configs.PYPROJECT).unlink()
    assert not configuration.load(where).notes


def test_the_same_bytes_in_the_other_file_are_not_mistaken(tmp_path: Path) -> None:
    text = "[tool.trinity-guard]\npush = 'off'\n"
    where = written(tmp_path, text, configs.PYPROJECT)
    assert configuration.load(where).push == "off"
    (tmp_path / configs.PYPROJECT).rename(tmp_path / configs.OWN_FILE)
    with pytest.raises(GuardError, match="tool"):
        configuration.load(where)


def test_what_is_wrong_is_said_each_time_and_remembered_never(tmp_path: Path) -> None:
    where = written(tmp_path, "push = 1")
    for _ in range(2):
        with pytest.raises(GuardError, match="push"):
            configuration.load(where)
    assert not (tmp_path / ".git/trinity-guard/config").exists()


@pytest.mark.parametrize("damage", [b"", b"\0", b"1\0own\0", b"\xc4\xff\0\x1a" * 12, b"1\0" * configuration.FIELDS])
def test_a_damaged_record_says_nothing(tmp_path: Path, damage: bytes) -> None:
    where = written(tmp_path, 'push = "off"\n')
    configuration.load(where)
    (tmp_path / ".git/trinity-guard/config").write_bytes(damage)
    assert configuration.load(where).push == "off"


def test_a_git_dir_that_cannot_be_written_is_no_harm(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("a file, where the folder should be")
    assert configuration.load(written(tmp_path, 'push = "off"\n')).push == "off"


texts = st.text(st.characters(exclude_characters="\n\0", exclude_categories=["Cs"]), min_size=1, max_size=8)


@given(
    patterns=st.lists(texts).map(tuple), exclude=st.lists(texts).map(tuple), max_size=st.integers(0, 10**15),
    sniff=st.booleans(), remote=st.none() | texts, notes=st.lists(texts).map(tuple),
    sizes=st.dictionaries(texts, st.integers(0, 10**15)),
)  # fmt: skip
def test_what_is_remembered_is_what_was_parsed(
    patterns: tuple[str, ...], exclude: tuple[str, ...], max_size: int, sniff: bool, remote: str | None,
    notes: tuple[str, ...], sizes: dict[str, int],
) -> None:  # fmt: skip
    config = Config(
        patterns=patterns, exclude=exclude, max_size=max_size, max_size_of=tuple(sizes.items()), min_size=max_size // 3,
        min_size_of=tuple(reversed(sizes.items())), folders=exclude[::-1], sniff=sniff, remote=remote, source="x",
        notes=notes,
    )  # fmt: skip
    assert fields(configuration._decoded(tuple(configuration._encoded(config)))) == fields(config)
