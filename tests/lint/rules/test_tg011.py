"""TG011: pointers that DVC itself does not see; tests/dvcrepo/test_walk.py compares with DVC."""

from __future__ import annotations

import pytest

from tests.helpers.support import Repo
from tests.lint.test_ranges import lint

TEXT = f"outs:\n- md5: {'d' * 32}\n  size: 1\n  hash: md5\n  path: a.csv\n".encode()


@pytest.mark.parametrize(
    ("name", "lines", "found"),
    [
        (".gitignore", b"/data/*\n!*.dvc\n", True),
        (".gitignore", b"/data/*\n!/data/*.dvc\n", True),
        (".gitignore", b"/data/**\n!/data/**/\n!*.dvc\n", False),
        (".gitignore", b"/data/a.csv\n", False),
        ("data/.gitignore", b"/a.csv\n", False),
        (".dvcignore", b"/data/\n", True),
    ],
)
def test_a_pointer_below_a_folder_that_dvc_takes_for_ignored(
    bare_repo: Repo, name: str, lines: bytes, found: bool
) -> None:
    bare_repo.stage("a.txt", b"a\n")
    bare_repo.commit()
    bare_repo.write("data/a.csv.dvc", TEXT)
    bare_repo.git("add", "-f", "data/a.csv.dvc")
    bare_repo.stage(name, lines)
    wanted = [("TG011", "data/a.csv.dvc")] if found else []
    assert [f[:2] for f in lint(bare_repo, "--rules", "TG011")[1]] == wanted
    bare_repo.commit("--no-verify")
    # The work tree's own files are no business of a commit's.
    bare_repo.file(name).write_bytes(b"" if found else b"/data/*\n")
    for option in (["--rev", "HEAD"], ["--range", "HEAD~1..HEAD"]):
        code, said = lint(bare_repo, "--rules", "TG011", *option)
        assert (code, [f[:2] for f in said]) == (int(found), wanted)
