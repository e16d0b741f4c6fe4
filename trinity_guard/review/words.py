"""What changed, in words and figures: the one place from which the formats for people take them."""

from __future__ import annotations

from unicodedata import bidirectional

from trinity_guard.errors import shown
from trinity_guard.review.record import Review, plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from trinity_guard.review.differ import TableDifference

MAX_NAMES = 12
MAX_CELL = 60
MAX_COLUMNS = 20
# Where numbers of 32 bits have all their digits, and how many letters those take at most.
LEAST_SINGLE, MOST_SINGLE = 1e-37, 1e38
SINGLE = 12
ONE_SIDE = ("added", "removed")  # an artifact that the other side has not
# What is read from right to left (letters of Hebrew, of Arabic, and its digits), and the marks around it: Unicode's
# "first strong isolate", and its end. Those of a cell are told as \u2068.
RIGHT_TO_LEFT = ("R", "AL", "AN")
FSI, PDI = "\N{FIRST STRONG ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"
LEAST_DRIFT = 0.0005  # less would be told as 0.000
DRIFTED = 0.1  # from here on a column in which no cell changed is told of, for the rows that came or went


def cell(value: object) -> str:
    """Return a cell for a person: one line, harmless, not too long; `∅` where it is empty."""
    return _cut(_whole(value))


