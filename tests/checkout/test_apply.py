"""A plan carried out: fetched, put, taken away; what was written to meanwhile is left, and what was right is noted."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.checkout.conftest import World
from trinity_guard.checkout import apply
from trinity_guard.checkout.plan import Follower, Former
from trinity_guard.dvcrepo import tracked
from trinity_guard.dvcrepo.output import Output
from trinity_guard.dvcrepo.workdirectory import WorkDirectory


def brought(world: World, *goals: Output, former: Former | None = None) -> Follower:
    follower = world.follower()
    apply.bring(follower, goals, former or Former())
    return follower


def done(world: World, *goals: Output, former: Former | None = None) -> Follower:
    follower = brought(world, *goals, former=former)
    apply.carry_out(follower)
    return follower


class Remote(apply.Fetcher):
    """Stands for a remote that has these objects, and gives the reason for all others."""

    def __init__(self, world: World, follower: Follower, *contents: bytes) -> None:
        super().__init__(follower, "")
        self.world = world
        self.contents = list(contents)
        self.asked: list[bytes] = []

    def fetch(self, wanted: Sequence[Output]) -> dict[str, str]:
        self.asked += [g.path for g in wanted]
        held = {self.world.hold(c, s) for c in self.contents for s in ([".dir"] if c[:1] == b"[" else [""])}
        return {g.name: "is not on the remote" for g in wanted if g.name not in held}


def test_what_the_cache_has_is_put_and_counted(world: World) -> None:
    told: list[tuple[int, int]] = []
    follower = brought(world, world.goal(b"sub/a.csv", world.hold(b"a,b\n")), world.goal(b"b.csv", world.hold(b"")))
    apply.carry_out(follower, on_progress=lambda *at: told.append(at))
    assert world.repo.file("sub/a.csv").read_bytes() == b"a,b\n"
    assert world.repo.file("b.csv").read_bytes() == b""
    assert ([g.path for g in follower.plan.put], follower.plan.bytes_put) == ([b"sub/a.csv", b"b.csv"], 4)
    assert told[-1] == (4, 4)
    assert follower.plan.complete()
    assert not world.repo.file(".dvc/tmp/trinity-guard-tmp").exists()


def test_what_is_right_is_not_touched(world: World) -> None:
    world.repo.write("a.csv", b"a,b\n")
    before = world.repo.file("a.csv").stat().st_ino
    follower = done(world, world.goal(b"a.csv", world.hold(b"a,b\n"), 4))
    assert follower.plan.put == []
    assert world.repo.file("a.csv").stat().st_ino == before


def test_a_directory_s_files_are_put_and_only_those_that_are_meant(world: World) -> None:
    goal = world.goal(b"set", world.hold_folder(one=b"1", in_two=b"2"))
    follower = world.follower()
    apply.bring(follower, [goal], Former(), only=lambda g: g.path == b"set/in/two")
    apply.carry_out(follower)
    assert world.repo.file("set/in/two").read_bytes() == b"2"
    assert not world.repo.file("set/one").exists()


def test_what_nobody_has_is_missing_with_the_remote_s_reason(world: World) -> None:
    follower = world.follower()
    lost, there = world.goal(b"lost.csv", "0" * 32), world.goal(b"a.csv", world.hold(b"one"))
    world.object(there.md5).unlink()
    remote = Remote(world, follower, b"one")
    apply.bring(follower, [lost, there], Former(), remote)
    apply.carry_out(follower, remote)
    assert [(g.path, why) for g, why in follower.plan.missing] == [(b"lost.csv", "is not on the remote")]
    assert world.repo.file("a.csv").read_bytes() == b"one"
    assert not follower.plan.complete()
    assert [(g.path, why) for g, why in brought(world, lost).plan.missing] == [(b"lost.csv", "")]


def test_a_directory_whose_list_is_only_on_the_remote_is_fetched_in_two_steps(world: World) -> None:
    goal = world.goal(b"set", world.hold_folder(one=b"1"))
    listed = world.object(goal.md5).read_bytes()
    shutil.rmtree(world.repo.file(".dvc/cache"))
    follower = world.follower()
    remote = Remote(world, follower, listed, b"1")
    apply.bring(follower, [goal], Former(), remote)
    apply.carry_out(follower, remote)
    assert world.repo.file("set/one").read_bytes() == b"1"
    assert remote.asked[0] == b"set"


def test_a_damaged_object_is_fetched_once_more_and_else_named(world: World) -> None:
    goal = world.goal(b"a.csv", world.hold(b"good"))
    world.object(goal.md5).chmod(0o644)
    world.object(goal.md5).write_bytes(b"evil")
    follower = done(world, goal)
    ((missing, why),) = follower.plan.missing
    assert (missing.path, "is damaged" in why) == (b"a.csv", True)
    assert not world.repo.file("a.csv").exists()
    follower = brought(world, goal)
    world_of_good = Remote(world, follower, b"good")
    world.object(goal.md5).unlink()
    world.hold(b"good")
    world.object(goal.md5).chmod(0o644)
    world.object(goal.md5).write_bytes(b"evil")

    class Mending(Remote):
        def fetch(self, wanted: Sequence[Output]) -> dict[str, str]:
            world.object(goal.md5).unlink()
            return super().fetch(wanted)

    apply.carry_out(follower, Mending(world, follower, *world_of_good.contents))
    assert world.repo.file("a.csv").read_bytes() == b"good"
    assert follower.plan.missing == []


def test_what_was_written_to_after_the_decision_is_left(world: World) -> None:
    world.repo.write("old.csv", b"old")
    former = Former()
    former.files = {b"old.csv": [world.hold(b"old")]}
    follower = brought(world, world.goal(b"a.csv", world.hold(b"new")), former=former)
    world.repo.write("a.csv", b"mine")
    world.repo.write("old.csv", b"mine too")
    apply.carry_out(follower)
    assert world.repo.file("a.csv").read_bytes() == b"mine"
    assert world.repo.file("old.csv").read_bytes() == b"mine too"
    assert {(k.path, k.kind) for k in follower.plan.kept} == {(b"a.csv", "changed"), (b"old.csv", "unnamed")}


def test_what_is_another_version_than_the_one_that_went_stays_and_is_told_as_such(world: World) -> None:
    world.hold(b"older")
    former = Former()
    former.files = {b"old.csv": [world.hold(b"old")], b"mine.csv": [world.hold(b"old")]}
    world.repo.write("old.csv", b"older")
    world.repo.write("mine.csv", b"mine")
    follower = brought(world, former=former)
    assert sorted((k.path, k.reason) for k in follower.plan.kept) == [
        (b"mine.csv", "its bytes are kept nowhere else"),
        (b"old.csv", "it is another version, which the cache has"),
    ]


def test_what_no_pointer_names_any_more_goes_when_its_bytes_are_kept(world: World) -> None:
    world.repo.write("sub/old.csv", b"old")
    world.repo.write("mine.csv", b"nowhere else")
    former = Former()
    former.files = {b"sub/old.csv": [world.hold(b"old")], b"mine.csv": [world.hold(b"another")]}
    follower = done(world, former=former)
    assert follower.plan.removed == [b"sub/old.csv"]
    assert not world.repo.file("sub").exists()
    assert world.repo.file("mine.csv").read_bytes() == b"nowhere else"


def test_an_error_in_the_middle_ends_it_and_is_said(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    follower = brought(world, *(world.goal(n, world.hold(n)) for n in (b"a.csv", b"b.csv", b"c.csv")))
    make_room = type(follower.tree).make_room

    def refuse(tree: object, path: bytes) -> None:
        if path == b"b.csv":
            raise OSError(28, "No space left on device", os.fsencode(path))
        make_room(follower.tree, path)

    monkeypatch.setattr(type(follower.tree), "make_room", refuse)
    apply.carry_out(follower)
    assert not follower.plan.finished
    assert follower.plan.errors[-1].problem == "b.csv: No space left on device."
    assert [g.path for g in follower.plan.put] == [b"a.csv"]


def test_what_was_seen_to_be_right_is_remembered_for_the_next_commit(world: World) -> None:
    world.point("a.csv", b"a,b\n")
    follower = world.follower()
    apply.bring(follower, follower.said_here([b"a.csv.dvc"]), Former())
    apply.carry_out(follower)
    (held,) = tracked.load(world.place).held
    assert held.seen
    assert world.follower().catalog.held[0].seen == held.seen


def test_a_directory_that_was_brought_is_remembered_file_by_file(world: World) -> None:
    world.repo.stage("set.dvc", b"outs:\n- md5: %s\n  path: set\n" % world.hold_folder(a=b"1", in_two=b"2").encode())
    world.repo.write("set/mine", b"3")
    for more in (True, False):
        follower = world.follower()
        apply.bring(follower, follower.said_here([b"set.dvc"]), Former())
        apply.carry_out(follower)
        (held,) = tracked.load(world.place).held
        found = WorkDirectory(world.place, held)
        assert held.was_here is not more
        assert (sorted(found.known()), found.unread()) == ([b"a", b"in/two"], int(more))
        world.repo.file("set/mine").unlink(missing_ok=True)


def test_what_another_cache_had_is_given_to_the_project_s_own(world: World, tmp_path: Path) -> None:
    from trinity_guard.dvcrepo import odb

    other = odb.Store(os.fsencode(tmp_path / "other"))
    stored = other.take([b"shared"])
    other.settle()
    goal = world.goal(b"a.csv", stored.md5)
    follower = world.follower()
    follower.projects.cache_reader(b"").stores.append(other)
    apply.bring(follower, [goal], Former())
    apply.carry_out(follower)
    assert world.repo.file("a.csv").read_bytes() == b"shared"
    assert world.cache.holds(stored.md5)


# --- the fetcher


def test_without_a_remote_the_reason_is_said_once_for_all(world: World) -> None:
    follower = world.follower()
    wanted = [world.goal(b"a.csv", "1" * 32), world.goal(b"b.csv", "2" * 32)]
    assert apply.Fetcher(follower, "").fetch(wanted) == {"1" * 32: "", "2" * 32: ""}
    (error,) = follower.plan.errors
    assert (error.problem, error.remedy) == ("no DVC remote is set.", "trinity-guard remote add URL")


def test_a_remote_that_cannot_be_had_is_said_once_though_lists_and_files_are_asked_for_in_turn(world: World) -> None:
    follower = world.follower()
    fetcher = apply.Fetcher(follower, "gone")
    folder, plain = world.goal(b"images", "1" * 32 + ".dir"), world.goal(b"a.csv", "2" * 32)
    apply.bring(follower, [folder, plain], Former(), fetcher)
    (error,) = follower.plan.errors
    assert error.problem == "the DVC remote 'gone' is not configured"
    assert error.remedy == "trinity-guard remote add gone URL"
    assert {g.path for g, _ in follower.plan.missing} == {b"images", b"a.csv"}


def test_objects_come_from_the_pointer_s_own_remote_else_from_the_configured_one(world: World, tmp_path: Path) -> None:
    config = "".join(f"['remote \"{n}\"']\n    url = {tmp_path / n}\n" for n in ("one", "two"))
    world.repo.write(".dvc/config", config.encode())
    goals = [world.goal(b"a.csv", world.hold(b"a")), world.goal(b"b.csv", world.hold(b"b"))]
    goals[1].remote = "Two"
    for goal, name in zip(goals, ("one", "two"), strict=True):
        target = tmp_path / name / "files" / "md5" / goal.md5[:2] / goal.md5[2:]
        target.parent.mkdir(parents=True)
        world.object(goal.md5).rename(target)
    follower = world.follower()
    assert apply.Fetcher(follower, "one").fetch(goals) == {}
    assert all(world.cache.holds(g.md5) for g in goals)
