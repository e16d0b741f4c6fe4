"""The configuration file: every key, and every mistake named with its file, key and line."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_guard.config import DEFAULT_PATTERNS, Config
from trinity_guard.detect.configtext import parse_size
from trinity_guard.detect.configuration import read
from trinity_guard.errors import GuardError, shown

OWN = ".trinity-guard.toml"
PYPROJECT = "pyproject.toml"
PROJECT = Path(__file__).resolve().parents[2]


def loaded(folder: Path, own: str | bytes | None = None, pyproject: str | bytes | None = None) -> Config:
    for name, text in ((OWN, own), (PYPROJECT, pyproject)):
        if text is not None:
            (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
    return read(os.fsencode(folder))


def refused(folder: Path, own: str | bytes | None = None, pyproject: str | bytes | None = None) -> GuardError:
    with pytest.raises(GuardError) as raised:
        loaded(folder, own, pyproject)
    assert raised.value.exit_code == 2
    assert raised.value.remedy
    return raised.value


def values(config: Config) -> dict[str, Any]:
    return {name: getattr(config, name) for name in Config.__slots__}


DEFAULTS = {
    "patterns": DEFAULT_PATTERNS,
    "exclude": (),
    "folders": (),
    "max_size": 5_000_000,
    "max_size_of": (),
    "min_size": 0,
    "min_size_of": (),
    "sniff": True,
    "facts": False,
    "on_artifact": "convert",
    "on_change": "auto",
    "push": "wait",
    "sync": "checkout",
    "pickles": "warn",
    "pickle_allow": (),
    "remote": None,
    "source": "",
    "notes": (),
}
EVERY_KEY = """
patterns = ["*.bin", "/data/", "!data/README*"]
exclude = ["tests/**"]
folders = ["*.parquet/", "!x.parquet/"]
max-size = "1.5 GiB"
sniff = false
facts = true
on-artifact = "block"
on-change = "refuse"
push = "background"
sync = "pull"
min-size = { "*.csv" = "10 kB", default = "1 kB", "/data/" = "0" }
pickles = "refuse"
pickle-allow = ["mine.*", "mine.models.Net"]
remote = "storage"
"""
EVERY_VALUE = {
    "patterns": ("*.bin", "/data/", "!data/README*"),
    "exclude": ("tests/**",),
    "folders": ("*.parquet/", "!x.parquet/"),
    "max_size": 3 * 2**29,
    "max_size_of": (),
    "min_size": 1000,
    "min_size_of": (("*.csv", 10_000), ("/data/", 0)),
    "sniff": False,
    "facts": True,
    "on_artifact": "block",
    "on_change": "refuse",
    "push": "background",
    "sync": "pull",
    "pickles": "refuse",
    "pickle_allow": ("mine.*", "mine.models.Net"),
    "remote": "storage",
    "notes": (),
}


def test_without_a_file_there_are_the_contracts_defaults(tmp_path: Path) -> None:
    assert values(loaded(tmp_path)) == DEFAULTS
    assert " ".join(DEFAULT_PATTERNS) == (
        "*.pkl *.pickle *.joblib *.csv *.tsv *.h5 *.hdf5 *.keras *.parquet *.feather "
        "*.npy *.npz *.pt *.pth *.ckpt *.onnx *.safetensors"
    )


@pytest.mark.parametrize(
    "text",
    [EVERY_KEY, EVERY_KEY.replace("\n", "\r\n"), "\ufeff" + EVERY_KEY, EVERY_KEY.replace("max-size", '"max-size"')],
)
def test_every_key_is_read_from_the_own_file(tmp_path: Path, text: str) -> None:
    assert values(loaded(tmp_path, text)) == {**EVERY_VALUE, "source": OWN}


INLINE = ", ".join(EVERY_KEY.strip().splitlines())


@pytest.mark.parametrize(
    "text",
    [
        f"[project]\nname = 'x'\n[tool.trinity-guard]{EVERY_KEY}[tool.other]\nx = 1\n",
        f"[ tool . 'trinity-guard' ]{EVERY_KEY}",
        f'["tool"."trinity-guard"]{EVERY_KEY}',
        f"[tool]\ntrinity-guard = {{ {INLINE} }}\n",
        f"tool.trinity-guard = {{ {INLINE} }}\n",
        f"tool = {{ trinity-guard = {{ {INLINE} }} }}\n",
        "".join(f"tool.trinity-guard.{line}\n" for line in EVERY_KEY.strip().splitlines()),
        "[tool]\n" + "".join(f"trinity-guard . {line}\n" for line in EVERY_KEY.strip().splitlines()),
    ],
)
def test_every_key_is_read_from_pyproject_however_the_table_is_written(tmp_path: Path, text: str) -> None:
    assert values(loaded(tmp_path, None, text)) == {**EVERY_VALUE, "source": PYPROJECT}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[project]\nname = 'trinity-guard'\n",
        "[project]\ndependencies = ['trinity-guard>=1', \"trinity-guard\"]\n[tool.ruff]\nline-length = 120\n",
        "[project.scripts]\ntrinity-guard = 'x:y'\n",
        "[other.trinity-guard]\npush = 'nonsense'\n",
        "broken = = toml but none of ours\n",
    ],
)
def test_a_pyproject_without_the_table_gives_the_defaults(tmp_path: Path, text: str) -> None:
    assert values(loaded(tmp_path, None, text)) == DEFAULTS


def test_the_own_file_wins_and_having_both_is_said(tmp_path: Path) -> None:
    table = "[tool.trinity-guard]\npush = 'off'\n"
    config = loaded(tmp_path, "sync = 'off'\n", table)
    assert (config.push, config.sync, config.source) == ("wait", "off", OWN)
    assert config.notes == (f"both {OWN} and {PYPROJECT} hold a configuration; {OWN} wins.",)
    config = loaded(tmp_path, "# push = 'off'\n", table)
    assert (config.push, config.source, len(config.notes)) == ("wait", OWN, 1)
    assert loaded(tmp_path, "sync = 'off'\n", "[project]\nname = 'trinity-guard'\n").notes == ()
    assert loaded(tmp_path, "sync = 'off'\n", table + "= broken\n").push == "wait"


@pytest.mark.parametrize("text", ["", "\n", "# patterns = ['*.x']\n\n \t# push = 'off'\r\n#", "\ufeff# x\n"])
def test_a_file_of_comments_is_the_defaults(tmp_path: Path, text: str) -> None:
    assert values(loaded(tmp_path, text)) == {**DEFAULTS, "source": OWN}


KEYS = (
    "patterns, exclude, max-size, sniff, on-artifact, push, sync, on-change, min-size, folders, facts, pickles, "
    "pickle-allow, remote"
)


@pytest.mark.parametrize(
    ("text", "place", "remedy"),
    [
        ("\n\nmaxsize = '5 MB'\n", "3: maxsize is not a key", "did you mean max-size?"),
        ("max_size = '5 MB'\n", "1: max_size is not a key", "did you mean max-size?"),
        ("sniff = true\nPatterns = []\n", "2: Patterns is not a key", "did you mean patterns?"),
        ("pusch = 'off'\n", "1: pusch is not a key", "did you mean push?"),
        ("excludes = []\n", "1: excludes is not a key", "did you mean exclude?"),
        ("on_artefact = 'block'\n", "1: on_artefact is not a key", "did you mean on-artifact?"),
        ("colour = 'red'\n", "1: colour is not a key", f"the keys are {KEYS}"),
        ("# [x]\n[tool.trinity-guard]\npush = 'off'\n", "2: tool is not a key", "stand at the top, below no table"),
        ("[trinity-guard]\npush = 'off'\n", "1: trinity-guard is not a key", "stand at the top, below no table"),
        ("push.x = 1\n", "1: push is a table, not a text", 'push = "wait"'),
        ("# max-size = 3\nmax-size = 3\n", "2: max-size is a number, not a text", 'max-size = "5 MB"'),
        ("max-size = 1.5\n", "1: max-size is a number", 'max-size = "5 MB"'),
        ("max-size = 1979-05-27\n", "1: max-size is a date", 'max-size = "5 MB"'),
        ("max-size = '5 MiBs'\n", "1: max-size: '5 MiBs' is not a size", "1.5 GiB"),
        ("max-size = '-1'\n", "1: max-size: '-1' is not a size", '"0" is off'),
        ("sniff = true\nmin-size = 10\n", "2: min-size is a number, not a text", 'min-size = "10 kB"'),
        ("min-size = 'x'\n", "1: min-size: 'x' is not a size", '"0" is off'),
        ("[min-size]\ndefault = 'x'\n", "2: min-size at \"default\": 'x' is not a size", '"0" is off'),
        ("[min-size]\n'*.a' = '0'\n'*.b' = 1\n", '3: min-size at "*.b" is a number', 'min-size = "10 kB"'),
        ("max-size = {'[' = '1 kB'}\n", '1: max-size holds "[", which is no gitignore', "git help ignore"),
        ("max-size = {'!a' = '1 kB'}\n", '1: max-size holds "!a"; nothing is taken back', "the last that matches"),
        ("sniff = 'yes'\n", "1: sniff is a text, not true or false", "sniff = true"),
        ("sniff = 1\n", "1: sniff is a number", "sniff = true"),
        (
            "\non-artifact = 'foo'\n",
            '2: on-artifact cannot be "foo"',
            'on-artifact = "convert" or on-artifact = "block"',
        ),
        ("push = 'no'\n", '1: push cannot be "no"', 'push = "wait" or push = "background" or push = "off"'),
        ("push = false\n", "1: push is false, not a text", 'push = "wait"'),
        ("sync = ['off']\n", "1: sync is a list, not a text", 'sync = "checkout"'),
        ("sync = ''\n", '1: sync cannot be ""', 'sync = "pull"'),
        ("on-change = 'never'\n", '1: on-change cannot be "never"', 'or on-change = "refuse"'),
        ("pickles = 'never'\n", '1: pickles cannot be "never"', 'or pickles = "refuse"'),
        ("pickle-allow = 'mine'\n", "1: pickle-allow is not a list", "pickle-allow = ["),
        ("pickle-allow = ['*']\n", "1: pickle-allow holds", "pickle-allow = ["),
        ("pickle-allow = ['os']\n", "1: pickle-allow holds", "pickle-allow = ["),
        ("remote = ' '\n", "1: remote is empty", "dvc remote list"),
        ("remote = {}\n", "1: remote is a table", 'remote = "storage"'),
        ("patterns = '*.pkl'\n", "1: patterns is a text, not a list of texts", 'patterns = ["*.pkl"'),
        ("folders = 'data/'\n", "1: folders is a text, not a list of texts", 'folders = ["*.parquet/"'),
        ("exclude = 5\n", "1: exclude is a number", 'exclude = ["*.pkl"'),
        ("patterns = ['a', 5]\n", "1: patterns holds a number", 'patterns = ["*.pkl"'),
        (
            "patterns = [\n  'a',\n  '*.[ab',\n]\n",
            '3: patterns holds "*.[ab", which is no gitignore',
            "git help ignore",
        ),
        ("exclude = ['a\\']\n", '1: exclude holds "a\\", which is no gitignore', "git help ignore"),
        ("patterns = ['/']\n", '1: patterns holds "/"', "git help ignore"),
        ("patterns = ['!']\n", '1: patterns holds "!"', "git help ignore"),
        ("patterns = [\n  '*.pkl',\n  '[z-a].pkl',\n]\n", '3: patterns holds "[z-a].pkl"', "git help ignore"),
        ("exclude = ['[z-a]']\n", '1: exclude holds "[z-a]"', "git help ignore"),
        ("patterns = ['']\n", '1: patterns holds ""', "take it out"),
        ("patterns = ['*.a', ' ']\n", '1: patterns holds " "', "take it out"),
        ("sniff = true\nexclude = ['#x']\n", '2: exclude holds "#x"', "take it out"),
        ('patterns = ["*.a\\n*.b"]\n', '1: patterns holds "*.a\\n*.b"', "git help ignore"),
        ("sniff = true\nsniff = false\n", "2: not valid TOML", "mend that line"),
        ("sniff = true\n\npush = \n", "3: not valid TOML: invalid value", "mend that line"),
        ("sniff = true\npatterns = [\n'a'\n", "3: not valid TOML", "mend that line"),
        ("a = " + "9" * 5000, "1: not valid TOML", "mend that line"),
        ("sniff = true\n<<<<<<< HEAD\npush = 'off'\n=======\n", "2: a conflict marker", "resolve the conflict"),
        ("# all\n# comments\n>>>>>>> theirs\n", "3: a conflict marker", "resolve the conflict"),
        ("sniff = true\npush = 'off'\n||||||| base\n", "3: a conflict marker", "resolve the conflict"),
        (b"sniff = true\n# caf\xe9\n", "2: not UTF-8", "UTF-8"),
    ],
)
def test_a_mistake_is_named_with_file_key_and_line(tmp_path: Path, text: str | bytes, place: str, remedy: str) -> None:
    error = refused(tmp_path, text)
    assert error.problem.startswith(f"{OWN}:{place}")
    assert remedy in error.remedy


BEFORE = """\
[project]
name = "x"
description = '''
[tool.trinity-guard]
push = "nothing"
'''
[tool.other]
push = 3
"""


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (BEFORE + "[tool.trinity-guard]\n# push = 1\nsync = 'off'\npush = 'x'\n", 12),
        (BEFORE + "[tool.trinity-guard]\nexclude = ['push = 3']\n\"push\" = 'x'\n", 11),
        (BEFORE + "[tool.trinity-guard]\nremote = 'push'\npush='''x\ny'''\n", 11),
        (BEFORE + "[tool]\ntrinity-guard = {sync = 'off', push = 'x'}\n", 10),
        ("tool.trinity-guard.push = 'x'\n" + BEFORE, 1),
        ("[tool.trinity-guard]\npush = 'x'\n" + BEFORE, 2),
    ],
)
def test_the_line_is_the_one_that_sets_the_key_in_our_table(tmp_path: Path, text: str, line: int) -> None:
    assert refused(tmp_path, None, text).problem.startswith(f"{PYPROJECT}:{line}: push cannot be")


@pytest.mark.parametrize(
    "text", ["tool.trinity-guard = 3\n", "[tool]\ntrinity-guard = []\n", "[[tool.trinity-guard]]\npush = 'off'\n"]
)
def test_a_table_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    assert refused(tmp_path, None, text).problem == f"{PYPROJECT}: tool.trinity-guard is not a table."


def test_a_broken_pyproject_with_our_table_blocks(tmp_path: Path) -> None:
    error = refused(tmp_path, None, "[tool.trinity-guard]\npush = 'off'\n[project\n")
    assert error.problem.startswith(f"{PYPROJECT}:3: not valid TOML")


def test_a_line_in_a_very_long_file_is_found_in_time(tmp_path: Path) -> None:
    rows = "".join(f"  'push {n}',\n" for n in range(5000))
    error = refused(tmp_path, f"patterns = [\n{rows}]\npush = 3\n")
    assert error.problem.startswith(f"{OWN}:5003: push")


@pytest.mark.parametrize("name", [OWN, PYPROJECT])
def test_what_is_no_readable_file_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    (tmp_path / "shared.toml").write_text("push = 'off'\n")
    path.mkdir()
    assert refused(tmp_path).problem == f"{name}: cannot be read: it is a folder."
    path.rmdir()
    os.mkfifo(path)
    assert refused(tmp_path).problem == f"{name}: cannot be read: it is no regular file."
    path.unlink()
    for target in ("nowhere", name, "/dev/zero", "shared.toml"):
        path.symlink_to(target)
        assert refused(tmp_path).problem == f"{name}: cannot be read: it is a symbolic link."
        path.unlink()
    path.write_text("# x\n" * 300_000)
    assert refused(tmp_path).problem == f"{name}: cannot be read: it is larger than 1,000,000 bytes."


def test_an_unreadable_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / OWN).write_text("push = 'off'\n")
    (tmp_path / OWN).chmod(0)
    me = os.geteuid()
    if me == 0:
        os.seteuid(65534)  # root reads everything
    try:
        error = refused(tmp_path)
    finally:
        os.seteuid(me)
    assert error.problem == f"{OWN}: cannot be read: permission denied."


@pytest.mark.parametrize(
    "text",
    [
        "a" + ".a" * 40_000 + " = 1\n",
        "x = 1\n[a" + ' . "a"' * 16 + "]\n",
        "x = {a" + ".'a'" * 40_000 + " = 1}\n",
        "[[a" + ".a" * 400_000 + "]]\n",
    ],
    ids=["a key", "a table", "an inline table", "an array of tables"],
)
def test_a_key_of_parts_without_end_is_refused_at_once(tmp_path: Path, text: str) -> None:
    start = time.process_time()
    assert "a key of more than 16 parts" in refused(tmp_path, text).problem
    assert time.process_time() - start < 2


@pytest.mark.parametrize("text", ["push = 'of'\n" + "# push = 'x'\n" * 60_000, "# push\n" * 100_000 + "push = 3\n"])
def test_a_line_is_looked_for_in_bounded_time(tmp_path: Path, text: str) -> None:
    start = time.process_time()
    assert "push" in refused(tmp_path, text).problem
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    "text",
    [
        "exclude = ['" + "a." * 40 + "']\n",
        'exclude = ["' + 'a.\\".' * 20 + '"]\n',
        "# a" + ".a" * 40 + "\n",
        '[tool.trinity-guard.x]\n"""\n',
        'exclude = ["""' + 'a.""' * 30 + '"""]\n',
        "exclude = [1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5]\n",
    ],
)
def test_dots_elsewhere_are_no_parts_of_a_key(tmp_path: Path, text: str) -> None:
    (tmp_path / OWN).write_text(text)
    said = []
    try:
        read(os.fsencode(tmp_path))
    except GuardError as error:
        said.append(error.problem)
    assert "parts" not in "".join(said)


