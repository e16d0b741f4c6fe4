"""The measured training set: the same bytes everywhere, labels that agree with themselves, a file whole or not."""

from __future__ import annotations

import csv
import hashlib
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from tests.helpers.support import PROJECT, Repo, run
from trinity_guard import cli, console
from trinity_guard.commands import data
from trinity_guard.errors import GuardError
from trinity_guard.training.data import generate, pages, table
from trinity_guard.training.data.layout import verdict
from trinity_guard.training.data.themes import SLOTS, STRATEGIES, THEMES, UNRESOLVED

# Of 300 rows with seed 42. It changes only with a change of the measurement, which is a new data set: say so.
MD5 = "ef4a70277ee722c2d8a20266972857d1"


@pytest.fixture(autouse=True)
def fresh_console() -> None:
    console.begin()


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    """800 pages."""
    return [dict(zip(generate.COLUMNS, row, strict=True)) for row in generate.generate(800, 42)]


def md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes()).hexdigest()


def test_300_rows_of_seed_42_are_these_bytes(tmp_path: Path) -> None:
    said = generate.write(str(tmp_path / "t.csv"), 300, 42)
    assert said == md5(tmp_path / "t.csv") == MD5


MAKE = "import sys; from trinity_guard.training.data import generate; print(generate.write(sys.argv[1], 300, 42))"


@pytest.mark.parametrize(
    "surroundings",
    [
        {"PYTHONHASHSEED": "1", "TZ": "Pacific/Kiritimati", "LC_ALL": "C"},
        {"PYTHONHASHSEED": "2", "TZ": "America/St_Johns", "LC_ALL": "tr_TR.UTF-8", "PYTHONUTF8": "0"},
    ],
)
def test_neither_hashes_nor_clock_nor_locale_change_a_byte(tmp_path: Path, surroundings: dict[str, str]) -> None:
    path = tmp_path / "t.csv"
    said = run(sys.executable, "-c", MAKE, path, cwd=PROJECT, env=surroundings).stdout.decode().strip()
    assert said == md5(path) == MD5


def test_a_shorter_run_is_the_beginning_of_a_longer_one(tmp_path: Path) -> None:
    generate.write(str(tmp_path / "long.csv"), 120, 5)
    generate.write(str(tmp_path / "short.csv"), 63, 5)
    short = (tmp_path / "short.csv").read_bytes()
    assert (tmp_path / "long.csv").read_bytes().startswith(short)
    assert short.count(b"\n") == 64
    generate.write(str(tmp_path / "other.csv"), 63, 6)
    assert (tmp_path / "other.csv").read_bytes() != short


def test_a_page_is_tried_with_every_strategy_and_its_class_is_the_first_that_holds(rows: list[dict[str, str]]) -> None:
    for at in range(0, len(rows), len(STRATEGIES)):
        page = rows[at : at + len(STRATEGIES)]
        assert [row["active_strategy"] for row in page] == list(STRATEGIES)
        held = [STRATEGIES[row["active_strategy"]] for row in page if row["is_valid"] == "1"]
        assert {row["resolved_strategy_id"] for row in page} == {str(min(held, default=UNRESOLVED))}
        assert all((row["failure_reason"] == "") is (row["is_valid"] == "1") for row in page)
        # What is known before healing is the same in each row of a page.
        known = ("page_id", "timestamp", *pages.described(pages.draw(Random(0))))
        assert len({tuple(row[name] for name in known) for row in page}) == 1


def test_labels_are_what_the_layout_measures() -> None:
    rng = Random(3)
    for _ in range(40):
        page = pages.draw(rng)
        for strategy, reason in pages.measured(page).items():
            wrong = [
                f"{slot.name}:{found}"
                for slot, text in zip(SLOTS, page.texts, strict=True)
                if (found := verdict(pages.box(page.theme, slot, page.spacing, page.layout), text, strategy))
            ]
            assert reason == ";".join(wrong)


