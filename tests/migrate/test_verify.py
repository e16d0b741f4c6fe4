"""`verify` finds whatever became of a migrated history: one kind of loss after another is put into it by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.migrate import driven
from tests.migrate.legacy import AUTHOR, Files, Legacy, Migrated, lfs_pointer, md5, put_lfs_object
from trinity_guard.errors import GuardError

OTHER = b"X <x@example.com> 1500000000 +0100"


class Damaged:
    """A migrated repository, and ways to change what the migration made as if it had made it so."""

    def __init__(self, legacy: Legacy) -> None:
        self.legacy = legacy
        put_lfs_object(legacy, b"lfs data")
        legacy.commit({"x.py": b"x"})
        files: Files = {
            "a.pkl": b"one", "b.pkl": b"two", "run.csv": ("100755", b"3"), "x.py": b"x",
            "l.pkl": lfs_pointer(b"lfs data"), "m/.gitignore": b"*.dvc\n", "m/n/c.h5": b"c", "k/l.txt": b"l",
        }  # fmt: skip
        self.first = legacy.commit({**files, "a.pkl": b"zero"})
        side = legacy.commit({"s.pkl": b"side"}, branch="side", parents=[self.first])
        self.old = legacy.commit(files, parents=[self.first, side])
        legacy.git("tag", "-a", "-m", "the first\n\nwords", "v1", "main")
        legacy.git("notes", "add", "-m", "a note", "main")
        self.done: Migrated = legacy.migrate()
        self.state = legacy.git_dir / "trinity-guard" / "migrate"

    def wrong(self) -> list[str]:
        return driven.verify(self.legacy.place).wrong

    @property
    def new(self) -> str:
        return self.done.ids[self.old]

    def instead(self, new: str, ref: str = "refs/heads/main") -> None:
        """Let another commit or tag stand where the migration put its own: in the map, the state, the ref."""
        old_new = self.legacy.id(ref)
        for name in ("commit-map", "state.json"):
            file = self.state / name
            file.write_text(file.read_text().replace(old_new, new))
        self.legacy.git("update-ref", ref, new)

    def commit(
        self, files: Files | None = None, message: bytes = b"work\n", extra: bytes = b"", author: bytes = AUTHOR,
        parents: list[str] | None = None,
    ) -> None:  # fmt: skip
        """Put another commit in the place of main's: the same but for what is said."""
        kept = self.legacy.files(self.new)
        kept.update(files or {})
        given = {n: c for n, c in kept.items() if c != ("", b"")}
        known = self.legacy.git("log", "-1", "--format=%P", self.new).decode().split()
        made = self.legacy.commit(given, message, known if parents is None else parents, extra, "scratch", author)
        tag = self.legacy.raw(self.legacy.id("v1")).replace(self.new.encode(), made.encode())
        self.instead(self.legacy.write("tag", tag), "refs/tags/v1")
        self.instead(made)

    def edit(self, name: str, old: bytes, new: bytes) -> None:
        mode, data = self.legacy.files(self.new)[name]
        assert old in data
        self.commit({name: (mode, data.replace(old, new))})

    def map(self, change: Callable[[list[str]], list[str]]) -> None:
        file = self.state / "commit-map"
        file.write_text("".join(line + "\n" for line in change(file.read_text().splitlines())))

    def object(self, data: bytes) -> Path:
        digest = md5(data)
        file = self.legacy.cache() / "files" / "md5" / digest[:2] / digest[2:]
        file.chmod(0o644)
        return file

    def tag(self, old: bytes, new: bytes) -> None:
        raw = self.legacy.raw(self.legacy.id("v1"))
        assert old in raw
        self.instead(self.legacy.write("tag", raw.replace(old, new)), "refs/tags/v1")


def swapped(d: Damaged) -> None:
    files = d.legacy.files(d.new)
    d.commit({"a.pkl.dvc": files["b.pkl.dvc"], "b.pkl.dvc": files["a.pkl.dvc"]})


def of_the_other_bytes(d: Damaged) -> None:
    """Both pointers are whole, their objects are there: only the bytes are each other's."""
    files = d.legacy.files(d.new)
    one, two = files["a.pkl.dvc"][1], files["b.pkl.dvc"][1]
    first, second = md5(b"one").encode(), md5(b"two").encode()
    d.commit({"a.pkl.dvc": ("100644", one.replace(first, second)), "b.pkl.dvc": ("100644", two.replace(second, first))})


def other_parents(d: Damaged, *which: int) -> None:
    known = d.legacy.git("log", "-1", "--format=%P", d.new).decode().split()
    d.commit(parents=[known[n] for n in which])


def other_note(d: Damaged, files: Files, author: bytes = AUTHOR) -> None:
    ref = "refs/notes/commits"
    made = d.legacy.commit(files, b"Notes added by 'git notes add'\n", [], branch="scratch", author=author)
    d.instead(made, ref)


def note_of_somebody_else(d: Damaged) -> None:
    raw = d.legacy.raw(d.legacy.id("refs/notes/commits"))
    at, end = raw.index(b"author "), raw.index(b"\ncommitter")
    d.instead(d.legacy.write("commit", raw[:at] + b"author " + OTHER + raw[end:]), "refs/notes/commits")


