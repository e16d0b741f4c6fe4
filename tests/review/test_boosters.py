"""Models of XGBoost and LightGBM as their libraries save them: told by their bytes, and what is in them."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from trinity_guard.review import arrays, boosters, models, summary
from trinity_guard.review.dialect import NoTable

X = np.random.default_rng(0).normal(size=(200, 2))
Y = X[:, 0] + X[:, 1] ** 2 > 0.5
NAMES = ["age", "income"]


def xgboost(file: Path, trees: int, booster: str = "gbtree") -> Path:
    """Save a model under both suffixes, and return the one that is asked for."""
    library = pytest.importorskip("xgboost")
    depth = {} if booster == "gblinear" else {"max_depth": 2}
    data = library.DMatrix(X, label=Y, feature_names=NAMES)
    model = library.train({"objective": "binary:logistic", "booster": booster, **depth}, data, trees)
    for suffix in (".json", ".ubj"):
        model.save_model(file.with_suffix(suffix))
    return file


def lightgbm(file: Path, trees: int, leaves: int = 5) -> Path:
    library = pytest.importorskip("lightgbm")
    parameters = {"objective": "binary", "num_leaves": leaves, "verbose": -1}
    library.train(parameters, library.Dataset(X, label=Y, feature_name=NAMES), trees).save_model(file)
    return file


def read(file: Path) -> models.Model:
    return models.read(os.fsencode(file), os.fsencode(file.name))


@pytest.mark.parametrize("name", ["m.json", "m.ubj"])
def test_a_model_of_xgboost_has_its_objective_features_trees_and_leaves(tmp_path: Path, name: str) -> None:
    found = read(xgboost(tmp_path / name, 3))
    told = found.parameters
    assert (told["booster"], told["objective"], told["features"]) == ("gbtree", "binary:logistic", NAMES)
    assert (told["trees"], told["depth"], told["nodes"]) == (3, 2, 2 * told["leaves"] - 3)
    splits = told["splits by age"] + told["splits by income"]
    assert found.arrays["thresholds"].shape == (splits,) == (told["nodes"] - told["leaves"],)
    assert found.arrays["leaf values"].shape == (told["leaves"],)


@pytest.mark.parametrize("booster", ["gbtree", "dart", "gblinear"])
def test_both_files_that_xgboost_saves_say_the_same(tmp_path: Path, booster: str) -> None:
    file = xgboost(tmp_path / "m.json", 2, booster)
    one, other = read(file), read(file.with_suffix(".ubj"))
    assert one.parameters == other.parameters
    assert one.arrays.keys() == other.arrays.keys()
    for name, array in one.arrays.items():
        assert array.read is not None
        theirs = other.arrays[name].read
        assert theirs is not None
        assert np.allclose(array.read(), theirs(), rtol=1e-6)


def test_a_model_of_lightgbm_has_its_parameters_features_trees_and_leaves(tmp_path: Path) -> None:
    found = read(lightgbm(tmp_path / "m.txt", 3))
    told = found.parameters
    assert (told["objective"], told["features"], told["trees"]) == ("binary sigmoid:1", NAMES, 3)
    assert (told["parameters.num_leaves"], told["parameters.num_iterations"]) == (5, 3)
    assert found.arrays["thresholds"].shape == (told["splits by age"] + told["splits by income"],)
    assert found.arrays["leaf values"].shape == (told["leaves"],)


def test_of_two_models_what_they_were_told_and_became_is_compared(tmp_path: Path) -> None:
    one, other = lightgbm(tmp_path / "a.txt", 3), lightgbm(tmp_path / "b.txt", 4, 6)
    changed = models.compare(read(one), read(other))
    assert (changed["parameters.num_leaves"], changed["trees"]) == ((5, 6), (3, 4))
    assert not changed.keys() & {"objective", "features", "tree_sizes"}


@pytest.mark.parametrize("name", ["m.json", "m.ubj"])
def test_what_git_shows_of_a_pointer_tells_of_the_model(tmp_path: Path, name: str) -> None:
    lines = summary.lines(os.fsencode(xgboost(tmp_path / name, 3)), os.fsencode(name))
    assert "trees: 3" in lines
    assert any(line.startswith("array leaf values: float64[") for line in lines)


@pytest.mark.parametrize("data", [b"", b"{}", b'{"learner": 1}', b"tree\n", b"{L", b'[{"learner":{"'])
def test_what_is_none_is_not_taken_for_one(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "m").write_bytes(data)
    assert not boosters.is_one(os.fsencode(tmp_path / "m"))


@pytest.mark.parametrize(
    "data",
    [
        b'{"learner":{"a":1}}',
        b'{"learner":{"objective":{"name":1},"gradient_booster":{"model":{"trees":[{}]}}}}',
        b'{"learner":{"gradient_booster":' + b"[" * 100_000,
        boosters.UBJSON,
        boosters.UBJSON + b"L\xff\xff\xff\xff\xff\xff\xff\xff",
        b"tree\nversion=v4\nTree=0\nsplit_feature=x\n",
        b"tree\nversion=v4\nTree=0\nsplit_feature=-9\n",
        b'{"learner":{"gradient_booster":{"model":{"weights":[1%s]}},"objective":{"name":"x"}}}' % (b"0" * 400),
    ],
    ids=[
        "nothing in it",
        "no trees in it",
        "deep",
        "cut",
        "a length below nothing",
        "no number",
        "below nothing",
        "a number too large",
    ],
)
def test_a_damaged_one_is_said_to_be_so(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "m").write_bytes(data)
    with pytest.raises(NoTable, match="cannot be read as a model of"):
        read(tmp_path / "m")


@pytest.mark.parametrize("name", ["m.json", "m.ubj", "m.txt"])
def test_a_large_one_is_read_in_pieces_and_said_alike(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = lightgbm(tmp_path / name, 30) if name == "m.txt" else xgboost(tmp_path / name, 30)
    whole = read(file)
    monkeypatch.setattr(boosters, "PIECE", 1000)
    monkeypatch.setattr(boosters, "MAX_HELD", 5000)
    assert file.stat().st_size > 3 * boosters.MAX_HELD
    pieces = read(file)
    assert pieces.parameters == whole.parameters
    assert pieces.parameters["trees"] == 30
    assert arrays.compare(whole.arrays, pieces.arrays)["changed"] == {}


def test_one_beyond_what_is_read_is_said_with_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "m"
    with file.open("wb") as out:
        out.write(boosters.LIGHTGBM)
        out.truncate(boosters.MAX_BYTES + 1)
    with pytest.raises(NoTable, match="trees are looked into up to 1 GB"):
        read(file)
    monkeypatch.setattr(boosters, "MAX_HELD", 1000)
    file.write_bytes(boosters.LIGHTGBM + b"4\n" + b"x" * 2000)
    with pytest.raises(NoTable, match="a line of it is longer than"):
        read(file)


HEAD = b'{"learner":{"objective":{"name":"x"},"gradient_booster":{"name":"gbtree","model":{"trees":['


@pytest.mark.parametrize(
    "data",
    [
        HEAD + b"[]," * 5000 + b"]}}}}",
        HEAD + b'{"parents":[' + b"[]," * 5000 + b"]}]}}}}",
        HEAD + b"]" + b"," + b"{}," * 5000,
        b'{"learner":{"a":[' + b"[]," * 5000,
    ],
)
def test_lists_that_take_more_memory_than_bytes_are_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "m").write_bytes(data)
    with pytest.raises(NoTable, match="more lists than it can have data for"):
        read(tmp_path / "m")


def test_a_tree_too_large_to_be_held_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boosters, "MAX_HELD", 10_000)
    monkeypatch.setattr(boosters, "PIECE", 100)
    (tmp_path / "m").write_bytes(HEAD + b'{"parents":[' + b"1," * 10_000 + b"1]}]}}}}")
    with pytest.raises(NoTable, match="a part of it is larger than"):
        read(tmp_path / "m")


def test_what_is_called_as_a_tree_or_stands_behind_them_is_none(tmp_path: Path) -> None:
    """Of a name in a text, and of features that are called as what trees say."""
    text = (
        b"tree\nversion=v4\nfeature_names=threshold b\n\nTree=0\nsplit_feature=0 1\nthreshold=1.5 2\nleaf_value=1 2 3\n"
    )
    (tmp_path / "m").write_bytes(text + b"\nend of trees\n\nfeature_importances:\nthreshold=7\nleaf_value=1\n")
    found = read(tmp_path / "m")
    assert (found.parameters["leaves"], found.parameters["splits by threshold"]) == (3, 1)
    said = HEAD.replace(b'"learner":{', b'"learner":{"attributes":{"a":"\\"trees\\":[1"},') + b" ] }}}}"
    (tmp_path / "m").write_bytes(said)
    assert read(tmp_path / "m").parameters["trees"] == 0
