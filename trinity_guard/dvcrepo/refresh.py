"""A pointer over one that exists, as `dvc add` and `dvc move` write it (dvc's Stage.dump and apply_diff)."""

from __future__ import annotations

import os

from trinity_guard.dvcrepo import noted, pointer, safe_paths, yaml
from trinity_guard.errors import GuardError, shown, typed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from trinity_guard.dvcrepo.output import Output
    from trinity_guard.dvcrepo.pointer import Pointer


def refresh(
    old: bytes, where: bytes, name: str, md5: str, size: int, isexec: bool, dos2unix: str | None = None,
    nfiles: int = -1,
) -> bytes:  # fmt: skip
    """Return what `dvc add` of the changed file `name` writes over its pointer `old`.

    All that belongs to the user stays: comments, desc, meta, type, labels, remote, push, frozen, wdir.
    A legacy pointer stays one only while its file is unchanged: `dos2unix` is DVC 2's hash of a text file with
    CRLF line ends, where the caller knows it (None: the same as md5).
    """
    quick = pointer.canonical(old, where)  # what we have noted of the former bytes goes
    same_kind = quick is not None and (quick.nfiles >= 0) == (nfiles >= 0)
    if quick and same_kind and (quick.text, quick.isexec, quick.legacy) == (name, isexec, False):
        pointer.decode(old, where)
        return pointer.encode(md5, size, name, isexec, nfiles)
    pointed = pointer.decode(old, where)
    chosen = _matching(pointed, where, name)
    kept = chosen.legacy and chosen.md5 == (dos2unix or md5)
    fields = {"md5": chosen.md5 if kept else md5, "size": size, "isexec": isexec, "hash": None if kept else "md5"}
    if nfiles >= 0:
        fields["nfiles"] = nfiles
    data = pointer.load(old, where, pointer.MAX_BYTES_WITH_FILES >> 4, round_trip=True)
    _tidy_stage(data, pointed, where)
    noted.forget(data)
    for entry, out in zip(data["outs"], pointed.outs, strict=True):
        if out is chosen and not (_versioned(entry) and out.md5 == md5):
            _record(entry, fields)
        _tidy_out(entry, "." if out.external else _relative(where, pointed.wdir, out))
    return yaml.dump(data)


def renamed(old: bytes, where: bytes, name: str, new: str) -> bytes:
    """Return the pointer `old`, which is to stand at `where`, with the name `new` for its file `name`; nothing else."""
    plain = pointer.canonical(old, where)
    if plain and plain.text == name and pointer.plain_name(new.encode("utf-8", "surrogateescape")):
        lines, facts = noted.split(old)
        return lines[: -len(name.encode()) - 1] + new.encode() + b"\n" + facts
    chosen = _matching(pointed := pointer.decode(old, where), where, name)
    data = pointer.load(old, where, pointer.MAX_BYTES_WITH_FILES >> 4, round_trip=True)
    for entry, out in zip(data["outs"], pointed.outs, strict=True):
        if out is chosen:
            entry["path"] = os.path.join(os.path.dirname(entry["path"]), new)
    return yaml.dump(data)


def _matching(pointed: Pointer, where: bytes, name: str) -> Output:
    outs = [o for o in pointed.outs if not o.external and os.path.basename(os.path.normpath(o.text)) == name]
    exact = [o for o in outs if os.path.normpath(o.text) == name] if len(outs) > 1 else outs
    if len(exact) == 1:
        return exact[0]
    raise GuardError(
        problem=f"{shown(where)} does not record '{yaml.plain(name)}' but another file, and would be overwritten.",
        remedy=f"git mv {typed(where)} ELSEWHERE.dvc     # or delete it",
    )


def _relative(where: bytes, wdir: str, out: Output) -> str:
    base = where.split(b"/")[:-1]
    safe_paths.walk(base, wdir)
    return _between(base, out.path)


def _between(base: list[bytes], path: bytes) -> str:
    """Return a path as seen from the folder `base`. It is text: all beyond what the two share a pointer says itself."""
    return os.path.relpath(b"/" + path, b"/" + b"/".join(base)).decode()


def _versioned(entry: Any) -> bool:
    cloud = entry.get("cloud") or {}
    return "version_id" in entry or any("version_id" in v for v in cloud.values())


def _record(entry: Any, fields: dict[str, object]) -> None:
    for key in ("nfiles", "version_id", "etag", "checksum", "cloud", "files"):
        if key not in fields:
            entry.pop(key, None)
    for key, value in fields.items():
        if value is None or value is False:
            entry.pop(key, None)
        elif key not in entry or entry[key] != value:
            entry[key] = value


def _tidy_out(entry: Any, path: str) -> None:
    """Drop what DVC does not write back: values that say the default."""
    for key in ("desc", "type", "labels", "meta", "persist", "remote", "isexec", "fs_config"):
        if key in entry and not entry[key]:
            del entry[key]
    for key in ("cache", "push"):
        if entry.get(key) is True:
            del entry[key]
    if path != "." and entry["path"] != path:
        entry["path"] = path


def _tidy_stage(data: Any, pointed: Pointer, where: bytes) -> None:
    for key in ("locked", "desc", "md5", "deps", "always_changed", "meta"):
        if key in data and (key == "locked" or not data[key]):
            del data[key]
    base = where.split(b"/")[:-1]
    folder = list(base)
    safe_paths.walk(folder, pointed.wdir)
    wdir = _between(base, b"/".join(folder))
    for key, value in (("wdir", "" if wdir == "." else wdir), ("frozen", pointed.frozen)):
        if not value:
            data.pop(key, None)
        elif data.get(key) != value:
            data[key] = value
