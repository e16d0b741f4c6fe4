"""Where the objects of a migrated history go: the DVC config that its commits get, and the remote that it names."""

from __future__ import annotations

import contextlib
import os

from trinity_guard import git
from trinity_guard.detect.patterns import size_text
from trinity_guard.dvcrepo import project as dvcproject
from trinity_guard.dvcrepo import safe_paths, secrets, urls
from trinity_guard.dvcrepo.output import of_object
from trinity_guard.errors import UNUSABLE, GuardError, shown, typed
from trinity_guard.git import files
from trinity_guard.migrate import dvcfiles, leading
from trinity_guard.migrate.leading import Leads
from trinity_guard.push import deliver
from trinity_guard.remotes import add, connect, trust

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from trinity_guard import Progress
    from trinity_guard.config import Config
    from trinity_guard.dvcrepo.odb import Store
    from trinity_guard.dvcrepo.output import Output
    from trinity_guard.migrate.dvcfiles import DvcFiles

CONFIG, IGNORE, _ = dvcproject.FILES
# So deep that the relative address of a folder does not lead out of what is made for a moment.
DEPTH = b"a/b/c/d/e/f/g/h"


class Destination:
    """name: of the DVC remote, "" for none; url: its address, no secret in it; files: DVC's own, for the history.

    fresh: typed just now, or chosen by us, and so confirmed.
    """

    def __init__(self, name: str, url: str, files: DvcFiles, fresh: bool) -> None:
        self.name = name
        self.url = url
        self.files = files
        self.fresh = fresh


def find(place: git.Place, config: Config, url: str | None, given: DvcFiles | None = None) -> Destination:
    """Return where the objects go: as the repository's DVC config says, else to `url`, else to a folder beside it.

    given: DVC's files that a migration has put into this history, in the place of the repository's.
    """
    if url is not None:
        _require_safe(url)
    data = given.config if given is not None else _committed(place, CONFIG)
    if data is None:
        address = (
            _address(place, url)
            if url is not None
            else os.fsdecode(add.folder_beside(place, "trinity-guard migrate run --remote URL"))
        )
        name = (config.remote or add.REMOTE).lower()
        found = at(name, address)
        with project(place, found):  # refuses what DVC would not read
            return found
    if leaked := secrets.credentials_in(data, CONFIG):
        raise secrets.refusal(leaked, CONFIG)
    # Today's .dvcignore may hide from DVC what an older commit has: each has its own, or one that hides nothing.
    files = given or dvcfiles.DvcFiles(data, _committed(place, IGNORE) or dvcfiles.DVC_GITIGNORE, dvcfiles.DVC_IGNORE)
    found = Destination("", "", files, fresh=False)
    with project(place, found) as settings:
        found.name = (config.remote or settings.default_remote or "").lower()
        remote = settings.remotes.get(found.name)
        found.url = trust.words(remote) if remote is not None else ""
        if url is not None:
            _require_same(place, remote, url)
        if remote is not None:
            _require_shared(place, found, remote)
    return found


def at(name: str, address: str) -> Destination:
    """Return a destination of our own making."""
    return Destination(name, address, dvcfiles.dvc_files({name: address}, name), fresh=True)


def configured(place: git.Place) -> bool:
    """Whether the repository has a DVC config."""
    return _committed(place, CONFIG) is not None


def _require_safe(url: str) -> None:
    try:
        add.require_safe(url)
    except GuardError as error:
        remedy = error.remedy.replace("trinity-guard init --remote", "trinity-guard migrate run --remote")
        raise GuardError(error.problem, remedy, error.exit_code) from None


def _committed(place: git.Place, name: bytes) -> bytes | None:
    """Return a file of DVC's: the work tree's, in a bare repository that of HEAD."""
    if place.bare:
        found = git.attempt("cat-file", "blob", b"HEAD:" + name, at=place.git_dir)
        return None if found.code else found.out
    return files.read_if_there(place.file(name))


def _address(place: git.Place, url: str) -> str:
    """Return a typed address as it is to stand in .dvc/config: a relative folder was meant from here."""
    if "://" in url or os.path.isabs(url):
        return url
    folder = os.path.abspath(url)
    return folder if place.bare else os.path.relpath(folder, os.fsdecode(place.file(b".dvc")))


