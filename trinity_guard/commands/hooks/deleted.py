"""Artifacts whose file was deleted: this commit lets their pointers and ignore lines go, or names them."""

from __future__ import annotations

import os

from trinity_guard import console, git
from trinity_guard.convert import framework_stash, relocate
from trinity_guard.dvcrepo import compare, tracked
from trinity_guard.dvcrepo.paths import POINTER, folders_above
from trinity_guard.errors import shown, typed
from trinity_guard.git import locks, revisions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from trinity_guard.config import Config
    from trinity_guard.dvcrepo.output import Output
    from trinity_guard.dvcrepo.tracked import Catalog

# More at once, or all of a folder, and somebody has freed his disk.
MANY = 10


def is_deletion(output: Output, state: str) -> bool:
    """Whether a commit may let an artifact go: its pointer has its name, and nothing else in it."""
    return state == compare.DELETED and not output.stage and output.source == output.path + POINTER


def record(
    place: git.Place, config: Config, deleted: Sequence[Output], converted: Mapping[str, bytes], framework: bool
) -> list[tuple[Output, str]]:
    """Let these go in the commit under way, and say so; return what was recorded of none.

    converted: object -> path of what became a pointer in this commit: the same bytes there were only renamed.
    """
    with locks.FileLock(place), framework_stash.guarded(place, framework):
        catalog = tracked.load(place)
        known, unknown = _in_head(catalog, deleted)
        renamed = [o for o in known if o.name in converted]
        rest = [o for o in known if o.name not in converted]
        freed = [] if config.on_change == "record" else _freed(place, catalog, rest)
        gone = renamed + [o for o in rest if o not in freed]
        moves = relocate.Moves([relocate.Gone(o.source, catalog.entries[o.source].oid, [o]) for o in gone])
        if moves:
            relocate.settle(place, catalog, moves)
    _say(gone, converted)
    _name_freed(place, catalog, freed)
    return [(o, compare.DELETED) for o in unknown]


def _in_head(catalog: Catalog, deleted: Sequence[Output]) -> tuple[list[Output], list[Output]]:
    """Tell those that a commit brings back from those whose pointer no commit has yet."""
    ids = git.read_ids(b"HEAD:" + o.source for o in deleted)
    found = [o for o, oid in zip(deleted, ids, strict=True) if oid and oid == catalog.entries[o.source].oid]
    return found, [o for o in deleted if o not in found]


def _freed(place: git.Place, catalog: Catalog, deleted: list[Output]) -> list[Output]:
    """Return those that are too many at once to be meant: more than ten, or all of a folder that has several."""
    if len(deleted) > MANY:
        return deleted
    found: list[Output] = []
    for folder in _emptied(place, catalog, deleted):
        found += [o for o in deleted if _below(o.path, folder) and o not in found]
    return found


def _emptied(place: git.Place, catalog: Catalog, deleted: Sequence[Output]) -> list[bytes]:
    """Return the folders that had several artifacts of which none is here any more, those above others first."""
    there = [o.path for o in catalog.outputs() if os.path.lexists(place.file(o.path))]
    here = set(folders_above(there)) if there else set()
    folders = [folder for folder in folders_above(o.path for o in deleted) if folder not in here]
    return [folder for folder in folders if sum(_below(o.path, folder) for o in deleted) > 1]


def _below(path: bytes, folder: bytes) -> bool:
    return not folder or path.startswith(folder + b"/")


def _say(gone: Iterable[Output], converted: Mapping[str, bytes]) -> None:
    listed = list(gone)
    if not listed:
        return
    head = (revisions.commit(b"HEAD") or b"")[:10].decode()
    for output in listed[: MANY * 2]:
        name = shown(output.path)
        if output.name in converted:
            console.note(f"{name} -> {shown(converted[output.name])}: the same bytes, so its old pointer and line go.")
        else:
            console.warn(
                f"{name} is gone, and this commit records that: its pointer and its ignore line go, too.",
                f"trinity-guard use {head} {typed(output.path)}     # brings it back",
            )
    if len(listed) > MANY * 2:
        console.warn(f"and {len(listed) - MANY * 2} more.", f"trinity-guard use {head}     # brings all back")


def _name_freed(place: git.Place, catalog: Catalog, freed: Sequence[Output]) -> None:
    if not freed:
        return
    names = ", ".join(shown(o.path) for o in freed[:3]) + (" …" if len(freed) > 3 else "")
    targets = _targets(catalog, _emptied(place, catalog, freed), freed)
    words = " ".join(map(typed, targets)) if len(targets) <= MANY else ""
    console.warn(
        f"{len(freed)} artifacts are gone at once ({names}), as when a disk is freed: this commit still records them.",
        f"trinity-guard pull {words}".rstrip() + "     # brings them back\n"
        f"trinity-guard rm {words or '--deleted'}     # or lets them go",
    )


def _targets(catalog: Catalog, folders: Iterable[bytes], outputs: Sequence[Output]) -> list[bytes]:
    """Return the fewest paths that mean these, and no other artifact."""
    meant = {o.path for o in outputs}
    whole = [f for f in folders if f and all(o.path in meant for o in catalog.held if _below(o.path, f))]
    found: list[bytes] = []
    for path in [*whole, *(o.path for o in outputs)]:
        if not any(path == above or _below(path, above) for above in found):
            found.append(path)
    return found
