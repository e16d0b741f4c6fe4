"""`use --merge`: what has no merge by rows is refused, with the reason and the command that helps."""

from __future__ import annotations

import pytest

from tests.checkout.conftest import World
from tests.helpers.support import Repo
from trinity_guard.commands.terminal import tables
from trinity_guard.detect import conflicts
from trinity_guard.detect.conflicts import BASE, OURS, THEIRS, Conflict
from trinity_guard.dvcrepo import noted, pointer
from trinity_guard.dvcrepo.project import Caches
from trinity_guard.errors import GuardError

ROWS = b"id,x\n1,5\n2,6\n"


@pytest.fixture
def world(bare_repo: Repo, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.chdir(bare_repo.path)
    return World(bare_repo)


def conflict(world: World, name: str, ours: bytes | None, base: bytes | None, theirs: bytes | None) -> Conflict:
    found = Conflict(f"{name}.dvc".encode(), unmerged=True)
    for side, data in ((OURS, ours), (BASE, base), (THEIRS, theirs)):
        found.versions[side] = None if data is None else pointer.encode(world.hold(data), len(data), name)
    return found


def merge(world: World, found: Conflict, prefer: str = "", key: tuple[str, ...] = ()) -> bytes:
    made = pointer.decode(tables.Merge(prefer, [*key]).version(found, world.place, "") or b"", found.path)
    return world.object(made.outs[0].md5).read_bytes()


@pytest.mark.parametrize(
    ("name", "ours", "base", "theirs", "problem"),
    [
        ("t.parquet", ROWS, ROWS[:-4], ROWS[:-2], "t.parquet.dvc: only csv and tsv are merged by rows."),
        ("t.csv", None, ROWS, ROWS + b"3,7\n", "t.csv.dvc: one side has deleted it."),
        ("t.csv", b"id\n1,2\n", ROWS, b"id\n2\n", "t.csv.dvc: one version is no table that can be merged: its row 1"),
        ("t.csv", b"id,x\n1,\xe9\n", b"id,x\n1,5\n", b"id,x\n1,5\n2,\xd0\xb6\n", "has no letter 'ж'"),
    ],
)
def test_what_is_no_table_with_three_versions_is_refused(
    world: World, name: str, ours: bytes | None, base: bytes, theirs: bytes, problem: str
) -> None:
    with pytest.raises(GuardError) as raised:
        merge(world, conflict(world, name, ours, base, theirs))
    assert problem in raised.value.problem
    assert raised.value.remedy == f"trinity-guard use --ours {name}     # or --theirs"


@pytest.mark.parametrize(
    ("name", "ours", "base", "theirs"),
    [
        ("t.csv", ROWS, ROWS[:-4], ROWS + b"3,7\n"),
        ("t.csv", ROWS, None, ROWS + b"3,7\n"),
        ("t.tsv", ROWS.decode().encode("utf-16"), ROWS[:-4], ROWS),
        ("t.csv", ROWS, ROWS[:-4], b"PK\3\4\0\0a sheet that is called a csv"),
        ("t.csv", ROWS, b"\0\1", ROWS[:-4]),
        ("t.csv", ROWS, ROWS[:-4], ROWS + b"3,7\n" * 100),
        ("t.csv", None, ROWS, ROWS[:-4]),
        ("t.parquet", ROWS, ROWS[:-4], ROWS + b"3,7\n"),
    ],
)
def test_a_merge_is_offered_where_there_is_one(
    world: World, name: str, ours: bytes | None, base: bytes | None, theirs: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (tables, conflicts):
        monkeypatch.setattr(module, "MAX_MERGED", 300)
    found = conflict(world, name, ours, base, theirs)
    found.caches = Caches(world.place)
    offered = f"trinity-guard use --merge {name} " in conflicts.remedy(found)
    try:
        merge(world, found, "ours")
        done = True
    except GuardError:
        done = False
    assert offered == done


def test_no_merge_by_rows_is_offered_where_both_sides_have_another_name_for_it(world: World) -> None:
    found = conflict(world, "t.csv", ROWS, ROWS[:-4], ROWS + b"3,7\n")
    for side, name in ((OURS, b"one.csv"), (THEIRS, b"other.csv")):
        found.versions[side] = (found.versions[side] or b"").replace(b"t.csv", name)
    assert "--merge" not in conflicts.remedy(found)
    found.versions[THEIRS] = b"outs: ["
    assert "--merge" not in conflicts.remedy(found)


def test_an_unknown_base_is_not_taken_for_none(world: World) -> None:
    """What one side removed would come back."""
    found = conflict(world, "t.csv", ROWS + b"3,7\n", ROWS, b"id,x\n1,5\n")
    del found.versions[BASE]
    with pytest.raises(GuardError, match="the version 'base' is not known"):
        merge(world, found)


def test_what_would_take_gigabytes_of_memory_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MAX_MERGED", 40)
    found = conflict(world, "t.csv", ROWS + b"3,7\n", ROWS, ROWS + b"4,7\n")
    with pytest.raises(GuardError, match="its versions have 47 B together, and rows are merged in memory, up to 40 B"):
        merge(world, found)


LOG = b"day,x\nmon,\nmon,\ntue,5\n"


@pytest.mark.parametrize(
    ("ours", "theirs", "result"),
    [
        (LOG + b"wed,1\n", LOG + b"wed,1\nthu,\n", LOG + b"wed,1\nthu,\n"),
        (LOG + b"mon,\n", LOG.replace(b"tue,5", b"tue,6"), b"day,x\nmon,\nmon,\ntue,6\nmon,\n"),
        (LOG.replace(b"mon,\n", b"", 1), LOG + b"wed,1\n", b"day,x\nmon,\ntue,5\nwed,1\n"),
    ],
)
def test_rows_that_nothing_tells_are_joined_as_lines_are(
    world: World, ours: bytes, theirs: bytes, result: bytes
) -> None:
    merging = tables.Merge("", [])
    found = conflict(world, "t.csv", ours, LOG, theirs)
    made = pointer.decode(merging.version(found, world.place, "") or b"", found.path)
    data = world.object(made.outs[0].md5).read_bytes()
    assert sorted(data.splitlines()) == sorted(result.splitlines())
    assert data.startswith(b"day,x\n")
    assert "t.csv.dvc has both sides' rows, each told by all its cells: theirs " in merging.told(found.path, b"")


def test_rows_that_nothing_tells_and_both_may_have_changed_are_refused(world: World) -> None:
    found = conflict(world, "t.csv", LOG.replace(b"5", b"6"), LOG, LOG.replace(b"5", b"7"))
    with pytest.raises(GuardError, match="no column tells its rows, and both sides removed 1 row") as raised:
        merge(world, found)
    assert raised.value.remedy == "trinity-guard use --ours t.csv     # or --theirs"


@pytest.mark.parametrize("sides", [(OURS, THEIRS), (THEIRS, OURS)])
def test_a_row_that_nothing_tells_and_one_side_removed_while_the_other_changed_it_is_refused(
    world: World, sides: tuple[str, str]
) -> None:
    found = conflict(world, "t.csv", LOG, LOG, LOG)
    changed, removed = LOG.replace(b"5", b"6"), b"".join(line for line in LOG.splitlines(True) if b"5" not in line)
    for side, data in zip(sides, (changed, removed), strict=True):
        found.versions[side] = pointer.encode(world.hold(data), len(data), "t.csv")
    with pytest.raises(GuardError, match="no column tells its rows, and both sides removed 1 row"):
        merge(world, found)


def test_rows_that_nothing_tells_in_other_columns_take_one_side(world: World) -> None:
    found = conflict(world, "t.csv", LOG, LOG, b"day,y\nmon,\nmon,\n")
    found.versions[OURS] = pointer.encode(world.hold(LOG + b"wed,\n"), len(LOG) + 5, "t.csv")
    with pytest.raises(GuardError, match="no column tells its rows") as raised:
        merge(world, found)
    assert raised.value.remedy == "trinity-guard use --ours t.csv     # or --theirs"


def test_all_that_both_changed_is_listed_harmless_and_a_named_key_stays(world: World) -> None:
    base = "id,x\n" + "".join(f"{n},5\n" for n in range(25))
    ours, theirs = base.replace(",5", ",\x1b[2J"), base.replace(",5", ",")
    found = conflict(world, "t.csv", ours.encode(), base.encode(), theirs.encode())
    with pytest.raises(GuardError) as raised:
        merge(world, found, key=("id",))
    lines = raised.value.problem.splitlines()
    assert lines[1] == r"  id 0, column x: ours \x1b[2J, theirs ∅, base 5"
    assert lines[-1] == "  and 5 more"
    assert raised.value.remedy.startswith("trinity-guard use --merge --ours --key id t.csv ")
    assert merge(world, found, "theirs", ("id",)) == theirs.encode()


def test_facts_in_the_pointer_are_those_of_the_merged_table(world: World) -> None:
    found = conflict(world, "t.csv", ROWS + b"3,7\n", ROWS, ROWS + b"4,8\n")
    found.versions[OURS] = noted.with_facts(
        found.versions[OURS] or b"", {"rows": 3, "columns": 2, "of": "a"}, plain=True
    )
    made = tables.Merge("", []).version(found, world.place, "") or b""
    md5 = pointer.decode(made, found.path).outs[0].md5
    assert made == noted.with_facts(
        pointer.encode(md5, 21, "t.csv"), {"rows": 4, "columns": 2, "of": md5}, plain=True
    )  # what conversion writes


def test_a_found_key_that_both_sides_may_have_changed_must_be_named(world: World) -> None:
    """Or the row would be there twice, as either side has it."""
    base = b"rent,city\n800,Ulm\n650,Ulm\n700,Ulm\n"
    found = conflict(world, "t.csv", base.replace(b"800", b"820"), base, base.replace(b"800", b"830"))
    with pytest.raises(GuardError) as raised:
        merge(world, found)
    assert raised.value.problem == (
        "t.csv.dvc: by rent both sides removed 1 row and both added others, which may be rows that both changed."
    )
    assert raised.value.remedy.startswith("trinity-guard use --merge --key rent t.csv ")
    assert sorted(merge(world, found, key=("rent",)).split()) == sorted(
        b"rent,city 820,Ulm 830,Ulm 650,Ulm 700,Ulm".split()
    )


def test_tabs_part_the_cells_of_a_tsv(world: World) -> None:
    found = conflict(world, "t.tsv", b"id\tx\n1\ta,b\n", b"id\tx\n1\ta\n", b"id\tx\n1\ta\n2\tc\n")
    assert merge(world, found) == b"id\tx\n1\ta,b\n2\tc\n"


def test_rows_that_one_side_alone_changed_are_taken_as_they_are(world: World) -> None:
    """The pointers conflict in their other lines."""
    found = conflict(world, "t.csv", ROWS, ROWS, ROWS + b"3\n")
    side = tables.Merge("", [])
    made = side.version(found, world.place, "")
    assert made == found.versions[THEIRS]
    assert side.told(found.path, made) == "t.csv.dvc: only one side changed the rows, and they are as there; staged."
