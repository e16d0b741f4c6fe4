"""`trinity-guard migrate guide`: what is printed is pasted into a shell, and does what it says, with the real tools."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.helpers.documents import Session
from tests.helpers.migrations import Legacy, make_legacy, out, refused
from tests.helpers.support import KB, PROJECT, Repo, require, run

JAR = PROJECT / ".servers" / "bfg.jar"
FILTER_REPO = PROJECT / ".servers" / "filter-repo" / "bin"


class Place:
    """A server's repository, a clone of it, and a shell in the clone's top."""

    def __init__(self, tmp_path: Path, files: Sequence[tuple[str, bytes | int]] = ()) -> None:
        first = make_legacy(tmp_path / "first")
        for name, data in files:
            first.add(name, data)
        self.server = Repo(tmp_path / "server.git")
        run("git", "clone", "-q", "--bare", first.path, self.server.path)
        run("git", "clone", "-q", self.server.path, tmp_path / "clone")
        self.clone = Legacy(tmp_path / "clone")
        self.shell = Session(first.path.parent / "home", self.clone.path)
        self.path = f"{FILTER_REPO}{os.pathsep}{self.shell.env['PATH']}"

    def paste(self, text: str, at: Path | None = None, **env: str) -> str:
        done = run(
            "bash", "-euo", "pipefail", cwd=at or self.clone.path, data=text.encode(), env={"PATH": self.path, **env}
        )
        return done.stdout.decode() + done.stderr.decode()

    def names(self, tree: str = "--all") -> set[str]:
        """All names of files in the history that the server has now."""
        log = self.server.git("log", "-z", "--format=", "--name-only", "--no-renames", "-m", tree).stdout
        return {os.fsdecode(name) for name in log.split(b"\0") if name}


@pytest.fixture
def bfg_jar() -> str:
    jar = Path(os.environ.get("BFG_JAR") or JAR)
    if not jar.is_file():
        require("the BFG jar")
    if shutil.which("java") is None:
        require("Java")
    return str(jar)


@pytest.fixture
def filter_repo() -> None:
    if shutil.which("git-filter-repo") is None and not (FILTER_REPO / "git-filter-repo").is_file():
        require("git-filter-repo")


ARTIFACTS = {"models/a.pkl", "data/t.csv", "models/side.pkl"}


@pytest.mark.slow
def test_bfg_deletes_what_is_selected_from_the_servers_whole_history(tmp_path: Path, bfg_jar: str) -> None:
    place = Place(tmp_path, [("models/B.PKL", 4 * KB)])
    assert place.names() == {*ARTIFACTS, "models/B.PKL", "code.py"}
    data = {name: place.clone.file(name).read_bytes() for name in ("models/a.pkl", "models/B.PKL")}
    said = place.clone.guard("migrate", "guide", "bfg", BFG_JAR=bfg_jar).stdout.decode()
    [line] = [line for line in said.splitlines() if line.startswith("java")]
    assert "--delete-files '{*.pkl," in line
    assert ",*.PKL}'" in line
    place.paste(said)
    assert not place.names() & {*ARTIFACTS, "models/B.PKL"}
    assert "models/a.pkl.dvc" in place.names()
    for name, content in data.items():
        assert place.server.git("rev-parse", f"main:{name}", ok=False).returncode
        assert run("git", "clone", "-q", place.server.path, tmp_path / f"new-{len(content)}").returncode == 0
        run("dvc", "pull", "-q", cwd=tmp_path / f"new-{len(content)}", env={"PATH": place.path})
        assert (tmp_path / f"new-{len(content)}" / name).read_bytes() == content


def test_bfg_is_not_told_of_a_step_that_is_not_needed(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.clone.git("rm", "-q", "-r", "models", "data")
    place.clone.git("commit", "-q", "-m", "no artifact any more")
    assert "trinity-guard convert" not in out(place.clone, "guide", "bfg")


def test_what_bfg_cannot_be_told_is_said(tmp_path: Path) -> None:
    place = Place(tmp_path)
    said = out(place.clone, "guide", "bfg", "--include", "*.pkl", "/data/", "--exclude", "models/side.pkl")
    assert "BFG cannot be told: /data/" in said
    assert "BFG leaves 1 files that match: data/t.csv" in said
    assert "BFG knows no exceptions" in said
    assert "--delete-files '*.pkl'" in said
    assert "none of the patterns is one" in refused(place.clone, "guide", "bfg", "--include", "/data/", code=2)


@pytest.mark.usefixtures("filter_repo")
def test_filter_repo_takes_out_what_is_selected(tmp_path: Path) -> None:
    place = Place(tmp_path, [("models/B.PKL", 4 * KB)])
    commits = place.server.git("rev-list", "--count", "--all").stdout
    said = out(place.clone, "guide", "filter-repo")
    assert "--path-glob '*.PKL'" in said
    place.paste(said)
    assert place.names() == {"code.py"}
    assert place.server.git("rev-list", "--count", "--all").stdout == commits


@pytest.mark.usefixtures("filter_repo")
def test_filter_repo_is_told_the_paths_where_names_do_not_say_it(tmp_path: Path) -> None:
    odd = ["new\nline.pkl", "é ü.pkl", "#a.pkl", "a==>b.pkl", "keep.pkl.py", "dir/x.pkl"]
    place = Place(tmp_path, [(name, KB) for name in odd])
    said = out(place.clone, "guide", "filter-repo", "--include", "*.pkl", "--exclude", "models/side.pkl", "/dir/")
    assert "--paths-from-file" in said
    place.paste(said)
    assert place.names() == {"code.py", "data/t.csv", "models/side.pkl", "keep.pkl.py", "dir/x.pkl"}


def test_lfs_keeps_the_bytes_in_its_own_way(tmp_path: Path) -> None:
    if shutil.which("git-lfs") is None:
        require("git-lfs")
    place = Place(tmp_path, [("models/B.PKL", 4 * KB)])
    data = place.clone.file("models/B.PKL").read_bytes()
    place.paste(out(place.clone, "guide", "lfs"))
    for name in ("models/a.pkl", "models/B.PKL", "data/t.csv"):
        assert place.server.show(name, "main").startswith(b"version https://git-lfs.github.com/spec/v1\n")
    assert place.server.show("code.py", "main") == b"print(1)\n"
    stored = [p.read_bytes() for p in (place.server.path / "lfs" / "objects").rglob("*") if p.is_file()]
    assert data in stored
    assert len(stored) == 5


def test_lfs_is_told_of_exceptions(tmp_path: Path) -> None:
    if shutil.which("git-lfs") is None:
        require("git-lfs")
    place = Place(tmp_path)
    place.paste(out(place.clone, "guide", "lfs", "--include", "*.pkl", "--exclude", "models/side.pkl"))
    assert b"git-lfs" in place.server.show("models/a.pkl", "main")
    assert b"git-lfs" not in place.server.show("models/side.pkl", "side")
    assert b"git-lfs" not in place.server.show("data/t.csv", "main")


@pytest.mark.parametrize("tool", ["bfg", "filter-repo", "lfs"])
def test_a_guide_says_what_is_lost_and_needs_a_remote(tmp_path: Path, tool: str) -> None:
    place = Place(tmp_path)
    assert "Lost on this way:" in out(place.clone, "guide", tool)
    place.clone.git("remote", "remove", "origin")
    assert "git remote add origin URL" in refused(place.clone, "guide", tool, code=2)
    place.server.git("remote", "remove", "origin")
    assert f"git clone --mirror {place.server.path} " in out(place.server, "guide", tool)


def test_a_secret_in_the_remotes_address_is_not_printed(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.clone.git("remote", "set-url", "origin", "https://me:hunter2@example.com/x.git")
    assert "hunter2" not in out(place.clone, "guide", "lfs")


# --- teammates


class Team(Place):
    """A teammate's clone with a branch of their own, made before the migration; then the history is published."""

    def __init__(self, tmp_path: Path, *options: str) -> None:
        super().__init__(tmp_path)
        run("git", "clone", "-q", self.server.path, tmp_path / "mate")
        self.mate = Legacy(tmp_path / "mate")
        self.mate.git("checkout", "-q", "-b", "topic", "origin/main~1")
        self.mate.add("mine.py", b"print(2)\n")
        self.mate.add("mine2.py", b"print(3)\n")
        self.mate.git("checkout", "-q", "main")
        said = out(self.clone, "run", "--everything", "--remote-branches", "--yes", "--push", *options)
        [push] = [line.strip() for line in said.splitlines() if line.strip().startswith("git push --force")]
        self.before = self.server.git("rev-parse", "main", "side", "v1").stdout
        self.paste(push)
        assert self.server.git("rev-parse", "main", "side", "v1").stdout != self.before
        self.note = out(self.clone, "guide", "team")
        self.anew, self.kept, self.carried, self.rebased = re.split(r"\n# (?=[1234]\.)", self.note)[1:]


