"""Which objects commits name, by what they change and by their whole trees, and where the last good file is."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from tests.helpers.support import Repo
from trinity_guard import git
from trinity_guard.dvcrepo import decode, referenced, tracked
from trinity_guard.dvcrepo.output import Output
from trinity_guard.errors import GuardError
from trinity_guard.git import index

ONE, TWO, THREE = "1" * 32, "2" * 32, "3" * 32


def pointer(md5: str, more: str = "") -> bytes:
    return f"outs:\n- md5: '{md5}'\n  size: 5\n  hash: md5\n  path: x.csv\n{more}".encode()


def lock(md5: str) -> bytes:
    return f"schema: '2.0'\nstages:\n  s:\n    outs:\n    - {{path: m, md5: '{md5}', hash: md5}}\n".encode()


def pipeline(flags: str) -> bytes:
    return f"stages:\n  s:\n    cmd: x\n    outs:\n    - m: {{{flags}}}\n".encode()


class History:
    """A repository whose commits name objects."""

    def __init__(self, repo: Repo) -> None:
        self.repo = repo
        self.place = git.place()

    def commit(self, **files: bytes | None) -> bytes:
        """Commit these files (`d__x_dvc` is d/x.dvc; None takes one out); return the commit's id."""
        for name, data in files.items():
            path = name.replace("__", "/").replace("_", ".")
            if data is None:
                self.repo.git("rm", "-q", path)
            else:
                self.repo.stage(path, data)
        self.repo.commit("--allow-empty")
        return self.repo.head().encode()


