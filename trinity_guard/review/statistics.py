"""What a column holds on both sides, in figures: range, mean, quantiles, categories, and how far it drifted."""

from __future__ import annotations

import itertools
import math

from trinity_guard.review.table import INTEGER, NUMBER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trinity_guard.review.engine import Engine
    from trinity_guard.review.table import Table

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
BINS = 10
# Of fewer rows each is a tenth of all: they drift by chance.
MIN_DRIFT = 50
MAX_CATEGORIES = 50
MAX_LISTED = 20
# A share of none would make the index infinite.
LEAST = 1e-4


def of(engine: Engine, before: Table, after: Table, old: str, new: str) -> dict[str, object]:
    """Return the figures of a column before and after, and its population stability index (PSI) where it has one."""
    numbers = {INTEGER, NUMBER}
    if before.type_of(old) in numbers and after.type_of(new) in numbers:
        return _numeric(engine, before, after, old, new)
    return _categorical(engine, before, after, old, new)


def _numeric(engine: Engine, before: Table, after: Table, old: str, new: str) -> dict[str, object]:
    sides = ((before, old), (after, new))
    (one, deciles), (other, _) = (_figures(engine, *side) for side in sides)
    found: dict[str, object] = {"before": one, "after": other}
    drawn = _drawn((one, other))
    edges = sorted(set(deciles)) if min(before.rows, after.rows) >= MIN_DRIFT else []
    if not (drawn or edges):
        return found
    counts = [_histograms(engine, *side, (drawn, edges)) for side in sides]
    if drawn:
        sizes = {"before": counts[0][0], "after": counts[1][0]}
        found["histogram"] = {"min": plain(drawn[0]), "max": plain(drawn[-1]), **sizes}
    if edges:
        found["drift"] = {"measure": "psi", "value": round(psi(counts[0][1], counts[1][1]), 4)}
    return found


def _drawn(figures: tuple[dict[str, object], ...]) -> list[float]:
    """Return what parts the values of both sides into parts of the same width, with both ends; nothing where there is
    no such range.
    """
    ends = [figure[end] for figure in figures for end in ("min", "max")]
    known = [float(str(end)) for end in ends if end is not None]
    least, most = (min(known), max(known)) if known else (0.0, 0.0)
    width = (most - least) / BINS
    return [*(least + width * at for at in range(BINS)), most] if 0 < width < math.inf else []


def _figures(engine: Engine, table: Table, name: str) -> tuple[dict[str, object], list[float]]:
    """Return the figures of a column, and what parts its values into about ten parts of the same size."""
    column = f"CAST({table.column(name)} AS DOUBLE)"
    finite = f"isfinite({column})"
    shares = [*QUANTILES, *(at / BINS for at in range(1, BINS))]
    said = engine.row(
        f"SELECT count(*) - count({column}), min({column}), max({column}), avg({column}) FILTER ({finite}), "
        f"approx_quantile({column}, {shares}) FILTER ({finite}) FROM {table.name}"
    )
    nulls, least, most, mean, quantiles = said
    listed = quantiles if isinstance(quantiles, list) else []
    figures = {"nulls": nulls, "min": plain(least), "max": plain(most), "mean": plain(mean)}
    told = {str(q): plain(v) for q, v in zip(QUANTILES, listed, strict=False)}
    return {**figures, "quantiles": told}, [float(v) for v in listed[len(QUANTILES) :]]


def _histograms(engine: Engine, table: Table, name: str, edges: tuple[list[float], list[float]]) -> list[list[int]]:
    """Return how many values lie in the parts of both kinds."""
    column = f"CAST({table.column(name)} AS DOUBLE)"
    inner = [edges[0][1:-1], edges[1]]
    below = _below(engine, table, column, sorted({edge for each in inner for edge in each}))
    total = below[math.inf]
    parts = [[below[edge] for edge in each] for each in inner]
    return [[b - a for a, b in zip([0, *part], [*part, total], strict=True)] for part in parts]


def _below(engine: Engine, table: Table, column: str, edges: list[float]) -> dict[float, int]:
    """Return how many values are no larger than each edge, and under infinity how many there are."""
    query = f"SELECT {_between(column, edges)}, count(*) FROM {table.name} WHERE {column} IS NOT NULL GROUP BY ALL"
    counts = {int(str(place)): int(str(count)) for place, count in engine.rows(query)}
    so_far = itertools.accumulate(counts.get(place, 0) for place in range(len(edges) + 1))
    return dict(zip([*edges, math.inf], so_far, strict=True))


def _between(column: str, edges: list[float], before: int = 0) -> str:
    """Return in SQL how many edges lie below a value: halved each time, for a third of comparing with each of them."""
    if not edges:
        return str(before)
    half = len(edges) // 2
    small, large = _between(column, edges[:half], before), _between(column, edges[half + 1 :], before + half + 1)
    return f"CASE WHEN {column} <= {edges[half]!r}::DOUBLE THEN {small} ELSE {large} END"


def _categorical(engine: Engine, before: Table, after: Table, old: str, new: str) -> dict[str, object]:
    retyped = before.type_of(old) != after.type_of(new)
    sides = [(t, t.written(n) if retyped else t.column(n)) for t, n in ((before, old), (after, new))]
    counts = [engine.row(f"SELECT count(*) - count({c}), count(DISTINCT {c}) FROM {t.name}") for t, c in sides]
    found: dict[str, object] = {
        side: {"nulls": nulls, "distinct": distinct}
        for side, (nulls, distinct) in zip(("before", "after"), counts, strict=True)
    }
    if all(int(str(distinct)) <= MAX_CATEGORIES for _, distinct in counts):
        one, other = (_categories(engine, t, c) for t, c in sides)
        names = sorted(one.keys() | other.keys())
        found["categories"] = {
            "added": [n for n in names if n not in one][:MAX_LISTED],
            "removed": [n for n in names if n not in other][:MAX_LISTED],
        }
        shares = [[side.get(n, 0) for n in names] for side in (one, other)]
        if names and min(before.rows, after.rows) >= MIN_DRIFT:
            found["drift"] = {"measure": "psi", "value": round(psi(*shares), 4)}
    return found


def _categories(engine: Engine, table: Table, column: str) -> dict[str, int]:
    query = f"SELECT CAST({column} AS VARCHAR), count(*) FROM {table.name} WHERE {column} IS NOT NULL GROUP BY ALL"
    return {str(value): int(str(count)) for value, count in engine.rows(query)}


def psi(before: list[int], after: list[int]) -> float:
    """Return the population stability index of two histograms: below 0.1 they are alike, above 0.25 they are not.

    Each share is taken for LEAST or more. 0 where a side is empty.
    """
    one, other = sum(before), sum(after)
    if not one or not other:
        return 0.0
    shares = [(max(a / one, LEAST), max(b / other, LEAST)) for a, b in zip(before, after, strict=True)]
    return sum((b - a) * math.log(b / a) for a, b in shares)


def plain(value: object) -> object:
    """Return a number as JSON has it: None for one that it has not."""
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    return value
