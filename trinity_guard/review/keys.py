"""Which columns tell a row: those that were named, or ones that are unique, never null, and stay."""

from __future__ import annotations

import itertools

from trinity_guard.errors import UNUSABLE, GuardError, did_you_mean
from trinity_guard.review.engine import parts
from trinity_guard.review.table import INTEGER, NESTED, NUMBER, TEXT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from trinity_guard.review.engine import Engine
    from trinity_guard.review.table import Table

    Counts = dict[str, tuple[int, int]]  # of each column about how many values differ, how many cells are empty

# So many of the smaller side's keys must be on the other one too.
STABLE = 0.5
# An estimate of how many values differ is off by as much.
ESTIMATE = 0.9
MAX_TRIED = 12
MAX_PARTS = 8
SAID = ("id", "key", "uuid", "guid", "index")
NAMES = (*SAID, "name", "path", "file")
UNNAMED = (0, len(NAMES))


def find(engine: Engine, before: Table, after: Table, named: list[str], notes: list[str]) -> list[str] | None:
    """Return the key's columns, None where rows are to be compared as a bag, which the notes then say."""
    if named:
        return _named(engine, before, after, named, notes)
    common = [n for n in before.names if n in after and after.has(n)]
    if not common or not before.rows or not after.rows:
        return None
    best: tuple[float, list[str]] | None = None
    for names in itertools.islice(_likely(engine, before, after, common), MAX_TRIED):
        share = _stable(engine, before, after, names)
        if share >= STABLE and (best is None or share > best[0]):
            best = share, names
        if best and best[0] > 0.999:
            break
    if best is None:
        notes.append("no column tells its rows (unique, never empty, the same on both sides): compared as multisets")
        return None
    return best[1]


def _named(engine: Engine, before: Table, after: Table, named: list[str], notes: list[str]) -> list[str] | None:
    require_known(before, after, named)
    for table in (before, after):
        total, distinct, empty = _unique(engine, table, named)
        if distinct != total or empty:
            what = (
                f"{total - distinct:,} rows repeat another's key" if distinct != total else f"{empty:,} keys are empty"
            )
            notes.append(f"--key {','.join(named)} tells no row ({what}): compared as multisets")
            return None
    return named


def require_known(before: Table, after: Table, named: Sequence[str]) -> None:
    """Refuse a key of which a side has not the column."""
    lacking = next(((n, t) for n in named for t in (before, after) if n not in t), None)
    if lacking:
        name, table = lacking
        side = "before" if table is before else "after"
        raise GuardError(
            f"no column '{name}' {side}{did_you_mean(name, table.names)}.", "trinity-guard diff --key COLUMN", UNUSABLE
        )


def _likely(engine: Engine, before: Table, after: Table, common: list[str]) -> Iterator[list[str]]:
    """Yield keys that may do, the likeliest first: such as say so, then by an estimate of how many values differ."""
    said = [n for n in common if n.lower() in SAID and before.type_of(n) in (INTEGER, TEXT)]
    said.sort(key=lambda n: SAID.index(n.lower()))
    yield from ([n] for n in said)
    counts = [_estimates(engine, table, common) for table in (before, after)]
    yield from ([n] for n in _single(before, after, common, counts) if n not in said)
    yield from _pairs(before, after, common, counts)


def likely(before: Table, after: Table, common: list[str], counts: list[Counts], most: int) -> list[str]:
    """Return the columns of which `find` would try some, in their order, no more than `most` that may be it alone.

    counts: as an estimate, of each side.
    """
    chosen = {*_single(before, after, common, counts)[:most], *_usable(before, common, counts)}
    return [n for n in common if n in chosen] or common[:1]


def _single(before: Table, after: Table, common: list[str], counts: list[Counts]) -> list[str]:
    # A price that happens to stand once tells no row: fractions do where they come first (a time), or are called a key.
    single = [
        n
        for n in common
        if all(c[n][0] >= ESTIMATE * t.rows and not c[n][1] for c, t in zip(counts, (before, after), strict=True))
        and before.type_of(n) != NESTED
        and (before.type_of(n) != NUMBER or n == common[0] or rank(n, True) < UNNAMED)
    ]
    order = {n: at for at, n in enumerate(common)}
    single.sort(key=lambda n: (rank(n, before.type_of(n) in (INTEGER, TEXT)), order[n]))
    return single


def _usable(before: Table, common: list[str], counts: list[Counts]) -> list[str]:
    return [
        n for n in common if before.type_of(n) not in (NUMBER, NESTED) and not any(c[n][1] for c in counts)
        and all(c[n][0] > 1 for c in counts)
    ][:MAX_PARTS]  # fmt: skip


