"""One remote, and the objects that it is to have: asked for, sent, and told apart from those that it lacks."""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.dvcrepo import compare, odb, tracked
from trinity_guard.dvcrepo import project as dvcproject
from trinity_guard.dvcrepo.output import Output, of_object
from trinity_guard.errors import GuardError, shown, typed
from trinity_guard.git import records
from trinity_guard.remotes import connect, trust

# So many files stand in one command.
MAX_COMMAND = 5

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from trinity_guard import Progress


class PushTarget:
    """One remote of one DVC project, and the cache that its objects come from."""

    __slots__ = ("cache", "name", "remote", "settings")

    def __init__(self, settings: dvcproject.Project, name: str) -> None:
        self.settings = settings
        self.name = name
        self.remote = settings.remotes[name]
        self.cache = settings.odb


def destination(place: git.Place, project: bytes, name: str, published: bool = False) -> PushTarget:
    """Find the remote `name` ("": the default) of a project; GuardError where there is none, or none to be trusted.

    published: the one that .dvc/config names, which is where everybody else looks.
    """
    settings = dvcproject.Project.at(place, project, published)
    name = (name or settings.default_remote or "").lower()  # as DVC reads its config
    if not name:
        raise _no_default(place, project)
    if name not in settings.remotes:
        raise GuardError(f"the DVC remote '{name}' is not configured", f"trinity-guard remote add {name} URL")
    found = PushTarget(settings, name)
    trust.require(place, settings, found.remote)
    trust.require_cache(place, settings)
    if found.remote.local is not None:
        _known_folder(place, found.remote.local)
    return found


def _no_default(place: git.Place, project: bytes) -> GuardError:
    own = dvcproject.Project.at(place, project)
    if not own.default_remote:
        return GuardError("no DVC remote is set", "trinity-guard remote add URL")
    name, known = own.default_remote, own.remotes.get(own.default_remote)
    words = f"the default remote '{name}' stands in this machine's own config alone: nobody else would look there"
    in_repo = known is not None and known.sources["url"] == trust.REPO
    return GuardError(words, f"dvc remote default {name}" if in_repo else "trinity-guard remote add URL")


class Delivery:
    """What became of some objects at a remote: those sent now, and md5 -> why one is not there."""

    __slots__ = ("children", "failed", "sent")

    def __init__(self) -> None:
        self.sent: set[str] = set()
        self.failed: dict[str, str] = {}
        self.children: dict[str, list[str]] = {}

    def lacking(self, item: Output) -> str:
        """Return why an object, or a file of that directory, is not on the remote; "" when it all is."""
        names = [item.name, *self.children.get(item.name, ())]
        return next((self.failed[n] for n in names if n in self.failed), "")


def deliver(
    to: PushTarget,
    remote: connect.Remote,
    group: Sequence[Output],
    known: Known | None,
    on_progress: Progress | None = None,
) -> Delivery:
    """Make sure that a remote has these objects, with the files of directories before them.

    known: what the remote is known to have, and is not asked about; None asks about everything.
    """
    done = Delivery()
    files, folders = _expanded(to.cache, group, known, done)
    there = remote.sizes([*files, *folders]) if files or folders else {}
    # Files first: a directory object whose files are missing tells DVC that they are there.
    lacking = [of_object(m, size) for m, size in files.items() if not _right(to.cache, m, size, there)]
    done.failed = remote.send(to.cache, lacking, on_progress) if lacking else {}
    missing = [of_object(m) for m in folders if not _right(to.cache, m, -1, there)]
    complete = [w for w in missing if not any(c in done.failed for c in done.children.get(w.name, ()))]
    if complete:
        done.failed.update(remote.send(to.cache, complete))
    done.sent = {w.name for w in lacking + complete} - set(done.failed)
    for whole in [w for w in missing if w not in complete]:
        why = next(done.failed[c] for c in done.children[whole.name] if c in done.failed)
        done.failed[whole.name] = f"a file of this directory could not go: {why}"
    if known is not None:
        known.add([m for m in (*files, *folders) if m not in done.failed])
    return done


def _expanded(
    cache: odb.Store, group: Sequence[Output], known: Known | None, done: Delivery
) -> tuple[dict[str, int], dict[str, None]]:
    """Return the files (md5 -> size, -1 unknown) to make sure of, and the directory objects."""
    files: dict[str, int] = {}
    folders: dict[str, None] = {}
    for item in group:
        if known is not None and item.name in known:
            continue
        if not item.is_dir:
            files[item.name] = item.size
            continue
        folders[item.name] = None
        done.children[item.name] = [md5 for md5, _ in odb.children(cache, item.name)]
        for md5 in done.children[item.name]:
            files.setdefault(md5, -1)
    return files, folders