@pytest.fixture
def team(tmp_path: Path) -> Team:
    return Team(tmp_path)


def test_the_note_names_each_ref_with_its_old_and_new_commit(team: Team) -> None:
    old = team.before.decode().split()
    new = team.server.git("rev-parse", "main", "side", "v1").stdout.decode().split()
    for name, was, now in zip(("heads/main", "heads/side", "tags/v1"), old, new, strict=True):
        assert f"#   {name}  {was} -> {now}\n" in team.note


@pytest.mark.slow
def test_a_teammate_without_work_clones_again(team: Team, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    team.paste("# " + team.anew, tmp_path / "elsewhere")
    assert (tmp_path / "elsewhere/server/models/a.pkl").read_bytes() == team.clone.file("models/a.pkl").read_bytes()


@pytest.mark.slow
def test_a_teammate_keeps_their_clone(team: Team) -> None:
    team.paste("# " + team.kept, team.mate.path)
    for name in ("main", "side"):
        assert team.mate.head_of(name) == team.server.git("rev-parse", name).stdout.decode().strip()
    assert team.mate.git("status", "--porcelain").stdout == b""
    assert team.mate.git("branch", "--show-current").stdout == b"main\n"
    assert team.mate.file("models/a.pkl").read_bytes() == team.clone.file("models/a.pkl").read_bytes()


def test_a_teammate_carries_unmerged_work_over(team: Team) -> None:
    shutil.copy(team.clone.state / "commit-map", team.mate.path)
    team.paste("# " + team.carried, team.mate.path)
    assert_carried(team)
    assert team.mate.git("branch", "--show-current").stdout == b"topic\n"
    assert team.mate.git("status", "--porcelain", "-uno").stdout == b""


@pytest.mark.slow
@pytest.mark.parametrize(
    "options", [("--include", "*.pkl", "*.h5"), ("--exclude", "side/"), ("--above", "9 kB"), ("--from-lfs",)]
)
def test_by_a_run_that_means_the_same_files(tmp_path: Path, options: tuple[str, ...]) -> None:
    team = Team(tmp_path, *options)
    assert options[0] in team.carried
    shutil.copy(team.clone.state / "commit-map", team.mate.path)
    team.paste("# " + team.carried, team.mate.path)
    assert_carried(team)


def test_and_without_trinity_guard(team: Team) -> None:
    shutil.copy(team.clone.state / "commit-map", team.mate.path)
    team.paste("# " + team.rebased, team.mate.path)
    assert_carried(team)


def assert_carried(team: Team) -> None:
    new = team.server.git("rev-parse", "main~1").stdout.decode().strip()
    assert team.mate.head_of("topic~2") == new
    assert team.mate.show("mine2.py", "topic") == b"print(3)\n"
    assert not team.mate.tracked("models/a.pkl", "topic")


@pytest.mark.slow
def test_the_note_is_there_after_finish_too_and_not_before_a_run(team: Team, tmp_path: Path) -> None:
    note = out(team.clone, "guide", "team")
    out(team.clone, "finish", "--yes")
    assert out(team.clone, "guide") == note
    assert "no history was migrated" in refused(make_legacy(tmp_path / "other"), "guide", code=2)


def test_without_a_remote_the_note_leaves_room_for_the_address_and_knows_the_folder(tmp_path: Path) -> None:
    alone = make_legacy(tmp_path / "risk model")
    out(alone, "run", "--everything", "--yes")
    note = out(alone, "guide", "team")
    assert "git clone URL 'risk model'\ncd 'risk model' && dvc pull\n" in note
    assert "# URL: where " in note
