"""`trinity ui`: MLflow's pages on the runs of this project, for this machine alone."""

from __future__ import annotations

import os

from trinity_guard import console
from trinity_guard.errors import FINE, UNUSABLE, GuardError

HELP = """usage: trinity ui [--port 5000] [--print]

Show the logged runs and registered models in MLflow's own pages, on http://127.0.0.1:PORT, until Ctrl-C. What is shown
is mlflow.db and mlartifacts of the project's folder, or the database that MLFLOW_TRACKING_URI names; a server has
pages of its own. Nobody but this machine can reach them. --print says the command, and runs nothing.

Example: trinity ui --port 5001
"""
WELL_KNOWN = 1024


def run(args: list[str]) -> int:
    if any(a in ("-h", "--help") for a in args):
        console.result(HELP.rstrip())
        return FINE
    port, printing = _options(args)
    from trinity_guard.training import extra  # noqa: PLC0415

    extra.require("trinity ui")
    from trinity_guard.training import serving, showing  # noqa: PLC0415  # scikit-learn and MLflow may be missing

    site = showing.Site(extra.root(), port)
    if printing:
        console.result(site.command_line())
        return FINE
    serving.require_port(port)
    console.note(f"starting MLflow on {site.shown} …")

    def ready() -> None:
        console.say(f"{site.url}     # Ctrl-C ends it")

    site.serve(ready)
    return FINE


def _options(args: list[str]) -> tuple[int, bool]:
    port, printing, rest = 5000, False, list(args)
    while rest:
        option, equals, value = rest.pop(0).partition("=")
        if option == "--print" and not equals:
            printing = True
        elif option == "--port" and (equals or rest):
            port = _port(value if equals else rest.pop(0))
        elif option == "--port":
            raise GuardError("--port needs a number.", "trinity ui --port 5001", UNUSABLE)
        else:
            raise GuardError(f"ui knows no option {option}.", "trinity ui --help", UNUSABLE)
    return port, printing


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and 0 < int(text) < 65536:
        if int(text) >= WELL_KNOWN or os.geteuid() == 0:
            return int(text)
        raise GuardError(f"port {text} is the system's own.", "trinity ui --port 5001", UNUSABLE)
    raise GuardError(f"{text!r} is no port: 1 to 65535.", "trinity ui --port 5001", UNUSABLE)
