"""TG010: pickles that name what is not known to be harmless."""

from __future__ import annotations

import pickle

import pytest

from tests.helpers.support import Repo
from tests.lint.linted import found

EVIL = b"cos\nsystem\n(S'true'\ntR."
OWN = b"cmine.models\nNet\n)\x81."


def configured(repo: Repo, text: str) -> None:
    repo.stage(".trinity-guard.toml", text.encode())
    repo.commit()


def test_a_pickle_behind_its_pointer_is_found(repo: Repo) -> None:
    repo.stage("m.pkl", EVIL)
    repo.stage("known.pkl", pickle.dumps({"a": [1, 2]}))
    repo.commit()
    assert found(repo) == [("TG010", "m.pkl.dvc", "warning")]
    said = repo.guard("lint").stdout.decode()
    assert "it calls os.system" in said
    assert "trinity-guard scan m.pkl" in said


def test_a_pickle_in_git_is_found_beside_what_else_is_wrong_with_it(repo: Repo) -> None:
    repo.stage("m.pkl", EVIL)
    repo.commit("--no-verify")
    assert ("TG010", "m.pkl", "warning") in found(repo)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ('pickles = "refuse"\npickle-allow = ["mine.*"]\n', []),
        ('pickles = "off"\n', []),
        ('pickle-allow = ["others.*"]\n', [("TG010", "m.pkl.dvc", "warning")]),
    ],
)
def test_names_of_ones_own_are_added_in_the_configuration(
    repo: Repo, settings: str, expected: list[tuple[str, str, str]]
) -> None:
    configured(repo, settings)
    repo.stage("m.pkl", OWN)
    repo.commit()
    assert found(repo) == expected


def test_where_they_are_refused_it_is_an_error(repo: Repo) -> None:
    repo.stage("m.pkl", EVIL)
    repo.commit()
    configured(repo, 'pickles = "refuse"\n')
    assert found(repo) == [("TG010", "m.pkl.dvc", "error")]


def test_bytes_that_only_have_a_pickles_name_are_no_pickle(repo: Repo) -> None:
    repo.stage("m.pkl", b"\xff" * 3000)
    repo.commit()
    assert found(repo) == []
