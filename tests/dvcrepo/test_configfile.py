"""DVC's config files are read as DVC reads them: where they are, in which order, and what each line says."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest
from configobj import ConfigObj, ConfigObjError
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.helpers.support import Repo
from trinity_guard.dvcrepo import configfile
from trinity_guard.dvcrepo.project import load
from trinity_guard.errors import UNUSABLE, GuardError


def test_the_levels_shadow_each_other_in_dvc_s_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DVC_SYSTEM_CONFIG_DIR", "/s")
    monkeypatch.setenv("DVC_GLOBAL_CONFIG_DIR", "/g")
    assert configfile.levels(b"/p/.dvc") == [
        ("system", b"/s/config"),
        ("global", b"/g/config"),
        ("repo", b"/p/.dvc/config"),
        ("local", b"/p/.dvc/config.local"),
    ]


def test_without_variables_the_config_folders_are_those_of_platformdirs(monkeypatch: pytest.MonkeyPatch) -> None:
    from platformdirs.macos import MacOS
    from platformdirs.unix import Unix

    monkeypatch.delenv("DVC_SYSTEM_CONFIG_DIR")
    monkeypatch.delenv("DVC_GLOBAL_CONFIG_DIR")
    cases: list[dict[str, str]] = [
        {},
        {"XDG_CONFIG_HOME": "/x/home", "XDG_CONFIG_DIRS": "/x/a:/x/b"},
        {"XDG_CONFIG_HOME": "relative", "XDG_CONFIG_DIRS": "relative:/x/b"},
        {"XDG_CONFIG_HOME": "", "XDG_CONFIG_DIRS": ""},
    ]
    prefixes = ["/usr", "/opt/homebrew/opt/python@3.13/Frameworks/Python.framework/Versions/3.13"]
    for variables in cases:
        monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
        monkeypatch.delenv("XDG_CONFIG_DIRS", raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        for prefix in prefixes:
            monkeypatch.setattr(sys, "base_prefix", prefix)
            for platform, kind in (("linux", Unix), ("darwin", MacOS)):
                theirs = kind("dvc", "iterative")
                assert os.fsdecode(configfile._system_dir(platform)) == theirs.site_config_dir
                assert os.fsdecode(configfile._global_dir(platform)) == theirs.user_config_dir


def test_what_dvc_writes_itself_is_read_the_plain_way(tmp_path: Path) -> None:
    repo = Repo.make(tmp_path / "r", guarded=False)
    repo.dvc("init", "-q")
    repo.dvc("remote", "add", "-q", "-d", "My-Store", "../a store")
    repo.dvc("config", "-q", "cache.type", "reflink,hardlink,copy")
    repo.dvc("remote", "modify", "-q", "My-Store", "jobs", "4")
    data = repo.file(".dvc/config").read_bytes()
    assert configfile.plain(data) is not None
    found = load(os.fsencode(repo.path))
    assert found.remotes["my-store"].local == os.fsencode(tmp_path / "a store")
    assert found.default_remote == "my-store"
    assert found.cache_types == ["reflink", "hardlink", "copy"]


# --- the ordinary lines against configobj


def by_configobj(text: str) -> dict[str, Any] | None:
    from configobj import ConfigObj, ConfigObjError

    try:
        tree = ConfigObj(text.splitlines(True)).dict()
    except ConfigObjError:
        return None
    if any(not isinstance(v, dict) for v in tree.values()):
        return None
    return {configfile.named(n): {k.lower(): v for k, v in s.items()} for n, s in tree.items()}


CONFIG_LINES = """[core]|[cache]|['remote "a"']|[remote "b"]|[ x ]|[[y]]|[Core]|# c|  # d|remote = a|dir = ../x y
    url=/a|url = s3://b/c|dir = 'a b'|dir = "a,b"|type = a,b|type = a, b ,c|type = a,|type = ,|x =|x = a#b|x = a # b
    x = 'a|x = a'b|x = "a"b"|x = %(y)s|x = a%b|a b = c|'k' = v|=v|x|x == y|x = [a]|x = \'\'\'a\'\'\'|x = ""|[z] # c|[#]
    [']|["q"]|['q']|Remote = B|x = 'a' # c| tab	=	v |x = a\\b|x = $y|x = a;b|['']|[' ']|[a]b]|;c|x = "'"|[a"b]
    x = 'a','b'|x = a = b|x = True|['remote "Z"']|[remote"q"]|[ remote "w" ]|[remote]"""
SOME_LINE = st.sampled_from(CONFIG_LINES.replace("\n    ", "|").split("|")) | st.text(
    st.sampled_from("[]'\"#=,% \tabR."), max_size=12
)


@pytest.mark.slow
@given(st.lists(SOME_LINE, max_size=7), st.booleans())
@example(["[core]", "remote = a", '[remote "b"]', "url = x", "['remote \"B\"']", "url = y"], True)
@settings(max_examples=1500, deadline=None)
def test_the_plain_reader_takes_nothing_that_configobj_reads_otherwise(lines: list[str], newline: bool) -> None:
    text = "\n".join(lines) + "\n" * newline
    quick = configfile.plain(text.encode())
    if quick is not None:
        assert quick == by_configobj(text)


# --- one file


def test_paths_are_meant_from_the_folder_of_the_file_and_only_where_an_option_is_one(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "config"
    file.parent.mkdir()
    file.write_text(
        "[cache]\ndir = ../c\ntype = a,b\n['remote \"r\"']\nURL = x\nkeyfile = ~/key\nuser = ../me\n"
        "['machine \"m\"']\nurl = x\n[core]\ndir = x\n"
    )
    assert configfile.read(os.fsencode(file)) == {
        "cache": {"dir": str(tmp_path / "c"), "type": ["a", "b"]},
        'remote "r"': {"url": str(file.parent / "x"), "keyfile": f"{os.environ['HOME']}/key", "user": "../me"},
        'machine "m"': {"url": "x"},
        "core": {"dir": "x"},
    }


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("x", "/p/x"),
        ("./a/../b", "/p/b"),
        ("../é", "/é"),
        ("/abs/../x", "/abs/../x"),
        ("s3://b/../x", "s3://b/../x"),
        ("my_own://x", "my_own://x"),
        ("a b://x", "/p/a b:/x"),
        ("://x", "/p/:/x"),
        ("~nobody-of-this-name/x", "/p/~nobody-of-this-name/x"),
    ],
)
def test_a_relative_path_is_resolved_and_an_address_is_not(path: str, meant: str) -> None:
    assert configfile.resolved(b"/p", path) == meant


def test_a_file_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    assert configfile.read(os.fsencode(tmp_path / "none")) == {}


def test_a_file_that_is_too_large_or_no_file_is_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_bytes(b"#" * configfile.MAX_BYTES)
    assert configfile.read(os.fsencode(file)) == {}
    file.write_bytes(b"#" * (configfile.MAX_BYTES + 1))
    large = "cannot be read: it is larger than 1,048,576 bytes"
    for broken, why in ((file, large), (tmp_path, "cannot be read: it is a folder")):
        with pytest.raises(GuardError) as caught:
            configfile.read(os.fsencode(broken))
        assert caught.value.problem == f"the DVC config {broken} {why}."
        assert caught.value.remedy == f"correct {broken}; `dvc config --list` checks it"
        assert caught.value.exit_code == UNUSABLE


LINES = b"""# url = no
[core]
    remote = a
