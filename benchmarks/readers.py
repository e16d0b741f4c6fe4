"""What each reader that is written by hand saves, against the library or the program that could do the same.

ARCHITECTURE.md gives these figures as the reason for keeping them. Time is the processor's, user and system, so that
a busy machine counts little.
"""

from __future__ import annotations

import hashlib
import os
import resource
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.measuring import sh
from trinity_guard.dvcrepo import configfile, pointer, yaml
from trinity_guard.git import objects, packblobs, packheads

HOT = (sys.executable, "-I", "-S", "-c")
COOL = (sys.executable, "-I", "-c")
STANDARD = (
    "tomllib", "argparse", "json", "re", "typing", "dataclasses", "subprocess", "hashlib", "pathlib", "shutil",
    "tempfile", "importlib.metadata", "logging", "configparser",
)  # fmt: skip
INSTALLED = (
    "configobj",
    "ruamel.yaml",
    "pathspec",
    "git",
    "dulwich.repo",
    "pygit2",
    "dvc.repo",
    "dvc_data.hashfile.db",
)
PARSER = """
import argparse
parser = argparse.ArgumentParser()
commands = parser.add_subparsers()
for name in range(25):
    commands.add_parser(f"command{name}").add_argument("--option")
commands.add_parser("hook").add_argument("name")
parser.parse_args(["hook", "pre-commit"])
"""
CONFIG = b"[core]\n    remote = storage\n    autostage = true\n['remote \"storage\"']\n    url = s3://bucket/data\n"


def used() -> float:
    """Return the processor's seconds of this process and of those that it has waited for."""
    mine, theirs = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return mine.ru_utime + mine.ru_stime + theirs.ru_utime + theirs.ru_stime


def turns(rounds: int, **ways: Callable[[], object]) -> dict[str, float]:
    """Run each way once a round, one after the other; return each one's median of the processor's seconds."""
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            begin = used()
            way()
            spent[name].append(used() - begin)
    return {name: statistics.median(times) for name, times in spent.items()}


def started(program: tuple[str, ...], code: str) -> Callable[[], object]:
    return lambda: subprocess.run([*program, code], check=True, stdout=subprocess.DEVNULL)


def show(title: str, medians: dict[str, float], less: str = "") -> None:
    """Print medians; less: the name of the one that is taken off all others."""
    print(f"\n{title}")
    for name, seconds in medians.items():
        beyond = f"   {(seconds - medians[less]) * 1000:+8.1f} over {less}" if less and name != less else ""
        print(f"  {name:<34} {seconds * 1000:9.2f} ms{beyond}", flush=True)


def imports() -> None:
    """What an import takes beyond a bare interpreter; with `site` for what is installed."""
    ways = {name: started(HOT, f"import {name}") for name in STANDARD}
    show("imports, python -I -S", turns(15, bare=started(HOT, "pass"), **ways), "bare")
    ways = {name: started(COOL, f"import {name}") for name in INSTALLED}
    show("imports, python -I (with site)", turns(5, bare=started(COOL, "pass"), **ways), "bare")
    show("a parser of 26 commands", turns(15, bare=started(HOT, "pass"), argparse=started(HOT, PARSER)), "bare")


def pointers() -> None:
    """2,000 pointers as `dvc add` writes them: read, and written."""
    named = [(hashlib.md5(b"%d" % n).hexdigest(), 100_000 + n, f"table{n}.csv") for n in range(2000)]
    files = [pointer.encode(*fields) for fields in named]
    trees = [yaml.parse(data, 1 << 16) for data in files]
    show(
        "2,000 pointers",
        turns(
            3,
            decode=lambda: [pointer.decode(data, b"t.csv.dvc") for data in files],
            ruamel_parse=lambda: [yaml.parse(data, 1 << 16) for data in files],
            encode=lambda: [pointer.encode(*fields) for fields in named],
            ruamel_dump=lambda: [yaml.dump(tree) for tree in trees],
        ),
    )


def configs() -> None:
    """DVC's config, as a hook reads it: once, in a process that knows nothing yet."""
    ours = "from trinity_guard.dvcrepo import configfile; configfile.parse(D, b'config')"
    theirs = "from configobj import ConfigObj; ConfigObj(D.decode().splitlines())"
    library = f"import sys; sys.path.append({str(Path(configfile.__file__).parents[2])!r}); D = {CONFIG!r}; "
    show(
        "DVC's config, in a new process",
        turns(
            15,
            bare=started(COOL, library),
            ours=started(COOL, library + ours),
            configobj=started(COOL, library + theirs),
        ),
        "bare",
    )


