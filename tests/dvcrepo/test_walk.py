"""What DVC's own walk sees, against the real DVC on generated trees."""

from __future__ import annotations

import json
import os
import random
import sys
from pathlib import Path

import pytest

from tests.helpers.support import run
from trinity_guard.dvcrepo import walk
from trinity_guard.errors import UNUSABLE, GuardError

LINES = (
    "/data/*", "data/*", "/data/", "data", "/data/**", "**/data/", "*", "/*", "*.csv", "*.dvc", "!*.dvc",
    "!/data/*.dvc",
    "!data/", "!/data/", "/data/*/", "sub/", "/data/sub/", "!/data/sub/", "*/sub/*", "d*", "!d*/", "**", "!**/",
    "DATA/",
    "[d]ata/", "x?y/", "# data/", "", "/a.csv", "/a.csv.dvc", "!a.csv.dvc", "data/**/a.csv", "!data/**", "\\data/",
)  # fmt: skip
FOLDERS = ("", "data", "data/sub", "other", "other/data", "Data")


def planted(top: Path, chosen: random.Random) -> None:
    for folder in (".git/objects", ".git/refs", ".dvc"):
        (top / folder).mkdir(parents=True)
    (top / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (top / ".dvc" / "config").write_text("")
    for folder in FOLDERS:
        (top / folder).mkdir(exist_ok=True, parents=True)
        text = f"outs:\n- md5: {'d' * 32}\n  size: 1\n  hash: md5\n  path: a.csv\n"
        (top / folder / "a.csv.dvc").write_text(text)
        if chosen.random() < 0.5 or not folder:
            (top / folder / ".gitignore").write_text("".join(f"{chosen.choice(LINES)}\n" for _ in range(3)))
    if chosen.random() < 0.2:
        (top / ".dvcignore").write_text(f"{chosen.choice(LINES)}\n")


SCRIPT = """if True:
    import copy, functools, json, os, sys
    from dvc.config import Config
    from dvc.repo import Repo
    from dvc.repo.index import collect_files
    from dvc.utils import strictyaml
    from dvc_data.hashfile import state
    # What takes longer than the walk, and is the same for each tree: two databases of files' hashes, which it asks for
    # nothing, ignore lines of DVC's own folder, which it never looks at, an empty config, and the pointers' one text.
    state.State = lambda *_: state.StateNoop()
    Repo._ignore = lambda _: None
    parsed = functools.cache(strictyaml.parse_yaml)
    strictyaml.parse_yaml = lambda text, _, typ: copy.deepcopy(parsed(text, "", typ))
    config = Config(os.path.join(sys.argv[1], ".dvc")).load_config_to_level()
    Config.load_config_to_level = lambda *_: copy.deepcopy(config)
    seen = {}
    for top in sys.argv[1:]:
        repo = Repo(top)
        found = []  # one whose data is ignored is seen, and is an error of its own
        found += [path for path, _ in collect_files(repo, lambda path, _: found.append(os.path.abspath(path)))]
        seen[top] = sorted(os.path.relpath(path, top) for path in found)
        repo.close()
    print(json.dumps(seen))
"""


def compared(folder: Path, trees: int, seed: int) -> int:
    """Compare so many trees; return how many pointers were hidden."""
    chosen, tops = random.Random(seed), [folder / str(n) for n in range(trees)]
    for top in tops:
        planted(top, chosen)
    theirs = json.loads(run(sys.executable, "-c", SCRIPT, *tops).stdout)
    count = 0
    for top in tops:

        def read(path: bytes, top: Path = top) -> bytes | None:
            file = top / os.fsdecode(path)
            return file.read_bytes() if file.is_file() else None

        pointers = [os.fsencode(Path(f, "a.csv.dvc")) for f in FOLDERS]
        ours = walk.Walk(read)
        hidden = {p for p in pointers if ours.hiding(b"", p)}
        rules = {str(p.relative_to(top)): p.read_text() for p in top.rglob(".*ignore")}
        assert sorted(os.fsdecode(p) for p in pointers if p not in hidden) == theirs[str(top)], rules
        count += len(hidden)
    return count


@pytest.mark.slow
def test_it_sees_what_dvc_sees(tmp_path: Path) -> None:
    assert 30 < compared(tmp_path, 25, 1) < 140


@pytest.mark.slow
def test_it_sees_what_dvc_sees_of_thousands_of_trees(tmp_path: Path) -> None:
    for seed in range(10):
        assert compared(tmp_path / str(seed), 200, seed + 2) > 200


@pytest.mark.parametrize(
    ("lines", "hidden"),
    [
        ("/data/*\n!*.dvc\n", True),
        ("/data/*\n!/data/*.dvc\n", True),
        ("/data/**\n!*.dvc\n", True),
        ("/data/\n", True),
        ("/data/a.csv\n/a.csv\n", False),
        ("*.csv\n__pycache__/\n*.pyc\n", False),
    ],
)
def test_the_usual_lines_and_what_they_hide(lines: str, hidden: bool) -> None:
    tree = {b".gitignore": lines.encode()}
    assert bool(walk.Walk(tree.get).hiding(b"", b"data/a.csv.dvc")) == hidden


def test_lines_that_name_others_need_no_dulwich() -> None:
    lines = b"/a.csv\n/b.csv\n!x\n# data/\nbuild/\nother/data/x\n"
    here = walk.Walk({b".gitignore": lines, b"data/.gitignore": b"/a.csv\n"}.get)
    assert here.hiding(b"", b"data/a.csv.dvc") == ""
    assert here._filters is None


def test_a_line_that_is_longer_than_any_path_is_refused() -> None:
    lines = {b".gitignore": b"*.o\n" + b"* a=b" * 20_000 + b"\n"}
    with pytest.raises(GuardError, match=r"line 2 of \.gitignore is longer than any path") as caught:
        walk.Walk(lines.get).hiding(b"", b"data/a.csv.dvc")
    assert caught.value.exit_code == UNUSABLE
