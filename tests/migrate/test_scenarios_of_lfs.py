"""The scenarios that git-lfs tests its `migrate` with, told in our words and replayed on our own repositories.

Only what the repository looks like, what is asked and what must hold is theirs. Where our contract is another one, the
test says so: no ref but the chosen ones moves, and what a remote has already is rewritten like the rest.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.support import run
from tests.migrate import driven
from tests.migrate.legacy import Legacy, lfs_pointer, md5, pointer_of, put_lfs_object
from tests.migrate.scenarios import (
    MadeOnce,
    Moves,
    Program,
    cached,
    cloned,
    made_once,
    mapped,
    names,
    ours,
    program,
    require_exactly,
    write,
)

pytestmark = pytest.mark.slow  # a minute and more together; .ci/run runs it with the other slow proofs

__all__ = ["made_once", "program"]

C120, P140, P30 = b"c" * 119 + b"\n", b"p" * 140, b"q" * 30
BOTH = ("--include", "*.csv", "*.pkl")
ALL = names(r".*\.(csv|pkl)")
MAIN, TOPIC = "refs/heads/main", "refs/heads/topic"


def two_branches(legacy: Legacy) -> None:
    """main has a table and a model; topic stands on it and has a smaller model."""
    base = legacy.commit({"a.csv": C120, "a.pkl": P140, "code.py": b"1\n"})
    legacy.commit({"a.csv": C120, "a.pkl": P30, "code.py": b"1\n"}, branch="topic", parents=[base])


def three_steps(legacy: Legacy) -> None:
    """A remote has the first commit, main the second one, topic the third one; each has sizes of its own."""
    sizes = (10, 20, 30)
    first, second, third = ({"a.csv": b"x" * n, "a.pkl": b"y" * (n + 1)} for n in sizes)
    oid = legacy.commit(first)
    legacy.git("update-ref", "refs/remotes/origin/main", oid)
    main = legacy.commit(second)
    legacy.commit(third, branch="topic", parents=[main])


def forge(legacy: Legacy) -> None:
    """A forge's own refs beside main and topic."""
    two_branches(legacy)
    legacy.git("update-ref", "refs/pull/1/base", "main")
    legacy.git("update-ref", "refs/pull/1/head", "topic")


def by_name_and_size(legacy: Legacy) -> None:
    """An empty commit, then a table of 120 bytes, one of 140 behind it by name, and a large file without an ending."""
    legacy.commit({})
    legacy.commit({"a.csv": C120, "b.csv": P140, "just-b": b"b" * 150})


def deep(legacy: Legacy) -> None:
    """One table, three folders down, and the same one at the top."""
    legacy.commit({"code.py": b"1\n", "foo/bar/baz/a.csv": C120})
    legacy.commit({"code.py": b"1\n", "foo/bar/baz/a.csv": C120, "a.csv": C120})


def folder_with_an_ending(legacy: Legacy) -> None:
    """A folder whose own name looks like a table's, with a table and something else in it."""
    legacy.commit({"a.csv": C120, "foo/a.csv": P30, "bar.csv/b.md": b"md", "bar.csv/b.csv": P140, "c.md": b"c"})


def copies(legacy: Legacy) -> None:
    """The same bytes at the top and in a folder."""
    legacy.commit({"a.csv": b"a.csv", "dir/a.csv": b"a.csv"})


def odd_names(legacy: Legacy) -> None:
    """Blanks, brackets and stars in names."""
    listed = ("test - special.csv", "test (test2) special.csv", "test * ** special.csv", "a file.csv")
    legacy.commit({name: name.encode() for name in listed})


def linked(legacy: Legacy) -> None:
    """A table, and a symbolic link to it of a table's name."""
    legacy.commit({"a.csv": C120})
    legacy.commit({"a.csv": C120, "link.csv": ("120000", b"a.csv")})


def executables(legacy: Legacy) -> None:
    """A file that becomes executable without another byte."""
    legacy.commit({"foo.csv": b"foo\n"})
    legacy.commit({"foo.csv": ("100755", b"foo\n")})


def same_names(legacy: Legacy) -> None:
    """A branch and a tag of one name, another tag on the same commit."""
    two_branches(legacy)
    oid = legacy.commit({"hello.pkl": b"hello"})
    legacy.git("branch", "foo", oid)
    legacy.git("tag", "foo", oid)
    legacy.git("tag", "bar", oid)


