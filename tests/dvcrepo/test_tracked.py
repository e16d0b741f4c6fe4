"""What the index's pointers and locks say is remembered whole, and never beyond its time."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dvcrepo.kinds import KINDS, OTHER, TABLE, md5, room
from tests.helpers.support import Repo, run
from trinity_guard import git
from trinity_guard.dvcrepo import decode, tracked
from trinity_guard.dvcrepo.output import Output

FIELDS = [f for f in Output.__slots__ if f not in ("project", "commit")]


def fields(outputs: list[Output]) -> list[list[object]]:
    return [[getattr(o, f) for f in FIELDS] for o in outputs]


@pytest.fixture
def work(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(room(kind), tmp_path / "room", symlinks=True)
    monkeypatch.chdir(tmp_path / "room" / "work")
    return tmp_path / "room" / "work"


def loaded(monkeypatch: pytest.MonkeyPatch | None = None) -> tracked.Catalog:
    """Return the catalog; with monkeypatch, one for which no pointer may be read."""
    if monkeypatch:
        monkeypatch.setattr(decode, "outputs_of", lambda *_: pytest.fail("it was read again"))
    return tracked.load(git.place())


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_is_remembered(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = loaded()
    assert fresh.outputs()
    assert fields(loaded(monkeypatch).outputs()) == fields(fresh.outputs())


def odd() -> Iterator[Output]:
    """Yield outputs whose fields are each unlike the ordinary."""
    for field in FIELDS:
        output = Output(b"a", "b" * 32, 1, b"a.dvc", b"c" * 40)
        output.text = "a"
        value = getattr(output, field)
        if field == "kind":
            value = "import"
        elif isinstance(value, bool):
            value = not value
        else:
            value += {int: 7, str: "\xe9", bytes: b"\xff"}[type(value)]
        setattr(output, field, value)
        yield output


@pytest.mark.parametrize("kind", ["single file"])
def test_each_field_is_remembered_by_itself(work: Path) -> None:
    for output in odd():
        record = tracked._Record(git.place())
        record.write([output])
        assert fields([o for group in record.read().values() for o in group]) == fields([output])


@pytest.mark.parametrize("kind", ["single file"])
def test_a_stage_whose_name_tears_the_record_apart_spoils_nothing(work: Path) -> None:
    one, other = (Output(p, "b" * 32, 1, p + b".dvc", b"c" * 40) for p in (b"a", b"b"))
    one.text, other.text = "a", "b"
    one.stage = "x\0" * 8 + "\1"
    record = tracked._Record(git.place())
    record.write([one, other])
    found = record.read()
    assert list(found) == [b"a.dvc", b"b.dvc"]
    assert fields(found[b"b.dvc"]) == fields([other])


@pytest.mark.parametrize("kind", ["single file"])
@pytest.mark.parametrize("damage", [b"", b"x", b"\0" * 8, b"a.dvc\0" + b"\0" * 7, b"\xff\0" * 16])
def test_a_damaged_record_is_made_again(work: Path, damage: bytes) -> None:
    right = fields(loaded().outputs())
    (work / ".git" / "trinity-guard" / "outputs").write_bytes(damage)
    assert fields(loaded().outputs()) == right


@pytest.mark.parametrize("kind", ["DVC 2 of CRLF text"])
def test_the_record_of_the_version_before_is_neither_read_nor_touched(work: Path) -> None:
    """Its hooks may still run beside ours: each has a file of its own."""
    old = work / ".git" / "trinity-guard" / "pointers"
    old.parent.mkdir(parents=True, exist_ok=True)
    oid = run("git", "rev-parse", ":t.csv.dvc", cwd=work).stdout.strip()
    row = [b"t.csv.dvc", oid, b"t.csv", b"file", md5(TABLE).encode(), b"10", b""]
    old.write_bytes(b"".join(f + b"\0" for f in row))
    before = old.read_bytes()
    [output] = loaded().outputs()
    assert (output.legacy, output.text, old.read_bytes()) == (True, "t.csv", before)


@pytest.mark.parametrize("kind", ["dvc.lock"])
def test_a_lock_is_read_again_when_its_pipeline_says_otherwise(work: Path) -> None:
    assert [o.cache for o in loaded().locked] == [True]
    text = (work / "dvc.yaml").read_text()
    (work / "dvc.yaml").write_text(text.replace("- t.csv", "- t.csv:\n        cache: false"))
    run("git", "add", "dvc.yaml", cwd=work)
    assert [o.cache for o in loaded().locked] == [False]


@pytest.mark.parametrize("kind", ["dvc.lock"])
def test_a_lock_without_outputs_is_not_read_each_time(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (work / "dvc.lock").write_text("schema: '2.0'\nstages: {}\n")
    run("git", "add", "dvc.lock", cwd=work)
    assert not any(o.held for o in loaded().outputs())
    assert not any(o.held for o in loaded(monkeypatch).outputs())


def test_a_conversion_remembers_what_its_pointer_says_beside_the_bytes(repo: Repo) -> None:
    record = f"outs:\n- md5: {md5(TABLE)}\n  size: {len(TABLE)}\n  hash: md5\n  path: t.csv\n  remote: other\n"
    repo.write(".gitignore", b"/t.csv\n")
    repo.write("t.csv.dvc", record.encode())
    repo.git("add", ".gitignore", "t.csv.dvc")
    repo.write("t.csv", OTHER)
    repo.guard("convert", "t.csv")
    [row] = tracked._Record(_place(repo)).read()[b"t.csv.dvc"]
    assert (row.md5, row.remote, row.oid) == (md5(OTHER), "other", repo.index()[b"t.csv.dvc"][1])
    stat = repo.file("t.csv").stat()
    assert row.seen == b"%d %d %d" % (stat.st_size, stat.st_mtime_ns, stat.st_ino)


def _place(repo: Repo) -> git.Place:
    folder = os.fsencode(repo.path / ".git")
    return git.Place(os.fsencode(repo.path), folder, folder)
