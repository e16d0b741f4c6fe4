"""`trinity-guard doctor`: what is set up wrongly here, and the command that mends it.

`--format json` prints one object; names of checks and keys stay as they are, others may come:
    {"checks": [{"name": "hooks", "level": "ok"|"warning"|"error", "fact": "…", "remedy": "…", "fixable": true}, …],
     "errors": 0, "warnings": 0, "mended": [{"name": "hooks", "done": "…"}]}
`fact` and `remedy` are words for people (the remedy a command, several lines, or empty); `fixable`: --fix mends it.
"""

from __future__ import annotations

import os

from trinity_guard import console, git
from trinity_guard.commands.terminal import arguments, output, progress
from trinity_guard.commands.terminal.arguments import Parser
from trinity_guard.doctor import examination
from trinity_guard.doctor.checks import ERROR, OK, WARNING, Check
from trinity_guard.errors import BLOCKED, FINE, UNUSABLE, GuardError, shown

DESCRIPTION = """\
What may be set up wrongly, each with the reason and the command that mends it: Git, DVC and its plug-ins, the hooks
and whether Git reaches them, the program from a bare PATH, the configuration, the remote (a probe object is written,
read and removed; each step has a time limit, TRINITY_GUARD_TIMEOUT seconds), credentials, the cache, disks, the queue,
pointers without objects, ignore rules, git-lfs, and what a kill has left. With -v, what is fine is named too.
Exits 1 when anything is an error; warnings alone are 0.
"""
EXAMPLE = "Example: trinity-guard doctor --fix"
STYLES = {ERROR: "31", WARNING: "33"}


def configure(p: Parser) -> None:
    p.description, p.epilog = DESCRIPTION, EXAMPLE
    p.add_argument(
        "--fix",
        action="store_true",
        help="do what needs no decision (install the hooks again, complete what was cut short, missing ignore lines, "
        "push what waits), then look again",
    )
    p.add_argument("--offline", action="store_true", help="ask no remote; what that leaves open is a warning")
    p.add_argument("--format", choices=("text", "json"), default="text", help="text (the default) or json")


def run(args: list[str]) -> int:
    asked = arguments.parse("trinity-guard doctor", configure, args)
    start, place = os.getcwdb(), _place()
    if not place.bare:
        git.at_top(place)
    checks = _examined(place, asked.offline)
    fixed = examination.mend(checks) if asked.fix else []
    if fixed:
        checks = _examined(place, asked.offline)
    if asked.format == "json":
        _report_json(checks, fixed)
    else:
        for name, done in fixed:
            console.say(f"{name}: {done}")
        _report(checks)
        if any(c.remedy for c in checks):
            output.note_the_top(start)
    return BLOCKED if any(c.level == ERROR for c in checks) else FINE


def _place() -> git.Place:
    """Find the repository. That Git refuses somebody else's folder is one of the things that a doctor is asked."""
    try:
        return git.place()
    except GuardError as error:
        if "dubious ownership" not in error.problem:
            raise
        folder = error.problem.partition("'")[2].partition("'")[0] or shown(os.getcwdb())
        raise GuardError(
            problem=f"Git refuses to work here: the owner of {folder} is another user.",
            remedy=f"git config --global --add safe.directory '{folder}'     # if you trust that user",
            exit_code=UNUSABLE,
        ) from None


def _examined(place: git.Place, offline: bool) -> list[Check]:
    with progress.Progress() as line:
        return examination.examine(place, offline, line.bar("looking", 1, "checks"))


def _report(checks: list[Check]) -> None:
    fine = [c for c in checks if c.level == OK]
    # They are a part of the answer, and not remarks beside it.
    for check in fine if console.verbose() else ():
        console.say(f"ok       {check.name}: {check.fact}")
    for level in (WARNING, ERROR):  # what matters most stands nearest to the prompt
        for names, check in _grouped([c for c in checks if c.level == level]):
            _report_one(names, check)
    count = f"{len(fine)} check{'s are' if len(fine) != 1 else ' is'} fine"
    found = _counted(checks, ERROR) + _counted(checks, WARNING)
    console.say(f"{count}{'; ' + ', '.join(found) if found else ''}.", "" if found else "32")


def _grouped(checks: list[Check]) -> list[tuple[list[str], Check]]:
    """Return the checks with the names of those that say the same: what could not be looked at has one reason."""
    groups: dict[tuple[str, str], tuple[list[str], Check]] = {}
    for check in checks:
        groups.setdefault((check.fact, check.remedy), ([], check))[0].append(check.name)
    return list(groups.values())


def _report_one(names: list[str], check: Check) -> None:
    head = f"{check.level:<9}{', '.join(names)}"
    if console.quiet():
        console.result(head)
    else:
        console.say(head, STYLES[check.level])
    lines = [*check.fact.split("\n"), *(f"    {line}" for line in console.runnable(check.remedy).split("\n") if line)]
    console.result("\n".join(f"    {line}" for line in lines))


def _counted(checks: list[Check], level: str) -> list[str]:
    number = sum(c.level == level for c in checks)
    return [f"{number} {level}{'s' if number != 1 else ''}"] if number else []


def _report_json(checks: list[Check], fixed: list[tuple[str, str]]) -> None:
    import json

    facts = {
        "checks": [c.as_dict() for c in checks],
        "errors": sum(c.level == ERROR for c in checks),
        "warnings": sum(c.level == WARNING for c in checks),
        "mended": [{"name": name, "done": done} for name, done in fixed],
    }
    # A name that is not UTF-8 is no json.
    console.result(json.dumps(facts, indent=2).encode("utf-8", "replace").decode())