@pytest.fixture
def history(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> History:
    monkeypatch.chdir(bare_repo.path)
    bare_repo.stage(".dvc/config", b"")
    return History(bare_repo)


def names(found: list[Output]) -> list[str]:
    return [output.name for output in found]


def test_a_commit_names_what_it_changes_and_a_tree_what_it_holds(history: History) -> None:
    first = history.commit(x_dvc=pointer(ONE), dvc_lock=lock(TWO), notes_txt=b"text\n")
    second = history.commit(x_dvc=pointer(THREE))
    assert names(referenced.named_by(history.place, [first])) == [TWO, ONE]
    assert names(referenced.named_by(history.place, [second])) == [THREE]
    assert names(referenced.named_by(history.place, [second, first])) == [THREE, TWO, ONE]
    assert names(referenced.named_at(history.place, [second])) == [TWO, THREE]
    assert referenced.named_by(history.place, []) == referenced.named_at(history.place, []) == []


def test_what_was_taken_out_is_named_no_more(history: History) -> None:
    history.commit(x_dvc=pointer(ONE))
    gone = history.commit(x_dvc=None)
    assert referenced.named_by(history.place, [gone]) == []
    assert referenced.named_at(history.place, [gone]) == []


def test_an_object_says_its_commit_project_and_pointer(history: History) -> None:
    history.repo.stage("sub/.dvc/config", b"")
    commit = history.commit(x_dvc=pointer(ONE), sub__d__x_dvc=pointer(ONE))
    found = referenced.named_by(history.place, [commit])
    assert [(o.commit, o.project, o.source, o.size) for o in found] == [
        (commit, b"sub", b"sub/d/x.dvc", 5),
        (commit, b"", b"x.dvc", 5),
    ]


def test_each_object_is_named_once_for_each_project_and_remote_as_first_named(history: History) -> None:
    first = history.commit(x_dvc=pointer(ONE))
    second = history.commit(a__x_dvc=pointer(ONE), b__x_dvc=pointer(ONE, "  remote: r\n"))
    found = referenced.named_by(history.place, [first, second])
    assert [(o.source, o.remote) for o in found] == [(b"x.dvc", ""), (b"b/x.dvc", "r")]


def test_what_dvc_keeps_and_does_not_push_is_held_alone(history: History) -> None:
    commit = history.commit(
        a__x_dvc=pointer(ONE, "  push: false\n"), b__x_dvc=pointer(TWO, "  cache: false\n"), c__x_dvc=pointer(THREE)
    )
    files = [(commit, entry) for entry in index.entries(".")]
    assert names(referenced.held_in(history.place, files)) == [ONE, THREE]
    assert names(referenced.named_in(history.place, files)) == [THREE]


def test_a_symlink_of_a_pointer_s_name_is_none(history: History) -> None:
    history.repo.file("x.dvc").symlink_to("elsewhere")
    history.repo.git("add", "x.dvc")
    commit = history.commit()
    assert referenced.named_by(history.place, [commit]) == referenced.named_at(history.place, [commit]) == []


def test_a_pointer_is_not_read_again_whose_very_blob_is_known(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    history.commit(a__x_dvc=pointer(ONE), b__x_dvc=pointer(ONE), dvc_lock=lock(TWO))
    known = tracked.load(history.place).outputs()
    commit = history.commit(a__x_dvc=pointer(THREE))
    files = [(commit, entry) for entry in index.entries(".")]
    read: list[bytes] = []

    def blobs(ids: Iterable[bytes]) -> dict[bytes, bytes | None]:
        read.extend(wanted := list(ids))
        return decode.blobs(wanted)

    monkeypatch.setattr(referenced, "blobs", blobs)
    assert names(referenced.named_in(history.place, files, known=known)) == [THREE, ONE, TWO]
    assert set(read) == {e.oid for _, e in files if e.path in (b"a/x.dvc", b"dvc.lock")}


# --- a lock and the dvc.yaml of its commit


def test_the_dvc_yaml_of_the_same_commit_says_what_is_pushed(history: History) -> None:
    first = history.commit(d__dvc_lock=lock(ONE), d__dvc_yaml=pipeline("push: false"))
    second = history.commit(d__dvc_lock=lock(TWO))
    third = history.commit(d__dvc_lock=lock(THREE), d__dvc_yaml=pipeline("push: true"))
    assert names(referenced.named_by(history.place, [third, second, first])) == [THREE]


def test_a_dvc_yaml_that_changes_alone_names_what_its_lock_names(history: History) -> None:
    history.commit(d__dvc_lock=lock(ONE), d__dvc_yaml=pipeline("push: false"))
    pushed = history.commit(d__dvc_yaml=pipeline("push: true"))
    alone = history.commit(e__dvc_yaml=pipeline("push: true"))
    assert names(referenced.named_by(history.place, [pushed])) == [ONE]
    assert referenced.named_by(history.place, [alone]) == []


# --- what cannot be read


def test_the_first_that_cannot_be_read_blocks_or_all_are_noted(history: History) -> None:
    commit = history.commit(a__x_dvc=b"broken\n", b__x_dvc=pointer(ONE), c__dvc_lock=b"[")
    with pytest.raises(GuardError, match=r"^a/x\.dvc is no pointer"):
        referenced.named_by(history.place, [commit])
    broken: dict[tuple[bytes, bytes], GuardError] = {}
    files = [(commit, entry) for entry in index.entries(".")]
    assert names(referenced.named_in(history.place, files, broken)) == [ONE]
    assert broken.keys() == {(commit, b"a/x.dvc"), (commit, b"c/dvc.lock")}


def test_the_last_good_one_is_the_newest_that_can_be_read(history: History) -> None:
    assert referenced.last_good(history.place, b"x[1].dvc") is None
    history.repo.stage("x[1].dvc", pointer(ONE))
    history.commit()
    history.repo.stage("x[1].dvc", pointer(TWO))
    good = history.commit()
    history.commit(x1_dvc=b"another\n")
    history.repo.stage("x[1].dvc", b"broken\n")
    history.commit()
    history.repo.git("rm", "-q", "x[[]1].dvc")
    history.commit()
    assert referenced.last_good(history.place, b"x[1].dvc") == good


def test_only_so_many_are_tried(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    good = history.commit(x_dvc=pointer(ONE))
    for number in range(2):
        history.commit(x_dvc=b"broken %d\n" % number)
    monkeypatch.setattr(referenced, "MAX_TRIED", 3)
    assert referenced.last_good(history.place, b"x.dvc") == good
    monkeypatch.setattr(referenced, "MAX_TRIED", 2)
    assert referenced.last_good(history.place, b"x.dvc") is None


ERROR = GuardError("broken", "git checkout HEAD -- x.dvc     # …")


def test_the_remedy_leads_to_the_last_good_commit(history: History) -> None:
    good = history.commit(x_dvc=pointer(ONE), dvc_lock=lock(ONE))[:10].decode()
    history.commit(x_dvc=b"broken\n", dvc_lock=b"[")
    mending = [referenced.mending(history.place, path, ERROR) for path in (b"x.dvc", b"dvc.lock")]
    assert mending == [
        f"git checkout {good} -- x.dvc     # the last good version, or `dvc add` the file again",
        f"git checkout {good} -- dvc.lock     # the last good version, or `dvc repro` writes it again",
    ]


def test_where_no_commit_has_a_good_one_it_is_taken_out(history: History) -> None:
    history.commit(x_dvc=b"broken\n", dvc_lock=b"[")
    mending = [referenced.mending(history.place, path, ERROR) for path in (b"x.dvc", b"dvc.lock")]
    assert mending == [
        "git rm -q --cached -- x.dvc     # no commit has a good one: `dvc add` the file again",
        "git rm -q --cached -- dvc.lock     # no commit has a good one: `dvc repro` writes it again",
    ]


def test_a_remedy_of_another_kind_and_that_of_a_merge_stay(history: History) -> None:
    history.commit(x_dvc=pointer(ONE))
    assert referenced.mending(history.place, b"x.dvc", GuardError("broken", "do this")) == "do this"
    oid = history.repo.index()[b"x.dvc"][1].decode()
    lines = "".join(f"100644 {oid} {stage}\tx.dvc\n" for stage in (1, 2, 3))
    git.run("rm", "-q", "--cached", "x.dvc")
    git.run("update-index", "--index-info", data=lines.encode())
    for remedy in ("git checkout HEAD -- x.dvc", "git checkout --ours -- x.dvc"):
        assert referenced.mending(history.place, b"x.dvc", GuardError("broken", remedy)) == remedy
