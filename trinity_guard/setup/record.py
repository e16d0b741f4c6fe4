"""One run of `init`: the record of what earlier runs did, what is to be staged, and what is to be said."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field

from trinity_guard import git
from trinity_guard.errors import UNUSABLE, GuardError, pathspec, shown
from trinity_guard.git import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


@dataclass(slots=True)
class InstallOutcome:
    """What was done, and what a person should know."""

    done: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class InstallPlan:
    """One run of install or uninstall: the repository, the record of earlier runs, what is to be staged."""

    def __init__(self, place: git.Place) -> None:
        if place.bare:
            raise GuardError(
                problem="this is a bare repository: nobody commits in it, so its hooks would never run.",
                remedy="run `trinity-guard init` in a clone with a work tree",
                exit_code=UNUSABLE,
            )
        self.place = place
        self.outcome = InstallOutcome()
        self.record = _load_record(place)
        # What a run that was cut off had written, and had not staged yet, is this one's to stage.
        self.staging: dict[bytes, bool] = {os.fsencode(name): True for name in self.record["pending"]}

    def about_to_change(self, name: bytes) -> None:
        """Note whether a file may be staged afterwards: not where somebody's unstaged lines would go along."""
        if name not in self.staging:
            tracked = bool(git.run("--literal-pathspecs", "ls-files", "-z", "--", name, at=self.place.top))
            new = not tracked and not os.path.lexists(self.place.file(name))
            clean = not git.attempt("--literal-pathspecs", "diff-files", "--quiet", "--", name, at=self.place.top).code
            self.staging[name] = new or (tracked and clean)
            if self.staging[name]:
                self.record["pending"].append(os.fsdecode(name))
                self.save()

    def stage(self) -> None:
        """Stage what this run wrote or removed, so that the next commit carries it; nothing else."""
        ready = [name for name, may in self.staging.items() if may and not self._ignored(name)]
        if ready:
            paths = b"".join(name + b"\0" for name in ready)
            git.run("update-index", "--add", "--remove", "-z", "--stdin", data=paths, at=self.place.top)
        for name in self.staging.keys() - set(ready):
            if os.path.lexists(self.place.file(name)):
                self.outcome.notes.append(
                    f"not staged: {shown(name)}    # git add {'-f ' if self._ignored(name) else ''}{pathspec(name)}"
                )
        self.record["pending"] = []

    def _ignored(self, name: bytes) -> bool:
        return not git.attempt("check-ignore", "-q", "--", name, at=self.place.top).code

    def save(self) -> None:
        data = json.dumps(self.record, indent=1, sort_keys=True).encode()
        files.replace(record_file(self.place), data)


def record_file(place: git.Place) -> bytes:
    return os.path.join(place.own, b"installed.json")


def _load_record(place: git.Place) -> dict[str, Any]:
    empty: dict[str, Any] = {"hooks": {}, "stages": [], "dvc": {}, "framework": {}, "filter": {}, "pending": []}
    try:
        with open(record_file(place), "rb") as f:
            loaded = json.load(f)
    except (FileNotFoundError, ValueError):
        # Without the record less is recognised as ours, and so less is removed.
        return empty
    if not isinstance(loaded, dict):
        return empty
    # A value of another type was written by somebody else, and says nothing.
    return {key: v if isinstance(v := loaded.get(key), type(default)) else default for key, default in empty.items()}
