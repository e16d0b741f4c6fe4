"""A folder's next version, made of the last one, is what it would be if it were made anew."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.migrate.legacy import Files, Legacy, pointer_of, quiet
from trinity_guard.git import treeversions
from trinity_guard.git.catfile import Entry, Source, tree_bytes, tree_parser
from trinity_guard.git.packwriter import Pack
from trinity_guard.migrate import rewrite, versions
from trinity_guard.migrate.context import NOTHING, Above
from trinity_guard.migrate.dvcfiles import dvc_files
from trinity_guard.migrate.ignorefiles import Reader
from trinity_guard.migrate.kept import KeptTrees
from trinity_guard.migrate.scan import scan
from trinity_guard.migrate.selection import Selection
from trinity_guard.migrate.state import Object
from trinity_guard.migrate.versions import LastRoot, LastVersion

NAMES = [*(f"{n:02}.pkl" for n in range(40)), *(f"{n:02}.py" for n in range(20)), "a b.pkl", "#.pkl"]
CLASH = ("05.PKL", b"1")
RARE: list[tuple[str, bytes]] = [
    (".gitignore", b"*.pyc\n"), (".gitignore", b"*.pkl\n"), (".gitignore", b"/03.pkl"),
    (".dvcignore", b"/04.pkl.dvc\n"),
    ("06.pkl.dvc", pointer_of(b"1", "06.pkl")), ("07.pkl.dvc/x", b""), ("below/a.pkl", b"1"), ("below/b.py", b"1"),
    ("dvc.yaml", b"stages:\n  s:\n    cmd: x\n    outs: [08.pkl]\n"), ("09.pkl/in.py", b"1"), ("x.dvc", b"no"),
]  # fmt: skip


def history(seed: int, folder: str) -> list[dict[str, bytes]]:
    """Return versions that differ in a file or two, now and then in one that matters to others, for three versions."""
    draw = random.Random(seed)
    files = dict.fromkeys(draw.sample(NAMES, 30), b"1")
    rare: dict[str, bytes] = {}
    found = []
    for number in range(60):
        for _ in range(draw.choice([1, 1, 1, 2, 3])):
            name = draw.choice(NAMES)
            if name not in files or draw.random() < 0.3:
                files[name] = draw.choice([b"1", b"2"])
            else:
                del files[name]
        if number % 6 in (3, 0):
            rare = dict([draw.choice(RARE if number < 54 else [CLASH])]) if number % 6 else {}
        over = {other for name in rare for other in files if name.startswith(other + "/")}
        found.append({folder + n: content for n, content in {**files, **rare}.items() if n not in over})
    return found


def written(legacy: Legacy, versions_of_it: list[dict[str, bytes]]) -> None:
    lines = []
    for number, files in enumerate(versions_of_it):
        lines.append(b"commit refs/heads/main\ncommitter A <a@example.com> %d +0000\ndata 1\nx\ndeleteall\n" % number)
        lines += [b"M 100644 inline %s\ndata %d\n%s\n" % (n.encode(), len(d), d) for n, d in files.items()]
    legacy.git("fast-import", "--quiet", data=b"".join(lines))


def rewritten(legacy: Legacy) -> tuple[Any, ...]:
    source = Source(legacy.place)
    found = scan(source, Selection(("*.pkl",)), [legacy.id("main").encode()], [], quiet)
    pack = Pack(legacy.place.own + b"-pack")
    objects = {oid: Object(oid.hex()[:32], size.real) for oid, size in found.blobs.items()}
    trees = rewrite.Trees(found, Above(source, found, Reader(found.versions)), objects, dvc_files(), pack)
    asked = [(root, carried) for root in found.roots for carried in (False, True)]
    roots = [(trees.root(*root), trees.added_dvc(*root)) for root in asked]
    pack.abandon()
    source.close()
    return roots, trees.stays, trees.moved, trees.dropped, trees.clashing, pack.count


@pytest.mark.parametrize("folder", ["", "daily/"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_versions_made_of_the_last_one_are_those_that_are_made_anew(
    legacy: Legacy, monkeypatch: pytest.MonkeyPatch, seed: int, folder: str
) -> None:
    made: list[bytes] = []
    following = rewrite.Trees._next

    def noted(*args: Any) -> bytes:
        made.append(following(*args))
        return made[-1]

    monkeypatch.setattr(rewrite.Trees, "_next", noted)
    monkeypatch.setattr(treeversions, "WORTH", 0)
    written(legacy, history(seed, folder))
    found = rewritten(legacy)
    assert sum(map(bool, made)) >= 20
    made.clear()
    monkeypatch.setattr(treeversions, "WORTH", 1 << 30)
    assert rewritten(legacy) == found
    assert not any(made)


@pytest.mark.parametrize("seed", [1, 2])
def test_what_is_forgotten_is_decided_once_more_in_the_same_way(
    legacy: Legacy, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    written(legacy, history(seed, "daily/"))
    found = rewritten(legacy)
    forgotten: list[int] = []
    forget = versions.Settled.forget_gone

    def noted(settled: versions.Settled, entries: Any) -> None:
        before = len(settled.pointers)
        forget(settled, entries)
        assert settled.pointers.keys() <= set(entries)
        assert settled.ignored.keys() <= settled.pointers.keys()
        forgotten.append(before - len(settled.pointers))

    monkeypatch.setattr(versions.Settled, "forget_gone", noted)
    for module in (versions, rewrite):
        monkeypatch.setattr(module, "MAX_GONE", -1000)
    monkeypatch.setattr(rewrite, "MAX_DONE", 0)
    assert rewritten(legacy) == found
    assert sum(forgotten) >= 5


def folders(seed: int) -> list[dict[str, bytes]]:
    """Return versions in which a folder of sources differs, mostly, and now and then one of anything else."""
    draw = random.Random(seed)
    files = {f"{name}/{n}.py": b"1" for name in ("src", "lib", "a-b", "a.b", "a") for n in range(3)}
    files.update({"models/a.pkl": b"1", "top.pkl": b"1", "setup.py": b"1"})
    rare = ["models/a.pkl", "setup.py", "src/a.pkl", "a/.gitignore", "lib/x.dvc", "models/x.py", ".dvcignore"]
    found = []
    for number in range(60):
        for _ in range(draw.choice([1, 1, 2])):
            files[draw.choice([name for name in files if name.endswith("/1.py")])] = b"%d" % number
        if number % 7 == 6:
            name = draw.choice([*rare, "lib/0.py"])
            if files.pop(name, None) is None:
                files[name] = b"/build\n"
        found.append(dict(files))
    return found


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_root_made_of_the_last_one_is_the_one_that_is_made_anew(
    legacy: Legacy, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    made: list[bool] = []
    following = LastRoot.turn_into

    def noted(*args: Any) -> bool:
        made.append(following(*args))
        return made[-1]

    monkeypatch.setattr(LastRoot, "turn_into", noted)
    written(legacy, folders(seed))
    found = rewritten(legacy)
    assert sum(made) >= 20
    assert not all(made)
    monkeypatch.setattr(LastRoot, "turn_into", lambda *_: False)
    assert rewritten(legacy) == found


@pytest.mark.parametrize("zeros", [b"", b"0"])
def test_a_root_with_zeros_before_its_modes_has_its_ids_elsewhere(zeros: bytes) -> None:
    plain = [(b"40000", b"src", b"1" * 20), (b"100644", b"x", b"2" * 20)]
    after = raw(plain).replace(b"1" * 20, b"3" * 20)
    last = LastRoot(zeros + raw(plain), plain, raw(plain), False)
    assert last.turn_into(zeros + after, KeptTrees())
    assert last.new == after
    assert not last.turn_into(zeros + after[:-1] + b"4", KeptTrees())


@pytest.mark.parametrize("mask_and_dvc", [(1, False), (0, True)])
@pytest.mark.parametrize("kept", [b"1" * 20, b"3" * 20])
def test_a_root_whose_folder_has_something_of_interest_before_or_after_is_made_anew(
    mask_and_dvc: tuple[int, bool], kept: bytes
) -> None:
    entries = [(b"40000", b"src", b"1" * 20)]
    trees = KeptTrees()
    trees.add(b"src/", kept, *mask_and_dvc)
    last = LastRoot(raw(entries), entries, raw(entries), False)
    assert not last.turn_into(raw([(b"40000", b"src", b"3" * 20)]), trees)


def test_a_link_whose_name_differs_by_case_is_told_though_it_comes_last(legacy: Legacy) -> None:
    files: Files = {f"daily/{n:02}.pkl": b"1" for n in range(40)}
    legacy.commit(files)
    legacy.commit({**files, "daily/05.PKL": ("120000", b"05.pkl")})
    *_, clashing, _ = rewritten(legacy)
    assert clashing == {b"daily/05.PKL", b"daily/05.pkl"}


def raw(entries: list[Entry]) -> bytes:
    return b"".join(b"%s %s\0%s" % entry for entry in entries)


def grown(count: int) -> list[Entry]:
    return [(b"100644", b"file-%04d" % n, b"%020d" % n) for n in range(count)]


IDS = st.sampled_from([b"\0" * 20, b"100644 a\0" + bytes(11), b"a" * 20])
LISTS = st.lists(
    st.tuples(st.just(b"100644"), st.sampled_from([b"%d" % n for n in range(30)]), IDS),
    min_size=1, max_size=30, unique_by=lambda entry: entry[1],
).map(sorted)  # fmt: skip


@given(LISTS, st.lists(LISTS, max_size=4))
def test_a_version_becomes_each_other_one(first: list[Entry], others: list[list[Entry]]) -> None:
    last = LastVersion(raw(first), first, NOTHING, False)
    last.became(first, {})
    for entries in others:
        found = last.difference(raw(entries))
        assert found is not None
        last.turn_into(found, found.new, {name: b"/" + name for _, name, _ in found.new[::2]})
        assert last.tree() == tree_bytes(entries)
        assert last.names == {name for _, name, _ in entries}
        assert last.lines.written == sorted(last.lines.written)
        assert set(last.lines.written) <= {b"/" + name for name in last.names}


@given(LISTS, LISTS, st.integers(0, 900))
def test_bytes_that_are_no_tree_are_no_next_version(one: list[Entry], other: list[Entry], end: int) -> None:
    last = LastVersion(raw(one), one, NOTHING, False)
    damaged = raw(other)[:end]
    if raw(tree_parser()(damaged)) != damaged:
        assert last.difference(damaged) is None


@pytest.mark.parametrize(
    "entry",
    [
        (b"40000", b"g", bytes(20)), (b"100644", b".gitignore", bytes(20)), (b"100644", b".dvcignore", bytes(20)),
        (b"100644", b"file-0003.dvc", bytes(20)), (b"100644", b"file-0003", b"2" * 20), (b"100644", b"a/b", bytes(20)),
        (b"100644", b".git", bytes(20)), (b"40000", b".dvc", bytes(20)), (b"100644", b"g", bytes(19)),
        (b"0100644", b"g", bytes(20)),
    ],
)  # fmt: skip
def test_what_is_more_than_a_file_that_came_is_made_anew(entry: Entry) -> None:
    before = grown(9)
    last = LastVersion(raw(before), before, NOTHING, False)
    assert last.difference(raw([*before, entry])) is None
    assert last.difference(raw([*before, (b"100644", b"g", bytes(20))])) is not None


def test_a_file_whose_pointer_is_beside_it_or_a_hundred_files_at_once_are_made_anew() -> None:
    before = [*grown(9), (b"100644", b"g.dvc", bytes(20))]
    last = LastVersion(raw(before), before, NOTHING, False)
    assert last.difference(raw(sorted([*before, (b"100644", b"g", bytes(20))]))) is None
    assert last.difference(raw([*grown(109), before[-1]])) is None
