"""TG004: pointers whose file Git does not ignore."""

from __future__ import annotations

from tests.helpers.support import Repo
from tests.lint.linted import found, rules


def test_a_pointer_whose_file_is_not_ignored_is_found_and_its_line_settles_it(repo: Repo) -> None:
    repo.stage("models/a.pkl")
    repo.commit()
    assert "TG004" not in rules(repo)
    (repo.path / "models/.gitignore").write_bytes(b"/other\n")
    assert "TG004" not in rules(repo)  # the index has it still
    repo.git("add", "models/.gitignore")
    assert ("TG004", "models/a.pkl.dvc", "error") in found(repo)
    assert "TG004" not in rules(repo, "--rev", "HEAD")


def test_ones_own_excludes_are_nobody_elses(repo: Repo) -> None:
    repo.stage("models/a.pkl")
    repo.commit()
    repo.git("rm", "-q", "--cached", "models/.gitignore")
    (repo.path / ".git/info").mkdir(exist_ok=True)
    (repo.path / ".git/info/exclude").write_text("*.pkl\n")
    (repo.path / "excludes").write_text("*.pkl\n")
    repo.git("config", "--global", "core.excludesFile", str(repo.path / "excludes"))
    assert ("TG004", "models/a.pkl.dvc", "error") in found(repo)


def test_a_line_that_takes_the_ignoring_back_counts(repo: Repo) -> None:
    repo.stage("a.pkl")
    repo.commit()
    repo.stage(".gitignore", repo.show(".gitignore") + b"!*.pkl\n")
    assert rules(repo) == ["TG004"]
