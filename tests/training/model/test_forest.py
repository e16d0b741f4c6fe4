"""Settings, examples, splits, the forest and its bytes."""

from __future__ import annotations

import hashlib
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import f1_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import LabelEncoder

from tests.helpers.support import PROJECT
from tests.training import samples
from trinity_guard.dvcrepo import installation
from trinity_guard.errors import GuardError
from trinity_guard.training.data.table import load
from trinity_guard.training.model import admitted
from trinity_guard.training.model import forest as model
from trinity_guard.training.model.forest import Settings


def test_no_page_is_in_both_parts_and_both_classes_are(tmp_path: Path) -> None:
    data = samples.sample(tmp_path)
    train, test = model.split(data, samples.SMALL)
    assert sorted([*train, *test]) == list(range(600))
    assert not set(data.groups[train]) & set(data.groups[test])
    assert abs(len(test) / 600 - 0.2) < 0.02
    assert abs(data.y[test].mean() - data.y[train].mean()) < 0.03


def test_the_split_is_the_first_fold(tmp_path: Path) -> None:
    settings = Settings(folds=5)
    data = samples.sample(tmp_path, settings)
    first = model.folds(data, settings)[0]
    assert all((a == b).all() for a, b in zip(model.split(data, settings), first, strict=True))


def test_a_class_on_one_page_cannot_be_parted(tmp_path: Path) -> None:
    rows = samples.frame()
    rows["is_valid"] = (rows["page_id"] != "1-000007").astype(int)
    data = model.examples(samples.table(rows, tmp_path), Settings())
    with pytest.raises(GuardError) as e:
        model.split(data, Settings())
    assert "is_valid 0" in e.value.problem
    assert "5 examples stand on 1 of 120 pages" in e.value.problem


def test_one_class_alone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GuardError, match="is_valid is 1 in every example"):
        model.examples(samples.table(samples.frame().assign(is_valid=1), tmp_path), Settings())


@pytest.mark.parametrize(
    ("values", "features"),
    [
        ({}, [*model.CONTRACT, *model.MEASURED, *model.TEXTS]),
        ({"features": "contract"}, [*model.CONTRACT, *model.TEXTS]),
        ({"protocol": "reference"}, [*model.COUNTS, *model.TEXTS]),
        ({"target": "resolved_strategy_id"}, ["input_char_len", "input_word_count", "pathological_score", "theme"]),
    ],
)
def test_features_follow_from_the_settings(tmp_path: Path, values: dict[str, object], features: list[str]) -> None:
    rows = samples.frame()
    if "target" in values:
        rows = rows.drop(columns=list(model.MEASURED))
        rows = rows[~((rows["page_id"] == "1-000003") & (rows["active_strategy"] == "NONE"))].reset_index(drop=True)
    data = model.examples(samples.table(rows, tmp_path), Settings.of(values))
    assert data.features == list(data.X.columns) == features
    assert {str(data.X[name].dtype) for name in features if name not in model.TEXTS} == {"float64"}


def test_a_column_that_is_asked_for_must_be_there(tmp_path: Path) -> None:
    older = samples.table(samples.older(), tmp_path)
    with pytest.raises(GuardError, match="no column longest_word, slot_fill, word_fill, which features=measured needs"):
        model.examples(older, Settings(features="measured"))
    with pytest.raises(GuardError, match="no column resolved_strategy_id"):
        model.examples(older, Settings(target="resolved_strategy_id"))


def test_of_many_classes_an_example_is_a_page_before_healing(tmp_path: Path) -> None:
    rows = samples.frame()
    data = model.examples(samples.table(rows, tmp_path), Settings(target="resolved_strategy_id"))
    pages = rows[rows["active_strategy"] == "NONE"]
    assert data.y.tolist() == pages["resolved_strategy_id"].tolist()
    assert data.X["slot_fill"].tolist() == pages["slot_fill"].tolist()
    assert len(set(data.groups)) == len(data.y) == 120
    assert "active_strategy" not in data.features
    assert "css_density_layout" in data.features
    assert set(data.classes) <= set(model.STRATEGIES)


def test_a_rare_class_is_trained_on(tmp_path: Path) -> None:
    rows = samples.frame()
    rows.loc[rows["page_id"] == "1-000007", "resolved_strategy_id"] = 4
    rows.loc[(rows["page_id"] != "1-000007") & (rows["resolved_strategy_id"] == 4), "resolved_strategy_id"] = 3
    settings = Settings(target="resolved_strategy_id")
    for seed in range(12):
        data = model.examples(samples.table(rows, tmp_path), settings)
        train, test = model.split(data, settings.changed(seed=seed))
        assert 4 in data.y[train]
        assert len(test) > 15


def reference(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, float]:
    """The script that the published figures come from, in few words: label codes of the names as spelt."""
    x = rows[["input_char_len", "input_word_count"]].copy()
    for name in ("theme", "active_strategy"):
        x[name + "_encoded"] = LabelEncoder().fit_transform(rows[name].astype(str))
    split = train_test_split(x, rows["is_valid"], test_size=0.2, stratify=rows["is_valid"], random_state=42)
    forest = RandomForestClassifier(
        n_estimators=100, max_depth=10, min_samples_split=5, min_samples_leaf=2, random_state=42
    )
    forest.fit(split[0], split[2])
    return split[1].index.to_numpy(), forest.predict_proba(split[1]), f1_score(split[3], forest.predict(split[1]))


