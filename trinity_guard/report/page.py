"""The owner's page: one file of HTML that needs no network, no script and nothing beside it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from trinity_guard.detect.patterns import size_text
from trinity_guard.errors import shown
from trinity_guard.lint.finding import ERROR, Finding
from trinity_guard.report import charts
from trinity_guard.report.facts import Facts
from trinity_guard.report.growth import Row, growing
from trinity_guard.report.history import DVC, GIT
from trinity_guard.report.lastchanges import LastChange
from trinity_guard.report.looks import document, escaped

MAX_ROWS = 15
MAX_FINDINGS = 12
MIGRATE = "trinity-guard migrate info --everything"
LINT = "trinity-guard lint --rev HEAD"
OF_RANGE = "trinity-guard lint --range HEAD"


def build(facts: Facts) -> str:
    """Return the page."""
    title = escaped(facts.name)
    body = [
        _header(facts),
        '<main id="content">',
        _cards(facts),
        _over_time(facts),
        _holdings(facts),
        _largest(facts.rows),
        _growing(facts.rows),
        _changes(facts.changes),
        _waiting(facts),
        _missing(facts),
        _findings(facts.findings, bool(facts.head)),
        "</main>",
        f"<footer>Made by trinity-guard on {facts.made}. <code>trinity-guard report</code> makes it anew.</footer>",
    ]
    return document(f"{title}: what Git and DVC hold", body)


def _name(path: bytes) -> str:
    return escaped(shown(path))


def _many(count: int, one: str) -> str:
    return f"{count:,} {one}" if count == 1 else f"{count:,} {one}s"


def _date(when: int) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(when))


def _header(facts: Facts) -> str:
    first, last = _date(facts.history.first), _date(facts.history.last)
    at = f"{_many(facts.history.commits, 'commit')}, {first if first == last else f'{first} to {last}'}"
    if not facts.history.commits:
        at = "no commit yet"
    odd = ""
    if facts.history.odd:
        has = "has a date" if facts.history.odd == 1 else "have dates"
        odd = f" {_many(facts.history.odd, 'commit')} {has} that cannot be, and count where they can."
    branch = f" on <b>{escaped(facts.branch)}</b>" if facts.branch else ""
    head = f", at <code>{facts.head}</code>{branch}" if facts.head else ""
    return f"<header><h1>{escaped(facts.name)}</h1><p class=soft>{at}{head}. {facts.made}.{odd}</p></header>"


def _cards(facts: Facts) -> str:
    held, current = facts.history.once(DVC), sum(facts.current.values())
    artifacts = sum(v.packed for v in facts.history.once(GIT))
    lost = [*(facts.missing or ()), *(facts.missing_past or ())]
    lacking = "?" if facts.missing is None or (facts.missing_past is None and not lost) else f"{len(lost):,}"
    cards = [
        (size_text(facts.history.git_bytes), "Git holds", ""),
        (size_text(artifacts), "of it artifacts", "bad" if artifacts else "good"),
        (
            size_text(sum(v.size for v in held)),
            f"DVC holds, {size_text(current).replace(' ', '&nbsp;')} of it for HEAD",
            "",
        ),
        (f"{len(facts.survey.waiting):,}", "waiting for the remote", "warn" if facts.survey.waiting else "good"),
        (lacking, "missing on the remote", "good" if lacking == "0" else "bad" if lost else "warn"),
        (f"{len(facts.findings):,}", "findings of lint", _weight(facts.findings)),
    ]
    items = (f'<li><b class="{kind}">{value}</b><span>{what}</span></li>' for value, what, kind in cards)
    return f'<ul class="cards">{"".join(items)}</ul>'


# --- over time


def _over_time(facts: Facts) -> str:
    curves = facts.curves
    if not curves.times:
        return ""
    drawn = [charts.Line("Git as it is", "actual", curves.actual)]
    if any(v.home == DVC for v in facts.history.once(DVC)):
        drawn.append(charts.Line("with every artifact in Git", "git", curves.inside))
    if facts.history.once(GIT):
        drawn.append(charts.Line("with every artifact in DVC", "dvc", curves.outside))
    words = ", ".join(f"{line.name} {size_text(line.values[-1])} at the end" for line in drawn)
    parts = [
        '<section aria-labelledby="time"><h2 id="time">Size over time</h2>',
        f"<p>{_moral(facts)}</p>",
        '<div class="panel">',
        "<div class=scroll>",
        charts.lines(curves.times, drawn, "Bytes of Git's objects over time", words),
        "</div>",
        _legend([(line.name, line.kind) for line in drawn]),
        _as_table(curves.times, drawn),
        "</div></section>",
    ]
    return "".join(parts)


def _moral(facts: Facts) -> str:
    curves = facts.curves
    actual, inside, outside = curves.actual[-1], curves.inside[-1], curves.outside[-1]
    said = []
    if inside > actual:
        said.append(f"DVC keeps {size_text(inside - actual)} out of every clone.")
    if actual - outside > 0 and facts.history.once(GIT):
        artifacts = sum(v.packed for v in facts.history.once(GIT))
        share = f"{100 * artifacts // max(actual, 1)} %" if 100 * artifacts >= actual else "under 1 %"
        said.append(
            f"Every clone carries {size_text(artifacts)} of artifacts, {share} of Git's objects: "
            f"<code class=whole>{MIGRATE}</code> shows what would move."
        )
    return " ".join(said) or "No artifact has ever been committed."


def _legend(entries: Iterable[tuple[str, str]]) -> str:
    items = (
        f'<li><svg width="34" height="8" aria-hidden="true"><polyline class="line {kind}" points="0,4 34,4"/></svg>'
        f"{name}</li>"
        for name, kind in entries
    )
    return f'<ul class="legend">{"".join(items)}</ul>'


def _as_table(times: Sequence[int], drawn: Sequence[charts.Line]) -> str:
    step = max(1, (len(times) - 1) // 8)
    at = sorted({*range(0, len(times), step), len(times) - 1})
    head = "".join(f'<th scope="col" class="n">{line.name}</th>' for line in drawn)
    rows = "".join(
        f'<tr><th scope="row">{_date(times[i])}</th>'
        + "".join(f'<td class="n">{size_text(line.values[i])}</td>' for line in drawn)
        + "</tr>"
        for i in at
    )
    return (
        '<details><summary id="same">The same as a table</summary><div class=scroll><table aria-labelledby="same">'
        f'<thead><tr><th scope="col">date</th>{head}</tr></thead><tbody>{rows}</tbody></table></div></details>'
    )


# --- what they hold


def _holdings(facts: Facts) -> str:
    found = facts.history
    artifacts = sum(v.packed for v in found.once(GIT))
    rest = max(found.git_bytes - artifacts - found.unreached, 0)
    git_parts = [
        ("artifacts", "git", artifacts),
        ("code, commits and trees", "other", rest),
        ("files that no branch reaches", "rest", found.unreached),
    ]
    held, current = sum(v.size for v in found.once(DVC)), sum(facts.current.values())
    dvc_parts = [("for HEAD", "dvc", current), ("for older versions", "rest", max(held - current, 0))]
    return (
        '<section aria-labelledby="held"><h2 id="held">What Git holds, what DVC holds</h2><div class="panel">'
        + _holding("Git", git_parts)
        + _holding("DVC", dvc_parts)
        + "<p class=\"soft\">Git's bytes are packed, DVC's are as they are.</p></div></section>"
    )


def _holding(name: str, parts: list[tuple[str, str, int]]) -> str:
    total = sum(size for _, _, size in parts)
    words = ", ".join(f"{size_text(size)} {what}" for what, _, size in parts if size) or "nothing"
    items = "".join(
        f'<li><svg width="14" height="14" aria-hidden="true"><rect class="fill {kind}" width="14" height="14" rx="3"/>'
        f"</svg>{what}: {size_text(size)}</li>"
        for what, kind, size in parts
        if size
    )
    bar = charts.stacked(parts, f"What {name} holds", words) if total else ""
    return f'<h3>{name}: {size_text(total)}</h3>{bar}<ul class="legend">{items}</ul>'


# --- artifacts


def _largest(rows: Sequence[Row]) -> str:
    if not rows:
        return ""
    largest = max(r.total for r in rows)
    body = "".join(
        f'<tr>{_path(_name(r.path))}<td><span class="tag {r.home}">{r.home}</span></td>'
        f'<td class="n">{len(r.sizes):,}</td><td class="n">{size_text(r.size)}</td>'
        f'<td class="n">{size_text(r.total)}</td><td>{charts.bar(r.total, largest, r.home.lower())}</td>'
        f"<td>{charts.spark(r.sizes)}</td></tr>"
        for r in rows[:MAX_ROWS]
    )
    more = f"<p class=soft>And {_many(len(rows) - MAX_ROWS, 'more artifact')}.</p>" if len(rows) > MAX_ROWS else ""
    head = _head(("artifact", ""), ("held by", ""), ("versions", "n"), ("newest", "n"), ("all versions", "n"))
    return (
        '<section aria-labelledby="largest"><h2 id="largest">The largest artifacts</h2><div class="scroll panel">'
        f'<table aria-labelledby="largest"><thead><tr>{head}<th scope="col" colspan="2">size, version by version</th>'
        f"</tr></thead><tbody>{body}</tbody></table>{more}</div></section>"
    )


def _path(text: str) -> str:
    return f'<th scope="row" class="path"><code>{text}</code></th>'


def _head(*names: tuple[str, str]) -> str:
    return "".join(f'<th scope="col" class="{kind}">{name}</th>' for name, kind in names)


def _growing(rows: Sequence[Row]) -> str:
    found = growing(rows)[:MAX_ROWS]
    if not found:
        return ""
    fastest = found[0].monthly
    body = "".join(
        f'<tr>{_path(_name(r.path))}<td class="n">{size_text(r.monthly)}</td>'
        f"<td>{charts.bar(r.monthly, fastest, r.home.lower())}</td><td>{_date(r.when)}</td></tr>"
        for r in found
    )
    return (
        '<section aria-labelledby="growing"><h2 id="growing">Who keeps growing</h2><div class="scroll panel">'
        '<table aria-labelledby="growing"><caption>Bytes that new versions added in the last year of the history, a '
        'month</caption><thead><tr><th scope="col">artifact</th><th scope="col" colspan="2">a month</th>'
        f'<th scope="col">last change</th></tr></thead><tbody>{body}</tbody></table></div></section>'
    )


def _changes(changes: Sequence[LastChange]) -> str:
    if not changes:
        return ""
    body = "".join(_change(change, f"change{at}") for at, change in enumerate(changes))
    head = '<h2 id="changes">What changed last inside artifacts</h2>'
    return f'<section aria-labelledby="changes">{head}{body}</section>'


def _change(change: LastChange, label: str) -> str:
    head = f'<h3 id="{label}" class="path"><code>{_name(change.path)}</code></h3>'
    if change.why:
        helps = f" <code>{escaped(change.remedy)}</code>" if change.remedy else ""
        return f"{head}<p class=soft>{_date(change.when)}, not looked into: {escaped(change.why)}.{helps}</p>"
    first, *rest = change.lines or ["nothing"]
    lines = "\n".join(escaped(line.removeprefix("  ")) for line in rest)
    more = f'<pre class="wrapped" role="region" tabindex="0" aria-labelledby="{label}">{lines}</pre>' if rest else ""
    return f"{head}<p class=soft>{_date(change.when)}: {escaped(first)}</p>{more}"


# --- what is to be done


def _waiting(facts: Facts) -> str:
    waiting = facts.survey.waiting
    if not waiting:
        return ""
    body = "".join(
        f'<tr>{_path(escaped(str(w["path"])))}<td class="n">{_size(w["size"])}</td>'
        f"<td><code>{escaped(str(w['commit'])[:10])}</code></td></tr>"
        for w in waiting[:MAX_FINDINGS]
    )
    head = _head(("pointer", ""), ("size", "n"), ("commit", ""))
    return (
        '<section aria-labelledby="waiting"><h2 id="waiting">Waiting for the remote</h2><div class="scroll panel">'
        f'<table aria-labelledby="waiting"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
        "<pre>trinity-guard push --pending</pre></div></section>"
    )


def _size(size: object) -> str:
    return size_text(size) if isinstance(size, int) and size >= 0 else "?"


def _missing(facts: Facts) -> str:
    if facts.missing is None:
        inside = f"<p class=warn>Whether the remote has everything is not known: {escaped(facts.unasked)}</p>"
    elif facts.missing:
        inside = _table_of(facts.missing, "missing", f"{LINT} --remote --rules TG003")
    elif facts.current:
        inside = f"<p class=good>The remote has all {_many(len(facts.current), 'object')} that HEAD names.</p>"
    else:
        inside = "<p class=soft>HEAD names no object.</p>"
    return (
        '<section aria-labelledby="missing"><h2 id="missing">Missing on the remote</h2>'
        f'<div class="scroll panel">{inside}{_missing_past(facts)}</div></section>'
    )


def _missing_past(facts: Facts) -> str:
    """Say the same of what only older commits name: who checks them out wants its bytes, too."""
    past = len(facts.past())
    if not past or facts.missing is None:
        return ""
    if facts.missing_past is None:
        return f"<p class=warn>Of what only older commits name it is not known: {escaped(facts.unasked_past)}</p>"
    if facts.missing_past:
        said = f'<h3 id="past">{_many(len(facts.missing_past), "object")} that only older commits name</h3>'
        return said + _table_of(facts.missing_past, "past", f"{OF_RANGE} --remote --rules TG003")
    return f"<p class=good>It has the {_many(past, 'object')} too that only older commits name.</p>"


def _findings(findings: Sequence[Finding], looked: bool) -> str:
    inside = (
        _counted(findings) + _table_of(findings, "lint", LINT) if findings else "<p class=good>Nothing was found.</p>"
    )
    if not looked:
        inside = "<p class=soft>There is no commit to look at.</p>"
    return (
        '<section aria-labelledby="lint"><h2 id="lint">Findings of lint in HEAD</h2>'
        f'<div class="scroll panel">{inside}</div></section>'
    )


def _weight(findings: Sequence[Finding]) -> str:
    return "bad" if any(f.level == ERROR for f in findings) else "warn" if findings else "good"


def _counted(findings: Sequence[Finding]) -> str:
    counts: dict[str, int] = {}
    for finding in findings:
        counts[finding.rule] = counts.get(finding.rule, 0) + 1
    told = ", ".join(f"{rule} {count:,} times" if count > 1 else f"{rule} once" for rule, count in counts.items())
    return f"<p>{told}. <code>trinity-guard lint --explain {next(iter(counts))}</code> says more.</p>"


def _some(findings: Sequence[Finding]) -> list[Finding]:
    """Return those that are shown, of each rule some: one that is broken a thousand times must hide no other."""
    places: list[tuple[int, int]] = []
    seen: dict[str, int] = {}
    for at, finding in enumerate(findings):
        seen[finding.rule] = seen.get(finding.rule, 0) + 1
        places.append((seen[finding.rule], at))
    return [findings[at] for at in sorted(at for _, at in sorted(places)[:MAX_FINDINGS])]


def _table_of(findings: Sequence[Finding], label: str, command: str) -> str:
    """Return findings as a table. label: the id of the heading above; command: what shows all of them."""
    body = "".join(
        f'<tr><td>{f.rule}</td><td class="path file"><code>{_name(f.path)}</code><br>{escaped(f.problem)}</td>'
        f"<td class=path><code class=lines>{escaped(f.remedy)}</code></td></tr>"
        for f in _some(findings)
    )
    more = len(findings) - MAX_FINDINGS
    rest = f"<p class=soft>And {more:,} more: <code>{command}</code></p>" if more > 0 else ""
    head = _head(("rule", ""), ("file", ""), ("what helps", ""))
    start = f'<table class="findings" aria-labelledby="{label}"><thead><tr>{head}</tr></thead>'
    return f"{start}<tbody>{body}</tbody></table>{rest}"
