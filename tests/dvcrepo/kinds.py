"""One small repository for each kind of output that DVC tracks, with the very files that DVC writes.

`room(kind)` is made once; a test works on a copy. What is right is never written here: DVC itself says it.
"""

from __future__ import annotations

import atexit
import functools
import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.helpers.support import run

CONFIG = """[core]
    remote = storage
['remote "storage"']
    url = ../../storage
['remote "other"']
    url = ../../other
"""
VERSIONED = """[core]
    remote = storage
['remote "storage"']
    url = s3://bucket/data
    endpointurl = http://127.0.0.1:9
    version_aware = true
"""


class Kind(NamedTuple):
    """data: what DVC holds; records: its pointers, locks and pipelines; objects: place in the cache -> bytes."""

    data: dict[str, bytes]
    records: dict[str, str]
    objects: dict[str, bytes]
    config: str = CONFIG
    in_git: bool = False


def md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def place(name: str, legacy: bool = False) -> str:
    """Return where an object lies below a store."""
    return f"{name[:2]}/{name[2:]}" if legacy else f"files/md5/{name[:2]}/{name[2:]}"


def _kept(*contents: bytes) -> dict[str, bytes]:
    return {place(md5(c)): c for c in contents}


def _out(name: str, data: bytes, *more: str) -> str:
    fields = [f"md5: {md5(data)}", f"size: {len(data)}", "hash: md5", *more, f"path: {name}"]
    return "- " + "\n  ".join(fields) + "\n"


TABLE, OTHER = b"a,b\n1,2\n", b"a,b\n3,4\n"


def single() -> Kind:
    return Kind({"t.csv": TABLE}, {"t.csv.dvc": "outs:\n" + _out("t.csv", TABLE)}, _kept(TABLE))


def executable() -> Kind:
    return Kind({"t.csv": TABLE}, {"t.csv.dvc": "outs:\n" + _out("t.csv", TABLE, "isexec: true")}, _kept(TABLE))


def _legacy(data: bytes, digest: str) -> Kind:
    record = f"outs:\n- md5: {digest}\n  size: {len(data)}\n  path: t.csv\n"
    return Kind({"t.csv": data}, {"t.csv.dvc": record}, {place(digest, legacy=True): data})


def without_hash() -> Kind:
    return _legacy(TABLE, md5(TABLE))


def with_crlf() -> Kind:
    return _legacy(TABLE.replace(b"\n", b"\r\n"), md5(TABLE))


def directory() -> Kind:
    files = {"one.csv": TABLE, "sub/two.csv": OTHER}
    listed = json.dumps([{"md5": md5(d), "relpath": n} for n, d in files.items()], separators=(", ", ": ")).encode()
    name = md5(listed) + ".dir"
    size = sum(map(len, files.values()))
    record = f"outs:\n- md5: {name}\n  size: {size}\n  nfiles: 2\n  hash: md5\n  path: folder\n"
    objects = _kept(*files.values()) | {place(name): listed}
    return Kind({f"folder/{n}": d for n, d in files.items()}, {"folder.dvc": record}, objects)


def uncached() -> Kind:
    return Kind({"t.csv": TABLE}, {"t.csv.dvc": "outs:\n" + _out("t.csv", TABLE, "cache: false")}, {}, in_git=True)


def not_pushed() -> Kind:
    return single()._replace(records={"t.csv.dvc": "outs:\n" + _out("t.csv", TABLE, "push: false")})


def own_remote() -> Kind:
    return single()._replace(records={"t.csv.dvc": "outs:\n" + _out("t.csv", TABLE, "remote: other")})


def working_folder() -> Kind:
    record = "outs:\n" + _out("t.csv", TABLE) + "wdir: data\n"
    return Kind({"data/t.csv": TABLE}, {"t.csv.dvc": record}, _kept(TABLE))


def imported() -> Kind:
    """The source repository stands beside; its commit is put in for REVISION."""
    source = "deps:\n- path: source.csv\n  repo:\n    url: ../source\n    rev_lock: REVISION\n"
    return single()._replace(records={"t.csv.dvc": f"frozen: true\n{source}outs:\n" + _out("t.csv", TABLE)})


def imported_url() -> Kind:
    source = "deps:\n" + _out("../source.csv", TABLE)
    return single()._replace(records={"t.csv.dvc": f"frozen: true\n{source}outs:\n" + _out("t.csv", TABLE)})


