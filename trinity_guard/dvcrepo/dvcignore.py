"""What a .dvcignore hides from DVC, read without dvc."""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.dvcrepo import paths
from trinity_guard.errors import UNUSABLE, GuardError, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from collections.abc import Callable
    from typing import Any

    from trinity_guard.git.expressions import Bounded

    Read = Callable[[bytes], bytes | None]
    # (project's root, folder in it) -> what counts there, of every .dvcignore above: (pattern, FILE:LINE:PATTERN).
    IgnoreRules = dict[tuple[bytes, bytes], list[tuple[str, str]]]
    Compiled = tuple[re.Pattern[str] | Bounded | None, bool, bool, str]

MAX_IGNORE = 1 << 20  # bytes of a .dvcignore
MAX_LINE = 8192  # no path is longer
MAX_RULES = 5000  # in one: each is tried for each name
MAX_COMPILED = 4 * MAX_RULES  # what falls out is compiled anew for the next name
_known: dict[tuple[str, str], Compiled] = {}


def _from_disk(file: bytes) -> bytes | None:
    try:
        return git.read(file, MAX_IGNORE)
    except (FileNotFoundError, NotADirectoryError):
        return None


def dvcignored(
    project_root: bytes, path: bytes, read: Read = _from_disk, known: IgnoreRules | None = None
) -> str | None:
    """Return what hides a file (relative to its project's root) from DVC, as `FILE:LINE:PATTERN`; None if nothing.

    known: the rules of folders, to share between calls about one project.
    """
    known = {} if known is None else known
    folder, _, name = path.rpartition(b"/")
    for part in folder.split(b"/") if b"." in folder else ():
        if part in paths.NEVER_SEEN:
            return f"DVC itself: {shown(part)}/"
    if name == b".git":
        return "DVC itself: .git"
    if (project_root, folder) not in known:
        _look_above(project_root, folder, read, known)
    rules = known[project_root, folder]
    return _ignored_by(rules, os.fsdecode(path)) if rules else None


def _look_above(project_root: bytes, folder: bytes, read: Read, known: IgnoreRules) -> None:
    """Note what counts in a folder, and in each one above it."""
    steps = folder.split(b"/") if folder else []
    rules: list[tuple[str, str]] = []
    for depth in range(len(steps) + 1):
        here = b"/".join(steps[:depth])
        if (project_root, here) not in known:
            found = _rules_of(project_root, here, read)
            # A .dvcignore that is ignored itself does not count.
            if found and not (rules and _ignored_by(rules, os.fsdecode(os.path.join(here, b".dvcignore")))):
                rules = rules + [(_rebased(rule, os.fsdecode(here)), said) for rule, said in found]
            known[project_root, here] = rules
        rules = known[project_root, here]


def ignores(project_root: bytes, path: bytes) -> bool:
    """Whether any .dvcignore at or above a folder (relative to its project's root) says anything at all."""
    parts = path.split(b"/")
    return any(_rules_of(project_root, b"/".join(parts[:depth])) for depth in range(len(parts)))


def _rules_of(project_root: bytes, folder: bytes, read: Read = _from_disk) -> list[tuple[str, str]]:
    """Return (pattern, FILE:LINE:PATTERN) of a folder's .dvcignore."""
    name = os.path.join(folder, b".dvcignore")
    try:
        text = (read(os.path.join(project_root, name)) or b"").decode()
    except (OSError, UnicodeDecodeError) as e:
        words = e.strerror if isinstance(e, OSError) else "it is not UTF-8"
        raise _unreadable(shown(name), words or "it cannot be read") from None
    if len(text) > MAX_IGNORE:  # as any tree may have it
        raise _unreadable(shown(name), f"it is larger than {MAX_IGNORE:,} bytes")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if max(map(len, lines)) > MAX_LINE:
        raise _unreadable(shown(name), "a line of it is longer than any path")
    numbered = [(line.strip(), n) for n, line in enumerate(lines, 1)]
    rules = [(line, f"{shown(name)}:{n}:{line}") for line, n in numbered if line and not line.startswith("#")]
    if len(rules) > MAX_RULES:
        raise _unreadable(shown(name), f"it has more than {MAX_RULES:,} rules")
    return rules


def _unreadable(said: str, words: str) -> GuardError:
    return GuardError(problem=f"DVC cannot read {said}: {words}.", remedy="correct the .dvcignore", exit_code=UNUSABLE)


def _rebased(rule: str, folder: str) -> str:
    """Return a rule of a deeper .dvcignore as one of the project's root (dvc.pathspec_math.change_rule)."""
    if not folder:
        return rule
    negated, bare = rule.startswith("!"), rule.removeprefix("!")
    anchored = "/" in bare[:-1] and not bare.startswith("**/")
    bare = bare.removeprefix("/") if anchored else bare.removeprefix("**/")
    bare = bare.removeprefix("\\")
    return f"{'!' if negated else ''}/{folder}{'/' if anchored else '/**/'}{bare}"


def _ignored_by(rules: list[tuple[str, str]], path: str) -> str | None:
    """Match as dvc.ignore does: an ignored folder hides all below it, whatever a later `!` says."""
    if len(_known) > MAX_COMPILED:
        _known.clear()
    for line in rules:
        if line not in _known:
            _known[line] = _compiled(*line)
    compiled = [_known[line] for line in rules]
    parts = path.split("/")
    for depth in range(1, len(parts) + 1):
        here = "/".join(parts[:depth])
        is_dir = depth < len(parts)
        for regex, ignores, dir_only, said in reversed(compiled):
            if regex is None or (dir_only and not is_dir):
                continue
            if regex.match(here) or (is_dir and regex.match(here + "/")):
                if ignores:
                    return said
                break
    return None


def _compiled(rule: str, said: str) -> Compiled:
    import re

    from trinity_guard.git import expressions  # noqa: PLC0415  # most projects ignore nothing

    try:
        from pathspec.patterns.gitignore import spec

        pattern: Any = spec.GitIgnoreSpecPattern
    except ImportError:  # pathspec before 1.0
        from pathspec import patterns

        pattern = patterns.GitWildMatchPattern  # type: ignore[attr-defined, unused-ignore]
    try:
        regex, ignores = pattern.pattern_to_regex(rule)
        return (expressions.compiled(regex) if regex is not None else None), bool(ignores), rule.endswith("/"), said
    except (ValueError, re.error):
        raise _unreadable(said, "it is no pattern") from None
