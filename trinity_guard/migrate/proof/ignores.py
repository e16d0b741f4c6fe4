"""The proof of what is ignored: Git itself says that it does not see the file that became a pointer, and DVC's own walk
that it sees the pointer.

Most is plain from one line (`/model.pkl`); for the rest a real `git check-ignore` looks at the ignore files of that
commit, laid out in a folder that is there for a moment.
"""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.dvcrepo.walk import IGNORE, Walk
from trinity_guard.errors import GuardError
from trinity_guard.migrate.proof.lines import name_of, shows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Set

    from trinity_guard.git.catfile import Source

    # The ignore files (b".gitignore" or b"m/.dvcignore") from the top down, and their blobs (hex).
    Chain = tuple[tuple[bytes, bytes], ...]
    # The same with lines in the place of the blob.
    Lines = tuple[tuple[bytes, bytes], ...]

MAX_FILES = 64
NOT_IGNORED = "is not ignored, and its pointer is there"


class _File:
    """An ignore file taken apart: names that a line of their own ignores, and all other lines.

    plain: none of the others takes a name back.
    """

    __slots__ = ("data", "names", "other", "plain")

    def __init__(self, data: bytes, known: dict[bytes, bytes]) -> None:
        """known: line -> the name that it means, of lines that were looked at before: most stand in many versions."""
        self.data = data
        lines = data.split(b"\n")
        known.update({line: name_of(line) for line in set(lines).difference(known)})
        self.names = set(map(known.__getitem__, lines))
        others = b"" in self.names
        self.names.discard(b"")
        other = [line for line in lines if not known[line]] if others else []
        other = [line for line in other if line.strip() and not line.startswith(b"#")]
        self.other = b"\n".join(other)
        self.plain = all(shows(line) for line in other if line.startswith(b"!"))


class Ignored:
    """Takes what must be hidden and what must be seen, folder by folder; `unsafe` tells what is not so."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._files: dict[bytes, _File] = {}
        self._names: dict[bytes, bytes] = {}
        self._asked: dict[Lines, dict[bytes, None]] = {}
        self._seen: dict[Lines, dict[bytes, None]] = {}

    def note(self, chain: Chain, folder: bytes, gone: Set[bytes], other: Mapping[bytes, bytes]) -> None:
        """Take files that are gone (names): they must be ignored, and their pointers seen. other: name -> pointer, of
        those whose pointer has another name than theirs, or was there before."""
        files = [(path, self._file(oid)) for path, oid in chain]
        own = next((file for path, file in files if path == folder + IGNORE), None)
        listed = own.names if own is not None and own.plain else frozenset()
        unlisted = gone - listed
        if unlisted:
            asked = self._asked.setdefault(_key((p, f.data) for p, f in files if p.endswith(IGNORE)), {})
            asked.update(dict.fromkeys(folder + name for name in unlisted))
        if any(file.other or b".dvc" in file.data for _, file in files) or any(
            folder.startswith(path[: path.rfind(b"/") + 1]) and not file.names.isdisjoint(folder.split(b"/"))
            for path, file in files
        ):
            pointers = {other.get(name, name + b".dvc") for name in gone}
            self._note_pointers(files, folder, pointers)

    def reduced(self, chain: Chain, folder: bytes) -> Lines:
        """Return what of the ignore files above a folder may say anything on what is in it: mostly nothing."""
        files = [(path, self._file(oid)) for path, oid in chain]
        return _key(_concerning(files, folder, set()))

    def _note_pointers(self, files: list[tuple[bytes, _File]], folder: bytes, names: set[bytes]) -> None:
        key = _key(_concerning(files, folder, names))
        if key:
            self._seen.setdefault(key, {}).update(dict.fromkeys(folder + name for name in names))

    def unsafe(self) -> dict[bytes, str]:
        """Return path -> what is wrong with a file that became a pointer."""
        return {**self._not_ignored(), **self._not_seen()}

    def _not_seen(self) -> dict[bytes, str]:
        found = {}
        for key, paths in self._seen.items():
            walk = Walk(dict(key).get)
            for path in paths:
                try:
                    hidden = walk.hiding(b"", path)
                except GuardError as error:
                    hidden = error.problem
                if hidden:
                    found[path.removesuffix(b".dvc")] = f"DVC does not see its pointer: {hidden}"
        return found

    def _not_ignored(self) -> dict[bytes, str]:
        import tempfile

        if not self._asked:
            return {}
        with tempfile.TemporaryDirectory(prefix="trinity-guard-") as folder:
            top = os.fsencode(folder)
            wanted = {
                b"%d/%s" % (number, path): path for number, paths in enumerate(self._asked.values()) for path in paths
            }
            self._lay_out(top)
            hidden = set(_checked(top, wanted))
        return {path: NOT_IGNORED for name, path in wanted.items() if name not in hidden}

    def _file(self, oid: bytes) -> _File:
        if oid not in self._files:
            if len(self._files) >= MAX_FILES:
                self._files.clear()  # commits come one after the other: those of old ones are not asked for again
            self._files[oid] = _File(self._source.one(oid), self._names)
        return self._files[oid]

    def _lay_out(self, top: bytes) -> None:
        for number, lines in enumerate(self._asked):
            for path, text in lines:
                name = os.path.join(top, b"%d" % number, path)
                os.makedirs(os.path.dirname(name), exist_ok=True)
                with open(name, "wb") as file:
                    file.write(text)


def _concerning(
    files: Iterable[tuple[bytes, _File]], folder: bytes, names: Collection[bytes]
) -> Iterator[tuple[bytes, bytes]]:
    """Yield the lines that may concern these names in a folder; those that name other files alone are left out."""
    for path, file in files:
        where = path[: path.rfind(b"/") + 1]
        steps = names if where == folder else [folder[len(where) :].partition(b"/")[0]]
        yield path, file.other if file.names.isdisjoint(steps) else file.data


def _key(lines: Iterable[tuple[bytes, bytes]]) -> Lines:
    return tuple((path, text) for path, text in lines if text.strip())


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
