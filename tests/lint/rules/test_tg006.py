"""TG006: credentials, and what belongs to one person."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.helpers.support import Repo, run
from tests.lint.linted import found


def remedies(repo: Repo, *args: str, **env: str) -> list[str]:
    """Return the lines of the remedies of all that lint finds."""
    found = json.loads(repo.guard("lint", "--format", "json", *args, ok=False, **env).stdout)["findings"]
    return [line for f in found for line in f["remedy"].split("\n")]


SECRET = "hunter2-very-secret"


CONFIGS = {
    "option": f"['remote \"s\"']\n    url = s3://bucket\n    secret_access_key = {SECRET}\n",
    "address": f"['remote \"s\"']\n    url = https://me:{SECRET}@example.com/x\n",
}


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
@pytest.mark.parametrize("form", ["text", "json", "sarif", "github", "gitlab", "junit"])
def test_a_credential_is_found_and_its_value_never_told(bare_repo: Repo, config: str, form: str) -> None:
    bare_repo.stage(".dvc/config", config.encode())
    done = bare_repo.guard("lint", "--format", form, ok=False)
    assert done.returncode == 1
    assert b"TG006" in done.stdout
    assert SECRET.encode() not in done.stdout + done.stderr


def test_what_was_pushed_is_to_be_replaced(bare_repo: Repo, tmp_path: Path) -> None:
    bare_repo.stage(".dvc/config", CONFIGS["option"].encode())
    bare_repo.commit()
    said = bare_repo.guard("lint", ok=False).stdout
    assert b"TG006 line 3" in said
    assert b"replace it where it was issued" not in said
    run("git", "init", "-q", "--bare", tmp_path / "hub.git")
    bare_repo.git("push", "-q", str(tmp_path / "hub.git"), "main")
    bare_repo.git("remote", "add", "origin", str(tmp_path / "hub.git"))
    bare_repo.git("fetch", "-q", "origin")
    for args in ([], ["--rev", "HEAD"], ["--range", "HEAD"]):
        assert b"replace it where it was issued" in bare_repo.guard("lint", *args, ok=False).stdout


def test_a_credential_at_the_tip_of_a_range_is_to_be_moved_and_taken_out_of_its_commit(bare_repo: Repo) -> None:
    bare_repo.stage("a.txt")
    bare_repo.commit()
    bare_repo.stage(".dvc/config", CONFIGS["option"].encode())
    bare_repo.stage(".dvc/.gitignore", b"/config.local\n")
    bare_repo.commit()
    remedy = remedies(bare_repo, "--range", "HEAD~1..HEAD")
    commit = bare_repo.head()[:10]
    assert [line.partition("     # ")[0] for line in remedy] == [
        "trinity-guard remote credentials --move",
        f"git rebase -i {commit}^",
    ]
    assert len(remedies(bare_repo, "--rev", "HEAD")) == 1  # a tree has no commits to rewrite

    done = bare_repo.git("rebase", "-q", "-i", f"{commit}^", GIT_SEQUENCE_EDITOR="sed -i s/^pick/edit/", ok=False)
    bare_repo.guard("remote", "credentials", "--move")
    bare_repo.git("commit", "-q", "-a", "--amend", "--no-edit", "--no-verify")
    bare_repo.git("rebase", "--continue")
    assert found(bare_repo, "--range", "HEAD~1..HEAD") == [], done.stderr


def test_a_credential_at_the_tip_of_a_range_that_was_pushed_is_to_be_replaced_as_well(bare_repo: Repo) -> None:
    bare_repo.stage(".dvc/config", CONFIGS["option"].encode())
    bare_repo.stage(".dvc/config.local", b"[core]\n    remote = x\n")
    bare_repo.commit()
    moved, rewritten, replaced, *own = remedies(bare_repo, "--range", "HEAD", CI="true")
    assert moved.startswith("trinity-guard remote credentials --move")
    assert rewritten.startswith("git rebase -i --root")
    assert "replace it where it was issued" in replaced
    assert own[0].startswith("git rm -q --cached -- .dvc/config.local")
    assert own[1].startswith("git rebase -i --root")
    assert "where it was issued" in own[2]


def test_what_belongs_to_one_person_is_a_warning(bare_repo: Repo) -> None:
    bare_repo.stage(".dvc/config", b"['remote \"s\"']\n    url = ssh://host/x\n    user = me\n")
    assert found(bare_repo) == [("TG006", ".dvc/config", "warning")]


def test_a_config_that_cannot_be_read_may_hold_anything(bare_repo: Repo) -> None:
    bare_repo.stage(".dvc/config", b"[remote\n    password = x\n")
    assert found(bare_repo) == [("TG006", ".dvc/config", "error")]


def test_somebodys_own_config_belongs_in_no_commit(bare_repo: Repo) -> None:
    bare_repo.stage(".dvc/config.local", b"[core]\n    remote = x\n")
    assert found(bare_repo) == [("TG006", ".dvc/config.local", "error")]
