"""One thing that a rule found."""

from __future__ import annotations

from trinity_guard.errors import shown

ERROR, WARNING = "error", "warning"


class Finding:
    """rule: "TG001"; path: from the top of the repository; line: from 1, 0 for the whole file.

    commit: the hex id where it stands, "" for the index. key: what makes it this finding and no other beside rule and
    path (a blob's id, an option's name): it takes part in the fingerprint, and never holds a secret.
    problem: one line, without the path at its beginning; remedy: a command, or "". fixable: `fix` can mend it.
    """

    __slots__ = ("commit", "fixable", "key", "level", "line", "path", "problem", "remedy", "rule")

    def __init__(
        self, rule: str, path: bytes, problem: str, remedy: str = "", *,
        line: int = 0, commit: str = "", key: str = "", level: str = ERROR, fixable: bool = False,
    ) -> None:  # fmt: skip
        self.rule = rule
        self.path = path
        self.problem = problem
        self.remedy = remedy
        self.line = line
        self.commit = commit
        self.key = key
        self.level = level
        self.fixable = fixable

    @property
    def fingerprint(self) -> str:
        """Return 32 hex digits that stay the same while the finding does: no line and no commit is in them, so that
        it outlives edits elsewhere in the file, a rebase and a merge."""
        import hashlib

        parts = (self.rule.encode(), self.path, self.key.encode())
        return hashlib.sha256(b"\0".join(parts)).hexdigest()[:32]


def without_path(problem: str, path: bytes) -> str:
    """Return a message on one line, without the path at its beginning."""
    text = " ".join(problem.split())
    for head in (f"{shown(path)}: ", f"{shown(path)} "):
        text = text.removeprefix(" ".join(head.split()) + " ")
    return text.rstrip(".")
