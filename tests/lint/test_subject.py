"""What is looked at: the index, a tree, the versions of a range; each file read once."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from tests.helpers.support import Repo
from tests.lint.linted import pointer
from trinity_guard import git
from trinity_guard.config import Config
from trinity_guard.detect.patterns import Rules
from trinity_guard.errors import GuardError
from trinity_guard.lint import subject
from trinity_guard.lint.subject import Subject, Tree


@pytest.fixture
def work(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    monkeypatch.chdir(bare_repo.path)
    return bare_repo


def looked(tree: Tree, *only: bytes) -> Subject:
    return Subject(git.place(), Config(), Rules(Config()), tree, only)


def test_an_index_and_a_commit_have_the_same_files(work: Repo) -> None:
    work.stage("a.py", b"1")
    work.stage("d/b.pkl.dvc", pointer("b.pkl"))
    work.commit()
    work.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},sub")
    index, tree = subject.indexed(), subject.tree_of(b"HEAD")
    assert index.paths == tree.paths == [b"a.py", b"d/b.pkl.dvc"]
    assert (index.modes, index.oids, index.commit, tree.commit) == (tree.modes, tree.oids, b"", b"HEAD")
    entry = index.get(b"a.py")
    assert entry is not None
    assert entry.oid == index.oids[0]
    assert index.get(b"gone") is None
    assert [e.path for e in index.ending(b".dvc")] == [b"d/b.pkl.dvc"]


def test_what_was_asked_for_is_a_path_or_a_folder_above_it(work: Repo) -> None:
    work.stage("d/a.py", b"1")
    some = looked(subject.indexed(), b"d", b"x.py")
    assert [some.means(p) for p in (b"d/a.py", b"d/e/f", b"x.py", b"dd", b"y")] == [True, True, True, False, False]
    assert (some.count(), looked(subject.indexed(), b"other").count(), looked(subject.indexed(), b"").count()) == (
        1,
        0,
        1,
    )


def test_a_range_brings_each_version_once_with_the_commit_that_brought_it(work: Repo) -> None:
    work.commit("--allow-empty")
    heads = []
    for data in (b"1", b"2", b"1"):
        work.stage("a.py", data)
        work.commit()
        heads.append(work.head().encode())
    found = looked(subject.tree_of(b"HEAD"))
    told: list[tuple[int, int]] = []
    subject.walk(found, heads, lambda *said: told.append(said))
    assert [(commit, entry.path) for commit, entry in found.history or []] == [(heads[0], b"a.py"), (heads[1], b"a.py")]
    assert told[-1] == (3, 3)
    [gone] = [entry for _, entry in found.history or [] if found.is_gone(entry)]
    assert gone.oid == git.read_ids([heads[1] + b":a.py"])[0]
    assert found.rebase(heads[0], "mend").startswith(f"git rebase -i {heads[0][:10].decode()}^     # mend")


def test_a_long_range_is_asked_for_roots_and_merges_some_commits_at_once(
    work: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        work.commit("--allow-empty")
    work.git("checkout", "-q", "--orphan", "other")
    work.stage("a.py", b"1")
    work.commit()
    work.git("merge", "-q", "--allow-unrelated-histories", "-m", "both", "main")
    commits = work.git("rev-list", "--reverse", "--topo-order", "HEAD").stdout.split()
    found = looked(subject.tree_of(b"HEAD"))
    found.commits = commits
    sizes: list[int] = []
    real = git.run

    def noted(*args: str, data: bytes = b"") -> bytes:
        sizes.append(data.count(b"\n"))
        return real(*args, data=data)

    monkeypatch.setattr(git, "run", noted)
    monkeypatch.setattr(subject, "ASKED_AT_ONCE", 3)
    expected = work.git("rev-list", "--max-parents=0", "HEAD").stdout.split()
    assert len(expected) == 2
    assert found.roots() == set(expected)
    assert found.has_merges()
    assert sizes == [3, 1, 3, 1]


def test_a_blob_is_read_once_and_one_that_is_missing_is_an_error(work: Repo) -> None:
    work.stage("a.pkl.dvc", pointer("a.pkl"))
    found = looked(subject.indexed())
    [oid] = found.tree.oids
    assert found.contents([oid, oid]) == {oid: pointer("a.pkl")}
    work.file(f".git/objects/{oid[:2].decode()}/{oid[2:].decode()}").unlink()
    assert found.contents([oid])[oid] == pointer("a.pkl")
    work.stage("b.pkl.dvc", pointer("b.pkl"))
    oid = work.git("rev-parse", ":b.pkl.dvc").stdout.strip()
    work.file(f".git/objects/{oid[:2].decode()}/{oid[2:].decode()}").unlink()
    with pytest.raises(GuardError):
        looked(subject.indexed()).contents([oid])


def test_a_packed_blob_s_size_is_asked_without_its_bytes(work: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    work.stage("d/b.pkl.dvc", pointer("b.pkl"))
    work.commit()
    work.git("gc", "-q")
    tree = subject.tree_of(b"HEAD")
    reads: list[bytes] = []
    read_all = git.read_all

    def noted(ids: Iterable[bytes], at: bytes | None = None) -> list[bytes | None]:
        reads.extend(ids)
        return read_all(reads, at)

    monkeypatch.setattr(git, "read_all", noted)
    assert looked(tree).contents(tree.oids) == {tree.oids[0]: pointer("b.pkl")}
    assert reads == tree.oids


def test_what_pointers_hold_is_decoded_once_and_what_nobody_can_read_holds_nothing(
    work: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    work.stage("a.pkl.dvc", pointer("a.pkl"))
    work.stage("b.pkl.dvc", b"outs: 3\n")
    found = looked(subject.indexed())
    assert [h.path for h in found.held()] == [b"a.pkl"]
    monkeypatch.setattr(subject, "held_by", lambda *_: pytest.fail("decoded again"))
    assert [h.path for h in found.held()] == [b"a.pkl"]


def test_a_pipeline_s_file_and_one_only_announced_are_no_artifacts(work: Repo) -> None:
    work.stage("dvc.yaml", b"stages:\n  s:\n    cmd: x\n    metrics:\n    - m.csv:\n        cache: false\n")
    work.stage("m.csv", b"1")
    work.stage("b.csv", b"1")
    work.write("announced.csv", b"1")
    work.git("add", "-N", "announced.csv")
    work.stage(".gitattributes", b"l.csv filter=lfs\nb.csv filter=git-crypt\n")
    work.stage("l.csv", b"raw")
    judged = {j.entry.path: (j.lfs, j.filter) for j in looked(subject.indexed()).judged()}
    assert judged == {b"b.csv": (False, b"git-crypt"), b"l.csv": (True, b"")}
