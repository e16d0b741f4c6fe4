"""A run with another tool: all is safe before the tool is started, and no tool is started where it is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.migrate import driven
from tests.migrate.legacy import Legacy, lfs_pointer, md5, pointer_of, put_object, stand_in
from trinity_guard.errors import GuardError
from trinity_guard.migrate.migration import Migration
from trinity_guard.migrate.tools import run
from trinity_guard.migrate.tools.find import Tool


@pytest.fixture
def tool(tmp_path: Path) -> Tool:
    """A tool that writes down what it was told, and changes nothing."""
    script = tmp_path / "tool"
    script.write_text('#!/bin/sh\nprintf "%s\\n" "$@" >"$0.told"\nexit "$(cat "$0.code" 2>/dev/null || echo 0)"\n')
    script.chmod(0o755)
    return Tool("filter-repo", [str(script)])


def ran(legacy: Legacy, tool: Tool, **changes: object) -> run.Done:
    with Migration(legacy.place) as migration:
        return run.run(migration, legacy.options(**changes), tool)


def told(tool: Tool) -> list[str]:
    file = Path(tool.argv[0] + ".told")
    return file.read_text().splitlines() if file.exists() else []


def test_each_version_is_in_the_cache_and_in_the_manifest_before_the_tool_starts(worked: Legacy, tool: Tool) -> None:
    first = worked.commit({"m/a.pkl": b"one", "x.py": b"x"})
    second = worked.commit({"m/a.pkl": b"two", "x.py": b"x"})
    worked.checkout()
    done = ran(worked, tool, push=True)
    assert (done.objects, done.size, done.sent) == (2, 6, 2)
    folder = worked.git_dir / "trinity-guard" / "migrate"
    lines = [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]
    assert [(e["commit"], e["path"], e["md5"]) for e in lines] == [
        (first, "m/a.pkl", md5(b"one")),
        (second, "m/a.pkl", md5(b"two")),
    ]
    assert worked.object(md5(b"one")) == b"one"
    assert "--invert-paths" in told(tool)
    assert (folder / "paths").read_bytes() == b"literal:m/a.pkl\n"
    assert second in (folder / "refs-before").read_text()
    # The newest state keeps its data, by a pointer.
    assert "m/a.pkl.dvc" in worked.files("main")
    assert worked.git("status", "--porcelain") == b""
    with Migration(worked.place) as migration:
        assert "trinity-guard migrate undo" in run.report(migration.place, tool.name, done)


def test_bfg_is_given_one_glob_and_refused_what_it_cannot_be_told(legacy: Legacy, tool: Tool) -> None:
    legacy.commit({"m/a.pkl": b"one", "t.csv": b"1"})
    bfg = Tool("bfg", tool.argv)
    with pytest.raises(GuardError, match="BFG matches names of files alone"):
        ran(legacy, bfg, include=("m/",))
    assert told(tool) == []
    ran(legacy, bfg, include=("*.pkl", "*.csv"))
    assert told(tool) == ["--delete-files", "{*.pkl,*.csv}", str(legacy.git_dir)]


def test_nothing_is_deleted_where_bytes_are_elsewhere(legacy: Legacy, tool: Tool) -> None:
    legacy.commit({"a.pkl": lfs_pointer(b"far away")})
    before = legacy.refs()
    with pytest.raises(GuardError, match="git-lfs objects are not here"):
        ran(legacy, tool)
    assert (told(tool), legacy.refs()) == ([], before)


@pytest.mark.parametrize("damaged", [False, True])
def test_nothing_is_deleted_where_the_data_of_a_stand_in_is_elsewhere(
    legacy: Legacy, tool: Tool, damaged: bool
) -> None:
    old = legacy.commit({"a.pkl": stand_in(b"data"), "b.pkl": b"raw"})
    file = put_object(legacy, b"data")
    file.chmod(0o644)
    file.write_bytes(b"dxta" if damaged else b"dat")
    with pytest.raises(GuardError, match=r"1 stand-ins name data that is not in the DVC cache here \(a.pkl\)"):
        ran(legacy, tool)
    assert (told(tool), legacy.id("main")) == ([], old)


def test_a_stand_in_is_taken_for_the_data_that_it_names(worked: Legacy, tool: Tool) -> None:
    put_object(worked, b"data")
    worked.commit({"a.pkl": stand_in(b"data")})
    worked.checkout()
    assert ran(worked, tool).size == 4
    assert worked.files("main")["a.pkl.dvc"][1] == pointer_of(b"data", "a.pkl")


def test_a_history_without_artifacts_needs_no_tool(legacy: Legacy, tool: Tool) -> None:
    legacy.commit({"x.py": b"1"})
    with pytest.raises(GuardError, match="no file of this history matches"):
        ran(legacy, tool)
    assert told(tool) == []


def test_a_tool_that_fails_is_told_with_its_code_and_all_is_safe(legacy: Legacy, tool: Tool) -> None:
    legacy.commit({"a.pkl": b"one"})
    before = legacy.refs()
    Path(tool.argv[0] + ".code").write_text("3")
    with pytest.raises(GuardError, match=r"failed \(exit code 3\)") as error:
        ran(legacy, tool)
    assert "every byte is safe" in error.value.remedy
    assert legacy.object(md5(b"one")) == b"one"
    assert legacy.refs() != before
    driven.undo(legacy.place)
    assert legacy.refs() == before
