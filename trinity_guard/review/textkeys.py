"""Which columns tell a row in every version of a table, by cells that are text: as `keys` finds them in the engine."""

from __future__ import annotations

from itertools import combinations, islice

from trinity_guard.errors import UNUSABLE, GuardError, did_you_mean
from trinity_guard.review.dialect import is_number
from trinity_guard.review.engine import NULLS
from trinity_guard.review.keys import MAX_PARTS, MAX_TRIED, STABLE, rank

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from trinity_guard.review.texttable import Row, TextTable

    Key = tuple[str, ...]

EMPTY = frozenset(NULLS)
SAMPLE = 1000


def find(tables: Sequence[TextTable], named: Sequence[str]) -> list[str]:
    """Return the columns that tell a row in all of them; none where rows are told by all their cells, as lines are.

    GuardError where the named ones tell no row, or where none do and the versions have not the same columns.
    """
    if named:
        return _named(tables, named)
    best: tuple[float, list[str]] | None = None
    for names in islice(_candidates(tables), MAX_TRIED):
        share = _stable(tables, names)
        if share >= STABLE and (best is None or share > best[0]):
            best = share, names
        if best and best[0] > 0.999:
            break
    if best is None and any(set(table.names) != set(tables[0].names) for table in tables):
        why = "no column tells its rows (unique, never empty, the same in all versions)"
        raise GuardError(f"{why}, and not all versions have the same columns.", "", UNUSABLE)
    return best[1] if best else []


def keyed(table: TextTable, names: Sequence[str]) -> dict[Key, Row] | None:
    """Return the rows by their key, None where one is empty, or there twice. names: none for all cells of a row."""
    if not names:
        return _by_cells(table)
    places = [table.places[name] for name in names]
    rows = {tuple([row[0][at] for at in places]): row for row in table.rows}
    empty = any(cell.strip() in EMPTY for key in rows for cell in key)
    return None if empty or len(rows) != len(table.rows) else rows


def _by_cells(table: TextTable) -> dict[Key, Row]:
    """Return the rows by all their cells, and of which it is the how many-th."""
    places = [table.places[name] for name in sorted(table.names)]
    found: dict[Key, Row] = {}
    counts: dict[Key, int] = {}
    for row in table.rows:
        cells = tuple([row[0][at] for at in places])
        counts[cells] = counts.get(cells, 0) + 1
        found[*cells, str(counts[cells])] = row
    return found


def _named(tables: Sequence[TextTable], named: Sequence[str]) -> list[str]:
    for table in tables:
        lacking = next((name for name in named if name not in table.places), None)
        if lacking is not None:
            hint = did_you_mean(lacking, table.names)
            raise GuardError(f"not every version has a column '{lacking}'{hint}.", "", UNUSABLE)
        if keyed(table, named) is None:
            raise GuardError(
                f"--key {','.join(named)} tells no row: in one version a key is empty, or there twice.", "", UNUSABLE
            )
    return list(named)


def _candidates(tables: Sequence[TextTable]) -> Iterator[list[str]]:
    """Yield what may be a key, the likeliest first: columns, then pairs of them."""
    common = [n for n in tables[0].names if all(n in t.places for t in tables)]
    whole = {name: _whole(tables[0], name) for name in common}
    for name in sorted(common, key=lambda n: rank(n, whole[n])):
        if all(keyed(table, [name]) is not None for table in tables):
            yield [name]
    parts = [name for name in common if whole[name]][:MAX_PARTS]
    for pair in combinations(parts, 2):
        if all(keyed(table, pair) is not None for table in tables):
            yield list(pair)


def _whole(table: TextTable, name: str) -> bool:
    """Whether a column is anything else than numbers with a fraction, as its first cells tell."""
    at = table.places[name]
    cells = [cells[at] for cells, _ in table.rows[:SAMPLE]]
    return not (all(map(is_number, cells)) and any("." in cell for cell in cells))


def _stable(tables: Sequence[TextTable], names: list[str]) -> float:
    """Return which share of the smaller one's keys the other has, at worst, of the first table and each other."""
    first, *others = ((keyed(table, names) or {}).keys() for table in tables)
    return min((len(first & o) / min(len(first), len(o)) for o in others if first and o), default=1.0)
