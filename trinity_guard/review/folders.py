"""What became of the files of a directory, summed by the folders in it."""

from __future__ import annotations

import os

from trinity_guard.errors import shown
from trinity_guard.review import images

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from trinity_guard.review.record import Review
    from trinity_guard.review.sides import Change

TOP = "."


def sums(directory: bytes, members: Iterable[Change], looked_into: Sequence[Review]) -> dict[str, dict[str, Any]]:
    """Return of each folder how many files came, went, changed or moved there, and what changed in their tables and
    images, as far as they were looked into.
    """
    found: dict[str, dict[str, Any]] = {}
    for member in members:
        counts = found.setdefault(_folder(directory, member.path), {})
        counts[member.word] = counts.get(member.word, 0) + 1
    for review in looked_into:
        _add_facts(found[_folder(directory, review.path)], review)
    return {name: found[name] for name in sorted(found)}


def _folder(directory: bytes, path: bytes) -> str:
    return shown(os.path.dirname(path[len(directory) + 1 :])) or TOP


def _add_facts(folder: dict[str, Any], review: Review) -> None:
    table = review.table
    if table is not None:
        rows = folder.setdefault("rows", {"added": 0, "removed": 0, "changed": 0})
        for word, count in (("added", table.added), ("removed", table.removed), ("changed", table.rows_with_changes)):
            rows[word] += count
    elif images.is_image(review.path) and review.parameters:
        folder["images"] = folder.get("images", 0) + 1
