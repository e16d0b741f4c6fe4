"""A pickle under any name counts in a history as it does in the hooks."""

from __future__ import annotations

import pickle

import pytest

from tests.migrate import driven
from tests.migrate.legacy import Legacy, pointer_of
from trinity_guard.git.catfile import Source
from trinity_guard.migrate import firstbytes
from trinity_guard.migrate.selection import BY_FIRST_BYTES, Selection

MODEL = pickle.dumps(list(range(1000)))
FILES = {
    "model.bin": MODEL,
    "deep/er/model.bin": MODEL,
    "src/x.py": b"x = 1\n",
    "kept/m.bin": MODEL,
    "a.pkl": b"a",
    "e": b"",
}


@pytest.fixture
def legacy(legacy: Legacy, monkeypatch: pytest.MonkeyPatch) -> Legacy:
    monkeypatch.chdir(legacy.path)
    return legacy


def test_blobs_are_told_by_their_first_bytes_loose_or_packed(legacy: Legacy) -> None:
    legacy.commit({"model.bin": MODEL, "text": b"import pickle\n" * 100, "empty": b""})
    model = bytes.fromhex(legacy.id("main:model.bin"))
    assert firstbytes.found(Source(legacy.place)) == {model}
    legacy.git("repack", "-adq")
    assert firstbytes.found(Source(legacy.place)) == {model}


def test_many_are_looked_at_some_at_a_time(legacy: Legacy, monkeypatch: pytest.MonkeyPatch) -> None:
    legacy.commit({f"{n}.bin": pickle.dumps(["x" * n] * 9) for n in range(30)})
    before = firstbytes.found(Source(legacy.place))
    monkeypatch.setattr(firstbytes, "TOGETHER", 7)
    assert firstbytes.found(Source(legacy.place)) == before
    assert len(before) == 30


def test_they_move_wherever_they_lie_and_info_counts_them(legacy: Legacy) -> None:
    old = legacy.commit(FILES)
    selection = Selection(("*.pkl",), ("kept/",), sniff=True)
    found = driven.survey(legacy.place, selection, legacy.select())
    assert [(s.label, s.files, s.commits) for s in found.summaries] == [(BY_FIRST_BYTES, 2, 1), ("*.pkl", 1, 1)]
    done = legacy.migrate(selection=selection)
    after = done.files(old)
    assert after["model.bin.dvc"][1] == pointer_of(MODEL, "model.bin")
    assert {"deep/er/model.bin.dvc", "src/x.py", "kept/m.bin", "a.pkl.dvc", "e"} <= after.keys()


def test_without_it_names_alone_count(legacy: Legacy) -> None:
    old = legacy.commit(FILES)
    done = legacy.migrate(selection=Selection(("*.pkl",)))
    assert {"model.bin", "a.pkl.dvc"} <= done.files(old).keys()
