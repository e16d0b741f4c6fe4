"""Others go on pushing while a history is migrated, and `run --onto` carries that over; told over real clones."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.helpers.killing import killed_at
from tests.helpers.migrations import Legacy, out, refused
from tests.helpers.support import KB, run
from tests.migrate.tools.test_guides import Place

MAP = ".git/trinity-guard/migrate/commit-map"
ONTO = ("run", "--onto", MAP, "--yes")


class Late(Place):
    """`clone` is migrated, and meanwhile a teammate pushes: a new version of a model, a new table, a line of code, a
    file that goes, a branch, a tag."""

    def __init__(self, tmp_path: Path) -> None:
        super().__init__(tmp_path)
        run("git", "clone", "-q", self.server.path, tmp_path / "mate")
        self.mate = Legacy(tmp_path / "mate")
        out(self.clone, "run", "--everything", "--remote-branches", "--yes", "--remote", str(tmp_path / "storage"))
        self.push_on()
        self.clone.git("fetch", "-q", "origin")

    def push_on(self) -> None:
        mate = self.mate
        self.model = mate.add("models/a.pkl", 9 * KB)
        self.table = mate.add("data/late.csv", b"x\n" * 900)
        mate.add("code.py", b"print(9)\n")
        mate.git("rm", "-q", "data/t.csv")
        mate.git("commit", "-q", "-m", "a table goes")
        mate.git("tag", "-a", "-m", "second", "v2")
        mate.git("checkout", "-q", "-b", "late", "main~1")
        mate.add("models/late.pkl", 2 * KB)
        mate.git("checkout", "-q", "main")
        mate.git("push", "-q", "origin", "main", "late", "v2")

    def publish(self, said: str) -> None:
        [push] = [line.strip() for line in said.splitlines() if line.strip().startswith("git push --force")]
        self.paste(push)

    def over_everything(self, tmp_path: Path) -> Legacy:
        """Migrate a fresh clone, with all that was pushed."""
        run("git", "clone", "-q", self.server.path, tmp_path / "whole")
        whole = Legacy(tmp_path / "whole")
        # The address of a folder is relative in a work tree's config: from a clone that lies beside the other one.
        out(whole, "run", "--everything", "--remote-branches", "--yes", "--remote", str(tmp_path / "storage"))
        return whole


@pytest.fixture
def late(tmp_path: Path) -> Late:
    return Late(tmp_path)


def everything(legacy: Legacy) -> dict[str, object]:
    """All that a run may change but the cache, which may have more objects, and what is remembered of these."""
    found = legacy.everything()
    files = {n: data for n, data in found.pop("files").items() if not n.startswith(".dvc/cache/")}  # type: ignore[attr-defined]
    kept = {p.name: p.read_bytes() for p in legacy.state.iterdir() if p.name not in ("lock", "objects")}
    return {**found, "files": files, "kept": kept}


def own(legacy: Legacy) -> dict[str, str]:
    return {n: oid for n, oid in legacy.refs().items() if n.startswith(("refs/heads/", "refs/tags/"))}


def test_the_branch_that_is_checked_out_goes_on_with_files_and_artifacts(late: Late, tmp_path: Path) -> None:
    said = out(late.clone, *ONTO)
    whole = late.over_everything(tmp_path)
    assert own(late.clone) == own(whole)
    assert late.clone.git("status", "--porcelain").stdout == b""
    assert late.clone.file("code.py").read_bytes() == b"print(9)\n"
    assert late.clone.file("models/a.pkl").read_bytes() == late.model
    assert late.clone.file("data/late.csv").read_bytes() == late.table
    assert not late.clone.file("data/t.csv").exists()
    assert "refs/heads/late" in said
    assert "every byte is there" in out(late.clone, "verify")
    assert sorted((late.clone.path / MAP).read_text().split()) == sorted((whole.path / MAP).read_text().split())


def test_published_and_pulled_it_is_what_everybody_gets(late: Late, tmp_path: Path) -> None:
    late.publish(out(late.clone, *ONTO, "--push"))
    run("git", "clone", "-q", late.server.path, tmp_path / "fresh")
    late.paste("dvc pull", tmp_path / "fresh")
    assert (tmp_path / "fresh/models/a.pkl").read_bytes() == late.model
    for name, oid in own(late.clone).items():
        assert late.server.git("rev-parse", name).stdout.decode().strip() == oid


def test_an_undo_goes_back_to_what_was_pushed(late: Late) -> None:
    out(late.clone, *ONTO)
    out(late.clone, "undo")
    assert late.clone.head_of("main") == late.server.git("rev-parse", "main").stdout.decode().strip()
    assert late.clone.git("status", "--porcelain").stdout == b""
    assert late.clone.file("models/a.pkl").read_bytes() == late.model
    assert late.clone.file("data/late.csv").read_bytes() == late.table
    assert not any("trinity-guard" in name for name in late.clone.refs())


def test_a_second_time_there_is_nothing_to_carry_over_and_all_stays(late: Late) -> None:
    out(late.clone, *ONTO)
    before = everything(late.clone)
    assert out(late.clone, *ONTO) == "nothing to carry over: all that stands on the old history has its new commits\n"
    assert everything(late.clone) == before


def test_what_is_pushed_later_still_is_carried_over_too(late: Late, tmp_path: Path) -> None:
    out(late.clone, *ONTO)
    late.mate.add("more.csv", b"z\n")
    late.mate.git("push", "-q", "origin", "main")
    late.clone.git("fetch", "-q")
    out(late.clone, *ONTO)
    assert own(late.clone) == own(late.over_everything(tmp_path))
    assert late.clone.file("more.csv").read_bytes() == b"z\n"


def test_a_teammate_carries_merges_and_artifacts_that_nobody_has_merged(late: Late, tmp_path: Path) -> None:
    mate, note = late.mate, out(late.clone, "guide", "team")
    mate.git("checkout", "-q", "-b", "topic", "main~2")
    mine = mate.add("models/mine.pkl", 5 * KB)
    mate.git("merge", "-q", "--no-edit", "main")
    mate.add("models/mine.pkl", 6 * KB)
    mate.git("checkout", "-q", "main")
    run("git", "clone", "-q", mate.path, tmp_path / "whole", "--branch", "topic")
    whole = Legacy(tmp_path / "whole")
    out(whole, "run", "--everything", "--remote-branches", "--yes", "--remote", str(tmp_path / "storage"))
    late.publish(out(late.clone, *ONTO, "--push"))
    shutil.copy(late.clone.state / "commit-map", mate.path)
    late.paste("# " + re.split(r"\n# (?=[1234]\.)", note)[3], mate.path)
    assert mate.head_of("topic") == whole.head_of("topic")
    assert mate.git("status", "--porcelain", "-uno").stdout == b""
    assert "every byte is there" in out(mate, "verify")
    run("git", "clone", "-q", mate.path, tmp_path / "pulled", "--branch", "topic")
    late.paste("git checkout -q topic~2 && dvc pull", tmp_path / "pulled")
    assert (tmp_path / "pulled/models/mine.pkl").read_bytes() == mine


def test_beside_commits_of_its_own_a_branch_of_another_name_takes_what_was_pushed(late: Late) -> None:
    mine = late.clone
    mine.add("mine.py", b"")
    here = mine.head_of("main")
    said = out(mine, *ONTO)
    assert mine.head_of("main") == here
    assert "git merge carried/main" in said
    mine.git("merge", "-q", "--no-edit", "carried/main")
    assert mine.show("mine.py", "main") == b""
    assert mine.show("code.py", "main") == b"print(9)\n"
    assert not mine.tracked("models/a.pkl", "main")


def test_a_dry_one_says_it_and_changes_nothing(late: Late) -> None:
    before = everything(late.clone)
    assert "nothing was moved (--dry-run)" in out(late.clone, *ONTO, "--dry-run")
    assert everything(late.clone) == before


def test_one_that_cannot_go_on_leaves_the_migration_as_it_was(late: Late) -> None:
    late.clone.file("data/late.csv.dvc").write_text("of my own")
    before = everything(late.clone)
    assert "no ref was moved" in refused(late.clone, *ONTO, code=2)
    assert everything(late.clone) == before


@pytest.mark.parametrize("start", [1, 8, 15, 22])
@pytest.mark.slow
def test_one_that_is_killed_anywhere_is_completed_by_the_same_command(late: Late, tmp_path: Path, start: int) -> None:
    before = own(late.clone)
    done = Legacy(tmp_path / "done")
    shutil.copytree(late.clone.path, done.path)
    out(done, *ONTO)
    for step in range(start, 1000, 28):
        repo = Legacy(tmp_path / "killed")
        shutil.rmtree(repo.path, ignore_errors=True)
        shutil.copytree(late.clone.path, repo.path)
        killed = killed_at(repo.path, step, "migrate", *ONTO, "-q")
        assert own(repo) in (before, own(done)), step
        out(repo, *ONTO)
        assert own(repo) == own(done), step
        assert "every byte is there" in out(repo, "verify", "--sample", "0")
        assert repo.git("status", "--porcelain").stdout == b""
        assert len(json.loads((repo.state / "report.json").read_text())["refs"]) == 5
        if not killed:
            return
    raise AssertionError("it never came to its end")
