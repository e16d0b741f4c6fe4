"""Filters of .gitattributes over what comes in place of artifacts: refused at HEAD, told of for all other refs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.helpers.migrations import Legacy, make_legacy, out, refused
from tests.helpers.support import KB, Repo, dvc, run


@pytest.fixture
def legacy(tmp_path: Path) -> Legacy:
    return make_legacy(tmp_path / "work")


def filters(legacy: Legacy, where: str = ".gitattributes", line: str = "data/** filter=lfs") -> None:
    """Commit a filter that does nothing here, whose name alone counts."""
    legacy.git("config", "filter.lfs.clean", "cat")
    legacy.add(where, line.encode() + b"\n")


WORDS_OF_OLD = "in older commits a filter of .gitattributes takes hold of pointers"
WORDS = "a filter of .gitattributes covers pointers"


@pytest.mark.slow
@pytest.mark.parametrize("where", [".gitattributes", "data/.gitattributes"])
def test_another_branch_and_a_tag_with_a_filter_are_told_of(legacy: Legacy, where: str) -> None:
    legacy.git("checkout", "-q", "side")
    filters(legacy, where, "*.dvc filter=lfs" if "/" in where else "data/** filter=lfs")
    legacy.git("tag", "v2")
    legacy.git("checkout", "-q", "main")
    for said in (out(legacy, "info", "--everything"), out(legacy, "run", "--everything", "--yes")):
        [line] = [line for line in said.splitlines() if WORDS in line]
        assert "data/t.csv.dvc in refs/heads/side" in line
        assert "refs/tags/v2" in line
        assert "refs/heads/main" not in line
    assert "every byte is there" in out(legacy, "verify")


@pytest.mark.parametrize(
    "line", ["*.csv filter=lfs", "data/** filter=lfs\n*.dvc -filter\n.gitignore -filter", "* text=auto"]
)
def test_a_filter_that_leaves_pointers_alone_is_no_matter(legacy: Legacy, line: str) -> None:
    legacy.git("checkout", "-q", "side")
    filters(legacy, line=line)
    legacy.git("checkout", "-q", "main")
    assert WORDS not in out(legacy, "run", "--everything", "--yes")


def test_what_is_behind_another_filter_stays_and_stops_nothing(legacy: Legacy) -> None:
    legacy.git("config", "filter.rot.clean", "tr a-z b-za")
    legacy.git("config", "filter.rot.smudge", "tr b-za a-z")
    legacy.add(".gitattributes", b"secret/** filter=rot\n")
    legacy.add("secret/a.csv", b"abc\n" * 30)
    assert "takes hold of pointers" not in out(legacy, "info", "--everything")
    said = out(legacy, "run", "--everything", "--yes")
    assert "secret/a.csv: it is behind the filter 'rot'" in said
    assert legacy.tracked("secret/a.csv", "main")
    assert legacy.tracked("models/a.pkl.dvc", "main")
    assert "every byte is there" in out(legacy, "verify", "--sample", "0")


@pytest.mark.parametrize("where", [".gitattributes", "data/.gitattributes", ".git/info/attributes"])
def test_the_way_on_leads_on_wherever_the_filter_stands(legacy: Legacy, where: str) -> None:
    """The last line of a file need not end in a newline: what is added must not become a part of it."""
    text = b"** filter=lfs\n*.csv -text" if "/" in where else b"data/** filter=lfs\n*.csv -text"
    if where.startswith(".git/"):
        legacy.git("config", "filter.lfs.clean", "cat")
        legacy.write(where, text)
    else:
        filters(legacy)
        legacy.git("rm", "-q", ".gitattributes")
        legacy.write(where, text)
        legacy.git("add", "-A")
        legacy.git("commit", "-q", "-m", where)
    said = refused(legacy, "run", "--everything", "--yes", code=2)
    assert where.removeprefix(".git/").rpartition("/data/")[2].removeprefix("data/") in said
    way_on = "\n".join(line[4:] for line in said.splitlines() if line.startswith("    "))
    run("bash", "-euc", way_on, cwd=legacy.path)
    assert legacy.file(where).read_bytes().startswith(text + b"\n")
    assert legacy.git("status", "--porcelain").stdout == b""
    out(legacy, "run", "--everything", "--yes")
    assert "every byte is there" in out(legacy, "verify", "--sample", "0")


def test_in_a_bare_repository_its_head_counts_too(legacy: Legacy, tmp_path: Path) -> None:
    filters(legacy)
    server = Repo(tmp_path / "server.git")
    run("git", "clone", "-q", "--bare", legacy.path, server.path)
    before = server.git("for-each-ref").stdout
    said = refused(server, "run", "--everything", "--yes", code=2)
    assert "data/t.csv.dvc" in said
    assert "in a clone with a work tree" in said
    assert server.git("for-each-ref").stdout == before


def test_by_size_only_the_large_files_pointers_count(legacy: Legacy) -> None:
    filters(legacy)
    legacy.add("data/notes.txt", b"small")
    assert "data/t.csv.dvc" in refused(legacy, "run", "--above", "5kB", "--yes", code=2)
    out(legacy, "run", "--above", "9kB", "--yes")


def test_a_filter_of_this_clone_alone_counts(legacy: Legacy) -> None:
    (legacy.path / ".git" / "info").mkdir(exist_ok=True)
    (legacy.path / ".git" / "info" / "attributes").write_text("models/** filter=lfs\n")
    legacy.git("config", "filter.lfs.clean", "cat")
    assert "models/a.pkl.dvc" in refused(legacy, "run", "--yes", code=2)


def test_in_older_commits_a_filter_is_told_of_and_the_way_on_lets_one_check_them_out(
    legacy: Legacy, tmp_path: Path
) -> None:
    filters(legacy)
    legacy.add("data/late.csv", 2 * KB)
    legacy.git("rm", "-q", ".gitattributes")
    legacy.git("commit", "-q", "-m", "no filter any more")
    assert WORDS_OF_OLD in out(legacy, "info")
    said = out(legacy, "run", "--yes", "--push")
    [line] = [line for line in said.splitlines() if WORDS_OF_OLD in line]
    old = legacy.head_of("refs/trinity-guard/original/heads/main~1")
    assert f".dvc in {old[:10]})" in line
    way_on = line.partition("in each clone: ")[2]
    clone = Legacy(tmp_path / "clone")
    run("git", "clone", "-q", legacy.path, clone.path)
    clone.git("config", "filter.lfs.clean", "tr a-z A-Z")
    clone.git("config", "filter.lfs.smudge", "tr a-z A-Z")
    clone.git("checkout", "-q", "main~1")
    assert b" M data/" in clone.git("status", "--porcelain").stdout
    assert way_on in out(legacy, "guide", "team")
    clone.git("checkout", "-q", "-f", "main")
    run("bash", "-euc", way_on, cwd=clone.path)
    clone.git("checkout", "-q", "main~1")
    assert clone.git("status", "--porcelain").stdout == b""
    dvc("pull", "-q", cwd=clone.path)
    assert clone.file("data/t.csv").read_bytes() == legacy.show("data/t.csv", old)
    clone.git("checkout", "-q", "main")


def test_a_filter_of_older_commits_that_leaves_pointers_alone_is_no_matter(legacy: Legacy) -> None:
    filters(legacy, line="*.csv filter=lfs")
    legacy.git("rm", "-q", ".gitattributes")
    legacy.git("commit", "-q", "-m", "no filter any more")
    assert WORDS_OF_OLD not in out(legacy, "info")
    assert WORDS_OF_OLD not in out(legacy, "run", "--yes")
    assert "info/attributes" not in out(legacy, "guide", "team")


@pytest.mark.slow
def test_working_files_with_other_line_ends_than_git_stores_are_told_with_the_way_to_the_stored_ones(
    tmp_path: Path,
) -> None:
    repo = Legacy(tmp_path / "windows")
    repo.path.mkdir()
    repo.git("init", "-q", "-b", "main")
    repo.add(".gitattributes", b"*.csv text eol=crlf\n")
    repo.add("my table.csv", b"a,b\r\n1,2\r\n")
    repo.add("same.csv", b"one line")
    said = out(repo, "run", "--everything", "--yes")
    assert repo.file("my table.csv").read_bytes() == b"a,b\r\n1,2\r\n"
    [note] = [line for line in said.splitlines() if "line ends" in line]
    assert "same.csv" not in note
    assert note in (repo.state / "report.txt").read_text().splitlines()
    run("sh", "-c", note.partition("for each: ")[2].replace("dvc ", f"{sys.executable} -m dvc ", 1), cwd=repo.path)
    assert repo.file("my table.csv").read_bytes() == b"a,b\n1,2\n"
    assert repo.file("my table.csv.before").read_bytes() == b"a,b\r\n1,2\r\n"
    repo.file("my table.csv.before").unlink()
    assert b"up to date" in repo.dvc("status").stdout
    assert repo.git("status", "--porcelain").stdout == b""
    out(repo, "undo")
    assert repo.git("status", "--porcelain", "-uno").stdout == b""
