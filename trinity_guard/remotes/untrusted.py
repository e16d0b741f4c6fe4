"""What only this machine may have in `.dvc`, but a commit brought along: refused before anything there is obeyed.

A config.local would pass for the user's own word. A symbolic link on the way to objects or temporary files would have
us write, and take away, wherever it leads.
"""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.dvcrepo import project
from trinity_guard.dvcrepo.paths import is_pointer
from trinity_guard.errors import GuardError, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Where a store has its objects (of DVC 3 and of DVC 2), and what is on its way there.
_IN_STORE = (b"files", b"files/md5", b"trinity-guard-tmp")
_CROWDED = (b"", b"files/md5")


def refuse(place: git.Place, root: bytes, cache_dir: bytes | None = None) -> None:
    """Refuse a project (GuardError) whose `.dvc` or cache holds what Git brought and only this machine may put there.

    A link, or a config.local, that nobody committed is the user's own.
    """
    if not place.top:
        return
    name = _tracked(place, _suspects(place, root, cache_dir))
    if name is None:
        return
    quoted = "'" + shown(name).replace("'", "'\\''") + "'"
    raise GuardError(
        problem=f"{shown(name)} came with the repository, and only this machine may say what is there: "
        "nothing is kept, sent or fetched.",
        remedy=f"git rm --cached -- {quoted}     # and take it away, or look into it first: is it yours?",
    )


def _suspects(place: git.Place, root: bytes, cache_dir: bytes | None) -> Iterator[bytes]:
    """Yield the paths, from the top, of links and of a config.local where they could do harm."""
    dvc = os.path.relpath(os.path.join(root, b".dvc"), place.top)
    links = (dvc, os.path.join(dvc, b"tmp"), os.path.join(dvc, b"tmp", b"trinity-guard-tmp"))
    yield from (name for name in links if os.path.islink(place.file(name)))
    for name in (b"config", b".gitignore", b"config.local"):
        file = os.path.join(dvc, name)
        if os.path.islink(place.file(file)) or (name == b"config.local" and os.path.lexists(place.file(file))):
            yield file
    if cache_dir is None:
        return
    folder, top = os.path.realpath(cache_dir), os.path.realpath(place.top)
    if project.within(folder, top):
        yield from (os.path.relpath(link, top) for link in _links_in(folder))


def _links_in(folder: bytes) -> Iterator[bytes]:
    for name in _IN_STORE:
        path = os.path.join(folder, name)
        if os.path.islink(path):
            yield path
    for name in _CROWDED:
        try:
            with os.scandir(os.path.join(folder, name)) as listed:
                yield from (entry.path for entry in listed if len(entry.name) == 2 and entry.is_symlink())
        except OSError:
            continue  # no such folder yet


def _tracked(place: git.Place, suspects: Iterable[bytes]) -> bytes | None:
    """Return the first of these that the index holds, as itself or within a submodule; case does not count.

    (A tracked `.DVC/config.local` is DVC's where the file system takes both names for one.)
    """
    for name in suspects:
        parts = name.split(b"/")
        above = [b"/".join(parts[:n]) for n in range(1, len(parts) + 1)]
        wanted = {path.lower() for path in above}
        # The folders above count as submodules alone: what else is in them was not asked for.
        out = git.run("ls-files", "-z", "--", *(b":(literal,icase)" + p for p in _narrow(above)), at=place.top)
        if any(listed.lower() in wanted for listed in out.split(b"\0")[:-1]):
            return name
    return None


def _narrow(above: list[bytes]) -> list[bytes]:
    """Leave out the folders above the first `.dvc`, which hold all else that there is."""
    at = next((n for n, path in enumerate(above) if is_pointer(path)), 0)
    return above[at:]
