"""`trinity-guard init`: what is said, DVC and its remote, the config file, wrong usage."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.support import PROJECT, Repo, dvc
from trinity_guard import cli, config
from trinity_guard.detect import configuration
from trinity_guard.setup import settings_file


def default_url(repo: Repo) -> str:
    name = repo.dvc("config", "core.remote").stdout.decode().strip()
    return repo.dvc("config", f"remote.{name}.url").stdout.decode().strip()


def files(repo: Repo) -> dict[str, bytes]:
    everything = (p for p in repo.path.rglob("*") if p.is_file() and p.name != "index")
    return {str(p): p.read_bytes() for p in everything}


def test_it_says_what_it_did_and_that_the_storage_is_only_a_folder(bare_repo: Repo, tmp_path: Path) -> None:
    done = bare_repo.guard("init")
    lines = done.stdout.decode().splitlines()
    assert lines[0] == "DVC set up (dvc init)"
    assert str(tmp_path / "plain-dvc-storage") in lines[1]
    assert b"only a folder on this machine" in done.stderr
    assert b"trinity-guard remote add s3://BUCKET/PATH --default" in done.stderr
    assert "a filter for new artifacts: `git add` gives their bytes to the DVC cache" in lines
    assert len(lines) == 5 + len(list((PROJECT / "hooks").iterdir()))


def test_quietly_it_says_nothing(bare_repo: Repo) -> None:
    done = bare_repo.guard("init", "-q")
    assert done.stdout + done.stderr == b""


@pytest.mark.parametrize(
    "args",
    [
        ["--uninstall", "--hooks", "none"],
        ["--uninstall", "--remote", "x"],
        ["--hooks", "magic"],
        ["--remote"],
        ["what"],
    ],
)
def test_wrong_usage_exits_2_and_touches_nothing(
    bare_repo: Repo, args: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(bare_repo.path)
    before = files(bare_repo)
    assert cli.main(["init", *args]) == 2
    assert files(bare_repo) == before


def test_help_shows_an_example(bare_repo: Repo) -> None:
    assert b"trinity-guard init --remote s3://" in bare_repo.guard("init", "--help").stdout


def test_hooks_none_installs_none(bare_repo: Repo) -> None:
    bare_repo.guard("init", "--hooks", "none")
    assert not (bare_repo.path / ".git/hooks/pre-commit").exists()
    assert bare_repo.file(".dvc/config").exists()


# ---- the config file ----


def test_the_config_file_explains_every_key_and_changes_none(bare_repo: Repo) -> None:
    bare_repo.guard("init")
    data = bare_repo.file(".trinity-guard.toml").read_bytes()
    assert data == settings_file.config_text()
    assert all(not line or line.startswith(b"# ") for line in data.splitlines())
    written = configuration.read(bytes(bare_repo.path))
    without_comments = b"\n".join(
        line[2:] for line in data.splitlines() if line.startswith((b"#   ", b"# ]")) or b" = " in line
    )
    bare_repo.file(".trinity-guard.toml").write_bytes(without_comments)
    explicit = configuration.read(bytes(bare_repo.path))
    assert all(f"{key} = ".encode() in without_comments for key in config.KEYS)
    assert explicit.remote == "storage"
    for name in (
        "patterns",
        "exclude",
        "max_size",
        "min_size",
        "folders",
        "sniff",
        "on_artifact",
        "push",
        "sync",
        "on_change",
    ):
        assert getattr(explicit, name) == getattr(written, name) == getattr(config.Config(), name)


@pytest.mark.parametrize(
    ("name", "text"),
    [(".trinity-guard.toml", 'push = "off"\n'), ("pyproject.toml", '[tool.trinity-guard]\npush = "off"\n')],
)
def test_settings_that_are_there_are_kept(bare_repo: Repo, name: str, text: str) -> None:
    bare_repo.write(name, text.encode())
    bare_repo.guard("init")
    assert bare_repo.file(name).read_text() == text
    assert bare_repo.file(".trinity-guard.toml").exists() == (name == ".trinity-guard.toml")
    bare_repo.guard("init", "--uninstall")
    assert bare_repo.file(name).read_text() == text


def test_broken_settings_are_refused_before_anything_is_done(bare_repo: Repo) -> None:
    bare_repo.write(".trinity-guard.toml", b"pusch = 1\n")
    done = bare_repo.guard("init", ok=False)
    assert done.returncode == 2
    assert b"pusch" in done.stderr
    assert not bare_repo.file(".dvc").exists()


@pytest.mark.parametrize(
    ("rule", "said"),
    [("*.dvc\n!.dvc", b"pointers"), (".*\n!.dvc", b".gitignore"), (".trinity*", b".trinity-guard.toml")],
)
def test_ignore_rules_that_hide_our_files_are_named(bare_repo: Repo, rule: str, said: bytes) -> None:
    bare_repo.write(".gitignore", rule.encode() + b"\n")
    done = bare_repo.guard("init")
    assert said in done.stderr
    assert b".gitignore:1: " + rule.split("\n")[0].encode() in done.stderr


# ---- DVC ----


def test_an_existing_dvc_set_up_is_kept_as_it_is(bare_repo: Repo, tmp_path: Path) -> None:
    bare_repo.dvc("init", "-q")
    bare_repo.dvc("remote", "add", "-d", "mine", str(tmp_path / "mine"))
    config_file = bare_repo.file(".dvc/config")
    config_file.write_bytes(b"# ours\n" + config_file.read_bytes())
    before = {p: p.read_bytes() for p in bare_repo.file(".dvc").rglob("*") if p.is_file()}
    bare_repo.guard("init")
    bare_repo.guard("init", "--uninstall")
    assert {p: p.read_bytes() for p in bare_repo.file(".dvc").rglob("*") if p.is_file()} == before


@pytest.mark.parametrize(
    "url", ["s3://bucket/a path", "/srv/store", "../store", "ssh://me@host/srv", "azure://c/p", "hdfs:///p"]
)
def test_a_given_remote_is_what_dvc_would_have_written(
    bare_repo: Repo, make_repo: Callable[..., Repo], url: str
) -> None:
    bare_repo.guard("init", "--remote", url)
    other = make_repo("other", guarded=False)
    dvc("init", "-q", cwd=other.path)
    dvc("remote", "add", "-q", "-d", "storage", url, cwd=other.path)
    assert bare_repo.file(".dvc/config").read_bytes() == other.file(".dvc/config").read_bytes()
    before = files(bare_repo)
    assert bare_repo.guard("init", "--remote", url).stdout == b"already guarded\n"
    assert files(bare_repo) == before


def test_another_remote_than_the_one_that_is_there_is_refused_with_the_command(bare_repo: Repo) -> None:
    bare_repo.guard("init", "--remote", "s3://one/a")
    before = files(bare_repo)
    done = bare_repo.guard("init", "--remote", "s3://two/b", ok=False)
    assert done.returncode == 2
    assert b"dvc remote modify storage url 's3://two/b'" in done.stderr
    assert files(bare_repo) == before
    bare_repo.dvc("remote", "modify", "storage", "url", "s3://two/b")
    assert default_url(bare_repo) == "s3://two/b"
    assert bare_repo.guard("init", "--remote", "s3://two/b").stdout == b"already guarded\n"


def test_remotes_without_a_default(bare_repo: Repo) -> None:
    bare_repo.dvc("init", "-q")
    bare_repo.dvc("remote", "add", "storage", "s3://one/a")
    before = bare_repo.file(".dvc/config").read_bytes()
    assert b"dvc remote default storage" in bare_repo.guard("init").stderr
    assert bare_repo.file(".dvc/config").read_bytes() == before
    bare_repo.guard("init", "--remote", "s3://two/b")
    assert default_url(bare_repo) == "s3://two/b"
    assert b"s3://one/a" in bare_repo.file(".dvc/config").read_bytes()


def test_a_remote_that_has_the_url_already_becomes_the_default(bare_repo: Repo) -> None:
    bare_repo.dvc("init", "-q")
    bare_repo.dvc("remote", "add", "mine", "s3://one/a")
    bare_repo.guard("init", "--remote", "s3://one/a")
    assert bare_repo.dvc("config", "core.remote").stdout == b"mine\n"


@pytest.mark.parametrize(
    "url",
    [
        "https://me:hunter2@host/x",
        "webdavs://me:hunter2@host:443/x",
        "me:hunter2@host:/x",
        "azure://c/p?sv=1&sig=hunter2",
        "https://h/x?X-Amz-Signature=hunter2",
    ],
)
def test_a_password_is_never_written_nor_repeated(bare_repo: Repo, url: str) -> None:
    before = files(bare_repo)
    done = bare_repo.guard("init", "--remote", url, ok=False)
    assert done.returncode == 2
    assert b"--remote" in done.stderr
    assert b"trinity-guard remote credentials storage --set password" in done.stderr
    assert b"hunter2" not in done.stdout + done.stderr
    assert files(bare_repo) == before


@pytest.mark.parametrize("url", ["/srv/é", "", "  ", "a\nb", "foo://x", "memory://x", "s3://", "ssh:///x"])
def test_a_remote_that_dvc_cannot_write_is_refused(bare_repo: Repo, url: str) -> None:
    before = files(bare_repo)
    assert bare_repo.guard("init", "--remote", url, ok=False).returncode == 2
    assert files(bare_repo) == before


@pytest.mark.slow
def test_a_dvc_init_that_was_cut_off_is_completed(bare_repo: Repo) -> None:
    bare_repo.file(".dvc").mkdir()
    bare_repo.guard("init")
    data = bare_repo.stage("a.pkl")
    bare_repo.commit()
    bare_repo.git("add", "-A")
    bare_repo.commit(ok=False)
    assert bare_repo.pulled_in_a_fresh_clone("a.pkl") == data


@pytest.mark.parametrize("rule", [".*", ".dvc", "/.dvc/", "*.dvc"])
def test_an_ignored_dvc_folder_is_refused_and_the_remedy_works(bare_repo: Repo, rule: str) -> None:
    bare_repo.write(".gitignore", rule.encode() + b"\n")
    before = files(bare_repo)
    done = bare_repo.guard("init", ok=False)
    assert done.returncode == 2
    assert f".gitignore:1: {rule};".encode() in done.stderr
    assert files(bare_repo) == before
    bare_repo.write(".gitignore", f"{rule}\n!.dvc\n!*.dvc\n!.gitignore\n".encode())
    bare_repo.guard("init")
    bare_repo.stage("a.pkl")
    bare_repo.commit()
    assert bare_repo.tracked("a.pkl.dvc")


# ---- uninstall ----


@pytest.mark.slow
def test_uninstall_keeps_dvc_and_every_object_once_something_was_added(bare_repo: Repo) -> None:
    bare_repo.guard("init")
    data = bare_repo.stage("a.pkl")
    bare_repo.commit()
    assert b"DVC is kept" in bare_repo.guard("init", "--uninstall").stderr
    bare_repo.commit()
    assert not bare_repo.tracked(".trinity-guard.toml")
    assert bare_repo.tracked("a.pkl.dvc")
    assert bare_repo.pulled_in_a_fresh_clone("a.pkl") == data


@pytest.mark.parametrize("committed", [False, True])
def test_uninstall_leaves_no_trace_where_nothing_was_added(bare_repo: Repo, committed: bool) -> None:
    bare_repo.git("commit", "-q", "--allow-empty", "-m", "first")
    bare_repo.write("mine.txt")
    bare_repo.guard("init")
    if committed:
        bare_repo.commit()
    bare_repo.guard("init", "--uninstall")
    assert {p.name for p in bare_repo.path.iterdir()} == {".git", "mine.txt"}
    assert bare_repo.index() == {}
    assert list((bare_repo.path / ".git/trinity-guard").iterdir()) == []


def test_uninstall_keeps_a_config_of_the_users(bare_repo: Repo) -> None:
    bare_repo.guard("init")
    text = bare_repo.file(".trinity-guard.toml").read_bytes() + b'push = "off"\n'
    bare_repo.write(".trinity-guard.toml", text)
    assert b"kept" in bare_repo.guard("init", "--uninstall").stderr
    assert bare_repo.file(".trinity-guard.toml").read_bytes() == text


def test_uninstall_where_nothing_is_installed_says_so(bare_repo: Repo) -> None:
    before = files(bare_repo)
    assert b"nothing of trinity-guard" in bare_repo.guard("init", "--uninstall").stdout
    assert files(bare_repo) == before


def test_nothing_of_the_users_is_staged(bare_repo: Repo) -> None:
    bare_repo.stage("half.txt", b"staged\n")
    bare_repo.write("half.txt", b"staged\nnot staged\n")
    bare_repo.write("new.txt")
    before = bare_repo.index()
    bare_repo.guard("init")
    after = bare_repo.index()
    assert {k: v for k, v in after.items() if k in before} == before
    assert b"new.txt" not in after
