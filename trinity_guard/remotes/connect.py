"""One face for every DVC remote: what is there, send, fetch, probe.

A folder of this machine is served here; all else by a process of its own, which imports dvc: a client library that
hangs can be killed, no listing is older than the process, and nothing heavy is loaded into a hook.
"""

from __future__ import annotations

from trinity_guard.remotes.base import RemoteError, without_secrets
from trinity_guard.remotes.folder import DAMAGED_OBJECT as DAMAGED_OBJECT
from trinity_guard.remotes.folder import FolderRemote
from trinity_guard.remotes.service import ServiceRemote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Protocol, Self

    from trinity_guard import Progress
    from trinity_guard.dvcrepo.odb import Store
    from trinity_guard.dvcrepo.output import Output
    from trinity_guard.dvcrepo.project import Project

    class Remote(Protocol):
        """A remote that can be asked. md5s are hex, with ".dir" for a directory object."""

        name: str

        def __enter__(self) -> Self: ...
        def __exit__(self, *_: object) -> None: ...
        def close(self) -> None: ...

        def sizes(self, md5s: Sequence[str]) -> dict[str, int]:
            """Return the size in bytes of each object that is there (-1: the remote does not tell); no absent one.

            RemoteError when that cannot be told for any of them: whatever is not plainly absent is unknown.
            """

        def send(self, cache: Store, items: Sequence[Output], on_progress: Progress | None = None) -> dict[str, str]:
            """Upload from the cache, over whatever the remote holds; return why those lack that did not arrive.

            A damaged object of the cache is not sent. Objects that list others (.dir) go last.
            on_progress(bytes done, bytes in all). RemoteError when the remote fails before any object arrived.
            """

        def fetch(self, items: Sequence[Output], cache: Store, on_progress: Progress | None = None) -> dict[str, str]:
            """Download into the cache, verified and settled; return why those lack that did not come."""

        def probe(self) -> None:
            """Write an object of our own, read it back, compare, delete it; RemoteError names the step that failed."""


__all__ = ["FolderRemote", "RemoteError", "ServiceRemote", "connect", "without_secrets"]


def connect(project: Project, name: str, limit: float | None = None) -> Remote:
    """Return a project's remote, ready to be asked. Nothing is sent over the network before the first question.

    limit: seconds without any progress after which it is given up (RemoteError, step "timeout"); 30 unless told,
    TRINITY_GUARD_TIMEOUT overrides.
    """
    remote = project.remotes.get(name.lower())
    if remote is None:
        words = f"the DVC remote '{name}' is not configured"
        raise RemoteError("config", words, f"trinity-guard remote add {name} URL")
    if remote.local is not None:
        return FolderRemote(remote.name, remote.local, remote.options.get("shared", "").lower() == "group")
    return ServiceRemote(remote, limit)
