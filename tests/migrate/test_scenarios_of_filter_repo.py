"""The scenarios that git-filter-repo tests itself with, told in our words and replayed on our own repositories.

Only what the repository looks like, what is asked and what must hold is theirs. It throws away what it filters and
prunes what gets empty; ours keeps each byte and each commit, so "is gone" means "is a pointer, and the cache has it".
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.helpers.support import run
from tests.migrate import driven
from tests.migrate.legacy import AUTHOR, Legacy, md5, pointer_of, put_lfs_object
from tests.migrate.legacy import lfs_pointer as pointer_of_lfs
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
    read,
    require_commit,
    require_exactly,
    write,
)

pytestmark = pytest.mark.slow  # a minute and more together; .ci/run runs it with the other slow proofs

__all__ = ["made_once", "program"]

CSV = names(r"(.*/)?[^/]*\.csv")
MAIN = "refs/heads/main"
Maker = Callable[[Legacy], None]


# --- shapes of histories (t9390)


def two_sides(legacy: Legacy) -> None:
    """Three tables; two sides that change one each; their merge; a commit that changes all; an annotated tag on it."""
    base = {"name.csv": b"1", "ten.csv": b"1", "twenty.csv": b"1"}
    first = legacy.commit(base)
    ours_ = legacy.commit({**base, "ten.csv": b"10"}, branch="A", parents=[first])
    theirs = legacy.commit({**base, "twenty.csv": b"20"}, branch="B", parents=[first])
    legacy.commit({**base, "ten.csv": b"10", "twenty.csv": b"20"}, b"merge\n", parents=[theirs, ours_])
    legacy.commit({"name.csv": b"n", "ten.csv": b"nn", "twenty.csv": b"nnn"}, b"all\n")
    legacy.git("tag", "-a", "-m", "one", "v1.0", "main")


def empty_commits(legacy: Legacy) -> None:
    """Two empty roots and a commit on each, merged twice, once with a file and once without; empty ones between what
    changes the one and the other file, and an empty merge of both at the end."""
    start = legacy.commit({}, b"A\n")
    left = legacy.commit({}, b"B\n", parents=[start])
    other = legacy.commit({"n.csv": b"1"}, b"C\n", parents=[])
    right = legacy.commit({}, b"D\n", parents=[other])
    with_file = legacy.commit({"keep.py": b"1"}, b"E\n", parents=[left, right])
    without = legacy.commit({}, b"F\n", parents=[left, right])
    one = legacy.commit({"keep.py": b"1", "n.csv": b"2"}, b"G\n", parents=[with_file])
    two = legacy.commit({"keep.py": b"2"}, b"H\n", parents=[without])
    again = legacy.commit({"keep.py": b"1", "n.csv": b"2"}, b"I\n", parents=[one])
    legacy.commit({"keep.py": b"1", "n.csv": b"2"}, b"J\n", parents=[again, two])


def degenerate_merges(legacy: Legacy) -> None:
    """Merges of a commit with itself, with and without a change; with its own ancestor, as first and as second parent;
    of two sides of which only one has tables."""
    a = legacy.commit({"a.py": b"a"})
    b = legacy.commit({"a.py": b"a", "m/b.csv": b"b"}, parents=[a])
    c = legacy.commit({"a.py": b"c"}, parents=[a])
    d = legacy.commit({"a.py": b"d", "m/b.csv": b"b"}, parents=[b, c])
    e = legacy.commit({"a.py": b"d", "m/b.csv": b"e"}, parents=[d])
    backwards = legacy.commit({"a.py": b"f", "m/b.csv": b"e"}, b"first is the ancestor\n", parents=[d, e])
    forwards = legacy.commit({"a.py": b"f", "m/b.csv": b"e"}, b"second is\n", parents=[e, d])
    both = legacy.commit({"a.py": b"g", "m/b.csv": b"e"}, parents=[backwards, forwards])
    twice = legacy.commit({"a.py": b"g", "m/b.csv": b"h"}, b"itself, changed\n", parents=[both, both])
    legacy.commit({"a.py": b"g", "m/b.csv": b"h"}, b"itself, unchanged\n", parents=[twice, twice])


def evil_merge(legacy: Legacy) -> None:
    """One side deletes the tables, the merge takes the other side's and changes a third file that no side did."""
    files = {"x.py": b"1", "m/a.csv": b"1", "m/b.csv": b"2", "o/fun.csv": b"1"}
    base = legacy.commit(files)
    deleted = legacy.commit({"o/fun.csv": b"1"}, b"delete\n", parents=[base])
    deleted = legacy.commit({"o/fun.csv": b"4"}, b"and change\n", parents=[deleted])
    kept = legacy.commit({**files, "x.py": b"4"}, b"keep\n", parents=[base])
    legacy.commit({**files, "x.py": b"4", "o/fun.csv": b"evil"}, b"ignore the deletions\n", parents=[kept, deleted])
    legacy.commit({**files, "x.py": b"4", "o/fun.csv": b"evil", "m/b.csv": b"8"})


