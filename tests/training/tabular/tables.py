"""A table of no layout: houses, with a number and a class to predict."""

from __future__ import annotations

import csv
import random
from pathlib import Path

import pytest

from trinity_guard.training import record
from trinity_guard.training.model.forest import dump
from trinity_guard.training.preset import Order, Watch
from trinity_guard.training.tabular.options import Options
from trinity_guard.training.tabular.preset import Tabular

HEAD = ["id", "city", "rooms", "size", "price", "sold"]


def rows(count: int = 200, seed: int = 1) -> list[list[str]]:
    rng = random.Random(seed)
    found = []
    for number in range(count):
        rooms, city = rng.randint(1, 6), rng.choice(["a", "b", "none"])
        size = round(rooms * 20 + rng.random() * 30, 1)
        price = round(size * 3 + (city == "a") * 50 + rng.gauss(0, 10), 2)
        found.append([f"h{number}", city, str(rooms), str(size), str(price), "yes" if price > 300 else "no"])
    return found


def write(path: Path, head: list[str] = HEAD, lines: list[list[str]] | None = None) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([head, *(rows() if lines is None else lines)])
    return str(path)


def model(folder: Path, options: Options, lines: list[list[str]] | None = None, name: str = "") -> str:
    """Train on a table below a folder, and return the model's path there, with its metadata; without MLflow."""
    dataset = write(folder / "data" / "t.csv", lines=lines)
    order = Order(str(folder), str(folder), dataset, str(folder / "models"), options, name)
    (folder / "models").mkdir(exist_ok=True)
    preset = Tabular(order)
    preset.load()
    fitted = preset.fit(options, preset.split(), Watch())
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        with record.claimed(order.output, name=name or "house") as claim:
            claim.stage(dump(fitted.model))
            told = preset.metadata(fitted, claim, {})
            return claim.write(record.encoded(told), preset.card(told, claim.stem)).model
