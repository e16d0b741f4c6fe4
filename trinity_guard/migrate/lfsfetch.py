"""Objects that are still at the LFS server: fetched by Git LFS itself, and what of them it could not bring.

Where the server is, who may read there, and which of a clone's `.lfsconfig` is believed: Git LFS goes by Git's own
configuration. Nothing of it is read here, and no address that it prints is shown with what is secret in it.
"""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.detect.patterns import size_text
from trinity_guard.errors import GuardError, shown, typed
from trinity_guard.git import files
from trinity_guard.migrate import filters, firstbytes, lfs
from trinity_guard.migrate.reasons import LFS_LOST, LFS_TEXT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from trinity_guard.git.catfile import Source
    from trinity_guard.migrate.filters import Speaking
    from trinity_guard.migrate.migration import Migration
    from trinity_guard.migrate.progress import Progress
    from trinity_guard.migrate.scan import Scan

COMMAND = ("lfs", "fetch", "--all")
LEAVE = "(or again with --leave-missing: these stay pointers)"
# What the server says of one object: it has it not, or has other bytes. (No server's trouble, which may pass.)
OF_AN_OBJECT = rb"(?i)\[(404|410|422)\]|does not exist|not found|expected oid"
OF_ALL = b"Cannot find any of the requested objects"
MAX_LINES = 5
PAUSE = 0.5  # seconds until it is looked again how much has come


class Fetched:
    """What Git LFS said. code: 0 where it brought everything; gone: sha256 of what the server has not, or otherwise."""

    def __init__(self, code: int = 0, words: str = "", gone: Collection[str] = (), all_gone: bool = False) -> None:
        self.code = code
        self.words = words
        self.gone = frozenset(gone)
        self.all_gone = all_gone

    @property
    def installed(self) -> bool:
        return "is not a git command" not in self.words


def fetch(migration: Migration) -> Fetched:
    """Have Git LFS fetch the objects of all refs, where any of this repository's pointers lacks its own."""
    source = migration.source
    folder = lfs.of(source)
    absent = {p.sha256: p for p in firstbytes.lfs_pointers(source).values() if not lfs.is_whole(folder, p)}
    if not absent:
        return Fetched()
    arriving = Arriving(folder, absent)
    _require_room(folder, arriving.total)
    place = source.place
    env = {**source.env, "LC_ALL": "C", "LANGUAGE": "C"}
    stop = _tell(arriving, migration.on_progress)
    try:
        result = git.attempt(*COMMAND, env=env, at=place.git_dir if place.bare else place.top)
    finally:
        stop()
    return read(result.code, result.err + b"\n" + result.out)


class Arriving:
    """How many bytes of LFS objects have come. folder: see `lfs.of`; absent: sha256 -> what is waited for."""

    def __init__(self, folder: bytes, absent: Mapping[str, lfs.LfsObject]) -> None:
        self._folder = folder
        self._absent = dict(absent)
        self.total = sum(p.size for p in absent.values())

    def done(self) -> int:
        """Return the bytes that are here by now, those of objects that are not whole among them."""
        for sha256 in [s for s, p in self._absent.items() if lfs.is_whole(self._folder, p)]:
            del self._absent[sha256]
        return self.total - sum(p.size for p in self._absent.values()) + self._begun()

    def _begun(self) -> int:
        """Return the bytes of what Git LFS writes just now, in files whose names begin with the object's."""
        try:
            with os.scandir(os.path.join(os.path.dirname(self._folder), b"incomplete")) as files:
                return sum(file.stat().st_size for file in files if file.name[:64].decode() in self._absent)
        except (OSError, UnicodeDecodeError):
            return 0  # there is none yet, or one of them is gone by now


def _tell(arriving: Arriving, on_progress: Progress) -> Callable[[], None]:
    """Tell how much has come, from time to time, until what is returned is called."""
    import threading

    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(PAUSE):
            on_progress("fetch", arriving.done(), arriving.total)

    on_progress("fetch", 0, arriving.total)
    watching = threading.Thread(target=watch, daemon=True)
    watching.start()

    def stop() -> None:
        ended.set()
        watching.join()

    return stop


def read(code: int, said: bytes) -> Fetched:
    """Return what these words of Git LFS mean."""
    import re

    about = [line for line in said.splitlines() if re.search(OF_AN_OBJECT, line)]
    gone = [found[0].decode() for line in about if (found := re.findall(rb"\b[0-9a-f]{64}\b", line))]
    return Fetched(code, _words(said), gone, OF_ALL in said)


