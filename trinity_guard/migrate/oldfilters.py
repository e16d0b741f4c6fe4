"""Filters of .gitattributes in commits that no branch or tag names: nobody can add a line there any more, but a clone
can leave pointers alone by a setting of its own."""

from __future__ import annotations

from trinity_guard.errors import shown
from trinity_guard.migrate import filters

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from trinity_guard.git.catfile import Source
    from trinity_guard.migrate.filters import Speaking
    from trinity_guard.migrate.scan import Scan

# Of so many combinations of such files the newest commit is asked for, which takes Git three processes each.
MAX_ASKED = 20
WAY_ON = "printf '*.dvc -filter\\n.gitignore -filter\\n' >> \"$(git rev-parse --git-path info/attributes)\""


def caught(
    source: Source, scan: Scan, tips: Sequence[bytes], speaking: Mapping[bytes, Speaking]
) -> tuple[bytes, str] | None:
    """Return (path, commit) of what comes in place of an artifact and is filtered, in a commit that is no tip (hex).

    speaking: see filters.speaking.
    """
    named = set(tips)
    newest: dict[Speaking, int] = {}
    for number, (commit, root) in enumerate(zip(scan.commits, scan.roots, strict=True)):
        if commit not in named and root in speaking:
            newest[speaking[root]] = number
    for number in sorted(newest.values(), reverse=True)[:MAX_ASKED]:
        paths = filters.among(source, scan.roots[number].hex().encode(), list(scan.versions))
        if paths:
            return next((p for p in paths if p.endswith(b".dvc")), paths[0]), scan.commit(number)
    return None


def words(found: tuple[bytes, str] | None) -> list[str]:
    """Return a remark of what `caught` found."""
    if found is None:
        return []
    path, commit = found
    return [
        f"in older commits a filter of .gitattributes takes hold of pointers ({shown(path)} in {commit[:10]}): where "
        f"it is set up, Git calls them changed there, and does not check another commit out; in each clone: {WAY_ON}"
    ]
