"""A clone whose author means harm: what its files say is done nowhere but in it, and nothing of the victim's leaves."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import KB, Repo, run


def cloned(author: Repo, path: Path) -> Repo:
    run("git", "clone", "-q", author.path, path)
    victim = Repo(path)
    victim.guard("init", "-q", ok=False)
    return victim


@pytest.fixture
def author(tmp_path: Path) -> Repo:
    repo = Repo.make(tmp_path / "author", guarded=False)
    repo.dvc("init", "-q")
    return repo


def test_a_config_local_that_came_along_sends_nothing_anywhere(author: Repo, tmp_path: Path) -> None:
    author.write(".dvc/config.local", f"[core]\n    remote = r\n['remote \"r\"']\n    url = {tmp_path}/evil\n".encode())
    author.git("add", "-A")
    author.git("add", "-f", ".dvc/config.local")
    author.commit("--no-verify")
    victim = cloned(author, tmp_path / "victim")
    victim.stage("model.pkl", 4 * KB)
    done = victim.commit(ok=False)
    assert done.returncode == 1
    assert b".dvc/config.local came with the repository" in done.stderr
    assert b"Traceback" not in done.stderr
    assert not (tmp_path / "evil").exists()
    victim.git("rm", "-q", "--cached", ".dvc/config.local")
    victim.file(".dvc/config.local").unlink()
    victim.commit()
    assert victim.tracked("model.pkl.dvc")
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize("link", [".dvc/cache/trinity-guard-tmp", ".dvc/tmp/trinity-guard-tmp"])
def test_a_link_in_the_place_of_our_temporary_files_takes_away_nothing(author: Repo, tmp_path: Path, link: str) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "1999-trip.jpg").write_bytes(b"the only copy")
    file = author.file(link)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.symlink_to(photos)
    author.git("add", "-A")
    author.git("add", "-f", link)
    author.commit("--no-verify")
    victim = cloned(author, tmp_path / "victim")
    victim.stage("model.pkl", 4 * KB)
    done = victim.commit(ok=False)
    assert done.returncode == 1
    assert f"{link} came with the repository".encode() in done.stderr
    victim.guard("pull", ok=False)
    victim.guard("sync", ok=False)
    victim.guard("add", "model.pkl", ok=False)
    # Even where it is nobody's in the index, we sweep nothing behind a link.
    victim.git("rm", "-q", "--cached", link)
    victim.commit(ok=False)
    assert [p.name for p in photos.iterdir()] == ["1999-trip.jpg"]
    assert (photos / "1999-trip.jpg").read_bytes() == b"the only copy"
