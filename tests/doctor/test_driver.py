"""What doctor says of the filter driver, and that its remedy helps."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.doctor.findings import asked, follow
from tests.helpers.support import Repo


def said(repo: Repo) -> tuple[object, object]:
    check = asked(repo, "--offline")[1]["filter"]
    return check["level"], check["remedy"]


@pytest.mark.parametrize(
    ("breaking", "level"),
    [
        ("git config core.attributesFile elsewhere", "warning"),
        ("git config --unset filter.trinity-guard.process", "warning"),
        ("rm .git/trinity-guard/filter", "warning"),
        ("sed -i s/lib=\\'/lib=\\'elsewhere/ .git/trinity-guard/filter", "error"),
        ("sed -i 's/pass as they are/pass by/' .git/trinity-guard/filter", "warning"),
        ("sed -i 1d .git/trinity-guard/attributes", "warning"),
        (
            "git config --global core.attributesFile ~/first && trinity-guard init -q && echo '*.py text' > ~/mine"
            " && git config --global core.attributesFile ~/mine && git commit -q --allow-empty -m x",
            "error",
        ),
    ],
)
def test_what_is_wrong_is_said_and_init_mends_it(repo: Repo, tmp_path: Path, breaking: str, level: str) -> None:
    assert said(repo) == ("ok", "")
    follow(repo, tmp_path / "home", breaking)
    found, remedy = said(repo)
    assert found == level
    follow(repo, tmp_path / "home", str(remedy))
    assert said(repo) == ("ok", "")


def test_a_first_attributes_file_of_the_user_counts_from_the_next_commit_on(repo: Repo, tmp_path: Path) -> None:
    follow(repo, tmp_path / "home", "echo '*.py text' > ~/mine && git config --global core.attributesFile ~/mine")
    assert said(repo) == ("warning", "trinity-guard init")
    repo.git("commit", "-q", "--allow-empty", "-m", "next")
    assert said(repo) == ("ok", "")
    assert repo.git("check-attr", "text", "a.py").stdout == b"a.py: text: set\n"


def test_what_else_changes_in_gits_own_configuration_is_nothing_to_it(repo: Repo, tmp_path: Path) -> None:
    follow(repo, tmp_path / "home", "git config --global alias.st status")
    assert said(repo) == ("ok", "")


def test_that_nobody_wants_it_is_fine(repo: Repo) -> None:
    repo.guard("init", "--no-filter", "-q")
    assert said(repo) == ("ok", "")
