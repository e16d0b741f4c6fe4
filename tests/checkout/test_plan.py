"""Whatever two commits say, whatever was edited and whatever the cache lacks: no byte string is ever lost."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.helpers.support import Repo
from trinity_guard import cli
from trinity_guard.dvcrepo import pointer

NAMES = ("a.pkl", "b c.csv", "d/é.pkl", "d/e/f.h5", "set/x", "set/y/z")
CONTENTS = [b"", b"one", b"two", b"three three", b"\r\nfour\n"]
FOLDER = "set"

Files = dict[str, int]


def md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


def trees() -> st.SearchStrategy[Files]:
    return st.dictionaries(st.sampled_from(NAMES), st.integers(0, len(CONTENTS) - 1))


# What a path holds before: what the old commit says (None), one of the contents, or something of the user's own.
STATES = st.sampled_from([None, None, None, "gone", "own", "folder", "link", *range(len(CONTENTS))])


class Case:
    """A repository whose commits, cache and working files are written by hand."""

    def __init__(self, repo: Repo) -> None:
        self.repo = repo
        self.cache = repo.path / ".dvc" / "cache" / "files" / "md5"

    def object(self, name: str) -> Path:
        return self.cache / name[:2] / name[2:]

    def keep(self, data: bytes, suffix: str = "") -> str:
        name = md5(data) + suffix
        self.object(name).parent.mkdir(parents=True, exist_ok=True)
        self.object(name).unlink(missing_ok=True)
        self.object(name).write_bytes(data)
        return name

    def commit(self, files: Files) -> str:
        """Return a commit whose pointers say this; what is below FOLDER is one directory's."""
        pointers: dict[str, bytes] = {}
        inside = sorted((n.removeprefix(FOLDER + "/"), c) for n, c in files.items() if n.startswith(FOLDER))
        for name, content in files.items():
            if not name.startswith(FOLDER):
                data = CONTENTS[content]
                pointers[name + ".dvc"] = pointer.encode(md5(data), len(data), Path(name).name)
        if inside:
            listed = ", ".join(f'{{"md5": "{md5(CONTENTS[c])}", "relpath": "{n}"}}' for n, c in inside)
            oid = self.keep(f"[{listed}]".encode(), ".dir")
            pointers[FOLDER + ".dvc"] = f"outs:\n- md5: {oid}\n  size: 9\n  hash: md5\n  path: {FOLDER}\n".encode()
        self.repo.git("read-tree", "guarded")
        for path, data in pointers.items():
            blob = self.repo.path.parent / "blob"
            blob.write_bytes(data)
            oid = self.repo.git("hash-object", "-w", str(blob)).stdout.decode().strip()
            self.repo.git("update-index", "--add", "--cacheinfo", f"100644,{oid},{path}")
        tree = self.repo.git("write-tree").stdout.decode().strip()
        return self.repo.git("commit-tree", "-m", "x", "-p", "guarded", tree).stdout.decode().strip()

    def empty(self) -> None:
        for path in self.repo.path.iterdir():
            if path.name in (".git", ".dvc"):
                continue
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        shutil.rmtree(self.cache, ignore_errors=True)

    def seen(self) -> dict[str, bytes | str]:
        found: dict[str, bytes | str] = {}
        for name in NAMES:
            path = self.repo.file(name)
            if path.is_symlink():
                found[name] = f"-> {path.readlink()}"
            elif path.is_file():
                found[name] = path.read_bytes()
            elif path.is_dir():
                found[name] = f"folder of {sorted(p.name for p in path.rglob('*'))}"
        return found


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    from tests.helpers.support import clean_environment

    folder = tmp_path_factory.mktemp("following")
    before = dict(os.environ)
    os.environ.update(clean_environment(folder / "home"))
    repo = Repo.make(folder / "work")
    repo.git("tag", "guarded")
    here = Path.cwd()
    os.chdir(repo.path)
    yield Case(repo)
    os.chdir(here)
    os.environ.clear()
    os.environ.update(before)


def place_before(case: Case, old: Files, states: dict[str, object]) -> None:
    for name in NAMES:
        state = states.get(name)
        path = case.repo.file(name)
        content = old.get(name) if state is None else state
        if content is None or content == "gone":
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        if content == "folder":
            path.mkdir()
            (path / "mine").write_bytes(b"mine")
        elif content == "link":
            path.symlink_to("nowhere")
        else:
            path.write_bytes(f"only here: {name}".encode() if content == "own" else CONTENTS[int(str(content))])


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    old=trees(),
    new=trees(),
    states=st.dictionaries(st.sampled_from(NAMES), STATES),
    missing=st.sets(st.integers(0, len(CONTENTS) - 1), max_size=2),
    damaged=st.sets(st.integers(1, len(CONTENTS) - 1), max_size=1),
)
def test_every_file_is_what_its_pointer_says_or_what_it_was_and_nothing_is_lost(
    case: Case, old: Files, new: Files, states: dict[str, object], missing: set[int], damaged: set[int]
) -> None:
    case.empty()
    for content in CONTENTS:
        case.keep(content)
    before_id, after_id = case.commit(old), case.commit(new)
    case.repo.git("read-tree", after_id)
    case.repo.git("checkout-index", "-a", "-f")
    place_before(case, old, states)
    for number in missing:
        case.object(md5(CONTENTS[number])).unlink()
    for number in damaged - missing:
        case.object(md5(CONTENTS[number])).write_bytes(b"!" * len(CONTENTS[number]))
    good = {CONTENTS[n] for n in range(len(CONTENTS)) if n not in missing | damaged}
    before = case.seen()
    assert cli.main(["-q", "hook", "post-checkout", before_id, after_id, "1"]) == 0
    after = case.seen()
    for name in NAMES:
        was, now = before.get(name), after.get(name)
        wanted = CONTENTS[new[name]] if name in new else None
        if now != was:
            assert was is None or was in good, f"{name}: lost {was!r}"
            assert now == wanted, f"{name}: neither what it was nor what is wanted"
        elif wanted in good and (was is None or was in good):
            assert now == wanted, f"{name}: should have followed"
        elif wanted is None and name in old and was == CONTENTS[old[name]] and was in good:
            pytest.fail(f"{name}: should have been taken away")
    assert not list((case.repo.path / ".dvc" / "tmp").rglob("trinity-guard-tmp/*"))