def type_change_in_a_merge(legacy: Legacy) -> None:
    """Two roots; in their merge a table becomes a symbolic link, and another one a folder of that name."""
    one = legacy.commit({"irrelevant.py": b""})
    legacy.commit({"world.csv": b"hello", "planet.csv": b"bye"}, parents=[])
    two = legacy.commit({"world.csv": b"hello", "planet.csv": b"good bye", "f.csv": b"file"})
    merged = {"irrelevant.py": b"", "world.csv": ("120000", b"planet.csv"), "planet.csv": b"good bye"}
    legacy.commit({**merged, "f/x.csv": b"in it"}, parents=[one, two])


def names_that_do_not_match(legacy: Legacy) -> None:
    """Two roots, quotes in a name; the merge drops one side's table and adds one that neither had."""
    one = legacy.commit({'foo "quote" bar.txt': b""})
    legacy.commit({"pkg/list/whatever.csv": b"w"}, parents=[])
    two = legacy.commit({"pkg/list/whatever.csv": b"w", "unwanted.csv": b"u"})
    legacy.commit({'foo "quote" bar.txt': b"", "unwanted.csv": b"u", "pkg/list/wanted.csv": b"x"}, parents=[one, two])


def renames(legacy: Legacy) -> None:
    """Tables that move between folders, two of the same bytes, one that is copied first and deleted then."""
    legacy.commit({"s/tiny.csv": b"t", "s/mid.csv": b"m", "s/large.csv": b"l", "v/large.csv": b"l", "v/huge.csv": b"h"})
    step = {"s/small.csv": b"t", "s/mid.csv": b"m", "s/medium.csv": b"m", "s/large.csv": b"l", "v/large.csv": b"l"}
    legacy.commit({**step, "v/huge.csv": b"hh"})
    del step["s/mid.csv"]
    legacy.commit({**step, "v/huge.csv": b"hh", "s/small.csv": b"tt"})
    legacy.commit({**step, "v/huge.csv": b"hh", "s/small.csv": b"tt", "s/medium.csv": b"mm"})


def made_by_other_tools(legacy: Legacy) -> None:
    """A commit without an author line, an empty author, a time zone of six digits, a year beyond 2038."""
    tree = legacy.tree({"a.csv": b"1"})
    zone = b"Srinivasa <fellow@example.org> 1535228562 +051800"
    oid = legacy.write("commit", b"tree %s\ncommitter %s\n\nInitial" % (tree.encode(), zone))
    legacy.git("update-ref", MAIN, oid)
    legacy.commit({"a.csv": b"2"}, author=b" <empty@example.org> 1535228562 -0700")
    legacy.commit({"a.csv": b"3"}, author=b"Just Me <just@example.org> 3980014290 -0200")


def greek_message(legacy: Legacy) -> None:
    """A message in an encoding of its own, and text that is not even that."""
    legacy.commit({"a.csv": b"1"}, b"Pi: \xf0\n", extra=b"encoding iso-8859-7\n")
    legacy.commit({"a.csv": b"2"}, b"Pi: \xf0 \xff\n", author=b"J\xf6rg <j@example.org> 1 +0000")


def crossing_dates(legacy: Legacy) -> None:
    """Two sides whose commits alternate in time."""
    start = legacy.commit({"a.csv": b"0"})
    stamps = [b"A U Thor <author@example.com> %d +0000" % (1500000000 + n) for n in range(4)]
    a = legacy.commit({"a.csv": b"a"}, b"A\n", parents=[start], author=stamps[0])
    b = legacy.commit({"a.csv": b"b"}, b"B\n", parents=[start], author=stamps[1])
    c = legacy.commit({"a.csv": b"c"}, b"C\n", parents=[a], author=stamps[2])
    d = legacy.commit({"a.csv": b"d"}, b"D\n", parents=[b], author=stamps[3])
    legacy.commit({"a.csv": b"m"}, b"merge\n", parents=[c, d])


