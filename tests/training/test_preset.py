"""What is read beside a table, whatever is learnt from it: the commit, and what its pointer says."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.helpers.support import Repo
from tests.training.tabular import tables
from trinity_guard.training.preset import Order
from trinity_guard.training.tabular.options import Options
from trinity_guard.training.tabular.preset import Tabular

MISMATCH = "data/t.csv is not what its pointer says (md5 {}…, the pointer has {}…): trinity-guard convert data/t.csv"


@pytest.mark.parametrize(
    ("recorded", "hash_", "matches"),
    [(b"", "md5", True), (b"\r\n", "md5", False), (b"\r\n", "", True), (b"other", "md5", False)],
    ids=["its own", "other line ends", "DVC 2's of other line ends", "others"],
)
def test_a_table_that_is_not_what_its_pointer_says_is_said(
    bare_repo: Repo, monkeypatch: pytest.MonkeyPatch, recorded: bytes, hash_: str, matches: bool
) -> None:
    monkeypatch.chdir(bare_repo.path)
    table = Path(tables.write(bare_repo.path / "data" / "t.csv"))
    data = table.read_bytes()
    if recorded == b"\r\n":
        table.write_bytes(data.replace(b"\n", b"\r\n"))
    md5 = hashlib.md5(recorded if recorded == b"other" else data).hexdigest()
    kind = f"  hash: {hash_}\n" if hash_ else ""
    bare_repo.write("data/t.csv.dvc", f"outs:\n- md5: {md5}\n{kind}  path: t.csv\n".encode())
    preset = Tabular(Order(str(bare_repo.path), "", "data/t.csv", "", Options("price", ("rooms", "size"))))
    noted = preset.read()
    assert preset.matches is matches
    own = hashlib.md5(table.read_bytes()).hexdigest()
    said = [MISMATCH.format(own[:10], md5[:10])] * (not matches)
    assert [note.partition("     #")[0] for note in noted] == said
