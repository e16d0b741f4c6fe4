"""The face of the room: what the command, the doctor and other programs may call.

A `Migration` is made first, and handed to all the rest; `subject` and `options` turn a `Request` into what is meant.
Then: `survey` (changes nothing), `run`, `verify`, `undo`, `finish`. Values come back, and errors are GuardError.
"""

from __future__ import annotations

from trinity_guard.migrate.destination import Destination, confirm, unconfirmed
from trinity_guard.migrate.dryrun import staying
from trinity_guard.migrate.finish import finish, kept_packs, require_migrated, require_pushed, still_alive
from trinity_guard.migrate.messages import (
    MAX_NAMED,
    count,
    survey_rest,
    survey_table,
    survey_values,
    ways_out,
)
from trinity_guard.migrate.messages import report as report_text
from trinity_guard.migrate.migration import Migration
from trinity_guard.migrate.options import Chosen, Options, Request
from trinity_guard.migrate.run import (
    AT_WORK,
    HALF_RUN,
    HALF_UNDONE,
    NONE,
    complete,
    half_done,
    refuse,
    report_file,
    run,
    standing,
)
from trinity_guard.migrate.select import make_branches, options, short, subject
from trinity_guard.migrate.selection import Selection
from trinity_guard.migrate.settle import undo
from trinity_guard.migrate.survey import HistorySurvey, survey
from trinity_guard.migrate.tools.find import Tool
from trinity_guard.migrate.tools.find import find as find_tool
from trinity_guard.migrate.tools.guides import guide
from trinity_guard.migrate.tools.run import report as tool_report
from trinity_guard.migrate.tools.run import run as run_tool
from trinity_guard.migrate.upload import destined, push, wanted
from trinity_guard.migrate.verify import Verification, verified, verify

__all__ = [
    "AT_WORK",
    "HALF_RUN",
    "HALF_UNDONE",
    "MAX_NAMED",
    "NONE",
    "Chosen",
    "Destination",
    "HistorySurvey",
    "Migration",
    "Options",
    "Request",
    "Selection",
    "Tool",
    "Verification",
    "complete",
    "confirm",
    "count",
    "destined",
    "find_tool",
    "finish",
    "guide",
    "half_done",
    "kept_packs",
    "make_branches",
    "options",
    "push",
    "refuse",
    "report_file",
    "report_text",
    "require_migrated",
    "require_pushed",
    "run",
    "run_tool",
    "short",
    "standing",
    "staying",
    "still_alive",
    "subject",
    "survey",
    "survey_rest",
    "survey_table",
    "survey_values",
    "tool_report",
    "unconfirmed",
    "undo",
    "verified",
    "verify",
    "wanted",
    "ways_out",
]  # fmt: skip