def _require_same(place: git.Place, remote: dvcproject.RemoteConfig | None, url: str) -> None:
    if remote is not None:
        folder = dvcproject.local_folder(url if "://" in url else os.path.abspath(url))
        if remote.local == folder if folder is not None else remote.url.rstrip("/") == url.rstrip("/"):
            return
    name = remote.name if remote is not None else add.REMOTE
    where = "run in the repository" if not place.bare else "in a clone of it"
    raise GuardError(
        problem=f"this repository's .dvc/config {'names another remote' if remote is not None else 'has no remote'}, "
        "and a migration leaves it as it is.",
        remedy=f"dvc remote {'modify ' + name + ' url' if remote is not None else 'add -d ' + name} '{url}'"
        f"     # {where}; commit it, then migrate without --remote",
        exit_code=UNUSABLE,
    )


def _require_shared(place: git.Place, found: Destination, here: dvcproject.RemoteConfig) -> None:
    """Refuse a remote that this machine's own config leads elsewhere than the repository's: everybody else would look
    for the objects there."""
    shared = dvcproject.load(place.top, found.files.config, alone=True).remotes.get(found.name) if place.top else None
    if shared is None or _is_same(here, shared):
        return
    level = typed(here.source.encode())
    raise GuardError(
        problem=f"the DVC remote '{shown(found.name.encode())}' is {trust.words(here)} by a config of this machine "
        f"alone, and {trust.words(shared)} in .dvc/config, where everybody else would look for the objects.",
        remedy=f"dvc config --{level} --unset {typed(f'remote.{found.name}.url'.encode())}     # or have .dvc/config "
        "say it, and commit it; then again",
        exit_code=UNUSABLE,
    )


def _is_same(one: dvcproject.RemoteConfig, other: dvcproject.RemoteConfig) -> bool:
    """Whether two addresses lead to one place: a user's name or password may differ, and a folder have two names."""
    if one.local is None or other.local is None:
        return urls.without_user(one.url).rstrip("/") == urls.without_user(other.url).rstrip("/")
    return os.path.realpath(one.local) == os.path.realpath(other.local) or _is_one(one.local, other.local)


def _is_one(one: bytes, other: bytes) -> bool:
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False


@contextlib.contextmanager
def project(place: git.Place, found: Destination) -> Iterator[dvcproject.Project]:
    """Give the DVC project to reach the remote with: the work tree's own, else one made for a moment."""
    import tempfile

    if not place.bare and os.path.isfile(place.file(CONFIG)):
        yield dvcproject.load(place.top)
        return
    if not place.bare and not found.fresh:
        # The history has a config, and what is checked out has none.
        yield dvcproject.load(place.top, found.files.config, alone=True)
        return
    with tempfile.TemporaryDirectory(prefix="trinity-guard-") as folder:
        root = os.path.join(os.fsencode(folder), DEPTH)
        os.makedirs(os.path.join(root, b".dvc"))
        with open(os.path.join(root, CONFIG), "wb") as file:
            file.write(_rebased(place, found))
        settings = dvcproject.load(root)
        for remote in settings.remotes.values():
            if remote.local is not None and dvcproject.within(remote.local, os.fsencode(folder)):
                raise GuardError(
                    problem=f"the DVC remote '{shown(remote.name.encode())}' is a folder relative to a work tree, and "
                    "this repository is bare.",
                    remedy="migrate in a clone with a work tree",
                    exit_code=UNUSABLE,
                )
        yield settings


def _rebased(place: git.Place, found: Destination) -> bytes:
    """Return the config with the address that holds anywhere."""
    if not found.fresh or place.bare or safe_paths.scheme(found.url) in safe_paths.SCHEMES or os.path.isabs(found.url):
        return found.files.config
    folder = os.path.normpath(os.path.join(os.fsdecode(place.file(b".dvc")), found.url))
    return dvcfiles.dvc_files({found.name: folder}, found.name).config


