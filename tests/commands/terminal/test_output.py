"""Where `--output` goes, and where it never does."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from trinity_guard.commands.terminal import output
from trinity_guard.errors import UNUSABLE, GuardError


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "tree" / ".git").mkdir(parents=True)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes").write_bytes(b"precious")
    return tmp_path / "tree"


def test_a_link_of_a_repository_gives_way_to_the_file(tree: Path) -> None:
    (tree / "report.html").symlink_to("../mine/notes")
    output.write_output(os.fsencode(tree / "report.html"), b"new")
    assert not (tree / "report.html").is_symlink()
    assert (tree / "report.html").read_bytes() == b"new"
    assert (tree.parent / "mine" / "notes").read_bytes() == b"precious"


@pytest.mark.parametrize("name", ["out/notes", "out/new/notes"])
def test_no_folder_of_a_repository_that_is_a_link_is_gone_through(tree: Path, name: str) -> None:
    (tree / "out").symlink_to("../mine")
    with pytest.raises(GuardError, match=r"through the symlink .*out of a repository") as caught:
        output.write_output_with_folder(str(tree / name), b"new")
    assert caught.value.exit_code == UNUSABLE
    assert [p.name for p in (tree.parent / "mine").iterdir()] == ["notes"]
    assert (tree.parent / "mine" / "notes").read_bytes() == b"precious"


def test_a_file_that_has_another_name_keeps_its_bytes_there(tree: Path) -> None:
    os.link(tree.parent / "mine" / "notes", tree / "report.html")
    output.write_output(os.fsencode(tree / "report.html"), b"new")
    assert (tree.parent / "mine" / "notes").read_bytes() == b"precious"
