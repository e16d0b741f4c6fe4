"""`trinity-guard remote add|list|credentials|trust`: what DVC would have written, and no secret where others see it."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.support import Repo, dvc, made_once, run

SECRET = "hunter2-9f3a"


@pytest.fixture
@made_once
def project(bare_repo: Repo) -> Repo:
    """A repository with DVC, committed, without any remote."""
    bare_repo.stage(".dvc/config", b"")
    bare_repo.stage(".dvc/.gitignore", b"/config.local\n/tmp\n/cache\n")
    bare_repo.commit()
    return bare_repo


def config(repo: Repo) -> str:
    return repo.file(".dvc/config").read_text()


def local(repo: Repo) -> str:
    file = repo.file(".dvc/config.local")
    return file.read_text() if file.exists() else ""


def trusted(repo: Repo) -> list[str]:
    return repo.git("config", "--get-all", "trinity-guard.trusted", ok=False).stdout.decode().splitlines()


def listed(repo: Repo) -> dict[str, Any]:
    return {r["name"]: r for r in json.loads(repo.guard("remote", "list", "--format", "json").stdout)}


def as_dvc_sees(repo: Repo) -> dict[str, str]:
    lines = repo.dvc("config", "--list").stdout.decode().splitlines()
    return dict(line.split("=", 1) for line in lines)


def typed(repo: Repo, answers: list[str], *args: str) -> tuple[int, str]:
    """Run the program on a terminal, and type an answer at each prompt (a text that ends in `: ` or `] `)."""
    main, side = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "trinity_guard", *args], cwd=repo.path, stdin=side, stdout=side, stderr=side,
        start_new_session=True,
    )  # fmt: skip
    os.close(side)
    said, left, seen = b"", list(answers), 0
    while True:
        try:
            piece = os.read(main, 4096)
        except OSError:
            break
        if not piece:
            break
        said += piece
        if left and said[seen:].endswith((b": ", b"] ")):
            seen = len(said)
            os.write(main, left.pop(0).encode() + b"\n")
    os.close(main)
    return process.wait(60), said.decode()


# ---- add


@pytest.mark.parametrize(
    ("args", "commands"),
    [
        (["s3://b/p", "--endpoint", "http://127.0.0.1:1", "--region", "x"],
         [["endpointurl", "http://127.0.0.1:1"], ["region", "x"]]),
        (["gs://b/p", "--set", "projectname=p"], [["projectname", "p"]]),
        (["azure://c/p", "--account-name", "acc"], [["account_name", "acc"]]),
        (["ssh://me@host/srv", "--port", "2222"], [["port", "2222"]]),
        (["webdavs://host:8443/x"], []),
        (["https://host/x", "--set", "method=PUT"], [["method", "PUT"]]),
        (["/srv/a folder"], []),
        (["../store"], []),
    ],
)  # fmt: skip
def test_add_writes_what_dvc_would(
    project: Repo, make_repo: Callable[..., Repo], args: list[str], commands: list[list[str]]
) -> None:
    other = make_repo("other", guarded=False)
    dvc("init", "-q", cwd=other.path)
    dvc("remote", "add", "-q", "-d", "storage", args[0], cwd=other.path)
    for option in commands:
        dvc("remote", "modify", "storage", *option, cwd=other.path)
    project.guard("remote", "add", *args)
    assert config(project) == config(other)
    assert local(project) == ""
    assert project.index()[b".dvc/config"][1] == project.git("hash-object", ".dvc/config").stdout.strip()
    assert listed(project)["storage"]["confirmed"]
    assert len(trusted(project)) == 1


def test_secrets_and_what_is_one_person_s_own_stay_on_this_machine(project: Repo) -> None:
    done = project.guard(
        "remote", "add", "aws", "s3://b/p", "--profile", "mine",
        "--set", f"secret_access_key={SECRET}", "--set", "jobs=3",
    )  # fmt: skip
    assert SECRET not in config(project) + (done.stdout + done.stderr).decode()
    assert "profile" not in config(project)
    seen = as_dvc_sees(project)
    assert seen["remote.aws.secret_access_key"] == SECRET
    assert (seen["remote.aws.profile"], seen["remote.aws.jobs"]) == ("mine", "3")
    assert project.file(".dvc/config.local").stat().st_mode & 0o777 == 0o600
    assert b".dvc/config.local" not in project.index()
    assert project.git("status", "--porcelain").stdout == b"M  .dvc/config\n"


@pytest.mark.parametrize(
    ("url", "shown", "kept"),
    [
        (f"ssh://me:{SECRET}@host/x", "ssh://me@host/x", "password"),
        (f"webdavs://me:{SECRET}@host/x", "webdavs://me@host/x", "password"),
        (f"https://me:{SECRET}@host/x", "https://me@host/x", "url"),
        (f"azure://c/p?sig={SECRET}&sv=1", "azure://c/p?sv=1", "url"),
    ],
)
def test_a_password_in_the_address_stays_on_this_machine(project: Repo, url: str, shown: str, kept: str) -> None:
    done = project.guard("remote", "add", "r", url)
    assert SECRET not in config(project) + (done.stdout + done.stderr).decode()
    assert SECRET not in "".join(trusted(project))
    assert f"url = {shown}\n" in config(project)
    assert as_dvc_sees(project)[f"remote.r.{kept}"] == (SECRET if kept == "password" else url)
    assert [c["what"] for c in listed(project)["r"]["credentials"]] == [kept]
    assert SECRET not in project.guard("remote", "list").stdout.decode()
    assert listed(project)["r"]["url"] == shown


def test_a_private_key_s_path_is_meant_from_where_it_was_typed(project: Repo) -> None:
    (project.path / "sub").mkdir()
    run(
        sys.executable, "-m", "trinity_guard", "remote", "add", "r", "ssh://h/x", "--keyfile", "../key",
        cwd=project.path / "sub",
    )  # fmt: skip
    assert f"keyfile = '{project.path}/key'" in local(project)
    assert "keyfile" not in config(project)


def test_the_first_remote_becomes_the_default_and_later_ones_when_told(project: Repo) -> None:
    project.guard("remote", "add", "/srv/one")
    project.guard("remote", "add", "/srv/two")
    assert as_dvc_sees(project)["core.remote"] == "storage"
    project.guard("remote", "add", "three", "/srv/three", "--default")
    assert as_dvc_sees(project)["core.remote"] == "three"
    assert sorted(listed(project)) == ["storage", "storage-2", "three"]


@pytest.mark.parametrize(
    "args",
    [
        ["storage", "/srv/other"],
        ["STORAGE", "/srv/other"],
        ["a b", "/srv/x"],
        ["-x", "/srv/x"],
        ["gdrive://x/y"],
        ["ftp://h/x"],
        ["/srv/é"],
        [""],
        ["one", "two", "three"],
        ["/srv/x", "--region", "r"],
        ["ssh://h/x", "--endpoint", "http://h"],
        ["s3://b", "--set", "region"],
        ["s3://b", "--set", "no_such_option=1"],
        ["ssh://h/x", "--port", "many"],
        ["s3://b", "--set", "secret_access_key=%(x)s"],
        ["s3://b", "--set", "secret_access_key=né"],
    ],
)
def test_what_cannot_be_written_leaves_everything_as_it_was(project: Repo, args: list[str]) -> None:
    project.guard("remote", "add", "/srv/first")
    project.file(".dvc/config.local").write_text("[core]\n    autostage = false\n")
    before = (config(project), local(project), project.index(), trusted(project))
    done = project.guard("remote", "add", *args, ok=False)
    assert done.returncode in (1, 2)
    assert b"Traceback" not in done.stderr
    assert (config(project), local(project), project.index(), trusted(project)) == before


def test_unstaged_lines_of_somebody_are_not_swept_in(project: Repo) -> None:
    project.write(".dvc/config", b"[core]\n    autostage = true\n")
    before = project.index()
    done = project.guard("remote", "add", "/srv/x")
    assert project.index() == before
    assert b"not staged: .dvc/config" in done.stderr


@pytest.mark.slow
def test_endpoint_region_and_profile_are_asked_for_on_a_terminal_alone(project: Repo) -> None:
    code, said = typed(project, ["http://127.0.0.1:1", "", "mine"], "remote", "add", "s3://b/p")
    assert code == 0, said
    seen = as_dvc_sees(project)
    assert (seen["remote.storage.endpointurl"], seen["remote.storage.profile"]) == ("http://127.0.0.1:1", "mine")
    assert "remote.storage.region" not in seen
    assert project.guard("remote", "add", "other", "s3://b/q").stderr == b""


def test_without_dvc_the_command_says_how_to_begin(bare_repo: Repo) -> None:
    done = bare_repo.guard("remote", "add", "/srv/x", ok=False)
    assert (done.returncode, b"trinity-guard init" in done.stderr) == (2, True)


# ---- credentials


def test_a_secret_is_kept_from_standard_input_and_all_other_lines_stay(project: Repo) -> None:
    project.guard("remote", "add", "r", "s3://b/p")
    text = "# mine\n[core]\n    autostage = false\n\n['remote \"r\"']\n    # why\n    jobs = 2\n"
    project.write(".dvc/config.local", text.encode())
    odd = f"{SECRET} a'b#c,d=e"
    done = run(
        sys.executable, "-m", "trinity_guard", "remote", "credentials", "r", "--set", "secret_access_key", "--stdin",
        cwd=project.path, data=odd.encode() + b"\n",
    )  # fmt: skip
    assert SECRET.encode() not in done.stdout + done.stderr
    left = [line for line in local(project).splitlines(True) if SECRET not in line]
    assert "".join(left) == text
    assert as_dvc_sees(project)["remote.r.secret_access_key"] == odd
    assert project.file(".dvc/config.local").stat().st_mode & 0o777 == 0o600
    shown = project.guard("remote", "credentials", "r").stdout.decode()
    assert "secret_access_key" in shown
    assert ".dvc/config.local" in shown
    assert SECRET not in shown


def test_a_secret_is_asked_for_without_being_shown(project: Repo) -> None:
    project.guard("remote", "add", "r", "ssh://me@host/x")
    code, said = typed(project, [SECRET], "remote", "credentials", "--set", "password")
    assert code == 0, said
    assert SECRET not in said
    assert as_dvc_sees(project)["remote.r.password"] == SECRET


def test_a_secret_replaces_the_one_before(project: Repo) -> None:
    project.guard("remote", "add", "r", f"ssh://me:{SECRET}@host/x")
    argv = [sys.executable, "-m", "trinity_guard", "remote", "credentials", "--set", "password", "--stdin"]
    run(*argv, cwd=project.path, data=b"another")
    assert SECRET not in local(project)
    assert as_dvc_sees(project)["remote.r.password"] == "another"


@pytest.mark.parametrize(
    ("args", "data"),
    [
        (["--set", "region", "--stdin"], b"x"),
        (["--set", "password"], b"x"),
        (["--set", "password", "--stdin"], b""),
        (["nobody"], b""),
        (["--stdin"], b"x"),
        (["--move", "--stdin"], b"x"),
    ],
)
def test_wrong_use_of_credentials_changes_nothing(project: Repo, args: list[str], data: bytes) -> None:
    project.guard("remote", "add", "r", "ssh://me@host/x")
    argv = [sys.executable, "-m", "trinity_guard", "remote", "credentials", *args]
    assert run(*argv, cwd=project.path, data=data, ok=False).returncode == 2
    assert local(project) == ""


@pytest.mark.parametrize("how", ["tracked", "not ignored", "link"])
def test_no_secret_is_written_where_git_would_publish_it(project: Repo, tmp_path: Path, how: str) -> None:
    project.guard("remote", "add", "r", "ssh://me@host/x")
    if how == "link":
        project.file(".dvc/config.local").symlink_to(tmp_path / "elsewhere")
    else:
        project.write(".dvc/config.local", b"")
        project.write(".dvc/.gitignore", b"/tmp\n" if how == "not ignored" else b"/config.local\n")
    if how == "tracked":
        project.git("add", "-f", ".dvc/config.local")
    argv = [sys.executable, "-m", "trinity_guard", "remote", "credentials", "--set", "password", "--stdin"]
    done = run(*argv, cwd=project.path, data=SECRET.encode(), ok=False)
    assert done.returncode == 2
    assert not (tmp_path / "elsewhere").exists()
    assert SECRET not in local(project)
    command = done.stderr.decode().splitlines()[1].strip()
    run("sh", "-c", command, cwd=project.path)
    run(*argv, cwd=project.path, data=SECRET.encode())
    assert SECRET in local(project)


def test_move_takes_every_secret_out_and_leaves_every_other_byte(project: Repo) -> None:
    text = (
        "# ours\r\n[core]\n\tremote = r # the default\n['remote \"r\"']\n    URL = s3://b/p\n"
        f"    Access_Key_ID = {SECRET}1\n  jobs=4\n    secret_access_key = '{SECRET}2'\n\n"
        f'[remote "w"]\nurl = webdavs://me:{SECRET}3@host/x\nbearer_token_command = cat {SECRET}4\n'
        f'[studio]\n  token = "{SECRET}5"\n[remote "l"]\nurl = /srv/x\n'
    )
    project.write(".dvc/config", text.encode())
    before = as_dvc_sees(project)
    project.git("add", ".dvc/config")
    done = project.guard("remote", "credentials", "--move")
    said = (done.stdout + done.stderr).decode()
    assert SECRET not in said + config(project)
    lines = [line for line in text.splitlines(True) if SECRET not in line]
    now = project.file(".dvc/config").read_bytes().decode()
    assert now.replace("url = 'webdavs://me@host/x'\n", "") == "".join(lines)
    assert as_dvc_sees(project) == before
    assert '[remote "r"] access_key_id (line 6)' in said
    assert project.file(".dvc/config.local").stat().st_mode & 0o777 == 0o600
    assert project.show(".dvc/config", "").decode() == now
    assert b"replace it" not in done.stderr
    assert b"no credential stands" in project.guard("remote", "credentials", "--move").stdout


def test_move_says_to_replace_what_the_history_holds(project: Repo) -> None:
    project.write(".dvc/config", f"['remote \"r\"']\n    url = ssh://h/x\n    password = {SECRET}\n".encode())
    project.git("add", "-A")
    project.commit()
    done = project.guard("remote", "credentials", "--move")
    assert b"replace it where it was issued" in done.stderr
    project.commit()
    project.git("push", "-q", str(project.path / "none"), ok=False)
    assert SECRET not in project.show(".dvc/config").decode()


def test_what_config_local_says_already_is_kept(project: Repo) -> None:
    project.write(".dvc/config", b"['remote \"r\"']\n    url = ssh://h/x\n    password = theirs-1\n")
    project.write(".dvc/config.local", b"['remote \"r\"']\n    password = mine\n")
    project.guard("remote", "credentials", "--move")
    assert as_dvc_sees(project)["remote.r.password"] == "mine"
    assert "theirs-1" not in config(project) + local(project)


@pytest.mark.parametrize(
    "text",
    [
        f"['remote \"r\"']\nurl = ssh://h/x\npassword = '''{SECRET}\nmore'''\n",
        f"['remote \"r\"']\nurl = ssh://h/x\npassword = %(p)s\np = {SECRET}\n",
        f"['remote \"r\"']\nurl = ssh://h/x\npassword = {SECRET}, b\n",
        f"['remote \"r\"']\nurl = ssh://h/x\n# as before: {SECRET}\npassword = {SECRET}\n",
    ],
)
def test_what_cannot_be_moved_line_by_line_is_left_as_it_was(project: Repo, text: str) -> None:
    project.write(".dvc/config", text.encode())
    done = project.guard("remote", "credentials", "--move", ok=False)
    assert done.returncode == 2
    assert SECRET.encode() not in done.stdout + done.stderr
    assert config(project) == text
    assert local(project) == ""


def test_where_a_credential_comes_from_is_told_and_never_what_it_is(project: Repo, tmp_path: Path) -> None:
    project.guard("remote", "add", "r", "s3://b/p")
    (tmp_path / "home/.aws").mkdir()
    (tmp_path / "home/.aws/credentials").write_text(SECRET)
    done = project.guard("remote", "credentials", AWS_SECRET_ACCESS_KEY=SECRET)
    rows = [line.split() for line in done.stdout.decode().splitlines()[1:]]
    assert ["r", "AWS_SECRET_ACCESS_KEY", "the", "environment"] in rows
    assert ["r", "~/.aws/credentials", "a", "file"] in rows
    assert SECRET.encode() not in done.stdout


# ---- trust, and init over a clone


def test_a_clone_s_remote_is_confirmed_by_trust(project: Repo, tmp_path: Path) -> None:
    project.guard("remote", "add", "r", str(tmp_path / "store"))
    project.commit()
    run("git", "clone", "-q", project.path, tmp_path / "clone")
    clone = Repo(tmp_path / "clone")
    assert listed(clone)["r"]["confirmed"] is False
    refused = clone.guard("remote", "check", ok=False)
    assert refused.returncode == 1
    assert b"trinity-guard remote trust r" in refused.stderr
    assert str(tmp_path / "store") in clone.guard("remote", "trust").stdout.decode()
    assert listed(clone)["r"]["confirmed"] is True
    assert b"nothing to confirm" in clone.guard("remote", "trust", "--all").stdout
    clone.guard("remote", "check")


def test_trust_all_confirms_every_remote_and_the_cache(project: Repo, tmp_path: Path) -> None:
    text = (
        f"[cache]\n    dir = {tmp_path}/cache\n['remote \"a\"']\n    url = s3://a\n['remote \"b\"']\n    url = s3://b\n"
    )
    project.write(".dvc/config", text.encode())
    project.guard("remote", "trust", "--all")
    assert sorted(trusted(project)) == [f"cache {tmp_path}/cache", "s3://a", "s3://b"]


@pytest.mark.parametrize("asked", ["inner", "--all"])
def test_trust_finds_the_remote_that_a_hook_names_of_a_project_in_a_folder(project: Repo, asked: str) -> None:
    project.write("sub dir/.dvc/config", b"['remote \"inner\"']\n    url = s3://inner\n")
    project.git("add", "-A")
    project.commit()
    said = project.guard("remote", "trust", asked).stdout
    assert b"confirmed: the remote 'inner'" in said
    assert b"nothing to confirm" in project.guard("remote", "trust", asked).stdout
    inside = run(sys.executable, "-m", "trinity_guard", "remote", "trust", "inner", cwd=project.file("sub dir"))
    assert b"nothing to confirm" in inside.stdout


def test_trust_never_confirms_what_runs_a_program(project: Repo) -> None:
    project.write(".dvc/config", b"['remote \"a\"']\n    url = webdavs://h/x\n    bearer_token_command = id\n")
    done = project.guard("remote", "trust", "a", ok=False)
    assert (done.returncode, trusted(project)) == (1, [])
    assert b"dvc remote modify --unset a bearer_token_command" in done.stderr


@pytest.mark.slow
def test_init_confirms_the_place_that_was_typed_and_no_option_that_came_along(bare_repo: Repo) -> None:
    bare_repo.guard("init", "-q", "--remote", "s3://b/p")
    assert trusted(bare_repo) == ["s3://b/p"]
    bare_repo.guard("init", "-q", "--uninstall")
    assert trusted(bare_repo) == []
    bare_repo.dvc("init", "-q")
    bare_repo.dvc("remote", "add", "-d", "r", "s3://b/p")
    bare_repo.dvc("remote", "modify", "r", "endpointurl", "http://127.0.0.1:1")
    done = bare_repo.guard("init", "--remote", "s3://b/p")
    assert trusted(bare_repo) == []
    assert b"endpointurl=http://127.0.0.1:1" in done.stderr
    assert b"trinity-guard remote trust r" in done.stderr


def test_init_confirms_the_folder_that_it_chose(bare_repo: Repo) -> None:
    done = bare_repo.guard("init")
    assert trusted(bare_repo) == [str(bare_repo.storage)]
    assert b"never confirmed" not in done.stderr


@pytest.mark.parametrize(("answer", "confirmed"), [("y", 2), ("n", 0)])
def test_init_on_a_terminal_asks_once_about_the_places_of_a_clone(
    bare_repo: Repo, tmp_path: Path, answer: str, confirmed: int
) -> None:
    bare_repo.dvc("init", "-q")
    bare_repo.dvc("remote", "add", "-d", "r", "s3://b/p")
    bare_repo.dvc("config", "cache.dir", str(tmp_path / "cache"))
    code, said = typed(bare_repo, [answer, answer], "init", "--hooks", "none")
    assert code == 0, said
    assert said.count("[y/N]") == 1
    assert len(trusted(bare_repo)) == confirmed
    assert ("never confirmed" in said) == (confirmed == 0)


def test_without_a_name_the_configured_remote_is_checked_and_not_dvc_s_default(project: Repo, tmp_path: Path) -> None:
    for name in ("one", "two"):
        project.guard("remote", "add", "-q", name, str(tmp_path / name))
    assert project.guard("remote", "check").stdout.startswith(b"one: ")
    project.write(".trinity-guard.toml", b'remote = "two"\n')
    assert project.guard("remote", "check").stdout.startswith(b"two: ")
    assert project.guard("remote", "check", "one").stdout.startswith(b"one: ")
