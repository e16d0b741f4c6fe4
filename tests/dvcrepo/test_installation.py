"""How this program was installed, and the command that fits: nothing that was asked for is lost by following it."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from trinity_guard import LIBRARY
from trinity_guard.dvcrepo import installation


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
    assert installation.line("dvc-s3") == line


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
    assert installation.line("dvc-s3", "s3") == line


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
    monkeypatch.setattr(installation, "_has", modules.__contains__)
    monkeypatch.setattr(installation, "_on_path", lambda _: uv)
    assert installation.line("dvc-s3", "s3") == line


def test_a_python_of_the_system_s_wants_to_hear_that_it_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    monkeypatch.setattr(installation, "_says", lambda _, name: name == "EXTERNALLY-MANAGED")
    monkeypatch.setattr(installation, "_has", lambda _: True)
    assert " -m pip install --break-system-packages dvc-s3" in installation.line("dvc-s3")


RECEIPT = """
[tool]
requirements = [
    { name = "trinity-guard", extras = ["train", "s3"], specifier = ">=1" },
    { name = "dvc-oss" },
    { name = "plug", git = "https://example.com/plug?rev=v1" },
]
"""


def test_uv_is_told_again_what_the_tool_was_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen with uv 0.9: `uv tool install NAME --with OTHER` takes away extras and packages that it does not name."""
    folder = tmp_path / "trinity-guard"
    folder.mkdir()
    (folder / "uv-receipt.toml").write_text(RECEIPT)
    monkeypatch.setattr(sys, "prefix", str(folder))
    whole = "'trinity-guard[train,s3]>=1' --with dvc-oss --with 'plug @ git+https://example.com/plug?rev=v1'"
    assert installation.line("dvc-gs") == f"uv tool install {whole} --with dvc-gs"
    assert installation.line("mlflow", upgrade=True) == f"uv tool install {whole} --with mlflow --upgrade"
    assert installation.line("", "review") == f"uv tool install {whole} --with 'trinity-guard[review]'"
    assert installation.again() == f"uv tool install --reinstall {whole}"


@pytest.mark.parametrize(
    ("modules", "line"),
    [
        ({"pip"}, '"/v/python" -m pip install --force-reinstall trinity-guard'),
        (set(), 'uv pip install --reinstall --python "/v/python" trinity-guard'),
    ],
)
def test_files_of_ours_that_are_missing_come_again(
    monkeypatch: pytest.MonkeyPatch, modules: set[str], line: str
) -> None:
    monkeypatch.setattr(sys, "executable", "/v/python")
    monkeypatch.setattr(sys, "prefix", "/v")
    monkeypatch.setattr(installation, "_has", modules.__contains__)
    monkeypatch.setattr(installation, "_on_path", lambda _: True)
    assert installation.again() == line


def test_pipx_installs_ours_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pipx_metadata.json").touch()
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert installation.again() == f"pipx reinstall {tmp_path.name}"


# Where another machine is meant, or nobody's in particular: a clone's, a worker's, a page of help.
ELSEWHERE = {
    "commands/diff.py", "dvcrepo/standin.py", "dvcrepo/installation.py", "migrate/tools/guides.py",
    "setup/settings_file.py", "training/model/workers.py",
}  # fmt: skip


def test_no_message_says_how_to_install_but_by_how_this_program_was() -> None:
    package = Path(LIBRARY) / "trinity_guard"
    said = {
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)
        and ("pip install" in node.value if isinstance(node.value, str) else b"pip install" in node.value)
    }  # fmt: skip
    assert said == ELSEWHERE
