"""The config of an old commit leads to where the objects are, and what it said before stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.support import dvc
from tests.migrate.legacy import Legacy, pointer_of
from trinity_guard.config import Config
from trinity_guard.dvcrepo import project
from trinity_guard.errors import GuardError
from trinity_guard.migrate import destination, leading
from trinity_guard.migrate.leading import AS_IT_IS, Leads, Plan

SECTION = b"['remote \"s\"']\n    url = /data/s\n"
TODAY = b"[core]\n    remote = s\n" + SECTION


@pytest.fixture
def leads(tmp_path: Path) -> Leads:
    root = str(tmp_path).encode()
    remote = project.load(root, TODAY, alone=True).remotes["s"]
    return Leads(root, remote, leading.lines_of(TODAY, "s"))


@pytest.mark.parametrize(
    ("config", "new", "remote"),
    [
        (TODAY, None, ""),
        (b"[core]\n    remote = t\n['remote \"t\"']\n    url = /data/s\n", None, ""),  # another name of it
        (b"", TODAY, ""),
        (b"[cache]\n    type = copy", b"[core]\n    remote = s\n[cache]\n    type = copy\n" + SECTION, ""),
        (b"[core]\n    analytics = false\n", b"[core]\n    remote = s\n    analytics = false\n" + SECTION, ""),
        (SECTION, TODAY, ""),
        (
            b"[core]\n    remote = t\n['remote \"t\"']\n    url = /old\n" + SECTION,
            None,
            "s",
        ),
        (
            b"[core]\n    remote = s\n['remote \"s\"']\n    url = /old\n",
            b"[core]\n    remote = s\n['remote \"s\"']\n    url = /old\n" + SECTION.replace(b"s\"']", b"s-2\"']"),
            "s-2",
        ),
    ],
)
def test_a_config_gets_what_it_lacks_and_keeps_what_it_says(
    leads: Leads, config: bytes, new: bytes | None, remote: str
) -> None:
    plan = leads.plan(config)
    assert isinstance(plan, Plan)
    assert (plan.config, plan.remote) == (new, remote)
    assert leads.leads(config if new is None else new, remote)


def test_a_config_that_dvc_cannot_read_leads_nowhere(leads: Leads) -> None:
    said = leads.plan(b"<<<<<<< ours\n")
    assert isinstance(said, str)
    assert "cannot read its config" in said
    assert leads.plan(TODAY) is AS_IT_IS


@pytest.mark.slow
def test_every_old_commit_pulls_though_the_remote_has_moved_meanwhile(worked: Legacy, tmp_path: Path) -> None:
    old = tmp_path / "old"
    config = f"[core]\n    remote = s\n['remote \"s\"']\n    url = {old}\n"
    now = f"[core]\n    remote = s\n['remote \"s\"']\n    url = {tmp_path / 'storage'}\n"
    before = {
        worked.commit({".dvc/config": b"", "a.pkl": b"1"}): b"1",
        worked.commit({".dvc/config": config.encode(), "a.pkl": b"2"}): b"2",
        worked.commit({".dvc/config": now.encode(), "a.pkl": b"3"}): b"3",
    }
    worked.checkout()
    done = worked.migrate(where=destination.find(worked.place, Config(), None))
    worked.storage()
    for commit, data in before.items():
        assert worked.pulled(done.ids[commit])["a.pkl"] == data


def test_a_pointer_that_leads_elsewhere_keeps_its_file_in_git(legacy: Legacy) -> None:
    config = b"[core]\n    remote = s\n['remote \"s\"']\n    url = /old\n"
    old = legacy.commit({".dvc/config": config, "a.pkl": b"1", "a.pkl.dvc": pointer_of(b"1", "a.pkl"), "b.pkl": b"2"})
    done = legacy.migrate()
    assert "another remote" in done.stays()["a.pkl"]
    assert b"remote: storage\n" in done.files(old)["b.pkl.dvc"][1]
    assert done.files(old)["a.pkl"][1] == b"1"


def test_a_remote_that_no_clone_gets_is_refused(worked: Legacy, tmp_path: Path) -> None:
    worked.commit({".dvc/config": b"", ".dvc/.gitignore": b"/config.local\n", "a.pkl": b"1"})
    worked.checkout()
    local = f"[core]\n    remote = mine\n['remote \"mine\"']\n    url = {tmp_path / 's'}\n"
    (worked.path / ".dvc" / "config.local").write_text(local)
    where = destination.find(worked.place, Config(), None)
    assert where.name == "mine"
    before = worked.refs()
    with pytest.raises(GuardError, match=r"config\.local") as caught:
        worked.migrate(where=where)
    assert "dvc remote add -d mine" in caught.value.remedy
    assert worked.refs() == before


@pytest.mark.parametrize(
    ("shared", "local", "is_led_away"),
    [
        ("/shared", "/mine", True),
        ("s3://bucket/x", "s3://bucket/y", True),
        ("s3://bucket/x", "/mine", True),
        ("ssh://host/x", "ssh://me@host/x/", False),
        ("/shared", "/shared/../shared", False),
    ],
)
def test_a_remote_that_this_machine_alone_leads_elsewhere_is_refused(
    worked: Legacy, shared: str, local: str, is_led_away: bool
) -> None:
    config = f"[core]\n    remote = s\n['remote \"s\"']\n    url = {shared}\n"
    worked.commit({".dvc/config": config.encode(), ".dvc/.gitignore": b"/config.local\n", "a.pkl": b"1"})
    worked.checkout()
    (worked.path / ".dvc/config.local").write_text(f"['remote \"s\"']\n    url = {local}\n")
    if not is_led_away:
        assert destination.find(worked.place, Config(), None).name == "s"
        return
    with pytest.raises(GuardError, match="everybody else would look") as caught:
        destination.find(worked.place, Config(), None)
    command = caught.value.remedy.partition("     #")[0].split()
    assert command[0] == "dvc"
    dvc(*command[1:], cwd=worked.path)
    assert destination.find(worked.place, Config(), None).name == "s"


def test_a_remote_that_is_configured_nowhere_is_said_to_be(worked: Legacy) -> None:
    worked.commit({".dvc/config": b"[core]\n    remote = mine\n", "a.pkl": b"1"})
    worked.checkout()
    with pytest.raises(GuardError, match=r"'mine' is named in \.dvc/config, and configured nowhere"):
        worked.migrate(where=destination.find(worked.place, Config(), None))


@pytest.mark.parametrize("option", ["version_aware", "worktree"])
def test_a_remote_that_finds_files_by_the_cloud_s_versions_is_refused(worked: Legacy, option: str) -> None:
    config = f"[core]\n    remote = s\n['remote \"s\"']\n    url = s3://bucket/x\n    {option} = true\n"
    worked.commit({".dvc/config": config.encode(), "a.pkl": b"1"})
    worked.checkout()
    where = destination.find(worked.place, Config(), None)
    before = worked.refs()
    with pytest.raises(GuardError, match="the cloud's own versions"):
        worked.migrate(where=where)
    assert worked.refs() == before


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        (b"", False),
        (b"['remote \"s\"']\n    access_key_id = x\n", False),
        (b"[cache]\n    type = symlink\n", False),
        (b"[core]\n    remote = other\n", True),
        (b"['remote \"s\"']\n    url = /elsewhere\n", True),
        (b"<<<<<<< ours\n", True),
    ],
)
def test_a_config_beside_it_that_says_where_objects_are_overrules_it(local: bytes, expected: bool) -> None:
    assert leading.overrules(local) is expected


def test_a_commit_that_holds_one_person_s_config_stays(legacy: Legacy) -> None:
    local = b"[core]\n    remote = mine\n"
    old = legacy.commit({".dvc/config": TODAY, ".dvc/config.local": local, "a.pkl": b"1"})
    legacy.commit({".dvc/config": TODAY, "a.pkl": b"1"})
    done = legacy.migrate()
    assert done.files(old) == legacy.files(old)
    assert "config.local" in done.stays()["a.pkl"]
