"""What changed, in words and figures: the one place from which the formats for people take them."""

from __future__ import annotations

from trinity_guard.errors import shown
from trinity_guard.review.record import Review, plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

MAX_NAMES = 12
MAX_CELL = 60
MAX_COLUMNS = 20
LEAST_DRIFT = 0.0005  # less would be told as 0.000


def cell(value: object) -> str:
    """Return a cell for a person: one line, harmless, not too long; `∅` where it is empty."""
    if value is None:
        return "∅"
    text = number(value) if isinstance(value, float) else str(plain(value))
    text = shown(text.encode("utf-8", "surrogatepass"))
    return text if len(text) <= MAX_CELL else text[: MAX_CELL - 1] + "…"


def number(value: Any) -> str:
    """Return a number as short as it says the same."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return repr(value) if isinstance(value, float) else str(value)


def figure(value: Any) -> str:
    """Return a figure that is an estimate or a mean, with few digits."""
    return f"{value:.4g}" if isinstance(value, float) else cell(value)


def listed(names: Iterable[str]) -> str:
    """Return names in a line, the first ones of many."""
    return _in_a_line([cell(n) for n in names])


def _in_a_line(every: list[str]) -> str:
    return ", ".join(every[:MAX_NAMES]) + _more(len(every))


def _pairs(names: dict[str, str]) -> str:
    return _in_a_line([f"{cell(a)} → {cell(b)}" for a, b in names.items()])


def arrow(before: object, after: object) -> str:
    """Return `before → after`, or one where they are alike."""
    return f"{before} → {after}" if before != after else f"{after}"


def headline(found: Review, named: Callable[[str], str] = str) -> str:
    """Return what an artifact became, in a line without its name. named: how a format writes its former one."""
    what = [found.change if not found.former else f"renamed from {named(shown(found.former))}"]
    if found.sides or found.table:
        what.append(f"{_counts(found, 'rows')} rows, {_counts(found, 'columns')} columns")
    if found.files:
        what.append(f"{arrow(found.files['before'], found.files['after'])} files")
    from trinity_guard.detect.patterns import size_text

    sizes = [size_text(size) for size in found.sizes if size is not None]
    return ", ".join([*what, " → ".join(dict.fromkeys(sizes))] if sizes else what)


def _counts(found: Review, what: str) -> str:
    counts: list[int | None] = []
    if found.table:
        sides = (found.table.before, found.table.after)
        counts = [side.rows if what == "rows" else len(side.names) for side in sides]
    else:
        given = [found.sides[side] for side in ("before", "after") if side in found.sides]
        counts = [rows if what == "rows" else len(names) for names, rows in given]
    return arrow(*(f"{count:,}" for count in (counts[0] or 0, counts[-1] or 0)))


def facts(found: Review) -> list[tuple[str, str]]:
    """Return (what, the fact) of an artifact, the most telling first."""
    lines = [("cannot be looked into", _note(found.unavailable))] if found.unavailable else []
    if found.table:
        lines += _table(found)
    lines += [(cell(name), f"{cell(a)} → {cell(b)}") for name, (a, b) in found.parameters.items()]
    lines += [(cell(name), f"{cell(a)} → {cell(b)}") for name, (a, b) in found.metrics.items()]
    lines += _arrays(found) + _files(found)
    if found.shared is not None:
        lines.append(("in common", f"{found.shared:.1%} of the bytes"))
    return lines + [("note", cell_of_note) for cell_of_note in map(_note, found.notes)]


def _note(text: str) -> str:
    return shown(text.encode("utf-8", "surrogatepass"))


def _table(found: Review) -> list[tuple[str, str]]:
    table = found.table
    assert table is not None  # noqa: S101  # for the type checker
    if table.same:
        return [("rows", "the same rows, written otherwise")]
    by = f", by {listed(table.key)}" if table.key else ", as a multiset"
    counts = ((table.added, "added"), (table.removed, "removed"), (table.rows_with_changes, "changed"))
    said = [f"{count:,} {word}" for count, word in counts if count]
    lines = [("rows", ", ".join(said) + by)] if said else []
    columns = table.columns
    lines += [("columns added", listed(columns.added))] if columns.added else []
    lines += [("columns removed", listed(columns.removed))] if columns.removed else []
    lines += [("columns renamed", _pairs(columns.renamed))] if columns.renamed else []
    retyped = [f"{cell(n)}: {a} → {b}" for n, (a, b) in columns.retyped.items()]
    lines += [("columns retyped", _in_a_line(retyped))] if retyped else []
    return lines + _changed_columns(found)


def _changed_columns(found: Review) -> list[tuple[str, str]]:
    table = found.table
    assert table is not None  # noqa: S101  # for the type checker
    lines = []
    for name, count in list(table.changed.items())[:MAX_COLUMNS]:
        said = [f"{count:,} cell{'s' if count > 1 else ''}", *figures(table.statistics.get(name, {}))]
        lines.append((f"column {cell(name)}", "; ".join(said)))
    if len(table.changed) > MAX_COLUMNS:
        lines.append(("columns", f"{len(table.changed) - MAX_COLUMNS:,} more changed"))
    return lines


def figures(statistics: dict[str, Any]) -> list[str]:
    """Return the figures of a column that are not as they were."""
    before, after = statistics.get("before", {}), statistics.get("after", {})
    said = []
    for what in ("nulls", "min", "max", "mean", "distinct"):
        one, other = before.get(what), after.get(what)
        if one != other and figure(one) != figure(other):
            said.append(f"{what} {figure(one)} → {figure(other)}")
        elif one != other and what != "mean":
            said.append(f"{what} {cell(one)} → {cell(other)}")  # which differ in digits that a figure has not
    categories = statistics.get("categories", {})
    said += [f"new: {listed(categories['added'])}"] if categories.get("added") else []
    said += [f"gone: {listed(categories['removed'])}"] if categories.get("removed") else []
    drift = statistics.get("drift")
    if not drift or drift["value"] < LEAST_DRIFT:
        return said
    return [*said, f"drift {drift['measure'].upper()} {drift['value']:.3f}"]


def _arrays(found: Review) -> list[tuple[str, str]]:
    arrays = found.arrays
    lines = [("array " + cell(n or "(whole)"), f"added, {w}") for n, w in arrays.get("added", {}).items()]
    lines += [("array " + cell(n or "(whole)"), f"removed, {w}") for n, w in arrays.get("removed", {}).items()]
    lines += [("array " + cell(n or "(whole)"), _array(d)) for n, d in arrays.get("changed", {}).items()]
    rest = len(lines) - MAX_COLUMNS
    return [*lines[:MAX_COLUMNS], ("arrays", f"{rest:,} more")] if rest > 0 else lines


def _array(difference: dict[str, Any]) -> str:
    said = [arrow(difference["before"], difference["after"])]
    if "of" in difference:
        said.append(f"{difference['values']:,} of {difference['of']:,} values changed")
        said += [f"by {figure(difference['largest'])} at most"] if difference["largest"] is not None else []
    elif "values" in difference:
        said.append(str(difference["values"]))
    return ", ".join(said)


def _files(found: Review) -> list[tuple[str, str]]:
    files = found.files
    lines = [
        (f"files {word}", f"{len(files[word]):,}: {listed(files[word])}")
        for word in ("added", "removed", "changed")
        if files.get(word)
    ]
    if files.get("renamed"):
        lines.append(("files renamed", _pairs(files["renamed"])))
    return lines


def rows(found: Review) -> list[tuple[str, str]]:
    """Return (sign, words) of the rows that are shown: `~` changed, `+` added, `-` removed."""
    table = found.table
    if table is None:
        return []
    lines = []
    for key, cells in table.rows_changed:
        which = ", ".join(f"{cell(n)} {_among(v)}" for n, v in key.items())
        first = list(cells.items())[:MAX_NAMES]
        said = [f"{cell(n)} {_among(a)} → {_among(b)}" for n, (a, b) in first]
        lines.append(("~", f"{which}: {', '.join(said)}{_more(len(cells))}"))
    for sign, every in (("+", table.rows_added), ("-", table.rows_removed)):
        for row in every:
            said = [f"{cell(n)} {_among(v)}" for n, v in list(row.items())[:MAX_NAMES]]
            lines.append((sign, ", ".join(said) + _more(len(row))))
    return lines


def _among(value: object) -> str:
    """Return a cell that stands beside others: in quotes where a comma would part it."""
    said = cell(value)
    return f'"{said}"' if ", " in said else said


def _more(count: int) -> str:
    return f" and {count - MAX_NAMES:,} more" if count > MAX_NAMES else ""
