"""What the trainer needs beyond the hooks: said when it is missing, quiet when it is there."""

from __future__ import annotations

import gc
import importlib.util
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from tests.helpers.support import Repo
from trinity_guard.errors import UNUSABLE, GuardError
from trinity_guard.training import extra


def test_what_is_missing_is_named_with_the_extra_that_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    extra.require("trinity train")
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in ("sklearn", "PIL") else found(name))
    with pytest.raises(GuardError, match="trinity train needs scikit-learn, pillow, which the extra") as refused:
        extra.require("trinity train")
    assert refused.value.exit_code == UNUSABLE
    assert "trinity-guard[train]" in refused.value.remedy


def test_garbage_is_looked_for_seldom() -> None:
    before = gc.get_threshold()
    try:
        extra.reduce_gc()
        assert gc.get_threshold() == extra.GC_THRESHOLDS
        assert gc.isenabled()
    finally:
        gc.set_threshold(*before)


def test_warnings_are_not_shown_even_where_the_filters_are_lost() -> None:
    code = (
        "import warnings; from trinity_guard.training import extra; extra.silence_warnings(); "
        "warnings.warn('one'); warnings.resetwarnings(); warnings.warn('two')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stderr == b""
    assert warnings.showwarning is not extra._show_nothing


def test_the_root_is_the_work_trees_top_or_the_current_folder(
    bare_repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (bare_repo.path / "below").mkdir()
    monkeypatch.chdir(bare_repo.path / "below")
    assert Path(extra.root()).samefile(bare_repo.path)
    (tmp_path / "no repository").mkdir()
    monkeypatch.chdir(tmp_path / "no repository")
    assert Path(extra.root()).samefile(tmp_path / "no repository")


@pytest.mark.parametrize(
    ("there", "start", "found"),
    [
        (["dvc.yaml"], "", ""),
        (["services/a/params.yaml"], "services/a", "services/a"),
        (["services/a/dvc.yaml", "params.yaml"], "services/a/src", "services/a"),
        (["services/a/.dvc"], "services/a", "services/a"),
        (["params.yaml"], "services/a", ""),
        ([], "services/a", ""),
    ],
)
def test_a_project_is_the_nearest_folder_with_a_pipeline_or_parameters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: list[str], start: str, found: str
) -> None:
    for name in (*there, f"{start}/file"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path / start)
    assert Path(extra.project(str(tmp_path))).samefile(tmp_path / found)


def test_runs_of_an_experiments_temporary_folder_are_kept_in_its_project(tmp_path: Path) -> None:
    folder = tmp_path / "project/.dvc/tmp/exps/tmp1234"
    folder.mkdir(parents=True)
    assert Path(extra.store_root(str(folder))).samefile(tmp_path / "project")
    assert extra.store_root(str(tmp_path)) == str(tmp_path)
