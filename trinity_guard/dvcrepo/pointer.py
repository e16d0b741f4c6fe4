"""The one owner of the .dvc format: bytes <-> Pointer, byte for byte as `dvc add` writes them, without importing dvc.

Ordinary pointers are read and written by plain string work; whatever else YAML allows goes through ruamel.yaml, with
the settings that DVC uses (dvc/utils/serialize/_yaml.py). Paths in a pointer are checked here, once, for everybody:
no decoded pointer leads out of the repository or into .git.
"""

from __future__ import annotations

import os

from trinity_guard.dvcrepo import noted, safe_paths, yaml
from trinity_guard.dvcrepo.output import Output, is_md5
from trinity_guard.dvcrepo.paths import POINTER
from trinity_guard.errors import GuardError, pathspec, shown, typed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# A pointer is a few lines. Only a list of cloud versions (`files:`), which is DVC's own business, makes it long.
MAX_BYTES = 64 << 10
MAX_BYTES_WITH_FILES = 16 << 20
# ruamel.yaml takes a time for them that grows with their square.
MAX_BRACKETS = 1000
MAX_NAME = 255
MARKED = "holds the markers of a merge conflict."

_DIGITS = b"0123456789"
_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
_SAFE = _LETTERS + _DIGITS + b".- "
# What numbers, dates and times in YAML may be made of: a name that begins with a digit needs a letter beyond these.
_NUMERIC = _DIGITS + b"ABCDEFOTXZabcdefotxz_.- "
# What YAML, of one version or another, takes for no text.
_WORDS = frozenset(b"true false null yes no on off y n none nan inf".split())
_MAX_PLAIN = 64
_LEGACY_HASH = "md5-dos2unix"


class Pointer:
    """A decoded .dvc file: its outs, whether it has `deps` (an import), `frozen`, its `wdir`, and the raw bytes.

    repo_import: it imports from another DVC repository, whose remote holds the objects (`dvc import`).
    """

    __slots__ = ("deps", "frozen", "outs", "raw", "repo_import", "wdir")

    def __init__(
        self, outs: list[Output], raw: bytes, wdir: str = ".", deps: bool = False, frozen: bool = False
    ) -> None:
        self.outs = outs
        self.raw = raw
        self.wdir = wdir
        self.deps = deps
        self.frozen = frozen
        self.repo_import = False


def encode(md5: str, size: int, name: str, isexec: bool = False, nfiles: int = -1) -> bytes:
    """Return the bytes that a first `dvc add` of the file `name` writes; nfiles: of a folder with so many files."""
    if _plain_name(name.encode("utf-8", "surrogateescape")) and _plain_md5(md5):
        more = ("  isexec: true\n" if isexec else "") + (f"  nfiles: {nfiles}\n" if nfiles >= 0 else "")
        return f"outs:\n- md5: {md5}\n  size: {size}\n{more}  hash: md5\n  path: {name}\n".encode()
    out: dict[str, object] = {"md5": md5, "size": size}
    if nfiles >= 0:
        out["nfiles"] = nfiles
    if isexec:
        out["isexec"] = True
    return yaml.dump({"outs": [{**out, "hash": "md5", "path": name}]})


def decode(data: bytes, where: bytes) -> Pointer:
    """Read a .dvc file that stands at `where` (relative to the repository's top).

    Raises GuardError for all that DVC would not read, and for paths that leave the repository or lead into .git.
    """
    out = _canonical(data, where)
    if out is None:
        return _decoded_by_yaml(data, where)
    if b".git" in where.lower() or b".dvc/" in where.lower() or safe_paths.rules(out.text.encode()):
        _data_path(where, ".", out.text)
    return Pointer([out], data)


def _data_path(where: bytes, wdir: str, path: str) -> bytes:
    """Return the path of an out's data, relative to the repository's top, normalised. GuardError when out of bounds."""
    parts = where.split(b"/")[:-1]
    for text in (wdir, path):
        reason = safe_paths.rooted(text) or safe_paths.walk(parts, text)
        if reason:
            raise _out_of_bounds(where, text, reason)
    if path.endswith(".dvc") or path.rpartition("/")[2] == "dvc.yaml":
        raise _out_of_bounds(where, path, "is a DVC file itself, which DVC cannot track")
    if parts and safe_paths.rules(parts[-1].rpartition(b"\\")[2]):
        raise _out_of_bounds(where, path, "is a file that tells Git or DVC what to do")
    data = b"/".join(parts)
    if not data or where.startswith(data + b"/"):
        raise _out_of_bounds(where, path, "holds the pointer itself")
    return data


