"""The fast reader of TOML: what it answers, tomllib answers too; what hooks mostly meet, it answers."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trinity_guard import tomlsubset

PROJECT = Path(__file__).resolve().parent.parent

ANSWERED = {
    "nothing": "",
    "comments": "# one\n\n  \t# two # three\n",
    "each value": 'a = "x"\nb-1 = true\n_c = false\nd = ["x", "y"]\n',
    "no blanks": 'a="x"\nb=true\nc=["x","y"]',
    "blanks everywhere": ' \ta \t= \t"x" \t\nb =\ttrue \n c = [ "x"\t, "y" , ] \n',
    "comments behind": 'a = "x"# c\nb = true # c\nc = ["x"] # "\nd = [ # ]\n  "y", # ,\n  # "z"\n] # e\n',
    "lines": 'a = [\n  "*.pkl",\n\n  "b"\n  ,\n  "c",\n]\n',
    "empty": 'a = ""\nb = []\nc = [\n]\n',
    "marks inside": 'a = "# , ] = [ \' {"\nb = ["]", ",", "#"]\n',
    "CRLF": '# c\r\na = "x"\r\nb = [\r\n"y",\r\n]\r\n',
    "tabs in a text and a comment": 'a = "x\ty" #\tc\n',
    "beyond ASCII": '# \u2028 \x85\na = "é\u2028\xa0\U0001f980"\n',
    "keys like values": "true = false\n1 = true\n",
}


@pytest.mark.parametrize("text", ANSWERED.values(), ids=ANSWERED)
def test_an_ordinary_file_is_read_as_tomllib_reads_it(text: str) -> None:
    assert tomlsubset.read(text) == tomllib.loads(text)


LEFT = {
    "valid": [
        "a = 'x'", 'a = """x"""', 'a = """"""', "a = ''''''", 'a = "\\n"', 'a = ["\\n"]', "a = 1", "a = 1.5",
        "a = 1979-05-27", 'a.b = "x"', '"a" = "x"', "[a]\nb = true", "[[a]]", "a = {}", "a = [1]", "a = [true]",
        'a = [["x"]]', 'a = ["x", 1]', "a = ['x']", "a = inf",
    ],
    "broken": [
        "a", "a =", 'a "x"', '= "x"', 'a = "x', 'a = "x\ny"', 'a = "x" "y"', 'a = "x" y', "a = truex", "a = True",
        'a = ["x"', 'a = ["x",', "a = [", 'a = ["x" "y"]', 'a = ["x"] ]', 'a = ["x",,]', "a = [,]", 'a = [,"x"]',
        "a = true\na = true", "a b = true", "é = true", "a = true\rb = true", "a = true # \x00", 'a = "\x7f"',
        "a = true\x0b", "\xa0a = true", "a =\xa0true", "a = true\u2028", "\ufeffa = true", 'a = """', 'a = ["""]',
        "a = true \\", "# \x1f", 'a = [\n"x\n"]', "a = true, b = true",
    ],
}  # fmt: skip


@pytest.mark.parametrize("text", LEFT["valid"])
def test_other_toml_is_left_to_tomllib(text: str) -> None:
    assert tomllib.loads(text) is not None
    assert tomlsubset.read(text) is None


@pytest.mark.parametrize("text", LEFT["broken"])
def test_what_tomllib_refuses_is_not_answered(text: str) -> None:
    with pytest.raises(tomllib.TOMLDecodeError):
        tomllib.loads(text)
    assert tomlsubset.read(text) is None


BLANKS = st.text(" \t", max_size=2)
INSIDE = st.text(
    st.characters(codec="utf-8", exclude_characters='"\\\x7f', exclude_categories=["Cs", "Cc"]), max_size=8
)
COMMENT = st.one_of(st.just(""), INSIDE.map(lambda c: "#" + c))
STRING = INSIDE.map(lambda s: f'"{s}"')
GAP = st.lists(st.tuples(BLANKS, COMMENT).map("".join), max_size=3).map("\n".join).map(lambda g: f"{g}\n" if g else "")


@st.composite
def arrays(draw: st.DrawFn) -> str:
    items = draw(st.lists(STRING, max_size=4))
    body = ",".join(draw(GAP) + item + draw(GAP) for item in items)
    end = draw(st.sampled_from(["", ","])) if items else ""
    return f"[{body}{end}{draw(GAP)}]"


@st.composite
def ordinary_files(draw: st.DrawFn) -> str:
    keys = draw(st.lists(st.text("abC0-_", min_size=1, max_size=4), max_size=4, unique=True))
    text = draw(GAP)
    for key in keys:
        value = draw(st.one_of(STRING, st.sampled_from(["true", "false"]), arrays()))
        text += draw(BLANKS) + key + draw(BLANKS) + "=" + draw(BLANKS) + value + draw(BLANKS) + draw(COMMENT) + "\n"
        text += draw(GAP)
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))


@given(ordinary_files())
def test_every_ordinary_file_is_answered_and_rightly(text: str) -> None:
    assert tomlsubset.read(text) == tomllib.loads(text)


@st.composite
def mutated_files(draw: st.DrawFn) -> str:
    text = draw(ordinary_files())
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 3)))
        marks = st.sampled_from(['"', '""', "'", "\\", "#", ",", "[", "]", "{", "=", ".", "\n", "\r", "true", "a", "1"])
        text = text[:start] + draw(st.one_of(st.just(""), marks, st.text(max_size=2))) + text[end:]
    return text


@given(mutated_files())
@example('a = ["x"#\n]')
@example('a = "" "')
def test_whatever_is_answered_is_what_tomllib_answers(text: str) -> None:
    answer = tomlsubset.read(text)
    if answer is not None:
        assert answer == tomllib.loads(text)


ORDINARY = 'push = "off"\npatterns = [\n  "*.pkl", # models\n  "data/",\n]\n'


@pytest.mark.parametrize(("text", "loads"), [(ORDINARY, False), (ORDINARY + "sync = 'off'\n", True)])
def test_an_ordinary_configuration_loads_neither_tomllib_nor_re(tmp_path: Path, text: str, loads: bool) -> None:
    (tmp_path / ".trinity-guard.toml").write_text(text)
    code = (
        "import os, sys; sys.path.append(sys.argv[1]); from trinity_guard import config\n"
        "c = config.load(os.fsencode(sys.argv[2]))\n"
        "print(c.push, *c.patterns, *sorted({'tomllib', 're'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, PROJECT, tmp_path], capture_output=True, check=True, text=True,
        env={k: v for k, v in os.environ.items() if not k.startswith("COV")},
    )  # fmt: skip
    assert done.stdout.split() == ["off", "*.pkl", "data/", *(["re", "tomllib"] if loads else [])]