def test_the_reference_protocol_gives_exactly_what_the_reference_gives(tmp_path: Path) -> None:
    """On an older file, without page_id and css_density_*: the same test rows, the same probabilities to the last bit.

    The reference numbers names (LabelEncoder; of strategies: NONE, Pre-emptive, css_break_word, font_shrink),
    and a forest cuts numbers by their order: so the order must be that of the file's spelling, capitals first, though
    we know the strategies by one spelling.
    """
    rows = samples.older()
    where, expected, f1 = reference(rows)
    settings = Settings(protocol="reference")
    data = model.examples(load(samples.table(rows, tmp_path).path), settings)
    assert data.codes["active_strategy"] == ["NONE", "PRE_EMPTIVE", "CSS_BREAK_WORD", "FONT_SHRINK"]
    train, test = model.split(data, settings)
    fitted = model.fit(data, settings, train)
    assert test.tolist() == where.tolist()
    assert (fitted.predict_proba(data.X.iloc[test]) == expected).all()
    assert f1_score(data.y[test], fitted.predict(data.X.iloc[test])) == f1
    assert (fitted.predict_proba(data.X.iloc[test].assign(theme="unseen")) >= 0).all()


def test_the_reference_protocol_takes_every_table_that_is_taken(tmp_path: Path) -> None:
    """It reads the names as they are spelt once more: with spaces around the header's and blank rows in between."""
    path = Path(samples.table(samples.older(), tmp_path).path)
    settings = Settings(protocol="reference")
    before = model.examples(load(str(path)), settings)
    head, *rows = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join([head.replace(b",", b" , "), *rows[:9], b",,,,,,,,", b" ", *rows[9:]]))
    assert model.examples(load(str(path)), settings).codes == before.codes


SCRIPT = """
import hashlib, sys
from pathlib import Path
from tests.training import samples
from trinity_guard.training.model import forest as model
data = samples.sample(Path(sys.argv[1]))
garbage = [bytes([7]) * (64 * n) for n in range(2000)]
del garbage
fitted = model.fit(data, samples.SMALL, model.split(data, samples.SMALL)[0], jobs=int(sys.argv[2]))
print(hashlib.md5(model.dump(fitted)).hexdigest())
"""


@pytest.mark.slow
def test_two_processes_make_the_same_bytes(tmp_path: Path) -> None:
    """Whatever the order of hashes, the number of threads, and what lay in the memory that the trees grew in."""
    made = set()
    for seed, jobs in (("0", "1"), ("4242", "-1")):
        folder = tmp_path / seed
        folder.mkdir()
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, folder, jobs],
            cwd=PROJECT,
            env=os.environ | {"PYTHONHASHSEED": seed, "MALLOC_PERTURB_": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        made.add(done.stdout)
    data = samples.sample(tmp_path)
    fitted = model.fit(data, samples.SMALL, model.split(data, samples.SMALL)[0])
    made.add(hashlib.md5(model.dump(fitted)).hexdigest() + "\n")
    assert len(made) == 1


def test_a_model_comes_back_from_its_bytes(tmp_path: Path) -> None:
    data = samples.sample(tmp_path)
    fitted = model.fit(data, samples.SMALL, np.arange(600))
    again = admitted.model(model.dump(fitted))
    assert (again.predict_proba(data.X) == fitted.predict_proba(data.X)).all()
    assert model.dump(again) == model.dump(fitted)
    assert b"trinity_guard" not in model.dump(fitted)


@pytest.mark.parametrize(
    "data", [b"", b"\x80", b"nonsense", pickle.dumps({"a": 1}), pickle.dumps(RandomForestClassifier())]
)
def test_bytes_that_are_no_model_are_refused(data: bytes) -> None:
    with pytest.raises(GuardError, match="no model of the trainer"):
        admitted.model(data)


def test_a_model_of_another_scikit_learn_is_refused_with_the_command(tmp_path: Path) -> None:
    import sklearn

    data = samples.sample(tmp_path)
    fitted = model.dump(model.fit(data, samples.SMALL, np.arange(600)))
    here = sklearn.__version__.encode()
    other = b"0" * (len(here) - 2) + b".9"
    with pytest.raises(GuardError) as e:
        admitted.model(fitted.replace(here, other))
    assert e.value.remedy.startswith(f"{installation.line(f'scikit-learn=={other.decode()}')}     # or")


@pytest.mark.parametrize("protocol", ["grouped", "reference"])
def test_a_page_is_predicted_without_pandas_alike(tmp_path: Path, protocol: str) -> None:
    settings = samples.SMALL.changed(protocol=protocol)
    data = samples.sample(tmp_path, settings)
    fitted = model.fit(data, settings, np.arange(600))
    some = data.X.iloc[:40].copy()
    some.loc[3, "theme"] = "unseen"
    expected = fitted.predict_proba(some)
    rows = [{"more": "than asked", **row} for row in some.to_dict("records")]
    assert (model.fast_predict(fitted, rows) == expected).all()
    assert (model.fast_predict(fitted, rows[:1]) == expected[:1]).all()
    assert fitted.named_steps["forest"].n_jobs is None
    with pytest.raises(KeyError):
        model.fast_predict(fitted, [{"theme": "editorial"}])


def test_the_copy_for_others_takes_names_as_tables_spell_them(tmp_path: Path) -> None:
    data = samples.sample(tmp_path)
    fitted = model.fit(data, samples.SMALL, np.arange(len(data.y)))
    copy = pickle.loads(pickle.dumps(model.with_names(fitted)))
    wanted = fitted.predict_proba(data.X)
    strategies = data.X["active_strategy"].astype(str)
    for spelled in (strategies.str.lower(), strategies.str.replace("_", "-"), " " + strategies.str.title() + " "):
        other = data.X.assign(active_strategy=spelled, theme=data.X["theme"].astype(str) + " ", more=1)
        assert (copy.predict_proba(other) == wanted).all()
    assert list(copy.classes_) == list(fitted.classes_)
