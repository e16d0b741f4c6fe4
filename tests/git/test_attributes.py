"""Git's attributes: whether blob and working file hold the same bytes, and which filter stands between."""

from __future__ import annotations

import threading

import pytest

from tests.git.conftest import NAMES
from tests.helpers.support import Repo
from trinity_guard import git
from trinity_guard.errors import GuardError
from trinity_guard.git.attributes import Asking, Attributes, refuse_filter


def attributes(repo: Repo, text: str, paths: list[bytes]) -> Attributes:
    repo.stage(".gitattributes", text.encode())
    repo.write(".gitattributes", b"* filter=other\n")  # what is not staged says nothing
    return Attributes(paths)


def test_without_attributes_all_bytes_are_the_same(here: Repo) -> None:
    found = attributes(here, "", NAMES)
    assert all(found.raw(name) for name in NAMES)
    assert {found.filter(name) for name in NAMES} == {b"unspecified"}
    Attributes([])


def test_a_path_that_comes_with_many_versions_is_asked_for_once(here: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, real = [], git.run

    def noted(*args: str, data: bytes = b"") -> bytes:
        asked.append(data)
        return real(*args, data=data)

    monkeypatch.setattr(git, "run", noted)
    found = attributes(here, "*.pkl filter=lfs\n", [b"a.pkl", b"b.csv", b"a.pkl"])
    assert asked == [b"a.pkl\0b.csv\0"]
    assert [found.filter(path) for path in (b"a.pkl", b"b.csv")] == [b"lfs", b"unspecified"]


@pytest.mark.parametrize(
    ("line", "raw"),
    [
        ("-text", True),
        ("binary", True),
        ("diff=csv", True),
        ("text", False),
        ("text=auto", False),
        ("eol=crlf", False),
        ("crlf", False),
        ("ident", False),
        ("working-tree-encoding=UTF-16", False),
        ("-text ident", False),
        ("filter=x", False),
        ("-filter", True),
        ("filter=lfs -text", False),
    ],
)
def test_what_changes_bytes_is_told_from_what_does_not(here: Repo, line: str, raw: bool) -> None:
    assert attributes(here, f"*.csv {line}\n", [b"a.csv", b"a b"]).raw(b"a.csv") == raw


@pytest.mark.parametrize(("setting", "raw"), [("true", False), ("input", False), ("false", True), (None, True)])
def test_without_a_word_the_configuration_decides(here: Repo, setting: str | None, raw: bool) -> None:
    if setting:
        here.git("config", "core.autocrlf", setting)
    assert attributes(here, "*.pkl text=auto\n", [b"a.csv"]).raw(b"a.csv") == raw


@pytest.mark.parametrize(("name", "refused"), [("lfs", False), ("none", False), ("crypt", True), ("long", True)])
def test_a_filter_that_is_set_up_is_refused(here: Repo, name: str, refused: bool) -> None:
    here.git("config", "filter.crypt.clean", "cat")
    here.git("config", "filter.long.process", "cat")
    here.git("config", "filter.lfs.clean", "cat")
    found = attributes(here, f"*.csv filter={name}\n", [b"a.csv"])
    if not refused:
        refuse_filter(found, b"a.csv")
        return
    with pytest.raises(GuardError, match=f"through the filter '{name}'") as error:
        refuse_filter(found, b"a.csv")
    assert 'exclude = ["/a.csv"]' in error.value.remedy


@pytest.mark.parametrize("how", ["", "GIT_ATTR_SOURCE", "attr.tree"])
def test_git_itself_is_asked_where_it_reads_attributes_in_a_tree(
    here: Repo, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """What lies in the work tree says nothing then; a Git too old to know of it is asked all the same."""
    if how == "attr.tree":
        here.git("config", how, "HEAD")
    elif how:
        monkeypatch.setenv(how, "HEAD")
    started: list[list[str]] = []
    process = git.Process

    def noted(argv: list[str], env: dict[str, str]) -> git.Process:
        started.append(argv)
        return process(argv, env)

    monkeypatch.setattr(git, "Process", noted)
    asking = Asking(git.place(), b"", {})
    assert not asking.converted(b"a.csv")
    assert len(started) == (1 if how else 0)
    asking.close()


def test_each_is_answered_at_once_whatever_the_environment_says(here: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_FLUSH", "0")
    here.write(".gitattributes", b"*.csv text\n")
    asking = Asking(git.place(), b"", {})
    found: list[bool] = []
    waiting = threading.Thread(
        target=lambda: found.extend([asking.converted(b"a.csv"), asking.converted(b"a.pkl")]), daemon=True
    )
    waiting.start()
    waiting.join(30)
    assert found == [True, False]
    asking.close()
