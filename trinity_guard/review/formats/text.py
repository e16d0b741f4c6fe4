"""The comparison for a terminal: an artifact a paragraph, its facts below, then the first rows."""

from __future__ import annotations

from unicodedata import combining, east_asian_width

from trinity_guard.review import words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from trinity_guard.review.record import Review
    from trinity_guard.review.review import Reviews

BOLD, GREEN, RED, YELLOW = "1", "32", "31", "33"
WIDEST = 48  # a longer name takes no room from the others' facts
_STYLES = {"+": GREEN, "-": RED, "~": YELLOW}


def lines(found: Reviews) -> Iterator[tuple[str, str]]:
    """Yield (line, style) of all that was found."""
    for at, review in enumerate(found.artifacts):
        if at:
            yield "", ""
        yield from of_one(review)
    for path, why in found.broken.items():
        yield f"{path}: {why}", RED


def of_one(review: Review, indent: str = "") -> Iterator[tuple[str, str]]:
    """Yield (line, style) of one artifact."""
    yield f"{indent}{review.name}: {words.headline(review)}", BOLD
    facts = [(words.in_line(what), words.in_line(fact)) for what, fact in words.facts(review)]
    width = max((_width(what) for what, _ in facts if _width(what) <= WIDEST), default=0)
    for what, fact in facts:
        yield f"{indent}  {what}{' ' * (width - _width(what))}  {fact}", ""
    for sign, row in words.rows(review):
        yield f"{indent}  {sign} {words.in_line(row)}", _STYLES[sign]
    for member in review.members:
        yield from of_one(member, indent + "  ")


def _width(text: str) -> int:
    """Return how many places a text takes in a terminal: letters of East Asia two, accents on others none."""
    return len(text) if text.isascii() else sum(1 + (east_asian_width(c) in "WF") - bool(combining(c)) for c in text)


def render(found: Reviews) -> str:
    return "\n".join(line for line, _ in lines(found))