GONE = ("", b"")
DAMAGES: dict[str, tuple[Callable[[Damaged], object], str]] = {
    "a commit is missing in the map": (lambda d: d.map(lambda lines: lines[1:]), "not in the commit-map"),
    "the last commit is missing in the map": (lambda d: d.map(lambda ls: ls[:-1]), "not in the commit-map"),
    "a line of the map is cut off": (lambda d: d.map(lambda ls: [*ls[:-1], ls[-1][:50]]), "commit-map"),
    "two commits are swapped in the map": (
        lambda d: d.map(lambda ls: [*ls[:-2], ls[-2][:41] + ls[-1][41:], ls[-1][:41] + ls[-2][41:]]), "",
    ),
    "a file is another one": (lambda d: d.edit("x.py", b"x", b"y"), "x.py is not what it was"),
    "a file is gone": (lambda d: d.commit({"k/l.txt": GONE}), "k"),
    "a file has come": (lambda d: d.commit({"k/new": ("100644", b"")}), "was not there before"),
    "a mode is another one": (lambda d: d.commit({"x.py": ("100755", b"x")}), "x.py is not what it was"),
    "a pointer's mode is another one": (lambda d: d.edit("run.csv.dvc", b"  isexec: true\n", b""), "another mode"),
    "a pointer is gone": (lambda d: d.commit({"a.pkl.dvc": GONE}), "has no pointer"),
    "two pointers are swapped": (swapped, "a.pkl"),
    "two pointers name each other's bytes": (of_the_other_bytes, "the old bytes have the md5"),
    "a pointer's size is wrong": (lambda d: d.edit("a.pkl.dvc", b"size: 3", b"size: 4"), "a.pkl"),
    "an ignore line is lost": (lambda d: d.edit(".gitignore", b"/b.pkl\n", b""), "b.pkl: is not ignored"),
    "an ignore line of the old ones is lost": (lambda d: d.edit("m/.gitignore", b"*.dvc\n", b""), "other lines"),
    "an ignore file is lost": (lambda d: d.commit({".gitignore": GONE}), "is not ignored"),
    "a pointer is ignored": (lambda d: d.edit("m/n/.gitignore", b"!*.dvc\n", b""), "it takes m/n/c.h5.dvc for ignored"),
    "a strange ignore line has come": (lambda d: d.edit(".gitignore", b"/b.pkl\n", b"/b.pkl\n/x.py\n"), "other lines"),
    "DVC is told to look away": (lambda d: d.commit({".dvcignore": ("100644", b"m/\n")}), ".dvcignore"),
    "something else lies in DVC's folder": (lambda d: d.commit({".dvc/tool.py": ("100644", b"")}), ".dvc/tool.py"),
    "another author": (lambda d: d.commit(author=OTHER), "a header"),
    "another header": (lambda d: d.commit(extra=b"encoding x\n"), "a header"),
    "another message": (lambda d: d.commit(message=b"works\n"), "message"),
    "a parent is lost": (lambda d: other_parents(d, 0), "parents"),
    "parents are swapped": (lambda d: other_parents(d, 1, 0), "parents"),
    "a parent has come": (lambda d: other_parents(d, 0, 1, 1), "parents"),
    "a tag's message is another one": (lambda d: d.tag(b"words", b"swords"), "message"),
    "a tag has another name": (lambda d: d.tag(b"tag v1", b"tag v2"), "header of the tag"),
    "a tag names another commit": (
        lambda d: d.tag(d.new.encode(), d.done.ids[d.first].encode()), "not the one of the map",
    ),
    "a note is lost": (lambda d: other_note(d, {"k": b""}), "a note is not where it was"),
    "a note is somebody else's": (note_of_somebody_else, "header of a note"),
    "an object is missing": (lambda d: d.object(b"one").unlink(), "not in the cache"),
    "an object is cut off": (lambda d: d.object(b"one").write_bytes(b"on"), "not in the cache"),
    "an object is another one": (lambda d: d.object(b"one").write_bytes(b"eno"), "is damaged"),
    "an object of an old version is another one": (lambda d: d.object(b"zero").write_bytes(b"Zero"), "is damaged"),
    "an object of git-lfs is another one": (
        lambda d: d.object(b"lfs data").write_bytes(b"LFS data"), "not what its LFS pointer named",
    ),
    "a branch stands on half of it": (
        lambda d: [d.legacy.git("update-ref", f"refs/heads/{b}", d.done.ids[d.first]) for b in ("main", "side")]
        and d.legacy.git("update-ref", "-d", "refs/tags/v1"), "held by no ref",
    ),
    "an old ref is gone": (
        lambda d: d.legacy.git("update-ref", "-d", "refs/trinity-guard/original/heads/main"), "original",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGES)
def test_each_kind_of_damage_is_found(legacy: Legacy, name: str) -> None:
    damage, words = DAMAGES[name]
    damaged = Damaged(legacy)
    damage(damaged)
    try:
        found = damaged.wrong()
    except GuardError as error:
        found = [error.problem]
    assert found
    assert any(words in said for said in found), found


def test_the_ways_to_damage_it_do_none_by_themselves(legacy: Legacy) -> None:
    damaged = Damaged(legacy)
    damaged.commit()
    assert damaged.wrong() == []
    damaged.tag(b"words", b"words")
    assert damaged.wrong() == []


def test_work_that_goes_on_is_no_damage(legacy: Legacy) -> None:
    """New commits, a branch that was merged and deleted: what the migration made is still held."""
    damaged = Damaged(legacy)
    files = legacy.files("main")
    legacy.commit({**files, "new.py": b""})
    legacy.git("update-ref", "-d", "refs/heads/side")
    assert damaged.wrong() == []


def test_without_its_map_verify_says_so(legacy: Legacy) -> None:
    damaged = Damaged(legacy)
    (damaged.state / "commit-map").unlink()
    with pytest.raises(GuardError, match="commit-map"):
        damaged.wrong()
    assert json.loads((damaged.state / "state.json").read_text())["phase"] == "done"
