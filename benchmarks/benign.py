"""Models and data as the libraries themselves save them: what a scanner must let through. Nothing here is loaded.

`python -m benchmarks.benign FOLDER` writes each as a file; known.py is made of what is in them (benchmarks/known.py).
"""

from __future__ import annotations

import collections
import datetime
import decimal
import fractions
import importlib
import io
import pathlib
import pickle
import sys
import uuid
import warnings
from collections.abc import Iterator
from typing import Any

import joblib
import numpy as np
import pandas as pd

DTYPES = "? b B h H i I l L q Q e f d g F D G S5 U5 M8[ns] M8[D] m8[s] V4 >f8 >i4"
Made = Iterator[tuple[str, Any]]


def tables() -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(7)
    x = np.abs(rng.normal(size=(80, 4))) + 0.1
    return x, (x[:, 0] + x[:, 1] > 1.6).astype(int), x[:, 0] * 2 + rng.normal(size=80) * 0.1


def _library(name: str) -> Any:
    """Load what only some environments have."""
    return importlib.import_module(name)


def of_scikit_learn() -> Made:
    """Yield every estimator of scikit-learn, fitted where one that is fresh from its class can be."""
    from sklearn.utils import all_estimators

    x, classes, numbers = tables()
    for name, kind in all_estimators():
        model = _fresh(kind)
        if model is None:
            continue
        yield f"sklearn-{name}-new", model
        for target in (classes, numbers, np.column_stack([classes, classes]), None):
            fitted = _fitted(_fresh(kind), x, target)
            if fitted is not None:
                yield f"sklearn-{name}", fitted
                break


def _fresh(kind: Any) -> Any:
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.tree import DecisionTreeRegressor

    for arguments in (
        {}, {"estimator": LogisticRegression()}, {"estimator": Ridge()}, {"estimators": [("a", LogisticRegression())]},
        {"estimators": [("a", Ridge()), ("b", DecisionTreeRegressor())]}, {"transformers": [("a", "passthrough", [0])]},
        {"steps": [("a", LogisticRegression())]}, {"transformer_list": [("a", "passthrough")]},
        {"estimator": LogisticRegression(), "param_grid": {"C": [1.0, 2.0]}},
        {"estimator": LogisticRegression(), "param_distributions": {"C": [1.0, 2.0]}},
        {"base_estimator": LogisticRegression()}, {"dictionary": np.eye(4)},
    ):  # fmt: skip
        try:
            return kind(**arguments)
        except Exception:  # noqa: BLE001  # not these arguments
            continue
    return None


def _fitted(model: Any, x: Any, target: Any) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return model.fit(x, target)
    except Exception:  # noqa: BLE001  # it wants another table
        return None


def of_scikit_learn_together() -> Made:
    from sklearn.compose import ColumnTransformer
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
    from sklearn.svm import SVC

    x, classes, _ = tables()
    frame = pd.DataFrame({"a": x[:, 0], "b": np.where(classes, "x", "y")})
    columns = ColumnTransformer([("n", StandardScaler(), ["a"]), ("t", OneHotEncoder(), ["b"])])
    yield "sklearn-columns", make_pipeline(columns, SVC(probability=False)).fit(frame, classes)
    yield "sklearn-imputed", make_pipeline(SimpleImputer(), SVC()).fit(x, classes)
    yield "sklearn-log", make_pipeline(FunctionTransformer(np.log1p), SVC()).fit(x, classes)
    yield "sklearn-words", TfidfVectorizer().fit(["some words", "other words"])


