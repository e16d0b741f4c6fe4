"""What `status` tells of the hooks, of each artifact, of what waits and of what Git still keeps."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.report.conftest import World, md5
from trinity_guard.config import Config
from trinity_guard.convert import leftovers
from trinity_guard.dvcrepo.output import of_object
from trinity_guard.push.queue import Queue, Retries
from trinity_guard.report import status
from trinity_guard.report.status import Survey


def survey(world: World, remote: str = "") -> Survey:
    return Survey(world.place, Config(remote=remote))


def states(world: World) -> dict[object, object]:
    return {a["path"]: a["state"] for a in survey(world).artifacts}


def test_an_artifact_is_told_with_its_pointer_its_object_and_its_state(world: World) -> None:
    world.track("d/é.csv", b"a,b\n")
    assert survey(world).artifacts == [
        {
            "path": "d/é.csv",
            "pointer": "d/é.csv.dvc",
            "kind": "file",
            "md5": md5(b"a,b\n"),
            "size": 4,
            "state": "present",
            "cached": True,
        }
    ]


def test_each_state_has_its_word(world: World) -> None:
    for name in ("same", "changed", "missing", "other"):
        world.track(f"{name}.csv", f"{name}\n".encode())
    world.repo.write("changed.csv", b"longer than before\n")
    world.repo.file("missing.csv").unlink()
    world.repo.write("other.csv", b"same\n")
    assert states(world) == {
        "same.csv": "present",
        "changed.csv": "changed",
        "missing.csv": "missing",
        "other.csv": "other version",
    }


def test_what_cannot_be_read_does_not_count_as_present(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.track("a.csv", b"a,b\n")
    world.repo.write("a.csv", b"c,d\n")
    monkeypatch.setattr("trinity_guard.dvcrepo.odb.md5_of", _refused)
    assert states(world) == {"a.csv": "changed"}


def _refused(_: bytes) -> str:
    raise PermissionError(13, "Permission denied")


def test_artifacts_stand_in_the_order_of_git_and_those_of_locks_behind(world: World) -> None:
    lock = f"schema: '2.0'\nstages:\n  s:\n    outs:\n    - {{path: a.pkl, md5: '{md5(b'x')}', hash: md5}}\n"
    world.repo.stage("dvc.lock", lock.encode())
    for name in ("z.csv", "b.csv", "a/c.csv"):
        world.track(name, b"a,b\n")
    assert [a["path"] for a in survey(world).artifacts] == ["a/c.csv", "b.csv", "z.csv", "a.pkl"]


def test_what_was_looked_at_is_not_read_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.track("a.csv", b"a,b\n")
    survey(world)
    monkeypatch.setattr("trinity_guard.dvcrepo.odb.md5_of", None)
    assert states(world) == {"a.csv": "present"}


def test_a_pointer_that_nobody_can_read_is_told(world: World) -> None:
    world.repo.stage("broken.csv.dvc", b"no pointer\n")
    found = survey(world)
    assert found.artifacts == []
    assert found.broken.keys() == {"broken.csv.dvc"}
    assert found.broken["broken.csv.dvc"].startswith("broken.csv.dvc is no pointer that DVC can read")


def test_the_remote_is_the_configured_one_else_dvc_s_default_without_its_password(world: World) -> None:
    world.repo.write(
        ".dvc/config", b"[core]\nremote = s\n['remote \"s\"']\nurl = /srv\n['remote \"w\"']\nurl = https://me:pw@h/x\n"
    )
    assert (survey(world).remote, survey(world).remote_url) == ("s", "/srv")
    assert (survey(world, remote="w").remote, survey(world, remote="w").remote_url) == ("w", "https://me@h/x")
    assert (survey(world, remote="none").remote, survey(world, remote="none").remote_url) == ("none", "")


def test_without_a_dvc_project_there_is_no_remote(world: World) -> None:
    (world.repo.path / ".dvc" / "config").unlink()
    (world.repo.path / ".dvc").rmdir()
    assert (survey(world).remote, survey(world).remote_url) == ("", "")


def test_what_waits_and_what_failed_is_told(world: World) -> None:
    item = of_object("1" * 32, 5)
    item.source, item.commit = "é.dvc".encode(), b"c" * 40
    Queue(world.place).add([item])
    Retries(world.place).failed("s")
    found = survey(world)
    assert found.waiting == [{"path": "é.dvc", "commit": "c" * 40, "md5": "1" * 32, "size": 5}]
    assert [(name, said["failures"]) for name, said in found.retries.items()] == [("s", 1)]
    assert not found.pushing


def test_what_git_still_keeps_is_told(world: World) -> None:
    world.repo.stage("a.csv", b"a,b\n")
    oid = world.repo.index()[b"a.csv"][1]
    leftovers.note(world.place, [(b"a.csv", oid)])
    [left] = survey(world).left_behind
    assert (left["path"], left["blob"]) == ("a.csv", oid.decode())
    assert isinstance(left["size"], int)


def test_all_of_it_can_be_written_as_json(world: World) -> None:
    world.track("a.csv", b"a,b\n")
    said = json.loads(json.dumps(survey(world).as_dict()))
    assert said.keys() == {
        *(
            "hooks",
            "config",
            "remote",
            "artifacts",
            "broken",
            "waiting",
            "pushing",
            "retries",
            "in_git",
            "unheld",
            "left_behind",
            "conflicts",
        ),
    }
    assert (said["config"], said["remote"]) == ("defaults", {"name": "s", "url": str(world.storage)})


# --- hooks


def install(folder: Path, name: str, text: str, mode: int = 0o755) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    (folder / name).chmod(mode)


def test_a_hook_counts_when_git_would_run_it_and_it_calls_us(world: World) -> None:
    hooks = world.repo.path / ".git" / "hooks"
    install(hooks, "pre-push", "#!/bin/sh\nexec trinity-guard hook pre-push\n")
    install(hooks, "pre-commit", "#!/bin/sh\nexec trinity-guard hook pre-commit\n")
    install(hooks, "post-merge", "#!/bin/sh\nexec trinity-guard hook post-merge\n", 0o644)
    install(hooks, "post-commit", "#!/bin/sh\nexec another\n")
    install(hooks, "commit-msg", "#!/bin/sh\nexec trinity-guard hook commit-msg\n")
    assert status.installed_hooks() == ["pre-commit", "pre-push"]


def test_a_hook_of_the_framework_counts_when_its_config_names_us(world: World) -> None:
    install(
        world.repo.path / ".git" / "hooks", "pre-commit", "# File generated by pre-commit: https://pre-commit.com\n"
    )
    assert status.installed_hooks() == []
    world.repo.write(".pre-commit-config.yaml", b"repos: [{repo: local, hooks: [{id: black}]}]\n")
    assert status.installed_hooks() == []
    world.repo.write(".pre-commit-config.yaml", b"repos: [{repo: local, hooks: [{id: trinity-block}]}]\n")
    assert status.installed_hooks() == ["pre-commit"]


def test_hooks_are_looked_for_where_git_looks(world: World) -> None:
    install(world.repo.path / "own hooks", "pre-commit", "exec trinity-guard hook pre-commit\n")
    world.repo.git("config", "core.hooksPath", "own hooks")
    assert status.installed_hooks() == ["pre-commit"]


def test_what_waits_is_told_beside_what_of_it_was_damaged(world: World) -> None:
    world.track("a.csv", b"a\n")
    Queue(world.place).add([of_object("0" * 32, 1)])
    (Path(world.place.queue.decode()) / "0-damaged").write_bytes(b"garbage")
    found = survey(world)
    assert [w["md5"] for w in found.waiting] == ["0" * 32]
    assert [problem for problem, _ in found.conflicts if "0-damaged.damaged" in problem]
    assert survey(world).conflicts == []
