"""Git's remotes by GitPython, for commands that have time: its import alone takes 0.4 s, so no hook loads this.

It runs Git here, and reads nothing itself, since of repositories that Git reads it (3.2) misreads some:
- its config reader sees neither `git -c` nor a linked work tree's own config, so that core.hooksPath is another one;
  one byte that is not UTF-8 makes the first look an exception, and each later one an empty config;
- its config writer drops comments and joins sections;
- its refs and tags cannot be read as soon as one packed name is not UTF-8, its objects not where ids are SHA-256;
- `Repo` itself reads the config so where there is no work tree, and fails there for an includeIf as well;
- a folder with a `$` in its name is expanded, and where there is none of that name Git runs in the current folder.
"""

from __future__ import annotations

import os

from trinity_guard.errors import UNUSABLE, GuardError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trinity_guard.git import Place


def remotes(place: Place) -> dict[str, str]:
    """Return name -> address to fetch from, in Git's order; a name or address that is no text has surrogates in it."""
    try:
        from git import Git, GitCommandError
    except ImportError as error:  # it looks for Git when it is imported
        raise GuardError(
            problem=f"GitPython cannot be used: {str(error).strip().partition(chr(10))[0]}",
            remedy="install git, or put its folder on the PATH",
            exit_code=UNUSABLE,
        ) from None
    command = ["git", "-C", os.fsdecode(place.top or place.git_dir), "remote"]
    try:
        names = Git().execute(command).splitlines()
        return {name: Git().execute([*command, "get-url", "--", name]) for name in names}
    except GitCommandError as error:
        words = str(error.stderr).strip().removeprefix("stderr:").strip(" '\n")
        raise GuardError(f"Git's remotes cannot be read: {words}", "git remote -v", UNUSABLE) from None
