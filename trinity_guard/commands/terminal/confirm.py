"""Asked once, on a terminal: may objects go to, and come from, the places that a cloned config names?"""

from __future__ import annotations

from trinity_guard import console
from trinity_guard.dvcrepo.project import Project
from trinity_guard.push import push
from trinity_guard.remotes import trust

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trinity_guard import git
    from trinity_guard.config import Config
    from trinity_guard.dvcrepo.output import Output


def about_places(place: git.Place, config: Config, items: Sequence[Output], published: bool = False) -> None:
    """Confirm the remotes that these objects go to, where somebody sits before a terminal and says yes."""
    about_remotes(place, push.grouped(config, items), published)


def about_remotes(place: git.Place, remotes: Iterable[tuple[bytes, str]], published: bool = False) -> None:
    """Confirm these (project, name) remotes, "" for a default one. published: as .dvc/config has them."""
    for project, name in remotes:
        settings = Project.at(place, project, published)
        remote = settings.remotes.get(name or settings.default_remote or "")
        where = trust.unconfirmed(place, settings, remote) if remote else None
        if remote and where and console.confirm(_question(where), in_hook=True):
            trust.confirm(place, remote)
        where = trust.unconfirmed_cache(place, settings)
        if where and console.confirm(_question(where), in_hook=True):
            trust.confirm_cache(place, settings)


def _question(where: str) -> str:
    return f"This repository's config leads to {where}. Exchange objects with it?"
