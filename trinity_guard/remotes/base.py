"""What all remotes share: the object that is wanted, the error that they raise, and the plug-in of each."""

from __future__ import annotations

import os

from trinity_guard.dvcrepo import urls
from trinity_guard.errors import UNUSABLE, GuardError

# The plug-in of DVC that speaks a scheme.
PACKAGES = {
    "s3": "dvc-s3",
    "gs": "dvc-gs",
    "azure": "dvc-azure",
    "ssh": "dvc-ssh",
    "webdav": "dvc-webdav",
    "webdavs": "dvc-webdav",
    "http": "dvc-http",
    "https": "dvc-http",
    "gdrive": "dvc-gdrive",
    "hdfs": "dvc-hdfs",
    "webhdfs": "dvc-webhdfs",
    "oss": "dvc-oss",
}
# Those that an extra of ours brings, by its name.
EXTRAS = ("s3", "gs", "azure", "ssh", "webdav")

MAX_SECONDS = 1e6


class RemoteError(GuardError):
    """A remote that could not be asked or used at all: nothing is known about its objects.

    step: plugin, config, name, connect, tls, credentials, bucket, read, write, delete, timeout or other.
    """

    def __init__(self, step: str, problem: str, remedy: str = "") -> None:
        super().__init__(problem, remedy)
        self.step = step


def seconds(default: float) -> float:
    """Return how long a remote may be silent: TRINITY_GUARD_TIMEOUT, where it is a time, else the default."""
    try:
        told = float(os.environ.get("TRINITY_GUARD_TIMEOUT", ""))
    except ValueError:
        return default
    # The system takes no more than so many, and "inf" says nothing of how long.
    return min(told, MAX_SECONDS) if 0 < told < float("inf") else default


def require_dvc() -> None:
    """Refuse to go on where DVC is not installed: the command that would make a project could not run."""
    import importlib.util

    if importlib.util.find_spec("dvc") is None:
        from trinity_guard.dvcrepo import installation  # noqa: PLC0415  # not where nothing is missing

        raise GuardError("DVC is not installed beside trinity-guard.", installation.line("dvc"), UNUSABLE)


def without_secrets(url: str) -> str:
    """Return a URL fit for a message: no password, no query (a SAS token may stand there)."""
    return urls.without_secret(url).partition("?")[0] if "://" in url else url
