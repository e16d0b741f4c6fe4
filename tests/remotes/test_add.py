"""A new remote written by DVC itself: what is secret or one person's stays here, and a failure leaves all as it was."""

from __future__ import annotations

import os

import pytest

from tests.remotes.conftest import Hand
from trinity_guard import git
from trinity_guard.errors import GuardError
from trinity_guard.remotes import add
from trinity_guard.remotes.add import RemoteSpec


def spec(url: str, **options: str) -> RemoteSpec:
    return RemoteSpec("", url, False, options)


@pytest.mark.parametrize(
    ("asked", "url", "committed", "kept"),
    [
        (spec("s3://b/x", region="eu"), "s3://b/x", {"region": "eu"}, {}),
        (spec("s3://b", secret_access_key="k"), "s3://b", {}, {"secret_access_key": "k"}),
        (spec("ssh://me:pw@h/x", keyfile="~/k"), "ssh://me@h/x", {}, {"password": "pw", "keyfile": "~/k"}),
        (spec("webdavs://me:pw@h/x"), "webdavs://me@h/x", {}, {"password": "pw"}),
        (spec("https://me:pw@h/x"), "https://me@h/x", {}, {"url": "https://me:pw@h/x"}),
        (spec("https://h/x?sig=pw"), "https://h/x", {}, {"url": "https://h/x?sig=pw"}),
    ],
    ids=lambda value: value.url if isinstance(value, RemoteSpec) else "",
)
def test_what_must_not_be_committed_is_split_off(
    asked: RemoteSpec, url: str, committed: dict[str, str], kept: dict[str, str]
) -> None:
    assert add.own_options(asked) == kept
    assert (asked.url, asked.options) == (url, committed)


def test_the_first_free_name_is_taken(hand: Hand) -> None:
    assert add.free_name(hand.settings()) == "storage"
    hand.config("".join(f"['remote \"{n}\"']\n    url = s3://b\n" for n in ("storage", "storage-2", "storage-4")))
    assert add.free_name(hand.settings()) == "storage-3"


def test_a_remote_is_written_with_its_secrets_beside_and_named_before_it_changes_anything(hand: Hand) -> None:
    changed: list[bytes] = []
    asked = RemoteSpec("Mine", "s3://b/x", True, {"region": "eu", "secret_access_key": "hunter2"})
    done = add.add(hand.place, hand.top, asked, changed.append)
    assert changed == [b".dvc/config"]
    assert done == [
        "default DVC remote 'mine': s3://b/x",
        "region = eu",
        "secret_access_key: kept in .dvc/config.local, on this machine alone",
    ]
    remote = hand.settings().remotes["mine"]
    assert (remote.url, remote.options["secret_access_key"]) == ("s3://b/x", "hunter2")
    assert "hunter2" not in hand.repo.file(".dvc/config").read_text()
    assert hand.settings().default_remote == "mine"


def test_what_dvc_refuses_leaves_both_files_as_they_were(hand: Hand) -> None:
    hand.config("# mine\n")
    asked = RemoteSpec("s", "s3://b", False, {"no_such_option": "x", "password": "pw"})
    with pytest.raises(GuardError):
        add.add(hand.place, hand.top, asked, lambda _: None)
    assert hand.repo.file(".dvc/config").read_text() == "# mine\n"
    assert not hand.repo.file(".dvc/config.local").exists()


@pytest.mark.parametrize(
    ("name", "url", "problem"),
    [
        ("s", "s3://b", "there is a DVC remote 's' already"),
        ("a b", "s3://b", "a remote's name is made of letters"),
        ("-x", "s3://b", "a remote's name is made of letters"),
        ("é", "s3://b", "a remote's name is made of letters"),
        ("t", "", "the address is empty"),
        ("t", "s3://é", "the address has characters outside of ASCII"),
        ("t", "gopher://h", "gopher:// is no kind of remote that this command knows"),
    ],
)
def test_what_cannot_be_a_remote_is_refused_at_once(hand: Hand, name: str, url: str, problem: str) -> None:
    hand.config("['remote \"s\"']\n    url = s3://b\n")
    changed: list[bytes] = []
    with pytest.raises(GuardError) as caught:
        add.add(hand.place, hand.top, RemoteSpec(name, url, False, {}), changed.append)
    assert problem in caught.value.problem
    assert (changed, caught.value.exit_code) == ([], 2)


@pytest.mark.parametrize("url", ["s3://b/x", "/a/folder", "../beside", "ssh://me@h:22/x", "remote://s/x"])
def test_an_address_for_everybody_may_stand_in_the_config(url: str) -> None:
    add.require_safe(url)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("https://me:hunter2@h/x", "holds a password or a signature"),
        ("https://h/x?X-Amz-Signature=hunter2", "holds a password or a signature"),
        ("s3://é", "characters outside of ASCII"),
        ("s3://b\n", "characters outside of ASCII"),
        (" ", "is empty"),
        ("gopher://h", "DVC knows no remotes of the kind gopher://"),
        ("file:///a", "takes a file:// address for a folder named"),
        ("s3://", "no name of a bucket, container or host"),
        ("ssh:///x", "no name of a bucket, container or host"),
    ],
)
def test_one_that_must_not_or_cannot_stand_there_is_refused_and_not_repeated(url: str, problem: str) -> None:
    with pytest.raises(GuardError, match=problem) as caught:
        add.require_safe(url)
    assert "hunter2" not in caught.value.problem + caught.value.remedy


def test_the_folder_for_objects_lies_beside_the_repository_under_a_name_that_dvc_can_write(hand: Hand) -> None:
    assert add.folder_beside(hand.place) == hand.top + b"-dvc-storage"
    bare = hand.repo.path.parent / "é.git"
    bare.mkdir()
    place = git.Place(b"", os.fsencode(bare), os.fsencode(bare))
    assert add.folder_beside(place) == os.fsencode(hand.repo.path.parent / "__-dvc-storage")
