"""`trinity-guard lint`: numbered rules over the index, a revision's tree, or every commit of a range."""

from __future__ import annotations

import gc
import os

from trinity_guard import console, git
from trinity_guard.commands.terminal import arguments, output, progress, shells
from trinity_guard.detect import patterns
from trinity_guard.errors import BLOCKED, FINE, UNUSABLE, GuardError, shown
from trinity_guard.git import events, index, partial, repository
from trinity_guard.lint import base, baseline, explain, fix, ranges, subject
from trinity_guard.lint.bare import work_tree
from trinity_guard.lint.finding import ERROR
from trinity_guard.lint.formats import FORMATS, ordered, render, text
from trinity_guard.lint.rules import table
from trinity_guard.lint.summary import Summary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable

    from trinity_guard.commands.terminal.arguments import Parser
    from trinity_guard.config import Config
    from trinity_guard.lint.finding import Finding
    from trinity_guard.lint.subject import Subject

    Make = Callable[[subject.Tree], Subject]

DESCRIPTION = """\
Check what Git tracks against the rules (--explain says what each means): the index, or with --all HEAD as well, with
--rev the tree of any revision, with --range every commit of it. In a GitHub or GitLab job, the commits of the pull
request, merge request or push; in another CI's one of --range, --rev and --all is needed. In a bare repository --rev or
--range is needed, and the configuration is that of the commit. Exits 1 when an error was found (warnings do not count)
or mended, 2 when it could not look.
"""
EXAMPLE = "Example: trinity-guard lint --range main..HEAD"


def configure(p: Parser) -> None:
    p.description, p.epilog = DESCRIPTION, EXAMPLE
    arguments.add_paths(p, "only what is below")
    what = p.add_argument_group("what is looked at")
    what.add_argument("--all", action="store_true", help="HEAD and the index")
    arguments.add_value(what, "--rev", "REV", "the tree of a revision", shells.REVISION)
    arguments.add_value(what, "--range", "A..B", "every commit of a range")
    what.add_argument("--remote", action="store_true", help="ask the remotes too (TG003)")
    arguments.add_value(what, "--rules", "TG001,TG006", "only these rules")
    arguments.add_value(what, "--explain", "RULE", "say what a rule means, and look at nothing")
    answer = p.add_argument_group("what is said and done")
    answer.add_argument("--format", choices=tuple(FORMATS), default="text", help="of the report (default: text)")
    arguments.add_value(answer, "--output", "FILE", "write the report there (-: print it)", shells.FILE)
    answer.add_argument("--fix", action="store_true", help="mend in the working tree what needs no question")
    old = p.add_argument_group("what was there before")
    arguments.add_value(
        old,
        "--baseline",
        "FILE",
        f"hide what this file names (default: {baseline.NAME.decode()}, if any)",
        shells.FILE,
    )
    old.add_argument("--update-baseline", action="store_true", dest="update", help="write what is found into it")
    arguments.add_value(old, "--reason", "TEXT", "of the new entries")
    arguments.add_value(old, "--expires", "YYYY-MM-DD", "the day on which they end")


def _asked(args: list[str]) -> Namespace:
    """Return the arguments; GuardError for those that contradict each other."""
    asked = arguments.parse("trinity-guard lint", configure, args)
    if asked.output == "-":
        asked.output = None  # where it goes without
    chosen = [o for o in ("--rev", "--range", "--all") if getattr(asked, o[2:])]
    if len(chosen) > 1:
        raise asked.parser.wrong(f"{chosen[0]} and {chosen[1]} exclude each other.")
    if asked.fix and (chosen or asked.update):
        other = (chosen or ["--update-baseline"])[0]
        raise asked.parser.wrong(f"--fix mends what is in the index, and goes with no {other}.")
    if not asked.update and (asked.reason or asked.expires):
        raise asked.parser.wrong("--reason and --expires belong to --update-baseline.")
    return asked


def run(args: list[str]) -> int:
    asked = _asked(args)
    if asked.explain:
        console.result(explain.section(asked.explain).rstrip())
        return FINE
    if console.skipped("lint"):
        return FINE
    collecting = gc.isenabled()
    gc.disable()  # hundreds of thousands of entries, no cycles among them: a tenth of the time over a large tree
    try:
        return _lint(asked)
    except GuardError as error:
        # Whatever kept it from looking is no finding, and not nothing found.
        if error.exit_code == BLOCKED:
            raise GuardError(error.problem, error.remedy, UNUSABLE) from error
        raise
    finally:
        if collecting:
            gc.enable()


