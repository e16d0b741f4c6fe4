"""Which names MLflow takes of experiments, runs and registered models: told before a training, not after it."""

from __future__ import annotations

EXPERIMENT, RUN, REGISTERED = "experiment", "run", "registered model"
# As wide as the columns of MLflow's tables: SQLite takes more, and which database a server has, nobody tells.
MAX_LENGTH = {EXPERIMENT: 256, RUN: 250, REGISTERED: 256}


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
