"""The comparison as Markdown, for a job's summary and a comment: a cell is text and mentions nobody."""

from __future__ import annotations

import re

from trinity_guard.errors import shown
from trinity_guard.review import words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trinity_guard.review.record import Review
    from trinity_guard.review.review import Reviews

HEADING = "### What changed inside artifacts"
NOTHING = "Nothing changed inside artifacts."
# GitHub takes no longer comment, and a job's summary ends at a megabyte.
MAX_LENGTH = 50_000
MAX_BROKEN = 20
# A colon and the dot of `www.` make links of what only looks like an address.
_MARKS = re.compile(f"([{words.FSI}{words.PDI}])")
_SPECIAL = frozenset("\\`*_[]#!|<>&~@$:" + words.FSI + words.PDI)


def render(found: Reviews) -> str:
    """Return all that was found, cut where a forge would refuse it, which is said."""
    parts = [HEADING, "", *(NOTHING for _ in range(not (found.artifacts or found.broken)))]
    left = MAX_LENGTH
    left_out = 0
    for review in found.artifacts:
        # Of one that is too long, the line that says what became of it.
        part = next((p for p in (_one(review, 4), _heading(review, 4) + "\n") if len(p) < left), "")
        left -= len(part) + 1
        left_out += not part
        parts += [part] if part else []
    if left_out:
        parts.append(f"\n{left_out:,} more artifacts changed: `trinity-guard diff` shows them all.")
    return "\n".join([*parts, *_broken(found)]).rstrip()


def _broken(found: Reviews) -> list[str]:
    listed = [f"- {code(path)}: {code(why)}" for path, why in found.broken.items()]
    more = len(listed) - MAX_BROKEN
    return [*listed[:MAX_BROKEN], f"- and {more:,} more that cannot be read"] if more > 0 else listed


def _heading(review: Review, level: int) -> str:
    return f"{'#' * level} {code(review.name)}: {words.headline(review, code)}"


def _one(review: Review, level: int) -> str:
    lines = [_heading(review, level), ""]
    facts = words.facts(review)
    if facts:
        lines += ["| | |", "|---|---|", *(f"| {code(what)} | {code(fact)} |" for what, fact in facts), ""]
    rows = words.rows(review)
    if rows:
        listed = [f"| {code(sign)} | {code(row)} |" for sign, row in rows]
        lines += ["<details><summary>The first rows</summary>", "", "| | |", "|---|---|", *listed, "", "</details>", ""]
    return "\n".join([*lines, *(_one(member, min(level + 1, 6)) for member in review.members)])


def _line(text: str) -> str:
    return shown(" ".join(text.splitlines()).encode("utf-8", "surrogatepass"))


def code(text: str) -> str:
    """Return a text of a stranger's in the letters of code, in which no letter means anything to Markdown or HTML.

    Forges read what was rendered once more for names to notify, numbers to link and addresses, but not in code.
    """
    line = "".join(part if part in (words.FSI, words.PDI) else _line(part) for part in _MARKS.split(text))
    escaped = "".join(f"&#{ord(c)};" if c in _SPECIAL else c for c in line)
    return f"<code>{escaped.replace('www.', 'www&#46;')}</code>"
