"""`trinity-guard diff [A] [B] [PATH…]`: what changed inside artifacts."""

from __future__ import annotations

import os

from trinity_guard import console, git
from trinity_guard.commands.terminal import arguments, progress, shells
from trinity_guard.commands.terminal.arguments import Parser
from trinity_guard.detect import patterns
from trinity_guard.errors import FINE, UNUSABLE, GuardError
from trinity_guard.git import events, repository, revisions
from trinity_guard.review import review
from trinity_guard.review.formats import as_json, markdown, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace

    from trinity_guard.review import comment

DESCRIPTION = """\
What changed inside artifacts between the commits A and B (or A..B): rows, columns and values of tables, parameters,
weights and metrics of models (read, never loaded), arrays, files of directories. Without B against the work tree,
without A from HEAD. PATH may be an artifact, its pointer, or a folder. Bytes that the cache lacks are fetched from the
remote, where it is trusted. What cannot be had is named. Tables take the extra `review`:
pip install 'trinity-guard[review]'. Exits 0, whatever differs.
"""
EXAMPLE = "Examples: trinity-guard diff main data/\n          trinity-guard diff v1.0..v1.1 --format json"
FORMATS = ("text", "markdown", "json", "html")
MAX_ROWS = 1_000_000


def configure(p: Parser) -> None:
    p.description, p.epilog = DESCRIPTION, EXAMPLE
    p.usage = "trinity-guard diff [A] [B] [PATH…]\n       trinity-guard diff A..B [PATH…]"
    arguments.add_word(p, "words", "A B PATH", "commits, then paths", shells.REVISION, nargs="*", default=[])
    p.add_argument("--merge-base", action="store_true", help="from where A and B parted, as a pull request shows it")
    p.add_argument("--event", action="store_true", help="what the event brings that started this run of a CI")
    p.add_argument("--comment", action="store_true", help="with --event: keep one comment on the request up to date")
    p.add_argument("--offline", action="store_true", help="ask no remote for what the cache lacks")
    arguments.add_value(p, "--key", "COLUMN,…", "the columns that tell a row of a table (else they are looked for)")
    arguments.add_value(p, "--rows", "N", "how many rows to show of each kind (10)", type=_count, default=10)
    p.add_argument("--format", choices=FORMATS, default="text", help="text (the default), markdown, json, html")


def _count(text_: str) -> int:
    import argparse  # arguments has loaded it

    if not (text_.isascii() and text_.isdigit() and int(text_) <= MAX_ROWS):
        raise argparse.ArgumentTypeError(f"'{text_}' is no number from 0 to {MAX_ROWS:,}")
    return int(text_)


def run(args: list[str]) -> int:
    asked = arguments.parse("trinity-guard diff", configure, args)
    start = os.getcwdb()
    forge = _forge(asked) if asked.comment else None
    place = git.place()
    git.at_top(place)
    config, rules = patterns.load_config(place)
    wanted = _of_event(place, asked, start) if asked.event else _asked(place, asked, start, args)
    if wanted is None:
        console.note("what started this run names no commits: there is nothing to compare.")
        return FINE
    with progress.Progress() as line:
        found = review.review(place, config, rules, wanted, line.bar("fetching"))
    if asked.format == "text" and not console.quiet():
        for words, style in text.lines(found):
            console.say(words, style)
    else:
        console.result(_rendered(asked.format, found, _compared(wanted)))
    if found.remedy and not console.quiet():
        console.warn("not all versions could be fetched.", found.remedy)
    if forge is not None:
        _comment(forge, found, wanted)
    return FINE


def _forge(asked: Namespace) -> comment.Forge | None:
    """Return where the comment belongs; None, with a word, where there is none to make."""
    from trinity_guard.review import comment  # noqa: PLC0415  # what speaks HTTP, for a CI alone

    if not asked.event:
        raise GuardError("--comment takes --event.", "trinity-guard diff --help", UNUSABLE)
    token = os.environ.pop(comment.TOKEN, "")  # no process that is started from here on has it
    if events.of_fork(os.environ):
        console.note("this request comes from a fork: no comment is made, and no remote is asked.")
        return None
    found = comment.of(os.environ, token)
    if found is None:
        console.note("what started this run is no pull or merge request: there is nothing to comment on.")
    return found


