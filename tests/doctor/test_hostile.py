"""Whatever stands in the files that doctor reads: an answer, no traceback, and never an ok that is wrong."""

from __future__ import annotations

import hashlib
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.helpers.support import Repo
from trinity_guard import git
from trinity_guard.detect import configuration
from trinity_guard.doctor import examination
from trinity_guard.doctor.checks import ERROR, OK, WARNING, Check
from trinity_guard.dvcrepo import pointer, project
from trinity_guard.errors import GuardError

POINTER = b"outs:\n- md5: d41d8cd98f00b204e9800998ecf8427e\n  size: 0\n  hash: md5\n  path: first.pkl\n"
LOCK = b"schema: '2.0'\nstages:\n  a:\n    cmd: x\n    outs:\n    - path: b\n      hash: md5\n      md5: d41d8cd98f00b204e9800998ecf8427e\n      size: 0\n"  # noqa: E501  # a file
OWN = ".git/trinity-guard"
PIECES = [b"", b"\0", b"\xff\xfe", b"\n", b"'", b"[", b"{", b"../", b": ", b"9" * 400, b"&a *a"]
# file -> a text to begin from; those of the work tree are staged.
FILES = {
    "models/first.pkl.dvc": POINTER,
    "dvc.lock": LOCK,
    "dvc.yaml": b"stages:\n  a:\n    cmd: x\n    outs: [b]\n",
    ".dvc/config": b"[core]\n    remote = storage\n['remote \"storage\"']\n    url = ../x\n[cache]\n    type = copy\n",
    ".dvc/config.local": b"['remote \"storage\"']\n    password = x\n",
    ".gitignore": b"*.pkl\n!x\n",
    ".gitattributes": b"*.pkl filter=lfs -text\n",
    ".trinity-guard.toml": b'patterns = ["*.pkl", "!x"]\nmax-size = "5 MB"\n',
    ".pre-commit-config.yaml": b"repos:\n- repo: local\n  hooks:\n  - id: trinity-convert\n",
    ".git/hooks/pre-push": b"#!/bin/sh\n# trinity-guard hook 5d1c8e0b7f3a4c29 version 1: x\npython='/x'\nlib=''\n",
    f"{OWN}/journal": b"a\0b\0c.dvc\0d\0e\0",
    f"{OWN}/following": b"0" * 40,
    f"{OWN}/queue/x": b"d41d8cd98f00b204e9800998ecf8427e\x000\0p\0c\0\0\0",
    f"{OWN}/retries": b"storage\x003\x00170000\0",
    f"{OWN}/installed.json": b'{"hooks": {"a": 1}, "stages": ["x"]}',
    f"{OWN}/known-folders": b"/a\0/b\0",
    f"{OWN}/migrate/state.json": b'{"phase": "moved"}',
    f"{OWN}/pointers": b"a\0b\0c\0file\0md5\x001\0x\0",
}


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, bytes]:
    """A file, and its text with pieces cut out, doubled, exchanged; or any bytes."""
    name = draw(st.sampled_from(sorted(FILES)))
    data = FILES[name]
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 20)))
        new = draw(st.sampled_from(PIECES))
        data = data[:start] + new + data[end:]
    return name, draw(st.one_of(st.just(data), st.just(data), st.binary(max_size=40)))


def looked(repo: Repo) -> dict[str, Check]:
    os.chdir(repo.path)
    checks = examination.examine(git.place(), offline=True)
    assert [c.name for c in checks] == [*examination.ANYWHERE, *examination.IN_A_WORK_TREE]
    for c in checks:
        assert c.level in (OK, WARNING, ERROR)
        assert c.fact
        assert "bug of ours" not in c.fact, c.fact
    return {c.name: c for c in checks}


def staged(repo: Repo, name: str) -> bytes:
    return repo.git("cat-file", "blob", f":{name}").stdout


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(damages=st.lists(damaged(), min_size=1, max_size=3, unique_by=lambda d: d[0]))
def test_any_content_gets_an_answer_and_no_wrong_ok(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, damages: list[tuple[str, bytes]]
) -> None:
    monkeypatch.chdir(repo.path)
    before = {n: repo.file(n).read_bytes() if repo.file(n).exists() else None for n in FILES}
    index = repo.file(".git/index").read_bytes()
    try:
        for name, data in damages:
            repo.write(name, data)
            if not name.startswith(".git/"):
                repo.git("-c", "core.attributesFile=/dev/null", "add", "-f", "--", name, ok=False)
        checks = looked(repo)
        _agree(repo, checks)
    finally:
        for name, old in before.items():
            repo.file(name).unlink(missing_ok=True)
            if old is not None:
                repo.write(name, old)
        repo.file(f"{OWN}/queue/x.damaged").unlink(missing_ok=True)
        repo.file(".git/index").write_bytes(index)


def _agree(repo: Repo, checks: dict[str, Check]) -> None:
    """Compare each ok with what another reading of the same bytes says."""
    top = os.fsencode(repo.path)
    if checks["config"].level == OK:
        configuration.read(top)
    if checks["dvc-project"].level == OK:
        project.load(top)
    name = "models/first.pkl.dvc"
    if name.encode() not in repo.index():
        return
    data = staged(repo, name)
    try:
        outs = pointer.decode(data, name.encode()).outs
    except GuardError:
        assert checks["pointers"].level == ERROR
        return
    if checks["objects"].level == OK:
        cached = {hashlib.md5(b).hexdigest() for b in repo.cached().values()}
        assert {o.md5 for o in outs if o.md5 and o.cache and not o.external and o.push} <= cached


def test_a_directory_object_that_is_damaged(repo: Repo) -> None:
    repo.write("data/a.csv", b"1\n")
    repo.dvc("add", "-q", "data")
    repo.git("add", "-A")
    repo.commit()
    [listing] = repo.file(".dvc/cache").glob("files/md5/*/*.dir")
    listing.chmod(0o644)
    listing.write_bytes(b'[{"md5": "../../../x"}]')
    checks = looked(repo)
    assert checks["objects"].level == ERROR
    assert "is damaged" in checks["objects"].fact


def test_names_that_fool_a_terminal_are_escaped(repo: Repo) -> None:
    name = "models/\x1b[31m\n.pkl"
    repo.stage(name)
    repo.commit()
    for folder in (repo.file(".dvc/cache/files"), repo.storage / "files"):
        for file in folder.rglob("*"):
            if file.is_file():
                file.unlink()
    done = repo.guard("doctor", ok=False)
    assert done.returncode == 1
    assert b"\x1b" not in done.stdout
    assert b"nowhere" in done.stdout
