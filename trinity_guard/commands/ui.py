"""`trinity ui`: MLflow's pages on the runs of this project, for this machine alone."""

from __future__ import annotations

import os

from trinity_guard import console
from trinity_guard.commands.terminal import arguments
from trinity_guard.commands.terminal.arguments import Parser
from trinity_guard.errors import FINE, UNUSABLE, GuardError

DESCRIPTION = """\
Show the logged runs and registered models in MLflow's own pages, on http://127.0.0.1:PORT, until Ctrl-C. What is shown
is mlflow.db and mlartifacts of the project's folder, or the database that MLFLOW_TRACKING_URI names; a server has
pages of its own. Nobody but this machine can reach them. --print says the command, and runs nothing.
"""
EXAMPLE = "Example: trinity ui --port 5001"
WELL_KNOWN = 1024


def configure(p: Parser) -> None:
    p.description, p.epilog = DESCRIPTION, EXAMPLE
    p.add_argument("--port", metavar="N", type=_port, default=5000, help="where the pages are shown (default: 5000)")
    p.add_argument("--print", action="store_true", dest="printing", help="say the command, and run nothing")


def run(args: list[str]) -> int:
    asked = arguments.parse("trinity ui", configure, args)
    from trinity_guard.training import extra  # noqa: PLC0415

    extra.require("trinity ui")
    from trinity_guard.training.tracking import server, ui  # noqa: PLC0415  # MLflow may be missing

    site = ui.Site(extra.store_root(extra.root()), asked.port)
    if asked.printing:
        console.result(site.command_line())
        return FINE
    server.require_port(asked.port)
    console.note(f"starting MLflow on {site.shown} …")

    def ready() -> None:
        console.say(f"{site.page()}     # Ctrl-C ends it")

    site.serve(ready)
    return FINE


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and 0 < int(text) < 65536:
        if int(text) >= WELL_KNOWN or os.geteuid() == 0:
            return int(text)
        raise GuardError(f"port {text} is the system's own.", "trinity ui --port 5001", UNUSABLE)
    raise GuardError(f"{text!r} is no port: 1 to 65535.", "trinity ui --port 5001", UNUSABLE)
