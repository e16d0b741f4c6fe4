"""Three versions of a pointer, merged by what they say: whose data, whose path; the rest is text and Git's."""

from __future__ import annotations

from trinity_guard.dvcrepo import pointer, yaml

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from trinity_guard.dvcrepo.output import Output

    Unite = Callable[[Output, Output | None, Output], dict[str, object] | None]

# What says which bytes; all of it comes from one side.
DATA = ("md5", "size", "nfiles", "isexec", "hash", "version_id", "etag", "checksum", "cloud", "files")


def aligned(
    ours: bytes, base: bytes, theirs: bytes, where: bytes, unite: Unite, favored: str = ""
) -> tuple[bytes, bytes, bytes] | None:
    """Return the three with the merged data and path in each, so that a merge of texts has only the rest to do.

    None where both sides changed the data, or the path, each in its way. base: empty where both have added the pointer.
    unite(ours, base, theirs): makes one of two directories, or of two files; the fields of its data, or None.
    favored: the side whose data and path are taken where nothing else decides ("": neither).
    Raises GuardError for a pointer that cannot be read.
    """
    versions = [v for v in (ours, base, theirs) if v]
    outs = [_only(v, where) for v in versions]
    fields = [yaml.parse(v, pointer.MAX_BYTES, round_trip=True) for v in versions]
    if None in outs or len(versions) < 2:
        return None
    entries = [f["outs"][0] for f in fields]
    side = {"ours": entries[0], "theirs": entries[-1]}.get(favored, {})
    data = _merged([_data(e) for e in entries], lambda: _united(outs, unite) or _data(side) or None)
    path = _merged([e["path"] for e in entries], lambda: side.get("path"))
    if data is None or path is None:
        return None
    for entry in entries:
        _set(entry, {**data, "path": path})
    texts = [yaml.dump(f) for f in fields]
    return texts[0], texts[1] if base else b"", texts[-1]


def _only(data: bytes, where: bytes) -> Output | None:
    outs = pointer.decode(data, where).outs
    return outs[0] if len(outs) == 1 and not outs[0].external else None


def _data(entry: Any) -> dict[str, object]:
    return {key: entry[key] for key in DATA if key in entry}


def _merged(values: list[Any], otherwise: Callable[[], Any]) -> Any:
    """Return what the merge has of (ours, base, theirs), or of (ours, theirs) where there is no base."""
    ours, theirs = values[0], values[-1]
    if ours == theirs:
        return ours
    base = values[1] if len(values) == 3 else None
    if base in (ours, theirs):
        return theirs if base == ours else ours
    return otherwise()


def _united(outs: list[Any], unite: Unite) -> dict[str, object] | None:
    if not all(out.held and out.is_dir == outs[0].is_dir for out in outs):
        return None
    return unite(outs[0], outs[1] if len(outs) == 3 else None, outs[-1])


def _set(entry: Any, values: dict[str, object]) -> None:
    for key in (*DATA, "path"):
        if key not in values:
            entry.pop(key, None)
        elif key not in entry or entry[key] != values[key]:
            entry[key] = values[key]


def with_path(data: bytes, path: str) -> bytes:
    """Return a pointer whose one output has another path: a side that renamed it wrote one, the other did not."""
    fields = yaml.parse(data, pointer.MAX_BYTES, round_trip=True)
    fields["outs"][0]["path"] = path
    return yaml.dump(fields)
