"""Where inputs came from: the commit, what a pointer says, and no path of this machine's in a record."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.support import Repo
from trinity_guard.errors import GuardError
from trinity_guard.training import provenance
from trinity_guard.training.provenance import Commit


def test_outside_of_git_there_is_no_commit(tmp_path: Path) -> None:
    assert provenance.commit(str(tmp_path)) == Commit()
    assert Commit().as_dict() is None
    assert not provenance.is_git(str(tmp_path))


def test_head_is_told_with_its_branch_and_whether_tracked_files_differ(bare_repo: Repo) -> None:
    root = str(bare_repo.path)
    branch = bare_repo.git("symbolic-ref", "--short", "HEAD").stdout.decode().strip()
    before = provenance.commit(root)
    assert before == Commit("", branch, True) or before.commit
    bare_repo.write("a.txt", b"1")
    bare_repo.git("add", "a.txt")
    bare_repo.git("commit", "-q", "-m", "one")
    head = bare_repo.git("rev-parse", "HEAD").stdout.decode().strip()
    bare_repo.write("untracked", b"")
    assert provenance.commit(root) == Commit(head, branch, False)
    bare_repo.write("a.txt", b"2")
    assert provenance.commit(root) == Commit(head, branch, True)
    bare_repo.git("checkout", "-q", "--detach")
    assert provenance.commit(root).as_dict() == {"commit": head, "dirty": True, "branch": None}
    assert provenance.is_git(root)


@pytest.mark.parametrize(
    ("path", "name"),
    [("data/t.csv", "data/t.csv"), ("./data/../t.csv", "t.csv"), ("../elsewhere/t.csv", "t.csv")],
)
def test_a_path_is_named_from_the_root_or_by_its_name_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, name: str
) -> None:
    root = tmp_path / "root"
    (root / "data").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(root)
    assert provenance.named(path, str(root)) == name
    assert provenance.named(str(Path.cwd() / path), str(root)) == name


def pointer(folder: Path, text: str) -> str:
    (folder / "t.csv.dvc").write_text(text)
    return str(folder / "t.csv")


def test_what_a_pointer_says_of_the_file_beside_it(tmp_path: Path) -> None:
    root, path = str(tmp_path), str(tmp_path / "t.csv")
    assert provenance.recorded(path, root) is None
    pointer(tmp_path, f"outs:\n- md5: {'ab' * 16}\n  size: 3\n  hash: md5\n  path: t.csv\n")
    found = provenance.recorded(path, root)
    assert found is not None
    assert (found.name, found.md5, found.legacy) == ("t.csv.dvc", "ab" * 16, False)


def test_the_hash_of_dvc_2_takes_line_ends_for_unix_ones(tmp_path: Path) -> None:
    unix = provenance.md5(b"a\nb\n")
    path = pointer(tmp_path, f"outs:\n- md5: {unix}\n  size: 6\n  path: t.csv\n")
    found = provenance.recorded(path, str(tmp_path))
    assert found is not None
    assert found.legacy
    assert found.agrees(b"a\r\nb\r\n")
    assert found.agrees(b"a\nb\n")
    assert not found.agrees(b"a\rb\r")
    assert not provenance.Recorded("t.csv.dvc", unix, legacy=False).agrees(b"a\r\nb\r\n")


def test_a_pointer_that_speaks_of_another_file_is_refused(tmp_path: Path) -> None:
    path = pointer(tmp_path, f"outs:\n- md5: {'ab' * 16}\n  size: 3\n  hash: md5\n  path: other.csv\n")
    with pytest.raises(GuardError, match="does not say which bytes"):
        provenance.recorded(path, str(tmp_path))


def test_what_is_not_committed_of_a_table_is_named_and_its_gitignore_not_alone(bare_repo: Repo) -> None:
    root = str(bare_repo.path)
    bare_repo.write("data/t.csv.dvc", b"outs: []\n")
    bare_repo.write("data/.gitignore", b"/t.csv\n")
    path = str(bare_repo.path / "data" / "t.csv")
    assert sorted(provenance.unrecorded(path, root)) == ["data/.gitignore", "data/t.csv.dvc"]
    bare_repo.git("add", "data/t.csv.dvc")
    bare_repo.git("commit", "-q", "-m", "pointer")
    assert provenance.unrecorded(path, root) == []
    assert provenance.unrecorded(str(bare_repo.path.parent / "elsewhere.csv"), root) == []


def test_versions_are_those_that_are_installed() -> None:
    import sklearn

    assert provenance.versions(("scikit-learn",)) == {"scikit-learn": sklearn.__version__}
    assert {"python", "mlflow", "trinity-guard"} < set(provenance.all_versions())