def test_columns_that_describe_a_page_are_counts_of_its_texts() -> None:
    page = pages.Page(THEMES[0], 1.0, 1.0, ("new", "a title", "x" * 30, "two-part words?yes", "one", "a"))
    known = pages.described(page)
    assert known["input_char_len"] == str(3 + 7 + 30 + 18 + 3 + 1)
    assert known["input_word_count"] == "8"
    assert known["longest_word"] == "30"
    assert known["pathological_score"] == f"{30 / 62:.3f}"
    assert known["word_fill"] == f"{30 * 0.6 * 20 / (700 - 16):.3f}", "the lead's 20 px in 684"
    assert float(known["slot_fill"]) == pytest.approx(18 / (2 * 224 / (0.6 * 14) - 3), abs=0.001), "the nav's two lines"


def test_all_classes_themes_and_reasons_occur(rows: list[dict[str, str]]) -> None:
    classes = Counter(row["resolved_strategy_id"] for row in rows[:: len(STRATEGIES)])
    assert set(classes) == {"0", "1", "2", "3", "4", "99"}
    assert min(classes.values()) >= 0.01 * 800
    assert classes["0"] <= 0.6 * 800
    assert {row["theme"] for row in rows} == {theme.name for theme in THEMES}
    overflow = sum(row["is_valid"] == "0" for row in rows) / len(rows)
    assert 0.25 < overflow < 0.5
    reasons = {reason for row in rows for reason in row["failure_reason"].split(";") if reason}
    assert {f"{slot.name}:{what}" for slot in SLOTS for what in ("overflow_x", "overflow_y")} <= reasons
    assert any(reason.endswith(":text_lost") for reason in reasons)


@pytest.mark.slow
def test_the_file_is_a_table_that_the_trainer_takes(tmp_path: Path, rows: list[dict[str, str]]) -> None:
    path = tmp_path / "t.csv"
    generate.write(str(path), 4000, 42)
    with path.open(encoding="utf-8", newline="") as file:
        assert list(csv.DictReader(file)) == rows
    found = table.load(str(path))
    assert found.paged
    assert table.warnings(found) == []


