"""What a file of a history is by its name, and which folders have anything of such a kind at any time."""

from __future__ import annotations

from binascii import unhexlify

from trinity_guard.dvcrepo.paths import is_pipeline, is_reference
from trinity_guard.errors import GuardError
from trinity_guard.git import treediff

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from trinity_guard.git.catfile import Source
    from trinity_guard.migrate.firstbytes import Told
    from trinity_guard.migrate.selection import Selection

# In the place of an artifact's bit: a file that DVC reads, and one of ignore lines.
DVC, IGNORES = -1, -2
GITIGNORE, DVCIGNORE, ATTRIBUTES = b".gitignore", b".dvcignore", b".gitattributes"
# What has filters leave pointers and ignore files alone, before the name of an attributes file, which need not end in
# a newline.
UNFILTERED = "printf '\\n*.dvc -filter\\n.gitignore -filter\\n' >>"
# A folder of such a name says something on what lies beside it.
SPEAKING = frozenset((b".dvc", GITIGNORE, DVCIGNORE))
# Paths that are remembered while Git tells them.
MAX_PATHS = 500_000


class Kinds:
    """The kind of each path: an artifact's bit, DVC, IGNORES, or 0; asked for once a name, or once a path where the
    folders matter."""

    def __init__(self, selection: Selection) -> None:
        self._selection = selection
        self._by_name: dict[bytes, int] = {}
        self._by_path: dict[bytes, int] = {}
        self._plain: dict[bytes, bool] = {}

    def is_plain(self, folder: bytes) -> bool:
        """Whether a folder's own name, and those above it, say nothing on the files in it."""
        plain = self._plain.get(folder)
        if plain is None:
            plain = self._plain[folder] = not folder or not self._selection.sieve(folder)
        return plain

    def known(self, folder: bytes) -> dict[bytes, int]:
        """Return name -> kind, as far as names alone have told it for the files of a folder."""
        return self._by_name if self.is_plain(folder) else {}

    def of(self, folder: bytes, name: bytes) -> int:
        if self._selection.by_name and self.is_plain(folder):
            kind = self._by_name[name] = _dvc_file(name) or self._selection.bit(name)
            return kind
        full = folder + name
        known = self._by_path.get(full)
        if known is None:
            known = self._by_path[full] = _dvc_file(name) or self._selection.bit(full)
        return known


def _dvc_file(name: bytes) -> int:
    if name in (GITIGNORE, DVCIGNORE):
        return IGNORES  # one that is no file keeps DVC from reading anything
    return DVC if is_reference(name) or is_pipeline(name) or name == b".dvc" else 0


def folders(
    source: Source, trees: Iterable[bytes], kinds: Kinds, told: Told, pointers: Collection[bytes] | None
) -> set[bytes] | None:
    """Return the folders (b"", b"data/") of these trees (hex) that have anything of a kind, at any depth; None where
    Git cannot tell, as one of them is damaged.

    told: looks at all blobs that no name tells, and those that it finds count whatever their names; so do pointers (20
    bytes), and with them .gitattributes, where they are given.
    """
    found, seen = {b""}, dict[bytes, bool]()
    try:
        for entries in treediff.entering(source, trees):
            for _, path in entries:
                if path not in seen:
                    seen[path] = _first(path, kinds, pointers is not None, found)
            told.look([unhexlify(oid) for oid, path in entries if seen[path]])
            for blobs in (told, pointers):
                if blobs:
                    found.update(*(_above(path)[0] for oid, path in entries if unhexlify(oid) in blobs))
            if len(seen) > MAX_PATHS:
                seen.clear()
    except GuardError:
        return None
    return found


def _first(path: bytes, kinds: Kinds, attributes: bool, found: set[bytes]) -> bool:
    """Note the folders above a path, where its name counts; return whether the bytes of its files may tell more."""
    above, name = _above(path)
    kind = kinds.of(above[-1], name)
    if kind or (attributes and name == ATTRIBUTES) or not SPEAKING.isdisjoint(path.split(b"/")):
        found.update(above)
    return not kind


def _above(path: bytes) -> tuple[list[bytes], bytes]:
    """Return the folders above a path, from the top on, and its name."""
    *names, name = path.split(b"/")
    above = [b""]
    for folder in names:
        above.append(above[-1] + folder + b"/")
    return above, name
