"""A model as a training writes it."""

from __future__ import annotations

from pathlib import Path

from tests.training import samples
from trinity_guard.training import provenance, record
from trinity_guard.training.model import forest
from trinity_guard.training.model.forest import Settings


def made(folder: Path, settings: Settings) -> Path:
    """Fit a model and write it as a training does, without MLflow."""
    data = samples.sample(folder, settings)
    fitted = forest.dump(forest.fit(data, settings, forest.split(data, settings)[0]))
    with record.claimed(str(folder / "models")) as claim:
        metadata = {"model": {"md5": provenance.md5(fitted)}, "parameters": {}}
        claim.stage(fitted)
        return Path(claim.write(record.encoded(metadata), b"# a card\n").model)
