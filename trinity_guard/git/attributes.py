"""Git's attributes: filters, line ends, encodings."""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.errors import GuardError, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


# What changes bytes between the blob and the working file.
CONVERTING = ("text", "eol", "crlf", "ident", "working-tree-encoding")


class Attributes:
    """Git's attributes of some paths, read from the index."""

    def __init__(self, paths: Sequence[bytes]) -> None:
        self._values: dict[tuple[bytes, bytes], bytes] = {}
        if not paths:
            return
        data = b"".join(p + b"\0" for p in paths)
        out = git.run("check-attr", "--cached", "-z", "--stdin", "filter", *CONVERTING, data=data)
        fields = out.split(b"\0")[:-1]
        for path, name, value in zip(fields[::3], fields[1::3], fields[2::3], strict=True):
            self._values[path, name] = value

    def filter(self, path: bytes) -> bytes:
        return self._values[path, b"filter"]

    def raw(self, path: bytes) -> bool:
        """Whether blob and working file hold the same bytes."""
        if self.filter(path) not in (b"unspecified", b"unset"):
            return False
        text = self._values[path, b"text"]
        for name in CONVERTING[1:]:
            if self._values[path, name.encode()] not in (b"unspecified", b"unset"):
                return False
        if text == b"unspecified":
            return git.config("core.autocrlf") not in ("true", "input")
        return text == b"unset"


def refuse_filter(attributes: Attributes, path: bytes) -> None:
    """Refuse a file that a filter driver changes on its way into Git: encrypted there, it would be plain in DVC."""
    name = os.fsdecode(attributes.filter(path))
    if name in ("unspecified", "unset", "lfs"):
        return
    if git.config(f"filter.{name}.clean") is None and git.config(f"filter.{name}.process") is None:
        return
    raise GuardError(
        problem=f"{shown(path)} goes through the filter '{name}' on its way into Git (.gitattributes); "
        "DVC would keep, and publish, what it hides.",
        remedy=f'leave it to Git: exclude = ["/{shown(path)}"] in .trinity-guard.toml\n'
        "or take the filter off this file in .gitattributes",
    )
