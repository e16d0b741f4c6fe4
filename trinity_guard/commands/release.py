"""`trinity release VERSION`: a semantic version of a model, as Git's annotated tag and in MLflow's registry."""

from __future__ import annotations

import os

from trinity_guard import console, git
from trinity_guard.commands.terminal import arguments, confirm, shells
from trinity_guard.commands.terminal.arguments import Parser
from trinity_guard.detect import patterns
from trinity_guard.errors import FINE, shown
from trinity_guard.git import repository
from trinity_guard.training.release.release import ReleasePlan

DESCRIPTION = """\
Give a committed and pushed model a semantic version: the annotated Git tag NAME@VERSION on this commit, and in
MLflow the tags semver, git_commit, dvc_md5 and sha256 on the registered version, with the alias champion.
"""
EXAMPLE = """\
Refused when the model, its metadata or its pointer is not as it is committed, when a remote lacks (or cannot be asked
for) the model or its dataset, when the version is released already (the Git remote is asked for tags that this clone
lacks), or smaller than the last. A release that was cut
short is completed by the same command. Versions are tags of GTO: `gto show`, `gto history`.

example:
  trinity release v1.2.0
  trinity release v1.2.0 --model models/layout_risk_predictor.pkl --stage prod
"""


def configure(p: Parser) -> None:
    p.description, p.epilog = DESCRIPTION, EXAMPLE
    p.allow_abbrev = True  # as it always was here
    arguments.add_word(p, "version", "VERSION", "vMAJOR.MINOR.PATCH, as v1.2.0 or v2.0.0-rc.1")
    model = "which model (default: the one of models/ that was trained last)"
    arguments.add_value(p, "--model", "FILE", model, shells.FILE)
    arguments.add_value(p, "--stage", "NAME", "put it into this stage too, as `gto assign` does")
    p.add_argument("--backport", action="store_true", help="the version is meant to be smaller than the last one")
    p.add_argument("--offline-ok", action="store_true", help="also where the Git remote cannot be asked for its tags")
    p.add_argument("--no-mlflow", action="store_true", help="make the Git tag alone")


def run(args: list[str]) -> int:
    asked = arguments.parse("trinity release", configure, args)
    from trinity_guard.training.release import release  # noqa: PLC0415

    start = os.getcwdb()
    place = git.place()
    git.at_top(place)
    config, _ = patterns.load_config(place)
    model = repository.relative(place, [asked.model], start)[0] if asked.model else b""
    wanted = release.Asked(
        asked.version, model, asked.stage or "", asked.backport, not asked.no_mlflow, asked.offline_ok,
        repository.relative(place, ["."], start)[0],
    )  # fmt: skip
    confirm.about_remotes(place, [(b"", config.remote or "")] if os.path.isdir(place.file(b".dvc")) else [])
    plan = release.plan(place, config.remote or "", wanted)
    release.carry_out(plan)
    _report(plan, release.publishing(plan))
    return FINE


def _report(plan: ReleasePlan, publish: str) -> None:
    model = plan.model
    commit = model.commit[:10].decode()
    if plan.is_new:
        console.say(f"released {plan.tag}: {shown(model.path)}, commit {commit}")
    else:
        console.say(f"completed {plan.tag}: {shown(model.path)}, commit {commit}")
    if plan.stage:
        console.say(f"stage {plan.stage}: {plan.stage_tag}")
    for name, number in plan.mark.leaving if plan.mark is not None else ():
        console.say(f"MLflow: version {number} of {name} is in this stage no more")
    if plan.mark is not None and plan.mark.number:
        alias = f", alias {plan.mark.alias}" if plan.mark.alias else ""
        console.say(f"MLflow: version {plan.mark.number} of {plan.mark.name} is {plan.version}{alias}")
    for note in plan.notes:
        console.note(f"{shown(model.path)}: {note}.")
    if publish:
        console.say(f"publish it: {publish}")
