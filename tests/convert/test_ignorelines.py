"""Which line goes into which .gitignore: the index's and the working tree's each by itself, and none in vain."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.convert.conftest import World
from trinity_guard import git
from trinity_guard.convert import ignorelines
from trinity_guard.errors import GuardError
from trinity_guard.git import index, mergedriver

Lines = dict[bytes, bytes]


def planned(world: World, *paths: bytes) -> tuple[Lines, Lines]:
    """Return the new contents of .gitignore files, in the index and in the working tree."""
    plan = ignorelines.plan(world.place, world.catalog().entries, paths)
    return dict(plan.for_index), dict(plan.for_tree)


@pytest.mark.parametrize(
    ("path", "file"),
    [
        (b"a.csv", b".gitignore"),
        (b"d/e/a.csv", b"d/e/.gitignore"),
        (b"d/\xff\n/a.csv", b"d/\xff\n/.gitignore"),
        (b".gitignore", b".gitignore"),
    ],
)
def test_the_line_stands_in_the_file_s_own_folder(path: bytes, file: bytes) -> None:
    assert ignorelines.file_for(path) == file


# --- one file, the same in the index and in the working tree

SHAPES = {
    "empty": (b"", b"/a.csv\n"),
    "whole": (b"*.tmp\n", b"*.tmp\n/a.csv\n"),
    "without a newline at its end": (b"*.tmp", b"*.tmp\n/a.csv\n"),
    "crlf": (b"*.tmp\r\n", b"*.tmp\r\n/a.csv\n"),
    "crlf, without one at its end": (b"*.tmp\r\n*.o", b"*.tmp\r\n*.o\n/a.csv\n"),
    "byte order mark": (b"\xef\xbb\xbf*.tmp\n", b"\xef\xbb\xbf*.tmp\n/a.csv\n"),
    "not UTF-8": (b"caf\xe9\n", b"caf\xe9\n/a.csv\n"),
    "blank lines at its end": (b"*.tmp\n\n\n", b"*.tmp\n\n\n/a.csv\n"),
    "a comment of it": (b"# /a.csv\n", b"# /a.csv\n/a.csv\n"),
    "taken back": (b"/a.csv\n!a.csv\n", b"/a.csv\n!a.csv\n/a.csv\n"),
    "taken back by another": (b"*.csv\n!a.*\n", b"*.csv\n!a.*\n/a.csv\n"),
    "a folder of that name": (b"/a.csv/\n", b"/a.csv/\n/a.csv\n"),
}


@pytest.mark.parametrize(("before", "after"), SHAPES.values(), ids=SHAPES)
def test_a_line_is_added_to_a_gitignore_of_any_shape(world: World, before: bytes, after: bytes) -> None:
    world.repo.stage(".gitignore", before)
    assert planned(world, b"a.csv") == ({b".gitignore": after}, {b".gitignore": after})
    assert not world.ignored("a.csv")
    world.repo.write(".gitignore", after)
    assert world.ignored("a.csv")


IGNORING = {
    "the very line": b"/a.csv\n",
    "the line, crlf": b"*.tmp\r\n/a.csv\r\n",
    "the line, without a newline at its end": b"/a.csv",
    "below a byte order mark": b"\xef\xbb\xbf/a.csv\n",
    "a pattern": b"*.csv\n",
    "taken back and put in again": b"/a.csv\n!a.csv\n*.csv\n",
}


@pytest.mark.parametrize("content", IGNORING.values(), ids=IGNORING)
def test_what_is_ignored_already_needs_no_line(world: World, content: bytes) -> None:
    world.repo.stage(".gitignore", content)
    assert planned(world, b"a.csv") == ({}, {})


def test_what_is_ignored_and_staged_all_the_same_needs_no_line(world: World) -> None:
    world.repo.stage(".gitignore", b"*.csv\n")
    world.repo.stage("a.csv", b"a,b\n")
    assert planned(world, b"a.csv") == ({}, {})


def test_without_a_gitignore_there_is_a_new_one(world: World) -> None:
    plan = ignorelines.plan(world.place, world.catalog().entries, [b"d/a.csv"])
    assert (plan.for_index, plan.for_tree) == ([(b"d/.gitignore", b"/a.csv\n")],) * 2
    assert plan.added_names == {b"d/a.csv": b"a.csv"}
    assert plan.mode(b"d/.gitignore") == index.REGULAR


def test_an_executable_gitignore_stays_one(world: World) -> None:
    world.repo.write(".gitignore")
    world.repo.file(".gitignore").chmod(0o755)
    world.repo.git("add", ".gitignore")
    plan = ignorelines.plan(world.place, world.catalog().entries, [b"a.csv", b"d/b.csv"])
    assert plan.mode(b".gitignore") == index.EXECUTABLE
    assert plan.mode(b"d/.gitignore") == index.REGULAR


def test_names_that_git_reads_as_patterns_or_magic_are_asked_about_as_they_are(world: World) -> None:
    names = [b":x.csv", b"[a].csv", b"new\nline.csv", b"-x.csv", b"\xff.csv", b"*.csv"]
    lines = b"/:x.csv\n/\\[a\\].csv\n/new?line.csv\n/-x.csv\n/\xff.csv\n/\\*.csv\n"
    assert planned(world, *names) == ({b".gitignore": lines}, {b".gitignore": lines})
    world.repo.stage(".gitignore", lines)
    assert planned(world, *names) == ({}, {})


def test_several_files_and_folders_are_planned_at_once_in_their_order(world: World) -> None:
    world.repo.stage("d/.gitignore", b"b.csv\n")
    plan = ignorelines.plan(world.place, world.catalog().entries, [b"d/c.csv", b"a.csv", b"d/b.csv", b"d/a.csv"])
    assert plan.for_index == [(b".gitignore", b"/a.csv\n"), (b"d/.gitignore", b"b.csv\n/c.csv\n/a.csv\n")]
    assert plan.for_tree == plan.for_index
    assert plan.added_names == {b"d/c.csv": b"c.csv", b"a.csv": b"a.csv", b"d/a.csv": b"a.csv"}


def test_a_pattern_above_the_folder_is_enough(world: World) -> None:
    world.repo.stage(".gitignore", b"*.csv\n")
    assert planned(world, b"d/e/a.csv") == ({}, {})


# --- the index and the working tree differ

UNSTAGED = {
    "lines that are not staged stay so": (
        b"*.tmp\n",
        b"*.tmp\n*.mine\n",
        b"*.tmp\n/a.csv\n",
        b"*.tmp\n*.mine\n/a.csv\n",
    ),
    "lines that are no longer in the file": (b"*.tmp\n*.o\n", b"*.o\n", b"*.tmp\n*.o\n/a.csv\n", b"*.o\n/a.csv\n"),
    "a file that is not staged": (None, b"*.mine\n", b"/a.csv\n", b"*.mine\n/a.csv\n"),
    "a file that is staged alone": (b"*.tmp\n", None, b"*.tmp\n/a.csv\n", b"/a.csv\n"),
    "a line that is not staged": (b"*.tmp\n", b"*.tmp\n/a.csv\n", b"*.tmp\n/a.csv\n", None),
    "a pattern in a file that is not staged": (None, b"*.csv\n", b"/a.csv\n", None),
    "a line that is staged, and gone from the file": (b"/a.csv\n", b"*.o\n", None, b"*.o\n/a.csv\n"),
    "a staged line under another that is not": (b"*.csv\n", b"*.csv\n*.mine\n", None, None),
    "a staged line that ends in a tab": (b"*.csv\t\n", b"*.csv\n", b"*.csv\t\n/a.csv\n", None),
    "a staged line that is longer": (b"*.csvX\n", b"*.csv\n", b"*.csvX\n/a.csv\n", None),
}


@pytest.mark.parametrize(("staged", "working", "for_index", "for_tree"), UNSTAGED.values(), ids=UNSTAGED)
def test_each_gets_the_line_that_it_lacks(
    world: World, staged: bytes | None, working: bytes | None, for_index: bytes | None, for_tree: bytes | None
) -> None:
    if staged is not None:
        world.repo.stage(".gitignore", staged)
    if working is None:
        world.repo.file(".gitignore").unlink(missing_ok=True)
    else:
        world.repo.write(".gitignore", working)
    wanted = ({b".gitignore": for_index} if for_index else {}, {b".gitignore": for_tree} if for_tree else {})
    assert planned(world, b"a.csv") == wanted


@pytest.mark.parametrize(
    ("staged", "name"),
    [
        (b"*.csv\r\n", b"a.csv"),
        (b"* b.csv\n", b"a b.csv"),
        (b"*.csv  \n", b"a.csv"),
        (b"*.csv  \r\n", b"a.csv"),
        (b"*.csv\\ \n", b"a.csv "),
        (b"*.csv\t\n", b"a.csv\t"),
        (b"\xef\xbb\xbf*.csv\n", b"a.csv"),
        (b"*.csvX", b"a.csvX"),
    ],
)
def test_a_staged_line_is_known_however_it_is_written(world: World, staged: bytes, name: bytes) -> None:
    world.repo.stage(".gitignore", staged)
    world.repo.write(".gitignore", staged + b"\n*.mine\n")
    assert planned(world, name) == ({}, {})


def test_a_gitignore_that_is_staged_as_it_is_needs_no_line_whatever_git_drops_of_its_own(world: World) -> None:
    world.repo.stage(".gitignore", b"*.csv\\  \n")
    assert planned(world, b"a.csv ") == ({}, {})


def test_a_pattern_above_that_is_not_staged_is_no_ground_to_leave_the_line_out(world: World) -> None:
    world.repo.write(".gitignore", b"*.csv\n")
    assert planned(world, b"d/a.csv") == ({b"d/.gitignore": b"/a.csv\n"}, {})


def test_a_pattern_above_that_is_staged_is_one_though_the_file_has_more(world: World) -> None:
    world.repo.stage(".gitignore", b"*.csv\n")
    world.repo.write(".gitignore", b"# mine\n*.csv\n")
    assert planned(world, b"d/a.csv") == ({}, {})


@pytest.mark.parametrize("where", ["exclude", "global"])
def test_one_s_own_excludes_need_no_line_as_for_dvc(world: World, where: str) -> None:
    if where == "exclude":
        world.repo.write(".git/info/exclude", b"*.csv\n")
    else:
        mine = world.repo.path.parent / ".gitignore"
        mine.write_bytes(b"*.csv\n")
        world.repo.git("config", "core.excludesFile", str(mine))
    assert planned(world, b"a.csv") == ({}, {})


# --- refused


@pytest.mark.parametrize("target", ["elsewhere", ".dvc"])
@pytest.mark.parametrize("where", ["index", "working tree"])
def test_a_symlink_in_its_place_is_refused(world: World, where: str, target: str) -> None:
    file = world.repo.file(".gitignore")
    file.symlink_to(target)
    if where == "index":
        world.repo.git("add", ".gitignore")
        file.unlink()
        world.repo.write(".gitignore", b"")
    with pytest.raises(GuardError, match=r"^\.gitignore is a symlink, which Git does not read\.$") as caught:
        planned(world, b"a.csv")
    assert caught.value.remedy == "replace it by a file of its own, then try again"


def test_a_symlink_that_nothing_has_to_be_written_to_is_left_alone(world: World) -> None:
    world.repo.stage(".gitignore", b"*.csv\n")
    world.repo.file("d").mkdir()
    world.repo.file("d/.gitignore").symlink_to("elsewhere")
    world.repo.git("add", "d/.gitignore")
    assert planned(world, b"d/a.csv") == ({}, {})


HIDING = {
    "the pointers": (".gitignore", b"*.dvc\n", r"\.gitignore: \*\.dvc", "add the line !*.dvc below it in .gitignore"),
    "all of a folder": (
        ".gitignore",
        b"d/\n",
        r"\.gitignore: d/",
        "in .gitignore write d/** in place of d/, and below it\n!d/**/\n!*.dvc",
    ),
    "all that is in a folder": (
        ".gitignore",
        b"d/*\n",
        r"\.gitignore: d/\*",
        "in .gitignore write d/** in place of d/*, and below it\n!d/**/\n!*.dvc",
    ),
    "all that is below a folder": (
        ".gitignore",
        b"d/**\n",
        r"\.gitignore: d/\*\*",
        "in .gitignore write d/** in place of d/**, and below it\n!d/**/\n!*.dvc",
    ),
    "all that is at the top": (
        ".gitignore",
        b"/*\n",
        r"\.gitignore: /\*",
        "in .gitignore write /** in place of /*, and below it\n!/**/\n!*.dvc",
    ),
    "all": (".gitignore", b"*\n", r"\.gitignore: \*", "below it in .gitignore add\n!*/\n!*.dvc"),
    "in one's own excludes": (
        ".git/info/exclude",
        b"*.csv*\n",
        r"\.git/info/exclude: \*\.csv\*",
        "add the line !*.dvc below it in .git/info/exclude",
    ),
}


@pytest.mark.parametrize(("file", "content", "rule", "remedy"), HIDING.values(), ids=HIDING)
def test_a_pointer_that_git_would_ignore_is_refused_with_the_rule(
    world: World, file: str, content: bytes, rule: str, remedy: str
) -> None:
    world.repo.write(file, content)
    why = rf"^d/a\.csv\.dvc would be ignored by Git \({rule}\), and DVC skips it\.$"
    with pytest.raises(GuardError, match=why) as caught:
        planned(world, b"d/a.csv")
    assert caught.value.remedy == remedy


@pytest.mark.parametrize(
    "content", [b"*.dvc\n!*.dvc\n", b"d/**\n!d/**/\n!*.dvc\n", b"/**\n!/**/\n!*.dvc\n", b"*\n!*/\n!*.dvc\n"]
)
def test_as_that_says_pointers_are_let_through(world: World, content: bytes) -> None:
    world.repo.write(".gitignore", content)
    planned(world, b"d/a.csv", b"d/e/b.csv")


def test_a_pointer_that_is_taken_out_of_a_pattern_is_none(world: World) -> None:
    world.repo.stage(".gitignore", b"*.csv*\n!*.dvc\n")
    assert planned(world, b"a.csv") == ({}, {})


def test_a_git_that_fails_is_no_git_that_finds_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", str(world.repo.path / "none"))
    with pytest.raises(GuardError, match="`git check-ignore` failed"):
        ignorelines.plan(world.place, {}, [b"a.csv"])


# --- many of them


def counted(monkeypatch: pytest.MonkeyPatch, *names: str) -> list[str]:
    """Return the calls of these functions, from now on, by their names."""
    calls: list[str] = []

    def counting(name: str) -> Callable[..., object]:
        real = getattr(ignorelines, name)

        def call(*args: object) -> object:
            calls.append(name)
            return real(*args)

        return call

    for name in names:
        monkeypatch.setattr(ignorelines, name, counting(name))
    return calls


@pytest.mark.parametrize("count", [1, 40])
def test_each_folder_is_looked_at_as_often_however_many_there_are(
    world: World, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    calls = counted(monkeypatch, "file_for", "read_if_there", "with_lines")
    for_index, _ = planned(world, *[b"d%d/a.csv" % i for i in range(count)])
    assert len(for_index) == count
    assert {name: calls.count(name) for name in calls} == {
        "file_for": 2 * count,
        "read_if_there": count,
        "with_lines": 2 * count,
    }


@pytest.mark.parametrize("count", [1, 40])
def test_a_folder_s_file_is_read_and_extended_once_however_many_artifacts(
    world: World, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    world.repo.stage(".gitignore", b"*.tmp\n")
    world.repo.write(".gitignore", b"*.tmp\n*.csv\n")  # a line that is not staged, and ignores all of them
    calls = counted(monkeypatch, "read_if_there", "with_lines", "_patterns")
    for_index, for_tree = planned(world, *[b"a%d.csv" % i for i in range(count)])
    assert for_index[b".gitignore"].count(b"\n") == count + 1
    assert not for_tree
    assert {name: calls.count(name) for name in calls} == {"read_if_there": 2, "with_lines": 2, "_patterns": 1}


@pytest.mark.parametrize("count", [1, 40])
def test_the_lines_of_what_is_gone_go_from_a_folder_s_file_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    gone = [b"a%d.csv" % i for i in range(count)]
    world.repo.stage(".gitignore", b"*.tmp\n" + b"".join(b"/%s\n" % name for name in gone))
    calls = counted(monkeypatch, "read_if_there", "without_lines")
    plan = ignorelines.plan(world.place, world.catalog().entries, [], gone)
    assert plan.for_index == plan.for_tree == [(b".gitignore", b"*.tmp\n")]
    assert plan.taken_names == {name: name for name in gone}
    assert {name: calls.count(name) for name in calls} == {"read_if_there": 1, "without_lines": 2}


def test_where_git_tells_no_case_the_line_that_goes_is_none_for_what_comes(world: World) -> None:
    world.repo.git("config", "core.ignorecase", "true")
    world.repo.stage(".gitignore", b"/model.csv\n")
    plan = ignorelines.plan(world.place, world.catalog().entries, [b"Model.csv"], [b"model.csv"])
    assert plan.for_index == plan.for_tree == [(b".gitignore", b"/Model.csv\n")]


# --- what is gone

Both = tuple[bytes | None, bytes | None]
GONE: dict[str, tuple[Both, Both]] = {
    # what is staged, and in the work tree: before, and after
    "our line alone": ((b"/a.csv\n", b"/a.csv\n"), (None, None)),
    "more is staged": ((b"/a.csv\n*.o\n", b"/a.csv\n"), (b"*.o\n", None)),
    "more is in the work tree": ((b"/a.csv\n", b"*.o\n/a.csv\n"), (None, b"*.o\n")),
    "not staged": ((None, b"/a.csv\n"), (None, None)),
    "staged alone": ((b"/a.csv\n", None), (None, None)),
    "in the work tree alone": ((b"*.o\n", b"*.o\n/a.csv\n"), (b"*.o\n", b"*.o\n")),
    "a pattern of the user's": ((b"*.csv\n", b"*.csv\n"), (b"*.csv\n", b"*.csv\n")),
    "no file": ((None, None), (None, None)),
    "an empty one": ((b"", b""), (b"", b"")),
}


def make(world: World, name: str, both: Both) -> None:
    """Stage the one version of a file, and have the other one in the work tree; None is no file."""
    staged, working = both
    if staged is not None:
        world.repo.stage(name, staged)
        world.repo.file(name).unlink()
    if working is not None:
        world.repo.write(name, working)


@pytest.mark.parametrize(("before", "after"), GONE.values(), ids=GONE)
def test_the_line_of_what_is_gone_goes_and_a_file_that_held_it_alone(world: World, before: Both, after: Both) -> None:
    make(world, ".gitignore", before)
    staged, working = before
    plan = ignorelines.plan(world.place, world.catalog().entries, [], [b"a.csv", b"never.csv"])
    file = b".gitignore"
    assert plan.for_index == ([(file, after[0])] if after[0] and after[0] != staged else [])
    assert plan.for_tree == ([(file, after[1])] if after[1] and after[1] != working else [])
    assert plan.to_drop == ([file] if staged and not after[0] else [])
    assert plan.to_unlink == ([file] if working and not after[1] else [])
    assert plan.taken_names == ({b"a.csv": b"a.csv"} if before != after else {})


def test_a_staged_link_is_no_file_of_lines(world: World) -> None:
    world.repo.file(".gitignore").symlink_to("/a.csv")
    world.repo.git("add", ".gitignore")
    plan = ignorelines.plan(world.place, world.catalog().entries, [], [b"a.csv"])
    assert (plan.for_index, plan.for_tree, plan.to_drop, plan.to_unlink) == ([], [], [], [])
    assert not plan.taken_names


def test_nobody_asks_git_about_no_file(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git, "attempt", pytest.fail)
    assert ignorelines.not_ignored([]) == []
    assert not ignorelines.plan(world.place, {}, []).for_tree


def test_what_no_rule_ignores_is_told(world: World) -> None:
    world.repo.write(".gitignore", b"*.csv\n!b.csv\n")
    assert ignorelines.not_ignored([b"c.txt", b"a.csv", b"b.csv"]) == [b"c.txt", b"b.csv"]


# --- how .gitignore files merge

UNION = mergedriver.COMMENT + b"\n" + mergedriver.LINE + b"\n"
OWN = b"*.txt text\n"
ATTRIBUTES: dict[str, tuple[Both, Both]] = {
    # what is staged, and in the work tree: before, and what is written
    "no file": ((None, None), (UNION, UNION)),
    "one of the user's": ((OWN, OWN), (OWN + UNION, OWN + UNION)),
    "with lines that are not staged": ((OWN, b"*.c diff\n" + OWN), (OWN + UNION, b"*.c diff\n" + OWN + UNION)),
    "ours": ((OWN + UNION, OWN + UNION), (None, None)),
    "ours, not staged": ((None, OWN + UNION), (UNION, None)),
    "ours, gone from the file": ((OWN + UNION, OWN), (None, OWN + UNION)),
    "ours, staged later": ((OWN, OWN + UNION), (None, None)),
    "no longer there": ((OWN, None), (OWN + UNION, UNION)),
    "the user's word": ((b"* merge=mine\n",) * 2, (None, None)),
}


def attributes(world: World) -> tuple[Lines, Lines]:
    """Return what is written in the index and in the working tree, behind what was planned before."""
    plan = ignorelines.IgnorePlan({})
    plan.for_index, plan.for_tree = [(b"x", b"1")], [(b"y", b"2")]
    ignorelines.plan_attributes(world.place, world.catalog(), plan)
    assert (plan.for_index.pop(0), plan.for_tree.pop(0)) == ((b"x", b"1"), (b"y", b"2"))
    return dict(plan.for_index), dict(plan.for_tree)


@pytest.mark.parametrize(("before", "written"), ATTRIBUTES.values(), ids=ATTRIBUTES)
def test_gitignore_files_merge_by_union(
    world: World, monkeypatch: pytest.MonkeyPatch, before: Both, written: Both
) -> None:
    make(world, ".gitattributes", before)
    wanted = tuple({b".gitattributes": data} if data else {} for data in written)
    assert attributes(world) == wanted
    assert mergedriver.registered(world.place)
    monkeypatch.setattr(mergedriver, "register", pytest.fail)  # once
    assert attributes(world) == wanted


def test_a_staged_link_in_place_of_the_attributes_stays(world: World) -> None:
    world.repo.file(".gitattributes").symlink_to("elsewhere")
    world.repo.git("add", ".gitattributes")
    assert attributes(world) == ({}, {})
    world.repo.file(".gitattributes").unlink()
    world.repo.write(".gitattributes", OWN)
    assert attributes(world) == ({}, {})


@pytest.mark.parametrize("state", ["a link", "a conflict", "a temporary index"])
def test_attributes_wait_for_a_better_time(world: World, monkeypatch: pytest.MonkeyPatch, state: str) -> None:
    if state == "a link":
        world.repo.file(".gitattributes").symlink_to("elsewhere")
    elif state == "a conflict":
        oid = git.run("hash-object", "-w", "--stdin", data=OWN).strip()
        entries = b"".join(b"100644 %s %d\t.gitattributes\n" % (oid, stage) for stage in (2, 3))
        git.run("update-index", "--index-info", data=entries)
    else:
        monkeypatch.setenv("GIT_INDEX_FILE", str(world.repo.path / ".git" / "next"))
    assert attributes(world) == ({}, {})
    assert not mergedriver.registered(world.place)
