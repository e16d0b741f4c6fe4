"""Facts of files: hashes as DVC has them, rows as a reader of tables counts them, figures by their names."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import pytest

from tests.helpers.support import Repo
from trinity_guard import git
from trinity_guard.errors import GuardError
from trinity_guard.training import provenance
from trinity_guard.training.description import facts


def test_a_folder_has_the_md5_that_dvc_gives_it(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repo.path)
    repo.write("data/images/a.png", b"a")
    repo.write("data/images/b/c.png", b"cc")
    found = provenance.hashed(git.place(), "data/images")
    assert (found.size, found.files) == (3, 2)
    repo.dvc("add", "data/images")
    said = facts.pointer_of("data/images", str(repo.path))
    assert said is not None
    assert found.md5 == said.md5
    told = facts.dataset(git.place(), "data/images", str(repo.path))
    assert (told["pointer"], told["matches_pointer"]) == ("data/images.dvc", True)


def test_a_file_is_hashed_once_for_both(tmp_path: Path) -> None:
    (tmp_path / "m.bin").write_bytes(b"model")
    found = provenance.hashed(None, str(tmp_path / "m.bin"))
    assert found.md5 == hashlib.md5(b"model").hexdigest()
    assert found.sha256 == hashlib.sha256(b"model").hexdigest()
    assert found.size == 5


def test_data_that_is_only_pointed_to_is_what_its_pointer_says(tmp_path: Path) -> None:
    (tmp_path / "t.csv.dvc").write_text(f"outs:\n- md5: {'ab' * 16}\n  size: 30\n  hash: md5\n  path: t.csv\n")
    told = facts.dataset(None, str(tmp_path / "t.csv"), str(tmp_path))
    assert (told["md5"], told["size"], told["rows"], told["matches_pointer"]) == ("ab" * 16, 30, None, True)
    (tmp_path / "t.csv").write_text("a\n1\n")
    assert facts.dataset(None, str(tmp_path / "t.csv"), str(tmp_path))["matches_pointer"] is False


def test_data_that_is_nowhere_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(GuardError, match="and no pointer of it"):
        facts.dataset(None, str(tmp_path / "t.csv"), str(tmp_path))


@pytest.mark.parametrize(
    ("name", "text", "rows"),
    [
        ("t.csv", "a,b\n1,2\n3,4\n", 2),
        ("t.csv", 'a,b\n1,"two\nlines"\n', 1),
        ("t.CSV", "a,b\r\n1,2", 1),
        ("t.tsv", "a\tb\n1\t2\n\n", 1),
        ("t.csv", "", 0),
        ("t.csv", "\ufeff\na\n\n1", 1),
        ("t.csv", "a\r1\r2\n3", 3),
        ("t.csv", "# made by hand\na,b\n1,2\n", 1),
        ("t.csv", "sep=;\na;b\n1;2\n", 1),
        ("t.csv", "1,2\n3,4\n", 2),
        ("t.csv", f"a\n{'1' * (1 << 18)}\n", 1),
        ("t.csv", f'a\n"{"1" * (5 << 20)}"\n', None),
        ("t.parquet", "PAR1", None),
    ],
)
def test_rows_are_counted_where_a_table_is_text(tmp_path: Path, name: str, text: str, rows: int | None) -> None:
    (tmp_path / name).write_text(text, newline="", encoding="utf-8")
    csv.field_size_limit(1 << 30)  # as another reader of this process may have set it
    assert facts.rows(str(tmp_path / name)) == rows


def test_figures_and_settings_come_from_files_and_words(tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text(
        json.dumps({"test": {"auc": 0.9, "curve": [1, 2]}, "n": 3, "nan": float("nan"), "no": None, "ok": True})
    )
    (tmp_path / "p.yaml").write_text("train:\n  depth: 4\nmodel: forest\n")
    found, others = facts.figures([str(tmp_path / "m.json"), "f1=0.8"])
    assert (found, others) == ({"test.auc": 0.9, "n": 3, "f1": 0.8}, ["test.curve", "nan", "no", "ok"])
    assert facts.figures([str(tmp_path / "m.json"), "nan=1"])[1] == ["test.curve", "no", "ok"]
    assert facts.settings([str(tmp_path / "p.yaml"), "lr=0.1", "kind=big"]) == {
        "train.depth": 4, "model": "forest", "lr": 0.1, "kind": "big",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("low: -.inf\nhigh: .inf\nno: .nan\n", {"low": "-inf", "high": "inf", "no": "nan"}),
        ('a: "\\ud800"\n"\\udfff": 1\n', {"a": "\\ud800", "\\udfff": 1}),
        ("1: a\nnull: b\n2001-01-01: 2001-12-14\n", {"1": "a", "None": "b", "2001-01-01": "2001-12-14"}),
    ],
)
def test_what_json_has_no_word_for_becomes_text(tmp_path: Path, text: str, found: dict[str, object]) -> None:
    (tmp_path / "p.yaml").write_text(text)
    told = facts.settings([str(tmp_path / "p.yaml")])
    assert told == found
    json.dumps(told, ensure_ascii=False, allow_nan=False).encode()


def test_however_deep_values_lie_they_are_named() -> None:
    deep: dict[str, object] = {"x": 1}
    for _ in range(5000):
        deep = {"a": deep, "b": 2}
    told = dict(facts.flat(deep))
    assert (told["b"], told["a." * 5000 + "x"], len(told)) == (2, 1, 5001)
    bottom: list[object] = []
    for _ in range(100_000):
        bottom = [bottom]
    assert dict(facts.flat({"a": bottom})) == {"a": "…"}


@pytest.mark.parametrize(("said", "value"), [("auc=.9", 0.9), ("auc=1.", 1.0), ("auc=+3", 3.0), ("auc=-1e-3", -0.001)])
def test_a_number_is_taken_as_a_shells_user_types_it(said: str, value: float) -> None:
    assert facts.figures([said])[0] == {"auc": value}


@pytest.mark.parametrize(("said", "words"), [("none.json", "there is no none.json"), ("auc=high", "auc is no number")])
def test_what_cannot_be_meant_is_said(said: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(GuardError, match=words):
        facts.figures([said])


@pytest.mark.parametrize("data", ["[1]", "{", "a: [", "text"])
def test_a_file_without_names_and_values_is_said(data: str, tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(data)
    with pytest.raises(GuardError, match=r"p\.yaml"):
        facts.settings([str(tmp_path / "p.yaml")])
