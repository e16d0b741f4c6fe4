"""What all remotes share: the line that installs a plug-in, and addresses fit for a message."""

from __future__ import annotations

import sys

import pytest

from trinity_guard.remotes import base


@pytest.mark.parametrize(
    ("prefix", "line"),
    [
        ("/home/a/.local/share/pipx/venvs/trinity-guard", "pipx inject trinity-guard dvc-s3"),
        ("/home/a/.local/share/uv/tools/trinity-guard", "uv tool install trinity-guard --with dvc-s3"),
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
