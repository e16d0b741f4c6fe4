"""What a DVC project keeps on this machine alone: its cache, its temporary files, one person's config."""

from __future__ import annotations

import os

from trinity_guard.git import excludes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from trinity_guard.dvcrepo.project import Project
    from trinity_guard.git import Place

NAMES = (b"cache", b"tmp", b"config.local")


def keep_private(place: Place, project: Project) -> bool:
    """Have Git ignore it in this clone whichever branch is checked out; whether that was lacking.

    Only below the roots there are: what Git ignores already gets no line of DVC's in a new .dvc/.gitignore, and the
    next clone would lack that.
    """
    private = [os.path.join(project.root, b".dvc", name) for name in NAMES]
    top = place.top + b"/"
    return excludes.keep_out(place, [p[len(top) :] for p in [*private, project.cache_dir] if p.startswith(top)])
