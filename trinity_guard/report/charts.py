"""Charts as SVG that stands in a page: no script, no file beside it; each says in words what it shows."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from trinity_guard.detect.patterns import size_text

WIDE, HIGH = 760, 300
LEFT, RIGHT, TOP, BOTTOM = 70, 20, 16, 34
# Tenths; of each a quarter, which the grid shows, is a short number too.
MANTISSAS = (10, 12, 16, 20, 24, 32, 40, 60, 80, 100)


@dataclass(slots=True)
class Line:
    """name: in the legend; kind: the class that gives it its colour and dash; values: bytes, one for each time."""

    name: str
    kind: str
    values: Sequence[int]


def lines(times: Sequence[int], drawn: Sequence[Line], title: str, words: str) -> str:
    """Return a chart of sizes over time. times: seconds since 1970, growing."""
    top = nice_top(max((v for line in drawn for v in line.values), default=0))
    first, span = times[0], max(times[-1] - times[0], 1)

    def x(when: int) -> float:
        return LEFT + (WIDE - LEFT - RIGHT) * (when - first) / span

    def y(value: float) -> float:
        return HIGH - BOTTOM - (HIGH - TOP - BOTTOM) * value / top

    parts = [_open(WIDE, HIGH, title, words)]
    for step in range(5):
        value = top * step / 4
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDE - RIGHT}" y1="{y(value):.1f}" y2="{y(value):.1f}"/>')
        parts.append(
            f'<text class="tick" x="{LEFT - 8}" y="{y(value) + 4:.1f}" text-anchor="end">{size_text(int(value))}</text>'
        )
    for when, label in date_ticks(first, first + span):
        parts.append(f'<text class="tick" x="{x(when):.1f}" y="{HIGH - 10}" text-anchor="middle">{label}</text>')
    for line in drawn:
        path = " ".join(f"{x(t):.1f},{y(v):.1f}" for t, v in zip(times, line.values, strict=True))
        if len(times) == 1:  # of one commit: a point is no line
            path += f" {WIDE - RIGHT},{y(line.values[0]):.1f}"
        parts.append(
            f'<polyline class="line {line.kind}" points="{path}"><title>{line.name}: '
            f"{size_text(line.values[-1])} at the end</title></polyline>"
        )
    return "".join([*parts, "</svg>"])


def nice_top(value: int) -> int:
    """Return a round number that is not below the value, for the top of an axis."""
    if value <= 0:
        return 1
    power = 1
    while power * 10 < value:
        power *= 10
    return next(top for m in MANTISSAS if (top := m * power // 10) >= value)


def date_ticks(first: int, last: int) -> list[tuple[int, str]]:
    """Return up to six dates between two times, with the day where less than a season passed."""
    short = last - first < 120 * 86400
    count = 5
    ticks: dict[str, int] = {}
    for i in range(count + 1):
        # Not quite at the ends, where a label would be cut off.
        when = int(first + (last - first) * (0.04 + 0.92 * i / count))
        ticks.setdefault(time.strftime("%Y-%m-%d" if short else "%Y-%m", time.gmtime(when)), when)
    return [(when, label) for label, when in ticks.items()]


def stacked(parts: Sequence[tuple[str, str, int]], title: str, words: str) -> str:
    """Return one bar in parts. parts: name, class, bytes."""
    total = sum(size for _, _, size in parts) or 1
    drawn, at = [_open(WIDE, 34, title, words)], 0.0
    for name, kind, size in parts:
        width = WIDE * size / total
        if width > 0:
            drawn.append(
                f'<rect class="fill {kind}" x="{at:.1f}" y="2" width="{max(width - 1.5, 1):.1f}" height="30" rx="3">'
                f"<title>{name}: {size_text(size)}</title></rect>"
            )
        at += width
    return "".join([*drawn, "</svg>"])


def bar(value: int, largest: int, kind: str) -> str:
    """Return a bar for a cell of a table; the number beside it says the same, so it is hidden from a reader's voice."""
    width = 120 * value / (largest or 1)
    return (
        '<svg class="bar" viewBox="0 0 120 12" width="120" height="12" aria-hidden="true" focusable="false">'
        f'<rect class="fill {kind}" width="{max(width, 1):.1f}" height="12" rx="2"/></svg>'
    )


def spark(sizes: Sequence[int]) -> str:
    """Return the sizes of a file's versions as a small line; aloud, the first and the last."""
    if len(sizes) < 2:
        return ""
    top = max(sizes) or 1
    step = 96 / (len(sizes) - 1)
    base = '<line class="grid" x1="2" x2="98" y1="22.5" y2="22.5"/>'
    path = " ".join(f"{2 + i * step:.1f},{22 - 20 * s / top:.1f}" for i, s in enumerate(sizes))
    words = f"from {size_text(sizes[0])} to {size_text(sizes[-1])} in {len(sizes)} versions"
    return (
        f'<svg class="spark" viewBox="0 0 100 24" width="100" height="24" role="img" aria-label="{words}">'
        f'<title>{words}</title>{base}<polyline class="line small" points="{path}"/></svg>'
    )


def _open(width: int, height: int, title: str, words: str) -> str:
    label = f"{title}: {words}"
    return f'<svg class="chart" viewBox="0 0 {width} {height}" role="img" aria-label="{label}"><title>{label}</title>'