@pytest.mark.parametrize("text", ["a = " + "[" * 5000, "patterns = " + "{a=" * 5000])
def test_deep_nesting_is_refused(tmp_path: Path, text: str) -> None:
    assert refused(tmp_path, text).problem.startswith(OWN)


@pytest.mark.parametrize(
    "pattern",
    [
        "*.pkl",
        "data/",
        "/a/b",
        "a/**/b",
        "*.[ch]",
        r"\#x",
        "a b",
        "a b ",
        "**",
        "*",
        "!x",
        "é*",
        "*.p?l",
        "[!a]x",
        "//x",
    ],
)
def test_a_gitignore_pattern_is_taken(tmp_path: Path, pattern: str) -> None:
    assert loaded(tmp_path, f"exclude = ['{pattern}']\n").exclude == (pattern,)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("0 MB", 0),
        ("500", 500),
        ("12 B", 12),
        ("500kB", 500_000),
        ("5 MB", 5_000_000),
        ("5mb", 5_000_000),
        (" 5  MB ", 5_000_000),
        ("5M", 5_000_000),
        ("2 GB", 2 * 10**9),
        ("1 TB", 10**12),
        ("1 KiB", 1024),
        ("1.5 GiB", 3 * 2**29),
        ("2Ti", 2**41),
        ("0.5 kB", 500),
        ("0.0001 MB", 100),
        ("1.9999 kB", 1999),
    ],
)
def test_a_size_is_read(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "MB",
        "5 XB",
        "-5",
        "+5",
        "5 M B",
        "1e6",
        "1,5 MB",
        "1.",
        ".5",
        "1.2.3",
        "nan",
        "inf",
        "0x10",
        "5 bytes",
        "\u0665",
        "5\u00b2",
        "1" * 19,
        "0.1 B",
        "0.0001",
        "5 MB!",
    ],
)
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is"):
        parse_size(text)


