"""Looks into an artifact that changed: by its kind, one reader each; what cannot be had or read is named."""

from __future__ import annotations

import os

from trinity_guard.errors import shown
from trinity_guard.review import arrays, chunks, dialect, engine, folders, images, keras, models, packed, tables
from trinity_guard.review.dialect import NoTable
from trinity_guard.review.record import ARRAY, DIRECTORY, MODEL, OTHER, TABLE, Review
from trinity_guard.review.sides import Change, Version
from trinity_guard.review.table import CSV, TSV

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from trinity_guard.dvcrepo.output import Output
    from trinity_guard.review.contents import Contents

    Files = tuple[bytes, bytes]  # of both sides; b"" where a side has none

# Of a directory so many of its files are looked into.
MAX_MEMBERS = 20
MAX_NAMES = 8


class Options:
    """key: the columns that tell a row; rows: how many of each kind are shown; scratch: a folder to write to."""

    __slots__ = ("key", "rows", "scratch")

    def __init__(self, scratch: bytes, key: Sequence[str] = (), rows: int = 10) -> None:
        self.scratch = scratch
        self.key = key
        self.rows = rows


def kind_of(change: Change) -> str:
    """Return what kind of artifact it is, by what records it and by its name."""
    version = change.after or change.before
    if version is not None and version.is_dir:
        return DIRECTORY
    if engine.kind_of(change.path):
        return TABLE
    if models.is_model(change.path):
        return MODEL
    return ARRAY if arrays.is_array(change.path) else OTHER


def needed(changes: Sequence[Change]) -> list[Output]:
    """Return the objects that looking into these takes."""
    return [v.output for c in changes if not c.same_bytes for v in (c.before, c.after) if v and not (v.file or v.blob)]


def examine(change: Change, contents: Contents, options: Options) -> Review:
    """Return what changed inside of one artifact."""
    found = Review(change, kind_of(change))
    if change.same_bytes:
        return found
    if found.kind == DIRECTORY:
        _directory(found, change, contents, options)
        return found
    versions = (change.before, change.after)
    (files, reasons) = zip(*[contents.file(version) if version else (b"", "") for version in versions], strict=True)
    found.unavailable = _of_sides(change, reasons)
    if found.unavailable:
        return found
    found.sizes = tuple(os.path.getsize(path) if path else None for path in files)
    _look(found, (files[0], files[1]), options)
    return found


def _look(found: Review, files: Files, options: Options) -> None:
    try:
        if found.kind == TABLE:
            _table(found, files, options)
        elif found.kind == ARRAY:
            _arrays(found, files)
        elif found.kind == MODEL or any(models.is_other_model(path) for path in files if path):
            found.kind = MODEL
            _model(found, files)
        else:
            _other(found, files)
    except NoTable as error:
        found.notes.append(str(error))
        _other(found, files)


# ---- tables


def _table(found: Review, files: Files, options: Options) -> None:
    kind = engine.kind_of(found.path)
    files = (_unpacked(found, files, 0, options), _unpacked(found, files, 1, options))
    if not engine.is_there():
        _count(found, files, kind)
        return
    with engine.Engine(options.scratch, sum(os.path.getsize(path) for path in files if path)) as database:
        loaded = tables.load(database, [path for path in files if path], kind, options.key)
        if len(loaded) == 2:
            found.table = tables.compare(database, loaded[0], loaded[1], options.key, options.rows)
            found.notes += found.table.notes
            if found.table.same and kind in (CSV, TSV):
                found.notes += dialect.differences(*(dialect.look(path, kind == TSV) for path in files))
        else:
            found.take_table("before" if files[0] else "after", loaded[0])


def _unpacked(found: Review, files: Files, side: int, options: Options) -> bytes:
    named = found.path if side else found.former or found.path
    try:
        return packed.unpacked(files[side], named, options.scratch)
    except NoTable as error:
        raise NoTable(f"{('before', 'after')[side]}: {error}" if all(files) else str(error)) from None


def _count(found: Review, files: Files, kind: str) -> None:
    """Tell what the standard library can: names of columns, how many rows."""
    found.notes.append(f"rows and cells are compared with the extra `review`: {engine.missing()}")
    if kind not in (CSV, TSV):
        return
    for side, path in zip(("before", "after"), files, strict=True):
        if path:
            how = dialect.look(path, kind == TSV)
            found.sides[side] = how.names, dialect.count(path, how)


# ---- models, arrays, directories, anything else


def _model(found: Review, files: Files) -> None:
    before, after = (models.read(path, found.path) if path else models.Model() for path in files)
    _take_names(found, before, after)
    found.parameters = models.compare(before, after)
    found.arrays = arrays.compare(before.arrays, after.arrays) if before.arrays or after.arrays else {}
    found.notes += dict.fromkeys([*before.notes, *after.notes])
    if all(files) and not (found.parameters or _differ(found.arrays)):
        counts = f"values: {len(after.parameters):,}, arrays: {len(after.arrays):,}"
        found.notes.append(f"what is read of it ({counts}) is the same, its bytes are not")
        _other(found, files)


