"""Which refs move: in one transaction, with old values, and the originals are kept."""

from __future__ import annotations

import pytest

from tests.migrate import driven
from tests.migrate.legacy import Legacy
from trinity_guard.errors import GuardError
from trinity_guard.git.catfile import Source
from trinity_guard.migrate import refs


def test_a_forges_refs_are_rewritten_here_and_that_is_said(legacy: Legacy) -> None:
    old = legacy.commit({"a.pkl": b"1"})
    legacy.git("update-ref", "refs/pull/7/head", old)
    done = legacy.migrate()
    assert legacy.refs()["refs/pull/7/head"] == done.ids[old]
    assert any("forge" in remark for remark in done.report["remarks"])


def test_refs_move_at_once_with_old_values_and_the_originals_are_kept(legacy: Legacy) -> None:
    legacy.commit({"a.py": b"1"}, branch="untouched", parents=[])
    old = legacy.commit({"a.pkl": b"1"})
    legacy.git("tag", "v1", old)
    before = legacy.refs()
    done = legacy.migrate()
    after = legacy.refs()
    assert after["refs/heads/untouched"] == before["refs/heads/untouched"]
    for name in ("heads/main", "tags/v1"):
        assert after["refs/" + name] == done.ids[old]
        assert after["refs/trinity-guard/original/" + name] == old
    assert "refs/trinity-guard/original/heads/untouched" not in after


def test_a_ref_that_moved_meanwhile_stops_it_and_none_moves(legacy: Legacy) -> None:
    old = legacy.commit({"a.pkl": b"1"})
    legacy.git("tag", "v1", old)
    moved = []

    def somebody(_objects: object) -> None:
        moved.append(legacy.commit({"a.pkl": b"2"}))

    with pytest.raises(GuardError, match="moved no ref"):
        driven.run(legacy.place, legacy.options(), check=somebody)
    assert legacy.refs() == {"refs/heads/main": moved[0], "refs/tags/v1": old, "HEAD": moved[0]}
    assert moved[0] in legacy.migrate().ids


@pytest.mark.slow
def test_an_undo_looks_at_the_refs_a_few_times_however_many_they_are(
    legacy: Legacy, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = legacy.commit({"a.pkl": b"1"})
    legacy.git(
        "update-ref", "--stdin", data=b"".join(b"create refs/tags/v%d %s\n" % (n, old.encode()) for n in range(60))
    )
    before = legacy.refs()
    legacy.migrate()
    looks = []
    look = refs.listed

    def counted(source: Source) -> refs.Listed:
        looks.append(1)
        return look(source)

    monkeypatch.setattr(refs, "listed", counted)
    driven.undo(legacy.place)
    assert legacy.refs() == before
    assert len(looks) < 5


def test_a_detached_head_moves_and_an_undo_puts_all_back(worked: Legacy) -> None:
    first = worked.commit({"a.pkl": b"1", "a.py": b"1"})
    worked.commit({"a.pkl": b"2", "a.py": b"1"})
    worked.checkout()
    worked.git("checkout", "-q", "--detach", first)
    before, index = worked.refs(), worked.git("ls-files", "-s")
    done = worked.migrate()
    assert worked.refs()["HEAD"] == done.ids[first]
    assert worked.git("symbolic-ref", "-q", "HEAD", ok=False) == b""
    assert worked.git("status", "--porcelain") == b""
    driven.undo(worked.place)
    assert worked.refs() == before
    assert worked.git("ls-files", "-s") == index
    assert worked.git("status", "--porcelain") == b""
    assert sorted(p.name for p in worked.path.iterdir()) == [".git", "a.pkl", "a.py"]


def test_an_experiment_of_dvc_is_found_by_the_new_id_of_its_commit_and_comes_back(worked: Legacy) -> None:
    base = worked.commit({"a.pkl": b"1"})
    worked.checkout()
    tried = worked.commit({"a.pkl": b"2"}, parents=[base], branch="tried")
    worked.git("update-ref", "-d", "refs/heads/tried")
    old = f"refs/exps/{base[:2]}/{base[2:]}/three"
    worked.git("update-ref", old, tried)
    before = worked.refs()
    done = worked.migrate()
    new = done.ids[base]
    assert worked.refs()[f"refs/exps/{new[:2]}/{new[2:]}/three"] == done.ids[tried]
    assert old not in worked.refs()
    driven.undo(worked.place)
    assert worked.refs() == before


@pytest.mark.parametrize("name", [b"refs/exps/exec/EXEC_HEAD", b"refs/heads/ab/x/y", b"refs/exps/ab/cd/x"])
def test_other_refs_keep_their_names(name: bytes) -> None:
    assert refs.of_experiment(name, {b"1" * 40: b"2" * 40}) == name
