"""Does DVC see a new pointer in its folder, and which ignore lines does it take? DVC's own walk says so.

Git and DVC read ignore files differently. What a person would write is tried in turn, until DVC sees the pointer; where
nothing helps, the file stays in Git.
"""

from __future__ import annotations

from trinity_guard.dvcrepo.walk import Walk
from trinity_guard.errors import GuardError
from trinity_guard.migrate import ignorefiles
from trinity_guard.migrate.ignorefiles import GITIGNORE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from trinity_guard.migrate.ignorefiles import Hidden, Line, Reader


class Lines:
    """What a folder's files need of ignore lines. requests: folders that must be shown again further up; show: pointers
    in the folder itself; ignore: each file has a line of its own."""

    __slots__ = ("ignore", "requests", "show")

    def __init__(self, requests: Sequence[Hidden], show: bool, ignore: bool) -> None:
        self.requests = tuple(requests)
        self.show = show
        self.ignore = ignore


class Seen:
    """One folder (b"" or b"data/") below these lines; asked about the files in it."""

    def __init__(self, reader: Reader, chain: Sequence[Line], folder: bytes) -> None:
        self._reader = reader
        self._chain = chain
        self._folder = folder
        self._hidden = bool(reader.hidden_folders(chain, folder))
        self._requests = reader.to_show(chain, folder)
        self._walks: dict[tuple[tuple[Hidden, ...], bool], Walk] = {}

    def lines(self, name: bytes) -> Lines | str:
        """Return the lines that a file needs, or in words why DVC would not see its pointer."""
        reason = ""
        for lines in self._attempts(self._folder + name):
            if not self._chain:
                return lines
            try:
                hidden = self._walk(lines).hiding(b"", self._folder + name + b".dvc")
            except GuardError as error:
                return error.problem  # a .dvcignore that DVC cannot read
            if not hidden:
                return lines
            reason = reason or hidden
        return reason

    def _attempts(self, path: bytes) -> Iterator[Lines]:
        reader, chain = self._reader, self._chain
        show = not self._hidden and reader.hides(chain, path + b".dvc")
        ignore = not self._hidden and not reader.hides(chain, path)
        yield Lines(self._requests, show, ignore)
        yield Lines(self._requests, True, ignore)
        steps = self._folder.split(b"/")[:-1]
        for depth in range(1, len(steps) + 1):
            inner = b"".join(step + b"/" for step in steps[:depth])
            outer = b"".join(step + b"/" for step in steps[: depth - 1])
            yield Lines([(outer, inner, False)], True, True)

    def _walk(self, lines: Lines) -> Walk:
        key = (lines.requests, lines.show)
        if key not in self._walks:
            self._walks[key] = Walk(self._files(lines).get)
        return self._walks[key]

    def _files(self, lines: Lines) -> dict[bytes, bytes]:
        """Return the ignore files as they would be."""
        files: dict[bytes, bytes] = {}
        for folder, kind, line in self._chain:
            files[folder + kind] = files.get(folder + kind, b"") + line + b"\n"
        for outer, inner, all_in_it in lines.requests:
            path = outer + GITIGNORE
            shown = [(inner[len(outer) :], all_in_it)]
            files[path] = ignorefiles.with_lines(files.get(path, b""), shown, False, ())
        if lines.show:
            path = self._folder + GITIGNORE
            files[path] = ignorefiles.with_lines(files.get(path, b""), (), True, ())
        return files
