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


EVIL = "x\x1b]0;pwned\x07; touch pwned #"


@pytest.mark.parametrize("where", ["config", "default", "pointer"])
def test_the_name_of_a_remote_is_no_command_and_moves_no_terminal(author: Repo, tmp_path: Path, where: str) -> None:
    if where == "config":
        author.write(".dvc/config", f"['remote \"{EVIL}\"']\n    url = {tmp_path}/evil\n".encode())
    elif where == "default":
        author.write(".dvc/config", f'[core]\n    remote = "{EVIL}"\n'.encode())
    else:
        name = EVIL.replace("\x1b", "\\e").replace("\x07", "\\a")
        text = f'outs:\n- md5: {"0" * 31}a\n  size: 1\n  hash: md5\n  path: z.csv\n  remote: "{name}"\n'
        author.write("z.csv.dvc", text.encode())
    author.git("add", "-A")
    author.commit("--no-verify")
    victim = cloned(author, tmp_path / "victim")
    for args in (
        ["init"],
        ["remote", "list"],
        ["remote", "check"],
        ["push"],
        ["pull"],
        ["status"],
        ["remote", "trust"],
    ):
        done = victim.guard(*args, ok=False)
        said = done.stdout + done.stderr
        assert b"\x1b" not in said
        assert b"\x07" not in said
        assert b"Traceback" not in said
        assert b"a bug of ours" not in said
        assert b"trust x" not in said
        assert b"add x" not in said


@pytest.mark.parametrize("char", ["\x1b[2J", "\r", "\u202e", "\x9b31m", "\u2028"])
def test_no_name_moves_the_terminal(author: Repo, tmp_path: Path, char: str) -> None:
    name = f"mo{char}del.pkl"
    author.write(name, 4 * KB)
    author.git("add", "-A", "-f")
    author.commit("--no-verify")
    victim = cloned(author, tmp_path / "victim")
    victim.git("rm", "-q", "--cached", "--", name)
    for args in (["add", name], ["status"], ["pull", "no" + char], ["use", "HEAD" + char], ["nothing" + char]):
        done = victim.guard(*args, ok=False)
        assert char.encode() not in done.stdout + done.stderr
        assert b"a bug of ours" not in done.stderr