def nameable(name: bytes) -> str | None:
    """Return None when DVC can hold a file of this (base) name, else the reason why not, a clause about the file."""
    if _plain_name(name) and not name.endswith(POINTER) and not safe_paths.rules(name):
        return None
    try:
        text = name.decode()
    except UnicodeDecodeError:
        return "its name is not UTF-8"
    if len(name) + len(POINTER) > MAX_NAME:
        return f"with .dvc behind it, its name is longer than {MAX_NAME} bytes"
    if name.endswith(POINTER) or name == b"dvc.yaml":
        return "its name is that of a DVC file"
    if safe_paths.rules(name):
        return "its name is that of a file that tells Git or DVC what to do"
    scheme = safe_paths.scheme(text)
    if scheme in safe_paths.SCHEMES:
        return f"`{scheme}:` at the head of its name is read as the address of a remote"
    return None if _survives(text) else "its name comes back changed from the YAML that DVC writes"


def refresh(
    old: bytes, where: bytes, name: str, md5: str, size: int, isexec: bool, dos2unix: str | None = None,
    nfiles: int = -1,
) -> bytes:  # fmt: skip
    """Return what `dvc add` of the changed file `name` writes over its pointer `old`.

    All that belongs to the user stays: comments, desc, meta, type, labels, remote, push, frozen, wdir.
    A legacy pointer stays one only while its file is unchanged: `dos2unix` is DVC 2's hash of a text file with
    CRLF line ends, where the caller knows it (None: the same as md5).
    """
    quick = _canonical(old, where)  # what we have noted of the former bytes goes
    same_kind = quick is not None and (quick.nfiles >= 0) == (nfiles >= 0)
    if quick and same_kind and (quick.text, quick.isexec, quick.legacy) == (name, isexec, False):
        decode(old, where)
        return encode(md5, size, name, isexec, nfiles)
    pointer = decode(old, where)
    chosen = _matching(pointer, where, name)
    kept = chosen.legacy and chosen.md5 == (dos2unix or md5)
    fields = {"md5": chosen.md5 if kept else md5, "size": size, "isexec": isexec, "hash": None if kept else "md5"}
    if nfiles >= 0:
        fields["nfiles"] = nfiles
    data = _load(old, where, MAX_BYTES_WITH_FILES >> 4, round_trip=True)
    _tidy_stage(data, pointer, where)
    noted.forget(data)
    for entry, out in zip(data["outs"], pointer.outs, strict=True):
        if out is chosen and not (_versioned(entry) and out.md5 == md5):
            _record(entry, fields)
        _tidy_out(entry, "." if out.external else _relative(where, pointer.wdir, out))
    return yaml.dump(data)


def renamed(old: bytes, where: bytes, name: str, new: str) -> bytes:
    """Return the pointer `old`, which is to stand at `where`, with the name `new` for its file `name`; nothing else."""
    plain = _canonical(old, where)
    if plain and plain.text == name and _plain_name(new.encode("utf-8", "surrogateescape")):
        lines, facts = noted.split(old)
        return lines[: -len(name.encode()) - 1] + new.encode() + b"\n" + facts
    chosen = _matching(pointer := decode(old, where), where, name)
    data = _load(old, where, MAX_BYTES_WITH_FILES >> 4, round_trip=True)
    for entry, out in zip(data["outs"], pointer.outs, strict=True):
        if out is chosen:
            entry["path"] = os.path.join(os.path.dirname(entry["path"]), new)
    return yaml.dump(data)


# --- plain text, without YAML


def _plain_name(name: bytes) -> bool:
    """Whether YAML writes and reads this name as it is, on one line (a subset, checked against ruamel in a test)."""
    if len(name) > _MAX_PLAIN or name.translate(None, _SAFE) or name[-1:] in (b"", b" "):
        return False
    if name[0] in _LETTERS:
        return b"." in name or name.lower() not in _WORDS
    return name[0] in _DIGITS and bool(name.translate(None, _NUMERIC))


def _plain_md5(md5: str) -> bool:
    """Whether this is an md5 that YAML takes for a text: `1234…` is a number, and `12e34…` too."""
    return is_md5(md5) and (len(md5) != 32 or bool(md5.strip("0123456789be")))


