"""The real DVC has a say: what it does not bring to a fresh clone is told, whatever our own reading of it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.migrate import driven
from tests.migrate.legacy import Legacy, lfs_pointer, put_lfs_object
from trinity_guard.migrate import destination, sample, upload, verify
from trinity_guard.migrate.migration import Migration


@pytest.fixture
def done(worked: Legacy) -> Legacy:
    """Two commits, migrated; their objects are where a relative address leads."""
    put_lfs_object(worked, b"by git-lfs")
    worked.commit({"m/a.pkl": b"one", "b.csv": lfs_pointer(b"by git-lfs")})
    worked.commit({"m/a.pkl": b"two", "b.csv": b"b"})
    worked.checkout()
    where = destination.at("storage", "../../storage")

    def check(objects: object) -> None:
        with Migration(worked.place) as migration:
            upload.want(migration.state, objects, where)  # type: ignore[arg-type]

    driven.run(worked.place, worked.options(where=where), check=check)
    return worked


def taken(legacy: Legacy, ids: dict[bytes, bytes] | None = None, count: int = 9, seed: int = 1) -> sample.Sample:
    with Migration(legacy.place) as migration:
        return sample.take(migration, verify.read_map(migration.state) if ids is None else ids, count, seed)


@pytest.mark.slow
def test_what_is_on_the_remote_is_pulled_and_else_taken_from_the_cache(
    done: Legacy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(done.path)
    found = taken(done, count=1)
    assert (found.commits, found.pulled, found.files, found.wrong) == (1, 0, 2, [])
    done.storage()
    with Migration(done.place) as migration:
        destination.confirm(done.place, upload.destined(migration))
    found = taken(done)
    assert (found.commits, found.pulled, found.files, found.wrong) == (2, 2, 4, [])


@pytest.mark.slow
def test_what_dvc_does_not_bring_is_told_with_the_commit(done: Legacy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(done.path)
    old, new = done.id("refs/trinity-guard/original/heads/main"), done.id("main")
    files = done.files(new)
    hidden = done.commit({**files, ".gitignore": b"m/\n"}, parents=[], branch="hidden")
    found = taken(done, {old.encode(): hidden.encode()})
    assert [words.partition(":")[0] for words in found.wrong] == [f"m/a.pkl in a clone of {hidden[:10]}"]
    assert "DVC does not bring it" in found.wrong[0]
    other = done.commit({**files, "m/a.pkl.dvc": files["b.csv.dvc"][1].replace(b"b.csv", b"a.pkl")}, branch="other")
    found = taken(done, {old.encode(): other.encode()})
    assert "other bytes" in found.wrong[0]


@pytest.mark.slow
def test_what_this_machine_alone_ignores_hides_nothing_from_a_clone_elsewhere(
    done: Legacy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """DVC obeys core.excludesFile, which no clone brings along: a sample here would call what is well lost."""
    own = tmp_path / "own"
    for name in ("ignored", ".config/git/ignore", "template/info/exclude"):
        (own / name).parent.mkdir(parents=True, exist_ok=True)
        (own / name).write_text("*.dvc\n")
    settings = f"[core]\nexcludesFile = {own}/ignored\n[init]\ntemplateDir = {own}/template\n"
    (own / ".gitconfig").write_text(settings)
    monkeypatch.setenv("HOME", str(own))
    monkeypatch.delenv("GIT_CONFIG_GLOBAL", raising=False)
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.chdir(done.path)
    found = taken(done)
    assert (found.commits, found.files, found.wrong) == (2, 4, [])


def test_the_seed_chooses_and_none_are_taken_of_none(done: Legacy, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen: list[bytes] = []

    def compare(clone: sample._Clone, old: bytes, new: bytes) -> None:
        chosen.append(new)
        clone._sample.commits += 1

    monkeypatch.setattr(sample._Clone, "compare", compare)
    ids = {b"%040d" % n: b"1%039d" % n for n in range(50)}
    for _ in range(2):
        taken(done, ids, count=3, seed=7)
    assert chosen[:3] == chosen[3:]
    assert len(set(chosen)) == 3
    assert taken(done, {}, count=3).commits == 0


def test_commits_without_files_for_dvc_do_not_count(done: Legacy, monkeypatch: pytest.MonkeyPatch) -> None:
    """What became of a commit before the first artifact, or behind the last, would say nothing."""
    monkeypatch.setattr(sample, "_clone", lambda *_: None)
    monkeypatch.setattr(sample._Clone, "_brought", lambda *_: "")
    old, new = done.id("refs/trinity-guard/original/heads/main").encode(), done.id("main").encode()
    empty = [done.commit({"n": b"%d" % n}, parents=[], branch=f"n{n}").encode() for n in range(4)]
    ids = {empty[0]: empty[1], empty[2]: empty[3], old: new}
    assert {taken(done, ids, count=1, seed=seed).files for seed in range(5)} == {2}


def test_a_verification_is_remembered_until_the_next_run(done: Legacy) -> None:
    with Migration(done.place) as migration:
        assert not verify.verified(migration)
        assert verify.verify(migration).wrong == []
        assert verify.verified(migration)
    cached = next(p for p in done.cache().glob("files/md5/*/*") if p.is_file())
    data = cached.read_bytes()
    cached.unlink()
    with Migration(done.place) as migration:
        assert verify.verify(migration).wrong != []
        assert not verify.verified(migration)  # what was found before counts no more
    cached.write_bytes(data)
    with Migration(done.place) as migration:
        assert verify.verify(migration).wrong == []
    driven.undo(done.place)
    with Migration(done.place) as migration:
        assert not verify.verified(migration)
