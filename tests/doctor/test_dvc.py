"""DVC's settings: links into the cache, places that nobody confirmed, credentials for others' eyes, the remotes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.support import Repo
from trinity_guard import git
from trinity_guard.doctor import dvc
from trinity_guard.doctor.checks import ERROR, OK, WARNING, Repository


@pytest.fixture
def work(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    monkeypatch.chdir(bare_repo.path)
    bare_repo.stage(".dvc/config", b"[core]\n    remote = s\n['remote \"s\"']\n    url = s3://bucket\n")
    bare_repo.stage(".dvc/.gitignore", b"/config.local\n/tmp\n/cache\n")
    return bare_repo


def subject(offline: bool = True) -> Repository:
    return Repository(git.place(), offline)


@pytest.mark.parametrize(
    ("types", "level"),
    [("", OK), ("reflink,copy", OK), ("copy,symlink", OK), ("symlink", WARNING), ("reflink,hardlink", WARNING)],
)
def test_links_into_the_cache_are_dangerous_where_no_copy_comes_first(work: Repo, types: str, level: str) -> None:
    if types:
        work.write(".dvc/config", f"[cache]\n    type = {types}\n".encode())
    assert dvc.cache_type(subject()).level == level


def test_a_place_that_a_clone_s_config_names_is_not_used_before_it_is_confirmed(work: Repo) -> None:
    check = dvc.places(subject())
    assert (check.level, check.remedy.partition("     #")[0]) == (WARNING, "trinity-guard remote trust --all")
    # The check of the remote says the same, and so it is told once.
    asking = dvc.places(subject(offline=False))
    told = dvc.remotes(subject(offline=False))
    assert (asking.level, asking.fact, asking.remedy) == (told.level, told.fact, told.remedy)
    assert told.level == ERROR
    work.guard("remote", "trust", "--all")
    assert dvc.places(subject()).level == OK


def test_what_is_kept_for_one_person_is_for_their_eyes_alone(work: Repo) -> None:
    assert dvc.kept_private(subject()).fact == "no credential is kept in .dvc/config.local"
    local = work.file(".dvc/config.local")
    local.write_bytes(b"['remote \"s\"']\n    password = hunter2\n")
    local.chmod(0o644)
    check = dvc.kept_private(subject())
    assert check.level == WARNING
    assert check.mend is not None
    check.mend()
    assert local.stat().st_mode & 0o777 == 0o600
    work.write(".dvc/.gitignore", b"/tmp")
    check = dvc.kept_private(subject())
    assert check.level == ERROR
    assert check.mend is not None
    check.mend()
    assert work.file(".dvc/.gitignore").read_bytes() == b"/tmp\n/config.local\n"
    assert dvc.kept_private(subject()).level == OK


def test_a_remote_is_configured_and_offline_not_asked(work: Repo) -> None:
    check = dvc.remotes(subject())
    assert check.level == WARNING
    assert "not asked, because of --offline: 's' (s3://bucket)" in check.fact
    work.write(".trinity-guard.toml", b'remote = "other"\n')
    assert "'other' is not configured (there are: s)" in dvc.remotes(subject()).fact
    work.write(".trinity-guard.toml", b"")
    work.write(".dvc/config", b"")
    assert dvc.remotes(subject()).remedy == "trinity-guard remote add URL"


def test_a_remote_s_folder_is_made_by_the_first_push_unless_something_is_in_its_way(work: Repo, tmp_path: Path) -> None:
    work.write(".dvc/config", f"[core]\n    remote = s\n['remote \"s\"']\n    url = {tmp_path}/x/y\n".encode())
    work.guard("remote", "trust", "--all")
    assert dvc.remotes(subject(offline=False)).level == OK
    (tmp_path / "x").write_text("a file")
    check = dvc.remotes(subject(offline=False))
    assert check.level == ERROR
    assert "is in its way, and no folder" in check.fact


def test_a_credential_in_a_commit_is_remembered(work: Repo) -> None:
    work.commit("--no-verify")
    assert dvc.in_history(subject()).level == OK
    work.stage(".dvc/config", b"['remote \"s\"']\n    url = s3://b\n    secret_access_key = hunter2\n")
    work.commit("--no-verify")
    work.stage(".dvc/config", b"")
    work.commit("--no-verify")
    assert dvc.in_history(subject()).level == WARNING
