"""Checks of this machine: Git, Python, DVC and its plug-ins, the file system, room on the disks."""

from __future__ import annotations

import importlib.metadata
import os
import sys
import tempfile
import time

from trinity_guard import git
from trinity_guard.detect.patterns import size_text
from trinity_guard.doctor.checks import ERROR, WARNING, Check, Repository, Unseen, fine, listed
from trinity_guard.dvcrepo import installation, safe_paths
from trinity_guard.errors import shown, typed
from trinity_guard.git import files, revisions
from trinity_guard.git import version as git_itself
from trinity_guard.git.version import numbers
from trinity_guard.remotes import base, check

OLDEST_PYTHON = (3, 11)
LITTLE, TOO_LITTLE = 1_000_000_000, 100_000_000


def git_version(_: Repository) -> Check:
    words = git_itself.said()
    found = numbers(words)
    if not found:
        return Check(WARNING, f"Git does not tell its version: {words}", "git --version")
    if found < git_itself.OLDEST:
        return Check(ERROR, f"Git {words} is too old: 2.26 is the first that works.", "install a newer Git")
    if found < git_itself.FOR_MIGRATE:
        return Check(WARNING, f"Git {words} is too old for `migrate`, which needs 2.36.", "install a newer Git")
    return fine(f"Git {words}")


def python_version(_: Repository) -> Check:
    words = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < OLDEST_PYTHON:
        return Check(ERROR, f"Python {words} is too old: 3.11 is the first that works.", "install a newer Python")
    return fine(f"Python {words}, {sys.executable}")


def required() -> dict[str, str]:
    """Return package -> oldest version that works, as trinity-guard's own metadata says; nothing without any."""
    try:
        said = importlib.metadata.requires("trinity-guard") or []
    except importlib.metadata.PackageNotFoundError:
        return {}
    found = {}
    for line in said:
        name, mark, rest = line.partition(">=")
        if mark and name.replace("-", "").replace("_", "").replace(".", "").isalnum():
            found[name.lower()] = rest.split(";")[0].split(",")[0].strip()
    return found


