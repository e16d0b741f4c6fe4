"""Of what the models are made that a training writes: the layout's forest, or any one of scikit-learn's estimators.

Which kind a model is, its metadata says; what its bytes may name is of that kind alone.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trinity_guard.detect.scan import known
from trinity_guard.detect.scan.record import BUILT, CALLED, NAMED, NEW, Name

Names = Mapping[Name, frozenset[str]]

# An estimator's public name: no part of it begins with an underscore.
PUBLIC = re.compile(r"sklearn(\.[a-z][a-z0-9_]*)+\.[A-Z][A-Za-z0-9]*")

CLASSES = frozenset(
    {
        ("sklearn.compose._column_transformer", "ColumnTransformer"),
        ("sklearn.compose._column_transformer", "_RemainderColsList"),
        ("sklearn.ensemble._forest", "RandomForestClassifier"),
        ("sklearn.pipeline", "Pipeline"),
        ("sklearn.preprocessing._encoders", "OneHotEncoder"),
        ("sklearn.preprocessing._encoders", "OrdinalEncoder"),
        ("sklearn.preprocessing._function_transformer", "FunctionTransformer"),
        ("sklearn.tree._classes", "DecisionTreeClassifier"),
    }
)
CALLS = frozenset(
    {
        ("builtins", "slice"),
        ("numpy", "dtype"),
        ("sklearn.tree._tree", "Tree"),
        *((f"numpy.{core}.multiarray", name) for core in ("core", "_core") for name in ("_reconstruct", "scalar")),
        *((f"numpy.{core}.numeric", "_frombuffer") for core in ("core", "_core")),
    }
)
# Types that stand in a model as values, and functions: the two that its steps for numbered columns call.
VALUES = frozenset(
    {
        *(("numpy", name) for name in ("ndarray", "float64", "int64", "object_")),
        ("pandas.core.frame", "DataFrame.rename"),
        ("pandas.core.generic", "NDFrame.replace"),
    }
)
NUMBERED = ("renamed", "named")

# Packages of scikit-learn's of which its classifiers and regressors are made, once they are fitted. Not those that read
# files (feature_extraction); what a FunctionTransformer may call is a function of the same list, a square root say.
_PACKAGES = (
    "_loss calibration compose covariance cross_decomposition decomposition discriminant_analysis dummy ensemble "
    "frozen gaussian_process impute isotonic kernel_ridge linear_model metrics model_selection multiclass naive_bayes "
    "neighbors neural_network pipeline preprocessing semi_supervised svm tree utils"
)
PACKAGES = frozenset(_PACKAGES.split())
BESIDE = ("builtins", "collections", "copyreg", "_codecs", "numpy", "scipy")


@dataclass(frozen=True)
class Kind:
    """estimator: of scikit-learn's by its public name, "" the layout's forest."""

    estimator: str = ""

    @property
    def steps(self) -> list[str]:
        """The pipeline's steps; of the layout's, NUMBERED may stand before them."""
        return ["columns", "model" if self.estimator else "forest"]

    def is_made_of(self, steps: list[str]) -> bool:
        return steps == self.steps or (not self.estimator and steps == [*NUMBERED, *self.steps])

    @property
    def names(self) -> Names:
        """What its bytes may name, and what may be done with each."""
        return _of_any_estimator() if self.estimator else _LAYOUT


LAYOUT = Kind()


def of(metadata: Mapping[str, Any]) -> Kind:
    """Return the kind that metadata tells; what it does not tell is the layout's."""
    estimator = metadata.get("estimator")
    return Kind(estimator) if isinstance(estimator, str) and PUBLIC.fullmatch(estimator) else LAYOUT


_LAYOUT: Names = {
    **dict.fromkeys(CLASSES, frozenset({NAMED, NEW, BUILT})),
    **dict.fromkeys(CALLS, frozenset({NAMED, CALLED, BUILT})),
    **dict.fromkeys(VALUES, frozenset({NAMED})),
}


@functools.cache
def _of_any_estimator() -> Names:
    """Return what is known to be harmless (detect/scan/known.py) among the parts of scikit-learn's estimators."""
    return {name: known.uses(name) for name in known.KNOWN if _is_part(name)}


def _is_part(name: Name) -> bool:
    package, _, rest = name[0].partition(".")
    own = package == "sklearn" and rest.partition(".")[0] in PACKAGES
    return own or package in BESIDE
