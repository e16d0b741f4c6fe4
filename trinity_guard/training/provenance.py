"""Where a training's inputs came from: the commit, what a DVC pointer says of a file, the versions at work."""

from __future__ import annotations

import functools
import hashlib
import os
import platform
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata

from trinity_guard import __version__, git
from trinity_guard.dvcrepo import decode, odb, pointer
from trinity_guard.dvcrepo.hashed import new_md5
from trinity_guard.dvcrepo.output import Output
from trinity_guard.dvcrepo.workdirectory import WorkDirectory
from trinity_guard.errors import UNUSABLE, GuardError, shown

# What model bytes follow from, beside data and settings.
MAKERS = ("scikit-learn", "numpy")
PACKAGES = (*MAKERS, "pandas", "mlflow")


@dataclass(frozen=True)
class Commit:
    """HEAD. commit: "" where there is none; dirty: tracked files differ from it, as `git describe --dirty` has it, or
    there is no commit yet that could hold any of them."""

    commit: str = ""
    branch: str = ""
    dirty: bool = False

    def as_dict(self) -> dict[str, object] | None:
        """Return it for a record, None outside of Git."""
        if not self.commit and not self.branch:
            return None
        return {"commit": self.commit or None, "dirty": self.dirty, "branch": self.branch or None}


def commit(root: str) -> Commit:
    """Return what HEAD is in the work tree at root; an empty Commit outside of Git."""
    try:
        # Without a lock: a `git add` that runs beside it must not fail for our sake.
        said = git.attempt(
            "--no-optional-locks", "status", "--porcelain=v2", "--branch", "--untracked-files=no", "-z",
            at=os.fsencode(root),
        )  # fmt: skip
    except GuardError:
        return Commit()
    if said.code:
        return Commit()
    lines = [os.fsdecode(line) for line in said.out.split(b"\0") if line]
    facts = dict(line[2:].partition(" ")[::2] for line in lines if line.startswith("# "))
    oid, head = facts.get("branch.oid", ""), facts.get("branch.head", "")
    changed = any(not line.startswith("# ") for line in lines)
    if oid == "(initial)":
        return Commit("", head, True)
    return Commit(oid, "" if head == "(detached)" else head, changed)


def tags(source: Commit, dataset_md5: str = "", pointer_md5: str = "") -> dict[str, str]:
    """Return the tags by which MLflow tells of which commit, and from which data, a run is."""
    known = {
        "git_commit": source.commit,
        "git_branch": source.branch,
        "git_dirty": str(source.dirty).lower() if source.as_dict() else "",
        "dataset_md5": dataset_md5,
        "dataset_pointer_md5": pointer_md5,
    }
    return {name: value for name, value in known.items() if value}


def is_git(root: str) -> bool:
    """Whether root is in a Git work tree."""
    return os.path.lexists(os.path.join(root, ".git")) or commit(root) != Commit()


def unrecorded(path: str, root: str) -> list[str]:
    """Return the files by which Git will know of a table that are not committed as they are, named from root.

    They are the table itself or its pointer, and the .gitignore beside them; a release asks for them. None of them for
    a table from elsewhere, or one that Git ignores since a pipeline makes it.
    """
    folder = os.path.realpath(os.path.dirname(os.path.abspath(path)))
    names = (path, path + ".dvc", ".gitignore")
    said = git.attempt(
        "status", "--porcelain", "--no-renames", "--untracked-files=all", "-z", "--",
        *(os.fsencode(os.path.join(folder, os.path.basename(name))) for name in names),
        env=git.literal(), at=os.fsencode(root),
    )  # fmt: skip
    lines = [] if said.code else said.out.split(b"\0")[:-1]
    changed = [os.fsdecode(line[3:]) for line in lines]
    return changed if any(not name.endswith(".gitignore") for name in changed) else []


@dataclass(frozen=True)
class Recorded:
    """What a pointer says of the file beside it. name: the pointer's path as `named` gives it; legacy: DVC 2's hash."""

    name: str
    md5: str
    legacy: bool

    def agrees(self, data: bytes) -> bool:
        """Whether these are the recorded bytes. DVC 2 hashed text as if its line ends were Unix's."""
        return self.md5 == md5(data) or (self.legacy and self.md5 == md5(data.replace(b"\r\n", b"\n")))