def is_plain(data: bytes, where: bytes) -> bool:
    """Whether these are the very lines that `dvc add` writes, of DVC 3 or DVC 2."""
    return _canonical(data, where) is not None


def _canonical(data: bytes, where: bytes) -> Output | None:
    """Read the exact lines of a plain `dvc add` (or of DVC 2: without `hash:`); None for everything else."""
    if noted.FACTS in data:
        data, _ = noted.split(data)
    lines = data.split(b"\n", 8)
    if lines[0] != b"outs:" or lines[-1] or len(lines) > 8:
        return None
    values = {}
    at = 1
    for key in (b"- md5: ", b"  size: ", b"  nfiles: ", b"  isexec: ", b"  hash: ", b"  path: "):
        if lines[at].startswith(key):
            values[key] = lines[at][len(key) :]
            at += 1
    if at != len(lines) - 1:
        return None
    return _canonical_out(values, where)


def _canonical_out(values: dict[bytes, bytes], where: bytes) -> Output | None:
    md5, path = values.get(b"- md5: ", b"").decode("ascii", "replace"), values.get(b"  path: ", b"")
    size, nfiles = values.get(b"  size: ", b""), values.get(b"  nfiles: ", b"0")
    flag, hash_name = values.get(b"  isexec: ", b"true"), values.get(b"  hash: ", b"md5")
    if not (_plain_md5(md5) and _plain_name(path) and _count(size) and _count(nfiles)):
        return None
    if (flag, hash_name) != (b"true", b"md5") or path.endswith(POINTER):
        return None
    out = Output(where[: where.rfind(b"/") + 1] + path, md5, int(size), where)
    out.text = path.decode()
    out.isexec, out.legacy = b"  isexec: " in values, b"  hash: " not in values
    out.nfiles = int(nfiles) if b"  nfiles: " in values else -1
    return out.settle()


def _count(text: bytes) -> bool:
    return text.isdigit() and len(text) < 19 and (text[:1] != b"0" or text == b"0")


def _out_of_bounds(where: bytes, path: str, reason: str) -> GuardError:
    return GuardError(
        problem=f"{shown(where)}: its path '{yaml.plain(path)}' {reason}.",
        remedy=f"git log -p -- {pathspec(where)}"
        "     # who wrote it? Nothing was touched; correct or delete the pointer",
    )


# --- YAML


def has_markers(data: bytes) -> bool:
    """Whether a pointer, or a lock, holds the markers of a conflict."""
    # Of a file that both sides renamed they are longer than seven.
    return data.startswith(b"<<<<<<<") or b"\n<<<<<<<" in data or b"\n>>>>>>>" in data


def marked(where: bytes) -> GuardError:
    """Return the error for one that does. The command works while the merge is under way, and after it."""
    return GuardError(
        problem=f"{shown(where)} {MARKED}",
        remedy=f"trinity-guard use --ours {typed(where)}     # or --theirs: the pointer and its data",
    )


def _malformed(where: bytes, data: bytes, what: str) -> GuardError:
    if has_markers(data):
        return marked(where)
    word = pathspec(where)
    return GuardError(
        problem=f"{shown(where)} is no pointer that DVC can read: {what}.",
        remedy=f"git checkout HEAD -- {word}     # the last good version, or `dvc add` the file again",
    )


def _load(data: bytes, where: bytes, most: int = MAX_BYTES, round_trip: bool = False) -> Any:
    try:
        if data.count(b"[") + data.count(b"{") > MAX_BRACKETS:
            raise ValueError(f"broken YAML: more than {MAX_BRACKETS} brackets")
        return yaml.parse(data, most, round_trip)
    except ValueError as e:
        raise _malformed(where, data, str(e)) from None


def without_files(data: bytes) -> bytes:
    """Return a pointer without its list of cloud versions, as DVC writes it: one of a folder can name 100,000 files.

    Their names and versions are read by DVC alone, from its cloud-versioned remotes.
    """
    if len(data) > MAX_BYTES_WITH_FILES:
        return data
    kept: list[bytes] = []
    skipping = False
    for line in data.split(b"\n"):
        if skipping and line.startswith((b"  - ", b"    ")):
            continue
        skipping = line == b"  files:"
        kept.append(b"  files: [{}]" if skipping else line)
    return b"\n".join(kept)


