"""`trinity data`: the training set, measured by laying text out; the same seed gives the same bytes anywhere."""

from __future__ import annotations

import os

from trinity_guard import console
from trinity_guard.commands.terminal import arguments, progress, shells
from trinity_guard.commands.terminal.arguments import Parser
from trinity_guard.errors import FINE, shown
from trinity_guard.training import extra

ROWS, SEED = 20_000, 42
MIN_ROWS, MAX_ROWS = 50, 10_000_000
OUTPUT = ("data", "training_dataset.csv")

DESCRIPTION = """\
Make the training set: generated pages of six themes, laid out with real font metrics under each healing
strategy. One row is one (page, strategy), and its label is what was measured. The same seed gives the same
bytes on any machine.
"""
EXAMPLE = """\
example:
  trinity data
  trinity data --rows 5000 --seed 7 --output data/small.csv
"""


def configure(p: Parser) -> None:
    p.description, p.epilog = DESCRIPTION, EXAMPLE
    p.allow_abbrev = True  # as it always was here
    p.add_argument("--rows", type=_rows, default=ROWS, metavar="N", help=f"how many rows (default: {ROWS})")
    p.add_argument("--seed", type=_seed, default=SEED, metavar="N", help=f"of all that is random (default: {SEED})")
    where = f"where (default: {'/'.join(OUTPUT)} of the project)"
    arguments.add_value(p, "--output", "FILE", where, shells.FILE)
    p.add_argument("--force", action="store_true", help="replace a file with other contents")


def run(args: list[str]) -> int:
    asked = arguments.parse("trinity data", configure, args)
    extra.require("trinity data")
    from trinity_guard.training.data import generate  # noqa: PLC0415  # --help must not load it

    output = (
        os.path.relpath(os.path.join(extra.project(extra.root()), *OUTPUT)) if asked.output is None else asked.output
    )
    with progress.Progress() as line:
        made = generate.make(output, asked.rows, asked.seed, line.bar("measuring", 1, "pages"), asked.force)
    name = shown(os.fsencode(output))
    console.say(
        f"{name}: {made.rows:,} rows, {made.overflow:.1%} of them overflow{'' if made.new else '; it was there'}"
    )
    console.say(f"md5 {made.md5}")
    return FINE


def _rows(text: str) -> int:
    return _whole(text, MIN_ROWS, MAX_ROWS)


def _seed(text: str) -> int:
    return _whole(text, 0, 2**63 - 1)


def _whole(text: str, low: int, high: int) -> int:
    import argparse

    if not (text.isascii() and text.isdigit() and len(text) < 20 and low <= int(text) <= high):
        raise argparse.ArgumentTypeError(f"'{text}' is no whole number from {low} to {high}")
    return int(text)
