"""Every combination of up to three ignore lines, in one ignore file or in several, asked of DVC's own code.

Of each new commit the real `collect_files` of DVC, in this process, must find every pointer in the tree, and a file
without one must be there itself. A part is looked at in CI, all of it with TRINITY_GUARD_ENUMERATION=all, and so much
with a fraction like 1/50.
"""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.helpers.support import run
from tests.migrate import driven
from tests.migrate.legacy import Legacy, pointer_of
from tests.migrate.test_seen import FILES, GRAMMAR

# An ignore file at the top, one in a folder, and DVC's own.
PLACES = (b".gitignore", b"data/.gitignore", b".dvcignore")
IGNORE_FILES = (*PLACES, b"data/raw/.gitignore")
POINTERS = tuple(path + b".dvc" for path in FILES)
ASKED = (*FILES, *POINTERS, *IGNORE_FILES)
TOGETHER = 1500
# Read as the tests are collected: each test runs without what names us in the environment.
PART = os.environ.get("TRINITY_GUARD_ENUMERATION", "1/97")
Case = dict[bytes, bytes]


def cases() -> Iterator[Case]:
    """Yield them all: lines in the same file; two in two files; three in three."""
    for length in (1, 2, 3):
        for lines in itertools.product(GRAMMAR, repeat=length):
            yield from ({place: b"\n".join(lines) + b"\n"} for place in PLACES)
    for one, other in itertools.product(GRAMMAR, repeat=2):
        for pair in itertools.combinations(PLACES, 2):
            yield {pair[0]: one + b"\n", pair[1]: other + b"\n"}
    for lines in itertools.product(GRAMMAR, repeat=3):
        yield {place: line + b"\n" for place, line in zip(PLACES, lines, strict=True)}


COUNT = 3 * (30 + 30**2 + 30**3) + 3 * 30**2 + 30**3


def part() -> list[Case]:
    """Return the cases to look at: as many as take CI about a minute, or what is asked for."""
    step = 1 if PART == "all" else int(PART.partition("/")[2])
    return list(itertools.islice(cases(), 0, None, step))


def imported(legacy: Legacy, some: Sequence[Case]) -> list[bytes]:
    """Write a commit a case; return their ids."""
    stream = []
    for number, case in enumerate(some):
        files = {**case, **dict.fromkeys(FILES, b"x"), b"n": b"%d" % number}
        stream.append(b"commit refs/heads/main\ncommitter A <a@example.com> %d +0000\ndata 1\nx\ndeleteall\n" % number)
        stream += [b"M 100644 inline %s\ndata %d\n%s\n" % (name, len(data), data) for name, data in files.items()]
    legacy.git("fast-import", "--quiet", "--force", data=b"".join(stream))
    return legacy.git("rev-list", "--reverse", "main").split()


def trees(legacy: Legacy, commits: Sequence[bytes]) -> Iterator[dict[bytes, bytes]]:
    """Yield of each commit the files that matter, as Git's own cat-file gives them."""
    contents = legacy.attempted([commit + b":" + path for commit in commits for path in ASKED])
    for start in range(0, len(contents), len(ASKED)):
        some = zip(ASKED, contents[start : start + len(ASKED)], strict=True)
        yield {path: data for path, data in some if data is not None}


class RealDvc:
    """A project whose files are replaced case by case, and DVC's own code that looks for its pointers."""

    def __init__(self, top: Path) -> None:
        from dvc.repo import Repo  # half a second, for slow tests alone

        run("git", "init", "-q", top)
        (top / "data/raw").mkdir(parents=True)
        (top / ".dvc").mkdir()
        (top / ".dvc/config").write_text("[core]\n    autostage = false\n")
        self._top = top
        self._repo = Repo(os.fspath(top))

    def finds(self, files: dict[bytes, bytes]) -> set[bytes]:
        """Return the pointers that DVC finds in a tree with these ignore files and pointers."""
        from dvc.repo.index import collect_files

        for path in (*IGNORE_FILES, *POINTERS):
            file = self._top / os.fsdecode(path)
            if path in files:
                file.write_bytes(files[path])
            else:
                file.unlink(missing_ok=True)
        self._repo._reset()
        found = {os.path.relpath(file, self._top) for file, _ in collect_files(self._repo)}
        return {os.fsencode(name) for name in found}


def test_there_are_as_many_as_three_lines_of_thirty_and_three_places_make() -> None:
    assert len(GRAMMAR) == 30
    assert sum(1 for _ in cases()) == COUNT


def test_the_judge_sees_what_is_hidden_and_what_is_not(tmp_path: Path) -> None:
    judge = RealDvc(tmp_path / "judge")
    there = {path + b".dvc": pointer_of(b"x", Path(os.fsdecode(path)).name) for path in FILES}
    assert judge.finds(there) == set(POINTERS)
    assert judge.finds({**there, b".gitignore": b"/data/*\n!*.dvc\n"}) == {b"a.csv.dvc"}
    assert judge.finds({**there, b".dvcignore": b"raw/\n"}) == {b"a.csv.dvc", b"data/a.csv.dvc"}
    assert judge.finds({}) == set()
    assert judge.finds(there) == set(POINTERS)


def migrated(path: Path, some: Sequence[Case]) -> Iterator[tuple[Case, dict[bytes, bytes]]]:
    """Migrate a history of a commit a case; yield each with its new tree.

    A path that has to stay in one commit stays in all of a run, so those are looked for, and get a run of their own.
    """
    legacy = Legacy(path, bare=True)
    old = imported(legacy, some)
    report = driven.run(legacy.place, legacy.options())
    if report["left"] and len(some) > 1:
        for number, half in enumerate((some[: len(some) // 2], some[len(some) // 2 :])):
            yield from migrated(path.with_name(f"{path.name}-{number}"), half)
        return
    new = legacy.git("rev-list", "--reverse", "main").split()
    assert len(new) == len(old) == len(some)
    yield from zip(some, trees(legacy, new), strict=True)
    shutil.rmtree(path)


@pytest.mark.slow
def test_dvc_finds_every_pointer_or_the_file_stays(tmp_path: Path) -> None:
    judge, pointers, stays = RealDvc(tmp_path / "judge"), 0, 0
    wanted = part()
    for start in range(0, len(wanted), TOGETHER):
        for case, tree in migrated(tmp_path / f"{start}.git", wanted[start : start + TOGETHER]):
            there = {path for path in FILES if path + b".dvc" in tree}
            assert there == {path for path in FILES if path not in tree}, case
            assert {path + b".dvc" for path in there} == judge.finds(tree), case
            pointers, stays = pointers + len(there), stays + len(FILES) - len(there)
    print(f"{len(wanted):,} of {COUNT:,} cases: {pointers:,} pointers, all found by DVC; {stays:,} files stay")
    assert pointers > stays > 0
