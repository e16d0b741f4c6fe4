"""Which files of a history become pointers, which stay, and what is said of those."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.migrate import driven
from tests.migrate.legacy import AUTHOR, OF_DVC, Legacy, Migrated, lfs_pointer, md5, pointer_of, put_lfs_object, quiet
from trinity_guard.dvcrepo import project
from trinity_guard.errors import GuardError
from trinity_guard.git.catfile import Entry, Source
from trinity_guard.migrate import rewrite, versions
from trinity_guard.migrate.folder import Folder
from trinity_guard.migrate.scan import Scan, scan
from trinity_guard.migrate.selection import Selection
from trinity_guard.remotes import trust


def test_a_file_is_a_pointer_in_every_commit_that_held_it(worked: Legacy) -> None:
    legacy = worked
    one = legacy.commit({"a.py": b"x\n"})
    two = legacy.commit({"a.py": b"x\n", "m/a.pkl": b"first"})
    three = legacy.commit({"a.py": b"y\n", "m/a.pkl": b"second"})
    legacy.checkout()
    done = legacy.migrate()
    assert done.ids[one] == one
    assert done.files(two)["m/a.pkl.dvc"] == ("100644", pointer_of(b"first", "a.pkl"))
    assert done.files(three)["m/a.pkl.dvc"] == ("100644", pointer_of(b"second", "a.pkl"))
    assert done.files(three)["m/.gitignore"] == ("100644", b"/a.pkl\n")
    assert done.files(three)["a.py"] == ("100644", b"y\n")
    assert "m/a.pkl" not in done.files(two)
    assert legacy.object(md5(b"first")) == b"first"
    assert legacy.object(md5(b"second")) == b"second"


# --- 1


@pytest.mark.parametrize("head", [b"version https://hawser.github.com/spec/v1", b"version http://git-media.io/v/2"])
def test_a_pointer_of_git_lfs_from_its_first_days_becomes_a_pointer_to_its_object(legacy: Legacy, head: bytes) -> None:
    put_lfs_object(legacy, b"kept by lfs")
    text = lfs_pointer(b"kept by lfs").replace(b"version https://git-lfs.github.com/spec/v1", head)
    old = legacy.commit({"a.pkl": text})
    assert head in legacy.files(old)["a.pkl"][1]
    done = legacy.migrate()
    assert done.files(old)["a.pkl.dvc"][1] == pointer_of(b"kept by lfs", "a.pkl")


def test_an_lfs_pointer_becomes_a_pointer_to_its_object(legacy: Legacy) -> None:
    put_lfs_object(legacy, b"kept by lfs")
    old = legacy.commit({"a.pkl": lfs_pointer(b"kept by lfs"), "b.pkl": b"raw"})
    done = legacy.migrate()
    assert done.files(old)["a.pkl.dvc"][1] == pointer_of(b"kept by lfs", "a.pkl")
    assert done.files(old)["b.pkl.dvc"][1] == pointer_of(b"raw", "b.pkl")
    assert legacy.object(md5(b"kept by lfs")) == b"kept by lfs"


def test_an_lfs_pointer_without_its_object_stays_and_is_told(legacy: Legacy) -> None:
    absent = lfs_pointer(b"nowhere")
    old = legacy.commit({"a.pkl": absent, "b.pkl": b"raw"})
    selection = Selection(("*.pkl",))
    assert driven.survey(legacy.place, selection, legacy.select()).absent == [b"a.pkl"]
    done = legacy.migrate()
    assert done.files(old)["a.pkl"] == ("100644", absent)
    assert "a.pkl.dvc" not in done.files(old)
    assert done.stays() == {"a.pkl": "its LFS object is not here"}
    assert "b.pkl.dvc" in done.files(old)


def test_a_damaged_lfs_object_stops_everything(legacy: Legacy) -> None:
    put_lfs_object(legacy, b"kept by lfs").write_bytes(b"kept by LFS")
    legacy.commit({"a.pkl": lfs_pointer(b"kept by lfs")})
    before = legacy.refs()
    with pytest.raises(GuardError, match="damaged"):
        legacy.migrate()
    assert legacy.refs() == before


# --- 2


def test_an_empty_file_moves_too_and_one_object_serves_many_names(legacy: Legacy) -> None:
    old = legacy.commit({"empty.pkl": b"", "a.pkl": b"same", "d/b.csv": b"same"})
    done = legacy.migrate()
    assert done.files(old)["empty.pkl.dvc"][1] == pointer_of(b"", "empty.pkl")
    assert done.files(old)["a.pkl.dvc"][1] == pointer_of(b"same", "a.pkl")
    assert done.files(old)["d/b.csv.dvc"][1] == pointer_of(b"same", "b.csv")
    assert done.report["objects"] == 2


# --- 3


def test_pointer_and_ignore_line_are_in_exactly_the_commits_of_the_file(legacy: Legacy) -> None:
    there = legacy.commit({"a.pkl": b"1", "x": b"x"})
    gone = legacy.commit({"x": b"x"})
    renamed = legacy.commit({"d/b.pkl": b"1", "x": b"x"})
    again = legacy.commit({"a.pkl": b"1", "x": b"x"})
    done = legacy.migrate()
    assert done.files(there)[".gitignore"][1] == b"/a.pkl\n"
    assert set(done.files(gone)) == {"x", *OF_DVC}
    assert set(done.files(renamed)) >= {"d/b.pkl.dvc", "d/.gitignore"}
    assert "a.pkl.dvc" not in done.files(renamed)
    assert ".gitignore" not in done.files(renamed)
    assert done.files(again) == done.files(there)


def test_a_file_moves_only_in_the_commits_where_it_is_large_enough(legacy: Legacy) -> None:
    small = legacy.commit({"a.pkl": b"s" * 100, "b.txt": b"t" * 200})
    large = legacy.commit({"a.pkl": b"s" * 101, "b.txt": b"t" * 200})
    done = legacy.migrate(above=100)
    assert done.ids[small] == small
    assert "a.pkl.dvc" in done.files(large)
    assert done.files(large)["b.txt"] == ("100644", b"t" * 200)  # its name is not asked for


def test_by_size_alone_every_name_counts_but_what_the_tools_work_by(legacy: Legacy) -> None:
    big = b"x" * 50
    kept = {".gitignore": b"#" + big, "dvc.yaml": b"#" + big, ".gitattributes": b"#" + big}
    old = legacy.commit({**kept, "movie": big, "small": b"x", "no.bin": big})
    done = legacy.migrate(include=(), above=20, exclude=("*.bin",))
    names = set(done.files(old))
    assert {"movie.dvc", "small", "no.bin", "dvc.yaml", ".gitattributes", ".gitignore"} <= names
    assert not names & {"movie", "no.bin.dvc", "dvc.yaml.dvc", "small.dvc"}
    assert done.files(old)["dvc.yaml"][1] == b"#" + big


# --- 4


def test_a_file_beside_its_own_pointer_goes(legacy: Legacy) -> None:
    written = b"# a comment\n" + pointer_of(b"data", "a.pkl")
    old = legacy.commit({"a.pkl": b"data", "a.pkl.dvc": written, "b.pkl": b"b"})
    done = legacy.migrate()
    assert "a.pkl" not in done.files(old)
    assert done.files(old)["a.pkl.dvc"] == ("100644", written)
    assert done.report["dropped"] == ["a.pkl"]
    assert legacy.object(md5(b"data")) == b"data"
    assert done.files(old)[".gitignore"][1] == b"/a.pkl\n/b.pkl\n"


def test_a_pointer_that_was_hidden_is_seen_when_only_it_holds_the_file(legacy: Legacy) -> None:
    """Git tracked both, whatever its ignore file said; DVC passes over a pointer that is ignored."""
    old = legacy.commit({"a.pkl": b"data", "a.pkl.dvc": pointer_of(b"data", "a.pkl"), ".gitignore": b"*.dvc\n"})
    done = legacy.migrate()
    assert done.files(old)[".gitignore"][1] == b"*.dvc\n!*.dvc\n/a.pkl\n"
    legacy.storage()
    assert legacy.pulled(done.ids[old])["a.pkl"] == b"data"


def test_a_file_beside_a_pointer_to_other_bytes_stays_and_is_told(legacy: Legacy) -> None:
    """With all of its commit: `dvc pull` writes over no file of other bytes, and then brings nothing at all."""
    old = legacy.commit({"a.pkl": b"data", "a.pkl.dvc": pointer_of(b"other", "a.pkl"), "b.pkl": b"b"})
    agreed = legacy.commit({"a.pkl": b"data", "a.pkl.dvc": pointer_of(b"data", "a.pkl"), "b.pkl": b"b"})
    done = legacy.migrate()
    assert done.ids[old] == old
    assert done.stays().keys() == {"a.pkl", "b.pkl"}
    assert all("Git has other bytes of it than a.pkl.dvc records" in words for words in done.stays().values())
    assert {"a.pkl.dvc", "b.pkl.dvc"} <= done.files(agreed).keys()


@pytest.mark.parametrize("executable", [True, False])
def test_a_file_beside_a_pointer_of_another_mode_stays_and_is_told(legacy: Legacy, executable: bool) -> None:
    """Its bytes are those of the pointer, and the pointer would give it back with another mode."""
    mode = "100755" if executable else "100644"
    old = legacy.commit(
        {"a.pkl": (mode, b"data"), "a.pkl.dvc": pointer_of(b"data", "a.pkl", not executable), "b.pkl": b"b"}
    )
    agreed = legacy.commit({"a.pkl": (mode, b"data"), "a.pkl.dvc": pointer_of(b"data", "a.pkl", executable)})
    done = legacy.migrate()
    assert done.files(old)["a.pkl"] == (mode, b"data")
    assert "another mode" in done.stays()["a.pkl"]
    assert "a.pkl" not in done.files(agreed)


def test_a_file_stays_where_something_else_has_the_pointers_name(legacy: Legacy) -> None:
    old = legacy.commit({"a.pkl": b"data", "a.pkl.dvc/x": b"a folder"})
    done = legacy.migrate()
    assert done.files(old)["a.pkl"] == ("100644", b"data")
    assert "pointer's name" in done.stays()["a.pkl"]


# --- 5


def test_symlinks_and_submodules_stay_and_the_exec_bit_is_kept(legacy: Legacy) -> None:
    other = legacy.commit({"x": b"x"}, branch="other")
    files = {
        "run.pkl": ("100755", b"#!"),
        "link.pkl": ("120000", b"run.pkl"),
        "sub.pkl": ("160000", other.encode()),
        "plain.pkl": b"p",
    }
    old = legacy.commit(files)
    done = legacy.migrate(refs=("main",))
    assert done.files(old)["run.pkl.dvc"] == ("100644", pointer_of(b"#!", "run.pkl", executable=True))
    assert done.files(old)["plain.pkl.dvc"] == ("100644", pointer_of(b"p", "plain.pkl"))
    assert done.files(old)["link.pkl"] == ("120000", b"run.pkl")
    assert done.files(old)["sub.pkl"] == ("160000", other.encode())


# --- 6


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("!a.pkl", b"/\\!a.pkl"),
        ("#a.pkl", b"/\\#a.pkl"),
        ("a*b[c]?.pkl", b"/a\\*b\\[c\\]\\?.pkl"),
        ("back\\slash.pkl", b"/back\\\\slash.pkl"),
        ("new\nline.pkl", b"/new?line.pkl"),
        ("é ü.pkl", "/é ü.pkl".encode()),
        ("- lead: x.pkl", b"/- lead: x.pkl"),
        ("UPPER.PKL", b"/UPPER.PKL"),
    ],
)
def test_a_name_is_escaped_for_git_and_quoted_for_dvc(worked: Legacy, name: str, line: bytes) -> None:
    legacy = worked
    old = legacy.commit({name: b"data"})
    legacy.checkout()
    done = legacy.migrate()
    assert done.files(old)[".gitignore"][1] == line + b"\n"
    assert name + ".dvc" in done.files(old)
    assert (legacy.path / name).read_bytes() == b"data"
    assert legacy.git("status", "--porcelain") == b""


@pytest.mark.parametrize("name", [b"\xff.pkl", b"s3:x.pkl", b"f\xff/a.pkl"])
def test_a_name_that_dvc_cannot_hold_stays_and_is_told(legacy: Legacy, name: bytes) -> None:
    old = legacy.commit({name: b"data", "ok.pkl": b"ok"})
    done = legacy.migrate()
    assert done.files(old)[os.fsdecode(name)] == ("100644", b"data")
    assert "ok.pkl.dvc" in done.files(old)
    assert len(done.stays()) == 1


def test_paths_that_differ_by_case_only_are_told(legacy: Legacy) -> None:
    old = legacy.commit({"A.pkl": b"1", "a.pkl": b"2", "b.pkl": b"3"})
    done = legacy.migrate()
    assert done.report["clashing"] == ["A.pkl", "a.pkl"]
    assert {"A.pkl.dvc", "a.pkl.dvc", "b.pkl.dvc"} <= set(done.files(old))


# --- 7


def test_what_dvc_already_holds_gets_no_pointer_of_its_own(legacy: Legacy) -> None:
    pipeline = (
        b"stages:\n  a:\n    cmd: x\n    outs:\n    - made.csv\n    metrics:\n    - score.csv:\n        cache: false\n"
    )
    lock = (
        f"schema: '2.0'\nstages:\n  a:\n    cmd: x\n    outs:\n    - path: made.csv\n      md5: {md5(b'm')}\n".encode()
    )
    files = {"dvc.yaml": pipeline, "dvc.lock": lock, "made.csv": b"m", "score.csv": b"s"}
    old = legacy.commit({**files, "free.csv": b"f"})
    done = legacy.migrate()
    after = done.files(old)
    for name, content in files.items():
        assert after[name] == ("100644", content)
    assert "free.csv.dvc" in after
    assert "made.csv.dvc" not in after
    assert done.stays() == {
        "made.csv": "dvc.yaml makes it",
        "score.csv": "DVC leaves it to Git (cache: false)",
    }


def test_a_commit_in_which_git_has_files_where_dvc_puts_a_folder_stays_whole(legacy: Legacy) -> None:
    """`dvc pull` stops there, and brings no other file either."""
    folder = f"outs:\n- md5: {md5(b'[]')}.dir\n  size: 3\n  nfiles: 1\n  hash: md5\n  path: data\n".encode()
    files = {"data.dvc": folder, "data/in/x.csv": b"in", "free.csv": b"f"}
    old, mended = legacy.commit(files), legacy.commit({"data.dvc": folder, "free.csv": b"f"})
    done = legacy.migrate()
    assert done.files(old) == legacy.files(old)
    assert "free.csv.dvc" in done.files(mended)
    words = "in its commit `dvc pull` stops at data: Git has it, and to data.dvc it is an output of DVC's"
    assert done.stays() == dict.fromkeys(("data/in/x.csv", "free.csv"), words)


def test_a_pipeline_in_another_folder_and_with_templates_counts(legacy: Legacy) -> None:
    yaml = b"stages:\n  a:\n    foreach: [x]\n    do:\n      wdir: ../out\n      cmd: x\n"
    yaml += b"      outs:\n      - ${item}.csv\n"
    lock = (
        f"schema: '2.0'\nstages:\n  a@x:\n    cmd: x\n    outs:\n    - path: x.csv\n"
        f"      hash: md5\n      md5: {md5(b'1')}\n      size: 1\n"
    ).encode()
    old = legacy.commit({"pipe/dvc.yaml": yaml, "pipe/dvc.lock": lock, "out/x.csv": b"1", "out/y.csv": b"2"})
    done = legacy.migrate()
    assert done.files(old)["out/x.csv"] == ("100644", b"1")
    assert "out/y.csv.dvc" in done.files(old)


def test_the_files_of_a_dvc_project_further_down_stay(legacy: Legacy) -> None:
    old = legacy.commit({"sub/.dvc/config": b"", "sub/a.pkl": b"a", "b.pkl": b"b"})
    done = legacy.migrate()
    assert done.files(old)["sub/a.pkl"] == ("100644", b"a")
    assert "b.pkl.dvc" in done.files(old)
    assert "another DVC project" in done.stays()["sub/a.pkl"]


def test_where_dvc_can_load_nothing_all_stays_and_is_told(legacy: Legacy) -> None:
    files = {"broken.dvc": b"<<<<<<< ours\n", "b.pkl": b"b"}
    old, mended = legacy.commit(files), legacy.commit({"b.pkl": b"b"})
    done = legacy.migrate()
    assert done.files(old) == legacy.files(old)
    assert "DVC can load nothing: broken.dvc" in done.stays()["b.pkl"]
    assert "b.pkl.dvc" in done.files(mended)


def test_where_a_file_is_named_dvc_all_stays_and_is_told(legacy: Legacy) -> None:
    old, gone = legacy.commit({".dvc": b"a note", "b.pkl": b"b"}), legacy.commit({"b.pkl": b"b"})
    done = legacy.migrate()
    assert done.ids[old] == old
    assert "no project" in done.stays()["b.pkl"]
    assert "b.pkl.dvc" in done.files(gone)


def test_a_submodule_named_like_a_pointer_stays_and_the_rest_moves(legacy: Legacy) -> None:
    old = legacy.commit({"tools.dvc": ("160000", b"1" * 40), "b.pkl": b"b"})
    done = legacy.migrate()
    assert done.files(old)["tools.dvc"] == ("160000", b"1" * 40)
    assert "b.pkl.dvc" in done.files(old)


@pytest.mark.parametrize(("mode", "executable"), [("100664", False), ("100600", False), ("100775", True)])
def test_modes_that_old_tools_wrote_are_git_s_own_two(legacy: Legacy, mode: str, executable: bool) -> None:
    old = raw_commit(legacy, [(mode, "a.pkl", b"a"), ("100640", "x.txt", b"x")])
    done = legacy.migrate()
    assert done.files(old)["a.pkl.dvc"][1] == pointer_of(b"a", "a.pkl", executable)
    assert done.files(old)["x.txt"][1] == b"x"


def test_what_is_in_a_folder_of_a_mode_with_a_zero_before_it_moves(legacy: Legacy) -> None:
    inner = legacy.write("tree", tree_of(legacy, [("100644", "a.pkl", b"a")]))
    root = tree_of(legacy, [("040000", "data", bytes.fromhex(inner)), ("100644", "x", b"x")])
    old = raw_commit(legacy, root)
    done = legacy.migrate()
    assert "data/a.pkl.dvc" in done.files(old)
    assert b"040000 data" not in legacy.raw(done.ids[old] + "^{tree}")


def test_a_tree_out_of_order_is_right_again_when_it_is_written_anew(legacy: Legacy) -> None:
    old = raw_commit(legacy, [("100644", "z", b"z"), ("100644", "b.pkl", b"b"), ("100644", "a", b"a")])
    done = legacy.migrate()
    assert {"z", "b.pkl.dvc", "a"} <= done.files(old).keys()  # and `migrate` has asked fsck


@pytest.mark.parametrize(
    ("entries", "reason"),
    [
        ([("dup", b"1"), ("dup", b"2"), ("z.pkl", b"z")], "names dup twice"),
        ([("z.pkl", b"1"), ("z.pkl", b"2")], "names z.pkl twice"),
        ([("a/b", b"1"), ("z.pkl", b"2")], "does not allow"),
        ([(".git", b"1"), ("z.pkl", b"2")], "does not allow"),
    ],
)
def test_a_tree_that_nobody_can_write_stays_as_it_is_and_is_told(
    legacy: Legacy, entries: list[tuple[str, bytes]], reason: str
) -> None:
    old = raw_commit(legacy, [("100644", *entry) for entry in entries])
    later = legacy.commit({"z.pkl": b"3"})
    done = legacy.migrate()
    assert done.ids[old] == old
    assert reason in done.stays()["z.pkl"]
    assert "z.pkl.dvc" in done.files(later)


def test_a_tree_that_names_no_object_stays_as_it_is_and_is_told(legacy: Legacy) -> None:
    tree = b"100644 x.py\0" + bytes(20) + tree_of(legacy, [("100644", "z.pkl", b"1")])
    old = raw_commit(legacy, tree)
    later = legacy.commit({"z.pkl": b"3"})
    done = Migrated(legacy, driven.run(legacy.place, legacy.options()))
    assert done.ids[old] == old
    assert done.stays()["z.pkl"] == "the tree of its folder names no object for x.py"
    assert "z.pkl.dvc" in done.files(later)


def tree_of(legacy: Legacy, entries: list[tuple[str, str, bytes]]) -> bytes:
    """Return a tree in this order; of a folder its id in place of a file's bytes."""
    parts = []
    for mode, name, data in entries:
        oid = data if mode.endswith("40000") else bytes.fromhex(legacy.write("blob", data))
        parts.append(f"{mode} {name}\0".encode() + oid)
    return b"".join(parts)


