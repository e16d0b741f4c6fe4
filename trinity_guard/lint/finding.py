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

    __slots__ = ("_commit", "_key", "_problem", "_remedy", "fixable", "level", "line", "path", "rule")

    def __init__(
        self, rule: str, path: bytes, problem: str | Words, remedy: str = "", *,
        line: int = 0, commit: str | bytes = "", key: str | bytes = "", level: str = ERROR, fixable: bool = False,
    ) -> None:  # fmt: skip
        self.rule = rule
        self.path = path
        self._problem = problem
        self._remedy = remedy
        self.line = line
        self._commit = commit
        self._key = key
        self.level = level
        self.fixable = fixable

    @property
    def problem(self) -> str:
        return self._problem if isinstance(self._problem, str) else self._problem.problem()

    @property
    def remedy(self) -> str:
        return self._remedy if self._remedy or isinstance(self._problem, str) else self._problem.remedy()

    @remedy.setter
    def remedy(self, remedy: str) -> None:
        self._remedy = remedy

    @property
    def commit(self) -> str:
        return self._commit if isinstance(self._commit, str) else self._commit.decode()

    @property
    def key(self) -> str:
        return self._key if isinstance(self._key, str) else self._key.decode()

    @property
    def mark(self) -> bytes:
        """The fingerprint's bytes, and those behind them."""
        import hashlib

        parts = (self.rule.encode(), self.path, self.key.encode())
        return hashlib.sha256(b"\0".join(parts)).digest()

    @property
    def fingerprint(self) -> str:
        """Return 32 hex digits that stay the same while the finding does: no line and no commit is in them, so that
        it outlives edits elsewhere in the file, a rebase and a merge."""
        return self.mark[:16].hex()


class Words:
    """What a finding says, put into words each time it is told: of a long history there are hundreds of thousands."""

    __slots__ = ()

    def problem(self) -> str:
        raise NotImplementedError

    def remedy(self) -> str:
        raise NotImplementedError


def without_path(problem: str, path: bytes) -> str:
    """Return a message on one line, without the path at its beginning."""
    text = " ".join(problem.split())
    for head in (f"{shown(path)}: ", f"{shown(path)} "):
        text = text.removeprefix(" ".join(head.split()) + " ")
    return text.rstrip(".")
