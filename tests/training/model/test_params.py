"""params.yaml, --set and options by name: the last one wins, and what cannot be meant is named with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from trinity_guard.errors import UNUSABLE, GuardError
from trinity_guard.training.model import params
from trinity_guard.training.model.settings import Settings


def test_without_a_file_and_without_words_it_is_the_defaults(tmp_path: Path) -> None:
    assert params.settings(str(tmp_path)) == Settings()


def test_a_name_goes_before_a_set_and_a_set_before_the_file(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text("data: {rows: 1}\ntrain: {seed: 1, max_depth: 1, n_estimators: 7}\n")
    found = params.settings(str(tmp_path), None, ["seed=2", "max_depth=2"], {"seed": "3", "target": None})
    assert found == Settings(seed=3, max_depth=2, n_estimators=7)


def test_another_file_is_taken_in_place_of_the_projects(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text("train: {seed: 1}\n")
    (tmp_path / "other.yaml").write_text("train: {folds: 0}\n")
    assert params.settings(str(tmp_path), str(tmp_path / "other.yaml")) == Settings(folds=0)


@pytest.mark.parametrize("text", ["", "train:\n", "other: {a: 1}\n"])
def test_a_file_without_the_section_says_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "params.yaml").write_text(text)
    assert params.settings(str(tmp_path)) == Settings()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("train: [1]\n", "must hold keys and values"),
        ("- train\n", "must hold keys and values"),
        ("train: {depth: 3}\n", "params.yaml, train: 'depth' is no setting"),
        ("train: {seed: -1}\n", "params.yaml, train: seed cannot be -1"),
        ("train: {\n", "params.yaml: "),
        ("x" * (params.MAX_BYTES + 1), "params.yaml cannot be read: it is larger than 262,144 bytes"),
    ],
)
def test_a_file_that_cannot_be_meant_is_named(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "params.yaml").write_text(text)
    with pytest.raises(GuardError) as refused:
        params.settings(str(tmp_path))
    assert says in refused.value.problem
    assert refused.value.exit_code == UNUSABLE


def test_a_file_that_is_asked_for_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(GuardError, match="cannot be read: No such file"):
        params.settings(str(tmp_path), str(tmp_path / "none.yaml"))


def test_an_assignment_is_a_key_and_a_value() -> None:
    assert params.assigned(" max_depth = a=b ") == ("max_depth", "a=b")
    for text in ("max_depth", "=3", " =3"):
        with pytest.raises(GuardError, match="takes key=value"):
            params.assigned(text)
