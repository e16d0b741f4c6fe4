"""Legacy repositories made object by object, as odd as real ones are, and the engine driven on them."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.helpers.support import dvc, run
from tests.migrate import driven
from trinity_guard.dvcrepo import odb, standin
from trinity_guard.git import Place
from trinity_guard.git.catfile import Source
from trinity_guard.migrate import destination, refs
from trinity_guard.migrate.migration import Migration
from trinity_guard.migrate.options import Chosen, Options
from trinity_guard.migrate.selection import Selection

Files = Mapping[Any, Any]  # path (text or bytes) -> bytes, or (mode, bytes)
PATTERNS = ("*.pkl", "*.csv", "*.h5")
STAMP = b"%s <%s> 1500000000 +0100"
# The files that every commit from the first pointer on has beside its own.
OF_DVC = {".dvcignore", ".dvc/.gitignore", ".dvc/config"}
READ_BY_FSCK = re.compile(rb"\.git(?:attributes|modules)\0(.{20})", re.DOTALL)
AUTHOR = STAMP % (b"A U Thor", b"author@example.com")


def md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def quiet(_stage: str, _done: int, _total: int) -> None:
    return


class Legacy:
    """A repository whose commits are written as raw objects; `commit` moves a branch to what it made."""

    def __init__(self, path: Path, bare: bool = False) -> None:
        self.path = path
        self.bare = bare
        run("git", "init", "-q", "-b", "main", *(["--bare"] if bare else []), path)

    @property
    def git_dir(self) -> Path:
        return self.path if self.bare else self.path / ".git"

    @property
    def place(self) -> Place:
        git_dir = os.fsencode(self.git_dir)
        return Place(b"" if self.bare else os.fsencode(self.path), git_dir, git_dir)

    def git(self, *args: str | bytes, ok: bool = True, data: bytes = b"", **env: str) -> bytes:
        return run("git", *args, cwd=self.path, ok=ok, data=data, env=env).stdout

    def id(self, name: str) -> str:
        return self.git("rev-parse", name).decode().strip()

    def write(self, kind: str, data: bytes) -> str:
        """Write a loose object, as `git hash-object -w --literally` does; no process is started for it."""
        content = b"%s %d\0%s" % (kind.encode(), len(data), data)
        oid = hashlib.sha1(content, usedforsecurity=False).hexdigest()
        file = self.git_dir / "objects" / oid[:2] / oid[2:]
        if not file.exists():
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(zlib.compress(content, 1))
            file.chmod(0o444)
        return oid

    def tree(self, files: Files) -> str:
        """Write a tree; a content is bytes, or (mode, bytes), or ("160000", the commit's id)."""
        lines = []
        for name, content in files.items():
            mode, data = content if isinstance(content, tuple) else ("100644", content)
            oid = data.decode() if mode == "160000" else self.write("blob", data)
            lines.append(f"{mode} {oid}\t".encode() + os.fsencode(name) + b"\0")
        index = str(self.git_dir / "scratch-index")
        self.git("update-index", "-z", "--index-info", data=b"".join(lines), GIT_INDEX_FILE=index)
        oid = self.git("write-tree", GIT_INDEX_FILE=index).decode().strip()
        Path(index).unlink(missing_ok=True)
        return oid

    def commit(
        self,
        files: Files,
        message: bytes = b"work\n",
        parents: Sequence[str] | None = None,
        extra: bytes = b"",
        branch: str = "main",
        author: bytes = AUTHOR,
    ) -> str:
        """Write a commit on the tip of a branch (or on these parents) and return its id; extra: raw header lines."""
        if parents is None:
            tip = self.git("rev-parse", "-q", "--verify", f"refs/heads/{branch}", ok=False).decode().strip()
            parents = [tip] if tip else []
        head = b"tree %s\n" % self.tree(files).encode() + b"".join(b"parent %s\n" % p.encode() for p in parents)
        oid = self.write("commit", head + b"author %s\ncommitter %s\n" % (author, AUTHOR) + extra + b"\n" + message)
        self.git("update-ref", f"refs/heads/{branch}", oid)
        return oid

    def checkout(self) -> None:
        self.git("reset", "-q", "--hard")

    def refs(self) -> dict[str, str]:
        out = self.git("for-each-ref", "--format=%(refname) %(objectname)").decode()
        found = dict(line.split(" ") for line in out.splitlines())
        return {**found, "HEAD": self.git("rev-parse", "-q", "--verify", "HEAD", ok=False).decode().strip()}

    def raw(self, oid: str) -> bytes:
        return self.contents([oid])[0]

    def contents(self, names: Sequence[str]) -> list[bytes]:
        """Return the bytes of objects, which must be there, through one process."""
        found = self.attempted([name.encode() for name in names])
        assert None not in found, dict(zip(names, found, strict=True))
        return [data for data in found if data is not None]

    def attempted(self, names: Sequence[bytes]) -> list[bytes | None]:
        """Return the bytes of objects through one process; None for what is missing."""
        out, at, found = self.git("cat-file", "--batch", data=b"".join(name + b"\n" for name in names)), 0, []
        for _ in names:
            head, at = out[at : (end := out.index(b"\n", at))], end + 1
            size = None if head.endswith(b" missing") else int(head.rsplit(b" ", 1)[1])
            found.append(None if size is None else out[at : at + size])
            at += 0 if size is None else size + 1
        return found

    def files(self, commit: str) -> dict[str, tuple[str, bytes]]:
        """Return path -> (mode, bytes) of a commit (a submodule: its commit's id)."""
        found = {}
        for line in self.git("ls-tree", "-r", "-z", commit).split(b"\0")[:-1]:
            meta, _, path = line.partition(b"\t")
            found[os.fsdecode(path)] = meta.decode().split(" ")
        blobs = list(dict.fromkeys(oid for _, kind, oid in found.values() if kind == "blob"))
        data = dict(zip(blobs, self.contents(blobs), strict=True))
        return {
            path: (mode, data[oid] if kind == "blob" else oid.encode()) for path, (mode, kind, oid) in found.items()
        }

    def cache(self) -> Path:
        """Return where the objects are now."""
        inside = self.path / ".dvc" / "cache"
        return inside if not self.bare and inside.is_dir() else self.git_dir / "trinity-guard" / "cache"

    def object(self, digest: str) -> bytes:
        return (self.cache() / "files" / "md5" / digest[:2] / digest[2:]).read_bytes()

    def select(self, *names: str) -> list[bytes]:
        source = Source(self.place)
        return refs.select(refs.listed(source), everything=not names, wanted=[n.encode() for n in names])

    def options(self, **changes: Any) -> Options:
        """Return what a run is asked to do, where nothing else is said."""
        cache, shared = Migration(self.place).cache()
        patterns = changes.pop("include", PATTERNS)
        selection = Selection(patterns, changes.pop("exclude", ()), changes.pop("above", None))
        names = changes.pop("refs", None)
        chosen = Chosen(self.select() if names is None else self.select(*names))
        where = destination.at("storage", str(self.path.parent / "storage"))
        selection = changes.pop("selection", selection)
        values: dict[str, Any] = {"selection": selection, "chosen": chosen, "where": where, "cache": cache}
        return Options(**{**values, "shared": shared, **changes})

    def migrate(self, **changes: Any) -> Migrated:
        """Run the engine, and prove the result with a whole `verify` (unless nothing moved, or it was dry)."""
        report = driven.run(self.place, self.options(**changes))
        done = Migrated(self, report)
        if report["refs"] and report["phase"] == "done":
            assert driven.verify(self.place).wrong == []
            self.accepted()
        return done

    def accepted(self) -> None:
        """Let fsck look at every tree that a migration wrote."""
        kept = b"refs/trinity-guard/original/"
        old = [oid for name, oid in self.refs().items() if os.fsencode(name).startswith(kept)]
        new = [oid for name, oid in self.refs().items() if oid and not os.fsencode(name).startswith(kept)]
        lines = "".join([f"{oid}\n" for oid in new] + [f"^{oid}\n" for oid in old])
        ids = self.git("rev-list", "--objects", "--no-object-names", "--stdin", data=lines.encode())
        kinds = self.git("cat-file", "--batch-check", data=ids).splitlines()
        trees = [line.split()[0] for line in kinds if line.split()[1] == b"tree"]
        if trees:
            # fsck reads these two files, wherever they come from.
            entries = b"".join(self.contents([tree.decode() for tree in trees]))
            read = [match[1].hex().encode() for match in READ_BY_FSCK.finditer(entries)]
            pack = self.git("pack-objects", "--stdout", "-q", data=b"\n".join([*trees, *read, b""]))
            scratch = self.path.parent / f"fsck-{len(list(self.path.parent.iterdir()))}"
            run("git", "init", "-q", "--bare", scratch)
            run("git", "index-pack", "--fsck-objects", "--stdin", cwd=scratch, data=pack)
            shutil.rmtree(scratch)

    def storage(self) -> Path:
        """Put the cache's objects where the remote is, as a push does."""
        target = self.path.parent / "storage"
        shutil.copytree(self.cache() / "files", target / "files", dirs_exist_ok=True)
        return target

    def pulled(self, commit: str) -> dict[str, bytes]:
        """Clone, check a commit out, `dvc pull`, and return all files but DVC's own."""
        clone = self.path.parent / f"clone-{len(list(self.path.parent.iterdir()))}"
        run("git", "clone", "-q", "--no-local", self.path, clone)
        run("git", "checkout", "-q", "--detach", commit, cwd=clone)
        dvc("pull", "-q", cwd=clone)
        found = {}
        for folder, folders, names in os.walk(clone):
            folders[:] = [f for f in folders if f not in (".git", ".dvc")]
            for name in names:
                file = Path(folder) / name
                if not file.is_symlink():
                    found[str(file.relative_to(clone))] = file.read_bytes()
        return found


class Migrated:
    """A migration that was run: its report, and old -> new ids."""

    def __init__(self, legacy: Legacy, report: dict[str, Any]) -> None:
        self.legacy = legacy
        self.report = report
        lines = (legacy.git_dir / "trinity-guard" / "migrate" / "commit-map").read_text().split("\n")[:-1]
        self.ids = dict(line.split(" ") for line in lines)

    def files(self, old: str) -> dict[str, tuple[str, bytes]]:
        return self.legacy.files(self.ids[old])

    def stays(self) -> dict[str, str]:
        return {entry["path"]: entry["reason"] for entry in self.report["stays"]}


def pointer_of(data: bytes, name: str, executable: bool = False) -> bytes:
    flag = "  isexec: true\n" if executable else ""
    return f"outs:\n- md5: {md5(data)}\n  size: {len(data)}\n{flag}  hash: md5\n  path: {name}\n".encode()


def lfs_pointer(data: bytes) -> bytes:
    digest = hashlib.sha256(data).hexdigest()
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {len(data)}\n".encode()


def put_lfs_object(legacy: Legacy, data: bytes) -> Path:
    digest = hashlib.sha256(data).hexdigest()
    file = legacy.git_dir / "lfs" / "objects" / digest[:2] / digest[2:4] / digest
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    return file


def put_object(legacy: Legacy, data: bytes) -> Path:
    """Put data into the DVC cache, as `git add` does; return its file."""
    cache = odb.Store(os.fsencode(legacy.cache()))
    stored = cache.take([data])
    cache.settle()
    return Path(os.fsdecode(cache.path(stored.md5)))


def stand_in(data: bytes) -> bytes:
    return standin.encode(md5(data), len(data))


def imported(legacy: Legacy, history: Sequence[Mapping[str, bytes]], branch: str = "main") -> None:
    """Write commits of these files (added to the ones before) through one process, as loose objects.

    branch: with a {} in it, each commit is alone on a branch of its number.
    """
    lines = []
    for number, files in enumerate(history):
        lines.append(b"commit refs/heads/%s\n" % branch.format(number).encode())
        lines.append(b"committer A <a@example.com> %d +0000\ndata 1\nx\n" % number)
        lines += [b"M 100644 inline %s\ndata %d\n%s\n" % (n.encode(), len(d), d) for n, d in files.items()]
    legacy.git("-c", "fastimport.unpackLimit=1000000", "fast-import", "--quiet", data=b"".join(lines))


def temporary(legacy: Legacy) -> list[Path]:
    return list((legacy.cache() / "trinity-guard-tmp").rglob("*"))