def installed(package: str) -> str:
    """Return a package's version, "" where it is not installed."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def dvc_version(_: Repository) -> Check:
    return judged("dvc", installed("dvc"), required().get("dvc", ""))


def judged(package: str, version: str, oldest: str) -> Check:
    """Judge an installed version ("": none) against the oldest that works ("": not known)."""
    line = installation.line(package)
    if not version:
        return Check(ERROR, f"{package} is not installed beside trinity-guard.", line)
    if not oldest:
        return Check(WARNING, f"{package} {version}; which versions work cannot be told.", "pip show trinity-guard")
    if numbers(version) < numbers(oldest):
        return Check(
            ERROR,
            f"{package} {version} is too old: {oldest} is the first that works.",
            installation.line(package, upgrade=True),
        )
    return fine(f"{package} {version}")


def plugins(subject: Repository) -> Check:
    project = subject.project()
    missing, old, there = [], [], []
    for remote in project.remotes.values():
        package = base.PACKAGES.get(safe_paths.scheme(remote.url)) if remote.local is None else None
        if package is None:
            continue
        version = installed(package)
        if not version or check.plugin(remote).state == check.FAILED:
            missing.append((remote.name, package))
        elif numbers(version) < numbers(required().get(package, "")):
            old.append(package)
        else:
            there.append(f"{package} {version}")
    if missing:
        package = missing[0][1]
        words = ", ".join(f"'{shown(n.encode())}' needs {p}" for n, p in missing)
        return Check(ERROR, f"a plug-in of DVC is missing where the hooks' Python lives: {words}.", install(package))
    if old:
        return Check(WARNING, f"too old: {', '.join(old)}.", install(old[0], upgrade=True))
    return fine(listed(sorted(set(there))) if there else "no remote needs one")


def install(package: str, upgrade: bool = False) -> str:
    """Return the command that brings a plug-in, by the extra of ours where there is one."""
    extra = package.removeprefix("dvc-")
    return installation.line(package, extra if extra in base.EXTRAS else "", upgrade=upgrade)


# --- files and room


def file_system(subject: Repository) -> Check:
    """Write, make executable and remove a file of our own where the hooks and our records are."""
    folder = subject.place.own
    probe = os.path.join(folder, b"probe-" + files.random_name())
    try:
        made = not os.path.isdir(folder)
        os.makedirs(folder, exist_ok=True)
        try:
            os.close(os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            files.change_mode(probe, 0o644)
            before = os.access(probe, os.X_OK)
            files.change_mode(probe, 0o755)  # an empty file, for a moment
            after = os.access(probe, os.X_OK)
        finally:
            if os.path.lexists(probe):
                os.unlink(probe)
            if made:
                os.rmdir(folder)
    except OSError as error:
        where = shown(subject.place.common_dir)
        return Check(
            ERROR, f"{where} cannot be written to: {error.strerror}.", f"ls -ld {typed(subject.place.common_dir)}"
        )
    where = shown(subject.place.common_dir)
    if os.statvfs(subject.place.common_dir).f_flag & getattr(os, "ST_NOEXEC", 0):
        return Check(
            ERROR,
            f"{where} is on a file system that runs no programs (noexec): Git skips the hooks without a word.",
            "move the repository, or mount that file system without noexec",
        )
    if not after:
        return Check(
            ERROR,
            f"{where} is on a file system without executable bits: Git skips the hooks without a word.",
            "move the repository to another file system",
        )
    return fine("hooks can be run" if not before else "hooks can be run; the file system makes all files executable")


def disks(subject: Repository) -> Check:
    folders = {"the Git folder": subject.place.common_dir, "the temporary folder": os.fsencode(tempfile.gettempdir())}
    seen = True
    try:
        folders["DVC's cache"] = subject.project().cache_dir
    except Unseen:
        seen = False
    scarce: list[tuple[int, str]] = []
    for what, folder in folders.items():
        room = os.statvfs(existing(folder))
        free = room.f_bavail * room.f_frsize
        few_files = room.f_files > 0 and room.f_favail < 1000
        if free < LITTLE or few_files:
            left = f"{size_text(free)} left" if free < LITTLE else "hardly any file may be made"
            scarce.append((0 if few_files else free, f"{what} ({shown(folder)}): {left}"))
    if scarce:
        level = ERROR if min(scarce)[0] < TOO_LITTLE else WARNING
        remedy = "df -h     # make room; `dvc gc --help` first: `dvc gc -w` drops what only older commits name"
        return Check(level, "; ".join(words for _, words in scarce) + ".", remedy)
    unwritable = [what for what, folder in folders.items() if not os.access(existing(folder), os.W_OK)]
    if unwritable:
        where = " ".join(typed(existing(folders[what])) for what in unwritable)
        return Check(ERROR, f"not writable: {', '.join(unwritable)}.", f"ls -ld {where}     # whose is it?")
    return fine("there is room" + ("" if seen else " (DVC's cache was not looked at)"))


def existing(folder: bytes) -> bytes:
    """Return a folder, or the nearest one above it that exists."""
    while not os.path.isdir(folder) and os.path.dirname(folder) != folder:
        folder = os.path.dirname(folder)
    return folder


def object_format(subject: Repository) -> Check:
    """DVC reads Git's files by itself, and not all forms of them."""
    form = revisions.object_format()
    if form != b"sha1":
        return Check(
            ERROR,
            f"this repository names its objects by {shown(form)}, which DVC cannot work with.",
            "git init --object-format=sha1 ../new     # and: git fast-export --all | git -C ../new fast-import",
        )
    if git.attempt("rev-parse", "--shared-index-path").out.strip():
        return Check(
            ERROR,
            "Git's index is split in two files, which DVC cannot read.",
            "git config core.splitIndex false && git update-index --no-split-index",
            mend=_join_index,
        )
    kinds = []
    if subject.place.git_dir != subject.place.common_dir:
        kinds.append("a linked work tree")
    if revisions.is_shallow():
        kinds.append("a shallow clone")
    return fine(f"DVC can read it{' (' + ', '.join(kinds) + ')' if kinds else ''}")


def _join_index() -> str:
    git.run("config", "core.splitIndex", "false")
    git.run("update-index", "--no-split-index")
    return "Git's index is one file again"


def locks(subject: Repository) -> Check:
    """Lock files that a killed Git left: every later Git refuses to work."""
    place = subject.place
    files = [
        os.path.join(place.git_dir, b"index.lock"),
        os.path.join(place.git_dir, b"HEAD.lock"),
        os.path.join(place.common_dir, b"config.lock"),
    ]
    found = [f for f in files if os.path.lexists(f)]
    if not found:
        return fine("no Git has left a lock")
    try:
        age = time.time() - min(os.lstat(f).st_mtime for f in found)
    except FileNotFoundError:
        return fine("no Git has left a lock")
    level = WARNING if age < 60 else ERROR
    names, words = ", ".join(shown(f) for f in found), " ".join(typed(f) for f in found)
    return Check(
        level, f"{names}: another Git is at work here, or one was killed.", f"rm {words}     # when no Git is running"
    )
