"""What DVC reads is checked before a commit takes it: bounds, credentials, one person's own config."""

from __future__ import annotations

import pytest

from tests.helpers.support import Repo
from trinity_guard import git
from trinity_guard.detect.records import check_records
from trinity_guard.errors import GuardError
from trinity_guard.git import index

MD5 = b"d41d8cd98f00b204e9800998ecf8427e"


def pointer(path: bytes) -> bytes:
    return b"outs:\n- md5: %s\n  size: 0\n  hash: md5\n  path: %s\n" % (MD5, path)


@pytest.fixture
def staging(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    monkeypatch.chdir(bare_repo.path)
    return bare_repo


def check() -> None:
    check_records(git.place(), index.entries("."))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv.dvc", pointer(b"a.csv")),
        (".dvc/config", b"[core]\n    remote = s\n['remote \"s\"']\n    url = s3://bucket\n"),
        ("dvc.yaml", b"stages:\n  a:\n    cmd: true\n"),
        ("code.py", b"password = 'hunter2'\n"),  # not DVC's to read
        ("config.local", b"x\n"),
    ],
)
def test_what_is_fine_passes(staging: Repo, name: str, data: bytes) -> None:
    staging.stage(name, data)
    check()


@pytest.mark.parametrize(
    ("name", "data", "problem"),
    [
        ("a.csv.dvc", b"outs: 5\n", "a.csv.dvc"),
        ("a.csv.dvc", pointer(b"../a.csv"), "a.csv.dvc"),
        ("a.csv.dvc", b"outs:\n- md5: \xff\n", "a.csv.dvc"),
        (".dvc/config", b"['remote \"s\"']\n    url = s3://b\n    secret_access_key = hunter2\n", "secret_access_key"),
        ("sub/.dvc/config", b"['remote \"s\"']\n    url = https://me:hunter2@h/x\n", "sub/.dvc/config"),
        (".dvc/config.local", b"", "one person's own config"),
        (".DVC/Config.Local", b"", "one person's own config"),
        (".dvc/.config.local.swp", b"", "one person's own config"),
    ],
)
def test_what_nobody_can_trust_is_refused_and_no_secret_repeated(
    staging: Repo, name: str, data: bytes, problem: str
) -> None:
    staging.stage(name, data)
    with pytest.raises(GuardError) as caught:
        check()
    assert problem in caught.value.problem
    assert "hunter2" not in caught.value.problem + caught.value.remedy


def test_the_staged_bytes_are_judged_not_the_file_s(staging: Repo) -> None:
    staging.stage("a.csv.dvc", pointer(b"../a.csv"))
    staging.write("a.csv.dvc", pointer(b"a.csv"))
    with pytest.raises(GuardError):
        check()


def test_data_behind_a_link_is_refused(staging: Repo) -> None:
    staging.file("away").symlink_to("/tmp")
    staging.stage("a.dvc", pointer(b"away/a"))
    with pytest.raises(GuardError, match="lies behind away, which is a symbolic link"):
        check()


def test_a_link_with_a_pointer_s_name_is_no_pointer(staging: Repo) -> None:
    staging.file("a.dvc").symlink_to("elsewhere")
    staging.git("add", "a.dvc")
    check()
