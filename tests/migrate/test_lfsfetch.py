"""What Git LFS says of a server, and what becomes of pointers whose objects it did not bring."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from tests.migrate.legacy import Files, Legacy, lfs_pointer, put_lfs_object, quiet
from trinity_guard.errors import GuardError
from trinity_guard.git.catfile import Source
from trinity_guard.migrate import filters, lfs, lfsfetch
from trinity_guard.migrate.lfsfetch import Fetched
from trinity_guard.migrate.migration import Migration
from trinity_guard.migrate.reasons import LFS_LOST, LFS_TEXT
from trinity_guard.migrate.scan import Scan, scan
from trinity_guard.migrate.selection import Selection

DATA, LOST = b"the data\n", b"lost data\n"
SHA = hashlib.sha256(LOST).hexdigest()
TRACKED = b"*.bin filter=lfs diff=lfs merge=lfs -text\n"
TEXT = lfs_pointer(LOST + b"x")
FILES: Files = {".gitattributes": TRACKED, "a.bin": lfs_pointer(DATA), "m/b.bin": lfs_pointer(LOST), "doc.txt": TEXT}
DOWN = Fetched(2, "dial tcp 127.0.0.1:1: connect: connection refused")


def judged(legacy: Legacy, fetched: Fetched, leave_missing: bool = False) -> tuple[Scan, set[bytes]]:
    put_lfs_object(legacy, DATA)
    source, commit = Source(legacy.place), legacy.commit(FILES).encode()
    selection = Selection(["*.pkl"], leaves_lfs=True, any_lfs=True)
    found = scan(source, selection, [commit], [], quiet, [])
    return found, lfsfetch.judge(source, found, filters.speaking(source, found), fetched, leave_missing)


def why(found: Scan) -> dict[bytes, str]:
    named = {oid: size.lfs for oid, size in found.blobs.items()}
    return {path: p.why for path, blobs in found.versions.items() for oid in blobs if (p := named[oid]) and p.why}


WHAT = "1 LFS object (10 B) of m/b.bin"
AGAIN, FROM_ANOTHER = "git lfs fetch --all ", "cp -Rn CLONE/.git/lfs/objects /"


@pytest.mark.parametrize(
    ("fetched", "problem", "remedy"),
    [
        (DOWN, f"brought nothing for {WHAT}; no ref was moved. It says: dial tcp", AGAIN),
        (Fetched(0), f"brought nothing for {WHAT}", AGAIN),
        (
            Fetched(2, "[404]", [SHA]),
            f"the LFS server does not have {WHAT}, or not whole; no ref was moved",
            FROM_ANOTHER,
        ),
        (Fetched(2, "nothing", [], True), f"the LFS server does not have {WHAT}", FROM_ANOTHER),
        (
            Fetched(1, "git: 'lfs' is not a git command."),
            f"git-lfs is not installed, and {WHAT}",
            "https://git-lfs.com",
        ),
    ],
)
def test_what_is_missing_is_named_with_its_file(legacy: Legacy, fetched: Fetched, problem: str, remedy: str) -> None:
    with pytest.raises(GuardError) as refused:
        judged(legacy, fetched)
    assert problem in refused.value.problem
    assert remedy in refused.value.remedy
    assert "--leave-missing" in refused.value.remedy


def test_what_nobody_has_needs_no_line_and_what_the_server_may_have_keeps_its(legacy: Legacy) -> None:
    text = bytes.fromhex(legacy.write("blob", TEXT))
    lost = bytes.fromhex(legacy.write("blob", lfs_pointer(LOST)))
    found, unneeded = judged(legacy, Fetched(2, "[404]", [SHA]), leave_missing=True)
    assert unneeded == {lost, text}
    assert why(found) == {b"m/b.bin": LFS_LOST, b"doc.txt": LFS_TEXT}
    found, unneeded = judged(legacy, DOWN, leave_missing=True)
    assert unneeded == {text}
    assert why(found) == {b"doc.txt": LFS_TEXT}


@pytest.mark.parametrize(
    ("said", "gone", "all_gone"),
    [
        (b"[%s] Object does not exist on the server: [404] Object does not exist" % SHA.encode(), True, False),
        (b"Error downloading m/b.bin (%s): [404] Not Found" % SHA.encode(), True, False),
        (b"expected OID %s, got %s after 9 bytes written" % (SHA.encode(), b"0" * 64), True, False),
        (b"[%s] [500] Internal" % SHA.encode(), False, False),
        (b"batch request: Cannot find any of the requested objects", False, True),
        (b"", False, False),
    ],
)
def test_it_is_told_what_the_server_has_not_from_what_may_pass(said: bytes, gone: bool, all_gone: bool) -> None:
    found = lfsfetch.read(2, b"fetch: Fetching\n" + said + b"\n")
    assert (SHA in found.gone, found.all_gone, found.code) == (gone, all_gone, 2)
    assert found.words == said.decode()


def test_no_secret_of_an_address_is_shown() -> None:
    said = b"Post https://me:secret@host/x?jwt=abc&y=1 failed: http://tok@host/z?sig=s"
    assert lfsfetch.read(2, said).words == "Post https://host/x failed: http://host/z"


def test_git_lfs_is_not_asked_where_all_is_here(legacy: Legacy) -> None:
    put_lfs_object(legacy, DATA)
    legacy.commit({"a.bin": lfs_pointer(DATA)})
    told: list[str] = []
    with Migration(legacy.place, lambda stage, *_: told.append(stage)) as migration:
        assert lfsfetch.fetch(migration).code == 0
    assert told == []


def test_there_must_be_room_for_what_is_fetched(legacy: Legacy) -> None:
    huge = lfs_pointer(DATA).replace(b"size 9", b"size 9000000000000000")
    legacy.commit({".gitattributes": TRACKED, "a.bin": huge})
    with Migration(legacy.place) as migration, pytest.raises(GuardError) as refused:
        lfsfetch.fetch(migration)
    assert "need 9000 TB" in refused.value.problem
    assert "lfs.storage" in refused.value.remedy


def test_what_has_come_is_counted_with_what_is_not_whole_yet(legacy: Legacy) -> None:
    folder = lfs.of(Source(legacy.place))
    objects = [lfs.LfsObject(hashlib.sha256(data).hexdigest(), len(data)) for data in (DATA, LOST)]
    arriving = lfsfetch.Arriving(folder, {p.sha256: p for p in objects})
    assert (arriving.done(), arriving.total) == (0, len(DATA + LOST))
    incomplete = Path(os.fsdecode(folder)).parent / "incomplete"
    incomplete.mkdir(parents=True)
    (incomplete / f"{SHA}1234").write_bytes(LOST[:4])
    (incomplete / "of another one.part").write_bytes(LOST)
    assert arriving.done() == 4
    put_lfs_object(legacy, DATA)
    assert arriving.done() == len(DATA) + 4
    (incomplete / f"{SHA}1234").unlink()
    put_lfs_object(legacy, LOST)
    assert arriving.done() == arriving.total


def test_how_far_it_is_is_told_while_git_lfs_is_at_work(
    legacy: Legacy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    legacy.commit({".gitattributes": TRACKED, "a.bin": lfs_pointer(DATA), "b.bin": lfs_pointer(LOST)})
    at, program, told = os.fsdecode(lfs.of(Source(legacy.place))), tmp_path / "programs" / "git-lfs", tmp_path / "told"
    brings = f"mkdir -p '{at}/{SHA[:2]}/{SHA[2:4]}' && printf 'lost data\\n' > '{at}/{SHA[:2]}/{SHA[2:4]}/{SHA}'"
    waits = f"for i in 1 2 3 4 5 6 7 8 9; do test -e '{told}' || sleep 0.1; done"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{brings}\n{waits}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(lfsfetch, "PAUSE", 0.01)
    heard: list[tuple[str, int, int]] = []

    def hear(stage: str, done: int, total: int) -> None:
        heard.append((stage, done, total))
        if done:
            told.touch()

    with Migration(legacy.place, hear) as migration:
        assert lfsfetch.fetch(migration).code == 0
    total = len(DATA + LOST)
    assert (heard[0], heard[-1]) == (("fetch", 0, total), ("fetch", len(LOST), total))
