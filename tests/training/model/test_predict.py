"""`trinity predict`: which models are loaded at all, which rows are taken, and what is advised."""

from __future__ import annotations

import csv as csvs
import io
import json
import os
import re
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.training import samples
from tests.training.model.models import made
from trinity_guard.cli import main
from trinity_guard.training import predict
from trinity_guard.training.model import verified
from trinity_guard.training.model.advice import NONE_HOLDS

STRATEGIES = ["NONE", "CSS_BREAK_WORD", "FONT_SHRINK", "CSS_TRUNCATE", "CONTENT_CUT"]


def pages(count: int = 4) -> list[dict[str, Any]]:
    """Return pages before healing, as a person writes them: no strategy, no verdict."""
    frame = samples.frame(count, seed=9)
    frame = frame[frame["active_strategy"] == "NONE"].drop(columns=["is_valid", "resolved_strategy_id"])
    rows: list[dict[str, Any]] = frame.drop(columns="active_strategy").to_dict("records")
    return rows


def test_answers_go_into_a_pipe_and_do_not_take_its_place(trained: Path, tmp_path: Path) -> None:
    (tmp_path / "pages.jsonl").write_text("\n".join(json.dumps(row) for row in pages(3)) + "\n")
    os.mkfifo(tmp_path / "pipe")
    heard: list[str] = []
    reader = threading.Thread(target=lambda: heard.append((tmp_path / "pipe").read_text()))
    reader.start()
    assert main(["predict", str(trained), str(tmp_path / "pages.jsonl"), "--output", str(tmp_path / "pipe")]) == 0
    reader.join(20)
    assert (tmp_path / "pipe").is_fifo()
    assert "advice" in heard[0]


def test_a_dash_is_where_answers_are_printed(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pages.jsonl").write_text("\n".join(json.dumps(row) for row in pages(3)) + "\n")
    monkeypatch.chdir(tmp_path)
    assert main(["predict", str(trained), "pages.jsonl", "--output", "-"]) == 0
    assert len(capfd.readouterr().out.splitlines()) == 4
    assert not (tmp_path / "-").exists()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("command", "last"), [("predict", "predicting"), ("evaluate", "evaluating")])
def test_on_a_terminal_each_step_is_said_and_goes_again(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, last: str
) -> None:
    (tmp_path / "t.csv").write_text(samples.frame(30).to_csv(index=False))
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    assert main([command, str(trained), str(tmp_path / "t.csv")]) == 0
    steps = re.findall(r"\r(\w[^…\r]*) …\x1b\[K", terminal.getvalue())
    assert (steps[:2], steps[-1]) == (["loading the libraries", "loading the model"], last)
    assert terminal.getvalue().endswith("\r\x1b[K")


# --- which model -------------------------------------------------------------------------------------------------


# --- what is said ------------------------------------------------------------------------------------------------


def test_probabilities_are_the_model_s_own_and_the_mildest_that_will_do_is_advised(trained: Path) -> None:
    rows = pages(40)
    answers = predict(str(trained), rows)
    loaded = verified.load(str(trained))
    advised = set()
    for strategy in STRATEGIES:
        frame = pd.DataFrame([{**row, "active_strategy": strategy} for row in rows])
        expected = loaded.pipeline.predict_proba(frame[loaded.features])[:, 1]
        assert np.allclose([a[f"p_{strategy.lower()}"] for a in answers], expected, atol=1e-6)
    for row, answer in zip(rows, answers, strict=True):
        enough = [s for s in STRATEGIES if answer[f"p_{s.lower()}"] > 0.5]
        assert answer["advice"] == (enough[0] if enough else NONE_HOLDS)
        assert answer["p_advice"] == (answer[f"p_{enough[0].lower()}"] if enough else None)
        assert answer["page_id"] == row["page_id"]
        advised.add(answer["advice"])
    assert len(advised) >= 3


def test_a_page_that_names_a_strategy_is_told_of_that_one_too(trained: Path) -> None:
    [answer] = predict(str(trained), [{**pages(1)[0], "active_strategy": "font-shrink"}])
    assert answer["active_strategy"] == "FONT_SHRINK"
    assert answer["p_valid"] == answer["p_font_shrink"]