def ambiguous(legacy: Legacy) -> None:
    """A tag whose name is the id of HEAD, on another commit."""
    two_branches(legacy)
    legacy.git("update-ref", "refs/tags/" + legacy.id("main"), "topic")


def tags(legacy: Legacy) -> None:
    """A plain tag, an annotated one, and a tag of that tag."""
    legacy.commit({"a.csv": b"1"})
    legacy.commit({"a.csv": b"22"})
    legacy.git("tag", "plain")
    legacy.git("tag", "-a", "-m", "inner", "inner", "main")
    legacy.git("tag", "-a", "-m", "outer", "outer", "inner")


def not_lfs(legacy: Legacy) -> None:
    """Files whose text begins like a pointer of git-lfs, and is none."""
    head = b"version https://git-lfs.github.com/spec/v1\n"
    legacy.commit({"a.pkl": b"git-lfs\n", "b.pkl": b"not git-lfs\n", "c.pkl": head, "d.pkl": head + b"oid sha256:12\n"})


def with_attributes(legacy: Legacy) -> None:
    """An executable .gitattributes that sends the tables through git-lfs, in the second commit only."""
    legacy.commit({"a.csv": C120})
    legacy.commit({"a.csv": C120, ".gitattributes": ("100755", b"*.csv filter=lfs diff=lfs merge=lfs -text\n")})


def with_linked_attributes(legacy: Legacy) -> None:
    """A .gitattributes that is a symbolic link: nothing that we write, and so no hindrance."""
    legacy.commit({"a.csv": C120, "attrs": b"*.csv -text\n", ".gitattributes": ("120000", b"attrs")})


Maker = Callable[[Legacy], None]
PULLS = {"refs/pull/1/base", "refs/pull/1/head"}
PER_REF = {MAIN, TOPIC}
# what there is, what is asked, which refs move, which files do, how many objects the cache gets
TABLE: list[tuple[Maker, tuple[str, ...], set[str], Moves, int]] = [
    (two_branches, BOTH, {MAIN}, ALL, 2),
    (two_branches, (*BOTH, "--ref", "topic"), {TOPIC}, ALL, 3),
    (two_branches, ("--include", "*.pkl"), {MAIN}, names("a.pkl"), 1),
    (two_branches, ("--include", "*.pkl", "--ref", "topic"), {TOPIC}, names("a.pkl"), 2),
    (two_branches, (*BOTH, "--everything"), PER_REF, ALL, 3),
    (two_branches, ("--include", "*.[pP][kK][lL]", "--everything"), PER_REF, names("a.pkl"), 2),
    (two_branches, ("--include", "*", "--exclude", "*.py", "a.csv"), {MAIN}, names("a.pkl"), 1),
    (two_branches, ("--everything",), PER_REF, ALL, 3),
    (three_steps, BOTH, {MAIN}, ALL, 4),
    (three_steps, (*BOTH, "--ref", "topic"), {TOPIC}, ALL, 6),
    (three_steps, ("--include", "*.csv", "--ref", TOPIC), {TOPIC}, names("a.csv"), 3),
    (three_steps, (*BOTH, "--everything"), PER_REF, ALL, 6),
    (forge, (*BOTH, "--everything"), PER_REF | PULLS, ALL, 3),
    (by_name_and_size, ("--above", "121B"), {MAIN}, lambda _, data: len(data) > 121, 2),
    (by_name_and_size, ("--above", "120B"), {MAIN}, lambda _, data: len(data) > 120, 2),
    (by_name_and_size, ("--above", "119 B"), {MAIN}, lambda _, data: len(data) > 119, 3),
    (by_name_and_size, ("--above", "121", "--include", "*.csv"), {MAIN}, names(r"b\.csv"), 1),
    (by_name_and_size, ("--above", "121", "--exclude", "*.csv"), {MAIN}, names("just-b"), 1),
    (deep, ("--include", "*.csv"), {MAIN}, names(".*csv"), 1),
    (deep, ("--include", "foo/bar/baz/**"), {MAIN}, names("foo/.*"), 1),
    (deep, ("--include", "foo/**/baz/a.csv"), {MAIN}, names("foo/.*"), 1),
    (deep, ("--include", "**/*ar/**"), {MAIN}, names("foo/.*"), 1),
    (deep, ("--include", "foo/**"), {MAIN}, names("foo/.*"), 1),
    (deep, ("--include", "/a.csv"), {MAIN}, names(r"a\.csv"), 1),
    (copies, ("--above", "1b"), {MAIN}, ALL, 1),
    (copies, ("--include", "/a.csv"), {MAIN}, names(r"a\.csv"), 1),
    (odd_names, ("--above", "1b"), {MAIN}, ALL, 4),
    (odd_names, ("--include", "a file.csv"), {MAIN}, names("a file.csv"), 1),
    (linked, ("--include", "*.csv"), {MAIN}, names(".*csv"), 1),
    (executables, ("--include", "*.csv", "--everything"), {MAIN}, ALL, 1),
    (same_names, (*BOTH, "--everything"), {*PER_REF, "refs/heads/foo", "refs/tags/foo", "refs/tags/bar"}, ALL, 4),
    (same_names, (*BOTH, "--ref", "heads/foo"), {"refs/heads/foo"}, ALL, 3),
    (same_names, (*BOTH, "--ref", "foo"), {"refs/tags/foo"}, ALL, 3),
    (tags, (*BOTH, "--everything"), {MAIN, "refs/tags/plain", "refs/tags/inner", "refs/tags/outer"}, ALL, 2),
    (tags, (*BOTH, "--ref", "outer"), {"refs/tags/outer"}, ALL, 2),
    (not_lfs, ("--include", "*", "--everything"), {MAIN}, ALL, 4),
    (with_attributes, ("--include", "*.csv"), {MAIN}, ALL, 1),
    (with_linked_attributes, ("--include", "*.csv"), {MAIN}, ALL, 1),
]
IDS = [f"{row[0].__name__}: {' '.join(row[1])}" for row in TABLE]


