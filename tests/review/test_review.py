"""What changed between two commits, and since one, over real repositories."""

from __future__ import annotations

import json
import pickle
import shutil
from typing import Any

import pytest

from tests.helpers.support import Repo
from trinity_guard import git
from trinity_guard.detect import patterns
from trinity_guard.errors import GuardError
from trinity_guard.review import engine, review
from trinity_guard.review.formats import as_json, text
from trinity_guard.review.record import Review

ONE = b"id,x\n1,5\n2,6\n3,7\n"
TWO = b"id,x\n1,5\n2,9\n3,7\n4,1\n"


@pytest.fixture
def there(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    monkeypatch.chdir(repo.path)
    monkeypatch.setenv("TRINITY_GUARD_TRUST", "1")
    return repo


def reviewed(before: str, after: str = "", *paths: bytes, offline: bool = False) -> dict[str, Review]:
    place = git.place()
    asked = review.Asked(review.commit(before), review.commit(after) if after else b"", paths)
    asked.offline = offline
    found = review.review(place, *patterns.load_config(place), asked)
    as_json.render(found)
    text.render(found)
    return {a.name: a for a in found.artifacts}


def facts(found: Review) -> dict[str, Any]:
    return found.as_dict()


def commit(repo: Repo, **files: bytes) -> None:
    for name, data in files.items():
        repo.stage(name.replace("__", "/").replace("_", "."), data)
    repo.commit()


@pytest.mark.slow
def test_a_table_that_changed_between_commits(there: Repo) -> None:
    commit(there, t_csv=ONE)
    commit(there, t_csv=TWO)
    found = facts(reviewed("HEAD~1", "HEAD")["t.csv"])
    assert (found["change"], found["kind"], found["key"]) == ("changed", "table", ["id"])
    assert found["bytes"] == {"before": len(ONE), "after": len(TWO)}
    assert found["rows"] == {"before": 3, "after": 4, "added": 1, "removed": 0, "changed": 1}
    assert found["columns"]["changed"]["x"]["cells"] == 1
    assert found["unavailable"] is None


@pytest.mark.slow
def test_what_changed_behind_its_pointer_is_compared_with_a_commit(there: Repo) -> None:
    commit(there, t_csv=ONE)
    assert reviewed("HEAD") == {}
    there.write("t.csv", TWO)
    assert facts(reviewed("HEAD")["t.csv"])["rows"]["added"] == 1
    there.file("t.csv").unlink()
    assert facts(reviewed("HEAD")["t.csv"])["change"] == "removed"


@pytest.mark.slow
def test_added_removed_and_renamed(there: Repo) -> None:
    commit(there, a_csv=ONE, b_csv=TWO)
    there.guard("mv", "a.csv", "c.csv")
    there.guard("rm", "b.csv")
    commit(there, d_csv=b"k,v\n1,2\n")
    found = {name: facts(a) for name, a in reviewed("HEAD~1", "HEAD").items()}
    assert {name: a["change"] for name, a in found.items()} == {
        "b.csv": "removed", "c.csv": "renamed", "d.csv": "added",
    }  # fmt: skip
    assert found["c.csv"]["from"] == "a.csv"
    assert found["d.csv"]["rows"] == {"before": None, "after": 1, "added": 1, "removed": 0, "changed": 0}
    assert found["b.csv"]["columns"]["removed"] == ["id", "x"]


@pytest.mark.slow
def test_one_that_was_renamed_and_changed_is_followed_by_its_name(there: Repo) -> None:
    commit(there, t_csv=ONE)
    there.file("data").mkdir()
    there.guard("mv", "t.csv", "data/t.csv")
    there.write("data/t.csv", TWO)
    there.git("commit", "-qam", "moved")
    found = facts(reviewed("HEAD~1", "HEAD")["data/t.csv"])
    assert (found["change"], found["from"], found["rows"]["changed"]) == ("renamed", "t.csv", 1)


def test_a_staged_artifact_that_no_commit_has_is_added(there: Repo) -> None:
    commit(there, t_csv=ONE)
    there.stage("new.csv", TWO)
    assert facts(reviewed("HEAD")["new.csv"])["rows"]["after"] == 4


def test_one_that_became_a_pointer_is_no_change_and_raw_ones_are_compared(there: Repo) -> None:
    there.stage("t.csv", ONE, raw=True)
    there.stage("u.csv", ONE, raw=True)
    there.git("commit", "-q", "--no-verify", "-m", "raw")
    there.guard("convert", "t.csv")
    there.stage("u.csv", TWO, raw=True)
    there.git("commit", "-q", "--no-verify", "-m", "one is a pointer")
    found = reviewed("HEAD~1", "HEAD")
    assert list(found) == ["u.csv"]
    assert facts(found["u.csv"])["rows"]["changed"] == 1


@pytest.mark.slow
def test_what_the_cache_lacks_comes_from_the_remote_and_offline_it_is_named(there: Repo) -> None:
    commit(there, t_csv=ONE)
    commit(there, t_csv=TWO)
    shutil.rmtree(there.path / ".dvc" / "cache")
    found = facts(reviewed("HEAD~1", "HEAD", offline=True)["t.csv"])
    reason = "it is not in the cache, and no remote is asked (--offline)"
    assert found["unavailable"] == reason
    assert found["rows"] is None
    assert facts(reviewed("HEAD~1", "HEAD")["t.csv"])["rows"]["changed"] == 1
    shutil.rmtree(there.path / ".dvc" / "cache")
    shutil.rmtree(there.storage)
    assert facts(reviewed("HEAD~1", "HEAD")["t.csv"])["unavailable"]


def test_a_remote_that_nobody_trusts_is_not_asked(there: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(there, t_csv=ONE)
    commit(there, t_csv=TWO)
    shutil.rmtree(there.path / ".dvc" / "cache")
    there.git("config", "--unset-all", "trinity-guard.trusted", ok=False)
    monkeypatch.delenv("TRINITY_GUARD_TRUST")
    reason = facts(reviewed("HEAD~1", "HEAD")["t.csv"])["unavailable"]
    assert reason.count("you never confirmed it") == 1, "of both versions once"
    done = there.guard("diff", "HEAD~1", "HEAD")
    helps = next(line for line in done.stderr.decode().splitlines() if "remote trust" in line)
    there.type_in(helps.strip().partition("  #")[0])
    done = there.guard("diff", "HEAD~1", "HEAD")
    assert (b"1 changed" in done.stdout, done.stderr) == (True, b"")


@pytest.mark.slow
def test_a_directory_tells_its_files_and_looks_into_its_tables(there: Repo) -> None:
    for name, data in (("d/a.csv", ONE), ("d/b.txt", b"b"), ("d/old.txt", b"moved")):
        there.write(name, data)
    there.dvc("add", "d")
    there.git("add", "-A")
    there.commit()
    there.write("d/a.csv", TWO)
    there.write("d/new.txt", b"new")
    there.file("d/old.txt").rename(there.file("d/moved.txt"))
    there.file("d/b.txt").unlink()
    found = facts(reviewed("HEAD", "", b"d")["d"])
    assert found["files"] == {
        "before": 3, "after": 3, "added": ["new.txt"], "removed": ["b.txt"], "changed": ["a.csv"],
        "renamed": {"old.txt": "moved.txt"},
        "folders": {".": {"changed": 1, "added": 1, "removed": 1, "renamed": 1,
                          "rows": {"added": 1, "removed": 0, "changed": 1}}},
    }  # fmt: skip
    assert found["members"][0]["rows"]["changed"] == 1


@pytest.mark.slow
def test_an_image_of_a_directory_has_size_and_mode_before_and_after(there: Repo) -> None:
    from PIL import Image

    there.file("d").mkdir()
    for mode, size in (("RGB", (640, 480)), ("L", (320, 240))):
        Image.new(mode, size).save(there.file("d/a.png"))
        there.dvc("add", "d")
        there.git("add", "-A")
        there.commit()
    [member] = facts(reviewed("HEAD~1", "HEAD")["d"])["members"]
    assert member["parameters"] == {
        "size": {"before": "640 x 480", "after": "320 x 240"}, "mode": {"before": "RGB", "after": "L"},
    }  # fmt: skip


@pytest.mark.slow
def test_paths_choose_and_one_that_nothing_is_named_is_refused(there: Repo) -> None:
    commit(there, a_csv=ONE, d__b_csv=ONE)
    commit(there, a_csv=TWO, d__b_csv=TWO)
    assert list(reviewed("HEAD~1", "HEAD", b"d")) == ["d/b.csv"]
    assert list(reviewed("HEAD~1", "HEAD", b"a.csv.dvc")) == ["a.csv"]
    with pytest.raises(GuardError, match=r"there is no commit and no artifact 'c.csv'"):
        reviewed("HEAD~1", "HEAD", b"c.csv")


def test_a_pointer_that_cannot_be_read_is_named(there: Repo) -> None:
    commit(there, a_csv=ONE)
    there.stage("b.csv.dvc", b"<<<<<<< no pointer\n")
    there.git("commit", "-q", "--no-verify", "-m", "broken")
    place = git.place()
    asked = review.Asked(review.commit("HEAD~1"), review.commit("HEAD"))
    found = review.review(place, *patterns.load_config(place), asked)
    assert list(found.broken) == ["b.csv.dvc"]
    assert "b.csv.dvc: " in text.render(found)


@pytest.mark.slow
def test_without_the_engine_sizes_headers_and_counts_are_told(there: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "is_there", lambda: False)
    commit(there, t_csv=ONE)
    commit(there, t_csv=b"id,y\n1,2\n")
    found = facts(reviewed("HEAD~1", "HEAD")["t.csv"])
    assert found["rows"] == {"before": 3, "after": 1, "added": None, "removed": None, "changed": None}
    assert (found["columns"]["added"], found["columns"]["removed"]) == (["y"], ["x"])
    assert "pip install 'trinity-guard[review]'" in found["notes"][0]


def test_anything_else_has_its_share_of_common_bytes(there: Repo) -> None:
    commit(there, m_onnx=b"\x08\x07" + b"x" * 9000)
    commit(there, m_onnx=b"\x08\x08" + b"x" * 9000)
    found = facts(reviewed("HEAD~1", "HEAD")["m.onnx"])
    assert found["kind"] == "model"
    assert "shared" in found
    assert found["notes"] == ["it cannot be read as onnx: it has no graph"]


@pytest.mark.slow
def test_a_model_has_its_parameters_and_the_metrics_that_git_has_of_it(there: Repo) -> None:
    for rate in (0.1, 0.2):
        there.stage("models/m.pkl", pickle.dumps({"rate": rate, "depth": 3}))
        there.stage("models/m_metadata.json", json.dumps({"metrics": {"accuracy": 1 - rate}, "name": "m"}).encode())
        there.stage("metrics/eval.json", json.dumps({"brier": rate}).encode())
        there.commit()
    found = facts(reviewed("HEAD~1", "HEAD")["models/m.pkl"])
    assert found["parameters"] == {"rate": {"before": 0.1, "after": 0.2}}
    assert found["metrics"] == {
        "metadata: metrics.accuracy": {"before": 0.9, "after": 0.8},
        "metrics/eval.json: brier": {"before": 0.1, "after": 0.2},
    }


@pytest.mark.slow
def test_cells_can_neither_colour_nor_turn_a_terminal(there: Repo) -> None:
    commit(there, t_csv=ONE)
    commit(there, t_csv="id,\x1b[31mx\n1,\x1b]0;owned\x07\n2,\u202eabc\n3,<b>\n".encode())
    place = git.place()
    asked = review.Asked(review.commit("HEAD~1"), review.commit("HEAD"))
    said = text.render(review.review(place, *patterns.load_config(place), asked))
    assert "\\x1b[31mx" in said
    assert not {"\x1b", "\x07", "\u202e"} & set(said)


def test_a_model_of_which_what_is_read_is_the_same_is_told_to_be_so(there: Repo) -> None:
    commit(there, m_pkl=pickle.dumps({"rate": 0.1}, 2))
    commit(there, m_pkl=pickle.dumps({"rate": 0.1}, 4))
    found = reviewed("HEAD~1", "HEAD")["m.pkl"]
    assert found.notes == ["what is read of it (values: 1, arrays: 0) is the same, its bytes are not"]
    assert (found.parameters, found.shared is not None) == ({}, True)


def test_a_table_that_is_written_otherwise_says_how(there: Repo) -> None:
    commit(there, t_csv=ONE.replace(b"\n", b"\r\n"))
    commit(there, t_csv=ONE)
    assert reviewed("HEAD~1", "HEAD")["t.csv"].notes == ["line ends: CRLF → LF"]
