"""What a run of lint looked at, beside what it found."""

from __future__ import annotations

from collections.abc import Mapping


class Summary:
    """linted: in words (`the index`, `HEAD`, `abc..def`). files, commits: how many were looked at.

    hidden: findings that the baseline hides. rules: id -> (title, what it is and how to mend it), for every rule that
    a finding may name.
    """

    __slots__ = ("commits", "files", "hidden", "linted", "rules")

    def __init__(
        self, linted: str, files: int = 0, commits: int = 0, hidden: int = 0,
        rules: Mapping[str, tuple[str, str]] | None = None,
    ) -> None:  # fmt: skip
        self.linted = linted
        self.files = files
        self.commits = commits
        self.hidden = hidden
        self.rules = rules or {}

    def title(self, rule: str) -> str:
        """Return a rule's title, "" for one that nobody described."""
        return self.rules.get(rule, ("", ""))[0]
