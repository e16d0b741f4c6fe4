"""What all remotes share: the object that is wanted, the error that they raise, and how a plug-in is installed."""

from __future__ import annotations

import os
import sys

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


def install_line(package: str, extra: str = "", *, upgrade: bool = False) -> str:
    """Return a command that installs a package beside this interpreter, and that this installation has.

    extra: the extra of ours that brings it, for those who install by what they asked for.
    upgrade: it is there, and too old.
    """
    wanted = f"'trinity-guard[{extra}]'" if extra else package
    newer = " --upgrade" if upgrade else ""
    home = sys.prefix.replace("\\", "/").split("/")
    if _says(sys.prefix, "pipx_metadata.json") or ("pipx" in home and "venvs" in home):
        return f"pipx runpip {home[-1]} install --upgrade {package}" if upgrade else f"pipx inject {home[-1]} {package}"
    if _says(sys.prefix, "uv-receipt.toml") or home[-3:-1] == ["uv", "tools"]:
        return f"uv tool install {home[-1]} --with {package}{newer}"
    if "archive-v0" in home or "builds-v0" in home:  # uvx: an environment of uv's cache, for this run alone
        return f"uv tool install trinity-guard --with {package}"
    python = f'"{sys.executable}"'
    if _has("pip"):
        return f"{python} -m pip install {_despite_distribution()}{wanted}{newer}"
    if _on_path("uv"):  # its environments have no pip
        return f"uv pip install --python {python} {wanted}{newer}"
    if _has("ensurepip"):
        return f"{python} -m ensurepip && {python} -m pip install {wanted}{newer}"
    return f"uv pip install --python {python} {wanted}{newer}     # uv: https://docs.astral.sh/uv"


def require_dvc() -> None:
    """Refuse to go on where DVC is not installed: the command that would make a project could not run."""
    if not _has("dvc"):
        raise GuardError("DVC is not installed beside trinity-guard.", install_line("dvc"), UNUSABLE)


def _says(folder: str, name: str) -> bool:
    return os.path.isfile(os.path.join(folder, name))


def _on_path(program: str) -> bool:
    import shutil

    return shutil.which(program) is not None


def _has(module: str) -> bool:
    import importlib.util

    return importlib.util.find_spec(module) is not None


def _despite_distribution() -> str:
    """Return the option that a Python of the system's wants to hear before it lets pip install into it (PEP 668)."""
    import sysconfig  # noqa: PLC0415  # asked for once in a while

    outside = sys.prefix == sys.base_prefix and _says(sysconfig.get_path("stdlib"), "EXTERNALLY-MANAGED")
    return "--break-system-packages " if outside else ""


def without_secrets(url: str) -> str:
    """Return a URL fit for a message: no password, no query (a SAS token may stand there)."""
    return urls.without_secret(url).partition("?")[0] if "://" in url else url
