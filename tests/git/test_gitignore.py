"""Lines of .gitignore are what `dvc add` writes, and Git really ignores the file by them."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.support import PROJECT, Repo, run
from trinity_guard.commands.hooks.merge import merge_driver
from trinity_guard.errors import GuardError
from trinity_guard.git import gitignore
from trinity_guard.git.gitignore import line_for, name_of, with_line, with_lines, without_lines

# DVC writes lines for these that Git does not read as they are meant.
DVC_IS_WRONG = ["trail.csv ", "trail  ", " ", "new\nline.csv", "new\n", "cr.csv\r"]
NAMES = [
    *("a.csv", "a b.csv", "-x.csv", ":x.csv", "é.pkl", "日本.csv", "#x.csv", "a#b", "!x.csv", "a!b", "star*.csv", "**"),
    *(
        "what?.csv",
        "[x].csv",
        "a[b",
        "a]b",
        "back\\slash.csv",
        "trail\\",
        "\\",
        " lead.csv",
        "tab\t",
        "a\tb",
        "a\rb.csv",
    ),
    *("it's.csv", '"x".csv', "$HOME", "~x", "{x}", "\ufeffx.csv", "\u2028x", "a\xa0", ".hidden"),
]


def ignored(folder: Path, names: list[bytes]) -> set[bytes]:
    """Return those of the names that Git ignores."""
    # With a folder before it, no name is taken for pathspec magic, as `:x.csv` is.
    asked = b"".join(b"./" + name + b"\0" for name in names)
    done = run("git", "check-ignore", "--no-index", "-z", "--stdin", cwd=folder, data=asked, ok=False)
    assert done.returncode in (0, 1), done.stderr
    return {path.removeprefix(b"./") for path in done.stdout.split(b"\0")[:-1]}


def test_the_lines_are_those_of_dvc_add(bare_repo: Repo) -> None:
    bare_repo.dvc("init", "-q")
    for name in NAMES:
        bare_repo.write(name)
    bare_repo.dvc("add", "-q", "--", *NAMES)
    ours = b""
    for name in NAMES:
        ours = with_line(ours, name.encode())
    assert bare_repo.file(".gitignore").read_bytes() == ours
    assert ignored(bare_repo.path, [n.encode() for n in NAMES]) == {n.encode() for n in NAMES}


LINES = {
    b"a.csv": b"/a.csv",
    b"a bX": b"/a bX",
    b"\\[]!*#?": b"/\\\\\\[\\]\\!\\*\\#\\?",
    b"new\nline": b"/new?line",
    b"cr.csv\r": b"/cr.csv?",
    b"\r\r": b"/\r?",
    b"\rX": b"/\rX",
    b" two  ": b"/ two\\ \\ ",
    b"a \t": b"/a \t",
}


@pytest.mark.parametrize(("name", "line"), LINES.items())
def test_a_name_is_written_so(name: bytes, line: bytes) -> None:
    assert line_for(name) == line


def test_where_the_line_of_dvc_does_not_work_ours_does(bare_repo: Repo) -> None:
    bare_repo.dvc("init", "-q")
    names = [name.encode() for name in DVC_IS_WRONG]
    for name in names:
        bare_repo.write(name)
    bare_repo.dvc("add", "-q", "--", *names)
    assert ignored(bare_repo.path, names) == set()
    ours = b""
    for name in names:
        ours = with_line(ours, name)
    bare_repo.write(".gitignore", ours)
    assert ignored(bare_repo.path, names) == set(names)


BEFORE = {
    "absent": (b"", b"/x.csv\n"),
    "one line": (b"/a.csv\n", b"/a.csv\n/x.csv\n"),
    "no final newline": (b"*.tmp", b"*.tmp\n/x.csv\n"),
    "only a newline": (b"\n", b"\n/x.csv\n"),
    "crlf": (b"*.tmp\r\n*.o\r\n", b"*.tmp\r\n*.o\r\n/x.csv\n"),
    "crlf without final newline": (b"*.tmp\r\n*.o", b"*.tmp\r\n*.o\n/x.csv\n"),
    "bom": (b"\xef\xbb\xbf*.tmp\n", b"\xef\xbb\xbf*.tmp\n/x.csv\n"),
    "comment": (b"# /x.csv\n", b"# /x.csv\n/x.csv\n"),
    "indented": (b"  /x.csv\n", b"  /x.csv\n/x.csv\n"),
    "there and taken back": (b"/x.csv\n!/x.csv\n", b"/x.csv\n!/x.csv\n/x.csv\n"),
    "there and taken back, crlf": (b"/x.csv\r\n!/x.csv\r\n", b"/x.csv\r\n!/x.csv\r\n/x.csv\n"),
}


def test_a_gitignore_that_exists_is_extended_as_dvc_add_does(bare_repo: Repo) -> None:
    bare_repo.dvc("init", "-q")
    for folder, (before, _) in BEFORE.items():
        bare_repo.write(f"{folder}/x.csv")
        if before:
            bare_repo.write(f"{folder}/.gitignore", before)
    bare_repo.dvc("add", "-q", *(f"{folder}/x.csv" for folder in BEFORE))
    by_dvc = {folder: bare_repo.file(f"{folder}/.gitignore").read_bytes() for folder in BEFORE}
    assert by_dvc == {folder: after for folder, (_, after) in BEFORE.items()}
    assert by_dvc == {folder: with_line(before, b"x.csv") for folder, (before, _) in BEFORE.items()}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"caf\xe9\n", b"caf\xe9\n/x.csv\n"),
        (b"/x.csv", b"/x.csv"),
        (b"/x.csv\r\n*.o\r\n", b"/x.csv\r\n*.o\r\n"),
        (b"a\r/x.csv\n", b"a\r/x.csv\n/x.csv\n"),
        (b"*.tmp\r", b"*.tmp\r\n/x.csv\n"),
        (b"/x.csv.bak\n", b"/x.csv.bak\n/x.csv\n"),
        (b"/x.csv\n!/x.csv\n", b"/x.csv\n!/x.csv\n/x.csv\n"),
        (b"/x.csv\n# !\n", b"/x.csv\n# !\n"),
        (b"!a\n/x.csv\n!b\n", b"!a\n/x.csv\n!b\n/x.csv\n"),
        (b"!a\n!b\n/x.csv\n", b"!a\n!b\n/x.csv\n"),
        (b"", b"/x.csv\n"),
    ],
)
def test_every_other_byte_stays(before: bytes, after: bytes) -> None:
    assert with_line(before, b"x.csv") == after
    assert with_line(after, b"x.csv") == after


def test_many_lines_are_written_at_once_each_once() -> None:
    assert with_lines(b"*.o", [b"a", b"b", b"a"]) == b"*.o\n/a\n/b\n"
    assert with_lines(b"/b\n*.o", [b"a", b"b"]) == b"/b\n*.o\n/a\n"
    assert with_lines(b"*.o", []) == b"*.o"


ODD = [b" ", b"\\", b"*", b"?", b"[", b"]", b"!", b"#", b":", b"\r", b"\n", b"a", b"-", b"\t", b"\xc3\xa9", b"\xff"]
FILE_NAMES = st.binary(min_size=1, max_size=12) | st.lists(st.sampled_from(ODD), min_size=1, max_size=8).map(b"".join)
FILE_NAMES = FILE_NAMES.map(lambda b: b.replace(b"\0", b"0").replace(b"/", b"_")).filter(
    lambda b: b not in (b".", b"..") and not b.lower().startswith(b".git")
)


@given(FILE_NAMES, st.binary(max_size=30))
@settings(max_examples=500, deadline=None)
def test_a_line_is_put_in_once_and_leaves_what_stood_before_it(name: bytes, before: bytes) -> None:
    added = with_line(before, name)
    assert with_line(added, name) == added
    assert added.startswith(before)


@given(st.lists(FILE_NAMES, max_size=6), st.lists(FILE_NAMES.map(line_for) | st.just(b"!*"), max_size=4))
@settings(max_examples=300, deadline=None)
def test_many_lines_come_and_go_as_one_after_the_other(names: list[bytes], before: list[bytes]) -> None:
    content = b"\n".join(before)
    one_by_one = content
    for name in [*names, *names]:
        one_by_one = with_line(one_by_one, name)
    assert with_lines(content, [*names, *names]) == one_by_one
    for name in names[::2]:
        one_by_one = without_lines(one_by_one, (name,))
    assert without_lines(with_lines(content, names), names[::2]) == one_by_one


@pytest.mark.slow
@given(st.lists(FILE_NAMES, min_size=1, max_size=12, unique=True))
@settings(max_examples=150, deadline=None)
def test_git_ignores_every_name_by_its_line_and_no_other(names: list[bytes]) -> None:
    content = with_lines(b"", names)
    with tempfile.TemporaryDirectory() as folder:
        run("git", "init", "-q", folder)
        (Path(folder) / ".gitignore").write_bytes(content)
        assert ignored(Path(folder), names) == set(names)
        others = [name + b"x" for name in names] + [b"sub/" + name for name in names]
        assert ignored(Path(folder), others) <= set(names) | neighbours(names)


def neighbours(names: list[bytes]) -> set[bytes]:
    """Return what a `?` for a newline or a CR makes Git ignore too: names with any one byte in its place."""
    wide = [len(name) for name in names if b"\n" in name or name.endswith(b"\r")]
    return {name + b"x" for name in names if len(name) + 1 in wide}


def test_a_line_needs_no_heavy_import() -> None:
    script = """if True:
        import sys
        before = set(sys.modules)
        from trinity_guard.git.gitignore import with_line, without_lines
        assert with_line(b"", b"a b.csv") == b"/a b.csv\\n"
        print(*sorted(m for m in set(sys.modules) - before if not m.startswith("trinity_guard")))
    """
    env = {**os.environ, "PYTHONPATH": str(PROJECT)}
    loaded = subprocess.run([sys.executable, "-S", "-c", script], env=env, capture_output=True, check=True, text=True)
    # `os` and what it brings, and the `select` of git's processes: every hook has them.
    assert set(loaded.stdout.split()) <= {
        *("__future__", "_collections_abc", "_stat", "genericpath", "os", "os.path", "posixpath", "select", "stat"),
    }


MERGES = {
    "both add": (b"/a\n", b"/b\n/a\n", b"/a\n/c\n", b"/b\n/a\n/c\n"),
    "both add at the same place": (b"/a\n", b"/a\n/b\n", b"/a\n/c\n", b"/a\n/b\n/c\n"),
    "one takes away what stands beside the other's": (b"/a\n/b\n", b"/a\n", b"/a\n/b\n/c\n", b"/a\n/c\n"),
    "the other takes it away": (b"/a\n/b\n", b"/a\n/b\n/c\n", b"/a\n", b"/a\n/c\n"),
    "both add the same": (b"", b"/a\n/b\n", b"/b\n/c\n", b"/a\n/b\n/c\n"),
    "the same at two places is one": (b"1\n2\n3\n", b"/x\n1\n2\n3\n", b"1\n2\n3\n/x\n", b"1\n2\n3\n/x\n"),
    "a double of one side is its own": (b"", b"/x\n*.o\n/x\n", b"/y\n", b"/x\n*.o\n/x\n/y\n"),
    "no line before": (b"", b"/a\n", b"/b\n", b"/a\n/b\n"),
    "no newline at the end": (b"/a", b"/a\n/b", b"/a\n/c", b"/a\n/b\n/c\n"),
    "an edit on each side": (b"*.x\n", b"*.y\n", b"*.z\n", b"*.y\n*.z\n"),
    "taken away by both": (b"/a\n/b\n", b"/c\n", b"/d\n", b"/c\n/d\n"),
    "a line of both in an edit": (b"/a\n", b"/k\n/b\n", b"/c\n/k\n", b"/k\n/b\n/c\n"),
    "one of both sides that was there before": (b"/a\n/k\n", b"/k\n/b\n", b"/c\n/k\n", b"/c\n/k\n/b\n"),
    "two conflicts": (b"1\n/m\n2\n", b"/a\n/m\n/b\n", b"/c\n/m\n/d\n", b"/a\n/c\n/m\n/b\n/d\n"),
    "what is no line of ours may stand twice": (b"1\n2\n3\n", b"#\n1\n2\n3\n", b"1\n2\n3\n#\n", b"#\n1\n2\n3\n#\n"),
    "spaces stay": (b"", b"/a\\ \n", b"/ b\n", b"/a\\ \n/ b\n"),
}


@pytest.mark.parametrize(("base", "ours", "theirs", "expected"), MERGES.values(), ids=MERGES)
def test_two_versions_merge_line_by_line(
    bare_repo: Repo, monkeypatch: pytest.MonkeyPatch, base: bytes, ours: bytes, theirs: bytes, expected: bytes
) -> None:
    monkeypatch.chdir(bare_repo.path)
    for name, data in {"base": base, "ours": ours, "theirs": theirs}.items():
        bare_repo.write(name, data)
    assert merge_driver(False, ["base", "ours", "theirs", "data/.gitignore"]) == 0
    assert bare_repo.file("ours").read_bytes() == expected


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"/x.csv\n", b""),
        (b"/x.csv", b""),
        (b"*.o\n/x.csv", b"*.o\n"),
        (b"/x.csv\r\n*.o\r\n", b"*.o\r\n"),
        (b"*.o\r\n/x.csv\r", b"*.o\r\n"),
        (b"/x.csv\n\n/x.csv\n/y.csv\n", b"\n/y.csv\n"),
        (b"a\r/x.csv\n", b"a\r/x.csv\n"),
        (b"x.csv\n/x.csv.bak\n!/x.csv\n# /x.csv\n /x.csv\n", b"x.csv\n/x.csv.bak\n!/x.csv\n# /x.csv\n /x.csv\n"),
        (b"caf\xe9\n*.o", b"caf\xe9\n*.o"),
    ],
)
def test_the_very_line_goes_and_every_other_byte_stays(before: bytes, after: bytes) -> None:
    assert without_lines(before, (b"x.csv",)) == after


@pytest.mark.parametrize("name", [b"st*r.csv", b"#x", b"a b ", b"new\nline.csv", b"b\\s", "é.csv".encode()])
def test_a_line_that_was_added_goes_again(name: bytes) -> None:
    before = b"*.o\n/other\n"
    assert without_lines(with_line(before, name), (name,)) == before


@pytest.mark.parametrize("name", [b"a.csv", b"st*r.csv", b"#x", b"a b  ", b"b\\s", "é.csv".encode(), b"[1]!?"])
def test_a_line_of_ours_says_its_name(name: bytes) -> None:
    assert name_of(line_for(name)) == name


@pytest.mark.parametrize(
    "line", [b"", b"/", b"x.csv", b"/d/x.csv", b"/d/", b"/*.csv", b"!/x", b"# /x", b"/x?", b"/a ", b"/[ab]"]
)
def test_every_other_line_is_a_person_s(line: bytes) -> None:
    assert name_of(line) is None


# Names that Git takes for something else where they are not written out, and one that a rule gives back.
ASKED = [b"a.csv", b":a.csv", b":(glob)b.csv", b"-c.csv", b"d e/f\n.csv", b"\xff.csv", b"kept.csv", b"staged.csv"]


def test_of_each_path_the_last_rule_is_told(here: Repo) -> None:
    here.write(".gitignore", b"# ours\n*.csv\n!kept.csv\n")
    here.write("staged.csv")
    here.git("add", "-f", "staged.csv")
    found = gitignore.matching([*ASKED, b"a.csv", b"plain.txt"])
    rule = (b".gitignore", 2, b"*.csv")
    assert found == {**dict.fromkeys(ASKED, rule), b"kept.csv": (b".gitignore", 3, b"!kept.csv")}
    assert list(found) == ASKED
    assert [path for path in [*ASKED, b"plain.txt"] if not gitignore.ignores(found.get(path))] == [
        b"kept.csv",
        b"plain.txt",
    ]


def test_the_rules_are_those_of_the_folder_and_environment_that_are_named(here: Repo, tmp_path: Path) -> None:
    here.write("d/.gitignore", b"/x\n")
    (tmp_path / "own").write_bytes(b"y\n")
    here.git("config", "core.excludesFile", str(tmp_path / "own"))
    found = gitignore.matching([b"x", b"y"], os.fsencode(here.path / "d"))
    assert found == {b"x": (b"d/.gitignore", 1, b"/x"), b"y": (os.fsencode(tmp_path / "own"), 1, b"y")}
    assert [gitignore.in_the_tree(file) for file, _, _ in found.values()] == [True, False]
    assert not gitignore.in_the_tree(b"/home/me/.gitignore")
    other = {**os.environ, "GIT_DIR": os.fspath(here.path / ".git"), "GIT_WORK_TREE": os.fspath(tmp_path)}
    assert gitignore.matching([b"x"], os.fsencode(tmp_path), other) == {}


@pytest.mark.parametrize("blank", [b"\r", b"!\r", b"  \r"])
def test_a_blank_line_as_windows_ends_it_is_no_rule(here: Repo, blank: bytes) -> None:
    here.write(".gitignore", b"*.o\r\n" + blank + b"\n*.a\r\n")
    assert here.git("check-ignore", "-v", "--no-index", "d/").stdout, "Git itself says so"
    assert gitignore.matching([b"d/", b"d/x.csv"]) == {}
    here.write(".gitignore", b"d\r\n" + blank + b"\n")
    assert gitignore.matching([b"d/"]) == {b"d/": (b".gitignore", 1, b"d")}


def test_where_git_cannot_answer_it_is_no_rule_at_all(here: Repo) -> None:
    assert gitignore.matching([]) == {}
    with pytest.raises(GuardError, match="check-ignore"):
        gitignore.matching([b"../outside"])


def test_the_lines_that_are_lacking_are_those_that_are_not_there_for_certain() -> None:
    text = b"/a\r\n/b\n!/a\n/c\n"
    assert gitignore.lacking(text, [b"/a", b"/b", b"/c", b"/d", b"/d"]) == [b"/a", b"/b", b"/d"]
    assert gitignore.lacking(b"", [b"/a"]) == [b"/a"]
