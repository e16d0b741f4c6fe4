"""A pickle under any name counts in a history as it does in the hooks."""

from __future__ import annotations

import pickle

import pytest

from tests.migrate import driven
from tests.migrate.legacy import Legacy, pointer_of
from trinity_guard.git import packheads
from trinity_guard.git.catfile import Entry, Source
from trinity_guard.migrate import firstbytes, scan
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


def told(legacy: Legacy, *names: str) -> set[bytes]:
    ids = [bytes.fromhex(legacy.id(name)) for name in names]
    with firstbytes.Told(Source(legacy.place)) as found:
        found.look(ids)
        return {oid for oid in ids if oid in found}


def test_blobs_are_told_by_their_first_bytes_loose_or_packed(legacy: Legacy) -> None:
    legacy.commit({"model.bin": MODEL, "text": b"import pickle\n" * 100, "empty": b"", "deep/x": b"1"})
    model = bytes.fromhex(legacy.id("main:model.bin"))
    names = ("main:model.bin", "main:text", "main:empty", "main:deep", "main")
    assert told(legacy, *names) == {model}
    legacy.git("repack", "-adq")
    assert told(legacy, *names) == {model}


def test_blobs_of_packs_that_are_not_held_open_are_told(legacy: Legacy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packheads, "MAX_OPEN", 0)
    legacy.commit({"model.bin": MODEL, "text": b"1"})
    legacy.git("repack", "-adq")
    assert told(legacy, "main:model.bin", "main:text") == {bytes.fromhex(legacy.id("main:model.bin"))}


def test_what_is_not_there_tells_nothing(legacy: Legacy) -> None:
    legacy.commit({"model.bin": MODEL})
    with firstbytes.Told(Source(legacy.place)) as found:
        found.look([b"\1" * 20, bytes.fromhex(legacy.id("main:model.bin"))])
        assert len(found) == 1


def test_many_are_looked_at_some_at_a_time(legacy: Legacy, monkeypatch: pytest.MonkeyPatch) -> None:
    legacy.commit({f"{n}.bin": pickle.dumps(["x" * n] * 9) for n in range(30)})
    names = [f"main:{n}.bin" for n in range(30)]
    before = told(legacy, *names)
    monkeypatch.setattr(firstbytes, "TOGETHER", 7)
    assert told(legacy, *names) == before
    assert len(before) == 30


def test_a_file_is_looked_at_in_whatever_commit_it_comes(legacy: Legacy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Told by Git, where most trees are clean, or read by us, some at a time: the same are found, in the same order."""
    files = {f"d{n}/x{n}": b"%d" % n for n in range(5)}
    for n in range(12):
        files[f"d{n % 5}/x{n % 5}"] = MODEL + b"%d" % n if not n % 4 else b"%d" % (n + 10)
        legacy.commit(files)
    found = []
    for first, untold in ((500, 20_000), (500, 1), (1, 3), (1, 20_000)):
        monkeypatch.setattr(scan, "FIRST", first)
        monkeypatch.setattr(scan, "MAX_UNTOLD", untold)
        seen = driven.survey(legacy.place, Selection(("*.pkl",), sniff=True), legacy.select()).scan
        found.append([(path, list(blobs.items())) for path, blobs in seen.versions.items()])
    assert len(found[0]) == 3
    assert found[1:] == found[:1] * 3


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


def test_what_bytes_tell_stands_where_its_folder_has_it(legacy: Legacy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where a name with a space ends as another one begins; and a folder is put in order once, however many."""
    sorted_ = []
    put_in_order = scan._Opened.put_in_order

    def noted(tree: scan._Opened, entries: list[Entry]) -> None:
        sorted_.append(tree.path)
        put_in_order(tree, entries)

    monkeypatch.setattr(scan._Opened, "put_in_order", noted)
    names = ("a b", "a c.pkl", "b", *(f"c{n}" for n in range(9)))
    legacy.commit({f"d/{name}": MODEL for name in names})
    seen = driven.survey(legacy.place, Selection(("*.pkl",), sniff=True), legacy.select()).scan
    assert list(seen.versions) == [b"d/%s" % name.encode() for name in names]
    assert sorted_ == [b"d/"]
