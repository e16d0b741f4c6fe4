"""How this program was installed, and so the command that installs something beside it: by pip, pipx, uv or uvx."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PROGRAM = "trinity-guard"
RECEIPT = "uv-receipt.toml"
# Where uv has a requirement from that is no registry's -> what is before it in an address.
ADDRESSES = {"directory": "file://", "editable": "file://", "path": "file://", "git": "git+", "url": ""}


def line(package: str, extra: str = "", *, upgrade: bool = False) -> str:
    """Return a command that installs a package beside this interpreter, and that this installation has.

    package: "" for what an extra of ours brings, which then has to be named. extra: the extra of ours that brings it,
    for those who install by what they asked for. upgrade: it is there, and too old.
    """
    ours = f"'{PROGRAM}[{extra}]'" if extra else ""
    wanted, package = ours or package, package or ours
    newer = " --upgrade" if upgrade else ""
    home = sys.prefix.replace("\\", "/").split("/")
    if _says(sys.prefix, "pipx_metadata.json") or ("pipx" in home and "venvs" in home):
        return f"pipx runpip {home[-1]} install --upgrade {package}" if upgrade else f"pipx inject {home[-1]} {package}"
    if _says(sys.prefix, RECEIPT) or home[-3:-1] == ["uv", "tools"]:
        return f"uv tool install {_asked_for(home[-1])} --with {package}{newer}"
    if "archive-v0" in home or "builds-v0" in home:  # uvx: an environment of uv's cache, for this run alone
        return f"uv tool install {PROGRAM} --with {package}"
    python = f'"{sys.executable}"'
    if _has("pip"):
        return f"{python} -m pip install {_despite_distribution()}{wanted}{newer}"
    if _on_path("uv"):  # its environments have no pip
        return f"uv pip install --python {python} {wanted}{newer}"
    if _has("ensurepip"):
        return f"{python} -m ensurepip && {python} -m pip install {wanted}{newer}"
    return f"uv pip install --python {python} {wanted}{newer}     # uv: https://docs.astral.sh/uv"


def again() -> str:
    """Return a command that installs this program anew, where files of it are missing."""
    home = sys.prefix.replace("\\", "/").split("/")
    if _says(sys.prefix, "pipx_metadata.json"):
        return f"pipx reinstall {home[-1]}"
    if _says(sys.prefix, RECEIPT):
        return f"uv tool install --reinstall {_asked_for(home[-1])}"
    command = line(PROGRAM)
    renewed = "--force-reinstall" if "-m pip install" in command else "--reinstall"
    return command.replace(" install ", f" install {renewed} ", 1)


def _asked_for(name: str) -> str:
    """Return what this tool of uv's was installed by: who leaves a part of it out would have uv take that away."""
    import tomllib

    try:
        with open(os.path.join(sys.prefix, RECEIPT), "rb") as file:
            asked = tomllib.load(file)["tool"]["requirements"]
        first = [one for one in asked if one["name"] == name]
        rest = [f"--with {_typed(one)}" for one in asked if one["name"] != name]
        return " ".join([*map(_typed, first), *rest]) or name
    except (OSError, ValueError, KeyError, TypeError):
        return name


def _typed(requirement: dict[str, Any]) -> str:
    """Return a requirement of uv's receipt as uv takes it on its command line."""
    extras = f"[{','.join(requirement['extras'])}]" if requirement.get("extras") else ""
    told = f"{requirement['name']}{extras}{requirement.get('specifier', '')}"
    for key, begin in ADDRESSES.items():
        if key in requirement:
            told = f"{requirement['name']}{extras} @ {begin}{requirement[key]}"
    return told if told.replace("-", "").replace("_", "").isalnum() else f"'{told}'"


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
