"""The words that the formats share, and the letters that they leave out."""

from __future__ import annotations

from trinity_guard.errors import shown
from trinity_guard.lint.finding import Finding
from trinity_guard.lint.summary import Summary

COMMIT = 10  # so many digits of a commit's id are shown


def visible(text: str, keep: str = "") -> str:
    """Return a text with all that no eye sees (controls, half letters, what turns text around) as Python escapes it.

    keep: letters that stay, as a newline. What is left can stand in JSON, in XML 1.0 and on a terminal.
    """
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() or c in keep else c.encode("unicode_escape", "surrogatepass").decode() for c in text
    )


def named(path: bytes) -> str:
    """Return a path on one line, `.` for the repository as a whole."""
    return shown(path) if path else "."


def fact(finding: Finding) -> str:
    """Return what is wrong, on one line, with the commit where it is not what lies here."""
    problem = visible(finding.problem)
    known = not finding.commit or finding.commit[:COMMIT] in problem
    return problem if known else f"{problem} (commit {visible(finding.commit[:COMMIT])})"


def remedies(finding: Finding) -> list[str]:
    """Return the lines of the command that helps."""
    return [visible(line) for line in finding.remedy.split("\n") if line.strip()]


def told(finding: Finding) -> str:
    """Return a finding as one paragraph: the file, the fact, the command."""
    line = f":{finding.line}" if finding.line else ""
    help_ = "".join(f"\n{r}" for r in remedies(finding))
    return f"{named(finding.path)}{line}: {fact(finding)}{help_}"


def counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def closing(findings: list[Finding], summary: Summary) -> str:
    """Return the sentence at the end: how much was found, in what."""
    looked = [counted(summary.files, "file", "files")] if summary.files else []
    looked += [counted(summary.commits, "commit", "commits")] if summary.commits else []
    inside = f" ({', '.join(looked)})" if looked else ""
    hidden = f"; the baseline hides {summary.hidden:,} more" if summary.hidden else ""
    found = counted(len(findings), "finding", "findings") if findings else "nothing found"
    return f"{found} in {visible(summary.linted)}{inside}{hidden}."


def dumped(value: object) -> str:
    """Return JSON of nothing but ASCII letters, in which no CI's log finds a command (`##[`, `##vso[`)."""
    import json

    # A number sign stands in strings alone, where its escape means the same.
    return json.dumps(value, indent=2).replace("##", "#\\u0023")


def unique(findings: list[Finding]) -> list[str]:
    """Return a fingerprint for each finding: one that stands in several commits differs from its second time on."""
    import hashlib

    seen: dict[str, int] = {}
    result = []
    for finding in findings:
        mark = finding.fingerprint
        times = seen[mark] = seen.get(mark, 0) + 1
        result.append(mark if times == 1 else hashlib.sha256(f"{mark}:{times}".encode()).hexdigest()[:32])
    return result
