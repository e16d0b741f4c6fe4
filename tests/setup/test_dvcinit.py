"""DVC in a repository that is to be guarded: set up by DVC itself, its remote kept or refused, and taken away again."""

from __future__ import annotations

import pytest

from tests.helpers.support import Repo
from trinity_guard import git
from trinity_guard.dvcrepo import project
from trinity_guard.errors import GuardError
from trinity_guard.setup import dvcinit


@pytest.fixture
def repo(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    monkeypatch.chdir(bare_repo.path)
    return bare_repo


def set_up(url: str | None = None) -> tuple[list[str], list[str], list[bytes]]:
    changed: list[bytes] = []
    done, notes = dvcinit.set_up(git.place(), url, changed.append)
    return done, notes, changed


def config(repo: Repo, text: str) -> None:
    repo.write(".dvc/config", text.encode())


def test_a_repository_without_dvc_gets_it_with_a_folder_beside_it(repo: Repo) -> None:
    done, notes, changed = set_up()
    assert done == ["DVC set up (dvc init)", f"default DVC remote 'storage': the local folder {repo.path}-dvc-storage"]
    assert changed == [b".dvc/config"]
    assert "only a folder on this machine" in notes[0]
    assert set_up() == ([], [], [])


def test_a_set_up_that_was_cut_off_is_completed_and_its_cache_stays(repo: Repo) -> None:
    repo.write(".dvc/cache/files/md5/aa/bb", b"an object")
    done, _, _ = set_up("s3://bucket")
    assert done[0] == "DVC set-up completed: .dvc/config was missing"
    assert repo.file(".dvc/cache/files/md5/aa/bb").read_bytes() == b"an object"


def test_a_remote_that_is_there_is_made_the_default_and_none_is_added(repo: Repo) -> None:
    config(repo, "['remote \"mine\"']\n    url = s3://bucket/x/\n")
    assert set_up("s3://bucket/x")[0] == ["default DVC remote 'mine'"]
    assert project.load(git.place().top).default_remote == "mine"


def test_without_a_default_the_remotes_are_named_and_none_is_chosen(repo: Repo) -> None:
    config(repo, "".join(f"['remote \"{n}\"']\n    url = s3://{n}\n" for n in ("b", "a")))
    done, notes, _ = set_up()
    assert (done, notes) == ([], ["DVC has no default remote (it knows a, b): dvc remote default a"])


def test_another_address_than_the_default_remote_s_is_refused(repo: Repo) -> None:
    config(repo, "[core]\n    remote = mine\n['remote \"mine\"']\n    url = s3://bucket\n")
    with pytest.raises(GuardError, match="DVC has a default remote already, 'mine'") as caught:
        set_up("s3://other")
    assert caught.value.remedy.startswith("dvc remote modify mine url 's3://other'")
    assert set_up("s3://bucket/")[0] == []


def test_what_git_would_ignore_is_refused_with_the_rule(repo: Repo) -> None:
    repo.write(".gitignore", b".*\n")
    with pytest.raises(GuardError, match=r"Git ignores the folder \.dvc, because of \.gitignore:1: \.\*"):
        set_up()
    assert not repo.file(".dvc").exists()
    assert dvcinit.hiding_rules(git.place(), b".dvc", b"a") == [(b".dvc", ".gitignore:1: .*")]


def test_blank_lines_as_windows_ends_them_hide_nothing(repo: Repo) -> None:
    repo.write(".gitignore", b"*.o\r\n\r\n*.a\r\n")
    set_up()
    assert repo.file(".dvc/config").exists()


def test_a_file_in_the_folder_s_place_is_refused(repo: Repo) -> None:
    repo.write(".dvc", b"")
    with pytest.raises(GuardError, match="is a file where DVC has its folder"):
        set_up("s3://bucket")


# --- taking it away


def written(repo: Repo) -> dict[str, str]:
    set_up()
    return dvcinit.digests(git.place())


def test_what_was_never_used_may_go(repo: Repo) -> None:
    before = written(repo)
    assert dvcinit.reason_to_keep(git.place(), before) == ""
    dvcinit.remove(git.place())
    assert not repo.file(".dvc").exists()
    assert not repo.file(".dvcignore").exists()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (".dvc/config", "its config was changed"),
        ("a.csv.dvc", "there are DVC files"),
        (".dvc/plots/own.json", "there is more in .dvc than we wrote"),
        (".dvc/cache/files/md5/aa/bb", "its cache or its remote holds objects"),
        ("../plain-dvc-storage/files/md5/aa/bb", "its cache or its remote holds objects"),
    ],
)
def test_what_was_used_is_kept_with_the_reason(repo: Repo, name: str, reason: str) -> None:
    before = written(repo)
    repo.write(name, b"# mine\n")
    assert dvcinit.reason_to_keep(git.place(), before) == reason


def test_pointers_of_the_history_count_too(repo: Repo) -> None:
    before = written(repo)
    repo.stage("a.csv.dvc", b"outs: []\n")
    repo.commit()
    repo.git("rm", "-q", "a.csv.dvc")
    repo.commit()
    assert dvcinit.reason_to_keep(git.place(), before) == "there are DVC files in the history"
