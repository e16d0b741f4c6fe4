"""How the owner's page looks: light and dark, on paper, and at any width."""

from __future__ import annotations

import html

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

STYLE = """
:root { color-scheme: light dark; --paper: #fbfbfa; --card: #ffffff; --ink: #1c2024; --soft: #5b6470; --rule: #d9dde2;
  --git: #c2410c; --dvc: #0f766e; --other: #64748b; --rest: #b6bfca; --good: #15703c; --bad: #b42318; --warn: #92580a; }
@media screen and (prefers-color-scheme: dark) { :root { --paper: #14171a; --card: #1c2125; --ink: #e8eaed;
  --soft: #a5afba; --rule: #363d45; --git: #fb923c; --dvc: #2dd4bf; --other: #94a3b8; --rest: #566270; --good: #4ade80;
  --bad: #f98b82; --warn: #f5c16c; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); line-height: 1.5;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main, header, footer { max-width: 64rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2.5rem; }
h1 { font-size: 2rem; line-height: 1.2; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; margin: 2.75rem 0 .75rem; }
p { margin: .5rem 0; max-width: 46rem; }
.soft, .tick, caption { color: var(--soft); }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--card); padding: .5rem 1rem; }
a { color: inherit; }
:focus-visible { outline: 3px solid var(--dvc); outline-offset: 2px; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.6rem, 1fr)); gap: .75rem; margin: 1.5rem 0 0;
  padding: 0; list-style: none; }
.cards li { background: var(--card); border: 1px solid var(--rule); border-radius: .6rem; padding: .8rem 1rem; }
.cards b { display: block; font-size: 1.3rem; line-height: 1.4; white-space: nowrap;
  font-variant-numeric: tabular-nums; }
.cards span { color: var(--soft); font-size: .875rem; }
.panel { background: var(--card); border: 1px solid var(--rule); border-radius: .6rem; padding: 1rem; }
svg.chart { width: 100%; height: auto; display: block; }
.tick { font-size: 12px; fill: var(--soft); }
.grid { stroke: var(--rule); stroke-width: 1; }
.line { fill: none; stroke-width: 2.5; stroke-linejoin: round; }
.line.actual { stroke: var(--ink); } .line.git { stroke: var(--git); stroke-dasharray: 7 4; }
.line.dvc { stroke: var(--dvc); stroke-dasharray: 2 4; } .line.small { stroke: var(--other); stroke-width: 2; }
.fill.git { fill: var(--git); } .fill.dvc { fill: var(--dvc); } .fill.other { fill: var(--other); }
.fill.rest { fill: var(--rest); }
.legend { list-style: none; margin: .75rem 0 0; padding: 0; display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; }
.legend svg { vertical-align: middle; margin-right: .45rem; }
.scroll { overflow-x: auto; } .scroll > svg.chart { min-width: 40rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding-bottom: .4rem; }
th, td { text-align: left; padding: .4rem .75rem .4rem 0; border-bottom: 1px solid var(--rule);
  vertical-align: middle; }
th { font-weight: 600; font-size: .875rem; }
td.n, th.n { text-align: right; white-space: nowrap; }
td.path, th.path { overflow-wrap: anywhere; min-width: 12rem; }
tbody th { font-weight: 400; font-size: inherit; }
code { font: .9em ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere; }
code.whole { white-space: nowrap; } code.lines { white-space: pre-wrap; }
@media (max-width: 44rem) { .findings, .findings tbody, .findings tr, .findings td { display: block; }
  .findings thead { position: absolute; left: -100rem; } .findings tr { padding: .6rem 0;
  border-bottom: 1px solid var(--rule); } .findings td { border: 0; padding: .1rem 0; min-width: 0; }
  .findings td:first-child { font-weight: 600; } code.whole { white-space: normal; } }
pre { background: var(--paper); border: 1px solid var(--rule); border-radius: .4rem; padding: .6rem .8rem;
  overflow-x: auto; margin: .5rem 0; }
pre.wrapped { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--card);
  font: .85rem/1.5 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; } h3.path { margin: 1.25rem 0 0; }
.good { color: var(--good); } .bad { color: var(--bad); } .warn { color: var(--warn); }
.tag { border: 1px solid currentColor; border-radius: 1rem; padding: 0 .55rem; font-size: .8rem; white-space: nowrap; }
.tag.Git { color: var(--git); } .tag.DVC { color: var(--dvc); }
details { margin-top: .75rem; } summary { cursor: pointer; color: var(--soft); }
footer { margin-top: 3rem; padding-bottom: 2.5rem; color: var(--soft); font-size: .875rem; }
@media print { body { background: none; font-size: 11pt; } .skip { display: none; }
  main, header, footer { max-width: none; }
  .panel, .cards li { break-inside: avoid; background: none; }
  :root { color-scheme: light; } h2 { break-after: avoid; } tr { break-inside: avoid; }
  details > * { display: block; } details::details-content { content-visibility: visible; }
  .scroll { overflow: visible; } .scroll > svg.chart, td.path, th.path { min-width: 0; }
  svg.bar { width: 4.5rem; } svg.spark { width: 4rem; }
  svg { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""


def document(title: str, body: Iterable[str], style: str = "") -> str:
    """Return a page that stands alone; whatever a name or a cell in it holds, nothing runs and nothing is fetched."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{title}</title><style>{STYLE}{style}</style></head><body>"
        '<a class="skip" href="#content">Skip to the content</a>' + "\n".join(body) + "\n</body></html>\n"
    )


def escaped(text: str) -> str:
    return html.escape(text.encode("utf-8", "replace").decode())