@pytest.mark.slow
def test_the_measured_columns_tell_more_than_the_contract_alone(tmp_path: Path) -> None:
    """Bounds that a broken measurement leaves: with them both, neither noise nor a leak of the label goes unseen."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.metrics import f1_score
    from sklearn.model_selection import GroupKFold, cross_val_predict

    generate.write(str(tmp_path / "t.csv"), 5000, 42)
    found = table.load(str(tmp_path / "t.csv"))
    frame = found.frame
    codes = frame[["theme", "active_strategy"]].apply(lambda column: column.astype("category").cat.codes)
    contract = frame[[n for n in table.CONTRACT[2:8] if n != "css_signature"]].join(codes)
    overflow = 1 - frame["is_valid"]
    scores = []
    for features in (contract, contract.join(frame[["longest_word", "slot_fill", "word_fill"]])):
        forest = RandomForestClassifier(40, max_depth=10, min_samples_split=5, min_samples_leaf=2, random_state=42)
        guesses = cross_val_predict(forest, features, overflow, groups=found.groups, cv=GroupKFold(3))
        scores.append(f1_score(overflow, guesses))
    assert 0.75 < scores[0] < 0.92
    assert scores[0] + 0.03 < scores[1] < 0.99


# --- the command -------------------------------------------------------------------------------------------------


def test_the_command_writes_the_set_below_the_project_s_root(
    bare_repo: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    repo = bare_repo
    (repo.path / "deep").mkdir()
    monkeypatch.chdir(repo.path / "deep")
    assert data.run(["--rows", "300"]) == 0
    said = capsys.readouterr().out
    assert "../data/training_dataset.csv: 300 rows" in said
    assert "% of them overflow" in said
    assert MD5 in said
    assert md5(repo.file("data/training_dataset.csv")) == MD5
    assert [p.name for p in repo.file("data").iterdir()] == ["training_dataset.csv"]
    # What the user names is named from where the user is.
    assert data.run(["--rows", "50", "--seed", "9", "--output", "mine/x.csv"]) == 0
    assert repo.file("deep/mine/x.csv").read_bytes().count(b"\n") == 51


def test_a_file_with_other_contents_stays_unless_forced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "t.csv"
    path.write_bytes(b"theme\nmine\n")
    with pytest.raises(GuardError, match="is there with other contents, and stays as it is") as caught:
        data.run(["--rows", "300", "--output", "t.csv"])
    assert caught.value.exit_code == 1
    assert "--force" in caught.value.remedy
    assert path.read_bytes() == b"theme\nmine\n"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["home", "t.csv"]
    assert data.run(["--rows", "300", "--output", "t.csv", "--force"]) == 0
    assert md5(path) == MD5
    before = path.stat()
    assert data.run(["--rows", "300", "--output", "t.csv"]) == 0
    assert "it was there" in capsys.readouterr().out
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert path.stat().st_ino == before.st_ino


@pytest.mark.slow
def test_a_link_into_the_cache_is_replaced_and_the_cache_keeps_its_bytes(repo: Repo) -> None:
    repo.write("t.csv", b"old\n")
    for kind in ("symlink", "hardlink"):
        repo.file("t.csv").unlink()
        repo.write("t.csv", f"old {kind}\n".encode())
        repo.dvc("config", "cache.type", kind)
        repo.dvc("add", "-q", "t.csv")
        before = repo.cached()
        generate.make(str(repo.file("t.csv")), 300, 42, force=True)
        assert not repo.file("t.csv").is_symlink()
        assert md5(repo.file("t.csv")) == MD5
        assert repo.cached() == before
        assert f"old {kind}\n".encode() in before.values()


@pytest.mark.slow
def test_it_is_a_stage_of_a_pipeline(repo: Repo) -> None:
    make = f"{sys.executable} -c \"from trinity_guard.commands import data; data.run(['--rows', '300'])\""
    repo.dvc("stage", "add", "-q", "-n", "data", "-o", "data/training_dataset.csv", make)
    repo.file("data").mkdir(exist_ok=True)
    repo.dvc("repro", "-q")
    assert MD5 in repo.file("dvc.lock").read_text()
    repo.dvc("repro", "-q", "--force")
    assert MD5 in repo.file("dvc.lock").read_text()


def test_places_that_cannot_be_written_are_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    os.mkfifo(tmp_path / "pipe")
    for name, words in {
        "": "it is a folder",
        "new/": "it is a folder",
        "file/t.csv": "its folder is a file",
        "pipe": "a device or a pipe",
        "x" * 300: "file name too long",
    }.items():
        with pytest.raises(GuardError, match=words) as caught:
            generate.write(f"{tmp_path}/{name}", 300, 42)
        assert caught.value.exit_code == 2
    assert {p.name for p in tmp_path.iterdir()} <= {"file", "pipe", "home"}
    assert (tmp_path / "pipe").is_fifo()


@pytest.mark.slow
def test_an_interrupted_run_leaves_nothing(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom trinity_guard.training.data import generate\n"
        "def tell(done, total):\n    if done == 20: print('going', flush=True)\n"
        "generate.write('t.csv', 5_000_000, 1, tell)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"going\n"
    assert list(tmp_path.glob(".trinity-data-*")), "it is at work"
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode != 0
    assert {p.name for p in tmp_path.iterdir()} <= {"home"}


@pytest.mark.parametrize("wrong", [["--rows", "49"], ["--rows", "many"], ["--rows", "1" * 30], ["--seed", "-1"], ["x"]])
def test_wrong_usage_exits_2_before_anything_is_written(
    wrong: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["data", *wrong]) == 2
    assert "trinity data --help" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()


def test_help_shows_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["data", "--help"]) == 0
    assert "trinity data --rows 5000 --seed 7" in capsys.readouterr().out