def _lint(asked: Namespace) -> int:
    place = git.place()
    if not place.bare:
        return _look(asked, place, os.getcwdb())
    start, tip = os.getcwdb(), _tip_in_bare(asked)
    if not tip:
        console.say("a deleted branch: nothing to look at")
        return FINE
    git.as_pushed()
    with work_tree(place, tip, asked.remote) as stand_in:
        return _look(asked, stand_in, start, bare=True)


def _tip_in_bare(asked: Namespace) -> bytes:
    """Return the commit whose configuration counts where there is no work tree to have one."""
    if asked.update:
        raise GuardError("a baseline is a file of a work tree, and a bare repository has none.", "run it in a clone", 2)
    if asked.rev:
        return ranges.commit(asked.rev)
    if asked.range:
        return ranges.written(asked.range).tip
    raise GuardError(
        "this is a bare repository: it has no index to check.",
        "trinity-guard lint --rev HEAD     # or: --range A..B",
        UNUSABLE,
    )


def _look(asked: Namespace, place: git.Place, start: bytes, bare: bool = False) -> int:
    names = table.chosen(asked.rules or "", asked.remote)
    file = _baseline_file(asked, place, start)
    target = os.path.join(start, os.fsencode(asked.output)) if asked.output else b""
    git.at_top(place)
    git.as_pushed()
    chosen = _range(asked)
    place.base = chosen.base if chosen and chosen.tip and not asked.update else b""
    if chosen and place.base and partial.remote(place.common_dir):
        partial.bring_trees(place.common_dir, [place.base, *ranges.commits(chosen)])
    config, rules = _rules(place)
    only = repository.relative(place, asked.paths, place.top if bare else start)
    subjects, words = _subjects(asked, chosen, lambda tree: subject.Subject(place, config, rules, tree, only))
    _refuse_unknown(subjects, only)
    findings = _found(subjects, names)
    if asked.update:
        return _update(asked, file, subjects[0], names, findings)
    summary = Summary(words, sum(s.count() for s in subjects), len(subjects[0].commits))
    summary.rules = {r: (explain.TITLES[r], explain.TEXTS[r]) for r in explain.TEXTS}
    summary.rules[baseline.RULE] = baseline.DESCRIPTION
    known = _baseline(place, file)
    if known:
        findings = _without_known(known, subjects[0], names, findings, summary)
    fixed = False
    if asked.fix:
        findings, fixed = _fix(place, subjects[0], findings)
    _report(asked, findings, summary, target)
    if findings and asked.format == "text":
        if bare:
            console.note("these commands are for a clone: this repository is bare.")
        else:
            output.note_the_top(start)
    # What was fixed is not staged: the index still holds what was found.
    return BLOCKED if fixed or any(f.level == ERROR for f in findings) else FINE


# ---- what is looked at


def _range(asked: Namespace) -> events.Range | None:
    """Return the commits that are meant, None where a tree is."""
    if asked.rev or asked.all:
        return None
    if asked.range:
        return ranges.written(asked.range)
    if asked.fix:
        return None
    found = events.told(os.environ)
    kind = events.kind(os.environ)
    if found is None and kind:
        console.note(f"'{shown(os.fsencode(kind))}' started this run and names no commits: none of them is looked at.")
    return found


def _rules(place: git.Place) -> tuple[Config, patterns.Rules]:
    """Return the rules of the work tree; of a range, those of the commit that it starts from."""
    if not place.base:
        return patterns.load_config(place)
    config = base.judging(place.base)
    return config, patterns.Rules(config)


def _subjects(asked: Namespace, chosen: events.Range | None, make: Make) -> tuple[list[Subject], str]:
    """Return what is to be looked at, and what that is in words."""
    if asked.rev:
        return [make(subject.tree_of(ranges.commit(asked.rev)))], asked.rev
    if asked.all:
        return _all(make), "HEAD and the index"
    if chosen is not None:
        return [_of_range(chosen, make)], chosen.words
    found = make(subject.indexed())
    if os.environ.get("PRE_COMMIT") and "GIT_INDEX_FILE" in os.environ:
        found.fresh = {(e.path, e.oid) for e in index.staged()}
        return [found], "what is staged"
    return [found], "the index"


def _all(make: Make) -> list[Subject]:
    head = ranges.commit("HEAD")
    found = [make(subject.indexed())]
    differing = subject.changed_since_head(head)
    if differing:
        committed = make(subject.tree_of(head))
        committed.fresh = differing
        found.append(committed)
    return found


