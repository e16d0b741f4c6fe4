"""The comparison as JSON, for programs: its schema is part of the contract (docs/review.md)."""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trinity_guard.review.review import Reviews


def render(found: Reviews) -> str:
    document = {"artifacts": [a.as_dict() for a in found.artifacts], "broken": found.broken}
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