def of_numpy() -> Made:
    for dtype in DTYPES.split():
        yield f"numpy-{dtype.replace('>', 'big')}", np.zeros((3, 2), dtype=dtype)
        yield f"numpy-scalar-{dtype.replace('>', 'big')}", np.zeros(1, dtype=dtype)[0]
    yield "numpy-fields", np.zeros(4, dtype=[("a", "f8"), ("b", "U3"), ("c", "i4", (2,))])
    yield "numpy-objects", np.array(["a", None, 1.5, [1]], dtype=object)
    yield "numpy-fortran", np.asfortranarray(np.ones((3, 4)))
    yield "numpy-masked", np.ma.masked_array([1.0, 2.0], mask=[True, False])
    yield "numpy-matrix", np.asmatrix(np.eye(2))
    yield "numpy-record", np.rec.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")])
    yield "numpy-dtype", np.dtype("f8")
    yield "numpy-ufunc", [np.log, np.exp, np.sqrt, np.log1p, np.expm1, np.abs, np.tanh]
    yield "numpy-random", np.random.default_rng(1)
    yield "numpy-random-state", np.random.RandomState(1)
    for kind in ("PCG64", "PCG64DXSM", "Philox", "SFC64", "MT19937"):
        yield f"numpy-{kind}", np.random.Generator(getattr(np.random, kind)(1))
    yield "numpy-polynomial", np.polynomial.Polynomial([1, 2])
    yield "numpy-poly1d", np.poly1d([1, 2])


def of_scipy() -> Made:
    # By their names: nothing else here needs what only some environments have.
    interpolate, sparse, spatial, stats = (
        _library(f"scipy.{name}") for name in ("interpolate", "sparse", "spatial", "stats")
    )

    for kind in ("csr", "csc", "coo", "lil", "dok", "dia", "bsr"):
        yield f"scipy-{kind}-matrix", getattr(sparse, kind + "_matrix")(np.eye(3))
        yield f"scipy-{kind}-array", getattr(sparse, kind + "_array")(np.eye(3))
    x = np.linspace(0, 1, 9)
    yield "scipy-interpolator", interpolate.interp1d(x, x)
    yield "scipy-spline", interpolate.UnivariateSpline(x, x**2)
    yield "scipy-bspline", interpolate.make_interp_spline(x, x)
    yield "scipy-cubic", interpolate.CubicSpline(x, x)
    yield "scipy-pchip", interpolate.PchipInterpolator(x, x)
    yield "scipy-rbf", interpolate.RBFInterpolator(tables()[0][:, :2], np.ones(80))
    yield "scipy-ckdtree", spatial.cKDTree(np.eye(3))
    yield "scipy-kdtree", spatial.KDTree(np.eye(3))
    yield "scipy-rotation", _library("scipy.spatial.transform").Rotation.from_euler("z", 1)
    yield "scipy-gaussian-kde", stats.gaussian_kde(x)


def of_pandas() -> Made:
    frame = pd.DataFrame(
        {"i": [1, 2], "f": [1.5, None], "s": ["a", "b"], "d": pd.to_datetime(["2020-01-01"] * 2), "b": [True, False]}
    )
    yield "pandas-frame", frame
    yield "pandas-series", frame["f"]
    yield "pandas-category", frame["s"].astype("category")
    yield "pandas-indexed", frame.set_index("s")
    yield "pandas-levels", frame.set_index(["s", "i"])
    yield "pandas-dates", frame.set_index("d")
    yield "pandas-nullable", frame.convert_dtypes()
    yield "pandas-zone", pd.Series(pd.to_datetime(["2020-01-01"]).tz_localize("UTC"))
    yield "pandas-period", pd.Series(pd.period_range("2020", periods=3, freq="M"))
    yield "pandas-interval", pd.Series(pd.interval_range(0, 3))
    yield "pandas-delta", pd.Series(pd.to_timedelta(["1D"]))
    yield "pandas-sparse", pd.Series(pd.arrays.SparseArray([0, 0, 1]))
    yield "pandas-objects", pd.DataFrame({"o": pd.Series([None, "a", 1], dtype=object)})
    yield "pandas-empty", pd.DataFrame()
    yield (
        "pandas-stamp",
        [pd.Timestamp("2020"), pd.Timedelta("1D"), pd.NaT, pd.NA, pd.Period("2020", "Y"), pd.Interval(0, 1)],
    )
    yield "pandas-range", pd.RangeIndex(5)