def _right(cache: odb.Store, md5: str, size: int, there: dict[str, int]) -> bool:
    """Whether the remote has an object, of the size that is expected: anything else is a damaged one."""
    if md5 not in there:
        return False
    here = cache.size(md5)
    # The cache's own size counts before the pointer's, which anybody can have written.
    expected = here if here is not None else size
    if expected < 0 or there[md5] in (expected, -1):
        return True
    # A damaged object of the cache tells nothing of the remote's.
    return size in (-1, there[md5]) and here is not None and not cache.holds(md5)


def _name_of(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


class Known:
    """A small local record of what a remote has, so that a push asks nothing twice. The gate never trusts it."""

    def __init__(self, place: git.Place, remote: dvcproject.RemoteConfig) -> None:
        # A folder is asked as fast as a record, and may be emptied by anybody.
        self._file = b""
        self._md5s: set[str] | None = None
        if remote.local is None:
            name = _name_of(remote.url + "\0" + remote.options.get("endpointurl", ""))
            self._file = os.path.join(place.own, b"known", name.encode())

    def __contains__(self, md5: str) -> bool:
        return md5 in self._read()

    def _read(self) -> set[str]:
        if self._md5s is None:
            found = records.read_if_readable(self._file, 1) if self._file else []
            self._md5s = {os.fsdecode(md5) for (md5,) in found}
        return self._md5s

    def add(self, md5s: Sequence[str]) -> None:
        new = [m for m in md5s if m not in self._read()]
        if self._file and new:
            self._read().update(new)
            records.append_if_writable(self._file, [(m.encode(),) for m in new])

    def forget(self, md5s: Sequence[str]) -> None:
        """Take out what turned out not to be there."""
        gone = self._read() & set(md5s)
        if self._file and gone:
            self._md5s = self._read() - gone
            records.write_if_writable(self._file, [(os.fsencode(m),) for m in sorted(self._md5s)])


def _published_before() -> bool:
    """Whether commits that other Git remotes have name objects: whoever made those made the folder, somewhere."""
    patterns = ("*.dvc", "dvc.lock", "*/dvc.lock")
    return bool(git.run("rev-list", "-1", "--remotes", "--", *(f":(glob)**/{p}" for p in patterns)))


def was_made(place: git.Place, folder: bytes) -> bool:
    """Whether a push has made, or found, this folder of a local remote before."""
    return (folder,) in records.read(_known_folders(place), 1)


def _known_folders(place: git.Place) -> bytes:
    return os.path.join(place.own, b"known-folders")


def _known_folder(place: git.Place, folder: bytes) -> None:
    """Make a local remote's folder the first time; one that was there and is gone is a disk that is not mounted."""
    if was_made(place, folder):
        if not os.path.isdir(folder):
            raise GuardError(f"the remote's folder {shown(folder)} is away", "trinity-guard push --pending")
        return
    if not os.path.isdir(folder) and _published_before():
        words = f"the remote's folder {shown(folder)} is not there, though published commits name objects: "
        remedy = f"ls -ld {typed(os.path.dirname(folder))}     # a new one: mkdir -p {typed(folder)}"
        raise GuardError(words + "is its disk not mounted?", remedy)
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise GuardError(f"cannot make the remote's folder {shown(folder)}: {error.strerror}") from error
    records.write_if_writable(_known_folders(place), [*records.read(_known_folders(place), 1), (folder,)])


def from_here(place: git.Place, lacking: Sequence[tuple[Output, str]]) -> list[str]:
    """Return the command that puts into the cache again what it lost, where the work tree has the bytes still.

    lacking: objects, and why each is not on the remote.
    """
    lost = [item for item, why in lacking if "in the cache" in why and not _has_damaged_file(item, why)]
    return restoring(place, lost) or _renewing(place, [pair for pair in lacking if _has_damaged_file(*pair)])


def _has_damaged_file(item: Output, why: str) -> bool:
    return item.is_dir and connect.DAMAGED_OBJECT in why


def _renewing(place: git.Place, damaged: Sequence[tuple[Output, str]]) -> list[str]:
    """Return the command for a directory of which one file's object is damaged: while it is there, `convert`, which
    reads no file of a directory that it knows, takes it for good."""
    outputs = tracked.load(place).outputs() if damaged else ()
    for item, why in damaged:
        for path in compare.here(place, outputs, {item.name}):
            spoilt = os.fsencode(why.partition(connect.DAMAGED_OBJECT)[2].removesuffix(")"))
            return [f"rm -f {typed(spoilt)} && trinity-guard convert {typed(path)}     # the bytes are here"]
    return []


def restoring(place: git.Place, lost: Sequence[Output]) -> list[str]:
    """Return the command that puts these objects into the cache again, where the work tree has their bytes still."""
    names = {item.name for item in lost}
    here = compare.here(place, tracked.load(place).outputs(), names) if names else []
    few = " ".join(typed(path) for path in here[:MAX_COMMAND])
    return [f"trinity-guard convert {few}     # the bytes are here: puts them into the cache again"] if here else []
