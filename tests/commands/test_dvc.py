"""`trinity-guard dvc …`, and what messages say where no `dvc` is on the PATH."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.support import Repo
from tests.helpers.usage import Usage
from trinity_guard import console


def test_help_has_an_example(usage: Usage) -> None:
    assert "Example: trinity-guard dvc pull data/train.csv" in usage.help("dvc")


@pytest.mark.slow
def test_options_and_exit_codes_are_dvcs(repo: Repo) -> None:
    repo.stage("a.csv", b"1\n")
    repo.commit()
    assert repo.guard("dvc", "status", "-q").returncode == 0
    repo.write("a.csv", b"2\n")
    assert repo.guard("dvc", "status", "-q", ok=False).returncode == 1
    done = repo.guard("dvc", "no-such-command", ok=False)
    assert done.returncode == 254
    repo.file("a.csv").unlink()
    repo.guard("dvc", "checkout", "-q", "--force")
    assert repo.file("a.csv").read_bytes() == b"1\n"


@pytest.mark.parametrize(
    ("remedy", "said"),
    [
        ("dvc pull a.csv", "trinity-guard dvc pull a.csv"),
        (
            "git add x && dvc push -v     # dvc add",
            "git add x && trinity-guard dvc push -v     # trinity-guard dvc add",
        ),
        ("or `dvc add` the file again", "or `trinity-guard dvc add` the file again"),
        ("dvc repro", "trinity-guard dvc repro"),
        ("dvc add-ons, dvc addition", "dvc add-ons, dvc addition"),
        ("trinity-guard dvc pull x", "trinity-guard dvc pull x"),
        ("or: dvc unprotect x\ndvc remote list", "or: trinity-guard dvc unprotect x\ndvc remote list"),
        ("rm .dvc/config", "rm .dvc/config"),
        ("git add m.dvc && git commit", "git add m.dvc && git commit"),
        ("what dvc says of it", "what dvc says of it"),
    ],
)
def test_without_dvc_on_the_path_a_command_is_one_that_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, remedy: str, said: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert console.runnable(remedy) == said.replace("\ndvc remote", "\ntrinity-guard dvc remote")
    (tmp_path / "dvc").write_text("")
    (tmp_path / "dvc").chmod(0o755)
    assert console.runnable(remedy) == remedy
