"""Which Git this is, and the oldest that works: named in the README, asked for by init and doctor."""

from __future__ import annotations

import pytest

from tests.helpers.support import PROJECT, Repo
from trinity_guard.errors import UNUSABLE, GuardError
from trinity_guard.git import version


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2.39.5", (2, 39, 5)),
        ("2.39.5 (Apple Git-154)", (2, 39, 5)),
        ("2.45.1.windows.1", (2, 45, 1)),
        ("3.0.0rc1", (3, 0, 0)),
        ("", ()),
        ("x", ()),
        ("9" * 5000, (999999999,)),
    ],
)
def test_the_numbers_of_a_version(text: str, expected: tuple[int, ...]) -> None:
    assert version.numbers(text) == expected


@pytest.mark.parametrize("words", ["2.25.4", "1.8.3.1"])
def test_a_git_that_is_too_old_is_refused(monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    monkeypatch.setattr(version, "said", lambda: words)
    with pytest.raises(GuardError, match=r"is too old: 2\.26 is the first that works") as refused:
        version.require()
    assert refused.value.exit_code == UNUSABLE


@pytest.mark.parametrize("words", ["2.26.0", "2.39.5 (Apple Git-154)", "3.0", "next"])
def test_any_other_is_let_be(monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    monkeypatch.setattr(version, "said", lambda: words)
    version.require()


def test_init_asks_before_it_changes_anything(bare_repo: Repo) -> None:
    fake = bare_repo.path.parent / "bin"
    fake.mkdir()
    (fake / "git").write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo git version 2.20.1 && exit\nexec /usr/bin/git "$@"\n'
    )
    (fake / "git").chmod(0o755)
    done = bare_repo.guard("init", ok=False, PATH=f"{fake}:/usr/bin:/bin")
    assert done.returncode == UNUSABLE
    assert b"Git 2.20.1 is too old" in done.stderr
    assert not bare_repo.file(".dvc").exists()


def test_the_readme_names_them() -> None:
    words = (PROJECT / "README.md").read_text()
    assert f"Git {version.OLDEST[0]}.{version.OLDEST[1]} or newer" in words
    assert f"(`migrate`: {version.FOR_MIGRATE[0]}.{version.FOR_MIGRATE[1]})" in words
