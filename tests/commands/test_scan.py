"""`trinity-guard scan`: verdicts and exit codes, of files, folders, pointers and whole work trees."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.support import Repo
from trinity_guard.cli import main

EVIL = b"cos\nsystem\n(S'true'\ntR."
FILES = {
    "bad.pkl": (EVIL, "unknown", ["os.system"]),
    "good.pkl": (pickle.dumps({"a": [1, 2.5]}), "harmless", []),
    "cut.pkl": (pickle.dumps(list(range(999)))[:-40], "unreadable", []),
    "words.txt": (b"one\ntwo\n", "no pickle", []),
    "readme": (EVIL, "unknown", ["os.system"]),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, (data, _, _) in FILES.items():
        (tmp_path / name).write_bytes(data)
    return tmp_path


def told(capsys: Any, *args: str) -> tuple[int, list[dict[str, Any]]]:
    code = main(["scan", "--format", "json", *args])
    return code, json.loads(capsys.readouterr().out)["files"]


@pytest.mark.parametrize("name", FILES)
def test_each_file_has_its_verdict(folder: Path, name: str, capsys: Any) -> None:
    _, verdict, names = FILES[name]
    code, [found] = told(capsys, name)
    assert (found["path"], found["verdict"], found["names"]) == (name, verdict, names)
    assert code == (0 if verdict in ("harmless", "no pickle") else 1)
    assert bool(found["why"]) == bool(code)


def test_a_folder_is_all_that_is_in_it(folder: Path, capsys: Any) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "m.pt").write_bytes(EVIL)
    (folder / "sub" / "link.pt").symlink_to("m.pt")
    code, found = told(capsys, ".")
    assert code == 1
    assert [f["path"] for f in found] == sorted([*FILES, "sub/m.pt"], key=lambda p: ("/" in p, p))


def test_what_is_typed_is_said_in_words(folder: Path, capsys: Any) -> None:
    assert main(["scan", "bad.pkl", "good.pkl"]) == 1
    assert capsys.readouterr().out == "unknown     bad.pkl: calls os.system\nharmless    good.pkl\n"


def test_a_file_that_is_not_there_is_wrong_usage(folder: Path, capsys: Any) -> None:
    assert main(["scan", "gone.pkl"]) == 2
    assert "there is no gone.pkl" in capsys.readouterr().err


def test_a_whole_work_tree_is_its_artifacts_and_tracked_files(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    repo.stage("m.pkl", EVIL)
    repo.stage("code.py", b"x = 1\n")
    repo.commit()
    monkeypatch.chdir(repo.path)
    code, found = told(capsys)
    assert (code, [f["path"] for f in found]) == (1, ["m.pkl"])
    (repo.path / "m.pkl").unlink()
    code, found = told(capsys, "m.pkl.dvc")
    assert (code, found[0]["verdict"]) == (1, "unreadable")
    assert "trinity-guard pull m.pkl" in found[0]["why"]


def test_names_of_ones_own_come_from_the_configuration(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    repo.stage(".trinity-guard.toml", b'pickle-allow = ["mine.*"]\n')
    (repo.path / "m.pkl").write_bytes(b"cmine.models\nNet\n)\x81.")
    monkeypatch.chdir(repo.path)
    assert told(capsys, "m.pkl")[0] == 0
    (repo.path / ".trinity-guard.toml").unlink()
    assert told(capsys, "m.pkl")[0] == 1
