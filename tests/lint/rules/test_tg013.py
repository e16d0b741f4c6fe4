"""TG013: artifacts that Git ignores and no pointer holds."""

from __future__ import annotations

from tests.helpers.support import Repo
from tests.lint.linted import found, rules


def left(repo: Repo) -> None:
    """Take a pointer away without the hooks, and write a new file of its name."""
    repo.stage("data/t.csv")
    repo.commit()
    repo.git("rm", "-q", "data/t.csv.dvc")
    repo.commit("--no-verify")
    repo.write("data/t.csv", b"new\n")


def test_a_file_whose_pointer_went_without_its_line_is_found_and_add_settles_it(repo: Repo) -> None:
    left(repo)
    assert ("TG013", "data/t.csv", "error") in found(repo)
    assert "TG013" not in rules(repo, "--rev", "HEAD")
    assert "TG013" not in rules(repo, ".trinity-guard.toml")
    assert "TG013" in rules(repo, "data")
    repo.guard("add", "data/t.csv")
    assert "TG013" not in rules(repo)


def test_an_artifact_that_only_somebody_s_own_line_ignores_is_a_warning(repo: Repo) -> None:
    repo.stage(".gitignore", b"/mine.csv\n/other.txt\n")
    repo.commit()
    repo.write("mine.csv")
    repo.write("other.txt")
    assert found(repo) == [("TG013", "mine.csv", "warning")]


def test_what_stays_out_on_purpose_is_not_found(repo: Repo) -> None:
    left(repo)
    config = repo.file(".trinity-guard.toml").read_bytes()
    repo.stage(".trinity-guard.toml", config + b'\nexclude = ["data/t.csv"]\n')
    assert "TG013" not in rules(repo)
