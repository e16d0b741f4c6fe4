"""The arguments of `trinity-guard diff`."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest

from tests.helpers.support import Repo
from tests.helpers.usage import Usage, parsed
from trinity_guard import cli
from trinity_guard.commands import diff


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        (["--format", "jsn"], "--format takes text, markdown, json or html, and not 'jsn' (did you mean 'json'?)"),
        (["--key", ""], "--key: it is empty (is a variable not set?)"),
        (["--rows", "some"], "--rows: 'some' is no number from 0 to 1,000,000"),
        (["--comment"], "--comment takes --event"),
        (["--ofline"], "diff knows no option --ofline (did you mean '--offline'?)"),
    ],
)
def test_wrong_usage_is_told_with_the_command_that_helps(usage: Usage, args: list[str], problem: str) -> None:
    assert usage.refused("diff", *args) == [f"trinity-guard: {problem}.", "    trinity-guard diff --help"]


def test_help_has_an_example(usage: Usage) -> None:
    assert "Examples: trinity-guard diff main data/" in usage.help("diff")


@pytest.mark.parametrize(
    ("args", "wanted"),
    [
        ([], {"words": [], "rows": 10, "format": "text", "offline": False, "merge_base": False, "key": None}),
        (["A", "--key=a,b", "B", "--", "p"], {"words": ["A", "B", "p"], "key": "a,b"}),
    ],
)
def test_what_is_understood(args: list[str], wanted: dict[str, Any]) -> None:
    found = parsed(diff.configure, args)
    assert {key: found.get(key) for key in wanted} == wanted


@pytest.fixture
def history(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """Two commits on main, and a branch `side` from the first with one of its own; the work tree differs once more."""
    monkeypatch.chdir(repo.path)
    for at, (name, rows) in enumerate((("a.csv", "1,1\n"), ("a.csv", "1,2\n"), ("b.csv", "1,3\n"))):
        if at == 2:
            repo.git("checkout", "-q", "-b", "side", "HEAD~1")
        repo.stage(name, f"id,x\n{rows}".encode())
        repo.commit()
    repo.git("checkout", "-q", "main")
    repo.write("a.csv", b"id,x\n1,9\n2,9\n")
    return repo


@pytest.mark.slow
@pytest.mark.parametrize(
    ("args", "changes"),
    [
        ([], {"a.csv": "changed"}),
        (["HEAD~1"], {"a.csv": "changed"}),
        (["HEAD~1", "HEAD"], {"a.csv": "changed"}),
        (["HEAD~1.."], {"a.csv": "changed"}),
        (["main", "side"], {"a.csv": "changed", "b.csv": "added"}),
        (["main..side", "b.csv"], {"b.csv": "added"}),
        (["main...side"], {"b.csv": "added"}),
        (["--merge-base", "main", "side"], {"b.csv": "added"}),
        (["main", "side", "--", "a.csv"], {"a.csv": "changed"}),
        (["a.csv"], {"a.csv": "changed"}),
        (["HEAD", "HEAD"], {}),
    ],
)
def test_words_are_commits_first_and_then_paths(
    history: Repo, capfd: pytest.CaptureFixture[str], args: list[str], changes: dict[str, str]
) -> None:
    assert cli.main(["diff", "--format", "json", *args]) == 0
    found = json.loads(capfd.readouterr().out)["artifacts"]
    assert {a["path"]: a["change"] for a in found} == changes


@pytest.mark.slow
def test_a_word_that_is_both_a_commit_and_a_path_is_asked_about(
    history: Repo, capfd: pytest.CaptureFixture[str]
) -> None:
    history.git("branch", "a.csv")
    assert cli.main(["diff", "a.csv"]) == 2
    assert "'a.csv' is a commit and a path." in capfd.readouterr().err
    assert cli.main(["diff", "--", "a.csv"]) == 0
    assert capfd.readouterr().out.startswith("a.csv: changed, 1 → 2 rows")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("form", "begins"),
    [("text", "a.csv: changed"), ("markdown", "### What changed"), ("json", "{"), ("html", "<!doctype html>")],
)
@pytest.mark.parametrize("level", [[], ["-q"]])
def test_each_format_is_printed(
    history: Repo, capfd: pytest.CaptureFixture[str], form: str, begins: str, level: list[str]
) -> None:
    assert cli.main(["diff", "HEAD~1", "HEAD", "--format", form, *level]) == 0
    assert capfd.readouterr().out.startswith(begins)


@pytest.mark.slow
def test_what_is_neither_is_refused(history: Repo, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["diff", "nothing"]) == 2
    assert "there is no commit and no artifact 'nothing'." in capfd.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("head", "offline"), [("us/repo", False), ("them/repo", True), ("", True)], ids=["own", "fork", "deleted"]
)
def test_an_event_names_the_commits_and_a_copys_ask_no_remote(
    history: Repo, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, head: str, offline: bool
) -> None:
    shas = {name: history.git("rev-parse", name).stdout.decode().strip() for name in ("main", "side")}
    request = {
        "base": {"sha": shas["main"], "repo": {"full_name": "us/repo"}},
        "head": {"sha": shas["side"], "repo": {"full_name": head} if head else None},
    }
    event = history.path.parent / "event.json"
    event.write_text(json.dumps({"pull_request": request}))
    for name, value in {"ACTIONS": "true", "EVENT_PATH": str(event), "EVENT_NAME": "pull_request"}.items():
        monkeypatch.setenv(f"GITHUB_{name}", value)
    shutil.rmtree(history.path / ".dvc" / "cache")
    assert cli.main(["diff", "--event", "--format", "json"]) == 0
    [found] = json.loads(capfd.readouterr().out)["artifacts"]
    assert (found["path"], found["change"]) == ("b.csv", "added")
    assert ("(--offline)" in (found["unavailable"] or "")) is offline


@pytest.mark.slow
def test_without_an_event_there_is_nothing_to_compare(history: Repo, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["diff", "--event"]) == 0
    assert "there is nothing to compare" in capfd.readouterr().err
