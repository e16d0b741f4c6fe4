"""The parser: what stands where, what is wrong, and which command helps."""

from __future__ import annotations

import pytest

from tests.helpers.support import PROJECT, run
from trinity_guard import cli, console
from trinity_guard.commands.terminal import arguments
from trinity_guard.errors import GuardError


def parser() -> arguments.Parser:
    p = arguments.Parser(prog="trinity-guard paint")
    arguments.add_word(p, "colour", "COLOUR", "of all")
    arguments.add_paths(p, "what")
    arguments.add_value(p, "--name", "NAME", "of the work")
    p.add_argument("--size", type=int, default=0)
    p.add_argument("--tag", nargs="+", action="extend", default=[])
    p.add_argument("--finish", choices=("matt", "glossy"))
    p.add_argument("--force", action="store_true")
    return p


UNDERSTOOD = [
    (["red"], ("red", [], None, 0)),
    (["red", "a", "b"], ("red", ["a", "b"], None, 0)),
    (["red", "--force", "a", "--name", "x", "b"], ("red", ["a", "b"], "x", 0)),
    (["--name=x", "red", "a"], ("red", ["a"], "x", 0)),
    (["--name", "-", "red", "-"], ("red", ["-"], "-", 0)),
    (["--size", "-3", "red"], ("red", [], None, -3)),
    (["red", "--", "-a", "--force", "--"], ("red", ["-a", "--force", "--"], None, 0)),
    (["--", "-red", "a"], ("-red", ["a"], None, 0)),
    (["--name=x", "--", "red", "--name=y"], ("red", ["--name=y"], "x", 0)),
    (["red", "a", "--force", "b", "--", "c"], ("red", ["a", "b", "c"], None, 0)),
    (["\udcff", "--", "-\udcff"], ("\udcff", ["-\udcff"], None, 0)),
]
WRONG = [
    ([], "paint needs COLOUR"),
    (["--"], "paint needs COLOUR"),
    (["--forec"], "paint knows no option --forec (did you mean '--force'?)"),
    (["red", "--forec"], "paint knows no option --forec (did you mean '--force'?)"),
    (["red", "--forc"], "paint knows no option --forc (did you mean '--force'?)"),
    (["red", "--nam=x"], "paint knows no option --nam (did you mean '--name'?)"),
    (["red", "-x"], "paint knows no option -x"),
    (["red", "-x a"], "PATH: '-x a' looks like an option; behind -- it is none"),
    (["-5"], "COLOUR: '-5' looks like an option; behind -- it is none"),
    (["red", "--name"], "--name needs a value"),
    (["red", "--name", "--force"], "--name needs a value"),
    (["red", "--name", "--", "x"], "--name needs a value"),
    (["red", "--tag", "--", "x"], "--tag needs a value"),
    (["red", "--tag", "a", "--", "x"], "--tag needs a value"),
    (["red", "--finish", "--", "matt"], "--finish needs a value"),
    (["red", "--name", ""], "--name: it is empty (is a variable not set?)"),
    (["red", "--size", "big"], "--size: invalid int value: 'big'"),
    (["red", "--force=1"], "--force: ignored explicit argument '1'"),
    (["red", "--finish", "glosy"], "--finish takes matt or glossy, and not 'glosy' (did you mean 'glossy'?)"),
    (["red", ""], "PATH: an empty path names nothing (. is this folder)"),
    (["red", "--", ""], "PATH: an empty path names nothing (. is this folder)"),
]


@pytest.mark.parametrize(("args", "wanted"), UNDERSTOOD)
def test_options_stand_anywhere_and_behind_two_dashes_all_are_paths(args: list[str], wanted: object) -> None:
    asked = parser().parse(args)
    assert (asked.colour, asked.paths, asked.name, asked.size) == wanted


@pytest.mark.parametrize(("args", "problem"), WRONG)
def test_wrong_usage_is_the_fact_and_the_command_that_helps(args: list[str], problem: str) -> None:
    with pytest.raises(GuardError) as caught:
        parser().parse(args)
    error = caught.value
    assert (error.problem, error.remedy, error.exit_code) == (f"{problem}.", "trinity-guard paint --help", 2)


@pytest.mark.parametrize(("args", "level"), [([], 0), (["-q"], -1), (["--quiet"], -1), (["-v"], 1), (["--verbose"], 1)])
def test_the_level_is_set(args: list[str], level: int) -> None:
    console.begin()
    parser().parse(["red", *args])
    assert (console.quiet(), console.verbose()) == (level < 0, level > 0)
    console.begin()


def test_the_help_goes_to_the_console(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        parser().parse(["--help"])
    out, err = capfd.readouterr()
    assert (stopped.value.code, err) == (0, "")
    assert out.startswith("usage: trinity-guard paint")


def test_a_reader_that_has_gone_is_no_error() -> None:
    done = run("sh", "-c", f"cd {PROJECT} && python3 -m trinity_guard lint --help | head -1")
    assert (done.stdout.split()[:3], done.stderr) == ([b"usage:", b"trinity-guard", b"lint"], b"")


@pytest.mark.parametrize(("words", "said"), [(["a"], "a"), (["a", "b"], "a or b"), (["a", "b", "c"], "a, b or c")])
def test_words_are_listed(words: list[str], said: str) -> None:
    assert arguments.listed(words) == said


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["statu"], "there is no command 'statu' (did you mean 'status'?)."),
        (["comit"], "there is no command 'comit'."),
        (["-q", "zip"], "there is no command 'zip'."),
    ],
)
def test_a_command_that_is_none(args: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(args) == 2
    assert capsys.readouterr().err.splitlines() == [f"trinity-guard: {said}", "    trinity-guard --help"]
