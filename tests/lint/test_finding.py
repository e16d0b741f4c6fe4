"""A finding keeps its fingerprint while it is the same one, and is told without its path at the beginning."""

from __future__ import annotations

import pytest

from trinity_guard.lint.finding import Finding, Words, without_path


def test_the_fingerprint_outlives_lines_commits_and_words() -> None:
    first = Finding("TG006", b"a", "x", line=3, commit="1" * 40, key="k")
    assert first.fingerprint == Finding("TG006", b"a", "other", "do it", line=9, key="k", level="warning").fingerprint
    others = [Finding("TG005", b"a", "x", key="k"), Finding("TG006", b"b", "x", key="k"), Finding("TG006", b"a", "x")]
    assert len({f.fingerprint for f in (first, *others)}) == 4


class Counted(Words):
    def __init__(self) -> None:
        self.told = 0

    def problem(self) -> str:
        self.told += 1
        return "x"

    def remedy(self) -> str:
        return "do it"


def test_a_remedy_that_a_rule_gives_later_is_the_one_that_is_told() -> None:
    class Said(Words):
        def problem(self) -> str:
            return "a fact"

        def remedy(self) -> str:
            return "its command"

    finding = Finding("TG001", b"a.pkl", Said())
    assert finding.remedy == "its command"
    finding.remedy = "another"
    assert finding.remedy == "another"


def test_what_is_put_into_words_late_is_the_same_finding() -> None:
    words = Counted()
    late = Finding("TG001", b"a", words, commit=b"1" * 40, key=b"k", line=3)
    soon = Finding("TG001", b"a", "x", "do it", commit="1" * 40, key="k", line=3)
    assert late.mark == soon.mark
    assert late.fingerprint == soon.fingerprint == soon.mark.hex()[:32]
    assert words.told == 0
    assert (late.problem, late.remedy, late.commit, late.key) == (soon.problem, soon.remedy, soon.commit, soon.key)
    assert words.told == 1


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        ("m/a.dvc is no pointer.", "is no pointer"),
        ("m/a.dvc: its data is away.", "its data is away"),
        ("m/a.dvc holds:\n    x", "holds: x"),
        ("other is bad", "other is bad"),
    ],
)
def test_a_message_is_on_one_line_without_the_path(problem: str, said: str) -> None:
    assert without_path(problem, b"m/a.dvc") == said
