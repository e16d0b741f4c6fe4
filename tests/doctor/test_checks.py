"""What all checks share: the repository read once, and names in words."""

from __future__ import annotations

import pytest

from tests.helpers.support import Repo
from trinity_guard import git
from trinity_guard.doctor.checks import OK, Repository, Unseen, counted, fine, listed
from trinity_guard.errors import GuardError


@pytest.fixture
def subject(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repository:
    monkeypatch.chdir(bare_repo.path)
    return Repository(git.place(), offline=True)


def test_each_value_is_worked_out_once_and_so_is_each_error(subject: Repository) -> None:
    calls: list[int] = []

    def fails() -> None:
        calls.append(1)
        raise GuardError("no", "")

    assert [subject.once("x", lambda: calls.append(0)) for _ in range(2)] == [None, None]
    for _ in range(2):
        with pytest.raises(GuardError, match="no"):
            subject.once("y", fails)
    assert calls == [0, 1]


def test_what_another_check_is_about_is_unseen_for_the_rest(subject: Repository, bare_repo: Repo) -> None:
    bare_repo.write(".trinity-guard.toml", b"patern = []\n")
    with pytest.raises(Unseen, match="see config"):
        subject.config()
    with pytest.raises(Unseen, match="no DVC project here"):
        subject.project()
    bare_repo.write(".dvc/config", b"[core\n")
    with pytest.raises(Unseen, match="DVC's config cannot be read"):
        subject.project()


def test_the_rules_of_lint_need_no_config(subject: Repository, bare_repo: Repo) -> None:
    bare_repo.write(".trinity-guard.toml", b"patern = []\n")
    bare_repo.stage("a.pkl.dvc", b"outs: 3\n")
    assert [f.path for f in subject.findings("TG005")] == [b"a.pkl.dvc"]


@pytest.mark.parametrize(
    ("names", "words"),
    [([], ""), ([b"a", b"b\n"], "a, b\\n"), ([b"%d" % n for n in range(7)], "0, 1, 2, 3, 4 and 2 more")],
)
def test_names_in_words(names: list[bytes], words: str) -> None:
    assert listed(names) == words


def test_one_and_many_and_what_json_says() -> None:
    assert (counted(1, "hook"), counted(2, "hook")) == ("1 hook", "2 hooks")
    check = fine("all is well")
    check.name = "hooks"
    said = {"name": "hooks", "level": OK, "fact": "all is well", "remedy": "", "fixable": False}
    assert check.as_dict() == said