def _of_range(chosen: events.Range, make: Make) -> Subject:
    if not chosen.tip:  # nothing is there any more
        found = make(subject.Tree(b"", [], [], []))
        subject.walk(found, [])
        return found
    commits = ranges.commits(chosen)
    if not commits:
        # A range the wrong way round is empty, too, and would pass for a clean one.
        console.note(f"there is no commit in {chosen.words}: nothing was looked at.")
    found = make(subject.tree_of(chosen.tip))
    found.base, found.whole = found.place.base, not chosen.without
    with progress.Progress() as line:
        subject.walk(found, commits, line.bar("reading commits", 1, "commits"))
    return found


def _found(subjects: list[Subject], names: list[str]) -> list[Finding]:
    with progress.Progress() as line:
        asking = line.bar("asking the remotes", 1, "objects")
        for one in subjects:
            one.on_asked = asking
        return table.once(f for s in subjects for f in table.run(s, names))


def _refuse_unknown(subjects: list[Subject], only: list[bytes]) -> None:
    """Refuse a path that names nothing which is looked at: a typing error would find nothing."""
    for path in only:
        folder = path + b"/"
        known = (p for s in subjects for p in (*s.tree.paths, *(e.path for _, e in s.history or ())))
        if path and not any(p == path or p.startswith(folder) for p in known):
            raise GuardError(f"Git tracks nothing named {shown(path)}.", "git status", UNUSABLE)


# ---- the baseline


def _baseline_file(asked: Namespace, place: git.Place, start: bytes) -> bytes:
    """Return the baseline's file, b"" where there is none to use."""
    if asked.baseline:
        return os.path.join(start, os.fsencode(asked.baseline))
    file = place.file(baseline.NAME)
    return file if asked.update or os.path.lexists(file) else b""


def _baseline(place: git.Place, file: bytes) -> baseline.Baseline | None:
    """Read the baseline; of a range, that of the commit that it starts from, where the file is the repository's."""
    inside = base.inside(place, file or place.file(baseline.NAME)) if place.base else None
    if inside is not None:
        [data] = base.files_at(place.base, [inside])
        if data is not None:
            return baseline.parse(place.file(inside), data)
        return baseline.load(file) if file and not os.path.lexists(file) else None  # which refuses what is nowhere
    return baseline.load(file) if file else None


def _looked(subject_: Subject, names: list[str], entry: baseline.BaselineEntry) -> bool:
    """Whether this run would have found what an entry is about: a range tells nothing of all the rest."""
    whole = subject_.history is None and subject_.fresh is None
    return whole and entry.rule in names and entry.rule != "TG002" and subject_.means(entry.path)


def _update(asked: Namespace, file: bytes, first: Subject, names: list[str], findings: list[Finding]) -> int:
    import time

    reason, expires = asked.reason or "", asked.expires or ""
    today = time.strftime("%Y-%m-%d")
    done = baseline.update(file, findings, reason, today, expires, lambda e: _looked(first, names, e))
    said = f"{done.added:,} added, {done.kept:,} kept" + (f", {done.renewed:,} of them renewed" if done.renewed else "")
    console.note(f"baseline {shown(os.path.relpath(file))}: {said}, {done.dropped:,} dropped.")
    return FINE


def _without_known(
    known: baseline.Baseline, first: Subject, names: list[str], findings: list[Finding], summary: Summary
) -> list[Finding]:
    import time

    known.file = os.path.relpath(known.file)
    applied = known.apply(findings, time.strftime("%Y-%m-%d"), lambda e: _looked(first, names, e))
    summary.hidden = applied.hidden
    if applied.unused:
        console.note(
            f"{len(applied.unused):,} entr{'ies' if len(applied.unused) > 1 else 'y'} of {shown(known.file)} "
            f"hide{'' if len(applied.unused) > 1 else 's'} nothing any more: {baseline.updating(known.file)} "
            f"drops {'them' if len(applied.unused) > 1 else 'it'}"
        )
    return applied.kept


# ---- what is said


def _fix(place: git.Place, first: Subject, findings: list[Finding]) -> tuple[list[Finding], bool]:
    """Fix in the working tree what needs no question, say what was changed; return what is left, and whether
    anything was fixed."""
    done = fix.fix(place, findings)
    fixed = done.mended + fix.reformat(place, [e.path for _, e in first.versions(b".dvc")])
    for change in fixed:
        console.say(change)
    if fixed:
        console.note("look at it, and stage it: git diff && git add -u")
    return done.left, bool(fixed)


def _report(asked: Namespace, findings: list[Finding], summary: Summary, target: bytes) -> None:
    form = asked.format
    if target:
        output.write_output(target, (render(form, findings, summary) + "\n").encode("utf-8", "backslashreplace"))
    if (form != "text" and not target) or (findings and console.quiet()):
        console.result(render("text" if target else form, findings, summary))
    elif findings or summary.hidden:
        for line, style in text.lines(ordered(findings), summary):
            console.say(line, style)