TAGGED = {"refs/heads/A", "refs/heads/B", MAIN, "refs/tags/v1.0"}
TABLE: list[tuple[Maker, tuple[str, ...], set[str], Moves]] = [
    (two_sides, ("*.csv",), TAGGED, CSV),
    (two_sides, ("name.csv",), TAGGED, names("name.csv")),
    (two_sides, ("twenty.csv",), TAGGED, names("twenty.csv")),
    (two_sides, ("ten.csv", "twenty.csv"), TAGGED, names("t.*")),
    (two_sides, ("t*en*",), TAGGED, names("t.*")),
    (two_sides, ("*.csv", "--exclude", "t*en*"), TAGGED, names("name.csv")),
    (empty_commits, ("*.csv",), {MAIN}, CSV),
    (degenerate_merges, ("m/b.csv",), {MAIN}, CSV),
    (degenerate_merges, ("m/",), {MAIN}, CSV),
    (degenerate_merges, ("*b.csv",), {MAIN}, CSV),
    (evil_merge, ("m/",), {MAIN}, names("m/.*")),
    (evil_merge, ("*.csv",), {MAIN}, CSV),
    (type_change_in_a_merge, ("world.csv",), {MAIN}, names("world.csv")),
    (type_change_in_a_merge, ("*.csv",), {MAIN}, CSV),
    (names_that_do_not_match, ("/pkg/list/",), {MAIN}, names("pkg/.*")),
    (names_that_do_not_match, ("*.csv",), {MAIN}, CSV),
    (renames, ("*.csv",), {MAIN}, CSV),
    (renames, ("/s/",), {MAIN}, names("s/.*")),
    (renames, ("small.csv", "large.csv"), {MAIN}, names("./(small|large).csv")),
    (made_by_other_tools, ("*.csv",), {MAIN}, CSV),
    (greek_message, ("*.csv",), {MAIN}, CSV),
    (crossing_dates, ("*.csv",), {MAIN}, CSV),
]
IDS = [f"{row[0].__name__}: {' '.join(row[1])}" for row in TABLE]


@pytest.mark.parametrize(("make", "asked", "moved", "moves"), TABLE, ids=IDS)
def test_whatever_the_shape_each_commit_stays_with_its_parents_and_its_files(
    legacy: Legacy,
    program: Program,
    made_once: MadeOnce,
    make: Maker,
    asked: tuple[str, ...],
    moved: set[str],
    moves: Moves,
) -> None:
    made_once(legacy, make)
    before = legacy.refs()
    commits = legacy.git("rev-list", "--all", "--topo-order", "--reverse").decode().split()
    program.run(legacy, "--everything", "--include", *asked)
    assert require_exactly(legacy, before, moved, moves)
    ids = mapped(legacy)
    assert set(ids) == set(commits)
    # Parents come before children in the map, whatever their dates say.
    lines = legacy.git("rev-list", "--parents", "--all", "--glob=refs/trinity-guard").decode().splitlines()
    at = {oid: number for number, oid in enumerate(ids)}
    pairs = [(oid, p) for oid, *parents in (line.split() for line in lines) if oid in at for p in parents]
    assert pairs
    assert all(at[p] < at[oid] for oid, p in pairs)


# --- messages


def test_a_message_follows_the_commits_that_it_names(legacy: Legacy, program: Program) -> None:
    """Eight letters of a changed commit, a whole id in a revert, an id of nothing: the last is told and stays."""
    legacy.commit({"bar.csv": b"two guys"})
    another = legacy.commit({"bar.csv": b"two guys", "t": b"1"})
    reverted = legacy.commit({"bar.csv": b"two guys", "t": b"1", "w": b""}, b"refers to %s\n" % another[:8].encode())
    revert = legacy.commit({"bar.csv": b"x"}, b"Revert\n\nThis reverts commit %s.\n" % reverted.encode())
    lost = legacy.commit({"bar.csv": b"x"}, b'commit deadbeef12 ("B") messed up\n')
    said = program.run(legacy, "--include", "bar.csv")
    ids = mapped(legacy)
    assert legacy.raw(ids[reverted]).endswith(b"refers to %s\n" % ids[another][:8].encode())
    assert legacy.raw(ids[revert]).endswith(b"This reverts commit %s.\n" % ids[reverted].encode())
    assert legacy.raw(ids[lost]).endswith(b'commit deadbeef12 ("B") messed up\n')
    assert "deadbeef12" in said


def test_a_message_stays_when_that_is_asked_for(legacy: Legacy) -> None:
    first = legacy.commit({"bar.csv": b"1"})
    second = legacy.commit({"bar.csv": b"2"}, b"refers to %s\n" % first[:8].encode())
    done = legacy.migrate(rewrite_ids=False)
    assert done.ids[second] != second
    assert legacy.raw(done.ids[second]).endswith(b"refers to %s\n" % first[:8].encode())


