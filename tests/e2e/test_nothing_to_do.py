"""The hook before a commit leaves word that nothing is to do; the one after it then starts no Python, and only then."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.support import KB, Repo, run


class Watched:
    """A guarded repository whose post-commit hook notes each start of Python."""

    def __init__(self, repo: Repo, log: Path) -> None:
        self.repo = repo
        self.log = log
        hook = repo.path / ".git/hooks/post-commit"
        text = hook.read_text()
        real = re.search(r"^python='(.*)'$", text, re.MULTILINE)
        assert real
        wrapper = log.with_suffix(".sh")
        wrapper.write_text(f'#!/bin/sh\necho started >> "{log}"\nexec "{real[1]}" "$@"\n')
        wrapper.chmod(0o755)
        hook.write_text(text.replace(real[0], f"python='{wrapper}'"))

    def starts(self, action: Callable[[], object]) -> int:
        self.log.write_text("")
        action()
        return len(self.log.read_text().split())


@pytest.fixture
def watched(repo: Repo, tmp_path: Path) -> Watched:
    repo.stage("code.py", b"x = 0\n")
    repo.commit()
    return Watched(repo, tmp_path / "starts")


def edit(repo: Repo, text: bytes = b"x = 1\n") -> None:
    repo.stage("code.py", text)


def test_after_a_commit_of_source_nothing_is_started(watched: Watched) -> None:
    repo = watched.repo
    edit(repo)
    assert watched.starts(repo.commit) == 0
    repo.write("code.py", b"x = 2\n")
    assert watched.starts(lambda: repo.commit("-a")) == 0
    repo.git("rm", "-q", "code.py")
    assert watched.starts(repo.commit) == 0


@pytest.mark.parametrize("name", [".trinity-guard.toml", "pyproject.toml", "neither"])
def test_whichever_file_is_the_configuration_and_however_old(watched: Watched, name: str) -> None:
    repo = watched.repo
    repo.file(".trinity-guard.toml").rename(repo.file(name))
    for when in ("2020-01-01", "now"):
        run("touch", "-d", when, repo.file(name))
        edit(repo, when.encode())
        assert watched.starts(repo.commit) == 0


def test_in_a_linked_work_tree_too(watched: Watched, tmp_path: Path) -> None:
    watched.repo.git("worktree", "add", "-q", str(tmp_path / "linked"))
    linked = Repo(tmp_path / "linked")
    edit(linked)
    assert watched.starts(linked.commit) == 0


def _artifact(repo: Repo) -> None:
    repo.stage("a.csv", 10 * KB)
    repo.commit()


def _amended(repo: Repo) -> None:
    edit(repo)
    repo.commit()
    edit(repo, b"x = amended\n")
    repo.commit("--amend")


def _only(repo: Repo) -> None:
    edit(repo)
    repo.commit("--", "code.py")


def _merged(repo: Repo) -> None:
    repo.git("checkout", "-q", "-b", "other")
    edit(repo, b"x = other\n")
    repo.commit()
    repo.git("checkout", "-q", "main")
    edit(repo, b"x = main\n")
    repo.commit()
    repo.git("merge", "-q", "other", ok=False)
    edit(repo, b"x = both\n")
    repo.commit()


def _pattern(repo: Repo) -> None:
    """Seen before the commit under other rules than after it."""
    hook = repo.path / ".git/hooks/commit-msg"
    hook.write_text("#!/bin/sh\ntouch -d '+2 seconds' .trinity-guard.toml\n")
    hook.chmod(0o755)
    edit(repo)
    repo.commit()


def _older_pattern(repo: Repo) -> None:
    """An older file is put in the configuration's place, as a restored backup is."""
    hook = repo.path / ".git/hooks/commit-msg"
    hook.write_text("#!/bin/sh\ntouch -d 2020-01-01 .trinity-guard.toml\n")
    hook.chmod(0o755)
    edit(repo)
    repo.commit()