@pytest.mark.parametrize(("make", "asked", "moved", "moves", "count"), TABLE, ids=IDS)
def test_the_chosen_files_of_the_chosen_refs_move_and_nothing_else(
    legacy: Legacy,
    program: Program,
    made_once: MadeOnce,
    make: Maker,
    asked: tuple[str, ...],
    moved: set[str],
    moves: Moves,
    count: int,
) -> None:
    made_once(legacy, make)
    before = legacy.refs()
    assert not cached(legacy)
    program.run(legacy, *asked)
    gone = require_exactly(legacy, before, moved, moves)
    assert len(gone) == count


def test_a_tag_named_like_a_commits_id_is_no_commit(legacy: Legacy, program: Program) -> None:
    """A tag is called by the id of main's commit, and stands on topic's: neither is taken for the other."""
    ambiguous(legacy)
    before = legacy.refs()
    tag = "refs/tags/" + before[MAIN]
    program.run(legacy, *BOTH, "--everything")
    require_exactly(legacy, before, {MAIN, TOPIC, tag}, ALL)
    assert legacy.refs()[tag] == legacy.refs()[TOPIC] != legacy.refs()[MAIN]


def test_a_pattern_that_matches_a_folder_takes_all_that_is_in_it(legacy: Legacy, program: Program) -> None:
    """git-lfs lets a pattern match files only; ours is gitignore syntax, so a folder of that name is taken whole,
    and a slash behind `**` or an exclusion tells the two apart."""
    folder_with_an_ending(legacy)
    before = legacy.refs()
    program.run(legacy, "--include", "*.csv")
    assert len(require_exactly(legacy, before, {MAIN}, names(r".*\.csv(/.*)?"))) == 4
    driven.undo(legacy.place)
    shutil.rmtree(legacy.cache())
    program.run(legacy, "--include", "*.csv", "--exclude", "*.md")
    assert len(require_exactly(legacy, before, {MAIN}, names(r".*\.csv"))) == 3


# --- what info says (t-migrate-info)