# --- names


def test_names_of_all_scripts_for_branches_tags_people_and_files(worked: Legacy, program: Program) -> None:
    """A branch, a tag, an author and tables in scripts of the whole world, an emoji, quotes; not UTF-8 inside."""
    worked.git("symbolic-ref", "HEAD", "refs/heads/españa")
    text = "بتتكلم παντα ちんぷん 看起来像天书 גיבבעריש\n".encode() + b"Not even UTF-8:\xe0\x80\x80\0\n"
    listed = ["señor.csv", "señora.csv", "títulos/señorita.csv", "😀/🎉.csv", 'say "hi".csv']
    author = "Nguyễn Arnfjörð Gábor".encode() + b" <emails@are.ascii> 1500000000 +0100"
    oid = worked.commit(dict.fromkeys(listed, text), "€$£₽₪\n".encode(), branch="españa", author=author)
    worked.git("tag", "-a", "-m", "₪₽£€$", "סְפָרַד")
    worked.checkout()
    program.run(worked, "--everything", "--push")
    new = mapped(worked)[oid]
    assert worked.id("refs/heads/españa") == new == worked.id("סְפָרַד^{commit}")
    assert worked.git("cat-file", "tag", "סְפָרַד").endswith("\n\n₪₽£€$\n".encode())
    assert author in worked.raw(new)
    assert set(cached(worked).values()) == {text}
    assert not any(path.endswith(".csv") for path in worked.files(new))
    assert worked.git("status", "--porcelain") == b""
    pulled = worked.pulled(new)
    assert {name: pulled[name] for name in listed} == dict.fromkeys(listed, text)


# --- tags, notes, replaced commits


def tags_of_all_kinds(legacy: Legacy) -> None:
    """A name that needs quoting, numbers first, words then; plain and annotated tags on the way, a branch behind."""
    files = {"file\tna\nme": b"funny\n", "numbers/small.csv": b"1", "numbers/medium": b"2"}
    legacy.commit(files)
    legacy.git("tag", "v1.0", "main")
    legacy.git("tag", "-a", "-m", "v1.1", "v1.1", "main")
    words = {"words/important.csv": b"foo", "words/whimsical": b"bar", "words/sequences": b"baz"}
    legacy.commit({**files, **words})
    legacy.git("branch", "another", "main")
    legacy.git("tag", "v2.0", "main")
    legacy.commit({**files, **words, "words/to.csv": b"spam"})
    legacy.git("tag", "-a", "-m", "a tag", "v3.0", "main")


def test_tags_before_the_first_match_keep_their_ids_and_later_ones_their_kind(legacy: Legacy, program: Program) -> None:
    """Where a filter would drop early tags, ours leaves them: nothing in them changed."""
    tags_of_all_kinds(legacy)
    inner = legacy.id("v1.1")
    legacy.git("tag", "-a", "-m", "outer", "outer", "v1.1")
    before = legacy.refs()
    program.run(legacy, "--everything", "--include", "/words/*.csv")
    moved = {MAIN, "refs/heads/another", "refs/tags/v2.0", "refs/tags/v3.0"}
    require_exactly(legacy, before, moved, names(r"words/.*\.csv"))
    kinds = [legacy.git("cat-file", "-t", f"v{n}").strip() for n in ("1.0", "1.1", "2.0", "3.0")]
    assert kinds == [b"commit", b"tag", b"commit", b"tag"]
    assert legacy.id("v1.1") == inner


def test_a_tag_alone_may_move(legacy: Legacy, program: Program) -> None:
    """Only the tag is asked for: the branch at the same commit, and the other tags, stand where they stood."""
    tags_of_all_kinds(legacy)
    before = legacy.refs()
    said = program.run(legacy, "--ref", "v3.0", "--include", "*.csv")
    require_exactly(legacy, before, {"refs/tags/v3.0"}, CSV)
    assert "keep the old history alive: refs/heads/another, refs/heads/main" in said


