"""What a conversion did, file by file."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trinity_guard.dvcrepo.output import Output
    from trinity_guard.git import index
    from trinity_guard.git.attributes import Attributes


class Converted:
    """One file that became a pointer.

    newer: the working file differs from what was staged, and was left alone.
    renewed: False where the pointer said all this already.
    named: it was staged, or asked for by its name; else it only changed behind its pointer.
    """

    __slots__ = (
        "attributes", "held", "mark", "md5", "mode", "named", "newer", "oid", "path", "project", "renewed", "size",
    )  # fmt: skip

    def __init__(self, entry: index.Entry, project: bytes, attributes: Attributes) -> None:
        self.attributes = attributes
        self.path = entry.path
        self.mode = entry.mode
        self.oid = entry.oid
        self.project = project
        self.held: Output | None = None
        self.md5 = ""
        self.size = 0
        self.mark = b""
        self.named = True
        self.newer = False
        self.renewed = True

    @property
    def pointer(self) -> bytes:
        return self.path + b".dvc"


class Outcome:
    """What a conversion did: the files, and remarks about files that it left to others.

    left: those of the changed files that it left out: outputs, with their state.
    """

    __slots__ = ("converted", "left", "remarks")

    def __init__(self) -> None:
        self.converted: list[Converted] = []
        self.left: list[tuple[Output, str]] = []
        self.remarks: list[str] = []
