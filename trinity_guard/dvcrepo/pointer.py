"""The one owner of the .dvc format: bytes <-> Pointer, byte for byte as `dvc add` writes them, without importing dvc.

Ordinary pointers are read and written by plain string work; whatever else YAML allows goes through ruamel.yaml, with
the settings that DVC uses (dvc/utils/serialize/_yaml.py). Paths in a pointer are checked here, once, for everybody:
no decoded pointer leads out of the repository or into .git.
"""

from __future__ import annotations

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
_NO_DIGITS = dict.fromkeys(range(ord("0"), ord("9") + 1))
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
    if plain_name(name.encode("utf-8", "surrogateescape")) and _plain_md5(md5):
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
    out = canonical(data, where)
    if out is None:
        return _decoded_by_yaml(data, where)
    if b".git" in where.lower() or b".dvc/" in where.lower() or safe_paths.rules(out.text.encode()):
        _data_path(where, ".", out.text)
    return Pointer([out], data)


def as_written(data: bytes, where: bytes, md5: str, size: int) -> Output | None:
    """Return what `decode` says of a pointer that stands beside a file of this md5 and size, and has no more in it than
    `encode` writes; None for any other one. For thousands that were just written, of names that were looked at."""
    name = where[where.rfind(b"/") + 1 :].removesuffix(POINTER)
    flag = b"  isexec: true\n" if b"\n  isexec: " in data else b""
    if data != b"outs:\n- md5: %b\n  size: %d\n%b  hash: md5\n  path: %b\n" % (md5.encode(), size, flag, name):
        return None
    out = Output(where.removesuffix(POINTER), md5, size, where)
    out.text = name.decode()
    out.isexec = bool(flag)
    return out.settle()


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
    if plain_name(name) and not name.endswith(POINTER) and not safe_paths.rules(name):
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


# --- plain text, without YAML


def plain_name(name: bytes) -> bool:
    """Whether YAML writes and reads this name as it is, on one line (a subset, checked against ruamel in a test)."""
    if len(name) > _MAX_PLAIN or name.translate(None, _SAFE) or name[-1:] in (b"", b" "):
        return False
    if name[0] in _LETTERS:
        return b"." in name or name.lower() not in _WORDS
    return name[0] in _DIGITS and bool(name.translate(None, _NUMERIC))


def _plain_md5(md5: str) -> bool:
    """Whether this is an md5 that YAML takes for a text: `1234…` is a number, and `12e34…` and `0b10…` too."""
    return is_md5(md5) and (len(md5) != 32 or len(md5.translate(_NO_DIGITS)) > 1 or bool(md5.strip("0123456789be")))


def is_plain(data: bytes, where: bytes) -> bool:
    """Whether these are the very lines that `dvc add` writes, of DVC 3 or DVC 2."""
    return canonical(data, where) is not None


def canonical(data: bytes, where: bytes) -> Output | None:
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
    if not (_plain_md5(md5) and plain_name(path) and _count(size) and _count(nfiles)):
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


def load(data: bytes, where: bytes, most: int = MAX_BYTES, round_trip: bool = False) -> Any:
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
    fields = load(data if len(data) <= MAX_BYTES else without_files(data), where)
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
