"""One step for index and work tree: done as a whole, or, where a file cannot be written, all is as it was before."""

from __future__ import annotations

from trinity_guard.convert.journal import Journal
from trinity_guard.errors import GuardError
from trinity_guard.git import files, index

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    from trinity_guard import git


class Transaction:
    """Changes the index and files of the work tree; what a kill cuts short, its journal completes.

    staged: what the index has, of all that is changed in it. records: the journal's.
    """

    def __init__(
        self, place: git.Place, staged: Mapping[bytes, index.Entry], records: Sequence[Sequence[bytes]]
    ) -> None:
        self._place = place
        self._staged = staged
        self._records = records
        self._journal = Journal(place)
        self._noted: list[tuple[bytes, ...]] = []
        self._changed: list[bytes] = []
        self._before: list[tuple[bytes, bytes | None]] = []
        self._folders: set[bytes] = set()
        self._new = files.NewFiles(place)

    def __enter__(self) -> Transaction:
        self._noted = self._journal.read()
        # Behind what the same commit has done already: `commit -- path` is completed after it.
        self._journal.add(self._records)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if isinstance(error, (GuardError, OSError)):
            self.undo()
        elif error is None and not index.is_temporary(self._place):
            self._journal.drop()

    def change_index(self, changes: Sequence[tuple[bytes, bytes, bytes]]) -> None:
        """Apply these changes, as `index.replace` takes them."""
        index.replace(changes)
        self._changed = [path for _, _, path in changes]

    def replace(self, path: bytes, data: bytes) -> None:
        """Write a file of the work tree."""
        self._before.append((path, files.read_if_there(self._place.file(path))))
        files.replace_in(self._place, path, data, seen=self._folders)

    def make(self, path: bytes, data: bytes) -> None:
        """Write a file of the work tree where there is none."""
        self._before.append((path, None))
        self._new.make(path, data)

    def unlink(self, path: bytes) -> None:
        """Take a file of the work tree away, where it is there."""
        self._before.append((path, files.read_if_there(self._place.file(path))))
        files.unlink(self._place.file(path))

    def undo(self) -> None:
        """Put index, files and journal back: it could not be completed, or what it was a part of is refused later."""
        for path, data in reversed(self._before):
            self._put_file_back(path, data)
        if self._changed:
            before = [self._entry_before(path) for path in self._changed]
            index.replace(before)
            index.refresh(before)
        if self._noted:
            self._journal.write(self._noted)
        else:
            self._journal.drop()

    def _put_file_back(self, path: bytes, data: bytes | None) -> None:
        file = self._place.file(path)
        try:
            if data is None:
                files.unlink(file)
            elif files.read_if_there(file) != data:
                files.replace_in(self._place, path, data)
        except (GuardError, OSError):
            return  # nothing can be written there: it is the one that could not be, and is as it was

    def _entry_before(self, path: bytes) -> tuple[bytes, bytes, bytes]:
        entry = self._staged.get(path)
        if entry is not None:
            return entry.mode, entry.oid, path
        length = len(next(iter(self._staged.values())).oid) if self._staged else 40
        return b"0", b"0" * length, path
