"""What a .dvcignore hides, against the real DVC."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from tests.helpers.support import run
from trinity_guard.dvcrepo import dvcignore
from trinity_guard.dvcrepo.dvcignore import dvcignored
from trinity_guard.errors import GuardError

IGNORE_FILES = {
    ".dvcignore": "# comment\n\n*.tmp\n/only_here.csv\nbuild/\n!keep.tmp\nlogs/**/x.csv\n  spaced.csv  \n",
    "sub/.dvcignore": "*.raw\n/here.csv\ndeep/x.csv\n!again.tmp\n**/any.csv\n\\#hash.csv\nhidden/\n",
    "sub/deep/.dvcignore": "!b.raw\nmine*\n",
    "build/.dvcignore": "!x.csv\n",
    "blind/.dvcignore": "*.csv\n",
}
IGNORED = """a.csv a.tmp keep.tmp sub/keep.tmp only_here.csv sub/only_here.csv build/x.csv sub/build/x.csv build
    logs/x.csv logs/a/x.csv logs/a/b/x.csv spaced.csv sub/a.raw a.raw sub/here.csv sub/deep/here.csv sub/deep/x.csv
    sub/again.tmp again.tmp sub/any.csv sub/deep/any.csv any.csv sub/#hash.csv sub/deep/b.raw sub/deep/c.raw
    sub/deep/mine.csv sub/mine.csv sub/hidden/x.csv sub/hidden hidden/x.csv blind/a.csv a.tmp/x.csv keep.tmp/x.csv
    .git/x.csv sub/.git/x.csv .dvc/tmp/x.csv sub/.hg/x.csv .github/x.csv sub/.dvcx/x.csv sub/a.git/x"""
IGNORE_PATHS = IGNORED.split()


def test_what_is_dvcignored_is_what_dvc_ignores(tmp_path: Path) -> None:
    root = tmp_path / "p"
    (root / ".dvc" / "tmp").mkdir(parents=True)
    run("git", "init", "-q", root)
    (root / ".dvc" / "config").write_text("")
    for name, text in IGNORE_FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (root / ".dvcignore").write_text(IGNORE_FILES[".dvcignore"] + "blind/.dvcignore\n")
    script = """if True:
        import sys, json, os
        from dvc.repo import Repo
        repo = Repo(".")
        print(json.dumps({p: repo.dvcignore.is_ignored_file(os.path.abspath(p)) for p in sys.argv[1:]}))
    """
    theirs = json.loads(run(sys.executable, "-c", script, *IGNORE_PATHS, cwd=root).stdout)
    ours = {path: dvcignored(os.fsencode(root), path.encode()) for path in IGNORE_PATHS}
    assert {path: said is not None for path, said in ours.items()} == theirs
    for paths in (IGNORE_PATHS, IGNORE_PATHS[::-1]):
        known: dvcignore.IgnoreRules = {}
        assert {path: dvcignored(os.fsencode(root), path.encode(), known=known) for path in paths} == ours
    assert True in theirs.values()
    assert ours["a.tmp"] == ".dvcignore:3:*.tmp"
    assert ours["sub/here.csv"] == "sub/.dvcignore:2:/here.csv"
    assert ours[".git/x.csv"] == "DVC itself: .git/"


def test_a_dvcignore_that_dvc_cannot_read_is_named(tmp_path: Path) -> None:
    (tmp_path / ".dvcignore").write_bytes(b"\xff\n")
    with pytest.raises(GuardError, match=r"\.dvcignore: it is not UTF-8"):
        dvcignored(os.fsencode(tmp_path), b"x.csv")
    (tmp_path / ".dvcignore").write_bytes(b"*.o\n!\n")
    with pytest.raises(GuardError, match=r"\.dvcignore:2:!: it is no pattern"):
        dvcignored(os.fsencode(tmp_path), b"x.csv")


@pytest.mark.parametrize("text", [b"*x*\n" * 5_001, b"#\n" * (1 << 20), b"*" * 8193])
def test_a_dvcignore_without_end_is_refused_wherever_it_is_read_from(text: bytes) -> None:
    with pytest.raises(GuardError, match=r"\.dvcignore: (it has more|it is larger|a line of it)"):
        dvcignored(b"/nowhere", b"a.csv", lambda _: text)
