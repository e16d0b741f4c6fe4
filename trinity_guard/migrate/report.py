"""What a migration did, or would do: plain values, for a text and for json."""

from __future__ import annotations

from array import array

from trinity_guard.errors import shown
from trinity_guard.git.ids import SIZE, Ids

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from trinity_guard.migrate.commits import Rewritten
    from trinity_guard.migrate.rewrite import Trees
    from trinity_guard.migrate.scan import Scan
    from trinity_guard.migrate.selection import Selection
    from trinity_guard.migrate.state import Object

MAX_LISTED = 1000


class Share:
    """One label's share of a history: paths, blobs, commits that hold any, bytes unpacked and in Git."""

    __slots__ = ("blobs", "commits", "files", "label", "packed", "size")

    def __init__(self, label: str) -> None:
        self.label = label
        self.files = 0
        self.blobs = 0
        self.commits = 0
        self.size = 0
        self.packed = 0


def summarise(scan: Scan, selection: Selection) -> list[Share]:
    """Return a Share for each label (pattern) that matched anything, the largest first."""
    found = {label: Share(label) for label in selection.labels}
    seen: dict[str, set[bytes]] = {label: set() for label in selection.labels}
    for path, blobs in scan.versions.items():
        of_lfs = any(scan.blobs[oid].lfs is not None for oid in blobs)
        label = selection.label(selection.bit(path) or selection.bit_by_content(path, of_lfs and selection.any_lfs))
        found[label].files += 1
        seen[label].update(blobs)
    for label, oids in seen.items():
        summary = found[label]
        summary.blobs = len(oids)
        summary.size = sum(scan.blobs[oid].real for oid in oids)
        summary.packed = sum(scan.blobs[oid].packed for oid in oids)
    masks: dict[int, int] = {}
    for root in scan.roots:
        mask = scan.mask(root)
        masks[mask] = masks.get(mask, 0) + 1
    for number, label in enumerate(selection.labels):
        found[label].commits = sum(count for mask, count in masks.items() if mask >> number & 1)
    return sorted((s for s in found.values() if s.files), key=lambda s: -s.size)


def largest(scan: Scan, most: int = 10) -> list[tuple[bytes, int, int]]:
    """Return (path, versions, bytes of all of them) of the paths that take the most room."""
    sizes = [(path, len(b), sum(scan.blobs[oid].real for oid in b)) for path, b in scan.versions.items()]
    return sorted(sizes, key=lambda s: (-s[2], s[0]))[:most]


def build(scan: Scan, trees: Trees, commits: Rewritten, objects: Mapping[bytes, Object]) -> dict[str, Any]:
    """Return the report of a rewriting, ready for json."""
    first = scan.versions
    stays = [
        {
            "path": shown(path),
            "reason": reason,
            "versions": len(blobs),
            "commit": scan.commit(min(first[path][blob] for blob in blobs)),
        }
        for (path, reason), blobs in sorted(trees.stays.items())
    ]
    moved = blobs_of(trees)
    sizes = _distinct(moved, objects)
    by_path = [(sum(objects[oid].size for oid in blobs), path, len(blobs)) for path, blobs in trees.moved.items()]
    return {
        "moved": [
            {"path": shown(path), "versions": versions, "bytes": size}
            for size, path, versions in sorted(by_path, key=lambda found: (-found[0], found[1]))
        ],
        "commits": len(scan.commits),
        "commits_changed": commits.changed(),
        "files_moved": len(trees.moved),
        "blobs_moved": len(moved),
        "objects": len(sizes),
        "bytes_unpacked": sum(sizes),
        "bytes_packed": sum(scan.blobs[oid].packed for oid in moved),
        "stays": stays,
        "dropped": [shown(path) for path in sorted(trees.dropped)],
        "clashing": [shown(path) for path in sorted(trees.clashing)],
        "unsigned_commits": [c.decode() for c in commits.unsigned],
        "mergetags": [c.decode() for c in commits.mergetags],
        "unresolved_ids": [[c.decode(), t.decode()] for c, t in commits.unresolved[:MAX_LISTED]],
        "unresolved_count": len(commits.unresolved),
        "ids_left": [[c.decode(), t.decode()] for c, t in commits.left[:MAX_LISTED]],
    }


def blobs_of(trees: Trees) -> Ids:
    """Return all blobs that became pointers."""
    return Ids(oid for blobs in trees.moved.values() for oid in blobs)


def _distinct(blobs: Iterable[bytes], objects: Mapping[bytes, Object]) -> array[int]:
    """Return the size of each object that blobs are, once."""
    seen, sizes = Ids(), array("Q")
    for known in map(objects.__getitem__, blobs):
        # As long as the ids that are packed there.
        if seen.add(bytes.fromhex(known.md5).ljust(SIZE, b"\0")) == len(sizes):
            sizes.append(known.size)
    return sizes
