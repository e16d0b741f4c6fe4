"""Table and settings -> examples -> split -> a fitted pipeline and its bytes. Pure: the same inputs, the same bytes."""

from __future__ import annotations

import io
import pickle
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder

from trinity_guard.errors import GuardError
from trinity_guard.training.data import table as tables
from trinity_guard.training.model import splitting
from trinity_guard.training.model.kinds import NUMBERED
from trinity_guard.training.model.settings import Settings

__all__ = ["Examples", "Settings", "dump", "examples", "fast_predict", "fit", "folds", "pipeline", "split"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

COUNTS = ("input_char_len", "input_word_count")
CSS = ("css_density_spacing", "css_density_layout")
CONTRACT = (*COUNTS, *CSS, "pathological_score")
MEASURED = ("longest_word", "slot_fill", "word_fill")
TEXTS = ("theme", "active_strategy")


# The classes in words, as metrics and plots name them.
VERDICTS = {0: "overflow", 1: "valid"}
STRATEGIES = {0: "none", 1: "css_break_word", 2: "font_shrink", 3: "css_truncate", 4: "content_cut", 99: "unresolved"}


@dataclass(frozen=True)
class Examples:
    """What is learnt from. X: (n, features), numbers as float64; y, groups: (n,); slices: (n, 2), theme and strategy.

    content: (n, 2), characters and words, for the audit of leakage. codes: under the reference protocol, the values of
    each text column in the order that the reference numbers them. md5: of the dataset's file.
    """

    X: pd.DataFrame
    y: Ints
    groups: Ints
    classes: list[int]
    target: str
    slices: pd.DataFrame
    features: list[str]
    content: Floats
    codes: dict[str, list[str]]
    md5: str

    def only(self, rows: Ints) -> Examples:
        """Return the examples of these rows alone."""
        return replace(
            self,
            X=self.X.iloc[rows].reset_index(drop=True),
            y=self.y[rows],
            groups=self.groups[rows],
            slices=self.slices.iloc[rows].reset_index(drop=True),
            content=self.content[rows],
        )


def examples(table: tables.Table, settings: Settings) -> Examples:
    """Choose rows, columns and target. Raises GuardError where the table lacks what the settings ask for."""
    target = "is_valid" if settings.target == "auto" else settings.target
    frame, groups = table.frame, np.asarray(table.groups, dtype=np.int64)
    _has(frame, [target], table.path, f"target={target}", "trinity train --set target=is_valid")
    y = frame[target].to_numpy(dtype=np.int64)
    if target == "resolved_strategy_id":
        chosen, y, groups = _pages(frame, y, groups)
        frame = frame.iloc[chosen]
    numbers = _numbers(frame, settings, table.path, target)
    texts = [name for name in TEXTS if target == "is_valid" or name == "theme"]
    features = [*numbers, *texts]
    x = frame[features].astype(dict.fromkeys(numbers, np.float64)).reset_index(drop=True)
    classes = [int(c) for c in np.unique(y)]
    if len(classes) < 2:
        raise GuardError(
            problem=f"{table.path}: {target} is {classes[0]} in every example; there is nothing to tell apart.",
            remedy="trinity data     # measures a set with both",
        )
    return Examples(
        X=x,
        y=y,
        groups=groups,
        classes=classes,
        target=target,
        slices=frame[list(TEXTS)].reset_index(drop=True),
        features=features,
        content=frame[list(COUNTS)].to_numpy(dtype=np.float64),
        codes=_codes(table, texts) if _is_reference(settings) else {},
        md5=table.md5,
    )


def _is_reference(settings: Settings) -> bool:
    return settings.features == "reference" or (settings.features == "auto" and settings.protocol == "reference")


def _has(frame: pd.DataFrame, names: Sequence[str], path: str, asked: str, remedy: str) -> None:
    missing = [name for name in names if name not in frame]
    if missing:
        raise GuardError(problem=f"{path} has no column {', '.join(missing)}, which {asked} needs.", remedy=remedy)


def _numbers(frame: pd.DataFrame, settings: Settings, path: str, target: str) -> list[str]:
    """Return the numeric columns to learn from."""
    if _is_reference(settings):
        return list(COUNTS)
    contract = [name for name in CONTRACT if name in frame]
    if target == "resolved_strategy_id" and not bool((frame["active_strategy"] == "NONE").all()):
        # Where healing wrote into the page's CSS, its densities tell which strategy was tried.
        contract = [name for name in contract if name not in CSS]
    if settings.features == "measured":
        _has(frame, MEASURED, path, "features=measured", "trinity train --set features=contract")
    measured = settings.features != "contract" and all(name in frame for name in MEASURED)
    return [*contract, *(MEASURED if measured else ())]


def _pages(frame: pd.DataFrame, y: Ints, groups: Ints) -> tuple[Ints, Ints, Ints]:
    """Return (row to stand for it, label, group) of each page: a group's rows of one theme.

    The row is the one from before healing (NONE) where there is one. Labels rise with how much they change, and 99 is
    unresolved, so the least of a page is the mildest that held.
    """
    healed = (frame["active_strategy"] != "NONE").to_numpy(dtype=np.int64)
    _, themes = np.unique(frame["theme"].to_numpy(dtype=object).astype(str), return_inverse=True)
    order = np.lexsort((np.arange(len(y)), healed, themes, groups))
    first = np.r_[True, (np.diff(groups[order]) != 0) | (np.diff(themes[order]) != 0)]
    labels = np.minimum.reduceat(y[order], np.flatnonzero(first))
    chosen = order[first]
    back = np.argsort(chosen, kind="stable")
    return chosen[back], labels[back], groups[chosen[back]]


def _codes(table: tables.Table, texts: Sequence[str]) -> dict[str, list[str]]:
    """Return the values of each text column in the order in which the reference numbers them.

    It numbers the names as the file spells them, sorted: `NONE` < `Pre-emptive` < `css_break_word`, while we have
    CSS_BREAK_WORD < NONE < PRE_EMPTIVE. Where a file spells one name in two ways, the first in order counts.
    """
    raw = tables.texts(table.path)
    codes = {}
    for name in texts:
        ours = table.frame[name].to_numpy(dtype=object).astype(str)
        pairs = sorted(set(zip(raw[name].to_numpy(dtype=object).astype(str), ours, strict=True)))
        codes[name] = list(dict.fromkeys(own for _, own in pairs))
    return codes


def pipeline(settings: Settings, data: Examples) -> Pipeline:
    """Return the unfitted pipeline, of scikit-learn's own classes alone: whoever has that can load the model.

    A theme that was never seen is no theme at all (one-hot), or the code -1 (reference). The reference's takes columns
    that were numbered beforehand, too: its own predictor asks so.
    """
    texts = [name for name in TEXTS if name in data.features]
    numbers = [name for name in data.features if name not in TEXTS]
    columns: list[tuple[str, Any, list[str]]] = [("numbers", "passthrough", numbers)]
    if data.codes:
        categories = [np.array(data.codes[name], dtype=object) for name in texts]
        encoder = OrdinalEncoder(categories=categories, handle_unknown="use_encoded_value", unknown_value=-1)
        columns.append(("texts", encoder, texts))
    else:
        columns.append(("texts", OneHotEncoder(handle_unknown="ignore", sparse_output=False), texts))
    forest = RandomForestClassifier(
        n_estimators=settings.n_estimators,
        max_depth=settings.max_depth,
        min_samples_split=settings.min_samples_split,
        min_samples_leaf=settings.min_samples_leaf,
        max_features=None if settings.max_features == "all" else settings.max_features,
        class_weight=settings.class_weight,
        random_state=settings.seed,
    )
    return Pipeline([*_named(data.codes), ("columns", ColumnTransformer(columns)), ("forest", forest)])


def _named(codes: Mapping[str, Sequence[str]]) -> list[tuple[str, FunctionTransformer]]:
    """Return the steps that make names of numbered columns (theme_encoded); what comes with names stays as it is."""
    if not codes:
        return []
    columns = {numbered(name): name for name in codes}
    # Its number for what it does not know is -1; nothing is called "".
    text = {name: {**dict(enumerate(values)), -1: ""} for name, values in codes.items()}
    made = (
        FunctionTransformer(pd.DataFrame.rename, kw_args={"columns": columns}),
        FunctionTransformer(pd.DataFrame.replace, kw_args={"to_replace": text}),
    )
    return list(zip(NUMBERED, made, strict=True))


def numbered(name: str) -> str:
    """Return what the reference calls a column of names once it has numbered them; others keep their name."""
    return f"{name}_encoded" if name in TEXTS else name


def with_names(model: Pipeline) -> Pipeline:
    """Return a fitted pipeline that takes names as tables spell them: spaces around them, strategies in any case.

    By pandas' own `replace`, so that whoever has scikit-learn and pandas can load it. It shares the steps.
    """
    text = {"theme": {r"^\s+|\s+$": ""}}
    for _, encoder, names in model.named_steps["columns"].transformers_:
        if "active_strategy" in names:
            known = encoder.categories_[list(names).index("active_strategy")]
            text["active_strategy"] = {_spelled(str(name)): str(name) for name in known}
    plain = FunctionTransformer(pd.DataFrame.replace, kw_args={"to_replace": text, "regex": True})
    return Pipeline([("names", plain), *model.steps])


def _spelled(name: str) -> str:
    """Return what matches a strategy's name as any table may have it, as the reader of tables does."""
    return r"(?i)^\s*" + r"[\s_-]+".join(re.escape(part) for part in name.split("_")) + r"\s*$"


def split(data: Examples, settings: Settings) -> tuple[Ints, Ints]:
    """Return (training rows, test rows), both ascending under "grouped".

    Raises GuardError where pages cannot be parted so that both classes stand in both parts. Of many classes a rare one
    may stand on a single page: that page is trained on, and the test does without.
    """
    if settings.protocol == "reference":
        return _reference_split(data, settings)
    a, b = splitting.fraction(settings.test_size)
    in_test = splitting.parts(data.y, data.groups, b, settings.seed) < a
    if len(data.classes) > 2:
        rare = np.setdiff1d(data.classes, data.y[~in_test])
        in_test &= ~np.isin(data.groups, data.groups[np.isin(data.y, rare)])
    train, test = np.flatnonzero(~in_test), np.flatnonzero(in_test)
    _both(data, train, test)
    return train, test


def _reference_split(data: Examples, settings: Settings) -> tuple[Ints, Ints]:
    try:
        train, test = train_test_split(
            np.arange(len(data.y)), test_size=settings.test_size, stratify=data.y, random_state=settings.seed
        )
    except ValueError as e:
        raise GuardError(
            problem=f"the reference split is not possible: {e}",
            remedy="trinity train --set protocol=grouped",
        ) from None
    return train, test


def _both(data: Examples, train: Ints, test: Ints) -> None:
    """Refuse a split whose training part lacks a class, or whose test part lacks one of two, and say why."""
    for name, rows in (("training", train), ("test", test)):
        missing = [c for c in data.classes if not (data.y[rows] == c).any()]
        if not missing or (name == "test" and len(data.classes) > 2 and len(rows)):
            continue
        pages = len(np.unique(data.groups[data.y == missing[0]])) if missing else 0
        raise GuardError(
            problem=f"no split by page leaves {data.target} {missing[0]} in the {name} part: its "
            f"{int((data.y == missing[0]).sum())} examples stand on {pages} of {len(np.unique(data.groups))} pages.",
            remedy="trinity train --set test_size=0.5     # or more pages: trinity data --rows 20000",
        )


def folds(data: Examples, settings: Settings, repeat: int = 0) -> list[tuple[Ints, Ints]]:
    """Return (training rows, held-out rows) of each fold, grouped by page whatever the protocol.

    With 5 folds and a test part of 0.2, the first fold of the first repeat is `split` itself: one fit less.
    """
    part = splitting.parts(data.y, data.groups, settings.folds, (settings.seed + repeat) % 2**32)
    return [(np.flatnonzero(part != k), np.flatnonzero(part == k)) for k in range(settings.folds)]


def fit(data: Examples, settings: Settings, rows: Ints, jobs: int = -1) -> Pipeline:
    """Return the pipeline fitted on these rows, grown on all cores; which core grew a tree does not tell.

    The fitted forest predicts on one: threads add up in whatever order they end, which shows in the last digit, and
    starting them costs more than a page takes.
    """
    fitted = pipeline(settings, data).set_params(forest__n_jobs=jobs)
    fitted.fit(data.X.iloc[rows], data.y[rows])
    return fitted.set_params(forest__n_jobs=None)


def dump(model: Pipeline) -> bytes:
    """Return the model's bytes (pickle, protocol 5): equal models give equal bytes, in any process.

    By value, without a memo, which would tell which equal texts are one object. A fitted pipeline holds no cycle.
    """
    out = io.BytesIO()
    pickler = pickle.Pickler(out, protocol=5)
    pickler.fast = True
    pickler.dump(model)
    return out.getvalue()


def fast_predict(model: Pipeline, rows: Sequence[Mapping[str, object]]) -> Floats:
    """Return what model.predict_proba gives for these rows, (n, classes), to the last bit, without pandas and joblib.

    A row needs the model's features; what else it has is not looked at. A page takes 0.3 ms instead of 6.
    Raises KeyError for a feature that is not there, ValueError for a number that is none.
    """
    columns = model.named_steps["columns"]
    blocks = []
    for _, encoder, names in columns.transformers_:
        values = [[row[name] for name in names] for row in rows]
        if hasattr(encoder, "categories_"):
            blocks.append(_encoded(encoder, values))
        else:
            blocks.append(np.array(values, dtype=np.float64).reshape(len(rows), len(names)))
    forest = model.named_steps["forest"]
    x = np.hstack(blocks).astype(np.float32)
    total = np.zeros((len(rows), len(forest.classes_)))
    for tree in forest.estimators_:
        total += tree.tree_.predict(x)
    return total / len(forest.estimators_)


def _encoded(encoder: OneHotEncoder | OrdinalEncoder, values: list[list[object]]) -> Floats:
    """Encode text columns, (n, texts) -> (n, codes)."""
    blocks = []
    for column, categories in enumerate(encoder.categories_):
        code = {name: number for number, name in enumerate(categories)}
        codes = np.array([code.get(row[column], -1) for row in values], dtype=np.int64)
        if isinstance(encoder, OneHotEncoder):
            blocks.append((codes[:, None] == np.arange(len(categories))).astype(np.float64))
        else:
            blocks.append(codes[:, None].astype(np.float64))
    return np.hstack(blocks)