@pytest.mark.parametrize(
    ("make", "asked", "said"),
    [
        (two_branches, BOTH, {"*.pkl": (140, 1), "*.csv": (120, 1)}),
        (two_branches, (*BOTH, "--ref", "topic"), {"*.pkl": (170, 2), "*.csv": (120, 1)}),
        (two_branches, ("--include", "*.pkl"), {"*.pkl": (140, 1)}),
        (two_branches, ("--include", "*.pkl", "--ref", "topic"), {"*.pkl": (170, 2)}),
        (two_branches, (*BOTH, "--everything"), {"*.pkl": (170, 2), "*.csv": (120, 1)}),
        (two_branches, ("--above", "130B"), {"above 130 B": (140, 1)}),
        (two_branches, ("--above", "1mb"), {}),
        (two_branches, ("--include", "*.h5"), {}),
        (three_steps, BOTH, {"*.pkl": (32, 2), "*.csv": (30, 2)}),
        (three_steps, (*BOTH, "--ref", "topic"), {"*.pkl": (63, 3), "*.csv": (60, 3)}),
        (deep, ("--include", "*.csv"), {"*.csv": (120, 1)}),
        (by_name_and_size, ("--include", "just-b", "*.csv"), {"*.csv": (260, 2), "just-b": (150, 1)}),
        (ambiguous, (*BOTH, "--everything"), {"*.pkl": (170, 2), "*.csv": (120, 1)}),
    ],
)
def test_info_tells_bytes_and_versions_per_pattern_the_largest_first(
    legacy: Legacy,
    program: Program,
    made_once: MadeOnce,
    make: Maker,
    asked: tuple[str, ...],
    said: dict[str, tuple[int, int]],
) -> None:
    """Sizes of whole histories by pattern, on the current branch, a given one or all; changes nothing."""
    made_once(legacy, make)
    found = {p["pattern"]: (p["bytes"], p["blobs"]) for p in program.info(legacy, *asked)["patterns"]}
    assert found == said
    assert list(found) == list(said)
    assert not cached(legacy)


def test_info_lists_the_largest_ten_and_no_more(legacy: Legacy, program: Program) -> None:
    """git-lfs cuts its list by `--top`; ours is the ten largest paths, in order."""
    legacy.commit({f"{n:02}.csv": b"x" * (100 - n) for n in range(12)})
    found = program.info(legacy, "--include", "*.csv")
    assert [e["path"] for e in found["largest"]] == [f"{n:02}.csv" for n in range(10)]
    assert found["patterns"][0]["files"] == 12


@pytest.mark.parametrize("command", ["info", "run"])
@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--ref", "jibberish"), "no branch or tag jibberish"),
        (("--ref", "origin/main"), "no branch or tag origin/main"),
        (("--ref", "refs/remotes/origin/main"), "no branch or tag refs/remotes/origin/main"),
        (("--everything", "--ref", "main"), "--everything takes no --ref"),
        (("--above", "3 apples"), "--above"),
        (("main",), "takes no argument 'main'"),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(
    legacy: Legacy, program: Program, made_once: MadeOnce, command: str, args: tuple[str, ...], words: str
) -> None:
    """A ref that is none, a remote's own, all and some at once, a size that is none."""
    made_once(legacy, three_steps)
    before = legacy.refs()
    assert words in program(legacy, command, *args, code=2)
    assert legacy.refs() == before
    assert not cached(legacy)


# --- files that git-lfs tracks already


def tracked(legacy: Legacy, here: bool = True) -> list[bytes]:
    """Attributes first, then pointers of git-lfs on main and topic, whose objects are `here` or not."""
    data = [C120, P140, P30]
    attributes = {".gitattributes": b"*.csv filter=lfs diff=lfs merge=lfs -text\n*.pkl filter=lfs -text\n"}
    legacy.commit(attributes)
    base = legacy.commit({**attributes, "a.csv": lfs_pointer(C120), "a.pkl": lfs_pointer(P140)})
    legacy.commit({**attributes, "a.csv": lfs_pointer(C120), "a.pkl": lfs_pointer(P30)}, branch="topic", parents=[base])
    for content in data if here else []:
        put_lfs_object(legacy, content)
    return data