def of_boosting() -> Made:
    x, classes, numbers = tables()
    try:
        xgboost = _library("xgboost")
    except ImportError:
        pass
    else:
        yield "xgboost-classifier", xgboost.XGBClassifier(n_estimators=3).fit(x, classes)
        yield "xgboost-regressor", xgboost.XGBRegressor(n_estimators=3).fit(x, numbers)
        yield "xgboost-ranker", xgboost.XGBRanker(n_estimators=3).fit(x, classes, group=[40, 40])
        yield "xgboost-forest", xgboost.XGBRFClassifier(n_estimators=3).fit(x, classes)
        yield "xgboost-forest-regressor", xgboost.XGBRFRegressor(n_estimators=3).fit(x, numbers)
        yield "xgboost-booster", xgboost.train({}, xgboost.DMatrix(x, classes), 2)
    try:
        lightgbm = _library("lightgbm")
    except ImportError:
        return
    quiet = {"n_estimators": 3, "verbose": -1}
    yield "lightgbm-classifier", lightgbm.LGBMClassifier(**quiet).fit(x, classes)
    yield "lightgbm-regressor", lightgbm.LGBMRegressor(**quiet).fit(x, numbers)
    yield "lightgbm-ranker", lightgbm.LGBMRanker(**quiet).fit(x, classes, group=[40, 40])
    yield "lightgbm-booster", lightgbm.train({"verbose": -1}, lightgbm.Dataset(x, classes), 2)


Point = collections.namedtuple("Point", "x y")


def of_python() -> Made:
    yield "python-plain", {"a": [1, 2.5, None, True, "é", b"b", (1,), {1, 2}, frozenset([3])], 1: 1 << 90}
    yield "python-collections", [
        collections.OrderedDict(a=1), collections.defaultdict(list, a=[1]), collections.deque([1], 5),
        collections.Counter("aab"),
    ]  # fmt: skip
    zone = datetime.timezone(datetime.timedelta(hours=1))
    yield "python-dates", [
        datetime.date(2020, 1, 1), datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC), datetime.time(1),
        datetime.timedelta(1), zone,
    ]  # fmt: skip
    yield (
        "python-numbers",
        [decimal.Decimal("1.5"), fractions.Fraction(1, 3), 1 + 2j, range(3), slice(1, 2), bytearray(b"x")],
    )
    yield "python-paths", [pathlib.PurePosixPath("a/b"), uuid.UUID(int=1)]


def all_of_them() -> Made:
    for make in (of_python, of_numpy, of_scipy, of_pandas, of_scikit_learn, of_scikit_learn_together, of_boosting):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield from make()


def saved(value: Any) -> Iterator[tuple[str, bytes]]:
    """Yield a value as the libraries save it: by pickle, joblib, and as .npy; what refuses, not."""
    ways: dict[str, Any] = {f"p{n}.pkl": (lambda out, n=n: pickle.dump(value, out, n)) for n in (2, 3, 4, 5)}
    ways["joblib"] = lambda out: joblib.dump(value, out)
    ways["z.joblib"] = lambda out: joblib.dump(value, out, compress=3)
    if isinstance(value, np.ndarray):
        ways["npy"] = lambda out: np.save(out, value, allow_pickle=True)
    for end, write in ways.items():
        out = io.BytesIO()
        try:
            write(out)
        except Exception:  # noqa: BLE001  # a lambda in a model, say: nobody can save it so
            continue
        yield end, out.getvalue()


def main(folder: str) -> None:
    top = pathlib.Path(folder)
    top.mkdir(parents=True, exist_ok=True)
    for name, value in all_of_them():
        for end, data in saved(value):
            (top / f"{name.replace('[', '_').replace(']', '')}.{end}").write_bytes(data)


if __name__ == "__main__":
    main(sys.argv[1])