def raw_commit(legacy: Legacy, entries: list[tuple[str, str, bytes]] | bytes) -> str:
    """Write a commit of a tree that no tool of today would write."""
    tree = legacy.write("tree", entries if isinstance(entries, bytes) else tree_of(legacy, entries))
    commit = legacy.write("commit", b"tree %s\nauthor %s\ncommitter %s\n\nx\n" % (tree.encode(), AUTHOR, AUTHOR))
    legacy.git("update-ref", "refs/heads/main", commit)
    return commit


# --- the selection, and that nothing else is looked at


def test_patterns_by_folder_and_exclusions(legacy: Legacy) -> None:
    files = {"data/raw/x.bin": b"1", "src/x.bin": b"2", "data/keep.bin": b"3", "DATA/y.bin": b"4"}
    old = legacy.commit(files)
    done = legacy.migrate(include=("data/**",), exclude=("keep.bin",))
    after = set(done.files(old))
    assert {"data/raw/x.bin.dvc", "src/x.bin", "data/keep.bin", "DATA/y.bin.dvc"} <= after


def test_each_tree_is_opened_once_and_what_has_no_match_never_again(
    legacy: Legacy, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[bytes] = []
    trees = Source.trees

    def counted(self: Source, ids: list[bytes]) -> object:
        opened.extend(ids)
        return trees(self, ids)

    monkeypatch.setattr(Source, "trees", counted)
    source = {f"src/p{i}/m{j}.py": b"%d %d" % (i, j) for i in range(5) for j in range(3)}
    for version in range(6):
        source[f"src/p{version % 5}/m0.py"] = b"v%d" % version
        legacy.commit({**source, "models/a.pkl": b"m%d" % (version // 2)})
    legacy.migrate()
    unique = set(legacy.git("rev-list", "--objects", "refs/trinity-guard/original/heads/main").split())
    kinds = legacy.git("cat-file", "--batch-check", data=b"\n".join(sorted(o for o in unique if len(o) == 40)))
    trees_there = [line.split()[0] for line in kinds.splitlines() if b" tree " in line]
    assert sorted(opened) == sorted(trees_there)


def test_a_history_without_a_match_keeps_every_id(legacy: Legacy) -> None:
    legacy.commit({"a.py": b"1", "data.dvc": pointer_of(b"x", "data")}, extra=b"gpgsig -----BEGIN\n end\n")
    legacy.commit({"a.py": b"2"})
    before = legacy.refs()
    done = legacy.migrate()
    assert legacy.refs() == before
    assert len(done.ids) == 2
    assert all(old == new for old, new in done.ids.items())
    assert done.report["refs"] == []


def test_what_a_survey_counts(legacy: Legacy) -> None:
    legacy.commit({"a.pkl": b"1" * 1000})
    legacy.commit({"a.pkl": b"2" * 3000, "b.csv": b"3" * 500})
    legacy.commit({"c.py": b""})
    found = driven.survey(legacy.place, Selection(("*.pkl", "*.csv", "*.h5")), legacy.select())
    said = [(s.label, s.files, s.blobs, s.commits, s.size) for s in found.summaries]
    assert said == [("*.pkl", 1, 2, 2, 4000), ("*.csv", 1, 1, 1, 500)]
    assert found.largest[0] == (b"a.pkl", 2, 4000)
    assert 0 < found.summaries[0].packed < 4000


def test_an_existing_project_and_its_cache_are_used(worked: Legacy, tmp_path: Path) -> None:
    legacy = worked
    elsewhere = tmp_path / "elsewhere"
    config = f"[cache]\n    dir = {elsewhere}\n[core]\n    remote = s\n".encode()
    config += f"['remote \"s\"']\n    url = {tmp_path / 'storage'}\n".encode()
    old = legacy.commit({".dvc/config": config, "a.pkl": b"a"})
    legacy.checkout()
    trust.confirm_cache(legacy.place, project.load(legacy.place.top))
    done = legacy.migrate()
    assert done.files(old)[".dvc/config"][1] == config
    assert (elsewhere / "files" / "md5" / md5(b"a")[:2] / md5(b"a")[2:]).read_bytes() == b"a"


# --- 19


def test_the_report_says_what_the_history_took_in_git_and_takes_in_the_cache(legacy: Legacy) -> None:
    versions = [b"same line\n" * 5000 + b"%d" % n for n in range(5)]
    for data in versions:
        legacy.commit({"a.csv": data})
    legacy.git("repack", "-adq")
    report = legacy.migrate().report
    assert report["bytes_unpacked"] == sum(map(len, versions))
    assert 0 < report["bytes_packed"] < report["bytes_unpacked"] / 100
    assert report["commits_changed"] == report["blobs_moved"] == 5


def test_blobs_are_given_out_while_the_scan_goes_on_and_each_once(worked: Legacy) -> None:
    lines = []
    for number in range(700):
        lines.append(b"commit refs/heads/main\ncommitter A <a@b> %d +0000\ndata 1\nc\n" % (1_600_000_000 + number))
        if number % 100 in (0, 7):  # the later one has the bytes of the commit before the last again
            lines.append(b"M 100644 inline m.pkl\ndata 4\n%04d\n" % (number - number % 7))
        lines.append(b"M 100644 inline code.py\ndata 4\n%04d\n" % number)
    worked.git("fast-import", "--quiet", data=b"".join(lines))
    source = Source(worked.place)
    given: list[list[bytes]] = []

    def take(found: Scan, blobs: list[bytes]) -> None:
        assert all(blob in found.blobs for blob in blobs)
        given.append(blobs)

    tip = worked.id("main").encode()
    found = scan(source, Selection(("*.pkl",)), [tip], [], quiet, on_blobs=take)
    source.close()
    everything = [blob for blobs in given for blob in blobs]
    assert len(given) == 2
    assert sorted(everything) == sorted(found.blobs)
    assert len(everything) == len(set(everything))
    # The newest of a path first, as Git's deltas lie.
    order = list(found.versions[b"m.pkl"])
    assert given[0] == order[: len(given[0])][::-1]


@pytest.mark.slow
def test_a_file_is_decided_on_once_however_many_versions_its_folder_has(
    legacy: Legacy, monkeypatch: pytest.MonkeyPatch
) -> None:
    decided: list[bytes] = []
    decide = rewrite.Trees._decide

    def counted(trees: rewrite.Trees, folder: Folder, entry: Entry, *args: Any) -> versions.Decision:
        decided.append(entry[1])
        return decide(trees, folder, entry, *args)

    monkeypatch.setattr(rewrite.Trees, "_decide", counted)
    files = {f"daily/{i:02}.pkl": b"%d" % i for i in range(12)}
    olds = [legacy.commit(dict(list(files.items())[: i + 1])) for i in range(12)]
    done = legacy.migrate()
    assert sorted(decided) == [b"%02d.pkl" % i for i in range(12)]
    for count, old in enumerate(olds, 1):
        names = [f"{i:02}.pkl" for i in range(count)]
        assert done.files(old)["daily/.gitignore"][1] == b"".join(b"/%s\n" % n.encode() for n in names)
        assert {f"daily/{n}.dvc" for n in names} <= done.files(old).keys()


@pytest.mark.slow
def test_what_is_decided_on_a_file_follows_what_changes_beside_it(legacy: Legacy) -> None:
    plain = legacy.commit({"d/a.pkl": b"1"})
    ignored = legacy.commit({"d/a.pkl": b"1", ".gitignore": b"*.pkl*\n"})
    taken = legacy.commit({"d/a.pkl": b"1", "d/a.pkl.dvc/x": b""})
    again = legacy.commit({"d/a.pkl": b"1", "b.py": b""})
    other = legacy.commit({"d/a.pkl": b"2"})
    done = legacy.migrate()
    for old, data in ((plain, b"1"), (again, b"1"), (other, b"2")):
        assert done.files(old)["d/.gitignore"][1] == b"/a.pkl\n"
        assert md5(data).encode() in done.files(old)["d/a.pkl.dvc"][1]
    assert done.files(ignored)["d/.gitignore"][1] == b"!*.dvc\n"
    assert done.files(taken)["d/a.pkl"] == ("100644", b"1")


def test_a_pointer_that_names_its_file_from_where_it_is_is_its_own(legacy: Legacy) -> None:
    own = pointer_of(b"1", "./a.pkl")
    old = legacy.commit({"m/a.pkl": b"1", "m/a.pkl.dvc": own})
    after = legacy.migrate().files(old)
    assert after["m/a.pkl.dvc"] == ("100644", own)
    assert "m/a.pkl" not in after
