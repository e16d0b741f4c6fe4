"""Which names MLflow takes of experiments, runs and registered models: told before a training, not after it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

EXPERIMENT, RUN, REGISTERED = "experiment", "run", "registered model"
# As wide as the columns of MLflow's tables: SQLite takes more, and which database a server has, nobody tells.
MAX_LENGTH = {EXPERIMENT: 256, RUN: 250, REGISTERED: 256}


@dataclass(frozen=True)
class Experiment:
    """Which experiment a run goes to. number: its id, where MLflow's variable names it so; the name is then unknown."""

    name: str
    number: str = ""

    def is_of(self, name: str, number: str) -> bool:
        """Whether MLflow's experiment of this name and id is meant."""
        return number == self.number if self.number else name == legible(self.name)


def experiment(said: str | None, default: str, env: Mapping[str, str] = os.environ) -> Experiment:
    """Return the experiment that a command names, else MLflow's own variables, as schedulers set them; else ours."""
    if said:
        return Experiment(said)
    # MLflow itself lets the name go first.
    name, number = (env.get(key, "").strip() for key in ("MLFLOW_EXPERIMENT_NAME", "MLFLOW_EXPERIMENT_ID"))
    return Experiment(name or default, "" if name else number)


def run(said: str | None, default: str, env: Mapping[str, str] = os.environ) -> str:
    """Return a run's name: the one that a command says, else MLflow's own variable's, else ours."""
    return said or env.get("MLFLOW_RUN_NAME", "").strip()[: MAX_LENGTH[RUN]] or default


def of_bytes(md5: str, sha256: str = "", number: int = 1) -> dict[str, str]:
    """Return the tags that tell which bytes a run or a version made; number: of the model, where a run made several."""
    end = "" if number == 1 else f".{number}"
    return {key + end: value for key, value in (("dvc_md5", md5), ("sha256", sha256)) if value}


def wanted(tags: Mapping[str, str], md5: str, sha256: str) -> dict[str, str]:
    """Return the tags that these bytes must have of a run, by the model of it that has the md5, else the first.

    A run of a former version has no sha256, and none is wanted of it.
    """
    numbers = [key.partition(".")[2] for key in tags if key.startswith("dvc_md5") and tags[key] == md5]
    made = of_bytes(md5, sha256, int(numbers[0]) if numbers and numbers[0].isdigit() else 1)
    return {key: value for key, value in made.items() if key.startswith("dvc_md5") or key in tags}


def legible(text: str) -> str:
    """Return a text that a database takes: what is no UTF-8 in a name of this system's stands there as an escape."""
    return text.encode("utf-8", "backslashreplace").decode()


def objection(kind: str, name: str) -> str:
    """Return why MLflow would refuse a name, "" where it would not."""
    length, longest = len(legible(name)), MAX_LENGTH[kind]
    if length > longest:
        return f"is {length} characters long; MLflow's tables have room for {longest}"
    if not name.strip():
        return "is blank"
    # A registered model's name is part of addresses, models:/NAME/VERSION.
    if kind == REGISTERED and (set(name) & set("/:") or name == "." or name.startswith("..")):
        return "is no registered model's name: that has no / and no :, and is not . nor begins with .."
    return ""
