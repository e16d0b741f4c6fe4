"""DVC's own walk sees every new pointer, or its file stays in Git: an enumeration of ignore lines."""

from __future__ import annotations

import itertools

import pytest

from tests.helpers.support import run
from tests.migrate.legacy import Legacy, imported
from trinity_guard.dvcrepo.walk import Walk
from trinity_guard.migrate.ignorefiles import DVCIGNORE, GITIGNORE, Line, Reader, lines_of
from trinity_guard.migrate.seen import Lines, Seen

GRAMMAR = (
    b"data/", b"/data/", b"data", b"/data/*", b"data/*", b"/data/**", b"data/*/", b"**/data/", b"*", b"/*", b"**",
    b"*/", b"*.csv", b"*.csv*", b"*.dvc", b"/data/raw/", b"raw", b"d*", b"[d]ata/", b"[[:alpha:]]*", b"data/raw/*",
    b"*/raw/", b"!data/", b"!/data/", b"!*.dvc", b"!*/", b"!.gitignore", b"!/data/raw/", b"!*.csv", b"!data/**",
)  # fmt: skip
FILES = (b"a.csv", b"data/a.csv", b"data/raw/a.csv")
PLACES = (b"", b"data/")


def chain_of(texts: dict[bytes, bytes]) -> tuple[Line, ...]:
    """Return the lines of these ignore files (from the top down) as a context has them."""
    found: list[Line] = []
    for path, text in texts.items():
        folder, _, name = path.rpartition(b"/")
        found += [(folder + b"/" if folder else b"", name, line) for line in lines_of(text)]
    return tuple(found)


def lines_for(texts: dict[bytes, bytes], path: bytes) -> tuple[Seen, Lines | str]:
    folder, slash, name = path.rpartition(b"/")
    reader = Reader(FILES)
    here = folder + slash
    chain = tuple(one for one in chain_of(texts) if here.startswith(one[0]) and reader.relevant(one, here))
    seen = Seen(reader, chain, here)
    return seen, seen.lines(name)


@pytest.mark.parametrize(
    ("texts", "path"),
    [
        ({b".gitignore": b"/*\n!/src/\n!.gitignore\n"}, b"data/a.csv"),
        ({b".gitignore": b"data/\ndata/*\n"}, b"data/a.csv"),
        ({b".gitignore": b"/data/*\n"}, b"data/raw/a.csv"),
        ({b".gitignore": b"[[:alpha:]]*\n"}, b"data/a.csv"),
        ({b".gitignore": b"data/*/\n"}, b"data/a.csv"),
        ({b".gitignore": b"*.csv*\n"}, b"a.csv"),
        ({b".gitignore": b"data/\n", b"data/.gitignore": b"raw/\n"}, b"data/raw/a.csv"),
    ],
)
def test_lines_are_found_that_let_dvc_see_a_pointer(texts: dict[bytes, bytes], path: bytes) -> None:
    seen, lines = lines_for(texts, path)
    assert isinstance(lines, Lines)
    files = {**texts, **seen._files(lines)}
    assert Walk(files.get).hiding(b"", path + b".dvc") == ""


def test_where_no_line_helps_the_file_stays_with_the_reason() -> None:
    _, said = lines_for({b"data/.gitignore": b"**\n!.gitignore\n"}, b"data/a.csv")
    assert isinstance(said, str)
    assert "for ignored" in said


def test_a_dvcignore_that_dvc_cannot_read_is_the_reason() -> None:
    reader = Reader(FILES)
    seen = Seen(reader, ((b"", DVCIGNORE, b"\xff*.csv"),), b"")
    assert "cannot read .dvcignore" in str(seen.lines(b"a.csv"))


def test_without_a_line_that_concerns_them_nobody_is_asked() -> None:
    seen = Seen(Reader(FILES), (), b"data/")
    assert isinstance(seen.lines(b"a.csv"), Lines)
    assert not seen._walks


def migrated(legacy: Legacy, cases: list[dict[str, bytes]]) -> tuple[int, int]:
    """Migrate a branch a case; return how many pointers there are, and how many files stay. All else is proved."""
    files = {path.decode(): b"%d" % n for n, path in enumerate(FILES)}
    imported(legacy, [{**ignore, **files, "case": b"%d" % n} for n, ignore in enumerate(cases)], "case-{}")
    done = legacy.migrate()
    pointers = stays = 0
    for number in range(len(cases)):
        tree = {p: data for p, (_, data) in legacy.files(f"case-{number}").items()}
        read = {p.encode(): data for p, data in tree.items()}
        for path in map(bytes.decode, FILES):
            assert (path in tree) != (path + ".dvc" in tree)
            pointers += path + ".dvc" in tree
            stays += path in tree
            if path + ".dvc" in tree:
                assert Walk(read.get).hiding(b"", path.encode() + b".dvc") == "", cases[number]
    assert bool(stays) == bool(done.stays())
    return pointers, stays


def cases_of(length: int) -> list[dict[str, bytes]]:
    found = []
    for lines in itertools.product(GRAMMAR, repeat=length):
        for place in PLACES:
            found.append({(place + GITIGNORE).decode(): b"\n".join(lines) + b"\n"})
        found.append({".dvcignore": b"\n".join(lines) + b"\n"})
    return found


@pytest.mark.slow
def test_after_any_one_line_every_pointer_is_seen_or_its_file_stays(legacy: Legacy) -> None:
    pointers, stays = migrated(legacy, cases_of(1)[::2])
    assert pointers > stays
    assert stays


@pytest.mark.slow
def test_after_any_two_lines_every_pointer_is_seen_or_its_file_stays(legacy: Legacy) -> None:
    pointers, stays = migrated(legacy, cases_of(2)[::5])
    assert pointers > stays > 0


@pytest.mark.slow
def test_a_slice_of_them_is_pulled_by_the_real_dvc(worked: Legacy) -> None:
    cases = cases_of(2)[7::301]
    for number, ignore in enumerate(cases):
        worked.commit({**ignore, **{p.decode(): p for p in FILES}}, branch=f"case-{number}", parents=[])
    worked.git("checkout", "-q", "case-0")
    worked.migrate()
    worked.storage()
    for number in range(len(cases)):
        commit = worked.id(f"case-{number}")
        there = {path: data for path, (_, data) in worked.files(commit).items()}
        # Where all stays there is no project, and nothing to pull.
        found = worked.pulled(commit) if ".dvc/config" in there else there
        assert {p: found.get(p.decode()) for p in FILES} == {p: p for p in FILES}, cases[number]
    assert run("git", "status", "--porcelain", "-uno", cwd=worked.path).stdout == b""
