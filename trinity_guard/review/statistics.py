"""What a column holds on both sides, in figures: range, mean, quantiles, categories, and how far it drifted."""

from __future__ import annotations

import math

from trinity_guard.review.engine import INTEGER, NUMBER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trinity_guard.review.engine import Engine, Table

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
    one, other = _figures(engine, before, old), _figures(engine, after, new)
    found: dict[str, object] = {"before": one, "after": other}
    histogram = _drawn(engine, (before, after), (old, new), (one, other))
    if histogram:
        found["histogram"] = histogram
    edges = _edges(engine, before, old) if min(before.rows, after.rows) >= MIN_DRIFT else []
    if edges:
        shares = [_histogram(engine, t, n, edges) for t, n in ((before, old), (after, new))]
        found["drift"] = {"measure": "psi", "value": round(psi(*shares), 4)}
    return found


def _drawn(
    engine: Engine, tables: tuple[Table, Table], names: tuple[str, str], figures: tuple[dict[str, object], ...]
) -> dict[str, object] | None:
    """Return how many values of each side lie in parts of the same width; None where there is no such range."""
    ends = [figure[end] for figure in figures for end in ("min", "max")]
    known = [float(str(end)) for end in ends if end is not None]
    least, most = (min(known), max(known)) if known else (0.0, 0.0)
    width = (most - least) / BINS
    if not 0 < width < math.inf:
        return None
    edges = [least + width * at for at in range(1, BINS)]
    counts = [_histogram(engine, table, name, edges) for table, name in zip(tables, names, strict=True)]
    return {"min": plain(least), "max": plain(most), "before": counts[0], "after": counts[1]}


def _figures(engine: Engine, table: Table, name: str) -> dict[str, object]:
    column = f"CAST({table.column(name)} AS DOUBLE)"
    finite = f"isfinite({column})"
    said = engine.row(
        f"SELECT count(*) - count({column}), min({column}), max({column}), avg({column}) FILTER ({finite}), "
        f"approx_quantile({column}, {list(QUANTILES)}) FILTER ({finite}) FROM {table.name}"
    )
    nulls, least, most, mean, quantiles = said
    listed = quantiles if isinstance(quantiles, list) else []
    figures = {"nulls": nulls, "min": plain(least), "max": plain(most), "mean": plain(mean)}
    return {**figures, "quantiles": {str(q): plain(v) for q, v in zip(QUANTILES, listed, strict=False)}}


def _edges(engine: Engine, table: Table, name: str) -> list[float]:
    """Return what parts a column's values into about ten parts of the same size."""
    column = f"CAST({table.column(name)} AS DOUBLE)"
    shares = [at / BINS for at in range(1, BINS)]
    [said] = engine.row(f"SELECT approx_quantile({column}, {shares}) FILTER (isfinite({column})) FROM {table.name}")
    return sorted({float(v) for v in said}) if isinstance(said, list) else []


def _histogram(engine: Engine, table: Table, name: str, edges: list[float]) -> list[int]:
    column = f"CAST({table.column(name)} AS DOUBLE)"
    bounds = [f"{column} <= {edge!r}::DOUBLE" for edge in edges]
    asked = ", ".join(f"count(*) FILTER ({b})" for b in bounds)
    *below, total = (int(str(v)) for v in engine.row(f"SELECT {asked}, count({column}) FROM {table.name}"))
    return [b - a for a, b in zip([0, *below], [*below, total], strict=True)]


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
