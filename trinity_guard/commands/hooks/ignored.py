"""What a commit says of files that a line of ours keeps out of Git, while no pointer holds them."""

from __future__ import annotations

import os

from trinity_guard import console, git
from trinity_guard.detect import ignored
from trinity_guard.dvcrepo import tracked
from trinity_guard.errors import shown
from trinity_guard.git.gitignore import line_for

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trinity_guard.detect.patterns import Rules

MAX_NAMED = 10


def name(place: git.Place, rules: Rules) -> None:
    """Say which files are in no version control, with the commands that help."""
    found = ignored.noted(place, tracked.load(place), rules)
    for item in found[:MAX_NAMED]:
        line = shown(line_for(os.path.basename(item.path)))
        console.warn(
            f"{shown(item.path)} is in no version control: {shown(item.gitignore)} has the line {line}, "
            "and no pointer holds it.",
            f"{ignored.recording(place, item.path)}     # or list it under `exclude` in .trinity-guard.toml",
        )
    if len(found) > MAX_NAMED:
        console.warn(f"and {len(found) - MAX_NAMED} more.", "trinity-guard status     # names them all")
