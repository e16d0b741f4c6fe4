"""What all remotes share: their plug-ins, and addresses fit for a message."""

from __future__ import annotations

import importlib.util

import pytest

from tests.helpers.support import Repo
from trinity_guard.errors import GuardError
from trinity_guard.remotes import base


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
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "dvc" else found(name))
    for command, words in ((init, ["-q"]), (remote, ["add", "s3://b/x"]), (dvc, ["pull"])):
        with pytest.raises(GuardError, match="DVC is not installed beside trinity-guard") as refused:
            command.run(words)
        assert refused.value.remedy.endswith("-m pip install dvc")
    assert not bare_repo.file(".dvc").exists()