@pytest.mark.parametrize("how", ["skips a parent", "adds older history"])
def test_replaced_commits_are_rewritten_as_they_really_are(legacy: Legacy, program: Program, how: str) -> None:
    """filter-repo makes replacements permanent; ours looks at the true history, leaves these refs, and says so."""
    tags_of_all_kinds(legacy)
    if how == "skips a parent":
        legacy.git("replace", "main~1", "main~2")
    else:
        legacy.commit({"numbers/small.csv": b"1"}, b"new root\n", parents=[], branch="root")
        legacy.git("replace", "--graft", "main~2", "root")
        legacy.git("update-ref", "-d", "refs/heads/root")
    before = legacy.refs()
    parents = legacy.git("log", "--format=%T %s", "main", GIT_NO_REPLACE_OBJECTS="1").count(b"\n")
    said = program.run(legacy, "--everything", "--include", "/numbers/*.csv")
    assert "replace refs are not looked at" in said
    after = legacy.refs()
    assert {n: o for n, o in after.items() if n.startswith("refs/replace/")} == {
        n: o for n, o in before.items() if n.startswith("refs/replace/")
    }
    assert legacy.git("log", "--format=%T %s", "main", GIT_NO_REPLACE_OBJECTS="1").count(b"\n") == parents == 3
    assert set(mapped(legacy)) == set(legacy.git("rev-list", before[MAIN], GIT_NO_REPLACE_OBJECTS="1").decode().split())
    assert cached(legacy) == {md5(b"1"): b"1"}


def test_notes_go_with_their_commits_and_a_clones_own_work_with_the_rest(worked: Legacy, program: Program) -> None:
    """Notes on two commits, fetched by a clone, which has a commit that nobody else has: all of it is migrated."""
    first, second = worked.commit({"a.csv": b"1"}), worked.commit({"a.csv": b"1", "b.csv": b"2"})
    worked.git("notes", "add", "-m", "a note", first)
    worked.git("notes", "add", "-m", "another", second)
    copy = cloned(worked)
    copy.git("fetch", "-q", "origin", "refs/notes/*:refs/notes/*")
    write(copy, "b.csv", b"mine")
    copy.git("commit", "-q", "-a", "-m", "local only")
    local = copy.id("HEAD")
    before = copy.refs()
    program.run(copy, "--everything")
    ids = mapped(copy)
    assert {first, second, local} <= ids.keys()
    for old, words in ((first, b"a note\n"), (second, b"another\n")):
        assert copy.git("notes", "show", ids[old]) == words
    assert copy.git("show", f"{ids[local]}:b.csv.dvc") == pointer_of(b"mine", "b.csv")
    assert copy.refs()["refs/remotes/origin/main"] == before["refs/remotes/origin/main"]
    assert copy.git("rev-list", "--count", "refs/notes/commits").strip() == b"2"


# --- what somebody did before by hand


def test_a_commit_that_only_did_what_the_migration_does_stays_though_it_changes_nothing(
    worked: Legacy, program: Program
) -> None:
    """Somebody moved a table to DVC at some commit already. Its pointer is in the commits before it now as well, so
    that commit changes nothing any more: it stays, with its message, and its pointer's own bytes."""
    data, done_by_hand = b"table", pointer_of(b"table", "a.csv") + b"desc: by hand\n"
    dvc_files = {
        ".dvc/config": b"[core]\n    analytics = false\n",
        ".dvc/.gitignore": b"/cache\n",
        ".dvcignore": b"#\n",
    }
    base = {**dvc_files, "b.py": b"1"}
    raw = worked.commit({**base, "a.csv": data})
    worked.commit({**base, "a.csv.dvc": done_by_hand, ".gitignore": b"/a.csv\n"}, b"move it to DVC\n")
    plain = worked.id("main")
    worked.checkout()
    program.run(worked, "--include", "*.csv")
    ids = mapped(worked)
    before, after = worked.files(ids[raw]), worked.files(ids[plain])
    assert before["a.csv.dvc"][1] == pointer_of(data, "a.csv")
    assert "a.csv" not in before
    assert after == worked.files(plain)
    assert worked.raw(ids[plain]).endswith(b"\n\nmove it to DVC\n")
    assert cached(worked) == {md5(data): data}


# --- by size


@pytest.mark.parametrize(("above", "versions"), [("3K", 1), ("40", 3), ("20", 5), ("1 MB", 0), ("3GiB", 0)])
def test_a_file_moves_in_the_commits_where_it_is_large(
    legacy: Legacy, program: Program, above: str, versions: int
) -> None:
    """A path that is small first and large then, and others by their size: what is smaller stays where it was."""
    legacy.commit({"mercurial": b"m" * 13, "medium.num": b"n" * 44, "small.num": b"s" * 21, "fickle": b"f" * 24})
    legacy.commit({"mercurial": b"m" * 3900, "medium.num": b"n" * 45})
    limit = {"3K": 3000, "40": 40, "20": 20, "1 MB": 10**6, "3GiB": 3 << 30}[above]
    before = legacy.refs()
    program.run(legacy, "--above", above)
    gone = require_exactly(legacy, before, {MAIN} if versions else set(), lambda _, data: len(data) > limit)
    assert len(gone) == versions


