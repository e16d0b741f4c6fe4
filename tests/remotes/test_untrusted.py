"""What only this machine may have in `.dvc` is refused when it came with the repository; case does not count."""

from __future__ import annotations

import pytest

from tests.remotes.conftest import Hand
from trinity_guard.errors import GuardError
from trinity_guard.remotes import untrusted


def refused(hand: Hand) -> bool:
    try:
        untrusted.refuse(hand.place, hand.top, hand.cache.folder)
    except GuardError:
        return True
    return False


def test_what_the_user_made_and_nobody_committed_is_the_user_s_own(hand: Hand) -> None:
    hand.config("", ".local")
    hand.repo.file(".dvc/tmp").symlink_to("/tmp")
    assert not refused(hand)


def test_a_config_local_that_git_brought_is_refused_with_the_command(hand: Hand) -> None:
    hand.repo.stage(".dvc/config.local", b"")
    with pytest.raises(GuardError, match=r"\.dvc/config\.local came with the repository") as caught:
        untrusted.refuse(hand.place, hand.top)
    assert caught.value.remedy.startswith("git rm --cached -- '.dvc/config.local'")


@pytest.mark.parametrize("name", [".dvc/tmp", ".dvc/cache/files", ".dvc/cache/ab", ".dvc/cache/files/md5/0f"])
def test_a_link_that_git_brought_is_refused_wherever_it_would_have_us_write(hand: Hand, name: str) -> None:
    file = hand.repo.file(name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.symlink_to("/tmp")
    assert not refused(hand)
    hand.repo.git("add", "-f", name)
    assert refused(hand)


def test_the_cache_is_looked_into_only_where_it_is_meant(hand: Hand) -> None:
    hand.repo.file(".dvc/cache").mkdir()
    hand.repo.file(".dvc/cache/files").symlink_to("/tmp")
    hand.repo.git("add", "-f", ".dvc/cache/files")
    untrusted.refuse(hand.place, hand.top)
    assert refused(hand)


def test_a_quote_in_a_folder_s_name_stays_within_the_command(hand: Hand) -> None:
    hand.repo.stage("it's/.dvc/config.local", b"")
    with pytest.raises(GuardError) as caught:
        untrusted.refuse(hand.place, hand.top + b"/it's")
    assert caught.value.remedy.startswith("git rm --cached -- 'it'\\''s/.dvc/config.local'")