def _differ(compared: dict[str, Any]) -> bool:
    return any(compared.get(what) for what in ("added", "removed", "changed"))


def _take_names(found: Review, before: models.Model, after: models.Model) -> None:
    """Call the layers of a model after by the automatic names that they have before, and say so."""
    names = keras.other_names(before.parameters, after.parameters)
    if names:
        rename = keras.renamed(names)
        parameters = dict(rename(*one) for one in after.parameters.items())
        held = dict(rename(*one) for one in after.arrays.items())
        if len(parameters) < len(after.parameters) or len(held) < len(after.arrays):
            return  # two would have one name, as where another layer was given it: one would be compared with nothing
        after.parameters, after.arrays = parameters, held
        told = ", ".join(f"{old} → {new}" for new, old in list(names.items())[:MAX_NAMES])
        more = f" and {len(names) - MAX_NAMES:,} more" if len(names) > MAX_NAMES else ""
        found.notes.append(f"layers that Keras has numbered anew are told by their names before: {told}{more}")


def _arrays(found: Review, files: Files) -> None:
    before, after = (_of_arrays(path, found.path) if path else models.Model() for path in files)
    _take_names(found, before, after)
    found.arrays = arrays.compare(before.arrays, after.arrays)
    found.parameters = models.compare(before, after)


def _of_arrays(path: bytes, named: bytes) -> models.Model:
    held = arrays.of(path, named)
    found = models.of_attributes(arrays.attributes(path)) if arrays.is_hdf5(named) else models.Model()
    found.arrays = held
    return found


def _other(found: Review, files: Files) -> None:
    if images.is_image(found.path):
        before, after = (images.facts(path) if path else {} for path in files)
        names = dict.fromkeys([*before, *after])
        found.parameters = {n: (before.get(n), after.get(n)) for n in names if before.get(n) != after.get(n)}
    if all(files):
        found.shared = chunks.shared(*files)


def _of_sides(change: Change, reasons: Sequence[str]) -> str:
    """Return why versions cannot be had, "" where all can; of which side, where there are two and it is not of both."""
    before, after = (reason.rstrip(".") for reason in reasons)
    if before == after or not (change.before and change.after):
        return before or after
    return "; ".join(f"{side}: {why}" for side, why in (("before", before), ("after", after)) if why)


def _directory(found: Review, change: Change, contents: Contents, options: Options) -> None:
    versions = (change.before, change.after)
    lists, reasons = zip(*[contents.listed(v) if v else ({}, "") for v in versions], strict=True)
    found.unavailable = _of_sides(change, reasons)
    if found.unavailable:
        return
    before, after = (listed or {} for listed in lists)
    members = _members(change, before, after)
    moved = {m.before.path: m.path for m in members if m.word == "renamed" and m.before}
    prefix = len(found.path) + 1
    found.files = {
        "before": len(before),
        "after": len(after),
        "added": [shown(m.path[prefix:]) for m in members if m.word == "added"],
        "removed": [shown(m.path[prefix:]) for m in members if m.word == "removed"],
        "changed": [shown(m.path[prefix:]) for m in members if m.word == "changed"],
        "renamed": {shown(old[prefix:]): shown(new[prefix:]) for old, new in moved.items()},
    }
    _look_into_members(found, members, contents, options)
    found.files["folders"] = folders.sums(found.path, members, found.members)


def _members(change: Change, before: dict[bytes, str], after: dict[bytes, str]) -> list[Change]:
    from trinity_guard.dvcrepo.output import listed_in
    from trinity_guard.review import sides

    one, other = sides.Side(b"", {}), sides.Side(b"", {})
    for side, version, files in ((one, change.before, before), (other, change.after, after)):
        if version is None:
            continue
        for name, md5 in files.items():
            path = change.path + b"/" + name
            side.artifacts[path] = Version(path, listed_in(version.output, md5, path))
            if version.files is not None:
                side.artifacts[path].file = os.path.join(version.file, name)
    return sides.changes(one, other)


def _look_into_members(found: Review, members: Sequence[Change], contents: Contents, options: Options) -> None:
    changed = [m for m in members if m.word == "changed" and (kind_of(m) in (TABLE, ARRAY) or images.is_image(m.path))]
    if len(changed) > MAX_MEMBERS:
        what = "tables, arrays and images"
        found.notes.append(f"of {len(changed):,} {what} that changed, the first {MAX_MEMBERS} are looked into")
    chosen = changed[:MAX_MEMBERS]
    contents.fetch(needed(chosen))
    found.members = [examine(m, contents, options) for m in chosen]
