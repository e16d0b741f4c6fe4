"""The files of DVC's own that a new history gets: byte for byte what DVC writes."""

from __future__ import annotations

import pytest

from tests.helpers.support import dvc
from tests.migrate.legacy import Legacy
from trinity_guard.dvcrepo import configfile
from trinity_guard.migrate import dvcfiles


def test_dvcs_own_files_are_what_the_real_dvc_writes(worked: Legacy) -> None:
    dvc("init", "-q", cwd=worked.path)
    remotes = {"storage": "/tmp/a b/c", "second": "s3://bucket/a,b", "third": "ssh://host/x#y"}
    for name, url in remotes.items():
        dvc("remote", "add", *(["-d"] if name == "storage" else []), name, url, cwd=worked.path)
    ours = dvcfiles.dvc_files(remotes, "storage")
    assert (worked.path / ".dvc/config").read_bytes() == ours.config
    assert (worked.path / ".dvc/.gitignore").read_bytes() == ours.gitignore
    assert (worked.path / ".dvcignore").read_bytes() == ours.dvcignore
    assert dvcfiles.dvc_files().config == b""


@pytest.mark.parametrize("url", ["/a b/c", "s3://b/a,b", "ssh://h/x#y", " /led", "", '"', "it's", "/plain"])
def test_an_address_comes_back_as_it_was_given(url: str) -> None:
    config = dvcfiles.dvc_files({"r": url}, "r").config
    assert configfile.parse(config, b".dvc/config") == {"core": {"remote": "r"}, 'remote "r"': {"url": url}}
