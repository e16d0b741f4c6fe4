"""TG007: files that Git and DVC both track."""

from __future__ import annotations

from tests.helpers.support import Repo
from tests.lint.linted import MD5, found, pointer, rules


def test_a_file_that_both_track_is_found(repo: Repo) -> None:
    repo.stage("docs/a.bin")
    repo.guard("convert", "docs/a.bin")
    repo.commit()
    assert rules(repo) == []
    repo.git("add", "-f", "docs/a.bin")
    assert found(repo) == [("TG007", "docs/a.bin", "error")]


def test_a_file_in_a_folder_that_dvc_holds_is_found(bare_repo: Repo) -> None:
    bare_repo.stage(".gitignore", b"/data\n")
    bare_repo.stage("data.dvc", pointer("data", MD5 + ".dir"))
    bare_repo.stage("data/deep/notes.txt", b"x\n")
    assert found(bare_repo) == [("TG007", "data/deep/notes.txt", "error")]


def test_a_cached_output_of_a_stage_is_found_an_uncached_one_is_not(bare_repo: Repo) -> None:
    bare_repo.stage(
        "dvc.yaml", b"stages:\n  s:\n    cmd: x\n    outs:\n    - kept.txt\n    - loose.txt:\n        cache: false\n"
    )
    lock = f"schema: '2.0'\nstages:\n  s:\n    cmd: x\n    outs:\n    - path: kept.txt\n      md5: {MD5}\n"
    bare_repo.stage("dvc.lock", (lock + f"    - path: loose.txt\n      md5: {MD5}\n").encode())
    bare_repo.stage("kept.txt", b"x\n")
    bare_repo.stage("loose.txt", b"x\n")
    assert found(bare_repo) == [("TG007", "kept.txt", "error")]


def test_of_a_file_in_a_stage_s_folder_what_helps_names_the_pipeline(bare_repo: Repo) -> None:
    """DVC takes no lock for a target."""
    bare_repo.stage("sub/dvc.yaml", b"stages:\n  s:\n    cmd: x\n    outs:\n    - d\n")
    lock = f"schema: '2.0'\nstages:\n  s:\n    cmd: x\n    outs:\n    - path: d\n      md5: {MD5}.dir\n"
    bare_repo.stage("sub/dvc.lock", lock.encode())
    bare_repo.stage("sub/d/notes.txt", b"x\n")
    said = bare_repo.guard("lint", ok=False).stdout
    assert b"TG007" in said
    assert b"dvc commit -f sub/dvc.yaml" in said