def _comment(forge: comment.Forge, found: review.Reviews, wanted: review.Asked) -> None:
    from trinity_guard.review import comment  # noqa: PLC0415  # loaded by _forge

    commits = f"From {wanted.before.decode()} to {wanted.after.decode()}; kept up to date."
    comment.keep(forge, f"{markdown.render(found)}\n\n{commits}", bool(found.artifacts or found.broken))


def _rendered(form: str, found: review.Reviews, of: str) -> str:
    if form == "html":
        from trinity_guard.report import changes  # noqa: PLC0415  # one of four formats

        return changes.build(found, of).rstrip("\n")
    renders = {"json": as_json.render, "markdown": markdown.render, "text": text.render}
    return renders[form](found)


def _compared(wanted: review.Asked) -> str:
    after = wanted.after[:10].decode() or "the work tree"
    return f"{wanted.before[:10].decode()} and {after}"


def _asked(place: git.Place, asked: Namespace, start: bytes, args: list[str]) -> review.Asked:
    """Return what the words mean: up to two commits, or a range, and then paths; behind `--` all are paths."""
    behind = len(args) - args.index("--") - 1 if "--" in args else 0
    words: list[str] = asked.words
    free, paths = words[: len(words) - behind], words[len(words) - behind :]
    commits, base = _commits(free, start, certain="--" in args)
    named = [*free[len(commits) :], *paths] if not _is_range(free) else [*free[1:], *paths]
    before, after = (commits[0] if commits else review.commit("HEAD")), commits[1] if len(commits) > 1 else b""
    if asked.merge_base or base:
        before = review.merge_base(before, after)
    found = review.Asked(before, after, repository.relative(place, named, start))
    found.key = [name for name in (asked.key or "").split(",") if name]
    found.rows, found.offline = asked.rows, asked.offline
    return found


def _of_event(place: git.Place, asked: Namespace, start: bytes) -> review.Asked | None:
    """Return what the event of a CI means, from where it parted; a copy's commits lead to no remote."""
    told = events.told(os.environ)
    if told is None or not told.base:
        return None
    git.as_pushed()
    before = review.merge_base(told.base, told.tip) if told.tip else b""
    if not before:
        return None
    place.base = told.base
    found = review.Asked(before, told.tip, repository.relative(place, asked.words, start))
    found.key = [name for name in (asked.key or "").split(",") if name]
    found.rows, found.offline = asked.rows, asked.offline or events.of_fork(os.environ)
    return found


def _is_range(words: list[str]) -> bool:
    return bool(words) and ".." in words[0] and _range(words[0]) is not None


def _range(word: str) -> tuple[bytes, bytes, bool] | None:
    """Return the commits of A..B or A...B, and whether the latter; None for a word that is none."""
    dots = "..." if "..." in word else ".."
    before, _, after = word.partition(dots)
    found = [revisions.commit(os.fsencode(name or "HEAD")) for name in (before, after)]
    return (found[0], found[1], dots == "...") if found[0] and found[1] else None


def _commits(words: list[str], start: bytes, certain: bool) -> tuple[list[bytes], bool]:
    """Return the commits that the first words mean, and whether they are meant from where they parted."""
    if _is_range(words):
        before, after, base = _range(words[0]) or (b"", b"", False)
        return [before, after], base
    found: list[bytes] = []
    for word in words[:2]:
        commit = revisions.commit(os.fsencode(word))
        there = os.path.lexists(os.path.join(start, os.fsencode(word)))
        if commit is None:
            break
        if there and not certain:
            raise GuardError(
                f"'{word}' is a commit and a path.",
                f"trinity-guard diff {word} --     # the commit\ntrinity-guard diff -- {word}     # the path",
                UNUSABLE,
            )
        found.append(commit)
    return found, False
