"""Sparse checkouts: the files that init reads and writes are in the work tree, or a team's would be made anew."""

from __future__ import annotations

import os

from trinity_guard import git
from trinity_guard.dvcrepo import project
from trinity_guard.errors import UNUSABLE, GuardError, pathspec, shown
from trinity_guard.setup import framework, settings_file

NAMES = (b".dvc", *project.FILES, settings_file.OWN_FILE, b"pyproject.toml", b".gitattributes", framework.CONFIG)


def left_out(place: git.Place) -> list[bytes]:
    """Return those of these files which Git tracks, and which this checkout leaves out of the work tree."""
    out = git.run("ls-files", "-t", "-z", "--", *NAMES, at=place.top, env=git.literal())
    skipped = [line[2:] for line in out.split(b"\0") if line.startswith(b"S ")]
    return [path for path in skipped if not os.path.lexists(place.file(path))]


def take_in(place: git.Place) -> list[str]:
    """Have a sparse checkout take these files in; return what was done."""
    lacking = left_out(place)
    if not lacking:
        return []
    cone = git.config("core.sparseCheckoutCone", "bool") == "true"
    tops = sorted({path.split(b"/")[0] for path in lacking})
    git.run("sparse-checkout", "add", *(tops if cone else [b"/" + top for top in tops]), at=place.top)
    rest = left_out(place)
    if rest:
        raise GuardError(
            problem=f"Git tracks {shown(rest[0])} and leaves it out of this work tree: it would be made anew.",
            remedy=f"git update-index --no-skip-worktree {pathspec(rest[0])} && git checkout -- {pathspec(rest[0])}",
            exit_code=UNUSABLE,
        )
    return [f"the sparse checkout takes {', '.join(map(shown, tops))} in, which DVC and trinity-guard read"]
