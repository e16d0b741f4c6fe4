"""Where the objects go: as the repository's DVC config says, else to what was typed, else to a folder beside it."""

from __future__ import annotations

import pytest

from tests.migrate.legacy import Legacy
from trinity_guard.config import Config
from trinity_guard.dvcrepo import odb
from trinity_guard.errors import GuardError
from trinity_guard.migrate import destination

CONFIG = b"[core]\n    remote = far\n['remote \"far\"']\n    url = /srv/far\n"


def test_without_a_config_it_is_what_was_typed_or_a_folder_beside(legacy: Legacy) -> None:
    typed = destination.find(legacy.place, Config(), "s3://bucket/x")
    assert (typed.url, typed.fresh) == ("s3://bucket/x", True)
    assert b"url = s3://bucket/x" in typed.files.config
    beside = destination.find(legacy.place, Config(), None)
    assert beside.url.startswith(str(legacy.path.parent))
    assert not destination.configured(legacy.place)


def test_a_config_that_is_there_stays_as_it_is(legacy: Legacy) -> None:
    legacy.commit({".dvc/config": CONFIG})
    found = destination.find(legacy.place, Config(), None)
    assert (found.name, found.url, found.fresh, found.files.config) == ("far", "the folder /srv/far", False, CONFIG)
    assert destination.find(legacy.place, Config(), "/srv/far/").name == "far"
    with pytest.raises(GuardError, match="names another remote"):
        destination.find(legacy.place, Config(), "/srv/near")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"[core]\n    remote = a\n['remote \"a\"']\n    url = s3://b\n    password = x\n", "holds credentials"),
        (b"[core]\n    remote = a\n['remote \"a\"']\n    url = ../a\n", "a folder relative to a work tree"),
    ],
)
def test_a_config_that_must_not_go_into_every_commit_is_refused(legacy: Legacy, data: bytes, words: str) -> None:
    legacy.commit({".dvc/config": data})
    with pytest.raises(GuardError, match=words):
        destination.find(legacy.place, Config(), None)


def test_an_unsafe_address_is_refused_with_the_command_that_was_meant(legacy: Legacy) -> None:
    with pytest.raises(GuardError) as error:
        destination.find(legacy.place, Config(), "s3://key:secret@bucket/x")
    assert "secret" not in error.value.problem + error.value.remedy


def test_what_the_remote_lacks_is_sent_once(legacy: Legacy) -> None:
    found = destination.at("storage", str(legacy.path.parent / "storage"))
    cache = odb.Store(legacy.place.own + b"/cache")
    taken = cache.take([b"data"])
    cache.settle()
    objects = [(taken.md5, 4)]
    assert destination.missing(legacy.place, found, objects) == (1, 4)
    assert destination.upload(legacy.place, found, cache, objects, lambda *_: None) == 1
    assert destination.upload(legacy.place, found, cache, objects, lambda *_: None) == 0
    assert destination.missing(legacy.place, found, objects) == (0, 0)
    with pytest.raises(GuardError, match="1 of 1 objects could not go"):
        destination.upload(legacy.place, found, cache, [("0" * 32, 3)], lambda *_: None)


def test_what_we_chose_ourselves_needs_no_question(legacy: Legacy) -> None:
    assert destination.unconfirmed(legacy.place, destination.at("storage", "s3://bucket")) is None
    legacy.commit({".dvc/config": CONFIG.replace(b"/srv/far", b"s3://theirs")})
    theirs = destination.find(legacy.place, Config(), None)
    assert "s3://theirs" in str(destination.unconfirmed(legacy.place, theirs))
    destination.confirm(legacy.place, theirs)
    assert destination.unconfirmed(legacy.place, theirs) is None


@pytest.mark.parametrize(("count", "words"), [(1, "1 object (5 B)"), (2, "2 objects (5 B)")])
def test_objects_in_words(count: int, words: str) -> None:
    assert destination.objects_text(count, 5) == words
