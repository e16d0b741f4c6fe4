"""The rules by their numbers, and a run of them over one subject."""

from __future__ import annotations

from trinity_guard.errors import UNUSABLE, GuardError
from trinity_guard.git.ids import SIZE, Ids
from trinity_guard.lint.rules import (
    tg001,
    tg002,
    tg003,
    tg004,
    tg005,
    tg006,
    tg007,
    tg008,
    tg009,
    tg010,
    tg011,
    tg012,
    tg013,
    tg014,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from trinity_guard.lint.finding import Finding
    from trinity_guard.lint.subject import Subject

    Rule = Callable[[Subject], Iterator[Finding]]

RULES: dict[str, Rule] = {
    "TG001": tg001.find,
    "TG002": tg002.find,
    "TG003": tg003.find,
    "TG004": tg004.find,
    "TG005": tg005.find,
    "TG006": tg006.find,
    "TG007": tg007.find,
    "TG008": tg008.find,
    "TG009": tg009.find,
    "TG010": tg010.find,
    "TG011": tg011.find,
    "TG012": tg012.find,
    "TG013": tg013.find,
    "TG014": tg014.find,
}
REMOTE = "TG003"


def chosen(text: str, remote: bool) -> list[str]:
    """Return the rules that a list names ("TG001,TG006"; "" for all). TG003 runs only with `remote`."""
    names = [n.strip().upper() for n in text.split(",") if n.strip()]
    unknown = [n for n in names if n not in RULES]
    if unknown or (text and not names):
        problem = f"there is no rule {unknown[0]}." if unknown else "the list names no rule."
        raise GuardError(problem, f"known: {', '.join(RULES)}", UNUSABLE)
    if REMOTE in names and not remote:
        raise GuardError(f"{REMOTE} asks the remotes.", "trinity-guard lint --remote", UNUSABLE)
    return [n for n in RULES if (not names or n in names) and (n != REMOTE or remote)]


def run(subject: Subject, names: Iterable[str]) -> list[Finding]:
    """Return what these rules find, each finding once."""
    return once(f for name in names for f in RULES[name](subject))


def once(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings without those that say again what an earlier one says."""
    seen = Ids()
    kept: list[Finding] = []
    for finding in findings:
        if seen.add(finding.mark[:SIZE]) == len(kept):
            kept.append(finding)
    return kept
