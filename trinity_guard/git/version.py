"""Which Git this is, and the oldest that works."""

from __future__ import annotations

from trinity_guard.errors import UNUSABLE, GuardError
from trinity_guard.git.plumbing import run

# `git config --show-scope`, by which hooks are found, came with the first; what `migrate` asks (`worktree list -z`)
# with the second.
OLDEST, FOR_MIGRATE = (2, 26), (2, 36)


def said() -> str:
    """Return what Git says of its version: "2.39.5 (Apple Git-154)"."""
    return run("--version").decode("utf-8", "replace").strip().removeprefix("git version ")


def numbers(text: str) -> tuple[int, ...]:
    """Return a version's leading numbers: "2.39.5 (Apple Git-154)" is (2, 39, 5)."""
    found = []
    for part in text.split(" ")[0].split("."):
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        if not digits:
            break
        found.append(int(digits[:9]))
        if digits != part:
            break
    return tuple(found)


def require() -> None:
    """Refuse a Git that is too old; one that does not tell its version is let be."""
    words = said()
    if numbers(words) and numbers(words) < OLDEST:
        raise GuardError(
            problem=f"Git {words} is too old: {'.'.join(map(str, OLDEST))} is the first that works.",
            remedy="install a newer Git, and put its folder first on the PATH",
            exit_code=UNUSABLE,
        )