def test_a_theme_that_was_never_seen_is_said_and_judged_by_the_rest(
    trained: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pages.csv").write_text(pd.DataFrame([{**pages(1)[0], "theme": "novel"}]).to_csv(index=False))
    assert main(["predict", str(trained), str(tmp_path / "pages.csv")]) == 0
    said = capfd.readouterr()
    assert "not trained on the theme novel" in said.err
    assert "novel" not in said.out
    assert len(said.out.splitlines()) == 2


def test_a_data_frame_csv_and_json_lines_say_the_same_in_either_format(
    trained: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rows = pages(5)
    expected = predict(str(trained), pd.DataFrame(rows))
    (tmp_path / "pages.csv").write_bytes(b"\xef\xbb\xbf" + pd.DataFrame(rows).to_csv(index=False).encode())
    (tmp_path / "pages.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for name in ("pages.csv", "pages.jsonl"):
        assert main(["predict", str(trained), str(tmp_path / name), "--format", "jsonl"]) == 0
        assert [json.loads(line) for line in capfd.readouterr().out.splitlines()] == expected
    assert main(["predict", str(trained), str(tmp_path / "pages.jsonl"), "--output", str(tmp_path / "out.csv")]) == 0
    read = list(csvs.DictReader(io.StringIO((tmp_path / "out.csv").read_text())))
    assert [row["advice"] for row in read] == [row["advice"] for row in expected]
    assert list(read[0]) == ["page_id", *(f"p_{s.lower()}" for s in STRATEGIES), "advice", "p_advice"]


def test_no_pages_give_no_answers(trained: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert predict(str(trained), []) == []
    (tmp_path / "pages.csv").write_text(",".join(pages(1)[0]) + "\n")
    assert main(["predict", str(trained), str(tmp_path / "pages.csv"), "--format", "jsonl"]) == 0
    assert capfd.readouterr().out.strip() == ""


def test_a_model_of_strategies_names_the_likeliest(tmp_path: Path) -> None:
    of_pages = made(tmp_path, samples.SMALL.changed(target="resolved_strategy_id"))
    answers = predict(str(of_pages), pages(10))
    for answer in answers:
        p = {name: value for name, value in answer.items() if name.startswith("p_") and name != "p_advice"}
        assert sum(p.values()) == pytest.approx(1, abs=1e-4)
        assert p[f"p_{answer['advice'].lower()}"] == max(p.values()) == answer["p_advice"]


def row(**changes: object) -> str:
    return json.dumps({**pages(1)[0], **changes}) + "\n"


WRONG = {
    "nan": (row(slot_fill=float("nan")), "line 1, slot_fill"),
    "null": (row(input_char_len=None), "missing value"),
    "infinite": (row(word_fill=float("inf")), "word_fill"),
    "negative": (row(input_word_count=-1), "negative"),
    "a text for a number": (row(input_char_len="many"), "no whole number"),
    "true for a number": (row(input_char_len=True), "is no number"),
    "a list": (row(theme=["x"]), "is no text"),
    "an unknown strategy": (row(active_strategy="PRAY"), "no known strategy"),
    "a strategy that the model never saw": (row(active_strategy="PRE_EMPTIVE"), "was not trained on PRE_EMPTIVE"),
    "no theme": (row(theme=""), "line 1, theme"),
    "one column less": (json.dumps({k: v for k, v in pages(1)[0].items() if k != "theme"}), "no column theme"),
    "the second row": (row() + row(slot_fill="x"), "line 2, slot_fill"),
    "no JSON": (row() + "{oops\n", "line 2: no JSON object"),
    "a list of pages": ("[1]\n", "no JSON object"),
    "nothing": ("", "is empty"),
    "a wrong header and no pages": ("theme,slot_fill\n", "no column input_char_len"),
    "a ragged table": ("theme,slot_fill\nx\n", "has 1 cells"),
    "a quote that does not end": ('theme,slot_fill\n"x,1\n', "line 2"),
    "a column twice": ("theme,theme\nx,y\n", "more than one column theme"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_pages_that_cannot_be_judged_are_named_and_nothing_is_printed(
    trained: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], kind: str
) -> None:
    text, named = WRONG[kind]
    (tmp_path / "pages").write_text(text)
    output = tmp_path / "out.csv"
    assert main(["predict", str(trained), str(tmp_path / "pages"), "--output", str(output)]) == 1
    said = capfd.readouterr()
    assert named in said.err
    assert "Traceback" not in said.err
    assert said.out == ""
    assert not output.exists()


def test_bytes_that_are_no_text_and_a_file_that_is_not_there_are_told(
    trained: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pages").write_bytes(b"theme\n\xff\n")
    assert main(["predict", str(trained), str(tmp_path / "pages")]) == 1
    assert "not UTF-8" in capfd.readouterr().err
    assert main(["predict", str(trained), str(tmp_path / "no")]) == 2
    assert "no cannot be read" in capfd.readouterr().err
