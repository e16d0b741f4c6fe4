"""What a training is told, and what a preset adds to it: what is learnt from a table, how it is measured and described.

There are two: the layout's (layout.py), which is the default, and any table's (tabular/preset.py).
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from trinity_guard.errors import shown
from trinity_guard.training import provenance
from trinity_guard.training.data import csv_file
from trinity_guard.training.provenance import Commit, Recorded
from trinity_guard.training.record import NAME, Claim
from trinity_guard.training.tracking.names import Experiment

if TYPE_CHECKING:
    from trinity_guard.training.model.probabilities import Answered
    from trinity_guard.training.model.search import How, Trial

Rows = Any  # numbers of rows, an array
Parts = tuple[Rows, Rows]


@dataclass(frozen=True)
class Order:
    """What a training is told. root: the top of the work tree; project: the folder of metrics/train.json; dataset,
    output: paths as the user sees them; settings: the layout's Settings, or Options of a table of one's own.

    name: of the model, "" for the preset's. register: the registered model that gets a version, and whose champion must
    not be better, unless `compare` is off. stage: fixed names, and nothing in the outputs that the inputs do not
    determine. search: how many settings to try.
    """

    root: str
    project: str
    dataset: str
    output: str
    settings: Any
    name: str = ""
    experiment: Experiment = field(default_factory=lambda: Experiment(NAME))
    run_name: str | None = None
    register: str | None = None
    compare: bool = True
    min_f1: float | None = None
    min_mcc: float | None = None
    stage: bool = False
    search: int = 0
    scheduler: str | None = None


@dataclass(frozen=True)
class Watch:
    """Who wants to know how far it is: folds (done, total); trials (this, best so far, done, total); steps (which)."""

    folds: Callable[[int, int], None] | None = None
    trials: Callable[[Trial, Trial, int, int], None] | None = None
    steps: Callable[[str], None] = lambda which: None


@dataclass(frozen=True)
class Fitted:
    """settings: a search's best, where there was one. pictures: of the figures, as PNG. evaluation: of its kind."""

    model: Any
    settings: Any
    train: Rows
    test: Rows
    evaluation: Any
    pictures: Mapping[str, bytes] = field(default_factory=dict)


class Preset(ABC):
    """What is learnt from a table, how it is measured and what is said of it. data: X, y and md5 of it, once `read`.

    frame: what MLflow is told of the data's columns, None where it is told none. pointer, matches: what the dataset's
    pointer says, and whether the table is that.
    """

    data: Any
    frame: Any = None
    how: How

    def __init__(self, order: Order) -> None:
        self.order = order
        self.source = Commit()
        self.pointer: Recorded | None = None
        self.matches: bool | None = None

    def read(self) -> list[str]:
        """Read the table and what stands beside it; return what a person should know. GuardError: as of `load`."""
        order = self.order
        self.source = provenance.commit(order.root)
        noted = self.load()
        self.pointer = provenance.recorded(order.dataset, order.root)
        if self.pointer is None:
            return noted
        self.matches = self.pointer.md5 == self.data.md5
        if self.pointer.legacy and not self.matches:
            self.matches = self.pointer.agrees(csv_file.read(order.dataset))
        return noted if self.matches else [*noted, self._mismatch(self.pointer)]

    def pointed(self) -> dict[str, object]:
        """Return what metadata say of the dataset's pointer."""
        pointer = self.pointer
        return {
            "pointer": pointer.name if pointer else None,
            "pointer_md5": pointer.md5 if pointer else None,
            "matches_pointer": self.matches,
        }

    def _mismatch(self, pointer: Recorded) -> str:
        name = shown(os.fsencode(self.order.dataset))
        return (
            f"{name} is not what its pointer says (md5 {self.data.md5[:10]}…, the pointer has "
            f"{pointer.md5[:10]}…): trinity-guard convert {name}     # records it as it is"
        )

    @property
    @abstractmethod
    def name(self) -> str:
        """What the model's files are called, but for the date."""

    @property
    def rows(self) -> int:
        """How many rows the table has that count."""
        return len(self.data.X if self.frame is None else self.frame)

    @property
    def summary(self) -> str:
        """What is said above the figures, "" for nothing."""
        return ""

    @abstractmethod
    def load(self) -> list[str]:
        """Read the table into `data`; return what may be meant, and is worth a look.

        GuardError (1, 2) for what cannot be trained on, or cannot be meant of this table.
        """

    @abstractmethod
    def split(self) -> Parts:
        """Return (training rows, test rows); GuardError for a table that cannot be parted."""

    @abstractmethod
    def fit(self, settings: Any, parts: Parts, watch: Watch) -> Fitted:
        """Fit on the training rows and measure on the test rows and over folds."""

    @abstractmethod
    def measured(self, fitted: Fitted) -> Callable[[Answered], Mapping[str, float]]:
        """Return what measures another model by its answers to the test rows."""

    @abstractmethod
    def dumped(self, model: Any) -> bytes:
        """Return the model's bytes."""

    @abstractmethod
    def parameters(self, fitted: Fitted) -> dict[str, object]:
        """Return what MLflow shows as the run's parameters."""

    @abstractmethod
    def metadata(self, fitted: Fitted, claim: Claim, where: Mapping[str, Any]) -> dict[str, Any]:
        """Return a staged model's metadata; under `stage` without what the inputs do not determine: moments, commits,
        machines. where: of MLflow's run."""

    @abstractmethod
    def card(self, metadata: Mapping[str, Any], stem: str) -> bytes:
        """Return the card that belongs to this metadata."""

    def served(self, model: Any) -> Any:
        """Return the model as MLflow gets it."""
        return model

    def short_of(self, fitted: Fitted) -> list[str]:
        """Return a sentence for each gate of the preset's own that the model does not pass."""
        return []

    def notes(self, fitted: Fitted) -> list[str]:
        """Return what a person should know of the model."""
        return []
