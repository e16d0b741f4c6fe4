"""The training set: a row for each (page, strategy), labelled by what was measured; a file that appears whole or not.

The same seed gives the same bytes on any machine.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain, islice
from random import Random

from trinity_guard import git
from trinity_guard.errors import BLOCKED, UNUSABLE, GuardError, shown
from trinity_guard.git import durable
from trinity_guard.training.data import texts
from trinity_guard.training.data.columns import CONTRACT, OPTIONAL
from trinity_guard.training.data.pages import described, draw, measured
from trinity_guard.training.data.themes import OVERRIDES, STRATEGIES, UNRESOLVED

COLUMNS = (*CONTRACT, *OPTIONAL)
VALID = COLUMNS.index("is_valid")
BEGIN = datetime(2025, 1, 1, tzinfo=UTC)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trinity_guard import Progress


def generate(pages: int, seed: int, on_progress: Progress | None = None) -> Iterator[tuple[str, ...]]:
    """Yield rows, strings in the order of COLUMNS, one a (page, strategy). on_progress counts pages."""
    rng = Random(seed)  # noqa: S311  # no secret hangs on it
    moment = BEGIN
    for number in range(pages):
        moment += timedelta(seconds=texts.between(rng, 1, 600))
        page = draw(rng)
        same = described(page) | {"page_id": f"{seed}-{number:06d}", "timestamp": f"{moment.isoformat()[:19]}Z"}
        wrong = measured(page)
        healed = next((STRATEGIES[s] for s, reason in wrong.items() if not reason), UNRESOLVED)
        for strategy, reason in wrong.items():
            row = same | {
                "css_signature": _signature(f"{page.style()}|{OVERRIDES[strategy]}"),
                "active_strategy": strategy,
                "resolved_strategy_id": str(healed),
                "is_valid": "0" if reason else "1",
                "failure_reason": reason,
                "style_overrides_raw": OVERRIDES[strategy],
            }
            yield tuple(row[column] for column in COLUMNS)
        if on_progress:
            on_progress(number + 1, pages)


def _signature(style: str) -> str:
    """Return what tells styles apart: pages of one theme and density, under one strategy, share it."""
    return hashlib.md5(style.encode(), usedforsecurity=False).hexdigest()[:12]


def write(path: str, rows: int, seed: int, on_progress: Progress | None = None) -> str:
    """Write a training set as `make` does, and return its md5."""
    return make(path, rows, seed, on_progress).md5


@dataclass(frozen=True)
class Made:
    """What was made. overflow: the share of rows whose layout did not hold; new: the file was not this already."""

    md5: str
    rows: int
    overflow: float
    new: bool


def make(path: str, rows: int, seed: int, on_progress: Progress | None = None, force: bool = False) -> Made:
    """Write a training set of so many rows, the file's folder too.

    GuardError (1) for a file with other contents, unless forced: nobody knows whether it can be made again.
    GuardError (2) for a place that cannot be written. The file appears in one step, when all of it is on the disk.
    """
    target = os.path.abspath(path)
    if os.path.isdir(target) or not os.path.basename(path):
        raise _unusable(path, "it is a folder")
    if os.path.exists(target) and not os.path.isfile(target):
        # To rename a file over a device would take it from everybody on this machine.
        raise _unusable(path, "it is a device or a pipe")
    temporary = ""
    try:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        fd, temporary = tempfile.mkstemp(".tmp", ".trinity-data-", os.path.dirname(target))
        made = _fill(fd, rows, seed, on_progress)
        if os.path.lexists(target):
            if _md5(target) == made.md5:
                return Made(made.md5, made.rows, made.overflow, new=False)
            if not force:
                raise _taken(path)
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, target)
        temporary = ""
    except (FileExistsError, NotADirectoryError) as error:
        raise _unusable(path, "what should be its folder is a file") from error
    except OSError as error:
        raise _unusable(path, str(error.strerror)) from error
    finally:
        if temporary:
            os.unlink(temporary)
    return made


def _fill(fd: int, rows: int, seed: int, on_progress: Progress | None) -> Made:
    digest = hashlib.md5(usedforsecurity=False)
    overflowing = 0
    with open(fd, "wb") as file:
        for values in chain([COLUMNS], _first(rows, seed, on_progress)):
            # No value has a comma, a quote or a line break in it.
            line = f"{','.join(values)}\n".encode()
            file.write(line)
            digest.update(line)
            overflowing += values[VALID] == "0"
        file.flush()
        durable.sync(fd)
    return Made(digest.hexdigest(), rows, overflowing / rows, new=True)


def _first(rows: int, seed: int, on_progress: Progress | None) -> Iterator[tuple[str, ...]]:
    """Return the first rows; the last page may lack some of its strategies."""
    pages = -(-rows // len(STRATEGIES))
    return islice(generate(pages, seed, on_progress), rows)


def _md5(path: str) -> str:
    """Return a file's md5, "" for what is no file that can be read: then it is not ours."""
    try:
        with open(git.opened(path, links=True), "rb") as file:
            return hashlib.file_digest(file, "md5").hexdigest()
    except OSError:
        return ""


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _taken(path: str) -> GuardError:
    name = shown(os.fsencode(path))
    return GuardError(
        f"{name} is there with other contents, and stays as it is.",
        "trinity data … --output another.csv     # beside it\n"
        "trinity data … --force                  # replace it; what no pointer and no copy holds is gone then",
        BLOCKED,
    )


def _unusable(path: str, reason: str) -> GuardError:
    name = shown(os.fsencode(path))
    return GuardError(
        f"cannot write {name}: {reason[:1].lower()}{reason[1:]}.",
        "trinity data --output a-file-in-a-folder-of-yours.csv",
        UNUSABLE,
    )
