"""Small tables with a rule in them: made in a moment, learnt well, never perfectly."""

from __future__ import annotations

import hashlib
import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from trinity_guard.training.data.table import Table, load
from trinity_guard.training.model.forest import Examples, Settings, examples

STRATEGIES = ["NONE", "CSS_BREAK_WORD", "FONT_SHRINK", "CSS_TRUNCATE", "CONTENT_CUT"]
THEMES = ["brutalist", "editorial", "enterprise"]
# A small forest says what a big one says, in a tenth of the time.
SMALL = Settings(n_estimators=12, folds=3)


def frame(pages: int = 120, seed: int = 1) -> pd.DataFrame:
    """Return pages x 5 rows, one a (page, strategy), what is learnt from named as by `trinity data`."""
    rng = np.random.RandomState(seed)
    rows = []
    for page in range(pages):
        words = int(rng.randint(1, 60))
        longest, fill = int(rng.randint(4, 40)), rng.uniform(0.2, 2.0)
        need = fill + longest / 40 + rng.normal(0, 0.15)
        held = [need < limit for limit in (1.2, 1.4, 1.6, 1.9, 2.4)]
        healed = held.index(True) if True in held else 99
        same = {
            "theme": THEMES[int(rng.randint(3))],
            "input_char_len": longest + words * int(rng.randint(3, 9)),
            "input_word_count": words,
            "css_density_spacing": round(rng.uniform(0.5, 1.5), 2),
            "css_density_layout": round(rng.uniform(0.5, 1.5), 2),
            "pathological_score": round(rng.uniform(0, 1), 3),
            "resolved_strategy_id": healed,
            "page_id": f"1-{page:06d}",
            "longest_word": longest,
            "slot_fill": round(fill, 3),
            "word_fill": round(longest / 40, 3),
        }
        rows += [same | {"active_strategy": s, "is_valid": int(h)} for s, h in zip(STRATEGIES, held, strict=True)]
    return pd.DataFrame(rows)


def older(rows: int = 400, seed: int = 3) -> pd.DataFrame:
    """Return what an older file holds: one row a build, strategies as they were spelt then, no page and no density."""
    rng = np.random.RandomState(seed)
    words = rng.randint(1, 40, rows)
    chars = words * rng.randint(3, 10, rows)
    strategies = rng.choice(["NONE", "Pre-emptive", "css_break_word", "font_shrink"], rows)
    bonus = np.select([strategies == "css_break_word", strategies == "font_shrink"], [40, 80], 0)
    valid = (chars - bonus + rng.normal(0, 30, rows) < 190).astype(int)
    return pd.DataFrame(
        {
            "timestamp": [f"2025-01-01T00:{i // 60:02d}:{i % 60:02d}Z" for i in range(rows)],
            "theme": rng.choice(THEMES, rows),
            "input_char_len": chars,
            "input_word_count": words,
            "css_signature": "0",
            "active_strategy": strategies,
            "is_valid": valid,
            "failure_reason": "",
            "style_overrides_raw": "",
        }
    )


def table(data: pd.DataFrame, folder: Path) -> Table:
    """Write the rows as a file, and return them as a table, also where the loader would refuse them."""
    path = folder / "training_dataset.csv"
    data.to_csv(path, index=False, lineterminator="\n")
    ours = data["active_strategy"].str.upper().str.replace("-", "_")
    keys = data["page_id"] if "page_id" in data else data["input_char_len"] * 1000 + data["input_word_count"]
    return Table(
        frame=data.assign(active_strategy=ours),
        path=str(path),
        md5=hashlib.md5(path.read_bytes()).hexdigest(),
        groups=np.unique(keys, return_inverse=True)[1],
        paged="page_id" in data,
    )


def sample(folder: Path, settings: Settings = SMALL, pages: int = 120) -> Examples:
    """Return the examples of a file of so many pages, read by the trainer's own loader."""
    return examples(load(table(frame(pages), folder).path), settings)


def library(name: str) -> Any:
    """Load a library that no other test needs, by its name."""
    return importlib.import_module(name)