# --- what info says (--analyze)


def test_info_counts_what_refs_reach_under_all_its_names(legacy: Legacy, program: Program) -> None:
    """A file renamed on two sides and in their merge, a folder renamed, one deleted, a path that comes back, a
    submodule, empty commits, an object that no ref reaches."""
    numbers = {"numbers/small.num": b"s" * 21, "numbers/medium.num": b"m" * 44}
    words = {"words/to.txt": b"spam\n", "words/know.txt": b"eggs\n"}
    first = legacy.commit({**numbers, **words, "fickle.txt": b"rename a lot\n"})
    side = legacy.commit({**numbers, **words, "capricious.txt": b"rename a lot\n"}, branch="other", parents=[first])
    here = legacy.commit({**numbers, **words, "capricious.txt": b"rename a lot\n"}, b"the same here\n")
    legacy.commit({**numbers, **words, "mercurial.txt": b"rename a lot\n"}, parents=[here, side])
    moved = {"sequence/to.txt": b"spam\n", "sequence/know.txt": b"eggs\n", "mercurial.txt": b"rename a lot\n"}
    legacy.commit({**numbers, **moved})
    legacy.commit(moved)
    final = {**moved, "words/know.txt": b"no\n", "sub": ("160000", b"deadbeef" * 5)}
    legacy.commit(final)
    legacy.commit(final, b"empty\n")
    legacy.write("blob", b"foobar in no commit\n" * 50)
    found = program.info(legacy, "--everything", "--include", "*")
    assert [(p["files"], p["blobs"], p["bytes"]) for p in found["patterns"]] == [(9, 6, 91)]
    found = program.info(legacy, "--everything", "--include", "*.num", "*.txt")
    by_name = {p["pattern"]: (p["files"], p["blobs"], p["bytes"], p["commits"]) for p in found["patterns"]}
    assert by_name == {"*.num": (2, 2, 65, 5), "*.txt": (7, 4, 26, 8)}
    assert found["commits"] == 8
    assert found["largest"][0] == {"path": "numbers/medium.num", "versions": 1, "bytes": 44}


def test_a_dry_run_leaves_refs_index_and_files_and_tells_what_would_be(worked: Legacy, program: Program) -> None:
    tags_of_all_kinds(worked)
    worked.checkout()
    before, index = worked.refs(), worked.git("ls-files", "-s")
    said = program.run(worked, "--everything", "--include", "*.csv", "--dry-run")
    assert "would become" in said
    assert worked.refs() == before
    assert worked.git("ls-files", "-s") == index
    assert worked.git("status", "--porcelain") == b""
    assert not (worked.path / ".dvc").exists()
    program.run(worked, "--everything", "--include", "*.csv")
    require_exactly(worked, before, {n for n in before if n != "HEAD"}, CSV)


# --- once more (t9393)


def files_one_by_one(legacy: Legacy) -> None:
    """Four tables, each new in a commit of its own, an annotated tag at the end; a branch that shares nothing."""
    legacy.commit({"nuke.csv": b"1"}, branch="orphan", parents=[])
    legacy.commit({"nuke.csv": b"4"}, b"tweak\n", branch="orphan")
    files: dict[str, bytes] = {}
    for number, name in enumerate(("a", "b", "c", "d")):
        files[f"{name}.csv"] = b"file %d contents" % number
        legacy.commit(dict(files), b"add %s\n" % name.encode())
    legacy.git("tag", "-a", "-m", "one", "v1.0", "main")


RERUNS = {
    "a later file": (("--everything", "--include", "nuke.csv", "c.csv"), ("--everything", "--include", "d.csv")),
    "a later file of one branch": (("--everything", "--include", "nuke.csv", "b.csv"), ("--include", "d.csv")),
    "an earlier file": (("--everything", "--include", "nuke.csv", "c.csv"), ("--everything", "--include", "b.csv")),
    "one branch, then another": (("--ref", "orphan", "--include", "*"), ("--ref", "main", "v1.0", "--include", "d*")),
    "the same again": (("--everything", "--include", "b.csv"), ("--everything", "--include", "b.csv")),
}
MOVED = {"a later file": "[ncd]", "a later file of one branch": "[nbd]", "an earlier file": "[ncb]"}
MOVED |= {"one branch, then another": "[nd]", "the same again": "b"}


