"""A clone whose author means harm: what its files say is done nowhere but in it, and nothing of the victim's leaves."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.helpers.support import KB, Repo, run


def cloned(author: Repo, path: Path) -> Repo:
    run("git", "clone", "-q", author.path, path)
    victim = Repo(path)
    victim.guard("init", "-q", ok=False)
    return victim


@pytest.fixture
def author(tmp_path: Path) -> Repo:
    repo = Repo.make(tmp_path / "author", guarded=False)
    repo.dvc("init", "-q")
    repo.dvc("remote", "add", "-q", "-d", "storage", str(tmp_path / "storage"))
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


@pytest.mark.slow
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


@pytest.mark.parametrize("name", [".dvc/config.local", "sub/.dvc/config.local", ".DVC/Config.Local"])
def test_one_person_s_config_is_never_committed(repo: Repo, name: str) -> None:
    repo.stage(name, b"['remote \"r\"']\n    password = hunter2\n")
    done = repo.commit(ok=False)
    assert done.returncode == 1
    assert f"{name} is one person's own config".encode() in done.stderr
    assert b"hunter2" not in done.stdout + done.stderr
    repo.git("rm", "-q", "--cached", name)
    assert repo.file(name).exists()


def test_a_secret_in_a_config_of_another_case_is_found(repo: Repo) -> None:
    oid = run("git", "hash-object", "-w", "--stdin", cwd=repo.path, data=b"[a]\npassword = hunter2\n").stdout.decode()
    repo.git("update-index", "--add", "--cacheinfo", f"100644,{oid.strip()},.DVC/Config")
    done = repo.commit(ok=False)
    assert done.returncode == 1
    assert b"[a] password" in done.stderr
    assert b"hunter2" not in done.stdout + done.stderr


def test_a_pointer_to_what_lies_behind_a_link_is_not_committed(repo: Repo, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    repo.file("data").symlink_to(tmp_path / "elsewhere")
    pointer = f"wdir: data\nouts:\n- md5: {'0' * 31}a\n  size: 1\n  hash: md5\n  path: x.csv\n"
    repo.stage("x.csv.dvc", pointer.encode())
    done = repo.commit(ok=False)
    assert done.returncode == 1
    assert b"x.csv.dvc: its data data/x.csv lies behind data, which is a symbolic link" in done.stderr
    repo.file("data").unlink()
    repo.file("data").mkdir()
    repo.commit()
    assert repo.tracked("x.csv.dvc")


@pytest.mark.parametrize("name", [".dvc/config", ".dvc/.gitignore", ".dvc/tmp"])
def test_no_command_writes_through_a_link_of_the_clone(author: Repo, tmp_path: Path, name: str) -> None:
    mine = tmp_path / "mine"
    if name.endswith("tmp"):
        mine.mkdir()
    else:
        mine.write_bytes(b"# mine\n")
    run("rm", "-rf", author.file(name))
    author.file(name).symlink_to(mine)
    author.git("add", "-A")
    author.git("add", "-f", name)
    author.commit("--no-verify")
    victim = cloned(author, tmp_path / "victim")
    for args in (
        ["remote", "add", "s3://bucket/x"],
        ["remote", "add", "other", "https://user:hunter2@example.com/x"],
        ["remote", "credentials", "--move"],
        ["remote", "credentials", "storage", "--set", "password", "--stdin"],
        ["init", "--remote", "s3://bucket/y"],
    ):
        victim.guard(*args, ok=False)
    if mine.is_dir():
        assert list(mine.iterdir()) == []
    else:
        assert mine.read_bytes() == b"# mine\n"


def test_a_secret_s_temporary_file_is_ignored_by_git(repo: Repo) -> None:
    repo.guard("remote", "add", "s", "https://example.com/x")
    repo.file(".dvc/tmp").mkdir(exist_ok=True)
    before = set(repo.file(".dvc").iterdir())
    script = """if True:
        import os, sys
        os.rename = lambda *_: os.kill(os.getpid(), 9)
        from trinity_guard.cli import main
        main(["remote", "credentials", "s", "--set", "password", "--stdin"])
    """
    done = run(sys.executable, "-c", script, cwd=repo.path, data=b"hunter2", ok=False)
    assert done.returncode == -9
    assert set(repo.file(".dvc").iterdir()) == before
    repo.git("add", "-A")
    assert b"hunter2" not in repo.git("diff", "--cached", "-a").stdout
    found = [p for p in repo.file(".dvc").rglob("*") if p.is_file() and b"hunter2" in p.read_bytes()]
    assert [p.stat().st_mode & 0o777 for p in found] == [0o600]


# Plants what a commit could bring along: a link for every name that was once made of a file's name and a process id.
# To know the id, it is planted by the process that then runs the command.
PLANTED = """if True:
    import os, sys
    from trinity_guard.cli import main
    pid, victim = os.getpid(), sys.argv.pop(1)
    names = [".trinity-guard.toml", ".gitignore", "sub/.gitignore", ".dvc/config", ".dvc/.gitignore", ".dvcignore"]
    for name in [*names, ".pre-commit-config.yaml", ".trinity-guard-baseline", "big.csv.dvc", "sub/big.csv.dvc"]:
        folder, base = os.path.split(name)
        for link in (f".{base}.trinity-guard.{pid}", f"{base}.tmp-{pid}", f"{base}.tmp", f"trinity-guard-{base}-{pid}"):
            os.symlink(victim, os.path.join(folder, link))
    sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize(
    "command",
    [
        ["init"],
        ["init", "--hooks", "pre-commit"],
        ["lint", "--fix"],
        ["doctor", "--fix"],
        ["convert"],
        ["lint", "--all", "--update-baseline", "--reason", "so"],
    ],
    ids=" ".join,
)
def test_no_link_that_came_along_has_a_file_of_mine_written(author: Repo, tmp_path: Path, command: list[str]) -> None:
    author.write("sub/big.csv.dvc", f"outs:\n- md5: {'0' * 31}a\n  size: 1\n  path: big.csv\n".encode())
    author.git("add", "-A")
    author.commit("--no-verify")
    mine = tmp_path / "mine"
    mine.write_bytes(b"precious")
    run("git", "clone", "-q", author.path, tmp_path / "victim")
    victim = Repo(tmp_path / "victim")
    if command[0] != "init":
        victim.guard("init", "-q", ok=False)
    victim.stage("sub/model.pkl", 4 * KB)
    done = run(sys.executable, "-c", PLANTED, str(mine), *command, cwd=victim.path, ok=False)
    assert b"Traceback" not in done.stderr
    assert mine.read_bytes() == b"precious"
    if command[0] in ("lint", "convert"):
        assert victim.git("status", "--porcelain", "-uno").stdout or victim.file(".trinity-guard-baseline").exists()
