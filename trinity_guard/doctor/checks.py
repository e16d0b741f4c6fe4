"""What a check says, and the repository that it looks at: read once, shared by all checks."""

from __future__ import annotations

import os
from dataclasses import dataclass

from trinity_guard import git
from trinity_guard.config import Config
from trinity_guard.detect import configuration
from trinity_guard.detect.patterns import Rules
from trinity_guard.dvcrepo import paths, referenced
from trinity_guard.dvcrepo.project import Project
from trinity_guard.errors import GuardError, shown
from trinity_guard.git import hooks, index, revisions
from trinity_guard.lint import subject as lint_subject
from trinity_guard.lint import worktree
from trinity_guard.lint.rules import table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from trinity_guard.dvcrepo.output import Output
    from trinity_guard.lint.finding import Finding

# What is said of a pointer's file or of a config holds for the working tree too, whatever is staged. Ignore lines count
# as they are there.
ON_DISK, ON_DISK_ALONE = ("TG004", "TG006"), ("TG004",)
OK, WARNING, ERROR = "ok", "warning", "error"
MAX_NAMED = 5


@dataclass(slots=True)
class Check:
    """What one check found: a level, the fact in words, the command that helps.

    mend: does without asking what mends it, and returns what was done; None where a person must decide.
    """

    level: str
    fact: str
    remedy: str = ""
    mend: Callable[[], str] | None = None
    name: str = ""

    def as_dict(self) -> dict[str, object]:
        return {
            "name": self.name,
            "level": self.level,
            "fact": self.fact,
            "remedy": self.remedy,
            "fixable": self.mend is not None,
        }


class Unseen(Exception):  # noqa: N818  # what it is: something that could not be looked at
    """A check cannot look, because of what another check says; the words say why."""


def fine(fact: str) -> Check:
    return Check(OK, fact)


class Repository:
    """The repository, as all checks see it. The current folder is the top of its work tree, where it has one.

    Each value is worked out once; what cannot be read is Unseen for all but the check whose matter it is.
    """

    def __init__(self, place: git.Place, offline: bool = False) -> None:
        self.place = place
        self.offline = offline
        self._known: dict[str, Any] = {}

    def once(self, name: str, work: Callable[[], Any]) -> Any:
        """Return what `work` returned, or raise what it raised, the first time."""
        if name not in self._known:
            try:
                self._known[name] = work()
            except (GuardError, Unseen, OSError) as error:
                self._known[name] = error
        value = self._known[name]
        if isinstance(value, BaseException):
            raise value
        return value

    @property
    def hooks_folder(self) -> bytes:
        """Where Git looks for hooks."""
        path: bytes = self.once("hooks", lambda: hooks.folder(self.place.top))
        return path

    def config(self) -> Config:
        try:
            config: Config = self.once("config", lambda: configuration.read(self.place.top))
        except GuardError:
            raise Unseen("our configuration cannot be read (see config)") from None
        return config

    def rules(self) -> Rules:
        return Rules(self.config())

    def project(self, root: bytes = b"") -> Project:
        """Return the settings of the DVC project in a folder (from the top)."""
        if not os.path.isdir(self.place.file(root, b".dvc")):
            raise Unseen("there is no DVC project here (see dvc-project)")
        try:
            project: Project = self.once(f"project {root!r}", lambda: Project.at(self.place, root))
        except GuardError:
            raise Unseen("DVC's config cannot be read (see dvc-project)") from None
        return project

    def named(self) -> list[Output]:
        """Return the objects that the index names; pointers that cannot be read are in `broken`."""
        found: list[Output] = self.once("named", self._named)
        return found

    def linted(self) -> lint_subject.Subject:
        """Return the index as lint's rules look at it; what is in conflict is left out."""
        found: lint_subject.Subject = self.once("linted", self._linted)
        return found

    def _linted(self) -> lint_subject.Subject:
        try:
            config = self.config()
        except Unseen:
            config = Config()  # the rules that are asked here need none
        return lint_subject.Subject(self.place, config, Rules(config), lint_subject.indexed(in_conflict=True))

    def findings(self, rule: str) -> list[Finding]:
        """Return what a rule finds in the index, and in the working tree where that may differ (ON_DISK)."""
        found: list[Finding] = self.once(rule, lambda: self._findings(rule))
        return found

    def _findings(self, rule: str) -> list[Finding]:
        in_index = [] if rule in ON_DISK_ALONE else table.run(self.linted(), [rule])
        on_disk = (
            table.run(self.once("on disk", lambda: worktree.on_disk(self.linted())), [rule]) if rule in ON_DISK else []
        )
        return table.once([*in_index, *on_disk])

    def broken(self) -> dict[tuple[bytes, bytes], GuardError]:
        self.named()
        found: dict[tuple[bytes, bytes], GuardError] = self._known["broken"]
        return found

    def _named(self) -> list[Output]:
        self._known["broken"] = {}
        entries = index.entries(*paths.REFERENCES, patterns=True)
        # `:path` is what the index has.
        return referenced.once(referenced.named_in(self.place, [(b"", e) for e in entries], self._known["broken"]))

    def named_at_head(self) -> set[str]:
        """Return the names of the objects that HEAD names; none where there is no commit."""
        return set(self.once("head", self._named_at_head))

    def _named_at_head(self) -> set[str]:
        if not self.has_commits():
            return set()
        entries = [(b"HEAD", e) for e in revisions.tree(b"HEAD") if paths.is_reference(e.path)]
        return {n.name for n in referenced.named_in(self.place, entries, {})}

    def has_commits(self) -> bool:
        return bool(self.once("commits", lambda: git.parents() is not None))

    def guarded(self) -> bool:
        """Whether `init` was run here, or in the repository that this is a clone of."""
        return os.path.exists(os.path.join(self.place.own, b"installed.json")) or bool(self.config().source)


def listed(names: Sequence[bytes] | Sequence[str], most: int = MAX_NAMED) -> str:
    """Return names in words: the first few, and how many more."""
    words = [shown(n) if isinstance(n, bytes) else n for n in names[:most]]
    more = len(names) - len(words)
    return ", ".join(words) + (f" and {more} more" if more else "")


def counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
