"""The comparison as Markdown, for a job's summary and a comment: a cell is text and mentions nobody."""

from __future__ import annotations

from trinity_guard.review import words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trinity_guard.review.record import Review
    from trinity_guard.review.review import Reviews

HEADING = "### What changed inside artifacts"
NOTHING = "Nothing changed inside artifacts."
# GitHub takes no longer comment, and a job's summary ends at a megabyte.
MAX_LENGTH = 60_000
_SPECIAL = frozenset("\\`*_[]#!|<>&~@$")


def render(found: Reviews) -> str:
    """Return all that was found, cut where a forge would refuse it, which is said."""
    parts = [HEADING, "", *(NOTHING for _ in range(not (found.artifacts or found.broken)))]
    length = left_out = 0
    for review in found.artifacts:
        part = _one(review, 4)
        length += len(part)
        if length > MAX_LENGTH:
            left_out += 1
        else:
            parts.append(part)
    parts += [f"- {code(path)}: {plain(why)}" for path, why in found.broken.items()]
    if left_out:
        parts.append(f"\n{left_out:,} more artifacts changed: `trinity-guard diff` shows them all.")
    return "\n".join(parts).rstrip()


def _one(review: Review, level: int) -> str:
    lines = [f"{'#' * level} {code(review.name)}: {plain(words.headline(review))}", ""]
    facts = words.facts(review)
    if facts:
        lines += ["| | |", "|---|---|", *(f"| {plain(what)} | {code(fact)} |" for what, fact in facts), ""]
    rows = words.rows(review)
    if rows:
        listed = [f"| {code(sign)} | {code(row)} |" for sign, row in rows]
        lines += ["<details><summary>The first rows</summary>", "", "| | |", "|---|---|", *listed, "", "</details>", ""]
    return "\n".join([*lines, *(_one(member, min(level + 1, 6)) for member in review.members)])


def plain(text: str) -> str:
    """Return a text in which no letter means anything to Markdown or HTML, and no forge sees a name to notify."""
    return "".join(f"&#{ord(c)};" if c in _SPECIAL else c for c in text.replace("\n", " "))


def code(text: str) -> str:
    """The same in the letters of code, in which forges look for no names either."""
    return f"<code>{plain(text)}</code>"