@given(st.text(max_size=12))
def test_any_text_is_a_size_or_a_value_error(text: str) -> None:
    words = ""
    size = -1
    try:
        size = parse_size(text)
    except ValueError as error:
        words = str(error)
    assert size >= 0 or repr(text) in words


@given(st.text(max_size=80))
def test_any_text_is_a_configuration_or_a_known_error(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.mktemp("any")
    refusal = GuardError("none")
    try:
        refusal = GuardError(f"{loaded(folder, text.encode('utf-8', 'replace')).source}: fine", exit_code=2)
    except GuardError as error:
        refusal = error
    assert refusal.exit_code == 2
    assert refusal.problem.startswith(f"{OWN}:")
    assert shown(refusal.problem.encode()) == refusal.problem


@pytest.mark.parametrize("pyproject", [None, "[tool.ruff]\nline-length = 1\n", "[broken"])
def test_a_project_without_our_table_costs_no_parser(tmp_path: Path, pyproject: str | None) -> None:
    loaded(tmp_path, None, pyproject)
    program = (
        "import os, sys; from trinity_guard.detect.configuration import read; read(os.fsencode(sys.argv[1]));"
        "print(*sorted({'tomllib', 're', 'typing', 'pathspec', 'difflib'} & set(sys.modules)))"
    )
    argv = [sys.executable, "-S", "-c", program, str(tmp_path)]
    assert not subprocess.run(argv, cwd=PROJECT, capture_output=True, check=True, text=True).stdout.split()


def test_every_key_of_the_contract_has_its_place() -> None:
    fields = {name.removesuffix("_of").replace("_", "-") for name in Config.__slots__}
    assert fields == {*KEYS.split(", "), "source", "notes"}