def test_what_lfs_tracks_moves_with_the_bytes_behind_its_pointers(legacy: Legacy, program: Program) -> None:
    """A repository that was at git-lfs all along: info counts the data, not the pointers; the attributes stay."""
    data = tracked(legacy)
    before = legacy.refs()
    old = {name: legacy.files(name) for name in ("main~1", "main", "topic")}
    found = {p["pattern"]: (p["bytes"], p["blobs"]) for p in program.info(legacy, *BOTH, "--everything")["patterns"]}
    assert found == {"*.pkl": (170, 2), "*.csv": (120, 1)}
    program.run(legacy, *BOTH, "--everything")
    assert cached(legacy) == {md5(content): content for content in data}
    assert legacy.files("main~1") == old["main~1"]
    for name, model in (("main", P140), ("topic", P30)):
        new = legacy.files(name)
        assert new["a.pkl.dvc"][1] == pointer_of(model, "a.pkl")
        assert new["a.csv.dvc"][1] == pointer_of(C120, "a.csv")
        assert new[".gitattributes"] == old[name][".gitattributes"]
        assert not new.keys() & {"a.pkl", "a.csv"}
    driven.undo(legacy.place)
    assert legacy.refs() == before


def test_without_its_objects_an_lfs_repository_stays_as_it_is_and_that_is_told(
    legacy: Legacy, program: Program
) -> None:
    tracked(legacy, here=False)
    before = legacy.refs()
    stays = program.info(legacy, *BOTH, "--everything")["stays"]
    assert [(e["path"], e["reason"]) for e in stays] == [
        ("a.csv", "its LFS object is not here"),
        ("a.pkl", "its LFS object is not here"),
    ]
    # Something was found, and nothing could be moved.
    assert "a.pkl stays" in program(legacy, "run", "--yes", *BOTH, "--everything", code=1)
    assert legacy.refs() == before


def test_what_an_extension_of_lfs_encoded_stays_for_its_bytes_are_not_the_files(
    legacy: Legacy, program: Program
) -> None:
    """`lfs.extension.*` runs a program on the way in: the object is its output, and only its other half gives the
    file back. Taken for the file's bytes, every later pull would bring the wrong ones."""
    plain = lfs_pointer(b"encoded\n")
    version, rest = plain.split(b"\n", 1)
    encoded = version + b"\next-0-case sha256:" + b"1" * 64 + b"\n" + rest
    put_lfs_object(legacy, b"encoded\n")
    old = legacy.commit({"a.csv": encoded, "b.csv": b"raw"})
    reason = "a git-lfs extension encoded its object"
    assert [(e["path"], e["reason"]) for e in program.info(legacy)["stays"]] == [("a.csv", reason)]
    assert f"a.csv: {reason}" in program.run(legacy)
    new = legacy.files(mapped(legacy)[old])
    assert new["a.csv"] == ("100644", encoded)
    assert "b.csv.dvc" in new
    assert cached(legacy) == {md5(b"raw"): b"raw"}


def test_raw_files_among_lfs_pointers_move_like_them(legacy: Legacy, program: Program) -> None:
    """Attributes ask for git-lfs, yet a file was committed raw (what their --fixup mends), and in a folder where
    they do not; all of them become pointers, each with its own bytes."""
    legacy.commit(
        {
            ".gitattributes": b"*.csv filter=lfs diff=lfs merge=lfs -text\n",
            "dir/.gitattributes": b"*.csv !filter !diff !merge\n",
            "a.csv": b"a",
            "good.csv": lfs_pointer(C120),
            "dir/b.csv": b"b",
        }
    )
    put_lfs_object(legacy, C120)
    attributes = {p: e for p, e in legacy.files("main").items() if p.endswith(".gitattributes")}
    program.run(legacy, "--include", "*.csv")
    new = legacy.files("main")
    for path, data in (("a.csv", b"a"), ("good.csv", C120), ("dir/b.csv", b"b")):
        assert new[f"{path}.dvc"][1] == pointer_of(data, Path(path).name)
    assert attributes.items() <= new.items()
    assert set(cached(legacy).values()) == {b"a", b"b", C120}


# --- where it runs