['remote "A"']
    URL = x
    'user' = me
[remote]
  [[b]]
    url = y
[twice]
  x = 1
  x = 2
"""


@pytest.mark.parametrize(
    ("section", "option", "line"),
    [
        ("core", "remote", 3),
        ('remote "a"', "url", 5),
        ('remote "a"', "user", 6),
        ('remote "b"', "url", 9),
        ("core", "url", 0),
        ("none", "url", 0),
        ("twice", "x", 0),
    ],
)
def test_the_line_of_an_option_is_told_where_it_is_certain(section: str, option: str, line: int) -> None:
    assert configfile.line_of(LINES, section, option) == line
    assert configfile.line_of(LINES.replace(b"\n", b"\r\n"), section, option) == line


def test_the_line_that_opens_a_section_is_told() -> None:
    assert [configfile.header_of(LINES, name) for name in ("core", 'remote "a"', 'remote "b"', "none")] == [2, 4, 8, 0]


@pytest.mark.parametrize(
    ("section", "name"),
    [
        ("Core", "core"),
        ('REMOTE "A b"', 'remote "a b"'),
        ('remote"a"', 'remote "a"'),
        (' machine  "m" ', 'machine "m"'),
        ('other "x"', 'other "x"'),
        ('remote "x', 'remote "x'),
    ],
)
def test_a_section_has_one_name_in_all_its_spellings(section: str, name: str) -> None:
    assert configfile.named(section) == name


@pytest.mark.parametrize(
    "line",
    [b"b = " + b"'a'," * 60 + b'"', b"b = " + b"a, " * 60 + b"'", b"[" * 5000, b"b = 'c'" + b"x" * 3000, b"b" * 70_000],
)
def test_a_line_over_which_dvc_itself_would_sit_for_hours_is_refused(line: bytes) -> None:
    with pytest.raises(GuardError, match=r"is broken in line 2|more than 65,536 bytes"):
        configfile.parse(b"[core]\n" + line + b"\n", b".dvc/config")


@pytest.mark.parametrize(
    "line",
    ["a, 'b,c' , \"d'\" # e 'f", "'#', x", "a,", ",", '"é#"', '""', "'a'b", "'a", "a,'b", '"' * 3 + "a,'\nb" + '"' * 3],
)
def test_what_configobj_reads_of_such_lines_is_read(line: str) -> None:
    text = f"[core]\nx = {line}\n"
    try:
        expected = dict(ConfigObj(text.splitlines(True))["core"])
    except ConfigObjError:
        with pytest.raises(GuardError, match="is broken in line 2"):
            configfile.parse(text.encode(), b".dvc/config")
        return
    assert configfile.parse(text.encode(), b".dvc/config")["core"] == expected
