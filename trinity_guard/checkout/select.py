"""Which artifacts do these paths mean? Data, its pointer, a folder, or a file in a directory that DVC holds."""

from __future__ import annotations

from trinity_guard.errors import GuardError, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from trinity_guard.dvcrepo.output import Output


class PathSelection:
    """Paths from the top of the work tree; none at all, and b"" (the top itself), mean everything."""

    def __init__(self, paths: Sequence[bytes]) -> None:
        self._paths = [] if b"" in paths else list(paths)

    def goals(self, goals: Iterable[Output], where: str) -> list[Output]:
        """Return those of the goals that are meant; GuardError for a path that means none. where: for that message."""
        if not self._paths:
            return list(goals)
        found: dict[int, Output] = {}
        listed = list(goals)
        for path in self._paths:
            meant = [g for g in listed if _means(path, g) or (g.is_dir and path.startswith(g.path + b"/"))]
            if not meant:
                raise GuardError(f"{where} no pointer names {shown(path)}.", "trinity-guard status")
            found.update((id(g), g) for g in meant)
        return list(found.values())

    def file(self, goal: Output) -> bool:
        """Whether a file is meant, which may come from a directory's list."""
        return not self._paths or any(_means(path, goal) for path in self._paths)


def _means(path: bytes, goal: Output) -> bool:
    return any(p == path or p.startswith(path + b"/") for p in (goal.path, goal.source))
