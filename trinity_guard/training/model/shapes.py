"""A loaded model whose trees look at other columns than its rows will have is refused, before it is used.

scikit-learn's C code follows what stands in a tree; that a row has so many columns, its Python code alone looks at.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.ensemble._forest import BaseForest
from sklearn.ensemble._gb import BaseGradientBoosting
from sklearn.ensemble._hist_gradient_boosting.gradient_boosting import BaseHistGradientBoosting
from sklearn.tree import BaseDecisionTree

from trinity_guard.errors import GuardError


def require(model: Any, layout: bool) -> None:
    """Refuse (GuardError, exit 1) a pipeline whose trees do not fit its columns."""
    if not (_layout_fits(model) if layout else all(map(_fits, estimators(model)))):
        raise GuardError(
            "the model was not used: its trees are of other columns or classes than it says.", "trinity train"
        )


def _layout_fits(model: Any) -> bool:
    forest = model.named_steps["forest"]
    width = _width(model.named_steps["columns"])
    sizes = {int(tree.tree_.n_features) for tree in forest.estimators_}
    classes = {int(n) for tree in forest.estimators_ for n in np.ravel(tree.tree_.n_classes)}
    return sizes | {int(forest.n_features_in_)} == {width} and classes == {len(forest.classes_)}


def _width(columns: Any) -> int:
    """Return how many columns the forest is given."""
    total = 0
    for _, encoder, names in columns.transformers_:
        if hasattr(encoder, "categories_"):
            one_hot = type(encoder).__name__ == "OneHotEncoder"
            total += sum(len(found) for found in encoder.categories_) if one_hot else len(encoder.categories_)
        else:
            total += len(names)
    return total


def estimators(value: Any) -> Iterator[BaseEstimator]:
    """Yield every estimator in a fitted one, itself first; each once, however many hold it."""
    seen: set[int] = set()
    rest = [value]
    while rest:
        one = rest.pop()
        if isinstance(one, list | tuple):
            rest.extend(one)
        elif isinstance(one, dict):
            rest.extend(one.values())
        elif isinstance(one, np.ndarray) and one.dtype == object:
            rest.extend(one.ravel().tolist())
        elif isinstance(one, BaseEstimator) and id(one) not in seen:
            seen.add(id(one))
            yield one
            rest.extend(vars(one).values())


def _fits(one: BaseEstimator) -> bool:
    """Whether an estimator's trees have the columns that it lets its rows have."""
    if isinstance(one, BaseDecisionTree) and hasattr(one, "tree_"):
        return _columns(one) == int(one.tree_.n_features)
    if isinstance(one, BaseForest | BaseGradientBoosting) and hasattr(one, "estimators_"):
        trees = np.ravel(np.array(one.estimators_, dtype=object)).tolist()
        whole = all(isinstance(tree, BaseDecisionTree) for tree in trees)
        return whole and {int(tree.tree_.n_features) for tree in trees} == {_columns(one)}
    if isinstance(one, BaseHistGradientBoosting) and hasattr(one, "_predictors"):
        return all(_is_whole(tree, _columns(one)) for round_ in one._predictors for tree in round_)
    return True


def _columns(one: Any) -> int:
    return int(getattr(one, "n_features_in_", -1))


def _is_whole(tree: Any, columns: int) -> bool:
    """Whether a tree of HistGradientBoosting's leads to its own nodes, columns and categories alone."""
    nodes = tree.nodes
    if not (isinstance(nodes, np.ndarray) and nodes.ndim == 1 and len(nodes) and nodes.dtype.names):
        return False
    inner, here = nodes["is_leaf"] == 0, np.arange(len(nodes))
    for side in ("left", "right"):
        child = nodes[side][inner].astype(np.int64)
        if ((child <= here[inner]) | (child >= len(nodes))).any():
            return False
    by_category = inner & (nodes["is_categorical"] != 0)
    fewest = min(len(tree.raw_left_cat_bitsets), len(tree.binned_left_cat_bitsets))
    feature, category = nodes["feature_idx"][inner], nodes["bitset_idx"][by_category]
    return not ((feature < 0) | (feature >= columns)).any() and not (category >= fewest).any()