def md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def recorded(path: str, root: str) -> Recorded | None:
    """Return what PATH.dvc says of the file PATH; None where there is no such pointer.

    GuardError for a pointer that cannot be read, or that speaks of another file.
    """
    try:
        data = git.read(path + ".dvc", pointer.MAX_BYTES)
    except FileNotFoundError:
        return None
    except OSError as error:
        name = shown(os.fsencode(path))
        raise GuardError(f"{name}.dvc cannot be read: {error.strerror}.", f"ls -l {name}.dvc") from None
    where = os.fsencode(named(path, root) + ".dvc")
    wanted = os.fsencode(named(path, root))
    for out in decode.outputs_of(data, where):
        if out.md5 and not out.is_dir and out.path == wanted:
            return Recorded(os.fsdecode(where), out.md5, out.legacy)
    raise GuardError(
        f"{shown(where)} does not say which bytes {shown(wanted)} has.",
        f"git log -p -- {shown(where)}     # who wrote it?",
    )


def is_within(path: str, root: str) -> bool:
    """Whether a path is of a root, by where it stands and not by where a link leads."""
    real, top = (os.path.realpath(p) for p in (os.path.dirname(os.path.abspath(path)), root))
    return real == top or real.startswith(top.rstrip("/") + "/")


def named(path: str, root: str) -> str:
    """Return a path for a record: from root, with slashes; the mere name of what lies elsewhere, as no path of this
    machine's is anybody's business."""
    if not is_within(path, root):
        return os.path.basename(path)
    real, top = (os.path.realpath(p) for p in (os.path.dirname(os.path.abspath(path)), root))
    return os.path.normpath(os.path.join(os.path.relpath(real, top), os.path.basename(path)))


@functools.cache
def version(package: str) -> str:
    """Return the version of a package, "" for one that is not installed. Each is looked for once: that takes 5 ms."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def versions(of: Iterable[str] = PACKAGES) -> dict[str, str]:
    """Return package -> version of those that are installed."""
    return {package: found for package in of if package and (found := version(package))}


def python() -> str:
    """Return the version of the Python that runs."""
    return platform.python_version()


def own_version() -> str:
    return __version__


def all_versions() -> dict[str, str]:
    """Return the versions of Python, of the packages at work, and ours."""
    return {"python": platform.python_version(), **versions(), "trinity-guard": __version__}


@dataclass(frozen=True)
class Hashed:
    """md5: as DVC has it, `….dir` of a folder. sha256: of a folder, of its list. files: 1, or how many are in it."""

    md5: str
    sha256: str
    size: int
    files: int = 1


def hashed(place: git.Place | None, path: str) -> Hashed:
    """Hash a file, or all files of a folder, reading them once."""
    if not os.path.isdir(path):
        return _file(os.fsencode(path))
    if place is None:
        name = shown(os.fsencode(path))
        raise GuardError(f"{name} is a folder, and there is no repository here.", "git init", UNUSABLE)
    inside = os.fsencode(named(path, os.fsdecode(place.top)))
    output = Output(inside, source=inside + b".dvc")
    folder = WorkDirectory(place, output)
    names = sorted(folder.names())
    sums = [_file(os.path.join(os.fsencode(path), name)) for name in names]
    listed = "".join(f"{one.sha256}  {os.fsdecode(name)}\n" for one, name in zip(sums, names, strict=True))
    sha256 = hashlib.sha256(os.fsencode(listed)).hexdigest()
    return Hashed(folder.md5(), sha256, sum(one.size for one in sums), len(sums))


def _file(path: bytes) -> Hashed:
    md5, sha256, size = new_md5(), hashlib.sha256(), 0
    for piece in odb.read_file(path):
        md5.update(piece)
        sha256.update(piece)
        size += len(piece)
    return Hashed(md5.hexdigest(), sha256.hexdigest(), size)
