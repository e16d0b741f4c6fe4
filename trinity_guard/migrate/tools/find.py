"""Where BFG and git-filter-repo are on this machine."""

from __future__ import annotations

import os

from trinity_guard import python_module
from trinity_guard.errors import UNUSABLE, GuardError, shown
from trinity_guard.migrate.tools import guides

BFG, FILTER_REPO = "bfg", "filter-repo"


class Tool:
    """argv: what is started, but for its arguments; name: bfg or filter-repo."""

    __slots__ = ("argv", "name")

    def __init__(self, name: str, argv: list[str]) -> None:
        self.name = name
        self.argv = argv


def find(name: str, jar: str | None) -> Tool:
    """Return the tool of this name; jar: BFG's, where it was named."""
    return _find_bfg(jar) if name == BFG else _find_filter_repo()


def _find_bfg(jar: str | None) -> Tool:
    """Return BFG with the jar that was named, in the option or in $BFG_JAR; GuardError where it or Java is missing."""
    import shutil

    path = jar or os.environ.get("BFG_JAR", "")
    if not path or not os.path.isfile(path):
        what = (
            f"there is no file {shown(os.fsencode(path))}." if path else "--engine bfg needs to know where its jar is."
        )
        raise GuardError(
            problem=what,
            remedy=f"{guides.GET_BFG}     # gets it\n… --engine bfg --bfg-jar bfg-{guides.BFG_VERSION}.jar"
            "     # or set BFG_JAR",
            exit_code=UNUSABLE,
        )
    java = shutil.which("java")
    if java is None:
        raise GuardError(
            problem="BFG needs Java, and there is no `java` on the PATH.",
            remedy="install a Java runtime (11 or newer), for example: apt-get install default-jre-headless",
            exit_code=UNUSABLE,
        )
    return Tool(BFG, [java, "-jar", os.path.abspath(path)])


def _find_filter_repo() -> Tool:
    """Return git-filter-repo, from the PATH or as a module of this Python."""
    import importlib.util
    import shutil

    program = shutil.which("git-filter-repo")
    if program is not None:
        return Tool(FILTER_REPO, [program])
    if importlib.util.find_spec("git_filter_repo") is not None:
        return Tool(FILTER_REPO, python_module("git_filter_repo"))
    raise GuardError(
        problem="there is no git-filter-repo, on the PATH or as a module.",
        remedy=guides.GET_FILTER_REPO,
        exit_code=UNUSABLE,
    )