def _pairs(before: Table, after: Table, common: list[str], counts: list[Counts]) -> list[list[str]]:
    """Return pairs of columns of which each value of the one may stand once beside one of the other."""
    usable = _usable(before, common, counts)
    found = []
    for at, one in enumerate(usable):
        for other in usable[at + 1 :]:
            enough = all(
                c[one][0] * c[other][0] >= ESTIMATE * t.rows for c, t in zip(counts, (before, after), strict=True)
            )
            if enough:
                found.append([one, other])
    return found


def _estimates(engine: Engine, table: Table, names: list[str]) -> Counts:
    """Return of each column about how many values differ, and how many cells are empty."""
    found: Counts = {}
    for part in parts(range(len(names))):
        columns = [table.column(names[at]) for at in part]
        asked = ", ".join(f"approx_count_distinct({c}), count(*) - count({c})" for c in columns)
        said = engine.row(f"SELECT {asked} FROM {table.name}")
        for place, at in enumerate(part):
            found[names[at]] = int(str(said[2 * place])), int(str(said[2 * place + 1]))
    return found


def rank(name: str, whole: bool) -> tuple[int, int]:
    """Return how likely a column is a key, the least first. whole: it is text, or numbers without a fraction."""
    lower = name.lower()
    named = next((at for at, word in enumerate(NAMES) if lower == word), len(NAMES))
    if named == len(NAMES) and lower.endswith(("_id", "id", "_key", "uuid")):
        named = 1
    return (0 if whole else 1), named


def named(names: list[str]) -> list[str]:
    """Return the columns that are called as a key is: where some say so plainly, these alone."""
    return [n for n in names if n.lower() in SAID] or [n for n in names if rank(n, True) < UNNAMED]


def _unique(engine: Engine, table: Table, names: list[str]) -> tuple[int, int, int]:
    """Return how many rows there are, how many keys, and how many rows have an empty one."""
    columns = ", ".join(table.column(n) for n in names)
    empty = " OR ".join(f"{table.column(n)} IS NULL" for n in names)
    counted = columns if len(names) == 1 else f"({columns})"
    query = f"SELECT count(*), count(DISTINCT {counted}), count(*) FILTER ({empty}) FROM {table.name}"
    total, distinct, without = (int(str(v)) for v in engine.row(query))
    return total, distinct, without


def _stable(engine: Engine, before: Table, after: Table, names: list[str]) -> float:
    """Return which share of the smaller side's keys the other one has too; 0 where they are no keys at all."""
    if not all(_rises(engine, table, names) or _is_unique(engine, table, names) for table in (before, after)):
        return 0.0
    if aligned(engine, before, after, names):
        return 1.0
    pairs = [comparable((before, "a.", name), (after, "b.", name)) for name in names]
    on = " AND ".join(f"{a} = {b}" for a, b in pairs)
    [common] = engine.row(f"SELECT count(*) FROM {before.name} a JOIN {after.name} b ON {on}")
    return int(str(common)) / min(before.rows, after.rows)


def _rises(engine: Engine, table: Table, names: list[str]) -> bool:
    """Whether a key's values are larger from row to row, as most are: so unique, for a twentieth of counting them."""
    if len(names) > 1:
        return False
    cell = table.column(names[0])
    kept = f"SELECT {cell} AS c, lag({cell}) OVER () AS p FROM {table.name}"
    return not engine.rows(f"SELECT 1 FROM ({kept}) WHERE c IS NULL OR c <= p LIMIT 1")


def _is_unique(engine: Engine, table: Table, names: list[str]) -> bool:
    total, distinct, empty = _unique(engine, table, names)
    return distinct == total and not empty


def aligned(engine: Engine, before: Table, after: Table, names: Sequence[str]) -> bool:
    """Whether the rows of one table, and the first ones of the other, have the same keys in the same order."""
    pairs = [comparable((before, "a.", name), (after, "b.", name)) for name in names]
    differ = " OR ".join(f"{a} <> {b}" for a, b in pairs)
    return not engine.rows(f"SELECT 1 FROM {before.name} a POSITIONAL JOIN {after.name} b WHERE {differ} LIMIT 1")


def comparable(one: tuple[Table, str, str], other: tuple[Table, str, str]) -> tuple[str, str]:
    """Return cells of two columns in SQL as they compare: as they are, but as texts where types differ, and are not
    both of numbers. one, other: the table, how a query calls it (`a.`), the column's name.
    """
    types = {table.type_of(name) for table, _, name in (one, other)}
    if len(types) > 1 and not types <= {INTEGER, NUMBER}:
        first, second = (table.written(name, of) for table, of, name in (one, other))
    else:
        first, second = (of + table.column(name) for table, of, name in (one, other))
    return first, second
