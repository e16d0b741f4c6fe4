"""What the scenarios of the other tools share: the program driven in this process, and an oracle for a migration.

The oracle shares no code with the engine: from the old commits, read by plain Git, it says what each file of the new
ones must be, which objects the cache must hold, and which bytes no rewritten ref may reach any more.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.support import objects
from tests.migrate import driven
from tests.migrate.legacy import Legacy, md5, pointer_of
from trinity_guard import cli

OWN = {".dvc/config", ".dvc/.gitignore", ".dvcignore"}
Moves = Callable[[str, bytes], bool]


class Program:
    """`trinity-guard migrate` in this process, in the folder of a repository."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capfd = capfd

    def __call__(self, legacy: Legacy, *args: str, code: int = 0, at: str = ".") -> str:
        """Run a command, hold it to its exit code, and return what it said on both streams."""
        self._monkeypatch.chdir(legacy.path / at)
        self._capfd.readouterr()
        left = cli.main(["migrate", *args])
        said = "".join(self._capfd.readouterr())
        assert left == code, said
        assert "Traceback" not in said
        return said

    def info(self, legacy: Legacy, *args: str) -> dict[str, Any]:
        before = legacy.refs()
        said: dict[str, Any] = json.loads(self(legacy, "info", "--format", "json", *args))
        assert legacy.refs() == before
        return said

    def run(self, legacy: Legacy, *args: str) -> str:
        """Migrate, and have the whole history proved by `verify`, where anything moved."""
        before = legacy.refs()
        said = self(legacy, "run", "--yes", *args)
        if legacy.refs() != before:
            assert driven.verify(legacy.place).wrong == []
        return said


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Program:
    return Program(monkeypatch, capfd)


MadeOnce = Callable[[Legacy, Callable[[Legacy], None]], None]


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> MadeOnce:
    """Make a bare repository by a maker, once; whoever wants the same one later gets a copy."""
    made: dict[Callable[[Legacy], None], Path] = {}

    def work(legacy: Legacy, maker: Callable[[Legacy], None]) -> None:
        if maker in made:
            shutil.rmtree(legacy.path)
            shutil.copytree(made[maker], legacy.path)
            return
        maker(legacy)
        kept = tmp_path_factory.mktemp("made") / "bare.git"
        shutil.copytree(legacy.path, kept)
        made[maker] = kept

    return work


def mapped(legacy: Legacy) -> dict[str, str]:
    """Return old -> new of the last migration."""
    lines = (legacy.git_dir / "trinity-guard/migrate/commit-map").read_text().splitlines()
    return dict(line.split(" ") for line in lines)


def ours(refs: dict[str, str]) -> dict[str, str]:
    """Return refs without the old ones that are kept for an undo."""
    return {name: oid for name, oid in refs.items() if not name.startswith("refs/trinity-guard/")}


def cached(legacy: Legacy) -> dict[str, bytes]:
    return objects(legacy.cache() / "files/md5")


def names(pattern: str) -> Moves:
    """Return an oracle's own idea of what moves: paths that a regular expression matches as a whole."""
    return lambda path, _: re.fullmatch(pattern, path) is not None


def require_exactly(legacy: Legacy, before: dict[str, str], moved: set[str], moves: Moves) -> set[bytes]:
    """Hold a migration to what it must be, and return the bytes that went to the cache.

    before: the refs as they were; moved: those that had to move, all others must stand where they stood.
    """
    after = legacy.refs()
    assert {name for name, oid in before.items() if after[name] != oid and name != "HEAD"} == moved
    ids = mapped(legacy)
    found = read(legacy, [*ids, *ids.values()])
    gone: set[bytes] = set()
    left: set[bytes] = set()
    started: set[str] = set()  # the commits that have DVC's files from the migration
    for old, new in ids.items():  # parents first
        was, now = found[old], found[new]
        parents = re.findall(r"^parent (\w+)$", was.raw.partition(b"\n\n")[0].decode("latin-1"), re.MULTILINE)
        gone |= require_commit(was.files, now.files, moves, not started.isdisjoint(parents))
        if now.files.keys() >= OWN and not was.files.keys() >= OWN:
            started.add(old)
        left |= {data for _, data in now.files.values()}
        require_same_commit(was.raw, now.raw, ids)
    assert cached(legacy) == {md5(data): data for data in gone}
    # Bytes that a file which was not asked for has as well are there by right.
    require_unreachable(legacy, [after[name] for name in moved], gone - left)
    return gone