def leads(place: git.Place, found: Destination) -> Leads | None:
    """Return where the config of each commit must lead, None where nobody knows; GuardError where no clone is led."""
    if not found.name:
        return None
    root = b"/nowhere/" + DEPTH if place.bare else place.top
    remote = dvcproject.load(root, found.files.config, alone=True).remotes.get(found.name)
    if remote is None:
        where = (
            "stands only in a config of this machine (.dvc/config.local, or your own)"
            if found.url
            else "is named in .dvc/config, and configured nowhere"
        )
        raise GuardError(
            problem=f"the DVC remote '{shown(found.name.encode())}' {where}: no clone gets it, so nobody else "
            "could pull.",
            remedy=f"dvc remote add -d {typed(found.name.encode())} URL     # into .dvc/config; commit it, then again",
            exit_code=UNUSABLE,
        )
    if remote.versioned:
        raise GuardError(
            problem=f"the DVC remote '{shown(found.name.encode())}' keeps files by the cloud's own versions "
            "(version_aware, worktree), which only `dvc push` writes into a pointer: old commits could not be pulled.",
            remedy="dvc remote add -d storage URL     # one that has neither; commit it, then again",
            exit_code=UNUSABLE,
        )
    return Leads(root, remote, leading.lines_of(found.files.config, found.name))


# --- uploading


def unconfirmed(place: git.Place, found: Destination) -> str | None:
    """Return the place in words that is to be confirmed first; None where nothing is to be asked."""
    if found.fresh or not found.name:
        return None
    with project(place, found) as settings:
        remote = settings.remotes.get(found.name)
        return trust.unconfirmed(place, settings, remote) if remote is not None else None


def confirm(place: git.Place, found: Destination) -> None:
    """Note that the user knows this place."""
    with project(place, found) as settings:
        if found.name in settings.remotes:
            trust.confirm(place, settings.remotes[found.name])


def unnoted(place: git.Place, found: Destination) -> str:
    """Return what `confirm` would note, "" where that is nothing new."""
    with project(place, found) as settings:
        return trust.unnoted(place, settings.remotes[found.name]) if found.name in settings.remotes else ""


def upload(
    place: git.Place, found: Destination, cache: Store, objects: Sequence[tuple[str, int]], on_progress: Progress
) -> int:
    """Make sure that the remote has all objects (md5, size); return how many were sent. GuardError when one lacks."""
    with _reached(place, found) as remote:
        lacking = _lacking(remote, objects)
        failed = remote.send(cache, lacking, on_progress) if lacking else {}
    if failed:
        md5, reason = next(iter(failed.items()))
        raise GuardError(
            problem=f"{len(failed)} of {len(objects)} objects could not go to the DVC remote '{found.name}': "
            f"{md5}: {reason}.",
            remedy="trinity-guard remote check     # then run it again; what is there is not sent again",
        )
    return len(lacking)


def missing(place: git.Place, found: Destination, objects: Sequence[tuple[str, int]]) -> tuple[int, int]:
    """Return how many of the objects the remote lacks, and their bytes."""
    with _reached(place, found) as remote:
        lacking = _lacking(remote, objects)
    return len(lacking), sum(w.size for w in lacking)


def _lacking(remote: connect.Remote, objects: Sequence[tuple[str, int]]) -> list[Output]:
    there = remote.sizes([md5 for md5, _ in objects]) if objects else {}
    return [of_object(md5, size) for md5, size in objects if there.get(md5) not in (size, -1)]


@contextlib.contextmanager
def _reached(place: git.Place, found: Destination) -> Iterator[connect.Remote]:
    if not found.name:
        raise GuardError("DVC has no default remote.", "trinity-guard remote add URL", exit_code=UNUSABLE)
    with project(place, found) as settings:
        remote = settings.remotes.get(found.name)
        if remote is None:
            raise GuardError(
                f"the DVC remote '{found.name}' is not configured.", f"trinity-guard remote add {found.name} URL"
            )
        if not found.fresh:
            trust.require(place, settings, remote)
        if remote.local is not None:
            _make_folder(place, found, remote.local)
        with connect.connect(settings, found.name) as connected:
            yield connected


def _make_folder(place: git.Place, found: Destination, folder: bytes) -> None:
    if not place.bare and os.path.isfile(place.file(CONFIG)):
        deliver.destination(place, b"", found.name)  # a known folder that is gone is a disk that is not mounted
        return
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise GuardError(f"cannot make the remote's folder {shown(folder)}: {error.strerror}") from error


def objects_text(count: int, size: int) -> str:
    return f"{'1 object' if count == 1 else f'{count} objects'} ({size_text(size)})"
