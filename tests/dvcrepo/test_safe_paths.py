"""Where a path that a stranger wrote may lead: nowhere but into the repository's own files, on any system."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from trinity_guard.dvcrepo import safe_paths


@pytest.mark.parametrize(
    ("path", "scheme"),
    [
        ("s3://b/x", "s3"),
        ("S3:x", "s3"),
        (" \x01\x20s3:x", "s3"),
        ("s\t3\r\n:x", "s3"),
        ("a b:c:d", "a b"),
        ("x.csv", ""),
        ("", ""),
        (":x", ""),
    ],
)
def test_the_scheme_is_what_python_takes_for_it(path: str, scheme: str) -> None:
    assert safe_paths.scheme(path) == scheme


@pytest.mark.parametrize("path", ["/x", "\\\\server\\x", "C:/x", "c:\\x", "/"])
def test_an_absolute_path_leaves_the_repository(path: str) -> None:
    assert safe_paths.rooted(path) == "leaves the repository: it is absolute"


@pytest.mark.parametrize("path", ["a\0b", "\ud800", "é\udcff"])
def test_what_no_file_can_be_called_is_no_name(path: str) -> None:
    assert safe_paths.rooted(path) == "is not a file's name"


@pytest.mark.parametrize("path", ["x", "C:x", "1:/x", "\\x", "C:", "ab:/x", "", "é/日本", "./x"])
def test_all_else_may_be_a_relative_path(path: str) -> None:
    assert safe_paths.rooted(path) == ""


@pytest.mark.parametrize(
    ("start", "path", "end"),
    [
        (b"", "a/b", [b"a", b"b"]),
        (b"d", "./a//b/.", [b"d", b"a", b"b"]),
        (b"d/e", "../../x", [b"x"]),
        (b"d", "a/../../x", [b"x"]),
        (b"d", "..", []),
        (b"", "é", ["é".encode()]),
        (b"", "a..b/...", [b"a..b", b"..."]),
        (b"", "n" * 255, [b"n" * 255]),
        (b"", "/".join("d" * 255), [b"d"] * 255),
    ],
)
def test_a_path_is_followed_from_its_folder(start: bytes, path: str, end: list[bytes]) -> None:
    parts = start.split(b"/") if start else []
    assert safe_paths.walk(parts, path) == ""
    assert parts == end


@pytest.mark.parametrize(
    ("start", "path", "why"),
    [
        (b"", "..", "leaves the repository"),
        (b"d", "../../x", "leaves the repository"),
        (b"", "a/../../a", "leaves the repository"),
        (b"d", "a\\..\\..\\x", "leaves the repository (on Windows)"),
        (b"", "n" * 256, "is longer than file systems take"),
        (b"", "é" * 128, "is longer than file systems take"),
        (b"", "/".join("d" * 256), "is longer than file systems take"),
        (b"d", "/".join("d" * 255), "is longer than file systems take"),
        (b"", ".git/config", "points into .git"),
        (b"", "d/.DVC/x", "points into .DVC"),
        (b".git", "x", "points into .git"),
        (b"", "a\\.git\\x", "points into a\\.git\\x"),
        (b"", "GIT~1/x", "points into GIT~1"),
    ],
)
def test_what_is_out_of_bounds_is_told(start: bytes, path: str, why: str) -> None:
    assert safe_paths.walk(start.split(b"/") if start else [], path) == why


FORBIDDEN = [
    *(
        ".git",
        ".GIT",
        ".dvc",
        ".Dvc",
        "git~1",
        "GIT~1",
        "dvc~1",
        ".git.",
        ".git ",
        ".git . .",
        ".git::$INDEX_ALLOCATION",
    ),
    *(".g\u200cit", ".d\u200fvc", "\u202a.git", ".git\u202e", ".\u206agit", ".dv\u206fc", "\ufeff.git"),
]
ALLOWED = [
    *("git", "dvc", "a.git", ".gitx", ".github", ".dvcx", ".gi", "...", "git~2", "xgit~1", "~1", ".git2", "x:.git"),
    *(".g\u200bit", ".g\u2010it", ".git\u2029", ".git\u202f", ".git\u2069", ".git\u2070", "\xef\xbb", "g.it"),
]


@pytest.mark.parametrize("name", FORBIDDEN)
def test_a_folder_of_git_s_or_dvc_s_is_told_whatever_a_system_makes_of_its_name(name: str) -> None:
    assert safe_paths.forbidden(name.encode())


@pytest.mark.parametrize("name", ALLOWED)
def test_another_folder_is_none_of_theirs(name: str) -> None:
    assert not safe_paths.forbidden(name.encode("utf-8", "surrogateescape"))


def test_a_name_that_is_no_utf_8_is_seen_without_what_is_none() -> None:
    assert safe_paths.forbidden(b".g\xffit")
    assert safe_paths.rules(b"dvc\xff.yaml")


@pytest.mark.parametrize("name", ["dvc.yaml", "DVC.YAML", ".gitignore", ".gitattributes.", "dvc.lock:x", ".dvcignore "])
def test_a_file_that_says_what_to_do_is_told(name: str) -> None:
    assert safe_paths.rules(name.encode())


@pytest.mark.parametrize("name", ["xdvc.yaml", "dvc.yaml.bak", "gitignore", ".gitkeep", "", "config"])
def test_another_file_says_nothing(name: str) -> None:
    assert not safe_paths.rules(name.encode())


@pytest.mark.parametrize(
    ("name", "why"),
    [
        *((name, "") for name in ("storage", "my store", "é", "a-b_c.d/e", "x=y,z:@%+^")),
        *((f"a{c}b", "has characters that a shell obeys") for c in "'\"\\`$;&|<>(){}[]*?!#~"),
        ("-x", "begins as an option does"),
        *((name, "has characters that cannot be shown") for name in ("a\nb", "a\x1b[2K", "a\u202eb", "a\xa0b")),
    ],
)
def test_a_remote_s_name_may_stand_in_a_command(name: str, why: str) -> None:
    assert safe_paths.remote_name(name) == why


def test_the_first_symlink_on_the_way_is_told(tmp_path: Path) -> None:
    (tmp_path / "top" / "d" / "e").mkdir(parents=True)
    (tmp_path / "top" / "d" / "away").symlink_to("../..")
    (tmp_path / "top" / "d" / "file").symlink_to("e")
    (tmp_path / "above").symlink_to("top")
    top = os.fsencode(tmp_path / "above")
    assert safe_paths.through_symlink(top, b"d/away/x/y") == b"d/away"
    for path in (b"x", b"d/e/x", b"d/none/x", b"d/file", b"d/away"):
        assert safe_paths.through_symlink(top, path) is None
