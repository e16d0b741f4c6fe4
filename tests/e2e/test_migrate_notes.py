"""What a migration leaves to read, typed as it stands: its report, the owner's next commands, the note for the team."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.migrations import Legacy, make_legacy, out
from tests.helpers.support import KB, run
from tests.migrate.tools.test_guides import Place


def report(legacy: Legacy) -> dict[str, Any]:
    values: dict[str, Any] = json.loads((legacy.state / "report.json").read_text())
    return values


@pytest.mark.slow
def test_the_report_says_what_moved_how_large_it_was_and_what_to_type_next(tmp_path: Path) -> None:
    place = Place(tmp_path)
    said = out(place.clone, "run", "--everything", "--remote-branches", "--yes")
    text, values = (place.clone.state / "report.txt").read_text(), report(place.clone)
    assert values["moved"] == [
        {"path": "models/a.pkl", "versions": 2, "bytes": 22 * KB},
        {"path": "data/t.csv", "versions": 1, "bytes": 8000},
        {"path": "models/side.pkl", "versions": 1, "bytes": 3 * KB},
    ]
    assert values["git_before"] > values["git_after"] >= 0
    commands = [step["command"] for step in values["next"]]
    assert commands[:2] == ["trinity-guard migrate verify", "trinity-guard migrate push"]
    assert commands[3:] == ["trinity-guard migrate guide team", "trinity-guard migrate finish"]
    for words in (*commands, "models/side.pkl (1 version)", "2 versions"):
        assert words in text
        assert words in said
    for command in commands[:4]:
        place.paste(command)
    assert place.server.git("rev-parse", "main").stdout == place.clone.git("rev-parse", "main").stdout


def test_a_dry_run_says_the_same_but_for_what_comes_next(tmp_path: Path) -> None:
    legacy = make_legacy(tmp_path / "work")
    said = out(legacy, "run", "--everything", "--dry-run")
    assert "models/a.pkl (2 versions)" in said
    assert "next:" not in said


@pytest.mark.parametrize("branches", [3, 14])
def test_only_rewritten_refs_are_published(tmp_path: Path, branches: int) -> None:
    """A branch that stays, and is behind the remote's own, would throw back what others have pushed."""
    place = Place(tmp_path)
    mine = place.clone
    mine.git("branch", "behind", "main~3")
    mine.git("push", "-q", "origin", "behind")
    mine.git("branch", "private", "main~3")
    for number in range(branches):
        mine.git("branch", f"b{number}'s", "main")
    other = Legacy(tmp_path / "other")
    shutil.copytree(mine.path, other.path)
    other.git("checkout", "-q", "behind")
    other.add("theirs.py", b"")
    other.git("push", "-q", "origin", "behind")
    theirs = other.head_of("behind")
    names = [f"b{n}'s" for n in range(branches)]
    out(mine, "run", "--ref", "main", *names, "--yes", "--push")
    [push] = [step["command"] for step in report(mine)["next"] if "push --force" in step["command"]]
    place.paste(push)
    for name in ("main", *names):
        assert place.server.git("rev-parse", name).stdout == mine.git("rev-parse", name).stdout
    assert place.server.git("rev-parse", "behind").stdout.decode().strip() == theirs
    assert place.server.git("rev-parse", "-q", "--verify", "private", ok=False).returncode


def test_a_forges_own_refs_are_not_pushed_for_it_would_fail(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.server.git("config", "receive.hideRefs", "refs/pull")
    place.clone.git("update-ref", "refs/pull/1/head", "main")
    out(place.clone, "run", "--everything", "--yes", "--push")
    [push] = [step["command"] for step in report(place.clone)["next"] if "push --force" in step["command"]]
    assert "refs/pull" not in push
    place.paste(push)
    assert place.server.git("rev-parse", "main").stdout == place.clone.git("rev-parse", "main").stdout


def parts(note: str) -> list[str]:
    return ["# " + part for part in re.split(r"\n# (?=[1234]\.)", note)[1:]]


@pytest.mark.slow
def test_the_note_holds_where_a_branch_is_named_like_a_folder(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.clone.git("branch", "models", "main")
    place.clone.git("push", "-q", "origin", "models")
    mate = Legacy(tmp_path / "mate")
    run("git", "clone", "-q", place.server.path, mate.path)
    out(place.clone, "run", "--everything", "--yes", "--push")
    for step in report(place.clone)["next"]:
        if "push --force" in step["command"]:
            place.paste(step["command"])
    place.paste(parts(out(place.clone, "guide", "team"))[1], mate.path)
    assert mate.head_of("refs/heads/models") == place.clone.head_of("refs/heads/models")
    assert mate.git("branch", "--show-current").stdout == b"main\n"


def test_work_that_has_merged_main_is_carried_over_without_the_old_history(tmp_path: Path) -> None:
    place = Place(tmp_path)
    mate = Legacy(tmp_path / "mate")
    shutil.copytree(place.clone.path, mate.path)
    mate.git("checkout", "-q", "-b", "topic", "main~2")
    mate.add("mine.py", b"1")
    mate.git("merge", "-q", "--no-edit", "main")
    mate.add("mine2.py", b"2")
    mate.git("checkout", "-q", "main")
    old = set(mate.git("rev-list", "main").stdout.decode().split()) - {mate.head_of("main~3")}
    out(place.clone, "run", "--everything", "--yes", "--push")
    for step in report(place.clone)["next"]:
        if "push --force" in step["command"]:
            place.paste(step["command"])
    shutil.copy(place.clone.state / "commit-map", mate.path)
    place.paste(parts(out(place.clone, "guide", "team"))[3], mate.path)
    now = set(mate.git("rev-list", "topic").stdout.decode().split())
    changed = {o for o, n in (line.split() for line in (mate.path / "commit-map").read_text().splitlines()) if o != n}
    assert old & changed
    assert not now & changed
    assert mate.show("mine.py", "topic") == b"1"
    assert mate.show("mine2.py", "topic") == b"2"
    assert not mate.tracked("models/a.pkl", "topic")
