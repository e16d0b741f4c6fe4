"""The proof of what is ignored: Git itself says that it sees each new pointer, and not the file that it stands for.

Most is plain from one line (`/model.pkl`); for the rest a real `git check-ignore` looks at the ignore files of that
commit, laid out in a folder that is there for a moment.
"""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.errors import shown
from trinity_guard.migrate.proof.lines import name_of, shows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from trinity_guard.git.catfile import Source

    # The folders (b"" or b"m/") from the top down that have a .gitignore, and its blob (hex).
    Chain = tuple[tuple[bytes, bytes], ...]
    # The same with lines in the place of the blob.
    Lines = tuple[tuple[bytes, bytes], ...]


class _File:
    """A .gitignore taken apart: names that a line of their own ignores, and all other lines."""

    __slots__ = ("data", "names", "other")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.names: set[bytes] = set()
        other = []
        for line in data.split(b"\n"):
            name = name_of(line)
            if name:
                self.names.add(name)
            elif line.strip() and not line.startswith(b"#"):
                other.append(line)
        self.other = b"\n".join(other)

    def hides(self, name: bytes) -> bool:
        """Whether one line says so, and none takes it back."""
        return name in self.names and all(shows(line) for line in self.other.split(b"\n") if line.startswith(b"!"))


class Ignored:
    """Takes what must be hidden and what must be seen, folder by folder; `wrong` tells what is not so."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._files: dict[bytes, _File] = {}
        self._asked: dict[Lines, dict[bytes, bool]] = {}

    def note(self, chain: Chain, folder: bytes, hidden: bytes, seen: bytes) -> None:
        """Take a file that is gone, and its pointer (names): the one must be ignored, the other one not."""
        files = [(where, self._file(oid)) for where, oid in chain]
        if not (chain and chain[-1][0] == folder and files[-1][1].hides(hidden)):
            self._ask(((where, file.data) for where, file in files), folder + hidden, True)
        path = folder + seen
        plain = all(path[len(where) :].partition(b"/")[0] not in file.names for where, file in files)
        lines = [(where, file.other if plain else file.data) for where, file in files]
        if any(text for _, text in lines):
            self._ask(lines, path, False)

    def wrong(self) -> list[str]:
        import tempfile

        if not self._asked:
            return []
        with tempfile.TemporaryDirectory(prefix="trinity-guard-") as folder:
            top = os.fsencode(folder)
            wanted = {
                b"%d/%s" % (number, path): (path, hide)
                for number, paths in enumerate(self._asked.values())
                for path, hide in paths.items()
            }
            self._lay_out(top)
            hidden = set(_checked(top, wanted))
        words = {True: "is not ignored, and its pointer is there", False: "is ignored: DVC would not see it"}
        said = [f"{shown(path)} {words[hide]}" for name, (path, hide) in wanted.items() if hide != (name in hidden)]
        return list(dict.fromkeys(said))

    def _file(self, oid: bytes) -> _File:
        if oid not in self._files:
            self._files[oid] = _File(self._source.one(oid))
        return self._files[oid]

    def _ask(self, lines: Iterable[tuple[bytes, bytes]], path: bytes, hide: bool) -> None:
        key = tuple((where, text) for where, text in lines if text)
        self._asked.setdefault(key, {})[path] = hide

    def _lay_out(self, top: bytes) -> None:
        for number, lines in enumerate(self._asked):
            for where, text in lines:
                folder = os.path.join(top, b"%d" % number, where)
                os.makedirs(folder, exist_ok=True)
                with open(os.path.join(folder, b".gitignore"), "wb") as file:
                    file.write(text)


def _checked(top: bytes, names: Iterable[bytes]) -> list[bytes]:
    """Return those of the names that Git ignores."""
    env = git.other_repository()
    at: list[git.Arg] = ["git", "-C", top, "-c", "core.excludesFile=" + os.devnull, "-c", "core.ignoreCase=false"]
    made = git.spawn([*at, "init", "-q", "--template="], env=env)
    if made.code:
        raise git.failure(("init",), made)
    data = b"".join(name + b"\0" for name in names)
    result = git.spawn([*at, "check-ignore", "--no-index", "-z", "--stdin"], data, env)
    if result.code not in (0, 1):
        raise git.failure(("check-ignore",), result)
    return result.out.split(b"\0")[:-1]
