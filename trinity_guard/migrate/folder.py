"""A folder of a commit while it is rewritten: its entries, its new pointers, the ignore lines that it needs."""

from __future__ import annotations

from trinity_guard.dvcrepo import paths
from trinity_guard.git.catfile import FILE, Entry
from trinity_guard.migrate.versions import Decision, Settled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence, Set

    from trinity_guard.migrate.ignorefiles import Hidden


class Folder:
    """A tree under way, at its path. ours: it has a new pointer, or a folder in it; requests: NewTree.hidden;
    staying: paths of pointers of git-lfs that stay in it and below."""

    def __init__(self, path: bytes, entries: Sequence[Entry]) -> None:
        self.path = path
        self.entries = {entry[1]: entry for entry in entries}
        self.pointers: list[Entry] = []
        self.changed = False
        self.ours = False
        self.show_pointers = False
        self.ignored: list[bytes] = []
        self.requests: dict[Hidden, None] = {}
        self.staying: list[bytes] = []

    def has(self, name: bytes) -> bool:
        return name in self.entries

    def all_entries(self) -> list[Entry]:
        return [*self.entries.values(), *self.pointers]

    def put(self, mode: bytes, name: bytes, oid: bytes) -> None:
        self.entries[name] = (mode, name, oid)
        self.changed = True

    def drop(self, name: bytes) -> None:
        del self.entries[name]
        self.changed = True

    def follow(self, name: bytes, decision: Decision) -> None:
        if decision.pointer is None:
            return
        self.drop(name)
        if decision.pointer:
            self.put(FILE, name + paths.POINTER, decision.pointer)
        self.ours = True
        lines = decision.lines
        self.show_pointers = self.show_pointers or lines.show
        if lines.ignore:
            self.ignored.append(name)
        for request in lines.requests:
            self.ask(request)

    def follow_all(self, known: Set[Entry], settled: Settled) -> None:
        """Do as `follow` does for files that were settled in another version of the folder."""
        if known:
            self.entries = {entry[1]: entry for entry in set(self.entries.values()) - known}
            self.pointers = list(map(settled.pointers.__getitem__, known))
            self.ignored += map(settled.ignored.__getitem__, known & settled.ignored.keys())
            self.changed = self.ours = True

    def ask(self, request: Hidden) -> None:
        self.requests[request] = None
