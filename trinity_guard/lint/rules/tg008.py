"""TG008: models without the JSON that says how they were made."""

from __future__ import annotations

import os
from collections.abc import Iterator

from trinity_guard.detect import modelfiles
from trinity_guard.errors import pathspec, shown, typed
from trinity_guard.lint.finding import ERROR, WARNING, Finding
from trinity_guard.lint.subject import Subject

POINTER = b".dvc"
MODELS = b"models"
# What the trainer writes, and never without its metadata.
TRAINED = b"layout_risk_predictor_"


def find(subject: Subject) -> Iterator[Finding]:
    """Models in a folder `models` without the JSON that says how they were made."""
    tracked = {h.path for h in subject.held()}
    for entry in subject.tree.ending(POINTER):
        path = entry.path[: -len(POINTER)]
        end = os.path.splitext(path)[1]
        if not subject.is_new(entry) or end.lower() not in modelfiles.SUFFIXES or MODELS not in path.split(b"/")[:-1]:
            continue
        metadata = modelfiles.metadata_path(path)
        if subject.tree.get(metadata) is None and metadata not in tracked:
            yield Finding(
                "TG008",
                entry.path,
                f"a model without {shown(os.path.basename(metadata))} beside it: nobody can tell how it was made",
                f"trinity-guard record {typed(path)} && git add -- {pathspec(metadata)}",
                commit=subject.tree.commit.decode(),
                key=path.hex(),
                level=ERROR if os.path.basename(path).startswith(TRAINED) else WARNING,
            )
