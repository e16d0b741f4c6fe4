"""The preset of a table of one's own: any columns, any of scikit-learn's estimators, described as any model is."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from trinity_guard.errors import UNUSABLE, GuardError
from trinity_guard.training import provenance
from trinity_guard.training.description import describe
from trinity_guard.training.description.describe import Said
from trinity_guard.training.model import admitted, seen
from trinity_guard.training.model.forest import dump
from trinity_guard.training.model.kinds import Kind
from trinity_guard.training.model.probabilities import Answered
from trinity_guard.training.model.search import How
from trinity_guard.training.preset import Fitted, Parts, Preset, Watch
from trinity_guard.training.record import Claim
from trinity_guard.training.tabular import estimator, figures, search
from trinity_guard.training.tabular import table as tables
from trinity_guard.training.tabular.options import REGRESSION, Options


class Tabular(Preset):
    data: tables.Table

    @property
    def model_name(self) -> str:
        """What its versions are called: by its target, unless it is said."""
        plain = re.sub(r"[^A-Za-z0-9]+", "-", self.order.settings.target).strip("-") or "table"
        return self.order.name or f"{plain}-model"

    @property
    def name(self) -> str:
        return re.sub("[-/]", "_", self.model_name)

    @property
    def estimator(self) -> str:
        return estimator.name(self.data.task, self.order.settings)

    @property
    def summary(self) -> str:
        return f"{self.data.task} by {self.estimator}, {len(self.data.X.columns)} columns"

    @property
    def how(self) -> How:  # type: ignore[override]  # it follows from the table
        return search.how(self.data.task)

    def load(self) -> list[str]:
        order, options = self.order, self.order.settings
        self.data = tables.load(order.dataset, options)
        if self.data.task == REGRESSION and (order.min_f1 is not None or order.min_mcc is not None):
            raise GuardError(
                f"--min-f1 and --min-mcc are of classes, and {options.target} is a quantity.",
                "trinity train --task classification     # if its values are classes",
                UNUSABLE,
            )
        estimator.pipeline(self.data, options)
        describe.checked_name(self.model_name)
        if order.search:
            search.space(self.data.task, options)
        return tables.notes(self.data, options.target)

    def split(self) -> Parts:
        return figures.split(self.data, self.order.settings)

    def fit(self, settings: Options, parts: Parts, watch: Watch) -> Fitted:
        table = self.data
        watch.steps("fitting")
        model = _fitted(estimator.pipeline(table, settings), table, parts[0])
        watch.steps("cross-validating")
        judged = figures.evaluate(model, table, settings, *parts)
        cv, telling = figures.cross_validate(model, table, settings), figures.telling(table, *parts)
        return Fitted(model, settings, *parts, replace(judged, cv=cv, telling=telling))

    def measured(self, fitted: Fitted) -> Callable[[Answered], Mapping[str, float]]:
        task, y = self.data.task, self.data.y.iloc[fitted.test]

        def measured(answered: Answered) -> Mapping[str, float]:
            p = answered.p if answered.p.shape[1] else None
            return figures.measured(task, y, np.array(answered.said), p, answered.classes)

        return measured

    def dumped(self, model: Any) -> bytes:
        data = dump(model)
        admitted.require(data, Kind(self.estimator))  # else nothing could ever load it
        return data

    def notes(self, fitted: Fitted) -> list[str]:
        target = self.order.settings.target
        return [f"{name} alone tells {target}: is it known before that is?" for name in fitted.evaluation.telling]

    def parameters(self, fitted: Fitted) -> dict[str, object]:
        options: Options = fitted.settings
        told = {"estimator": self.estimator, "target": options.target}
        return {**told, **_given(fitted)}

    def card(self, metadata: Mapping[str, Any], stem: str) -> bytes:
        return describe.card(metadata)

    def metadata(self, fitted: Fitted, claim: Claim, where: Mapping[str, Any]) -> dict[str, Any]:
        table, found = self.data, fitted.evaluation.to_json()
        more = {
            "estimator": self.estimator,
            "task": table.task,
            "target": self.order.settings.target,
            "features": list(table.X),
            "left_out": table.left_out,
            "split": found["terms"]["split"],
            "terms": found["terms"],
            "baseline": found["baseline"],
            "cross_validation": found["cv"],
            "leakage": {**found["leakage"], "telling": found["telling"]},
            "seen": seen.recorded(table, np.setdiff1d(np.arange(len(table.X)), fitted.test)),
        }
        given = {key: _plain(value) for key, value in _given(fitted).items()}
        # As it was when it was read: another may stand there by now.
        rows = len(table.X) + table.unanswered
        data = {
            "path": provenance.named(table.path, self.order.root),
            "md5": table.md5,
            "size": table.size,
            "rows": rows,
        }
        data |= {"files": 1, **self.pointed()}
        said = Said(self.model_name, "", found["metrics"], given, where, data=data, commit=self.source, more=more)
        return describe.metadata(claim.model, said, self.order.stage, staged=claim.staged)


def _fitted(model: Any, table: tables.Table, rows: Any) -> Any:
    try:
        return model.fit(table.X.iloc[rows], table.y.iloc[rows])
    except (ValueError, TypeError) as error:  # scikit-learn's words for parameters or data that do not fit
        words = str(error).partition("\n")[0][:200]
        raise GuardError(f"the estimator cannot be fitted: {words}.", "trinity train --set KEY=VALUE") from None


def _given(fitted: Fitted) -> dict[str, object]:
    """Return how the rows were parted, and the parameters of the estimator."""
    options, own = fitted.settings, fitted.model.named_steps["model"].get_params(deep=False)
    parted = {"group": options.group, "test_size": options.test_size, "folds": options.folds, "seed": options.seed}
    return parted | {key: value for key, value in own.items() if not hasattr(value, "get_params")}


def _plain(value: object) -> Any:
    return value if isinstance(value, str | int | float | bool | None) else str(value)
