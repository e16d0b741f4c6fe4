"""What changed inside artifacts as one page of HTML, in the looks of the owner's."""

from __future__ import annotations

from trinity_guard.report.looks import document, escaped
from trinity_guard.review import words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from trinity_guard.review.record import Review
    from trinity_guard.review.review import Reviews

TITLE = "What changed inside artifacts"
MORE_STYLE = """
.changes { table-layout: fixed; } .changes th[scope=row] { vertical-align: top; overflow-wrap: anywhere; width: 36%; }
@media (max-width: 44rem) { .changes th[scope=row] { width: 40%; } }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(15rem, 100%), 1fr)); }
.figures { gap: .75rem; margin: .75rem 0; }
.first { margin-top: .75rem; } .first th:first-child { width: 1%; }
figure { margin: 0; } figcaption { font-size: .875rem; overflow-wrap: anywhere; }
.sign { font-weight: 700; } section { margin-bottom: 2rem; } h2, h3 { overflow-wrap: anywhere; }
nav ul { padding-left: 1.2rem; columns: 20rem auto; } nav li { overflow-wrap: anywhere; break-inside: avoid; }
"""
WIDTH, HEIGHT = 240, 70
FEW = 3  # artifacts that need no list of them
SIGNS = {"~": ("changed", "warn"), "+": ("added", "good"), "-": ("removed", "bad")}


def build(found: Reviews, of: str) -> str:
    """Return the page. of: what was compared, in words."""
    body = [
        f"<header><h1>{TITLE}</h1><p class=soft>{escaped(of)}</p>{_listed(found.artifacts)}</header>",
        '<main id="content">',
        *(_one(review, f"a{at}", 2) for at, review in enumerate(found.artifacts)),
        *(f"<p class=bad><code>{escaped(path)}</code>: {escaped(why)}</p>" for path, why in found.broken.items()),
        "" if found.artifacts or found.broken else "<p>Nothing changed inside artifacts.</p>",
        "</main>",
        "<footer>Made by <code>trinity-guard diff --format html</code>.</footer>",
    ]
    return document(TITLE, body, MORE_STYLE)


def _listed(artifacts: Sequence[Review]) -> str:
    """Return links to the artifacts, where there are many of them."""
    if len(artifacts) <= FEW:
        return ""
    links = "".join(
        f'<li><a href="#a{at}"><code>{escaped(review.name)}</code></a></li>' for at, review in enumerate(artifacts)
    )
    return f'<nav aria-label="Artifacts that changed"><ul>{links}</ul></nav>'


def _one(review: Review, name: str, level: int) -> str:
    parts = [
        f'<section aria-labelledby="{name}"><h{level} id="{name}"><code>{escaped(review.name)}</code></h{level}>',
        f"<p>{escaped(words.headline(review))}</p>",
        _facts(review, name),
        _figures(review),
        _rows(review, name),
        *(_one(member, f"{name}-{at}", min(level + 1, 6)) for at, member in enumerate(review.members)),
        "</section>",
    ]
    return "".join(parts)


def _facts(review: Review, name: str) -> str:
    facts = words.facts(review)
    if not facts:
        return ""
    rows = "".join(
        f'<tr><th scope="row">{_text(what)}</th><td class="path"><code class="lines">{_text(fact)}</code></td></tr>'
        for what, fact in facts
    )
    return f'<div class="panel"><table class="changes" aria-labelledby="{name}"><tbody>{rows}</tbody></table></div>'


def _text(said: str) -> str:
    """Return words with their marks as HTML names them, which stay what they are wherever the page goes."""
    return escaped(said).replace(words.FSI, "&#8296;").replace(words.PDI, "&#8297;")


def _rows(review: Review, name: str) -> str:
    rows = words.rows(review)
    if not rows:
        return ""
    listed = "".join(
        f'<tr><td class="{SIGNS[sign][1]}"><span class="tag">{SIGNS[sign][0]}</span></td>'
        f'<td class="path"><code class="lines">{_text(row)}</code></td></tr>'
        for sign, row in rows
    )
    return (
        f'<table class="first" aria-labelledby="{name}-rows {name}"><caption id="{name}-rows">The first rows</caption>'
        f'<thead><tr><th scope="col">row</th><th scope="col">cells</th></tr></thead><tbody>{listed}</tbody></table>'
    )


# ---- distributions


def _figures(review: Review) -> str:
    if review.table is None:
        return ""
    drawn = [
        _figure(name, statistics["histogram"])
        for name, statistics in review.table.statistics.items()
        if isinstance(statistics.get("histogram"), dict)
    ]
    return f'<div class="figures">{"".join(drawn)}</div>' if drawn else ""


def _figure(name: str, histogram: Any) -> str:
    """Return the distribution of a column before (bars behind) and after (bars in front), each as shares."""
    before, after = (_shares(histogram[side]) for side in ("before", "after"))
    top = max([*before, *after, 1e-9])
    least, most = (words.figure(histogram[end]) for end in ("min", "max"))
    said = ", ".join(f"{100 * a:.0f} % then {100 * b:.0f} %" for a, b in zip(before, after, strict=True))
    words_ = f"{words.cell(name)} from {least} to {most}, in {len(before)} parts of the same width: {said}"
    return (
        f'<figure class="panel"><svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escaped(words_)}">{_bars(before, top, "rest", 0)}{_bars(after, top, "dvc", 1)}</svg>'
        f"<figcaption><b>{escaped(words.cell(name))}</b> {escaped(least)} to {escaped(most)}; "
        "<span class=soft>grey before, coloured after</span></figcaption></figure>"
    )


def _shares(counts: Sequence[int]) -> list[float]:
    total = sum(counts)
    return [count / total if total else 0.0 for count in counts]


def _bars(shares: list[float], top: float, kind: str, place: int) -> str:
    step = WIDTH / max(len(shares), 1)
    wide = step * 0.42
    return "".join(
        f'<rect class="fill {kind}" x="{at * step + place * wide:.1f}" y="{HEIGHT * (1 - share / top):.1f}" '
        f'width="{wide:.1f}" height="{HEIGHT * share / top:.1f}"/>'
        for at, share in enumerate(shares)
    )