def versioned() -> Kind:
    cloud = "cloud:\n    storage:\n      etag: abc\n      version_id: v1"
    return single()._replace(records={"t.csv.dvc": "outs:\n" + _out("t.csv", TABLE, cloud)}, config=VERSIONED)


def _locked(name: str, path: str, data: bytes = TABLE) -> str:
    entry = f"    - path: {path}\n      hash: md5\n      md5: {md5(data)}\n      size: {len(data)}\n"
    return f"  {name}:\n    cmd: 'true'\n    outs:\n{entry}"


def locked() -> Kind:
    pipeline = "stages:\n  make:\n    cmd: 'true'\n    outs:\n    - t.csv\n"
    records = {"dvc.yaml": pipeline, "dvc.lock": "schema: '2.0'\nstages:\n" + _locked("make", "t.csv")}
    return Kind({"t.csv": TABLE}, records, _kept(TABLE))


def locked_foreach() -> Kind:
    pipeline = (
        "stages:\n  make:\n    foreach:\n    - one\n    - two\n    do:\n      cmd: 'true'\n"
        "      outs:\n      - data/${item}.csv\n"
    )
    stages = _locked("make@one", "data/one.csv") + _locked("make@two", "data/two.csv", OTHER)
    records = {"dvc.yaml": pipeline, "dvc.lock": "schema: '2.0'\nstages:\n" + stages}
    return Kind({"data/one.csv": TABLE, "data/two.csv": OTHER}, records, _kept(TABLE, OTHER))


def frozen() -> Kind:
    return single()._replace(records={"t.csv.dvc": "frozen: true\nouts:\n" + _out("t.csv", TABLE)})


KINDS: dict[str, Callable[[], Kind]] = {
    "single file": single,
    "isexec": executable,
    "DVC 2 without hash": without_hash,
    "DVC 2 of CRLF text": with_crlf,
    "directory": directory,
    "cache: false": uncached,
    "push: false": not_pushed,
    "own remote": own_remote,
    "wdir": working_folder,
    "import": imported,
    "import-url": imported_url,
    "version_id": versioned,
    "dvc.lock": locked,
    "dvc.lock of foreach": locked_foreach,
    "frozen": frozen,
}


@functools.cache
def room(name: str) -> Path:
    """Return a folder with the repository `work` of this kind, committed, its data and cache in place."""
    top = Path(tempfile.mkdtemp(prefix="trinity-guard-kind-"))
    atexit.register(shutil.rmtree, top, ignore_errors=True)
    kind = KINDS[name]()
    revision = _source(top) if name == "import" else ""
    (top / "source.csv").write_bytes(TABLE)
    work = top / "work"
    _repository(work, kind.config)
    # What only this machine says of remotes needs nobody's word that they are to be trusted.
    _write(work, {".dvc/config.local": kind.config.encode()})
    _write(work, {n: text.replace("REVISION", revision).encode() for n, text in kind.records.items()})
    _write(work, kind.data)
    _write(work / ".dvc" / "cache", kind.objects)
    if name == "isexec":
        (work / "t.csv").chmod(0o744)
    for file in (work / ".dvc" / "cache").rglob("*"):
        if file.is_file():
            file.chmod(0o444)
    if not kind.in_git:
        held = {n.partition("/")[0] if name == "directory" else n for n in kind.data}
        (work / ".gitignore").write_text("".join(f"/{n}\n" for n in sorted(held)))
    _commit(work)
    return top


def _source(top: Path) -> str:
    """Make the DVC repository that an import comes from; return its commit."""
    source = top / "source"
    _repository(source, "[core]\n    remote = storage\n['remote \"storage\"']\n    url = ../../source-storage\n")
    _write(source, {"source.csv.dvc": ("outs:\n" + _out("source.csv", TABLE)).encode(), ".gitignore": b"/source.csv\n"})
    _write(top / "source-storage", _kept(TABLE))
    _commit(source)
    return run("git", "rev-parse", "HEAD", cwd=source).stdout.decode().strip()


def _repository(path: Path, config: str) -> None:
    path.mkdir()
    run("git", "init", "-q", "-b", "main", cwd=path)
    _write(path, {".dvc/config": config.encode(), ".dvc/.gitignore": b"/config.local\n/tmp\n/cache\n"})
    (path / ".dvcignore").write_bytes(b"")


def _commit(path: Path) -> None:
    run("git", "add", "-A", cwd=path)
    run("git", "commit", "-q", "-m", "as DVC has it", cwd=path)


def _write(folder: Path, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
