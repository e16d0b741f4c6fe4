"""`trinity lineage [MODEL|VERSION]`: where a model came from, and whether everything still says so."""

from __future__ import annotations

import os

from trinity_guard import console, git
from trinity_guard.commands.terminal import arguments, confirm, progress, shells
from trinity_guard.commands.terminal.arguments import Parser
from trinity_guard.detect import patterns
from trinity_guard.errors import BLOCKED, FINE, UNUSABLE
from trinity_guard.git import repository

DESCRIPTION = """\
Print one record of a model: tag, commit, model, dataset, code, MLflow run, remote; and check that they agree.
"""
EXAMPLE = """\
Each line is `ok`, `wrong`, `could not look` (a server is away, a clone lacks the store) or `not looked` (without
--verify). Exit codes: 0 all that was looked at is right, 1 something is wrong, 2 under --verify something could not
be looked at.

example:
  trinity lineage v1.2.0 --verify
  trinity lineage models/layout_risk_predictor.pkl --format json
"""


def configure(p: Parser) -> None:
    p.description, p.epilog = DESCRIPTION, EXAMPLE
    p.allow_abbrev = True  # as it always was here
    what = "a version (v1.2.0, NAME@v1.2.0) or a model's file (default: the last release, else the newest model)"
    arguments.add_word(p, "model", "MODEL|VERSION", what, shells.FILE, nargs="?", default="")
    look = "ask MLflow and the remotes too, hash the cache's objects, and fetch the model once more to hash it"
    p.add_argument("--verify", action="store_true", help=look)
    p.add_argument("--format", choices=("table", "json"), default="table", help="(default: table)")


def run(args: list[str]) -> int:
    given = arguments.parse("trinity lineage", configure, args)
    from trinity_guard.training.release import lineage  # noqa: PLC0415

    start = os.getcwdb()
    place = git.place()
    git.at_top(place)
    config, _ = patterns.load_config(place)
    path = repository.relative(place, [given.model], start)[0] if given.model else b""
    if given.verify and os.path.isdir(place.file(b".dvc")):
        confirm.about_remotes(place, [(b"", config.remote or "")])
    record = lineage.meant(place, given.model, path, repository.relative(place, ["."], start)[0])
    with progress.Progress() as line:
        if given.verify:
            line.say("asking MLflow and the remotes")
        lineage.check(place, config.remote or "", record, given.verify, line.bar("fetching"))
    if given.format == "json":
        import json

        console.result(json.dumps(record.as_dict(), indent=2))
    else:
        console.result(
            console.table(["", "", record.name], [[line.what, line.state, line.text] for line in record.lines])
        )
    if record.has(lineage.WRONG):
        return BLOCKED
    return UNUSABLE if given.verify and record.has(lineage.UNKNOWN) else FINE
