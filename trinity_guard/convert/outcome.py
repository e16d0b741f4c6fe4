"""What a conversion did, file by file."""

from __future__ import annotations

from trinity_guard.dvcrepo.paths import POINTER
from trinity_guard.git.index import REGULAR, Entry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trinity_guard.convert.facts import Watch
    from trinity_guard.convert.transaction import Transaction
    from trinity_guard.dvcrepo.directory import Difference
    from trinity_guard.dvcrepo.output import Output
    from trinity_guard.dvcrepo.standin import StandIn
    from trinity_guard.dvcrepo.workdirectory import WorkDirectory
    from trinity_guard.git.attributes import Attributes

    Remark = tuple[str, str]


class Converted:
    """One file that became a pointer, or (`Directory`) many that became one.

    newer: the working file differs from what was staged, and was left alone.
    renewed: False where the pointer said all this already. folder: the one that it is part of, b"" for none.
    named: it was staged, or asked for by its name; else it only changed behind its pointer.
    unrecorded: what lies in a folder that became a pointer, and was neither staged nor recorded.
    stand_in: what is staged in its place, where its bytes were taken at `git add`.
    plain: its first bytes are known to say nothing. alone: nothing is in its pointer's place.
    watch: has looked at its bytes on their way into the cache, where the configuration wants facts of them.
    """

    __slots__ = (
        "alone", "attributes", "folder", "held", "mark", "md5", "mode", "named", "newer", "oid", "path", "plain",
        "pointer", "project", "renewed", "size", "stand_in", "unrecorded", "watch",
    )  # fmt: skip

    def __init__(self, entry: Entry, project: bytes, attributes: Attributes) -> None:
        self.attributes = attributes
        self.path = entry.path
        self.pointer = entry.path + POINTER
        self.mode = entry.mode
        self.oid = entry.oid
        self.project = project
        self.folder = b""
        self.unrecorded: list[bytes] = []
        self.held: Output | None = None
        self.stand_in: StandIn | None = None
        self.watch: Watch | None = None
        self.alone = self.plain = False
        self.md5 = ""
        self.size = 0
        self.mark = b""
        self.named = True
        self.newer = False
        self.renewed = True

    @property
    def sources(self) -> list[Converted]:
        """The files whose bytes it takes."""
        return [self]

    @property
    def leaving(self) -> list[Converted]:
        """What leaves the index for its pointer, itself first."""
        return [self]

    @property
    def nfiles(self) -> int:
        """How many files a directory has, -1 for a file."""
        return -1

    @property
    def difference(self) -> Difference | None:
        """What a directory had in the work tree otherwise than recorded before, where that was asked for."""
        return None

    @property
    def arrived(self) -> dict[bytes, str]:
        """Which files of a directory it did not record before, by their path in it, and their md5."""
        return {}


class Directory(Converted):
    """A folder that became one pointer. members: those of its files whose bytes are taken.

    files: the path in it of each of its files, and its md5 (of a member: once it is taken).
    whole: it is recorded as the work tree has it, and not what was staged alone. found: what is in its place, where it
    was looked at. seen: the marks of files that had pointers of their own. gone: what leaves the index without its
    bytes being taken.
    """

    __slots__ = ("files", "found", "gone", "members", "seen", "whole")

    def __init__(self, path: bytes, project: bytes, attributes: Attributes) -> None:
        super().__init__(Entry(REGULAR, b"", path), project, attributes)
        self.files: dict[bytes, str] = {}
        self.found: WorkDirectory | None = None
        self.members: list[Converted] = []
        self.seen: dict[bytes, bytes] = {}
        self.gone: list[Converted] = []
        self.whole = False

    @property
    def sources(self) -> list[Converted]:
        return self.members

    @property
    def leaving(self) -> list[Converted]:
        return [self, *(m for m in (*self.members, *self.gone) if m.oid)]

    @property
    def nfiles(self) -> int:
        return len(self.files)

    @property
    def difference(self) -> Difference | None:
        return self.found.difference if self.found else None

    @property
    def arrived(self) -> dict[bytes, str]:
        if self.held is None:
            return self.files
        names = {self.inside(m.path) for m in self.members}
        if self.difference:
            names.update(self.difference.added, self.difference.changed)
        return {name: self.files[name] for name in names if name in self.files}

    def inside(self, path: bytes) -> bytes:
        """Return a path as seen from the folder."""
        return path[len(self.path) + 1 :]


class Outcome:
    """What a conversion did: the files, and remarks about files that it left to others, with what helps.

    left: those of the changed files that it left out: outputs, with their state. step: what it changed, if anything.
    """

    __slots__ = ("converted", "left", "remarks", "step")

    def __init__(self) -> None:
        self.converted: list[Converted] = []
        self.left: list[tuple[Output, str]] = []
        self.remarks: list[Remark] = []
        self.step: Transaction | None = None

    def undo(self) -> None:
        """Take it back in index and work tree; its bytes stay in the cache."""
        if self.step is not None:
            self.step.undo()
