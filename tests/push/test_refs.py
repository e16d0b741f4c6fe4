"""What Git says is pushed: its list of refs read, the commits that the other side lacks, refs that name no commit."""

from __future__ import annotations

import pytest

from tests.helpers.support import Repo, run
from trinity_guard import git
from trinity_guard.errors import GuardError
from trinity_guard.push import refs

ZERO = b"0" * 40


@pytest.fixture
def history(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Three commits on main, the first of them published; the newest last."""
    monkeypatch.chdir(bare_repo.path)
    ids = []
    for n in range(3):
        bare_repo.stage("a.txt", b"%d\n" % n)
        bare_repo.commit()
        ids.append(bare_repo.head().encode())
    run("git", "init", "-q", "--bare", bare_repo.path.parent / "there.git")
    bare_repo.git("remote", "add", "origin", "../there.git")
    bare_repo.git("push", "-q", "origin", f"{ids[0].decode()}:refs/heads/main")
    return ids


def pushed(oid: bytes, there: bytes = ZERO, target: bytes = b"refs/heads/main") -> refs.Ref:
    return refs.Ref(b"refs/heads/main", oid, target, there)


def test_git_s_list_is_read_and_zeros_mean_nothing() -> None:
    new, gone = refs.read_refs(
        b"refs/heads/a %s refs/heads/b %s\n(delete) %s refs/heads/c %s\n" % (b"1" * 40, ZERO, ZERO, b"2" * 40)
    )
    assert (new.name, new.oid, new.target, new.there) == (b"refs/heads/a", b"1" * 40, b"refs/heads/b", b"")
    assert (gone.oid, gone.there) == (b"", b"2" * 40)
    assert refs.read_refs(b"") == []


@pytest.mark.parametrize("line", [b"refs/heads/a", b"a b c", b"a b c d e", b"\xff"])
def test_what_is_no_such_list_blocks(line: bytes) -> None:
    with pytest.raises(GuardError, match="Git's list of refs could not be understood") as caught:
        refs.read_refs(line + b"\n")
    assert "TRINITY_GUARD_SKIP=gate" in caught.value.remedy


def test_only_what_the_other_side_lacks_is_unpublished(history: list[bytes]) -> None:
    assert refs.unpublished([pushed(history[2])], "origin") == [history[2], history[1]]
    assert refs.unpublished([pushed(history[2], history[1])], "origin") == [history[2]]
    assert refs.unpublished([pushed(history[2])], "another") == history[::-1]
    assert refs.unpublished([pushed(ZERO, history[2])], "origin") == []
    assert refs.unpublished([pushed(history[2])], ".") == []


def test_a_remote_whose_name_goes_on_is_another(history: list[bytes], bare_repo: Repo) -> None:
    place = git.place()
    bare_repo.git("remote", "add", "origin/eu", "../eu.git")
    bare_repo.git("update-ref", "refs/remotes/origin/eu/main", history[2].decode())
    for where in (place, None):
        found = refs.unpublished([pushed(history[2], history[0])], "origin", "../there.git", where)
        assert found == [history[2], history[1]]
    new = pushed(history[2], target=b"refs/heads/new")
    assert refs.unpublished([new], "origin/eu", "../eu.git", place) == []


def test_refs_of_a_former_server_are_not_believed(history: list[bytes], bare_repo: Repo) -> None:
    place, old = git.place(), history[0]
    bare_repo.git("update-ref", "refs/remotes/origin/main", history[1].decode())

    def asked(there: bytes, url: str, target: bytes = b"refs/heads/main") -> list[bytes]:
        return refs.unpublished([pushed(history[2], there, target)], "origin", url, place)

    assert asked(history[1], "there.git") == [history[2]]
    assert asked(ZERO, "there.git", b"refs/heads/new") == [history[2]]
    # It says that it has nothing where our refs say that it had something.
    assert asked(ZERO, "there.git") == history[::-1]
    assert asked(old, "there.git") == [history[2]]
    bare_repo.git(
        "update-ref",
        "refs/remotes/origin/more",
        bare_repo.git("commit-tree", "-m", "x", "HEAD^{tree}").stdout.decode().strip(),
    )
    # Another url: nothing of it is believed, until all that was tracked is there.
    assert asked(ZERO, "new.git", b"refs/heads/new") == history[::-1]
    assert asked(ZERO, "new.git", b"refs/heads/new") == history[::-1]
    bare_repo.git("update-ref", "-d", "refs/remotes/origin/more")
    assert asked(ZERO, "new.git", b"refs/heads/new") == history[::-1]
    assert asked(ZERO, "new.git", b"refs/heads/new") == [history[2]]


def test_what_the_other_side_has_may_be_unknown_here(history: list[bytes]) -> None:
    assert refs.unpublished([pushed(history[2], b"9" * 40)], "origin") == [history[2], history[1]]


def test_a_tip_that_git_cannot_read_blocks(history: list[bytes]) -> None:
    with pytest.raises(GuardError, match="Git cannot read 9999"):
        refs.unpublished([pushed(b"9" * 40)], "origin")


def test_a_tag_of_a_tree_or_a_blob_is_looked_at_as_files(history: list[bytes], bare_repo: Repo) -> None:
    tree = bare_repo.git("rev-parse", "HEAD^{tree}").stdout.strip()
    blob = bare_repo.git("rev-parse", "HEAD:a.txt").stdout.strip()
    found = refs.other_objects(
        [
            pushed(tree, target=b"refs/tags/tree"),
            pushed(blob, target=b"refs/tags/blob.csv"),
            pushed(history[2], target=b"refs/tags/v1"),
        ]
    )
    assert [(oid, e.path, e.oid) for oid, e in found] == [(tree, b"a.txt", blob), (blob, b"refs/tags/blob.csv", blob)]
    assert refs.other_objects([pushed(history[2])]) == []


def test_all_that_is_ours_alone_is_local(history: list[bytes]) -> None:
    assert set(refs.local_commits("origin")) == set(history[1:])
    assert set(refs.local_commits("another")) == set(history)
