"""`.gitattributes` without Git LFS in each commit: they follow what became of the pointers."""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.git.catfile import FILES
from trinity_guard.migrate.kinds import ATTRIBUTES
from trinity_guard.migrate.lfslines import FILTER, lines, without_lfs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from trinity_guard.git.catfile import Source
    from trinity_guard.git.packwriter import Pack
    from trinity_guard.migrate.folder import Folder
    from trinity_guard.migrate.lfslines import Macros


class Leaving:
    """What leaves Git LFS in each commit: .gitattributes follow what became of the pointers.

    pointers: all blobs (20 bytes) that are pointers of LFS; lost: those whose object nobody has, so that a line for
    them serves nobody. changed: paths of attributes that lost something; leaves_some: some files are still at LFS.
    """

    def __init__(self, source: Source, pack: Pack, pointers: Collection[bytes], lost: Collection[bytes] = ()) -> None:
        self._source = source
        self._pack = pack
        self._pointers = frozenset(pointers).difference(lost)
        # File of attributes -> path of a pointer, below its folder -> the lines that mean it.
        self._meant: dict[bytes, dict[bytes, frozenset[int]]] = {}
        self._cleaned: dict[tuple[bytes, tuple[tuple[bytes, bool], ...], frozenset[int]], bytes] = {}
        self.changed: set[bytes] = set()
        self.leaves_some = False

    def staying(self, folder: Folder) -> list[bytes]:
        """Return the paths of the pointers that are left in a folder."""
        left = [e for e in folder.all_entries() if e[2] in self._pointers and e[0] in FILES]
        return [folder.path + name for _, name, _ in left]

    def follow(self, folder: Folder, macros: Macros) -> None:
        """Take LFS out of a folder's .gitattributes, but for what stays in it and below (folder.staying)."""
        folder.staying += self.staying(folder)
        entry = folder.entries.get(ATTRIBUTES)
        if entry is None or entry[0] not in FILES:
            return
        data = self._source.one(entry[2].hex().encode())
        if FILTER not in data and not macros:
            return
        below = [path[len(folder.path) :] for path in folder.staying]
        self.leaves_some = self.leaves_some or bool(below)
        new = self._without(data, macros, self._kept(data, below) if below else frozenset())
        if new != data:
            self.changed.add(folder.path + ATTRIBUTES)
            if new:
                folder.put(entry[0], ATTRIBUTES, self._pack.add(b"blob", new, folder.path + ATTRIBUTES))
            else:
                folder.drop(ATTRIBUTES)

    def _without(self, data: bytes, macros: Macros, kept: frozenset[int]) -> bytes:
        key = (data, tuple(macros.items()), kept)
        if key not in self._cleaned:
            self._cleaned[key] = without_lfs(data, macros, kept)
        return self._cleaned[key]

    def _kept(self, data: bytes, paths: Sequence[bytes]) -> frozenset[int]:
        """Return the lines that mean one of these paths; with them the macros stay."""
        known = self._meant.setdefault(data, {})
        unknown = [path for path in paths if path not in known]
        if unknown:
            known.update(meant(self._source, data, unknown))
        macros = {n for n, line in enumerate(lines(data)) if line.macro}
        return frozenset(macros.union(*(known[path] for path in paths)))


def meant(source: Source, data: bytes, paths: Sequence[bytes]) -> dict[bytes, frozenset[int]]:
    """Return path -> numbers of the lines of a .gitattributes whose patterns mean it. Git itself says so: each line is
    given an attribute of its own."""
    import tempfile

    found: dict[bytes, set[int]] = {path: set() for path in paths}
    patterns = [(n, line.pattern) for n, line in enumerate(lines(data)) if line.pattern and not line.macro]
    with tempfile.TemporaryDirectory(prefix="trinity-guard-") as folder:
        file = os.path.join(folder, "attributes")
        with open(file, "wb") as out:
            out.writelines(b"%s trinity-guard-line-%d\n" % (pattern, n) for n, pattern in patterns)
        args: list[git.Arg] = ["check-attr", "--cached", "-z", "--stdin", "--all"]
        env = {**source.env, "GIT_INDEX_FILE": os.path.join(folder, "index")}
        argv = ["git", "-c", f"core.attributesFile={file}", *source.argv(*args)[1:]]
        result = git.spawn(argv, b"".join(path + b"\0" for path in paths), env)
    if result.code:
        raise git.failure(args, result)
    fields = result.out.split(b"\0")
    for path, name, _ in zip(fields[::3], fields[1::3], fields[2::3], strict=False):
        if name.startswith(b"trinity-guard-line-"):
            found[path].add(int(name.rpartition(b"-")[2]))
    return {path: frozenset(numbers) for path, numbers in found.items()}