def _older_shared_pattern(repo: Repo) -> None:
    repo.file(".trinity-guard.toml").rename(repo.file("pyproject.toml"))
    hook = repo.path / ".git/hooks/commit-msg"
    hook.write_text("#!/bin/sh\ntouch -d 2020-01-01 pyproject.toml\n")
    hook.chmod(0o755)
    edit(repo)
    repo.commit()


def _another_config(repo: Repo) -> None:
    """A config that is there only after the look, and older than it."""
    hook = repo.path / ".git/hooks/commit-msg"
    hook.write_text("#!/bin/sh\nprintf '' > pyproject.toml\ntouch -d 2020-01-01 pyproject.toml\n")
    hook.chmod(0o755)
    edit(repo)
    repo.commit()


def _waiting(repo: Repo) -> None:
    """Objects wait for their remote from earlier."""
    queue = repo.path / ".git/trinity-guard/queue"
    queue.mkdir(parents=True, exist_ok=True)
    (queue / "old").write_bytes(b"d41d8cd98f00b204e9800998ecf8427e\x000\0a.csv.dvc\0HEAD\0\0\0")
    edit(repo)
    repo.commit()


def _journal(repo: Repo) -> None:
    """A conversion was cut short by something else while the message was written."""
    hook = repo.path / ".git/hooks/commit-msg"
    hook.write_text("#!/bin/sh\n: > .git/trinity-guard/journal\n")
    hook.chmod(0o755)
    edit(repo)
    repo.commit()


@pytest.mark.parametrize("commit", [
    _artifact, _only, _merged, _pattern, _older_pattern, _older_shared_pattern, _another_config, _waiting, _journal,
])  # fmt: skip
def test_after_any_other_commit_it_looks(watched: Watched, commit: Callable[[Repo], None]) -> None:
    assert watched.starts(lambda: commit(watched.repo)) >= 1


def test_after_an_amended_commit_it_looks(watched: Watched) -> None:
    assert watched.starts(lambda: _amended(watched.repo)) == 1


@pytest.mark.parametrize("how", ["commit -n", "cherry-pick"])
def test_a_raw_artifact_that_slips_past_is_named_whatever_was_said_before(watched: Watched, how: str) -> None:
    repo = watched.repo
    edit(repo)
    repo.commit("-F", "/nowhere", ok=False)
    repo.git("-c", "core.editor=false", "commit", "-q", ok=False)  # the hook has run, and left word
    assert repo.file(".git/trinity-guard/nothing-to-do").exists()
    repo.stage("raw.csv", 10 * KB)
    if how == "commit -n":
        done = repo.commit("-n")
    else:
        repo.git("commit", "-qnm", "raw", TRINITY_GUARD_SKIP="all")
        raw = repo.head()
        repo.git("reset", "-q", "--hard", "HEAD~1")
        done = repo.git("cherry-pick", raw)
    assert b"raw.csv" in done.stderr
    assert b"raw artifacts" in done.stderr


def test_word_about_another_parent_counts_for_nothing(watched: Watched) -> None:
    """The same tree on another parent: what is raw in it was there before, and is added now."""
    repo = watched.repo
    repo.stage("raw.csv", 10 * KB)
    repo.git("commit", "-qnm", "raw", TRINITY_GUARD_SKIP="all")
    edit(repo)
    repo.git("-c", "core.editor=false", "commit", "-q", ok=False)
    repo.git("reset", "-q", "--soft", "HEAD~1")
    done = repo.commit("-n")
    assert b"raw.csv" in done.stderr


def test_a_hostile_word_runs_nothing(watched: Watched, tmp_path: Path) -> None:
    repo = watched.repo
    word = repo.file(".git/trinity-guard/nothing-to-do")
    word.parent.mkdir(exist_ok=True)
    word.write_text(f"$(touch {tmp_path}/ran)\n`touch {tmp_path}/ran`\n")
    edit(repo)
    assert watched.starts(lambda: repo.commit("-n")) == 1
    assert not (tmp_path / "ran").exists()
