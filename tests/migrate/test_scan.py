"""What a history holds: each version of an artifact once, with its first commit, and whole trees left aside."""

from __future__ import annotations

import random

import pytest

from tests.migrate.legacy import Legacy, lfs_pointer, put_lfs_object
from trinity_guard.git.catfile import Source
from trinity_guard.migrate import lfs
from trinity_guard.migrate import scan as module
from trinity_guard.migrate.progress import silent
from trinity_guard.migrate.scan import Scan, scan
from trinity_guard.migrate.selection import Selection


def scanned(legacy: Legacy, *tips: str, stop: tuple[str, ...] = (), above: int | None = None) -> Scan:
    selection = Selection(("*.pkl",), above=above)
    tips_ = [t.encode() for t in tips or (legacy.id("main"),)]
    return scan(Source(legacy.place), selection, tips_, [], silent, [s.encode() for s in stop])


def test_each_version_is_there_once_with_its_first_commit(legacy: Legacy) -> None:
    first = legacy.commit({"m/a.pkl": b"1", "x.py": b"x"})
    second = legacy.commit({"m/a.pkl": b"22", "copy.pkl": b"1"})
    legacy.commit({"m/a.pkl": b"1"})
    found = scanned(legacy)
    named = {path: [found.commit(n) for n in blobs.values()] for path, blobs in found.versions.items()}
    assert named == {b"m/a.pkl": [first, second], b"copy.pkl": [second]}
    assert sorted(size.size for size in found.blobs.values()) == [1, 2]
    assert found.commit(len(found.commits)) == ""


def test_links_and_submodules_of_such_a_name_are_none(legacy: Legacy) -> None:
    commit = legacy.commit({"x": b"1"})
    legacy.commit({"a.pkl": ("120000", b"x"), "b.pkl": ("160000", commit.encode()), "c.py": b"1"})
    assert scanned(legacy).versions == {}
    legacy.commit({"c.pkl/x.py": b"1"})
    assert list(scanned(legacy).versions) == [b"c.pkl/x.py"]  # a folder of such a name is meant with all in it


def test_commits_behind_a_stop_are_left_out(legacy: Legacy) -> None:
    first = legacy.commit({"a.pkl": b"1"})
    second = legacy.commit({"a.pkl": b"2"})
    found = scanned(legacy, stop=(first,))
    assert [found.commit(n) for n in range(len(found.commits))] == [second]
    assert len(found.blobs) == 1


def test_a_tree_is_read_once_however_many_commits_have_it(legacy: Legacy) -> None:
    for n in range(5):
        legacy.commit({"src/deep/x.py": b"1", "n": b"%d" % n})
    source = Source(legacy.place)
    scan(source, Selection(("*.pkl",)), [legacy.id("main").encode()], [], silent)
    assert source.opened == 5 + 2


def test_an_lfs_pointer_counts_as_what_it_stands_for(legacy: Legacy) -> None:
    data = b"x" * 5000
    legacy.commit({"a.pkl": lfs_pointer(data)})
    found = scanned(legacy, above=4000)
    [(blob, size)] = found.blobs.items()
    assert size.real == 5000
    folder = lfs.of(Source(legacy.place))
    assert found.absent(folder) == {blob}
    put_lfs_object(legacy, data)
    assert found.absent(folder) == set()


def test_folders_that_never_have_an_artifact_are_not_read(legacy: Legacy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once most of what was read turned out to be of no interest; what is found is the same."""
    source_files = {f"src/p{n}/x.py": b"1" for n in range(20)}
    for n in range(6):
        model = {"m/late/a.pkl": b"%d" % n} if n > 3 else {}
        legacy.commit({**source_files, "src/p1/x.py": b"%d" % n, "m/read.me": b"%d" % n, **model})
    tip = legacy.id("main").encode()
    whole, sparing = Source(legacy.place), Source(legacy.place)
    expected = scan(whole, Selection(("*.pkl",)), [tip], [], silent)
    monkeypatch.setattr("trinity_guard.migrate.scan.FIRST", 2)
    found = scan(sparing, Selection(("*.pkl",)), [tip], [], silent)
    assert found.versions == expected.versions
    assert list(found.kept.with_artifacts()) == list(expected.kept.with_artifacts())
    assert sum(1 for _ in found.kept.with_artifacts()) == 2 * 3  # roots, m/, m/late/
    # Of the other four commits src/ and src/p1/, which all have anew.
    assert whole.opened - sparing.opened == 2 * 4


def test_what_takes_git_the_whole_pack_is_asked_once(legacy: Legacy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trinity_guard.migrate.scan.FIRST", 1)
    monkeypatch.setattr("trinity_guard.migrate.scan.TOGETHER", 1)
    monkeypatch.setattr("trinity_guard.migrate.scan.LEAST", 1)
    for n in range(4):
        legacy.commit({"a.pkl": b"%d" % n * 100, "x.py": b"1"})
    asked: list[int] = []
    packed_sizes = Source.packed_sizes

    def noted(source: Source, ids: list[bytes]) -> list[int]:
        asked.append(len(ids))
        return packed_sizes(source, ids)

    monkeypatch.setattr(Source, "packed_sizes", noted)
    found = scanned(legacy)
    assert asked == [4]
    assert all(size.size == 100 and 0 < size.packed < 100 for size in found.blobs.values())


@pytest.mark.parametrize("seed", range(12))
def test_a_history_holds_the_same_however_much_of_it_is_looked_at_together(
    legacy: Legacy, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Where Git tells the folders of any worth, roots that differ in no other ones are read once."""
    chosen = random.Random(seed)
    files: dict[str, bytes] = {"src/a.py": b"1", "lib/x/y.py": b"1"}
    names = ["src/a.py", "src/b/c.py", "lib/x/y.py", "m/a.pkl", "m/n/b.pkl", ".gitignore", "src/.dvcignore", "top.py"]
    for number in range(40):
        name = chosen.choice(names if not number % 5 else names[:3]) if number != 20 else "m/a.pkl"
        files[name] = b"%d" % (number if chosen.random() < 0.8 else 1)
        if chosen.random() < 0.1 and len(files) > 3:
            del files[chosen.choice(list(files))]
        legacy.commit(files)
    seen = []
    for first, together in ((500, 4000), (1, 4000), (1, 3), (2, 7)):
        monkeypatch.setattr(module, "FIRST", first)
        monkeypatch.setattr(module, "TOGETHER", together)
        monkeypatch.setattr(module, "LEAST", 1)
        found = scanned(legacy)
        kept = [(root, k.mask, k.dvc) for root in found.roots if (k := found.kept.get(b"", root))]
        versions = sorted((path, list(blobs.items())) for path, blobs in found.versions.items())
        seen.append(
            (kept, versions, found.beside, found.dvcignores, found.peculiar, sorted(found.kept.with_artifacts()))
        )
    assert seen[0][0]
    assert seen[1:] == seen[:1] * 3
