"""What all remotes share: the object that is wanted, the error that they raise, and how a plug-in is installed."""

from __future__ import annotations

import os
import sys

from trinity_guard.dvcrepo import urls
from trinity_guard.errors import GuardError

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


def install_line(package: str) -> str:
    """Return the command that installs a package beside this interpreter."""
    parts = sys.prefix.replace("\\", "/").split("/")
    if "pipx" in parts and "venvs" in parts:
        return f"pipx inject {parts[-1]} {package}"
    if parts[-3:-1] == ["uv", "tools"]:
        return f"uv tool install {parts[-1]} --with {package}"
    return f'"{sys.executable}" -m pip install {package}'


def without_secrets(url: str) -> str:
    """Return a URL fit for a message: no password, no query (a SAS token may stand there)."""
    return urls.without_secret(url).partition("?")[0] if "://" in url else url
