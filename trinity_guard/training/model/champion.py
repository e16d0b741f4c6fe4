"""The champion on rows that it was never measured on: its own file, checked like any model that is loaded."""

from __future__ import annotations

import glob
import json
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from trinity_guard import git
from trinity_guard.errors import shown
from trinity_guard.training.model import apart, evaluation, probabilities, verified
from trinity_guard.training.record import MAX_METADATA, METADATA, MODEL

if TYPE_CHECKING:
    import pandas as pd

    from trinity_guard.training.model.forest import Examples
    from trinity_guard.training.model.gates import Judged
    from trinity_guard.training.model.probabilities import Answered

Champion = Mapping[str, Any]


def of_layout(data: Examples, test: Any) -> Callable[[Answered], Mapping[str, float]]:
    """Return what measures a layout's model by its answers to the test rows."""

    def measured(answered: Answered) -> Mapping[str, float]:
        own = [int(one) for one in answered.classes]
        classes = sorted({*data.classes, *own})
        return evaluation.measure(data.y[test], evaluation.spread(answered.p, own, classes), classes, data.target)

    return measured


def on_equal_terms(
    champion: Champion,
    mine: Judged,
    rows: pd.DataFrame,
    folder: str,
    measure: Callable[[Answered], Mapping[str, float]],
) -> tuple[Champion, str]:
    """Return the champion with figures of the same test rows as this model's, and what a person should know of it.

    After another table (or split) it is measured anew, where its file is in `folder`: the one whose md5 the registry
    tells, and its metadata and its pointer too. It is returned as it was where that cannot be done: `unmeasured` tells
    why. GuardError (1) for a file that is not what its metadata names: it is not loaded, which would run it.
    """
    tags = champion.get("tags") or {}
    # Its run may have been removed, and its figures with it.
    measured = mine.headline in (champion.get("metrics") or {})
    same = all(tags.get(key) == value for key, value in mine.terms.items())
    if (same and measured) or tags.get("target") != mine.terms["target"]:
        return champion, ""
    path = _file(folder, tags.get("dvc_md5", ""), tags.get("sha256", ""))
    if not path:
        md5 = tags.get("dvc_md5") or "not recorded"
        where = shown(os.fsencode(folder))
        return {**champion, "unmeasured": f"its file (md5 {md5}) is not in {where}, to be measured on these rows"}, ""
    answered = probabilities.of(verified.checked(path), rows)
    if answered.missing:
        return {**champion, "unmeasured": f"this table lacks {', '.join(answered.missing)}, which it looks at"}, ""
    metrics = measure(answered)
    flattered = "" if same else "; rows that it was trained on flatter it"
    note = (
        f"the champion (version {champion['version']}) was measured on the test rows of this table: "
        f"{', '.join(f'{name} {metrics[name]:.3f}' for name in mine.compared)}{flattered}."
        f"{'' if answered.confined else ' ' + apart.UNCONFINED}"
    )
    return {**champion, "metrics": metrics, "tags": {**tags, **mine.terms}}, note


def _file(folder: str, md5: str, sha256: str) -> str:
    """Return the model in this folder whose metadata names these bytes, "" where none is."""
    for metadata in sorted(glob.glob(os.path.join(glob.escape(folder), "*" + METADATA))) if md5 else ():
        path = metadata.removesuffix(METADATA) + MODEL
        try:
            named = json.loads(git.read(metadata, MAX_METADATA))["model"]
            agrees = named["md5"] == md5 and named.get("sha256") in (None, sha256 or named.get("sha256"))
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            continue  # some other tool's file
        if agrees and os.path.isfile(path):
            return path
    return ""