@pytest.mark.parametrize("how", RERUNS)
def test_a_second_migration_builds_on_the_first_one(worked: Legacy, program: Program, how: str) -> None:
    """One run, finished, then one for other files: the result is that of both at once, for each of the first commits
    through both maps; a run that finds nothing new moves nothing."""
    files_one_by_one(worked)
    worked.checkout()
    old = read(worked, worked.git("rev-list", "--all").decode().split())
    before = worked.refs()
    first, second = RERUNS[how]
    program.run(worked, *first)
    assert "earlier migration" in program(worked, "run", "--yes", *second, code=2)
    through = {oid: oid for oid in old} | mapped(worked)
    program(worked, "finish", "--yes", "--force-unpushed")
    between = worked.refs()
    program.run(worked, *second)
    then = mapped(worked) if worked.refs() != between else {}
    through = {oid: then.get(new, new) for oid, new in through.items()}
    new = read(worked, list(through.values()))
    moves = names(rf"{MOVED[how]}.*\.csv")
    gone = set()
    for oid, was in old.items():
        gone |= require_commit(was.files, new[through[oid]].files, moves)
    assert cached(worked) == {md5(data): data for data in gone}
    if how == "the same again":
        assert worked.refs() == between != before
    tips = {n: through[o] for n, o in before.items() if n.startswith("refs/heads/")}
    assert {n: o for n, o in ours(worked.refs()).items() if n in tips} == tips
    assert worked.git("status", "--porcelain") == b""
    worked.git("fsck", "--strict")


def test_lfs_objects_and_submodules_are_left_in_peace(worked: Legacy, program: Program) -> None:
    """git-lfs in use and a submodule checked out: its entry and its files stay, local LFS objects are not touched."""
    inner = worked.path.parent / "inner"
    run("git", "init", "-q", "-b", "main", inner)
    run("git", "commit", "-q", "--allow-empty", "-m", "initial", cwd=inner)
    worked.commit({"LA.csv": pointer_of_lfs(b"A"), "LB.csv": pointer_of_lfs(b"B"), "Z": b"z"})
    objects = [put_lfs_object(worked, data) for data in (b"A", b"B")]
    worked.checkout()
    worked.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner), "sub")
    worked.git("commit", "-q", "-m", "add a submodule")
    write(worked, "sub/data.csv", b"of the submodule")
    entry = worked.git("ls-files", "-s", "sub", ".gitmodules")
    head = worked.git("rev-parse", "HEAD:sub")
    program.run(worked, "--everything")
    assert worked.git("ls-files", "-s", "sub", ".gitmodules") == entry
    assert worked.git("rev-parse", "HEAD:sub") == head
    assert (worked.path / "sub/data.csv").read_bytes() == b"of the submodule"
    assert set(cached(worked).values()) == {b"A", b"B"}
    assert [file.read_bytes() for file in objects] == [b"A", b"B"]
    assert worked.git("status", "--porcelain", "--ignore-submodules=untracked") == b""


# --- what stands in the way, and what does not (t9394, start-up)


@pytest.fixture
def fresh(worked: Legacy) -> Legacy:
    """A clone of a history with tables in folders."""
    worked.commit({"numbers/a.csv": b"1", "words/know": b"no\n"})
    worked.commit({"numbers/a.csv": b"2", "words/know": b"no\n"})
    return cloned(worked)


def _unreachable(copy: Legacy) -> None:
    copy.write("blob", b"foobar\n")


def _second_remote(copy: Legacy) -> None:
    copy.git("remote", "add", "another", "/dev/null")


def _renamed_remote(copy: Legacy) -> None:
    copy.git("remote", "rename", "origin", "another")


def _long_reflog(copy: Legacy) -> None:
    copy.git("update-ref", "-m", "again", MAIN, "HEAD~1")
    copy.git("update-ref", "-m", "and back", MAIN, copy.id("origin/main"))


def _untracked(copy: Legacy) -> None:
    write(copy, "untracked.csv", b"mine")


def _not_at_the_remote(copy: Legacy) -> None:
    copy.git("update-ref", "-d", "refs/remotes/origin/main")


def _remote_without_a_config(copy: Legacy) -> None:
    copy.git("remote", "remove", "origin")
    copy.git("update-ref", "refs/remotes/origin/svnhead", MAIN)


def _config_of_two_lines(copy: Legacy) -> None:
    copy.git("config", "test.test", "test\nremote.x.promisor true")


def _refs_differ_by_case(copy: Legacy) -> None:
    copy.git("config", "core.ignoreCase", "true")
    copy.git("branch", "zcase")
    copy.git("branch", "zCASE", "HEAD~1")
    copy.git("pack-refs", "--all")