class Read:
    """A commit's bytes and its files: path -> (mode, bytes)."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.files: dict[str, tuple[str, bytes]] = {}


def read(legacy: Legacy, commits: list[str]) -> dict[str, Read]:
    """Return commits with all their files, read by one process of Git a level of folders."""
    found = {oid: Read(raw) for oid, raw in _objects(legacy, commits).items()}
    trees: dict[str, list[tuple[str, str, str]]] = {}
    fresh = [commit.raw[5:45].decode() for commit in found.values()]
    while fresh:
        trees |= {oid: _entries(raw) for oid, raw in _objects(legacy, fresh).items()}
        fresh = [e[2] for entries in trees.values() for e in entries if e[0] == "40000" and e[2] not in trees]
    ids = [oid for entries in trees.values() for mode, _, oid in entries if mode not in ("40000", "160000")]
    blobs = _objects(legacy, ids)
    for commit in found.values():
        for path, mode, oid in _flat(trees, commit.raw[5:45].decode(), ""):
            commit.files[path] = (mode, blobs.get(oid, oid.encode()))
    return found


def _entries(raw: bytes) -> list[tuple[str, str, str]]:
    found = []
    while raw:
        meta, _, rest = raw.partition(b"\0")
        mode, _, name = meta.partition(b" ")
        found.append((mode.decode(), os.fsdecode(name), rest[:20].hex()))
        raw = rest[20:]
    return found


def _flat(trees: dict[str, list[tuple[str, str, str]]], tree: str, folder: str) -> Iterator[tuple[str, str, str]]:
    for mode, name, oid in trees[tree]:
        if mode == "40000":
            yield from _flat(trees, oid, f"{folder}{name}/")
        else:
            yield folder + name, mode, oid


def _objects(legacy: Legacy, names: list[str]) -> dict[str, bytes]:
    ids = list(dict.fromkeys(names))
    out = legacy.git("cat-file", "--batch", data="".join(f"{oid}\n" for oid in ids).encode())
    found, at = {}, 0
    for oid in ids:
        end = out.index(b"\n", at)
        size = int(out[at:end].split(b" ")[2])
        found[oid] = out[end + 1 : end + 1 + size]
        at = end + size + 2
    return found


def require_commit(
    was: dict[str, tuple[str, bytes]], now: dict[str, tuple[str, bytes]], moves: Moves, carried: bool = False
) -> set[bytes]:
    """Hold the files of one new commit to those of the old one. carried: a parent got DVC's files by the migration."""
    gone = set()
    lines: dict[str, set[bytes]] = {}
    wanted = {}
    for path, (mode, data) in was.items():
        if mode not in ("100644", "100755") or not moves(path, data):
            wanted[path] = (mode, data)
            continue
        gone.add(data)
        folder, _, name = path.rpartition("/")
        wanted[f"{path}.dvc"] = ("100644", pointer_of(data, name, mode == "100755"))
        line = "/" + re.sub(r"([\\\[\]!*#?])", r"\\\1", name)
        lines.setdefault(f"{folder}/.gitignore".lstrip("/"), set()).add(line.encode())
    for path, added in lines.items():
        mode, old = was.get(path, ("100644", b""))
        assert now[path][0] == mode
        assert now[path][1].startswith(old)
        assert set(now[path][1].splitlines()) == set(old.splitlines()) | added
        wanted[path] = now[path]
    assert {p: now[p] for p in now if p in wanted or p not in OWN} == wanted
    assert (now.keys() >= OWN) == (bool(lines) or carried or was.keys() >= OWN)
    return gone


def require_same_commit(old: bytes, new: bytes, ids: dict[str, str]) -> None:
    """Hold all but tree and parents of a commit to the old one's, byte for byte; the parents to the map."""
    heads = [raw.partition(b"\n\n") for raw in (old, new)]
    kept = [[n for n in head.split(b"\n") if not n.startswith((b"tree ", b"parent "))] for head, _, _ in heads]
    assert kept[0] == kept[1]
    assert heads[0][2] == heads[1][2]
    parents = [[n[7:].decode() for n in head.split(b"\n") if n.startswith(b"parent ")] for head, _, _ in heads]
    assert [ids.get(p, p) for p in parents[0]] == parents[1]


def require_unreachable(legacy: Legacy, tips: list[str], gone: set[bytes]) -> None:
    """The dirt's absence: no rewritten ref reaches a blob with these bytes (an empty .gitignore is no dirt)."""
    reached = {line.split()[0].decode() for line in legacy.git("rev-list", "--objects", *tips).splitlines()}
    blobs = {hashlib.sha1(b"blob %d\0%s" % (len(d), d), usedforsecurity=False).hexdigest() for d in gone if d}
    assert not reached & blobs


def cloned(legacy: Legacy, name: str = "other", *options: str) -> Legacy:
    """Clone a repository, and return the clone to work on."""
    path = legacy.path.parent / name
    legacy.git("clone", "-q", "--no-local", *options, str(legacy.path), str(path))
    copy = Legacy.__new__(Legacy)
    copy.path, copy.bare = path, "--bare" in options or "--mirror" in options
    return copy


def write(legacy: Legacy, name: str, data: bytes) -> Path:
    file = legacy.path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    return file
