"""TG001: artifacts in the tree."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Sequence

import pytest

from tests.helpers.support import KB, Repo
from tests.lint.linted import found, rules
from trinity_guard import git
from trinity_guard.git import packheads
from trinity_guard.git.objects import Head, Objects

PICKLE = b"\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00]\x94."


@pytest.mark.parametrize("name", ["a.pkl", "é.pkl", "a b.pkl", "-x.pkl", "new\nline.pkl", 'quo"te.PKL', "d/e/f.onnx"])
def test_an_artifact_in_the_index_is_found_whatever_its_name(bare_repo: Repo, name: str) -> None:
    bare_repo.stage("ok.txt", b"text\n")
    assert rules(bare_repo) == []
    bare_repo.stage(name)
    [(rule, path, level)] = found(bare_repo)
    assert (rule, level) == ("TG001", "error")
    assert path == name


def test_what_is_no_artifact_is_left_alone(bare_repo: Repo) -> None:
    lfs = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 9\n"
    bare_repo.stage("kept-by-lfs.pkl", lfs)
    bare_repo.file("link.pkl").symlink_to("nowhere.pkl")
    bare_repo.git("add", "-A")
    bare_repo.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},sub.pkl")
    bare_repo.stage("empty.txt", b"")
    bare_repo.stage("script", b"#!/bin/sh\n")
    bare_repo.git("update-index", "--chmod=+x", "script")
    bare_repo.write("announced.pkl")
    bare_repo.git("add", "-N", "announced.pkl")
    assert rules(bare_repo) == []
    bare_repo.git("add", "announced.pkl")
    assert found(bare_repo) == [("TG001", "announced.pkl", "error")]


def test_the_configuration_decides_what_an_artifact_is(bare_repo: Repo) -> None:
    bare_repo.stage("weights", PICKLE)
    bare_repo.stage("small.csv", b"a,b\n")
    bare_repo.stage("film.mp4", 3 * KB)
    assert found(bare_repo) == [("TG001", "small.csv", "error"), ("TG001", "weights", "error")]
    bare_repo.write(".trinity-guard.toml", b'exclude = ["small.csv"]\nsniff = false\nmax-size = "2 kB"\n')
    assert found(bare_repo) == [("TG009", "film.mp4", "error")]


def test_a_pickle_deep_in_a_packed_tree_is_found_by_its_first_bytes(bare_repo: Repo) -> None:
    for i in range(300):
        bare_repo.write(f"src/m{i}.py", b"line %d\n" % i * 40)
    bare_repo.write("src/hidden.py", PICKLE)
    bare_repo.write("src/ARGS.txt", b"ARGUMENTS are text\n" * 300)
    bare_repo.git("add", "-A")
    bare_repo.commit()
    bare_repo.git("gc", "-q")
    assert found(bare_repo) == [("TG001", "src/hidden.py", "error")]
    assert found(bare_repo, "--rev", "HEAD") == [("TG001", "src/hidden.py", "error")]


@pytest.mark.slow
def test_heads_out_of_packs_are_what_git_says(bare_repo: Repo) -> None:
    """Deltas on deltas, above bases that they share, in one pack; some loose objects beside them."""
    text = [os.urandom(9).hex() for _ in range(400)]
    for version in range(40):
        text[version * 7 % 400 : version * 7 % 400 + 2] = [os.urandom(7).hex()]
        if version % 3 == 0:
            text.insert(0, f"head {version}")
        for twin in range(8):
            bare_repo.write(f"t{twin}.txt", ("\n".join(text) + f"\n{twin}\n").encode())
        bare_repo.git("add", "-A")
        bare_repo.commit()
    bare_repo.git("gc", "-q", "--aggressive")
    bare_repo.stage("loose.txt", b"x" * 70)
    listed = bare_repo.git("cat-file", "--batch-check", "--batch-all-objects").stdout.splitlines()
    ids = [line.split()[0] for line in listed if line.split()[1] == b"blob"]
    deltas = bare_repo.git("cat-file", "--batch-check=%(deltabase)", "--batch-all-objects").stdout.split()
    assert sum(d.strip(b"0") != b"" for d in deltas) > 100
    for length in (64, 4096):
        at = os.fsencode(bare_repo.path / ".git")
        with contextlib.chdir(bare_repo.path):
            got = packheads.heads(at, ids, length)
            wanted = git.read_all(ids)
        assert len(ids) > 300
        for oid, data in zip(ids, wanted, strict=True):
            assert data is not None
            assert (got[oid].size, got[oid].first) == (len(data), data[:length])


def test_most_heads_need_no_git(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    for i in range(400):
        bare_repo.write(f"f{i}.txt", b"%d\n" % i * 50)
    bare_repo.git("add", "-A")
    bare_repo.git("repack", "-q", "-d")
    bare_repo.commit()
    bare_repo.git("gc", "-q")
    ids = [oid for _, oid in bare_repo.tree().values()]
    asked: list[bytes] = []
    plain = Objects.heads

    def counted(objects: Objects, ids: Sequence[bytes], length: int = 64) -> list[Head]:
        asked.extend(ids)
        return plain(objects, ids, length)

    monkeypatch.chdir(bare_repo.path)
    monkeypatch.setattr(Objects, "heads", counted)
    assert len(packheads.heads(b".git", ids, 64)) == 400
    assert asked == []


def test_of_a_stage_s_output_the_two_ways_are_told_that_work(bare_repo: Repo) -> None:
    bare_repo.stage("dvc.yaml", b"stages:\n  fit:\n    cmd: x\n    outs: [m.pkl]\n")
    bare_repo.stage("m.pkl")
    bare_repo.stage("own.pkl")
    told = json.loads(bare_repo.guard("lint", "--format", "json", ok=False).stdout)
    findings = {f["path"]: f for f in told["findings"]}
    assert findings["own.pkl"]["remedy"] == "trinity-guard convert own.pkl"
    assert findings["m.pkl"]["remedy"].splitlines() == [
        "git rm -q --cached -- m.pkl",
        "dvc commit -f fit && git add dvc.lock .gitignore     # or `cache: false` in dvc.yaml: it stays in Git",
    ]
    bare_repo.stage("dvc.yaml", b"stages:\n  fit:\n    cmd: x\n    outs:\n    - m.pkl:\n        cache: false\n")
    assert [path for _, path, _ in found(bare_repo)] == ["own.pkl"]