def test_in_a_bare_clone_as_in_a_work_tree(worked: Legacy, program: Program) -> None:
    """The same history, in a work tree, made bare, and as a mirror: a bare one's cache is in its git dir."""
    three_steps(worked)
    worked.checkout()
    copies = [cloned(worked, "bare.git", "--bare"), cloned(worked, "mirror.git", "--mirror")]
    address = str(worked.path.parent / "storage")
    before = worked.refs()
    for one in (worked, *copies):
        assert one.bare == (one is not worked)
        program.run(one, *BOTH, "--everything", "--remote", address)
        require_exactly(one, {n: o for n, o in before.items() if n in PER_REF}, PER_REF, ALL)
    new = [{name: one.id(name) + one.id(name + "^{tree}") for name in ("main", "topic")} for one in copies]
    assert new[0] == new[1]
    assert cached(copies[0]) == cached(worked)


def test_where_the_objects_folder_is_a_link(worked: Legacy, program: Program) -> None:
    """`.git/objects` lies elsewhere, and a symbolic link leads there: it is read and written through, and stays."""
    two_branches(worked)
    worked.checkout()
    elsewhere = worked.path.parent / "elsewhere"
    shutil.move(worked.git_dir / "objects", elsewhere)
    (worked.git_dir / "objects").symlink_to(elsewhere)
    before = worked.refs()
    program.run(worked, *BOTH)
    assert require_exactly(worked, before, {MAIN}, ALL) == {C120, P140}
    assert (worked.git_dir / "objects").is_symlink()
    assert worked.git("status", "--porcelain") == b""
    worked.git("fsck", "--strict")


@pytest.mark.parametrize("exclude", [(), ("--exclude", "*.bin")])
def test_the_work_tree_stays_clean_and_keeps_modes_and_bytes(
    worked: Legacy, program: Program, exclude: tuple[str, ...]
) -> None:
    """Executable data and an executable .gitattributes, checked out: both are as before, and Git sees no change."""
    with_attributes(worked)
    worked.commit({**worked.files("main"), "run.csv": ("100755", b"run")})
    worked.git("config", "filter.lfs.clean", "false")
    worked.checkout()
    modes = {p.name: (p.stat().st_mode, p.read_bytes()) for p in worked.path.iterdir() if p.is_file()}
    before = worked.refs()
    program.run(worked, "--include", "*.csv", *exclude)
    require_exactly(worked, before, {MAIN}, names(r".*\.csv"))
    assert {n: ((worked.path / n).stat().st_mode, (worked.path / n).read_bytes()) for n in modes} == modes
    assert worked.git("status", "--porcelain") == b""
    assert b"isexec: true" in worked.git("show", "HEAD:run.csv.dvc")


def test_a_dirty_copy_is_refused_and_keeps_its_change(worked: Legacy, program: Program) -> None:
    """git-lfs asks, and overwrites on a yes; ours never does: with --yes too the change stays where it is."""
    worked.commit({"a.csv": b"a.csv"})
    worked.checkout()
    before = worked.refs()
    write(worked, "a.csv", b"a.csv2")
    assert "not committed: a.csv" in program(worked, "run", "--yes", "--everything", code=2)
    assert (worked.path / "a.csv").read_bytes() == b"a.csv2"
    assert worked.refs() == before


def test_an_empty_commit_alone_moves_nothing(worked: Legacy, program: Program) -> None:
    worked.git("commit", "-q", "--allow-empty", "-m", "nothing yet")
    before = worked.refs()
    program.run(worked, "--everything")
    assert worked.refs() == before
    assert not (worked.path / ".dvc").exists()


def test_what_remotes_have_is_rewritten_here_and_their_branches_stay(worked: Legacy, program: Program) -> None:
    """Two remotes that hold all of main: git-lfs has nothing to do then; ours rewrites main, never a remote's refs,
    says which of them keep the old history, and a push to each needs its own command."""
    worked.commit({"a.csv": b"1" * 16})
    for name in ("origin", "fork"):
        run("git", "init", "-q", "--bare", worked.path.parent / name)
        worked.git("remote", "add", name, str(worked.path.parent / name))
        worked.git("push", "-q", name, "main")
        worked.commit({"a.csv": name.encode()})
    worked.checkout()
    before = worked.refs()
    said = program.run(worked, "--include", "*.csv")
    require_exactly(worked, before, {MAIN}, ALL)
    for name in ("origin", "fork"):
        assert f"git push --force {name} refs/heads/main" in said
    assert worked.refs()["refs/remotes/fork/main"] == before["refs/remotes/fork/main"]
    assert worked.git("ls-remote", "fork", "main").split()[0].decode() == before["refs/remotes/fork/main"]


