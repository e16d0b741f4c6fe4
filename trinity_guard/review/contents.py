"""The bytes of a version as a file: out of the work tree, a cache, Git itself, or fetched from a trusted remote."""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.checkout.apply import Fetcher
from trinity_guard.checkout.plan import Follower
from trinity_guard.dvcrepo import directory
from trinity_guard.dvcrepo.output import listed_in
from trinity_guard.errors import GuardError, together

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from trinity_guard import Progress
    from trinity_guard.dvcrepo.output import Output
    from trinity_guard.dvcrepo.tracked import Catalog
    from trinity_guard.review.sides import Version

OFFLINE = "it is not in the cache, and no remote is asked (--offline)"
NOT_HERE = "it is not in the cache, and did not come from the remote"


class Contents:
    """Finds the bytes of versions. scratch: a folder for what Git itself holds; choice: the configured remote."""

    def __init__(
        self, place: git.Place, catalog: Catalog, scratch: bytes, choice: str = "", progress: Progress | None = None
    ) -> None:
        self._follower = Follower(place, catalog)
        self._scratch = scratch
        self._fetcher = Fetcher(self._follower, choice, (lambda _: progress) if progress else None)
        self._reasons: dict[str, str] = {}
        self.remedy = ""  # for what could not be fetched
        self._offline = False

    def stay_offline(self) -> None:
        """Ask no remote from now on."""
        self._offline = True

    def fetch(self, wanted: Iterable[Output]) -> None:
        """Bring the objects that the caches lack from their remotes; what does not come has its reason later."""
        lacking = {o.name: o for o in wanted if o.md5 and self._cached(o) is None}
        if self._offline or not lacking:
            return
        said = len(self._follower.plan.errors)
        reasons = self._fetcher.fetch(list(lacking.values()))
        errors = self._follower.plan.errors[said:]
        self.remedy = together(errors).remedy if errors else ""
        for name, reason in reasons.items():
            self._reasons[name] = reason or (errors[0].problem if errors else NOT_HERE)

    def file(self, version: Version) -> tuple[bytes, str]:
        """Return where a version's bytes lie, or why they cannot be had."""
        if version.why:
            return b"", version.why
        if version.file:
            return regular(version.file)
        if version.blob:
            return self._from_git(version.blob), ""
        return self.object(version.output)

    def object(self, output: Output) -> tuple[bytes, str]:
        """Return where an object lies, or why it cannot be had."""
        found = self._cached(output)
        if found is not None:
            return found, ""
        return b"", self._reasons.get(output.name, OFFLINE if self._offline else NOT_HERE)

    def listed(self, version: Version) -> tuple[dict[bytes, str] | None, str]:
        """Return the files of a directory (path in it -> md5), or None and why its list cannot be had."""
        if version.files is not None:
            return version.files, ""
        path, why = self.file(version)
        if why:
            return None, why
        try:
            return directory.decode(git.read(path, directory.MAX_LISTED, links=True)), ""
        except (OSError, ValueError):
            return None, "its list of files is damaged"

    def member(self, version: Version, name: bytes, md5: str) -> tuple[bytes, str]:
        """Return where a file of a directory lies, or why it cannot be had."""
        if version.files is not None:
            return regular(os.path.join(version.file, name))
        return self.object(listed_in(version.output, md5))

    def _cached(self, output: Output) -> bytes | None:
        try:
            reader = self._follower.projects.cache_reader(output.project)
        except GuardError as error:
            self._reasons[output.name] = error.problem
            return None
        return reader.find(output.md5, output.object_size)

    def _from_git(self, blob: bytes) -> bytes:
        path = os.path.join(self._scratch, blob)
        if not os.path.exists(path):
            with git.Blobs() as blobs, open(path, "wb") as file:
                for piece in blobs.stream(blob):
                    file.write(piece)
        return path


def regular(path: bytes) -> tuple[bytes, str]:
    """Return a path of the work tree that can be opened by its name, or why it cannot: a pipe, a device."""
    try:
        os.close(git.opened(path, links=True))
    except OSError as error:
        return b"", error.strerror or str(error)
    return path, ""
