"""Which files and which refs: from what was asked for, else from the repository's own config."""

from __future__ import annotations

import pytest

from tests.migrate.legacy import Legacy
from trinity_guard.config import Config
from trinity_guard.errors import GuardError
from trinity_guard.migrate import select
from trinity_guard.migrate.migration import Migration
from trinity_guard.migrate.options import Chosen, Request

CONFIG = Config(patterns=("*.pkl", "*.csv"), exclude=("tests/",))


def chosen(legacy: Legacy, **asked: object) -> Chosen:
    with Migration(legacy.place) as migration:
        return select.choose(migration, Request(**asked))  # type: ignore[arg-type]


def test_patterns_of_the_command_line_take_the_config_s_place_and_exclude_is_added() -> None:
    assert select.selection(CONFIG, (), (), None).include == ("*.pkl", "*.csv")
    found = select.selection(CONFIG, ("*.h5",), ("old/",), None)
    assert (found.include, found.exclude) == (("*.h5",), ("tests/", "old/"))
    assert select.selection(CONFIG, (), (), "5 MB").include == ()


@pytest.mark.parametrize(
    ("include", "above", "words"),
    [
        (("",), None, "is no gitignore pattern"),
        (("# x",), None, "is no gitignore pattern"),
        ((), "5 parsecs", "--above"),
    ],
)
def test_what_means_nothing_is_refused(include: tuple[str, ...], above: str | None, words: str) -> None:
    with pytest.raises(GuardError, match=words):
        select.selection(CONFIG, include, (), above)
    with pytest.raises(GuardError, match="no file is an artifact"):
        select.selection(Config(patterns=()), (), (), None)


def test_the_current_branch_alone_unless_more_is_asked_for(legacy: Legacy) -> None:
    first = legacy.commit({"a.pkl": b"1"})
    legacy.git("branch", "side", first)
    legacy.git("tag", "v1", first)
    assert chosen(legacy).names == [b"refs/heads/main"]
    assert chosen(legacy).words == "main (the current branch; --everything: all branches and tags)"
    assert chosen(legacy, refs=["side", "v1"]).names == [b"refs/heads/side", b"refs/tags/v1"]
    assert chosen(legacy, everything=True).words == "branches: 2, tags: 1"
    with pytest.raises(GuardError, match="no branch or tag nothing"):
        chosen(legacy, refs=["nothing"])
    with pytest.raises(GuardError, match="--everything takes no --ref"):
        chosen(legacy, refs=["side"], everything=True)
    with pytest.raises(GuardError, match="--remote-branches"):
        chosen(legacy, remote_branches=True)


def test_what_is_published_is_left_as_it_is(legacy: Legacy) -> None:
    first = legacy.commit({"a.pkl": b"1"})
    with pytest.raises(GuardError, match="--unpublished"):
        chosen(legacy, unpublished=True)
    legacy.git("update-ref", "refs/remotes/origin/main", first)
    found = chosen(legacy, unpublished=True)
    assert found.stop == [first.encode()]
    assert found.words.endswith(", what no remote has")


def test_a_remote_s_branch_without_one_here_gets_one(legacy: Legacy) -> None:
    first = legacy.commit({"a.pkl": b"1"})
    for name in ("origin/main", "origin/x/y", "fork/x/y"):
        legacy.git("update-ref", f"refs/remotes/{name}", first)
    found = chosen(legacy, everything=True, remote_branches=True)
    assert len(found.lonely) == 1
    assert found.words == "branches: 2, tags: 0"
    select.make_branches(legacy.place, found)
    assert legacy.refs()["refs/heads/x/y"] == first
    assert found.names == [b"refs/heads/main", b"refs/heads/x/y"]
    assert found.lonely == []


def test_before_the_first_commit_nothing_is_chosen(legacy: Legacy) -> None:
    assert (chosen(legacy).names, chosen(legacy).words) == ([], "no commit yet")


def test_the_config_of_a_bare_repository_is_that_of_its_head(legacy: Legacy) -> None:
    legacy.commit({".trinity-guard.toml": b'patterns = ["*.h5"]\n'})
    assert select.load_config(legacy.place).patterns == ("*.h5",)


def test_options_are_whole(legacy: Legacy) -> None:
    legacy.commit({"a.pkl": b"1"})
    with Migration(legacy.place) as migration:
        options = select.options(migration, Request(remote="/srv/data", keep_ids=True, dry=True))
        assert (options.where.url, options.rewrite_ids, options.dry) == ("/srv/data", False, True)
        assert options.cache == migration.cache()[0]
        assert select.subject(migration, Request(include=["*.x"]))[0].include == ("*.x",)


@pytest.mark.parametrize(
    ("include", "above", "wanted"), [((), None, 999), (("*.csv",), None, None), ((), "5 kB", 5000), ((), "0", 0)]
)
def test_the_configs_patterns_come_with_its_min_size(
    include: tuple[str, ...], above: str | None, wanted: int | None
) -> None:
    assert select.selection(Config(min_size=1000), include, (), above).above == wanted
