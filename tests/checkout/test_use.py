"""`use REV`: the pointers of a commit and their data, all or nothing, and never over what is recorded nowhere."""

from __future__ import annotations

import pytest

from tests.checkout.conftest import World
from trinity_guard import git
from trinity_guard.checkout import apply, use
from trinity_guard.checkout.plan import Follower
from trinity_guard.checkout.select import PathSelection
from trinity_guard.errors import GuardError


@pytest.fixture
def versions(world: World) -> list[bytes]:
    """Two commits with a.csv as 1 and as 2, and b.csv in the second alone; the work tree as the second says."""
    commits = []
    for content in (b"1", b"2"):
        world.point("a.csv", content)
        if content == b"2":
            world.point("b.csv", content)
        world.repo.write("a.csv", content)
        world.repo.commit()
        commits.append(world.repo.head().encode())
    world.repo.write("b.csv", b"2")
    return commits


def used(world: World, commit: bytes, *paths: bytes) -> Follower:
    follower = world.follower()
    chosen = use.choose(follower, commit, PathSelection(paths))
    use.prepare(follower, chosen, apply.Fetcher(follower, ""))
    use.move_pointers(chosen)
    apply.carry_out(follower)
    return follower


def test_pointers_and_data_become_that_commit_s_and_nothing_else_moves(world: World, versions: list[bytes]) -> None:
    used(world, versions[0])
    assert world.repo.file("a.csv").read_bytes() == b"1"
    assert world.repo.file("b.csv").read_bytes() == b"2"
    assert world.repo.git("diff", "--cached", "--name-only").stdout == b"a.csv.dvc\n"
    assert world.repo.head().encode() == versions[1]


def test_only_the_named_paths_are_brought(world: World, versions: list[bytes]) -> None:
    used(world, versions[0])
    used(world, versions[1], b"a.csv")
    assert world.repo.file("a.csv").read_bytes() == b"2"
    with pytest.raises(GuardError, match=f"in {versions[0][:12].decode()} no pointer names b.csv"):
        used(world, versions[0], b"b.csv")


@pytest.mark.parametrize(("revision", "place"), [(b"HEAD", 1), (b"HEAD^", 0), (b"main", 1), (b"v1", 0)])
def test_any_name_of_a_commit_is_one(world: World, versions: list[bytes], revision: bytes, place: int) -> None:
    world.repo.git("tag", "-a", "-m", "x", "v1", versions[0].decode())
    assert git.require_commit(revision) == versions[place]


@pytest.mark.parametrize("revision", [b"nothing", b"--all", b"HEAD:a.csv.dvc", b""])
def test_what_names_none_is_wrong_usage(world: World, versions: list[bytes], revision: bytes) -> None:
    with pytest.raises(GuardError) as caught:
        git.require_commit(revision)
    assert caught.value.exit_code == 2


def test_a_changed_artifact_is_not_written_over(world: World, versions: list[bytes]) -> None:
    world.repo.write("a.csv", b"mine")
    with pytest.raises(GuardError, match="nothing was touched") as caught:
        used(world, versions[0])
    assert "a.csv was changed here" in caught.value.problem
    assert "trinity-guard convert a.csv && git commit" in caught.value.remedy
    assert world.repo.file("a.csv").read_bytes() == b"mine"
    assert world.repo.git("status", "--porcelain", "-uno").stdout == b""


def test_data_that_cannot_be_brought_leaves_the_pointers_too(world: World, versions: list[bytes]) -> None:
    md5 = world.hold(b"1")
    world.object(md5).unlink()
    with pytest.raises(GuardError, match="nothing was touched"):
        used(world, versions[0])
    assert world.repo.file("a.csv").read_bytes() == b"2"
    assert world.repo.git("status", "--porcelain", "-uno").stdout == b""


def test_a_pointer_with_edits_of_somebody_is_not_written_over(world: World, versions: list[bytes]) -> None:
    edited = world.repo.file("a.csv.dvc").read_bytes() + b"# mine\n"
    world.repo.write("a.csv.dvc", edited)
    with pytest.raises(GuardError, match=r"a.csv.dvc has edits that are not staged; nothing was touched") as caught:
        used(world, versions[0])
    assert "git add a.csv.dvc && git commit" in caught.value.remedy
    assert world.repo.file("a.csv.dvc").read_bytes() == edited


def test_a_staged_pointer_that_no_commit_holds_is_not_written_over(world: World, versions: list[bytes]) -> None:
    world.point("a.csv", b"3")
    world.repo.write("a.csv", b"3")
    with pytest.raises(GuardError, match=r"a.csv.dvc is staged as no commit has it; nothing was touched"):
        used(world, versions[0])


def test_a_broken_pointer_of_that_commit_is_refused_before_anything_is_touched(
    world: World, versions: list[bytes]
) -> None:
    world.repo.stage("c.csv.dvc", b"outs: 5\n")
    world.repo.commit()
    with pytest.raises(GuardError, match=r"c.csv.dvc"):
        used(world, world.repo.head().encode())


def test_on_a_branch_without_commits_nothing_is_checked_out(world: World) -> None:
    assert use.head() == [world.repo.head().encode()]
    world.repo.git("checkout", "-q", "--orphan", "new")
    assert use.head() == []
