"""The default preset, layout_risk_predictor: measured pages, and a forest that says which of them will hold."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from trinity_guard.errors import GuardError, shown
from trinity_guard.training import provenance
from trinity_guard.training.data.table import Table, contradictions, load, warnings
from trinity_guard.training.model import card, champion, evaluation, forest, plots, reference, search, seen
from trinity_guard.training.preset import Fitted, Parts, Preset, Watch
from trinity_guard.training.record import NAME, Claim

if TYPE_CHECKING:
    from trinity_guard.training.model.probabilities import Answered
    from trinity_guard.training.model.settings import Settings


class Layout(Preset):
    name = NAME
    how = search.LAYOUT
    table: Table

    def load(self) -> list[str]:
        self.table = load(self.order.dataset)
        self.frame = self.table.frame
        if self.order.settings.target == "resolved_strategy_id":
            _refuse_contradictions(self.table)
        self.data = forest.examples(self.table, self.order.settings)
        return warnings(self.table)

    def split(self) -> Parts:
        return forest.split(self.data, self.order.settings)

    def fit(self, settings: Settings, parts: Parts, watch: Watch) -> Fitted:
        data, (train, test) = self.data, parts
        watch.steps("growing the forest")
        fitted = forest.fit(data, settings, train)
        judged = evaluation.evaluate(fitted, data, settings, train, test)
        # Drawn while the folds' trees grow, which need Python's lock but now and then.
        with ThreadPoolExecutor(1, "pictures") as beside:
            drawn = beside.submit(plots.pictures, judged)
            cv = evaluation.cross_validate(data, settings, watch.folds, (train, fitted))
            return Fitted(fitted, settings, train, test, replace(judged, cv=cv), drawn.result())

    def measured(self, fitted: Fitted) -> Callable[[Answered], Mapping[str, float]]:
        return champion.of_layout(self.data, fitted.test)

    def dumped(self, model: Any) -> bytes:
        return forest.dump(model)

    def served(self, model: Any) -> Any:
        return forest.with_names(model)

    def parameters(self, fitted: Fitted) -> dict[str, object]:
        return asdict(fitted.settings) | {"columns": " ".join(self.data.features), "rows": self.rows}

    def short_of(self, fitted: Fitted) -> list[str]:
        return reference.short_of(fitted.evaluation, fitted.settings)

    def notes(self, fitted: Fitted) -> list[str]:
        weight = fitted.settings.class_weight
        return [card.WEIGHTED.format(weight)] if weight else []

    def card(self, metadata: Mapping[str, Any], stem: str) -> bytes:
        return card.encoded(metadata, stem)

    def metadata(self, fitted: Fitted, claim: Claim, where: Mapping[str, Any]) -> dict[str, Any]:
        order, made = self.order, claim.made
        path = provenance.named(claim.model, order.root)
        model = {"path": path, "md5": made.md5, "sha256": made.sha256, "size": made.size}
        told = {"name": NAME, "model": model, "dataset": self._dataset(), **self._learnt(fitted)}
        created = None if order.stage else claim.created
        told |= reference.metadata(fitted.evaluation, fitted.settings, self.data, created, claim.stem)
        if order.stage:
            return told
        return told | {
            "created": claim.created.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "model": model | {"pointer": f"{path}.dvc"},
            "git": self.source.as_dict(),
            "mlflow": dict(where),
            "versions": provenance.all_versions(),
        }

    def _dataset(self) -> dict[str, Any]:
        table = self.table
        found = {"path": provenance.named(table.path, self.order.root), "md5": table.md5, "rows": len(table.frame)}
        found |= {"pages": len(set(table.groups.tolist()))}
        return found if self.order.stage else found | self.pointed()

    def _learnt(self, fitted: Fitted) -> dict[str, Any]:
        """Return what the inputs determine: figures, and what they follow from."""
        found, settings = fitted.evaluation.to_json(), fitted.settings
        return {
            "features": self.data.features,
            "target": self.data.target,
            "protocol": settings.protocol,
            "classes": found["classes"],
            "parameters": asdict(settings),
            "seed": settings.seed,
            "metrics": found["metrics"],
            "baseline": found["baseline"],
            "cross_validation": found["cv"],
            **{key: found[key] for key in ("slices", "leakage", "confusion", "calibration", "importance")},
            "seen": seen.recorded(self.data, fitted.train),
            "terms": found["terms"],
            "versions": provenance.versions(provenance.MAKERS),
        }


def _refuse_contradictions(table: Table) -> None:
    """Refuse to learn labels that the table's own verdicts deny."""
    found = contradictions(table.frame)
    if found:
        name = shown(os.fsencode(table.path))
        raise GuardError(
            "\n    ".join([f"{name} cannot be trained on for resolved_strategy_id:", *found]),
            "give each row the number of the mildest strategy under which its page held\n"
            "trinity train --target is_valid     # learns from the verdicts alone",
        )
