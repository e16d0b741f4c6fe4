"""What convert and add leave is what `dvc add` leaves, byte for byte: pointers, .gitignore files, cache, modes."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.support import Repo

# Each runs the real DVC several times beside us.
pytestmark = pytest.mark.slow

NAMES = [
    "a.pkl", "a b.pkl", "é.csv", "日本.h5", "-lead.pkl", "it's.pkl", 'q"uote.pkl', "#hash.pkl", "a #b.pkl", "a: b.csv",
    "star*.pkl", "[x].pkl", "!bang.pkl", "q?.csv", "back\\slash.pkl", "&amp.pkl", "@at.pkl", "%p.pkl", ">gt.csv",
    "{b}.pkl",    "`t`.pkl", "~tilde.pkl", "a,b.pkl", "a=b.pkl", "$HOME.pkl", "tab\there.pkl", " lead.pkl",
    "UPPER.PKL", "x" * 70 + ".pkl", "long name " * 9 + ".pkl", "a:b.pkl", "12:30:45.csv", "1.5.csv", "null.csv",
    "deep/er/x.pkl", "deep/er/y.csv", "deep/z.pkl", "sp ace/é/w.npy",
]  # fmt: skip


def left_behind(top: Path) -> dict[str, tuple[int, bytes]]:
    """Return path -> (mode, bytes) of all pointers, .gitignore files and cache objects."""
    found = {}
    for path in [*top.rglob("*.dvc"), *top.rglob(".gitignore"), *(top / ".dvc/cache/files").rglob("*")]:
        if path.is_file() and not path.match(".dvc/tmp/*"):
            data = path.read_bytes()
            if path.name == ".gitignore":
                # `git add` keeps no order: the lines come in the order of the index.
                data = b"".join(sorted(data.splitlines(keepends=True)))
            found[str(path.relative_to(top))] = (path.stat().st_mode & 0o777, data)
    return found


@pytest.fixture
def twins(make_repo: Callable[..., Repo]) -> tuple[Repo, Repo]:
    """Two repositories with the same files: one for `dvc add`, one for us."""
    ours = make_repo("ours")
    for i, name in enumerate(NAMES):
        ours.write(name, b"%d\n" % i * (i + 1))
    ours.file("deep/z.pkl").chmod(0o755)
    ours.write("deep/er/.gitignore", b"no newline at the end")
    ours.write("sp ace/é/.gitignore", b"crlf\r\nlines\r\n")
    ours.write("ignored/.gitignore", b"*.csv\n")
    ours.write("ignored/i.csv", b"ignored already\n")
    theirs = Repo(ours.path.parent / "theirs")
    shutil.copytree(ours.path, theirs.path, symlinks=True)
    return ours, theirs


@pytest.mark.parametrize("way", ["convert", "add"])
def test_convert_and_add_leave_what_dvc_add_leaves(twins: tuple[Repo, Repo], way: str) -> None:
    ours, theirs = twins
    names = [*NAMES, "ignored/i.csv"]
    theirs.dvc("add", "-q", "--", *names)
    if way == "convert":
        ours.git("--literal-pathspecs", "add", "-f", "--", *names)
        ours.guard("convert")
    else:
        ours.guard("add", "--", *names)
    assert left_behind(ours.path) == left_behind(theirs.path)
    assert len(left_behind(ours.path)) > 2 * len(NAMES)
    # And a second version of each.
    for repo in twins:
        for name in names[::3]:
            repo.write(name, b"second version of " + os.fsencode(name))
    theirs.dvc("add", "-q", "--", *names[::3])
    if way == "convert":
        ours.git("--literal-pathspecs", "add", "-f", "--", *names[::3])
        ours.guard("convert")
    else:
        ours.guard("add", "--", *names[::3])
    assert left_behind(ours.path) == left_behind(theirs.path)


def test_the_remote_is_what_dvc_push_leaves(twins: tuple[Repo, Repo]) -> None:
    ours, theirs = twins
    for repo in twins:
        repo.git("add", "-A")
        repo.commit()
    theirs.dvc("remote", "modify", "storage", "url", str(theirs.storage))
    theirs.dvc("push", "-q")

    def modes(top: Path) -> dict[str, int]:
        return {str(p.relative_to(top)): p.stat().st_mode for p in top.rglob("*") if p.is_file()}

    assert modes(ours.storage) == modes(theirs.storage)
    assert len(modes(ours.storage)) > 20