def _words(said: bytes) -> str:
    """Return what Git LFS complained of, without anything secret that stands in an address."""
    import re

    lines = [line.strip() for line in said.splitlines() if line.strip() and not line.startswith((b"fetch:", b"hint:"))]
    text = "; ".join(shown(line) for line in lines[-MAX_LINES:])
    text = re.sub(r"://[^/\s\"']*@", "://", text)
    return re.sub(r"(?<=[\w/])\?[^\s\"'<>]*", "", text)


def _require_room(folder: bytes, needed: int) -> None:
    free = files.room(folder)
    if free is not None and free < needed:
        raise GuardError(
            problem=f"the LFS objects that are not here need {size_text(needed)}, and the disk of {shown(folder)} has "
            f"{size_text(free)} left; nothing was changed.",
            remedy="git config lfs.storage FOLDER     # on a larger disk; or free some room",
        )


def judge(
    source: Source, scan: Scan, speaking: Mapping[bytes, Speaking], fetched: Fetched, leave_missing: bool
) -> set[bytes]:
    """Say of each pointer without its object why it stays; return the blobs (20 bytes) that need no line of
    .gitattributes: nobody has their object, or they only read like pointers.

    GuardError where an object is missing, unless leave_missing. speaking: see `filters.speaking`.
    """
    folder = lfs.of(source)
    absent = {
        oid: p for oid, size in scan.blobs.items() if (p := size.lfs) and not p.encoded and not lfs.here(folder, p)
    }
    texts = _texts(source, scan, speaking, absent)
    lost = {oid for oid in absent.keys() - texts if fetched.all_gone or absent[oid].sha256 in fetched.gone}
    if absent.keys() - texts and not leave_missing:
        unknown = absent.keys() - texts - lost
        raise _refused(scan, unknown or lost, fetched, folder, bool(unknown))
    for oid, pointer in absent.items():
        pointer.why = LFS_TEXT if oid in texts else LFS_LOST if oid in lost else pointer.why
    return lost | texts


def _refused(scan: Scan, missing: Collection[bytes], fetched: Fetched, folder: bytes, unknown: bool) -> GuardError:
    """folder: see `lfs.of`. unknown: the server did not answer for them; else it has none of them, or not whole."""
    paths = sorted(path for path, blobs in scan.versions.items() if not blobs.keys().isdisjoint(missing))
    objects = {p.sha256: p.size for oid in missing if (p := scan.blobs[oid].lfs)}
    named = ", ".join(shown(path) for path in paths[:MAX_LINES]) + (", …" if len(paths) > MAX_LINES else "")
    what = f"{len(objects):,} LFS object{'s' * (len(objects) != 1)} ({size_text(sum(objects.values()))}) of {named}"
    if not fetched.installed:
        return GuardError(
            problem=f"git-lfs is not installed, and {what} must be fetched; no ref was moved.",
            remedy=f"install git-lfs (https://git-lfs.com), then again     # {LEAVE}",
        )
    if unknown:
        return GuardError(
            problem=f"`git lfs fetch --all` brought nothing for {what}; no ref was moved. It says: {fetched.words}",
            remedy=f"git lfs fetch --all     # must work first, then again {LEAVE}",
        )
    return GuardError(
        problem=f"the LFS server does not have {what}, or not whole; no ref was moved. It says: {fetched.words}",
        remedy=f"cp -Rn CLONE/.git/lfs/objects {typed(os.path.dirname(folder))}     # of one that has them, then again "
        f"{LEAVE}",
    )


def _texts(source: Source, scan: Scan, speaking: Mapping[bytes, Speaking], absent: Collection[bytes]) -> set[bytes]:
    """Return those of the blobs that only read like pointers: where they stand, nothing gives them to Git LFS."""
    if not absent:
        return set()
    roots = [*scan.roots, *scan.extra]
    groups: dict[Speaking | None, dict[bytes, list[bytes]]] = {}
    where: dict[Speaking | None, bytes] = {}
    for path, blobs in scan.versions.items():
        for oid in blobs.keys() & set(absent):
            files = speaking.get(roots[blobs[oid]])
            groups.setdefault(files, {}).setdefault(path, []).append(oid)
            where[files] = roots[blobs[oid]]
    given: set[bytes] = set()
    for files, paths in groups.items():
        root = where[files].hex().encode() if files else b""
        for path, value in filters.filtered(source, root, sorted(paths)):
            given.update(paths[path] if value == b"lfs" else [])
    return set(absent) - given
