"""What all remotes share: the line that installs a plug-in, and addresses fit for a message."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.helpers.support import Repo
from trinity_guard.errors import GuardError
from trinity_guard.remotes import base


@pytest.mark.parametrize(
    ("prefix", "line"),
    [
        ("/home/a/.local/share/pipx/venvs/trinity-guard", "pipx inject trinity-guard dvc-s3"),
        ("/home/a/.local/share/uv/tools/trinity-guard", "uv tool install trinity-guard --with dvc-s3"),
        ("/home/a/.cache/uv/archive-v0/Zk3", "uv tool install trinity-guard --with dvc-s3"),
        ("/home/a/venv", '"/home/a/venv/bin/python" -m pip install dvc-s3'),
    ],
)
def test_the_install_line_fits_where_the_interpreter_lives(
    prefix: str, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "prefix", prefix)
    monkeypatch.setattr(sys, "executable", f"{prefix}/bin/python")
    assert base.install_line("dvc-s3") == line


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("pipx_metadata.json", "pipx inject tool dvc-s3"),
        ("uv-receipt.toml", "uv tool install tool --with dvc-s3"),
    ],
)
def test_a_tool_s_environment_is_told_wherever_it_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, line: str
) -> None:
    (tmp_path / "tool").mkdir()
    (tmp_path / "tool" / file).touch()
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "tool"))
    assert base.install_line("dvc-s3", "s3") == line


@pytest.mark.parametrize(
    ("modules", "uv", "line"),
    [
        ({"pip", "ensurepip"}, True, "\"/v/python\" -m pip install 'trinity-guard[s3]'"),
        ({"ensurepip"}, True, "uv pip install --python \"/v/python\" 'trinity-guard[s3]'"),
        ({"ensurepip"}, False, '"/v/python" -m ensurepip && "/v/python" -m pip install \'trinity-guard[s3]\''),
        (set(), False, "uv pip install --python \"/v/python\" 'trinity-guard[s3]'     # uv: https://docs.astral.sh/uv"),
    ],
)
def test_without_pip_the_line_is_one_that_is_there(
    monkeypatch: pytest.MonkeyPatch, modules: set[str], uv: bool, line: str
) -> None:
    monkeypatch.setattr(sys, "executable", "/v/python")
    monkeypatch.setattr(sys, "prefix", "/v")
    monkeypatch.setattr(base, "_has", modules.__contains__)
    monkeypatch.setattr(base, "_on_path", lambda _: uv)
    assert base.install_line("dvc-s3", "s3") == line


def test_a_python_of_the_system_s_wants_to_hear_that_it_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    monkeypatch.setattr(base, "_says", lambda _, name: name == "EXTERNALLY-MANAGED")
    monkeypatch.setattr(base, "_has", lambda _: True)
    assert " -m pip install --break-system-packages dvc-s3" in base.install_line("dvc-s3")


@pytest.mark.parametrize(
    "url", ["webdav://u:hunt/er2@h/x", "https://h/x?sig=hunter2&a=b", "https://ghp_hunter2@h/x?hunter2"]
)
def test_no_message_about_a_remote_holds_its_password(url: str) -> None:
    assert "er2" not in base.without_secrets(url)


def test_an_address_without_secrets_is_shown_as_it_is() -> None:
    for url in ("s3://bucket/path", "/a/folder?of=mine", "ssh://me@host:22/x"):
        assert base.without_secrets(url) == url


def test_every_kind_of_remote_that_has_a_plug_in_names_it_as_dvc_does() -> None:
    from dvc.fs import known_implementations

    for scheme, package in base.PACKAGES.items():
        assert f"'{package}'" in known_implementations[scheme]["err"]


@pytest.mark.parametrize(
    ("told", "seconds"),
    [("", 5), ("7.5", 7.5), ("4000", 4000), ("1e300", 1e6), ("0", 5), ("-1", 5), ("inf", 5), ("nan", 5), ("soon", 5)],
)
def test_the_time_limit_is_read_from_the_environment(
    told: str, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert base.seconds(5) == 5
    monkeypatch.setenv("TRINITY_GUARD_TIMEOUT", told)
    assert base.seconds(5) == seconds


def test_without_dvc_every_way_to_a_project_says_so(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """The advice `trinity-guard init` could not work there."""
    from trinity_guard.commands import dvc, init, remote

    monkeypatch.chdir(bare_repo.path)
    monkeypatch.setattr(base, "_has", lambda name: name != "dvc")
    for command, words in ((init, ["-q"]), (remote, ["add", "s3://b/x"]), (dvc, ["pull"])):
        with pytest.raises(GuardError, match="DVC is not installed beside trinity-guard") as refused:
            command.run(words)
        assert refused.value.remedy.endswith("-m pip install dvc")
    assert not bare_repo.file(".dvc").exists()
