"""Git LFS taken out of .gitattributes in each commit, but for what stays with it."""

from __future__ import annotations

import pytest

from tests.migrate.legacy import Files, Legacy, Migrated, lfs_pointer, put_lfs_object
from trinity_guard.git.catfile import Source
from trinity_guard.migrate import lfsattributes
from trinity_guard.migrate.selection import Selection

TRACKED = b" filter=lfs diff=lfs merge=lfs -text\n"
DATA, OTHER = b"the data\n", b"other data\n"
LEAVING = Selection(["*.pkl"], leaves_lfs=True, any_lfs=True)


def left(legacy: Legacy, files: Files) -> Migrated:
    for data in (DATA, OTHER):
        put_lfs_object(legacy, data)
    legacy.commit(files)
    return legacy.migrate(selection=LEAVING, leave_missing=True)


def attributes(done: Migrated, commit: str = "main") -> dict[str, bytes]:
    return {path: data for path, (_, data) in done.legacy.files(commit).items() if path.endswith(".gitattributes")}


def test_git_itself_says_which_lines_mean_a_path(legacy: Legacy) -> None:
    data = b'*.bin filter=lfs\n/top.bin filter=lfs\n"a b/*" lfs\n# x\n[attr]lfs filter=lfs\nd/** filter=lfs\n'
    data += b"c[[:space:]]d.csv filter=lfs\n"
    paths = [b"top.bin", b"x/top.bin", b"a b/n\nl", b"d/e/f.csv", b"c d.csv", b"none.py"]
    found = lfsattributes.meant(Source(legacy.place), data, paths)
    assert {path: set(numbers) for path, numbers in found.items()} == {
        b"top.bin": {0, 1}, b"x/top.bin": {0}, b"a b/n\nl": {2}, b"d/e/f.csv": {5}, b"c d.csv": {6}, b"none.py": set(),
    }  # fmt: skip


A, LOST = lfs_pointer(DATA), lfs_pointer(b"lost")


@pytest.mark.parametrize(
    ("files", "after"),
    [
        ({".gitattributes": b"*.bin" + TRACKED, "a.bin": A}, {}),
        (
            {".gitattributes": b"*.bin" + TRACKED + b"*.py text\n", "m/.gitattributes": b"*" + TRACKED, "m/a": A},
            {".gitattributes": b"*.py text\n"},
        ),
        # A macro of the top is known in folders, and none that is defined there.
        (
            {".gitattributes": b"[attr]big" + TRACKED, "m/.gitattributes": b"*.bin big\n[attr]x text\n", "m/a.bin": A},
            {"m/.gitattributes": b"[attr]x text\n"},
        ),
        # Lines that take files away from LFS are no words of LFS.
        (
            {".gitattributes": b"*" + TRACKED + b"*.py !filter\n/raw.bin -filter -text\n", "a.bin": A, "raw.bin": b"r"},
            {".gitattributes": b"*.py !filter\n/raw.bin -filter -text\n"},
        ),
        # A folder of nothing but attributes goes with them.
        ({"a.bin": A, ".gitattributes": b"*.bin" + TRACKED, "m/n/.gitattributes": b"*.bin" + TRACKED}, {}),
        # What stays with LFS keeps its line, and no other's.
        (
            {".gitattributes": b"*.bin" + TRACKED + b"*.psd" + TRACKED, "a.bin": A, "m/b.psd": LOST},
            {".gitattributes": b"*.psd" + TRACKED},
        ),
    ],
)
def test_attributes_follow_what_became_of_the_pointers(legacy: Legacy, files: Files, after: dict[str, bytes]) -> None:
    assert attributes(left(legacy, files)) == after


def test_a_file_that_lfs_was_meant_to_take_and_that_is_raw_stays_byte_for_byte(legacy: Legacy) -> None:
    raw = b"\0raw\r\n" * 100
    done = left(legacy, {".gitattributes": b"*.bin" + TRACKED, "raw.bin": raw, "a.bin": lfs_pointer(DATA)})
    files = legacy.files("main")
    assert files["raw.bin"] == ("100644", raw)
    assert "a.bin.dvc" in files
    assert ".gitattributes" not in files
    assert "raw.bin" not in done.stays()


def test_the_new_attributes_have_the_mode_of_the_old(legacy: Legacy) -> None:
    text = b"*.bin" + TRACKED + b"*.py text\n"
    left(legacy, {".gitattributes": ("100755", text), "a.bin": lfs_pointer(DATA)})
    assert legacy.files("main")[".gitattributes"] == ("100755", b"*.py text\n")


def test_an_attributes_file_that_is_a_link_stays(legacy: Legacy) -> None:
    left(legacy, {".gitattributes": ("120000", b"elsewhere"), "elsewhere": b"*" + TRACKED, "a.pkl": lfs_pointer(DATA)})
    assert legacy.files("main")[".gitattributes"] == ("120000", b"elsewhere")


def test_each_commit_has_the_attributes_that_it_had_but_for_lfs(legacy: Legacy) -> None:
    for data in (DATA, OTHER):
        put_lfs_object(legacy, data)
    olds = [
        legacy.commit({".gitattributes": b"*.py text\n", "a.py": b"x"}),
        legacy.commit({".gitattributes": b"*.py text\n*.bin" + TRACKED, "a.bin": lfs_pointer(DATA)}),
        legacy.commit({".gitattributes": b"*.bin" + TRACKED, "b.bin": lfs_pointer(OTHER)}),
        legacy.commit({"b.bin": lfs_pointer(OTHER)}),
    ]
    done = legacy.migrate(selection=LEAVING, leave_missing=True)
    assert done.ids[olds[0]] == olds[0]
    assert [attributes(done, done.ids[old]) for old in olds[1:]] == [{".gitattributes": b"*.py text\n"}, {}, {}]
    assert done.report["attributes"] == [".gitattributes"]
    # Without a line that gives it to LFS, its text is what people had: it is not for LFS to say otherwise.
    assert "b.bin.dvc" in done.files(olds[2])
