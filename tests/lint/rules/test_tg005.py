"""TG005: what nobody can read or trust."""

from __future__ import annotations

import pytest

from tests.helpers.support import Repo
from tests.lint.linted import found, pointer, rules

MALFORMED = {
    "conflict": b"<<<<<<< HEAD\n" + pointer("a.pkl"),
    "no yaml": b"\t{{",
    "nothing": b"",
    "a list": b"- 1\n",
    "no outs": b"deps: []\n",
    "bad md5": b"outs:\n- md5: zz\n  path: a.pkl\n",
    "leaves": pointer("../../x.pkl"),
    "absolute": pointer("/etc/x.pkl"),
    "into git": pointer(".git/config.pkl"),
    "binary": b"\x00\xff\xfe" * 50,
    "too large": b"# x\n" * 20_000,
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED)
def test_a_pointer_that_nobody_can_read_or_trust_is_found(bare_repo: Repo, data: bytes) -> None:
    bare_repo.stage("sub/.gitignore", b"/a.pkl\n")
    bare_repo.stage("sub/a.pkl.dvc", pointer("a.pkl"))
    assert rules(bare_repo) == []
    bare_repo.stage("sub/a.pkl.dvc", data)
    assert found(bare_repo) == [("TG005", "sub/a.pkl.dvc", "error")]


@pytest.mark.parametrize("name", ["dvc.lock", "dvc.yaml"])
def test_a_lock_or_pipeline_that_dvc_cannot_read_is_found(bare_repo: Repo, name: str) -> None:
    bare_repo.stage(name, b"schema: '2.0'\nstages: {}\n" if name == "dvc.lock" else b"stages: {}\n")
    assert rules(bare_repo) == []
    bare_repo.stage(name, b"stages: [\n")
    assert found(bare_repo) == [("TG005", name, "error")]


def test_a_pointer_behind_a_symbolic_link_is_found(bare_repo: Repo) -> None:
    bare_repo.file("data").symlink_to("/tmp")
    bare_repo.stage("a.dvc", pointer("data/a.pkl"))
    bare_repo.git("add", "-A")
    assert "TG005" in rules(bare_repo)
