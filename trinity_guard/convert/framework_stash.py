"""Under the pre-commit framework: it has put unstaged edits away as a patch, and loses them all if that patch no
longer applies after our edits (an unstaged edit near the lines that we add to .gitignore). Checked before we leave.
"""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.convert import journal
from trinity_guard.dvcrepo.paths import is_pointer
from trinity_guard.errors import GuardError
from trinity_guard.git import caller, index

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType


class guarded:  # noqa: N801  # reads as a word: with guarded(place, framework)
    """Undo the conversion, and refuse the commit, when the framework could not put the unstaged edits back."""

    def __init__(self, place: git.Place, framework: bool) -> None:
        self._place = place
        self._patches = patches() if framework else []
        self._tree = git.run("write-tree").strip() if self._patches else b""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if kind is not None or not self._patches:
            return
        for patch in self._patches:
            if git.attempt("apply", "--check", "--whitespace=nowarn", patch).code:
                self._undo()
                raise GuardError(
                    problem="unstaged edits stand next to lines that the conversion adds (.gitignore): "
                    "the pre-commit framework would lose them.",
                    remedy="git add .gitignore     # or: git stash\nthen commit again",
                )

    def _undo(self) -> None:
        changed = git.run("diff-index", "--cached", "--name-only", "-z", "--no-renames", self._tree, "--")
        git.run("read-tree", self._tree)
        kept = {e.path for e in index.entries()}
        for path in changed.split(b"\0")[:-1]:
            if is_pointer(path) or os.path.basename(path) == b".gitignore":
                if path in kept:
                    git.run("checkout-index", "-f", "--", path, env=git.literal())
                elif os.path.lexists(self._place.file(path)):
                    os.unlink(self._place.file(path))
        index.refresh()
        journal.Journal(self._place).drop()


def patches() -> list[bytes]:
    """Return the patches of unstaged edits that this commit runs under: of a process above us.

    The framework's are `patch<time>-<pid>`, those of prek, which runs the same configs, `patches/<time>-<pid>.patch`.
    """
    caches = os.environb.get(b"XDG_CACHE_HOME") or os.path.expanduser(b"~/.cache")
    home = os.environb.get(b"PRE_COMMIT_HOME") or os.path.join(caches, b"pre-commit")
    other = os.path.join(os.environb.get(b"PREK_HOME") or os.path.join(caches, b"prek"), b"patches")
    found = [*_below(home, b"patch", b""), *_below(other, b"", b".patch")]
    if not found:
        return []
    pids = {b"%d" % pid for pid in caller.processes_above()}
    return [file for file, pid in found if pid in pids]


def _below(folder: bytes, start: bytes, end: bytes) -> list[tuple[bytes, bytes]]:
    """Return (file, its process) of the patches in a folder."""
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    named = [n for n in names if n.startswith(start) and n.endswith(end)]
    return [(os.path.join(folder, n), n.removesuffix(end).rpartition(b"-")[2]) for n in named]