# --- the map, and the way back


def test_the_map_is_the_log_of_old_beside_the_log_of_new(legacy: Legacy, program: Program) -> None:
    """All commits of all branches, before and after, line by line in the same order."""
    two_branches(legacy)
    legacy.commit({"a.csv": b"more"})
    old = legacy.git("log", "--format=%H", "main", "topic").split()
    program.run(legacy, *BOTH, "--everything")
    new = legacy.git("log", "--format=%H", "main", "topic").split()
    assert mapped(legacy) == {o.decode(): n.decode() for o, n in zip(old, new, strict=True)}


@pytest.mark.parametrize("make", [two_branches, three_steps, forge, tags, executables, linked, odd_names])
def test_the_way_back_gives_every_file_of_every_ref_again(worked: Legacy, program: Program, make: Maker) -> None:
    """Their `export`, which makes new ids and drops local objects; ours: refs, index, files as they were, to the bit,
    and no object of the cache is lost."""
    make(worked)
    worked.checkout()
    before = worked.refs()
    index = worked.git("ls-files", "-s")
    files = {p.name: p.read_bytes() for p in worked.path.iterdir() if p.is_file()}
    program.run(worked, *BOTH, "--everything")
    assert worked.refs() != before
    held = cached(worked)
    program(worked, "undo")
    assert worked.refs() == before
    assert worked.git("ls-files", "-s") == index
    assert {p.name: p.read_bytes() for p in worked.path.iterdir() if p.is_file()} == files
    assert worked.git("status", "--porcelain") == b""
    assert cached(worked) == held
    assert "no migration" in program(worked, "undo", code=2)


def test_a_fresh_clone_pulls_the_old_commits_of_every_branch(worked: Legacy, program: Program) -> None:
    """What a teammate gets: each commit's own bytes, raw files and those that were at git-lfs alike."""
    base = worked.commit({"a.csv": C120, "m/a.pkl": lfs_pointer(P140), "m/run.pkl": ("100755", b"run")})
    worked.commit({"a.csv": C120, "m/a.pkl": P30}, branch="topic", parents=[base])
    put_lfs_object(worked, P140)
    worked.checkout()
    program.run(worked, *BOTH, "--everything", "--push")
    ids = mapped(worked)
    pulled = worked.pulled(ids[base])
    wanted = {"a.csv": C120, "m/a.pkl": P140, "m/run.pkl": b"run"}
    assert {p: pulled[p] for p in wanted} == wanted
    pulled = worked.pulled("origin/topic")
    assert (pulled["a.csv"], pulled["m/a.pkl"]) == (C120, P30)
    assert "m/run.pkl" not in pulled


def test_a_branch_at_a_time_shares_its_history_again(worked: Legacy, program: Program) -> None:
    """main first, finished; then topic: the commits that both hold get the very ids that main's have."""
    two_branches(worked)
    worked.commit({"a.csv": b"later"})
    worked.checkout()
    program.run(worked, *BOTH, "--push")
    first = mapped(worked)
    program(worked, "finish", "--yes")
    program.run(worked, *BOTH, "--ref", "topic", "--push")
    second = mapped(worked)
    shared = first.keys() & second.keys()
    assert len(shared) == 1
    assert [second[c] for c in shared] == [first[c] for c in shared]
    assert worked.git("merge-base", "main", "topic").decode().strip() == first[shared.pop()]


def test_a_refusal_leaves_no_half_of_anything(worked: Legacy, program: Program) -> None:
    """Their refusal of a symlinked .gitattributes; the file that we must write is .gitignore: info says it, and a run
    moves no ref and writes no file."""
    worked.commit({"a.csv": C120, "ignores": b"x\n", ".gitignore": ("120000", b"ignores")})
    worked.checkout()
    before = worked.refs()
    assert any(re.search(r"\.gitignore is no file", r) for r in program.info(worked)["remarks"])
    assert ".gitignore is no file" in program(worked, "run", "--yes", code=2)
    assert worked.refs() == before
    assert worked.git("status", "--porcelain") == b""
    assert ours(worked.refs()) == before
    assert driven.survey(worked.place, worked.options().selection, [MAIN.encode()]).commits == 1
