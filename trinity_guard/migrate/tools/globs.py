"""The patterns of a selection as other tools understand them: names of files, with regard to case."""

from __future__ import annotations

from collections.abc import Sequence

from trinity_guard.config import PLAIN
from trinity_guard.errors import UNUSABLE, GuardError, shown
from trinity_guard.migrate.scan import Scan
from trinity_guard.migrate.selection import Selection

MAX_NAMED = 3


class Globs:
    """globs: names of files that mean what is selected, with regard to case; variants: those of them that only spell
    a pattern as the history does. unsaid: patterns that are no names, and are left out; beyond: files that are meant
    and match no glob. exact: whether the globs alone say what is selected."""

    def __init__(self, globs: list[str], variants: list[str], unsaid: list[str], beyond: list[bytes]) -> None:
        self.globs = globs
        self.variants = variants
        self.unsaid = unsaid
        self.beyond = beyond
        self.exact = False
        self.exceptions = False


def of_names(selection: Selection, scan: Scan) -> Globs:
    """Return the selection as globs; GuardError where not one of its patterns is a name."""
    plain = [p for p in selection.include if _is_name(p)]
    names = {path.rpartition(b"/")[2] for path in scan.versions}
    variants = sorted({v for p in plain for name in names if (v := _variant(p, name))})
    globs = [*plain, *variants]
    beyond = [path for path in scan.versions if not any(_matches(glob, path) for glob in globs)]
    found = Globs(globs, variants, [p for p in selection.include if p not in plain], sorted(beyond))
    found.exceptions = bool(selection.exclude) or selection.above is not None
    found.exact = bool(globs) and not (found.unsaid or beyond or found.exceptions)
    return found


def _is_name(pattern: str) -> bool:
    return bool(pattern.strip("*")) and PLAIN.union("*").issuperset(pattern) and "**" not in pattern


def _variant(pattern: str, name: bytes) -> str:
    """Return a pattern of the form *.ext as this name spells it, "" where it is spelled as the pattern is."""
    end = pattern[1:]
    if pattern[:1] != "*" or "*" in end:
        return ""
    text = name.decode("utf-8", "replace")[-len(end) :]
    return f"*{text}" if text != end and text.isascii() and text.lower() == end.lower() else ""


def _matches(glob: str, path: bytes) -> bool:
    import fnmatch

    name = path.rpartition(b"/")[2].decode("utf-8", "surrogateescape")
    return fnmatch.fnmatchcase(name, glob)


def braced(globs: Sequence[str]) -> str:
    """Return one glob for all: BFG takes one."""
    if not globs:
        raise GuardError(
            problem="BFG knows names of files alone, and none of the patterns is one.",
            remedy="trinity-guard migrate run     # knows them all",
            exit_code=UNUSABLE,
        )
    return globs[0] if len(globs) == 1 else "{" + ",".join(globs) + "}"


def told(found: Globs, tool: str) -> list[str]:
    """Return what the globs do not say, in words."""
    lines = []
    if found.unsaid:
        lines.append(f"{tool} cannot be told: {', '.join(found.unsaid)}")
    if found.beyond:
        some = ", ".join(shown(path) for path in found.beyond[:MAX_NAMED])
        lines.append(f"{tool} leaves {len(found.beyond)} files that match: {some}")
    if found.exceptions:
        lines.append(f"{tool} knows no exceptions: it deletes what is excluded or small, too")
    return lines


def path_lines(paths: Sequence[bytes]) -> list[bytes]:
    """Return lines for git filter-repo --paths-from-file that mean exactly these paths."""
    return [b"literal:" + path if _one_line(path) else b"regex:^%s$" % _escaped(path) for path in sorted(paths)]


def _one_line(path: bytes) -> bool:
    return all(byte > 31 for byte in path) and b"==>" not in path and path.isascii()


def _escaped(path: bytes) -> bytes:
    return b"".join(bytes([b]) if chr(b).isalnum() and b < 128 else b"\\x%02x" % b for b in path)
