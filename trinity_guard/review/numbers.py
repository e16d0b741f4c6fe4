"""The numbers that texts say, in the engine's SQL: which cell is one, and how two of them compare."""

from __future__ import annotations

EXACT = 1 << 53  # beyond, a floating-point number tells two integers not apart


def of(cell: str, decimal: str) -> str:
    """Return a cell's number in SQL, nothing for a cell that is none."""
    return f"CASE WHEN {_is_code(cell)} THEN NULL ELSE TRY_CAST({_pointed(cell, decimal)} AS DOUBLE) END"


def strictly(cell: str, decimal: str) -> str:
    """Return a cell's number in SQL; a cell that is none ends the query."""
    return f"CASE WHEN {_is_code(cell)} THEN error('a code') ELSE CAST({_pointed(cell, decimal)} AS DOUBLE) END"


def as_text(number: str) -> str:
    """Return a number in SQL as a text, an integer without a point."""
    whole = f"{number} = trunc({number}) AND abs({number}) < {EXACT}"
    return f"CASE WHEN {whole} THEN CAST(TRY_CAST({number} AS BIGINT) AS VARCHAR) ELSE CAST({number} AS VARCHAR) END"


def written(cell: str, decimal: str) -> str:
    """Return a text in SQL; one that says a number as `as_text` writes that number."""
    number = of(cell, decimal)
    return f"CASE WHEN abs({number}) < {EXACT} THEN {as_text(number)} ELSE {cell} END"


def _pointed(cell: str, decimal: str) -> str:
    return cell if decimal == "." else f"replace({cell}, ',', '.')"


def _is_code(cell: str) -> str:
    """Return in SQL whether a cell only looks like a number: 007, and what the engine takes for digits in groups."""
    begins = " OR ".join(f"({cell} >= '{sign}00' AND {cell} < '{sign}0:')" for sign in ("", "-", "+"))
    return f"({begins} OR contains({cell}, '_'))"
