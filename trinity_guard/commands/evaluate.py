"""`trinity evaluate`: a model's figures on a table, beside those of a constant."""

from __future__ import annotations

import os

from trinity_guard import console
from trinity_guard.commands.terminal import arguments, models, output, progress, shells
from trinity_guard.errors import FINE, UNUSABLE, GuardError, shown
from trinity_guard.training.model import card

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from trinity_guard.commands.terminal.arguments import Parser

DESCRIPTION = """\
Say how good a model is on a table: every figure beside what a constant answer gets.
"""
EXAMPLE = """\
example:
  trinity evaluate models/layout_risk_predictor.pkl data/training_dataset.csv --output metrics/evaluate.json

On the very table that the model was trained on, only the part that was held back for the test counts; on another
one, all rows, and it is said how many of them it was trained on. A model whose md5 is not the one that its metadata and
its pointer name is not loaded.
"""


def configure(p: Parser) -> None:
    p.description, p.epilog = DESCRIPTION, EXAMPLE
    arguments.add_word(p, "model", "MODEL", "a .pkl with its _metadata.json beside it", shells.FILE)
    arguments.add_word(
        p, "dataset", "DATASET", "a table with the columns that the model looks at, and its target", shells.FILE
    )
    where = "write all figures there: slices, leakage, calibration …; -: print them, and nothing else"
    arguments.add_value(p, "--output", "FILE.json", where, shells.FILE)
    curves = "write the curves there, as CSV for `dvc plots`"
    arguments.add_value(p, "--plots", "FOLDER", curves, shells.FOLDER)
    arguments.add_value(p, "--pictures", "FOLDER", "draw them there, as PNG", shells.FOLDER)
    arguments.add_value(p, "--md5", "HEX", "the md5 that the model must have, whatever stands beside it")


def run(args: list[str]) -> int:
    asked, code = models.started("trinity evaluate", configure, args)
    if code is not None:
        return code
    with progress.Progress() as line:
        answers, loaded = models.loaded(asked, line)
        if loaded.kind.estimator and (asked.plots or asked.pictures):
            raise asked.parser.wrong("--plots and --pictures are of the layout_risk_predictor's figures.")
        line.say("evaluating")
        found = answers.evaluate(loaded, asked.dataset)
        if asked.output and asked.output != "-":
            output.write_output_with_folder(asked.output, _json(found))
        if asked.plots or asked.pictures:
            line.say("drawing")
        _draw(found, asked.plots, asked.pictures)
    if asked.output == "-":
        console.result(_json(found).decode().removesuffix("\n"))
        return FINE
    console.say(_figures(found))
    for name in (asked.output, asked.plots, asked.pictures):
        if name:
            console.say(f"written: {shown(os.fsencode(name))}")
    return FINE


def _figures(found: Any) -> str:
    names = card.headlines(found.metrics)
    names += [name for name in found.metrics if name not in names]
    rows = [[n, f"{found.metrics[n]:.3f}", f"{found.baseline[n]:.3f}" if n in found.baseline else ""] for n in names]
    rows_tested = found.tested
    split = found.terms["split"]
    where = (
        f"all {rows_tested:,} rows"
        if split == "every row"
        else f"the {rows_tested:,} rows held back from the training ({split})"
    )
    lines = [f"{found.target} on {where}:", console.table(["metric", ">model", ">constant"], rows)]
    if split == "every row":
        lines += [line for line in [card.seen(found.leakage)] if line]
    elif found.leakage:
        lines.append(card.leakage(found.leakage, split.partition(",")[0]))
    return "\n".join(lines)


def _json(found: Any) -> bytes:
    import json

    return (json.dumps(found.to_json(), indent=2, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")


def _draw(found: Any, curves: str | None, pictures: str | None) -> None:
    """Write the curves to one folder and the pictures to another, where they are asked for."""
    from trinity_guard.training.model import plots  # noqa: PLC0415  # scikit-learn may be missing

    try:
        if curves:
            plots.write_curves(found, curves)
        if pictures:
            os.makedirs(pictures, exist_ok=True)
            for name, figure in plots.figures(found).items():
                figure.savefig(os.path.join(pictures, f"{name}.png"))
    except OSError as error:
        name = shown(os.fsencode(error.filename or curves or pictures or ""))
        raise GuardError(f"{name} cannot be written: {error.strerror}.", "--plots FOLDER", UNUSABLE) from None