def change(before: object, after: object, form: Callable[[object], str] = cell) -> str:
    """Return `before → after` of two values that are not the same, so that it is seen in what they differ.

    form: how each is told where that is enough.
    """
    one, other = form(before), form(after)
    if one != other:
        return f"{apart(one)} → {apart(other)}"
    one, other = _whole(before), _whole(after)
    if one == other:  # numbers of another precision, or what only looks alike
        return f"{before!r} → {after!r}"
    start = max(_alike(one, other) - MAX_CELL // 2, 0)
    return " → ".join(apart("…" * (start > 0) + _cut(text[start:])) for text in (one, other))


def _alike(one: str, other: str) -> int:
    """Return how many letters two texts begin with alike."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _cut(text: str) -> str:
    return text if len(text) <= MAX_CELL else text[: MAX_CELL - 1] + "…"


def _whole(value: object) -> str:
    if value is None:
        return "∅"
    if isinstance(value, (list, tuple)) and value and all(isinstance(v, float) for v in value):
        text = f"[{', '.join(map(number, value))}]"
    else:
        text = number(value) if isinstance(value, float) else str(plain(value))
    return shown(text.encode("utf-8", "surrogatepass"))


def number(value: Any) -> str:
    """Return a number as short as it says the same."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return _shortest(value) if isinstance(value, float) else str(value)


def _shortest(value: float) -> str:
    """Return a number with the digits that it has, also one of 32 bits: 0.3, not 0.30000001192092896."""
    said = repr(value)
    if len(said) <= SINGLE or not LEAST_SINGLE < abs(value) < MOST_SINGLE or _single(value) != value:
        return said
    return next((short for digits in range(6, 9) if _single(float(short := f"{value:.{digits}g}")) == value), said)


def _single(value: float) -> float:
    import struct

    return float(struct.unpack("<f", struct.pack("<f", value))[0])


def figure(value: Any) -> str:
    """Return a figure that is an estimate or a mean, with few digits."""
    return f"{value:.4g}" if isinstance(value, float) else cell(value)


def apart(text: str) -> str:
    """Return a text that is read from right to left in marks that keep it apart from what stands beside it.

    Without them a browser shows `a → b` of two such texts as `b → a`, which says the contrary.
    """
    return text if text.isascii() or not any(bidirectional(c) in RIGHT_TO_LEFT for c in text) else f"{FSI}{text}{PDI}"


def in_line(text: str) -> str:
    """Return a text without these marks, for a terminal."""
    return text.replace(FSI, "").replace(PDI, "")


def listed(names: Iterable[str]) -> str:
    """Return names in a line, the first ones of many."""
    return _in_a_line([apart(_among(n)) for n in names])


def _in_a_line(every: list[str]) -> str:
    return ", ".join(every[:MAX_NAMES]) + _more(len(every))


def _pairs(names: dict[str, str]) -> str:
    return _in_a_line([f"{apart(_among(a))} → {apart(_among(b))}" for a, b in names.items()])


def arrow(before: object, after: object) -> str:
    """Return `before → after`, or one where they are alike."""
    return f"{before} → {after}" if before != after else f"{after}"


def headline(found: Review, named: Callable[[str], str] = str) -> str:
    """Return what an artifact became, in a line without its name. named: how a format writes its former one."""
    what = [found.change if not found.former else f"renamed from {named(shown(found.former))}"]
    if found.sides or found.table:
        what += [_counts(found, "row"), _counts(found, "column")]
    if found.files:
        before, after = (found.files[side] for side in ("before", "after"))
        one = found.change in ONE_SIDE
        what.append(_counted(before or after if one else before, after or before if one else after, "file"))
    from trinity_guard.detect.patterns import size_text

    sizes = [size_text(size) for size in found.sizes if size is not None]
    return ", ".join([*what, " → ".join(dict.fromkeys(sizes))] if sizes else what)


def _counts(found: Review, what: str) -> str:
    counts: list[int | None] = []
    if found.table:
        sides = (found.table.before, found.table.after)
        counts = [side.rows if what == "row" else len(side.names) for side in sides]
    else:
        given = [found.sides[side] for side in ("before", "after") if side in found.sides]
        counts = [rows if what == "row" else len(names) for names, rows in given]
    return _counted(counts[0] or 0, counts[-1] or 0, what)


def _counted(before: int, after: int, what: str) -> str:
    return f"{arrow(f'{before:,}', f'{after:,}')} {what}{'s' if after != 1 else ''}"


def facts(found: Review) -> list[tuple[str, str]]:
    """Return (what, the fact) of an artifact, the most telling first."""
    lines = [("cannot be looked into", _note(found.unavailable))] if found.unavailable else []
    if found.table:
        lines += _table(found)
    for name, (a, b) in [*found.parameters.items(), *found.metrics.items()]:
        only = found.change in ONE_SIDE and (a is None or b is None)
        lines.append((apart(cell(name)), apart(cell(a if b is None else b)) if only else _value(a, b)))
    lines += _arrays(found) + _files(found)
    if found.shared is not None:
        lines.append(("in common", f"{min(found.shared, 0.999):.1%} of the bytes"))
    return lines + [("note", cell_of_note) for cell_of_note in map(_note, found.notes)]


def _value(before: Any, after: Any) -> str:
    """Return what became of a parameter; of names that are too many for a line, which came and went."""
    lists = [v for v in (before, after) if isinstance(v, list) and all(isinstance(item, str) for item in v)]
    if len(lists) < 2 or max(len(_whole(v)) for v in lists) <= MAX_CELL:
        return change(before, after)
    known, kept = set(before), set(after)
    came, went = [n for n in after if n not in known], [n for n in before if n not in kept]
    said = [f"{len(came):,} added: {listed(came)}"] if came else []
    said += [f"{len(went):,} removed: {listed(went)}"] if went else []
    if sorted(before) == sorted(after):
        return "in another order"
    moved = [n for n in before if n in kept] != [n for n in after if n in known]
    return "; ".join([*said, *["the others in another order"] * moved]) if said else change(before, after)


def _note(text: str) -> str:
    return shown(text.encode("utf-8", "surrogatepass"))


def _table(found: Review) -> list[tuple[str, str]]:
    table = found.table
    assert table is not None  # noqa: S101  # for the type checker
    if table.same:
        return [("rows", f"the same rows{_otherwise(table)}")]
    by = f", by {listed(table.key)}" if table.key else ", as a multiset"
    by = by if table.before.rows and table.after.rows else ""
    counts = {"added": table.added, "removed": table.removed, "changed": table.rows_with_changes}
    said = _counts_of(counts, counts)
    lines = [("rows", said + by)] if said else []
    columns = table.columns
    lines += [("columns added", listed(columns.added))] if columns.added else []
    lines += [("columns removed", listed(columns.removed))] if columns.removed else []
    lines += [("columns renamed", _pairs(columns.renamed))] if columns.renamed else []
    retyped = [f"{apart(cell(n))}: {a} → {b}" for n, (a, b) in columns.retyped.items()]
    lines += [("columns retyped", _in_a_line(retyped))] if retyped else []
    return lines + _changed_columns(found)


def _otherwise(table: TableDifference) -> str:
    moved = ["in another order"] * table.reordered
    moved += ["their columns in another order"] * (table.before.names != table.after.names)
    return f", {', '.join(moved or ['written otherwise'])}"


def _changed_columns(found: Review) -> list[tuple[str, str]]:
    table = found.table
    assert table is not None  # noqa: S101  # for the type checker
    lines = []
    for name, count in list(table.changed.items())[:MAX_COLUMNS]:
        said = [f"{count:,} cell{'s' if count > 1 else ''}", *figures(table.statistics.get(name, {}))]
        lines.append((f"column {apart(cell(name))}", "; ".join(said)))
    if len(table.changed) > MAX_COLUMNS:
        lines.append(("columns", f"{len(table.changed) - MAX_COLUMNS:,} more changed"))
    moved = {n: _moved(said) for n, said in table.statistics.items() if n not in table.changed}
    told = [
        (f"column {apart(cell(n))}", "; ".join(["in the rows that came or went", *said]))
        for n, said in moved.items()
        if said
    ]
    return lines + told[:MAX_COLUMNS]


def _moved(statistics: dict[str, Any]) -> list[str]:
    """Return the figures of a column that rows alone have changed, where a reviewer would ask: it drifted, or has
    empty cells, numbers below zero or categories for the first time, or no more.
    """
    drift = statistics.get("drift")
    if not drift:
        return []  # too few rows to say so
    if drift["value"] >= DRIFTED:
        return figures(statistics)
    before, after = statistics["before"], statistics["after"]
    asked = ["new: ", "gone: "]
    asked += ["nulls"] if bool(before.get("nulls")) is not bool(after.get("nulls")) else []
    asked += ["min"] if _is_negative(before) is not _is_negative(after) else []
    return [said for said in figures(statistics) if said.startswith(tuple(asked))]


def _is_negative(side: dict[str, Any]) -> bool:
    return bool((side.get("min") or 0) < 0)


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
    return lines + _folders(files.get("folders", {}))


def _folders(folders: dict[str, Any]) -> list[tuple[str, str]]:
    """Return a line of each folder; of one alone all is said already."""
    if len(folders) < 2:
        return []
    lines = [(f"in {_among(name)}", _of_folder(sums)) for name, sums in list(folders.items())[:MAX_COLUMNS]]
    rest = len(folders) - MAX_COLUMNS
    return [*lines, ("folders", f"{rest:,} more")] if rest > 0 else lines


def _of_folder(sums: dict[str, Any]) -> str:
    said = [_counts_of(sums, ("added", "removed", "changed", "renamed"))]
    rows = _counts_of(sums.get("rows", {}), ("added", "removed", "changed"))
    said += [f"rows {rows}"] if rows else []
    count = sums.get("images", 0)
    said += [f"{count:,} image{'s' if count > 1 else ''} of another size or mode"] if count else []
    return "; ".join(said)


def _counts_of(counts: dict[str, int], of: Iterable[str]) -> str:
    return ", ".join(f"{counts[word]:,} {word}" for word in of if counts.get(word))


def rows(found: Review) -> list[tuple[str, str]]:
    """Return (sign, words) of the rows that are shown: `~` changed, `+` added, `-` removed."""
    table = found.table
    if table is None:
        return []
    lines = []
    for key, cells in table.rows_changed:
        which = ", ".join(f"{apart(cell(n))} {apart(_among(v))}" for n, v in key.items())
        first = list(cells.items())[:MAX_NAMES]
        said = [f"{apart(cell(n))} {change(a, b, _among)}" for n, (a, b) in first]
        lines.append(("~", f"{which}: {', '.join(said)}{_more(len(cells))}"))
    for sign, every in (("+", table.rows_added), ("-", table.rows_removed)):
        for row in every:
            told = {**{n: row[n] for n in table.key or ()}, **row}  # a key that stands last would not be shown
            said = [f"{apart(cell(n))} {apart(_among(v))}" for n, v in list(told.items())[:MAX_NAMES]]
            lines.append((sign, ", ".join(said) + _more(len(row))))
    return lines


def _among(value: object) -> str:
    """Return a cell that stands beside others: in quotes where a comma would part it, or its ends would not be seen."""
    said = cell(value)
    return f'"{said}"' if ", " in said or said != said.strip() or not said else said


def _more(count: int) -> str:
    return f" and {count - MAX_NAMES:,} more" if count > MAX_NAMES else ""