def _survives(name: str) -> bool:
    fields = {"outs": [{"path": name}]}
    try:
        return bool(yaml.parse(yaml.dump(fields), MAX_BYTES) == fields)
    except ValueError:
        return False


# What DVC's schemas allow (dvc.schema, dvc.output, dvc.annotations; compared in a test).
_STAGE_KEYS = {
    "outs": list, "deps": list, "wdir": str, "md5": object, "frozen": bool, "locked": bool, "always_changed": bool,
    "meta": object, "desc": str,
}  # fmt: skip
_OUT_KEYS = {
    "md5": object, "etag": object, "checksum": object, "size": int, "nfiles": int, "isexec": bool, "version_id": str,
    "path": str, "persist": bool, "cloud": dict, "hash": str, "desc": str, "type": str, "labels": list, "meta": object,
    "cache": bool, "remote": str, "push": bool, "files": list, "fs_config": dict,
}  # fmt: skip
_MAY_BE_NULL = ("outs", "deps", "wdir")


def _decoded_by_yaml(data: bytes, where: bytes) -> Pointer:
    fields = _load(data if len(data) <= MAX_BYTES else without_files(data), where)
    wrong = yaml.wrong(fields, _STAGE_KEYS, _MAY_BE_NULL) or ("" if fields.get("outs") else "it has no outs")
    if wrong:
        raise _malformed(where, data, wrong)
    deps = bool(fields.get("deps"))
    pointer = Pointer([], data, fields.get("wdir") or ".", deps, bool(fields.get("frozen") or fields.get("locked")))
    pointer.repo_import = deps and any(isinstance(dep, dict) and "repo" in dep for dep in fields["deps"])
    for entry in fields["outs"]:
        wrong = yaml.wrong(entry, _OUT_KEYS) or ("" if entry.get("path") else "an out without path")
        if wrong:
            raise _malformed(where, data, wrong)
        out = _out(entry, pointer, where)
        wrong = safe_paths.remote_name(out.remote)
        if wrong:
            raise _malformed(where, data, f"the name in its 'remote' {wrong}")
        pointer.outs.append(out)
        if not out.external:
            out.path = _data_path(where, pointer.wdir, out.text)
            wrong = _wrong_hash(entry, out)
            if wrong:
                raise _malformed(where, data, wrong)
    return pointer


def _out(entry: dict[str, Any], pointer: Pointer, where: bytes) -> Output:
    md5, size, nfiles = entry.get("md5"), entry.get("size"), entry.get("nfiles")
    out = Output(b"", "" if md5 is None else str(md5).lower(), -1 if size is None else size, where)
    out.text, out.remote = entry["path"], entry.get("remote") or ""
    out.isexec, out.legacy = bool(entry.get("isexec")), (entry.get("hash") or _LEGACY_HASH) == _LEGACY_HASH
    out.nfiles = -1 if nfiles is None else nfiles
    out.cache, out.push = entry.get("cache", True), entry.get("push", True)
    out.external = safe_paths.scheme(out.text) in safe_paths.SCHEMES or "://" in out.text
    out.frozen, out.imported, out.from_repo = pointer.frozen, pointer.deps, pointer.repo_import
    return out.settle()


def _wrong_hash(entry: dict[str, Any], out: Output) -> str:
    if entry.get("hash") not in (None, "", "md5", _LEGACY_HASH):
        return "its 'hash' is not md5"
    if not out.md5:
        known = out.imported or not out.cache or entry.get("files")
        return "" if known else "it records no md5"
    return "" if is_md5(out.md5) else "its md5 is not one"


# --- over an existing pointer, as dvc's Stage.dump and apply_diff do it


def _matching(pointer: Pointer, where: bytes, name: str) -> Output:
    outs = [o for o in pointer.outs if not o.external and os.path.basename(os.path.normpath(o.text)) == name]
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


def _tidy_stage(data: Any, pointer: Pointer, where: bytes) -> None:
    for key in ("locked", "desc", "md5", "deps", "always_changed", "meta"):
        if key in data and (key == "locked" or not data[key]):
            del data[key]
    base = where.split(b"/")[:-1]
    folder = list(base)
    safe_paths.walk(folder, pointer.wdir)
    wdir = _between(base, b"/".join(folder))
    for key, value in (("wdir", "" if wdir == "." else wdir), ("frozen", pointer.frozen)):
        if not value:
            data.pop(key, None)
        elif data.get(key) != value:
            data[key] = value
