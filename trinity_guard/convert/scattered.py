"""Too many pointers in one folder, or pointers inside a dataset: stops once, and offers one for the whole folder.

Which of the two is wanted is then said by `folders`, either way.
"""

from __future__ import annotations

import os

from trinity_guard.config import OWN_FILE, PYPROJECT
from trinity_guard.detect import configuration
from trinity_guard.errors import GuardError, quoted, shown
from trinity_guard.git.gitignore import line_for

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trinity_guard import git
    from trinity_guard.convert.outcome import Converted
    from trinity_guard.detect.patterns import Rules

# With more new pointers than this in one folder, a person is asked.
MAX_POINTERS = 200


def refuse(place: git.Place, rules: Rules, items: Iterable[Converted]) -> None:
    """Refuse pointers of single files where one for their folder may be wanted, and `folders` says nothing."""
    new = [i.path for i in items if i.held is None and i.nfiles < 0 and not rules.stays_apart(os.path.dirname(i.path))]
    datasets = {folder: path for path in reversed(new) if (folder := rules.dataset_above(path))}
    if datasets:
        folder, path = next(reversed(datasets.items()))
        raise _error(
            place,
            rules,
            f"{shown(folder)}/ is a dataset by its name: what reads it would stumble over pointers between its files "
            f"({shown(path)}.dvc).",
            ["*" + os.path.splitext(os.fsdecode(f))[1] + "/" for f in datasets],
        )
    crowded = _crowded(new)
    if crowded:
        counts = ", ".join(f"{shown(folder)}/ would get {count:,} pointers" for folder, count in crowded.items())
        raise _error(place, rules, f"{counts}, one for each file.", [_pattern(folder) for folder in crowded])


def _crowded(paths: Sequence[bytes]) -> dict[bytes, int]:
    """Return the folders with more paths below them than a person wants pointers, none of which holds another."""
    counts: dict[bytes, int] = {}
    for path in paths:
        while path := os.path.dirname(path):
            counts[path] = counts.get(path, 0) + 1
    many = {folder: count for folder, count in counts.items() if count > MAX_POINTERS}
    return {f: n for f, n in sorted(many.items()) if not any(other.startswith(f + b"/") for other in many)}


def _pattern(folder: bytes) -> str:
    steps = b"".join(line_for(step) for step in folder.split(b"/"))
    return os.fsdecode(steps) + "/"


def _error(place: git.Place, rules: Rules, problem: str, patterns: Iterable[str]) -> GuardError:
    found = list(dict.fromkeys(patterns))
    whole, apart = _line(rules, found), _line(rules, [f"!{p}" for p in found])
    words = "one pointer for the whole folder; then again", "or a pointer for each file; then again"
    if _can_be_appended(place, rules):
        # Some shells' echo reads backslashes.
        echo = "echo" if "\\" not in whole else "printf '%s\\n'"
        lines = [f"{echo} {quoted(li)} >> {OWN_FILE}     # {w}" for li, w in zip((whole, apart), words, strict=True)]
    else:
        where = OWN_FILE if rules.source != PYPROJECT else f"{PYPROJECT}, below [tool.trinity-guard]"
        lines = [
            f"in {where}, write one of:",
            *(f"{li}     # {w}" for li, w in zip((whole, apart), words, strict=True)),
        ]
    return GuardError(problem=problem, remedy="\n".join(lines))


def _line(rules: Rules, patterns: Sequence[str]) -> str:
    import json

    # TOML writes such texts as JSON does.
    return "folders = [" + ", ".join(json.dumps(p, ensure_ascii=False) for p in (*rules.folders, *patterns)) + "]"


def _can_be_appended(place: git.Place, rules: Rules) -> bool:
    """Whether a line at the end of the file is a key of ours: no table stands there, and the key is not there yet."""
    if rules.source == PYPROJECT or rules.folders:
        return False
    lines = (configuration.texts(place.top)[0] or b"\n").split(b"\n")
    return not lines[-1] and not any(line.lstrip().startswith((b"[", b"folders")) for line in lines)
