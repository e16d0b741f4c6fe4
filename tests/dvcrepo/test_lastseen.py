"""A commit need not list the index for DVC's files where the hook before the last one saw what HEAD tracks."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.support import Repo, made_once
from trinity_guard.dvcrepo import lastseen, tracked
from trinity_guard.git import Place


def seen(repo: Repo) -> list[bytes] | None:
    """Return what is known to be tracked without asking Git."""
    folder = os.fsencode(repo.path / ".git")
    catalog = lastseen.catalog(Place(os.fsencode(repo.path), folder, folder))
    return None if catalog is None else sorted(o.path for o in catalog.outputs())


def source(repo: Repo) -> None:
    repo.stage("code.py", os.urandom(20).hex().encode() + b"\n")
    repo.commit()


@pytest.fixture
@made_once
def known(repo: Repo) -> Repo:
    """A repository with two artifacts and a commit of source behind them."""
    repo.stage("a.csv")
    repo.stage("d/b.pkl")
    repo.commit()
    source(repo)
    assert seen(repo) == [b"a.csv", b"d/b.pkl"]
    return repo


def test_nothing_is_known_before_a_commit_without_work(repo: Repo) -> None:
    repo.stage("a.csv")
    repo.commit()
    assert seen(repo) is None


@pytest.mark.slow
def test_it_stays_known_from_source_to_source(known: Repo) -> None:
    source(known)
    source(known)
    assert seen(known) == [b"a.csv", b"d/b.pkl"]


def _artifact(repo: Repo) -> None:
    repo.stage("c.npy")
    repo.commit()


def _removed(repo: Repo) -> None:
    repo.git("rm", "-q", "a.csv.dvc")
    repo.commit()


def _elsewhere(repo: Repo) -> None:
    repo.git("checkout", "-q", "-b", "other", "HEAD~2")


def _without_hooks(repo: Repo) -> None:
    repo.stage("code.py", b"other\n")
    repo.git("-c", "core.hooksPath=/dev/null", "commit", "-qm", "past the hooks")


def _amended(repo: Repo) -> None:
    repo.git("rm", "-q", "a.csv.dvc")
    repo.commit("-n", "--amend")


def _packed(repo: Repo) -> None:
    repo.git("gc", "-q")


def _recorded(repo: Repo) -> None:
    repo.guard("add", "a.csv")
    (repo.path / "a.csv").write_bytes(b"another")
    repo.guard("convert", "a.csv")


@pytest.mark.parametrize(
    "change", [_artifact, _removed, _elsewhere, _without_hooks, _amended, _packed, _recorded], ids=lambda f: f.__name__
)
def test_after_any_other_step_git_is_asked(known: Repo, change: Callable[[Repo], None]) -> None:
    change(known)
    assert seen(known) is None


@pytest.mark.slow
def test_what_is_staged_beside_it_is_seen(known: Repo) -> None:
    """HEAD is known; a pointer that is staged or taken away since must not be overlooked."""
    known.write("a.csv", b"changed behind its pointer")
    known.stage("code.py", b"more\n")
    assert b"a.csv has changed (26 B) -> a.csv.dvc" in known.commit().stderr
    known.git("rm", "-q", "a.csv.dvc")
    known.stage("code.py", b"and more\n")
    assert b"a.csv stays here, but no pointer holds it any more" in known.commit().stderr
    assert not known.tracked("a.csv.dvc")


@pytest.mark.slow
@pytest.mark.parametrize("damage", [b"", b"x", b"a\nb\nc\n", b"\0" * 300, b"\n\n\n"])
def test_a_damaged_word_says_nothing(known: Repo, damage: bytes) -> None:
    known.file(".git/trinity-guard/nothing-to-do").write_bytes(damage)
    assert seen(known) is None


# --- the word itself, as a hook leaves it for the next one (hooks/post-commit reads it in shell)


@pytest.fixture
def begun(bare_repo: Repo) -> Repo:
    """A commit under way: Git has written the tree that is to be into the index."""
    bare_repo.stage("code.py", b"x = 1\n")
    bare_repo.commit()
    bare_repo.stage("code.py", b"x = 2\n")
    bare_repo.git("write-tree")
    return bare_repo


def word(repo: Repo) -> Path:
    return repo.file(".git/trinity-guard/nothing-to-do")


def left(repo: Repo, mark: bytes = b"mark") -> list[bytes]:
    """Leave word; return its lines."""
    folder = os.fsencode(repo.path / ".git")
    catalog = tracked.Catalog({}, [], {})
    catalog.mark = mark
    lastseen.leave(Place(os.fsencode(repo.path), folder, folder), folder + b"/index", catalog)
    return word(repo).read_bytes().split(b"\n") if word(repo).exists() else []


def test_it_names_parent_tree_configs_and_the_record(begun: Repo) -> None:
    parent, tree = (begun.git(*args).stdout.strip() for args in (("rev-parse", "HEAD"), ("write-tree",)))
    assert left(begun) == [parent, tree, b"", b"mark", b""]
    begun.write("pyproject.toml", b"")
    assert left(begun, b"") == [parent, tree, b"pyproject.toml", b"", b""]
    begun.write(".trinity-guard.toml", b"")
    assert left(begun) == [parent, tree, b".trinity-guard.toml pyproject.toml", b"mark", b""]


def test_its_time_is_that_of_the_first_configuration(begun: Repo) -> None:
    for name, when in ((".trinity-guard.toml", 1_000_000_007_000_000_009), ("pyproject.toml", 5_000_000_000)):
        begun.write(name, b"")
        os.utime(begun.file(name), ns=(when, when))
    left(begun)
    assert word(begun).stat().st_mtime_ns == 1_000_000_007_000_000_009
    begun.file(".trinity-guard.toml").unlink()
    left(begun)
    assert word(begun).stat().st_mtime_ns == 5_000_000_000


def test_a_link_that_leads_nowhere_is_a_configuration_too(begun: Repo) -> None:
    """Its time cannot be told, so nothing is left."""
    begun.file(".trinity-guard.toml").symlink_to("nowhere")
    assert left(begun) == []


def test_a_merge_leaves_none(begun: Repo) -> None:
    begun.file(".git/MERGE_HEAD").write_bytes(b"")
    assert left(begun) == []


def test_where_it_cannot_be_written_nothing_is_left_and_nothing_fails(begun: Repo) -> None:
    shutil.rmtree(begun.file(".git/trinity-guard"), ignore_errors=True)
    begun.file(".git/trinity-guard").write_bytes(b"a file in its way")
    assert left(begun) == []


@pytest.mark.parametrize("spoil", [lambda w: w + b"x", lambda w: w + b"\n", lambda w: w.replace(b"\n", b"\n\n", 1)])
def test_a_word_with_more_or_other_lines_says_nothing(known: Repo, spoil: Callable[[bytes], bytes]) -> None:
    word(known).write_bytes(spoil(word(known).read_bytes()))
    assert seen(known) is None


def test_a_word_without_a_tree_says_nothing_where_head_has_none(begun: Repo) -> None:
    word(begun).parent.mkdir(exist_ok=True)
    word(begun).write_bytes(b"a\n\n\nmark\n")
    assert seen(begun) is None


def test_the_record_of_another_version_says_nothing(known: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracked._Record, "FIELDS", 9)
    assert seen(known) is None


def test_a_pointer_that_is_gone_is_forgotten(known: Repo) -> None:
    """The record once kept what another branch tracks, and a file of that name was named as changed."""
    known.git("rm", "-q", "a.csv.dvc")
    known.commit()
    source(known)
    assert seen(known) == [b"d/b.pkl"]
    known.write("a.csv", b"a file of its own now")
    known.stage("code.py", b"more\n")
    assert b"a.csv" not in known.commit().stderr


@pytest.mark.slow
def test_an_amended_commit_is_compared_with_what_came_before_head(known: Repo) -> None:
    first = known.show("a.csv.dvc")
    known.write("a.csv", b"another version")
    known.guard("convert", "a.csv")
    known.git("add", "-A")
    known.commit()
    source(known)
    known.git("reset", "-q", "--soft", "HEAD~2")  # the same tree, and HEAD^ has the first version
    known.commit()
    known.write("a.csv.dvc", first)
    known.stage("code.py", b"amended\n")
    known.git("add", "a.csv.dvc")
    done = known.commit("--amend")
    assert b"a.csv is not the version that its pointer names" in done.stderr


@pytest.mark.slow
def test_a_record_that_could_not_be_written_is_not_vouched_for(known: Repo) -> None:
    record = known.file(".git/trinity-guard/outputs")
    record.unlink()
    (record / "x").mkdir(parents=True)
    source(known)
    assert seen(known) is None
    known.write("a.csv", b"changed behind its pointer")
    known.stage("code.py", b"more\n")
    assert b"a.csv has changed (26 B) -> a.csv.dvc" in known.commit().stderr


@pytest.mark.slow
def test_where_git_reads_another_commit_in_heads_place_it_is_asked(known: Repo) -> None:
    known.git("replace", "HEAD", "HEAD~1")
    assert seen(known) is None
    known.git("pack-refs", "--all")
    assert seen(known) is None
