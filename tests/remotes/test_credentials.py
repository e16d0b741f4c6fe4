"""Options set and secrets moved in the bytes of DVC's configs: every other byte stays, or nothing is changed."""

from __future__ import annotations

import stat

import pytest

from tests.remotes.conftest import Hand
from trinity_guard.dvcrepo import configfile
from trinity_guard.errors import GuardError
from trinity_guard.remotes import credentials

SECTION = 'remote "s"'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"", b"['remote \"s\"']\n    password = 'pw'\n"),
        (b"[core]\n    remote = s\n", b"[core]\n    remote = s\n['remote \"s\"']\n    password = 'pw'\n"),
        (b"['remote \"s\"']\n    url = u # x\n", b"['remote \"s\"']\n    password = 'pw'\n    url = u # x\n"),
        (
            b"['remote \"s\"']\n  password=old\n    user = me\n",
            b"['remote \"s\"']\n    password = 'pw'\n    user = me\n",
        ),
    ],
)
def test_an_option_is_set_and_every_other_byte_stays(before: bytes, after: bytes) -> None:
    assert credentials.with_option(before, b"config.local", SECTION, "password", "pw") == after


@pytest.mark.parametrize("value", ["pw", "it's", 'say "x"', " both ", "a=b;c#d", "%41", "x" * 500, "a'b\"c"])
def test_what_is_set_is_what_dvc_reads(value: str) -> None:
    data = credentials.with_option(b"", b"config.local", SECTION, "password", value)
    assert configfile.parse(data, b"config.local")[SECTION]["password"] == value


@pytest.mark.parametrize("value", ["é", "two\nlines", "%(here)s", "\x7f"])
def test_what_dvc_cannot_keep_is_refused_without_repeating_it(value: str) -> None:
    with pytest.raises(GuardError, match="characters that DVC cannot keep") as caught:
        credentials.with_option(b"", b"config.local", SECTION, "password", value)
    assert value not in caught.value.problem


def test_a_form_that_cannot_be_changed_line_by_line_is_left(hand: Hand) -> None:
    before = b"['remote \"s\"']\n    password = '''two\nlines'''\n"
    with pytest.raises(GuardError) as caught:
        credentials.with_option(before, b"config.local", SECTION, "password", "pw")
    assert caught.value.exit_code == 2


def test_a_secret_is_kept_in_a_file_that_its_owner_alone_can_read(hand: Hand) -> None:
    credentials.keep(hand.place, hand.top, SECTION, "password", "hunter2")
    file = hand.repo.file(".dvc/config.local")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert b"hunter2" in file.read_bytes()


@pytest.mark.parametrize("how", ["tracked", "not ignored", "link"])
def test_no_secret_goes_where_git_would_publish_it_or_a_link_leads(hand: Hand, how: str) -> None:
    if how == "tracked":
        hand.repo.stage(".dvc/config.local", b"")
    elif how == "not ignored":
        hand.repo.write(".dvc/.gitignore", b"/tmp\n")
    else:
        hand.repo.file(".dvc/config.local").symlink_to("/tmp/elsewhere")
    with pytest.raises(GuardError) as caught:
        credentials.keep(hand.place, hand.top, SECTION, "password", "hunter2")
    assert caught.value.exit_code == 2
    assert caught.value.remedy


def test_secrets_move_and_every_other_byte_of_both_files_stays(hand: Hand) -> None:
    hand.config("# mine\n['remote \"s\"']\n    url = s3://b\n    secret_access_key = hunter2\n    region = eu # x\n")
    hand.config("# own\n[core]\n    analytics = false\n", ".local")
    moved = credentials.move(hand.place, hand.top)
    assert ([f.option for f in moved.findings], moved.published) == (["secret_access_key"], False)
    assert hand.repo.file(".dvc/config").read_text() == (
        "# mine\n['remote \"s\"']\n    url = s3://b\n    region = eu # x\n"
    )
    assert hand.repo.file(".dvc/config.local").read_text() == (
        "# own\n[core]\n    analytics = false\n['remote \"s\"']\n    secret_access_key = 'hunter2'\n"
    )
    assert hand.settings().remotes["s"].options["secret_access_key"] == "hunter2"


def test_a_password_in_an_address_leaves_the_address(hand: Hand) -> None:
    hand.config("['remote \"s\"']\n    url = https://me:hunter2@h/x\n")
    credentials.move(hand.place, hand.top)
    assert "url = 'https://me@h/x'" in hand.repo.file(".dvc/config").read_text()
    assert hand.settings().remotes["s"].url == "https://me:hunter2@h/x"


def test_what_config_local_says_already_wins_and_stays(hand: Hand) -> None:
    hand.config("['remote \"s\"']\n    url = s3://b\n    password = old\n")
    hand.config("['remote \"s\"']\n    password = mine\n", ".local")
    credentials.move(hand.place, hand.top)
    assert hand.settings().remotes["s"].options["password"] == "mine"
    assert "old" not in hand.repo.file(".dvc/config").read_text()


def test_nothing_to_move_changes_nothing(hand: Hand) -> None:
    hand.config("['remote \"s\"']\n    url = s3://b\n")
    assert credentials.move(hand.place, hand.top).findings == []
    assert not hand.repo.file(".dvc/config.local").exists()


def test_the_history_is_searched_for_what_was_published(hand: Hand) -> None:
    hand.repo.commit()
    assert not credentials.in_history(hand.place, hand.top)
    hand.repo.stage(".dvc/config", b"['remote \"s\"']\n    url = s3://b\n    secret_access_key = hunter2\n")
    hand.repo.commit()
    hand.repo.stage(".dvc/config", b"")
    hand.repo.commit()
    assert credentials.in_history(hand.place, hand.top)


def test_where_each_credential_comes_from_is_told_and_none_of_their_values(
    hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in credentials.VARIABLES["s3"]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_PROFILE", "hunter2")
    hand.config("['remote \"s\"']\n    url = s3://b\n")
    hand.config("['remote \"s\"']\n    secret_access_key = hunter2\n", ".local")
    found = credentials.origins(hand.settings().remotes["s"])
    assert found == [("secret_access_key", ".dvc/config.local"), ("AWS_PROFILE", "the environment")]
