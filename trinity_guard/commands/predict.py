"""`trinity predict`: what a model says of rows; of the layout's pages, and the healing strategy it advises for each."""

from __future__ import annotations

import os
import sys

from trinity_guard import console, git
from trinity_guard.commands.terminal import arguments, models, output, progress, shells
from trinity_guard.errors import FINE, UNUSABLE, GuardError, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from trinity_guard.commands.terminal.arguments import Parser

MAX_PAGES = 4 << 30  # bytes
OPEN_ALREADY = ("/dev/fd/", "/dev/stdin", "/proc/self/fd/")  # pipes that a shell has made: `<(…)`
DESCRIPTION = """\
Read rows, CSV or JSON lines, and print what the model says of each, in the same order.
"""
EXAMPLE = """\
example:
  trinity predict models/layout_risk_predictor_20260131T120000Z.pkl pages.csv --output advice.csv

A row needs the columns that the model looks at. An answer has its prediction, and of classes p_CLASS, how likely each
is, where the estimator gives probabilities. A number that is missing is taken as in the training.

Of the layout_risk_predictor a row is a page. It needs the columns that the model looks at, but for active_strategy:
every strategy is tried. An answer has p_STRATEGY, how likely the page is to hold under each, from the mildest to the
harshest; advice, the first of them above 0.5, or UNRESOLVED; and p_valid of the strategy that the page names, if any.
A model whose md5 is not the one that its metadata and its pointer name is not loaded, since loading runs it.
"""


def configure(p: Parser) -> None:
    p.description, p.epilog = DESCRIPTION, EXAMPLE
    arguments.add_word(p, "model", "MODEL", "a .pkl with its _metadata.json beside it", shells.FILE)
    pages = "rows; - or nothing: standard input"
    arguments.add_word(p, "pages", "FILE", pages, shells.FILE, nargs="?", default="-")
    p.add_argument("--format", choices=("csv", "jsonl"), default="csv", help="of the answers (default: csv)")
    where = "write there instead of printing (-); the file appears whole"
    arguments.add_value(p, "--output", "FILE", where, shells.FILE)
    arguments.add_value(p, "--md5", "HEX", "the md5 that the model must have, whatever stands beside it")


def run(args: list[str]) -> int:
    asked, code = models.started("trinity predict", configure, args)
    if code is not None:
        return code
    with progress.Progress() as line:
        answering, loaded = models.loaded(asked, line)
        line.say("reading the rows")
        text, name = _text(asked.pages)
        line.say("predicting")
        answers, notes = answering.answered(loaded, text, name)
    for note in notes:
        console.note(f"{name}: {note}")
    encoded = _encoded(answers, asked.format)
    if asked.output in (None, "-"):
        sys.stdout.flush()
        console.result(encoded.removesuffix("\n"))
        return FINE
    output.write_output_with_folder(asked.output, encoded.encode("utf-8", "surrogateescape"))
    console.say(f"{shown(os.fsencode(asked.output))}: {len(answers):,} answers")
    return FINE


def _text(name: str) -> tuple[str, str]:
    """Return the rows, and what messages call them."""
    said = "standard input" if name == "-" else shown(os.fsencode(name))
    if name == "-" and sys.stdin.isatty():
        raise GuardError("predict reads rows from a file or a pipe.", "trinity predict MODEL rows.csv", UNUSABLE)
    try:
        return _pages(name).decode("utf-8-sig"), said
    except OSError as error:
        raise GuardError(f"{said} cannot be read: {error.strerror}.", "trinity predict MODEL FILE", UNUSABLE) from None
    except UnicodeDecodeError as error:
        raise GuardError(f"{said} is not UTF-8 (byte {error.start}).", "iconv -t UTF-8 FILE") from None


def _pages(name: str) -> bytes:
    if name != "-" and not name.startswith(OPEN_ALREADY):
        return git.read(name, MAX_PAGES, links=True)
    with open(0 if name == "-" else name, "rb", closefd=name != "-") as file:
        return file.read()


def _encoded(answers: Sequence[dict[str, Any]], form: str) -> str:
    import json

    if form == "jsonl":
        return "".join(json.dumps(answer, ensure_ascii=False) + "\n" for answer in answers)
    import csv
    import io

    # Not every row has each column: page_id, and the verdict on a strategy of its own.
    columns = sorted({key: None for answer in answers for key in answer}, key=_rank)
    out = io.StringIO()
    lines = csv.DictWriter(out, columns, restval="", lineterminator="\n")
    lines.writeheader()
    lines.writerows(answers)
    return out.getvalue()


def _rank(column: str) -> int:
    """Put what a row names first, the probabilities in their order (the sort keeps it), the advice last."""
    first, last = ("page_id", "active_strategy", "p_valid"), ("advice", "p_advice")
    if column in first:
        return first.index(column)
    return len(first) + (1 + last.index(column) if column in last else 0)