def packed(folder: Path, count: int, size: int) -> tuple[bytes, list[bytes]]:
    """Make a repository whose blobs are all packed; return its git dir and their ids."""
    sh("git", "init", "-q", "--bare", folder, cwd=folder.parent)
    stream = b"".join(b"blob\ndata %d\n%s\n" % (size, os.urandom(size // 2).hex().encode()) for _ in range(count))
    subprocess.run(
        ["git", "-C", folder, "-c", "fastimport.unpackLimit=1", "fast-import", "--quiet"], input=stream, check=True
    )
    listed = ["cat-file", "--batch-all-objects", "--batch-check=%(objectname)", "--unordered"]
    ids = subprocess.run(["git", "-C", folder, *listed], check=True, capture_output=True).stdout.split()
    return os.fsencode(folder), ids


def by_cat_file(git_dir: bytes, ids: list[bytes]) -> None:
    subprocess.run(
        ["git", b"-C", git_dir, "cat-file", "--batch", "--buffer"],
        input=b"\n".join(ids) + b"\n", stdout=subprocess.PIPE, check=True,
    )  # fmt: skip


def by_pygit2(git_dir: bytes, ids: list[bytes], length: int | None = None) -> None:
    import pygit2  # noqa: PLC0415  # DVC brings it; only measured

    repository = pygit2.Repository(os.fsdecode(git_dir))
    for oid in ids:
        assert repository.read(oid.decode())[1][:length]


def by_dulwich(git_dir: bytes, ids: list[bytes], length: int | None = None) -> None:
    from dulwich.objects import ObjectID  # noqa: PLC0415  # as above
    from dulwich.repo import Repo  # noqa: PLC0415

    with Repo(os.fsdecode(git_dir)) as repository:
        for oid in ids:
            assert repository.object_store.get_raw(ObjectID(oid))[1][:length]


def by_isal(git_dir: bytes, ids: list[bytes]) -> None:
    packs = packblobs.Packs(git_dir)
    for oid in ids:
        whole = packs.find(bytes.fromhex(oid.decode()))
        assert whole
        assert sum(map(len, packs.pieces(whole)))
    packs.close()


def packs(room: Path) -> None:
    """First bytes of 20,000 packed blobs (lint), and the whole of 100 that are large (migrate)."""
    git_dir, ids = packed(room / "small.git", 20_000, 3000)
    show(
        "first bytes of 20,000 packed blobs of 3 kB",
        turns(
            3,
            ours=lambda: packheads.heads(git_dir, ids, objects.GLANCE),
            cat_file=lambda: by_cat_file(git_dir, ids),
            pygit2=lambda: by_pygit2(git_dir, ids, objects.GLANCE),
            dulwich=lambda: by_dulwich(git_dir, ids, objects.GLANCE),
        ),
    )
    git_dir, ids = packed(room / "large.git", 100, 2_000_000)
    show(
        "100 packed blobs of 2 MB, whole",
        turns(
            3,
            ours=lambda: by_isal(git_dir, ids),
            cat_file=lambda: by_cat_file(git_dir, ids),
            pygit2=lambda: by_pygit2(git_dir, ids),
            dulwich=lambda: by_dulwich(git_dir, ids),
        ),
    )


def loose(room: Path) -> None:
    """First bytes of 3,000 loose blobs, as `git add` leaves them."""
    folder = room / "loose"
    sh("git", "init", "-q", folder, cwd=room)
    names = [folder / f"f{n}" for n in range(3000)]
    for name in names:
        name.write_bytes(os.urandom(1500) + b"x" * 1500)
    sh("git", "add", "-A", cwd=folder)
    git_dir = os.fsencode(folder / ".git")
    listed = subprocess.run(["git", "-C", folder, "ls-files", "-s"], check=True, capture_output=True).stdout
    ids = [line.split()[1] for line in listed.splitlines()]
    here = Path.cwd()
    os.chdir(folder)
    show(
        "first bytes of 3,000 loose blobs of 3 kB",
        turns(
            5,
            ours=lambda: objects.Objects(git_dir).heads(ids),
            cat_file=lambda: by_cat_file(git_dir, ids),
            pygit2=lambda: by_pygit2(git_dir, ids, objects.GLANCE),
            dulwich=lambda: by_dulwich(git_dir, ids, objects.GLANCE),
        ),
    )
    os.chdir(here)


def run(room: Path) -> None:
    """Measure all of them."""
    imports()
    pointers()
    configs()
    loose(room)
    packs(room)