def _refs_differ_by_composition(copy: Legacy) -> None:
    copy.git("config", "core.precomposeUnicode", "true")
    copy.git("branch", "zlam\u00e9")
    copy.git("branch", "zlame\u0301", "HEAD~1")


HARMLESS = (
    _unreachable, _second_remote, _renamed_remote, _long_reflog, _untracked, _not_at_the_remote,
    _remote_without_a_config, _config_of_two_lines, _refs_differ_by_case, _refs_differ_by_composition,
)  # fmt: skip


@pytest.mark.parametrize(("do", "at"), [(_unreachable, "words"), *((do, ".") for do in HARMLESS)])
def test_what_is_no_danger_to_us_is_no_hindrance(
    fresh: Legacy, program: Program, do: Callable[[Legacy], None], at: str
) -> None:
    """filter-repo wants a fresh clone and stops at all of these, and in a folder below the top; ours keeps the old
    refs, so it works, moves the branches, and the way back is whole."""
    do(fresh)
    before = fresh.refs()
    status = fresh.git("status", "--porcelain")
    program(fresh, "run", "--yes", "--everything", at=at)
    require_exactly(fresh, before, {n for n in before if n.startswith("refs/heads/")}, CSV)
    assert fresh.git("status", "--porcelain") == status
    program(fresh, "undo", at=at)
    assert fresh.refs() == before
    assert fresh.git("status", "--porcelain") == status


def _stashed(copy: Legacy) -> None:
    for words in (b"yes\n", b"more\n"):
        write(copy, "words/know", words)
        copy.git("stash", "push", "-q", "-m", words.decode())


def _staged(copy: Legacy) -> None:
    write(copy, "words/know", b"yes\n")
    copy.git("add", "words/know")


def _unstaged(copy: Legacy) -> None:
    write(copy, "words/know", b"yes\n")


def _other_work_tree(copy: Legacy) -> None:
    copy.git("worktree", "add", "-q", "../other-worktree", "--detach")


DANGERS: dict[Callable[[Legacy], None], str] = {
    _stashed: "stashed changes",
    _staged: "not committed",
    _unstaged: "not committed",
    _other_work_tree: "linked",
}


@pytest.mark.parametrize("do", DANGERS)
def test_what_could_be_lost_is_refused_before_anything_is_touched(
    fresh: Legacy, program: Program, do: Callable[[Legacy], None]
) -> None:
    do(fresh)
    before, status = fresh.refs(), fresh.git("status", "--porcelain")
    stashes = fresh.git("stash", "list")
    assert DANGERS[do] in program(fresh, "run", "--yes", "--everything", code=2)
    assert fresh.refs() == before
    assert fresh.git("status", "--porcelain") == status
    assert fresh.git("stash", "list") == stashes
    assert stashes.count(b"\n") == (2 if do is _stashed else 0)
    assert not cached(fresh)


@pytest.mark.parametrize("asked", ["HEAD~1..HEAD", "main~1..main", "HEAD~1", "^main"])
def test_a_range_is_no_ref(fresh: Legacy, program: Program, asked: str) -> None:
    """filter-repo rewrites the end of a history alone; ours would leave the files before it, and takes refs only."""
    before = fresh.refs()
    assert "no branch or tag" in program(fresh, "run", "--yes", f"--ref={asked}", code=2)
    assert fresh.refs() == before


def test_a_repository_without_a_commit_has_nothing(worked: Legacy, program: Program) -> None:
    assert program.info(worked, "--everything")["patterns"] == []
    assert "nothing to migrate" in program(worked, "run", "--yes", "--everything")
    assert not (worked.path / ".dvc").exists()


@pytest.mark.parametrize("lock", ["refs/heads/main.lock", "packed-refs.lock"])
def test_a_clean_up_that_fails_says_so_and_is_gone_on_with(worked: Legacy, program: Program, lock: str) -> None:
    """Git cannot expire a reflog or drop a ref: the new history stands, and `finish` completes it when it can."""
    worked.commit({"a.csv": b"1"})
    worked.checkout()
    program.run(worked)
    worked.git("pack-refs", "--all")
    new = worked.refs()[MAIN]
    file = worked.git_dir / lock
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"")
    said = program(worked, "finish", "--yes", "--force-unpushed", code=1)
    assert "lock" in said
    assert worked.refs()[MAIN] == new
    file.unlink()
    program(worked, "finish", "--yes", "--force-unpushed")
    assert ours(worked.refs()) == worked.refs()
    assert worked.refs()[MAIN] == new
    assert AUTHOR in worked.raw(new)
    assert driven.survey(worked.place, worked.options().selection, [MAIN.encode()]).summaries == []
