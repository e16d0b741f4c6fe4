"""TG004: pointers whose file Git does not ignore."""

from __future__ import annotations

import os
from collections.abc import Iterator

from trinity_guard.errors import shown, typed
from trinity_guard.lint.finding import Finding
from trinity_guard.lint.rules import ignored
from trinity_guard.lint.subject import Subject


def find(subject: Subject) -> Iterator[Finding]:
    """Pointers whose file Git does not ignore: the next `git add` would take it in."""
    held = [h for h in subject.held() if h.kind != "foreign"]
    if subject.fresh is not None:
        folders = [os.path.dirname(p) for p, _ in subject.fresh if os.path.basename(p) == b".gitignore"]
        held = [h for h in held if (h.source, h.oid) in subject.fresh or _below(h.path, folders)]
    for h in ignored.not_ignored(subject, [h for h in held if subject.means(h.source)]):
        name, where = shown(h.path), typed(os.path.join(os.path.dirname(h.path), b".gitignore"))
        yield Finding(
            "TG004",
            h.source,
            f"Git does not ignore {name}, which this pointer records: `git add` would take its bytes in",
            f"trinity-guard lint --fix     # adds its line to {where}",
            commit=subject.tree.commit.decode(),
            key=h.path.hex(),
            fixable=True,
        )


def _below(path: bytes, folders: list[bytes]) -> bool:
    return any(not f or path.startswith(f + b"/") for f in folders)
